/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a client's request: read and hashed before it is handed on. */
#include "httpd/body.h"

#include <string.h>

#include <apr_buckets.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

APLOG_USE_MODULE(auth_msdigest);

/* Of a body, this much is kept in memory. */
#define MEMORY_MAX 65536

/* How much is asked of the filters below at a time. */
#define PIECE 65536

#define FILTER_NAME "MSDIGEST_BODY"

/*
 * Above HTTP_IN, which takes the transfer coding off, and below every filter
 * of a request, AP_FTYPE_CONTENT_SET (SetInputFilter DEFLATE) included: these
 * must work on what we serve.
 */
#define FILTER_TYPE (AP_FTYPE_PROTOCOL - 1)

/* Its place among the top request's pool userdata. */
#define BODY_KEY "msdigest-body"

/* The body of one client request, in the pool of the top request. */
typedef struct msd_body_t {
    apr_status_t status;            /* of reading it */
    apr_off_t length;
    char *memory;                   /* its first MEMORY_MAX bytes */
    apr_size_t used;
    apr_file_t *file;               /* the rest; NULL: there is none */
    bool hashed[MSD_HASH_COUNT];
    unsigned char hashes[MSD_HASH_COUNT][MSD_HASH_MAX];
    apr_bucket_brigade *rest;       /* not served yet; NULL: not released */
} msd_body_t;

/* ---- Keep */

/* The file loses its name at once: then nothing is left behind, even by a
 * process that is killed. */
static apr_status_t open_file(msd_body_t *body, apr_pool_t *pool)
{
    const char *folder;
    char *name;
    apr_status_t status = apr_temp_dir_get(&folder, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    name = apr_pstrcat(pool, folder, "/msdigest-body-XXXXXX", NULL);
    status = apr_file_mktemp(&body->file, name,
                             APR_FOPEN_CREATE | APR_FOPEN_READ
                                 | APR_FOPEN_WRITE | APR_FOPEN_EXCL
                                 | APR_FOPEN_BINARY,
                             pool);
    if (status != APR_SUCCESS) {
        body->file = NULL;
        return status;
    }
    return apr_file_remove(name, pool);
}

static apr_status_t keep(msd_body_t *body, const char *data, apr_size_t n,
                         apr_pool_t *pool)
{
    apr_size_t room = MEMORY_MAX - body->used;
    apr_size_t head = n < room ? n : room;
    apr_status_t status = APR_SUCCESS;

    if (head > 0) {
        memcpy(body->memory + body->used, data, head);
        body->used += head;
    }
    if (head < n && body->file == NULL) {
        status = open_file(body, pool);
    }
    if (head < n && status == APR_SUCCESS) {
        status = apr_file_write_full(body->file, data + head, n - head, NULL);
    }
    return status;
}

/* The disk is full, and such: ours, not the client's. */
static apr_status_t report_trouble(const msd_body_use_t *use,
                                   apr_status_t status)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, status, use->top,
                  MSD_LOGNO(110) "cannot keep the body of a request for %s in "
                  "a temporary file", use->top->uri);
    return APR_EGENERAL;
}

/* ---- Read */

/* What went wrong with the client, so that it is not taken for one of the
 * statuses that mean something else. */
static apr_status_t client_fault(apr_status_t status)
{
    /* LimitRequestBody says APR_ENOSPC too, and means it. */
    return status == APR_EGENERAL || status == APR_SUCCESS ? APR_INCOMPLETE
                                                           : status;
}

static apr_status_t read_bucket(const msd_body_use_t *use, apr_bucket *bucket)
{
    msd_body_t *body = use->body;
    const char *data;
    apr_size_t n;
    apr_status_t status = apr_bucket_read(bucket, &data, &n, APR_BLOCK_READ);

    if (status != APR_SUCCESS) {
        return client_fault(status);
    }
    if ((apr_off_t)n > use->max - body->length) {
        return APR_ENOSPC;
    }
    body->length += (apr_off_t)n;
    status = keep(body, data, n, use->top->pool);
    return status == APR_SUCCESS ? status : report_trouble(use, status);
}

/* Returns APR_EOF at the end of the body. */
static apr_status_t read_brigade(const msd_body_use_t *use,
                                 apr_bucket_brigade *brigade)
{
    while (!APR_BRIGADE_EMPTY(brigade)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
        apr_status_t status = APR_SUCCESS;

        if (APR_BUCKET_IS_EOS(bucket)) {
            return APR_EOF;
        }
        if (AP_BUCKET_IS_ERROR(bucket)) {
            return APR_INCOMPLETE;
        }
        if (!APR_BUCKET_IS_METADATA(bucket)) {
            status = read_bucket(use, bucket);
        }
        if (status != APR_SUCCESS) {
            return client_fault(status);
        }
        /* Each is dropped when it was read, so memory stays bounded. */
        apr_bucket_delete(bucket);
    }
    return APR_SUCCESS;
}

static apr_status_t read_all(const msd_body_use_t *use)
{
    request_rec *top = use->top;
    apr_bucket_brigade *brigade =
        apr_brigade_create(top->pool, top->connection->bucket_alloc);
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS) {
        /* Not through filters of the request: they come after ours. */
        status = ap_get_brigade(top->proto_input_filters, brigade,
                                AP_MODE_READBYTES, APR_BLOCK_READ, PIECE);
        status = status == APR_SUCCESS ? read_brigade(use, brigade)
                                       : client_fault(status);
        apr_brigade_cleanup(brigade);
    }
    apr_brigade_destroy(brigade);
    return status == APR_EOF ? APR_SUCCESS : status;
}
