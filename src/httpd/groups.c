/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the authenticated user, for the rest of httpd. */
#include "httpd/groups.h"

#include <ap_expr.h>
#include <ap_provider.h>
#include <apr_strings.h>
#include <http_request.h>
#include <mod_auth.h>

#include "httpd/log.h"

APLOG_USE_MODULE(auth_msdigest);

#define PROVIDER "msdigest-group"

/* The kinds of what is logged; see log.h. */
#define NOTE_ODD 110
#define NOTE_BEYOND 111

/* ---- Require msdigest-group NAME ... */

static const char *parse_require(cmd_parms *cmd, const char *line,
                                 const void **parsed)
{
    const char *fault = NULL;

    if (line[0] == '\0') {
        return "Require " PROVIDER ": '' is wrong; allowed: one or more names "
               "of groups, in quotes where they have blanks";
    }
    *parsed = ap_expr_parse_cmd(cmd, line, AP_EXPR_FLAG_STRING_RESULT, &fault,
                                NULL);
    return fault == NULL ? NULL
                         : apr_psprintf(cmd->pool,
                                        "Require " PROVIDER ": '%s' is wrong; "
                                        "allowed: names of groups, or an "
                                        "expression of httpd (%s)", line,
                                        fault);
}

/* Only authentication sets the note, and it ran for this request if httpd
 * comes here with a user. */
static authz_status check_group(request_rec *r, const char *line,
                                const void *parsed)
{
    msd_text_t groups = msd_text_of(apr_table_get(r->notes, MSD_GROUPS_NOTE));
    const char *fault = NULL;
    const char *names;
    const char *name;

    (void)line;
    if (r->user == NULL) {
        return AUTHZ_DENIED_NO_USER;
    }
    names = ap_expr_str_exec(r, parsed, &fault);
    if (fault != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      MSD_LOGNO(352) "Require " PROVIDER " cannot be evaluated "
                      "for %s: %s", r->uri, fault);
        return AUTHZ_DENIED;
    }
    while (groups.len > 0 && *names != '\0') {
        name = msd_groups_escape(
            msd_text_of(ap_getword_conf(r->pool, &names)), r->pool);
        if (name != NULL && msd_groups_have(groups, msd_text_of(name))) {
            return AUTHZ_GRANTED;
        }
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  MSD_LOGNO(353) "user '%s' is in none of the groups that %s "
                  "requires", r->user, r->uri);
    return AUTHZ_DENIED;
}

/* ---- The variable */

/*
 * The groups by which a request was let in: of its own authentication, or of
 * that of the request it came from, which httpd takes over for a request in
 * the very same section.  NULL: none.
 */
static const char *find_groups(const request_rec *r)
{
    const char *user = r->user;

    while (user != NULL && apr_table_get(r->notes, "msdigest-user") == NULL) {
        const request_rec *from = r->prev != NULL ? r->prev : r->main;

        if (from == NULL || from->per_dir_config != r->per_dir_config) {
            return NULL;
        }
        r = from;
    }
    return user == NULL ? NULL : apr_table_get(r->notes, MSD_GROUPS_NOTE);
}

void msd_groups_set(request_rec *r, msd_text_t groups)
{
    const char *text = apr_pstrmemdup(r->pool, groups.data, groups.len);

    apr_table_setn(r->notes, MSD_GROUPS_NOTE, text);
    apr_table_setn(r->subprocess_env, MSD_GROUPS_VARIABLE, text);
}

/* A sub-request begins with the variables of the request around it, and a
 * redirect without. */
static int set_variable(request_rec *r)
{
    const char *groups;

    if (r->main == NULL && r->prev == NULL) {
        return DECLINED;
    }
    groups = find_groups(r);
    if (groups != NULL) {
        apr_table_setn(r->subprocess_env, MSD_GROUPS_VARIABLE, groups);
    } else {
        apr_table_unset(r->subprocess_env, MSD_GROUPS_VARIABLE);
    }
    return DECLINED;
}

/* ---- The log */

void msd_groups_log(msd_state_t *state, request_rec *r, msd_text_t user,
                    const msd_groups_t *groups)
{
    const char *name;

    if (groups->odd == 0 && groups->beyond == 0) {
        return;
    }
    name = apr_pstrmemdup(r->pool, user.data, user.len);
    if (groups->odd > 0 && !msd_log_is_repeated(state, NOTE_ODD)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      MSD_LOGNO(350) "%d groups of user '%s' are left out: "
                      "their names are empty or have control characters",
                      groups->odd, name);
    }
    if (groups->beyond > 0 && !msd_log_is_repeated(state, NOTE_BEYOND)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      MSD_LOGNO(351) "%d groups of user '%s' are left out: "
                      "the names take more than %d bytes together; let the "
                      "authority tell only the groups that are used here",
                      groups->beyond, name, MSD_GROUPS_MAX);
    }
}

static const authz_provider provider = { check_group, parse_require };

void msd_groups_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, PROVIDER,
                              AUTHZ_PROVIDER_VERSION, &provider,
                              AP_AUTH_INTERNAL_PER_CONF);
    /* Before mod_rewrite's, which may ask for it. */
    ap_hook_fixups(set_variable, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
