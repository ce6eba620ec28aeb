/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a client's request: read and hashed before it is handed on. */
#include "httpd/body.h"

#include <string.h>

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include "httpd/request.h"
#include "httpd/spool.h"

APLOG_USE_MODULE(auth_msdigest);

/* How many bytes are asked for at a time. */
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
    bool ended;                     /* all of it was read */
    msd_spool_t kept;
    bool hashed[MSD_HASH_COUNT];
    unsigned char hashes[MSD_HASH_COUNT][MSD_HASH_MAX];
    apr_bucket_brigade *rest;       /* not served yet; NULL: not released */
} msd_body_t;

/* ---- Read */

/* What Content-Length says, or -1; HTTP_IN sees to it that it is true. */
static apr_off_t declared_length(const request_rec *top)
{
    const char *text = apr_table_get(top->headers_in, "Content-Length");
    apr_off_t length;
    char *end;

    if (text == NULL || apr_strtoff(&length, text, &end, 10) != APR_SUCCESS
        || end == text || *end != '\0') {
        return -1;
    }
    return length;
}

/* What httpd says of a client, kept apart from APR_EGENERAL, which is what
 * we say of ourselves. */
static apr_status_t client_fault(apr_status_t status)
{
    return status == APR_EGENERAL ? APR_INCOMPLETE : status;
}

static apr_status_t read_bucket(const msd_body_use_t *use, apr_bucket *bucket)
{
    const char *data;
    apr_size_t n;
    apr_status_t status = apr_bucket_read(bucket, &data, &n, APR_BLOCK_READ);

    if (status != APR_SUCCESS) {
        return client_fault(status);
    }
    if ((apr_off_t)n > use->max - use->body->kept.length) {
        return APR_ENOSPC;
    }
    status = msd_spool_add(&use->body->kept, data, n);
    if (status != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, status, use->top,
                      MSD_LOGNO(110) "cannot keep the body of a request for "
                      "%s in a temporary file", use->top->uri);
        return APR_EGENERAL;
    }
    return APR_SUCCESS;
}

static apr_status_t read_brigade(const msd_body_use_t *use,
                                 apr_bucket_brigade *brigade)
{
    apr_status_t status = APR_SUCCESS;

    /* A filter that gives nothing would keep us here for ever. */
    if (APR_BRIGADE_EMPTY(brigade)) {
        return APR_INCOMPLETE;
    }
    while (status == APR_SUCCESS && !APR_BRIGADE_EMPTY(brigade)) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);

        if (APR_BUCKET_IS_EOS(bucket)) {
            use->body->ended = true;
            return APR_SUCCESS;
        }
        if (AP_BUCKET_IS_ERROR(bucket)) {
            return APR_INCOMPLETE;
        }
        if (!APR_BUCKET_IS_METADATA(bucket)) {
            status = read_bucket(use, bucket);
        }
        apr_bucket_delete(bucket);
    }
    return status;
}

static apr_status_t read_all(const msd_body_use_t *use)
{
    request_rec *top = use->top;
    apr_bucket_brigade *brigade;
    apr_status_t status = APR_SUCCESS;

    if (declared_length(top) > use->max) {
        return APR_ENOSPC;
    }
    brigade = apr_brigade_create(top->pool, top->connection->bucket_alloc);
    while (status == APR_SUCCESS && !use->body->ended) {
        /* The filters of the request come after ours. */
        status = client_fault(ap_get_brigade(top->proto_input_filters, brigade,
                                             AP_MODE_READBYTES, APR_BLOCK_READ,
                                             PIECE));
        if (status == APR_SUCCESS) {
            status = read_brigade(use, brigade);
        }
        apr_brigade_cleanup(brigade);
    }
    apr_brigade_destroy(brigade);
    return status;
}

/* The body of a client's request, or NULL when nobody asked for it yet. */
static msd_body_t *find_body(const request_rec *top)
{
    void *body = NULL;

    apr_pool_userdata_get(&body, BODY_KEY, top->pool);
    return body;
}

static void read_once(msd_body_use_t *use)
{
    use->body = find_body(use->top);
    if (use->body == NULL) {
        use->body = apr_pcalloc(use->top->pool, sizeof(*use->body));
        apr_pool_userdata_setn(use->body, BODY_KEY, NULL, use->top->pool);
        msd_spool_begin(&use->body->kept, use->top->pool,
                        declared_length(use->top));
        use->body->status = read_all(use);
    }
}

/* ---- Hash */

/* What is hashed is what was kept, as that is what will be served. */
static apr_status_t hash_kept(const msd_body_use_t *use, msd_hash_id_t hash)
{
    msd_body_t *body = use->body;
    apr_status_t status = msd_spool_hash(&body->kept, use->hasher, hash,
                                         body->hashes[hash]);

    if (status != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, status, use->top,
                      MSD_LOGNO(111) "cannot hash the body of a request for "
                      "%s", use->top->uri);
        return APR_EGENERAL;
    }
    body->hashed[hash] = true;
    return APR_SUCCESS;
}

apr_status_t msd_body_hash(void *self, msd_hash_id_t hash, unsigned char *out)
{
    msd_body_use_t *use = self;
    apr_status_t status;

    read_once(use);
    status = use->body->status;
    if (status == APR_SUCCESS && use->body->kept.length > use->max) {
        return APR_ENOSPC;
    }
    if (status == APR_SUCCESS && !use->body->hashed[hash]) {
        status = hash_kept(use, hash);
    }
    if (status == APR_SUCCESS) {
        memcpy(out, use->body->hashes[hash], msd_hash_size(hash));
    }
    return status;
}

/* ---- Serve */

/* The first bucket behind the next n bytes that are served. */
static apr_status_t find_end(apr_bucket_brigade *rest, apr_off_t n,
                             apr_bucket **end)
{
    apr_status_t status;

    if (n <= 0) {
        return APR_EINVAL;
    }
    status = apr_brigade_partition(rest, n, end);
    if (status == APR_INCOMPLETE) {
        *end = APR_BRIGADE_SENTINEL(rest);
        return APR_SUCCESS;
    }
    return status;
}

static apr_status_t move_bytes(apr_bucket_brigade *out,
                               apr_bucket_brigade *rest, apr_off_t n)
{
    apr_bucket *end;
    apr_status_t status = find_end(rest, n, &end);

    while (status == APR_SUCCESS && APR_BRIGADE_FIRST(rest) != end) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(rest);

        APR_BUCKET_REMOVE(bucket);
        APR_BRIGADE_INSERT_TAIL(out, bucket);
    }
    return status;
}

static apr_status_t copy_bytes(apr_bucket_brigade *out,
                               apr_bucket_brigade *rest, apr_off_t n)
{
    apr_bucket *bucket = APR_BRIGADE_FIRST(rest);
    apr_bucket *end;
    apr_status_t status = find_end(rest, n, &end);

    /* Partition may have split the first bucket, but it is the first still. */
    while (status == APR_SUCCESS && bucket != end) {
        apr_bucket *copy;

        status = apr_bucket_copy(bucket, &copy);
        if (status == APR_SUCCESS) {
            APR_BRIGADE_INSERT_TAIL(out, copy);
            bucket = APR_BUCKET_NEXT(bucket);
        }
    }
    return status;
}

/* The input filter. */
static apr_status_t serve(ap_filter_t *filter, apr_bucket_brigade *out,
                          ap_input_mode_t mode, apr_read_type_e block,
                          apr_off_t n)
{
    apr_bucket_brigade *rest = ((msd_body_t *)filter->ctx)->rest;

    if (mode == AP_MODE_INIT || mode == AP_MODE_EATCRLF) {
        return ap_get_brigade(filter->next, out, mode, block, n);
    }
    if (APR_BRIGADE_EMPTY(rest)) {
        APR_BRIGADE_INSERT_TAIL(out, apr_bucket_eos_create(out->bucket_alloc));
        return APR_SUCCESS;
    }
    switch (mode) {
    case AP_MODE_READBYTES: return move_bytes(out, rest, n);
    case AP_MODE_SPECULATIVE: return copy_bytes(out, rest, n);
    case AP_MODE_GETLINE:
        return apr_brigade_split_line(out, rest, block, HUGE_STRING_LEN);
    default:
        APR_BRIGADE_CONCAT(out, rest);
        return APR_SUCCESS;
    }
}

static bool is_served(const request_rec *r)
{
    for (const ap_filter_t *f = r->input_filters; f != NULL; f = f->next) {
        if (f->frec->filter_func.in_func == serve) {
            return true;
        }
    }
    return false;
}

/* An internal redirect has a chain of its own, and so has a request that went
 * on with a sub-request's (mod_dir). */
static void insert_filter(request_rec *r)
{
    msd_body_t *body = find_body(msd_request_top(r));

    if (body != NULL && body->rest != NULL && !is_served(r)) {
        ap_add_input_filter(FILTER_NAME, body, r, r->connection);
    }
}

void msd_body_release(const msd_body_use_t *use)
{
    request_rec *top = use->top;
    msd_body_t *body = use->body;
    apr_bucket_alloc_t *alloc = top->connection->bucket_alloc;

    if (body == NULL || body->rest != NULL) {
        return;
    }
    body->rest = apr_brigade_create(top->pool, alloc);
    msd_spool_append(&body->kept, body->rest);
    APR_BRIGADE_INSERT_TAIL(body->rest, apr_bucket_eos_create(alloc));
    insert_filter(top);
}

void msd_body_register_hooks(void)
{
    ap_register_input_filter(FILTER_NAME, serve, NULL, FILTER_TYPE);
    ap_hook_insert_filter(insert_filter, NULL, NULL, APR_HOOK_MIDDLE);
}
