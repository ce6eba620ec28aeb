/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are kept: some in memory, what is more in a temporary file. */
#ifndef MSD_HTTPD_SPOOL_H
#define MSD_HTTPD_SPOOL_H

#include <apr_buckets.h>
#include <apr_file_io.h>

#include "base/hash.h"

/* This much is kept in memory. */
#define MSD_SPOOL_MEMORY 65536

/* The members are spool.c's own, but that length may be read. */
typedef struct {
    apr_pool_t *pool;
    apr_off_t length;           /* of all that was added, in bytes */
    char *memory;               /* the first of them; NULL: not needed yet */
    apr_size_t room;
    apr_size_t used;
    apr_file_t *file;           /* the rest; NULL: there is none */
} msd_spool_t;

/*
 * Begin.
 * spool: set completely.  pool: owns memory and file.
 * expected: how many bytes will come, when that is known, else -1; more or
 * fewer may come.
 */
void msd_spool_begin(msd_spool_t *spool, apr_pool_t *pool,
                     apr_off_t expected);

/*
 * Keep n more bytes of data, copied.
 * Returns APR_SUCCESS, or what went wrong with the temporary file; the spool
 * is then of no use.
 */
apr_status_t msd_spool_add(msd_spool_t *spool, const char *data, apr_size_t n);

/*
 * Hash all that was kept.
 * out: room for msd_hash_size(hash) bytes.
 * Returns APR_SUCCESS, APR_EGENERAL when OpenSSL failed, or what went wrong
 * with the temporary file; out is of no use then.
 */
apr_status_t msd_spool_hash(const msd_spool_t *spool, msd_hasher_t *hasher,
                            msd_hash_id_t hash, unsigned char *out);

/*
 * Append all that was kept to a brigade, as buckets that read memory and file
 * when they are wanted.  The spool must outlive them; it may still be hashed,
 * unless the file was given to another pool on its way.
 */
void msd_spool_append(const msd_spool_t *spool, apr_bucket_brigade *brigade);

#endif
