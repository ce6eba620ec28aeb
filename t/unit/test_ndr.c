/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/ndr.h"
#include "unit.h"

START_TEST(numbers_are_aligned)
{
    unsigned char bytes[16];
    msd_ndr_out_t out = msd_ndr_begin(bytes, sizeof(bytes));
    msd_ndr_in_t in;

    msd_ndr_put(&out, "x", 1);
    msd_ndr_put_u16(&out, 0x1234);
    msd_ndr_put(&out, "y", 1);
    msd_ndr_put_u32(&out, 0x89abcdef);
    ck_assert_str_eq(unit_hex(bytes, out.len), "780034127900" "0000efcdab89");
    in = msd_ndr_read(bytes, out.len);
    msd_ndr_take(&in, 1);
    ck_assert_uint_eq(msd_ndr_u16(&in), 0x1234);
    msd_ndr_take(&in, 1);
    ck_assert_uint_eq(msd_ndr_u32(&in), 0x89abcdef);
    ck_assert(!in.fault);
    ck_assert_uint_eq(msd_ndr_left(&in), 0);
}
END_TEST

START_TEST(full_buffer_takes_nothing)
{
    unsigned char bytes[8] = { 0 };

    for (apr_size_t room = 0; room < 8; room++) {
        msd_ndr_out_t out = msd_ndr_begin(bytes, room);

        msd_ndr_put_u32(&out, 1);
        msd_ndr_put_u32(&out, 2);
        msd_ndr_put(&out, NULL, 1);
        ck_assert(out.full);
        ck_assert_uint_le(out.len, room);
        ck_assert_uint_eq(bytes[room], 0);
    }
}
END_TEST

START_TEST(what_is_missing_is_a_fault_for_ever)
{
    msd_text_t span = unit_exact("abcdef", 6);
    msd_ndr_in_t in = msd_ndr_read(span.data, span.len);

    ck_assert_uint_eq(msd_ndr_u32(&in), 0x64636261);
    ck_assert_uint_eq(msd_ndr_u32(&in), 0);
    ck_assert(in.fault);
    ck_assert_ptr_null(msd_ndr_take(&in, 0));
    ck_assert_uint_eq(msd_ndr_u16(&in), 0);
    ck_assert_uint_eq(msd_ndr_left(&in), 0);
    in = msd_ndr_read(span.data, span.len);
    ck_assert_ptr_null(msd_ndr_take(&in, (apr_size_t)-1));
}
END_TEST

START_TEST(strings_have_their_counts)
{
    unsigned char bytes[64];
    msd_ndr_out_t out = msd_ndr_begin(bytes, sizeof(bytes));

    msd_ndr_put_string(&out, "A");
    msd_ndr_put_unicode(&out, "AB");
    msd_ndr_put_unicode(&out, "");
    msd_ndr_put_characters(&out, "AB");
    msd_ndr_put_characters(&out, "");
    ck_assert_str_eq(unit_hex(bytes, out.len),
                     "02000000" "00000000" "02000000" "41000000"
                     "04000400" "00000200" "00000000" "00000000"
                     "02000000" "00000000" "02000000" "41004200");
}
END_TEST

Suite *suite_ndr(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("ndr", &tcase);

    tcase_add_test(tcase, numbers_are_aligned);
    tcase_add_test(tcase, full_buffer_takes_nothing);
    tcase_add_test(tcase, what_is_missing_is_a_fault_for_ever);
    tcase_add_test(tcase, strings_have_their_counts);
    return suite;
}
