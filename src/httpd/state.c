/* SPDX-License-Identifier: Apache-2.0 */
/* What the processes of one server share: guard, keys, cache, clock. */
#include "httpd/state.h"

#include <time.h>

#include <apr_shm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <mpm_common.h>
#include <util_mutex.h>

#include "httpd/config.h"
#include "httpd/directives.h"
#include "httpd/helper.h"
#include "httpd/lint.h"
#include "httpd/redis.h"
#include "httpd/secret.h"

APLOG_USE_MODULE(auth_msdigest);

/* A boot-time clock goes on while the machine sleeps. */
#ifdef CLOCK_BOOTTIME
#define CLOCK CLOCK_BOOTTIME
#else
#define CLOCK CLOCK_MONOTONIC
#endif

/* The guard's generations wrap after 2.18 years (replay.c); a new life is
 * begun in time. */
#define LIFE_MAX_MS (UINT64_C(365) * 86400 * 1000)

/* The cache of a server without the directive.  20,000 contexts of a usual size
 * fit with a third to spare, because shmcb spreads them unevenly. */
#define DEFAULT_CACHE "shmcb:/msdigest-contexts(6291456)"

/* What a graceful restart leaves alone.  The module is unloaded between, so
 * nothing here may point to its code or data. */
typedef struct {
    apr_pool_t *pool;
    apr_shm_t *shm;         /* of the guard */
    apr_shm_t *limits;
    msd_secret_t drawn;     /* none when its count is 0 */
    bool fleet;             /* the clock of limits is that of Redis */
} retained_t;

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t msd_state_now_ms(const msd_state_t *state)
{
    return state->redis != NULL
               ? msd_redis_now_ms(state)
               : clock_ms() - msd_replay_born_ms(state->replay);
}

int msd_state_pre_config(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp)
{
    (void)log;
    (void)temp;
    return ap_mutex_register(pool, MSD_CACHE_MUTEX, NULL, APR_LOCK_DEFAULT, 0)
                   == APR_SUCCESS
               ? OK
               : HTTP_INTERNAL_SERVER_ERROR;
}

static retained_t *get_retained(void)
{
    static const char name[] = "mod_auth_msdigest";
    retained_t *retained = ap_retained_data_get(name);

    if (retained == NULL) {
        retained = ap_retained_data_create(name, sizeof(*retained));
    }
    return retained;
}

/* Begin a life in memory of its own pool, so that a later one can replace
 * it.  Children of this generation keep their mapping of the old one. */
static msd_replay_t *begin_life(retained_t *retained, uint32_t slots,
                                server_rec *s, apr_pool_t *pool)
{
    unsigned char life_id[MSD_LIFE_ID_SIZE];
    apr_status_t status;

    if (retained->pool != NULL) {
        apr_pool_destroy(retained->pool);
    }
    apr_pool_create(&retained->pool, s->process->pool);
    /* Without a name: inherited by children of any user, gone with the last
     * process whatever ended it. */
    status = apr_shm_create(&retained->shm, msd_replay_size(slots), NULL,
                            retained->pool);
    if (status == APR_SUCCESS) {
        status = apr_shm_create(&retained->limits, msd_limits_size(), NULL,
                                retained->pool);
    }
    if (status == APR_SUCCESS) {
        status = msd_random_draw(NULL, life_id, sizeof(life_id));
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, status, s,
                     MSD_LOGNO(202) "cannot create the replay guard (%"
                     APR_SIZE_T_FMT " bytes of shared memory); lower "
                     "AuthMSDigestReplaySlots", msd_replay_size(slots));
        retained->shm = NULL;
        return NULL;
    }
    return msd_replay_begin(apr_shm_baseaddr_get(retained->shm), slots,
                            life_id, clock_ms(), pool);
}

static msd_replay_t *take_up_life(retained_t *retained, uint32_t slots,
                                  server_rec *s, apr_pool_t *pool)
{
    msd_replay_t *replay;

    if (retained->shm == NULL) {
        return NULL;
    }
    replay = msd_replay_attach(apr_shm_baseaddr_get(retained->shm),
                               apr_shm_size_get(retained->shm), pool);
    if (replay == NULL
        || clock_ms() - msd_replay_born_ms(replay) > LIFE_MAX_MS) {
        return NULL;
    }
    if (msd_replay_size(msd_replay_slots(replay)) != msd_replay_size(slots)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MSD_LOGNO(203) "AuthMSDigestReplaySlots is now %u, but "
                     "the guard keeps its %u slots until the server is "
                     "stopped and started: a restart must not forget which "
                     "requests it has seen", slots,
                     msd_replay_slots(replay));
    }
    return replay;
}

static msd_replay_t *get_guard(retained_t *retained, server_rec *s,
                               apr_pool_t *pool)
{
    uint32_t slots = msd_config_replay_slots(msd_config_server(s));
    bool fleet = msd_config_server(s)->redis != NULL;
    msd_replay_t *replay = fleet == retained->fleet
                               ? take_up_life(retained, slots, s, pool)
                               : NULL;

    retained->fleet = fleet;
    return replay != NULL ? replay : begin_life(retained, slots, s, pool);
}

/* For a server that is given none. */
static const msd_secret_t *draw_secret(retained_t *retained)
{
    msd_secret_t *drawn = &retained->drawn;

    if (drawn->count == 0
        && msd_random_draw(NULL, drawn->generations[0], MSD_SECRET_SIZE)
               == APR_SUCCESS) {
        drawn->count = 1;
    }
    return drawn->count > 0 ? drawn : NULL;
}

static apr_status_t make_keys(retained_t *retained, msd_state_t *state,
                              server_rec *s, apr_pool_t *pool)
{
    static const unsigned char no_life[MSD_LIFE_ID_SIZE] = { 0 };
    const msd_secret_t *secret = msd_config_server(s)->secret;
    /* The nonces of a fleet carry its life; their key is the same for all. */
    const unsigned char *life = state->redis != NULL
                                    ? no_life
                                    : msd_replay_life_id(state->replay);

    if (secret != NULL) {
        msd_secret_log(secret, s);
    } else {
        secret = draw_secret(retained);
    }
    return secret == NULL
               ? APR_EGENERAL
               : msd_keyring_derive(secret, life, pool, &state->keys);
}

/* A cache that cannot be opened costs a trip to the provider for each request,
 * but opens no door: go on, and say so. */
static void open_cache(msd_state_t *state, server_rec *s, apr_pool_t *pool,
                       apr_pool_t *temp)
{
    msd_cache_t *cache = msd_config_server(s)->cache;
    apr_status_t status = APR_SUCCESS;
    const char *fault = NULL;

    if (cache == NULL) {
        fault = msd_cache_create(DEFAULT_CACHE, temp, pool, &cache) == NULL
                    ? NULL
                    : "load mod_socache_shmcb, or set "
                      "AuthMSDigestContextCache";
    }
    if (fault == NULL) {
        status = msd_cache_open(cache, &state->keys, s, pool);
        fault = "check AuthMSDigestContextCache";
    }
    if (cache == NULL || status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, status, s,
                     MSD_LOGNO(204) "no context cache: every request asks the "
                     "provider; %s", fault);
        return;
    }
    state->cache = cache;
    /* Others, or this server in another life, read by another clock. */
    if (msd_cache_leaves_process(cache) && state->redis == NULL) {
        state->epoch_ms = (uint64_t)(apr_time_now() / 1000)
                          - msd_state_now_ms(state);
    }
}

/* What tells this server from the others of the machine: nonces and contexts
 * of one are worthless at another, unless they share a scope on purpose. */
static const char *make_identity(const server_rec *s, apr_pool_t *pool)
{
    const msd_server_config_t *server = msd_config_server(s);

    if (server->scope != NULL) {
        return apr_pstrcat(pool, "scope ", server->scope, NULL);
    }
    return apr_psprintf(
        pool, "server %s:%u %s:%u",
        s->server_hostname != NULL ? s->server_hostname : "",
        (unsigned)s->port,
        s->addrs != NULL && s->addrs->virthost != NULL ? s->addrs->virthost
                                                       : "",
        s->addrs != NULL ? (unsigned)s->addrs->host_port : 0);
}

/* A virtual host without directives of ours shares the structure of the main
 * server, but its identity is its own. */
static void give_state(server_rec *s, msd_state_t *state, apr_pool_t *pool)
{
    msd_server_config_t *own = apr_pmemdup(pool, msd_config_server(s),
                                           sizeof(*own));
    msd_text_t identity = msd_text_of(make_identity(s, pool));

    own->state = state;
    own->identity_mark = msd_context_mark(identity, state->keys.current.user);
    if (state->keys.previous != NULL) {
        own->previous_mark = msd_context_mark(identity,
                                              state->keys.previous->user);
    }
    ap_set_module_config(s->module_config, &auth_msdigest_module, own);
}

/* Numbers that all processes of a generation share: the notes of the log, so
 * that a thing is said once and not once by each process, and the counters of
 * the near store, which cannot be without. */
static void make_shared(msd_state_t *state, apr_pool_t *pool)
{
    const apr_size_t notes = MSD_STATE_NOTES * sizeof(*state->notes);
    const apr_size_t counters =
        MSD_NEARSTORE_COUNTERS * sizeof(*state->notes);
    apr_shm_t *shm;

    if (apr_shm_create(&shm, notes + counters + sizeof(*state->fleet), NULL,
                       pool)
        != APR_SUCCESS) {
        state->notes = apr_pcalloc(pool, notes);
        state->fleet = apr_pcalloc(pool, sizeof(*state->fleet));
        return;
    }
    state->notes = apr_shm_baseaddr_get(shm);
    state->fleet = (msd_fleet_t *)((char *)apr_shm_baseaddr_get(shm) + notes
                                   + counters);
    state->near = msd_nearstore_create(state->notes + MSD_STATE_NOTES, pool);
}

static void log_replay_off(server_rec *s, apr_pool_t *pool)
{
    const apr_array_header_t *places = msd_directives_replay_off(pool);

    for (int i = 0; i < places->nelts; i++) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MSD_LOGNO(201) "AuthMSDigestReplay off (%s): there, "
                     "requests can be replayed while their nonce lives",
                     APR_ARRAY_IDX(places, i, const char *));
    }
}

int msd_state_post_config(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp,
                          server_rec *s)
{
    retained_t *retained = get_retained();
    msd_state_t *state = apr_pcalloc(pool, sizeof(*state));

    (void)log;
    /* The first of the two passes of a start: nothing made now would stay. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    state->replay = get_guard(retained, s, pool);
    if (state->replay == NULL
        || msd_redis_begin(state, s, pool, temp) != OK) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (make_keys(retained, state, s, pool) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     MSD_LOGNO(205) "OpenSSL cannot make the keys; check its "
                     "configuration");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    state->guard = msd_guard_of_replay(state->replay);
    msd_limits_attach(apr_shm_baseaddr_get(retained->limits), state, pool,
                      &state->limits);
    state->hasher = msd_hasher_create(pool);
    if (!msd_hasher_has(state->hasher, MSD_HASH_MD5)) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MSD_LOGNO(209) "OpenSSL's policy has no MD5, which is "
                     "the default: set AuthMSDigestAlgorithm SHA-256");
    }
    state->nonces = msd_noncecache_create(pool);
    make_shared(state, pool);
    open_cache(state, s, pool, temp);
    log_replay_off(s, pool);
    msd_lint_realms(ap_conftree, s, temp);
    if (msd_helper_start(pool, s) != OK) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (; s != NULL; s = s->next) {
        give_state(s, state, pool);
    }
    return OK;
}

void msd_state_child_init(apr_pool_t *pool, server_rec *s)
{
    msd_state_t *state = msd_config_server(s)->state;
    apr_status_t status;

    state->random = msd_random_create(pool);
    msd_redis_child(state, s, pool);
    if (state->cache == NULL) {
        return;
    }
    status = msd_cache_child(state->cache, pool);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, status, s,
                     MSD_LOGNO(206) "cannot take up the mutex of the context "
                     "cache: every request asks the provider");
        state->cache = NULL;
    }
}
