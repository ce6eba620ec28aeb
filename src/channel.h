/* SPDX-License-Identifier: Apache-2.0 */
/* The channel in the decision: nonces that ask for binding, and whether an
 * answer is bound to the way on which it came. */
#ifndef MSD_CHANNEL_H
#define MSD_CHANNEL_H

#include "proof.h"

/*
 * The scope of nonces with a channel.  Where binding is asked for it covers
 * the prefix and our end points: a nonce without the prefix, which a man in
 * the middle may have cut off so that the client answers without binding, is
 * foreign there, as is one that was made for another certificate.
 * channel: NULL where binding is not asked for; scope is then the result.
 * pool: for the text, else.
 */
msd_text_t msd_channel_scope(const msd_channel_t *channel, msd_text_t scope,
                             apr_pool_t *pool);

/*
 * What tells contexts that are bound otherwise apart; 0 where the answer is
 * not bound.
 */
uint64_t msd_channel_mark(const msd_attempt_t *attempt,
                          const msd_keys_t *keys);

/*
 * Step of the decision: read the binding of the answer, and see that nobody
 * changed it.  Sets the attempt's binding and scopes, and wire_nonce, which is
 * empty, and no nonce of ours, where the prefix is missing.
 */
msd_verdict_t msd_channel_read(msd_attempt_t *attempt);

/*
 * Step of the decision, behind the proof: whether the answer is bound to the
 * way on which it came.  The client of a nonce that is not ours was not asked
 * here, and gets a new one.
 */
msd_verdict_t msd_channel_check(msd_attempt_t *attempt);

#endif
