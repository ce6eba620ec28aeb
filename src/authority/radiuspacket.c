/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS packets for Digest: from values to bytes and back (RFC 2865, 5090). */
#include "authority/radiuspacket.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define ACCESS_REQUEST 1
#define HEADER_SIZE 20
#define MAC_SIZE 16

/* RFC 2548: the vendor, its attribute, and how that is laid out. */
#define VENDOR_MICROSOFT 311
#define MS_MPPE_SEND_KEY 16
#define SALT_SIZE 2
#define BLOCK_SIZE 16

typedef enum {
    USER_NAME = 1,
    REPLY_MESSAGE = 18,
    STATE = 24,
    VENDOR_SPECIFIC = 26,
    NAS_IDENTIFIER = 32,
    MESSAGE_AUTHENTICATOR = 80,
    DIGEST_RESPONSE = 103,
    DIGEST_REALM = 104,
    DIGEST_NONCE = 105,
    DIGEST_METHOD = 108,
    DIGEST_URI = 109,
    DIGEST_QOP = 110,
    DIGEST_ALGORITHM = 111,
    DIGEST_ENTITY_BODY_HASH = 112,
    DIGEST_CNONCE = 113,
    DIGEST_NONCE_COUNT = 114,
    DIGEST_USERNAME = 115,
    DIGEST_HA1 = 121
} attribute_t;

static msd_text_t span_of(const unsigned char *bytes, apr_size_t n)
{
    return (msd_text_t){ (const char *)bytes, n };
}

/* MD5 of the parts, one after the other. */
static bool sum(msd_hasher_t *hasher, const msd_text_t *parts, int n,
                unsigned char *out)
{
    msd_hash_sum_t md5;

    msd_hash_begin(&md5, hasher, MSD_HASH_MD5);
    for (int i = 0; i < n; i++) {
        msd_hash_add(&md5, parts[i]);
    }
    return msd_hash_end(&md5, out) == APR_SUCCESS;
}

/* HMAC-MD5 of a whole packet (RFC 3579 section 3.2). */
static bool authenticate(msd_text_t secret, const unsigned char *packet,
                         apr_size_t len, unsigned char *mac)
{
    unsigned size = 0;

    return HMAC(EVP_md5(), secret.data, (int)secret.len, packet, len, mac,
                &size)
               != NULL
           && size == MAC_SIZE;
}

/* ---- Building */

typedef struct {
    unsigned char *packet;
    apr_size_t len;
    const char *fault;
} writer_t;

static void put(writer_t *writer, attribute_t type, msd_text_t value,
                const char *too_long)
{
    unsigned char *at = writer->packet + writer->len;

    if (value.len == 0 || writer->fault != NULL) {
        return;
    }
    if (value.len > MSD_RADIUS_VALUE_MAX
        || writer->len + 2 + value.len > MSD_RADIUS_PACKET_MAX) {
        writer->fault = too_long;
        return;
    }
    at[0] = (unsigned char)type;
    at[1] = (unsigned char)(2 + value.len);
    memcpy(at + 2, value.data, value.len);
    writer->len += 2 + value.len;
}

static void put_hex(writer_t *writer, attribute_t type,
                    const unsigned char *hash, apr_size_t size)
{
    char hex[2 * MSD_HASH_MAX];

    msd_hex_encode(hash, size, hex);
    put(writer, type, (msd_text_t){ hex, 2 * size }, "");
}

/* RFC 5090 section 3, in the order of the numbers. */
static void put_digest(writer_t *writer, const msd_radius_request_t *request)
{
    static const char too_long[] = "a parameter of the answer is longer than "
                                   "RADIUS carries";
    const msd_response_t *response = request->response;
    apr_size_t size = msd_hash_size(msd_algorithm_hash(response->algorithm));

    put_hex(writer, DIGEST_RESPONSE, response->claimed, size);
    put(writer, DIGEST_REALM, request->realm, too_long);
    put(writer, DIGEST_NONCE, response->nonce, too_long);
    put(writer, DIGEST_METHOD, response->method, too_long);
    put(writer, DIGEST_URI, response->uri,
        "the uri is longer than RADIUS carries (253 octets)");
    put(writer, DIGEST_QOP, response->qop, too_long);
    put(writer, DIGEST_ALGORITHM,
        msd_text_of(msd_algorithm_name(response->algorithm)), too_long);
    if (response->has_entity) {
        put_hex(writer, DIGEST_ENTITY_BODY_HASH, response->h_entity, size);
    }
    put(writer, DIGEST_CNONCE, response->cnonce, too_long);
    put(writer, DIGEST_NONCE_COUNT, response->nc, too_long);
    put(writer, DIGEST_USERNAME, request->user, too_long);
}

const char *msd_radius_build(const msd_radius_request_t *request,
                             unsigned char *out, apr_size_t *len)
{
    static const unsigned char zero[MAC_SIZE];
    static const char too_long[] = "the name is longer than RADIUS carries";
    writer_t writer = { out, HEADER_SIZE, NULL };

    out[0] = ACCESS_REQUEST;
    out[1] = request->id;
    memcpy(out + 4, request->authenticator, MSD_RADIUS_AUTHENTICATOR_SIZE);
    put(&writer, MESSAGE_AUTHENTICATOR, span_of(zero, MAC_SIZE), "");
    put(&writer, NAS_IDENTIFIER, request->nas_identifier,
        "the NAS-Identifier is longer than RADIUS carries");
    put(&writer, USER_NAME, request->user, too_long);
    put(&writer, STATE, request->state, "the State is too long");
    put_digest(&writer, request);
    if (writer.fault != NULL) {
        return writer.fault;
    }
    out[2] = (unsigned char)(writer.len >> 8);
    out[3] = (unsigned char)(writer.len & 0xff);
    if (!authenticate(request->secret, out, writer.len,
                      out + HEADER_SIZE + 2)) {
        return "OpenSSL cannot compute HMAC-MD5";
    }
    *len = writer.len;
    return NULL;
}

/* ---- Verifying */

/* The attributes fill the packet exactly. */
static bool is_well_formed(const unsigned char *packet, apr_size_t len)
{
    apr_size_t at = HEADER_SIZE;

    while (at < len) {
        if (len - at < 2 || packet[at + 1] < 2 || packet[at + 1] > len - at) {
            return false;
        }
        at += packet[at + 1];
    }
    return true;
}

static const char *check_header(const msd_radius_request_t *request,
                                const unsigned char *packet, apr_size_t len)
{
    if (len < HEADER_SIZE || len > MSD_RADIUS_PACKET_MAX
        || ((apr_size_t)packet[2] << 8 | packet[3]) != len
        || !is_well_formed(packet, len)) {
        return "it is no RADIUS packet";
    }
    if (packet[0] != MSD_RADIUS_ACCEPT && packet[0] != MSD_RADIUS_REJECT
        && packet[0] != MSD_RADIUS_CHALLENGE) {
        return "its code is none that answers an Access-Request";
    }
    if (packet[1] != request->id) {
        return "it answers another request";
    }
    return NULL;
}

/* MD5(Code+ID+Length+RequestAuth+Attributes+Secret), RFC 2865 section 3. */
static const char *check_authenticator(const msd_radius_request_t *request,
                                       const unsigned char *packet,
                                       apr_size_t len)
{
    const msd_text_t parts[] = {
        span_of(packet, 4),
        span_of(request->authenticator, MSD_RADIUS_AUTHENTICATOR_SIZE),
        span_of(packet + HEADER_SIZE, len - HEADER_SIZE),
        request->secret,
    };
    unsigned char expected[MSD_HASH_MAX];

    if (!sum(request->response->hasher, parts, 4, expected)) {
        return "OpenSSL cannot compute MD5";
    }
    return msd_equal(expected, packet + 4, MSD_RADIUS_AUTHENTICATOR_SIZE)
               ? NULL
               : "it was made with another secret";
}

/* The place of the one Message-Authenticator; 0 when there is not exactly one
 * of the right length. */
static apr_size_t find_mac(const unsigned char *packet, apr_size_t len)
{
    apr_size_t found = 0;

    for (apr_size_t at = HEADER_SIZE; at < len; at += packet[at + 1]) {
        if (packet[at] == MESSAGE_AUTHENTICATOR) {
            if (found != 0 || packet[at + 1] != 2 + MAC_SIZE) {
                return 0;
            }
            found = at + 2;
        }
    }
    return found;
}

static const char *check_mac(const msd_radius_request_t *request,
                             const unsigned char *packet, apr_size_t len)
{
    unsigned char copy[MSD_RADIUS_PACKET_MAX];
    unsigned char expected[MAC_SIZE];
    apr_size_t at = find_mac(packet, len);

    if (at == 0) {
        return "it has no Message-Authenticator";
    }
    memcpy(copy, packet, len);
    memcpy(copy + 4, request->authenticator, MSD_RADIUS_AUTHENTICATOR_SIZE);
    memset(copy + at, 0, MAC_SIZE);
    if (!authenticate(request->secret, copy, len, expected)) {
        return "OpenSSL cannot compute HMAC-MD5";
    }
    return msd_equal(expected, packet + at, MAC_SIZE)
               ? NULL
               : "its Message-Authenticator is wrong";
}

/* ---- Reading */

/* One key comes as 32 hexadecimal digits, and once. */
static bool take_key(msd_text_t hex, bool *has, unsigned char *key)
{
    if (*has || !msd_hex_decode(hex, key, MSD_RADIUS_KEY_SIZE)) {
        return false;
    }
    *has = true;
    return true;
}

/*
 * RFC 2548 section 2.4.2: b(1) = MD5(S + R + A), p(1) = c(1) xor b(1);
 * b(i) = MD5(S + c(i-1)), p(i) = c(i) xor b(i).  The first octet of the plain
 * text is the length of the key.
 */
static bool decrypt_key(const msd_radius_request_t *request, msd_text_t value,
                        msd_radius_reply_t *out)
{
    const unsigned char *salt = (const unsigned char *)value.data;
    unsigned char plain[256];
    unsigned char mask[MSD_HASH_MAX];
    msd_text_t parts[] = {
        request->secret,
        span_of(request->authenticator, MSD_RADIUS_AUTHENTICATOR_SIZE),
        span_of(salt, SALT_SIZE),
    };
    apr_size_t size;
    bool good;

    if (value.len < SALT_SIZE + BLOCK_SIZE || value.len > sizeof(plain)
        || (value.len - SALT_SIZE) % BLOCK_SIZE != 0) {
        return false;
    }
    size = value.len - SALT_SIZE;
    for (apr_size_t at = 0; at < size; at += BLOCK_SIZE) {
        const unsigned char *block = salt + SALT_SIZE + at;

        if (!sum(request->response->hasher, parts, at == 0 ? 3 : 2, mask)) {
            return false;
        }
        for (int i = 0; i < BLOCK_SIZE; i++) {
            plain[at + (apr_size_t)i] = block[i] ^ mask[i];
        }
        parts[1] = span_of(block, BLOCK_SIZE);
    }
    good = plain[0] < size
           && take_key(span_of(plain + 1, plain[0]), &out->has_key, out->key);
    msd_wipe(plain, sizeof(plain));
    msd_wipe(mask, sizeof(mask));
    return good;
}

/* The sub-attributes of Microsoft, among which the key may be. */
static bool read_vendor(const msd_radius_request_t *request, msd_text_t value,
                        msd_radius_reply_t *out)
{
    static const unsigned char microsoft[4] = { 0, 0, VENDOR_MICROSOFT >> 8,
                                                VENDOR_MICROSOFT & 0xff };
    const unsigned char *bytes = (const unsigned char *)value.data;
    apr_size_t at = sizeof(microsoft);

    if (value.len < at || memcmp(bytes, microsoft, at) != 0) {
        return true;
    }
    while (at < value.len) {
        apr_size_t left = value.len - at;
        apr_size_t size = left < 2 ? 0 : bytes[at + 1];

        if (size < 2 || size > left) {
            return false;
        }
        if (bytes[at] == MS_MPPE_SEND_KEY
            && !decrypt_key(request, span_of(bytes + at + 2, size - 2), out)) {
            return false;
        }
        at += size;
    }
    return true;
}

static void take_first(msd_text_t *place, msd_text_t value)
{
    if (place->len == 0) {
        *place = value;
    }
}

/* Returns false when an attribute that counts is broken. */
static bool read_attribute(const msd_radius_request_t *request,
                           unsigned char type, msd_text_t value,
                           msd_radius_reply_t *out)
{
    switch (type) {
    case REPLY_MESSAGE:
        take_first(&out->message, value);
        return true;
    case STATE:
        take_first(&out->state, value);
        return true;
    case DIGEST_HA1:
        return take_key(value, &out->has_ha1, out->ha1);
    case VENDOR_SPECIFIC:
        return read_vendor(request, value, out);
    default:
        return true;
    }
}

const char *msd_radius_read(const msd_radius_request_t *request,
                            const unsigned char *packet, apr_size_t len,
                            msd_radius_reply_t *out)
{
    const char *fault = check_header(request, packet, len);

    if (fault == NULL) {
        fault = check_authenticator(request, packet, len);
    }
    if (fault == NULL) {
        fault = check_mac(request, packet, len);
    }
    if (fault != NULL) {
        return fault;
    }
    memset(out, 0, sizeof(*out));
    out->code = (msd_radius_code_t)packet[0];
    out->attributes = span_of(packet + HEADER_SIZE, len - HEADER_SIZE);
    for (apr_size_t at = HEADER_SIZE; at < len; at += packet[at + 1]) {
        msd_text_t value = span_of(packet + at + 2,
                                   (apr_size_t)packet[at + 1] - 2);

        if (!read_attribute(request, packet[at], value, out)) {
            return "an attribute of it is broken";
        }
    }
    return NULL;
}
