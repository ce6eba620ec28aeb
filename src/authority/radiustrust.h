/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS: whom to trust, and who asks. */
#ifndef MSD_AUTHORITY_RADIUSTRUST_H
#define MSD_AUTHORITY_RADIUSTRUST_H

#include <apr_pools.h>
#include <openssl/x509.h>

/* The authorities that may sign a server's certificate. */
typedef struct msd_radiustrust_t {
    X509_STORE *store;
    const char *path;   /* of their file */
} msd_radiustrust_t;

/* The client's certificate. */
typedef struct msd_radiusidentity_t {
    X509 *certificate;
    STACK_OF(X509) *chain;  /* what stands behind it in the file */
    EVP_PKEY *key;
    const char *path;       /* of its file */
} msd_radiusidentity_t;

/*
 * Load the certificates of authorities.
 * path: a PEM file.  pool: owns what is loaded.  out: set on success.
 * Returns NULL on success, else what the path should have been.
 */
const char *msd_radiustrust_load(const char *path, apr_pool_t *pool,
                                 const msd_radiustrust_t **out);

/*
 * Load the client's certificate, the chain behind it, and its key, which must
 * not need a passphrase.
 * path, key_path: PEM files, which may be one.  pool: owns what is loaded.
 * out: set on success.
 * Returns NULL on success, else what the files should have been.
 */
const char *msd_radiustrust_load_identity(const char *path,
                                          const char *key_path,
                                          apr_pool_t *pool,
                                          const msd_radiusidentity_t **out);

#endif
