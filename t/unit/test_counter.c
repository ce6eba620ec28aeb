/* SPDX-License-Identifier: Apache-2.0 */
/* Counters that decay, in memory that all processes share. */
#include "unit.h"

#include <pthread.h>

#include "limit/counter.h"

#define SECOND UINT64_C(1000)
#define WAYS 8

static const msd_rate_t leaky = { 10, 100, MSD_DECAY_LEAK };
static const msd_rate_t quiet = { 3, 100, MSD_DECAY_QUIET };
static const msd_rate_t none = { 0, 100, MSD_DECAY_QUIET };

static msd_counters_t *fresh(void)
{
    return msd_counters_attach(apr_pcalloc(unit_pool, msd_counters_size()),
                               unit_pool);
}

static void add(const msd_counters_t *counters, uint64_t mark, uint64_t now_ms,
                const msd_rate_t *rate, int times)
{
    for (int i = 0; i < times; i++) {
        msd_counters_add(counters, mark, now_ms, rate);
    }
}

/* Marks of one bucket differ in their upper bits. */
static uint64_t mark_of(unsigned number)
{
    return (uint64_t)number << 40 | 5;
}

START_TEST(limit_is_reached_at_its_number)
{
    msd_counters_t *counters = fresh();

    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &quiet), 0);
    add(counters, 7, 0, &quiet, 2);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &quiet), 0);
    add(counters, 7, 0, &quiet, 1);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &quiet), 100);
}
END_TEST

START_TEST(quiet_time_ends_all_at_once)
{
    msd_counters_t *counters = fresh();

    add(counters, 7, 0, &quiet, 2);
    add(counters, 7, 60 * SECOND, &quiet, 1);
    ck_assert_uint_eq(
        msd_counters_wait(counters, 7, 100 * SECOND, &quiet), 60);
    ck_assert_uint_eq(
        msd_counters_wait(counters, 7, 159 * SECOND, &quiet), 1);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 160 * SECOND, &quiet), 0);
    add(counters, 7, 160 * SECOND, &quiet, 2);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 160 * SECOND, &quiet), 0);
}
END_TEST

START_TEST(leak_lets_one_after_the_other_go)
{
    msd_counters_t *counters = fresh();

    add(counters, 7, 0, &leaky, 10);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &leaky), 10);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 9 * SECOND, &leaky), 1);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 10 * SECOND, &leaky), 0);
    add(counters, 7, 15 * SECOND, &leaky, 1);
    /* The five seconds that made no whole one still count. */
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 15 * SECOND, &leaky), 5);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 20 * SECOND, &leaky), 0);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 500 * SECOND, &leaky), 0);
}
END_TEST

START_TEST(no_limit_counts_nothing)
{
    msd_counters_t *counters = fresh();

    add(counters, 7, 0, &none, 100);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &none), 0);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &quiet), 0);
}
END_TEST

START_TEST(forgotten_begins_at_zero)
{
    msd_counters_t *counters = fresh();

    add(counters, mark_of(1), 0, &quiet, 3);
    add(counters, mark_of(2), 0, &quiet, 3);
    ck_assert_uint_eq(msd_counters_take(counters, mark_of(1), 0, &quiet), 3);
    ck_assert_uint_eq(msd_counters_take(counters, mark_of(1), 0, &quiet), 0);
    ck_assert_uint_eq(msd_counters_take(counters, mark_of(3), 0, &quiet), 0);
    ck_assert_uint_eq(msd_counters_wait(counters, mark_of(1), 0, &quiet), 0);
    ck_assert_uint_eq(msd_counters_wait(counters, mark_of(2), 0, &quiet), 100);
}
END_TEST

START_TEST(taken_is_what_is_left_of_it)
{
    msd_counters_t *counters = fresh();

    add(counters, 7, 0, &quiet, 3);
    ck_assert_uint_eq(
        msd_counters_take(counters, 7, 100 * SECOND, &quiet), 0);
}
END_TEST

START_TEST(forgiven_count_less)
{
    msd_counters_t *counters = fresh();

    add(counters, 7, 0, &quiet, 4);
    msd_counters_forgive(counters, 7, 0);
    msd_counters_forgive(counters, 7, 1);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &quiet), 100);
    msd_counters_forgive(counters, 7, 1);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &quiet), 0);
    add(counters, 7, 0, &quiet, 1);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &quiet), 100);
    msd_counters_forgive(counters, 7, 100);
    msd_counters_forgive(counters, 8, 100);
    ck_assert_uint_eq(msd_counters_take(counters, 7, 0, &quiet), 0);
}
END_TEST

START_TEST(full_bucket_loses_what_counts_least)
{
    msd_counters_t *counters = fresh();

    for (unsigned i = 0; i < WAYS; i++) {
        add(counters, mark_of(i), i * SECOND, &quiet, i == 3 ? 1 : 3);
    }
    add(counters, mark_of(100), 10 * SECOND, &quiet, 3);
    for (unsigned i = 0; i < WAYS; i++) {
        ck_assert_msg((msd_counters_wait(counters, mark_of(i), 10 * SECOND,
                                         &quiet) != 0)
                          == (i != 3),
                      "number %u", i);
    }
    ck_assert_uint_ne(
        msd_counters_wait(counters, mark_of(100), 10 * SECOND, &quiet), 0);
    /* Of equals the oldest goes; what is over goes first. */
    add(counters, mark_of(101), 99 * SECOND, &quiet, 1);
    ck_assert_uint_eq(
        msd_counters_wait(counters, mark_of(0), 99 * SECOND, &quiet), 0);
    add(counters, mark_of(102), 101 * SECOND, &quiet, 3);
    ck_assert_uint_ne(
        msd_counters_wait(counters, mark_of(102), 101 * SECOND, &quiet), 0);
    ck_assert_uint_ne(
        msd_counters_wait(counters, mark_of(2), 101 * SECOND, &quiet), 0);
}
END_TEST

/* Sections have windows of their own, and reproofs another one. */
START_TEST(short_window_pushes_no_long_one_out)
{
    static const msd_rate_t brief = { 3, 10, MSD_DECAY_LEAK };
    msd_counters_t *counters = fresh();

    add(counters, mark_of(1), 0, &quiet, 3);
    add(counters, mark_of(2), 50 * SECOND, &brief, 1);
    ck_assert_uint_ne(
        msd_counters_wait(counters, mark_of(1), 50 * SECOND, &quiet), 0);
    for (unsigned i = 3; i < 100; i++) {
        add(counters, mark_of(i), 50 * SECOND, &brief, 1);
    }
    ck_assert_uint_ne(
        msd_counters_wait(counters, mark_of(1), 50 * SECOND, &quiet), 0);
}
END_TEST

START_TEST(count_of_a_moment_later_is_of_now)
{
    msd_counters_t *counters = fresh();

    add(counters, 7, 50 * SECOND, &quiet, 3);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 49 * SECOND, &quiet),
                      100);
    add(counters, 7, 49 * SECOND, &leaky, 1);
    ck_assert_uint_ne(msd_counters_wait(counters, 7, 50 * SECOND, &quiet), 0);
}
END_TEST

START_TEST(count_does_not_run_over)
{
    static const msd_rate_t most = { MSD_RATE_MAX, 100, MSD_DECAY_QUIET };
    msd_counters_t *counters = fresh();

    add(counters, 7, 0, &most, 10000);
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &most), 100);
    ck_assert_uint_eq(msd_counters_wait(counters, mark_of(1), 0, &quiet), 0);
}
END_TEST

#define THREADS 4
#define EACH 900

static void *add_many(void *counters)
{
    static const msd_rate_t most = { MSD_RATE_MAX, 100, MSD_DECAY_QUIET };

    for (int i = 0; i < EACH; i++) {
        msd_counters_add(counters, 7, 0, &most);
    }
    return NULL;
}

START_TEST(none_is_lost_between_threads)
{
    msd_rate_t rate = { THREADS * EACH, 100, MSD_DECAY_QUIET };
    msd_counters_t *counters = fresh();
    pthread_t threads[THREADS];

    /* The place is claimed: two who claim at once may use one each. */
    msd_counters_add(counters, 7, 0, &rate);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, add_many, counters), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    rate.limit++;
    ck_assert_uint_ne(msd_counters_wait(counters, 7, 0, &rate), 0);
    rate.limit++;
    ck_assert_uint_eq(msd_counters_wait(counters, 7, 0, &rate), 0);
}
END_TEST

Suite *suite_counter(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("counter", &tcase);

    tcase_add_test(tcase, limit_is_reached_at_its_number);
    tcase_add_test(tcase, quiet_time_ends_all_at_once);
    tcase_add_test(tcase, leak_lets_one_after_the_other_go);
    tcase_add_test(tcase, no_limit_counts_nothing);
    tcase_add_test(tcase, forgotten_begins_at_zero);
    tcase_add_test(tcase, taken_is_what_is_left_of_it);
    tcase_add_test(tcase, forgiven_count_less);
    tcase_add_test(tcase, full_bucket_loses_what_counts_least);
    tcase_add_test(tcase, short_window_pushes_no_long_one_out);
    tcase_add_test(tcase, count_of_a_moment_later_is_of_now);
    tcase_add_test(tcase, count_does_not_run_over);
    tcase_add_test(tcase, none_is_lost_between_threads);
    return suite;
}
