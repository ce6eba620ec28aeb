/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS, "RadSec" (RFC 6614). */
#ifndef MSD_AUTHORITY_RADIUSTLS_H
#define MSD_AUTHORITY_RADIUSTLS_H

#include "authority/radiuslink.h"
#include "authority/radiustrust.h"

/* RFC 6614 section 2.1 and section 2.3 (5). */
#define MSD_RADIUSTLS_PORT 2083
#define MSD_RADIUSTLS_SECRET "radsec"

/* What all links over TLS share: OpenSSL's settings, and the connections that
 * wait for the next request. */
typedef struct msd_radiustls_t msd_radiustls_t;

/* What a section says of them. */
typedef struct {
    msd_text_t secret;
    const msd_radiustrust_t *trust;         /* NULL: the system's */
    const msd_radiusidentity_t *identity;   /* NULL: no client certificate */
} msd_radiustls_use_t;

/* pool: owns it.  Returns NULL when OpenSSL cannot. */
msd_radiustls_t *msd_radiustls_create(apr_pool_t *pool);

/*
 * Open a link over TLS 1.2 at least: over a connection that waits, or a new
 * one.  The server's certificate must be good, and name the host in its
 * subjectAltName, as DNS name or as address.  Each packet comes whole, from
 * that server, and is for this link.  When a connection that had waited breaks
 * before a reply came, the packet is sent once more over a new one.
 *
 * link: filled completely; it must be closed, also after an error.
 * use: alive as long as route->server->tls.  now_ms: monotonic.
 * Returns APR_SUCCESS, or an error: link->fault says which.
 */
apr_status_t msd_radiustls_open(msd_radiuslink_t *link,
                                const msd_radiusroute_t *route,
                                const msd_radiustls_use_t *use,
                                uint64_t now_ms);

#endif
