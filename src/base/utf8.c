/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629) and ISO 8859-1. */
#include "base/utf8.h"

bool msd_utf8_is_ascii(msd_text_t text)
{
    for (apr_size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* The length of the sequence that a byte begins, 0 for one that begins none;
 * C0, C1 and F5 to FF never stand in UTF-8. */
static apr_size_t sequence_length(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return 2;
    }
    if (first >= 0xe0 && first <= 0xef) {
        return 3;
    }
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Whether the second byte may follow the first: the rest of the overlong
 * forms, the surrogates and what is above U+10FFFF (RFC 3629 section 4). */
static bool may_follow(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second <= 0x9f;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second <= 0x8f;
    default:
        return true;
    }
}

bool msd_utf8_is_valid(msd_text_t text)
{
    const unsigned char *bytes = (const unsigned char *)text.data;
    apr_size_t at = 0;

    while (at < text.len) {
        apr_size_t n = sequence_length(bytes[at]);

        if (n == 0 || n > text.len - at
            || (n > 1 && !may_follow(bytes[at], bytes[at + 1]))) {
            return false;
        }
        for (apr_size_t i = 1; i < n; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80) {
                return false;
            }
        }
        at += n;
    }
    return true;
}

msd_text_t msd_utf8_from_latin1(msd_text_t text, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, 2 * text.len + 1);
    apr_size_t len = 0;

    for (apr_size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c < 0x80) {
            copy[len++] = (char)c;
        } else {
            copy[len++] = (char)(0xc0 | c >> 6);
            copy[len++] = (char)(0x80 | (c & 0x3f));
        }
    }
    return (msd_text_t){ copy, len };
}

bool msd_utf8_to_latin1(msd_text_t text, apr_pool_t *pool, msd_text_t *out)
{
    char *copy = apr_palloc(pool, text.len + 1);
    apr_size_t len = 0;

    for (apr_size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c >= 0x80) {
            if (c > 0xc3 || i + 1 == text.len) {
                return false;
            }
            i++;
            c = (unsigned char)(c << 6 | (text.data[i] & 0x3f));
        }
        copy[len++] = (char)c;
    }
    *out = (msd_text_t){ copy, len };
    return true;
}
