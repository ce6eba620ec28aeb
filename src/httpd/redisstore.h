/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts in Redis, behind the interface of httpd's shared object caches. */
#ifndef MSD_HTTPD_REDISSTORE_H
#define MSD_HTTPD_REDISSTORE_H

#include "httpd/cache.h"
#include "httpd/redis.h"

/*
 * A cache whose records stand in Redis.  One that does not answer is
 * MSD_STORE_UNAVAILABLE.
 * place: must outlive it; until it has a client, nothing is asked.
 */
msd_cache_t *msd_redisstore_create(msd_redis_place_t *place, apr_pool_t *pool);

#endif
