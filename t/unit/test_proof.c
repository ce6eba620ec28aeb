/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs by context and by authority, as real clients need them. */
#include "unit.h"

#include "world.h"

/* ---- Real clients (D2, D4) */

START_TEST(browsers_draw_a_new_cnonce_each_time)
{
    client_t ann = new_ann();

    ann.new_cnonce = true;
    log_in(&ann);
    for (int i = 0; i < 20; i++) {
        assert_from_context(&ann, "new cnonce");
    }
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "new cnonce");
    assert_from_context(&ann, "new cnonce after a stale");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

static int cost_of(client_t *client)
{
    const char *header = answer(client, "/");
    int before = atomic_load(&unit_hashes);

    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    return atomic_load(&unit_hashes) - before;
}

/* A1 is known when nonce and cnonce are those of the first answer. */
START_TEST(kept_cnonce_costs_a_hash_less)
{
    client_t plain = new_ann();
    client_t same = new_ann();
    client_t fresh = new_ann();

    plain.algorithm = MSD_ALGORITHM_MD5;
    fresh.new_cnonce = true;
    log_in(&plain);
    log_in(&same);
    log_in(&fresh);
    ck_assert_int_eq(cost_of(&same), cost_of(&plain));
    ck_assert_int_eq(cost_of(&fresh), cost_of(&plain) + 1);
    ck_assert_int_eq(cost_of(&fresh), cost_of(&plain) + 1);
}
END_TEST

START_TEST(neon_keeps_the_a1_of_its_first_answer)
{
    client_t ann = new_ann();

    policy.revalidate_ms = policy.context_lifetime_ms;
    ann.keeps_a1 = true;
    ann.new_cnonce = true;
    log_in(&ann);
    for (int i = 0; i < 3; i++) {
        assert_from_context(&ann, "old A1");
        world.now_ms += policy.nonce_lifetime_ms + 1;
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        assert_stale_and_goes_on(&ann, "old A1");
    }
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

START_TEST(old_a1_outlives_a_revalidation)
{
    client_t ann = new_ann();

    ann.keeps_a1 = true;
    log_in(&ann);
    for (int i = 0; i < 3; i++) {
        world.now_ms += policy.revalidate_ms;
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        take_challenge(&ann);
        assert_from_authority(&ann, "revalidated");
        assert_from_context(&ann, "and back to the context");
    }
}
END_TEST

START_TEST(old_a1_without_a_context_is_a_wrong_digest)
{
    client_t ann = new_ann();

    ann.keeps_a1 = true;
    log_in(&ann);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    lose_contexts();
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
}
END_TEST

START_TEST(java_answers_a_new_nonce_with_its_old_opaque)
{
    client_t ann = new_ann();
    char opaque[sizeof(ann.opaque)];

    ann.keeps_opaque = true;
    log_in(&ann);
    memcpy(opaque, ann.opaque, sizeof(opaque));
    take_challenge_of(&ann, NULL);
    ck_assert_str_eq(ann.opaque, opaque);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "old opaque");
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    ck_assert_str_eq(ann.opaque, opaque);
}
END_TEST

START_TEST(client_without_opaque_is_found_by_its_nonce)
{
    client_t ann = new_ann();

    ann.no_opaque = true;
    log_in(&ann);
    assert_from_context(&ann, "no opaque");
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "no opaque");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

START_TEST(plain_md5_answers_the_second_challenge)
{
    client_t ann = new_ann();

    ann.algorithm = MSD_ALGORITHM_MD5;
    ann.no_algorithm = true;
    ann.new_cnonce = true;
    log_in(&ann);
    ck_assert_int_eq(outcome.algorithm, MSD_ALGORITHM_MD5);
    ck_assert(!load(&ann).has_session_key);
    assert_from_context(&ann, "plain MD5");
    ann.algorithm = MSD_ALGORITHM_MD5_SESS;
    ann.no_algorithm = false;
    assert_from_context(&ann, "one hash, one base key");
}
END_TEST

START_TEST(hash_of_another_algorithm_does_not_verify)
{
    client_t ann = new_ann();

    policy.algorithms[2] = MSD_ALGORITHM_SHA256;
    policy.algorithm_count = 3;
    log_in(&ann);
    ann.algorithm = MSD_ALGORITHM_SHA256;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    known.stored = MSD_ALGORITHM_SHA256;
    assert_from_authority(&ann, "a context of the other hash");
    ck_assert_int_eq(load(&ann).hash, MSD_HASH_SHA256);
    assert_from_context(&ann, "SHA-256");
}
END_TEST

START_TEST(domain_user_may_escape_the_backslash_or_not)
{
    static const char *const wires[] = { "=\"DOM\\ann\"", "=\"DOM\\\\ann\"" };

    set_password("DOM\\ann", "p");
    for (int i = 0; i < UNIT_COUNT(wires); i++) {
        client_t ann = new_client("DOM\\ann", "p");

        ann.wire_user = wires[i];
        ck_assert_msg(get(&ann, "/") == MSD_ACCEPTED, "%s", wires[i]);
        ck_assert_str_eq(unit_string(outcome.user), "DOM\\ann");
        assert_from_context(&ann, wires[i]);
    }
}
END_TEST

/* Of one user, but not the name that the context was made for. */
START_TEST(name_in_another_spelling_gets_its_own_context)
{
    client_t ann = new_client("DOM\\ann", "p");

    set_password("DOM\\ann", "p");
    log_in(&ann);
    ann.wire_user = "=\"DOM\\\\ann\"";
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_AUTHORITY);
    ck_assert(!outcome.has_context_id);
    ck_assert_int_gt(known.lookups, 0);
    take_challenge(&ann);
    assert_from_authority(&ann, "its own");
    assert_from_context(&ann, "its own");
}
END_TEST

START_TEST(user_may_be_sent_as_named_by_the_escapes)
{
    client_t quote = new_client("a\"b", "p");

    set_password("a\"b", "p");
    quote.wire_user = "=\"a\\\"b\"";
    ck_assert_int_eq(get(&quote, "/"), MSD_ACCEPTED);
    ck_assert_str_eq(unit_string(outcome.user), "a\"b");
    assert_from_context(&quote, "a quote");
}
END_TEST

START_TEST(session_key_alone_is_good_for_its_cnonce)
{
    client_t ann = new_ann();

    authority.prove = prove_session;
    log_in(&ann);
    ck_assert(!load(&ann).has_base_key && load(&ann).has_session_key);
    ck_assert(!outcome.cnonce_changed);
    assert_from_context(&ann, "same cnonce");
    ck_assert(!outcome.cnonce_changed);
    ann.new_cnonce = true;
    assert_from_authority(&ann, "changed cnonce");
    ck_assert(outcome.cnonce_changed);
    assert_from_authority(&ann, "changed again");
    ck_assert(outcome.cnonce_changed);
}
END_TEST

START_TEST(session_key_alone_is_good_for_a_kept_a1)
{
    client_t ann = new_ann();

    authority.prove = prove_session;
    ann.keeps_a1 = true;
    log_in(&ann);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "kept A1");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

/* ---- Two users */

START_TEST(context_of_another_user_is_left_alone)
{
    client_t ann = new_ann();
    client_t bob = new_bob();
    char opaque[sizeof(ann.opaque)];

    log_in(&ann);
    memcpy(bob.nonce, ann.nonce, sizeof(bob.nonce));
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    memcpy(opaque, ann.opaque, sizeof(opaque));
    ck_assert_int_eq(get(&bob, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason, "the context belongs to somebody else");
    take_challenge(&bob);
    ck_assert(bob.stale);
    ck_assert_str_ne(bob.opaque, opaque);
    assert_from_authority(&bob, "bob has his own");
    ck_assert_str_eq(unit_string(outcome.user), "bob");
    assert_from_context(&ann, "ann goes on");
    assert_from_context(&bob, "bob goes on");
}
END_TEST

START_TEST(opaque_of_another_user_is_not_given_away)
{
    client_t ann = new_ann();
    client_t bob = new_bob();

    log_in(&ann);
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    ck_assert_int_eq(get(&bob, "/"), MSD_STALE);
    take_challenge(&bob);
    ck_assert_str_ne(bob.opaque, ann.opaque);
    apr_cpystrn(bob.nonce, "garbage", sizeof(bob.nonce));
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    ck_assert_int_eq(get(&bob, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
    assert_from_context(&ann, "ann goes on");
}
END_TEST

START_TEST(users_do_not_use_up_each_others_counts)
{
    client_t ann = new_ann();
    client_t bob = new_bob();

    kept.full = true; /* no context tells them apart */
    memcpy(bob.nonce, ann.nonce, sizeof(bob.nonce));
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(get(&bob, "/"), MSD_ACCEPTED);
    ck_assert_str_eq(unit_string(outcome.user), "bob");
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_str_eq(unit_string(outcome.user), "ann");
}
END_TEST

START_TEST(name_is_compared_to_its_end)
{
    client_t ann = new_ann();
    client_t anna = new_client("anna", "secret of ann");
    client_t an = new_client("an", "secret of ann");

    log_in(&ann);
    memcpy(anna.nonce, ann.nonce, sizeof(anna.nonce));
    memcpy(anna.opaque, ann.opaque, sizeof(anna.opaque));
    memcpy(an.nonce, ann.nonce, sizeof(an.nonce));
    memcpy(an.opaque, ann.opaque, sizeof(an.opaque));
    ck_assert_int_eq(get(&anna, "/"), MSD_DENIED);
    ck_assert_int_eq(get(&an, "/"), MSD_DENIED);
}
END_TEST

/* ---- Revalidation */

START_TEST(authority_is_asked_again_when_it_is_due)
{
    client_t ann = new_ann();
    uint64_t proven = world.now_ms;

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    world.now_ms += policy.revalidate_ms - 1;
    assert_from_context(&ann, "not yet due");
    world.now_ms += 1;
    ck_assert_uint_eq(load(&ann).proven_ms, proven);
    assert_from_authority(&ann, "due");
    ck_assert_int_eq(known.lookups, 1);
    ck_assert_uint_eq(load(&ann).proven_ms, world.now_ms);
    assert_from_context(&ann, "not due any more");
    ck_assert_int_eq(kept.revokes, 0);
}
END_TEST

START_TEST(authority_may_ask_for_less_trust)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    known.trust_s = 10;
    log_in(&ann);
    world.now_ms += 10 * SECOND - 1;
    assert_from_context(&ann, "not yet due");
    world.now_ms += 1;
    known.trust_s = 0;
    assert_from_authority(&ann, "due by its own word");
    world.now_ms += 10 * SECOND;
    assert_from_context(&ann, "it did not say so again");
    known.trust_s = 4000000;
    world.now_ms += policy.revalidate_ms;
    assert_from_authority(&ann, "due by the policy");
    world.now_ms += policy.revalidate_ms;
    assert_from_authority(&ann, "and not for longer");
}
END_TEST

START_TEST(revalidate_0_asks_each_time)
{
    client_t ann = new_ann();

    policy.revalidate_ms = 0;
    log_in(&ann);
    assert_from_authority(&ann, "at once");
    assert_from_authority(&ann, "and again");
    ck_assert_int_eq(known.lookups, 2);
}
END_TEST

START_TEST(authority_that_cannot_tell_leaves_its_last_word)
{
    client_t ann = new_ann();
    uint64_t proven = world.now_ms;

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    ck_assert(!outcome.revalidation_failed);
    world.now_ms += policy.revalidate_ms;
    known.unavailable = true;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    ck_assert(outcome.revalidation_failed);
    ck_assert_uint_eq(load(&ann).proven_ms, proven);
    known.unavailable = false;
    assert_from_authority(&ann, "asked again at the next request");
    ck_assert(!outcome.revalidation_failed);
}
END_TEST

START_TEST(last_word_ends_with_the_lifetime)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = 2 * policy.context_lifetime_ms;
    policy.context_idle_ms = 2 * policy.context_lifetime_ms;
    log_in(&ann);
    known.unavailable = true;
    world.now_ms += policy.context_lifetime_ms - 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    world.now_ms += 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
}
END_TEST

static const struct {
    const char *name;
    const char *password;
    const char *reason;
} withdrawals[] = {
    { "user removed", NULL, "user is unknown" },
    { "password changed", "new", "wrong password" },
};

START_TEST(context_that_the_authority_withdraws_is_revoked)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    set_password("ann", withdrawals[_i].password);
    assert_from_context(&ann, "not noticed before it is due");
    world.now_ms += policy.revalidate_ms;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied(withdrawals[_i].reason);
    ck_assert(!outcome.has_context_id);
    ck_assert_int_eq(kept.revokes, 1);
    ck_assert_uint_eq(record_of(&ann)->len, 0);
    ck_assert_uint_eq(record_of(&ann)->ttl_ms, policy.context_lifetime_ms);
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    ck_assert_int_eq(kept.revokes, 1);
}
END_TEST

START_TEST(revoked_context_is_not_taken_up_again)
{
    client_t ann = new_ann();
    char opaque[sizeof(ann.opaque)];

    log_in(&ann);
    memcpy(opaque, ann.opaque, sizeof(opaque));
    set_password("ann", "new");
    policy.revalidate_ms = 0;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    ann.password = "new";
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    ck_assert(ann.stale);
    ck_assert_str_ne(ann.opaque, opaque);
    assert_from_authority(&ann, "a new context");
    /* Nor by its opaque alone. */
    memcpy(ann.opaque, opaque, sizeof(opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
}
END_TEST

START_TEST(new_password_works_at_once)
{
    client_t ann = new_ann();
    client_t old;

    log_in(&ann);
    set_password("ann", "new");
    old = ann;
    ann.password = "new";
    ann.nc = 100;
    assert_from_authority(&ann, "new password");
    assert_from_context(&ann, "new key in the context");
    ck_assert_int_eq(get(&old, "/"), MSD_DENIED);
    ck_assert_int_eq(kept.revokes, 0);
    assert_from_context(&ann, "the old one did no harm");
}
END_TEST

START_TEST(replay_that_is_due_changes_nothing)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    world.now_ms += policy.revalidate_ms;
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(header, "/b"), MSD_REPLAYED);
    known.unavailable = true;
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
}
END_TEST

/* ---- The store */

START_TEST(store_that_cannot_read_costs_a_trip)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    log_in(&ann);
    kept.broken = true;
    assert_from_authority(&ann, "broken");
    assert_from_authority(&ann, "broken again");
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
    known.unavailable = true;
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
}
END_TEST

START_TEST(broken_record_costs_a_trip)
{
    client_t ann = new_ann();

    log_in(&ann);
    record_of(&ann)->len -= 1;
    assert_from_authority(&ann, "cut");
    record_of(&ann)->bytes[0] ^= 1;
    assert_from_authority(&ann, "other version");
    assert_from_context(&ann, "whole again");
}
END_TEST

START_TEST(record_of_another_key_verifies_nothing)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    log_in(&ann);
    memcpy(liar.nonce, ann.nonce, sizeof(liar.nonce));
    memcpy(liar.opaque, ann.opaque, sizeof(liar.opaque));
    liar.algorithm = MSD_ALGORITHM_MD5;
    /* The session key of a -sess answer is not the key of a plain one. */
    liar.keeps_a1 = true;
    memcpy(liar.a1, ann.a1, sizeof(liar.a1));
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
}
END_TEST

/* Requests that overlap look at the clock one after the other. */
START_TEST(context_that_was_written_a_moment_later_is_used)
{
    client_t ann = new_ann();

    log_in(&ann);
    world.now_ms -= 500;
    assert_from_context(&ann, "written by a parallel request");
}
END_TEST

static void add_client_tests(TCase *tcase)
{
    tcase_add_test(tcase, browsers_draw_a_new_cnonce_each_time);
    tcase_add_test(tcase, kept_cnonce_costs_a_hash_less);
    tcase_add_test(tcase, neon_keeps_the_a1_of_its_first_answer);
    tcase_add_test(tcase, old_a1_outlives_a_revalidation);
    tcase_add_test(tcase, old_a1_without_a_context_is_a_wrong_digest);
    tcase_add_test(tcase, java_answers_a_new_nonce_with_its_old_opaque);
    tcase_add_test(tcase, client_without_opaque_is_found_by_its_nonce);
    tcase_add_test(tcase, plain_md5_answers_the_second_challenge);
    tcase_add_test(tcase, hash_of_another_algorithm_does_not_verify);
    tcase_add_test(tcase, domain_user_may_escape_the_backslash_or_not);
    tcase_add_test(tcase, name_in_another_spelling_gets_its_own_context);
    tcase_add_test(tcase, user_may_be_sent_as_named_by_the_escapes);
    tcase_add_test(tcase, session_key_alone_is_good_for_its_cnonce);
    tcase_add_test(tcase, session_key_alone_is_good_for_a_kept_a1);
    tcase_add_test(tcase, context_of_another_user_is_left_alone);
    tcase_add_test(tcase, opaque_of_another_user_is_not_given_away);
    tcase_add_test(tcase, users_do_not_use_up_each_others_counts);
    tcase_add_test(tcase, name_is_compared_to_its_end);
}

static void add_context_tests(TCase *tcase)
{
    tcase_add_test(tcase, authority_is_asked_again_when_it_is_due);
    tcase_add_test(tcase, authority_may_ask_for_less_trust);
    tcase_add_test(tcase, revalidate_0_asks_each_time);
    tcase_add_test(tcase, authority_that_cannot_tell_leaves_its_last_word);
    tcase_add_test(tcase, last_word_ends_with_the_lifetime);
    tcase_add_loop_test(tcase, context_that_the_authority_withdraws_is_revoked,
                        0, UNIT_COUNT(withdrawals));
    tcase_add_test(tcase, revoked_context_is_not_taken_up_again);
    tcase_add_test(tcase, new_password_works_at_once);
    tcase_add_test(tcase, replay_that_is_due_changes_nothing);
    tcase_add_test(tcase, store_that_cannot_read_costs_a_trip);
    tcase_add_test(tcase, broken_record_costs_a_trip);
    tcase_add_test(tcase, record_of_another_key_verifies_nothing);
    tcase_add_test(tcase, context_that_was_written_a_moment_later_is_used);
}

/* Everything twice: the cache of verified nonces must not be noticed. */
Suite *suite_proof(void)
{
    TCase *tcases[2];
    Suite *suite = world_suite("proof", tcases);

    for (int i = 0; i < 2; i++) {
        add_client_tests(tcases[i]);
        add_context_tests(tcases[i]);
    }
    return suite;
}
