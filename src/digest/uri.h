/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a client's uri names the resource it asks for. */
#ifndef MSD_DIGEST_URI_H
#define MSD_DIGEST_URI_H

#include "base/text.h"

typedef enum {
    MSD_URI_EXACT,
    MSD_URI_PATH    /* a uri without the query of the request is let pass */
} msd_uri_match_t;

/* What the client's request line asks for. */
typedef struct {
    msd_text_t target;      /* byte for byte, nothing decoded */
    msd_text_t authority;   /* host[:port] the request came for; may be empty */
    bool secure;            /* over TLS */
} msd_uri_target_t;

/* How a uri may differ from the request target. */
typedef struct {
    msd_uri_match_t match;
    bool escapes;   /* equal percent-encodings of RFC 3986 section 6.2.2 pass */
} msd_uri_rules_t;

/*
 * Whether uri and request target name the same resource (RFC 7616 section
 * 3.4.6, RFC 2617 section 3.2.2.5).  Raw bytes are compared: decoding makes
 * different resources equal.  Either side may be in absolute form, if its
 * scheme and authority are those that the request came for.
 */
bool msd_uri_matches(msd_text_t uri, const msd_uri_target_t *target,
                     msd_uri_rules_t rules);

#endif
