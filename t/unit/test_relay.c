/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/relay.h"
#include "unit.h"

START_TEST(question_comes_back)
{
    const msd_relay_question_t question = { 65535, UINT64_C(0x123456789ab) };
    unsigned char bytes[MSD_RELAY_HEADER];
    msd_relay_question_t read;
    msd_relay_answer_t other;

    msd_relay_write_question(&question, bytes);
    ck_assert(msd_relay_read_question(bytes, &read));
    ck_assert_uint_eq(read.len, question.len);
    ck_assert_uint_eq(read.deadline_ms, question.deadline_ms);
    ck_assert(!msd_relay_read_answer(bytes, &other));
    bytes[6] = 1;
    ck_assert(!msd_relay_read_question(bytes, &read));
}
END_TEST

START_TEST(answer_comes_back)
{
    const msd_relay_answer_t answer = { MSD_RELAY_ANSWER_MAX, _i != 0,
                                        0xc000006d };
    unsigned char bytes[MSD_RELAY_HEADER];
    msd_relay_answer_t read;
    msd_relay_question_t other;

    msd_relay_write_answer(&answer, bytes);
    ck_assert(msd_relay_read_answer(bytes, &read));
    ck_assert_uint_eq(read.len, answer.len);
    ck_assert(read.has_status == answer.has_status);
    ck_assert_uint_eq(read.status, answer.status);
    ck_assert(!msd_relay_read_question(bytes, &other));
    bytes[8] = 2;
    ck_assert(!msd_relay_read_answer(bytes, &read));
    bytes[8] = 1;
    bytes[4] = 1;
    ck_assert(!msd_relay_read_answer(bytes, &read));
}
END_TEST

Suite *suite_relay(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("relay", &tcase);

    tcase_add_test(tcase, question_comes_back);
    tcase_add_loop_test(tcase, answer_comes_back, 0, 2);
    return suite;
}
