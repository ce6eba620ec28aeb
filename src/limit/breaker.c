/* SPDX-License-Identifier: Apache-2.0 */
/* Circuit breakers: who did not answer is spared for a while. */
#include "limit/breaker.h"

#include <stdatomic.h>

#define BREAKERS 256u

/* A word: [ tag:20 | spared until ms:44 ].  Zero: it answers. */
#define TIME_BITS 44
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

struct msd_breakers_t {
    _Atomic(uint64_t) *words;
};

apr_size_t msd_breakers_size(void)
{
    return BREAKERS * sizeof(uint64_t);
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

static uint64_t open_until(const msd_breaker_t *breaker, uint64_t until_ms)
{
    return (breaker->mark & ~TIME_MASK) | (until_ms & TIME_MASK);
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
        open_until(breaker, *asked_ms + MSD_BREAKER_REST_MS));
}

void msd_breaker_report(const msd_breaker_t *breaker, uint64_t asked_ms,
                        bool answered)
{
    uint64_t now_ms;
    uint64_t word;

    if (breaker->breakers == NULL) {
        return;
    }
    if (answered) {
        word = atomic_load(word_of(breaker));
        if (word != 0
            && (word & ~TIME_MASK) == (breaker->mark & ~TIME_MASK)) {
            atomic_compare_exchange_strong(word_of(breaker), &word, 0);
        }
        return;
    }
    now_ms = breaker->now_ms(breaker->self);
    if (now_ms - asked_ms >= MSD_BREAKER_QUICK_MS) {
        atomic_store(word_of(breaker),
                     open_until(breaker, now_ms + MSD_BREAKER_REST_MS));
    }
}
