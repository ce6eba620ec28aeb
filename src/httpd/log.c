/* SPDX-License-Identifier: Apache-2.0 */
/* One line for each refusal. */
#include "httpd/log.h"

#include <string.h>

#include <apr_strings.h>

APLOG_USE_MODULE(auth_msdigest);

/* Replays on one context before they are worth a notice: one happens when a
 * client follows a redirect, or resends after a broken connection. */
#define REPLAYS_UNTIL_NOTICE 3

/* Seconds between two lines about the same failing part. */
#define FAILURE_INTERVAL 10

/* The place of a note; see log.h. */
#define CNONCE_NOTE 32

/*
 * Count a thing that happened, by a key, in all processes.  note = [ key:48 |
 * count:16 ]; keys that share a place forget each other, which costs a line
 * too many or too few and no memory.
 * Returns how often it was counted, from 1.
 */
static unsigned count_note(msd_state_t *state, uint64_t key)
{
    _Atomic(uint64_t) *note = &state->notes[key % MSD_STATE_NOTES];
    uint64_t old = atomic_load(note);
    uint64_t tag = key >> 16 << 16;
    uint64_t count = (old & ~UINT64_C(0xffff)) == tag ? old & 0xffff : 0;

    if (count < 0xffff) {
        count++;
    }
    atomic_store(note, tag | count);
    return (unsigned)count;
}

/* A key for notes about a context: its id is random already. */
static uint64_t context_key(const msd_outcome_t *outcome)
{
    uint64_t key;

    memcpy(&key, outcome->context_id, sizeof(key));
    return key ^ (uint64_t)outcome->verdict << 60;
}

static const char *user_name(request_rec *r, const msd_outcome_t *outcome)
{
    return apr_pstrmemdup(r->pool, outcome->user.data, outcome->user.len);
}

static void log_denied(request_rec *r, const msd_outcome_t *outcome)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  MSD_LOGNO(102) "user '%s' denied for %s: %s",
                  user_name(r, outcome), r->uri, outcome->reason);
}

static void log_replayed(msd_state_t *state, request_rec *r,
                         const msd_outcome_t *outcome)
{
    unsigned times = count_note(state, context_key(outcome));
    bool notice = times == REPLAYS_UNTIL_NOTICE || (times & 1023) == 1023;

    ap_log_rerror(APLOG_MARK, notice ? APLOG_NOTICE : APLOG_DEBUG, 0, r,
                  MSD_LOGNO(104) "user '%s' sent the same request again for "
                  "%s: %s (%u on this context); a client that repeats "
                  "itself, or somebody who recorded it",
                  user_name(r, outcome), r->uri, outcome->reason, times);
}

static void log_wrong_uri(msd_state_t *state, request_rec *r,
                          const msd_outcome_t *outcome)
{
    bool first = count_note(state, context_key(outcome)) == 1;

    ap_log_rerror(APLOG_MARK, first ? APLOG_NOTICE : APLOG_DEBUG, 0, r,
                  MSD_LOGNO(105) "user '%s' refused for %s: %s; a proxy in "
                  "front that changes paths must not do so, and a client "
                  "that drops the query needs AuthMSDigestUriMatch path",
                  user_name(r, outcome), r->uri, outcome->reason);
}

bool msd_log_is_repeated(msd_state_t *state, unsigned kind)
{
    uint64_t interval = msd_state_now_ms(state) / (FAILURE_INTERVAL * 1000);

    return count_note(state, kind | (interval + 1) << 16) > 1;
}

bool msd_log_is_first(msd_state_t *state, unsigned kind)
{
    return count_note(state, kind | UINT64_C(1) << 16) == 1;
}

static void log_unavailable(msd_state_t *state, request_rec *r,
                            const msd_outcome_t *outcome)
{
    bool repeated = msd_log_is_repeated(state, MSD_UNAVAILABLE);

    ap_log_rerror(APLOG_MARK, repeated ? APLOG_DEBUG : APLOG_ERR, 0, r,
                  MSD_LOGNO(106) "nobody can prove user '%s' for %s: %s; "
                  "clients get 503 until the provider answers again (its own "
                  "message stands above)",
                  user_name(r, outcome), r->uri, outcome->reason);
}

/* Once in a while: it is an attack, or somebody's forgotten device. */
static void log_too_many(msd_state_t *state, request_rec *r,
                         const msd_outcome_t *outcome)
{
    bool repeated = msd_log_is_repeated(state, MSD_TOO_MANY);

    ap_log_rerror(APLOG_MARK, repeated ? APLOG_DEBUG : APLOG_WARNING, 0, r,
                  MSD_LOGNO(112) "the provider is not asked about user '%s' "
                  "for %s: %s; new logins get 429 for %u seconds, sessions go "
                  "on; see AuthMSDigestFailureLimit",
                  user_name(r, outcome), r->uri, outcome->reason,
                  outcome->retry_after_s);
}

/* Behind a right digest stands a user whose request came on another way than
 * he sent it; without one, perhaps nobody. */
static void log_bad_binding(msd_state_t *state, request_rec *r,
                            const msd_outcome_t *outcome)
{
    bool repeated = outcome->proven == MSD_PROVEN_NOT
                    && msd_log_is_repeated(state, MSD_BAD_BINDING);

    ap_log_rerror(APLOG_MARK, repeated ? APLOG_DEBUG : APLOG_WARNING, 0, r,
                  MSD_LOGNO(480) "user '%s' refused for %s: bad channel "
                  "binding: %s",
                  user_name(r, outcome), r->uri, outcome->reason);
}

/* It costs a trip for each request, and the administrator can change that. */
static void log_cnonce(msd_state_t *state, request_rec *r,
                       const msd_outcome_t *outcome)
{
    if (outcome->cnonce_changed && msd_log_is_first(state, CNONCE_NOTE)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      MSD_LOGNO(337) "the client of user '%s' draws a new "
                      "cnonce for each request, as browsers do, and the "
                      "authority gives a key for one cnonce only: it is asked "
                      "for each request; for browsers prefer a provider with "
                      "realm hashes",
                      user_name(r, outcome));
    }
}

/* What can go wrong beside an answer that is right. */
static void log_troubles(msd_state_t *state, request_rec *r,
                         const msd_outcome_t *outcome)
{
    if (outcome->revalidation_failed && !msd_log_is_repeated(state, 1)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      MSD_LOGNO(108) "the provider is not available to "
                      "confirm user '%s'; its last word stands until the end "
                      "of AuthMSDigestContextLifetime",
                      user_name(r, outcome));
    }
    if (outcome->store_status != APR_SUCCESS
        && !msd_log_is_repeated(state, 2)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, outcome->store_status, r,
                      MSD_LOGNO(107) "cannot keep a context: each request "
                      "asks the provider; check AuthMSDigestContextCache");
    }
}

void msd_log_outcome(msd_state_t *state, request_rec *r,
                     const msd_outcome_t *outcome)
{
    if (outcome->revalidation_failed || outcome->store_status != APR_SUCCESS) {
        log_troubles(state, r, outcome);
    }
    log_cnonce(state, r, outcome);
    switch (outcome->verdict) {
    case MSD_ACCEPTED:
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      MSD_LOGNO(100) "user '%s' accepted for %s by the %s",
                      user_name(r, outcome), r->uri,
                      outcome->proven == MSD_PROVEN_BY_CONTEXT ? "context"
                                                               : "authority");
        break;
    case MSD_NO_CREDENTIALS:
    case MSD_VERDICT_COUNT:
        break;
    case MSD_MALFORMED:
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      MSD_LOGNO(101) "malformed credentials of user '%s' for "
                      "%s: %s", user_name(r, outcome), r->uri,
                      outcome->reason);
        break;
    case MSD_DENIED:
        log_denied(r, outcome);
        break;
    case MSD_STALE:
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      MSD_LOGNO(103) "user '%s' gets a new nonce for %s: %s",
                      user_name(r, outcome), r->uri, outcome->reason);
        break;
    case MSD_REPLAYED:
        log_replayed(state, r, outcome);
        break;
    case MSD_WRONG_URI:
        log_wrong_uri(state, r, outcome);
        break;
    case MSD_TOO_LARGE:
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      MSD_LOGNO(109) "user '%s' refused for %s: %s; see "
                      "AuthMSDigestMaxBody",
                      user_name(r, outcome), r->uri, outcome->reason);
        break;
    case MSD_TOO_MANY:
        log_too_many(state, r, outcome);
        break;
    case MSD_UNAVAILABLE:
        log_unavailable(state, r, outcome);
        break;
    case MSD_BAD_BINDING:
        log_bad_binding(state, r, outcome);
        break;
    }
}
