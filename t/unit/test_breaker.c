/* SPDX-License-Identifier: Apache-2.0 */
/* Circuit breakers: who did not answer is spared for a while. */
#include "unit.h"

#include "limit/breaker.h"

static uint64_t clock_ms;

static uint64_t now_ms(void *self)
{
    (void)self;
    return clock_ms;
}

static msd_breaker_t fresh(uint64_t mark)
{
    clock_ms = 1000;
    return (msd_breaker_t){
        msd_breakers_attach(apr_pcalloc(unit_pool, msd_breakers_size()),
                            unit_pool),
        mark, NULL, now_ms
    };
}

/* Ask, and get an answer or none after so long. */
static bool ask(const msd_breaker_t *breaker, uint64_t took_ms, bool answered)
{
    uint64_t asked_ms;

    if (!msd_breaker_lets(breaker, &asked_ms)) {
        return false;
    }
    clock_ms += took_ms;
    msd_breaker_report(breaker, asked_ms, answered);
    return true;
}

static bool lets(const msd_breaker_t *breaker)
{
    uint64_t asked_ms;

    return msd_breaker_lets(breaker, &asked_ms);
}

START_TEST(slow_silence_opens_it)
{
    msd_breaker_t breaker = fresh(7);

    ck_assert(ask(&breaker, 2000, true));
    ck_assert(ask(&breaker, 2000, false));
    ck_assert(!lets(&breaker));
    clock_ms += MSD_BREAKER_REST_MS - 1;
    ck_assert(!lets(&breaker));
}
END_TEST

START_TEST(silence_beside_answers_does_not)
{
    msd_breaker_t breaker = fresh(7);
    msd_breaker_t namesake = breaker;
    uint64_t asked_ms;

    ck_assert(msd_breaker_lets(&breaker, &asked_ms));
    ck_assert(ask(&breaker, 1000, true));
    clock_ms += 1000;
    msd_breaker_report(&breaker, asked_ms, false);
    ck_assert(lets(&breaker));
    /* An answer of before counts for nothing, nor one of somebody else. */
    ck_assert(msd_breaker_lets(&breaker, &asked_ms));
    namesake.mark = UINT64_C(1) << 50 | 7;
    ck_assert(ask(&namesake, 2000, true));
    msd_breaker_report(&breaker, asked_ms, false);
    ck_assert(!lets(&breaker));
}
END_TEST

START_TEST(quick_refusal_costs_nobody_anything)
{
    msd_breaker_t breaker = fresh(7);

    ck_assert(ask(&breaker, MSD_BREAKER_QUICK_MS - 1, false));
    ck_assert(lets(&breaker));
    ck_assert(ask(&breaker, MSD_BREAKER_QUICK_MS, false));
    ck_assert(!lets(&breaker));
}
END_TEST

START_TEST(one_makes_the_try)
{
    msd_breaker_t breaker = fresh(7);
    uint64_t asked_ms;

    ask(&breaker, 2000, false);
    clock_ms += MSD_BREAKER_REST_MS;
    ck_assert(msd_breaker_lets(&breaker, &asked_ms));
    ck_assert(!lets(&breaker));
    clock_ms += 10;
    msd_breaker_report(&breaker, asked_ms, true);
    ck_assert(lets(&breaker));
    ck_assert(lets(&breaker));
}
END_TEST

START_TEST(failed_try_opens_it_again)
{
    msd_breaker_t breaker = fresh(7);

    ask(&breaker, 2000, false);
    clock_ms += MSD_BREAKER_REST_MS;
    ck_assert(ask(&breaker, 2000, false));
    clock_ms += MSD_BREAKER_REST_MS - 1;
    ck_assert(!lets(&breaker));
    clock_ms += 1;
    ck_assert(lets(&breaker));
}
END_TEST

/* Its process died, or it failed at once. */
START_TEST(try_without_a_word_is_made_again)
{
    msd_breaker_t breaker = fresh(7);

    ask(&breaker, 2000, false);
    clock_ms += MSD_BREAKER_REST_MS;
    ck_assert(ask(&breaker, 1, false));
    ck_assert(!lets(&breaker));
    clock_ms += MSD_BREAKER_REST_MS;
    ck_assert(lets(&breaker));
}
END_TEST

START_TEST(another_is_not_spared_with_it)
{
    msd_breaker_t breaker = fresh(7);
    msd_breaker_t other = breaker;
    msd_breaker_t namesake = breaker;

    other.mark = 8;
    namesake.mark = UINT64_C(1) << 50 | 7;
    ask(&breaker, 2000, false);
    ck_assert(lets(&other));
    ck_assert(lets(&namesake));
    ck_assert(ask(&namesake, 1, true));
    ck_assert(!lets(&breaker));
}
END_TEST

START_TEST(without_memory_it_is_closed)
{
    msd_breaker_t breaker = { NULL, 0, NULL, NULL };

    ck_assert(ask(&breaker, 2000, false));
    ck_assert(lets(&breaker));
}
END_TEST

Suite *suite_breaker(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("breaker", &tcase);

    tcase_add_test(tcase, slow_silence_opens_it);
    tcase_add_test(tcase, silence_beside_answers_does_not);
    tcase_add_test(tcase, quick_refusal_costs_nobody_anything);
    tcase_add_test(tcase, one_makes_the_try);
    tcase_add_test(tcase, failed_try_opens_it_again);
    tcase_add_test(tcase, try_without_a_word_is_made_again);
    tcase_add_test(tcase, another_is_not_spared_with_it);
    tcase_add_test(tcase, without_memory_it_is_closed);
    return suite;
}
