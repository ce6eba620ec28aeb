/* SPDX-License-Identifier: Apache-2.0 */
/* Circuit breakers: who did not answer is spared for a while. */
#include "limit/breaker.h"

#include <stdatomic.h>

#define BREAKERS 256u

/* A word: [ tag:20 | spared until ms:44 ].  Zero: it answers. */
#define TIME_BITS 44
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

/* Behind these words, as many: [ tag:20 | when it last answered, ms:44 ]. */
struct msd_breakers_t {
    _Atomic(uint64_t) *words;
};

apr_size_t msd_breakers_size(void)
{
    return 2 * BREAKERS * sizeof(uint64_t);
}

msd_breakers_t *msd_breakers_attach(void *memory, apr_pool_t *pool)
{
    msd_breakers_t *breakers = apr_palloc(pool, sizeof(*breakers));

    breakers->words = memory;
    return breakers;
}

static _Atomic(uint64_t) *word_of(const msd_breaker_t *breaker)
{
    return &breaker->breakers->words[breaker->mark % BREAKERS];
}

static _Atomic(uint64_t) *answered_of(const msd_breaker_t *breaker)
{
    return word_of(breaker) + BREAKERS;
}

static uint64_t tagged(const msd_breaker_t *breaker, uint64_t ms)
{
    return (breaker->mark & ~TIME_MASK) | (ms & TIME_MASK);
}

bool msd_breaker_lets(const msd_breaker_t *breaker, uint64_t *asked_ms)
{
    uint64_t word;

    *asked_ms = 0;
    if (breaker->breakers == NULL) {
        return true;
    }
    *asked_ms = breaker->now_ms(breaker->self);
    word = atomic_load(word_of(breaker));
    if (word == 0 || (word & ~TIME_MASK) != (breaker->mark & ~TIME_MASK)) {
        return true;
    }
    if (*asked_ms < (word & TIME_MASK)) {
        return false;
    }
    /* The first who comes makes the try. */
    return atomic_compare_exchange_strong(
        word_of(breaker), &word,
        tagged(breaker, *asked_ms + MSD_BREAKER_REST_MS));
}

static void take_answer(const msd_breaker_t *breaker)
{
    uint64_t word = atomic_load(word_of(breaker));

    atomic_store(answered_of(breaker),
                 tagged(breaker, breaker->now_ms(breaker->self)));
    if (word != 0 && (word & ~TIME_MASK) == (breaker->mark & ~TIME_MASK)) {
        atomic_compare_exchange_strong(word_of(breaker), &word, 0);
    }
}

/* Silence on one question says nothing of the others: a RADIUS server is mute
 * for the users of a realm whose own server is away. */
static bool has_answered_since(const msd_breaker_t *breaker, uint64_t ms)
{
    uint64_t word = atomic_load(answered_of(breaker));

    return word != 0
           && (word & ~TIME_MASK) == (breaker->mark & ~TIME_MASK)
           && (word & TIME_MASK) > ms;
}

void msd_breaker_report(const msd_breaker_t *breaker, uint64_t asked_ms,
                        bool answered)
{
    uint64_t now_ms;

    if (breaker->breakers == NULL) {
        return;
    }
    if (answered) {
        take_answer(breaker);
        return;
    }
    now_ms = breaker->now_ms(breaker->self);
    if (now_ms - asked_ms >= MSD_BREAKER_QUICK_MS
        && !has_answered_since(breaker, asked_ms)) {
        atomic_store(word_of(breaker),
                     tagged(breaker, now_ms + MSD_BREAKER_REST_MS));
    }
}
