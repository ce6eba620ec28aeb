/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one life of the server, all derived from one secret. */
#ifndef MSD_CONTEXT_KEYS_H
#define MSD_CONTEXT_KEYS_H

#include <stdint.h>

#include "base/hash.h"
#include "context/secret.h"

#define MSD_LIFE_ID_SIZE 16
#define MSD_SEAL_KEY_SIZE 32
#define MSD_USER_KEY_SIZE 16

typedef struct {
    msd_hmac_t *nonce;      /* authenticates nonces; of this life only */
    uint64_t nonce_mark;    /* tells nonce keys apart; no secret */
    msd_hmac_t *name;       /* names of records that leave the process */
    unsigned char seal[MSD_SEAL_KEY_SIZE];  /* AES-256-GCM of those records */
    unsigned char user[MSD_USER_KEY_SIZE];  /* SipHash of user names */
} msd_keys_t;

/*
 * Derive the keys by HKDF-SHA-256 (RFC 5869), one label each.
 * secret: MSD_SECRET_SIZE random bytes.
 * life_id: MSD_LIFE_ID_SIZE random bytes of the replay guard; they enter the
 * nonce key and its mark only, so that nonces of another life are foreign.
 * pool: owns the keys and wipes them when it is destroyed.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_keys_derive(const unsigned char *secret,
                             const unsigned char *life_id, apr_pool_t *pool,
                             msd_keys_t *out);

/* The keys of all generations of the secret. */
typedef struct {
    msd_keys_t current;             /* make what is new */
    msd_keys_t others;              /* what they made is taken, too */
    const msd_keys_t *previous;     /* others, or NULL when there are none */
} msd_keyring_t;

/*
 * Derive the keys of all generations.  May be called again when a life ends
 * while the server runs: into another keyring, and another pool.
 * The arguments and the result are those of msd_keys_derive; out must stay
 * where it is.
 */
apr_status_t msd_keyring_derive(const msd_secret_t *secret,
                                const unsigned char *life_id,
                                apr_pool_t *pool, msd_keyring_t *out);

#endif
