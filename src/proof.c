/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of an answer, by the context or by the authority. */
#include "ask.h"

#include <string.h>

#include <apr_strings.h>

#include "remember.h"

/* How far the clocks of machines that share contexts may be apart. */
#define CLOCK_DIFFERENCE_MS UINT64_C(120000)

msd_verdict_t msd_proof_refuse(msd_attempt_t *attempt, msd_verdict_t verdict,
                               const char *reason)
{
    attempt->outcome->reason = reason;
    return verdict;
}

uint64_t msd_proof_age(const msd_attempt_t *attempt, uint64_t then_ms)
{
    int64_t age = (int64_t)(attempt->world->now_ms - then_ms);

    return age > 0 ? (uint64_t)age : 0;
}

/* Whether then is less than this ago, and not of the future, in one comparison:
 * a clock that is wrong must not make a context that never grows old. */
static bool is_within(const msd_attempt_t *attempt, uint64_t then_ms,
                      uint64_t limit_ms)
{
    return attempt->world->now_ms - then_ms + CLOCK_DIFFERENCE_MS
           < limit_ms + CLOCK_DIFFERENCE_MS;
}

static bool is_alive(const msd_attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    const msd_context_t *context = &attempt->context;

    return is_within(attempt, context->proven_ms, policy->context_lifetime_ms)
           && is_within(attempt, context->kept_ms, policy->context_idle_ms);
}

/* Whether a context is of the user who asks, of his realm and this place; as
 * it is named now, or was before the secret changed. */
static bool is_users(const msd_attempt_t *attempt,
                     const msd_context_t *context)
{
    uint64_t mark = context->scope_mark;

    return (mark == attempt->owner_mark || mark == attempt->previous_mark)
           && msd_text_equal(context->wire_name,
                             attempt->credentials.username.value);
}

static bool is_own(const msd_attempt_t *attempt)
{
    return is_users(attempt, &attempt->context);
}

void msd_proof_load(msd_attempt_t *attempt, const unsigned char *id)
{
    apr_size_t len;

    attempt->state = msd_context_load(attempt->world->store, id,
                                      attempt->record, &len,
                                      &attempt->context);
    if (len > attempt->record_len) {
        attempt->record_len = len;
    }
}

/* Only a nonce of ours leads to a context. */
static void load_context(msd_attempt_t *attempt)
{
    attempt->state = MSD_CONTEXT_NONE;
    if (attempt->nonce_is_ours) {
        msd_proof_load(attempt, attempt->nonce.context_id);
    }
    if (attempt->state == MSD_CONTEXT_FOUND) {
        attempt->context.proven_ms -= attempt->world->epoch_ms;
        attempt->context.kept_ms -= attempt->world->epoch_ms;
        if (!is_alive(attempt)) {
            attempt->state = MSD_CONTEXT_NONE;
        }
    }
}

static bool base_key_verifies(msd_attempt_t *attempt)
{
    return attempt->context.has_base_key
           && msd_response_verify(&attempt->response,
                                  attempt->context.base_key, attempt->key);
}

static bool session_key_verifies(msd_attempt_t *attempt)
{
    memcpy(attempt->key, attempt->context.session_key, sizeof(attempt->key));
    return attempt->context.has_session_key
           && msd_algorithm_is_session(attempt->response.algorithm)
           && msd_response_matches(&attempt->response, attempt->key);
}

/*
 * Whether the cached keys verify the answer.  Most clients compute A1 from the
 * nonce and cnonce of the request (Chromium and Firefox draw a new cnonce each
 * time); some keep the A1 of their first answer over a new nonce (neon,
 * libsoup; RFC 2617 section 3.2.2.2).  The likelier key is tried first.
 */
static bool context_verifies(msd_attempt_t *attempt)
{
    const msd_context_t *context = &attempt->context;

    if (attempt->state != MSD_CONTEXT_FOUND || !is_own(attempt)
        || context->hash != msd_algorithm_hash(attempt->response.algorithm)) {
        return false;
    }
    if (context->has_session_key
        && context->session_mark == msd_remember_session_mark(attempt)) {
        return session_key_verifies(attempt) || base_key_verifies(attempt);
    }
    return base_key_verifies(attempt) || session_key_verifies(attempt);
}

/* A record does not live as long as the outcome. */
static msd_text_t keep_text(const msd_attempt_t *attempt, msd_text_t text)
{
    return (msd_text_t){ apr_pstrmemdup(attempt->world->pool, text.data,
                                        text.len),
                         text.len };
}

static msd_verdict_t proven_by_context(msd_attempt_t *attempt)
{
    attempt->outcome->proven = MSD_PROVEN_BY_CONTEXT;
    attempt->outcome->user = keep_text(attempt, attempt->context.user);
    if (attempt->context.groups.len > 0) {
        attempt->outcome->groups = keep_text(attempt, attempt->context.groups);
    }
    return MSD_ACCEPTED;
}

static msd_verdict_t proven_by_authority(msd_attempt_t *attempt)
{
    attempt->outcome->proven = MSD_PROVEN_BY_AUTHORITY;
    attempt->outcome->user = attempt->proof.user;
    attempt->outcome->groups = (msd_text_t){ attempt->proof.groups.text,
                                             attempt->proof.groups.len };
    return MSD_ACCEPTED;
}

/* Read the body, where the answer covers it. */
static msd_verdict_t hash_entity(msd_attempt_t *attempt,
                                 unsigned char *h_entity)
{
    const msd_request_t *request = attempt->request;
    msd_hash_id_t hash = msd_algorithm_hash(attempt->credentials.algorithm);

    if (attempt->credentials.qop == MSD_QOP_AUTH) {
        return MSD_ACCEPTED;
    }
    switch (request->entity(request->entity_self, hash, h_entity)) {
    case APR_SUCCESS:
        return MSD_ACCEPTED;
    case APR_ENOSPC:
        return msd_proof_refuse(attempt, MSD_TOO_LARGE,
                                "the body is too large for auth-int");
    case APR_EGENERAL:
        return msd_proof_refuse(attempt, MSD_UNAVAILABLE,
                                "the body cannot be kept or hashed");
    default:
        return msd_proof_refuse(attempt, MSD_MALFORMED,
                                "the body cannot be read");
    }
}

/* Everything that goes into the response but the key. */
static msd_verdict_t prepare(msd_attempt_t *attempt)
{
    unsigned char h_entity[MSD_HASH_MAX];
    msd_verdict_t verdict = hash_entity(attempt, h_entity);

    if (verdict == MSD_ACCEPTED
        && msd_response_prepare(&attempt->response, attempt->world->hasher,
                                &attempt->credentials,
                                attempt->request->method, h_entity)
               != APR_SUCCESS) {
        return msd_proof_refuse(attempt, MSD_UNAVAILABLE,
                                "OpenSSL cannot compute the hash");
    }
    attempt->response.plain_too = attempt->policy->plain_as_session
                                  && attempt->credentials.algorithm
                                         == MSD_ALGORITHM_MD5_SESS;
    return verdict;
}

/* Whether the client, on a nonce that it used before, sent another cnonce than
 * that for which the authority gave its key. */
static bool changes_cnonce(const msd_attempt_t *attempt)
{
    return attempt->state == MSD_CONTEXT_FOUND && is_own(attempt)
           && !attempt->proof.has_base_key && attempt->credentials.nc > 1;
}

/* Whether the context that another first answer of the same user left a moment
 * ago has the key of this one, too. */
static bool neighbour_verifies(msd_attempt_t *attempt)
{
    unsigned char id[MSD_TURN_RESULT_SIZE];
    unsigned char *record = apr_palloc(attempt->world->pool,
                                       MSD_STORE_RECORD_MAX);
    apr_size_t len = 0;
    msd_proof_t *proof = &attempt->proof;
    msd_context_t other;
    bool fine;

    memset(&other, 0, sizeof(other));
    fine = msd_turn_result(&attempt->turn, id)
           && msd_context_load(attempt->world->store, id, record, &len,
                               &other)
                  == MSD_CONTEXT_FOUND
           && is_users(attempt, &other)
           && is_within(attempt,
                        other.proven_ms - attempt->world->epoch_ms,
                        msd_ask_trusts_ms(attempt, other.trust_s,
                                          MSD_TURN_MAX_MS))
           && attempt->policy->revalidate_ms > 0
           && other.has_base_key
           && other.hash == msd_algorithm_hash(attempt->response.algorithm)
           && msd_response_verify(&attempt->response, other.base_key,
                                  proof->session_key);
    if (fine) {
        proof->result = MSD_PROOF_GRANTED;
        proof->user = keep_text(attempt, other.user);
        proof->has_base_key = true;
        proof->trust_s = other.trust_s;
        attempt->vouched_ms = other.proven_ms - attempt->world->epoch_ms;
        memcpy(proof->base_key, other.base_key, sizeof(proof->base_key));
        proof->groups.len = other.groups.len;
        proof->groups.text = apr_pstrmemdup(
            attempt->world->pool, other.groups.data, other.groups.len);
    }
    msd_wipe(&other, sizeof(other));
    msd_wipe(record, len);
    return fine;
}

/* Whether somebody else has asked while this one waited. */
static bool is_proven_meanwhile(msd_attempt_t *attempt)
{
    if (!attempt->turn.waited) {
        return false;
    }
    load_context(attempt);
    if (context_verifies(attempt) && !msd_proof_is_due(attempt)) {
        proven_by_context(attempt);
        return true;
    }
    if (neighbour_verifies(attempt)) {
        memcpy(attempt->key, attempt->proof.session_key, sizeof(attempt->key));
        proven_by_authority(attempt);
        return true;
    }
    return false;
}

static msd_verdict_t judge_proof(msd_attempt_t *attempt)
{
    if (attempt->outcome->retry_after_s > 0) {
        return msd_proof_refuse(attempt, MSD_TOO_MANY, MSD_ASK_TOO_MANY);
    }
    switch (attempt->proof.result) {
    case MSD_PROOF_GRANTED:
        memcpy(attempt->key, attempt->proof.session_key, sizeof(attempt->key));
        attempt->outcome->cnonce_changed = changes_cnonce(attempt);
        return proven_by_authority(attempt);
    case MSD_PROOF_UNAVAILABLE:
        return msd_proof_refuse(attempt, MSD_UNAVAILABLE,
                                attempt->proof.reason);
    default:
        return msd_proof_refuse(attempt, MSD_DENIED, attempt->proof.reason);
    }
}

msd_verdict_t msd_proof_check(msd_attempt_t *attempt)
{
    msd_verdict_t verdict = prepare(attempt);

    if (verdict != MSD_ACCEPTED) {
        return verdict;
    }
    load_context(attempt);
    if (attempt->state == MSD_CONTEXT_UNAVAILABLE) {
        return msd_proof_refuse(attempt, MSD_UNAVAILABLE,
                                "the context store does not answer");
    }
    if (context_verifies(attempt)) {
        return proven_by_context(attempt);
    }
    verdict = msd_ask_begin(attempt);
    if (verdict != MSD_ACCEPTED || is_proven_meanwhile(attempt)) {
        return verdict;
    }
    msd_ask(attempt, NULL);
    return judge_proof(attempt);
}

bool msd_proof_is_due(const msd_attempt_t *attempt)
{
    return msd_proof_age(attempt, attempt->context.proven_ms)
           >= msd_ask_trusts_ms(attempt, attempt->context.trust_s, UINT64_MAX);
}

/* The authority withdrew what it said: the context ends now. */
static msd_verdict_t withdraw(msd_attempt_t *attempt)
{
    const msd_store_t *store = attempt->world->store;
    msd_outcome_t *outcome = attempt->outcome;

    outcome->store_status =
        store->revoke(store->self, attempt->nonce.context_id,
                      attempt->policy->context_lifetime_ms);
    outcome->has_context_id = false;
    outcome->proven = MSD_PROVEN_NOT;
    outcome->user = attempt->credentials.username.value;
    outcome->groups = MSD_TEXT("");
    return msd_proof_refuse(attempt, MSD_DENIED, attempt->proof.reason);
}

/* An authority that gave no base key cannot know an answer over the A1 of an
 * earlier nonce: it would take it for a wrong password. */
static bool can_be_confirmed(const msd_attempt_t *attempt)
{
    return attempt->context.has_base_key
           || attempt->context.session_mark
                  == msd_remember_session_mark(attempt);
}

/* stands: whether the cached key still proves the answer. */
static msd_verdict_t judge_confirmation(msd_attempt_t *attempt, bool stands)
{
    switch (attempt->proof.result) {
    case MSD_PROOF_GRANTED:
        return proven_by_authority(attempt);
    case MSD_PROOF_UNAVAILABLE:
        if (stands) {
            attempt->outcome->revalidation_failed = true;
            return MSD_ACCEPTED;
        }
        return msd_proof_refuse(attempt, MSD_UNAVAILABLE,
                                attempt->proof.reason);
    default:
        /* What stands there by now is another answer's. */
        return stands ? withdraw(attempt) : judge_proof(attempt);
    }
}

msd_verdict_t msd_proof_confirm(msd_attempt_t *attempt)
{
    const unsigned char *known_key = NULL;
    msd_proof_t *proof = &attempt->proof;
    bool stands = true;

    proof->result = MSD_PROOF_UNAVAILABLE;
    if (!can_be_confirmed(attempt)) {
        proof->reason = "the provider cannot confirm an answer over the key "
                        "of an earlier nonce";
        return withdraw(attempt);
    }
    if (!msd_ask_wait(attempt)) {
        return judge_confirmation(attempt, stands);
    }
    if (is_proven_meanwhile(attempt)) {
        return MSD_ACCEPTED;
    }
    /* Who asked meanwhile may have put another key into the context. */
    stands = !attempt->turn.waited || context_verifies(attempt);
    if (attempt->state == MSD_CONTEXT_REVOKED) {
        proof->reason = "the provider has just denied the user";
        return withdraw(attempt);
    }
    if (stands && attempt->context.has_base_key) {
        known_key = attempt->context.base_key;
    }
    msd_ask(attempt, known_key);
    return judge_confirmation(attempt, stands);
}

bool msd_proof_is_taken(const msd_attempt_t *attempt)
{
    return attempt->state == MSD_CONTEXT_REVOKED
           || (attempt->state == MSD_CONTEXT_FOUND && !is_own(attempt));
}
