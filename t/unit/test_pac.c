/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/pac.h"
#include "unit.h"

/* The offset of the logon's information, behind both headers. */
#define INFO_AT (48 + 16)

static const char good_pac[] =
    "02000000000000000a00000008000000280000000000000001000000e8010000"
    "3000000000000000000000000000000001100800ccccccccd801000000000000"
    "0000020000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000120012000400020012001200"
    "0800020000000000000000000000000000000000000000000000000000000000"
    "00000000010000004f04000001020000030000000c0002002002000000000000"
    "0000000000000000000000000600060010000200060006001400020018000200"
    "0000000000000000100200000000000000000000000000000000000000000000"
    "0000000000000000020000001c00020020000200010000002400020009000000"
    "0000000009000000450046004600450043005400490056004500000009000000"
    "0000000009000000460075006c006c0020004e0061006d006500000003000000"
    "0102000007000000b004000007000000b1040000100000000300000000000000"
    "0300000044004300310000000300000000000000030000004100440043000000"
    "0400000001040000000000051500000001000000020000000300000002000000"
    "28000200070000002c0002000700000001000000010100000000001201000000"
    "0100000001010000000000050b00000004000000010400000000000515000000"
    "09000000080000000700000001000000ffffffff07000020";

static char bytes[1024];
static apr_size_t len;
static apr_array_header_t *sids;

static void set_up(void)
{
    msd_text_t text = unit_unhex(good_pac);

    len = text.len;
    memcpy(bytes, text.data, len);
    sids = apr_array_make(unit_pool, 4, sizeof(const char *));
}

static const char *read_it(void)
{
    apr_array_clear(sids);
    return msd_pac_read(unit_exact(bytes, len), unit_pool, sids);
}

START_TEST(groups_are_read)
{
    static const char *const expected[] = {
        "S-1-5-21-1-2-3-513", "S-1-5-21-1-2-3-1200", "S-1-18-1", "S-1-5-11",
        "S-1-5-21-9-8-7-4294967295",
    };

    ck_assert_ptr_null(read_it());
    ck_assert_int_eq(sids->nelts, UNIT_COUNT(expected));
    for (int i = 0; i < sids->nelts; i++) {
        ck_assert_str_eq(APR_ARRAY_IDX(sids, i, const char *), expected[i]);
    }
}
END_TEST

START_TEST(nothing_means_no_groups)
{
    len = 0;
    ck_assert_ptr_null(read_it());
    ck_assert_int_eq(sids->nelts, 0);
}
END_TEST

START_TEST(primary_group_is_added)
{
    bytes[INFO_AT + 0x6c] = 99;
    ck_assert_ptr_null(read_it());
    ck_assert_int_eq(sids->nelts, 6);
    ck_assert_str_eq(APR_ARRAY_IDX(sids, 2, const char *),
                     "S-1-5-21-1-2-3-611");
}
END_TEST

START_TEST(cut_pac_is_refused)
{
    apr_size_t whole = len;

    for (len = 1; len < whole; len++) {
        ck_assert_msg(read_it() != NULL, "%d", (int)len);
    }
}
END_TEST

/* Also where the lengths in front say that it ends earlier. */
START_TEST(cut_information_is_refused)
{
    apr_size_t size = len - INFO_AT;

    for (apr_size_t n = 0; n < size; n++) {
        bytes[48 + 8] = (char)(n & 0xff);
        bytes[48 + 9] = (char)(n >> 8);
        ck_assert_msg(read_it() != NULL, "%d", (int)n);
    }
}
END_TEST

START_TEST(changed_byte_stays_inside)
{
    static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };

    for (apr_size_t i = 0; i < len; i++) {
        char kept = bytes[i];

        for (int j = 0; j < UNIT_COUNT(values); j++) {
            bytes[i] = (char)values[j];
            if (read_it() == NULL) {
                ck_assert_int_le(sids->nelts, 16);
            }
        }
        bytes[i] = kept;
    }
}
END_TEST

static const struct {
    apr_size_t at;
    unsigned char value;
} bad[] = {
    { 0, 0xff },               /* buffers */
    { 1, 0xff },
    { 4, 1 },                  /* version */
    { 24, 2 },                 /* no logon information */
    { 32, 49 },                /* offset: crooked, */
    { 32, 8 },                 /* inside the heads, */
    { 36, 1 },                 /* and far away */
    { 28, 0xff },              /* size */
    { 48, 2 },                 /* type serialization */
    { INFO_AT, 0 },            /* the first two bytes of the referent: */
    { INFO_AT + 0x70, 4 },     /* GroupCount */
    { INFO_AT + 0x73, 0xff },
    { INFO_AT + 0xc8, 3 },     /* SidCount */
    { INFO_AT + 0xd4, 2 },     /* ResourceGroupCount */
};

START_TEST(bad_field_is_refused)
{
    bytes[bad[_i].at] = (char)bad[_i].value;
    if (bad[_i].at == INFO_AT) {
        bytes[INFO_AT + 2] = 0;
    }
    ck_assert_ptr_nonnull(read_it());
}
END_TEST

Suite *suite_pac(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("pac", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, groups_are_read);
    tcase_add_test(tcase, nothing_means_no_groups);
    tcase_add_test(tcase, primary_group_is_added);
    tcase_add_test(tcase, cut_pac_is_refused);
    tcase_add_test(tcase, cut_information_is_refused);
    tcase_add_test(tcase, changed_byte_stays_inside);
    tcase_add_loop_test(tcase, bad_field_is_refused, 0, UNIT_COUNT(bad));
    return suite;
}
