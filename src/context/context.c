/* SPDX-License-Identifier: Apache-2.0 */
/* The security context: what is remembered of a proven first answer. */
#include "context/context.h"

#include <string.h>

#include <apr_siphash.h>

/*
 * Record, big-endian:
 *
 *     version 1 | hash 1 | flags 1 | scope mark 8 | proven 8 | kept 8
 *     | length of wire name 2 | length of user 2 (0: the same as the wire name)
 *     | trust 4, if limited
 *     | base key, if any | session mark 8 and session key, if any
 *     | wire name | user | length of groups 2 and groups, if any
 */
#define VERSION 3
#define HAS_BASE_KEY 1
#define HAS_SESSION_KEY 2
#define HAS_GROUPS 4
#define HAS_TRUST 8
#define FIXED_SIZE 31
#define TRUST_SIZE 4u
#define SESSION_MARK_SIZE 8
#define GROUPS_LENGTH_SIZE 2

static void put_number(unsigned char **at, uint64_t value, int size)
{
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
        *(*at)++ = (unsigned char)(value >> shift);
    }
}

static uint64_t take_number(const unsigned char **at, int size)
{
    uint64_t value = 0;

    while (size-- > 0) {
        value = value << 8 | *(*at)++;
    }
    return value;
}

static void put_bytes(unsigned char **at, const void *bytes, apr_size_t n)
{
    if (n > 0) {
        memcpy(*at, bytes, n);
        *at += n;
    }
}

static msd_text_t take_text(const unsigned char **at, apr_size_t n)
{
    msd_text_t text = { (const char *)*at, n };

    *at += n;
    return text;
}

static unsigned flags_of(const msd_context_t *context)
{
    return (context->has_base_key ? HAS_BASE_KEY : 0u)
           | (context->has_session_key ? HAS_SESSION_KEY : 0u)
           | (context->groups.len > 0 ? HAS_GROUPS : 0u)
           | (context->trust_s > 0 ? HAS_TRUST : 0u);
}

/* A record stays short unless it has groups, for which there is own room. */
static bool is_encodable(const msd_context_t *context, apr_size_t user_len)
{
    apr_size_t key = msd_hash_size(context->hash);

    return context->wire_name.len <= MSD_STORE_SHORT_MAX
           && user_len <= MSD_STORE_SHORT_MAX
           && FIXED_SIZE + TRUST_SIZE + 2 * key + SESSION_MARK_SIZE
                      + GROUPS_LENGTH_SIZE + context->wire_name.len + user_len
                  <= MSD_STORE_SHORT_MAX
           && context->groups.len <= MSD_GROUPS_MAX;
}

apr_size_t msd_context_encode(const msd_context_t *context,
                              unsigned char *record)
{
    apr_size_t key = msd_hash_size(context->hash);
    bool same = msd_text_equal(context->wire_name, context->user);
    /* A user of no length would read back as the wire name. */
    apr_size_t user_len = same                     ? 0
                          : context->user.len == 0 ? MSD_STORE_RECORD_MAX
                                                   : context->user.len;
    unsigned char *at = record;

    if (!is_encodable(context, user_len)) {
        return 0;
    }
    put_number(&at, VERSION, 1);
    put_number(&at, context->hash, 1);
    put_number(&at, flags_of(context), 1);
    put_number(&at, context->scope_mark, 8);
    put_number(&at, context->proven_ms, 8);
    put_number(&at, context->kept_ms, 8);
    put_number(&at, context->wire_name.len, 2);
    put_number(&at, user_len, 2);
    if (context->trust_s > 0) {
        put_number(&at, context->trust_s, (int)TRUST_SIZE);
    }
    put_bytes(&at, context->base_key, context->has_base_key ? key : 0);
    if (context->has_session_key) {
        put_number(&at, context->session_mark, SESSION_MARK_SIZE);
        put_bytes(&at, context->session_key, key);
    }
    put_bytes(&at, context->wire_name.data, context->wire_name.len);
    put_bytes(&at, context->user.data, user_len);
    if (context->groups.len > 0) {
        put_number(&at, context->groups.len, GROUPS_LENGTH_SIZE);
        put_bytes(&at, context->groups.data, context->groups.len);
    }
    return (apr_size_t)(at - record);
}

static void take_key(const unsigned char **at, bool present, apr_size_t size,
                     unsigned char *key)
{
    if (present) {
        memcpy(key, *at, size);
        *at += size;
    }
}

/* The end of a record: groups, when the flags say so. */
static bool take_groups(const unsigned char *at, apr_size_t left,
                        unsigned flags, msd_text_t *groups)
{
    *groups = (msd_text_t){ NULL, 0 };
    if ((flags & HAS_GROUPS) == 0) {
        return left == 0;
    }
    if (left <= GROUPS_LENGTH_SIZE) {
        return false;
    }
    left -= GROUPS_LENGTH_SIZE;
    if (take_number(&at, GROUPS_LENGTH_SIZE) != left) {
        return false;
    }
    *groups = take_text(&at, left);
    return true;
}

bool msd_context_decode(const unsigned char *record, apr_size_t len,
                        msd_context_t *out)
{
    const unsigned char *at = record;
    apr_size_t key;
    apr_size_t wire_len;
    apr_size_t user_len;
    apr_size_t size;
    unsigned flags;

    if (len < FIXED_SIZE || record[0] != VERSION
        || record[1] >= MSD_HASH_COUNT) {
        return false;
    }
    at += 1;
    out->hash = (msd_hash_id_t)take_number(&at, 1);
    flags = (unsigned)take_number(&at, 1);
    out->scope_mark = take_number(&at, 8);
    out->proven_ms = take_number(&at, 8);
    out->kept_ms = take_number(&at, 8);
    wire_len = (apr_size_t)take_number(&at, 2);
    user_len = (apr_size_t)take_number(&at, 2);
    out->has_base_key = (flags & HAS_BASE_KEY) != 0;
    out->has_session_key = (flags & HAS_SESSION_KEY) != 0;
    key = msd_hash_size(out->hash);
    size = FIXED_SIZE + ((flags & HAS_TRUST) != 0 ? TRUST_SIZE : 0)
           + (out->has_base_key ? key : 0)
           + (out->has_session_key ? SESSION_MARK_SIZE + key : 0) + wire_len
           + user_len;
    if (len < size
        || !take_groups(record + size, len - size, flags, &out->groups)) {
        return false;
    }
    out->trust_s = (flags & HAS_TRUST) != 0
                       ? (uint32_t)take_number(&at, (int)TRUST_SIZE)
                       : 0;
    take_key(&at, out->has_base_key, key, out->base_key);
    out->session_mark = out->has_session_key
                            ? take_number(&at, SESSION_MARK_SIZE)
                            : 0;
    take_key(&at, out->has_session_key, key, out->session_key);
    out->wire_name = take_text(&at, wire_len);
    out->user = user_len > 0 ? take_text(&at, user_len) : out->wire_name;
    return true;
}

uint64_t msd_context_mark(msd_text_t text, const unsigned char *key)
{
    return apr_siphash24(text.data, text.len, key);
}

msd_context_state_t msd_context_load(const msd_store_t *store,
                                     const unsigned char *id,
                                     unsigned char *record, apr_size_t *len,
                                     msd_context_t *out)
{
    apr_status_t status;

    *len = 0;
    status = store->get(store->self, id, record, len);
    /* A store that is broken is a store that has nothing: the worst that
     * follows is a trip to the authority.  But one that says so is waited for:
     * else the authority would bear what it bears. */
    if (status != APR_SUCCESS) {
        *len = 0;
        return status == MSD_STORE_UNAVAILABLE ? MSD_CONTEXT_UNAVAILABLE
                                               : MSD_CONTEXT_NONE;
    }
    if (*len == 0) {
        return MSD_CONTEXT_REVOKED;
    }
    return msd_context_decode(record, *len, out) ? MSD_CONTEXT_FOUND
                                                : MSD_CONTEXT_NONE;
}

apr_status_t msd_context_save(const msd_store_t *store,
                              const unsigned char *id,
                              const msd_context_t *context, uint64_t ttl_ms)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    apr_size_t len = msd_context_encode(context, record);
    apr_status_t status = APR_ENOSPC;

    if (len > 0) {
        status = store->put(store->self, id, record, len, ttl_ms);
    }
    msd_wipe(record, len);
    return status;
}
