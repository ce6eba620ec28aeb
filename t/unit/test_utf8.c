/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it, and ISO 8859-1. */
#include "unit.h"

#include "base/utf8.h"

static const struct {
    const char *name;
    const char *text;
    bool valid;
} rows[] = {
    { "nothing", "", true },
    { "ASCII", "abc\x7f", true },
    { "two bytes, least", "\xc2\x80", true },
    { "two bytes, greatest", "\xdf\xbf", true },
    { "three bytes, least", "\xe0\xa0\x80", true },
    { "before the surrogates", "\xed\x9f\xbf", true },
    { "behind the surrogates", "\xee\x80\x80", true },
    { "three bytes, greatest", "\xef\xbf\xbf", true },
    { "four bytes, least", "\xf0\x90\x80\x80", true },
    { "U+10FFFF", "\xf4\x8f\xbf\xbf", true },
    { "one behind another",
      "a\xc3\xa4"
      "b\xe2\x82\xac"
      "c",
      true },
    { "a continuation alone", "\x80", false },
    { "the last continuation alone", "\xbf", false },
    { "overlong slash", "\xc0\xaf", false },
    { "overlong, two bytes", "\xc1\xbf", false },
    { "overlong, three bytes", "\xe0\x9f\xbf", false },
    { "overlong, four bytes", "\xf0\x8f\xbf\xbf", false },
    { "first surrogate", "\xed\xa0\x80", false },
    { "last surrogate", "\xed\xbf\xbf", false },
    { "U+110000", "\xf4\x90\x80\x80", false },
    { "F5", "\xf5\x80\x80\x80", false },
    { "FF", "\xff", false },
    { "cut, two bytes", "a\xc3", false },
    { "cut, three bytes", "\xe2\x82", false },
    { "cut, four bytes", "\xf0\x9f\x98", false },
    { "second byte is a letter",
      "\xc3"
      "a",
      false },
    { "third byte is a letter",
      "\xe2\x82"
      "a",
      false },
    { "fourth byte is a letter",
      "\xf0\x9f\x98"
      "a",
      false },
    { "second byte begins another", "\xc3\xc3\xa4", false },
    { "third byte begins another", "\xe2\x82\xe2\x82\xac", false },
    { "ISO 8859-1", "J\xe4n", false },
};

START_TEST(text_is_utf_8_or_not)
{
    const char *text = rows[_i].text;

    ck_assert_msg(msd_utf8_is_valid(unit_exact(text, strlen(text)))
                      == rows[_i].valid,
                  "%s", rows[_i].name);
}
END_TEST

START_TEST(nul_is_a_character)
{
    ck_assert(msd_utf8_is_valid(unit_exact("\0", 1)));
    ck_assert(!msd_utf8_is_valid(unit_exact("\0\xff", 2)));
    ck_assert(!msd_utf8_is_ascii(unit_exact("\0\xff", 2)));
}
END_TEST

START_TEST(ascii_is_below_128)
{
    for (int c = 0; c < 256; c++) {
        char text[3] = { 'a', (char)c, 'b' };

        for (apr_size_t n = 0; n <= 3; n++) {
            ck_assert_msg(msd_utf8_is_ascii(unit_exact(text, n))
                              == (c < 128 || n < 2),
                          "%d, %d bytes", c, (int)n);
        }
    }
}
END_TEST

/* Every code point, written by the table of RFC 3629 section 3. */
static apr_size_t write_utf8(unsigned long point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 63));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 63));
        out[2] = (char)(0x80 | (point & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 63));
    out[2] = (char)(0x80 | (point >> 6 & 63));
    out[3] = (char)(0x80 | (point & 63));
    return 4;
}

START_TEST(every_code_point_is_valid_but_surrogates)
{
    for (unsigned long point = 0; point < 0x130000; point++) {
        char text[4];
        apr_size_t n = write_utf8(point, text);
        bool fine = (point < 0xd800 || point > 0xdfff) && point < 0x110000;

        ck_assert_msg(msd_utf8_is_valid((msd_text_t){ text, n }) == fine,
                      "U+%04lX", point);
        ck_assert_msg(n == 1
                          || !msd_utf8_is_valid((msd_text_t){ text, n - 1 }),
                      "U+%04lX cut", point);
    }
}
END_TEST

START_TEST(latin_1_comes_back)
{
    char all[256];
    msd_text_t utf8;
    msd_text_t back;

    for (int c = 0; c < 256; c++) {
        char two[4];
        apr_size_t n = write_utf8((unsigned long)c, two);

        all[c] = (char)c;
        utf8 = msd_utf8_from_latin1(unit_exact(all + c, 1), unit_pool);
        ck_assert_msg(msd_text_equal(utf8, (msd_text_t){ two, n }), "%d", c);
    }
    utf8 = msd_utf8_from_latin1(unit_exact(all, 256), unit_pool);
    ck_assert_uint_eq(utf8.len, 128 + 2 * 128);
    ck_assert(msd_utf8_is_valid(utf8));
    ck_assert(msd_utf8_to_latin1(utf8, unit_pool, &back));
    ck_assert(msd_text_equal(back, (msd_text_t){ all, 256 }));
    utf8 = msd_utf8_from_latin1((msd_text_t){ NULL, 0 }, unit_pool);
    ck_assert_uint_eq(utf8.len, 0);
}
END_TEST

START_TEST(other_characters_have_no_latin_1)
{
    msd_text_t out = { "untouched", 9 };

    for (unsigned long point = 0; point < 0x110000; point += 7) {
        char text[6] = { 'a' };
        apr_size_t n = 1 + write_utf8(point, text + 1);

        ck_assert_msg(msd_utf8_to_latin1(unit_exact(text, n), unit_pool, &out)
                          == (point < 256),
                      "U+%04lX", point);
        ck_assert_msg(point < 256
                          ? out.len == 2 && (unsigned char)out.data[1] == point
                          : out.len == 9,
                      "U+%04lX", point);
        out = (msd_text_t){ "untouched", 9 };
    }
    ck_assert(!msd_utf8_to_latin1(unit_exact("a\xc3", 2), unit_pool, &out));
}
END_TEST

Suite *suite_utf8(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("utf8", &tcase);

    tcase_add_loop_test(tcase, text_is_utf_8_or_not, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, nul_is_a_character);
    tcase_add_test(tcase, ascii_is_below_128);
    tcase_add_test(tcase, every_code_point_is_valid_but_surrogates);
    tcase_add_test(tcase, latin_1_comes_back);
    tcase_add_test(tcase, other_characters_have_no_latin_1);
    return suite;
}
