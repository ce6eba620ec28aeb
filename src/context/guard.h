/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of a replay guard: who counts the counts. */
#ifndef MSD_CONTEXT_GUARD_H
#define MSD_CONTEXT_GUARD_H

#include "context/nonce.h"

typedef enum {
    MSD_REPLAY_ACCEPTED,
    MSD_REPLAY_SEEN,        /* this count was accepted before */
    MSD_REPLAY_LATE,        /* too far behind the highest, or out of order */
    MSD_REPLAY_GONE,        /* the nonce was pushed out by younger ones */
    MSD_REPLAY_RANGE,       /* the count is beyond what the guard tells apart */
    MSD_REPLAY_FOREIGN,     /* the nonce is of another life of the guard */
    MSD_REPLAY_EXPIRED,     /* the nonce is too old by the guard's clock */
    MSD_REPLAY_UNSURE,      /* accepted before, perhaps by a request that got
                               no answer */
    MSD_REPLAY_UNAVAILABLE  /* the guard cannot tell now */
} msd_replay_result_t;

typedef enum {
    MSD_REPLAY_WINDOW,      /* counts may arrive out of order */
    MSD_REPLAY_SEQUENCE,    /* counts must rise strictly, in addition */
    MSD_REPLAY_OFF          /* the guard is not asked */
} msd_replay_mode_t;

/* A nonce as a guard knows it. */
typedef struct {
    uint64_t own;           /* [ T:32 | tag:32 ], T from 1 */
    uint64_t place;         /* chooses the bucket */
} msd_replay_key_t;

/* One use of a nonce. */
typedef struct {
    msd_replay_key_t key;
    uint64_t minted_ms;     /* of the nonce, as its maker's clock was */
    uint64_t lifetime_ms;   /* how long the nonce is good */
    uint32_t life;          /* of the guard, as the nonce has it */
    uint32_t nc;
    msd_replay_mode_t mode; /* MSD_REPLAY_WINDOW or MSD_REPLAY_SEQUENCE */
} msd_count_t;

typedef struct msd_guard_t {
    void *self;     /* the first argument of each call */
    uint32_t life;  /* what new nonces must carry; 0: their key tells it */

    /*
     * Use up one count.  Call it last, after the proof.
     * Returns MSD_REPLAY_ACCEPTED at most once for each (nonce, count),
     * whoever shares the guard.
     */
    msd_replay_result_t (*accept)(void *self, const msd_count_t *count);

    /* What accept in mode MSD_REPLAY_WINDOW would say, changing nothing. */
    msd_replay_result_t (*peek)(void *self, const msd_count_t *count);
} msd_guard_t;

struct msd_replay_t;

/* The guard of one machine, on its table.  replay: outlives the result. */
msd_guard_t msd_guard_of_replay(const struct msd_replay_t *replay);

#endif
