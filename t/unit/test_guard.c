/* SPDX-License-Identifier: Apache-2.0 */
/* The replay guard of one machine behind the interface. */
#include "unit.h"

#include "context/replay.h"

static msd_replay_t *replay;
static msd_guard_t guard;
static msd_count_t count;

static void begin_guard(void)
{
    static const unsigned char life[MSD_LIFE_ID_SIZE] = { 1 };
    void *memory =
        apr_pcalloc(unit_pool, msd_replay_size(MSD_REPLAY_SLOTS_MIN));

    replay = msd_replay_begin(memory, MSD_REPLAY_SLOTS_MIN, life, 0,
                              unit_pool);
    guard = msd_guard_of_replay(replay);
    count = (msd_count_t){
        .key = { .own = UINT64_C(7) << 32 | 1, .place = 99 },
        .nc = 3,
        .mode = MSD_REPLAY_WINDOW,
    };
}

START_TEST(the_interface_counts_in_the_table)
{
    ck_assert_int_eq(guard.peek(guard.self, &count), MSD_REPLAY_ACCEPTED);
    ck_assert_int_eq(guard.accept(guard.self, &count), MSD_REPLAY_ACCEPTED);
    ck_assert_int_eq(guard.peek(guard.self, &count), MSD_REPLAY_SEEN);
    ck_assert_int_eq(guard.accept(guard.self, &count), MSD_REPLAY_SEEN);
    ck_assert_int_eq(msd_replay_peek(replay, count.key, 3), MSD_REPLAY_SEEN);
}
END_TEST

START_TEST(the_mode_is_handed_on)
{
    count.mode = MSD_REPLAY_SEQUENCE;
    ck_assert_int_eq(guard.accept(guard.self, &count), MSD_REPLAY_ACCEPTED);
    count.nc = 2;
    ck_assert_int_eq(guard.accept(guard.self, &count), MSD_REPLAY_LATE);
    count.mode = MSD_REPLAY_WINDOW;
    ck_assert_int_eq(guard.accept(guard.self, &count), MSD_REPLAY_ACCEPTED);
}
END_TEST

START_TEST(nonces_need_no_mark)
{
    ck_assert_uint_eq(guard.life, 0);
}
END_TEST

Suite *suite_guard(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("guard", &tcase);

    tcase_add_checked_fixture(tcase, begin_guard, NULL);
    tcase_add_test(tcase, the_interface_counts_in_the_table);
    tcase_add_test(tcase, the_mode_is_handed_on);
    tcase_add_test(tcase, nonces_need_no_mark);
    return suite;
}
