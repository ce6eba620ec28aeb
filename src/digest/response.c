/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of RFC 7616 section 3.4: A1, A2 and the response. */
#include "digest/response.h"

#include <string.h>

#define COUNT(parts) ((int)(sizeof(parts) / sizeof((parts)[0])))

apr_status_t msd_response_base_key(msd_hasher_t *hasher,
                                   msd_algorithm_t algorithm, msd_text_t user,
                                   msd_text_t realm, msd_text_t password,
                                   unsigned char *out)
{
    const msd_text_t parts[] = { user, realm, password };

    return msd_hash_joined(hasher, msd_algorithm_hash(algorithm), parts,
                           COUNT(parts), out);
}

/* H(A2) in hexadecimal. */
static apr_status_t hash_a2(const msd_response_t *response,
                            const msd_text_t *parts, int n, char *out)
{
    msd_hash_id_t hash = msd_algorithm_hash(response->algorithm);
    unsigned char h_a2[MSD_HASH_MAX];
    apr_status_t status =
        msd_hash_joined(response->hasher, hash, parts, n, h_a2);

    msd_hex_encode(h_a2, msd_hash_size(hash), out);
    return status;
}

apr_status_t msd_response_prepare(msd_response_t *response,
                                  msd_hasher_t *hasher,
                                  const msd_credentials_t *credentials,
                                  msd_text_t method,
                                  const unsigned char *h_entity)
{
    apr_size_t size =
        msd_hash_size(msd_algorithm_hash(credentials->algorithm));
    char entity_hex[2 * MSD_HASH_MAX];
    const msd_text_t parts[] = { method,
                                 credentials->uri,
                                 { entity_hex, 2 * size } };
    bool with_entity = credentials->qop == MSD_QOP_AUTH_INT;

    response->hasher = hasher;
    response->algorithm = credentials->algorithm;
    response->nonce = credentials->nonce;
    response->nc = credentials->params[MSD_PARAM_NC].value;
    response->cnonce = credentials->cnonce;
    response->qop = credentials->params[MSD_PARAM_QOP].value;
    response->method = method;
    response->uri = credentials->uri;
    response->has_entity = with_entity;
    response->plain_too = false;
    memcpy(response->claimed, credentials->response, size);
    if (with_entity) {
        memcpy(response->h_entity, h_entity, size);
        msd_hex_encode(h_entity, size, entity_hex);
    }
    return hash_a2(response, parts, with_entity ? 3 : 2, response->h_a2);
}

apr_status_t msd_response_session_key(const msd_response_t *response,
                                      const unsigned char *base_key,
                                      unsigned char *out)
{
    msd_hash_id_t hash = msd_algorithm_hash(response->algorithm);
    apr_size_t size = msd_hash_size(hash);
    char base_hex[2 * MSD_HASH_MAX];
    const msd_text_t parts[] = { { base_hex, 2 * size },
                                 response->nonce,
                                 response->cnonce };
    apr_status_t status;

    if (!msd_algorithm_is_session(response->algorithm)) {
        memcpy(out, base_key, size);
        return APR_SUCCESS;
    }
    msd_hex_encode(base_key, size, base_hex);
    status = msd_hash_joined(response->hasher, hash, parts, COUNT(parts),
                             out);
    msd_wipe(base_hex, sizeof(base_hex));
    return status;
}

/* response = H(H(A1):nonce:nc:cnonce:qop:H(A2)) */
static apr_status_t compute(const msd_response_t *response,
                            const unsigned char *key, const char *h_a2,
                            unsigned char *out)
{
    msd_hash_id_t hash = msd_algorithm_hash(response->algorithm);
    apr_size_t size = msd_hash_size(hash);
    char key_hex[2 * MSD_HASH_MAX];
    const msd_text_t parts[] = { { key_hex, 2 * size }, response->nonce,
                                 response->nc,          response->cnonce,
                                 response->qop,         { h_a2, 2 * size } };
    apr_status_t status;

    msd_hex_encode(key, size, key_hex);
    status = msd_hash_joined(response->hasher, hash, parts, COUNT(parts),
                             out);
    msd_wipe(key_hex, sizeof(key_hex));
    return status;
}

bool msd_response_matches(const msd_response_t *response,
                          const unsigned char *key)
{
    unsigned char expected[MSD_HASH_MAX];
    apr_size_t size = msd_hash_size(msd_algorithm_hash(response->algorithm));
    bool equal = compute(response, key, response->h_a2, expected)
                     == APR_SUCCESS
                 && msd_equal(expected, response->claimed, size);

    msd_wipe(expected, sizeof(expected));
    return equal;
}

bool msd_response_verify(const msd_response_t *response,
                         const unsigned char *base_key, unsigned char *key)
{
    if (msd_response_session_key(response, base_key, key) != APR_SUCCESS) {
        return false;
    }
    if (msd_response_matches(response, key)) {
        return true;
    }
    if (!response->plain_too) {
        return false;
    }
    memcpy(key, base_key,
           msd_hash_size(msd_algorithm_hash(response->algorithm)));
    return msd_response_matches(response, key);
}

apr_status_t msd_response_rspauth(const msd_response_t *response,
                                  msd_text_t uri, const unsigned char *key,
                                  char *out)
{
    const msd_text_t parts[] = { MSD_TEXT(""), uri };
    apr_size_t size = msd_hash_size(msd_algorithm_hash(response->algorithm));
    unsigned char rspauth[MSD_HASH_MAX];
    char h_a2[2 * MSD_HASH_MAX];
    apr_status_t status = hash_a2(response, parts, COUNT(parts), h_a2);

    if (status == APR_SUCCESS) {
        status = compute(response, key, h_a2, rspauth);
    }
    if (status != APR_SUCCESS) {
        out[0] = '\0';
        return status;
    }
    msd_hex_encode(rspauth, size, out);
    out[2 * size] = '\0';
    return APR_SUCCESS;
}
