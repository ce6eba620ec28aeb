/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a user, as one text. */
#include "base/groups.h"

#include <string.h>

/* A byte that is escaped becomes so many. */
#define ESCAPED_SIZE 3

static bool is_special(char c)
{
    return c == ',' || c == '%';
}

/* Control characters end lines of logs, headers and variables. */
static bool is_odd(msd_text_t name)
{
    for (apr_size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];

        if (c < ' ' || c == 0x7f) {
            return true;
        }
    }
    return name.len == 0;
}

static apr_size_t escaped_size(msd_text_t name)
{
    apr_size_t size = name.len;

    for (apr_size_t i = 0; i < name.len; i++) {
        size += is_special(name.data[i]) ? ESCAPED_SIZE - 1 : 0;
    }
    return size;
}

static void escape(msd_text_t name, char *out)
{
    for (apr_size_t i = 0; i < name.len; i++) {
        if (is_special(name.data[i])) {
            memcpy(out, name.data[i] == ',' ? "%2C" : "%25", ESCAPED_SIZE);
            out += ESCAPED_SIZE;
        } else {
            *out++ = name.data[i];
        }
    }
}

void msd_groups_add(msd_groups_t *groups, msd_text_t name, apr_pool_t *pool)
{
    apr_size_t comma = groups->len > 0 ? 1 : 0;

    if (is_odd(name)) {
        groups->odd++;
        return;
    }
    /* The first comparison keeps the rest from overflowing. */
    if (name.len > MSD_GROUPS_MAX
        || groups->len + comma + escaped_size(name) > MSD_GROUPS_MAX) {
        groups->beyond++;
        return;
    }
    if (groups->text == NULL) {
        groups->text = apr_palloc(pool, MSD_GROUPS_MAX);
    }
    if (comma > 0) {
        groups->text[groups->len++] = ',';
    }
    escape(name, groups->text + groups->len);
    groups->len += escaped_size(name);
}

const char *msd_groups_escape(msd_text_t name, apr_pool_t *pool)
{
    apr_size_t size = escaped_size(name);
    char *out;

    if (is_odd(name)) {
        return NULL;
    }
    out = apr_palloc(pool, size + 1);
    escape(name, out);
    out[size] = '\0';
    return out;
}

bool msd_groups_have(msd_text_t text, msd_text_t escaped)
{
    while (text.len > 0) {
        const char *comma = memchr(text.data, ',', text.len);
        apr_size_t size = comma == NULL ? text.len
                                        : (apr_size_t)(comma - text.data);
        apr_size_t step = comma == NULL ? size : size + 1;

        if (msd_text_equal((msd_text_t){ text.data, size }, escaped)) {
            return true;
        }
        text = (msd_text_t){ text.data + step, text.len - step };
    }
    return false;
}
