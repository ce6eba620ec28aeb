/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to values, and from an outcome to status and headers. */
#include "httpd/request.h"

#include <string.h>

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_ssl.h>

#include "httpd/binding.h"
#include "httpd/body.h"
#include "httpd/config.h"
#include "httpd/groups.h"
#include "httpd/log.h"
#include "httpd/provider.h"
#include "httpd/redis.h"
#include "httpd/scope.h"
#include "httpd/state.h"
#include "digest/username.h"
#include "offer.h"

APLOG_USE_MODULE(auth_msdigest);

/* Seconds after which a client may try again when nobody could tell. */
#define RETRY_AFTER_S 5

/* One request's way through this file. */
typedef struct {
    request_rec *r;
    request_rec *top;               /* the client's own request */
    const msd_dir_config_t *dir;
    msd_state_t *state;
    msd_scope_t scope;
    msd_policy_t policy;
    msd_binding_use_t binding;
    msd_world_t world;
    msd_cache_use_t cache_use;
    msd_nearstore_use_t near_use;
    msd_store_t store;
    msd_redis_use_t redis_use;
    msd_provider_use_t provider_use;
    msd_authority_t authority;
} work_t;

/* What was decided about a client's request; kept with its top request. */
typedef struct {
    const msd_dir_config_t *dir;
    const char *realm;
    msd_outcome_t outcome;
    bool counted;                   /* its count was accepted, anywhere */
} decided_t;

/* What goes with a verdict. */
static const struct {
    int status;
    bool challenge;
    bool retry_after;
} answers[] = {
    [MSD_ACCEPTED] = { OK, false, false },
    [MSD_NO_CREDENTIALS] = { HTTP_UNAUTHORIZED, true, false },
    [MSD_MALFORMED] = { HTTP_BAD_REQUEST, false, false },
    [MSD_DENIED] = { HTTP_UNAUTHORIZED, true, false },
    [MSD_STALE] = { HTTP_UNAUTHORIZED, true, false },
    [MSD_REPLAYED] = { HTTP_UNAUTHORIZED, true, false },
    [MSD_WRONG_URI] = { HTTP_BAD_REQUEST, false, false },
    [MSD_UNAVAILABLE] = { HTTP_SERVICE_UNAVAILABLE, false, true },
    [MSD_TOO_LARGE] = { HTTP_REQUEST_ENTITY_TOO_LARGE, false, false },
    [MSD_TOO_MANY] = { HTTP_TOO_MANY_REQUESTS, false, true },
    [MSD_BAD_BINDING] = { HTTP_UNAUTHORIZED, true, false },
};

_Static_assert(sizeof(answers) / sizeof(answers[0]) == MSD_VERDICT_COUNT,
               "one answer for each verdict");

/* What differs when we are a forward proxy (RFC 9110 section 11.7). */
typedef struct {
    const char *request_header;
    const char *response_header;
    const char *info_header;
    int status;
} role_t;

static role_t get_role(const request_rec *r)
{
    static const role_t origin = { "Authorization", "WWW-Authenticate",
                                   "Authentication-Info",
                                   HTTP_UNAUTHORIZED };
    static const role_t proxy = { "Proxy-Authorization", "Proxy-Authenticate",
                                  "Proxy-Authentication-Info",
                                  HTTP_PROXY_AUTHENTICATION_REQUIRED };

    return r->proxyreq == PROXYREQ_PROXY ? proxy : origin;
}

request_rec *msd_request_top(request_rec *r)
{
    while (r->main != NULL || r->prev != NULL) {
        r = r->main != NULL ? r->main : r->prev;
    }
    return r;
}

/* Returns false when the section has no realm. */
static bool begin_work(request_rec *r, work_t *work)
{
    const msd_server_config_t *server = msd_config_server(r->server);
    const char *realm = msd_scope_realm(r);
    const msd_guard_t *guard;
    uint64_t now_ms;

    if (realm == NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      MSD_LOGNO(207) "AuthType " MSD_AUTH_TYPE " needs an "
                      "AuthName for %s", r->uri);
        return false;
    }
    work->r = r;
    work->top = msd_request_top(r);
    work->dir = ap_get_module_config(r->per_dir_config,
                                     &auth_msdigest_module);
    work->state = server->state;
    msd_config_policy(work->dir, realm, &work->policy);
    msd_scope_set(&work->scope, r, work->dir, realm, &work->policy);
    work->policy.channel = msd_binding_channel(r, work->dir, &work->binding);
    guard = work->state->redis == NULL
                ? &work->state->guard
                : msd_redis_guard(&work->redis_use, work->state, r->server);
    now_ms = msd_state_now_ms(work->state);
    work->store = msd_nearstore_store(
        &work->near_use, work->state->near,
        msd_cache_store(&work->cache_use, work->state->cache, r), now_ms);
    work->authority = msd_provider_authority(&work->provider_use, r,
                                             work->dir);
    work->world = (msd_world_t){
        .now_ms = now_ms,
        .random = msd_random_draw,
        .random_self = work->state->random,
        .hasher = work->state->hasher,
        .epoch_ms = work->state->epoch_ms,
        .keys = &work->state->keys.current,
        .previous = work->state->keys.previous,
        .nonces = work->state->nonces,
        .guard = guard,
        .store = &work->store,
        .authorities = &work->authority,
        .authority_count = 1,
        .counters = work->state->limits.counters,
        .turns = work->state->limits.turns,
        .pool = r->pool,
    };
    return true;
}

/* What the client asked for: of its own request, not of one that httpd made
 * of it, and byte for byte. */
static void read_request(const work_t *work, msd_body_use_t *body,
                         msd_request_t *request)
{
    const request_rec *top = work->top;

    request->authorization = msd_text_of(
        apr_table_get(top->headers_in, get_role(work->r).request_header));
    request->method = msd_text_of(top->method);
    request->target.target = msd_text_of(top->unparsed_uri);
    request->target.authority =
        msd_text_of(apr_table_get(top->headers_in, "Host"));
    request->target.secure = ap_ssl_conn_is_ssl(top->connection) != 0;
    request->address = msd_limits_address(work->r);
    request->entity = msd_body_hash;
    request->entity_self = body;
}

static decided_t *get_decided(const work_t *work)
{
    return ap_get_module_config(work->top->request_config,
                                &auth_msdigest_module);
}

static bool is_inherited(const decided_t *decided, const work_t *work)
{
    return decided != NULL && strcmp(decided->realm, work->policy.realm) == 0
           && msd_config_same(decided->dir, work->dir);
}

/* What the client's request must keep, where a shorter one decided. */
static msd_text_t keep_text(const work_t *work, msd_text_t text)
{
    if (work->r == work->top) {
        return text;
    }
    return (msd_text_t){ apr_pstrmemdup(work->top->pool, text.data, text.len),
                         text.len };
}

/* A section that was merged for a sub-request ends with it. */
static const msd_dir_config_t *keep_dir(const work_t *work)
{
    if (work->r == work->top) {
        return work->dir;
    }
    return apr_pmemdup(work->top->pool, work->dir, sizeof(*work->dir));
}

/* Decide, and keep the decision for whatever follows of this request. */
static decided_t *decide(const work_t *work)
{
    decided_t *decided = get_decided(work);
    msd_body_use_t body = {
        .top = work->top,
        .hasher = work->world.hasher,
        .max = msd_config_max_body(work->dir),
    };
    msd_request_t request;

    if (decided == NULL) {
        decided = apr_pcalloc(work->top->pool, sizeof(*decided));
        ap_set_module_config(work->top->request_config, &auth_msdigest_module,
                             decided);
    }
    read_request(work, &body, &request);
    request.counted = decided->counted;
    msd_accept(&work->world, &work->policy, &request, &decided->outcome);
    decided->dir = keep_dir(work);
    decided->realm = keep_text(work, msd_text_of(work->policy.realm)).data;
    decided->outcome.user = keep_text(work, decided->outcome.user);
    decided->outcome.realm = keep_text(work, decided->outcome.realm);
    if (decided->outcome.groups.len > 0) {
        decided->outcome.groups = keep_text(work, decided->outcome.groups);
    }
    if (decided->outcome.rspauth[0] != '\0') {
        decided->outcome.cnonce = keep_text(work, decided->outcome.cnonce);
        decided->outcome.nc = keep_text(work, decided->outcome.nc);
    }
    decided->counted |= decided->outcome.counted;
    if (decided->outcome.verdict == MSD_ACCEPTED) {
        msd_body_release(&body);
    }
    msd_log_outcome(work->state, work->r, &decided->outcome);
    return decided;
}

/*
 * Authentication-Info (RFC 7615), for the client's own request and on whatever
 * status it ends with; a later 401 takes it away.
 */
static void add_info(const work_t *work, const msd_outcome_t *outcome)
{
    request_rec *r = work->r;

    if (outcome->rspauth[0] == '\0' || r->main != NULL) {
        return;
    }
    apr_table_setn(
        r->err_headers_out, get_role(r).info_header,
        apr_psprintf(r->pool, "rspauth=\"%s\",qop=auth,cnonce=\"%s\",nc=%s",
                     outcome->rspauth,
                     apr_pstrmemdup(r->pool, outcome->cnonce.data,
                                    outcome->cnonce.len),
                     apr_pstrmemdup(r->pool, outcome->nc.data,
                                    outcome->nc.len)));
}

static int accept_user(const work_t *work, const decided_t *decided)
{
    const msd_outcome_t *outcome = &decided->outcome;
    request_rec *r = work->r;
    msd_text_t user = outcome->user;

    if (work->dir->strip_domain == 1) {
        user = msd_username_strip(user);
    }
    add_info(work, outcome);
    r->user = apr_pstrmemdup(r->pool, user.data, user.len);
    r->ap_auth_type = (char *)"Digest";
    apr_table_addn(r->notes, "msdigest-user", r->user);
    apr_table_addn(r->notes, "msdigest-realm",
                   apr_pstrmemdup(r->pool, outcome->realm.data,
                                  outcome->realm.len));
    apr_table_addn(r->notes, "msdigest-algorithm",
                   msd_algorithm_name(outcome->algorithm));
    apr_table_addn(r->notes, "msdigest-proof",
                   outcome->proven == MSD_PROVEN_BY_CONTEXT ? "context"
                                                            : "authority");
    if (outcome->groups.len > 0) {
        msd_groups_set(r, outcome->groups);
    }
    return OK;
}

/*
 * outcome: NULL for a first challenge.
 * The response's headers survive an internal redirect to an error document, so
 * a challenge that stands there already is left alone.
 * Returns the status that goes with it: a 401 cannot be without one.
 */
static int add_challenge(const work_t *work, const msd_outcome_t *outcome)
{
    const char *lines[MSD_ALGORITHM_COUNT];
    request_rec *r = work->r;
    const char *header = get_role(r).response_header;
    int n;

    if (r->prev != NULL && r->prev->status == get_role(r).status) {
        return get_role(r).status;
    }
    n = msd_challenge(&work->world, &work->policy, outcome, lines);
    if (n == 0) {
        ap_log_rerror(APLOG_MARK, APLOG_CRIT, 0, r,
                      MSD_LOGNO(208) "OpenSSL gave no randomness or no hash: "
                      "no challenge for %s", r->uri);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_table_unset(r->err_headers_out, get_role(r).info_header);
    apr_table_unset(r->err_headers_out, header);
    for (int i = 0; i < n; i++) {
        apr_table_addn(r->err_headers_out, header, lines[i]);
    }
    return get_role(r).status;
}

static int refuse(const work_t *work, const msd_outcome_t *outcome)
{
    request_rec *r = work->r;
    int status = answers[outcome->verdict].status;

    if (answers[outcome->verdict].challenge) {
        status = add_challenge(work, outcome);
    }
    if (answers[outcome->verdict].retry_after) {
        uint32_t wait_s = outcome->retry_after_s;

        apr_table_setn(r->err_headers_out, "Retry-After",
                       apr_psprintf(r->pool, "%u",
                                    wait_s != 0 ? wait_s : RETRY_AFTER_S));
    }
    return status;
}

int msd_request_authenticate(request_rec *r)
{
    decided_t *decided;
    work_t work;

    if (!begin_work(r, &work)) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    decided = get_decided(&work);
    if (!is_inherited(decided, &work)) {
        decided = decide(&work);
    }
    return decided->outcome.verdict == MSD_ACCEPTED
               ? accept_user(&work, decided)
               : refuse(&work, &decided->outcome);
}

int msd_request_note_failure(request_rec *r)
{
    work_t work;

    if (begin_work(r, &work)) {
        add_challenge(&work, NULL);
    }
    return OK;
}
