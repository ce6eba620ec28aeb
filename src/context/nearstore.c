/* SPDX-License-Identifier: Apache-2.0 */
/* Records that this process has fetched, in front of the shared store. */
#include "context/nearstore.h"

#include <string.h>

#define ENTRIES 512

/* A copy is good for so long at most. */
#define FRESH_MS 5000

#define WORDS(size) ((size) / sizeof(uint64_t))

typedef struct {
    unsigned char id[MSD_CONTEXT_ID_SIZE];
    uint64_t count;         /* of the writers when it was fetched */
    uint64_t fetched_ms;
    uint64_t len;
} head_t;

/* A sequence lock: odd while a writer is at work.  Readers that meet one, or
 * whose words changed under them, go to the shared store. */
typedef struct {
    _Atomic(uint64_t) sequence;
    _Atomic(uint64_t) head[WORDS(sizeof(head_t))];
    _Atomic(uint64_t) record[WORDS(MSD_STORE_SHORT_MAX)];
} slot_t;

struct msd_nearstore_t {
    _Atomic(uint64_t) *counters;
    slot_t slots[ENTRIES];
};

msd_nearstore_t *msd_nearstore_create(_Atomic(uint64_t) *counters,
                                      apr_pool_t *pool)
{
    msd_nearstore_t *near = apr_pcalloc(pool, sizeof(*near));

    near->counters = counters;
    return near;
}

/* Ids are random: any of their bytes spread them. */
static slot_t *find_slot(msd_nearstore_t *near, const unsigned char *id)
{
    return &near->slots[(id[0] | (unsigned)id[1] << 8) % ENTRIES];
}

static _Atomic(uint64_t) *find_counter(msd_nearstore_t *near,
                                       const unsigned char *id)
{
    return &near->counters[id[2] % MSD_NEARSTORE_COUNTERS];
}

static void load_words(const _Atomic(uint64_t) *from, uint64_t *to,
                       apr_size_t n)
{
    for (apr_size_t i = 0; i < n; i++) {
        to[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
    }
}

static void store_words(_Atomic(uint64_t) *to, const uint64_t *from,
                        apr_size_t n)
{
    for (apr_size_t i = 0; i < n; i++) {
        atomic_store_explicit(&to[i], from[i], memory_order_relaxed);
    }
}

/* The words that a record of some length takes. */
static apr_size_t record_words(uint64_t len)
{
    return (apr_size_t)(len + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

/* Read a copy.  Returns whether it is whole, of this id, and still good. */
static bool read_slot(msd_nearstore_use_t *use, const unsigned char *id,
                      unsigned char *record, apr_size_t *len)
{
    slot_t *slot = find_slot(use->near, id);
    uint64_t words[WORDS(MSD_STORE_SHORT_MAX)];
    uint64_t before = atomic_load_explicit(&slot->sequence,
                                           memory_order_acquire);
    head_t head;

    load_words(slot->head, words, WORDS(sizeof(head)));
    memcpy(&head, words, sizeof(head));
    if (before == 0 || (before & 1) != 0 || head.len > MSD_STORE_SHORT_MAX
        || memcmp(head.id, id, sizeof(head.id)) != 0) {
        return false;
    }
    load_words(slot->record, words, record_words(head.len));
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&slot->sequence, memory_order_relaxed) != before
        || use->now_ms - head.fetched_ms >= FRESH_MS
        || atomic_load_explicit(find_counter(use->near, id),
                                memory_order_acquire)
               != head.count) {
        return false;
    }
    memcpy(record, words, (apr_size_t)head.len);
    *len = (apr_size_t)head.len;
    return true;
}

static void write_slot(msd_nearstore_use_t *use, const unsigned char *id,
                       uint64_t count, const unsigned char *record,
                       apr_size_t len)
{
    slot_t *slot = find_slot(use->near, id);
    uint64_t words[WORDS(MSD_STORE_SHORT_MAX)];
    uint64_t before = atomic_load_explicit(&slot->sequence,
                                           memory_order_relaxed);
    head_t head;

    memcpy(head.id, id, sizeof(head.id));
    head.count = count;
    head.fetched_ms = use->now_ms;
    head.len = len;
    if ((before & 1) != 0
        || !atomic_compare_exchange_strong_explicit(
            &slot->sequence, &before, before + 1, memory_order_acquire,
            memory_order_relaxed)) {
        return;     /* another thread writes here: let it */
    }
    atomic_thread_fence(memory_order_release);
    memcpy(words, &head, sizeof(head));
    store_words(slot->head, words, WORDS(sizeof(head)));
    memcpy(words, record, len);
    store_words(slot->record, words, record_words(len));
    atomic_store_explicit(&slot->sequence, before + 2, memory_order_release);
}

static apr_status_t near_get(void *self, const unsigned char *id,
                             unsigned char *record, apr_size_t *len)
{
    msd_nearstore_use_t *use = self;
    uint64_t count;
    apr_status_t status;

    if (read_slot(use, id, record, len)) {
        return APR_SUCCESS;
    }
    /* The count before the fetch: what is written after it will not fit. */
    count = atomic_load_explicit(find_counter(use->near, id),
                                 memory_order_acquire);
    status = use->inner.get(use->inner.self, id, record, len);
    if (status == APR_SUCCESS && *len > 0 && *len <= MSD_STORE_SHORT_MAX) {
        write_slot(use, id, count, record, *len);
    }
    return status;
}

/* Counted after the write too: a copy that was fetched between is not good. */
static void count_write(msd_nearstore_use_t *use, const unsigned char *id)
{
    atomic_fetch_add_explicit(find_counter(use->near, id), 1,
                              memory_order_acq_rel);
}

static apr_status_t near_put(void *self, const unsigned char *id,
                             const unsigned char *record, apr_size_t len,
                             uint64_t ttl_ms)
{
    msd_nearstore_use_t *use = self;
    apr_status_t status =
        use->inner.put(use->inner.self, id, record, len, ttl_ms);

    count_write(use, id);
    return status;
}

static apr_status_t near_revoke(void *self, const unsigned char *id,
                                uint64_t ttl_ms)
{
    msd_nearstore_use_t *use = self;
    apr_status_t status = use->inner.revoke(use->inner.self, id, ttl_ms);

    count_write(use, id);
    return status;
}

msd_store_t msd_nearstore_store(msd_nearstore_use_t *use,
                                msd_nearstore_t *near, msd_store_t inner,
                                uint64_t now_ms)
{
    if (near == NULL) {
        return inner;
    }
    use->near = near;
    use->inner = inner;
    use->now_ms = now_ms;
    return (msd_store_t){ use, near_get, near_put, near_revoke };
}
