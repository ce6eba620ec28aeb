/* SPDX-License-Identifier: Apache-2.0 */
/* What the processes of one server share: guard, keys, cache, clock. */
#ifndef MSD_HTTPD_STATE_H
#define MSD_HTTPD_STATE_H

#include <stdatomic.h>

#include "accept.h"
#include "context/nearstore.h"
#include "context/replay.h"
#include "httpd/cache.h"
#include "httpd/limits.h"
#include "httpd/module.h"
#include "httpd/random.h"

/* How many notes the log keeps to not repeat itself; see log.h. */
#define MSD_STATE_NOTES 256

/* Of one generation; made by the parent, inherited by its children. */
typedef struct msd_state_t {
    msd_replay_t *replay;       /* outlives a graceful restart */
    msd_guard_t guard;          /* of this machine: the same */
    msd_limits_t limits;        /* as does this */
    struct msd_redis_place_t *redis;    /* NULL: the guard is replay */
    struct msd_fleet_t *fleet;  /* shared; with redis */
    msd_keyring_t keys;
    uint64_t epoch_ms;          /* see accept.h; 0: contexts stay here */
    msd_hasher_t *hasher;
    msd_noncecache_t *nonces;   /* of this process */
    msd_cache_t *cache;         /* NULL: could not be opened */
    msd_nearstore_t *near;      /* of this process; NULL: none */
    msd_random_t *random;       /* of this process; NULL in the parent */
    _Atomic(uint64_t) *notes;   /* shared; for log.c */
} msd_state_t;

/* Register what must be known before the configuration is read. */
int msd_state_pre_config(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp);

/*
 * Make the state of a generation, and give it to all servers.  The guard's
 * table, its life id and a drawn secret are kept over graceful restarts; one
 * that is configured may change by them.
 */
int msd_state_post_config(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp,
                          server_rec *s);

/* Take the state up in a child. */
void msd_state_child_init(apr_pool_t *pool, server_rec *s);

/* The monotonic clock, in milliseconds since the guard's life began. */
uint64_t msd_state_now_ms(const msd_state_t *state);

#endif
