/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a proof, and the proof that goes back to the client. */
#include "remember.h"

#include <string.h>

/* A context is written anew after this part of its idle time, so that one in
 * use stays and one request in hundreds pays for it. */
#define KEEP_ALIVE_PART 4

uint64_t msd_remember_session_mark(const msd_attempt_t *attempt)
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

/* How long the record is wanted: until idle, but never past the lifetime. */
static uint64_t time_to_live(const msd_attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    uint64_t age = msd_proof_age(attempt, attempt->context.proven_ms);
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
    context->proven_ms = attempt->vouched_ms;
    context->trust_s = proof->trust_s;
    context->has_base_key = proof->has_base_key;
    memcpy(context->base_key, proof->base_key, size);
    if (!keep) {
        context->has_session_key = session;
        context->session_mark = msd_remember_session_mark(attempt);
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

msd_verdict_t msd_remember(msd_attempt_t *attempt)
{
    const msd_context_t *context = &attempt->context;

    answer_proof(attempt);
    if (attempt->outcome->proven == MSD_PROVEN_BY_AUTHORITY) {
        renew_context(attempt);
        save_context(attempt);
    } else if (msd_proof_age(attempt, context->kept_ms)
               >= attempt->policy->context_idle_ms / KEEP_ALIVE_PART) {
        save_context(attempt);
    }
    return MSD_ACCEPTED;
}
