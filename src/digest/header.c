/* SPDX-License-Identifier: Apache-2.0 */
/* The Authorization header: from text to typed values. */
#include "digest/header.h"

#include <string.h>

#include "digest/username.h"

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

    msd_text_t flag = out->params[MSD_PARAM_USERHASH].value;

    out->userhash = msd_text_equal_nocase(flag, MSD_TEXT("true"));
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
    const msd_text_t scheme = MSD_TEXT("Digest");

    if (header.len < scheme.len
        || !msd_text_equal_nocase((msd_text_t){ header.data, scheme.len },
                                  scheme)
        || (header.len > scheme.len && header.data[scheme.len] != ' '
            && header.data[scheme.len] != '\t')) {
        return false;
    }
    *out = (msd_text_t){ header.data + scheme.len, header.len - scheme.len };
    return true;
}

const char *msd_header_parse(msd_text_t text, apr_pool_t *pool,
                             msd_credentials_t *out)
{
    static const char *(*const readers[])(msd_credentials_t *) = {
        read_algorithm, read_qop, read_nc, read_response
    };
    const char *fault;

    memset(out, 0, sizeof(*out));
    fault = msd_params_parse(text, out->params);
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
