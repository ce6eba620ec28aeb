/* SPDX-License-Identifier: Apache-2.0 */
/* Proof by a stored hash H(user:realm:password). */
#ifndef MSD_AUTHORITY_REALMHASH_H
#define MSD_AUTHORITY_REALMHASH_H

#include "authority/authority.h"

/* Whoever keeps such hashes: a file, a database. */
typedef struct {
    void *self;     /* the first argument of the call */

    /*
     * Look a user up.
     * user: NUL-terminated.  field: set when the user is known to what is kept
     * of him (see credential.h); NUL-terminated, alive until the proof is
     * done.
     * reason: set to a fixed sentence unless the user is known.
     * Returns MSD_PROOF_GRANTED for "known", else why not.
     */
    msd_proof_result_t (*lookup)(void *self, const char *user,
                                 const char **field, const char **reason);
} msd_realmhash_t;

/*
 * Prove an answer by looking the user up under each form of the name, and
 * computing the answer from the stored hash.  A user who is unknown costs the
 * same computation as one whose answer is wrong; only one with several hashes
 * of a kind (a name beyond ASCII) costs a few microseconds more.
 * source: the keeper.  out: filled completely.
 */
void msd_realmhash_prove(const msd_realmhash_t *source,
                         const msd_question_t *question, msd_proof_t *out);

#endif
