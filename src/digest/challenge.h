/* SPDX-License-Identifier: Apache-2.0 */
/* The WWW-Authenticate line. */
#ifndef MSD_DIGEST_CHALLENGE_H
#define MSD_DIGEST_CHALLENGE_H

#include "digest/algorithm.h"

typedef struct {
    const char *realm;      /* text, escapes taken away */
    const char *nonce;
    const char *opaque;
    const char *domain;     /* URIs with blanks between, or NULL */
    const char *qop;        /* "auth", "auth-int" or "auth,auth-int" */
    bool stale;
    bool userhash;          /* clients may send H(user:realm) for the name */
} msd_challenge_t;

/*
 * Challenges, one for each algorithm (RFC 7616 section 3.3), in the order and
 * with the quoting of Microsoft's servers, which is also what the most clients
 * understand.
 * algorithms: n of them.  pool: owns the result.
 * lines: room for n; set to NUL-terminated text beginning "Digest ".
 */
void msd_challenge_format(const msd_challenge_t *challenge,
                          const msd_algorithm_t *algorithms, int n,
                          apr_pool_t *pool, const char **lines);

#endif
