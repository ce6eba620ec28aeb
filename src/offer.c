/* SPDX-License-Identifier: Apache-2.0 */
/* What is offered to a client: the challenges. */
#include "offer.h"

#include <string.h>

#include "channel.h"
#include "digest/challenge.h"

bool msd_offer_is_possible(const msd_world_t *world, msd_algorithm_t algorithm)
{
    return msd_hasher_has(world->hasher, msd_algorithm_hash(algorithm));
}

int msd_challenge(const msd_world_t *world, const msd_policy_t *policy,
                  const msd_outcome_t *outcome, const char **lines)
{
    unsigned char random[MSD_NONCE_RANDOM_SIZE + MSD_CONTEXT_ID_SIZE];
    const unsigned char *context_id = random + MSD_NONCE_RANDOM_SIZE;
    char nonce[MSD_BINDING_PREFIX_LENGTH + MSD_NONCE_LENGTH + 1] =
        MSD_BINDING_PREFIX;
    char *plain = nonce + MSD_BINDING_PREFIX_LENGTH;
    char opaque[2 * MSD_CONTEXT_ID_SIZE + 1];
    msd_algorithm_t possible[MSD_ALGORITHM_COUNT];
    int n = 0;
    msd_challenge_t challenge = {
        .realm = policy->realm,
        .nonce = policy->channel != NULL ? nonce : plain,
        .opaque = opaque,
        .domain = policy->domain,
        .qop = !policy->qop_auth_int ? "auth"
               : policy->qop_auth    ? "auth,auth-int"
                                     : "auth-int",
        .userhash = policy->userhash,
        .stale = outcome != NULL && msd_verdict_is_stale(outcome->verdict),
    };

    if (world->random(world->random_self, random, sizeof(random))
        != APR_SUCCESS) {
        return 0;
    }
    for (int i = 0; world->guard->life != 0 && i < MSD_NONCE_LIFE_SIZE; i++) {
        random[i] = (unsigned char)(world->guard->life
                                    >> 8 * (MSD_NONCE_LIFE_SIZE - 1 - i));
    }
    if (outcome != NULL && outcome->has_context_id && challenge.stale) {
        context_id = outcome->context_id;
    }
    if (msd_nonce_mint(world->keys->nonce,
                       msd_channel_scope(policy->channel, policy->scope,
                                         world->pool),
                       world->now_ms, random, context_id, plain)
        != APR_SUCCESS) {
        return 0;
    }
    msd_hex_encode(context_id, MSD_CONTEXT_ID_SIZE, opaque);
    opaque[2 * MSD_CONTEXT_ID_SIZE] = '\0';
    for (int i = 0; i < policy->algorithm_count; i++) {
        if (msd_offer_is_possible(world, policy->algorithms[i])) {
            possible[n++] = policy->algorithms[i];
        }
    }
    msd_challenge_format(&challenge, possible, n, world->pool, lines);
    return n;
}
