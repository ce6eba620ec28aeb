/* SPDX-License-Identifier: Apache-2.0 */
/* The context store on any of httpd's shared object caches. */
#ifndef MSD_HTTPD_CACHE_H
#define MSD_HTTPD_CACHE_H

#include "context/keys.h"
#include "context/seal.h"
#include "context/store.h"
#include "httpd/module.h"

#include <ap_socache.h>

/* The name in the Mutex directive. */
#define MSD_CACHE_MUTEX "msdigest-context"

/* What marks a revoked context, in bytes, and when it is sealed. */
#define MSD_CACHE_TOMBSTONE_SIZE 1
#define MSD_CACHE_TOMBSTONE_SEALED_SIZE \
    (MSD_CACHE_TOMBSTONE_SIZE + MSD_SEAL_OVERHEAD)

/* A shared object cache that holds contexts. */
typedef struct msd_cache_t msd_cache_t;

/*
 * Make a cache from the text of the directive.
 * text: "name" or "name:arguments", as for other socache users.
 * temp: for scratch.  pool: owns the cache.
 * Returns NULL on success, else what would be allowed instead.
 */
const char *msd_cache_create(const char *text, apr_pool_t *temp,
                             apr_pool_t *pool, msd_cache_t **out);

/*
 * A cache that others keep; its records are sealed.
 * provider, instance: must outlive it.
 */
msd_cache_t *msd_cache_wrap(const ap_socache_provider_t *provider,
                            ap_socache_instance_t *instance,
                            apr_pool_t *pool);

/*
 * Open the cache, in the parent, once for each generation.
 * keys: for records that leave the process; must outlive the cache.  Records
 * are kept under the current keys, and found under the previous ones too.
 * pool: the configuration pool, which closes the cache.
 */
apr_status_t msd_cache_open(msd_cache_t *cache, const msd_keyring_t *keys,
                            server_rec *s, apr_pool_t *pool);

/* Whether others than the processes of this server can read it; its records
 * are then sealed. */
bool msd_cache_leaves_process(const msd_cache_t *cache);

/* Take the cache up in a child. */
apr_status_t msd_cache_child(msd_cache_t *cache, apr_pool_t *pool);

/*
 * Write what the provider tells of itself into a status page.
 * flags: of mod_status.
 */
void msd_cache_status(const msd_cache_t *cache, request_rec *r, int flags);

/* One request's use of a cache: the self of the store. */
typedef struct {
    msd_cache_t *cache;
    request_rec *r;
} msd_cache_use_t;

/*
 * The cache as a context store.
 * use: lives as long as the store.  cache: may be NULL, for a cache that could
 * not be opened: it is then always empty.
 */
msd_store_t msd_cache_store(msd_cache_use_t *use, msd_cache_t *cache,
                            request_rec *r);

#endif
