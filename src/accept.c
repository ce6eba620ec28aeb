/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: what to answer to a request. */
#include "accept.h"

#include <string.h>

#include <apr_strings.h>

#include "digest/challenge.h"

/* A nonce that claims to be younger than now by more than this was made by
 * a clock that is not ours any more (a restored snapshot). */
#define CLOCK_TOLERANCE_MS 1000

/* A context is written anew after this part of its idle time, so that one in
 * use stays and one request in hundreds pays for it. */
#define KEEP_ALIVE_PART 4

/* One decision on its way. */
typedef struct {
    const msd_world_t *world;
    const msd_policy_t *policy;
    const msd_request_t *request;
    msd_outcome_t *outcome;
    msd_credentials_t credentials;
    msd_response_t response;
    msd_nonce_t nonce;
    bool nonce_is_ours;
    bool opaque_is_ours;        /* sent as it was given, or not at all */
    msd_context_state_t state;
    msd_context_t context;      /* valid when state says found */
    uint64_t scope_mark;
    msd_proof_t proof;          /* valid when the authority vouched */
    unsigned char record[MSD_STORE_RECORD_MAX];
} attempt_t;

static msd_verdict_t refuse(attempt_t *attempt, msd_verdict_t verdict,
                            const char *reason)
{
    attempt->outcome->reason = reason;
    return verdict;
}

static bool is_offered(const msd_policy_t *policy, msd_algorithm_t algorithm)
{
    for (int i = 0; i < policy->algorithm_count; i++) {
        if (policy->algorithms[i] == algorithm) {
            return true;
        }
    }
    return false;
}

static msd_verdict_t check_syntax(attempt_t *attempt)
{
    const msd_world_t *world = attempt->world;
    const msd_credentials_t *credentials = &attempt->credentials;
    const char *fault;
    msd_text_t text;

    if (!msd_header_is_digest(attempt->request->authorization, &text)) {
        return refuse(attempt, MSD_NO_CREDENTIALS, "no Digest credentials");
    }
    while (text.len > 0 && (*text.data == ' ' || *text.data == '\t')) {
        text = (msd_text_t){ text.data + 1, text.len - 1 };
    }
    if (text.len == 0) {
        return refuse(attempt, MSD_NO_CREDENTIALS, "empty Digest credentials");
    }
    fault = msd_header_parse(text, world->pool, &attempt->credentials);
    attempt->outcome->user = credentials->params[MSD_PARAM_USERNAME].value;
    if (fault != NULL) {
        return refuse(attempt, MSD_MALFORMED, fault);
    }
    attempt->outcome->algorithm = credentials->algorithm;
    return MSD_ACCEPTED;
}

/* Credentials that this place did not ask for, as a browser sends them when it
 * comes from another realm: ask for the right ones. */
static msd_verdict_t check_policy(attempt_t *attempt)
{
    const msd_credentials_t *credentials = &attempt->credentials;

    if (!is_offered(attempt->policy, credentials->algorithm)) {
        return refuse(attempt, MSD_DENIED, "the algorithm is not offered here");
    }
    if (credentials->qop != MSD_QOP_AUTH) {
        return refuse(attempt, MSD_DENIED, "the qop is not offered here");
    }
    if (!msd_text_equal(credentials->realm,
                        msd_text_of(attempt->policy->realm))) {
        return refuse(attempt, MSD_DENIED, "the realm is not the one here");
    }
    return MSD_ACCEPTED;
}

/*
 * Read nonce and opaque.  Nothing is refused yet: only a right digest tells a
 * client whose nonce is too old from somebody who never logged in.  The
 * challenge that may follow names the context that the client already has.
 */
static msd_verdict_t read_nonce(attempt_t *attempt)
{
    const msd_credentials_t *credentials = &attempt->credentials;
    msd_outcome_t *outcome = attempt->outcome;
    unsigned char opaque[MSD_CONTEXT_ID_SIZE];
    bool sent = credentials->params[MSD_PARAM_OPAQUE].present;
    bool readable = sent && msd_hex_decode(credentials->opaque, opaque,
                                           sizeof(opaque));

    attempt->scope_mark = msd_context_mark(attempt->policy->scope,
                                                 attempt->world->keys->user);
    attempt->nonce_is_ours = msd_noncecache_open(
        attempt->world->nonces, attempt->world->keys->nonce,
        attempt->policy->scope, attempt->scope_mark, credentials->nonce,
        &attempt->nonce);
    attempt->opaque_is_ours = !sent
                              || (readable && attempt->nonce_is_ours
                                  && msd_equal(opaque,
                                               attempt->nonce.context_id,
                                               sizeof(opaque)));
    outcome->has_context_id = readable || attempt->nonce_is_ours;
    if (readable) {
        /* Some clients answer a new nonce with the old opaque (Java): keep
         * to what they have. */
        memcpy(outcome->context_id, opaque, sizeof(opaque));
    } else if (attempt->nonce_is_ours) {
        memcpy(outcome->context_id, attempt->nonce.context_id,
               MSD_CONTEXT_ID_SIZE);
    }
    return MSD_ACCEPTED;
}

static bool is_alive(const attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    const msd_context_t *context = &attempt->context;
    uint64_t now = attempt->world->now_ms;

    return now >= context->proven_ms && now >= context->kept_ms
           && now - context->proven_ms < policy->context_lifetime_ms
           && now - context->kept_ms < policy->context_idle_ms;
}

/* Whether the context is of the user who asks, and of this place. */
static bool is_own(const attempt_t *attempt)
{
    return attempt->context.scope_mark == attempt->scope_mark
           && msd_text_equal(
                  attempt->context.wire_name,
                  attempt->credentials.params[MSD_PARAM_USERNAME].value);
}

/* Only a nonce of ours leads to a context. */
static void load_context(attempt_t *attempt)
{
    attempt->state = MSD_CONTEXT_NONE;
    if (attempt->nonce_is_ours) {
        attempt->state = msd_context_load(attempt->world->store,
                                          attempt->nonce.context_id,
                                          attempt->record, &attempt->context);
    }
    if (attempt->state == MSD_CONTEXT_FOUND && !is_alive(attempt)) {
        attempt->state = MSD_CONTEXT_NONE;
    }
}

/* The mark of the nonce and cnonce that an A1 is bound to; of our nonces. */
static uint64_t session_mark(const attempt_t *attempt)
{
    uint64_t nonce;

    memcpy(&nonce, attempt->nonce.mark, sizeof(nonce));
    return nonce ^ msd_context_mark(attempt->response.cnonce,
                                    attempt->world->keys->user);
}

static bool base_key_verifies(const attempt_t *attempt)
{
    unsigned char key[MSD_HASH_MAX];
    bool right = attempt->context.has_base_key
                 && msd_response_session_key(&attempt->response,
                                             attempt->context.base_key, key)
                        == APR_SUCCESS
                 && msd_response_matches(&attempt->response, key);

    msd_wipe(key, sizeof(key));
    return right;
}

static bool session_key_verifies(const attempt_t *attempt)
{
    return attempt->context.has_session_key
           && msd_algorithm_is_session(attempt->response.algorithm)
           && msd_response_matches(&attempt->response,
                                   attempt->context.session_key);
}

/*
 * Whether the cached keys verify the answer.  Most clients compute A1 from the
 * nonce and cnonce of the request (Chromium and Firefox draw a new cnonce each
 * time); some keep the A1 of their first answer over a new nonce (neon,
 * libsoup; RFC 2617 section 3.2.2.2).  The likelier key is tried first.
 */
static bool context_verifies(const attempt_t *attempt)
{
    const msd_context_t *context = &attempt->context;

    if (attempt->state != MSD_CONTEXT_FOUND || !is_own(attempt)
        || context->hash
               != msd_algorithm_hash(attempt->response.algorithm)) {
        return false;
    }
    if (context->has_session_key
        && context->session_mark == session_mark(attempt)) {
        return session_key_verifies(attempt) || base_key_verifies(attempt);
    }
    return base_key_verifies(attempt) || session_key_verifies(attempt);
}

/* known_key: the base key that verified the answer just now, or NULL. */
static void ask_authority(attempt_t *attempt, const unsigned char *known_key)
{
    const msd_world_t *world = attempt->world;
    msd_question_t question = {
        .username = &attempt->credentials.params[MSD_PARAM_USERNAME],
        .realm = attempt->credentials.realm,
        .response = &attempt->response,
        .known_key = known_key,
        .pool = world->pool,
    };

    msd_authority_ask(world->authorities, world->authority_count, &question,
                      &attempt->proof);
}

static msd_verdict_t proven_by_context(attempt_t *attempt)
{
    msd_text_t user = attempt->context.user;

    attempt->outcome->proven = MSD_PROVEN_BY_CONTEXT;
    /* The record does not live as long as the outcome. */
    attempt->outcome->user.data = apr_pstrmemdup(attempt->world->pool,
                                                 user.data, user.len);
    attempt->outcome->user.len = user.len;
    return MSD_ACCEPTED;
}

static msd_verdict_t proven_by_authority(attempt_t *attempt)
{
    attempt->outcome->proven = MSD_PROVEN_BY_AUTHORITY;
    attempt->outcome->user = attempt->proof.user;
    return MSD_ACCEPTED;
}

/*
 * The cached key verified, but the authority's word is old: ask it again.  If
 * it cannot answer, its last word stands until the end of the context; if it
 * says no, the context ends now.
 */
static msd_verdict_t revalidate(attempt_t *attempt)
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
        return refuse(attempt, MSD_DENIED, attempt->proof.reason);
    }
}

static msd_verdict_t check_proof(attempt_t *attempt)
{
    const msd_world_t *world = attempt->world;

    if (msd_response_prepare(&attempt->response, world->hasher,
                             &attempt->credentials, attempt->request->method)
        != APR_SUCCESS) {
        return refuse(attempt, MSD_UNAVAILABLE,
                      "OpenSSL cannot compute the hash");
    }
    load_context(attempt);
    if (context_verifies(attempt)) {
        bool due = world->now_ms - attempt->context.proven_ms
                   >= attempt->policy->revalidate_ms;

        return due ? revalidate(attempt) : proven_by_context(attempt);
    }
    ask_authority(attempt, NULL);
    switch (attempt->proof.result) {
    case MSD_PROOF_GRANTED:
        return proven_by_authority(attempt);
    case MSD_PROOF_UNAVAILABLE:
        return refuse(attempt, MSD_UNAVAILABLE, attempt->proof.reason);
    default:
        return refuse(attempt, MSD_DENIED, attempt->proof.reason);
    }
}

static bool is_taken(const attempt_t *attempt)
{
    return attempt->state == MSD_CONTEXT_REVOKED
           || (attempt->state == MSD_CONTEXT_FOUND && !is_own(attempt));
}

/* The client named a context by its opaque alone: unless that is somebody
 * else's, the next challenge keeps to it. */
static msd_verdict_t rename_context(attempt_t *attempt, const char *reason)
{
    msd_outcome_t *outcome = attempt->outcome;

    if (outcome->has_context_id) {
        attempt->state = msd_context_load(attempt->world->store,
                                          outcome->context_id,
                                          attempt->record, &attempt->context);
        outcome->has_context_id = !is_taken(attempt);
    }
    return refuse(attempt, MSD_STALE, reason);
}

/* The digest is right: from here on the client need not ask its user. */
static msd_verdict_t check_freshness(attempt_t *attempt)
{
    uint64_t now = attempt->world->now_ms;

    if (attempt->nonce_is_ours && is_taken(attempt)) {
        attempt->outcome->has_context_id = false;
        return refuse(attempt, MSD_STALE,
                      "the context belongs to somebody else");
    }
    if (!attempt->nonce_is_ours) {
        return rename_context(attempt,
                              "the nonce is not of this server's life");
    }
    if (!attempt->opaque_is_ours) {
        return rename_context(attempt,
                              "the opaque does not belong to the nonce");
    }
    if (attempt->nonce.minted_ms > now + CLOCK_TOLERANCE_MS) {
        return refuse(attempt, MSD_STALE, "the nonce is of the future");
    }
    if (now > attempt->nonce.minted_ms
        && now - attempt->nonce.minted_ms
               > attempt->policy->nonce_lifetime_ms) {
        return refuse(attempt, MSD_STALE, "the nonce has expired");
    }
    /* Counts begin at 1 (RFC 7616 section 3.4), and one that has wrapped must
     * not look like a first one. */
    if (attempt->credentials.nc == 0) {
        return refuse(attempt, MSD_STALE, "the count is 0");
    }
    return MSD_ACCEPTED;
}

static msd_verdict_t judge_count(attempt_t *attempt,
                                 msd_replay_result_t result)
{
    switch (result) {
    case MSD_REPLAY_ACCEPTED:
        return MSD_ACCEPTED;
    case MSD_REPLAY_SEEN:
        return refuse(attempt, MSD_REPLAYED, "the count was used before");
    case MSD_REPLAY_LATE:
        return refuse(attempt, MSD_STALE, "the count is too far behind");
    case MSD_REPLAY_GONE:
        return refuse(attempt, MSD_STALE, "the nonce was pushed out");
    case MSD_REPLAY_RANGE:
    default:
        return refuse(attempt, MSD_STALE, "the count is out of range");
    }
}

static msd_replay_key_t replay_key(const attempt_t *attempt)
{
    return msd_replay_key(&attempt->nonce, attempt->outcome->user,
                          attempt->world->keys->user);
}

/*
 * A count that was used is a replay wherever it is sent (python-requests sends
 * its header again to the target of a redirect); one that was never used and
 * names another resource is a fault of the client or of a proxy between.
 */
static msd_verdict_t check_uri(attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    msd_verdict_t verdict = MSD_ACCEPTED;

    if (msd_uri_matches(attempt->credentials.uri, &attempt->request->target,
                        policy->uri_match)) {
        return MSD_ACCEPTED;
    }
    if (policy->replay_mode != MSD_REPLAY_OFF) {
        verdict = judge_count(attempt,
                              msd_replay_peek(attempt->world->replay,
                                              replay_key(attempt),
                                              attempt->credentials.nc));
    }
    if (verdict != MSD_ACCEPTED) {
        return verdict;
    }
    return refuse(attempt, MSD_WRONG_URI, "uri is not the request target");
}

static msd_verdict_t use_count(attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;

    if (policy->replay_mode == MSD_REPLAY_OFF || attempt->request->counted) {
        return MSD_ACCEPTED;
    }
    return judge_count(attempt,
                       msd_replay_accept(attempt->world->replay,
                                         replay_key(attempt),
                                         attempt->credentials.nc,
                                         policy->replay_mode));
}

/* How long the record is wanted: until idle, but never past the lifetime. */
static uint64_t time_to_live(const attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    uint64_t age = attempt->world->now_ms - attempt->context.proven_ms;
    uint64_t left = policy->context_lifetime_ms > age
                        ? policy->context_lifetime_ms - age
                        : 1;

    return left < policy->context_idle_ms ? left : policy->context_idle_ms;
}

static void save_context(attempt_t *attempt)
{
    attempt->context.kept_ms = attempt->world->now_ms;
    attempt->outcome->store_status =
        msd_context_save(attempt->world->store, attempt->nonce.context_id,
                         &attempt->context, time_to_live(attempt));
}

/* The context as the authority's proof gives it. */
static void renew_context(attempt_t *attempt)
{
    msd_context_t *context = &attempt->context;
    const msd_proof_t *proof = &attempt->proof;
    msd_algorithm_t algorithm = attempt->credentials.algorithm;
    apr_size_t size = msd_hash_size(msd_algorithm_hash(algorithm));
    bool session = msd_algorithm_is_session(algorithm);
    /* The A1 that a client may keep is that of its first answer. */
    bool keep = attempt->state == MSD_CONTEXT_FOUND
                && context->has_session_key
                && context->hash == msd_algorithm_hash(algorithm)
                && proof->has_base_key && context->has_base_key
                && msd_equal(proof->base_key, context->base_key, size);

    context->wire_name = attempt->credentials.params[MSD_PARAM_USERNAME].value;
    context->user = proof->user;
    context->scope_mark = attempt->scope_mark;
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

/* The last step, which cannot fail: a context that could not be kept costs
 * another trip to the authority. */
static msd_verdict_t remember(attempt_t *attempt)
{
    const msd_context_t *context = &attempt->context;

    if (attempt->outcome->proven == MSD_PROVEN_BY_AUTHORITY) {
        renew_context(attempt);
        save_context(attempt);
    } else if (attempt->world->now_ms - context->kept_ms
               >= attempt->policy->context_idle_ms / KEEP_ALIVE_PART) {
        save_context(attempt);
    }
    return MSD_ACCEPTED;
}

void msd_accept(const msd_world_t *world, const msd_policy_t *policy,
                const msd_request_t *request, msd_outcome_t *outcome)
{
    static msd_verdict_t (*const steps[])(attempt_t *) = {
        check_syntax,
        check_policy,
        read_nonce,
        check_proof,
        check_freshness,
        check_uri,
        use_count,
        remember,
    };
    attempt_t attempt;

    memset(outcome, 0, sizeof(*outcome));
    attempt.world = world;
    attempt.policy = policy;
    attempt.request = request;
    attempt.outcome = outcome;
    attempt.opaque_is_ours = false;
    attempt.state = MSD_CONTEXT_NONE;
    outcome->verdict = MSD_ACCEPTED;
    for (apr_size_t i = 0; outcome->verdict == MSD_ACCEPTED
                           && i < sizeof(steps) / sizeof(steps[0]); i++) {
        outcome->verdict = steps[i](&attempt);
    }
    msd_wipe(&attempt, sizeof(attempt));
}

bool msd_verdict_is_stale(msd_verdict_t verdict)
{
    return verdict == MSD_STALE || verdict == MSD_REPLAYED;
}

int msd_challenge(const msd_world_t *world, const msd_policy_t *policy,
                  const msd_outcome_t *outcome, const char **lines)
{
    unsigned char random[MSD_NONCE_RANDOM_SIZE + MSD_CONTEXT_ID_SIZE];
    const unsigned char *context_id = random + MSD_NONCE_RANDOM_SIZE;
    char nonce[MSD_NONCE_LENGTH + 1];
    char opaque[2 * MSD_CONTEXT_ID_SIZE + 1];
    msd_challenge_t challenge = {
        .realm = policy->realm,
        .nonce = nonce,
        .opaque = opaque,
        .domain = policy->domain,
        .stale = outcome != NULL && msd_verdict_is_stale(outcome->verdict),
    };

    if (world->random(random, sizeof(random)) != APR_SUCCESS) {
        return 0;
    }
    if (outcome != NULL && outcome->has_context_id && challenge.stale) {
        context_id = outcome->context_id;
    }
    if (msd_nonce_mint(world->keys->nonce, policy->scope, world->now_ms,
                       random, context_id, nonce) != APR_SUCCESS) {
        return 0;
    }
    msd_hex_encode(context_id, MSD_CONTEXT_ID_SIZE, opaque);
    opaque[2 * MSD_CONTEXT_ID_SIZE] = '\0';
    for (int i = 0; i < policy->algorithm_count; i++) {
        lines[i] = msd_challenge_format(&challenge, policy->algorithms[i],
                                        world->pool);
    }
    return policy->algorithm_count;
}
