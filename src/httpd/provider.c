/* SPDX-License-Identifier: Apache-2.0 */
/* The authorities behind AuthMSDigestProvider. */
#include "httpd/provider.h"

#include <string.h>

#include <ap_provider.h>
#include <apr_strings.h>

#include "authority/realmhash.h"
#include "httpd/groups.h"
#include "httpd/ldapurl.h"
#include "httpd/netlogon.h"
#include "httpd/radius.h"
#include "httpd/state.h"

APLOG_USE_MODULE(auth_msdigest);

/* One question to one provider. */
typedef struct {
    request_rec *r;
    const msd_provider_t *provider;
    const char *realm;
    msd_radius_use_t radius;
    msd_netlogon_use_t netlogon;
} inquiry_t;

static msd_proof_result_t lookup(void *self, const char *user,
                                 const char **hash, const char **reason)
{
    const inquiry_t *inquiry = self;
    request_rec *r = inquiry->r;
    char *found = NULL;
    authn_status status;

    /* An <AuthnProviderAlias> finds itself by this note. */
    apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE,
                   inquiry->provider->name);
    status = inquiry->provider->provider->get_realm_hash(r, user,
                                                         inquiry->realm,
                                                         &found);
    apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    switch (status) {
    case AUTH_USER_FOUND:
        if (found != NULL) {
            *hash = found;
            return MSD_PROOF_GRANTED;
        }
        *reason = "the provider found the user without a hash";
        return MSD_PROOF_UNAVAILABLE;
    case AUTH_USER_NOT_FOUND:
        *reason = "user is unknown";
        return MSD_PROOF_UNKNOWN;
    case AUTH_DENIED:
        *reason = "the provider denies the user";
        return MSD_PROOF_DENIED;
    default:
        *reason = "the provider cannot answer";
        return MSD_PROOF_UNAVAILABLE;
    }
}

/* A provider of httpd tells groups by a note. */
static void take_groups(request_rec *r, msd_proof_t *out)
{
    const char *groups = apr_table_get(r->notes, MSD_GROUPS_NOTE);
    apr_size_t len = groups == NULL ? 0 : strlen(groups);

    if (len > 0 && len <= MSD_GROUPS_MAX) {
        out->groups.text = apr_pstrmemdup(r->pool, groups, len);
        out->groups.len = len;
    }
}

static void prove_by_provider(void *self, const msd_question_t *question,
                              msd_proof_t *out)
{
    const inquiry_t *inquiry = self;
    const msd_realmhash_t source = { self, lookup };

    apr_table_unset(inquiry->r->notes, MSD_GROUPS_NOTE);
    msd_realmhash_prove(&source, question, out);
    if (out->result == MSD_PROOF_GRANTED) {
        take_groups(inquiry->r, out);
    }
    apr_table_unset(inquiry->r->notes, MSD_GROUPS_NOTE);
}

/* mod_authn_file cannot have a line with nothing between two colons: the empty
 * realm is kept as one blank. */
static const char *get_realm(const msd_question_t *question)
{
    return question->realm.len == 0 ? " "
                                    : apr_pstrmemdup(question->pool,
                                                     question->realm.data,
                                                     question->realm.len);
}

static msd_provider_t default_provider(void)
{
    msd_provider_t entry;

    entry.name = AUTHN_DEFAULT_PROVIDER;
    entry.provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, entry.name,
                                        AUTHN_PROVIDER_VERSION);
    return entry;
}

static uint64_t mark_text(const msd_provider_use_t *use, const char *text)
{
    const msd_state_t *state = msd_config_server(use->r->server)->state;

    return msd_context_mark(msd_text_of(text), state->keys.current.user);
}

/* What decides, over TLS, whether they can be asked. */
static uint64_t mark_tls(const msd_provider_use_t *use)
{
    const msd_dir_config_t *dir = use->dir;
    uint64_t mark = 0;

    if (dir->radius_tls_secret != NULL) {
        mark += 13 * mark_text(use, dir->radius_tls_secret);
    }
    if (dir->radius_trust != NULL) {
        mark += 17 * mark_text(use, dir->radius_trust->path);
    }
    if (dir->radius_identity != NULL) {
        mark += 19 * mark_text(use, dir->radius_identity->path);
    }
    return mark;
}

/* Who is asked: a name is not enough where sections have servers of their own,
 * and one with a wrong secret must not spare them for another. */
static uint64_t mark_servers(const msd_provider_use_t *use)
{
    const apr_array_header_t *servers = use->dir->radius_servers;
    const apr_sockaddr_t *source = use->dir->radius_source;
    uint64_t mark = mark_text(use, use->dir->radius_secret);

    if (source != NULL) {
        mark += 11 * mark_text(use, source->hostname);
    }
    mark += mark_tls(use);
    if (use->dir->ldap_url != NULL) {
        mark += 7 * mark_text(use, use->dir->ldap_url->text);
    }
    for (int i = 0; servers != NULL && i < servers->nelts; i++) {
        mark = 3 * mark
               + mark_text(use, APR_ARRAY_IDX(servers, i,
                                              msd_radius_server_t).name);
    }
    return mark;
}

static uint64_t now_ms(void *self)
{
    return msd_state_now_ms(self);
}

/* The authority of an entry: one of ours, or a provider of httpd. */
static msd_authority_t get_authority(const msd_provider_use_t *use,
                                     inquiry_t *inquiry)
{
    msd_state_t *state = msd_config_server(use->r->server)->state;
    const char *name = inquiry->provider->name;
    msd_authority_t authority = { .self = inquiry,
                                  .prove = prove_by_provider };

    if (strcmp(name, MSD_NETLOGON_PROVIDER) == 0) {
        authority = msd_netlogon_authority(&inquiry->netlogon, use->r);
    } else if (inquiry->provider->provider == NULL) {
        authority = msd_radius_authority(&inquiry->radius, use->r, use->dir);
    }
    if (!msd_limits_is_local(name)) {
        authority.breaker = (msd_breaker_t){
            state->limits.breakers,
            5 * mark_text(use, name) + mark_servers(use), state, now_ms
        };
    }
    return authority;
}

/* All of them, as those who count wrong answers know them. */
static uint64_t mark(void *self)
{
    const msd_provider_use_t *use = self;

    return 5 * mark_text(use, use->dir->provider_names) + mark_servers(use);
}

static void prove(void *self, const msd_question_t *question,
                  msd_proof_t *out)
{
    const msd_provider_use_t *use = self;
    const apr_array_header_t *list = use->dir->providers;
    const char *realm = get_realm(question);
    msd_provider_t fallback = default_provider();
    const msd_provider_t *providers = &fallback;
    msd_authority_t *authorities;
    inquiry_t *inquiries;
    int n = 1;

    if (list != NULL) {
        providers = (const msd_provider_t *)list->elts;
        n = list->nelts;
    } else if (fallback.provider == NULL) {
        out->result = MSD_PROOF_UNAVAILABLE;
        out->reason = "no AuthMSDigestProvider, and mod_authn_file is not "
                      "loaded";
        return;
    }
    authorities = apr_palloc(question->pool,
                             (apr_size_t)n * sizeof(*authorities));
    inquiries = apr_palloc(question->pool, (apr_size_t)n * sizeof(*inquiries));
    for (int i = 0; i < n; i++) {
        inquiries[i].r = use->r;
        inquiries[i].provider = &providers[i];
        inquiries[i].realm = realm;
        authorities[i] = get_authority(use, &inquiries[i]);
    }
    msd_authority_ask(authorities, n, question, out);
    msd_groups_log(msd_config_server(use->r->server)->state, use->r, out->user,
                   &out->groups);
}

msd_authority_t msd_provider_authority(msd_provider_use_t *use,
                                       request_rec *r,
                                       const msd_dir_config_t *dir)
{
    msd_authority_t authority = { .self = use, .prove = prove, .mark = mark };

    use->r = r;
    use->dir = dir;
    return authority;
}
