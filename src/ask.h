/* SPDX-License-Identifier: Apache-2.0 */
/* The questions to the authority, and what spares it too many of them. */
#ifndef MSD_ASK_H
#define MSD_ASK_H

#include "proof.h"

/* Why nobody is asked, for the log. */
#define MSD_ASK_TOO_MANY "too many wrong answers of late"

/*
 * Begin to ask for the proof of an answer that no cached key proves: unless
 * the user, or the address, was wrong too often of late, and after those who
 * ask about the same user already.
 *
 * Whether it would be right does not matter here, nor whether the user is
 * known: nobody learns that from who is let through.
 * attempt: its turn is set; turn.waited tells that somebody else asked
 * meanwhile, whose result may do.
 * Returns MSD_ACCEPTED to go on, MSD_TOO_MANY or MSD_UNAVAILABLE.
 */
msd_verdict_t msd_ask_begin(msd_attempt_t *attempt);

/*
 * Wait for one's turn only, to confirm what a cached key has proven: a good
 * context is never locked out.
 * Returns false when it took too long.
 */
bool msd_ask_wait(msd_attempt_t *attempt);

/*
 * Ask.  A wrong answer is counted, for its user and its address, and a right
 * one forgets those that were sent under the same name at the same place.
 * known_key: the base key that verified the answer just now, or NULL.
 * attempt: its proof is filled; the outcome's retry_after_s tells that the
 * user, by the name that the authority knows, was wrong too often: then its
 * answer counts for nothing, unless a good context is confirmed by it.
 */
void msd_ask(msd_attempt_t *attempt, const unsigned char *known_key);

/*
 * For how long its last word does, in milliseconds.
 * trust_s: for which it vouched; 0: it did not say.  max_ms: no longer.
 */
uint64_t msd_ask_trusts_ms(const msd_attempt_t *attempt, uint32_t trust_s,
                           uint64_t max_ms);

/* End: others may ask now.  Harmless when nothing began. */
void msd_ask_end(msd_attempt_t *attempt);

#endif
