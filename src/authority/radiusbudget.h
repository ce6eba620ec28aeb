/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS: how much of what a server sends is read in one go. */
#ifndef MSD_AUTHORITY_RADIUSBUDGET_H
#define MSD_AUTHORITY_RADIUSBUDGET_H

#include <stdbool.h>

#include <apr_pools.h>
#include <openssl/ssl.h>

/* So many reads of the socket; a handshake takes some twenty. */
#define MSD_RADIUSBUDGET_READS 100

/*
 * Limit the reads of a connection.  OpenSSL skips some messages (HelloRequest,
 * which needs no certificate; NewSessionTicket; KeyUpdate) as long as there
 * are more, and would not come back while a server sends nothing else.  When
 * the budget is spent, it wants to read, as if nothing had come.
 * ssl: its descriptor is set.  pool: lives as long as ssl.
 */
void msd_radiusbudget_install(SSL *ssl, apr_pool_t *pool);

/* Give all reads anew, before each call of OpenSSL. */
void msd_radiusbudget_renew(SSL *ssl);

#endif
