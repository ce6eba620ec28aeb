/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a proof, and for how long. */
#include "world.h"

#include "remember.h"

START_TEST(idle_context_ends)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    policy.revalidate_ms = policy.context_lifetime_ms;
    log_in(&ann);
    world.now_ms += policy.context_idle_ms - 1;
    assert_from_context(&ann, "in time");
    world.now_ms += policy.context_idle_ms;
    assert_from_authority(&ann, "too late");
    assert_from_context(&ann, "anew");
}
END_TEST

START_TEST(context_in_use_is_kept_alive_but_not_for_ever)
{
    client_t ann = new_ann();
    uint64_t proven = world.now_ms;
    uint64_t quarter = policy.context_idle_ms / 4;

    policy.nonce_lifetime_ms = 2 * policy.context_lifetime_ms;
    policy.revalidate_ms = 2 * policy.context_lifetime_ms;
    log_in(&ann);
    while (world.now_ms + quarter < proven + policy.context_lifetime_ms) {
        int puts = kept.puts;

        world.now_ms += quarter - 1;
        assert_from_context(&ann, "before a quarter");
        ck_assert_int_eq(kept.puts, puts);
        world.now_ms += 1;
        assert_from_context(&ann, "at a quarter");
        ck_assert_int_eq(kept.puts, puts + 1);
        ck_assert_uint_eq(load(&ann).kept_ms, world.now_ms);
        ck_assert_uint_eq(load(&ann).proven_ms, proven);
        ck_assert_uint_le(world.now_ms + record_of(&ann)->ttl_ms,
                          proven + policy.context_lifetime_ms);
    }
    world.now_ms = proven + policy.context_lifetime_ms - 1;
    assert_from_context(&ann, "the last millisecond");
    world.now_ms += 1;
    assert_from_authority(&ann, "the lifetime is over");
}
END_TEST

START_TEST(time_to_live_is_the_idle_time_within_the_lifetime)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    policy.revalidate_ms = policy.context_lifetime_ms;
    policy.context_lifetime_ms = policy.context_idle_ms + 10 * SECOND;
    log_in(&ann);
    ck_assert_uint_eq(record_of(&ann)->ttl_ms, policy.context_idle_ms);
    world.now_ms += policy.context_idle_ms / 2;
    assert_from_context(&ann, "in use");
    ck_assert_uint_eq(record_of(&ann)->ttl_ms,
                      policy.context_idle_ms / 2 + 10 * SECOND);
}
END_TEST

START_TEST(kept_a1_of_an_old_password_is_forgotten)
{
    client_t ann = new_ann();
    client_t old;

    ann.keeps_a1 = true;
    log_in(&ann);
    old = ann;
    set_password("ann", "new");
    ann.password = "new";
    ann.a1[0] = '\0';
    ann.nc = 100;
    assert_from_authority(&ann, "new password");
    ck_assert_str_eq(unit_hex(load(&ann).session_key, 16), ann.a1);
    ck_assert_int_eq(get(&old, "/"), MSD_DENIED);
}
END_TEST

START_TEST(store_that_cannot_keep_costs_a_trip)
{
    client_t ann = new_ann();

    kept.full = true;
    assert_from_authority(&ann, "full");
    ck_assert_int_eq(outcome.store_status, APR_ENOSPC);
    assert_from_authority(&ann, "full");
    kept.full = false;
    assert_from_authority(&ann, "room again");
    ck_assert_int_eq(outcome.store_status, APR_SUCCESS);
    assert_from_context(&ann, "kept");
}
END_TEST

START_TEST(name_too_long_for_a_record_costs_a_trip)
{
    char name[501];
    client_t ann;

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    set_password(name, "p");
    ann = new_client(name, "p");
    assert_from_authority(&ann, "long name");
    ck_assert_int_eq(outcome.store_status, APR_ENOSPC);
    assert_from_authority(&ann, "long name");
}
END_TEST

Suite *suite_remember(void)
{
    TCase *tcases[2];
    Suite *suite = world_suite("remember", tcases);

    for (int i = 0; i < 2; i++) {
        tcase_add_test(tcases[i], idle_context_ends);
        tcase_add_test(tcases[i],
                       context_in_use_is_kept_alive_but_not_for_ever);
        tcase_add_test(tcases[i],
                       time_to_live_is_the_idle_time_within_the_lifetime);
        tcase_add_test(tcases[i], kept_a1_of_an_old_password_is_forgotten);
        tcase_add_test(tcases[i], store_that_cannot_keep_costs_a_trip);
        tcase_add_test(tcases[i], name_too_long_for_a_record_costs_a_trip);
    }
    return suite;
}
