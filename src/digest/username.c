/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a user name on the wire may be meant. */
#include "digest/username.h"

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

static int add_form(msd_text_t *forms, int n, msd_text_t form)
{
    for (int i = 0; i < n; i++) {
        if (msd_text_equal(forms[i], form)) {
            return n;
        }
    }
    forms[n] = form;
    return n + 1;
}

int msd_username_forms(const msd_param_t *param, apr_pool_t *pool,
                       msd_text_t *forms)
{
    int n;

    if (!param->escaped) {
        forms[0] = param->value;
        return 1;
    }
    n = add_form(forms, 0, unescape_needed(param->value, pool));
    n = add_form(forms, n, msd_header_unescape(param, pool));
    return add_form(forms, n, param->value);
}
