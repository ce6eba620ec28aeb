/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of an authority: who proves a first answer. */
#ifndef MSD_AUTHORITY_AUTHORITY_H
#define MSD_AUTHORITY_AUTHORITY_H

#include "base/groups.h"
#include "digest/response.h"
#include "limit/breaker.h"

typedef enum {
    MSD_PROOF_GRANTED,
    MSD_PROOF_DENIED,       /* it knows the user; the answer is wrong */
    MSD_PROOF_UNKNOWN,      /* it does not know the user */
    MSD_PROOF_UNAVAILABLE   /* it cannot tell now; never taken for unknown */
} msd_proof_result_t;

/* What an authority is asked. */
typedef struct {
    const msd_param_t *username;        /* as it stands in the header */
    msd_text_t realm;
    const msd_response_t *response;     /* the answer to prove */
    /* The base key with which this answer was verified before, or NULL.  An
     * authority that hands out base keys grants while its own is still this
     * one: the answer may rest on the A1 of an earlier nonce, which it cannot
     * know. */
    const unsigned char *known_key;
    apr_pool_t *pool;                   /* for whatever the proof points to */
} msd_question_t;

/* What it says. */
typedef struct {
    msd_proof_result_t result;
    const char *reason;     /* a fixed sentence for the log, unless granted */
    msd_text_t user;        /* the name that it knows; empty when it knows
                               none, or does not tell */
    /* The rest is set when granted. */
    uint32_t trust_s;       /* for how many seconds it vouches; 0: as long as
                               the policy says */
    msd_groups_t groups;    /* that it tells of him */
    bool has_base_key;
    unsigned char base_key[MSD_HASH_MAX];
    unsigned char session_key[MSD_HASH_MAX];    /* H(A1) of this answer */
} msd_proof_t;

typedef struct msd_authority_t {
    void *self;     /* the first argument of the calls */

    /*
     * Prove an answer.
     * out: filled completely; the spans live in question->pool.
     */
    void (*prove)(void *self, const msd_question_t *question,
                  msd_proof_t *out);

    /* Who it is, as a keyed mark: users of the same one share their limits.
     * NULL: nobody in particular. */
    uint64_t (*mark)(void *self);

    /* Spares it while it does not answer; all zero: never. */
    msd_breaker_t breaker;
} msd_authority_t;

/*
 * Ask authorities in their order; the first that knows the user decides, and
 * one that cannot tell, or is spared, ends the search.
 * authorities: n of them.  out: filled completely.
 */
void msd_authority_ask(const msd_authority_t *authorities, int n,
                       const msd_question_t *question, msd_proof_t *out);

#endif
