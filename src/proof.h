/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of an answer, by the context or by the authority: the part of the
 * decision between accept.c's nonce and its freshness. */
#ifndef MSD_PROOF_H
#define MSD_PROOF_H

#include "accept.h"

/* One decision on its way. */
typedef struct {
    const msd_world_t *world;
    const msd_policy_t *policy;
    const msd_request_t *request;
    msd_outcome_t *outcome;
    msd_credentials_t credentials;
    msd_response_t response;
    msd_binding_t binding;      /* valid where the policy has a channel */
    msd_text_t scope;           /* the policy's, and the channel's */
    msd_text_t previous_scope;
    msd_text_t wire_nonce;      /* the client's, without the prefix */
    msd_nonce_t nonce;
    const msd_keys_t *keys;     /* that made the nonce; else the current */
    bool nonce_is_ours;
    bool opaque_is_ours; /* sent as it was given, or not at all */
    msd_context_state_t state;
    msd_context_t context; /* valid when state says found */
    uint64_t scope_mark;        /* of where nonces are good */
    uint64_t owner_mark;        /* the same, with realm and binding of the
                                   answer */
    uint64_t previous_mark;     /* the same, as the previous keys name it */
    unsigned char key[MSD_HASH_MAX];    /* the H(A1) that verified */
    msd_proof_t proof; /* valid when the authority vouched */
    uint64_t vouched_ms;        /* when it did */
    msd_turn_t turn;    /* of asking the authority; ends with the attempt */
    /* Of the record that context points into.  It stands last, and only what
     * was used of it is wiped. */
    apr_size_t record_len;
    unsigned char record[MSD_STORE_RECORD_MAX];
} msd_attempt_t;

/*
 * Fetch a context into an attempt.
 * id: MSD_CONTEXT_ID_SIZE bytes.  Sets state, and context when that is found.
 */
void msd_proof_load(msd_attempt_t *attempt, const unsigned char *id);

/* Note why an attempt ends.  Returns the verdict that it is given. */
msd_verdict_t msd_proof_refuse(msd_attempt_t *attempt, msd_verdict_t verdict,
                               const char *reason);

/*
 * Prove the answer: with the cached key of the context that the nonce names,
 * else at the authority.
 * attempt: credentials and nonce are read.  Sets response, state, context,
 * proof, and the outcome's user and proven.
 * Returns MSD_ACCEPTED to go on; the digest is then right.
 */
msd_verdict_t msd_proof_check(msd_attempt_t *attempt);

/* Whether the authority's last word is older than the policy, or it itself,
 * wants. */
bool msd_proof_is_due(const msd_attempt_t *attempt);

/*
 * Ask the authority again about an answer that the cached key has proven, and
 * that nothing else speaks against: a header that was recorded asks nobody.
 * If it cannot tell, its last word stands until the end of the context; if it
 * says no, the context ends now.
 */
msd_verdict_t msd_proof_confirm(msd_attempt_t *attempt);

/*
 * Whether a context belongs to another user or another scope, or was revoked,
 * so that this client must get a new one.
 */
bool msd_proof_is_taken(const msd_attempt_t *attempt);

/*
 * The milliseconds since.  Then may lie before this server's life, as a
 * negative number; and after now, when another request wrote the context a
 * moment after this one looked at the clock, or a machine whose clock goes
 * before.
 */
uint64_t msd_proof_age(const msd_attempt_t *attempt, uint64_t then_ms);

#endif
