/* SPDX-License-Identifier: Apache-2.0 */
/* The Authorization header: from text to typed values. */
#include "digest/header.h"

#include <stddef.h>
#include <string.h>

#include "digest/username.h"

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

static msd_param_t *find_param(msd_credentials_t *out, msd_text_t name)
{
    if (name.len > LONGEST_NAME) {
        return NULL;
    }
    for (int i = first_of_length[name.len];
         i < MSD_PARAM_COUNT && param_names[i].len == name.len; i++) {
        if (is_name(name, param_names[i])) {
            return &out->params[i];
        }
    }
    return NULL;
}

/* auth-param of RFC 9110 section 11.2. */
static const char *take_param(cursor_t *cursor, msd_credentials_t *out)
{
    msd_param_t unknown = { { NULL, 0 }, false, false };
    msd_text_t name = take_class(cursor, TOKEN);
    msd_param_t *param = find_param(out, name);

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
    skip_blanks(cursor);
    if (!take_char(cursor, '=')) {
        return "parameter without value";
    }
    skip_blanks(cursor);
    if (take_char(cursor, '"')) {
        return take_quoted(cursor, param);
    }
    return take_bare(cursor, param);
}

/* The list of RFC 9110 section 5.6.1: empty elements are allowed. */
static const char *take_params(cursor_t *cursor, msd_credentials_t *out)
{
    for (;;) {
        const char *fault;

        do {
            skip_blanks(cursor);
        } while (take_char(cursor, ','));
        if (cursor->at == cursor->end) {
            return NULL;
        }
        fault = take_param(cursor, out);
        if (fault != NULL) {
            return fault;
        }
        skip_blanks(cursor);
        if (cursor->at < cursor->end && *cursor->at != ',') {
            return "no comma between parameters";
        }
    }
}

msd_text_t msd_header_unescape(const msd_param_t *param, apr_pool_t *pool)
{
    msd_text_t text = param->value;
    char *copy;
    apr_size_t len = 0;

    if (!param->escaped) {
        return text;
    }
    copy = apr_palloc(pool, text.len);
    for (apr_size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\' && i + 1 < text.len) {
            i++;
        }
        copy[len++] = text.data[i];
    }
    return (msd_text_t){ copy, len };
}

/* Parameters that must be there.  qop is always offered, so nc and cnonce
 * must come back with it (RFC 7616 section 3.4); a response without qop is
 * the form of RFC 2069, which protects against nothing. */
static const char *check_required(const msd_credentials_t *out)
{
    static const struct {
        msd_param_name_t param;
        const char *fault;
    } required[] = {
        { MSD_PARAM_REALM, "realm is missing" },
        { MSD_PARAM_NONCE, "nonce is missing" },
        { MSD_PARAM_URI, "uri is missing" },
        { MSD_PARAM_RESPONSE, "response is missing" },
        { MSD_PARAM_QOP, "qop is missing" },
        { MSD_PARAM_NC, "nc is missing" },
        { MSD_PARAM_CNONCE, "cnonce is missing" },
    };

    if (!out->params[MSD_PARAM_USERNAME].present
        && !out->params[MSD_PARAM_USERNAME_EXT].present) {
        return "username is missing";
    }
    if (out->params[MSD_PARAM_USERNAME].present
        && out->params[MSD_PARAM_USERNAME_EXT].present) {
        return "username and username* together";
    }
    for (apr_size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (!out->params[required[i].param].present) {
            return required[i].fault;
        }
    }
    return NULL;
}

static const char *read_algorithm(msd_credentials_t *out)
{
    const msd_param_t *param = &out->params[MSD_PARAM_ALGORITHM];

    if (!param->present) {
        out->algorithm = MSD_ALGORITHM_MD5;
        return NULL;
    }
    return msd_algorithm_find(param->value, &out->algorithm)
               ? NULL
               : "algorithm is unknown";
}

static const char *read_qop(msd_credentials_t *out)
{
    msd_text_t value = out->params[MSD_PARAM_QOP].value;

    if (msd_text_equal_nocase(value, MSD_TEXT("auth"))) {
        out->qop = MSD_QOP_AUTH;
        return NULL;
    }
    if (msd_text_equal_nocase(value, MSD_TEXT("auth-int"))) {
        out->qop = MSD_QOP_AUTH_INT;
        return NULL;
    }
    return "qop is unknown";
}

/* nc is 8LHEX; upper case is let through, any other length is not. */
static const char *read_nc(msd_credentials_t *out)
{
    unsigned char bytes[4];

    if (!msd_hex_decode(out->params[MSD_PARAM_NC].value, bytes,
                        sizeof(bytes))) {
        return "nc is not 8 hexadecimal digits";
    }
    out->nc = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16
              | (uint32_t)bytes[2] << 8 | bytes[3];
    return NULL;
}

static const char *read_response(msd_credentials_t *out)
{
    apr_size_t size = msd_hash_size(msd_algorithm_hash(out->algorithm));

    return msd_hex_decode(out->params[MSD_PARAM_RESPONSE].value,
                          out->response, size)
               ? NULL
               : "response is not a hash of the algorithm";
}

/* userhash is for username, not for username* (RFC 7616 section 3.4.4). */
static const char *read_username(msd_credentials_t *out, apr_pool_t *pool)
{
    const msd_param_t *extended = &out->params[MSD_PARAM_USERNAME_EXT];

    out->userhash = msd_text_equal_nocase(
        out->params[MSD_PARAM_USERHASH].value, MSD_TEXT("true"));
    if (!extended->present) {
        out->username = out->params[MSD_PARAM_USERNAME];
        return NULL;
    }
    if (out->userhash) {
        return "username* together with userhash";
    }
    out->username.present = true;
    return msd_username_decode(extended->value, pool, &out->username.value);
}

static void read_texts(msd_credentials_t *out, apr_pool_t *pool)
{
    out->realm = msd_header_unescape(&out->params[MSD_PARAM_REALM], pool);
    out->nonce = msd_header_unescape(&out->params[MSD_PARAM_NONCE], pool);
    out->uri = msd_header_unescape(&out->params[MSD_PARAM_URI], pool);
    out->cnonce = msd_header_unescape(&out->params[MSD_PARAM_CNONCE], pool);
    out->opaque = msd_header_unescape(&out->params[MSD_PARAM_OPAQUE], pool);
}

bool msd_header_is_digest(msd_text_t header, msd_text_t *out)
{
    static const char scheme[] = "Digest";
    const apr_size_t len = sizeof(scheme) - 1;

    if (header.len < len
        || !msd_text_equal_nocase((msd_text_t){ header.data, len },
                                  msd_text_of(scheme))
        || (header.len > len && !is_blank(header.data[len]))) {
        return false;
    }
    *out = (msd_text_t){ header.data + len, header.len - len };
    return true;
}

/* Each byte of a word. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Control characters never belong in a header value, but for the tab; bytes
 * from 128 on do. */
static bool has_control(msd_text_t text)
{
    const char *at = text.data;
    const char *end = text.data + text.len;

    while (at < end) {
        uint64_t word;

        if (end - at >= (ptrdiff_t)sizeof(word)) {
            memcpy(&word, at, sizeof(word));
            /* A high bit for each byte below ' ' or equal to 127. */
            if (((((word - EACH(' ')) & ~word)
                  | (((word ^ EACH(127)) - EACH(1)) & ~(word ^ EACH(127))))
                 & EACH(128)) == 0) {
                at += sizeof(word);
                continue;
            }
        }
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 127) {
            return true;
        }
        at++;
    }
    return false;
}

const char *msd_header_parse(msd_text_t text, apr_pool_t *pool,
                             msd_credentials_t *out)
{
    static const char *(*const readers[])(msd_credentials_t *) = {
        read_algorithm, read_qop, read_nc, read_response
    };
    cursor_t cursor = { text.data, text.data + text.len };
    const char *fault;

    memset(out, 0, sizeof(*out));
    if (has_control(text)) {
        return "control character";
    }
    fault = take_params(&cursor, out);
    if (fault == NULL) {
        fault = check_required(out);
    }
    for (apr_size_t i = 0;
         fault == NULL && i < sizeof(readers) / sizeof(readers[0]); i++) {
        fault = readers[i](out);
    }
    if (fault == NULL) {
        read_texts(out, pool);
        fault = read_username(out, pool);
    }
    return fault;
}
