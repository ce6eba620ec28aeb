/* SPDX-License-Identifier: Apache-2.0 */
/* The context store on any of httpd's shared object caches. */
#include "httpd/cache.h"

#include <string.h>

#include <ap_provider.h>
#include <ap_socache.h>
#include <apr_global_mutex.h>
#include <apr_strings.h>
#include <openssl/rand.h>
#include <util_mutex.h>

#include "context/nonce.h"
#include "context/seal.h"

APLOG_USE_MODULE(auth_msdigest);

/* 20,000 contexts of a usual size fit with a third to spare, because shmcb
 * spreads them unevenly over its parts. */
#define DEFAULT_ARGUMENTS "/msdigest-contexts(6291456)"

/* What shmcb is told to expect. */
#define USUAL_RECORD_SIZE 128

/* A revoked context, in the place of its record: shorter than any record. */
static const unsigned char tombstone[] = { 0 };

#define SEALED_MAX (MSD_STORE_RECORD_MAX + MSD_SEAL_OVERHEAD)

/* The name of a record: the context id, or a keyed hash of it. */
#define NAME_SIZE 16

struct msd_cache_t {
    const ap_socache_provider_t *provider;
    ap_socache_instance_t *instance;
    apr_global_mutex_t *mutex;      /* NULL: the provider needs none */
    bool leaves_process;            /* then records are sealed */
    const msd_keys_t *keys;
    msd_seal_t *seal;
};

const char *msd_cache_create(const char *text, apr_pool_t *temp,
                             apr_pool_t *pool, msd_cache_t **out)
{
    msd_cache_t *cache = apr_pcalloc(pool, sizeof(*cache));
    const char *colon = ap_strchr_c(text, ':');
    const char *name = colon == NULL
                           ? text
                           : apr_pstrmemdup(temp, text,
                                            (apr_size_t)(colon - text));
    const char *fault;

    cache->provider = ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, name,
                                         AP_SOCACHE_PROVIDER_VERSION);
    if (cache->provider == NULL) {
        return apr_psprintf(pool, "shmcb, shmcb:path(size), dbm:path or "
                                  "another socache provider whose module is "
                                  "loaded above (for '%s': mod_socache_%s)",
                            name, name);
    }
    fault = cache->provider->create(&cache->instance,
                                    colon == NULL ? NULL : colon + 1, temp,
                                    pool);
    if (fault != NULL) {
        return apr_psprintf(pool, "other arguments (%s)", fault);
    }
    cache->leaves_process = strcmp(name, "shmcb") != 0;
    *out = cache;
    return NULL;
}

const char *msd_cache_create_default(apr_pool_t *temp, apr_pool_t *pool,
                                     msd_cache_t **out)
{
    if (ap_lookup_provider(AP_SOCACHE_PROVIDER_GROUP, "shmcb",
                           AP_SOCACHE_PROVIDER_VERSION) == NULL) {
        return "load mod_socache_shmcb, or set AuthMSDigestContextCache";
    }
    return msd_cache_create("shmcb:" DEFAULT_ARGUMENTS, temp, pool, out);
}

/* What the configuration pool closes. */
typedef struct {
    msd_cache_t *cache;
    server_rec *s;
} opened_t;

static apr_status_t close_cache(void *data)
{
    const opened_t *opened = data;

    opened->cache->provider->destroy(opened->cache->instance, opened->s);
    return APR_SUCCESS;
}

apr_status_t msd_cache_open(msd_cache_t *cache, const msd_keys_t *keys,
                            server_rec *s, apr_pool_t *pool)
{
    struct ap_socache_hints hints = {
        .avg_id_len = NAME_SIZE,
        .avg_obj_size = USUAL_RECORD_SIZE,
        .expiry_interval = apr_time_from_sec(60),
    };
    opened_t *opened = apr_palloc(pool, sizeof(*opened));
    apr_status_t status = APR_SUCCESS;

    cache->keys = keys;
    cache->seal = msd_seal_create(keys->seal, pool);
    if ((cache->provider->flags & AP_SOCACHE_FLAG_NOTMPSAFE) != 0) {
        status = ap_global_mutex_create(&cache->mutex, NULL, MSD_CACHE_MUTEX,
                                        NULL, s, pool, 0);
    }
    if (status == APR_SUCCESS) {
        status = cache->provider->init(cache->instance, "msdigest", &hints, s,
                                       pool);
    }
    if (status == APR_SUCCESS) {
        opened->cache = cache;
        opened->s = s;
        apr_pool_cleanup_register(pool, opened, close_cache,
                                  apr_pool_cleanup_null);
    }
    return status;
}

apr_status_t msd_cache_child(msd_cache_t *cache, apr_pool_t *pool)
{
    if (cache->mutex == NULL) {
        return APR_SUCCESS;
    }
    return apr_global_mutex_child_init(
        &cache->mutex, apr_global_mutex_lockfile(cache->mutex), pool);
}

static apr_status_t lock(const msd_cache_t *cache)
{
    return cache->mutex == NULL ? APR_SUCCESS
                                : apr_global_mutex_lock(cache->mutex);
}

static void unlock(const msd_cache_t *cache)
{
    if (cache->mutex != NULL) {
        apr_global_mutex_unlock(cache->mutex);
    }
}

void msd_cache_status(const msd_cache_t *cache, request_rec *r, int flags)
{
    if (cache->provider->status != NULL && lock(cache) == APR_SUCCESS) {
        cache->provider->status(cache->instance, r, flags);
        unlock(cache);
    }
}

/* Names must begin with random bytes: shmcb spreads by the first. */
static apr_status_t make_name(const msd_cache_t *cache,
                              const unsigned char *id, unsigned char *name)
{
    const msd_text_t text = { (const char *)id, MSD_CONTEXT_ID_SIZE };
    unsigned char mac[MSD_HMAC_SIZE];
    apr_status_t status = APR_SUCCESS;

    if (!cache->leaves_process) {
        memcpy(name, id, NAME_SIZE);
        return APR_SUCCESS;
    }
    status = msd_hmac(cache->keys->name, &text, 1, mac);
    memcpy(name, mac, NAME_SIZE);
    return status;
}

/* From what the cache holds to the record; tombstones stay as they are. */
static apr_status_t unseal(const msd_cache_t *cache, const unsigned char *name,
                           const unsigned char *held, apr_size_t held_len,
                           unsigned char *record, apr_size_t *len)
{
    const msd_text_t name_text = { (const char *)name, NAME_SIZE };
    unsigned char plain[SEALED_MAX];
    apr_status_t status = APR_SUCCESS;

    if (cache->leaves_process) {
        const msd_text_t sealed = { (const char *)held, held_len };

        status = msd_seal_open(cache->seal, name_text, sealed, plain, len);
        held = plain;
        held_len = *len;
    }
    if (status == APR_SUCCESS && held_len > MSD_STORE_RECORD_MAX) {
        status = APR_EINVAL;
    }
    if (status == APR_SUCCESS) {
        *len = held_len <= sizeof(tombstone) ? 0 : held_len;
        memcpy(record, held, held_len);
    }
    if (held == plain) {
        msd_wipe(plain, held_len < sizeof(plain) ? held_len : sizeof(plain));
    }
    return status;
}

/* The caller holds the lock. */
static apr_status_t retrieve(const msd_cache_use_t *use,
                             const unsigned char *name, unsigned char *record,
                             apr_size_t *len)
{
    const msd_cache_t *cache = use->cache;
    unsigned char held[SEALED_MAX];
    unsigned int held_len = sizeof(held);
    apr_status_t status =
        cache->provider->retrieve(cache->instance, use->r->server, name,
                                  NAME_SIZE, held, &held_len, use->r->pool);

    if (status == APR_SUCCESS) {
        status = unseal(cache, name, held, held_len, record, len);
        msd_wipe(held, held_len);
    }
    return status;
}

/* The caller holds the lock. */
static apr_status_t store(const msd_cache_use_t *use,
                          const unsigned char *name,
                          const unsigned char *record, apr_size_t len,
                          uint64_t ttl_ms)
{
    const msd_cache_t *cache = use->cache;
    const msd_text_t name_text = { (const char *)name, NAME_SIZE };
    const msd_text_t plain = { (const char *)record, len };
    unsigned char random[MSD_SEAL_NONCE_SIZE];
    unsigned char held[SEALED_MAX];
    apr_time_t expiry = apr_time_now()
                        + (apr_time_t)ttl_ms * (APR_USEC_PER_SEC / 1000);
    apr_status_t status = APR_SUCCESS;

    memcpy(held, record, len);
    if (cache->leaves_process) {
        status = RAND_bytes(random, sizeof(random)) == 1 ? APR_SUCCESS
                                                         : APR_EGENERAL;
        if (status == APR_SUCCESS) {
            status = msd_seal_close(cache->seal, name_text, plain, random,
                                    held);
        }
        len += MSD_SEAL_OVERHEAD;
    }
    if (status == APR_SUCCESS) {
        status = cache->provider->store(cache->instance, use->r->server, name,
                                        NAME_SIZE, expiry, held,
                                        (unsigned int)len, use->r->pool);
    }
    msd_wipe(held, len);
    return status;
}

static apr_status_t cache_get(void *self, const unsigned char *id,
                              unsigned char *record, apr_size_t *len)
{
    const msd_cache_use_t *use = self;
    unsigned char name[NAME_SIZE];
    apr_status_t status;

    if (use->cache == NULL) {
        return APR_NOTFOUND;
    }
    status = make_name(use->cache, id, name);
    if (status == APR_SUCCESS) {
        status = lock(use->cache);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    status = retrieve(use, name, record, len);
    unlock(use->cache);
    return status;
}

/* Store, but leave a tombstone alone unless it is one that is stored. */
static apr_status_t replace(const msd_cache_use_t *use,
                            const unsigned char *id,
                            const unsigned char *record, apr_size_t len,
                            uint64_t ttl_ms)
{
    unsigned char name[NAME_SIZE];
    unsigned char old[MSD_STORE_RECORD_MAX];
    apr_size_t old_len = 1;
    apr_status_t status;

    if (use->cache == NULL) {
        return APR_SUCCESS;
    }
    status = make_name(use->cache, id, name);
    if (status == APR_SUCCESS) {
        status = lock(use->cache);
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (retrieve(use, name, old, &old_len) != APR_SUCCESS || old_len > 0
        || len == sizeof(tombstone)) {
        status = store(use, name, record, len, ttl_ms);
    }
    unlock(use->cache);
    msd_wipe(old, old_len);
    return status;
}

static apr_status_t cache_put(void *self, const unsigned char *id,
                              const unsigned char *record, apr_size_t len,
                              uint64_t ttl_ms)
{
    return replace(self, id, record, len, ttl_ms);
}

static apr_status_t cache_revoke(void *self, const unsigned char *id,
                                 uint64_t ttl_ms)
{
    return replace(self, id, tombstone, sizeof(tombstone), ttl_ms);
}

msd_store_t msd_cache_store(msd_cache_use_t *use, msd_cache_t *cache,
                            request_rec *r)
{
    msd_store_t interface = { use, cache_get, cache_put, cache_revoke };

    use->cache = cache;
    use->r = r;
    return interface;
}
