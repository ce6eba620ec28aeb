/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate as the end of a channel: tls-server-end-point (RFC 5929). */
#include "digest/endpoint.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define PREFIX "tls-server-end-point:"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)

/* The hash of its signature, or a better one; NULL: it has none, or more. */
static const EVP_MD *find_hash(X509 *certificate)
{
    int hash = NID_undef;

    if (!X509_get_signature_info(certificate, &hash, NULL, NULL, NULL)) {
        return NULL;
    }
    if (hash == NID_md5 || hash == NID_sha1) {
        hash = NID_sha256;
    }
    return hash == NID_undef ? NULL : EVP_get_digestbynid(hash);
}

static apr_status_t bind_to(msd_hasher_t *hasher, X509 *certificate, char *out)
{
    unsigned char data[PREFIX_LENGTH + EVP_MAX_MD_SIZE];
    const EVP_MD *hash = find_hash(certificate);
    unsigned size = 0;

    if (hash == NULL) {
        return APR_ENOTIMPL;
    }
    memcpy(data, PREFIX, PREFIX_LENGTH);
    if (!X509_digest(certificate, hash, data + PREFIX_LENGTH, &size)) {
        return APR_EGENERAL;
    }
    return msd_binding_of_data(
        hasher, (msd_text_t){ (const char *)data, PREFIX_LENGTH + size }, out);
}

apr_status_t msd_endpoint_read(msd_hasher_t *hasher, msd_text_t pem, char *out)
{
    apr_status_t status = APR_EINVAL;
    X509 *certificate = NULL;
    BIO *bio = NULL;

    if (pem.len > 0 && pem.len < INT_MAX) {
        bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    }
    if (bio != NULL) {
        certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    }
    if (certificate != NULL) {
        status = bind_to(hasher, certificate, out);
    }
    X509_free(certificate);
    BIO_free(bio);
    /* What is wrong with a certificate is no error of the connection. */
    ERR_clear_error();
    return status;
}
