/* SPDX-License-Identifier: Apache-2.0 */
/* Counters that decay: how often somebody was wrong of late. */
#ifndef MSD_LIMIT_COUNTER_H
#define MSD_LIMIT_COUNTER_H

#include <stdint.h>

#include "base/text.h"

/*
 * A table in memory that all worker processes share, changed by single 64-bit
 * compare-and-swaps: no lock, nothing to recover after a kill -9.  A full
 * bucket loses what counts least.  A counter that is lost, or that two share
 * (one chance in 2^27 for each of 8 others), is wrong by a few: good enough
 * for a limit, and for nothing else.
 */
typedef struct msd_counters_t msd_counters_t;

typedef enum {
    MSD_DECAY_LEAK,     /* one by one, all of `limit` within the window */
    MSD_DECAY_QUIET     /* all at once, after a window without another one:
                           how a domain controller counts wrong passwords */
} msd_decay_t;

/* What is too much.  `limit` is at most MSD_RATE_MAX, 0 for no limit. */
typedef struct {
    uint32_t limit;
    uint32_t window_s;  /* seconds, at least 1 */
    msd_decay_t decay;
} msd_rate_t;

#define MSD_RATE_MAX 4000u

/* The memory that a table needs, in bytes. */
apr_size_t msd_counters_size(void);

/*
 * Take up a table.
 * memory: msd_counters_size() bytes, shared by all processes, zero at first.
 * pool: owns the handle; the memory is the caller's.
 */
msd_counters_t *msd_counters_attach(void *memory, apr_pool_t *pool);

/*
 * Whether somebody has to wait.
 * mark: a keyed mark of whoever is counted, and for what.  now_ms: the clock
 * of the table, in milliseconds.
 * Returns the seconds until it is worth asking again, 0 for "go on".
 */
uint32_t msd_counters_wait(const msd_counters_t *counters, uint64_t mark,
                           uint64_t now_ms, const msd_rate_t *rate);

/* Count one more; nothing when there is no limit. */
void msd_counters_add(const msd_counters_t *counters, uint64_t mark,
                      uint64_t now_ms, const msd_rate_t *rate);

/* Begin at zero again.  Returns what the counter was, as it is now. */
uint32_t msd_counters_take(const msd_counters_t *counters, uint64_t mark,
                           uint64_t now_ms, const msd_rate_t *rate);

/* Count n less, but not below zero. */
void msd_counters_forgive(const msd_counters_t *counters, uint64_t mark,
                          uint32_t n);

#endif
