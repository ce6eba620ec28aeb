/* SPDX-License-Identifier: Apache-2.0 */
/* Circuit breakers: who did not answer is spared for a while. */
#ifndef MSD_LIMIT_BREAKER_H
#define MSD_LIMIT_BREAKER_H

#include <stdint.h>

#include "base/text.h"

/* How long one that did not answer is not asked, in milliseconds; then one
 * caller makes a try, and for the others it stays so. */
#define MSD_BREAKER_REST_MS 2000

/* One that says within this time that it cannot answer costs nobody anything:
 * it is asked again. */
#define MSD_BREAKER_QUICK_MS 100

/* Breakers in memory that all worker processes share. */
typedef struct msd_breakers_t msd_breakers_t;

/* One of them. */
typedef struct {
    const msd_breakers_t *breakers;     /* NULL: none, always closed */
    uint64_t mark;                      /* a keyed mark of who is asked */
    void *self;                         /* the argument of now_ms */
    uint64_t (*now_ms)(void *self);     /* monotonic */
} msd_breaker_t;

/* The memory that they need, in bytes. */
apr_size_t msd_breakers_size(void);

/*
 * Take them up.
 * memory: msd_breakers_size() bytes, shared by all processes, zero at first.
 * pool: owns the handle; the memory is the caller's.
 */
msd_breakers_t *msd_breakers_attach(void *memory, apr_pool_t *pool);

/*
 * Ask to ask.
 * asked_ms: set to when, for msd_breaker_report.
 * Returns false when it is to be spared.
 */
bool msd_breaker_lets(const msd_breaker_t *breaker, uint64_t *asked_ms);

/* Tell whether there was an answer.  A question without one counts for nothing
 * when another one was answered since it was asked. */
void msd_breaker_report(const msd_breaker_t *breaker, uint64_t asked_ms,
                        bool answered);

#endif
