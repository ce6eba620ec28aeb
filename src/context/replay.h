/* SPDX-License-Identifier: Apache-2.0 */
/* The replay guard: each (nonce, count) is accepted exactly once. */
#ifndef MSD_CONTEXT_REPLAY_H
#define MSD_CONTEXT_REPLAY_H

#include <stdint.h>

#include "context/guard.h"

/*
 * A table in memory that all worker processes share, changed by single 64-bit
 * compare-and-swaps.  No lock, no clock, nothing to recover after a kill -9 at
 * any step.
 *
 * A bucket holds the 8 youngest nonces that were proven in it.  A newcomer may
 * replace only the oldest of them, and only if it is strictly younger itself.
 * So every owner word only grows; what was pushed out is below the bucket's
 * minimum for ever and cannot come back; and two processes that claim the same
 * new nonce must pick the same word.  docs/replay-guard.md has the argument,
 * t/model a model of it with the mutations that break it.
 */

/* Nonces in one bucket. */
#define MSD_REPLAY_WAYS 8

/* Window words of one nonce: each covers 16 counts, so between 113 and 128
 * counts back from the highest are still told apart. */
#define MSD_REPLAY_RING 8

#define MSD_REPLAY_SLOTS_MIN 1024u
#define MSD_REPLAY_SLOTS_MAX 16777216u
#define MSD_REPLAY_SLOTS_DEFAULT 65536u

typedef struct msd_replay_t msd_replay_t;

/*
 * The memory a guard needs.
 * slots: nonces it can hold, MSD_REPLAY_SLOTS_MIN to MSD_REPLAY_SLOTS_MAX;
 * rounded up to whole buckets.
 * Returns bytes, with room to align the table to cache lines.
 */
apr_size_t msd_replay_size(uint32_t slots);

/*
 * Begin a new life in fresh memory.
 * memory: msd_replay_size(slots) bytes, all zero, shared by all processes.
 * life_id: MSD_LIFE_ID_SIZE random bytes.
 * born_ms: the monotonic clock now; nonce times count from here.
 * pool: owns the handle; the memory is the caller's.
 * Returns the handle by which this process and its children use the guard.
 */
msd_replay_t *msd_replay_begin(void *memory, uint32_t slots,
                               const unsigned char *life_id, uint64_t born_ms,
                               apr_pool_t *pool);

/*
 * Take up the life that is in the memory already.
 * memory: as at msd_replay_begin, at the same address or another; size in
 * bytes.
 * Returns NULL when the memory holds no guard of this layout.
 */
msd_replay_t *msd_replay_attach(void *memory, apr_size_t size,
                                apr_pool_t *pool);

/* The random bytes of this life: MSD_LIFE_ID_SIZE of them. */
const unsigned char *msd_replay_life_id(const msd_replay_t *replay);

/* The monotonic clock when this life began, in milliseconds. */
uint64_t msd_replay_born_ms(const msd_replay_t *replay);

/* How many nonces the guard can hold. */
uint32_t msd_replay_slots(const msd_replay_t *replay);

/*
 * A nonce as the guard knows it.
 * nonce: ours.  user: the name that verified; users cannot use up each
 * other's counts.  user_key: MSD_USER_KEY_SIZE bytes.
 */
msd_replay_key_t msd_replay_key(const msd_nonce_t *nonce, msd_text_t user,
                                const unsigned char *user_key);

/*
 * Use up one count.  Call it last, after the proof.  A count out of range
 * retires the nonce: no count of it is accepted any more.
 * mode: MSD_REPLAY_WINDOW or MSD_REPLAY_SEQUENCE.
 * Returns MSD_REPLAY_ACCEPTED at most once for each (nonce, count), whatever
 * processes, threads and deaths do.
 */
msd_replay_result_t msd_replay_accept(const msd_replay_t *replay,
                                      msd_replay_key_t key, uint32_t nc,
                                      msd_replay_mode_t mode);

/*
 * What msd_replay_accept in mode MSD_REPLAY_WINDOW would say, changing
 * nothing.
 */
msd_replay_result_t msd_replay_peek(const msd_replay_t *replay,
                                    msd_replay_key_t key, uint32_t nc);

#endif
