/* SPDX-License-Identifier: Apache-2.0 */
/* Two generations of the secret: nobody notices that it changes, and a count
 * stays used. */
#include "world.h"

enum { OLD = 7, NEW = 8, NEWEST = 9 };

START_TEST(nonce_of_the_previous_secret_is_good)
{
    client_t ann = new_ann();

    log_in(&ann);
    use_secrets(NEW, OLD);
    for (int i = 0; i < 3; i++) {
        assert_from_context(&ann, "rotated");
    }
    use_secrets(NEW, 0);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    ck_assert(ann.stale);
    assert_from_authority(&ann, "the previous secret is gone");
}
END_TEST

/* The step before a rotation in a fleet: others make nonces by it already. */
START_TEST(nonce_of_the_next_secret_is_good)
{
    client_t ann;

    use_secrets(NEW, OLD);
    ann = new_ann();
    use_secrets(OLD, NEW);
    log_in(&ann);
    assert_from_context(&ann, "the next secret");
}
END_TEST

START_TEST(used_count_stays_used_over_a_rotation)
{
    client_t ann = new_ann();
    const char *first;
    const char *later;

    first = answer(&ann, "/");
    ck_assert_int_eq(deliver(first, "/"), MSD_ACCEPTED);
    use_secrets(NEW, OLD);
    ck_assert_int_eq(deliver(first, "/"), MSD_REPLAYED);
    later = answer(&ann, "/");
    ck_assert_int_eq(deliver(later, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(later, "/"), MSD_REPLAYED);
    /* A child of before, which still has the old secret only. */
    use_secrets(OLD, 0);
    ck_assert_int_eq(deliver(later, "/"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(first, "/"), MSD_REPLAYED);
}
END_TEST

START_TEST(used_count_of_another_realm_stays_used)
{
    static const char *const realms[] = { REALM };
    client_t ann;
    const char *first;

    policy.realm = "elsewhere";
    policy.realms = realms;
    policy.realm_count = 1;
    ann = new_ann();
    first = answer(&ann, "/");
    ck_assert_int_eq(deliver(first, "/"), MSD_ACCEPTED);
    use_secrets(NEW, OLD);
    ck_assert_int_eq(deliver(first, "/"), MSD_REPLAYED);
    assert_from_context(&ann, "another realm");
}
END_TEST

START_TEST(challenges_are_made_by_the_current_secret)
{
    client_t ann;

    use_secrets(NEW, OLD);
    ann = new_ann();
    use_secrets(NEW, 0);
    log_in(&ann);
    assert_from_context(&ann, "made by the current secret");
}
END_TEST

START_TEST(context_is_named_anew_when_it_is_kept_alive)
{
    client_t ann = new_ann();
    uint64_t before;

    policy.revalidate_ms = policy.context_lifetime_ms;
    log_in(&ann);
    before = load(&ann).scope_mark;
    use_secrets(NEW, OLD);
    assert_from_context(&ann, "rotated");
    ck_assert_uint_eq(load(&ann).scope_mark, before);
    world.now_ms += policy.context_idle_ms / 2;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    assert_from_context(&ann, "kept alive");
    ck_assert_int_eq(kept.puts, 1);
    ck_assert_uint_ne(load(&ann).scope_mark, before);
    use_secrets(NEW, 0);
    assert_from_context(&ann, "without the old one");
    use_secrets(NEWEST, NEW);
    assert_from_context(&ann, "rotated again");
}
END_TEST

START_TEST(context_of_another_user_stays_his)
{
    client_t ann = new_ann();
    client_t bob = new_bob();

    log_in(&ann);
    use_secrets(NEW, OLD);
    memcpy(bob.nonce, ann.nonce, sizeof(bob.nonce));
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    ck_assert_int_eq(get(&bob, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
    assert_from_context(&ann, "untouched");
}
END_TEST

START_TEST(nonce_of_another_place_is_stale_after_a_rotation)
{
    client_t ann = new_ann();

    log_in(&ann);
    use_secrets(NEW, OLD);
    policy.previous_scope = MSD_TEXT("r of another server");
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
}
END_TEST

/* The nonce cache may stay when the life of the guard ends. */
START_TEST(nonce_of_another_life_is_foreign_to_the_same_cache)
{
    msd_noncecache_t *cache = world.nonces;
    client_t ann = new_ann();

    log_in(&ann);
    assert_from_context(&ann, "in the cache now");
    begin_life(2);
    world.nonces = cache;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason, "the nonce is not of this server's life");
}
END_TEST

/* ---- Machines that share a store, each with a clock of its own */

START_TEST(context_of_a_machine_that_runs_for_longer_grows_old)
{
    client_t ann = new_ann();

    world.epoch_ms = 5000 * SECOND;
    log_in(&ann);
    /* Another machine, which started this moment. */
    world.epoch_ms += world.now_ms;
    world.now_ms = 0;
    begin_life(2);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    assert_from_context(&ann, "at the other machine");
    world.now_ms += policy.nonce_lifetime_ms;
    assert_from_context(&ann, "not due yet");
    world.now_ms = policy.revalidate_ms;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    assert_from_authority(&ann, "due");
    ck_assert_uint_eq(load(&ann).proven_ms,
                      world.now_ms + world.epoch_ms);
}
END_TEST

START_TEST(clocks_may_differ_by_two_minutes)
{
    client_t ann = new_ann();

    log_in(&ann);
    world.epoch_ms -= 120 * SECOND;
    assert_from_context(&ann, "two minutes");
    world.epoch_ms -= 1;
    assert_from_authority(&ann, "more");
}
END_TEST

Suite *suite_rotation(void)
{
    TCase *tcases[2];
    Suite *suite = world_suite("rotation", tcases);

    for (int i = 0; i < 2; i++) {
        TCase *tcase = tcases[i];

        tcase_add_test(tcase, nonce_of_the_previous_secret_is_good);
        tcase_add_test(tcase, nonce_of_the_next_secret_is_good);
        tcase_add_test(tcase, used_count_stays_used_over_a_rotation);
        tcase_add_test(tcase, used_count_of_another_realm_stays_used);
        tcase_add_test(tcase, challenges_are_made_by_the_current_secret);
        tcase_add_test(tcase, context_is_named_anew_when_it_is_kept_alive);
        tcase_add_test(tcase, context_of_another_user_stays_his);
        tcase_add_test(tcase,
                       nonce_of_another_place_is_stale_after_a_rotation);
        tcase_add_test(tcase,
                       nonce_of_another_life_is_foreign_to_the_same_cache);
        tcase_add_test(tcase,
                       context_of_a_machine_that_runs_for_longer_grows_old);
        tcase_add_test(tcase, clocks_may_differ_by_two_minutes);
    }
    return suite;
}
