/* SPDX-License-Identifier: Apache-2.0 */
/* Proof at a domain controller, through msdigest-netlogond. */
#include "authority/netlogon.h"

#include <string.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "base/utf8.h"
#include "digest/username.h"
#include "netlogon/ntstatus.h"
#include "netlogon/pac.h"
#include "netlogon/relay.h"
#include "netlogon/wdigest.h"

/* One proof on its way. */
typedef struct {
    const msd_netlogon_t *netlogon;
    const msd_question_t *question;
    msd_text_t user;
    bool utf8;
    uint64_t end_ms;
    apr_socket_t *socket;
} talk_t;

static void decide(msd_proof_t *out, msd_proof_result_t result,
                   const char *reason)
{
    out->result = result;
    out->reason = reason;
}

/* ---- The question */

/* The form to ask for: the bytes that the client hashed. */
static void choose_user(talk_t *talk)
{
    const msd_param_t *param = talk->question->username;
    msd_text_t forms[MSD_USERNAME_FORMS];
    int n = msd_username_forms(param, talk->question->pool, forms);

    talk->user = forms[0];
    talk->utf8 = msd_utf8_is_valid(param->value);
    for (int i = 0; !talk->utf8 && i < n; i++) {
        if (!msd_utf8_is_valid(forms[i])) {
            talk->user = forms[i];
            return;
        }
    }
}

/* The domain of DOMAIN\user, else the realm, else the configured one. */
static msd_text_t domain_of(const talk_t *talk, msd_text_t name)
{
    for (apr_size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '\\') {
            return (msd_text_t){ name.data, i };
        }
    }
    return talk->question->realm.len > 0
                   && msd_utf8_is_valid(talk->question->realm)
               ? talk->question->realm
               : talk->netlogon->domain;
}

static msd_text_t hex_of(const unsigned char *bytes, apr_pool_t *pool)
{
    char *hex = apr_palloc(pool, 32);

    msd_hex_encode(bytes, 16, hex);
    return (msd_text_t){ hex, 32 };
}

static const char *write_request(const talk_t *talk, msd_text_t *out)
{
    const msd_response_t *response = talk->question->response;
    apr_pool_t *pool = talk->question->pool;
    msd_text_t name = talk->utf8 ? talk->user
                                 : msd_utf8_from_latin1(talk->user, pool);
    msd_wdigest_request_t request = {
        .username = talk->user,
        .realm = talk->question->realm,
        .nonce = response->nonce,
        .cnonce = response->cnonce,
        .nc = response->nc,
        .algorithm = msd_text_of(msd_algorithm_name(response->algorithm)),
        .qop = response->qop,
        .method = response->method,
        .uri = response->uri,
        .response = hex_of(response->claimed, pool),
        .account = msd_username_strip(name),
        .domain = domain_of(talk, name),
        .server = talk->netlogon->server,
        .auth_int = response->has_entity,
        .utf8 = talk->utf8,
        .flags = MSD_WDIGEST_FIND_FORMAT | MSD_WDIGEST_EXPAND_GROUPS,
    };

    if (response->has_entity) {
        request.h_entity = hex_of(response->h_entity, pool);
    }
    if (memchr(talk->user.data, '\\', talk->user.len) != NULL) {
        request.flags |= MSD_WDIGEST_BACKSLASH;
    }
    return msd_wdigest_ask(&request, pool, out);
}

/* ---- The helper */

/* What is left of the time, for the next step. */
static apr_status_t set_timeout(const talk_t *talk)
{
    uint64_t now = talk->netlogon->now_ms(talk->netlogon->self);

    return now >= talk->end_ms
               ? APR_TIMEUP
               : apr_socket_timeout_set(talk->socket,
                                        (apr_interval_time_t)(talk->end_ms
                                                              - now)
                                            * 1000);
}

static apr_status_t transfer(const talk_t *talk, bool out, char *bytes,
                             apr_size_t n)
{
    while (n > 0) {
        apr_size_t step = n;
        apr_status_t status = set_timeout(talk);

        if (status == APR_SUCCESS) {
            status = out ? apr_socket_send(talk->socket, bytes, &step)
                         : apr_socket_recv(talk->socket, bytes, &step);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
        bytes += step;
        n -= step;
    }
    return APR_SUCCESS;
}

static apr_status_t dial(talk_t *talk)
{
    apr_pool_t *pool = talk->question->pool;
    apr_sockaddr_t *address;
    apr_status_t status = apr_sockaddr_info_get(
        &address, talk->netlogon->path, APR_UNIX, 0, 0, pool);

    if (status == APR_SUCCESS) {
        status = apr_socket_create(&talk->socket, APR_UNIX, SOCK_STREAM, 0,
                                   pool);
    }
    if (status == APR_SUCCESS) {
        status = set_timeout(talk);
    }
    return status == APR_SUCCESS ? apr_socket_connect(talk->socket, address)
                                 : status;
}

/* Returns APR_SUCCESS with the answer, which lives in the pool. */
static apr_status_t exchange(talk_t *talk, msd_text_t request,
                             msd_relay_answer_t *answer, char **body)
{
    /* The helper's sentence about a deadline shall come before ours. */
    const msd_relay_question_t question = {
        request.len, talk->end_ms - talk->netlogon->timeout_ms / 16
    };
    unsigned char head[MSD_RELAY_HEADER];
    apr_status_t status = dial(talk);

    if (status == APR_SUCCESS) {
        msd_relay_write_question(&question, head);
        status = transfer(talk, true, (char *)head, sizeof(head));
    }
    if (status == APR_SUCCESS) {
        status = transfer(talk, true, (char *)(uintptr_t)request.data,
                          request.len);
    }
    if (status == APR_SUCCESS) {
        status = transfer(talk, false, (char *)head, sizeof(head));
    }
    if (status != APR_SUCCESS) {
        return status;
    }
    if (!msd_relay_read_answer(head, answer)) {
        return APR_EGENERAL;
    }
    *body = apr_pcalloc(talk->question->pool, answer->len + 1);
    return transfer(talk, false, *body, answer->len);
}

/* ---- The answer */

/* The SIDs, as they came over the sealed channel; with a PAC that cannot be
 * read nobody knows what a user may not. */
static const char *take_groups(msd_text_t pac, apr_pool_t *pool,
                               msd_groups_t *out)
{
    apr_array_header_t *sids = apr_array_make(pool, 16, sizeof(const char *));
    const char *fault = msd_pac_read(pac, pool, sids);

    for (int i = 0; fault == NULL && i < sids->nelts; i++) {
        msd_groups_add(out,
                       msd_text_of(APR_ARRAY_IDX(sids, i, const char *)),
                       pool);
    }
    return fault;
}

static void take_granted(const talk_t *talk, msd_text_t message,
                         msd_proof_t *out)
{
    msd_wdigest_reply_t reply;
    const char *fault = msd_wdigest_read(message, &reply);

    if (fault == NULL && reply.status != 0) {
        fault = "the domain controller grants with a status that denies";
    }
    if (fault == NULL
        && !msd_response_matches(talk->question->response, reply.key)) {
        fault = "the domain controller grants, but its key does not fit";
    }
    if (fault == NULL) {
        fault = take_groups(reply.pac, talk->question->pool, &out->groups);
    }
    if (fault != NULL) {
        decide(out, MSD_PROOF_UNAVAILABLE, fault);
    } else {
        memcpy(out->session_key, reply.key, sizeof(reply.key));
        out->user = talk->user;
        decide(out, MSD_PROOF_GRANTED, NULL);
    }
    msd_wipe(&reply, sizeof(reply));
}

static void take_answer(const talk_t *talk, const msd_relay_answer_t *answer,
                        char *body, msd_proof_t *out)
{
    const msd_ntstatus_t *status = msd_ntstatus_find(answer->status);

    if (!answer->has_status) {
        decide(out, MSD_PROOF_UNAVAILABLE, body);
        return;
    }
    switch (status->kind) {
    case MSD_NTSTATUS_GRANTED:
        take_granted(talk, (msd_text_t){ body, answer->len }, out);
        msd_wipe(body, answer->len);
        return;
    case MSD_NTSTATUS_DENIED:
        decide(out, MSD_PROOF_DENIED, status->meaning);
        return;
    case MSD_NTSTATUS_UNKNOWN:
        decide(out, MSD_PROOF_UNKNOWN, status->meaning);
        return;
    default:
        decide(out, MSD_PROOF_UNAVAILABLE, status->meaning);
        return;
    }
}

void msd_netlogon_prove(void *self, const msd_question_t *question,
                        msd_proof_t *out)
{
    const msd_netlogon_t *netlogon = self;
    talk_t talk = { .netlogon = netlogon, .question = question };
    msd_relay_answer_t answer;
    apr_status_t status;
    msd_text_t request;
    char *body = NULL;

    memset(out, 0, sizeof(*out));
    out->result = MSD_PROOF_UNAVAILABLE;
    if (question->response->algorithm != MSD_ALGORITHM_MD5_SESS) {
        out->reason = "a domain controller proves MD5-sess only";
        return;
    }
    choose_user(&talk);
    out->reason = write_request(&talk, &request);
    if (out->reason != NULL) {
        return;
    }
    talk.end_ms = netlogon->now_ms(netlogon->self) + netlogon->timeout_ms;
    status = exchange(&talk, request, &answer, &body);
    if (APR_STATUS_IS_EOF(status) || APR_STATUS_IS_ECONNRESET(status)) {
        /* The helper was started anew: a proof may be asked for twice. */
        status = exchange(&talk, request, &answer, &body);
    }
    if (status != APR_SUCCESS) {
        out->reason = "msdigest-netlogond does not answer";
        return;
    }
    take_answer(&talk, &answer, body, out);
}
