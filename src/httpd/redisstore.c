/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts in Redis, behind the interface of httpd's shared object caches. */
#include "httpd/redisstore.h"

#include <string.h>

#include <ap_socache.h>
#include <apr_strings.h>

#include "httpd/state.h"

struct ap_socache_instance_t {
    msd_redis_place_t *place;
};

#define RECORD_KEY "msdigest:context:"
#define NAME_MAX_SIZE 64

/* A tombstone is shorter than any record, and stays (KEYS, value, ttl, length
 * of a tombstone). */
static const char put_script[] =
    "local most = tonumber(ARGV[3])\n"
    "if #ARGV[1] > most and redis.call('EXISTS', KEYS[1]) == 1\n"
    "    and redis.call('STRLEN', KEYS[1]) <= most then return 0 end\n"
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
    "return 1\n";

typedef struct {
    char bytes[sizeof(RECORD_KEY) - 1 + NAME_MAX_SIZE];
    apr_size_t len;
} record_key_t;

static msd_text_t make_key(const unsigned char *id, unsigned int len,
                           record_key_t *key)
{
    if (len > NAME_MAX_SIZE) {
        len = NAME_MAX_SIZE;
    }
    key->len = sizeof(RECORD_KEY) - 1 + len;
    memcpy(key->bytes, RECORD_KEY, sizeof(RECORD_KEY) - 1);
    memcpy(key->bytes + sizeof(RECORD_KEY) - 1, id, len);
    return (msd_text_t){ key->bytes, key->len };
}

/* Run a command about a record.  The answer is to be ended. */
static bool run(const ap_socache_instance_t *instance, server_rec *s,
                const msd_redis_command_t *command, msd_redis_answer_t *answer)
{
    memset(answer, 0, sizeof(*answer));
    if (instance->place->client == NULL) {
        return false;
    }
    if (!msd_redis_run(instance->place->client, command, answer)) {
        msd_redis_log(msd_config_server(s)->state, s, answer->fault);
        return false;
    }
    return true;
}

static apr_status_t init_store(ap_socache_instance_t *instance,
                               const char *name,
                               const struct ap_socache_hints *hints,
                               server_rec *s, apr_pool_t *pool)
{
    (void)instance, (void)name, (void)hints, (void)s, (void)pool;
    return APR_SUCCESS;
}

static void destroy_store(ap_socache_instance_t *instance, server_rec *s)
{
    (void)instance, (void)s;
}

static apr_status_t store_record(ap_socache_instance_t *instance,
                                 server_rec *s, const unsigned char *id,
                                 unsigned int id_len, apr_time_t expiry,
                                 unsigned char *data, unsigned int len,
                                 apr_pool_t *pool)
{
    apr_time_t left_ms = (expiry - apr_time_now()) / 1000;
    const char *ttl = apr_psprintf(pool, "%" APR_TIME_T_FMT,
                                   left_ms > 0 ? left_ms : 1);
    const char *most =
        apr_psprintf(pool, "%d", (int)MSD_CACHE_TOMBSTONE_SEALED_SIZE);
    record_key_t key;
    msd_redis_answer_t answer;
    const msd_redis_command_t command = {
        7,
        { MSD_TEXT("EVAL"), MSD_TEXT(put_script), MSD_TEXT("1"),
          make_key(id, id_len, &key), { (const char *)data, len },
          msd_text_of(ttl), msd_text_of(most) },
    };
    bool done = run(instance, s, &command, &answer);

    msd_redis_answer_end(&answer);
    return done ? APR_SUCCESS : MSD_STORE_UNAVAILABLE;
}

static apr_status_t retrieve_record(ap_socache_instance_t *instance,
                                    server_rec *s, const unsigned char *id,
                                    unsigned int id_len, unsigned char *data,
                                    unsigned int *len, apr_pool_t *pool)
{
    record_key_t key;
    msd_redis_answer_t answer;
    const msd_redis_command_t command = {
        2, { MSD_TEXT("GET"), make_key(id, id_len, &key) }
    };
    apr_status_t status = APR_NOTFOUND;

    (void)pool;
    if (!run(instance, s, &command, &answer)) {
        status = MSD_STORE_UNAVAILABLE;
    } else if (answer.reply->type == REDIS_REPLY_STRING
               && (apr_size_t)answer.reply->len <= *len) {
        *len = (unsigned int)answer.reply->len;
        memcpy(data, answer.reply->str, *len);
        status = APR_SUCCESS;
    }
    msd_redis_answer_end(&answer);
    return status;
}

static apr_status_t remove_record(ap_socache_instance_t *instance,
                                  server_rec *s, const unsigned char *id,
                                  unsigned int id_len, apr_pool_t *pool)
{
    record_key_t key;
    msd_redis_answer_t answer;
    const msd_redis_command_t command = {
        2, { MSD_TEXT("DEL"), make_key(id, id_len, &key) }
    };
    bool done = run(instance, s, &command, &answer);

    (void)pool;
    msd_redis_answer_end(&answer);
    return done ? APR_SUCCESS : MSD_STORE_UNAVAILABLE;
}

static const ap_socache_provider_t provider = {
    .name = "redis",
    .init = init_store,
    .destroy = destroy_store,
    .store = store_record,
    .retrieve = retrieve_record,
    .remove = remove_record,
};

msd_cache_t *msd_redisstore_create(msd_redis_place_t *place, apr_pool_t *pool)
{
    ap_socache_instance_t *instance = apr_palloc(pool, sizeof(*instance));

    instance->place = place;
    return msd_cache_wrap(&provider, instance, pool);
}
