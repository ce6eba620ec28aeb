/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that this process has verified: HMAC runs once for each. */
#include "context/noncecache.h"

#include <stdatomic.h>
#include <string.h>

#define ENTRIES 1024

#define WORDS(size) ((size) / sizeof(uint64_t))

/* What is remembered of one nonce. */
typedef struct {
    uint64_t text[WORDS(MSD_NONCE_LENGTH)];     /* as sent */
    uint64_t mark;
    msd_nonce_t nonce;
} entry_t;

_Static_assert(sizeof(entry_t) % sizeof(uint64_t) == 0,
               "an entry is whole words");

/* A sequence lock: odd while a writer is at work.  Readers that meet one, or
 * whose words changed under them, take the entry for empty. */
typedef struct {
    _Atomic(uint64_t) sequence;
    _Atomic(uint64_t) words[WORDS(sizeof(entry_t))];
} slot_t;

struct msd_noncecache_t {
    slot_t slots[ENTRIES];
};

msd_noncecache_t *msd_noncecache_create(apr_pool_t *pool)
{
    return apr_pcalloc(pool, sizeof(msd_noncecache_t));
}

/* The random part of a nonce, whoever made it, spreads the nonces. */
static slot_t *find_slot(msd_noncecache_t *cache, msd_text_t text)
{
    uint32_t spread;

    memcpy(&spread, text.data + MSD_NONCE_LENGTH / 4, sizeof(spread));
    return &cache->slots[(spread * UINT32_C(0x9e3779b1)) >> 22];
}

_Static_assert(ENTRIES == 1 << 10, "ten bits choose a slot");

static bool read_slot(slot_t *slot, entry_t *entry)
{
    uint64_t words[WORDS(sizeof(entry_t))];
    uint64_t before = atomic_load_explicit(&slot->sequence,
                                           memory_order_acquire);

    for (apr_size_t i = 0; i < WORDS(sizeof(entry_t)); i++) {
        words[i] = atomic_load_explicit(&slot->words[i], memory_order_relaxed);
    }
    atomic_thread_fence(memory_order_acquire);
    memcpy(entry, words, sizeof(*entry));
    return before != 0 && (before & 1) == 0
           && atomic_load_explicit(&slot->sequence, memory_order_relaxed)
                  == before;
}

static void write_slot(slot_t *slot, const entry_t *entry)
{
    uint64_t words[WORDS(sizeof(entry_t))];
    uint64_t before = atomic_load_explicit(&slot->sequence,
                                           memory_order_relaxed);

    if ((before & 1) != 0
        || !atomic_compare_exchange_strong_explicit(
            &slot->sequence, &before, before + 1, memory_order_acquire,
            memory_order_relaxed)) {
        return;     /* somebody else writes here: let it */
    }
    atomic_thread_fence(memory_order_release);
    memcpy(words, entry, sizeof(words));
    for (apr_size_t i = 0; i < WORDS(sizeof(entry_t)); i++) {
        atomic_store_explicit(&slot->words[i], words[i],
                              memory_order_relaxed);
    }
    atomic_store_explicit(&slot->sequence, before + 2, memory_order_release);
}

/* In constant time, as the tag is in the text; by words, as this is on the
 * path of every request. */
static bool is_text(const entry_t *entry, msd_text_t text)
{
    uint64_t words[WORDS(MSD_NONCE_LENGTH)];
    uint64_t difference = 0;

    memcpy(words, text.data, sizeof(words));
    for (apr_size_t i = 0; i < WORDS(MSD_NONCE_LENGTH); i++) {
        difference |= words[i] ^ entry->text[i];
    }
    return difference == 0;
}

static bool find(msd_noncecache_t *cache, uint64_t mark, msd_text_t text,
                 msd_nonce_t *out)
{
    entry_t entry;

    if (cache == NULL || text.len != MSD_NONCE_LENGTH
        || !read_slot(find_slot(cache, text), &entry) || entry.mark != mark
        || !is_text(&entry, text)) {
        return false;
    }
    *out = entry.nonce;
    return true;
}

bool msd_noncecache_find(msd_noncecache_t *cache, uint64_t mark,
                         msd_text_t text, msd_nonce_t *out)
{
    return find(cache, mark, text, out);
}

bool msd_noncecache_open(msd_noncecache_t *cache, msd_hmac_t *key,
                         msd_text_t scope, uint64_t mark, msd_text_t text,
                         msd_nonce_t *out)
{
    entry_t entry;

    if (find(cache, mark, text, out)) {
        return true;
    }
    if (!msd_nonce_open(key, scope, text, out)) {
        return false;
    }
    if (cache != NULL) {
        memcpy(entry.text, text.data, MSD_NONCE_LENGTH);
        entry.mark = mark;
        entry.nonce = *out;
        write_slot(find_slot(cache, text), &entry);
    }
    return true;
}
