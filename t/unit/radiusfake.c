/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of RADIUS: requests taken apart, replies put together. */
#include "radiusfake.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define HEADER 20

static void hmac_md5(const char *secret, const unsigned char *bytes,
                     apr_size_t len, unsigned char *out)
{
    unsigned size;

    ck_assert_ptr_nonnull(
        HMAC(EVP_md5(), secret, (int)strlen(secret), bytes, len, out, &size));
}

bool fake_is_signed(const unsigned char *request, apr_size_t len,
                    const char *secret)
{
    unsigned char copy[MSD_RADIUS_PACKET_MAX];
    unsigned char mac[16];

    if (len < HEADER + 18 || request[HEADER] != 80
        || request[HEADER + 1] != 18) {
        return false;
    }
    memcpy(copy, request, len);
    memset(copy + HEADER + 2, 0, 16);
    hmac_md5(secret, copy, len, mac);
    return memcmp(mac, request + HEADER + 2, 16) == 0;
}

msd_text_t fake_attribute(const unsigned char *packet, apr_size_t len,
                          unsigned char type)
{
    for (apr_size_t at = HEADER; at < len; at += packet[at + 1]) {
        if (packet[at] == type) {
            return (msd_text_t){ (const char *)packet + at + 2,
                                 (apr_size_t)packet[at + 1] - 2 };
        }
    }
    return (msd_text_t){ NULL, 0 };
}

fake_reply_t fake_begin(const unsigned char *request, unsigned char code)
{
    fake_reply_t reply = { .len = HEADER };

    reply.bytes[0] = code;
    reply.bytes[1] = request[1];
    return reply;
}

void fake_add(fake_reply_t *reply, unsigned char type, msd_text_t value)
{
    reply->bytes[reply->len] = type;
    reply->bytes[reply->len + 1] = (unsigned char)(value.len + 2);
    memcpy(reply->bytes + reply->len + 2, value.data, value.len);
    reply->len += value.len + 2;
}

/* MD5 of three pieces, straight from OpenSSL. */
static void md5(const void *a, apr_size_t a_len, const void *b,
                apr_size_t b_len, const void *c, apr_size_t c_len,
                unsigned char *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    EVP_DigestInit_ex(context, EVP_md5(), NULL);
    EVP_DigestUpdate(context, a, a_len);
    EVP_DigestUpdate(context, b, b_len);
    EVP_DigestUpdate(context, c, c_len);
    EVP_DigestFinal_ex(context, out, NULL);
    EVP_MD_CTX_free(context);
}

void fake_add_key(fake_reply_t *reply, const unsigned char *request,
                  const char *secret, msd_text_t key)
{
    unsigned char value[8 + 240] = { 0, 0, 1, 55, 16, 0, 0x80, 1 };
    unsigned char *block = value + 8;
    apr_size_t size = (1 + key.len + 15) / 16 * 16;
    unsigned char mask[16];

    block[0] = (unsigned char)key.len;
    memcpy(block + 1, key.data, key.len);
    value[5] = (unsigned char)(size + 4);
    md5(secret, strlen(secret), request + 4, 16, value + 6, 2, mask);
    for (apr_size_t at = 0; at < size; at += 16) {
        for (int i = 0; i < 16; i++) {
            block[at + (apr_size_t)i] ^= mask[i];
        }
        md5(secret, strlen(secret), block + at, 16, "", 0, mask);
    }
    fake_add(reply, 26, (msd_text_t){ (const char *)value, size + 8 });
}

void fake_add_mac(fake_reply_t *reply)
{
    static const char zero[16];

    fake_add(reply, 80, (msd_text_t){ zero, 16 });
}

void fake_sign(fake_reply_t *reply, const unsigned char *request,
               const char *secret)
{
    unsigned char *bytes = reply->bytes;
    msd_text_t mac;

    bytes[2] = (unsigned char)(reply->len >> 8);
    bytes[3] = (unsigned char)reply->len;
    memcpy(bytes + 4, request + 4, 16);
    mac = fake_attribute(bytes, reply->len, 80);
    if (mac.len == 16) {
        memset(bytes + (mac.data - (const char *)bytes), 0, 16);
        hmac_md5(secret, bytes, reply->len,
                 bytes + (mac.data - (const char *)bytes));
    }
    md5(bytes, reply->len, secret, strlen(secret), "", 0, bytes + 4);
}

void fake_answer(msd_hasher_t *hasher, msd_response_t *response,
                 unsigned char *key)
{
    static const char h_a2[] = "39aff3a2bab6126f332b942af96d3366";
    const char *hex;
    const char *joined;

    memset(response, 0, sizeof(*response));
    memset(key, 0x5a, 16);
    response->hasher = hasher;
    response->algorithm = MSD_ALGORITHM_MD5_SESS;
    response->nonce = MSD_TEXT("dcd98b7102dd2f0e8b11d0f600bfb0c093");
    response->nc = MSD_TEXT("00000001");
    response->cnonce = MSD_TEXT("0a4f113b");
    response->qop = MSD_TEXT("auth");
    response->method = MSD_TEXT("GET");
    response->uri = MSD_TEXT("/dir/index.html");
    memcpy(response->h_a2, h_a2, 32);
    hex = unit_hex(key, 16);
    joined = apr_pstrcat(unit_pool, hex, ":", response->nonce.data,
                         ":00000001:0a4f113b:auth:", h_a2, NULL);
    md5(joined, strlen(joined), "", 0, "", 0, response->claimed);
}
