/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: made, merged member by member, and read. */
#include "httpd/config.h"

#include <string.h>

#include "context/replay.h"
#include "httpd/limits.h"

#define SECOND APR_INT64_C(1000)

/* A value or its default. */
#define RESOLVE(value, fallback) ((value) == MSD_UNSET ? (fallback) : (value))
#define MERGE(member) \
    merged->member = in->member == MSD_UNSET ? out->member : in->member
#define MERGE_POINTER(member) \
    merged->member = in->member == NULL ? out->member : in->member

static const msd_algorithm_t default_algorithms[] = { MSD_ALGORITHM_MD5_SESS,
                                                      MSD_ALGORITHM_MD5 };

void *msd_config_create_dir(apr_pool_t *pool, char *path)
{
    msd_dir_config_t *dir = apr_palloc(pool, sizeof(*dir));

    (void)path;
    dir->providers = NULL;
    dir->provider_names = NULL;
    dir->remote = MSD_UNSET;
    dir->radius_servers = NULL;
    dir->radius_secret = NULL;
    dir->radius_tls_secret = NULL;
    dir->radius_trust = NULL;
    dir->radius_identity = NULL;
    dir->radius_nas = NULL;
    dir->radius_source = NULL;
    dir->radius_timeout_ms = MSD_UNSET;
    dir->radius_groups_in = MSD_UNSET;
    dir->algorithms = NULL;
    dir->realms = NULL;
    dir->domain = NULL;
    dir->qops = MSD_UNSET;
    dir->userhash = MSD_UNSET;
    dir->strip_domain = MSD_UNSET;
    dir->rspauth = MSD_UNSET;
    dir->compat = MSD_UNSET;
    dir->max_body = MSD_UNSET;
    dir->nonce_lifetime_ms = MSD_UNSET;
    dir->context_lifetime_ms = MSD_UNSET;
    dir->context_idle_ms = MSD_UNSET;
    dir->revalidate_ms = MSD_UNSET;
    dir->failures_of_user = MSD_UNSET;
    dir->failures_of_address = MSD_UNSET;
    dir->failure_window_ms = MSD_UNSET;
    dir->reproofs = MSD_UNSET;
    dir->replay_mode = MSD_UNSET;
    dir->uri_match = MSD_UNSET;
    dir->channel_binding = MSD_UNSET;
    dir->ldap_url = NULL;
    dir->ldap_bind_dn = NULL;
    dir->ldap_password = NULL;
    dir->ldap_attribute = NULL;
    dir->ldap_group = NULL;
    dir->ldap_timeout_ms = MSD_UNSET;
    return dir;
}

void *msd_config_merge_dir(apr_pool_t *pool, void *outer, void *inner)
{
    const msd_dir_config_t *out = outer;
    const msd_dir_config_t *in = inner;
    msd_dir_config_t *merged = apr_palloc(pool, sizeof(*merged));

    MERGE_POINTER(providers);
    MERGE_POINTER(provider_names);
    merged->remote = in->providers == NULL ? out->remote : in->remote;
    MERGE_POINTER(radius_servers);
    MERGE_POINTER(radius_secret);
    MERGE_POINTER(radius_tls_secret);
    MERGE_POINTER(radius_trust);
    MERGE_POINTER(radius_identity);
    MERGE_POINTER(radius_nas);
    MERGE_POINTER(radius_source);
    MERGE(radius_timeout_ms);
    MERGE(radius_groups_in);
    MERGE_POINTER(algorithms);
    MERGE_POINTER(realms);
    MERGE_POINTER(domain);
    MERGE(qops);
    MERGE(userhash);
    MERGE(strip_domain);
    MERGE(rspauth);
    MERGE(compat);
    MERGE(max_body);
    MERGE(nonce_lifetime_ms);
    MERGE(context_lifetime_ms);
    MERGE(context_idle_ms);
    MERGE(revalidate_ms);
    MERGE(failures_of_user);
    MERGE(failures_of_address);
    MERGE(failure_window_ms);
    MERGE(reproofs);
    MERGE(replay_mode);
    MERGE(uri_match);
    MERGE(channel_binding);
    MERGE_POINTER(ldap_url);
    MERGE_POINTER(ldap_bind_dn);
    MERGE_POINTER(ldap_password);
    MERGE_POINTER(ldap_attribute);
    MERGE_POINTER(ldap_group);
    MERGE(ldap_timeout_ms);
    return merged;
}

void *msd_config_create_server(apr_pool_t *pool, server_rec *s)
{
    msd_server_config_t *server = apr_pcalloc(pool, sizeof(*server));

    (void)s;
    server->replay_slots = MSD_UNSET;
    server->cache_timeout_ms = MSD_UNSET;
    server->cache_eviction = MSD_UNSET;
    return server;
}

void *msd_config_merge_server(apr_pool_t *pool, void *outer, void *inner)
{
    const msd_server_config_t *out = outer;
    const msd_server_config_t *in = inner;
    msd_server_config_t *merged = apr_pcalloc(pool, sizeof(*merged));

    MERGE_POINTER(cache);
    MERGE_POINTER(secret);
    MERGE_POINTER(scope);
    MERGE_POINTER(service_names);
    MERGE_POINTER(tls_bindings);
    MERGE(replay_slots);
    MERGE_POINTER(netlogon);
    MERGE_POINTER(redis);
    MERGE(cache_timeout_ms);
    MERGE(cache_eviction);
    return merged;
}

msd_server_config_t *msd_config_server(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &auth_msdigest_module);
}

const char *msd_config_session_only(const msd_dir_config_t *dir)
{
    for (int i = 0; dir->providers != NULL && i < dir->providers->nelts; i++) {
        const msd_provider_t *entry =
            &APR_ARRAY_IDX(dir->providers, i, msd_provider_t);

        if (entry->provider == NULL) {
            return entry->name;
        }
    }
    return NULL;
}

/* RADIUS and Netlogon prove MD5-sess only, the first of the default. */
static void set_algorithms(const msd_dir_config_t *dir, msd_policy_t *policy)
{
    const msd_algorithm_t *algorithms = default_algorithms;
    int count = (int)(sizeof(default_algorithms)
                      / sizeof(default_algorithms[0]));

    if (dir->algorithms != NULL) {
        algorithms = (const msd_algorithm_t *)dir->algorithms->elts;
        count = dir->algorithms->nelts;
    } else if (msd_config_session_only(dir) != NULL) {
        count = 1;
    }
    memcpy(policy->algorithms, algorithms,
           (apr_size_t)count * sizeof(*algorithms));
    policy->algorithm_count = count;
}

static void set_times(const msd_dir_config_t *dir, msd_policy_t *policy)
{
    policy->nonce_lifetime_ms =
        (uint64_t)RESOLVE(dir->nonce_lifetime_ms,
                          MSD_CONFIG_NONCE_LIFETIME_MS);
    policy->context_lifetime_ms =
        (uint64_t)RESOLVE(dir->context_lifetime_ms, 28800 * SECOND);
    policy->context_idle_ms =
        (uint64_t)RESOLVE(dir->context_idle_ms, 3600 * SECOND);
    policy->revalidate_ms =
        (uint64_t)RESOLVE(dir->revalidate_ms, 900 * SECOND);
}

void msd_config_policy(const msd_dir_config_t *dir, const char *realm,
                       msd_policy_t *policy)
{
    int qops = RESOLVE(dir->qops, 1 << MSD_QOP_AUTH);
    int compat = RESOLVE(dir->compat, 0);

    set_algorithms(dir, policy);
    set_times(dir, policy);
    msd_limits_policy(dir, policy);
    policy->realm = realm;
    policy->realms = NULL;
    policy->realm_count = 0;
    if (dir->realms != NULL) {
        policy->realms = (const char *const *)dir->realms->elts;
        policy->realm_count = dir->realms->nelts;
    }
    policy->domain = dir->domain;
    policy->qop_auth = (qops & 1 << MSD_QOP_AUTH) != 0;
    policy->qop_auth_int = (qops & 1 << MSD_QOP_AUTH_INT) != 0;
    policy->userhash = RESOLVE(dir->userhash, 0) != 0;
    policy->rspauth = RESOLVE(dir->rspauth, 0) != 0;
    policy->plain_as_session = (compat & MSD_COMPAT_SERF) != 0;
    policy->plain_unoffered = (compat & MSD_COMPAT_PLAIN_MD5) != 0;
    policy->replay_mode =
        (msd_replay_mode_t)RESOLVE(dir->replay_mode, MSD_REPLAY_WINDOW);
    policy->uri_rules.match =
        (msd_uri_match_t)RESOLVE(dir->uri_match, MSD_URI_EXACT);
    policy->uri_rules.escapes = (compat & MSD_COMPAT_URI_ESCAPES) != 0;
    policy->channel = NULL;
}

apr_off_t msd_config_max_body(const msd_dir_config_t *dir)
{
    return (apr_off_t)RESOLVE(dir->max_body, 1024 * 1024);
}

static bool same_array(const apr_array_header_t *a,
                       const apr_array_header_t *b)
{
    if (a == b) {
        return true;
    }
    return a != NULL && b != NULL && a->nelts == b->nelts
           && memcmp(a->elts, b->elts, (apr_size_t)(a->nelts * a->elt_size))
                  == 0;
}

/* Sections that inherit a directory share what was made of it. */
static bool same_directory(const msd_dir_config_t *a,
                           const msd_dir_config_t *b)
{
    return a->ldap_url == b->ldap_url
           && a->ldap_bind_dn == b->ldap_bind_dn
           && a->ldap_password == b->ldap_password
           && a->ldap_attribute == b->ldap_attribute
           && a->ldap_group == b->ldap_group;
}

bool msd_config_same(const msd_dir_config_t *a, const msd_dir_config_t *b)
{
    return a == b
           || (same_array(a->providers, b->providers)
               && same_array(a->radius_servers, b->radius_servers)
               && a->radius_secret == b->radius_secret
               && a->radius_tls_secret == b->radius_tls_secret
               && a->radius_trust == b->radius_trust
               && a->radius_identity == b->radius_identity
               && a->radius_groups_in == b->radius_groups_in
               && same_array(a->algorithms, b->algorithms)
               && same_array(a->realms, b->realms)
               && a->qops == b->qops
               && a->userhash == b->userhash
               && a->rspauth == b->rspauth
               && a->compat == b->compat
               && a->nonce_lifetime_ms == b->nonce_lifetime_ms
               && a->context_lifetime_ms == b->context_lifetime_ms
               && a->context_idle_ms == b->context_idle_ms
               && a->revalidate_ms == b->revalidate_ms
               && a->replay_mode == b->replay_mode
               && a->uri_match == b->uri_match
               && a->channel_binding == b->channel_binding
               && same_directory(a, b));
}

uint32_t msd_config_replay_slots(const msd_server_config_t *server)
{
    return (uint32_t)RESOLVE(server->replay_slots, MSD_REPLAY_SLOTS_DEFAULT);
}
