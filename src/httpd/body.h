/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a client's request: read and hashed before it is handed on. */
#ifndef MSD_HTTPD_BODY_H
#define MSD_HTTPD_BODY_H

#include "accept.h"
#include "httpd/module.h"

/*
 * One decision's use of the body: the self of msd_body_hash.
 * top: the client's own request.  hasher: must outlive the request.
 * max: the largest body that is read, in bytes.
 * body: NULL before msd_body_hash; body.c's own.
 */
typedef struct {
    request_rec *top;
    msd_hasher_t *hasher;
    apr_off_t max;
    struct msd_body_t *body;
} msd_body_use_t;

/*
 * Hash the body as it was sent (RFC 7616 section 3.4.3): after the transfer
 * coding, before any input filter of the configuration decodes it.
 *
 * The body is read from the connection once for each client request, whoever
 * asks; later decisions hash what was kept.  64 KiB are kept in memory, the
 * rest in a temporary file without a name.
 *
 * self: msd_body_use_t.  hash, out: as msd_entity_t wants.
 * Returns APR_SUCCESS; APR_ENOSPC when the body is larger than max, and
 * nothing is read when Content-Length says so; APR_EGENERAL when it cannot be
 * kept or hashed, which is logged; else why it could not be read to its end.
 */
apr_status_t msd_body_hash(void *self, msd_hash_id_t hash, unsigned char *out);

/*
 * Hand the body on, unchanged, to the handlers of the client's request and of
 * its internal redirects: the digest over it was right.  Without this they
 * find an empty body.  Does nothing when no body was hashed.
 */
void msd_body_release(const msd_body_use_t *use);

/* Register the input filter, and the hook that puts it into the requests of
 * internal redirects. */
void msd_body_register_hooks(void);

#endif
