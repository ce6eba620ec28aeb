/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of bytes, hexadecimal and base64url. */
#include "unit.h"

static msd_text_t exact(const char *string)
{
    return unit_exact(string, strlen(string));
}

START_TEST(span_of_a_string)
{
    const char *string = "abc";

    ck_assert_ptr_eq(msd_text_of(string).data, string);
    ck_assert_uint_eq(msd_text_of(string).len, 3);
    ck_assert_uint_eq(msd_text_of("").len, 0);
    ck_assert_uint_eq(msd_text_of(NULL).len, 0);
    ck_assert_uint_eq(MSD_TEXT("abc").len, 3);
    ck_assert_uint_eq(MSD_TEXT("").len, 0);
}
END_TEST

START_TEST(spans_are_equal_or_not)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
        bool nocase;
    } rows[] = {
        { "", "", true, true },           { "a", "a", true, true },
        { "a", "", false, false },        { "", "a", false, false },
        { "abc", "abd", false, false },   { "abc", "ab", false, false },
        { "ab", "abc", false, false },    { "abc", "bbc", false, false },
        { "abc", "ABC", false, true },    { "AbC", "aBc", false, true },
        { "[", "{", false, false },       { "@", "`", false, false },
        { "\xe4", "\xc4", false, false }, { "a1-z", "A1-Z", false, true },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        msd_text_t a = exact(rows[i].a);
        msd_text_t b = exact(rows[i].b);

        ck_assert_msg(msd_text_equal(a, b) == rows[i].equal, "row %d", i);
        ck_assert_msg(msd_text_equal_nocase(a, b) == rows[i].nocase,
                      "row %d without case", i);
    }
}
END_TEST

START_TEST(nothing_equals_nothing)
{
    msd_text_t none = { NULL, 0 };

    ck_assert(msd_text_equal(none, none));
    ck_assert(msd_text_equal(none, MSD_TEXT("")));
    ck_assert(msd_text_equal_nocase(none, none));
    ck_assert(msd_text_equal_nocase(MSD_TEXT(""), none));
    ck_assert(!msd_text_equal(none, MSD_TEXT("a")));
    ck_assert(!msd_text_equal_nocase(none, MSD_TEXT("a")));
}
END_TEST

START_TEST(bytes_behind_a_nul_count)
{
    msd_text_t a = unit_exact("a\0b", 3);
    msd_text_t b = unit_exact("a\0c", 3);

    ck_assert(!msd_text_equal(a, b));
    ck_assert(!msd_text_equal_nocase(a, b));
    ck_assert(msd_text_equal_nocase(a, unit_exact("A\0B", 3)));
}
END_TEST

START_TEST(hex_is_written_in_lower_case)
{
    unsigned char bytes[256];
    char text[513];

    for (int i = 0; i < 256; i++) {
        bytes[i] = (unsigned char)i;
    }
    memset(text, '#', sizeof(text));
    msd_hex_encode(bytes, 256, text);
    for (int i = 0; i < 256; i++) {
        ck_assert_mem_eq(text + 2 * i, apr_psprintf(unit_pool, "%02x", i), 2);
    }
    ck_assert_int_eq(text[512], '#');
    msd_hex_encode(bytes, 0, text + 512);
    ck_assert_int_eq(text[512], '#');
}
END_TEST

START_TEST(hex_is_read_in_either_case)
{
    unsigned char bytes[256];
    unsigned char read[256];
    char text[512];

    for (int i = 0; i < 256; i++) {
        bytes[i] = (unsigned char)(i * 7);
    }
    for (apr_size_t n = 0; n <= 256; n++) {
        msd_hex_encode(bytes, n, text);
        for (apr_size_t i = 0; i < 2 * n; i += 3) {
            text[i] = (char)(text[i] >= 'a' ? text[i] - 32 : text[i]);
        }
        ck_assert(msd_hex_decode(unit_exact(text, 2 * n), read, n));
        ck_assert(n == 0 || memcmp(read, bytes, n) == 0);
    }
}
END_TEST

START_TEST(hex_of_another_length_is_refused)
{
    unsigned char read[4];

    for (apr_size_t n = 0; n <= 20; n++) {
        ck_assert_msg(
            msd_hex_decode(unit_exact("00000000000000000000", n), read, 4)
                == (n == 8),
            "%d digits", (int)n);
    }
}
END_TEST

START_TEST(hex_has_no_other_digits)
{
    for (int c = 0; c < 256; c++) {
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
                     || (c >= 'A' && c <= 'F');

        for (int at = 0; at < 4; at++) {
            char text[4] = { '1', '2', '3', '4' };
            unsigned char read[2];

            text[at] = (char)c;
            ck_assert_msg(msd_hex_decode(unit_exact(text, 4), read, 2)
                              == digit,
                          "character %d at %d", c, at);
        }
    }
}
END_TEST

/* RFC 4648 section 10, and the two characters that base64url changes. */
START_TEST(base64url_of_known_bytes)
{
    static const struct {
        const char *bytes;
        const char *text;
    } rows[] = {
        { "foo", "Zm9v" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xfe", "-__-" },
        { "\xff\xff\xff", "____" },
        { "", "" },
        { "\x01\x02\x03", "AQID" },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        apr_size_t n = strlen(rows[i].bytes);
        char text[9] = "########";
        unsigned char read[6];

        msd_base64url_encode((const unsigned char *)rows[i].bytes, n, text);
        ck_assert_mem_eq(text, rows[i].text, strlen(rows[i].text));
        ck_assert_int_eq(text[n / 3 * 4] == '#' || n == 6, 1);
        ck_assert(msd_base64url_decode(exact(rows[i].text), read, n));
        ck_assert(n == 0 || memcmp(read, rows[i].bytes, n) == 0);
    }
}
END_TEST

START_TEST(base64url_round_trip_of_every_group)
{
    for (unsigned value = 0; value < 1u << 24; value += 251) {
        unsigned char bytes[3] = { (unsigned char)(value >> 16),
                                   (unsigned char)(value >> 8),
                                   (unsigned char)value };
        unsigned char read[3];
        char text[4];

        msd_base64url_encode(bytes, 3, text);
        ck_assert(msd_base64url_decode((msd_text_t){ text, 4 }, read, 3));
        ck_assert_mem_eq(read, bytes, 3);
    }
}
END_TEST

START_TEST(base64url_has_no_other_characters)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (int c = 0; c < 256; c++) {
        bool digit = c != 0 && strchr(digits, c) != NULL;

        for (int at = 0; at < 8; at++) {
            char text[8] = { 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H' };
            unsigned char read[6];

            text[at] = (char)c;
            ck_assert_msg(msd_base64url_decode(unit_exact(text, 8), read, 6)
                              == digit,
                          "character %d at %d", c, at);
        }
    }
}
END_TEST

START_TEST(base64url_of_another_length_is_refused)
{
    unsigned char read[9];

    for (apr_size_t n = 0; n <= 16; n++) {
        msd_text_t text = unit_exact("AAAAAAAAAAAAAAAA", n);

        ck_assert_msg(msd_base64url_decode(text, read, 6) == (n == 8),
                      "%d characters", (int)n);
        ck_assert_msg(!msd_base64url_decode(text, read, 7),
                      "7 bytes of %d characters", (int)n);
    }
}
END_TEST

Suite *suite_text(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("text", &tcase);

    tcase_add_test(tcase, span_of_a_string);
    tcase_add_test(tcase, spans_are_equal_or_not);
    tcase_add_test(tcase, nothing_equals_nothing);
    tcase_add_test(tcase, bytes_behind_a_nul_count);
    tcase_add_test(tcase, hex_is_written_in_lower_case);
    tcase_add_test(tcase, hex_is_read_in_either_case);
    tcase_add_test(tcase, hex_of_another_length_is_refused);
    tcase_add_test(tcase, hex_has_no_other_digits);
    tcase_add_test(tcase, base64url_of_known_bytes);
    tcase_add_test(tcase, base64url_round_trip_of_every_group);
    tcase_add_test(tcase, base64url_has_no_other_characters);
    tcase_add_test(tcase, base64url_of_another_length_is_refused);
    return suite;
}
