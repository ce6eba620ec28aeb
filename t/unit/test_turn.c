/* SPDX-License-Identifier: Apache-2.0 */
/* Turns: one question about a user at a time. */
#include "unit.h"

#include <pthread.h>
#include <sched.h>

#include "limit/turn.h"

static uint64_t clock_ms;
static int pauses;
static msd_turn_t *ends_meanwhile;
static int ends_after;

static uint64_t now_ms(void *self)
{
    (void)self;
    return clock_ms;
}

static void pause_us(void *self, uint32_t us)
{
    (void)self;
    clock_ms += (us + 999) / 1000;
    if (++pauses == ends_after) {
        msd_turn_end(ends_meanwhile, NULL);
    }
}

static msd_turns_t *fresh(void)
{
    const msd_turn_clock_t clock = { NULL, now_ms, pause_us };

    clock_ms = 1000;
    pauses = 0;
    ends_after = 0;
    return msd_turns_attach(apr_pcalloc(unit_pool, msd_turns_size()), clock,
                            unit_pool);
}

static const unsigned char left[MSD_TURN_RESULT_SIZE] = "0123456789abcdef";

START_TEST(free_turn_is_taken_at_once)
{
    msd_turns_t *turns = fresh();
    msd_turn_t turn;

    ck_assert(msd_turn_begin(turns, 7, &turn));
    ck_assert(!turn.waited);
    ck_assert_int_eq(pauses, 0);
    msd_turn_end(&turn, NULL);
    ck_assert(msd_turn_begin(turns, 7, &turn));
    ck_assert(!turn.waited);
}
END_TEST

START_TEST(second_waits_for_the_first)
{
    msd_turns_t *turns = fresh();
    msd_turn_t first;
    msd_turn_t second;
    msd_turn_t other;

    ck_assert(msd_turn_begin(turns, 7, &first));
    ck_assert(msd_turn_begin(turns, 8, &other));
    ck_assert(!other.waited);
    ends_meanwhile = &first;
    ends_after = 4;
    ck_assert(msd_turn_begin(turns, 7, &second));
    ck_assert(second.waited);
    ck_assert_int_eq(pauses, 4);
}
END_TEST

START_TEST(nobody_waits_for_ever)
{
    msd_turns_t *turns = fresh();
    uint64_t start = clock_ms;
    msd_turn_t first;
    msd_turn_t second;

    ck_assert(msd_turn_begin(turns, 7, &first));
    ck_assert(!msd_turn_begin(turns, 7, &second));
    ck_assert_uint_ge(clock_ms - start, MSD_TURN_WAIT_MS);
    ck_assert_uint_le(clock_ms - start, MSD_TURN_WAIT_MS + 10);
    /* One that has none ends nobody's. */
    msd_turn_end(&second, left);
    ck_assert(!msd_turn_begin(turns, 7, &second));
}
END_TEST

START_TEST(turn_of_one_who_died_runs_out)
{
    msd_turns_t *turns = fresh();
    msd_turn_t first;
    msd_turn_t second;
    msd_turn_t third;

    ck_assert(msd_turn_begin(turns, 7, &first));
    clock_ms += MSD_TURN_MAX_MS;
    ck_assert(msd_turn_begin(turns, 7, &second));
    ck_assert(!second.waited);
    /* And if it did not die, it does not end the turn of the other. */
    msd_turn_end(&first, NULL);
    ck_assert(!msd_turn_begin(turns, 7, &third));
}
END_TEST

START_TEST(result_is_for_the_same_mark)
{
    msd_turns_t *turns = fresh();
    unsigned char result[MSD_TURN_RESULT_SIZE];
    msd_turn_t turn;

    ck_assert(msd_turn_begin(turns, 7, &turn));
    ck_assert(!msd_turn_result(&turn, result));
    msd_turn_end(&turn, left);
    ck_assert(msd_turn_begin(turns, 7, &turn));
    ck_assert(msd_turn_result(&turn, result));
    ck_assert_mem_eq(result, left, sizeof(left));
    msd_turn_end(&turn, left);
    /* Another who shares the place. */
    ck_assert(msd_turn_begin(turns, 7 + 2048, &turn));
    ck_assert(!msd_turn_result(&turn, result));
    msd_turn_end(&turn, NULL);
    ck_assert(msd_turn_begin(turns, 7, &turn));
    ck_assert(!msd_turn_result(&turn, result));
    msd_turn_end(&turn, NULL);
    ck_assert(!msd_turn_result(&turn, result));
}
END_TEST

#define THREADS 4
#define EACH 2000

static atomic_int inside;
static atomic_int met;

static void yield(void *self, uint32_t us)
{
    (void)self;
    (void)us;
    sched_yield();
}

static void *take_turns(void *turns)
{
    msd_turn_t turn;

    for (int i = 0; i < EACH; i++) {
        if (!msd_turn_begin(turns, 7, &turn)) {
            return NULL;
        }
        if (atomic_fetch_add(&inside, 1) != 0) {
            atomic_fetch_add(&met, 1);
        }
        atomic_fetch_sub(&inside, 1);
        msd_turn_end(&turn, NULL);
    }
    return turns;
}

START_TEST(two_never_have_it_at_once)
{
    const msd_turn_clock_t clock = { NULL, now_ms, yield };
    msd_turns_t *turns = msd_turns_attach(
        apr_pcalloc(unit_pool, msd_turns_size()), clock, unit_pool);
    pthread_t threads[THREADS];
    void *fine;

    clock_ms = 1000;
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, take_turns, turns), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &fine);
        ck_assert_ptr_nonnull(fine);
    }
    ck_assert_int_eq(met, 0);
}
END_TEST

Suite *suite_turn(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("turn", &tcase);

    tcase_add_test(tcase, free_turn_is_taken_at_once);
    tcase_add_test(tcase, second_waits_for_the_first);
    tcase_add_test(tcase, nobody_waits_for_ever);
    tcase_add_test(tcase, turn_of_one_who_died_runs_out);
    tcase_add_test(tcase, result_is_for_the_same_mark);
    tcase_add_test(tcase, two_never_have_it_at_once);
    return suite;
}
