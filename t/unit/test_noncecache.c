/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of verified nonces: it answers as msd_nonce_open does, always. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "context/noncecache.h"

#define THREADS 8
#define NONCES 4000 /* some times as many as there are places */

static msd_hmac_t *key;
static msd_noncecache_t *cache;
static const msd_text_t scope = MSD_TEXT("scope");
static const uint64_t scope_mark = 1111;

static void set_up(void)
{
    unsigned char bytes[MSD_HMAC_SIZE] = { 1 };

    key = msd_hmac_create(unit_pool, bytes);
    ck_assert_ptr_nonnull(key);
    cache = msd_noncecache_create(unit_pool);
}

static void mint(uint32_t number, char *out)
{
    unsigned char random[MSD_NONCE_RANDOM_SIZE] = { 0 };
    unsigned char id[MSD_CONTEXT_ID_SIZE] = { 0 };
    uint32_t mixed = number * 2654435761u;

    memcpy(random, &mixed, sizeof(mixed));
    memcpy(random + 4, &mixed, sizeof(mixed));
    memcpy(id, &number, sizeof(number));
    ck_assert_int_eq(msd_nonce_mint(key, scope, number, random, id, out),
                     APR_SUCCESS);
}

static bool open_text(msd_text_t text, msd_nonce_t *out)
{
    return msd_noncecache_open(cache, key, scope, scope_mark, text, out);
}

/* Whether the cache says what the nonce itself says. */
static bool agrees(const char *text, apr_size_t n)
{
    msd_text_t exact = { text, n };
    msd_nonce_t plain = { .minted_ms = 1 };
    msd_nonce_t cached = { .minted_ms = 1 };
    bool is_plain = msd_nonce_open(key, scope, exact, &plain);
    bool is_cached = open_text(exact, &cached);

    return is_plain == is_cached && plain.minted_ms == cached.minted_ms
           && memcmp(plain.context_id, cached.context_id, MSD_CONTEXT_ID_SIZE)
                  == 0
           && memcmp(plain.mark, cached.mark, MSD_NONCE_MARK_SIZE) == 0;
}

START_TEST(nonce_is_the_same_from_the_cache)
{
    for (uint32_t i = 0; i < NONCES; i++) {
        char text[MSD_NONCE_LENGTH + 1];

        mint(i, text);
        for (int again = 0; again < 3; again++) {
            ck_assert_msg(agrees(text, MSD_NONCE_LENGTH), "number %u", i);
        }
    }
    for (uint32_t i = 0; i < NONCES; i++) {
        char text[MSD_NONCE_LENGTH + 1];

        mint(i, text);
        ck_assert_msg(agrees(text, MSD_NONCE_LENGTH), "number %u, later", i);
    }
}
END_TEST

START_TEST(nonce_is_found_without_its_key)
{
    unsigned char bytes[MSD_HMAC_SIZE] = { 2 };
    msd_hmac_t *other = msd_hmac_create(unit_pool, bytes);
    char text[MSD_NONCE_LENGTH + 1];
    msd_nonce_t nonce;

    mint(7, text);
    ck_assert(!msd_noncecache_open(cache, other, scope, scope_mark,
                                   msd_text_of(text), &nonce));
    ck_assert(open_text(msd_text_of(text), &nonce));
    /* HMAC is not computed again: it is the reason for the cache. */
    ck_assert(msd_noncecache_open(cache, other, scope, scope_mark,
                                  msd_text_of(text), &nonce));
    ck_assert_uint_eq(nonce.minted_ms, 7);
}
END_TEST

START_TEST(changed_nonce_is_not_found)
{
    char text[MSD_NONCE_LENGTH + 1];
    msd_nonce_t nonce;

    mint(7, text);
    ck_assert(open_text(msd_text_of(text), &nonce));
    for (int i = 0; i < MSD_NONCE_LENGTH; i++) {
        char was = text[i];

        text[i] = was == 'A' ? 'B' : 'A';
        ck_assert_msg(!open_text(msd_text_of(text), &nonce), "character %d",
                      i);
        text[i] = was;
        ck_assert(open_text(msd_text_of(text), &nonce));
    }
}
END_TEST

START_TEST(nonce_of_another_length_is_not_found)
{
    char text[2 * MSD_NONCE_LENGTH + 1];
    msd_nonce_t nonce;

    memset(text, 'A', sizeof(text));
    mint(7, text);
    ck_assert(open_text((msd_text_t){ text, MSD_NONCE_LENGTH }, &nonce));
    for (apr_size_t n = 0; n < sizeof(text); n++) {
        ck_assert_msg(open_text(unit_exact(text, n), &nonce)
                          == (n == MSD_NONCE_LENGTH),
                      "%d characters", (int)n);
    }
}
END_TEST

START_TEST(scope_is_part_of_what_is_found)
{
    const msd_text_t other = MSD_TEXT("other scope");
    char text[MSD_NONCE_LENGTH + 1];
    msd_nonce_t nonce;

    mint(7, text);
    ck_assert(open_text(msd_text_of(text), &nonce));
    ck_assert(!msd_noncecache_open(cache, key, other, 2222, msd_text_of(text),
                                   &nonce));
    ck_assert(open_text(msd_text_of(text), &nonce));
}
END_TEST

START_TEST(without_a_cache_each_nonce_is_verified)
{
    char text[MSD_NONCE_LENGTH + 1];

    mint(7, text);
    cache = NULL;
    ck_assert(agrees(text, MSD_NONCE_LENGTH));
    text[3] = text[3] == 'A' ? 'B' : 'A';
    ck_assert(agrees(text, MSD_NONCE_LENGTH));
}
END_TEST

START_TEST(empty_cache_knows_no_nonce)
{
    char zeros[MSD_NONCE_LENGTH] = { 0 };
    msd_nonce_t nonce;

    ck_assert(!msd_noncecache_open(
        cache, key, scope, 0, (msd_text_t){ zeros, sizeof(zeros) }, &nonce));
}
END_TEST

static atomic_int wrong;

static void *work(void *data)
{
    uint32_t number = (uint32_t)(uintptr_t)data;

    /* All threads the same nonces, in other orders, so that they meet. */
    for (uint32_t i = 0; i < NONCES; i++) {
        char text[MSD_NONCE_LENGTH + 1];

        mint((i * 7 + number * 3) % 1500, text);
        if (!agrees(text, MSD_NONCE_LENGTH)) {
            atomic_fetch_add(&wrong, 1);
        }
    }
    return NULL;
}

START_TEST(threads_find_whole_nonces)
{
    pthread_t threads[THREADS];

    atomic_store(&wrong, 0);
    for (uintptr_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, (void *)i),
                         0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(atomic_load(&wrong), 0);
}
END_TEST

Suite *suite_noncecache(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("noncecache", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, nonce_is_the_same_from_the_cache);
    tcase_add_test(tcase, nonce_is_found_without_its_key);
    tcase_add_test(tcase, changed_nonce_is_not_found);
    tcase_add_test(tcase, nonce_of_another_length_is_not_found);
    tcase_add_test(tcase, scope_is_part_of_what_is_found);
    tcase_add_test(tcase, without_a_cache_each_nonce_is_verified);
    tcase_add_test(tcase, empty_cache_knows_no_nonce);
    tcase_add_test(tcase, threads_find_whole_nonces);
    return suite;
}
