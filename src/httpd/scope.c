/* SPDX-License-Identifier: Apache-2.0 */
/* Where a nonce and its context are good. */
#include "httpd/scope.h"

#include <string.h>

#include <http_core.h>

#include "httpd/ldapurl.h"
#include "httpd/state.h"

/* httpd gives the realm with its quotes escaped, and only those. */
const char *msd_scope_realm(request_rec *r)
{
    const char *name = ap_auth_name(r);
    char *copy;
    char *out;

    if (name == NULL || ap_strchr_c(name, '\\') == NULL) {
        return name;
    }
    out = copy = apr_palloc(r->pool, strlen(name) + 1);
    for (; *name != '\0'; name++) {
        if (name[0] == '\\' && name[1] == '"') {
            name++;
        }
        *out++ = *name;
    }
    *out = '\0';
    return copy;
}

/*
 * Where a nonce and its context are good: in one realm of one virtual host,
 * proven by the same providers, and the same directory, which tell of the same
 * groups.  A keyed mark of them, not their text: it is hashed for each request.
 */
static uint64_t mark_scope(const msd_dir_config_t *dir, const char *realm,
                           const unsigned char *key, uint64_t identity_mark)
{
    uint64_t mark = msd_context_mark(msd_text_of(realm), key)
                    + 3 * msd_context_mark(msd_text_of(dir->provider_names),
                                           key)
                    + 5 * identity_mark;

    if (dir->ldap_url != NULL) {
        mark += 7 * msd_context_mark(msd_text_of(dir->ldap_url->text), key);
    }
    if (dir->ldap_group != NULL) {
        mark += 11 * msd_context_mark(msd_text_of(dir->ldap_group), key);
    }
    if (dir->radius_groups_in != MSD_UNSET) {
        mark += 13 * (uint64_t)dir->radius_groups_in;
    }
    return mark;
}

void msd_scope_set(msd_scope_t *scope, const request_rec *r,
                   const msd_dir_config_t *dir, const char *realm,
                   msd_policy_t *policy)
{
    const msd_server_config_t *server = msd_config_server(r->server);
    const msd_keyring_t *keys = &server->state->keys;

    scope->current = mark_scope(dir, realm, keys->current.user,
                                server->identity_mark);
    policy->scope = (msd_text_t){ (const char *)&scope->current,
                                  sizeof(scope->current) };
    policy->previous_scope = MSD_TEXT("");
    if (keys->previous != NULL) {
        scope->previous = mark_scope(dir, realm, keys->previous->user,
                                     server->previous_mark);
        policy->previous_scope = (msd_text_t){
            (const char *)&scope->previous, sizeof(scope->previous)
        };
    }
}
