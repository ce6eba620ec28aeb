/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF-SHA-256: many keys from one secret. */
#ifndef MSD_CONTEXT_HKDF_H
#define MSD_CONTEXT_HKDF_H

#include "context/secret.h"

/* A run of derivations (RFC 5869). */
typedef struct evp_kdf_ctx_st msd_hkdf_t;

/* Begin.  Returns NULL when OpenSSL failed, which the others bear. */
msd_hkdf_t *msd_hkdf_begin(void);

/*
 * One key: HKDF(secret, salt, label).
 * secret: MSD_SECRET_SIZE bytes.  salt: may be empty.
 * label: what the key is for; NUL-terminated.
 * out: room for size bytes.
 * Returns whether OpenSSL computed it; out is else undefined.
 */
bool msd_hkdf_derive(msd_hkdf_t *hkdf, const unsigned char *secret,
                     msd_text_t salt, const char *label, unsigned char *out,
                     apr_size_t size);

/* End, and wipe.  hkdf: may be NULL. */
void msd_hkdf_end(msd_hkdf_t *hkdf);

#endif
