/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a host, found within a time limit. */
#ifndef MSD_HTTPD_LOOKUP_H
#define MSD_HTTPD_LOOKUP_H

#include <netdb.h>

#include <apr.h>

/*
 * Look a host up.  The system's resolver waits as long as it likes, so a name
 * is looked up by a thread, which is left behind when time is up, and ends when
 * the resolver does.
 * host: an address, or a name.  port: digits.
 * deadline_ms: of the clock in watchdog.h.
 * list: set on success, to be given back by freeaddrinfo; else NULL.
 * Returns 0, or a status of getaddrinfo; EAI_AGAIN: no answer in time.
 */
int msd_lookup_host(const char *host, const char *port,
                    apr_int64_t deadline_ms, struct addrinfo **list);

#endif
