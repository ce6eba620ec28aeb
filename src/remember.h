/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a proof, and the proof that goes back to the client. */
#ifndef MSD_REMEMBER_H
#define MSD_REMEMBER_H

#include "proof.h"

/*
 * Keep what was proven: a new context is written, one in use is written anew
 * now and then.  The last step of a decision, which cannot fail: a context
 * that could not be kept costs another trip to the authority.
 * Returns MSD_ACCEPTED.
 */
msd_verdict_t msd_remember(msd_attempt_t *attempt);

/* Tells the first nonce and cnonce from others; a wrong guess costs a hash. */
uint64_t msd_remember_session_mark(const msd_attempt_t *attempt);

#endif
