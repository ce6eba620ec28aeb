/* SPDX-License-Identifier: Apache-2.0 */
/* The questions to the authority, and what spares it too many of them. */
#include "ask.h"

#include <string.h>

#include <apr_lib.h>

#include "digest/username.h"

/* Odd numbers that keep apart what is counted under one name. */
#define OF_AUTHORITY UINT64_C(0x9e3779b97f4a7c15)
#define OF_ADDRESS UINT64_C(0xc2b2ae3d27d4eb4f)
#define OF_REPROOF UINT64_C(0x165667b19e3779f9)
#define OF_SENDER UINT64_C(0x85ebca77c2b2ae63)

/* The names under which a user may be known, as marks, each once. */
typedef struct {
    uint64_t marks[MSD_USERNAME_FORMS + 1];
    int count;
    uint64_t sender;    /* the name as sent, and where: nobody else's */
} names_t;

static uint64_t authority_mark(const msd_world_t *world)
{
    uint64_t mark = 0;

    for (int i = 0; i < world->authority_count; i++) {
        const msd_authority_t *authority = &world->authorities[i];

        if (authority->mark != NULL) {
            mark = OF_AUTHORITY * mark + authority->mark(authority->self);
        }
    }
    return OF_AUTHORITY * mark;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * One form of a name: without its domain, in small letters and without needless
 * blanks, as directories know no difference, and one who guesses must not have
 * a limit for each way to write it.
 */
static uint64_t mark_name(const msd_attempt_t *attempt, msd_text_t form)
{
    msd_text_t name = msd_username_strip(form);
    char *small = apr_palloc(attempt->world->pool, name.len + 1);
    apr_size_t len = 0;

    for (apr_size_t i = 0; i < name.len; i++) {
        if (!is_blank(name.data[i])) {
            small[len++] = (char)apr_tolower(name.data[i]);
        } else if (len > 0 && small[len - 1] != ' ') {
            small[len++] = ' ';
        }
    }
    if (len > 0 && small[len - 1] == ' ') {
        len--;
    }
    return msd_context_mark((msd_text_t){ small, len },
                            attempt->world->keys->user);
}

static void add_name(names_t *names, uint64_t mark)
{
    for (int i = 0; i < names->count; i++) {
        if (names->marks[i] == mark) {
            return;
        }
    }
    names->marks[names->count++] = mark;
}

static uint64_t mark_sender(const msd_attempt_t *attempt)
{
    const unsigned char *key = attempt->world->keys->user;

    return OF_SENDER
           * (msd_context_mark(attempt->credentials.username.value, key)
              + 3 * msd_context_mark(attempt->credentials.realm, key)
              + 5 * attempt->scope_mark);
}

static void mark_names(const msd_attempt_t *attempt, names_t *names)
{
    const msd_world_t *world = attempt->world;
    msd_text_t forms[MSD_USERNAME_FORMS];
    uint64_t authority = authority_mark(world);

    int n = msd_username_forms(&attempt->credentials.username, world->pool,
                               forms);

    names->count = 0;
    for (int i = 0; i < n; i++) {
        add_name(names, mark_name(attempt, forms[i]) + authority);
    }
    names->sender = authority + mark_sender(attempt);
}

static uint64_t mark_address(const msd_attempt_t *attempt)
{
    return OF_ADDRESS
           * (msd_context_mark(attempt->request->address,
                               attempt->world->keys->user) | 1);
}

/* Whether the client, on a nonce that it used before, sent another cnonce than
 * that for which the authority gave its key. */
static bool is_reproof(const msd_attempt_t *attempt)
{
    return attempt->state == MSD_CONTEXT_FOUND && !msd_proof_is_taken(attempt)
           && !attempt->context.has_base_key && attempt->credentials.nc > 1;
}

static bool has_limits(const msd_attempt_t *attempt)
{
    const msd_policy_t *policy = attempt->policy;

    return attempt->world->counters != NULL
           && (policy->wrong_user.limit != 0 || policy->reproof.limit != 0
               || policy->wrong_address.limit != 0);
}

static uint32_t longer(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Returns the seconds to wait, 0 for none. */
static uint32_t seconds_to_wait(const msd_attempt_t *attempt,
                                const names_t *names)
{
    const msd_counters_t *counters = attempt->world->counters;
    const msd_policy_t *policy = attempt->policy;
    uint64_t now_ms = attempt->world->now_ms;
    uint32_t wait = msd_counters_wait(counters, mark_address(attempt), now_ms,
                                      &policy->wrong_address);

    for (int i = 0; i < names->count; i++) {
        wait = longer(wait, msd_counters_wait(counters, names->marks[i],
                                              now_ms, &policy->wrong_user));
    }
    if (is_reproof(attempt)) {
        wait = longer(wait, msd_counters_wait(counters,
                                              OF_REPROOF * names->marks[0],
                                              now_ms, &policy->reproof));
    }
    return wait;
}

static msd_verdict_t check_limits(msd_attempt_t *attempt)
{
    names_t names;

    if (!has_limits(attempt)) {
        return MSD_ACCEPTED;
    }
    mark_names(attempt, &names);
    attempt->outcome->retry_after_s = seconds_to_wait(attempt, &names);
    if (attempt->outcome->retry_after_s == 0) {
        return MSD_ACCEPTED;
    }
    return msd_proof_refuse(attempt, MSD_TOO_MANY,
                            is_reproof(attempt)
                                ? "too many wrong answers, or proofs for new "
                                  "cnonces, of late"
                                : MSD_ASK_TOO_MANY);
}

bool msd_ask_wait(msd_attempt_t *attempt)
{
    const msd_turns_t *turns = attempt->world->turns;
    names_t names;

    if (turns == NULL || !attempt->policy->take_turns) {
        return true;
    }
    mark_names(attempt, &names);
    return msd_turn_begin(turns, names.marks[0], &attempt->turn);
}

msd_verdict_t msd_ask_begin(msd_attempt_t *attempt)
{
    msd_verdict_t verdict = check_limits(attempt);

    if (verdict != MSD_ACCEPTED) {
        return verdict;
    }
    /* A page of such a browser is many at once, of which none helps another;
     * how many a minute has, has its limit. */
    if (is_reproof(attempt)) {
        return MSD_ACCEPTED;
    }
    if (!msd_ask_wait(attempt)) {
        return msd_proof_refuse(attempt, MSD_UNAVAILABLE,
                                "others ask the provider about this user, and "
                                "get no answer");
    }
    /* Whoever had the turn before may have been wrong since. */
    return attempt->turn.place != NULL ? check_limits(attempt) : MSD_ACCEPTED;
}

static void count_wrong(const msd_attempt_t *attempt, const names_t *names)
{
    const msd_counters_t *counters = attempt->world->counters;
    const msd_policy_t *policy = attempt->policy;
    uint64_t now_ms = attempt->world->now_ms;

    msd_counters_add(counters, mark_address(attempt), now_ms,
                     &policy->wrong_address);
    msd_counters_add(counters, names->sender, now_ms, &policy->wrong_user);
    for (int i = 0; i < names->count; i++) {
        msd_counters_add(counters, names->marks[i], now_ms,
                         &policy->wrong_user);
    }
}

/*
 * What was wrong under other names that count as this one stays: bob@there,
 * or the bob of another realm, may be somebody else, who would guess anew with
 * each login of his own.
 */
static void count_right(const msd_attempt_t *attempt, const names_t *names)
{
    const msd_counters_t *counters = attempt->world->counters;
    const msd_policy_t *policy = attempt->policy;
    uint64_t now_ms = attempt->world->now_ms;
    uint32_t n = msd_counters_take(counters, names->sender, now_ms,
                                   &policy->wrong_user);

    for (int i = 0; i < names->count; i++) {
        msd_counters_forgive(counters, names->marks[i], n);
    }
    if (is_reproof(attempt)) {
        msd_counters_add(counters, OF_REPROOF * names->marks[0], now_ms,
                         &policy->reproof);
    }
}

/*
 * A directory may take other letters for the same (fullwidth ones, capital ones
 * beyond ASCII): the name that it knows counts beside the one that was sent.
 * Returns the seconds that this user has to wait, 0 for none.
 */
static uint32_t seconds_as_known(const msd_attempt_t *attempt, names_t *names)
{
    uint64_t mark;

    if (attempt->proof.user.len == 0) {
        return 0;
    }
    mark = mark_name(attempt, attempt->proof.user)
           + authority_mark(attempt->world);
    add_name(names, mark);
    return msd_counters_wait(attempt->world->counters, mark,
                             attempt->world->now_ms,
                             &attempt->policy->wrong_user);
}

void msd_ask(msd_attempt_t *attempt, const unsigned char *known_key)
{
    const msd_world_t *world = attempt->world;
    msd_question_t question = {
        .username = &attempt->credentials.username,
        .realm = attempt->credentials.realm,
        .response = &attempt->response,
        .known_key = known_key,
        .pool = world->pool,
    };
    names_t names;

    attempt->vouched_ms = world->now_ms;
    msd_authority_ask(world->authorities, world->authority_count, &question,
                      &attempt->proof);
    if (!has_limits(attempt)
        || attempt->proof.result == MSD_PROOF_UNAVAILABLE) {
        return;
    }
    mark_names(attempt, &names);
    attempt->outcome->retry_after_s = seconds_as_known(attempt, &names);
    if (attempt->proof.result != MSD_PROOF_GRANTED) {
        count_wrong(attempt, &names);
    } else if (attempt->outcome->retry_after_s == 0) {
        count_right(attempt, &names);
    }
}

uint64_t msd_ask_trusts_ms(const msd_attempt_t *attempt, uint32_t trust_s,
                           uint64_t max_ms)
{
    uint64_t trust_ms = UINT64_C(1000) * trust_s;
    uint64_t limit_ms = attempt->policy->revalidate_ms;

    if (trust_ms > 0 && trust_ms < limit_ms) {
        limit_ms = trust_ms;
    }
    return limit_ms < max_ms ? limit_ms : max_ms;
}

void msd_ask_end(msd_attempt_t *attempt)
{
    bool proven = attempt->outcome->verdict == MSD_ACCEPTED
                  && attempt->outcome->proven == MSD_PROVEN_BY_AUTHORITY;

    msd_turn_end(&attempt->turn,
                 proven ? attempt->nonce.context_id : NULL);
}
