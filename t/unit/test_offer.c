/* SPDX-License-Identifier: Apache-2.0 */
/* What is offered to a client: the challenges. */
#include "world.h"

#include "offer.h"

START_TEST(challenge_costs_nothing)
{
    const char *lines[MSD_ALGORITHM_COUNT];
    apr_size_t size = msd_replay_size(GUARD_SLOTS);
    const void *before = copy_of(guard, size);

    ck_assert_int_eq(msd_challenge(&world, &policy, NULL, lines), 2);
    ck_assert_mem_eq(guard, before, size);
    ck_assert_int_eq(kept.gets + kept.puts + known.lookups, 0);
    ck_assert_ptr_nonnull(strstr(lines[0], "algorithm=MD5-sess,"));
    ck_assert_ptr_nonnull(strstr(lines[1], "algorithm=MD5,"));
    ck_assert_str_eq(strstr(lines[0], ",nonce"), strstr(lines[1], ",nonce"));
    ck_assert_ptr_null(strstr(lines[0], "stale"));
}
END_TEST

START_TEST(challenge_without_randomness_is_none)
{
    const char *lines[MSD_ALGORITHM_COUNT];

    random_broken = true;
    ck_assert_int_eq(msd_challenge(&world, &policy, NULL, lines), 0);
}
END_TEST

START_TEST(each_challenge_is_another)
{
    client_t first = new_ann();
    client_t second = new_ann();

    ck_assert_str_ne(first.nonce, second.nonce);
    ck_assert_str_ne(first.opaque, second.opaque);
}
END_TEST

START_TEST(what_openssl_has_is_possible)
{
    ck_assert(msd_offer_is_possible(&world, MSD_ALGORITHM_MD5_SESS));
    ck_assert(msd_offer_is_possible(&world, MSD_ALGORITHM_SHA512_256));
}
END_TEST

Suite *suite_offer(void)
{
    TCase *tcases[2];
    Suite *suite = world_suite("offer", tcases);

    for (int i = 0; i < 2; i++) {
        tcase_add_test(tcases[i], challenge_costs_nothing);
        tcase_add_test(tcases[i], challenge_without_randomness_is_none);
        tcase_add_test(tcases[i], each_challenge_is_another);
        tcase_add_test(tcases[i], what_openssl_has_is_possible);
    }
    return suite;
}
