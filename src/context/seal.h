/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing of records that leave the process. */
#ifndef MSD_CONTEXT_SEAL_H
#define MSD_CONTEXT_SEAL_H

#include "context/keys.h"

#define MSD_SEAL_NONCE_SIZE 12
#define MSD_SEAL_TAG_SIZE 16

/* What sealing adds to a record, in bytes. */
#define MSD_SEAL_OVERHEAD (1 + MSD_SEAL_NONCE_SIZE + MSD_SEAL_TAG_SIZE)

/* A key prepared for AES-256-GCM (NIST SP 800-38D). */
typedef struct msd_seal_t msd_seal_t;

/*
 * Prepare the key.
 * key: MSD_SEAL_KEY_SIZE bytes; must outlive the result.  pool: owns it.
 */
msd_seal_t *msd_seal_create(const unsigned char *key, apr_pool_t *pool);

/*
 * Encrypt and authenticate: version | nonce | ciphertext | tag.
 * name: the name under which the record is stored; authenticated, so that a
 * record cannot be moved to another name.
 * random: MSD_SEAL_NONCE_SIZE fresh random bytes.
 * out: room for plain.len + MSD_SEAL_OVERHEAD bytes.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_seal_close(const msd_seal_t *seal, msd_text_t name,
                            msd_text_t plain, const unsigned char *random,
                            unsigned char *out);

/*
 * Undo msd_seal_close.
 * out: room for sealed.len bytes; len: set to the length of the plain text.
 * Returns APR_SUCCESS, or APR_EINVAL when the record is not what was stored
 * under this name with this key; out is then zero.
 */
apr_status_t msd_seal_open(const msd_seal_t *seal, msd_text_t name,
                           msd_text_t sealed, unsigned char *out,
                           apr_size_t *len);

#endif
