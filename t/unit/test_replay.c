/* SPDX-License-Identifier: Apache-2.0 */
/* The replay guard: windows, buckets, evictions, threads and processes. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context/replay.h"

#define SLOTS MSD_REPLAY_SLOTS_MIN
#define ACCEPTED MSD_REPLAY_ACCEPTED
#define SEEN MSD_REPLAY_SEEN
#define LATE MSD_REPLAY_LATE
#define GONE MSD_REPLAY_GONE
#define RANGE MSD_REPLAY_RANGE

static unsigned char life[MSD_LIFE_ID_SIZE];
static unsigned char *memory;
static msd_replay_t *guard;

static void begin_guard(void)
{
    for (int i = 0; i < MSD_LIFE_ID_SIZE; i++) {
        life[i] = (unsigned char)(i + 1);
    }
    memory = apr_pcalloc(unit_pool, msd_replay_size(SLOTS));
    guard = msd_replay_begin(memory, SLOTS, life, 12345, unit_pool);
}

/* A nonce of time T in bucket 0. */
static msd_replay_key_t key_of(uint64_t t, uint32_t tag)
{
    return (msd_replay_key_t){ t << 32 | tag, 0 };
}

static msd_replay_result_t use(msd_replay_key_t key, uint32_t nc)
{
    return msd_replay_accept(guard, key, nc, MSD_REPLAY_WINDOW);
}

/* Every accept is announced rightly by a peek, which changes nothing. */
static msd_replay_result_t use_peeking(msd_replay_key_t key, uint32_t nc)
{
    apr_size_t size = msd_replay_size(SLOTS);
    void *before = malloc(size);
    msd_replay_result_t peeked;
    msd_replay_result_t used;

    ck_assert_ptr_nonnull(before);
    memcpy(before, memory, size);
    peeked = msd_replay_peek(guard, key, nc);
    ck_assert_msg(memcmp(before, memory, size) == 0, "a peek changed it");
    used = use(key, nc);
    ck_assert_msg(peeked == used, "nc %u: peek %d, accept %d", nc, peeked,
                  used);
    ck_assert_msg((memcmp(before, memory, size) == 0) == (used != ACCEPTED),
                  "nc %u: result %d, and the memory", nc, used);
    free(before);
    return used;
}

/* ---- The window, against the set of what was accepted */

typedef struct {
    uint32_t counts[64];
    int n;
} history_t;

static msd_replay_result_t expected(const history_t *history, uint32_t nc,
                                    msd_replay_mode_t mode)
{
    bool late = false;
    bool seen = false;
    bool lower = false;

    for (int i = 0; i < history->n; i++) {
        uint32_t was = history->counts[i];

        late = late || (was / 16 % 8 == nc / 16 % 8 && was / 16 > nc / 16);
        seen = seen || was == nc;
        lower = lower || was > nc;
    }
    if (late) {
        return LATE;
    }
    if (seen) {
        return SEEN;
    }
    return lower && mode == MSD_REPLAY_SEQUENCE ? LATE : ACCEPTED;
}

static void use_in_order(const uint32_t *counts, const int *order, int n,
                         msd_replay_mode_t mode)
{
    static uint64_t t = 1;
    msd_replay_key_t key = key_of(++t, 7);
    history_t history = { .n = 0 };

    for (int i = 0; i < 2 * n; i++) {
        uint32_t nc = counts[order[i % n]];
        msd_replay_result_t want = expected(&history, nc, mode);
        msd_replay_result_t got = msd_replay_accept(guard, key, nc, mode);

        ck_assert_msg(got == want, "nc %u as number %d: %d, not %d", nc, i,
                      got, want);
        if (got == ACCEPTED) {
            history.counts[history.n++] = nc;
        }
    }
}

/* Heap's algorithm: all orders. */
static void use_in_all_orders(const uint32_t *counts, int *order, int n,
                              int left, msd_replay_mode_t mode)
{
    if (left <= 1) {
        use_in_order(counts, order, n, mode);
        return;
    }
    for (int i = 0; i < left; i++) {
        int other = left % 2 == 0 ? i : 0;
        int kept = order[other];

        use_in_all_orders(counts, order, n, left - 1, mode);
        order[other] = order[left - 1];
        order[left - 1] = kept;
    }
}

static const uint32_t sets[][6] = {
    { 1, 2, 3, 4, 5, 6 },
    { 0, 1, 15, 16, 17, 31 },
    { 1, 16, 127, 128, 129, 143 },
    { 15, 143, 144, 16, 271, 272 },
    { 112, 113, 127, 128, 240, 256 },
    { 1, 129, 257, 385, 513, 641 },
    { 14, 15, 30, 31, 46, 47 },
    { 1, 113, 114, 128, 129, 16777215 },
    { 16777200, 16777199, 16777215, 16777087, 16777088, 1 },
    { 0x8000, 0x10000, 0x18000, 0xffff, 0x8001, 0x7fff },
};

START_TEST(counts_in_all_orders_are_told_apart)
{
    int order[6] = { 0, 1, 2, 3, 4, 5 };

    use_in_all_orders(sets[_i], order, 6, 6, MSD_REPLAY_WINDOW);
}
END_TEST

START_TEST(sequence_in_all_orders_only_rises)
{
    int order[6] = { 0, 1, 2, 3, 4, 5 };

    use_in_all_orders(sets[_i], order, 6, 6, MSD_REPLAY_SEQUENCE);
}
END_TEST

START_TEST(long_run_is_accepted_once_each)
{
    msd_replay_key_t key = key_of(5, 1);

    for (uint32_t nc = 0; nc < 70000; nc++) {
        ck_assert_msg(use(key, nc) == ACCEPTED, "%u", nc);
        ck_assert_msg(use(key, nc) == SEEN, "%u again", nc);
        if (nc >= 112) {
            ck_assert_msg(use(key, nc - 112) == SEEN, "%u after %u", nc - 112,
                          nc);
        }
        if (nc >= 128) {
            ck_assert_msg(use(key, nc - 128) == LATE, "%u after %u", nc - 128,
                          nc);
        }
    }
}
END_TEST

/* The promise: 113 counts, the highest among them, are always told apart. */
START_TEST(window_is_113_counts_wide)
{
    for (uint32_t high = 112; high < 400; high++) {
        msd_replay_key_t key = key_of(high, 1);

        ck_assert_int_eq(use(key, high), ACCEPTED);
        for (uint32_t back = 1; back <= 112; back++) {
            ck_assert_msg(use(key, high - back) == ACCEPTED, "%u behind %u",
                          back, high);
        }
    }
}
END_TEST

START_TEST(count_one_ring_behind_is_late)
{
    for (uint32_t block = 8; block < 40; block++) {
        msd_replay_key_t key = key_of(block, 1);
        uint32_t first = block * 16;

        ck_assert_int_eq(use_peeking(key, first), ACCEPTED);
        ck_assert_int_eq(use_peeking(key, first - 128), LATE);
        ck_assert_int_eq(use_peeking(key, first - 113), LATE);
        ck_assert_int_eq(use_peeking(key, first - 112), ACCEPTED);
    }
}
END_TEST

START_TEST(range_ends_at_16777215)
{
    static const uint32_t beyond[] = { 16777216, 16777217, 0x80000000u,
                                       0xffffffffu };
    msd_replay_key_t key = key_of(5, 1);

    ck_assert_int_eq(use_peeking(key, 16777215), ACCEPTED);
    ck_assert_int_eq(use_peeking(key, 16777215), SEEN);
    for (int i = 0; i < UNIT_COUNT(beyond); i++) {
        ck_assert_int_eq(msd_replay_peek(guard, key, beyond[i]), RANGE);
        ck_assert_msg(use(key, beyond[i]) == RANGE, "%u", beyond[i]);
    }
}
END_TEST

START_TEST(count_out_of_range_retires_its_nonce)
{
    static const uint32_t counts[] = { 0, 1, 2, 127, 128, 16777214 };
    msd_replay_key_t key = key_of(5, 1);
    msd_replay_key_t other = key_of(5, 2);

    ck_assert_int_eq(use(key, 1), ACCEPTED);
    ck_assert_int_eq(msd_replay_peek(guard, key, 16777216), RANGE);
    ck_assert_int_eq(use_peeking(key, 2), ACCEPTED);
    ck_assert_int_eq(use(key, 0xffffffffu), RANGE);
    for (int i = 0; i < UNIT_COUNT(counts); i++) {
        msd_replay_result_t result = use_peeking(key, counts[i]);

        ck_assert_msg(result == LATE || result == SEEN, "%u", counts[i]);
    }
    ck_assert_int_eq(use_peeking(other, 0), ACCEPTED);
}
END_TEST

/* ---- Sequence mode */

START_TEST(sequence_refuses_what_is_behind)
{
    static const struct {
        uint32_t nc;
        msd_replay_result_t result;
    } rows[] = {
        { 3, ACCEPTED }, { 2, LATE },      { 3, SEEN },      { 1, LATE },
        { 4, ACCEPTED }, { 15, ACCEPTED }, { 14, LATE },     { 16, ACCEPTED },
        { 15, SEEN },    { 13, LATE },     { 17, ACCEPTED }, { 500, ACCEPTED },
        { 499, LATE },   { 17, SEEN },     { 372, LATE },    { 501, ACCEPTED },
    };
    msd_replay_key_t key = key_of(5, 1);

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        msd_replay_result_t got = msd_replay_accept(guard, key, rows[i].nc,
                                                    MSD_REPLAY_SEQUENCE);

        ck_assert_msg(got == rows[i].result, "row %d, nc %u: %d", i,
                      rows[i].nc, got);
    }
}
END_TEST

START_TEST(sequence_and_window_share_what_was_used)
{
    msd_replay_key_t key = key_of(5, 1);

    ck_assert_int_eq(use(key, 3), ACCEPTED);
    ck_assert_int_eq(msd_replay_accept(guard, key, 3, MSD_REPLAY_SEQUENCE),
                     SEEN);
    ck_assert_int_eq(msd_replay_accept(guard, key, 2, MSD_REPLAY_SEQUENCE),
                     LATE);
    ck_assert_int_eq(msd_replay_accept(guard, key, 4, MSD_REPLAY_SEQUENCE),
                     ACCEPTED);
    ck_assert_int_eq(use(key, 4), SEEN);
    ck_assert_int_eq(use(key, 2), ACCEPTED);
}
END_TEST

START_TEST(sequence_ignores_a_former_owner)
{
    ck_assert_int_eq(use(key_of(1, 1), 1000), ACCEPTED);
    for (uint32_t t = 2; t <= MSD_REPLAY_WAYS + 1; t++) {
        ck_assert_int_eq(
            msd_replay_accept(guard, key_of(t, 1), 1, MSD_REPLAY_SEQUENCE),
            ACCEPTED);
    }
}
END_TEST

START_TEST(sequence_of_a_neighbour_does_not_matter)
{
    for (uint32_t tag = 1; tag <= MSD_REPLAY_WAYS; tag++) {
        ck_assert_int_eq(use(key_of(5, tag), 100 * tag), ACCEPTED);
    }
    for (uint32_t tag = 1; tag <= MSD_REPLAY_WAYS; tag++) {
        ck_assert_int_eq(msd_replay_accept(guard, key_of(5, tag),
                                           100 * tag + 1, MSD_REPLAY_SEQUENCE),
                         ACCEPTED);
    }
}
END_TEST

/* ---- Buckets */

START_TEST(nonces_have_their_own_counts)
{
    static const msd_replay_key_t keys[] = {
        { UINT64_C(5) << 32 | 1, 0 },
        { UINT64_C(5) << 32 | 2, 0 },
        { UINT64_C(6) << 32 | 1, 0 },
        { UINT64_C(5) << 32 | 1, UINT64_C(1) << 63 },
        { UINT64_C(5) << 32 | 1, UINT64_MAX },
    };

    for (uint32_t nc = 1; nc < 200; nc += 7) {
        for (int i = 0; i < UNIT_COUNT(keys); i++) {
            ck_assert_int_eq(use_peeking(keys[i], nc), ACCEPTED);
        }
        for (int i = 0; i < UNIT_COUNT(keys); i++) {
            ck_assert_int_eq(use_peeking(keys[i], nc), SEEN);
        }
    }
}
END_TEST

static void fill_bucket(uint64_t first)
{
    for (uint64_t t = first; t < first + MSD_REPLAY_WAYS; t++) {
        ck_assert_int_eq(use(key_of(t, 1), 1), ACCEPTED);
    }
}

/* Two that claim the same nonce at once must choose the same place: among
 * empty ones the first, else the oldest (docs/replay-guard.md). */
START_TEST(newcomer_takes_the_first_empty_place)
{
    const uint64_t *own =
        (const uint64_t *)(((uintptr_t)memory + 63) & ~(uintptr_t)63) + 8;

    for (uint32_t i = 0; i < MSD_REPLAY_WAYS; i++) {
        ck_assert_uint_eq(own[i], 0);
        ck_assert_int_eq(use(key_of(20 - i, 1), 1), ACCEPTED);
        ck_assert_uint_eq(own[i], key_of(20 - i, 1).own);
    }
    ck_assert_int_eq(use(key_of(21, 1), 1), ACCEPTED);
    ck_assert_uint_eq(own[MSD_REPLAY_WAYS - 1], key_of(21, 1).own);
}
END_TEST

START_TEST(full_bucket_remembers_all_its_nonces)
{
    fill_bucket(10);
    for (uint64_t t = 10; t < 10 + MSD_REPLAY_WAYS; t++) {
        ck_assert_int_eq(use_peeking(key_of(t, 1), 1), SEEN);
        ck_assert_int_eq(use_peeking(key_of(t, 1), 2), ACCEPTED);
    }
}
END_TEST

START_TEST(older_newcomer_finds_room_only_while_there_is_some)
{
    for (uint64_t t = 20; t > 20 - MSD_REPLAY_WAYS; t--) {
        ck_assert_int_eq(use_peeking(key_of(t, 1), 1), ACCEPTED);
    }
    ck_assert_int_eq(use_peeking(key_of(12, 1), 1), GONE);
    ck_assert_int_eq(use_peeking(key_of(1, 1), 1), GONE);
}
END_TEST

START_TEST(newcomer_must_be_strictly_younger_than_the_oldest)
{
    fill_bucket(10);
    ck_assert_int_eq(use_peeking(key_of(9, 1), 1), GONE);
    ck_assert_int_eq(use_peeking(key_of(10, 0), 1), GONE);
    ck_assert_int_eq(use_peeking(key_of(10, 2), 1), GONE);
    ck_assert_int_eq(use_peeking(key_of(10, UINT32_MAX), 1), GONE);
    ck_assert_int_eq(use_peeking(key_of(11, 0), 1), ACCEPTED);
    ck_assert_int_eq(use_peeking(key_of(10, 1), 1), GONE);
}
END_TEST

START_TEST(equal_times_fill_a_bucket_and_then_no_more)
{
    for (uint32_t tag = 0; tag < MSD_REPLAY_WAYS; tag++) {
        ck_assert_int_eq(use_peeking(key_of(10, tag), 1), ACCEPTED);
    }
    ck_assert_int_eq(use_peeking(key_of(10, 8), 1), GONE);
    for (uint32_t tag = 0; tag < MSD_REPLAY_WAYS; tag++) {
        ck_assert_int_eq(use_peeking(key_of(10, tag), 1), SEEN);
    }
    /* The oldest is the one of the smallest tag. */
    ck_assert_int_eq(use_peeking(key_of(11, 0), 1), ACCEPTED);
    ck_assert_int_eq(use_peeking(key_of(10, 0), 2), GONE);
    ck_assert_int_eq(use_peeking(key_of(10, 1), 2), ACCEPTED);
}
END_TEST

START_TEST(what_was_pushed_out_never_comes_back)
{
    for (uint64_t t = 1; t < 200; t++) {
        ck_assert_int_eq(use_peeking(key_of(t, 1), 1), ACCEPTED);
        for (uint64_t old = 1; old + MSD_REPLAY_WAYS <= t; old++) {
            ck_assert_msg(use(key_of(old, 1), 1) == GONE
                              && use(key_of(old, 1), 2) == GONE,
                          "%d after %d", (int)old, (int)t);
        }
        ck_assert_int_eq(use_peeking(key_of(t, 1), 1), SEEN);
    }
}
END_TEST

START_TEST(oldest_is_pushed_out_wherever_it_stands)
{
    static const uint64_t order[] = { 14, 17, 11, 18, 12, 16, 13, 15 };

    for (int i = 0; i < UNIT_COUNT(order); i++) {
        ck_assert_int_eq(use(key_of(order[i], 1), 1), ACCEPTED);
    }
    for (uint64_t t = 11; t <= 18; t++) {
        ck_assert_int_eq(use_peeking(key_of(t, 1), 1), SEEN);
        ck_assert_int_eq(use_peeking(key_of(t + 100, 1), 1), ACCEPTED);
        ck_assert_int_eq(use_peeking(key_of(t, 1), 1), GONE);
        if (t < 18) {
            ck_assert_int_eq(use_peeking(key_of(t + 1, 1), 1), SEEN);
        }
    }
}
END_TEST

START_TEST(leavings_of_a_former_owner_count_for_nothing)
{
    for (uint32_t nc = 0; nc < 1000; nc++) {
        ck_assert_int_eq(use(key_of(1, 1), nc), ACCEPTED);
    }
    for (uint64_t t = 2; t <= MSD_REPLAY_WAYS + 1; t++) {
        for (uint32_t nc = 0; nc < 128; nc++) {
            ck_assert_msg(use(key_of(t, 1), nc) == ACCEPTED, "T %d, nc %u",
                          (int)t, nc);
            ck_assert_msg(use(key_of(t, 1), nc) == SEEN, "T %d, nc %u", (int)t,
                          nc);
        }
    }
}
END_TEST

/* gen is T mod 2^28; an empty word has generation 0. */
START_TEST(generation_0_is_no_trap)
{
    static const uint32_t counts[] = { 0, 1, 16, 200, 300, 16777215 };
    msd_replay_key_t key = key_of(UINT64_C(1) << 28, 1);

    for (int i = 0; i < UNIT_COUNT(counts); i++) {
        ck_assert_int_eq(use_peeking(key, counts[i]), ACCEPTED);
        ck_assert_int_eq(use_peeking(key, counts[i]), SEEN);
    }
    key = key_of(UINT32_MAX, UINT32_MAX);
    for (int i = 0; i < UNIT_COUNT(counts); i++) {
        ck_assert_int_eq(use_peeking(key, counts[i]), ACCEPTED);
        ck_assert_int_eq(use_peeking(key, counts[i]), SEEN);
    }
}
END_TEST

START_TEST(buckets_do_not_disturb_each_other)
{
    const uint64_t step = (UINT64_C(1) << 32) / (SLOTS / MSD_REPLAY_WAYS);

    for (uint64_t t = 1; t <= MSD_REPLAY_WAYS; t++) {
        for (uint64_t b = 0; b < SLOTS / MSD_REPLAY_WAYS; b++) {
            msd_replay_key_t key = { t << 32 | 1, (b * step) << 32 };

            ck_assert_int_eq(use(key, 1), ACCEPTED);
        }
    }
    for (uint64_t b = 0; b < SLOTS / MSD_REPLAY_WAYS; b++) {
        msd_replay_key_t last = { UINT64_C(1) << 32 | 1,
                                  ((b + 1) * step - 1) << 32 | 0xffffffff };

        ck_assert_msg(use(last, 1) == SEEN, "bucket %d", (int)b);
    }
}
END_TEST

/* ---- Memory and life */

START_TEST(slots_are_rounded_up_to_buckets)
{
    static const struct {
        uint32_t wanted;
        uint32_t given;
    } rows[] = {
        { 1024, 1024 }, { 1025, 1032 },   { 1031, 1032 },
        { 1032, 1032 }, { 65536, 65536 },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        apr_size_t size = msd_replay_size(rows[i].wanted);
        void *fresh = apr_pcalloc(unit_pool, size);
        msd_replay_t *replay = msd_replay_begin(fresh, rows[i].wanted, life, 0,
                                                unit_pool);

        ck_assert_uint_eq(msd_replay_slots(replay), rows[i].given);
        ck_assert_uint_eq(size, 128 + (apr_size_t)rows[i].given * 72);
    }
}
END_TEST

/* 72 bytes for each nonce, as promised; the pages are not touched. */
START_TEST(largest_table_is_taken_up)
{
    apr_size_t size = msd_replay_size(MSD_REPLAY_SLOTS_MAX);
    void *huge = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    msd_replay_key_t last = { UINT64_C(5) << 32 | 1, UINT64_MAX };

    ck_assert_uint_eq(size, 128 + (apr_size_t)MSD_REPLAY_SLOTS_MAX * 72);
    ck_assert_ptr_ne(huge, MAP_FAILED);
    guard = msd_replay_begin(huge, MSD_REPLAY_SLOTS_MAX, life, 0, unit_pool);
    ck_assert_int_eq(use(last, 16777215), ACCEPTED);
    guard = msd_replay_attach(huge, size, unit_pool);
    ck_assert_ptr_nonnull(guard);
    ck_assert_int_eq(use(last, 16777215), SEEN);
    munmap(huge, size);
}
END_TEST

START_TEST(table_stays_in_its_memory_at_every_alignment)
{
    apr_size_t size = msd_replay_size(SLOTS);
    char *zeros = apr_pcalloc(unit_pool, size + 64);
    char *room = (char *)(uintptr_t)unit_exact(zeros, size + 64).data;
    char *start = room + _i;

    memset(room, 0, size + 64);
    guard = msd_replay_begin(start, SLOTS, life, 0, unit_pool);
    for (uint64_t t = 1; t <= 20; t++) {
        msd_replay_key_t last = { t << 32 | 1, UINT64_MAX };

        for (uint32_t nc = 1; nc < 200; nc++) {
            ck_assert_int_eq(use(last, nc), ACCEPTED);
        }
    }
    ck_assert_ptr_nonnull(msd_replay_attach(start, size, unit_pool));
    for (int i = 0; i < _i; i++) {
        ck_assert_int_eq(room[i], 0);
    }
    for (apr_size_t i = (apr_size_t)_i + size; i < size + 64; i++) {
        ck_assert_int_eq(room[i], 0);
    }
}
END_TEST

START_TEST(life_is_told)
{
    const msd_replay_t *again = msd_replay_attach(
        memory, msd_replay_size(SLOTS), unit_pool);

    ck_assert_ptr_nonnull(again);
    ck_assert_mem_eq(msd_replay_life_id(guard), life, MSD_LIFE_ID_SIZE);
    ck_assert_mem_eq(msd_replay_life_id(again), life, MSD_LIFE_ID_SIZE);
    ck_assert_uint_eq(msd_replay_born_ms(guard), 12345);
    ck_assert_uint_eq(msd_replay_born_ms(again), 12345);
    ck_assert_uint_eq(msd_replay_slots(again), SLOTS);
}
END_TEST

START_TEST(attached_handle_sees_the_same_counts)
{
    msd_replay_t *again = msd_replay_attach(memory, msd_replay_size(SLOTS),
                                            unit_pool);
    msd_replay_key_t key = { UINT64_C(5) << 32 | 1, UINT64_MAX };

    ck_assert_int_eq(use(key, 1), ACCEPTED);
    ck_assert_int_eq(msd_replay_accept(again, key, 1, MSD_REPLAY_WINDOW),
                     SEEN);
    ck_assert_int_eq(msd_replay_accept(again, key, 2, MSD_REPLAY_WINDOW),
                     ACCEPTED);
    ck_assert_int_eq(use(key, 2), SEEN);
}
END_TEST

START_TEST(table_may_be_found_at_another_address)
{
    apr_size_t size = msd_replay_size(SLOTS);
    char *room = apr_pcalloc(unit_pool, size + 128);
    uintptr_t shift = ((uintptr_t)memory - (uintptr_t)room) & 63;
    char *moved = room + shift;
    msd_replay_t *again;

    ck_assert_int_eq(use(key_of(5, 1), 1), ACCEPTED);
    memcpy(moved, memory, size);
    again = msd_replay_attach(moved, size, unit_pool);
    ck_assert_ptr_nonnull(again);
    ck_assert_int_eq(
        msd_replay_accept(again, key_of(5, 1), 1, MSD_REPLAY_WINDOW), SEEN);
    ck_assert_int_eq(use(key_of(5, 1), 2), ACCEPTED);
    ck_assert_int_eq(
        msd_replay_accept(again, key_of(5, 1), 2, MSD_REPLAY_WINDOW),
        ACCEPTED);
}
END_TEST

START_TEST(memory_without_a_guard_is_not_taken)
{
    apr_size_t size = msd_replay_size(SLOTS);
    char *zero = apr_pcalloc(unit_pool, size);
    unsigned char *header = (unsigned char *)(((uintptr_t)memory + 63)
                                              & ~(uintptr_t)63);

    ck_assert_ptr_null(msd_replay_attach(zero, size, unit_pool));
    ck_assert_ptr_nonnull(msd_replay_attach(memory, size, unit_pool));
    /* magic 8 | layout 4 | buckets 4 | ways 4 | ring 4 */
    for (int i = 0; i < 24; i++) {
        header[i] ^= 0x80;
        ck_assert_msg((i >= 12 && i < 16 && header[i] < 0x80)
                          || msd_replay_attach(memory, size, unit_pool)
                                 == NULL,
                      "byte %d of the header", i);
        header[i] ^= 0x80;
    }
    ck_assert_ptr_nonnull(msd_replay_attach(memory, size, unit_pool));
}
END_TEST

START_TEST(memory_too_short_is_not_taken)
{
    apr_size_t size = msd_replay_size(SLOTS);

    ck_assert_ptr_null(msd_replay_attach(memory, size - 1, unit_pool));
    for (apr_size_t n = 0; n <= 256; n++) {
        msd_text_t part = unit_exact((const char *)memory, n);

        ck_assert_msg(
            msd_replay_attach((void *)(uintptr_t)part.data, n, unit_pool)
                == NULL,
            "%d bytes", (int)n);
    }
}
END_TEST

/* ---- Keys */

START_TEST(key_begins_with_the_time)
{
    static const struct {
        uint64_t minted_ms;
        uint64_t t;
    } rows[] = {
        { 0, 1 },
        { 255, 1 },
        { 256, 2 },
        { 511, 2 },
        { 512, 3 },
        { UINT64_C(86400000) * 365, UINT64_C(86400000) * 365 / 256 + 1 },
    };
    unsigned char user_key[MSD_USER_KEY_SIZE] = { 1 };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        msd_nonce_t nonce = { .minted_ms = rows[i].minted_ms };
        msd_replay_key_t key = msd_replay_key(&nonce, MSD_TEXT("ann"),
                                              user_key);

        ck_assert_msg(key.own >> 32 == rows[i].t, "row %d", i);
    }
}
END_TEST

START_TEST(key_depends_on_nonce_user_and_secret)
{
    unsigned char user_key[MSD_USER_KEY_SIZE] = { 1 };
    msd_nonce_t nonce = { .minted_ms = 1000, .mark = { 1, 2, 3 } };
    msd_replay_key_t ann = msd_replay_key(&nonce, MSD_TEXT("ann"), user_key);
    msd_replay_key_t again = msd_replay_key(&nonce, MSD_TEXT("ann"), user_key);
    msd_replay_key_t bob = msd_replay_key(&nonce, MSD_TEXT("bob"), user_key);
    msd_replay_key_t other;

    ck_assert(ann.own == again.own && ann.place == again.place);
    ck_assert(ann.own != bob.own && ann.place != bob.place);
    user_key[15] = 1;
    other = msd_replay_key(&nonce, MSD_TEXT("ann"), user_key);
    ck_assert(ann.own != other.own && ann.place != other.place);
    user_key[15] = 0;
    for (int bit = 0; bit < 8 * MSD_NONCE_MARK_SIZE; bit++) {
        int i = bit / 8;

        nonce.mark[i] ^= (unsigned char)(1 << bit % 8);
        other = msd_replay_key(&nonce, MSD_TEXT("ann"), user_key);
        /* Eight bytes choose the bucket, four of the rest are the tag. */
        ck_assert_msg(i < 8 ? other.place != ann.place
                            : i >= 12 || other.own != ann.own,
                      "bit %d of the mark", bit);
        nonce.mark[i] ^= (unsigned char)(1 << bit % 8);
    }
}
END_TEST

/* ---- Threads and processes */

#define WORKERS 8
#define ROUNDS 3000

typedef struct {
    atomic_uint ready;
    atomic_uint accepted[ROUNDS];
} tally_t;

static tally_t *tally;
static bool many_nonces;

/* All workers try the same counts, of one nonce or of ever new ones that push
 * each other out of one bucket. */
static void *work(void *unused)
{
    atomic_fetch_add(&tally->ready, 1);
    while (atomic_load(&tally->ready) < WORKERS) {
        sched_yield();
    }
    for (uint32_t i = 0; i < ROUNDS; i++) {
        msd_replay_key_t key = many_nonces ? key_of(i / 6 + 1, i % 3)
                                           : key_of(5, 1);

        if (use(key, many_nonces ? i % 6 / 3 : i) == ACCEPTED) {
            atomic_fetch_add(&tally->accepted[i], 1);
        }
    }
    return unused;
}

static void run_threads(void)
{
    pthread_t threads[WORKERS];

    tally = apr_pcalloc(unit_pool, sizeof(*tally));
    for (int i = 0; i < WORKERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, NULL), 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

START_TEST(threads_accept_each_count_once)
{
    many_nonces = false;
    run_threads();
    for (int i = 0; i < ROUNDS; i++) {
        unsigned accepted = atomic_load(&tally->accepted[i]);

        /* One that fell far behind finds a count late that nobody used. */
        ck_assert_msg(accepted <= 1, "count %d: %u times", i, accepted);
    }
    ck_assert_uint_eq(atomic_load(&tally->accepted[0]), 1);
    ck_assert_uint_eq(atomic_load(&tally->accepted[ROUNDS - 1]), 1);
}
END_TEST

START_TEST(threads_push_nonces_out_and_accept_none_twice)
{
    unsigned total = 0;

    many_nonces = true;
    run_threads();
    for (int i = 0; i < ROUNDS; i++) {
        unsigned accepted = atomic_load(&tally->accepted[i]);

        ck_assert_msg(accepted <= 1, "number %d: %u times", i, accepted);
        total += accepted;
    }
    ck_assert_uint_gt(total, 0);
}
END_TEST

static void *map_shared(apr_size_t size)
{
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(shared, MAP_FAILED);
    return shared;
}

static void run_processes(void)
{
    pid_t children[WORKERS];

    for (int i = 0; i < WORKERS; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            work(NULL);
            _exit(0);
        }
        ck_assert_int_gt(children[i], 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        int status = -1;

        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_int_eq(status, 0);
    }
}

START_TEST(processes_accept_each_count_once)
{
    apr_size_t size = msd_replay_size(SLOTS);
    void *shared = map_shared(size);
    unsigned total = 0;

    many_nonces = _i == 1;
    tally = map_shared(sizeof(*tally));
    guard = msd_replay_begin(shared, SLOTS, life, 0, unit_pool);
    run_processes();
    for (int i = 0; i < ROUNDS; i++) {
        unsigned accepted = atomic_load(&tally->accepted[i]);

        ck_assert_msg(accepted <= 1, "number %d: %u times", i, accepted);
        total += accepted;
    }
    ck_assert_uint_gt(total, ROUNDS / 2);
    munmap(shared, size);
    munmap(tally, sizeof(*tally));
}
END_TEST

Suite *suite_replay(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("replay", &tcase);

    tcase_add_checked_fixture(tcase, begin_guard, NULL);
    tcase_add_loop_test(tcase, counts_in_all_orders_are_told_apart, 0,
                        UNIT_COUNT(sets));
    tcase_add_loop_test(tcase, sequence_in_all_orders_only_rises, 0,
                        UNIT_COUNT(sets));
    tcase_add_test(tcase, long_run_is_accepted_once_each);
    tcase_add_test(tcase, window_is_113_counts_wide);
    tcase_add_test(tcase, count_one_ring_behind_is_late);
    tcase_add_test(tcase, range_ends_at_16777215);
    tcase_add_test(tcase, count_out_of_range_retires_its_nonce);
    tcase_add_test(tcase, sequence_refuses_what_is_behind);
    tcase_add_test(tcase, sequence_and_window_share_what_was_used);
    tcase_add_test(tcase, sequence_ignores_a_former_owner);
    tcase_add_test(tcase, sequence_of_a_neighbour_does_not_matter);
    tcase_add_test(tcase, nonces_have_their_own_counts);
    tcase_add_test(tcase, newcomer_takes_the_first_empty_place);
    tcase_add_test(tcase, full_bucket_remembers_all_its_nonces);
    tcase_add_test(tcase, older_newcomer_finds_room_only_while_there_is_some);
    tcase_add_test(tcase, newcomer_must_be_strictly_younger_than_the_oldest);
    tcase_add_test(tcase, equal_times_fill_a_bucket_and_then_no_more);
    tcase_add_test(tcase, what_was_pushed_out_never_comes_back);
    tcase_add_test(tcase, oldest_is_pushed_out_wherever_it_stands);
    tcase_add_test(tcase, leavings_of_a_former_owner_count_for_nothing);
    tcase_add_test(tcase, generation_0_is_no_trap);
    tcase_add_test(tcase, buckets_do_not_disturb_each_other);
    tcase_add_test(tcase, slots_are_rounded_up_to_buckets);
    tcase_add_test(tcase, largest_table_is_taken_up);
    tcase_add_loop_test(tcase, table_stays_in_its_memory_at_every_alignment, 0,
                        64);
    tcase_add_test(tcase, life_is_told);
    tcase_add_test(tcase, attached_handle_sees_the_same_counts);
    tcase_add_test(tcase, table_may_be_found_at_another_address);
    tcase_add_test(tcase, memory_without_a_guard_is_not_taken);
    tcase_add_test(tcase, memory_too_short_is_not_taken);
    tcase_add_test(tcase, key_begins_with_the_time);
    tcase_add_test(tcase, key_depends_on_nonce_user_and_secret);
    tcase_add_test(tcase, threads_accept_each_count_once);
    tcase_add_test(tcase, threads_push_nonces_out_and_accept_none_twice);
    tcase_add_loop_test(tcase, processes_accept_each_count_once, 0, 2);
    return suite;
}
