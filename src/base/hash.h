/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, keyed hashes, constant-time comparison and wiping. */
#ifndef MSD_BASE_HASH_H
#define MSD_BASE_HASH_H

#include "base/text.h"

#include <apr_errno.h>

typedef enum {
    MSD_HASH_MD5,
    MSD_HASH_SHA256,
    MSD_HASH_SHA512_256,
    MSD_HASH_COUNT
} msd_hash_id_t;

/* The longest hash of the list above, in bytes. */
#define MSD_HASH_MAX 32

/* Key and result of the keyed hash, in bytes. */
#define MSD_HMAC_SIZE 32

/*
 * The hashes of one process.  Fetched from OpenSSL once: fetching costs more
 * than hashing.  Safe for use by many threads at once.
 */
typedef struct msd_hasher_t msd_hasher_t;

/*
 * Fetch the hashes.
 * pool: owns the hasher and gives everything back when it is destroyed.
 * A hash that OpenSSL's policy forbids (MD5 under FIPS) is left out: see
 * msd_hasher_has.
 */
msd_hasher_t *msd_hasher_create(apr_pool_t *pool);

/* Whether OpenSSL gave this hash. */
bool msd_hasher_has(const msd_hasher_t *hasher, msd_hash_id_t id);

/* The length of a hash in bytes: 16 or 32. */
apr_size_t msd_hash_size(msd_hash_id_t id);

/*
 * H(part ":" part ":" ...), the form of RFC 7616 section 3.4.
 * parts: n spans, joined by single colons; n is at least 1.
 * out: room for msd_hash_size(id) bytes.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed; out is then zero.
 */
apr_status_t msd_hash_joined(msd_hasher_t *hasher, msd_hash_id_t id,
                             const msd_text_t *parts, int n,
                             unsigned char *out);

/* A hash of data that come in pieces; the members are hash.c's own. */
typedef struct {
    msd_hasher_t *hasher;
    msd_hash_id_t id;
    struct evp_md_ctx_st *context;      /* NULL: OpenSSL failed */
} msd_hash_sum_t;

/*
 * Begin H(data).  A failure is remembered until msd_hash_end, which must be
 * called in any case, and once: it gives back what this takes.
 * sum: set completely.  hasher: must outlive the sum.
 */
void msd_hash_begin(msd_hash_sum_t *sum, msd_hasher_t *hasher,
                    msd_hash_id_t id);

/*
 * Add the next piece.
 * piece: bytes, read before this returns; may be empty.
 */
void msd_hash_add(msd_hash_sum_t *sum, msd_text_t piece);

/*
 * End, also where the data broke off and the result is of no use.
 * out: room for msd_hash_size(id) bytes.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed at any of the
 * steps; out is then zero.
 */
apr_status_t msd_hash_end(msd_hash_sum_t *sum, unsigned char *out);

/* A key that was prepared for HMAC-SHA-256 (RFC 2104). */
typedef struct msd_hmac_t msd_hmac_t;

/*
 * Prepare a key.
 * key: MSD_HMAC_SIZE bytes, copied.  pool: owns the result and wipes it when
 * it is destroyed.
 * Returns NULL when OpenSSL failed.
 */
msd_hmac_t *msd_hmac_create(apr_pool_t *pool, const unsigned char *key);

/*
 * HMAC-SHA-256 of the parts, one after the other without separators.
 * out: room for MSD_HMAC_SIZE bytes.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_hmac(msd_hmac_t *hmac, const msd_text_t *parts, int n,
                      unsigned char *out);

/*
 * Whether two secrets of n bytes are equal, in a time that depends on n only.
 * The only comparison for responses, tags and keys.
 */
bool msd_equal(const unsigned char *a, const unsigned char *b, apr_size_t n);

/* Overwrite n bytes so that the compiler cannot leave it out. */
void msd_wipe(void *secret, apr_size_t n);

#endif
