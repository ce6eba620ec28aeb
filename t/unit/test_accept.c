/* SPDX-License-Identifier: Apache-2.0 */
/* The whole decision, in a world that the test makes: no clock, no network. */
#include "unit.h"

#include "world.h"

#include "offer.h"

/* ---- No credentials, bad ones, and policy */

START_TEST(no_digest_credentials_are_asked_for)
{
    static const char *const headers[] = {
        "",
        "Basic QTpi",
        "Digest",
        "Digest ",
        "Digest \t ",
        "digest",
        "Negotiate abc",
        "Digestive username=\"ann\"",
    };

    for (int i = 0; i < UNIT_COUNT(headers); i++) {
        ck_assert_msg(deliver(headers[i], "/") == MSD_NO_CREDENTIALS, "'%s'",
                      headers[i]);
        ck_assert_uint_eq(outcome.user.len, 0);
    }
    ck_assert_int_eq(known.lookups + kept.gets, 0);
}
END_TEST

START_TEST(malformed_credentials_are_named)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    ck_assert_int_eq(deliver("Digest x", "/"), MSD_MALFORMED);
    ck_assert_uint_eq(outcome.user.len, 0);
    ck_assert_int_eq(deliver("Digest username=\"ann\"", "/"), MSD_MALFORMED);
    ck_assert_str_eq(unit_string(outcome.user), "ann");
    ck_assert_int_eq(
        deliver(apr_pstrcat(unit_pool, header, ",uri=\"/\"", NULL), "/"),
        MSD_MALFORMED);
    ck_assert_str_eq(outcome.reason, "parameter given twice");
    ck_assert_int_eq(known.lookups + kept.gets, 0);
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(what_is_not_offered_is_denied)
{
    client_t sha = new_ann();
    client_t integrity = new_ann();
    client_t elsewhere = new_ann();

    sha.algorithm = MSD_ALGORITHM_SHA256;
    ck_assert_int_eq(get(&sha, "/"), MSD_DENIED);
    integrity.qop = "auth-int";
    ck_assert_int_eq(get(&integrity, "/"), MSD_DENIED);
    elsewhere.realm = "r2";
    ck_assert_int_eq(get(&elsewhere, "/"), MSD_DENIED);
    elsewhere.realm = "";
    ck_assert_int_eq(get(&elsewhere, "/"), MSD_DENIED);
    policy.algorithm_count = 1;
    sha.algorithm = MSD_ALGORITHM_MD5;
    ck_assert_int_eq(get(&sha, "/"), MSD_DENIED);
    ck_assert_int_eq(known.lookups + kept.gets, 0);
}
END_TEST

START_TEST(stale_is_said_of_right_digests_only)
{
    for (int i = 0; i < MSD_VERDICT_COUNT; i++) {
        bool stale = i == MSD_STALE || i == MSD_REPLAYED;

        ck_assert_msg(msd_verdict_is_stale((msd_verdict_t)i) == stale,
                      "verdict %d", i);
    }
}
END_TEST

/* ---- The exchange */

START_TEST(first_answer_is_proven_by_the_authority)
{
    client_t ann = new_ann();

    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_AUTHORITY);
    ck_assert_str_eq(unit_string(outcome.user), "ann");
    ck_assert_int_eq(outcome.algorithm, MSD_ALGORITHM_MD5_SESS);
    ck_assert_int_eq(outcome.store_status, APR_SUCCESS);
    ck_assert(!outcome.revalidation_failed);
    ck_assert_int_eq(known.lookups, 1);
    ck_assert_int_eq(kept.puts, 1);
}
END_TEST

START_TEST(context_says_what_was_proven)
{
    client_t ann = new_ann();
    msd_context_t context;

    log_in(&ann);
    context = load(&ann);
    ck_assert_str_eq(unit_string(context.wire_name), "ann");
    ck_assert_str_eq(unit_string(context.user), "ann");
    ck_assert_int_eq(context.hash, MSD_HASH_MD5);
    ck_assert_uint_eq(context.proven_ms, world.now_ms);
    ck_assert_uint_eq(context.kept_ms, world.now_ms);
    ck_assert(context.has_base_key && context.has_session_key);
    ck_assert_str_eq(unit_hex(context.session_key, 16), ann.a1);
    ck_assert_uint_eq(record_of(&ann)->ttl_ms, policy.context_idle_ms);
}
END_TEST

START_TEST(later_requests_are_completed_from_the_context)
{
    client_t ann = new_ann();

    log_in(&ann);
    for (int i = 0; i < 100; i++) {
        world.now_ms += 100;
        assert_from_context(&ann, "subsequent request");
    }
    ck_assert_int_eq(known.lookups, 0);
    ck_assert_int_eq(kept.puts, 0);
    ck_assert_int_eq(kept.gets, 100);
    ck_assert_int_eq(kept.count, 1);
}
END_TEST

START_TEST(wrong_password_and_unknown_user_look_alike)
{
    client_t wrong = new_client("ann", "guess");
    client_t unknown = new_client("zed", "guess");
    const char *lines[2][MSD_ALGORITHM_COUNT];

    ck_assert_int_eq(get(&wrong, "/"), MSD_DENIED);
    assert_denied("wrong password");
    ck_assert_str_eq(unit_string(outcome.user), "ann");
    ck_assert_int_eq(known.lookups, 1);
    random_next = 1000;
    msd_challenge(&world, &policy, &outcome, lines[0]);
    ck_assert_int_eq(get(&unknown, "/"), MSD_DENIED);
    assert_denied("user is unknown");
    ck_assert_str_eq(unit_string(outcome.user), "zed");
    ck_assert_int_eq(known.lookups, 2);
    random_next = 1000;
    msd_challenge(&world, &policy, &outcome, lines[1]);
    ck_assert_str_eq(lines[0][0], lines[1][0]);
    ck_assert_str_eq(lines[0][1], lines[1][1]);
}
END_TEST

START_TEST(wrong_password_never_loops)
{
    client_t ann = new_client("ann", "guess");

    for (int i = 0; i < 5; i++) {
        char opaque[sizeof(ann.opaque)];

        memcpy(opaque, ann.opaque, sizeof(opaque));
        ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
        take_challenge(&ann);
        ck_assert(!ann.stale);
        ck_assert_str_ne(ann.opaque, opaque);
    }
}
END_TEST

START_TEST(wrong_digest_is_denied_whatever_its_nonce)
{
    static const char *const nonces[] = { "", "abc", "not ours, and long" };
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    log_in(&ann);
    memcpy(liar.nonce, ann.nonce, sizeof(liar.nonce));
    memcpy(liar.opaque, ann.opaque, sizeof(liar.opaque));
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED); /* ann's context */
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED); /* and expired */
    for (int i = 0; i < UNIT_COUNT(nonces); i++) {
        apr_cpystrn(liar.nonce, nonces[i], sizeof(liar.nonce));
        ck_assert_msg(get(&liar, "/") == MSD_DENIED, "'%s'", nonces[i]);
    }
    ck_assert_int_eq(deliver(answer(&liar, "/a"), "/b"), MSD_DENIED);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    assert_from_context(&ann, "ann is as before");
}
END_TEST

START_TEST(authority_that_cannot_tell_denies_nobody)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    known.unavailable = true;
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
    ck_assert_str_eq(outcome.reason, "the file cannot be read");
    ck_assert_int_eq(get(&liar, "/"), MSD_UNAVAILABLE);
    world.authority_count = 0;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    world.authority_count = 1;
    known.unavailable = false;
    assert_from_authority(&ann, "it is back");
    known.unavailable = true;
    assert_from_context(&ann, "the context needs no authority");
}
END_TEST

/* Deliver, while the hash of this number fails as if OpenSSL could not. */
static msd_verdict_t deliver_failing(const char *header, int number)
{
    msd_verdict_t verdict;

    atomic_store(&unit_failing_hash, atomic_load(&unit_hashes) + number);
    verdict = deliver(header, "/");
    atomic_store(&unit_failing_hash, 0);
    return verdict;
}

/* A hash that failed is zero, but an answer of zeros is nobody's. */
START_TEST(failure_of_openssl_lets_nobody_in)
{
    client_t ann = new_ann();
    bool unavailable = false;

    policy.plain_as_session = true;
    log_in(&ann);
    for (int number = 1; number <= 20; number++) {
        char *header = apr_pstrdup(unit_pool, answer(&ann, "/"));
        msd_verdict_t verdict;

        memset(strstr(header, "response=\"") + 10, '0', 32);
        verdict = deliver_failing(header, number);
        ck_assert_msg(verdict != MSD_ACCEPTED, "hash %d", number);
        ck_assert_int_eq(kept.revokes, 0);
        unavailable = unavailable || verdict == MSD_UNAVAILABLE;
    }
    ck_assert(unavailable);
    assert_from_context(&ann, "OpenSSL is back");
}
END_TEST

START_TEST(rspauth_that_fails_is_left_out)
{
    client_t ann = new_ann();
    int left_out = 0;

    policy.rspauth = true;
    log_in(&ann);
    for (int number = 1; number <= 12; number++) {
        if (deliver_failing(answer(&ann, "/"), number) == MSD_ACCEPTED) {
            ck_assert(strlen(outcome.rspauth) == 32
                      || outcome.rspauth[0] == '\0');
            ck_assert_ptr_null(strstr(outcome.rspauth, "00000000"));
            left_out += outcome.rspauth[0] == '\0';
        }
    }
    ck_assert_int_gt(left_out, 0);
}
END_TEST

START_TEST(user_outlives_the_record)
{
    client_t ann = new_ann();

    log_in(&ann);
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    lose_contexts();
    ck_assert_str_eq(unit_string(outcome.user), "ann");
}
END_TEST

/* ---- Stale: the digest is right, and the client goes on */

START_TEST(nonce_is_good_until_its_lifetime_ends)
{
    client_t ann = new_ann();

    log_in(&ann);
    world.now_ms += policy.nonce_lifetime_ms;
    assert_from_context(&ann, "at its lifetime");
    world.now_ms += 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "one millisecond more");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

START_TEST(stale_nonce_asks_again_before_there_is_a_context)
{
    client_t ann = new_ann();

    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_int_eq(kept.count, 0);
    assert_stale_and_goes_on(&ann, "first answer");
}
END_TEST

START_TEST(nonce_of_the_future_is_stale)
{
    client_t ann = new_ann();

    world.now_ms -= 1000;
    assert_from_authority(&ann, "one second is let pass");
    world.now_ms -= 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "more is not");
}
END_TEST

START_TEST(nonce_of_another_life_is_stale)
{
    client_t ann = new_ann();

    log_in(&ann);
    begin_life(2);
    world.now_ms = 0;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_int_eq(known.lookups, 1);
    assert_stale_and_goes_on(&ann, "restart");
}
END_TEST

START_TEST(nonce_of_another_place_is_stale)
{
    client_t ann = new_ann();

    log_in(&ann);
    policy.scope = MSD_TEXT("r of another server");
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
    take_challenge(&ann);
    assert_from_authority(&ann, "its own context there");
    ck_assert_int_eq(kept.count, 2);
}
END_TEST

START_TEST(nonce_that_is_garbage_is_stale_when_the_digest_is_right)
{
    static const char *const nonces[] = { "", "a", "0123456789abcdef" };

    for (int i = 0; i < UNIT_COUNT(nonces); i++) {
        client_t ann = new_ann();

        apr_cpystrn(ann.nonce, nonces[i], sizeof(ann.nonce));
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        assert_stale_and_goes_on(&ann, nonces[i]);
        ann.no_opaque = true;
        apr_cpystrn(ann.nonce, nonces[i], sizeof(ann.nonce));
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        ck_assert(!outcome.has_context_id);
        take_challenge(&ann);
        assert_from_authority(&ann, "without opaque");
    }
}
END_TEST

START_TEST(count_that_the_guard_cannot_tell_is_stale)
{
    static const struct {
        uint32_t highest;
        uint32_t nc;
        bool accepted;
    } rows[] = {
        { 1, 0, true },         { 1, 16777215, true },
        { 1, 16777216, false }, { 1, 0xffffffffu, false },
        { 128, 16, true },      { 128, 15, false },
        { 143, 1, false },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        client_t ann = new_ann();
        msd_verdict_t verdict;

        ck_assert_int_eq(
            deliver(answer_count(&ann, "/", rows[i].highest), "/"),
            MSD_ACCEPTED);
        verdict = deliver(answer_count(&ann, "/", rows[i].nc), "/");
        ck_assert_msg(verdict == (rows[i].accepted ? MSD_ACCEPTED : MSD_STALE),
                      "%u after %u: %s", rows[i].nc, rows[i].highest,
                      outcome.reason);
        if (!rows[i].accepted) {
            assert_stale_and_goes_on(&ann, outcome.reason);
        }
        ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    }
}
END_TEST

/* mechanize begins to count at 0. */
START_TEST(count_of_0_is_accepted_once)
{
    client_t ann = new_ann();

    ck_assert_int_eq(deliver(answer_count(&ann, "/", 0), "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 0), "/"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 1), "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(count_that_has_wrapped_is_not_a_first_one)
{
    client_t ann = new_ann();

    ck_assert_int_eq(deliver(answer_count(&ann, "/", 0xffffffffu), "/"),
                     MSD_STALE);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 0), "/"), MSD_STALE);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 1), "/"), MSD_STALE);
}
END_TEST

START_TEST(nonce_that_was_pushed_out_is_stale)
{
    client_t ann = new_ann();

    log_in(&ann);
    for (int i = 0; i < 40 * (int)GUARD_SLOTS; i++) {
        msd_replay_key_t key = { (world.now_ms / 256 + 9) << 32 | 1u,
                                 (uint64_t)(uint32_t)i * 2654435761u << 32 };

        key.own += (uint64_t)i << 32;
        msd_replay_accept(replay, key, 1, MSD_REPLAY_WINDOW);
    }
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason, "the nonce was pushed out");
    /* The guard is full of nonces that are younger still. */
    begin_life(1);
    assert_stale_and_goes_on(&ann, "pushed out");
}
END_TEST

/* A guard that others share: it says what it is told to say. */
static msd_replay_result_t said;
static msd_count_t asked;

static msd_replay_result_t say(void *self, const msd_count_t *count)
{
    (void)self;
    asked = *count;
    return said;
}

START_TEST(guard_of_a_fleet_is_obeyed)
{
    static const struct {
        msd_replay_result_t said;
        msd_verdict_t verdict;
    } rows[] = {
        { MSD_REPLAY_ACCEPTED, MSD_ACCEPTED },
        { MSD_REPLAY_SEEN, MSD_REPLAYED },
        { MSD_REPLAY_FOREIGN, MSD_STALE },
        { MSD_REPLAY_EXPIRED, MSD_STALE },
        { MSD_REPLAY_UNSURE, MSD_STALE },
        { MSD_REPLAY_UNAVAILABLE, MSD_UNAVAILABLE },
    };
    const msd_guard_t fleet = { NULL, 0xa1b2c3d4u, say, say };
    client_t ann;

    world.guard = &fleet;
    said = MSD_REPLAY_ACCEPTED;
    ann = new_ann();
    log_in(&ann);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        said = rows[i].said;
        ck_assert_int_eq(deliver(answer_count(&ann, "/", 9), "/"),
                         rows[i].verdict);
        ck_assert(outcome.counted == (rows[i].verdict == MSD_ACCEPTED));
        ck_assert_uint_eq(asked.life, 0xa1b2c3d4u);
        ck_assert_uint_eq(asked.nc, 9);
        ck_assert_uint_eq(asked.lifetime_ms, policy.nonce_lifetime_ms);
    }
}
END_TEST

START_TEST(opaque_of_another_nonce_is_stale)
{
    client_t ann = new_ann();
    char good[sizeof(ann.nonce)];

    log_in(&ann);
    memcpy(good, ann.nonce, sizeof(good));
    apr_cpystrn(ann.opaque, "00000000000000000000000000000001",
                sizeof(ann.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason,
                     "the opaque does not belong to the nonce");
    assert_stale_and_goes_on(&ann, "other opaque");
    apr_cpystrn(ann.opaque, "", sizeof(ann.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    apr_cpystrn(ann.opaque, "x", sizeof(ann.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert(outcome.has_context_id);
}
END_TEST

/* ---- Replays and uris */

START_TEST(replayed_count_is_refused)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
        ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    }
    ck_assert_int_eq(deliver(header, "/other"), MSD_REPLAYED);
    take_challenge(&ann);
    ck_assert(ann.stale);
    assert_from_context(&ann, "with the new nonce");
}
END_TEST

START_TEST(replay_is_refused_when_the_context_is_lost)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    lose_contexts();
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    ck_assert_int_eq(kept.count, 0);
    ck_assert_int_eq(deliver(header, "/other"), MSD_REPLAYED);
    assert_from_authority(&ann, "the next count");
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    assert_from_context(&ann, "the context is back");
}
END_TEST

START_TEST(context_comes_back_under_the_same_opaque)
{
    client_t ann = new_ann();

    log_in(&ann);
    lose_contexts();
    assert_from_authority(&ann, "lost");
    ck_assert_ptr_nonnull(record_of(&ann));
    assert_from_context(&ann, "found");
}
END_TEST

START_TEST(counts_may_arrive_in_any_order)
{
    static const uint32_t order[] = { 3, 1, 2, 7, 5, 6, 4, 100, 50, 99 };
    client_t ann = new_ann();

    for (int i = 0; i < UNIT_COUNT(order); i++) {
        const char *header = answer_count(&ann, "/", order[i]);

        ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
        ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    }
}
END_TEST

START_TEST(sequence_wants_rising_counts)
{
    client_t ann = new_ann();

    policy.replay_mode = MSD_REPLAY_SEQUENCE;
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 3), "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 3), "/"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 2), "/"), MSD_STALE);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 9), "/"), MSD_ACCEPTED);
    policy.replay_mode = MSD_REPLAY_WINDOW;
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 2), "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(guard_that_is_off_lets_counts_repeat)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    policy.replay_mode = MSD_REPLAY_OFF;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(header, "/other"), MSD_WRONG_URI);
}
END_TEST

/* Sub-requests and internal redirects: the guard is not asked again. */
START_TEST(counted_request_is_decided_anew_but_not_counted)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");
    const char *header = answer(&ann, "/");
    apr_size_t size = msd_replay_size(GUARD_SLOTS);
    const void *before;

    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    before = copy_of(guard, size);
    request.counted = true;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    ck_assert_mem_eq(guard, before, size);
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
    request.counted = false;
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
}
END_TEST

/* As when a section inside has another UriMatch: it is no replay. */
START_TEST(counted_request_with_a_wrong_uri_is_not_a_replay)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/a");

    policy.uri_rules.match = MSD_URI_PATH;
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_ACCEPTED);
    request.counted = true;
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_ACCEPTED);
    policy.uri_rules.match = MSD_URI_EXACT;
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_WRONG_URI);
}
END_TEST

START_TEST(uri_of_another_resource_is_refused_and_the_count_is_kept)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/a");

    ck_assert_int_eq(deliver(header, "/b"), MSD_WRONG_URI);
    ck_assert_str_eq(outcome.reason, "uri is not the request target");
    ck_assert(!msd_verdict_is_stale(outcome.verdict));
    ck_assert_int_eq(kept.count, 0);
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_WRONG_URI);
    ck_assert_int_eq(deliver(header, "/a"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(header, "/b"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/a", 16777216), "/b"),
                     MSD_STALE);
}
END_TEST

START_TEST(uri_without_query_is_let_pass_on_demand)
{
    client_t ann = new_ann();

    policy.uri_rules.match = MSD_URI_PATH;
    ck_assert_int_eq(deliver(answer(&ann, "/a"), "/a?q"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer(&ann, "/a"), "/b?q"), MSD_WRONG_URI);
    ck_assert_int_eq(deliver(answer(&ann, "/a?p"), "/a?q"), MSD_WRONG_URI);
}
END_TEST

START_TEST(absolute_uri_of_this_host_is_let_pass)
{
    client_t ann = new_ann();

    request.target.authority = MSD_TEXT("host:8080");
    ck_assert_int_eq(deliver(answer(&ann, "http://host:8080/a"), "/a"),
                     MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer(&ann, "http://other/a"), "/a"),
                     MSD_WRONG_URI);
}
END_TEST

START_TEST(method_is_part_of_the_digest)
{
    client_t ann = new_ann();

    log_in(&ann);
    ann.method = "HEAD";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    request.method = MSD_TEXT("HEAD");
    assert_from_context(&ann, "the method of the request line");
}
END_TEST

/* Of several faults, the one that comes first in the order of steps. */
START_TEST(steps_are_in_order)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");
    const char *header = answer(&ann, "/a");

    ck_assert_int_eq(deliver(header, "/a"), MSD_ACCEPTED);
    memcpy(liar.nonce, ann.nonce, sizeof(liar.nonce));
    memcpy(liar.opaque, ann.opaque, sizeof(liar.opaque));
    ck_assert_int_eq(deliver(answer_count(&liar, "/a", 1), "/b"), MSD_DENIED);
    liar.realm = "r2";
    known.unavailable = true;
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED); /* policy first */
    liar.realm = REALM;
    ck_assert_int_eq(get(&liar, "/"), MSD_UNAVAILABLE);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(deliver(header, "/a"), MSD_STALE);
    ck_assert_int_eq(deliver(header, "/b"), MSD_STALE);
    ck_assert_int_eq(get(&liar, "/"), MSD_UNAVAILABLE);
}
END_TEST

/* ---- What is offered on demand */

START_TEST(qop_is_what_the_policy_says)
{
    static const struct {
        bool auth;
        bool auth_int;
        const char *offered;
    } rows[] = {
        { true, false, "qop=\"auth\"," },
        { false, true, "qop=\"auth-int\"," },
        { true, true, "qop=\"auth,auth-int\"," },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        client_t ann = new_ann();
        const char *lines[MSD_ALGORITHM_COUNT];

        policy.qop_auth = rows[i].auth;
        policy.qop_auth_int = rows[i].auth_int;
        ck_assert_int_eq(msd_challenge(&world, &policy, NULL, lines), 2);
        ck_assert_ptr_nonnull(strstr(lines[0], rows[i].offered));
        ck_assert_int_eq(get(&ann, "/"),
                         rows[i].auth ? MSD_ACCEPTED : MSD_DENIED);
        ann.qop = "auth-int";
        ann.body = body.text = "abc";
        ck_assert_int_eq(get(&ann, "/"),
                         rows[i].auth_int ? MSD_ACCEPTED : MSD_DENIED);
        ck_assert_int_eq(body.reads, rows[i].auth_int ? 1 : 0);
        body.reads = 0;
    }
}
END_TEST

START_TEST(body_is_covered_by_auth_int)
{
    client_t ann = new_ann();

    policy.qop_auth_int = true;
    ann.qop = "auth-int";
    ann.body = body.text = "abc";
    log_in(&ann);
    assert_from_context(&ann, "the same body");
    body.text = "abd";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    body.text = "";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    ann.body = "";
    assert_from_context(&ann, "no body");
    ck_assert_str_eq(outcome.rspauth, "");
}
END_TEST

START_TEST(body_that_cannot_be_read_ends_the_request)
{
    client_t ann = new_ann();

    policy.qop_auth_int = true;
    ann.qop = "auth-int";
    ann.body = body.text = "abc";
    body.status = APR_ENOSPC;
    ck_assert_int_eq(get(&ann, "/"), MSD_TOO_LARGE);
    body.status = APR_EGENERAL;
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
    body.status = APR_TIMEUP;
    ck_assert_int_eq(get(&ann, "/"), MSD_MALFORMED);
    ck_assert_int_eq(known.lookups + kept.gets, 0);
    body.status = APR_SUCCESS;
    ann.nc = 0;
    assert_from_authority(&ann, "it can be read");
}
END_TEST

START_TEST(rspauth_proves_the_server)
{
    client_t ann = new_ann();
    const char *expected;

    policy.rspauth = true;
    ann.new_cnonce = true;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(get(&ann, "/a"), MSD_ACCEPTED);
        expected = hash_of(MSD_ALGORITHM_MD5,
                           apr_psprintf(unit_pool, "%s:%s:%08x:c%d:auth:%s",
                                        ann.a1, ann.nonce, ann.nc, i,
                                        hash_of(MSD_ALGORITHM_MD5, ":/a")));
        ck_assert_str_eq(outcome.rspauth, expected);
        ck_assert_str_eq(unit_string(outcome.cnonce),
                         apr_psprintf(unit_pool, "c%d", i));
        ck_assert_str_eq(unit_string(outcome.nc),
                         apr_psprintf(unit_pool, "%08x", ann.nc));
    }
    policy.rspauth = false;
    ck_assert_int_eq(get(&ann, "/a"), MSD_ACCEPTED);
    ck_assert_str_eq(outcome.rspauth, "");
}
END_TEST

START_TEST(rspauth_is_never_with_a_refusal)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");
    const char *header = answer(&ann, "/");

    policy.rspauth = true;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    ck_assert_str_eq(outcome.rspauth, "");
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
    ck_assert_str_eq(outcome.rspauth, "");
    ck_assert_int_eq(deliver(answer(&ann, "/a"), "/b"), MSD_WRONG_URI);
    ck_assert_str_eq(outcome.rspauth, "");
}
END_TEST

/* The kept A1 is the one that verified, so it is the one that answers. */
START_TEST(rspauth_is_made_with_the_a1_that_verified)
{
    client_t ann = new_ann();

    policy.rspauth = true;
    ann.keeps_a1 = true;
    log_in(&ann);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    for (int due = 0; due < 2; due++) {
        policy.revalidate_ms = due == 1 ? 0 : policy.revalidate_ms;
        ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
        ck_assert_str_eq(
            outcome.rspauth,
            hash_of(MSD_ALGORITHM_MD5,
                    apr_psprintf(unit_pool, "%s:%s:%08x:c0:auth:%s", ann.a1,
                                 ann.nonce, ann.nc,
                                 hash_of(MSD_ALGORITHM_MD5, ":/"))));
    }
}
END_TEST

START_TEST(other_realms_may_be_chosen)
{
    static const char *const realms[] = { "", "DOMAIN" };
    client_t ann = new_ann();

    ann.realm = "DOMAIN";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied("the realm is not the one here");
    policy.realms = realms;
    policy.realm_count = 2;
    /* The fake keeps hashes of REALM only: the realm passes, no more. */
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied("wrong password");
    ann.realm = "";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied("wrong password");
    ann.realm = "DOMAI";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied("the realm is not the one here");
    ann.realm = REALM;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(hashed_names_are_let_in_on_demand)
{
    client_t ann = new_ann();
    const char *lines[MSD_ALGORITHM_COUNT];

    ann.more = ", userhash=true";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied("userhash is not offered here");
    ck_assert_int_eq(known.lookups, 0);
    ck_assert_int_eq(msd_challenge(&world, &policy, NULL, lines), 2);
    ck_assert_ptr_null(strstr(lines[0], "userhash"));
    policy.userhash = true;
    ck_assert_int_eq(msd_challenge(&world, &policy, NULL, lines), 2);
    ck_assert_ptr_nonnull(strstr(lines[0], ",userhash=true"));
    /* What is looked up is what was sent; here it happens to be a name. */
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ann.more = ", userhash=false";
    policy.userhash = false;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(extended_name_is_let_in)
{
    client_t jan = new_client("J\xc3\xa4n", "p");

    set_password("J\xc3\xa4n", "p");
    jan.wire_user = "*=UTF-8''J%C3%A4n";
    log_in(&jan);
    ck_assert_str_eq(unit_string(outcome.user), "J\xc3\xa4n");
    assert_from_context(&jan, "username*");
    jan.wire_user = NULL;
    assert_from_context(&jan, "the same name without escapes");
}
END_TEST

START_TEST(plain_md5_where_only_sessions_are_offered)
{
    client_t ann = new_ann();

    policy.algorithm_count = 1;
    ann.algorithm = MSD_ALGORITHM_MD5;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    policy.plain_unoffered = true;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    policy.algorithms[0] = MSD_ALGORITHM_SHA256_SESS;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    policy.algorithms[0] = MSD_ALGORITHM_MD5_SESS;
    ann.algorithm = MSD_ALGORITHM_SHA256;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied("the algorithm is not offered here");
}
END_TEST

START_TEST(plain_md5_under_the_name_of_a_session)
{
    client_t ann = new_ann();

    ann.algorithm = MSD_ALGORITHM_MD5;
    ann.algorithm_name = "MD5-sess";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    policy.plain_as_session = true;
    ann.new_cnonce = true;
    log_in(&ann);
    assert_from_context(&ann, "plain answers go on");
    ann.password = "guess";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
}
END_TEST

START_TEST(escapes_in_the_uri_may_differ_on_demand)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/%61");

    ck_assert_int_eq(deliver(header, "/a"), MSD_WRONG_URI);
    policy.uri_rules.escapes = true;
    ck_assert_int_eq(deliver(header, "/a"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer(&ann, "/a%2fb"), "/a/b"), MSD_WRONG_URI);
}
END_TEST

static void add_demand_tests(TCase *tcase)
{
    tcase_add_test(tcase, qop_is_what_the_policy_says);
    tcase_add_test(tcase, body_is_covered_by_auth_int);
    tcase_add_test(tcase, body_that_cannot_be_read_ends_the_request);
    tcase_add_test(tcase, rspauth_proves_the_server);
    tcase_add_test(tcase, rspauth_is_never_with_a_refusal);
    tcase_add_test(tcase, rspauth_is_made_with_the_a1_that_verified);
    tcase_add_test(tcase, other_realms_may_be_chosen);
    tcase_add_test(tcase, hashed_names_are_let_in_on_demand);
    tcase_add_test(tcase, extended_name_is_let_in);
    tcase_add_test(tcase, plain_md5_where_only_sessions_are_offered);
    tcase_add_test(tcase, plain_md5_under_the_name_of_a_session);
    tcase_add_test(tcase, escapes_in_the_uri_may_differ_on_demand);
}

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, no_digest_credentials_are_asked_for);
    tcase_add_test(tcase, malformed_credentials_are_named);
    tcase_add_test(tcase, what_is_not_offered_is_denied);
    tcase_add_test(tcase, stale_is_said_of_right_digests_only);
    tcase_add_test(tcase, first_answer_is_proven_by_the_authority);
    tcase_add_test(tcase, context_says_what_was_proven);
    tcase_add_test(tcase, later_requests_are_completed_from_the_context);
    tcase_add_test(tcase, wrong_password_and_unknown_user_look_alike);
    tcase_add_test(tcase, wrong_password_never_loops);
    tcase_add_test(tcase, wrong_digest_is_denied_whatever_its_nonce);
    tcase_add_test(tcase, authority_that_cannot_tell_denies_nobody);
    tcase_add_test(tcase, failure_of_openssl_lets_nobody_in);
    tcase_add_test(tcase, rspauth_that_fails_is_left_out);
    tcase_add_test(tcase, user_outlives_the_record);
}

static void add_freshness_tests(TCase *tcase)
{
    tcase_add_test(tcase, nonce_is_good_until_its_lifetime_ends);
    tcase_add_test(tcase, stale_nonce_asks_again_before_there_is_a_context);
    tcase_add_test(tcase, nonce_of_the_future_is_stale);
    tcase_add_test(tcase, nonce_of_another_life_is_stale);
    tcase_add_test(tcase, nonce_of_another_place_is_stale);
    tcase_add_test(tcase,
                   nonce_that_is_garbage_is_stale_when_the_digest_is_right);
    tcase_add_test(tcase, count_that_the_guard_cannot_tell_is_stale);
    tcase_add_test(tcase, count_of_0_is_accepted_once);
    tcase_add_test(tcase, count_that_has_wrapped_is_not_a_first_one);
    tcase_add_test(tcase, nonce_that_was_pushed_out_is_stale);
    tcase_add_test(tcase, opaque_of_another_nonce_is_stale);
    tcase_add_test(tcase, guard_of_a_fleet_is_obeyed);
    tcase_add_test(tcase, replayed_count_is_refused);
    tcase_add_test(tcase, replay_is_refused_when_the_context_is_lost);
    tcase_add_test(tcase, context_comes_back_under_the_same_opaque);
    tcase_add_test(tcase, counts_may_arrive_in_any_order);
    tcase_add_test(tcase, sequence_wants_rising_counts);
    tcase_add_test(tcase, guard_that_is_off_lets_counts_repeat);
    tcase_add_test(tcase, counted_request_is_decided_anew_but_not_counted);
    tcase_add_test(tcase, counted_request_with_a_wrong_uri_is_not_a_replay);
    tcase_add_test(tcase,
                   uri_of_another_resource_is_refused_and_the_count_is_kept);
    tcase_add_test(tcase, uri_without_query_is_let_pass_on_demand);
    tcase_add_test(tcase, absolute_uri_of_this_host_is_let_pass);
    tcase_add_test(tcase, method_is_part_of_the_digest);
    tcase_add_test(tcase, steps_are_in_order);
}

/* Everything twice: the cache of verified nonces must not be noticed. */
Suite *suite_accept(void)
{
    TCase *tcases[2];
    Suite *suite = world_suite("accept", tcases);

    for (int i = 0; i < 2; i++) {
        add_tests(tcases[i]);
        add_freshness_tests(tcases[i]);
        add_demand_tests(tcases[i]);
    }
    return suite;
}
