/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF-SHA-256: many keys from one secret. */
#include "context/hkdf.h"

#include <stdint.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

msd_hkdf_t *msd_hkdf_begin(void)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    msd_hkdf_t *hkdf = EVP_KDF_CTX_new(kdf);

    EVP_KDF_free(kdf);
    return hkdf;
}

bool msd_hkdf_derive(msd_hkdf_t *hkdf, const unsigned char *secret,
                     msd_text_t salt, const char *label, unsigned char *out,
                     apr_size_t size)
{
    char digest[] = "SHA2-256";
    OSSL_PARAM params[5];
    OSSL_PARAM *p = params;

    if (hkdf == NULL) {
        return false;
    }
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    *p++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)secret, MSD_SECRET_SIZE);
    *p++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.data, salt.len);
    *p++ = OSSL_PARAM_construct_octet_string(
        OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)label, strlen(label));
    *p = OSSL_PARAM_construct_end();
    EVP_KDF_CTX_reset(hkdf);
    return EVP_KDF_derive(hkdf, out, size, params) == 1;
}

void msd_hkdf_end(msd_hkdf_t *hkdf)
{
    EVP_KDF_CTX_free(hkdf);
}
