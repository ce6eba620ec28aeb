/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of digest validation ([MS-APDS] 2.2.5). */
#include "netlogon/wdigest.h"

#include <string.h>

#include "base/utf8.h"
#include "netlogon/ndr.h"
#include "netlogon/utf16.h"

#define REQUEST_TYPE 0x1a
#define RESPONSE_TYPE 0x0a
#define VERSION 1
#define REQUEST_HEADER 40
#define RESPONSE_HEADER 80
#define HTTP 3
#define AUTH 2
#define AUTH_INT 3
#define MD5_SESS 3
#define LATIN1 1
#define UTF8 2
#define KEY_AT 32
#define KEY_LENGTH 33       /* with the NUL */
#define MESSAGE_MAX 65535

static const char too_long[] = "the answer is longer than Netlogon carries "
                               "(65535 octets)";

/* ---- Asking */

static bool has_nul(msd_text_t text)
{
    return text.len > 0 && memchr(text.data, '\0', text.len) != NULL;
}

static void put_text(msd_ndr_out_t *out, msd_text_t text)
{
    msd_ndr_put(out, text.data, text.len);
    msd_ndr_put(out, NULL, 1);
}

/* Returns how many bytes it took, the NUL too. */
static uint16_t put_wide(msd_ndr_out_t *out, msd_text_t text,
                         apr_pool_t *pool)
{
    unsigned char *wide = apr_palloc(pool, 2 * text.len + 1);
    apr_size_t n = msd_utf16_encode(text, wide);

    msd_ndr_put(out, wide, n);
    msd_ndr_put(out, NULL, 2);
    return (uint16_t)(n + 2);
}

static void write_header(const msd_wdigest_request_t *request,
                         apr_size_t len, const uint16_t *wide,
                         unsigned char *out)
{
    msd_ndr_out_t ndr = msd_ndr_begin(out, REQUEST_HEADER);

    msd_ndr_put_u32(&ndr, REQUEST_TYPE);
    msd_ndr_put_u16(&ndr, VERSION);
    msd_ndr_put_u16(&ndr, (uint16_t)len);
    msd_ndr_put_u16(&ndr, HTTP);
    msd_ndr_put_u16(&ndr, request->auth_int ? AUTH_INT : AUTH);
    msd_ndr_put_u16(&ndr, MD5_SESS);
    msd_ndr_put_u16(&ndr, request->utf8 ? UTF8 : LATIN1);
    msd_ndr_put_u16(&ndr, (uint16_t)(len - REQUEST_HEADER));
    msd_ndr_put_u16(&ndr, 0);       /* NameFormat: unknown */
    msd_ndr_put_u16(&ndr, request->flags);
    for (int i = 0; i < 3; i++) {
        msd_ndr_put_u16(&ndr, wide[i]);
    }
    msd_ndr_put(&ndr, NULL, REQUEST_HEADER - ndr.len);
}

const char *msd_wdigest_ask(const msd_wdigest_request_t *request,
                            apr_pool_t *pool, msd_text_t *out)
{
    const msd_text_t narrow[] = {
        request->username, request->realm,    request->nonce,
        request->cnonce,   request->nc,       request->algorithm,
        request->qop,      request->method,   request->uri,
        request->response, request->h_entity, MSD_TEXT(""),
    };
    const msd_text_t wide[] = { request->account, request->domain,
                                request->server };
    unsigned char *bytes = apr_palloc(pool, MESSAGE_MAX);
    msd_ndr_out_t ndr = msd_ndr_begin(bytes, MESSAGE_MAX);
    uint16_t sizes[3];

    msd_ndr_put(&ndr, NULL, REQUEST_HEADER);
    for (int i = 0; i < (int)(sizeof(narrow) / sizeof(narrow[0])); i++) {
        if (has_nul(narrow[i])) {
            return "a value of the answer holds a NUL";
        }
        put_text(&ndr, narrow[i]);
    }
    for (int i = 0; i < 3; i++) {
        if (has_nul(wide[i]) || !msd_utf8_is_valid(wide[i])) {
            return "a name is not UTF-8";
        }
        sizes[i] = put_wide(&ndr, wide[i], pool);
    }
    if (ndr.full) {
        return too_long;
    }
    write_header(request, ndr.len, sizes, bytes);
    *out = (msd_text_t){ (const char *)bytes, ndr.len };
    return NULL;
}

/* ---- Reading */

static const char *read_key(const unsigned char *bytes, apr_size_t length,
                            unsigned char *key)
{
    const msd_text_t hex = { (const char *)bytes + KEY_AT,
                             2 * MSD_WDIGEST_KEY };

    return length == KEY_LENGTH && bytes[KEY_AT + KEY_LENGTH - 1] == 0
                   && msd_hex_decode(hex, key, MSD_WDIGEST_KEY)
               ? NULL
               : "the session key of a validation is none";
}

const char *msd_wdigest_read(msd_text_t message, msd_wdigest_reply_t *out)
{
    const unsigned char *bytes = (const unsigned char *)message.data;
    uint64_t pac;
    uint64_t name;
    uint64_t size;

    memset(out, 0, sizeof(*out));
    if (message.len < RESPONSE_HEADER
        || msd_ndr_u32_at(bytes) != RESPONSE_TYPE
        || msd_ndr_u16_at(bytes + 4) != VERSION) {
        return "it is no DIGEST_VALIDATION_RESP of version 1";
    }
    out->status = msd_ndr_u32_at(bytes + 8);
    if (out->status != 0) {
        return NULL;
    }
    pac = msd_ndr_u32_at(bytes + 16);
    name = msd_ndr_u16_at(bytes + 20);
    size = msd_ndr_u32_at(bytes + 24);
    if (size > message.len || RESPONSE_HEADER + pac + name > size
        || pac > MSD_WDIGEST_PAC_MAX || name % 2 != 0) {
        return "the lengths of a validation contradict each other";
    }
    out->pac = (msd_text_t){ message.data + RESPONSE_HEADER,
                             (apr_size_t)pac };
    out->account = (msd_text_t){ message.data + RESPONSE_HEADER + pac,
                                 (apr_size_t)name };
    return read_key(bytes, msd_ndr_u16_at(bytes + 12), out->key);
}
