/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a header: from text to spans. */
#include "digest/params.h"

#include <string.h>

#define NAME(literal) { literal, sizeof(literal) - 1 }

static const msd_text_t param_names[] = {
    [MSD_PARAM_NC] = NAME("nc"),
    [MSD_PARAM_URI] = NAME("uri"),
    [MSD_PARAM_QOP] = NAME("qop"),
    [MSD_PARAM_REALM] = NAME("realm"),
    [MSD_PARAM_NONCE] = NAME("nonce"),
    [MSD_PARAM_OPAQUE] = NAME("opaque"),
    [MSD_PARAM_CNONCE] = NAME("cnonce"),
    [MSD_PARAM_USERNAME] = NAME("username"),
    [MSD_PARAM_RESPONSE] = NAME("response"),
    [MSD_PARAM_USERHASH] = NAME("userhash"),
    [MSD_PARAM_ALGORITHM] = NAME("algorithm"),
    [MSD_PARAM_USERNAME_EXT] = NAME("username*"),
};

#define LONGEST_NAME 9

/* The first parameter whose name is at least that long. */
static const unsigned char first_of_length[LONGEST_NAME + 1] = {
    [3] = MSD_PARAM_URI,
    [4] = MSD_PARAM_REALM,
    [5] = MSD_PARAM_REALM,
    [6] = MSD_PARAM_OPAQUE,
    [7] = MSD_PARAM_USERNAME,
    [8] = MSD_PARAM_USERNAME,
    [9] = MSD_PARAM_ALGORITHM,
};

_Static_assert(sizeof(param_names) / sizeof(param_names[0])
                   == MSD_PARAM_COUNT,
               "one name for each parameter");

/* Classes of characters, so that each is looked at once. */
#define TOKEN 1     /* tchar of RFC 9110 section 5.6.2 */
#define BARE 2      /* goes on in an unquoted value */

static const unsigned char classes[256] = {
    ['!'] = TOKEN | BARE,
    ['#' ... '\''] = TOKEN | BARE,
    ['(' ... ')'] = BARE,
    ['*' ... '+'] = TOKEN | BARE,
    ['-' ... '.'] = TOKEN | BARE,
    ['/'] = BARE,
    ['0' ... '9'] = TOKEN | BARE,
    [':' ... '@'] = BARE,
    ['A' ... 'Z'] = TOKEN | BARE,
    ['[' ... ']'] = BARE,
    ['^' ... 'z'] = TOKEN | BARE,
    ['{'] = BARE,
    ['|'] = TOKEN | BARE,
    ['}'] = BARE,
    ['~'] = TOKEN | BARE,
    [128 ... 255] = BARE,
};

/* Where the parser stands. */
typedef struct {
    const char *at;
    const char *end;
} cursor_t;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The span of characters of a class. */
static msd_text_t take_class(cursor_t *cursor, unsigned char wanted)
{
    msd_text_t text = { cursor->at, 0 };
    const char *at = cursor->at;

    while (at < cursor->end && (classes[(unsigned char)*at] & wanted) != 0) {
        at++;
    }
    cursor->at = at;
    text.len = (apr_size_t)(at - text.data);
    return text;
}

static void skip_blanks(cursor_t *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at)) {
        cursor->at++;
    }
}

static bool take_char(cursor_t *cursor, char c)
{
    if (cursor->at < cursor->end && *cursor->at == c) {
        cursor->at++;
        return true;
    }
    return false;
}

/* The same with blanks before; few clients send any. */
static bool take_char_spaced(cursor_t *cursor, char c)
{
    if (take_char(cursor, c)) {
        return true;
    }
    skip_blanks(cursor);
    return take_char(cursor, c);
}

/* quoted-string of RFC 9110 section 5.6.4, behind its opening quote. */
static const char *take_quoted(cursor_t *cursor, msd_param_t *param)
{
    const char *at = cursor->at;
    const char *quote = memchr(at, '"', (size_t)(cursor->end - at));
    const char *escape;

    /* Quotes behind a backslash belong to the value. */
    while (quote != NULL
           && (escape = memchr(at, '\\', (size_t)(quote - at))) != NULL) {
        param->escaped = true;
        at = escape + 2;
        if (at > quote) {
            quote = memchr(at, '"', (size_t)(cursor->end - at));
        }
    }
    if (quote == NULL) {
        return "quoted value without end";
    }
    param->value.data = cursor->at;
    param->value.len = (apr_size_t)(quote - cursor->at);
    cursor->at = quote + 1;
    return NULL;
}

/* A value without quotes: everything up to the next blank or comma. */
static const char *take_bare(cursor_t *cursor, msd_param_t *param)
{
    param->value = take_class(cursor, BARE);
    return param->value.len > 0 ? NULL : "parameter without value";
}

/* Whether a token is a parameter's name in any case; of equal length.  Of the
 * characters of a token only an upper-case letter becomes another one by 0x20,
 * its lower case, or none that stands in a name. */
static bool is_name(msd_text_t token, msd_text_t name)
{
    for (apr_size_t i = 0; i < name.len; i++) {
        if ((token.data[i] | 0x20) != name.data[i]) {
            return false;
        }
    }
    return true;
}

static msd_param_t *find_param(msd_param_t *params, msd_text_t name)
{
    if (name.len > LONGEST_NAME) {
        return NULL;
    }
    for (int i = first_of_length[name.len];
         i < MSD_PARAM_COUNT && param_names[i].len == name.len; i++) {
        /* Nearly all clients write the names in lower case. */
        if (memcmp(name.data, param_names[i].data, name.len) == 0
            || is_name(name, param_names[i])) {
            return &params[i];
        }
    }
    return NULL;
}

/* auth-param of RFC 9110 section 11.2. */
static const char *take_param(cursor_t *cursor, msd_param_t *params)
{
    msd_param_t unknown = { { NULL, 0 }, false, false };
    msd_text_t name = take_class(cursor, TOKEN);
    msd_param_t *param = find_param(params, name);

    if (name.len == 0) {
        return "parameter without name";
    }
    if (param == NULL) {
        param = &unknown;
    }
    if (param->present) {
        return "parameter given twice";
    }
    param->present = true;
    if (!take_char_spaced(cursor, '=')) {
        return "parameter without value";
    }
    if (take_char_spaced(cursor, '"')) {
        return take_quoted(cursor, param);
    }
    return take_bare(cursor, param);
}

/* The list of RFC 9110 section 5.6.1: empty elements are allowed. */
static const char *take_params(cursor_t *cursor, msd_param_t *params)
{
    for (;;) {
        const char *fault;

        do {
            skip_blanks(cursor);
        } while (take_char(cursor, ','));
        if (cursor->at == cursor->end) {
            return NULL;
        }
        fault = take_param(cursor, params);
        if (fault != NULL) {
            return fault;
        }
        skip_blanks(cursor);
        if (cursor->at < cursor->end && *cursor->at != ',') {
            return "no comma between parameters";
        }
    }
}

/* Characters that are looked at together, which compilers make one step. */
#define BLOCK 32

/* Control characters never belong in a header value, but for the tab; bytes
 * from 128 on do. */
static unsigned is_control(unsigned char c)
{
    return ((unsigned)(c < ' ') & (unsigned)(c != '\t'))
           | (unsigned)(c == 127);
}

static bool has_control(msd_text_t text)
{
    const unsigned char *at = (const unsigned char *)text.data;
    apr_size_t left = text.len;
    unsigned char found = 0;

    for (; left >= BLOCK; at += BLOCK, left -= BLOCK) {
        for (int i = 0; i < BLOCK; i++) {
            found |= (unsigned char)is_control(at[i]);
        }
    }
    for (apr_size_t i = 0; i < left; i++) {
        found |= (unsigned char)is_control(at[i]);
    }
    return found != 0;
}

const char *msd_params_parse(msd_text_t text, msd_param_t *params)
{
    cursor_t cursor = { text.data, text.data + text.len };

    if (has_control(text)) {
        return "control character";
    }
    return take_params(&cursor, params);
}
