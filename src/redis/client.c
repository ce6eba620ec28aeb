/* SPDX-License-Identifier: Apache-2.0 */
/* A process's use of Redis: which server is asked, and by which connection. */
#include "redis/client.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>

/* Idle connections that are kept; more are closed after use. */
#define IDLE_MAX 256

struct msd_redis_t {
    const msd_redis_config_t *config;
    _Atomic(msd_redis_link_t *) idle[IDLE_MAX];
    atomic_int host;                    /* that answered last */
    _Atomic(uint64_t) rest_until_ms;
};

static apr_status_t close_idle(void *data)
{
    msd_redis_t *redis = data;

    for (int i = 0; i < IDLE_MAX; i++) {
        msd_redis_link_close(atomic_exchange(&redis->idle[i], NULL));
    }
    return APR_SUCCESS;
}

msd_redis_t *msd_redis_create(const msd_redis_config_t *config,
                              apr_pool_t *pool)
{
    msd_redis_t *redis = apr_pcalloc(pool, sizeof(*redis));

    redis->config = config;
    apr_pool_cleanup_register(pool, redis, close_idle, close_idle);
    return redis;
}

/* ---- Connections */

static msd_redis_link_t *take_idle(msd_redis_t *redis)
{
    for (int i = 0; i < IDLE_MAX; i++) {
        msd_redis_link_t *link =
            atomic_load(&redis->idle[i]) == NULL
                ? NULL
                : atomic_exchange(&redis->idle[i], NULL);

        if (link != NULL) {
            return link;
        }
    }
    return NULL;
}

static void keep_idle(msd_redis_t *redis, msd_redis_link_t *link)
{
    for (int i = 0; link != NULL && i < IDLE_MAX; i++) {
        msd_redis_link_t *none = NULL;

        if (atomic_load(&redis->idle[i]) == NULL
            && atomic_compare_exchange_strong(&redis->idle[i], &none, link)) {
            link = NULL;
        }
    }
    msd_redis_link_close(link);
}

static void tell(msd_redis_answer_t *answer, const char *host,
                 apr_status_t status)
{
    char reason[100];

    if (status == APR_EOF) {
        apr_cpystrn(reason, "the connection was closed", sizeof(reason));
    } else if (status == APR_TIMEUP) {
        apr_cpystrn(reason, "no answer in time", sizeof(reason));
    } else if (status == APR_EGENERAL) {
        apr_cpystrn(reason, "the answer is not that of Redis",
                    sizeof(reason));
    } else {
        apr_strerror(status, reason, sizeof(reason));
    }
    apr_snprintf(answer->fault, sizeof(answer->fault), "%s: %s", host, reason);
}

/* A command whose answer is known, while a connection is prepared.  Returns
 * NULL when it failed or was refused, and says why. */
static redisReply *prepare(msd_redis_link_t *link, const char *host,
                           const msd_redis_command_t *command,
                           const msd_redis_patience_t *patience,
                           msd_redis_answer_t *answer)
{
    redisReply *reply;
    bool sent;
    apr_status_t status =
        msd_redis_link_call(link, command, patience, &sent, &reply);

    if (status != APR_SUCCESS) {
        tell(answer, host, status);
        return NULL;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        apr_snprintf(answer->fault, sizeof(answer->fault), "%s: %s", host,
                     reply->str);
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

static bool authenticate(msd_redis_link_t *link,
                         const msd_redis_config_t *config, const char *host,
                         const msd_redis_patience_t *patience,
                         msd_redis_answer_t *answer)
{
    msd_redis_command_t command = { 1, { MSD_TEXT("AUTH") } };
    redisReply *reply;

    if (config->password == NULL) {
        return true;
    }
    if (config->user != NULL) {
        msd_redis_command_add(&command, msd_text_of(config->user));
    }
    msd_redis_command_add(&command, msd_text_of(config->password));
    reply = prepare(link, host, &command, patience, answer);
    freeReplyObject(reply);
    return reply != NULL;
}

static bool select_db(msd_redis_link_t *link,
                      const msd_redis_config_t *config, const char *host,
                      const msd_redis_patience_t *patience,
                      msd_redis_answer_t *answer)
{
    char number[16];
    msd_redis_command_t command = { 1, { MSD_TEXT("SELECT") } };
    redisReply *reply;

    if (config->db == 0) {
        return true;
    }
    apr_snprintf(number, sizeof(number), "%d", config->db);
    msd_redis_command_add(&command, msd_text_of(number));
    reply = prepare(link, host, &command, patience, answer);
    freeReplyObject(reply);
    return reply != NULL;
}

/* A replica answers, but what it says may be old. */
static bool is_master(msd_redis_link_t *link, const char *host,
                      const msd_redis_patience_t *patience,
                      msd_redis_answer_t *answer)
{
    const msd_redis_command_t command = { 1, { MSD_TEXT("ROLE") } };
    redisReply *reply = prepare(link, host, &command, patience, answer);
    bool master = reply != NULL && reply->type == REDIS_REPLY_ARRAY
                  && reply->elements > 0
                  && reply->element[0]->type == REDIS_REPLY_STRING
                  && strcmp(reply->element[0]->str, "master") == 0;

    if (reply != NULL && !master) {
        apr_snprintf(answer->fault, sizeof(answer->fault),
                     "%s: it is no master", host);
    }
    freeReplyObject(reply);
    return master;
}

static msd_redis_link_t *dial(const msd_redis_config_t *config,
                              const msd_redis_host_t *host,
                              const msd_redis_patience_t *patience,
                              msd_redis_answer_t *answer)
{
    msd_redis_link_t *link;
    apr_status_t status =
        msd_redis_link_open(host->address, patience, &link);

    if (status != APR_SUCCESS) {
        tell(answer, host->name, status);
        return NULL;
    }
    if (!authenticate(link, config, host->name, patience, answer)
        || !select_db(link, config, host->name, patience, answer)
        || !is_master(link, host->name, patience, answer)) {
        msd_redis_link_close(link);
        return NULL;
    }
    return link;
}

/* The host that answered last is tried first; each gets its part of the time
 * that is left. */
static msd_redis_link_t *connect_any(msd_redis_t *redis,
                                     const msd_redis_patience_t *patience,
                                     msd_redis_answer_t *answer)
{
    const msd_redis_config_t *config = redis->config;
    int first = atomic_load(&redis->host);
    msd_redis_link_t *link = NULL;

    for (int i = 0; link == NULL && i < config->host_count; i++) {
        int n = (first + i) % config->host_count;
        uint64_t now_ms = config->now_ms();
        uint64_t left_ms = patience->deadline_ms > now_ms
                               ? patience->deadline_ms - now_ms
                               : 0;
        msd_redis_patience_t part = {
            config->now_ms,
            now_ms + left_ms / (uint64_t)(config->host_count - i)
        };

        link = dial(config, &config->hosts[n], &part, answer);
        if (link != NULL) {
            atomic_store(&redis->host, n);
        }
    }
    return link;
}

/* ---- Commands */

bool msd_redis_answer_is(const msd_redis_answer_t *answer, const char *error)
{
    const char *at = strstr(answer->fault, ": ");

    return at != NULL && strncmp(at + 2, error, strlen(error)) == 0;
}

/* Another server may be the master now. */
static bool is_elsewhere(const msd_redis_answer_t *answer)
{
    return msd_redis_answer_is(answer, "READONLY")
           || msd_redis_answer_is(answer, "MASTERDOWN")
           || msd_redis_answer_is(answer, "LOADING");
}

/* Returns whether the link answered. */
static bool call(msd_redis_t *redis, msd_redis_link_t *link,
                 const msd_redis_command_t *command,
                 const msd_redis_patience_t *patience,
                 msd_redis_answer_t *answer)
{
    const char *host = redis->config->hosts[atomic_load(&redis->host)].name;
    redisReply *reply;
    bool sent;
    apr_status_t status =
        msd_redis_link_call(link, command, patience, &sent, &reply);

    if (status != APR_SUCCESS) {
        answer->unknown |= sent;
        tell(answer, host, status);
        return false;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        apr_snprintf(answer->fault, sizeof(answer->fault), "%s: %s", host,
                     reply->str);
        freeReplyObject(reply);
        return !is_elsewhere(answer);
    }
    answer->reply = reply;
    answer->unknown = false;
    return true;
}

static bool attempt(msd_redis_t *redis, bool fresh,
                    const msd_redis_command_t *command,
                    const msd_redis_patience_t *patience,
                    msd_redis_answer_t *answer)
{
    msd_redis_link_t *link =
        fresh ? connect_any(redis, patience, answer) : take_idle(redis);

    if (link == NULL) {
        return false;
    }
    if (!call(redis, link, command, patience, answer)) {
        msd_redis_link_close(link);
        return false;
    }
    keep_idle(redis, link);
    return true;
}

bool msd_redis_run(msd_redis_t *redis, const msd_redis_command_t *command,
                   msd_redis_answer_t *answer)
{
    uint64_t now_ms = redis->config->now_ms();
    const msd_redis_patience_t patience = {
        redis->config->now_ms, now_ms + redis->config->timeout_ms
    };

    memset(answer, 0, sizeof(*answer));
    if (now_ms < atomic_load(&redis->rest_until_ms)) {
        apr_cpystrn(answer->fault, "no server answered a moment ago",
                    sizeof(answer->fault));
        return false;
    }
    if (!attempt(redis, false, command, &patience, answer)
        && !attempt(redis, true, command, &patience, answer)) {
        /* The other connections lead to where this one led. */
        close_idle(redis);
        atomic_store(&redis->rest_until_ms,
                     redis->config->now_ms() + MSD_REDIS_REST_MS);
        return false;
    }
    return answer->reply != NULL;
}

void msd_redis_answer_end(msd_redis_answer_t *answer)
{
    freeReplyObject(answer->reply);
    answer->reply = NULL;
}
