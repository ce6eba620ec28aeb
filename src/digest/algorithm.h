/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithms of RFC 7616 section 6.1 and RFC 2617. */
#ifndef MSD_DIGEST_ALGORITHM_H
#define MSD_DIGEST_ALGORITHM_H

#include "base/hash.h"

typedef enum {
    MSD_ALGORITHM_MD5_SESS,
    MSD_ALGORITHM_MD5,
    MSD_ALGORITHM_SHA256_SESS,
    MSD_ALGORITHM_SHA256,
    MSD_ALGORITHM_SHA512_256_SESS,
    MSD_ALGORITHM_SHA512_256,
    MSD_ALGORITHM_COUNT
} msd_algorithm_t;

/* The name on the wire, as the registry spells it: "MD5-sess". */
const char *msd_algorithm_name(msd_algorithm_t algorithm);

/*
 * The algorithm of a name in any case.
 * out: set only when the name is known.
 * Returns whether it is.
 */
bool msd_algorithm_find(msd_text_t name, msd_algorithm_t *out);

/* The hash that the algorithm uses. */
msd_hash_id_t msd_algorithm_hash(msd_algorithm_t algorithm);

/* Whether A1 is bound to a nonce and cnonce (RFC 7616 section 3.4.2). */
bool msd_algorithm_is_session(msd_algorithm_t algorithm);

#endif
