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

apr_status_t msd_response_prepare(msd_response_t *response,
                                  msd_hasher_t *hasher,
                                  const msd_credentials_t *credentials,
                                  msd_text_t method)
{
    const msd_text_t parts[] = { method, credentials->uri };
    msd_hash_id_t hash = msd_algorithm_hash(credentials->algorithm);
    unsigned char h_a2[MSD_HASH_MAX];
    apr_status_t status;

    response->hasher = hasher;
    response->algorithm = credentials->algorithm;
    response->nonce = credentials->nonce;
    response->nc = credentials->params[MSD_PARAM_NC].value;
    response->cnonce = credentials->cnonce;
    response->qop = credentials->params[MSD_PARAM_QOP].value;
    memcpy(response->claimed, credentials->response, msd_hash_size(hash));
    status = msd_hash_joined(hasher, hash, parts, COUNT(parts), h_a2);
    msd_hex_encode(h_a2, msd_hash_size(hash), response->h_a2);
    return status;
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

bool msd_response_matches(const msd_response_t *response,
                          const unsigned char *key)
{
    msd_hash_id_t hash = msd_algorithm_hash(response->algorithm);
    apr_size_t size = msd_hash_size(hash);
    char key_hex[2 * MSD_HASH_MAX];
    unsigned char expected[MSD_HASH_MAX];
    const msd_text_t parts[] = { { key_hex, 2 * size },
                                 response->nonce,
                                 response->nc,
                                 response->cnonce,
                                 response->qop,
                                 { response->h_a2, 2 * size } };
    apr_status_t status;
    bool equal;

    /* response = H(H(A1):nonce:nc:cnonce:qop:H(A2)) */
    msd_hex_encode(key, size, key_hex);
    status = msd_hash_joined(response->hasher, hash, parts, COUNT(parts),
                             expected);
    equal = status == APR_SUCCESS
            && msd_equal(expected, response->claimed, size);
    msd_wipe(key_hex, sizeof(key_hex));
    msd_wipe(expected, sizeof(expected));
    return equal;
}
