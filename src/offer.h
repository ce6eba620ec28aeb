/* SPDX-License-Identifier: Apache-2.0 */
/* What is offered to a client: the challenges. */
#ifndef MSD_OFFER_H
#define MSD_OFFER_H

#include "accept.h"

/* Whether there is a hash for it: one that OpenSSL's policy forbids (MD5 under
 * FIPS) is not offered. */
bool msd_offer_is_possible(const msd_world_t *world,
                           msd_algorithm_t algorithm);

/*
 * Make the challenges that go with an outcome, one line for each algorithm.
 * outcome: of msd_accept, or NULL for a first challenge.
 * lines: room for MSD_ALGORITHM_COUNT; set to NUL-terminated text in
 * world->pool.
 * Returns how many lines there are; 0 when OpenSSL gave no randomness or has
 * none of the hashes.
 */
int msd_challenge(const msd_world_t *world, const msd_policy_t *policy,
                  const msd_outcome_t *outcome, const char **lines);

#endif
