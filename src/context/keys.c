/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one life of the server, all derived from one secret. */
#include "context/keys.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* One key: HKDF(secret, salt, label). */
static bool derive(EVP_KDF_CTX *ctx, const unsigned char *secret,
                   msd_text_t salt, const char *label, unsigned char *out,
                   size_t size)
{
    char digest[] = "SHA2-256";
    OSSL_PARAM params[5];
    OSSL_PARAM *p = params;

    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    *p++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret, MSD_SECRET_SIZE);
    *p++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.data, salt.len);
    *p++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, strlen(label));
    *p = OSSL_PARAM_construct_end();
    EVP_KDF_CTX_reset(ctx);
    return EVP_KDF_derive(ctx, out, size, params) == 1;
}

static msd_hmac_t *derive_hmac(EVP_KDF_CTX *ctx, const unsigned char *secret,
                               msd_text_t salt, const char *label,
                               apr_pool_t *pool)
{
    unsigned char key[MSD_HMAC_SIZE];
    msd_hmac_t *hmac = NULL;

    if (derive(ctx, secret, salt, label, key, sizeof(key))) {
        hmac = msd_hmac_create(pool, key);
    }
    msd_wipe(key, sizeof(key));
    return hmac;
}

static apr_status_t wipe_keys(void *data)
{
    msd_keys_t *keys = data;

    msd_wipe(keys->seal, sizeof(keys->seal));
    msd_wipe(keys->user, sizeof(keys->user));
    return APR_SUCCESS;
}

apr_status_t msd_keys_derive(const unsigned char *secret,
                             const unsigned char *life_id, apr_pool_t *pool,
                             msd_keys_t *out)
{
    const msd_text_t life = { (const char *)life_id, MSD_LIFE_ID_SIZE };
    const msd_text_t none = MSD_TEXT("");
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    bool fine;

    EVP_KDF_free(kdf);
    apr_pool_cleanup_register(pool, out, wipe_keys, apr_pool_cleanup_null);
    if (ctx == NULL) {
        return APR_EGENERAL;
    }
    out->nonce = derive_hmac(ctx, secret, life, "msdigest nonce", pool);
    out->name = derive_hmac(ctx, secret, none, "msdigest name", pool);
    fine = out->nonce != NULL && out->name != NULL
           && derive(ctx, secret, none, "msdigest seal", out->seal,
                     sizeof(out->seal))
           && derive(ctx, secret, none, "msdigest user", out->user,
                     sizeof(out->user));
    EVP_KDF_CTX_free(ctx);
    return fine ? APR_SUCCESS : APR_EGENERAL;
}
