/* SPDX-License-Identifier: Apache-2.0 */
/* Where Redis is: the URL of AuthMSDigestContextCache. */
#ifndef MSD_REDIS_URL_H
#define MSD_REDIS_URL_H

#include <apr_pools.h>

#include "redis/client.h"

/* A URL in its parts. */
typedef struct {
    bool secure;                /* rediss: by TLS */
    bool local;                 /* redis+unix: the only host is a path */
    const char *hosts[MSD_REDIS_HOSTS_MAX];
    int ports[MSD_REDIS_HOSTS_MAX];
    int host_count;
    const char *user;           /* NULL: none */
    const char *password;       /* NULL: none */
    int db;
} msd_redis_url_t;

/* Whether a text is meant as such a URL. */
bool msd_redis_url_is(const char *text);

/*
 * Read
 *     redis://[[user]:password@]host[:port][,host[:port]]...[/db]
 *     rediss://...
 *     redis+unix://[[user]:password@]/path[?db=n]
 * with %XX for bytes that stand for something else; an IPv6 address in
 * brackets.
 * pool: owns what out points to.
 * Returns NULL, or what would be allowed, a constant.
 */
const char *msd_redis_url_parse(const char *text, apr_pool_t *pool,
                                msd_redis_url_t *out);

#endif
