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

/* The value of a base64url digit plus 1; 0 for any other character. */
static const unsigned char base64url_values[256] = {
    ['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
    ['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
    ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
    ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
    ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
    ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

bool msd_base64url_decode(msd_text_t text, unsigned char *out, apr_size_t n)
{
    if (n % 3 != 0 || text.len != n / 3 * 4) {
        return false;
    }
    for (apr_size_t i = 0; i < text.len; i += 4) {
        const unsigned char *digits = (const unsigned char *)text.data + i;
        unsigned a = base64url_values[digits[0]] - 1u;
        unsigned b = base64url_values[digits[1]] - 1u;
        unsigned c = base64url_values[digits[2]] - 1u;
        unsigned d = base64url_values[digits[3]] - 1u;

        if ((a | b | c | d) > 63) {
            return false;
        }
        *out++ = (unsigned char)(a << 2 | b >> 4);
        *out++ = (unsigned char)(b << 4 | c >> 2);
        *out++ = (unsigned char)(c << 6 | d);
    }
    return true;
}
