/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/calls.h"
#include "unit.h"

static const char challenge_ask[] =
    "000002000600000000000000060000005c005c00440043003100000005000000"
    "000000000500000057004500420031000000a1b2c3d4e5f60718";
static const char authenticate_ask[] =
    "000002000600000000000000060000005c005c00440043003100000006000000"
    "0000000006000000570045004200310024000000020000000500000000000000"
    "05000000570045004200310000003b5178ed7cc43f1e000040cc0041";
static const char logon_ask[] =
    "000002000600000000000000060000005c005c00440043003100000004000200"
    "0500000000000000050000005700450042003100000004000400000008000200"
    "060006000c000200000000000000000000000000000000000000000000000000"
    "000000000e000e00100002001000000014000200030000000000000003000000"
    "4100440043000000070000000000000007000000570044006900670065007300"
    "7400000010000000de5cfb248f6820b1453c0929b41113fb0500000000000000";
static const char logon_reply[] =
    "050000000000020015000000040002001500000056414c49444154494f4e2d42"
    "595445532d32312e2e0100000000000000000000";

static const char authenticate_reply[] =
    "8a2be4bb3e576d4640cc00415004000000000000";
static const char failed_reply[] = "0500000000000000010000000000000"
                                   "06d0000c0";

static const msd_calls_names_t names = { "DC1", "WEB1", "WEB1$", "ADC" };
static unsigned char stub[MSD_CALLS_STUB + 300];

static const unsigned char *bytes_of(const char *hex)
{
    return (const unsigned char *)unit_unhex(hex).data;
}

START_TEST(requests_are_as_specified)
{
    apr_size_t n = msd_calls_challenge(&names, bytes_of("a1b2c3d4e5f60718"),
                                       stub);

    ck_assert_str_eq(unit_hex(stub, n), challenge_ask);
    n = msd_calls_authenticate(&names, bytes_of("3b5178ed7cc43f1e"), stub);
    ck_assert_str_eq(unit_hex(stub, n), authenticate_ask);
    n = msd_calls_logon(&names,
                        unit_unhex("de5cfb248f6820b1453c0929b41113fb"), stub);
    ck_assert_str_eq(unit_hex(stub, n), logon_ask);
}
END_TEST

/* What follows the data is aligned again. */
START_TEST(logon_takes_data_of_any_length)
{
    static const apr_size_t lengths[] = { 0, 1, 2, 3, 5, 296, 297 };
    static const apr_size_t expected[] = { 8, 8, 8, 12, 12, 304, 304 };
    char data[300] = { 0 };

    for (int i = 0; i < UNIT_COUNT(lengths); i++) {
        ck_assert_uint_eq(msd_calls_logon(&names,
                                          unit_exact(data, lengths[i]), stub),
                          0xa8 + expected[i]);
    }
}
END_TEST

START_TEST(challenge_and_authenticate_are_read)
{
    unsigned char eight[8];
    uint32_t flags;
    uint32_t status;

    ck_assert(msd_calls_read_challenge(unit_unhex("102030405060708022000"
                                                  "0c0"),
                                       eight, &status));
    ck_assert_str_eq(unit_hex(eight, 8), "1020304050607080");
    ck_assert_uint_eq(status, 0xc0000022);
    ck_assert(msd_calls_read_authenticate(unit_unhex(authenticate_reply),
                                          eight, &flags, &status));
    ck_assert_str_eq(unit_hex(eight, 8), "8a2be4bb3e576d46");
    ck_assert_uint_eq(flags, MSD_CALLS_FLAGS);
    ck_assert_uint_eq(status, 0);
}
END_TEST

START_TEST(cut_and_longer_replies_are_refused)
{
    msd_text_t whole = unit_unhex(authenticate_reply);
    unsigned char eight[8];
    uint32_t flags;
    uint32_t status;

    for (apr_size_t n = 0; n <= whole.len; n++) {
        msd_text_t cut = unit_exact(whole.data, n);

        ck_assert(msd_calls_read_challenge(cut, eight, &status) == (n == 12));
        ck_assert(msd_calls_read_authenticate(cut, eight, &flags, &status)
                  == (n == 20));
    }
}
END_TEST

START_TEST(logon_is_read)
{
    msd_text_t data;
    uint32_t status;

    ck_assert(msd_calls_read_logon(unit_unhex(logon_reply), &data, &status));
    ck_assert_uint_eq(status, 0);
    ck_assert_str_eq(unit_string(data), "VALIDATION-BYTES-21..");
    ck_assert(msd_calls_read_logon(unit_unhex(failed_reply), &data,
                                   &status));
    ck_assert_uint_eq(status, 0xc000006d);
    ck_assert_uint_eq(data.len, 0);
}
END_TEST

START_TEST(success_without_data_is_refused)
{
    char *failed = apr_pstrdup(unit_pool, failed_reply);
    msd_text_t data;
    uint32_t status;

    memset(failed + 32, '0', 8);
    ck_assert(!msd_calls_read_logon(unit_unhex(failed), &data, &status));
}
END_TEST

/* Whatever comes, what is handed out lies inside of it. */
START_TEST(cut_and_changed_logons_stay_inside)
{
    static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
    msd_text_t whole = unit_unhex(logon_reply);
    msd_text_t data;
    uint32_t status;

    for (apr_size_t n = 0; n < whole.len; n++) {
        ck_assert(!msd_calls_read_logon(unit_exact(whole.data, n), &data,
                                        &status));
    }
    for (apr_size_t i = 0; i < whole.len * UNIT_COUNT(values); i++) {
        msd_text_t copy = unit_exact(whole.data, whole.len);
        char *place = (char *)(uintptr_t)copy.data
                      + i / UNIT_COUNT(values);

        *place = (char)values[i % UNIT_COUNT(values)];
        if (msd_calls_read_logon(copy, &data, &status) && data.len > 0) {
            ck_assert(data.data == copy.data + 20 && data.len == 21);
        }
    }
}
END_TEST

Suite *suite_calls(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("calls", &tcase);

    tcase_add_test(tcase, requests_are_as_specified);
    tcase_add_test(tcase, logon_takes_data_of_any_length);
    tcase_add_test(tcase, challenge_and_authenticate_are_read);
    tcase_add_test(tcase, cut_and_longer_replies_are_refused);
    tcase_add_test(tcase, logon_is_read);
    tcase_add_test(tcase, success_without_data_is_refused);
    tcase_add_test(tcase, cut_and_changed_logons_stay_inside);
    return suite;
}
