/* SPDX-License-Identifier: Apache-2.0 */
/* What spares the authority: limits, and one question at a time. */
#include "world.h"

#include "ask.h"

#define LIMIT 3

/* What another process does while this one waits. */
static void (*meanwhile)(void);
static msd_turn_t neighbour;
static bool goes_away;

/* What it does just before this one takes its turn without waiting. */
static void (*before)(void);

static uint64_t now_ms(void *self)
{
    void (*act)(void) = before;

    (void)self;
    before = NULL;
    if (act != NULL) {
        act();
    }
    return world.now_ms;
}

static void pause_us(void *self, uint32_t us)
{
    (void)self;
    world.now_ms += (us + 999) / 1000;
    if (meanwhile != NULL) {
        void (*act)(void) = meanwhile;

        meanwhile = NULL;
        act();
    }
}

static void set_up_limits(void)
{
    const msd_turn_clock_t clock = { NULL, now_ms, pause_us };

    meanwhile = NULL;
    before = NULL;
    goes_away = false;
    world.counters = msd_counters_attach(
        apr_pcalloc(unit_pool, msd_counters_size()), unit_pool);
    world.turns = msd_turns_attach(apr_pcalloc(unit_pool, msd_turns_size()),
                                   clock, unit_pool);
    policy.wrong_user = (msd_rate_t){ LIMIT, 600, MSD_DECAY_QUIET };
    policy.wrong_address = (msd_rate_t){ 2 * LIMIT, 600, MSD_DECAY_LEAK };
    policy.reproof = (msd_rate_t){ LIMIT, 60, MSD_DECAY_LEAK };
    policy.take_turns = true;
    request.address = MSD_TEXT("addr");
}

static client_t named(const char *user, const char *password)
{
    client_t client = new_client(user, password);

    return client;
}

/* Be wrong, and be told so. */
static void be_wrong(const char *user, int times)
{
    for (int i = 0; i < times; i++) {
        client_t client = named(user, "wrong");

        ck_assert_msg(get(&client, "/") == MSD_DENIED, "%s, time %d", user, i);
    }
}

static void assert_spared(client_t *client, const char *when)
{
    int lookups = known.lookups;

    ck_assert_msg(get(client, "/") == MSD_TOO_MANY, "%s: %d", when,
                  outcome.verdict);
    ck_assert_msg(outcome.retry_after_s > 0, "%s", when);
    ck_assert_msg(known.lookups == lookups, "%s", when);
    ck_assert(!msd_verdict_is_stale(outcome.verdict));
}

START_TEST(wrong_answers_of_a_user_have_a_limit)
{
    client_t right = new_ann();
    client_t wrong = named("ann", "wrong");
    client_t bob = new_bob();

    be_wrong("ann", LIMIT);
    assert_spared(&wrong, "a wrong one");
    ck_assert_uint_eq(outcome.retry_after_s, 600);
    assert_spared(&right, "a right one, just the same");
    ck_assert_uint_eq(outcome.retry_after_s, 600);
    ck_assert_int_eq(get(&bob, "/"), MSD_ACCEPTED);
    world.now_ms += 599 * SECOND;
    assert_spared(&right, "still");
    ck_assert_uint_eq(outcome.retry_after_s, 1);
    world.now_ms += 1 * SECOND;
    right = new_ann();
    ck_assert_int_eq(get(&right, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(unknown_user_has_the_same_limit)
{
    client_t nobody = named("nobody", "x");

    be_wrong("nobody", LIMIT);
    assert_spared(&nobody, "unknown");
    ck_assert_uint_eq(outcome.retry_after_s, 600);
}
END_TEST

START_TEST(right_answer_forgets_wrong_ones)
{
    client_t ann = new_ann();

    be_wrong("ann", LIMIT - 1);
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    be_wrong("ann", LIMIT - 1);
    ann = new_ann();
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(good_context_is_never_locked_out)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    be_wrong("ann", LIMIT);
    assert_from_context(&ann, "while others are spared");
    world.now_ms += 500 * SECOND;
    be_wrong("bob", 1);
    policy.revalidate_ms = 500 * SECOND;
    assert_from_authority(&ann, "and is confirmed, too");
}
END_TEST

START_TEST(nothing_but_a_proven_wrong_digest_counts)
{
    client_t ann = new_ann();
    client_t probe;

    for (int i = 0; i < 3 * LIMIT; i++) {
        ck_assert_int_eq(ask(""), MSD_NO_CREDENTIALS);
        ck_assert_int_eq(ask("Digest username=\"ann\""), MSD_MALFORMED);
        ann = new_ann();
        world.now_ms += policy.nonce_lifetime_ms + 1;
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        known.unavailable = true;
        probe = named("ann", "wrong");
        ck_assert_int_eq(get(&probe, "/"), MSD_UNAVAILABLE);
        known.unavailable = false;
    }
    ann = new_ann();
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(wrong_digest_counts_whatever_its_nonce)
{
    client_t ann = named("ann", "wrong");

    for (int i = 0; i < LIMIT; i++) {
        begin_life((unsigned char)(i + 2));
        world.now_ms += policy.nonce_lifetime_ms + 1;
        ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    }
    assert_spared(&ann, "foreign nonces");
}
END_TEST

START_TEST(all_spellings_of_a_name_count_as_one)
{
    static const char *const spellings[] = { "ANN", "DOM\\ann", "ann@dom",
                                             "An\\n" };
    client_t ann = new_ann();

    policy.wrong_user.limit = UNIT_COUNT(spellings);
    for (int i = 0; i < UNIT_COUNT(spellings); i++) {
        be_wrong(spellings[i], 1);
    }
    assert_spared(&ann, "all of them");
}
END_TEST

/* Directories leave blanks out where they compare names. */
START_TEST(blanks_make_no_other_name)
{
    static const char *const spellings[] = { "ann b", " ann b", "ann b  ",
                                             "ann   b", "DOM\\ ann b",
                                             "ann b @dom" };
    client_t ann = named("ann b", "wrong");

    policy.wrong_user.limit = UNIT_COUNT(spellings);
    policy.wrong_address.limit = 0;
    for (int i = 0; i < UNIT_COUNT(spellings); i++) {
        be_wrong(spellings[i], 1);
    }
    assert_spared(&ann, "all of them");
}
END_TEST

/* The forms of a name that is sent as it should be, "DOM\\ann", differ in the
 * domain only. */
START_TEST(wrong_answer_counts_once_for_a_name)
{
    client_t ann = named("DOM\\ann", "wrong");

    ann.wire_user = "=\"DOM\\\\ann\"";
    for (int i = 0; i < LIMIT; i++) {
        ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    }
    assert_spared(&ann, "after all of them");
}
END_TEST

/* One who has an account of the same name elsewhere, or in another realm, must
 * not begin to guess anew with each login of his own. */
START_TEST(right_answer_forgets_those_of_its_name_only)
{
    client_t namesake = named("OTHER\\ann", "his own");
    client_t ann = new_ann();

    set_password("OTHER\\ann", "his own");
    be_wrong("ann", LIMIT - 1);
    ck_assert_int_eq(get(&namesake, "/"), MSD_ACCEPTED);
    be_wrong("ann", 1);
    assert_spared(&ann, "whatever the other one did");
}
END_TEST

START_TEST(right_answer_at_another_place_forgets_nothing_here)
{
    msd_text_t here = policy.scope;
    client_t namesake;
    client_t ann = new_ann();

    be_wrong("ann", LIMIT - 1);
    policy.scope = MSD_TEXT("another host");
    namesake = new_ann();
    ck_assert_int_eq(get(&namesake, "/"), MSD_ACCEPTED);
    policy.scope = here;
    be_wrong("ann", 1);
    assert_spared(&ann, "whatever the other one did");
}
END_TEST

/* As a directory does that takes other letters for the same. */
static void prove_as_ann(void *self, const msd_question_t *question,
                         msd_proof_t *out)
{
    prove_session(self, question, out);
    if (out->result == MSD_PROOF_UNKNOWN) {
        out->result = MSD_PROOF_DENIED;
        out->reason = "wrong password";
        out->user = MSD_TEXT("ann");
    }
}

START_TEST(name_that_the_authority_knows_counts_too)
{
    static const char *const spellings[] = { "s1", "s2", "s3", "s4" };
    client_t ann = new_ann();
    client_t other = named("s5", "x");

    authority.prove = prove_as_ann;
    policy.wrong_address.limit = 0;
    for (int i = 0; i < LIMIT; i++) {
        be_wrong(spellings[i], 1);
    }
    ck_assert_int_eq(get(&other, "/"), MSD_TOO_MANY);
    ck_assert_uint_eq(outcome.retry_after_s, 600);
    assert_spared(&ann, "under its own name");
}
END_TEST

START_TEST(wrong_answers_of_an_address_have_a_limit)
{
    client_t ann = new_ann();

    be_wrong("u1", 2);
    be_wrong("u2", 2);
    be_wrong("u3", 2);
    assert_spared(&ann, "whoever it is");
    request.address = MSD_TEXT("else");
    ann = new_ann();
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    request.address = MSD_TEXT("addr");
    world.now_ms += 100 * SECOND;
    ann = new_ann();
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(no_limit_is_none)
{
    policy.wrong_user.limit = 0;
    policy.wrong_address.limit = 0;
    be_wrong("ann", 5 * LIMIT);
}
END_TEST

START_TEST(proofs_for_changing_cnonces_have_a_limit)
{
    client_t ann = new_ann();
    client_t curl = new_ann();

    authority.prove = prove_session;
    log_in(&ann);
    log_in(&curl);
    ann.new_cnonce = true;
    for (int i = 0; i < LIMIT; i++) {
        assert_from_authority(&ann, "within the limit");
    }
    assert_spared(&ann, "one more");
    ck_assert_uint_le(outcome.retry_after_s, 60 / LIMIT);
    assert_from_context(&curl, "one that keeps its cnonce");
    curl = new_ann();
    ck_assert_int_eq(get(&curl, "/"), MSD_ACCEPTED);
    world.now_ms += 60 / LIMIT * SECOND;
    assert_from_authority(&ann, "later");
}
END_TEST

/* ---- Turns */

/* A question about ann that is on its way in another process. */
static uint64_t mark_of_ann(void)
{
    msd_turn_t turn;
    client_t ann = new_ann();
    msd_attempt_t attempt;

    memset(&attempt, 0, sizeof(attempt));
    attempt.world = &world;
    attempt.policy = &policy;
    attempt.credentials.username.value = unit_exact(ann.user, 3);
    ck_assert(msd_ask_wait(&attempt));
    turn = attempt.turn;
    msd_turn_end(&turn, NULL);
    return turn.mark;
}

static void neighbour_ends(void)
{
    msd_turn_end(&neighbour, NULL);
}

START_TEST(others_wait_for_their_turn)
{
    client_t ann = new_ann();

    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    meanwhile = neighbour_ends;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(known.lookups, 1);
    /* It was given back. */
    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    ck_assert(!neighbour.waited);
}
END_TEST

START_TEST(turn_that_does_not_come_isgoes_away)
{
    client_t ann = new_ann();
    client_t bob = new_bob();

    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
    ck_assert_int_eq(known.lookups, 0);
    ck_assert_int_eq(get(&bob, "/"), MSD_ACCEPTED);
    policy.take_turns = false;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
}
END_TEST

/* A slow authority would have the end of a page answered with 503. */
START_TEST(proofs_for_changing_cnonces_do_not_queue)
{
    client_t ann = new_ann();

    authority.prove = prove_session;
    log_in(&ann);
    ann.new_cnonce = true;
    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    assert_from_authority(&ann, "while another one is on its way");
}
END_TEST

START_TEST(refusal_gives_the_turn_back)
{
    be_wrong("ann", 2);
    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    ck_assert(!neighbour.waited);
}
END_TEST

/* Another client of the same user logs in while this one waits. */
static client_t other;

static void neighbour_logs_in(void)
{
    msd_turn_end(&neighbour, NULL);
    ck_assert_int_eq(get(&other, "/"), MSD_ACCEPTED);
}

/* The client's next request waits for its turn while the neighbour acts. */
static void wait_beside(client_t *client, void (*act)(void),
                        msd_outcome_t *decided)
{
    const char *header = answer(client, "/");
    msd_request_t mine = request;

    mine.authorization = unit_exact(header, strlen(header));
    mine.target.target = MSD_TEXT("/");
    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    meanwhile = act;
    msd_accept(&world, &policy, &mine, decided);
}

START_TEST(first_answers_at_once_ask_once)
{
    client_t ann = new_ann();
    msd_outcome_t decided;

    other = new_ann();
    wait_beside(&ann, neighbour_logs_in, &decided);
    ck_assert_int_eq(decided.verdict, MSD_ACCEPTED);
    ck_assert_int_eq(decided.proven, MSD_PROVEN_BY_AUTHORITY);
    ck_assert_int_eq(known.lookups, 1);
    /* Each has a context of its own. */
    ck_assert_str_ne(ann.opaque, other.opaque);
    assert_from_context(&ann, "the one that waited");
    assert_from_context(&other, "the one that asked");
}
END_TEST

START_TEST(wrong_answer_learns_nothing_from_its_neighbour)
{
    client_t liar = named("ann", "wrong");
    msd_outcome_t decided;

    other = new_ann();
    wait_beside(&liar, neighbour_logs_in, &decided);
    ck_assert_int_eq(decided.verdict, MSD_DENIED);
    ck_assert_int_eq(known.lookups, 2);
}
END_TEST

static void neighbour_fails(void)
{
    msd_turn_end(&neighbour, NULL);
    be_wrong("ann", LIMIT);
}

START_TEST(limit_holds_for_those_who_waited)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");
    msd_request_t mine = request;
    msd_outcome_t decided;

    mine.authorization = unit_exact(header, strlen(header));
    mine.target.target = MSD_TEXT("/");
    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    meanwhile = neighbour_fails;
    msd_accept(&world, &policy, &mine, &decided);
    ck_assert_int_eq(decided.verdict, MSD_TOO_MANY);
    ck_assert_int_eq(known.lookups, LIMIT);
}
END_TEST

/* Between the look at the limit and the turn that is free again. */
static void neighbour_was_quick(void)
{
    be_wrong("ann", LIMIT);
}

START_TEST(limit_holds_for_those_whose_turn_came_at_once)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");
    msd_request_t mine = request;
    msd_outcome_t decided;

    mine.authorization = unit_exact(header, strlen(header));
    mine.target.target = MSD_TEXT("/");
    before = neighbour_was_quick;
    msd_accept(&world, &policy, &mine, &decided);
    ck_assert_int_eq(decided.verdict, MSD_TOO_MANY);
    ck_assert_int_eq(known.lookups, LIMIT);
}
END_TEST

/* ann waits while another client of hers logs in, so many seconds before. */
static uint64_t pass_ms;

static void neighbour_logged_in_before(void)
{
    neighbour_logs_in();
    world.now_ms += pass_ms;
}

static client_t wait_for_neighbour(uint64_t ms, msd_outcome_t *decided)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");
    msd_request_t mine = request;

    other = new_ann();
    pass_ms = ms;
    mine.authorization = unit_exact(header, strlen(header));
    mine.target.target = MSD_TEXT("/");
    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    meanwhile = neighbour_logged_in_before;
    msd_accept(&world, &policy, &mine, decided);
    ck_assert_int_eq(decided->verdict, MSD_ACCEPTED);
    return ann;
}

/* Else one who is always waited for by the next would never be asked about. */
START_TEST(neighbours_proof_is_as_old_as_it_is)
{
    msd_outcome_t decided;
    client_t ann = wait_for_neighbour(2 * SECOND, &decided);

    ck_assert_int_eq(known.lookups, 1);
    ck_assert_uint_eq(load(&ann).proven_ms, load(&other).proven_ms);
}
END_TEST

START_TEST(neighbours_proof_that_is_due_does_not_do)
{
    msd_outcome_t decided;

    policy.revalidate_ms = 1 * SECOND;
    wait_for_neighbour(2 * SECOND, &decided);
    ck_assert_int_eq(known.lookups, 2);
    policy.revalidate_ms = 900 * SECOND;
    known.trust_s = 1;
    wait_for_neighbour(2 * SECOND, &decided);
    ck_assert_int_eq(known.lookups, 4);
}
END_TEST

/* ---- Confirmation */

START_TEST(confirmation_that_gets_no_turn_leaves_the_last_word)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    world.now_ms += policy.revalidate_ms;
    ck_assert(msd_turn_begin(world.turns, mark_of_ann(), &neighbour));
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert(outcome.revalidation_failed);
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

/* Meanwhile the user logs in with a new password, in the same context. */
static void neighbour_has_a_new_password(void)
{
    msd_turn_end(&neighbour, NULL);
    set_password("ann", "new");
    other.password = "new";
    other.nc = 100;
    ck_assert_int_eq(get(&other, "/"), MSD_ACCEPTED);
    known.unavailable = goes_away;
}

START_TEST(old_password_is_not_confirmed_by_the_key_of_a_new_one)
{
    client_t ann = new_ann();
    msd_outcome_t decided;

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    goes_away = _i == 1;
    log_in(&ann);
    other = ann;
    world.now_ms += policy.revalidate_ms;
    wait_beside(&ann, neighbour_has_a_new_password, &decided);
    ck_assert_int_eq(decided.verdict, _i == 1 ? MSD_UNAVAILABLE : MSD_DENIED);
    ck_assert(decided.proven != MSD_PROVEN_BY_AUTHORITY);
    ck_assert_int_eq(kept.revokes, 0);
}
END_TEST

START_TEST(recorded_request_asks_nobody)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    policy.nonce_lifetime_ms = 2 * policy.revalidate_ms;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    world.now_ms += policy.revalidate_ms;
    known.lookups = 0;
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(answer(&ann, "/"), "/b"), MSD_WRONG_URI);
    world.now_ms += policy.nonce_lifetime_ms;
    ck_assert_int_eq(deliver(answer(&ann, "/"), "/"), MSD_STALE);
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

/* It would count as a wrong password there. */
START_TEST(kept_a1_is_not_shown_to_one_who_cannot_know_it)
{
    client_t neon = new_ann();

    authority.prove = prove_session;
    policy.nonce_lifetime_ms = policy.revalidate_ms;
    neon.keeps_a1 = true;
    log_in(&neon);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&neon, "/"), MSD_STALE);
    take_challenge(&neon);
    known.lookups = 0;
    ck_assert_int_eq(get(&neon, "/"), MSD_DENIED);
    ck_assert_int_eq(known.lookups, 0);
    ck_assert_int_eq(kept.revokes, 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_limits, NULL);
    tcase_add_test(tcase, wrong_answers_of_a_user_have_a_limit);
    tcase_add_test(tcase, unknown_user_has_the_same_limit);
    tcase_add_test(tcase, right_answer_forgets_wrong_ones);
    tcase_add_test(tcase, good_context_is_never_locked_out);
    tcase_add_test(tcase, nothing_but_a_proven_wrong_digest_counts);
    tcase_add_test(tcase, wrong_digest_counts_whatever_its_nonce);
    tcase_add_test(tcase, all_spellings_of_a_name_count_as_one);
    tcase_add_test(tcase, blanks_make_no_other_name);
    tcase_add_test(tcase, wrong_answer_counts_once_for_a_name);
    tcase_add_test(tcase, right_answer_forgets_those_of_its_name_only);
    tcase_add_test(tcase, right_answer_at_another_place_forgets_nothing_here);
    tcase_add_test(tcase, name_that_the_authority_knows_counts_too);
    tcase_add_test(tcase, wrong_answers_of_an_address_have_a_limit);
    tcase_add_test(tcase, no_limit_is_none);
    tcase_add_test(tcase, proofs_for_changing_cnonces_have_a_limit);
    tcase_add_test(tcase, others_wait_for_their_turn);
    tcase_add_test(tcase, turn_that_does_not_come_isgoes_away);
    tcase_add_test(tcase, proofs_for_changing_cnonces_do_not_queue);
    tcase_add_test(tcase, refusal_gives_the_turn_back);
    tcase_add_test(tcase, first_answers_at_once_ask_once);
    tcase_add_test(tcase, wrong_answer_learns_nothing_from_its_neighbour);
    tcase_add_test(tcase, limit_holds_for_those_who_waited);
    tcase_add_test(tcase, limit_holds_for_those_whose_turn_came_at_once);
    tcase_add_test(tcase, neighbours_proof_is_as_old_as_it_is);
    tcase_add_test(tcase, neighbours_proof_that_is_due_does_not_do);
    tcase_add_test(tcase, confirmation_that_gets_no_turn_leaves_the_last_word);
    tcase_add_loop_test(tcase,
                        old_password_is_not_confirmed_by_the_key_of_a_new_one,
                        0, 2);
    tcase_add_test(tcase, recorded_request_asks_nobody);
    tcase_add_test(tcase, kept_a1_is_not_shown_to_one_who_cannot_know_it);
}

Suite *suite_ask(void)
{
    TCase *tcases[2];
    Suite *suite = world_suite("ask", tcases);

    add_tests(tcases[0]);
    add_tests(tcases[1]);
    return suite;
}
