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

/* What shmcb is told to expect. */
#define USUAL_RECORD_SIZE 128

/* A revoked context, in the place of its record: shorter than any record. */
static const unsigned char tombstone[MSD_CACHE_TOMBSTONE_SIZE] = { 0 };

#define SEALED_MAX (MSD_STORE_RECORD_MAX + MSD_SEAL_OVERHEAD)

/* The name of a record: the context id, or a keyed hash of it. */
#define NAME_SIZE 16

/* By which keys a record is named and sealed. */
typedef struct {
    const msd_keys_t *keys;
    msd_seal_t *seal;
} generation_t;

struct msd_cache_t {
    const ap_socache_provider_t *provider;
    ap_socache_instance_t *instance;
    apr_global_mutex_t *mutex;      /* NULL: the provider needs none */
    bool leaves_process;            /* then records are sealed */
    generation_t generations[MSD_SECRET_COUNT];     /* the current first */
    int generation_count;
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

msd_cache_t *msd_cache_wrap(const ap_socache_provider_t *provider,
                            ap_socache_instance_t *instance, apr_pool_t *pool)
{
    msd_cache_t *cache = apr_pcalloc(pool, sizeof(*cache));

    cache->provider = provider;
    cache->instance = instance;
    cache->leaves_process = true;
    return cache;
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

bool msd_cache_leaves_process(const msd_cache_t *cache)
{
    return cache->leaves_process;
}

/* What stays in the process is named without keys: one generation is enough. */
static void set_keys(msd_cache_t *cache, const msd_keyring_t *keys,
                     apr_pool_t *pool)
{
    const msd_keys_t *const all[] = { &keys->current, keys->previous };

    cache->generation_count =
        cache->leaves_process && keys->previous != NULL ? 2 : 1;
    for (int i = 0; i < cache->generation_count; i++) {
        cache->generations[i].keys = all[i];
        cache->generations[i].seal = msd_seal_create(all[i]->seal, pool);
    }
}

apr_status_t msd_cache_open(msd_cache_t *cache, const msd_keyring_t *keys,
                            server_rec *s, apr_pool_t *pool)
{
    struct ap_socache_hints hints = {
        .avg_id_len = NAME_SIZE,
        .avg_obj_size = USUAL_RECORD_SIZE,
        .expiry_interval = apr_time_from_sec(60),
    };
    opened_t *opened = apr_palloc(pool, sizeof(*opened));
    apr_status_t status = APR_SUCCESS;

    set_keys(cache, keys, pool);
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
static apr_status_t make_name(const msd_cache_t *cache, int generation,
                              const unsigned char *id, unsigned char *name)
{
    const msd_text_t text = { (const char *)id, MSD_CONTEXT_ID_SIZE };
    unsigned char mac[MSD_HMAC_SIZE];
    apr_status_t status = APR_SUCCESS;

    if (!cache->leaves_process) {
        memcpy(name, id, NAME_SIZE);
        return APR_SUCCESS;
    }
    status = msd_hmac(cache->generations[generation].keys->name, &text, 1,
                      mac);
    memcpy(name, mac, NAME_SIZE);
    return status;
}

/* From what the cache holds to the record; tombstones stay as they are. */
static apr_status_t unseal(const msd_cache_t *cache, int generation,
                           const unsigned char *name, msd_text_t held,
                           unsigned char *record, apr_size_t *len)
{
    const msd_text_t name_text = { (const char *)name, NAME_SIZE };
    unsigned char plain[SEALED_MAX];
    apr_status_t status = APR_SUCCESS;

    if (cache->leaves_process) {
        status = msd_seal_open(cache->generations[generation].seal, name_text,
                               held, plain, len);
        held = (msd_text_t){ (const char *)plain, *len };
    }
    if (status == APR_SUCCESS && held.len > MSD_STORE_RECORD_MAX) {
        status = APR_EINVAL;
    }
    if (status == APR_SUCCESS) {
        *len = held.len <= sizeof(tombstone) ? 0 : held.len;
        memcpy(record, held.data, held.len);
    }
    if (cache->leaves_process) {
        msd_wipe(plain, sizeof(plain));
    }
    return status;
}

/* The caller holds the lock. */
static apr_status_t retrieve(const msd_cache_use_t *use, int generation,
                             const unsigned char *id, unsigned char *record,
                             apr_size_t *len)
{
    const msd_cache_t *cache = use->cache;
    unsigned char name[NAME_SIZE];
    unsigned char held[SEALED_MAX];
    unsigned int held_len = sizeof(held);
    apr_status_t status = make_name(cache, generation, id, name);

    if (status == APR_SUCCESS) {
        status = cache->provider->retrieve(cache->instance, use->r->server,
                                           name, NAME_SIZE, held, &held_len,
                                           use->r->pool);
    }
    if (status == APR_SUCCESS) {
        status = unseal(cache, generation, name,
                        (msd_text_t){ (const char *)held, held_len }, record,
                        len);
        msd_wipe(held, held_len);
    }
    return status;
}

/* The caller holds the lock. */
static apr_status_t store(const msd_cache_use_t *use, int generation,
                          const unsigned char *id, msd_text_t record,
                          uint64_t ttl_ms)
{
    const msd_cache_t *cache = use->cache;
    unsigned char name[NAME_SIZE];
    const msd_text_t name_text = { (const char *)name, NAME_SIZE };
    unsigned char random[MSD_SEAL_NONCE_SIZE];
    unsigned char held[SEALED_MAX];
    apr_size_t held_len = record.len;
    apr_time_t expiry = apr_time_now()
                        + (apr_time_t)ttl_ms * (APR_USEC_PER_SEC / 1000);
    apr_status_t status = make_name(cache, generation, id, name);

    memcpy(held, record.data, record.len);
    if (status == APR_SUCCESS && cache->leaves_process) {
        held_len += MSD_SEAL_OVERHEAD;
        status = RAND_bytes(random, sizeof(random)) != 1
                     ? APR_EGENERAL
                     : msd_seal_close(cache->generations[generation].seal,
                                      name_text, record, random, held);
    }
    if (status == APR_SUCCESS) {
        status = cache->provider->store(cache->instance, use->r->server, name,
                                        NAME_SIZE, expiry, held,
                                        (unsigned int)held_len, use->r->pool);
    }
    msd_wipe(held, held_len);
    return status;
}

/* The caller holds the lock. */
static void forget(const msd_cache_use_t *use, int generation,
                   const unsigned char *id)
{
    const msd_cache_t *cache = use->cache;
    unsigned char name[NAME_SIZE];

    if (make_name(cache, generation, id, name) == APR_SUCCESS) {
        cache->provider->remove(cache->instance, use->r->server, name,
                                NAME_SIZE, use->r->pool);
    }
}

/* Under the current name first.  The caller holds the lock. */
static apr_status_t find(const msd_cache_use_t *use, const unsigned char *id,
                         unsigned char *record, apr_size_t *len)
{
    apr_status_t status = APR_NOTFOUND;

    for (int i = 0; status != APR_SUCCESS && i < use->cache->generation_count;
         i++) {
        status = retrieve(use, i, id, record, len);
    }
    return status;
}

static apr_status_t cache_get(void *self, const unsigned char *id,
                              unsigned char *record, apr_size_t *len)
{
    const msd_cache_use_t *use = self;
    apr_status_t status;

    if (use->cache == NULL) {
        return APR_NOTFOUND;
    }
    status = lock(use->cache);
    if (status != APR_SUCCESS) {
        return status;
    }
    status = find(use, id, record, len);
    unlock(use->cache);
    return status;
}

/* Whether there is a tombstone under any name.  The caller holds the lock. */
static bool is_revoked(const msd_cache_use_t *use, const unsigned char *id)
{
    unsigned char old[MSD_STORE_RECORD_MAX];
    bool revoked = false;

    for (int i = 0; !revoked && i < use->cache->generation_count; i++) {
        apr_size_t len = 1;

        revoked = retrieve(use, i, id, old, &len) == APR_SUCCESS && len == 0;
    }
    msd_wipe(old, sizeof(old));
    return revoked;
}

/*
 * Store, but leave a tombstone alone unless it is one that is stored.  A record
 * stands under one name only, so that an older one cannot come back; a
 * tombstone under all, for those who know the context by the other.
 */
static apr_status_t replace(const msd_cache_use_t *use,
                            const unsigned char *id, msd_text_t record,
                            uint64_t ttl_ms)
{
    bool revokes = record.len == sizeof(tombstone);
    apr_status_t status;

    if (use->cache == NULL) {
        return APR_SUCCESS;
    }
    status = lock(use->cache);
    if (status != APR_SUCCESS) {
        return status;
    }
    if (revokes || !is_revoked(use, id)) {
        status = store(use, 0, id, record, ttl_ms);
        for (int i = 1; i < use->cache->generation_count; i++) {
            if (!revokes) {
                forget(use, i, id);
            } else if (store(use, i, id, record, ttl_ms) != APR_SUCCESS) {
                status = APR_EGENERAL;
            }
        }
    }
    unlock(use->cache);
    return status;
}

static apr_status_t cache_put(void *self, const unsigned char *id,
                              const unsigned char *record, apr_size_t len,
                              uint64_t ttl_ms)
{
    const msd_text_t text = { (const char *)record, len };

    return replace(self, id, text, ttl_ms);
}

static apr_status_t cache_revoke(void *self, const unsigned char *id,
                                 uint64_t ttl_ms)
{
    const msd_text_t text = { (const char *)tombstone, sizeof(tombstone) };

    return replace(self, id, text, ttl_ms);
}

msd_store_t msd_cache_store(msd_cache_use_t *use, msd_cache_t *cache,
                            request_rec *r)
{
    msd_store_t interface = { use, cache_get, cache_put, cache_revoke };

    use->cache = cache;
    use->r = r;
    return interface;
}
