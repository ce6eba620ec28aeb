/* SPDX-License-Identifier: Apache-2.0 */
/* Other forms of a text. */
#include "form.h"

#include <string.h>

msd_text_t msdigest_form_lower(msd_text_t text, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, text.len + 1);

    for (apr_size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return (msd_text_t){ copy, text.len };
}

msd_text_t msdigest_form_upper(msd_text_t text, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, text.len + 1);

    for (apr_size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        copy[i] = c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
    }
    return (msd_text_t){ copy, text.len };
}

msd_text_t msdigest_form_join(msd_text_t a, msd_text_t b, msd_text_t c,
                              apr_pool_t *pool)
{
    const msd_text_t parts[] = { a, b, c };
    char *copy = apr_palloc(pool, a.len + b.len + c.len + 1);
    apr_size_t len = 0;

    for (int i = 0; i < 3; i++) {
        if (parts[i].len > 0) {
            memcpy(copy + len, parts[i].data, parts[i].len);
            len += parts[i].len;
        }
    }
    return (msd_text_t){ copy, len };
}

msd_text_t msdigest_form_until(msd_text_t text, char stop)
{
    const char *at = text.len > 0 ? memchr(text.data, stop, text.len) : NULL;

    return (msd_text_t){ text.data, at != NULL ? (apr_size_t)(at - text.data)
                                               : text.len };
}

msd_text_t msdigest_form_behind(msd_text_t text, apr_size_t n)
{
    return (msd_text_t){ text.data + n, text.len - n };
}

msd_text_t msdigest_form_capital(msd_text_t text, apr_pool_t *pool)
{
    msd_text_t first = { text.data, text.len > 0 ? 1 : 0 };
    msd_text_t rest = msdigest_form_behind(text, first.len);

    return msdigest_form_join(msdigest_form_upper(first, pool),
                              msdigest_form_lower(rest, pool), MSD_TEXT(""),
                              pool);
}
