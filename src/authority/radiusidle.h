/* SPDX-License-Identifier: Apache-2.0 */
/* TLS connections to RADIUS servers that wait for the next request. */
#ifndef MSD_AUTHORITY_RADIUSIDLE_H
#define MSD_AUTHORITY_RADIUSIDLE_H

#include <openssl/ssl.h>

#include "authority/radiusserver.h"
#include "authority/radiustrust.h"

/* So many wait in a process at most; one more takes the place of the oldest. */
#define MSD_RADIUSIDLE_MAX 16

/* So long one waits at most: servers and firewalls close what is idle, at 30
 * seconds or later. */
#define MSD_RADIUSIDLE_MS 20000

/* What a connection was made with; one is good for nothing else. */
typedef struct {
    const msd_radius_server_t *server;
    const apr_sockaddr_t *source;           /* NULL: any */
    const msd_radiustrust_t *trust;         /* NULL: the system's */
    const msd_radiusidentity_t *identity;   /* NULL: none */
} msd_radiusidle_key_t;

/* A connection. */
typedef struct {
    msd_radiusidle_key_t key;
    apr_pool_t *pool;       /* its own; NULL: there is no connection */
    apr_socket_t *socket;
    SSL *ssl;
    uint64_t since_ms;      /* when it began to wait */
} msd_radiusconnection_t;

/* Those that wait; of one process, for all its threads. */
typedef struct msd_radiusidle_t msd_radiusidle_t;

/* pool: owns them.  Returns NULL when there is no mutex. */
msd_radiusidle_t *msd_radiusidle_create(apr_pool_t *pool);

/*
 * Take the one that waits the shortest.  What is too old, or not silent (it
 * was closed, or says what nobody asked), is ended.
 * now_ms: monotonic.  out: set on success; it is then the caller's.
 * Returns whether there was one.
 */
bool msd_radiusidle_take(msd_radiusidle_t *idle,
                         const msd_radiusidle_key_t *key, uint64_t now_ms,
                         msd_radiusconnection_t *out);

/* Let a connection wait; it is the caller's no more. */
void msd_radiusidle_give(msd_radiusidle_t *idle,
                         const msd_radiusconnection_t *connection,
                         uint64_t now_ms);

/* End all that wait for a server. */
void msd_radiusidle_forget(msd_radiusidle_t *idle,
                           const msd_radius_server_t *server);

/* End a connection, and set it to none; it may be none already. */
void msd_radiusconnection_end(msd_radiusconnection_t *connection);

#endif
