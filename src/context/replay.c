/* SPDX-License-Identifier: Apache-2.0 */
/* The replay guard: each (nonce, count) is accepted exactly once. */
#include "context/replay.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_siphash.h>

/* The locks that libatomic would use instead belong to one process. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
               "the replay guard needs lock-free 64-bit atomics");

#define CACHE_LINE 64
#define MAGIC UINT64_C(0x6d73646967657374)
#define LAYOUT 1

/* T counts units of 256 ms: 32 bits last for 34.8 years. */
#define UNIT_SHIFT 8

/* win word = [ gen:28 | block:20 | bits:16 ].  gen is T mod 2^28 and wraps
 * after 2.18 years of one life.  To do harm, that would need a leftover word
 * exactly 2^28 units old and a thread stalled over two changes of owner; the
 * table gets a new life at the first graceful restart after a year. */
#define BLOCK_BITS 20
#define BITS_BITS 16
#define COUNTS_PER_BLOCK 16
#define GEN_SHIFT (BLOCK_BITS + BITS_BITS)
#define GEN_MASK UINT64_C(0xfffffff)
#define BLOCK_MASK UINT64_C(0xfffff)
#define BITS_MASK UINT64_C(0xffff)

typedef _Atomic(uint64_t) word_t;

/* Read only once the life has begun. */
typedef struct {
    uint64_t magic;
    uint32_t layout;
    uint32_t buckets;
    uint32_t ways;
    uint32_t ring;
    uint64_t born_ms;
    unsigned char life_id[MSD_LIFE_ID_SIZE];
    unsigned char unused[16];
} header_t;

_Static_assert(sizeof(header_t) == CACHE_LINE, "the header is one line");

/* One cache line each. */
typedef struct {
    word_t own[MSD_REPLAY_WAYS];
} bucket_t;

typedef struct {
    word_t words[MSD_REPLAY_RING];
} window_t;

_Static_assert(sizeof(bucket_t) == CACHE_LINE, "a bucket is one line");
_Static_assert(sizeof(window_t) == CACHE_LINE, "a window is one line");

struct msd_replay_t {
    header_t *header;
    bucket_t *buckets;
    window_t *windows;      /* MSD_REPLAY_WAYS for each bucket */
    uint32_t count;         /* of buckets */
};

static uint32_t buckets_for(uint32_t slots)
{
    return (slots + MSD_REPLAY_WAYS - 1) / MSD_REPLAY_WAYS;
}

static apr_size_t table_size(uint32_t buckets)
{
    return sizeof(header_t)
           + buckets * (sizeof(bucket_t) + MSD_REPLAY_WAYS * sizeof(window_t));
}

apr_size_t msd_replay_size(uint32_t slots)
{
    return table_size(buckets_for(slots)) + CACHE_LINE;
}

static msd_replay_t *make_handle(void *memory, apr_pool_t *pool)
{
    msd_replay_t *replay = apr_palloc(pool, sizeof(*replay));

    /* apr_shm keeps its size in front, so its memory is not aligned. */
    replay->header = (header_t *)(((uintptr_t)memory + CACHE_LINE - 1)
                                  & ~(uintptr_t)(CACHE_LINE - 1));
    replay->buckets = (bucket_t *)(replay->header + 1);
    return replay;
}

static void find_windows(msd_replay_t *replay)
{
    replay->count = replay->header->buckets;
    replay->windows = (window_t *)(replay->buckets + replay->count);
}

msd_replay_t *msd_replay_begin(void *memory, uint32_t slots,
                               const unsigned char *life_id, uint64_t born_ms,
                               apr_pool_t *pool)
{
    msd_replay_t *replay = make_handle(memory, pool);
    header_t *header = replay->header;

    header->layout = LAYOUT;
    header->buckets = buckets_for(slots);
    header->ways = MSD_REPLAY_WAYS;
    header->ring = MSD_REPLAY_RING;
    header->born_ms = born_ms;
    memcpy(header->life_id, life_id, MSD_LIFE_ID_SIZE);
    header->magic = MAGIC;
    find_windows(replay);
    return replay;
}

msd_replay_t *msd_replay_attach(void *memory, apr_size_t size,
                                apr_pool_t *pool)
{
    msd_replay_t *replay = make_handle(memory, pool);
    const header_t *header = replay->header;

    if (size < CACHE_LINE + sizeof(header_t) || header->magic != MAGIC
        || header->layout != LAYOUT || header->ways != MSD_REPLAY_WAYS
        || header->ring != MSD_REPLAY_RING
        || header->buckets > buckets_for(MSD_REPLAY_SLOTS_MAX)
        || size < table_size(header->buckets) + CACHE_LINE) {
        return NULL;
    }
    find_windows(replay);
    return replay;
}

const unsigned char *msd_replay_life_id(const msd_replay_t *replay)
{
    return replay->header->life_id;
}

uint64_t msd_replay_born_ms(const msd_replay_t *replay)
{
    return replay->header->born_ms;
}

uint32_t msd_replay_slots(const msd_replay_t *replay)
{
    return replay->count * MSD_REPLAY_WAYS;
}

static uint64_t read_u64(const unsigned char *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

msd_replay_key_t msd_replay_key(const msd_nonce_t *nonce, msd_text_t user,
                                const unsigned char *user_key)
{
    uint64_t who = apr_siphash24(user.data, user.len, user_key);
    uint64_t unit = (nonce->minted_ms >> UNIT_SHIFT) + 1;
    msd_replay_key_t key;

    key.place = read_u64(nonce->mark) ^ who;
    key.own = unit << 32
              | ((read_u64(nonce->mark + 8) ^ who) & UINT64_C(0xffffffff));
    return key;
}

/* A count as a window word sees it. */
typedef struct {
    uint64_t gen;
    uint64_t block;
    uint64_t bit;
} spot_t;

static bool find_spot(msd_replay_key_t key, uint32_t nc, spot_t *spot)
{
    spot->gen = key.own >> 32 & GEN_MASK;
    spot->block = nc / COUNTS_PER_BLOCK;
    spot->bit = UINT64_C(1) << nc % COUNTS_PER_BLOCK;
    return spot->block <= BLOCK_MASK;
}

static uint32_t find_bucket(const msd_replay_t *replay, msd_replay_key_t key)
{
    return (uint32_t)((key.place >> 32) * replay->count >> 32);
}

/* The way that holds the nonce, else the one that a newcomer must take: the
 * smallest word, among equal ones the lowest index. */
typedef struct {
    int way;
    uint64_t seen;
} victim_t;

static bool scan(bucket_t *bucket, uint64_t me, victim_t *victim)
{
    victim->seen = UINT64_MAX;
    victim->way = 0;
    for (int way = 0; way < MSD_REPLAY_WAYS; way++) {
        uint64_t own = atomic_load_explicit(&bucket->own[way],
                                            memory_order_acquire);

        if (own == me) {
            victim->way = way;
            return true;
        }
        if (own < victim->seen) {
            victim->seen = own;
            victim->way = way;
        }
    }
    return false;
}

/*
 * Find the nonce's way in its bucket, or make room for it.
 * Returns the way, or -1 when the nonce is older than all that are there: it
 * was pushed out, or never will be let in.
 */
static int claim(bucket_t *bucket, uint64_t me)
{
    victim_t victim;

    for (;;) {
        if (scan(bucket, me, &victim)) {
            return victim.way;
        }
        if (victim.seen >> 32 >= me >> 32) {
            return -1;
        }
        if (atomic_compare_exchange_strong_explicit(
                &bucket->own[victim.way], &victim.seen, me,
                memory_order_acq_rel, memory_order_acquire)
            || victim.seen == me) {
            return victim.way;
        }
        /* Some word of the bucket grew: look again. */
    }
}

/*
 * Judge a count by its window word.
 * word: as loaded; bits of another generation are a former owner's leaving.
 * next: set to the word that marks the count as used, when it is accepted.
 */
static msd_replay_result_t judge(uint64_t word, const spot_t *spot,
                                 uint64_t *next)
{
    uint64_t bits = spot->bit;

    if (word >> GEN_SHIFT == spot->gen) {
        uint64_t block = word >> BITS_BITS & BLOCK_MASK;

        if (block > spot->block) {
            return MSD_REPLAY_LATE;
        }
        if (block == spot->block) {
            if ((word & spot->bit) != 0) {
                return MSD_REPLAY_SEEN;
            }
            bits |= word & BITS_MASK;
        }
    }
    *next = spot->gen << GEN_SHIFT | spot->block << BITS_BITS | bits;
    return MSD_REPLAY_ACCEPTED;
}

/*
 * Whether the window holds a count above this one.  A request that began after
 * a higher count was accepted sees it here; of requests that overlap, any order
 * is a right one.  The bit of the count itself is still set by the one
 * compare-and-swap that window mode uses, so both modes may see the same nonce.
 */
static bool has_higher(window_t *window, const spot_t *spot)
{
    for (int i = 0; i < MSD_REPLAY_RING; i++) {
        uint64_t word = atomic_load_explicit(&window->words[i],
                                             memory_order_acquire);
        uint64_t block = word >> BITS_BITS & BLOCK_MASK;

        if (word == 0 || word >> GEN_SHIFT != spot->gen) {
            continue;
        }
        if (block > spot->block
            || (block == spot->block && (word & BITS_MASK) >= spot->bit << 1)) {
            return true;
        }
    }
    return false;
}

/*
 * A client that counts beyond what the guard tells apart has come to the end of
 * its nonce: move all words there, so that a count that has wrapped is not
 * taken for a first one.  Words still only grow.
 */
static void retire(const bucket_t *bucket, int way, uint64_t me,
                   window_t *window)
{
    uint64_t last = (me >> 32 & GEN_MASK) << GEN_SHIFT
                    | BLOCK_MASK << BITS_BITS | BITS_MASK;

    for (int i = 0; i < MSD_REPLAY_RING; i++) {
        uint64_t word = atomic_load_explicit(&window->words[i],
                                             memory_order_acquire);

        while (atomic_load_explicit(&bucket->own[way], memory_order_acquire)
                   == me
               && !atomic_compare_exchange_strong_explicit(
                   &window->words[i], &word, last, memory_order_acq_rel,
                   memory_order_acquire)) {
            /* Another count came between: again from the word seen. */
        }
    }
}

msd_replay_result_t msd_replay_accept(const msd_replay_t *replay,
                                      msd_replay_key_t key, uint32_t nc,
                                      msd_replay_mode_t mode)
{
    uint32_t place = find_bucket(replay, key);
    bucket_t *bucket = &replay->buckets[place];
    window_t *window;
    word_t *target;
    spot_t spot;
    uint64_t word;
    int way = claim(bucket, key.own);

    if (way < 0) {
        return MSD_REPLAY_GONE;
    }
    window = &replay->windows[(apr_size_t)place * MSD_REPLAY_WAYS
                              + (apr_size_t)way];
    if (!find_spot(key, nc, &spot)) {
        retire(bucket, way, key.own, window);
        return MSD_REPLAY_RANGE;
    }
    target = &window->words[spot.block % MSD_REPLAY_RING];
    word = atomic_load_explicit(target, memory_order_acquire);
    for (;;) {
        msd_replay_result_t result;
        uint64_t next = 0;
        bool higher = mode == MSD_REPLAY_SEQUENCE && has_higher(window, &spot);

        /* After the load of the word and the look for a higher count, and
         * before the word is judged: a word that is judged for an owner who
         * is gone would be accepted twice, and the words of the next owner
         * hide a higher count. */
        if (atomic_load_explicit(&bucket->own[way], memory_order_acquire)
            != key.own) {
            return MSD_REPLAY_GONE;
        }
        result = judge(word, &spot, &next);
        if (result == MSD_REPLAY_ACCEPTED && higher) {
            result = MSD_REPLAY_LATE;
        }
        if (result != MSD_REPLAY_ACCEPTED) {
            return result;
        }
        /* The one step that accepts. */
        if (atomic_compare_exchange_strong_explicit(
                target, &word, next, memory_order_acq_rel,
                memory_order_acquire)) {
            return MSD_REPLAY_ACCEPTED;
        }
    }
}

msd_replay_result_t msd_replay_peek(const msd_replay_t *replay,
                                    msd_replay_key_t key, uint32_t nc)
{
    uint32_t place = find_bucket(replay, key);
    bucket_t *bucket = &replay->buckets[place];
    victim_t victim;
    spot_t spot;
    uint64_t next;
    uint64_t word;
    apr_size_t slot;

    if (!find_spot(key, nc, &spot)) {
        return MSD_REPLAY_RANGE;
    }
    if (!scan(bucket, key.own, &victim)) {
        return victim.seen >> 32 >= key.own >> 32 ? MSD_REPLAY_GONE
                                                  : MSD_REPLAY_ACCEPTED;
    }
    slot = (apr_size_t)place * MSD_REPLAY_WAYS + (apr_size_t)victim.way;
    word = atomic_load_explicit(
        &replay->windows[slot].words[spot.block % MSD_REPLAY_RING],
        memory_order_acquire);
    if (atomic_load_explicit(&bucket->own[victim.way], memory_order_acquire)
        != key.own) {
        return MSD_REPLAY_GONE;
    }
    return judge(word, &spot, &next);
}
