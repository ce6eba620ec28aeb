/* SPDX-License-Identifier: Apache-2.0 */
/* Context records: what was written is read, and nothing else is. */
#include "unit.h"

#include <stdlib.h>

#include "context/context.h"

static msd_context_t sample(msd_hash_id_t hash, bool base, bool session)
{
    msd_context_t context = {
        .wire_name = MSD_TEXT("DOM\\\\ann"),
        .user = MSD_TEXT("DOM\\ann"),
        .scope_mark = UINT64_C(0x0123456789abcdef),
        .hash = hash,
        .proven_ms = UINT64_C(0x1122334455667788),
        .kept_ms = UINT64_C(0x8877665544332211),
        .has_base_key = base,
        .has_session_key = session,
        .session_mark = UINT64_C(0xfedcba9876543210),
    };

    for (int i = 0; i < MSD_HASH_MAX; i++) {
        context.base_key[i] = (unsigned char)(0xb0 + i);
        context.session_key[i] = (unsigned char)(0x50 + i);
    }
    return context;
}

static void assert_same(const msd_context_t *a, const msd_context_t *b)
{
    apr_size_t key = msd_hash_size(a->hash);

    ck_assert_str_eq(unit_string(a->wire_name), unit_string(b->wire_name));
    ck_assert_str_eq(unit_string(a->user), unit_string(b->user));
    ck_assert_str_eq(unit_string(a->groups), unit_string(b->groups));
    ck_assert_uint_eq(a->trust_s, b->trust_s);
    ck_assert_uint_eq(a->scope_mark, b->scope_mark);
    ck_assert_int_eq(a->hash, b->hash);
    ck_assert_uint_eq(a->proven_ms, b->proven_ms);
    ck_assert_uint_eq(a->kept_ms, b->kept_ms);
    ck_assert_int_eq(a->has_base_key, b->has_base_key);
    ck_assert_int_eq(a->has_session_key, b->has_session_key);
    if (a->has_base_key) {
        ck_assert_mem_eq(a->base_key, b->base_key, key);
    }
    if (a->has_session_key) {
        ck_assert_mem_eq(a->session_key, b->session_key, key);
        ck_assert_uint_eq(a->session_mark, b->session_mark);
    }
}

static bool decode_bytes(const unsigned char *bytes, apr_size_t n,
                         msd_context_t *out)
{
    msd_text_t exact = unit_exact((const char *)bytes, n);

    return msd_context_decode((const unsigned char *)exact.data, n, out);
}

/* All bytes that a decoded context points to can be read. */
static void touch(const msd_context_t *context, const char *where)
{
    unsigned sum = 0;

    for (apr_size_t i = 0; i < context->wire_name.len; i++) {
        sum += (unsigned char)context->wire_name.data[i];
    }
    for (apr_size_t i = 0; i < context->user.len; i++) {
        sum += (unsigned char)context->user.data[i];
    }
    for (apr_size_t i = 0; i < context->groups.len; i++) {
        sum += (unsigned char)context->groups.data[i];
    }
    ck_assert_msg(sum < 256u * 2 * MSD_STORE_RECORD_MAX, "%s", where);
}

START_TEST(context_comes_back_as_it_was_kept)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t context = sample((msd_hash_id_t)(_i / 4), (_i & 1) != 0,
                                   (_i & 2) != 0);
    msd_context_t read;
    apr_size_t bare = msd_context_encode(&context, record);
    apr_size_t n;

    ck_assert_uint_gt(bare, 0);
    memset(&read, 0x77, sizeof(read));
    ck_assert(decode_bytes(record, bare, &read));
    assert_same(&context, &read);
    context.groups = MSD_TEXT("staff,b");
    context.trust_s = 77;
    n = msd_context_encode(&context, record);
    ck_assert_uint_eq(n, bare + 4 + 2 + 7);
    ck_assert_uint_gt(n, 0);
    memset(&read, 0x77, sizeof(read));
    ck_assert(decode_bytes(record, n, &read));
    assert_same(&context, &read);
}
END_TEST

START_TEST(user_of_the_same_name_takes_no_room)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t context = sample(MSD_HASH_MD5, true, true);
    msd_context_t read;
    apr_size_t with_user = msd_context_encode(&context, record);
    apr_size_t n;

    context.user = context.wire_name;
    n = msd_context_encode(&context, record);
    ck_assert_uint_eq(n, with_user - 7);
    ck_assert(decode_bytes(record, n, &read));
    assert_same(&context, &read);
}
END_TEST

START_TEST(empty_names_are_kept)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t context = sample(MSD_HASH_MD5, true, false);
    msd_context_t read;
    apr_size_t n;

    context.wire_name = (msd_text_t){ NULL, 0 };
    n = msd_context_encode(&context, record);
    ck_assert(decode_bytes(record, n, &read));
    assert_same(&context, &read);
    context.user = (msd_text_t){ NULL, 0 };
    n = msd_context_encode(&context, record);
    ck_assert(decode_bytes(record, n, &read));
    assert_same(&context, &read);
}
END_TEST

START_TEST(shortest_user_is_kept)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t context = sample(MSD_HASH_MD5, true, true);
    msd_context_t read;
    apr_size_t n;

    context.user = MSD_TEXT("a");
    n = msd_context_encode(&context, record);
    ck_assert(decode_bytes(record, n, &read));
    assert_same(&context, &read);
}
END_TEST

START_TEST(record_with_bytes_missing_or_added_is_refused)
{
    unsigned char record[MSD_STORE_RECORD_MAX + 1] = { 0 };
    msd_context_t context = sample(MSD_HASH_SHA256, true, true);
    msd_context_t read;
    apr_size_t whole;

    context.groups = _i == 0 ? MSD_TEXT("") : MSD_TEXT("staff,b");
    context.trust_s = _i == 0 ? 0 : 5;
    whole = msd_context_encode(&context, record);
    for (apr_size_t n = 0; n <= MSD_STORE_SHORT_MAX; n++) {
        ck_assert_msg(decode_bytes(record, n, &read) == (n == whole),
                      "%d bytes of %d", (int)n, (int)whole);
    }
}
END_TEST

START_TEST(record_with_a_changed_byte_is_never_read_past_its_end)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t context = sample(MSD_HASH_SHA256, true, true);
    apr_size_t n;
    char *exact;

    context.groups = _i == 0 ? MSD_TEXT("") : MSD_TEXT("staff,b");
    context.trust_s = _i == 0 ? 0 : 5;
    n = msd_context_encode(&context, record);
    exact = malloc(n);
    ck_assert_ptr_nonnull(exact);
    for (apr_size_t i = 0; i < n; i++) {
        for (int value = 0; value < 256; value++) {
            msd_context_t read;

            memcpy(exact, record, n);
            exact[i] = (char)value;
            if (msd_context_decode((unsigned char *)exact, n, &read)) {
                touch(&read, "changed byte");
                ck_assert(read.hash < MSD_HASH_COUNT);
            }
        }
    }
    free(exact);
}
END_TEST

/* Those bytes decide where the rest stands: no other value is sane. */
START_TEST(changed_shape_is_refused)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t context = sample(MSD_HASH_SHA256, true, true);
    apr_size_t n = msd_context_encode(&context, record);
    /* version, hash, flags, and both lengths */
    static const int at[] = { 0, 2, 27, 28, 29, 30 };

    for (int i = 0; i < UNIT_COUNT(at); i++) {
        msd_context_t read;

        record[at[i]] ^= 1;
        ck_assert_msg(!decode_bytes(record, n, &read), "byte %d", at[i]);
        record[at[i]] ^= 1;
    }
    for (int hash = MSD_HASH_COUNT; hash < 256; hash++) {
        msd_context_t read;

        record[1] = (unsigned char)hash;
        ck_assert_msg(!decode_bytes(record, n, &read), "hash %d", hash);
    }
}
END_TEST

START_TEST(two_changed_lengths_cannot_make_up_for_each_other)
{
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t context = sample(MSD_HASH_MD5, true, true);
    msd_context_t read;
    apr_size_t n = msd_context_encode(&context, record);

    record[27] = 0xff;
    record[28] = 0xff;
    record[29] = 0xff;
    record[30] = 0xff;
    ck_assert(!decode_bytes(record, n, &read));
    ck_assert(!decode_bytes(record, MSD_STORE_RECORD_MAX, &read));
}
END_TEST

START_TEST(names_that_do_not_fit_are_refused)
{
    unsigned char *record = malloc(MSD_STORE_RECORD_MAX);
    char *name = apr_palloc(unit_pool, 70000);
    apr_size_t longest = 0;

    ck_assert_ptr_nonnull(record);
    memset(name, 'x', 70000);
    for (apr_size_t n = 0; n <= 1100; n++) {
        msd_context_t context = sample(MSD_HASH_SHA256, true, true);
        apr_size_t len;

        context.wire_name = (msd_text_t){ name, n / 2 };
        context.user = (msd_text_t){ name, n - n / 2 };
        len = msd_context_encode(&context, record);
        ck_assert_uint_le(len, MSD_STORE_SHORT_MAX);
        longest = len > longest ? len : longest;
    }
    /* Bytes are kept for the trust and the length of groups. */
    ck_assert_uint_ge(longest, MSD_STORE_SHORT_MAX - 7);
    for (int i = 0; i < 4; i++) {
        static const apr_size_t sizes[] = { 512, 513, 65536, 70000 };
        msd_context_t context = sample(MSD_HASH_MD5, false, false);

        context.wire_name = (msd_text_t){ name, sizes[i] };
        ck_assert_uint_eq(msd_context_encode(&context, record), 0);
        context = sample(MSD_HASH_MD5, false, false);
        context.user = (msd_text_t){ name, sizes[i] };
        ck_assert_uint_eq(msd_context_encode(&context, record), 0);
    }
    free(record);
}
END_TEST

START_TEST(groups_have_room_of_their_own)
{
    unsigned char *record = malloc(MSD_STORE_RECORD_MAX);
    char *text = apr_palloc(unit_pool, MSD_GROUPS_MAX + 1);
    apr_size_t longest = 0;

    ck_assert_ptr_nonnull(record);
    memset(text, 'x', MSD_GROUPS_MAX + 1);
    for (apr_size_t n = 1; n < MSD_STORE_SHORT_MAX; n++) {
        msd_context_t context = sample(MSD_HASH_SHA256, true, true);
        msd_context_t read;
        apr_size_t len;

        context.wire_name = (msd_text_t){ text, n };
        context.groups = (msd_text_t){ text, MSD_GROUPS_MAX };
        context.trust_s = 1;
        len = msd_context_encode(&context, record);
        ck_assert(len == 0 || decode_bytes(record, len, &read));
        longest = len > longest ? len : longest;
        context.groups.len++;
        ck_assert_uint_eq(msd_context_encode(&context, record), 0);
    }
    ck_assert_uint_eq(longest, MSD_STORE_RECORD_MAX);
    free(record);
}
END_TEST

/* ---- Load and save through a store */

static struct {
    apr_status_t status;
    unsigned char record[MSD_STORE_RECORD_MAX];
    apr_size_t len;
    uint64_t ttl_ms;
    int puts;
} kept;

static const unsigned char id[MSD_CONTEXT_ID_SIZE] = { 1, 2, 3 };

static apr_status_t get(void *self, const unsigned char *wanted,
                        unsigned char *record, apr_size_t *len)
{
    ck_assert_ptr_eq(self, &kept);
    ck_assert_mem_eq(wanted, id, sizeof(id));
    if (kept.status == APR_SUCCESS) {
        memcpy(record, kept.record, kept.len);
        *len = kept.len;
    }
    return kept.status;
}

static apr_status_t put(void *self, const unsigned char *wanted,
                        const unsigned char *record, apr_size_t len,
                        uint64_t ttl_ms)
{
    ck_assert_ptr_eq(self, &kept);
    ck_assert_mem_eq(wanted, id, sizeof(id));
    kept.puts++;
    memcpy(kept.record, record, len);
    kept.len = len;
    kept.ttl_ms = ttl_ms;
    return kept.status;
}

static const msd_store_t store = { &kept, get, put, NULL };

START_TEST(store_keeps_and_gives_a_context)
{
    msd_context_t context = sample(MSD_HASH_SHA256, true, true);
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_context_t read;
    apr_size_t len;

    memset(&kept, 0, sizeof(kept));
    ck_assert_int_eq(msd_context_save(&store, id, &context, 4711),
                     APR_SUCCESS);
    ck_assert_uint_eq(kept.ttl_ms, 4711);
    ck_assert_int_eq(msd_context_load(&store, id, record, &len, &read),
                     MSD_CONTEXT_FOUND);
    assert_same(&context, &read);
    ck_assert_uint_eq(len, kept.len);
    kept.record[0] ^= 1;
    ck_assert_int_eq(msd_context_load(&store, id, record, &len, &read),
                     MSD_CONTEXT_NONE);
    kept.len = 0;
    ck_assert_int_eq(msd_context_load(&store, id, record, &len, &read),
                     MSD_CONTEXT_REVOKED);
}
END_TEST

START_TEST(store_that_fails_has_nothing)
{
    static const apr_status_t states[] = { APR_NOTFOUND, APR_EGENERAL,
                                           APR_ENOMEM, APR_TIMEUP };
    msd_context_t context = sample(MSD_HASH_MD5, true, true);
    unsigned char record[MSD_STORE_RECORD_MAX];
    apr_size_t len;

    for (int i = 0; i < UNIT_COUNT(states); i++) {
        memset(&kept, 0, sizeof(kept));
        kept.status = states[i];
        ck_assert_int_eq(msd_context_load(&store, id, record, &len, &context),
                         MSD_CONTEXT_NONE);
        ck_assert_int_eq(msd_context_save(&store, id, &context, 1), states[i]);
    }
}
END_TEST

START_TEST(context_too_long_is_not_put)
{
    msd_context_t context = sample(MSD_HASH_MD5, true, true);
    char name[600];

    memset(&kept, 0, sizeof(kept));
    memset(name, 'x', sizeof(name));
    context.wire_name = (msd_text_t){ name, sizeof(name) };
    ck_assert_int_eq(msd_context_save(&store, id, &context, 1), APR_ENOSPC);
    ck_assert_int_eq(kept.puts, 0);
}
END_TEST

START_TEST(mark_depends_on_text_and_key)
{
    unsigned char key[MSD_USER_KEY_SIZE] = { 1 };
    uint64_t mark = msd_context_mark(MSD_TEXT("scope"), key);

    ck_assert_uint_eq(msd_context_mark(MSD_TEXT("scope"), key), mark);
    ck_assert_uint_ne(msd_context_mark(MSD_TEXT("scopf"), key), mark);
    ck_assert_uint_ne(msd_context_mark(MSD_TEXT("scope "), key), mark);
    key[15] = 1;
    ck_assert_uint_ne(msd_context_mark(MSD_TEXT("scope"), key), mark);
}
END_TEST

/* SipHash-2-4 of 00..0e with key 00..0f: appendix A of the SipHash paper. */
START_TEST(mark_is_siphash)
{
    unsigned char key[MSD_USER_KEY_SIZE];
    char text[15];

    for (int i = 0; i < 16; i++) {
        key[i] = (unsigned char)i;
    }
    for (int i = 0; i < 15; i++) {
        text[i] = (char)i;
    }
    ck_assert_uint_eq(msd_context_mark((msd_text_t){ text, 15 }, key),
                      UINT64_C(0xa129ca6149be45e5));
}
END_TEST

Suite *suite_context(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("context", &tcase);

    tcase_add_loop_test(tcase, context_comes_back_as_it_was_kept, 0,
                        4 * MSD_HASH_COUNT);
    tcase_add_test(tcase, user_of_the_same_name_takes_no_room);
    tcase_add_test(tcase, empty_names_are_kept);
    tcase_add_test(tcase, shortest_user_is_kept);
    tcase_add_loop_test(tcase, record_with_bytes_missing_or_added_is_refused,
                        0, 2);
    tcase_add_loop_test(tcase,
                        record_with_a_changed_byte_is_never_read_past_its_end,
                        0, 2);
    tcase_add_test(tcase, changed_shape_is_refused);
    tcase_add_test(tcase, two_changed_lengths_cannot_make_up_for_each_other);
    tcase_add_test(tcase, names_that_do_not_fit_are_refused);
    tcase_add_test(tcase, groups_have_room_of_their_own);
    tcase_add_test(tcase, store_keeps_and_gives_a_context);
    tcase_add_test(tcase, store_that_fails_has_nothing);
    tcase_add_test(tcase, context_too_long_is_not_put);
    tcase_add_test(tcase, mark_depends_on_text_and_key);
    tcase_add_test(tcase, mark_is_siphash);
    return suite;
}
