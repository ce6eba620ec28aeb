/* SPDX-License-Identifier: Apache-2.0 */
/* Turns: one question about a user at a time. */
#ifndef MSD_LIMIT_TURN_H
#define MSD_LIMIT_TURN_H

#include <stdint.h>

#include "base/text.h"

/* What a turn may leave for those who waited for it, in bytes. */
#define MSD_TURN_RESULT_SIZE 16

/* How long one who waits does so, and after what time the turn of one who
 * died, or takes too long, is over; in milliseconds. */
#define MSD_TURN_WAIT_MS 2000
#define MSD_TURN_MAX_MS 5000

/*
 * Turns in memory that all worker processes share.  Users share a few
 * thousand; two who share one wait for each other, and nothing else happens.
 */
typedef struct msd_turns_t msd_turns_t;

/* The clock of those who wait. */
typedef struct {
    void *self;                             /* the first argument */
    uint64_t (*now_ms)(void *self);         /* monotonic */
    void (*pause)(void *self, uint32_t us); /* for so many microseconds */
} msd_turn_clock_t;

/* A turn of one's own. */
typedef struct {
    void *place;        /* NULL: none */
    uint64_t word;
    uint64_t mark;
    bool waited;        /* somebody else had it before */
} msd_turn_t;

/* The memory that they need, in bytes. */
apr_size_t msd_turns_size(void);

/*
 * Take them up.
 * memory: msd_turns_size() bytes, shared by all processes, zero at first.
 * clock: copied.  pool: owns the handle; the memory is the caller's.
 */
msd_turns_t *msd_turns_attach(void *memory, msd_turn_clock_t clock,
                              apr_pool_t *pool);

/*
 * Wait for a turn.
 * mark: a keyed mark of the user.  turn: filled completely; end it by
 * msd_turn_end.
 * Returns false, with no turn, when it took longer than MSD_TURN_WAIT_MS.
 */
bool msd_turn_begin(const msd_turns_t *turns, uint64_t mark, msd_turn_t *turn);

/*
 * What the turn before this one left.
 * turn: of one's own.  result: room for MSD_TURN_RESULT_SIZE bytes; whoever
 * uses them must check them: two turns that ran out at once may have mixed
 * theirs.
 * Returns whether it left something, and for the same mark.
 */
bool msd_turn_result(const msd_turn_t *turn, unsigned char *result);

/*
 * End a turn.
 * turn: may be without a turn, then nothing happens.
 * result: MSD_TURN_RESULT_SIZE bytes to leave; NULL for none.
 */
void msd_turn_end(msd_turn_t *turn, const unsigned char *result);

#endif
