/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: what to answer to a request. */
#include "accept.h"

#include <stddef.h>
#include <string.h>

#include <apr_strings.h>

#include "ask.h"
#include "channel.h"
#include "context/replay.h"
#include "offer.h"
#include "remember.h"

/* A nonce that claims to be younger than now by more than this was made by
 * a clock that is not ours any more (a restored snapshot). */
#define CLOCK_TOLERANCE_MS 1000

static bool is_offered(const msd_policy_t *policy, msd_algorithm_t algorithm)
{
    for (int i = 0; i < policy->algorithm_count; i++) {
        msd_algorithm_t offered = policy->algorithms[i];

        if (offered == algorithm
            || (policy->plain_unoffered && algorithm == MSD_ALGORITHM_MD5
                && offered == MSD_ALGORITHM_MD5_SESS)) {
            return true;
        }
    }
    return false;
}

/* The realm of the challenge, or another that a client may choose. */
static bool is_realm(const msd_policy_t *policy, msd_text_t realm)
{
    for (int i = 0; i < policy->realm_count; i++) {
        if (msd_text_equal(realm, msd_text_of(policy->realms[i]))) {
            return true;
        }
    }
    return msd_text_equal(realm, msd_text_of(policy->realm));
}

static msd_verdict_t check_syntax(msd_attempt_t *attempt)
{
    const msd_world_t *world = attempt->world;
    const msd_credentials_t *credentials = &attempt->credentials;
    const char *fault;
    msd_text_t text;

    if (!msd_header_is_digest(attempt->request->authorization, &text)) {
        return msd_proof_refuse(attempt, MSD_NO_CREDENTIALS,
                                "no Digest credentials");
    }
    while (text.len > 0 && (*text.data == ' ' || *text.data == '\t')) {
        text = (msd_text_t){ text.data + 1, text.len - 1 };
    }
    if (text.len == 0) {
        return msd_proof_refuse(attempt, MSD_NO_CREDENTIALS,
                                "empty Digest credentials");
    }
    fault = msd_header_parse(text, world->pool, &attempt->credentials);
    if (fault != NULL) {
        attempt->outcome->user = credentials->params[MSD_PARAM_USERNAME].value;
        return msd_proof_refuse(attempt, MSD_MALFORMED, fault);
    }
    attempt->outcome->user = credentials->username.value;
    attempt->outcome->realm = credentials->realm;
    attempt->outcome->algorithm = credentials->algorithm;
    return MSD_ACCEPTED;
}

/* Credentials that this place did not ask for, as a browser sends them when it
 * comes from another realm: ask for the right ones. */
static msd_verdict_t check_policy(msd_attempt_t *attempt)
{
    const msd_credentials_t *credentials = &attempt->credentials;
    const msd_policy_t *policy = attempt->policy;

    if (!is_offered(policy, credentials->algorithm)
        || !msd_offer_is_possible(attempt->world, credentials->algorithm)) {
        return msd_proof_refuse(attempt, MSD_DENIED,
                                "the algorithm is not offered here");
    }
    if (credentials->qop == MSD_QOP_AUTH ? !policy->qop_auth
                                         : !policy->qop_auth_int) {
        return msd_proof_refuse(attempt, MSD_DENIED,
                                "the qop is not offered here");
    }
    if (credentials->userhash && !policy->userhash) {
        return msd_proof_refuse(attempt, MSD_DENIED,
                                "userhash is not offered here");
    }
    if (!is_realm(policy, credentials->realm)) {
        return msd_proof_refuse(attempt, MSD_DENIED,
                                "the realm is not the one here");
    }
    return MSD_ACCEPTED;
}

/* Of a binding, and a realm that the client chose beside the challenge's. */
static uint64_t answer_mark(const msd_attempt_t *attempt,
                            const msd_keys_t *keys)
{
    uint64_t mark = msd_channel_mark(attempt, keys);
    msd_text_t realm = attempt->credentials.realm;

    if (msd_text_equal(realm, msd_text_of(attempt->policy->realm))) {
        return mark;
    }
    return mark + (msd_context_mark(realm, keys->user) | 1);
}

/* Whether these keys made the nonce. */
static bool open_nonce(msd_attempt_t *attempt, const msd_keys_t *keys,
                       msd_text_t scope, uint64_t scope_mark)
{
    return msd_noncecache_open(attempt->world->nonces, keys->nonce, scope,
                               scope_mark + keys->nonce_mark,
                               attempt->wire_nonce, &attempt->nonce);
}

/* While a secret is replaced, nonces of the previous one are good too.  One
 * that was verified before is not tried with the current key first. */
static bool open_any_nonce(msd_attempt_t *attempt)
{
    const msd_world_t *world = attempt->world;
    const msd_keys_t *previous = world->previous;
    uint64_t mark = msd_context_mark(attempt->previous_scope, previous->user);

    attempt->previous_mark = mark + answer_mark(attempt, previous);
    if (!msd_noncecache_find(world->nonces, mark + previous->nonce_mark,
                             attempt->wire_nonce, &attempt->nonce)) {
        if (open_nonce(attempt, world->keys, attempt->scope,
                       attempt->scope_mark)) {
            return true;
        }
        if (!open_nonce(attempt, previous, attempt->previous_scope, mark)) {
            return false;
        }
    }
    attempt->keys = previous;
    return true;
}

static bool find_maker(msd_attempt_t *attempt)
{
    const msd_world_t *world = attempt->world;

    attempt->keys = world->keys;
    attempt->scope_mark = msd_context_mark(attempt->scope, world->keys->user);
    attempt->owner_mark =
        attempt->scope_mark + answer_mark(attempt, world->keys);
    attempt->previous_mark = attempt->owner_mark;
    return world->previous == NULL
               ? open_nonce(attempt, world->keys, attempt->scope,
                            attempt->scope_mark)
               : open_any_nonce(attempt);
}

/*
 * Read nonce and opaque.  Nothing is refused yet: only a right digest tells a
 * client whose nonce is too old from somebody who never logged in.  The
 * challenge that may follow names the context that the client already has.
 */
static msd_verdict_t read_nonce(msd_attempt_t *attempt)
{
    const msd_credentials_t *credentials = &attempt->credentials;
    msd_outcome_t *outcome = attempt->outcome;
    unsigned char opaque[MSD_CONTEXT_ID_SIZE];
    bool sent = credentials->params[MSD_PARAM_OPAQUE].present;
    bool readable =
        sent && msd_hex_decode(credentials->opaque, opaque, sizeof(opaque));

    attempt->nonce_is_ours = find_maker(attempt);
    attempt->opaque_is_ours =
        !sent
        || (readable && attempt->nonce_is_ours
            && msd_equal(opaque, attempt->nonce.context_id, sizeof(opaque)));
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

/* The client named a context by its opaque alone: unless that is somebody
 * else's, the next challenge keeps to it. */
static msd_verdict_t rename_context(msd_attempt_t *attempt, const char *reason)
{
    msd_outcome_t *outcome = attempt->outcome;

    if (outcome->has_context_id) {
        msd_proof_load(attempt, outcome->context_id);
        outcome->has_context_id = !msd_proof_is_taken(attempt);
    }
    return msd_proof_refuse(attempt, MSD_STALE, reason);
}

/* The digest is right: from here on the client need not ask its user. */
static msd_verdict_t check_freshness(msd_attempt_t *attempt)
{
    uint64_t now = attempt->world->now_ms;

    if (attempt->nonce_is_ours && msd_proof_is_taken(attempt)) {
        attempt->outcome->has_context_id = false;
        return msd_proof_refuse(attempt, MSD_STALE,
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
        return msd_proof_refuse(attempt, MSD_STALE,
                                "the nonce is of the future");
    }
    if (now > attempt->nonce.minted_ms
        && now - attempt->nonce.minted_ms
               > attempt->policy->nonce_lifetime_ms) {
        return msd_proof_refuse(attempt, MSD_STALE, "the nonce has expired");
    }
    return MSD_ACCEPTED;
}

static msd_verdict_t judge_count(msd_attempt_t *attempt,
                                 msd_replay_result_t result)
{
    switch (result) {
    case MSD_REPLAY_ACCEPTED: return MSD_ACCEPTED;
    case MSD_REPLAY_SEEN:
        return msd_proof_refuse(attempt, MSD_REPLAYED,
                                "the count was used before");
    case MSD_REPLAY_LATE:
        return msd_proof_refuse(attempt, MSD_STALE,
                                "the count is too far behind");
    case MSD_REPLAY_GONE:
        return msd_proof_refuse(attempt, MSD_STALE,
                                "the nonce was pushed out");
    case MSD_REPLAY_FOREIGN:
        return msd_proof_refuse(attempt, MSD_STALE,
                                "the nonce is of another life of the guard");
    case MSD_REPLAY_EXPIRED:
        return msd_proof_refuse(attempt, MSD_STALE,
                                "the nonce has expired by the guard's clock");
    case MSD_REPLAY_UNSURE:
        return msd_proof_refuse(attempt, MSD_STALE,
                                "the count may be one that got no answer");
    case MSD_REPLAY_UNAVAILABLE:
        return msd_proof_refuse(attempt, MSD_UNAVAILABLE,
                                "the replay guard does not answer");
    case MSD_REPLAY_RANGE:
    default:
        return msd_proof_refuse(attempt, MSD_STALE,
                                "the count is out of range");
    }
}

/* The same name in another realm is another user.  The key is that of the
 * nonce's generation, so that a count stays used when the secret changes. */
static msd_replay_key_t replay_key(const msd_attempt_t *attempt)
{
    msd_text_t user = attempt->outcome->user;
    msd_text_t realm = attempt->credentials.realm;

    if (!msd_text_equal(realm, msd_text_of(attempt->policy->realm))) {
        user = msd_text_of(apr_psprintf(attempt->world->pool, "%.*s\n%.*s",
                                        (int)user.len, user.data,
                                        (int)realm.len, realm.data));
    }
    return msd_replay_key(&attempt->nonce, user, attempt->keys->user);
}

static msd_count_t count_of(const msd_attempt_t *attempt)
{
    return (msd_count_t){
        .key = replay_key(attempt),
        .minted_ms = attempt->nonce.minted_ms,
        .lifetime_ms = attempt->policy->nonce_lifetime_ms,
        .life = (uint32_t)attempt->nonce.life,
        .nc = attempt->credentials.nc,
        .mode = attempt->policy->replay_mode,
    };
}

/* What the guard would say to the count; nothing changes. */
static msd_verdict_t peek_count(msd_attempt_t *attempt)
{
    const msd_guard_t *guard = attempt->world->guard;
    msd_count_t count;

    if (attempt->policy->replay_mode == MSD_REPLAY_OFF
        || attempt->request->counted) {
        return MSD_ACCEPTED;
    }
    count = count_of(attempt);
    return judge_count(attempt, guard->peek(guard->self, &count));
}

/*
 * A count that was used is a replay wherever it is sent (python-requests sends
 * its header again to the target of a redirect); one that was never used and
 * names another resource is a fault of the client or of a proxy between.
 */
static msd_verdict_t check_uri(msd_attempt_t *attempt)
{
    msd_verdict_t verdict;

    if (msd_uri_matches(attempt->credentials.uri, &attempt->request->target,
                        attempt->policy->uri_rules)) {
        return MSD_ACCEPTED;
    }
    verdict = peek_count(attempt);
    if (verdict != MSD_ACCEPTED) {
        return verdict;
    }
    return msd_proof_refuse(attempt, MSD_WRONG_URI,
                            "uri is not the request target");
}

/*
 * The authority is asked again only about a request that would be accepted
 * otherwise: one that was recorded, and is sent again and again, asks nobody.
 */
static msd_verdict_t check_age(msd_attempt_t *attempt)
{
    msd_verdict_t verdict;

    if (attempt->outcome->proven != MSD_PROVEN_BY_CONTEXT
        || !msd_proof_is_due(attempt)) {
        return MSD_ACCEPTED;
    }
    verdict = peek_count(attempt);
    return verdict == MSD_ACCEPTED ? msd_proof_confirm(attempt) : verdict;
}

static msd_verdict_t use_count(msd_attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;
    const msd_guard_t *guard = attempt->world->guard;
    msd_verdict_t verdict = MSD_ACCEPTED;
    msd_count_t count;

    attempt->outcome->counted = attempt->request->counted;
    if (policy->replay_mode == MSD_REPLAY_OFF || attempt->request->counted) {
        return MSD_ACCEPTED;
    }
    count = count_of(attempt);
    verdict = judge_count(attempt, guard->accept(guard->self, &count));
    attempt->outcome->counted = verdict == MSD_ACCEPTED;
    return verdict;
}

void msd_accept(const msd_world_t *world, const msd_policy_t *policy,
                const msd_request_t *request, msd_outcome_t *outcome)
{
    static msd_verdict_t (*const steps[])(msd_attempt_t *) = {
        check_syntax,    check_policy,      msd_channel_read, read_nonce,
        msd_proof_check, msd_channel_check, check_freshness,  check_uri,
        check_age,       use_count,         msd_remember,
    };
    msd_attempt_t attempt;

    memset(outcome, 0, sizeof(*outcome));
    attempt.world = world;
    attempt.policy = policy;
    attempt.request = request;
    attempt.outcome = outcome;
    attempt.opaque_is_ours = false;
    attempt.state = MSD_CONTEXT_NONE;
    attempt.record_len = 0;
    attempt.turn.place = NULL;
    attempt.turn.waited = false;
    outcome->verdict = MSD_ACCEPTED;
    for (apr_size_t i = 0; outcome->verdict == MSD_ACCEPTED
                           && i < sizeof(steps) / sizeof(steps[0]);
         i++) {
        outcome->verdict = steps[i](&attempt);
    }
    msd_ask_end(&attempt);
    msd_wipe(&attempt, offsetof(msd_attempt_t, record) + attempt.record_len);
}

bool msd_verdict_is_stale(msd_verdict_t verdict)
{
    return verdict == MSD_STALE || verdict == MSD_REPLAYED;
}
