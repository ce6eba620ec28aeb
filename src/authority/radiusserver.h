/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS servers: which of them are worth asking. */
#ifndef MSD_AUTHORITY_RADIUSSERVER_H
#define MSD_AUTHORITY_RADIUSSERVER_H

#include <stdatomic.h>
#include <stdint.h>

#include <apr_network_io.h>

#include "base/text.h"

/* The most servers that are asked. */
#define MSD_RADIUS_SERVERS_MAX 8

/* A server.  The mark is shared by all who ask it. */
typedef struct {
    const char *name;           /* host:port, for the log */
    const char *host;           /* that its certificate must name */
    apr_sockaddr_t *address;
    _Atomic(uint64_t) *dead_until_ms;   /* 0: it answered, or is untried */
    struct msd_radiustls_t *tls;        /* NULL: it is asked over UDP */
} msd_radius_server_t;

/*
 * Choose whom to ask: those that are alive, in their order; if there is none,
 * all.  Of a server that was dead long enough, one caller makes a try; for the
 * others it stays dead as long again.
 * servers: count of them.  out: room for count.
 * Returns how many were chosen.
 */
int msd_radius_server_choose(const msd_radius_server_t *servers, int count,
                             uint64_t now_ms, uint64_t dead_ms,
                             const msd_radius_server_t **out);

/* Note that a server gave no answer: it is dead until a time. */
void msd_radius_server_bury(const msd_radius_server_t *server,
                            uint64_t until_ms);

/* Note that a server answered.  Returns whether it was dead. */
bool msd_radius_server_revive(const msd_radius_server_t *server);

#endif
