/* SPDX-License-Identifier: Apache-2.0 */
/* Which RADIUS servers are worth asking. */
#include "unit.h"

#include "authority/radiusserver.h"

#define DEAD UINT64_C(20000)

static _Atomic(uint64_t) marks[3];
static msd_radius_server_t servers[3];

static void set_up(void)
{
    for (int i = 0; i < 3; i++) {
        atomic_store(&marks[i], 0);
        servers[i] = (msd_radius_server_t){ .name = "s",
                                              .dead_until_ms = &marks[i] };
    }
}

/* The numbers of those that are chosen. */
static const char *choose(uint64_t now_ms)
{
    const msd_radius_server_t *chosen[3];
    int n = msd_radius_server_choose(servers, 3, now_ms, DEAD, chosen);
    const char *text = "";

    for (int i = 0; i < n; i++) {
        text = apr_psprintf(unit_pool, "%s%d", text,
                            (int)(chosen[i] - servers));
    }
    return text;
}

START_TEST(all_are_asked_in_order_at_first)
{
    ck_assert_str_eq(choose(0), "012");
    ck_assert_str_eq(choose(5), "012");
}
END_TEST

START_TEST(dead_one_is_left_out_until_its_time)
{
    msd_radius_server_bury(&servers[0], 100);
    ck_assert_str_eq(choose(5), "12");
    ck_assert_str_eq(choose(99), "12");
    ck_assert_str_eq(choose(100), "012");
}
END_TEST

START_TEST(one_caller_tries_a_dead_one)
{
    msd_radius_server_bury(&servers[1], 100);
    ck_assert_str_eq(choose(100), "012");
    ck_assert_str_eq(choose(100), "02");
    ck_assert_str_eq(choose(100 + DEAD - 1), "02");
    ck_assert_str_eq(choose(100 + DEAD), "012");
}
END_TEST

START_TEST(all_are_asked_when_all_are_dead)
{
    for (int i = 0; i < 3; i++) {
        msd_radius_server_bury(&servers[i], 100);
    }
    ck_assert_str_eq(choose(5), "012");
    ck_assert_str_eq(choose(6), "012");
}
END_TEST

START_TEST(answer_revives)
{
    ck_assert(!msd_radius_server_revive(&servers[0]));
    msd_radius_server_bury(&servers[0], 100);
    ck_assert(msd_radius_server_revive(&servers[0]));
    ck_assert(!msd_radius_server_revive(&servers[0]));
    ck_assert_str_eq(choose(5), "012");
}
END_TEST

START_TEST(time_zero_is_dead_too)
{
    msd_radius_server_bury(&servers[0], 0);
    ck_assert_str_eq(choose(0), "12");
    ck_assert(msd_radius_server_revive(&servers[0]));
}
END_TEST

Suite *suite_radiusserver(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiusserver", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, all_are_asked_in_order_at_first);
    tcase_add_test(tcase, dead_one_is_left_out_until_its_time);
    tcase_add_test(tcase, one_caller_tries_a_dead_one);
    tcase_add_test(tcase, all_are_asked_when_all_are_dead);
    tcase_add_test(tcase, answer_revives);
    tcase_add_test(tcase, time_zero_is_dead_too);
    return suite;
}
