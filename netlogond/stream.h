/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets with a deadline, and the clock of deadlines. */
#ifndef MSD_NETLOGOND_STREAM_H
#define MSD_NETLOGOND_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/socket.h>

#include <apr.h>

/* The monotonic clock, in milliseconds. */
uint64_t msd_stream_now_ms(void);

/* An address with a port. */
typedef struct {
    struct sockaddr_storage address;
    socklen_t len;
} msd_stream_address_t;

/*
 * Connect to a port of an address, over TCP.
 * Returns the socket, which does not block, or -1 with errno.
 */
int msd_stream_connect(const msd_stream_address_t *address, uint16_t port,
                       uint64_t deadline_ms);

/* Write n bytes.  Returns false, with errno, when that failed. */
bool msd_stream_write(int socket, const void *bytes, apr_size_t n,
                      uint64_t deadline_ms);

/*
 * Read exactly n bytes.
 * Returns how many came: fewer, with errno (0: the other side ended).
 */
apr_size_t msd_stream_read(int socket, void *out, apr_size_t n,
                           uint64_t deadline_ms);

#endif
