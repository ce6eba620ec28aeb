/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that are kept: some in memory, what is more in a temporary file. */
#include "httpd/spool.h"

#include <string.h>

#include <apr_strings.h>

/* Of the file, this much is read at a time. */
#define PIECE 8192

void msd_spool_begin(msd_spool_t *spool, apr_pool_t *pool, apr_off_t expected)
{
    *spool = (msd_spool_t){ .pool = pool, .room = MSD_SPOOL_MEMORY };
    if (expected >= 0 && expected < MSD_SPOOL_MEMORY) {
        spool->room = (apr_size_t)expected;
    }
}

/* The file loses its name at once: then nothing is left behind, not even by a
 * process that is killed. */
static apr_status_t make_file(msd_spool_t *spool)
{
    const char *folder;
    char *name;
    apr_status_t status = apr_temp_dir_get(&folder, spool->pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    name = apr_pstrcat(spool->pool, folder, "/msdigest-body-XXXXXX", NULL);
    status = apr_file_mktemp(&spool->file, name,
                             APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_READ
                                 | APR_FOPEN_WRITE | APR_FOPEN_BINARY,
                             spool->pool);
    if (status != APR_SUCCESS) {
        spool->file = NULL;
        return status;
    }
    return apr_file_remove(name, spool->pool);
}

/* Returns how many of the bytes found room. */
static apr_size_t fill_memory(msd_spool_t *spool, const char *data,
                              apr_size_t n)
{
    apr_size_t left = spool->room - spool->used;

    if (n > left) {
        n = left;
    }
    if (n > 0) {
        if (spool->memory == NULL) {
            spool->memory = apr_palloc(spool->pool, spool->room);
        }
        memcpy(spool->memory + spool->used, data, n);
        spool->used += n;
    }
    return n;
}

apr_status_t msd_spool_add(msd_spool_t *spool, const char *data, apr_size_t n)
{
    apr_size_t kept = fill_memory(spool, data, n);
    apr_status_t status = APR_SUCCESS;

    spool->length += (apr_off_t)n;
    if (kept == n) {
        return APR_SUCCESS;
    }
    if (spool->file == NULL) {
        status = make_file(spool);
    }
    if (status == APR_SUCCESS) {
        status = apr_file_write_full(spool->file, data + kept, n - kept, NULL);
    }
    return status;
}

static apr_off_t file_length(const msd_spool_t *spool)
{
    return spool->length - (apr_off_t)spool->used;
}

static apr_status_t hash_file(const msd_spool_t *spool, msd_hash_sum_t *sum)
{
    apr_off_t left = file_length(spool);
    apr_off_t start = 0;
    char bytes[PIECE];
    apr_status_t status;

    if (spool->file == NULL) {
        return APR_SUCCESS;
    }
    status = apr_file_seek(spool->file, APR_SET, &start);
    while (status == APR_SUCCESS && left > 0) {
        apr_size_t n = left < PIECE ? (apr_size_t)left : PIECE;

        status = apr_file_read_full(spool->file, bytes, n, NULL);
        if (status == APR_SUCCESS) {
            msd_hash_add(sum, (msd_text_t){ bytes, n });
            left -= (apr_off_t)n;
        }
    }
    return status;
}

apr_status_t msd_spool_hash(const msd_spool_t *spool, msd_hasher_t *hasher,
                            msd_hash_id_t hash, unsigned char *out)
{
    msd_hash_sum_t sum;
    apr_status_t read;
    apr_status_t status;

    msd_hash_begin(&sum, hasher, hash);
    msd_hash_add(&sum, (msd_text_t){ spool->memory, spool->used });
    read = hash_file(spool, &sum);
    status = msd_hash_end(&sum, out);
    return read != APR_SUCCESS ? read : status;
}

void msd_spool_append(const msd_spool_t *spool, apr_bucket_brigade *brigade)
{
    if (spool->used > 0) {
        apr_bucket *head = apr_bucket_pool_create(spool->memory, spool->used,
                                                  spool->pool,
                                                  brigade->bucket_alloc);

        APR_BRIGADE_INSERT_TAIL(brigade, head);
    }
    if (spool->file != NULL) {
        apr_brigade_insert_file(brigade, spool->file, 0, file_length(spool),
                                spool->pool);
    }
}
