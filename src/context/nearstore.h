/* SPDX-License-Identifier: Apache-2.0 */
/* Records that this process has fetched, in front of the shared store. */
#ifndef MSD_CONTEXT_NEARSTORE_H
#define MSD_CONTEXT_NEARSTORE_H

#include <stdatomic.h>

#include "context/nonce.h"
#include "context/store.h"

/*
 * A bounded table of one process, shared by its threads without a lock, so
 * that a subsequent request takes no lock of all processes.  A record that any
 * process writes or revokes is noticed by all at once: writers count in shared
 * memory, and a copy is good for the count that it was made under.  A record
 * longer than MSD_STORE_SHORT_MAX has no copy: it is fetched each time.
 */
typedef struct msd_nearstore_t msd_nearstore_t;

/* How many counters the processes share. */
#define MSD_NEARSTORE_COUNTERS 256

/*
 * Make an empty table.
 * counters: MSD_NEARSTORE_COUNTERS zeros at first, in memory that all
 * processes of the store share; must outlive the table.
 * pool: owns the table.
 */
msd_nearstore_t *msd_nearstore_create(_Atomic(uint64_t) *counters,
                                      apr_pool_t *pool);

/* One request's use: the self of the store. */
typedef struct {
    msd_nearstore_t *near;
    msd_store_t inner;
    uint64_t now_ms;
} msd_nearstore_use_t;

/*
 * The table in front of a store, as a store.
 * use: lives as long as the result.  near: may be NULL, for none.
 * inner: the shared store.  now_ms: the clock of the contexts: a copy is
 * fetched anew after some seconds, so that what a store forgets is forgotten.
 */
msd_store_t msd_nearstore_store(msd_nearstore_use_t *use,
                                msd_nearstore_t *near, msd_store_t inner,
                                uint64_t now_ms);

#endif
