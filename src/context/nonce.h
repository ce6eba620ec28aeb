/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that prove themselves, so that a challenge leaves nothing behind. */
#ifndef MSD_CONTEXT_NONCE_H
#define MSD_CONTEXT_NONCE_H

#include <stdint.h>

#include "context/keys.h"

/*
 * A nonce is 64 characters of base64url:
 *
 *     version 1 | milliseconds 6 | random 9 | context id 16 | tag 16
 *
 * (bytes, big-endian).  The tag is the first half of HMAC-SHA-256(key, all
 * before it | scope).  The other half is never sent: it places the nonce in
 * the replay guard where nobody can aim.
 */
#define MSD_NONCE_LENGTH 64
#define MSD_NONCE_RANDOM_SIZE 9
#define MSD_NONCE_LIFE_SIZE 4
#define MSD_NONCE_MARK_SIZE 16
#define MSD_CONTEXT_ID_SIZE 16

/* What a nonce of our own says. */
typedef struct {
    uint64_t minted_ms;     /* since the life of the guard began */
    uint64_t life;          /* the first 4 of the random bytes: the mark of a
                               guard's life, where that is not in the key */
    unsigned char context_id[MSD_CONTEXT_ID_SIZE];
    unsigned char mark[MSD_NONCE_MARK_SIZE];    /* the half never sent */
} msd_nonce_t;

/*
 * Make a nonce.
 * key: the nonce key of this life.
 * scope: where it is good: realm and server identity.
 * minted_ms: milliseconds since the life began, below 2^48.
 * random: MSD_NONCE_RANDOM_SIZE fresh random bytes; the first
 * MSD_NONCE_LIFE_SIZE of them may be the mark of a life instead, big-endian.
 * context_id: MSD_CONTEXT_ID_SIZE bytes, the context that it belongs to.
 * out: room for MSD_NONCE_LENGTH + 1 characters; NUL-terminated.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_nonce_mint(msd_hmac_t *key, msd_text_t scope,
                            uint64_t minted_ms, const unsigned char *random,
                            const unsigned char *context_id, char *out);

/*
 * Read a nonce.
 * text: what the client sent, of any length.
 * out: set only when the nonce is ours.
 * Returns whether this key made it for this scope.  Its age is not judged.
 */
bool msd_nonce_open(msd_hmac_t *key, msd_text_t scope, msd_text_t text,
                    msd_nonce_t *out);

#endif
