/* SPDX-License-Identifier: Apache-2.0 */
/* The Authorization header: from text to typed values. */
#ifndef MSD_DIGEST_HEADER_H
#define MSD_DIGEST_HEADER_H

#include <stdint.h>

#include "digest/algorithm.h"
#include "digest/params.h"

typedef enum {
    MSD_QOP_AUTH,
    MSD_QOP_AUTH_INT
} msd_qop_t;

/*
 * What a client says (RFC 7616 section 3.4).  The spans point into the header
 * text, or into the pool where an escape had to be taken away.
 */
typedef struct {
    msd_param_t params[MSD_PARAM_COUNT];
    msd_param_t username;                   /* of username or username* */
    bool userhash;                          /* it is H(user:realm) */
    msd_text_t realm;                       /* escapes taken away */
    msd_text_t nonce;
    msd_text_t uri;
    msd_text_t cnonce;
    msd_text_t opaque;                      /* empty when there is none */
    msd_algorithm_t algorithm;
    msd_qop_t qop;
    uint32_t nc;
    unsigned char response[MSD_HASH_MAX];   /* as long as the hash */
} msd_credentials_t;

/*
 * The part of an Authorization header after the scheme name "Digest".
 * header: the header's value; may be empty.
 * out: set, perhaps to the empty span, when the scheme is Digest.
 * Returns whether it is.  The scheme's case does not matter.
 */
bool msd_header_is_digest(msd_text_t header, msd_text_t *out);

/*
 * Read the parameters of Digest credentials.
 * text: what msd_header_is_digest gave.
 * pool: for values that had escapes; the rest is not copied.
 * out: filled completely on success, undefined otherwise.
 * Returns NULL on success, else a fixed sentence that names the broken rule.
 * Implements RFC 7616 section 3.4 with qop required, and what clients do
 * beyond it: any order, quoted or unquoted qop, algorithm and nc, a missing
 * algorithm meaning MD5.  Unknown parameters are ignored; a known one that
 * comes twice is refused.
 */
const char *msd_header_parse(msd_text_t text, apr_pool_t *pool,
                             msd_credentials_t *out);

/*
 * A quoted value with every escape taken away (RFC 9110 section 5.6.4).
 * param: a present parameter.  pool: for the copy, if there must be one.
 */
msd_text_t msd_header_unescape(const msd_param_t *param, apr_pool_t *pool);

#endif
