/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings about a configuration that can be read, but says something odd. */
#include "httpd/lint.h"

#include <stdbool.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

APLOG_USE_MODULE(auth_msdigest);

/* Directives by which httpd's providers find their users. */
static const char *const sources[] = { "AuthUserFile", "AuthDBMUserFile",
                                       "AuthDBDUserRealmQuery" };

/* What one section says of the matter; NULL where it is silent. */
typedef struct {
    const char *type;
    const char *realm;
    const char *users;
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
    section_t section = { NULL, NULL, NULL };

    for (; line != NULL; line = line->next) {
        if (ap_cstr_casecmp(line->directive, "AuthType") == 0) {
            section.type = first_word(walk, line);
        } else if (ap_cstr_casecmp(line->directive, "AuthName") == 0) {
            section.realm = first_word(walk, line);
        } else if (is_source(line->directive)) {
            section.users = apr_pstrcat(walk->temp, line->directive, " ",
                                        line->args, NULL);
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

static void visit(walk_t *walk, const ap_directive_t *host,
                  const ap_directive_t *line)
{
    for (; line != NULL; line = line->next) {
        const ap_directive_t *inner = host;
        section_t section;

        if (line->first_child == NULL) {
            continue;
        }
        if (ap_cstr_casecmp(line->directive, "<VirtualHost") == 0) {
            inner = line;
        }
        section = read_section(walk, line->first_child);
        compare(walk, inner, line, &section);
        visit(walk, inner, line->first_child);
    }
}

void msd_lint_realms(const ap_directive_t *tree, server_rec *s,
                     apr_pool_t *temp)
{
    walk_t walk = { s, temp, apr_hash_make(temp) };

    visit(&walk, NULL, tree);
}
