/* SPDX-License-Identifier: Apache-2.0 */
/* The provider msdigest-ldap: hashes and passwords from a directory. */
#include "httpd/ldap.h"

#include <string.h>

#include <ap_provider.h>
#include <apr_escape.h>
#include <apr_strings.h>
#include <http_core.h>
#include <util_ldap.h>

#include "httpd/config.h"
#include "httpd/groups.h"
#include "httpd/ldapdial.h"
#include "httpd/ldapentry.h"
#include "httpd/log.h"
#include "httpd/state.h"

APLOG_USE_MODULE(auth_msdigest);


/* The names of what is logged at most every few seconds; see log.h. */
#define NOTE_UNREACHABLE 100
#define NOTE_REFUSED 101
#define NOTE_SETTINGS 102

/* Two entries are one too many; more need not be sent. */
#define MOST_ENTRIES 2

/* One question to the directory. */
typedef struct {
    request_rec *r;
    const msd_dir_config_t *dir;
    const char *user;
    const char *realm;
    util_ldap_connection_t *connection;
    msd_ldap_call_t call;
    apr_int64_t deadline_ms; /* of all of it */
} question_t;

static apr_int64_t timeout_of(const msd_dir_config_t *dir)
{
    return dir->ldap_timeout_ms == MSD_UNSET ? 2000 : dir->ldap_timeout_ms;
}

/* The end of a step that begins now, when there are so many to come. */
static apr_int64_t step_end(const question_t *question, int steps)
{
    apr_int64_t now = msd_watchdog_now_ms();

    return now + (question->deadline_ms - now) / steps;
}

static void hang_up(const question_t *question)
{
    APR_OPTIONAL_FN_TYPE(uldap_connection_unbind) *unbind =
        APR_RETRIEVE_OPTIONAL_FN(uldap_connection_unbind);

    unbind(question->connection);
}

/* Whether that is the directory's word on the search.  Anything else may be the
 * matter of one connection (whose account was unbound) or of one server. */
static bool is_answer(int status)
{
    return status == LDAP_SUCCESS || status == LDAP_SIZELIMIT_EXCEEDED
           || status == LDAP_REFERRAL || status == LDAP_PARTIAL_RESULTS;
}

static const char *make_filter(const question_t *question)
{
    const msd_ldap_url_t *url = question->dir->ldap_url;
    const char *name = apr_pescape_ldap(question->r->pool, question->user,
                                        APR_ESCAPE_STRING,
                                        APR_ESCAPE_LDAP_FILTER);

    return apr_pstrcat(question->r->pool, "(&", url->filter, "(",
                       url->attribute, "=", name, "))", NULL);
}

/* Search on a connection that stands.  Returns libldap's status. */
static int search_until(question_t *question, apr_int64_t deadline_ms,
                        LDAPMessage **result)
{
    const msd_dir_config_t *dir = question->dir;
    LDAP *ldap = question->connection->ldap;
    char *attributes[] = { dir->ldap_url->attribute, dir->ldap_attribute->name,
                           dir->ldap_group, NULL };
    struct timeval left = msd_ldap_time_left(deadline_ms);
    msd_watch_t watch;
    int fd = -1;
    int status = LDAP_LOCAL_ERROR;

    ldap_get_option(ldap, LDAP_OPT_DESC, &fd);
    if (msd_watchdog_begin(question->call.dog, &watch, fd, deadline_ms)
        == APR_SUCCESS) {
        status = ldap_search_ext_s(ldap, dir->ldap_url->base,
                                   dir->ldap_url->scope, make_filter(question),
                                   attributes, 0, NULL, NULL, &left,
                                   MOST_ENTRIES, result);
    }
    return msd_watchdog_end(question->call.dog, &watch) ? LDAP_TIMEOUT
                                                        : status;
}

/* The same; what is no answer is given back at once. */
static int search(question_t *question, apr_int64_t deadline_ms,
                  LDAPMessage **result)
{
    int status;

    *result = NULL;
    status = search_until(question, deadline_ms, result);
    if (!is_answer(status)) {
        msd_ldap_result_free(question->connection->ldap, *result);
        *result = NULL;
    }
    return status;
}

/* Make a new connection, in the place of whatever was there. */
static bool dial(question_t *question)
{
    hang_up(question);
    question->connection->bound = msd_ldap_dial(&question->call,
                                                question->deadline_ms,
                                                &question->connection->ldap);
    question->connection->must_rebind = 0;
    return question->connection->bound;
}

/* Ask each server in its turn, on a new connection. */
static int ask_anew(question_t *question, LDAPMessage **result)
{
    int servers = question->dir->ldap_url->servers->nelts;
    int status = LDAP_SERVER_DOWN;

    while (dial(question)) {
        /* The servers that are left can be asked too. */
        int left = servers - question->call.next;

        status = search(question, step_end(question, left + 1), result);
        if (is_answer(status)) {
            return status;
        }
        msd_ldap_complain(&question->call, ldap_err2string(status));
    }
    return status;
}

/* A connection of the pool may be dead already: then a new one is made. */
static int ask(question_t *question, LDAPMessage **result)
{
    /* The pool may hand out what is bound to another account. */
    bool is_new = !question->connection->bound
                  || question->connection->must_rebind
                  || question->connection->ldap == NULL;

    if (!is_new) {
        int status = search(question, step_end(question, 2), result);

        if (is_answer(status)) {
            return status;
        }
    }
    return ask_anew(question, result);
}

/* Errors that any request may bring about are told every few seconds. */
static int level_of(const question_t *question, unsigned note)
{
    msd_state_t *state = msd_config_server(question->r->server)->state;

    return msd_log_is_repeated(state, note) ? APLOG_DEBUG : APLOG_ERR;
}

static authn_status report(const question_t *question, int status)
{
    request_rec *r = question->r;
    const char *where = question->dir->ldap_url->name;

    if (status == LDAP_REFERRAL || status == LDAP_PARTIAL_RESULTS) {
        ap_log_rerror(APLOG_MARK, level_of(question, NOTE_REFUSED), 0, r,
                      MSD_LOGNO(302) "the directory %s refers to another "
                      "server, which is not asked: give that server, or a "
                      "base that this one holds, in AuthMSDigestLDAPURL",
                      where);
    } else if (LDAP_API_ERROR(status)) {
        ap_log_rerror(APLOG_MARK, level_of(question, NOTE_UNREACHABLE), 0, r,
                      MSD_LOGNO(301) "the directory %s cannot be asked: %s",
                      where, question->call.reasons);
    } else {
        ap_log_rerror(APLOG_MARK, level_of(question, NOTE_REFUSED), 0, r,
                      MSD_LOGNO(303) "the directory %s refuses the search: %s",
                      where, question->call.reasons);
    }
    return AUTH_GENERAL_ERROR;
}

static authn_status deny(const question_t *question, const char *reason)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, question->r,
                  MSD_LOGNO(304) "the directory knows user '%s', who is "
                  "denied: %s", question->user, reason);
    return AUTH_DENIED;
}

/* Whether this module asks, and not one that wants a hash of MD5 alone. */
static bool is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type != NULL && ap_cstr_casecmp(type, MSD_AUTH_TYPE) == 0;
}

static void note_groups(const question_t *question,
                        const msd_ldap_entry_t *entry)
{
    request_rec *r = question->r;
    msd_groups_t groups = { NULL, 0, 0, 0 };

    msd_ldap_entry_groups(entry, question->dir->ldap_group, &groups);
    if (groups.len > 0) {
        apr_table_setn(r->notes, MSD_GROUPS_NOTE,
                       apr_pstrmemdup(r->pool, groups.text, groups.len));
    }
    msd_groups_log(msd_config_server(r->server)->state, r,
                   msd_text_of(question->user), &groups);
}

static authn_status read_entry(const question_t *question, LDAPMessage *result,
                               char **field)
{
    request_rec *r = question->r;
    LDAP *ldap = question->connection->ldap;
    const msd_ldap_entry_t entry = {
        .pool = r->pool,
        .ldap = ldap,
        .entry = ldap_first_entry(ldap, result),
        .attribute = question->dir->ldap_attribute,
        .name_attribute = question->dir->ldap_url->attribute,
        .user = question->user,
        .realm = question->realm,
        .hasher = msd_config_server(r->server)->state->hasher,
        .whole_field = is_ours(r),
    };
    const char *reason = NULL;
    authn_status status = msd_ldap_entry_read(&entry, field, &reason);

    if (status != AUTH_USER_FOUND) {
        return deny(question, reason);
    }
    if (question->dir->ldap_group != NULL) {
        note_groups(question, &entry);
    }
    return status;
}

static authn_status conclude(question_t *question, int status,
                             LDAPMessage *result, char **field)
{
    LDAP *ldap = question->connection->ldap;
    int entries;

    if (status != LDAP_SUCCESS && status != LDAP_SIZELIMIT_EXCEEDED) {
        return report(question, status);
    }
    entries = ldap_count_entries(ldap, result);
    if (entries > 1 || (entries == 1 && status == LDAP_SIZELIMIT_EXCEEDED)) {
        return deny(question,
                    "more than one entry is found; make the base, "
                    "the scope or the filter of AuthMSDigestLDAPURL narrower");
    }
    if (entries == 1) {
        return read_entry(question, result, field);
    }
    if (status != LDAP_SUCCESS) {
        msd_ldap_complain(&question->call, ldap_err2string(status));
        return report(question, status);
    }
    return ldap_count_references(ldap, result) > 0
               ? report(question, LDAP_REFERRAL)
               : AUTH_USER_NOT_FOUND;
}

/* What is missing in the configuration, or NULL. */
static const char *check_settings(const question_t *question)
{
    if (APR_RETRIEVE_OPTIONAL_FN(uldap_connection_find) == NULL) {
        return "mod_ldap is not loaded";
    }
    if (question->dir->ldap_url == NULL) {
        return "there is no AuthMSDigestLDAPURL";
    }
    return question->dir->ldap_attribute == NULL
               ? "there is no AuthMSDigestLDAPHashAttribute"
               : NULL;
}

static int secure_of(const msd_ldap_url_t *url)
{
    return url->protection == MSD_LDAP_TLS        ? APR_LDAP_SSL
           : url->protection == MSD_LDAP_STARTTLS ? APR_LDAP_STARTTLS
                                                  : APR_LDAP_NONE;
}

static msd_ldap_call_t start_call(const question_t *question)
{
    const msd_dir_config_t *dir = question->dir;
    const util_ldap_connection_t *connection = question->connection;

    return (msd_ldap_call_t){
        .pool = question->r->pool,
        .dog = msd_config_server(question->r->server)->watchdog,
        .url = dir->ldap_url,
        .bind_dn = dir->ldap_bind_dn,
        .password = dir->ldap_password,
        .client_certs = connection == NULL ? NULL : connection->client_certs,
        .reasons = "",
    };
}

static authn_status get_realm_hash(request_rec *r, const char *user,
                                   const char *realm, char **field)
{
    const msd_dir_config_t *dir = ap_get_module_config(r->per_dir_config,
                                                       &auth_msdigest_module);
    question_t question = { .r = r, .dir = dir, .user = user };
    const char *missing = check_settings(&question);
    APR_OPTIONAL_FN_TYPE(uldap_connection_find) *find =
        APR_RETRIEVE_OPTIONAL_FN(uldap_connection_find);
    APR_OPTIONAL_FN_TYPE(uldap_connection_close) *put_back =
        APR_RETRIEVE_OPTIONAL_FN(uldap_connection_close);
    LDAPMessage *result = NULL;
    int answer;
    authn_status status;

    apr_table_unset(r->notes, MSD_GROUPS_NOTE);
    if (missing != NULL) {
        ap_log_rerror(APLOG_MARK, level_of(&question, NOTE_SETTINGS), 0, r,
                      MSD_LOGNO(305) "%s cannot be used for %s: %s",
                      MSD_LDAP_PROVIDER, r->uri, missing);
        return AUTH_GENERAL_ERROR;
    }
    /* See provider.c: one blank is the empty realm. */
    question.realm = strcmp(realm, " ") == 0 && is_ours(r) ? "" : realm;
    question.deadline_ms = msd_watchdog_now_ms() + timeout_of(dir);
    question.connection = find(r, dir->ldap_url->name, 0, dir->ldap_bind_dn,
                               dir->ldap_password, always,
                               secure_of(dir->ldap_url));
    question.call = start_call(&question);
    if (question.connection == NULL) {
        question.call.reasons = "mod_ldap gives no connection";
        return report(&question, LDAP_LOCAL_ERROR);
    }
    answer = ask(&question, &result);
    status = conclude(&question, answer, result, field);
    msd_ldap_result_free(question.connection->ldap, result);
    put_back(question.connection);
    return status;
}

/* The watchdog of this process, for each of its servers. */
static void begin_child(apr_pool_t *pool, server_rec *s)
{
    msd_watchdog_t *dog = msd_watchdog_create(pool);

    for (; s != NULL; s = s->next) {
        msd_config_server(s)->watchdog = dog;
    }
}

static const authn_provider provider = { NULL, get_realm_hash };

void msd_ldap_register(apr_pool_t *pool)
{
    ap_hook_child_init(begin_child, NULL, NULL, APR_HOOK_MIDDLE);
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, MSD_LDAP_PROVIDER,
                              AUTHN_PROVIDER_VERSION, &provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}
