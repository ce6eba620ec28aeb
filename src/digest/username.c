/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a user name on the wire may be meant. */
#include "digest/username.h"

#include <string.h>

#include "base/utf8.h"

/* Forms on their way; more than there is room for are left out. */
typedef struct {
    msd_text_t *forms;
    int n;
} list_t;

/* Take away the backslash of \" and \\ only. */
static msd_text_t unescape_needed(msd_text_t text, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, text.len);
    apr_size_t len = 0;

    for (apr_size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\' && i + 1 < text.len
            && (text.data[i + 1] == '\\' || text.data[i + 1] == '"')) {
            i++;
        }
        copy[len++] = text.data[i];
    }
    return (msd_text_t){ copy, len };
}

static void add_form(list_t *list, msd_text_t form)
{
    for (int i = 0; i < list->n; i++) {
        if (msd_text_equal(list->forms[i], form)) {
            return;
        }
    }
    if (list->n < MSD_USERNAME_FORMS) {
        list->forms[list->n++] = form;
    }
}

/* The same name as it would be in the other encoding. */
static void add_encodings(list_t *list, apr_pool_t *pool)
{
    int n = list->n;

    for (int i = 0; i < n; i++) {
        msd_text_t form = list->forms[i];
        msd_text_t other = form;

        if (msd_utf8_is_ascii(form)) {
            continue;
        }
        if (!msd_utf8_is_valid(form)) {
            /* The name that the provider knows is UTF-8: try that first. */
            list->forms[i] = msd_utf8_from_latin1(form, pool);
        } else if (!msd_utf8_to_latin1(form, pool, &other)) {
            continue;
        }
        add_form(list, other);
    }
}

int msd_username_forms(const msd_param_t *param, apr_pool_t *pool,
                       msd_text_t *forms)
{
    list_t list = { forms, 0 };

    if (param->escaped) {
        add_form(&list, unescape_needed(param->value, pool));
        add_form(&list, msd_header_unescape(param, pool));
    }
    add_form(&list, param->value);
    add_encodings(&list, pool);
    return list.n;
}

/* Take away %XX.  Returns false when an escape is broken. */
static bool decode_percent(msd_text_t text, apr_pool_t *pool, msd_text_t *out)
{
    char *copy = apr_palloc(pool, text.len + 1);
    apr_size_t len = 0;

    for (apr_size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c == '%') {
            msd_text_t digits = { text.data + i + 1, 2 };

            if (text.len - i < 3 || !msd_hex_decode(digits, &c, 1)) {
                return false;
            }
            i += 2;
        }
        if (c < ' ' || c == 127) {
            return false;
        }
        copy[len++] = (char)c;
    }
    *out = (msd_text_t){ copy, len };
    return true;
}

const char *msd_username_decode(msd_text_t value, apr_pool_t *pool,
                                msd_text_t *out)
{
    static const char charset[] = "UTF-8'";
    const apr_size_t len = sizeof(charset) - 1;
    const char *quote;
    msd_text_t rest;
    msd_text_t name;

    if (value.len < len
        || !msd_text_equal_nocase((msd_text_t){ value.data, len },
                                  msd_text_of(charset))) {
        return "username* is not UTF-8''...";
    }
    rest = (msd_text_t){ value.data + len, value.len - len };
    quote = memchr(rest.data, '\'', rest.len);
    if (quote == NULL) {
        return "username* is not UTF-8''...";
    }
    rest.len -= (apr_size_t)(quote + 1 - rest.data);
    rest.data = quote + 1;
    if (!decode_percent(rest, pool, &name) || !msd_utf8_is_valid(name)) {
        return "username* is badly encoded";
    }
    *out = name;
    return NULL;
}

msd_text_t msd_username_strip(msd_text_t name)
{
    apr_size_t from = 0;
    apr_size_t to = name.len;

    for (apr_size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '\\') {
            from = i + 1;
        }
    }
    for (apr_size_t i = from; i < name.len && to == name.len; i++) {
        if (name.data[i] == '@') {
            to = i;
        }
    }
    if (from == to) {
        return name;
    }
    return (msd_text_t){ name.data + from, to - from };
}
