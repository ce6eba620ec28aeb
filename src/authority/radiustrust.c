/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS: whom to trust, and who asks. */
#include "authority/radiustrust.h"

#include <stdbool.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>

/* ---- Authorities */

static apr_status_t free_trust(void *data)
{
    X509_STORE_free(((msd_radiustrust_t *)data)->store);
    return APR_SUCCESS;
}

const char *msd_radiustrust_load(const char *path, apr_pool_t *pool,
                                 const msd_radiustrust_t **out)
{
    msd_radiustrust_t *trust = apr_pcalloc(pool, sizeof(*trust));
    int loaded;

    trust->path = apr_pstrdup(pool, path);
    trust->store = X509_STORE_new();
    apr_pool_cleanup_register(pool, trust, free_trust, apr_pool_cleanup_null);
    loaded = trust->store != NULL && X509_STORE_load_file(trust->store, path);
    ERR_clear_error();
    if (!loaded) {
        return "a file with certificates of authorities (PEM)";
    }
    *out = trust;
    return NULL;
}

/* ---- The client */

static apr_status_t free_identity(void *data)
{
    msd_radiusidentity_t *identity = data;

    X509_free(identity->certificate);
    sk_X509_pop_free(identity->chain, X509_free);
    EVP_PKEY_free(identity->key);
    return APR_SUCCESS;
}

/* Nobody is there to be asked for a passphrase. */
static int refuse_passphrase(char *buffer, int size, int writes, void *data)
{
    (void)buffer;
    (void)size;
    (void)writes;
    (void)data;
    return -1;
}

static bool read_certificates(const char *path, msd_radiusidentity_t *out)
{
    BIO *file = BIO_new_file(path, "r");
    X509 *certificate;

    if (file == NULL) {
        return false;
    }
    out->certificate = PEM_read_bio_X509(file, NULL, refuse_passphrase, NULL);
    out->chain = sk_X509_new_null();
    while (out->certificate != NULL && out->chain != NULL
           && (certificate = PEM_read_bio_X509(file, NULL, refuse_passphrase,
                                               NULL))
                  != NULL) {
        if (sk_X509_push(out->chain, certificate) == 0) {
            X509_free(certificate);
            break;
        }
    }
    BIO_free(file);
    return out->certificate != NULL && out->chain != NULL;
}

static bool read_key(const char *path, msd_radiusidentity_t *out)
{
    BIO *file = BIO_new_file(path, "r");

    if (file == NULL) {
        return false;
    }
    out->key = PEM_read_bio_PrivateKey(file, NULL, refuse_passphrase, NULL);
    BIO_free(file);
    return out->key != NULL;
}

static const char *read_identity(const char *path, const char *key_path,
                                 msd_radiusidentity_t *out)
{
    if (!read_certificates(path, out)) {
        return "a file with a certificate (PEM)";
    }
    if (!read_key(key_path, out)) {
        return "a certificate and a file with its key, without a passphrase "
               "(PEM)";
    }
    return X509_check_private_key(out->certificate, out->key) == 1
               ? NULL
               : "a certificate and the key that belongs to it";
}

const char *msd_radiustrust_load_identity(const char *path,
                                          const char *key_path,
                                          apr_pool_t *pool,
                                          const msd_radiusidentity_t **out)
{
    msd_radiusidentity_t *identity = apr_pcalloc(pool, sizeof(*identity));
    const char *fault;

    identity->path = apr_pstrdup(pool, path);
    apr_pool_cleanup_register(pool, identity, free_identity,
                              apr_pool_cleanup_null);
    fault = read_identity(path, key_path, identity);
    ERR_clear_error();
    if (fault == NULL) {
        *out = identity;
    }
    return fault;
}
