/* SPDX-License-Identifier: Apache-2.0 */
/* AES-128 in CFB mode with 8 bits of feedback, as Netlogon uses it. */
#include "netlogon/cfb8.h"

#include <limits.h>

#include <openssl/evp.h>

static bool run(EVP_CIPHER_CTX *context, const msd_cfb8_piece_t *piece)
{
    int n = 0;

    return piece->n <= INT_MAX
           && EVP_CipherUpdate(context, piece->bytes, &n, piece->bytes,
                               (int)piece->n)
           && (apr_size_t)n == piece->n;
}

apr_status_t msd_cfb8(const msd_cfb8_t *how, const msd_cfb8_piece_t *pieces,
                      int count)
{
    static const unsigned char zero[MSD_CFB8_IV_SIZE];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool good = context != NULL
                && EVP_CipherInit_ex(context, EVP_aes_128_cfb8(), NULL,
                                     how->key,
                                     how->iv == NULL ? zero : how->iv,
                                     how->encrypt);

    for (int i = 0; good && i < count; i++) {
        good = pieces[i].n == 0 || run(context, &pieces[i]);
    }
    EVP_CIPHER_CTX_free(context);
    return good ? APR_SUCCESS : APR_EGENERAL;
}
