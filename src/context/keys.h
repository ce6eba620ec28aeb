/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one life of the server, all derived from one secret. */
#ifndef MSD_CONTEXT_KEYS_H
#define MSD_CONTEXT_KEYS_H

#include "base/hash.h"

#define MSD_SECRET_SIZE 32
#define MSD_LIFE_ID_SIZE 16
#define MSD_SEAL_KEY_SIZE 32
#define MSD_USER_KEY_SIZE 16

typedef struct {
    msd_hmac_t *nonce;      /* authenticates nonces; of this life only */
    msd_hmac_t *name;       /* names of records that leave the process */
    unsigned char seal[MSD_SEAL_KEY_SIZE];  /* AES-256-GCM of those records */
    unsigned char user[MSD_USER_KEY_SIZE];  /* SipHash of user names */
} msd_keys_t;

/*
 * Derive the keys by HKDF-SHA-256 (RFC 5869), one label each.
 * secret: MSD_SECRET_SIZE random bytes.
 * life_id: MSD_LIFE_ID_SIZE random bytes of the replay guard; they enter the
 * nonce key only, so that nonces of another life are foreign.
 * pool: owns the keys and wipes them when it is destroyed.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_keys_derive(const unsigned char *secret,
                             const unsigned char *life_id, apr_pool_t *pool,
                             msd_keys_t *out);

#endif
