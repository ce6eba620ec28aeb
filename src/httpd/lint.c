/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings about a configuration that can be read, but says something odd. */
#include "httpd/lint.h"

#include <stdbool.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "authority/domainrealm.h"
#include "httpd/netlogon.h"

APLOG_USE_MODULE(auth_msdigest);

/* Directives by which httpd's providers find their users. */
static const char *const sources[] = { "AuthUserFile", "AuthDBMUserFile",
                                       "AuthDBDUserRealmQuery" };

/* What one section says of the matter; NULL where it is silent. */
typedef struct {
    const char *type;
    const char *realm;
    const char *users;
    const char *providers;
    const char *realms;     /* of AuthMSDigestRealm */
} section_t;

/* A walk over the tree. */
typedef struct {
    server_rec *s;
    apr_pool_t *temp;
    apr_hash_t *users_of;   /* by virtual host and realm */
} walk_t;

static const char *first_word(const walk_t *walk, const ap_directive_t *line)
{
    const char *args = line->args;

    return ap_getword_conf(walk->temp, &args);
}

static bool is_source(const char *directive)
{
    for (apr_size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        if (ap_cstr_casecmp(directive, sources[i]) == 0) {
            return true;
        }
    }
    return false;
}

static section_t read_section(const walk_t *walk, const ap_directive_t *line)
{
    section_t section = { 0 };

    for (; line != NULL; line = line->next) {
        if (ap_cstr_casecmp(line->directive, "AuthType") == 0) {
            section.type = first_word(walk, line);
        } else if (ap_cstr_casecmp(line->directive, "AuthName") == 0) {
            section.realm = first_word(walk, line);
        } else if (is_source(line->directive)) {
            section.users = apr_pstrcat(walk->temp, line->directive, " ",
                                        line->args, NULL);
        } else if (ap_cstr_casecmp(line->directive, "AuthMSDigestProvider")
                   == 0) {
            section.providers = apr_pstrcat(walk->temp, line->args, " ",
                                            section.providers, NULL);
        } else if (ap_cstr_casecmp(line->directive, "AuthMSDigestRealm")
                   == 0) {
            section.realms = apr_pstrcat(walk->temp, line->args, " ",
                                         section.realms, NULL);
        }
    }
    return section;
}

/* host: the virtual host's line, NULL for the main server. */
static void compare(walk_t *walk, const ap_directive_t *host,
                    const ap_directive_t *place, const section_t *section)
{
    const char *key;
    const char *other;

    if (section->type == NULL || section->realm == NULL
        || section->users == NULL
        || ap_cstr_casecmp(section->type, MSD_AUTH_TYPE) != 0) {
        return;
    }
    key = apr_psprintf(walk->temp, "%pp %s", (const void *)host,
                       section->realm);
    other = apr_hash_get(walk->users_of, key, APR_HASH_KEY_STRING);
    if (other != NULL && strcmp(other, section->users) != 0) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, walk->s,
                     MSD_LOGNO(210) "%s:%d: another section with AuthName "
                     "'%s' has '%s': one realm is one set of users, give "
                     "each its own AuthName",
                     place->filename, place->line_num, section->realm, other);
    }
    apr_hash_set(walk->users_of, key, APR_HASH_KEY_STRING, section->users);
}

/* ---- The realms of a Windows domain */

static bool has_word(const walk_t *walk, const char *words, const char *word)
{
    while (words != NULL && *words != '\0') {
        if (ap_cstr_casecmp(ap_getword_conf(walk->temp, &words), word) == 0) {
            return true;
        }
    }
    return false;
}

static void check_realm(const walk_t *walk, const ap_directive_t *place,
                        const char *realm)
{
    const msd_netlogon_settings_t *domain =
        msd_config_server(walk->s)->netlogon;
    const char *dns = domain->dns == NULL ? "" : domain->dns;

    if (strncmp(realm, "expr=", 5) == 0
        || msd_domainrealm_is_hashed(msd_text_of(realm),
                                     msd_text_of(domain->domain),
                                     msd_text_of(dns))) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, walk->s,
                 MSD_LOGNO(461) "%s:%d: AuthMSDigestProvider netlogon with the "
                 "realm '%s': domain controllers have no hashes for it, so "
                 "every password is wrong; they have them for '%s'%s%s%s, "
                 "'Digest' and the empty realm", place->filename,
                 place->line_num, realm, domain->domain,
                 *dns == '\0' ? "" : ", '", dns, *dns == '\0' ? "" : "'");
}

/* Said of the section that gives the realm or the provider, not of those
 * inside it. */
static void check_domain(const walk_t *walk, const ap_directive_t *place,
                         const section_t *own, const section_t *whole)
{
    const char *realms = own->providers == NULL ? own->realms : whole->realms;

    if (msd_config_server(walk->s)->netlogon == NULL
        || !has_word(walk, whole->providers, MSD_NETLOGON_PROVIDER)) {
        return;
    }
    if (whole->realm != NULL
        && (own->providers != NULL || own->realm != NULL)) {
        check_realm(walk, place, whole->realm);
    }
    while (realms != NULL && *realms != '\0') {
        check_realm(walk, place, ap_getword_conf(walk->temp, &realms));
    }
}

/* What a section says, and what it has of the one around it. */
static section_t inherit(const section_t *outer, const section_t *own)
{
    section_t whole = *own;

    whole.realm = own->realm == NULL ? outer->realm : own->realm;
    whole.providers = own->providers == NULL ? outer->providers
                                             : own->providers;
    whole.realms = own->realms == NULL ? outer->realms : own->realms;
    return whole;
}

/* ---- The walk */

static void visit(walk_t *walk, const ap_directive_t *host,
                  const ap_directive_t *line, const section_t *outer)
{
    for (; line != NULL; line = line->next) {
        const ap_directive_t *inner = host;
        section_t section;
        section_t whole;

        if (line->first_child == NULL) {
            continue;
        }
        if (ap_cstr_casecmp(line->directive, "<VirtualHost") == 0) {
            inner = line;
        }
        section = read_section(walk, line->first_child);
        whole = inherit(outer, &section);
        compare(walk, inner, line, &section);
        check_domain(walk, line, &section, &whole);
        visit(walk, inner, line->first_child, &whole);
    }
}

void msd_lint_realms(const ap_directive_t *tree, server_rec *s,
                     apr_pool_t *temp)
{
    walk_t walk = { s, temp, apr_hash_make(temp) };
    const section_t server = read_section(&walk, tree);

    visit(&walk, NULL, tree, &server);
}
