/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing of records that leave the process. */
#include "context/seal.h"

#include <string.h>

#include <openssl/evp.h>

#define VERSION 1

struct msd_seal_t {
    EVP_CIPHER *cipher;
    const unsigned char *key;
};

static apr_status_t free_cipher(void *data)
{
    msd_seal_t *seal = data;

    EVP_CIPHER_free(seal->cipher);
    return APR_SUCCESS;
}

msd_seal_t *msd_seal_create(const unsigned char *key, apr_pool_t *pool)
{
    msd_seal_t *seal = apr_palloc(pool, sizeof(*seal));

    seal->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    seal->key = key;
    apr_pool_cleanup_register(pool, seal, free_cipher, apr_pool_cleanup_null);
    return seal;
}

/* Feed the authenticated data: version and name. */
static bool add_name(EVP_CIPHER_CTX *ctx, msd_text_t name)
{
    static const unsigned char version = VERSION;
    int len;

    return EVP_CipherUpdate(ctx, NULL, &len, &version, 1) == 1
           && EVP_CipherUpdate(ctx, NULL, &len,
                               (const unsigned char *)name.data,
                               (int)name.len) == 1;
}

static bool begin(const msd_seal_t *seal, EVP_CIPHER_CTX *ctx,
                  const unsigned char *nonce, int encrypt)
{
    return ctx != NULL && seal->cipher != NULL
           && EVP_CipherInit_ex2(ctx, seal->cipher, seal->key, nonce, encrypt,
                                 NULL) == 1;
}

apr_status_t msd_seal_close(const msd_seal_t *seal, msd_text_t name,
                            msd_text_t plain, const unsigned char *random,
                            unsigned char *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char *body = out + 1 + MSD_SEAL_NONCE_SIZE;
    int len;
    bool fine;

    out[0] = VERSION;
    memcpy(out + 1, random, MSD_SEAL_NONCE_SIZE);
    fine = begin(seal, ctx, random, 1) && add_name(ctx, name)
           && EVP_CipherUpdate(ctx, body, &len,
                               (const unsigned char *)plain.data,
                               (int)plain.len) == 1
           && EVP_CipherFinal_ex(ctx, body + plain.len, &len) == 1
           && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
                                  MSD_SEAL_TAG_SIZE, body + plain.len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return fine ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t msd_seal_open(const msd_seal_t *seal, msd_text_t name,
                           msd_text_t sealed, unsigned char *out,
                           apr_size_t *len)
{
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    EVP_CIPHER_CTX *ctx;
    unsigned char tag[MSD_SEAL_TAG_SIZE];
    apr_size_t size;
    int n;
    bool fine;

    if (sealed.len < MSD_SEAL_OVERHEAD || bytes[0] != VERSION) {
        msd_wipe(out, sealed.len);
        return APR_EINVAL;
    }
    size = sealed.len - MSD_SEAL_OVERHEAD;
    memcpy(tag, bytes + sealed.len - sizeof(tag), sizeof(tag));
    ctx = EVP_CIPHER_CTX_new();
    fine = begin(seal, ctx, bytes + 1, 0) && add_name(ctx, name)
           && EVP_CipherUpdate(ctx, out, &n, bytes + 1 + MSD_SEAL_NONCE_SIZE,
                               (int)size) == 1
           && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag),
                                  tag) == 1
           && EVP_CipherFinal_ex(ctx, out + size, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!fine) {
        msd_wipe(out, sealed.len);
        return APR_EINVAL;
    }
    *len = size;
    return APR_SUCCESS;
}
