/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: made, merged member by member, and read. */
#ifndef MSD_HTTPD_CONFIG_H
#define MSD_HTTPD_CONFIG_H

#include "accept.h"
#include "httpd/module.h"

#include <mod_auth.h>

/* No value was given: the outer section decides, at last the default. */
#define MSD_UNSET (-1)

/* AuthMSDigestNonceLifetime where there is none. */
#define MSD_CONFIG_NONCE_LIFETIME_MS APR_INT64_C(300000)

/* AuthMSDigestCompat: each for a client that breaks a rule. */
#define MSD_COMPAT_SERF 1           /* plain MD5 under the name MD5-sess */
#define MSD_COMPAT_PLAIN_MD5 2      /* MD5 where only MD5-sess is offered */
#define MSD_COMPAT_URI_ESCAPES 4    /* a uri that is escaped otherwise */

/* An authority, by its name in the configuration. */
typedef struct {
    const char *name;
    const authn_provider *provider;     /* of realm hashes; NULL: ours */
} msd_provider_t;

/* Of a directory, location, file or .htaccess. */
typedef struct {
    apr_array_header_t *providers;      /* msd_provider_t; NULL is unset */
    const char *provider_names;         /* with a blank behind each */
    int remote;                         /* one is not on this machine */
    apr_array_header_t *radius_servers; /* msd_radius_server_t; NULL: unset */
    const char *radius_secret;          /* over UDP */
    const char *radius_tls_secret;
    const struct msd_radiustrust_t *radius_trust;
    const struct msd_radiusidentity_t *radius_identity;
    const char *radius_nas;             /* NAS-Identifier */
    apr_sockaddr_t *radius_source;
    apr_int64_t radius_timeout_ms;
    int radius_groups_in;               /* msd_radius_groups_in_t */
    apr_array_header_t *algorithms;     /* msd_algorithm_t; NULL is unset */
    apr_array_header_t *realms;         /* const char *; NULL is unset */
    const char *domain;
    int qops;                           /* bits 1 << msd_qop_t */
    int userhash;
    int strip_domain;
    int rspauth;
    int compat;                         /* bits MSD_COMPAT_... */
    apr_int64_t max_body;               /* bytes */
    apr_int64_t nonce_lifetime_ms;
    apr_int64_t context_lifetime_ms;
    apr_int64_t context_idle_ms;
    apr_int64_t revalidate_ms;
    int failures_of_user;               /* 0: no limit */
    int failures_of_address;
    apr_int64_t failure_window_ms;
    int reproofs;                       /* in a minute */
    int replay_mode;
    int uri_match;
    int channel_binding;                /* msd_binding_level_t */
    struct msd_ldap_url_t *ldap_url;
    const char *ldap_bind_dn;
    const char *ldap_password;
    const struct msd_ldap_attribute_t *ldap_attribute;
    char *ldap_group;
    apr_int64_t ldap_timeout_ms;
} msd_dir_config_t;

/* Of a server.  The first seven and the domain count in the main server
 * only. */
typedef struct {
    struct msd_cache_t *cache;          /* NULL: the default */
    struct msd_redis_place_t *redis;    /* where the cache is; NULL: not */
    const msd_secret_t *secret;         /* NULL: one that is drawn */
    apr_int64_t cache_timeout_ms;
    int cache_eviction;                 /* 1: Redis may forget */
    apr_int64_t replay_slots;
    struct msd_state_t *state;          /* shared by all; see state.h */
    const char *scope;                  /* AuthMSDigestScope, or NULL */
    uint64_t identity_mark;             /* for the scope of nonces */
    uint64_t previous_mark;             /* the same, by the previous keys */
    apr_array_header_t *service_names;  /* const char *; see binding.c */
    apr_array_header_t *tls_bindings;   /* const char *; NULL: none given */
    bool binding_wanted;                /* somewhere, at any server */
    struct msd_watchdog_t *watchdog;    /* of this process; see ldap.c */
    struct msd_netlogon_settings_t *netlogon;   /* NULL: no domain */
} msd_server_config_t;

/* The hooks of the module record. */
void *msd_config_create_dir(apr_pool_t *pool, char *path);
void *msd_config_merge_dir(apr_pool_t *pool, void *outer, void *inner);
void *msd_config_create_server(apr_pool_t *pool, server_rec *s);
void *msd_config_merge_server(apr_pool_t *pool, void *outer, void *inner);

/* The server's configuration. */
msd_server_config_t *msd_config_server(const server_rec *s);

/*
 * The policy of a section, with defaults where nothing was configured.
 * realm: text, escapes taken away; must outlive the policy, as must the
 * section.
 * The scopes are left to the caller.
 */
void msd_config_policy(const msd_dir_config_t *dir, const char *realm,
                       msd_policy_t *policy);

/*
 * The first of the section's authorities that gives session keys of MD5-sess
 * and no other keys: radius, netlogon.  NULL: none does.
 */
const char *msd_config_session_only(const msd_dir_config_t *dir);

/* The largest body that auth-int reads, in bytes. */
apr_off_t msd_config_max_body(const msd_dir_config_t *dir);

/* Whether two sections ask the same of a client and believe the same
 * providers. */
bool msd_config_same(const msd_dir_config_t *a, const msd_dir_config_t *b);

/* The guard's size in slots, the default where nothing was configured. */
uint32_t msd_config_replay_slots(const msd_server_config_t *server);

#endif
