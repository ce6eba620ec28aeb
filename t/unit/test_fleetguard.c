/* SPDX-License-Identifier: Apache-2.0 */
/* The guard of a fleet at a real Redis, with the table of one machine as the
 * oracle. */
#include "redisreal.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "context/replay.h"
#include "redis/fleetguard.h"

static msd_fleet_t fleet;
static msd_fleet_use_t use;
static const msd_guard_t *guard;
static msd_count_t count;
static char script_name[MSD_FLEET_SCRIPT_NAME_SIZE];
static int complaints;
static unsigned char next_random;

static apr_status_t draw(void *self, unsigned char *out, apr_size_t n)
{
    (void)self;
    for (apr_size_t i = 0; i < n; i++) {
        out[i] = ++next_random;
    }
    return APR_SUCCESS;
}

static void complain(void *self, const char *fault)
{
    (void)self;
    ck_assert_ptr_nonnull(fault);
    complaints++;
}

static uint64_t redis_time_ms(void)
{
    return redis_now_ms() + fleet.ahead_ms;
}

static void begin(void)
{
    redis_up();
    memset(&fleet, 0, sizeof(fleet));
    complaints = 0;
    msd_fleet_script_name(script_name);
    use = (msd_fleet_use_t){
        .redis = msd_redis_create(&redis_config, unit_pool),
        .fleet = &fleet,
        .script_name = script_name,
        .longest_ms = 300000,
        .now_ms = redis_now_ms,
        .random = draw,
        .complain = complain,
    };
    guard = msd_fleet_guard(&use);
    ck_assert(msd_fleet_look(&use));
    count = (msd_count_t){
        .key = { .own = UINT64_C(7) << 32 | 1, .place = 99 },
        .minted_ms = redis_time_ms(),
        .lifetime_ms = 300000,
        .life = guard->life,
        .nc = 1,
        .mode = MSD_REPLAY_WINDOW,
    };
}

static msd_replay_result_t use_up(uint32_t nc)
{
    count.nc = nc;
    return guard->accept(guard->self, &count);
}

START_TEST(redis_tells_its_clock_and_the_life)
{
    struct timespec wall;
    uint64_t ms;

    clock_gettime(CLOCK_REALTIME, &wall);
    ms = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000;
    ck_assert_uint_lt(ms - redis_time_ms() + 5000, 10000);
    ck_assert_uint_ne(guard->life, 0);
    ck_assert_uint_eq(fleet.life, guard->life);
}
END_TEST

/* Any sequence of counts is judged as the table of one machine judges it. */
START_TEST(the_script_agrees_with_the_table)
{
    static const uint32_t near[] = { 0,   1,   15,  16,  17,       112,
                                     113, 127, 128, 129, 16777215, 16777216 };
    static const unsigned char life[MSD_LIFE_ID_SIZE] = { 1 };
    void *memory =
        apr_pcalloc(unit_pool, msd_replay_size(MSD_REPLAY_SLOTS_MIN));
    msd_guard_t table = msd_guard_of_replay(msd_replay_begin(
        memory, MSD_REPLAY_SLOTS_MIN, life, 0, unit_pool));

    srand48(_i);
    for (int nonce = 1; nonce <= 40; nonce++) {
        /* Each is younger than those before, so that the table keeps it. */
        count.key.own = (uint64_t)(nonce + 1) << 32 | 5;
        for (int i = 0; i < 40; i++) {
            msd_replay_result_t expected;
            bool peeks = lrand48() % 4 == 0;

            count.mode = (nonce & 1) != 0 && lrand48() % 2 != 0
                             ? MSD_REPLAY_SEQUENCE
                             : MSD_REPLAY_WINDOW;
            count.nc = lrand48() % 8 == 0
                           ? near[(size_t)lrand48()
                                  % (sizeof(near) / sizeof(near[0])
                                     - (nonce % 4 != 0 ? 2 : 0))]
                           : (uint32_t)(lrand48() % (nonce % 3 == 0 ? 300
                                                                    : 24));
            expected = peeks ? table.peek(table.self, &count)
                             : table.accept(table.self, &count);
            ck_assert_msg(
                (peeks ? guard->peek(guard->self, &count)
                       : guard->accept(guard->self, &count))
                    == expected,
                "nonce %d, step %d: count %u is %d for the table", nonce, i,
                count.nc, expected);
        }
    }
    ck_assert_int_eq(complaints, 0);
}
END_TEST

START_TEST(nonces_and_users_are_apart)
{
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    count.key.place++;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    count.key.own++;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    ck_assert_int_eq(use_up(1), MSD_REPLAY_SEEN);
}
END_TEST

START_TEST(age_is_judged_by_redis)
{
    count.minted_ms = redis_time_ms() - 300500;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_EXPIRED);
    count.minted_ms = redis_time_ms() + 3000;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_EXPIRED);
    count.minted_ms = redis_time_ms() - 200000;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
}
END_TEST

static int64_t left_ms(void)
{
    static const char ttl[] =
        "return tostring(redis.call('PTTL', redis.call('KEYS', "
        "'msdigest:counts:*')[1]))";

    return apr_atoi64(redis_say(use.redis, "EVAL", ttl, "0", NULL));
}

/* A section where nonces live shorter must not make the guard forget what is
 * good in another. */
START_TEST(counts_are_kept_for_the_longest_lifetime)
{
    count.lifetime_ms = 1000;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    ck_assert_int_gt(left_ms(), 300000);
    ck_assert_int_le(left_ms(), 360000);
    count.lifetime_ms = 300000;
    ck_assert_int_eq(use_up(2), MSD_REPLAY_ACCEPTED);
    count.lifetime_ms = 1000;
    ck_assert_int_eq(use_up(3), MSD_REPLAY_ACCEPTED);
    ck_assert_int_gt(left_ms(), 300000);
}
END_TEST

/* What was kept for less may be forgotten when more is wanted. */
START_TEST(a_longer_lifetime_begins_a_life)
{
    uint32_t before = guard->life;

    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    use.longest_ms = 600000;
    ck_assert_int_eq(use_up(2), MSD_REPLAY_FOREIGN);
    ck_assert_uint_ne(guard->life, before);
    count.life = guard->life;
    /* One that wants less goes with it. */
    use.longest_ms = 300000;
    ck_assert_int_eq(use_up(3), MSD_REPLAY_ACCEPTED);
    ck_assert_int_gt(left_ms(), 600000);
    /* No section has more than it said; one that does gets no more. */
    count.lifetime_ms = UINT64_C(86400000);
    count.minted_ms = redis_time_ms() - 600500;
    ck_assert_int_eq(use_up(4), MSD_REPLAY_EXPIRED);
}
END_TEST

START_TEST(a_flush_begins_a_life)
{
    uint32_t before = guard->life;

    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    redis_say(use.redis, "FLUSHALL", NULL);
    ck_assert_int_eq(use_up(1), MSD_REPLAY_FOREIGN);
    ck_assert_uint_ne(guard->life, before);
    ck_assert_int_eq(use_up(2), MSD_REPLAY_FOREIGN);
    count.life = guard->life;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
}
END_TEST

/* The data may be older than what the master before had accepted. */
START_TEST(another_replication_id_begins_a_life)
{
    static const char other[] =
        "redis.call('SET', 'msdigest:life', "
        "'5 ' .. string.rep('a', 40) .. ' 300000')";

    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    redis_say(use.redis, "EVAL", other, "0", NULL);
    count.life = 5;
    ck_assert_int_eq(use_up(2), MSD_REPLAY_FOREIGN);
    ck_assert_uint_ne(guard->life, 5);
}
END_TEST

START_TEST(a_script_that_is_forgotten_is_sent_again)
{
    redis_say(use.redis, "SCRIPT", "FLUSH", NULL);
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    ck_assert_int_eq(use_up(1), MSD_REPLAY_SEEN);
    use.script_name = "";
    ck_assert_int_eq(use_up(1), MSD_REPLAY_SEEN);
    ck_assert_int_eq(complaints, 0);
}
END_TEST

/* The connection broke before the answer came, and the script is sent again:
 * with the same token, the count is its own. */
START_TEST(a_script_that_is_repeated_accepts_what_it_accepted)
{
    next_random = 0;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    next_random = 0;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    ck_assert_int_eq(use_up(1), MSD_REPLAY_SEEN);
    ck_assert_int_eq(use_up(2), MSD_REPLAY_ACCEPTED);
    next_random = 0;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_SEEN);
}
END_TEST

START_TEST(no_answer_accepts_nothing_and_a_repeat_is_no_attack)
{
    msd_replay_result_t result;
    uint64_t end_ms = redis_now_ms() + 20000;

    ck_assert_int_eq(use_up(1), MSD_REPLAY_ACCEPTED);
    redis_config.timeout_ms = 100;
    redis_signal(SIGSTOP);
    ck_assert_int_eq(use_up(2), MSD_REPLAY_UNAVAILABLE);
    ck_assert_int_eq(use_up(1), MSD_REPLAY_UNAVAILABLE);
    ck_assert_int_eq(complaints, 2);
    redis_signal(SIGCONT);
    redis_config.timeout_ms = 5000;
    do {
        result = use_up(1);
    } while (result == MSD_REPLAY_UNAVAILABLE && redis_now_ms() < end_ms);
    ck_assert_int_eq(result, MSD_REPLAY_UNSURE);
    fleet.unsure_until_ms = 0;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_SEEN);
}
END_TEST

START_TEST(without_a_client_nothing_is_accepted)
{
    use.redis = NULL;
    ck_assert_int_eq(use_up(1), MSD_REPLAY_UNAVAILABLE);
    ck_assert_int_eq(guard->peek(guard->self, &count),
                     MSD_REPLAY_UNAVAILABLE);
    ck_assert(!msd_fleet_look(&use));
}
END_TEST

Suite *suite_fleetguard(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("fleetguard", &tcase);

    tcase_add_checked_fixture(tcase, begin, redis_down);
    tcase_add_test(tcase, redis_tells_its_clock_and_the_life);
    tcase_add_loop_test(tcase, the_script_agrees_with_the_table, 0, 4);
    tcase_add_test(tcase, nonces_and_users_are_apart);
    tcase_add_test(tcase, age_is_judged_by_redis);
    tcase_add_test(tcase, counts_are_kept_for_the_longest_lifetime);
    tcase_add_test(tcase, a_longer_lifetime_begins_a_life);
    tcase_add_test(tcase, a_flush_begins_a_life);
    tcase_add_test(tcase, another_replication_id_begins_a_life);
    tcase_add_test(tcase, a_script_that_is_forgotten_is_sent_again);
    tcase_add_test(tcase, a_script_that_is_repeated_accepts_what_it_accepted);
    tcase_add_test(tcase, no_answer_accepts_nothing_and_a_repeat_is_no_attack);
    tcase_add_test(tcase, without_a_client_nothing_is_accepted);
    return suite;
}
