/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of bytes, and their hexadecimal and base64url forms. */
#include "base/text.h"

#include <string.h>

/* Two digits for each byte: a step for each instead of two. */
#define ROW(d) \
    d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9" d "a" d "b" \
        d "c" d "d" d "e" d "f"

static const char hex_pairs[] =
    ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6") ROW("7")
    ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");

static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

msd_text_t msd_text_of(const char *string)
{
    msd_text_t text = { string, string != NULL ? strlen(string) : 0 };

    return text;
}

bool msd_text_equal(msd_text_t a, msd_text_t b)
{
    return a.len == b.len
           && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The C library's strncasecmp follows the locale and stops at a NUL. */
bool msd_text_equal_nocase(msd_text_t a, msd_text_t b)
{
    if (a.len != b.len) {
        return false;
    }
    for (apr_size_t i = 0; i < a.len; i++) {
        if (a.data[i] != b.data[i] && lower(a.data[i]) != lower(b.data[i])) {
            return false;
        }
    }
    return true;
}

void msd_hex_encode(const unsigned char *bytes, apr_size_t n, char *out)
{
    for (apr_size_t i = 0; i < n; i++) {
        memcpy(out + 2 * i, hex_pairs + 2 * bytes[i], 2);
    }
}

/* The value of a hexadecimal digit plus 1; 0 for any other character. */
static const unsigned char hex_values[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
    ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
    ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
    ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool msd_hex_decode(msd_text_t text, unsigned char *out, apr_size_t n)
{
    if (text.len != 2 * n) {
        return false;
    }
    for (apr_size_t i = 0; i < n; i++) {
        unsigned high = hex_values[(unsigned char)text.data[2 * i]];
        unsigned low = hex_values[(unsigned char)text.data[2 * i + 1]];

        if (high == 0 || low == 0) {
            return false;
        }
        out[i] = (unsigned char)((high - 1) << 4 | (low - 1));
    }
    return true;
}

void msd_base64url_encode(const unsigned char *bytes, apr_size_t n, char *out)
{
    for (apr_size_t i = 0; i + 2 < n; i += 3) {
        unsigned group = (unsigned)bytes[i] << 16
                         | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];

        *out++ = base64url_digits[group >> 18];
        *out++ = base64url_digits[group >> 12 & 63];
        *out++ = base64url_digits[group >> 6 & 63];
        *out++ = base64url_digits[group & 63];
    }
}

/* The value of one base64url digit, -1 for any other character. */
static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == '-') {
        return 62;
    }
    return c == '_' ? 63 : -1;
}

bool msd_base64url_decode(msd_text_t text, unsigned char *out, apr_size_t n)
{
    if (n % 3 != 0 || text.len != n / 3 * 4) {
        return false;
    }
    for (apr_size_t i = 0; i < text.len; i += 4) {
        int a = base64url_value(text.data[i]);
        int b = base64url_value(text.data[i + 1]);
        int c = base64url_value(text.data[i + 2]);
        int d = base64url_value(text.data[i + 3]);

        if ((a | b | c | d) < 0) {
            return false;
        }
        *out++ = (unsigned char)(a << 2 | b >> 4);
        *out++ = (unsigned char)(b << 4 | c >> 2);
        *out++ = (unsigned char)(c << 6 | d);
    }
    return true;
}
