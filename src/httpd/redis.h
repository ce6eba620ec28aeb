/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet's Redis: its directives, the store of contexts, the guard. */
#ifndef MSD_HTTPD_REDIS_H
#define MSD_HTTPD_REDIS_H

#include "httpd/config.h"
#include "httpd/module.h"
#include "httpd/random.h"
#include "httpd/value.h"
#include "redis/fleetguard.h"

struct msd_state_t;

/* AuthMSDigestContextCache redis://...; of the main server. */
typedef struct msd_redis_place_t {
    msd_redis_config_t config;
    msd_redis_t *client;        /* of this process; NULL in the parent */
    char script_name[MSD_FLEET_SCRIPT_NAME_SIZE];
    uint64_t longest_nonce_ms;  /* of any section */
} msd_redis_place_t;

/* One request's use of the guard of a fleet. */
typedef struct {
    msd_fleet_use_t use;
    struct msd_state_t *state;
    server_rec *s;
} msd_redis_use_t;

/* The handlers of directives, and what durations they take. */
extern const msd_value_range_t msd_redis_timeout;
const char *msd_redis_set_cache(cmd_parms *cmd, void *config,
                                const char *text);
const char *msd_redis_set_timeout(cmd_parms *cmd, void *config,
                                  const char *text);
const char *msd_redis_set_eviction(cmd_parms *cmd, void *config,
                                   const char *text);

/*
 * Before the start, and in httpd -t: what the fleet's guard cannot be without.
 * The hook check_config.
 */
int msd_redis_check(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp,
                    server_rec *s);

/*
 * At the start, in the parent: whether Redis keeps what it is given.  When it
 * does not answer, go on: it may come later.
 * Returns OK, or what stops the start; the log says why.
 */
int msd_redis_begin(struct msd_state_t *state, server_rec *s,
                    apr_pool_t *pool, apr_pool_t *temp);

/* Take it up in a child. */
void msd_redis_child(struct msd_state_t *state, server_rec *s,
                     apr_pool_t *pool);

/*
 * The guard for a request.
 * use: lives as long as the result.
 */
const msd_guard_t *msd_redis_guard(msd_redis_use_t *use,
                                   struct msd_state_t *state, server_rec *s);

/* Say that Redis cannot answer; not too often. */
void msd_redis_log(struct msd_state_t *state, server_rec *s,
                   const char *fault);

/* The clock of Redis in milliseconds, as far as it is known. */
uint64_t msd_redis_now_ms(const struct msd_state_t *state);

#define MSD_REDIS_DIRECTIVES \
    AP_INIT_TAKE1("AuthMSDigestContextCache", msd_redis_set_cache, NULL, \
                  RSRC_CONF, "where contexts are kept"), \
        AP_INIT_TAKE1("AuthMSDigestCacheTimeout", msd_redis_set_timeout, \
                      (void *)(uintptr_t)&msd_redis_timeout, RSRC_CONF, \
                      "how long to wait for Redis"), \
        AP_INIT_TAKE1("AuthMSDigestCacheEviction", msd_redis_set_eviction, \
                      NULL, RSRC_CONF, "refuse or allow")

#endif
