/* SPDX-License-Identifier: Apache-2.0 */
/* A fleet's Redis: its directives, the store of contexts, the guard. */
#include "httpd/redis.h"

#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "httpd/cache.h"
#include "httpd/directives.h"
#include "httpd/log.h"
#include "httpd/redisstore.h"
#include "httpd/state.h"
#include "httpd/value.h"
#include "redis/url.h"

APLOG_USE_MODULE(auth_msdigest);

#define TIMEOUT_DEFAULT_MS 500

/* Tells this trouble from others in log.c. */
#define TROUBLE 100

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void msd_redis_log(msd_state_t *state, server_rec *s, const char *fault)
{
    bool repeated = msd_log_is_repeated(state, TROUBLE);

    ap_log_error(APLOG_MARK, repeated ? APLOG_DEBUG : APLOG_ERR, 0, s,
                 MSD_LOGNO(410) "Redis: %s; clients get 503 until it answers",
                 fault);
}

static void complain(void *self, const char *fault)
{
    const msd_redis_use_t *use = self;

    msd_redis_log(use->state, use->s, fault);
}

/* ---- Directives */

static const char *resolve(cmd_parms *cmd, const msd_redis_url_t *url, int i,
                           msd_redis_config_t *config)
{
    apr_sockaddr_t *address;

    if (apr_sockaddr_info_get(&address, url->hosts[i],
                              url->local ? APR_UNIX : APR_UNSPEC,
                              (apr_port_t)url->ports[i], 0, cmd->pool)
        != APR_SUCCESS) {
        return "hosts that can be resolved";
    }
    for (; address != NULL && config->host_count < MSD_REDIS_HOSTS_MAX;
         address = address->next) {
        msd_redis_host_t *host = &config->hosts[config->host_count++];

        host->address = address;
        host->name = url->local ? url->hosts[i]
                                : apr_psprintf(cmd->pool, "%s:%d",
                                               url->hosts[i], url->ports[i]);
    }
    return NULL;
}

static const char *set_redis(cmd_parms *cmd, const char *text,
                             msd_server_config_t *server)
{
    msd_redis_place_t *place = apr_pcalloc(cmd->pool, sizeof(*place));
    msd_redis_url_t url;
    const char *fault = msd_redis_url_parse(text, cmd->pool, &url);

    if (fault == NULL && url.secure) {
        fault = "redis:// or redis+unix://; TLS is not there yet";
    }
    for (int i = 0; fault == NULL && i < url.host_count; i++) {
        fault = resolve(cmd, &url, i, &place->config);
    }
    if (fault != NULL) {
        /* It may hold a password, which is not repeated. */
        return msd_value_wrong(cmd, "redis...", fault);
    }
    place->config.user = url.user;
    place->config.password = url.password;
    place->config.db = url.db;
    place->config.now_ms = clock_ms;
    msd_fleet_script_name(place->script_name);
    server->cache = msd_redisstore_create(place, cmd->pool);
    server->redis = place;
    return NULL;
}

const char *msd_redis_set_cache(cmd_parms *cmd, void *config, const char *text)
{
    msd_server_config_t *server = msd_config_server(cmd->server);
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (msd_redis_url_is(text)) {
        return set_redis(cmd, text, server);
    }
    server->redis = NULL;
    fault = msd_cache_create(text, cmd->temp_pool, cmd->pool, &server->cache);
    return fault == NULL ? NULL : msd_value_wrong(cmd, text, fault);
}

const msd_value_range_t msd_redis_timeout = {
    APR_OFFSETOF(msd_server_config_t, cache_timeout_ms), 10, 60000
};

const char *msd_redis_set_timeout(cmd_parms *cmd, void *config,
                                  const char *text)
{
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    return msd_value_duration(cmd, msd_config_server(cmd->server), text);
}

const char *msd_redis_set_eviction(cmd_parms *cmd, void *config,
                                   const char *text)
{
    static const msd_value_word_t words[] = {
        { "refuse", 0 },
        { "allow", 1 },
        { NULL, 0 },
    };
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);

    (void)config;
    return fault != NULL
               ? fault
               : msd_value_choose(
                     cmd, text, words, "refuse or allow",
                     &msd_config_server(cmd->server)->cache_eviction);
}

/* ---- Start */

int msd_redis_check(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp,
                    server_rec *s)
{
    const msd_server_config_t *server = msd_config_server(s);

    (void)pool, (void)log, (void)temp;
    if (server->redis != NULL && server->secret == NULL) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                     MSD_LOGNO(411) "AuthMSDigestContextCache redis:// needs "
                     "AuthMSDigestSecret, the same on all servers that share "
                     "it: make one with `msdigest secret`");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* The policy is told on a line of INFO memory.  Returns NULL when it is not. */
static const char *read_policy(const redisReply *reply, apr_pool_t *temp)
{
    static const char name[] = "\nmaxmemory_policy:";
    const char *at = reply->type == REDIS_REPLY_STRING
                         ? strstr(reply->str, name)
                         : NULL;

    if (at == NULL) {
        return NULL;
    }
    at += strlen(name);
    return apr_pstrmemdup(temp, at, strcspn(at, "\r\n"));
}

static int judge_policy(const char *policy, bool allowed, server_rec *s)
{
    if (strcmp(policy, "noeviction") == 0) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                     MSD_LOGNO(412) "each nonce count is accepted once by all "
                     "servers that share this Redis");
        return OK;
    }
    ap_log_error(APLOG_MARK, allowed ? APLOG_WARNING : APLOG_CRIT, 0, s,
                 MSD_LOGNO(413) "the maxmemory-policy of Redis is %s: when "
                 "its memory is full it forgets which counts were used, and "
                 "requests can be replayed; set it to noeviction%s", policy,
                 allowed ? "" : ", or AuthMSDigestCacheEviction allow");
    return allowed ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

int msd_redis_begin(msd_state_t *state, server_rec *s, apr_pool_t *pool,
                    apr_pool_t *temp)
{
    const msd_server_config_t *server = msd_config_server(s);
    const msd_redis_command_t command = { 2, { MSD_TEXT("INFO"),
                                               MSD_TEXT("memory") } };
    msd_redis_answer_t answer;
    const char *policy = NULL;
    apr_pool_t *own;

    state->redis = server->redis;
    if (state->redis == NULL) {
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, s,
                     MSD_LOGNO(414) "each nonce count is accepted once by "
                     "this server; others that share its contexts answer its "
                     "nonces with stale");
        return OK;
    }
    state->redis->longest_nonce_ms =
        (uint64_t)msd_directives_longest_nonce_ms(pool);
    state->redis->config.timeout_ms =
        server->cache_timeout_ms == MSD_UNSET
            ? TIMEOUT_DEFAULT_MS
            : (uint64_t)server->cache_timeout_ms;
    apr_pool_create(&own, temp);
    if (msd_redis_run(msd_redis_create(&state->redis->config, own), &command,
                      &answer)) {
        policy = read_policy(answer.reply, temp);
    }
    if (policy == NULL) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     MSD_LOGNO(415) "Redis does not tell its "
                     "maxmemory-policy (%s); it must be noeviction",
                     answer.reply != NULL ? "not in INFO memory"
                                          : answer.fault);
    }
    msd_redis_answer_end(&answer);
    apr_pool_destroy(own);
    return policy == NULL
               ? OK
               : judge_policy(policy, server->cache_eviction == 1, s);
}

void msd_redis_child(msd_state_t *state, server_rec *s, apr_pool_t *pool)
{
    msd_redis_use_t use;

    if (state->redis != NULL) {
        state->redis->client =
            msd_redis_create(&state->redis->config, pool);
        msd_redis_guard(&use, state, s);
    }
}

/* ---- Requests */

const msd_guard_t *msd_redis_guard(msd_redis_use_t *use, msd_state_t *state,
                                   server_rec *s)
{
    use->state = state;
    use->s = s;
    use->use = (msd_fleet_use_t){
        .redis = state->redis->client,
        .fleet = state->fleet,
        .script_name = state->redis->script_name,
        .longest_ms = state->redis->longest_nonce_ms,
        .now_ms = clock_ms,
        .random = msd_random_draw,
        .random_self = state->random,
        .complain = complain,
        .complain_self = use,
    };
    if (atomic_load(&state->fleet->life) == 0) {
        msd_fleet_look(&use->use);
    }
    return msd_fleet_guard(&use->use);
}

uint64_t msd_redis_now_ms(const msd_state_t *state)
{
    uint64_t ahead_ms = atomic_load(&state->fleet->ahead_ms);

    return ahead_ms != 0 ? clock_ms() + ahead_ms
                         : (uint64_t)(apr_time_now() / 1000);
}
