/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes, drawn in stock: OpenSSL's generator costs as much for 16 bytes
 * as for some hundred. */
#ifndef MSD_HTTPD_RANDOM_H
#define MSD_HTTPD_RANDOM_H

#include <apr_pools.h>

typedef struct msd_random_t msd_random_t;

/*
 * Make an empty stock, for the threads of one process: after a fork, two
 * processes with the same stock would draw the same bytes.
 * pool: owns it.
 */
msd_random_t *msd_random_create(apr_pool_t *pool);

/*
 * Draw bytes.
 * self: an msd_random_t, or NULL for none: then straight from OpenSSL.
 * out: room for n bytes.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_random_draw(void *self, unsigned char *out, apr_size_t n);

#endif
