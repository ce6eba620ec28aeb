/* SPDX-License-Identifier: Apache-2.0 */
/* The directives: from text to values, with an error for what is wrong. */
#include "httpd/directives.h"

#include <string.h>

#include <ap_provider.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "httpd/binding.h"
#include "httpd/config.h"
#include "httpd/ldapdirective.h"
#include "httpd/limits.h"
#include "httpd/netlogon.h"
#include "httpd/radiusdirective.h"
#include "httpd/serverdirective.h"
#include "httpd/value.h"

#define SECOND APR_INT64_C(1000)
#define DAY (86400 * SECOND)

/* Where the configuration pool keeps the places of AuthMSDigestReplay off, and
 * the longest lifetime of nonces. */
#define REPLAY_OFF "msdigest-replay-off"
#define LONGEST "msdigest-longest"

/* ---- Directives of a section */

/* Of httpd's providers. */
static const char *find_provider(cmd_parms *cmd, const char *name,
                                 const authn_provider **provider)
{
    *provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, name,
                                   AUTHN_PROVIDER_VERSION);
    if (*provider == NULL) {
        return msd_value_wrong(cmd, name,
                               "a provider whose module is loaded, or an "
                               "<AuthnProviderAlias> that stands above");
    }
    if (ap_cstr_casecmp(name, MSD_LDAP_PROVIDER) == 0
        && !msd_ldap_is_possible()) {
        return msd_value_wrong(cmd, name,
                               "another, or load mod_ldap: mod_ldap is not "
                               "loaded");
    }
    if ((*provider)->get_realm_hash == NULL) {
        return msd_value_wrong(
            cmd, name,
            "a provider that keeps realm hashes, such as file, "
            "dbm, dbd or socache");
    }
    return NULL;
}

static const char *set_provider(cmd_parms *cmd, void *config, const char *name)
{
    msd_dir_config_t *dir = config;
    const authn_provider *provider = NULL;

    if (strcmp(name, MSD_RADIUS_PROVIDER) != 0
        && strcmp(name, MSD_NETLOGON_PROVIDER) != 0) {
        const char *fault = find_provider(cmd, name, &provider);

        if (fault != NULL) {
            return fault;
        }
    }
    if (dir->providers == NULL) {
        dir->providers = apr_array_make(cmd->pool, 2,
                                        sizeof(msd_provider_t));
    }
    APR_ARRAY_PUSH(dir->providers, msd_provider_t) =
        (msd_provider_t){ apr_pstrdup(cmd->pool, name), provider };
    if (!msd_limits_is_local(name)) {
        dir->remote = 1;
    }
    dir->provider_names = apr_pstrcat(
        cmd->pool, dir->provider_names == NULL ? "" : dir->provider_names,
        name, " ", NULL);
    return msd_radius_check_algorithms(cmd, dir, name);
}

static const char *set_algorithm(cmd_parms *cmd, void *config,
                                 const char *name)
{
    msd_dir_config_t *dir = config;
    msd_algorithm_t algorithm;

    if (!msd_algorithm_find(msd_text_of(name), &algorithm)) {
        return msd_value_wrong(
            cmd, name,
            "one or more of MD5-sess, MD5, SHA-256-sess, SHA-256, "
            "SHA-512-256-sess, SHA-512-256");
    }
    if (!msd_hasher_has(msd_hasher_create(cmd->temp_pool),
                        msd_algorithm_hash(algorithm))) {
        return msd_value_wrong(cmd, name,
                               "one that OpenSSL's policy has (in FIPS mode "
                               "SHA-256 or SHA-512-256)");
    }
    if (dir->algorithms == NULL) {
        dir->algorithms = apr_array_make(cmd->pool, MSD_ALGORITHM_COUNT,
                                         sizeof(algorithm));
    }
    for (int i = 0; i < dir->algorithms->nelts; i++) {
        if (APR_ARRAY_IDX(dir->algorithms, i, msd_algorithm_t) == algorithm) {
            return msd_value_wrong(cmd, name, "each algorithm once");
        }
    }
    APR_ARRAY_PUSH(dir->algorithms, msd_algorithm_t) = algorithm;
    return msd_radius_check_algorithms(cmd, dir, name);
}

static const char *set_qop(cmd_parms *cmd, void *config, const char *text)
{
    static const msd_value_word_t words[] = {
        { "auth", 1 << MSD_QOP_AUTH },
        { "auth-int", 1 << MSD_QOP_AUTH_INT },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;

    return msd_value_add_bits(cmd, text, words, "auth, auth-int or both",
                              &dir->qops);
}

static const char *set_compat(cmd_parms *cmd, void *config, const char *text)
{
    static const msd_value_word_t words[] = {
        { "none", 0 },
        { "serf", MSD_COMPAT_SERF },
        { "plain-md5", MSD_COMPAT_PLAIN_MD5 },
        { "uri-escapes", MSD_COMPAT_URI_ESCAPES },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;

    return msd_value_add_bits(
        cmd, text, words,
        "none, or one or more of serf, plain-md5, uri-escapes", &dir->compat);
}

/* As one of them may be empty, where httpd's own iteration would end. */
static const char *add_realms(cmd_parms *cmd, void *config, const char *args)
{
    msd_dir_config_t *dir = config;

    if (*args == '\0') {
        return msd_value_wrong(cmd, "",
                               "one or more realms, \"\" for the empty one");
    }
    if (dir->realms == NULL) {
        dir->realms = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    while (*args != '\0') {
        APR_ARRAY_PUSH(dir->realms, const char *) = ap_getword_conf(cmd->pool,
                                                                    &args);
    }
    return NULL;
}

static const char *set_user_domain(cmd_parms *cmd, void *config,
                                   const char *text)
{
    static const msd_value_word_t words[] = { { "keep", 0 },
                                              { "strip", 1 },
                                              { NULL, 0 } };
    msd_dir_config_t *dir = config;

    return msd_value_choose(cmd, text, words, "keep or strip",
                            &dir->strip_domain);
}

static const char *set_max_body(cmd_parms *cmd, void *config, const char *text)
{
    msd_dir_config_t *dir = config;
    char *end;

    dir->max_body = apr_strtoi64(text, &end, 10);
    if (*end != '\0' || !apr_isdigit(text[0]) || dir->max_body < 1
        || dir->max_body > APR_INT64_C(1) << 40) {
        return msd_value_wrong(cmd, text, "bytes from 1 to 1099511627776");
    }
    return NULL;
}

static const char *add_domain(cmd_parms *cmd, void *config, const char *uri)
{
    msd_dir_config_t *dir = config;

    if ((uri[0] != '/' && strstr(uri, "://") == NULL)
        || strpbrk(uri, "\"\\ \t") != NULL) {
        return msd_value_wrong(
            cmd, uri,
            "absolute paths or absolute URIs, without quotes, "
            "backslashes and blanks");
    }
    dir->domain = dir->domain == NULL
                      ? apr_pstrdup(cmd->pool, uri)
                      : apr_pstrcat(cmd->pool, dir->domain, " ", uri, NULL);
    return NULL;
}

/* The durations that are allowed. */
#define DURATION(member, least, most) \
    { \
        APR_OFFSETOF(msd_dir_config_t, member), least, most \
    }

static const msd_value_range_t nonce_lifetime = DURATION(nonce_lifetime_ms,
                                                         SECOND, DAY);
static const msd_value_range_t context_lifetime = DURATION(context_lifetime_ms,
                                                           SECOND, 30 * DAY);
static const msd_value_range_t context_idle = DURATION(context_idle_ms, SECOND,
                                                       30 * DAY);
static const msd_value_range_t revalidate = DURATION(revalidate_ms, 0,
                                                     30 * DAY);
static const msd_value_range_t radius_timeout = DURATION(radius_timeout_ms,
                                                         SECOND,
                                                         30 * SECOND);

/* For the log, which is not open yet. */
static void note_replay_off(cmd_parms *cmd)
{
    void *places;

    apr_pool_userdata_get(&places, REPLAY_OFF, cmd->pool);
    if (places == NULL) {
        places = apr_array_make(cmd->pool, 1, sizeof(const char *));
        apr_pool_userdata_setn(places, REPLAY_OFF, NULL, cmd->pool);
    }
    APR_ARRAY_PUSH((apr_array_header_t *)places, const char *) = apr_psprintf(
        cmd->pool, "%s:%d", cmd->directive->filename,
        cmd->directive->line_num);
}

const apr_array_header_t *msd_directives_replay_off(apr_pool_t *pool)
{
    void *places;

    apr_pool_userdata_get(&places, REPLAY_OFF, pool);
    return places != NULL ? places
                          : apr_array_make(pool, 1, sizeof(const char *));
}

apr_int64_t msd_directives_longest_nonce_ms(apr_pool_t *pool)
{
    void *longest;

    apr_pool_userdata_get(&longest, LONGEST, pool);
    return longest != NULL ? *(const apr_int64_t *)longest
                           : MSD_CONFIG_NONCE_LIFETIME_MS;
}

static const char *set_replay(cmd_parms *cmd, void *config, const char *text)
{
    static const msd_value_word_t words[] = {
        { "window", MSD_REPLAY_WINDOW },
        { "sequence", MSD_REPLAY_SEQUENCE },
        { "off", MSD_REPLAY_OFF },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;
    const char *fault = msd_value_choose(
        cmd, text, words, "window, sequence or off", &dir->replay_mode);

    if (fault == NULL && dir->replay_mode == MSD_REPLAY_OFF) {
        note_replay_off(cmd);
    }
    return fault;
}

static const char *set_nonce_lifetime(cmd_parms *cmd, void *config,
                                      const char *text)
{
    const msd_dir_config_t *dir = config;
    const char *fault = msd_value_duration(cmd, config, text);
    apr_int64_t longest = msd_directives_longest_nonce_ms(cmd->pool);

    if (fault == NULL && dir->nonce_lifetime_ms > longest) {
        apr_pool_userdata_setn(apr_pmemdup(cmd->pool, &dir->nonce_lifetime_ms,
                                           sizeof(longest)),
                               LONGEST, NULL, cmd->pool);
    }
    return fault;
}

static const char *set_uri_match(cmd_parms *cmd, void *config,
                                 const char *text)
{
    static const msd_value_word_t words[] = {
        { "exact", MSD_URI_EXACT },
        { "path", MSD_URI_PATH },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;

    return msd_value_choose(cmd, text, words, "exact or path",
                            &dir->uri_match);
}

/* In a .htaccess file nothing is allowed that could weaken what the
 * administrator decided. */
#define IN_SECTION (RSRC_CONF | ACCESS_CONF)
#define ANYWHERE (RSRC_CONF | OR_AUTHCFG)

/* httpd hands it on as it is, but not as const. */
#define RANGE(duration) ((void *)(uintptr_t) & (duration))

const command_rec msd_directives[] = {
    AP_INIT_ITERATE("AuthMSDigestProvider", set_provider, NULL, IN_SECTION,
                    "authentication providers, in the order to ask them"),
    AP_INIT_TAKE1("AuthMSDigestRadiusTimeout", msd_value_duration,
                  RANGE(radius_timeout), IN_SECTION,
                  "how long to wait for all of them together"),
    AP_INIT_ITERATE("AuthMSDigestAlgorithm", set_algorithm, NULL, IN_SECTION,
                    "algorithms, in the order to offer them"),
    AP_INIT_ITERATE("AuthMSDigestQop", set_qop, NULL, IN_SECTION,
                    "quality of protection: auth, auth-int"),
    AP_INIT_RAW_ARGS("AuthMSDigestRealm", add_realms, NULL, IN_SECTION,
                     "realms that clients may choose beside AuthName"),
    AP_INIT_ITERATE("AuthMSDigestCompat", set_compat, NULL, IN_SECTION,
                    "clients whose faults are let pass"),
    AP_INIT_FLAG("AuthMSDigestUserHash", ap_set_flag_slot,
                 (void *)APR_OFFSETOF(msd_dir_config_t, userhash), IN_SECTION,
                 "whether clients may send a hash of the user name"),
    AP_INIT_TAKE1("AuthMSDigestUserDomain", set_user_domain, NULL, IN_SECTION,
                  "keep or strip the domain in REMOTE_USER"),
    AP_INIT_FLAG("AuthMSDigestRspAuth", ap_set_flag_slot,
                 (void *)APR_OFFSETOF(msd_dir_config_t, rspauth), IN_SECTION,
                 "whether to send Authentication-Info"),
    AP_INIT_TAKE1("AuthMSDigestMaxBody", set_max_body, NULL, IN_SECTION,
                  "the largest body that auth-int reads, in bytes"),
    AP_INIT_ITERATE("AuthMSDigestDomain", add_domain, NULL, ANYWHERE,
                    "URIs that are in the same protection space"),
    AP_INIT_TAKE1("AuthMSDigestNonceLifetime", set_nonce_lifetime,
                  RANGE(nonce_lifetime), IN_SECTION,
                  "how long a nonce is good, in seconds"),
    AP_INIT_TAKE1("AuthMSDigestContextLifetime", msd_value_duration,
                  RANGE(context_lifetime), IN_SECTION,
                  "how long a proof is good, in seconds"),
    AP_INIT_TAKE1("AuthMSDigestContextIdle", msd_value_duration,
                  RANGE(context_idle), IN_SECTION,
                  "how long an unused context is kept"),
    AP_INIT_TAKE1("AuthMSDigestRevalidate", msd_value_duration,
                  RANGE(revalidate), IN_SECTION,
                  "after how long the provider is asked again"),
    AP_INIT_TAKE1("AuthMSDigestReplay", set_replay, NULL, IN_SECTION,
                  "window, sequence or off"),
    AP_INIT_TAKE1("AuthMSDigestUriMatch", set_uri_match, NULL, IN_SECTION,
                  "exact or path"),
    MSD_SERVER_DIRECTIVES,
    MSD_RADIUS_DIRECTIVES(IN_SECTION),
    MSD_LDAP_DIRECTIVES(IN_SECTION),
    MSD_LIMITS_DIRECTIVES(IN_SECTION),
    MSD_BINDING_DIRECTIVES(IN_SECTION),
    MSD_NETLOGON_DIRECTIVES,
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
