/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/utf16.h"
#include "unit.h"

static const struct {
    const char *utf8;
    const char *utf16;
} rows[] = {
    { "", "" },
    { "Az", "41007a00" },
    { "\xc3\xa9", "e900" },
    { "\xe2\x82\xac", "ac20" },
    { "\xf0\x9f\x98\x80", "3dd800de" },
};

START_TEST(row_is_met)
{
    msd_text_t text = unit_exact(rows[_i].utf8, strlen(rows[_i].utf8));
    unsigned char out[16];
    apr_size_t n = msd_utf16_encode(text, out);

    ck_assert_uint_le(n, 2 * text.len);
    ck_assert_str_eq(unit_hex(out, n), rows[_i].utf16);
}
END_TEST

Suite *suite_utf16(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("utf16", &tcase);

    tcase_add_loop_test(tcase, row_is_met, 0, UNIT_COUNT(rows));
    return suite;
}
