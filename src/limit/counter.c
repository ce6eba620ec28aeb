/* SPDX-License-Identifier: Apache-2.0 */
/* Counters that decay: how often somebody was wrong of late. */
#include "limit/counter.h"

#include <stdatomic.h>
#include <stddef.h>

#define BUCKETS 2048u
#define WAYS 8u     /* words of 8 bytes: one cache line */

/* The usual window, in seconds. */
#define HALF_S 600u

/* A word: [ tag:27 | seconds:25 | count:12 ].  Zero is free; a count of 0 is
 * never kept.  The seconds wrap after 388 days. */
#define COUNT_BITS 12
#define TIME_BITS 25
#define COUNT_MAX ((1u << COUNT_BITS) - 1)
#define TIME_MASK ((1u << TIME_BITS) - 1)

struct msd_counters_t {
    _Atomic(uint64_t) *words;
};

/* A word, taken apart. */
typedef struct {
    uint32_t tag;
    uint32_t time_s;
    uint32_t count;
} counter_t;

apr_size_t msd_counters_size(void)
{
    return (BUCKETS * WAYS + WAYS) * sizeof(uint64_t);
}

msd_counters_t *msd_counters_attach(void *memory, apr_pool_t *pool)
{
    msd_counters_t *counters = apr_palloc(pool, sizeof(*counters));
    const uintptr_t line = WAYS * sizeof(uint64_t);
    uintptr_t start = ((uintptr_t)memory + line - 1) / line * line;

    counters->words = (_Atomic(uint64_t) *)start;
    return counters;
}

static uint64_t pack(counter_t counter)
{
    return (uint64_t)counter.tag << (TIME_BITS + COUNT_BITS)
           | (uint64_t)counter.time_s << COUNT_BITS | counter.count;
}

static counter_t unpack(uint64_t word)
{
    return (counter_t){
        .tag = (uint32_t)(word >> (TIME_BITS + COUNT_BITS)),
        .time_s = (uint32_t)(word >> COUNT_BITS) & TIME_MASK,
        .count = (uint32_t)word & COUNT_MAX,
    };
}

static _Atomic(uint64_t) *bucket_of(const msd_counters_t *counters,
                                    uint64_t mark)
{
    return counters->words + mark % BUCKETS * WAYS;
}

static uint32_t tag_of(uint64_t mark)
{
    return (uint32_t)(mark >> (TIME_BITS + COUNT_BITS));
}

static uint32_t seconds_of(uint64_t now_ms)
{
    return (uint32_t)(now_ms / 1000) & TIME_MASK;
}

/* Processes read the clock one after the other: what was counted a moment
 * after `now` is of now. */
static uint32_t age_of(counter_t counter, uint32_t now_s)
{
    uint32_t age = (now_s - counter.time_s) & TIME_MASK;

    return age > TIME_MASK / 2 ? 0 : age;
}

/* The counter as it is now. */
static counter_t decay(counter_t counter, uint32_t now_s,
                       const msd_rate_t *rate)
{
    uint32_t age = age_of(counter, now_s);
    uint32_t leaked = 0;

    if (age >= rate->window_s) {
        leaked = counter.count;
    } else if (rate->decay == MSD_DECAY_LEAK) {
        leaked = (uint32_t)((uint64_t)age * rate->limit / rate->window_s);
    }
    if (leaked >= counter.count) {
        return (counter_t){ counter.tag, now_s, 0 };
    }
    if (leaked > 0) {
        /* The time that made no whole one goes on. */
        uint64_t used = (uint64_t)leaked * rate->window_s / rate->limit;

        counter.time_s = (counter.time_s + (uint32_t)used) & TIME_MASK;
        counter.count -= leaked;
    }
    return counter;
}

/* Returns the place of a tag in its bucket, NULL when it is not there. */
static _Atomic(uint64_t) *find(_Atomic(uint64_t) *bucket, uint32_t tag,
                               uint64_t *word)
{
    for (unsigned i = 0; i < WAYS; i++) {
        *word = atomic_load(&bucket[i]);
        if (*word != 0 && unpack(*word).tag == tag) {
            return &bucket[i];
        }
    }
    return NULL;
}

/* Returns the place whose loss matters least.  Whose window a counter has is
 * not known here: it counts half after each HALF_S. */
static _Atomic(uint64_t) *find_victim(_Atomic(uint64_t) *bucket,
                                      uint32_t now_s, uint64_t *word)
{
    _Atomic(uint64_t) *victim = NULL;
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t other = atomic_load(&bucket[i]);
        counter_t counter = unpack(other);
        uint32_t age = age_of(counter, now_s);
        uint32_t halves = age / HALF_S < 63 ? age / HALF_S : 63;
        /* The lower count, then the older one. */
        uint64_t weight = ((uint64_t)counter.count << TIME_BITS
                           | (TIME_MASK - age))
                          >> halves;

        if (other == 0 || weight < least) {
            least = other == 0 ? 0 : weight;
            victim = &bucket[i];
            *word = other;
        }
    }
    return victim;
}

uint32_t msd_counters_wait(const msd_counters_t *counters, uint64_t mark,
                           uint64_t now_ms, const msd_rate_t *rate)
{
    uint32_t now_s = seconds_of(now_ms);
    counter_t counter;
    uint64_t word;
    uint32_t whole;
    uint32_t age;

    if (rate->limit == 0
        || find(bucket_of(counters, mark), tag_of(mark), &word) == NULL) {
        return 0;
    }
    counter = decay(unpack(word), now_s, rate);
    if (counter.count < rate->limit) {
        return 0;
    }
    whole = rate->decay == MSD_DECAY_QUIET
                ? rate->window_s
                : (rate->window_s + rate->limit - 1) / rate->limit;
    age = age_of(counter, now_s);
    return age < whole ? whole - age : 1;
}

void msd_counters_add(const msd_counters_t *counters, uint64_t mark,
                      uint64_t now_ms, const msd_rate_t *rate)
{
    _Atomic(uint64_t) *bucket = bucket_of(counters, mark);
    uint32_t now_s = seconds_of(now_ms);
    _Atomic(uint64_t) *place;
    counter_t counter;
    uint64_t word;

    if (rate->limit == 0) {
        return;
    }
    do {
        counter = (counter_t){ tag_of(mark), now_s, 0 };
        place = find(bucket, counter.tag, &word);
        if (place != NULL) {
            counter = decay(unpack(word), now_s, rate);
        } else {
            place = find_victim(bucket, now_s, &word);
        }
        if (rate->decay == MSD_DECAY_QUIET) {
            counter.time_s = now_s;
        }
        if (counter.count < COUNT_MAX) {
            counter.count++;
        }
    } while (!atomic_compare_exchange_strong(place, &word, pack(counter)));
}

uint32_t msd_counters_take(const msd_counters_t *counters, uint64_t mark,
                           uint64_t now_ms, const msd_rate_t *rate)
{
    uint64_t word;
    _Atomic(uint64_t) *place = find(bucket_of(counters, mark), tag_of(mark),
                                    &word);

    /* When another one counts meanwhile, his count stands. */
    if (place == NULL || !atomic_compare_exchange_strong(place, &word, 0)) {
        return 0;
    }
    return decay(unpack(word), seconds_of(now_ms), rate).count;
}

void msd_counters_forgive(const msd_counters_t *counters, uint64_t mark,
                          uint32_t n)
{
    uint64_t word;
    uint64_t less;
    _Atomic(uint64_t) *place;

    do {
        place = find(bucket_of(counters, mark), tag_of(mark), &word);
        if (place == NULL || n == 0) {
            return;
        }
        less = (word & COUNT_MAX) > n ? word - n : 0;
    } while (!atomic_compare_exchange_strong(place, &word, less));
}
