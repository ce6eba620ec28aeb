/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of an answer, by the context or by the authority. */
#include "proof.h"

#include <string.h>

#include <apr_strings.h>

/* A context is written anew after this part of its idle time, so that one in
 * use stays and one request in hundreds pays for it. */
#define KEEP_ALIVE_PART 4

/* How far the clocks of machines that share contexts may be apart. */
#define CLOCK_DIFFERENCE_MS UINT64_C(120000)

msd_verdict_t msd_proof_refuse(msd_attempt_t *attempt, msd_verdict_t verdict,
                               const char *reason)
{
    attempt->outcome->reason = reason;
    return verdict;
}

/*
 * The time since.  Then may lie before this server's life, as a negative
 * number; and after now, when another request wrote the context a moment after
 * this one looked at the clock, or a machine whose clock goes before.
 */
static uint64_t age_of(const msd_attempt_t *attempt, uint64_t then_ms)
{
    int64_t age = (int64_t)(attempt->world->now_ms - then_ms);

    return age > 0 ? (uint64_t)age : 0;
}

/* Whether then is less than this ago, and not of the future: a clock that is
 * wrong must not make a context that never grows old.  One comparison does
 * for both, as what is negative wraps to what is large. */
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

/* Whether the context is of the user who asks, of his realm and this place;
 * as it is named now, or was before the secret changed. */
static bool is_own(const msd_attempt_t *attempt)
{
    uint64_t mark = attempt->context.scope_mark;

    return (mark == attempt->owner_mark || mark == attempt->previous_mark)
           && msd_text_equal(attempt->context.wire_name,
                             attempt->credentials.username.value);
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
    }
    if (attempt->state == MSD_CONTEXT_FOUND && !is_alive(attempt)) {
        attempt->state = MSD_CONTEXT_NONE;
    }
}

/* Tells the first nonce and cnonce from others; a wrong guess costs a hash. */
static uint64_t session_mark(const msd_attempt_t *attempt)
{
    msd_text_t cnonce = attempt->response.cnonce;
    uint64_t nonce;
    uint64_t start = 0;

    memcpy(&nonce, attempt->nonce.mark, sizeof(nonce));
    if (cnonce.len > 0) {
        memcpy(&start, cnonce.data,
               cnonce.len < sizeof(start) ? cnonce.len : sizeof(start));
    }
    return nonce ^ start;
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
        && context->session_mark == session_mark(attempt)) {
        return session_key_verifies(attempt) || base_key_verifies(attempt);
    }
    return base_key_verifies(attempt) || session_key_verifies(attempt);
}

/* known_key: the base key that verified the answer just now, or NULL. */
static void ask_authority(msd_attempt_t *attempt,
                          const unsigned char *known_key)
{
    const msd_world_t *world = attempt->world;
    msd_question_t question = {
        .username = &attempt->credentials.username,
        .realm = attempt->credentials.realm,
        .response = &attempt->response,
        .known_key = known_key,
        .pool = world->pool,
    };

    msd_authority_ask(world->authorities, world->authority_count, &question,
                      &attempt->proof);
}

/* The record does not live as long as the outcome. */
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

/*
 * The cached key verified, but the authority's word is old: ask it again.  If
 * it cannot answer, its last word stands until the end of the context; if it
 * says no, the context ends now.
 */
static msd_verdict_t revalidate(msd_attempt_t *attempt)
{
    ask_authority(attempt, attempt->context.has_base_key
                               ? attempt->context.base_key
                               : NULL);
    switch (attempt->proof.result) {
    case MSD_PROOF_GRANTED:
        return proven_by_authority(attempt);
    case MSD_PROOF_UNAVAILABLE:
        attempt->outcome->revalidation_failed = true;
        return proven_by_context(attempt);
    default:
        attempt->outcome->store_status = attempt->world->store->revoke(
            attempt->world->store->self, attempt->nonce.context_id,
            attempt->policy->context_lifetime_ms);
        attempt->outcome->has_context_id = false;
        return msd_proof_refuse(attempt, MSD_DENIED, attempt->proof.reason);
    }
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

msd_verdict_t msd_proof_check(msd_attempt_t *attempt)
{
    msd_verdict_t verdict = prepare(attempt);

    if (verdict != MSD_ACCEPTED) {
        return verdict;
    }
    load_context(attempt);
    if (context_verifies(attempt)) {
        bool due = age_of(attempt, attempt->context.proven_ms)
                   >= attempt->policy->revalidate_ms;

        return due ? revalidate(attempt) : proven_by_context(attempt);
    }
    ask_authority(attempt, NULL);
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

bool msd_proof_is_taken(const msd_attempt_t *attempt)
{
    return attempt->state == MSD_CONTEXT_REVOKED
           || (attempt->state == MSD_CONTEXT_FOUND && !is_own(attempt));
}

/* How long the record is wanted: until idle, but never past the lifetime. */
static uint64_t time_to_live(const msd_attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    uint64_t age = age_of(attempt, attempt->context.proven_ms);
    uint64_t left = policy->context_lifetime_ms > age
                        ? policy->context_lifetime_ms - age
                        : 1;

    return left < policy->context_idle_ms ? left : policy->context_idle_ms;
}

static void save_context(msd_attempt_t *attempt)
{
    const msd_world_t *world = attempt->world;
    msd_context_t *context = &attempt->context;
    uint64_t ttl_ms = time_to_live(attempt);

    context->scope_mark = attempt->owner_mark;
    context->proven_ms += world->epoch_ms;
    context->kept_ms = world->now_ms + world->epoch_ms;
    attempt->outcome->store_status = msd_context_save(
        world->store, attempt->nonce.context_id, context, ttl_ms);
}

/* The context as the authority's proof gives it. */
static void renew_context(msd_attempt_t *attempt)
{
    msd_context_t *context = &attempt->context;
    const msd_proof_t *proof = &attempt->proof;
    msd_algorithm_t algorithm = attempt->credentials.algorithm;
    apr_size_t size = msd_hash_size(msd_algorithm_hash(algorithm));
    bool session = msd_algorithm_is_session(algorithm);
    /* The A1 that a client may keep is that of its first answer. */
    bool keep = attempt->state == MSD_CONTEXT_FOUND && context->has_session_key
                && context->hash == msd_algorithm_hash(algorithm)
                && proof->has_base_key && context->has_base_key
                && msd_equal(proof->base_key, context->base_key, size);

    context->wire_name = attempt->credentials.username.value;
    context->user = proof->user;
    context->groups = attempt->outcome->groups;
    context->hash = msd_algorithm_hash(algorithm);
    context->proven_ms = attempt->world->now_ms;
    context->has_base_key = proof->has_base_key;
    memcpy(context->base_key, proof->base_key, size);
    if (!keep) {
        context->has_session_key = session;
        context->session_mark = session_mark(attempt);
        memcpy(context->session_key, proof->session_key, size);
    }
}

/* For auth-int, rspauth would cover a body that is not there yet. */
static void answer_proof(msd_attempt_t *attempt)
{
    msd_outcome_t *outcome = attempt->outcome;

    if (!attempt->policy->rspauth
        || attempt->credentials.qop != MSD_QOP_AUTH) {
        return;
    }
    /* Without one, when OpenSSL fails. */
    msd_response_rspauth(&attempt->response, attempt->credentials.uri,
                         attempt->key, outcome->rspauth);
    outcome->cnonce = attempt->credentials.params[MSD_PARAM_CNONCE].value;
    outcome->nc = attempt->response.nc;
}

msd_verdict_t msd_proof_remember(msd_attempt_t *attempt)
{
    const msd_context_t *context = &attempt->context;

    answer_proof(attempt);
    if (attempt->outcome->proven == MSD_PROVEN_BY_AUTHORITY) {
        renew_context(attempt);
        save_context(attempt);
    } else if (age_of(attempt, context->kept_ms)
               >= attempt->policy->context_idle_ms / KEEP_ALIVE_PART) {
        save_context(attempt);
    }
    return MSD_ACCEPTED;
}
