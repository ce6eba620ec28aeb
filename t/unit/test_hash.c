/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and keyed hashes: known values, every length, many threads. */
#include "unit.h"

#include <pthread.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hash.h"

#define THREADS 16
#define RUNS 500

static msd_hasher_t *hasher;

static void make_hasher(void)
{
    hasher = msd_hasher_create(unit_pool);
}

static const char *hash(msd_hash_id_t id, const msd_text_t *parts, int n)
{
    unsigned char out[MSD_HASH_MAX];

    ck_assert_int_eq(msd_hash_joined(hasher, id, parts, n, out), APR_SUCCESS);
    return unit_hex(out, msd_hash_size(id));
}

/* The same without our code between: OpenSSL over the joined text. */
static const char *hash_plainly(msd_hash_id_t id, const char *text,
                                apr_size_t n)
{
    static const char *const names[] = { "MD5", "SHA256", "SHA512-256" };
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    ck_assert_int_eq(
        EVP_Digest(text, n, out, &len, EVP_get_digestbyname(names[id]), NULL),
        1);
    ck_assert_uint_eq(len, msd_hash_size(id));
    return unit_hex(out, len);
}

START_TEST(hashes_of_abc)
{
    static const struct {
        msd_hash_id_t id;
        apr_size_t size;
        const char *hash;
    } rows[] = {
        { MSD_HASH_MD5, 16, "900150983cd24fb0d6963f7d28e17f72" },
        { MSD_HASH_SHA256, 32,
          "ba7816bf8f01cfea414140de5dae2223"
          "b00361a396177a9cb410ff61f20015ad" },
        { MSD_HASH_SHA512_256, 32,
          "53048e2681941ef99b2e29b76b4c7dab"
          "e4c2d0c634fc6d46e0e2f13107e7af23" },
    };
    const msd_text_t abc = MSD_TEXT("abc");

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        ck_assert(msd_hasher_has(hasher, rows[i].id));
        ck_assert_uint_eq(msd_hash_size(rows[i].id), rows[i].size);
        ck_assert_uint_le(rows[i].size, MSD_HASH_MAX);
        ck_assert_str_eq(hash(rows[i].id, &abc, 1), rows[i].hash);
    }
}
END_TEST

START_TEST(hash_of_nothing)
{
    const msd_text_t empty[] = { { NULL, 0 }, { "", 0 }, { NULL, 0 } };

    ck_assert_str_eq(hash(MSD_HASH_MD5, empty, 1),
                     "d41d8cd98f00b204e9800998ecf8427e");
    ck_assert_str_eq(hash(MSD_HASH_MD5, empty, 3),
                     hash_plainly(MSD_HASH_MD5, "::", 2));
}
END_TEST

START_TEST(parts_are_joined_by_single_colons)
{
    const msd_text_t parts[] = { MSD_TEXT("Mufasa"),
                                 MSD_TEXT("testrealm@host.com"),
                                 MSD_TEXT("Circle Of Life") };
    const msd_text_t joined = MSD_TEXT("Mufasa:testrealm@host.com:"
                                       "Circle Of Life");

    ck_assert_str_eq(hash(MSD_HASH_MD5, parts, 3),
                     "939e7578ed9e3c518a452acee763bce9");
    ck_assert_str_eq(hash(MSD_HASH_MD5, &joined, 1),
                     "939e7578ed9e3c518a452acee763bce9");
}
END_TEST

/* Parts of n bytes, so that every boundary falls into some part. */
START_TEST(parts_of_every_length)
{
    char bytes[2000];

    for (int i = 0; i < (int)sizeof(bytes); i++) {
        bytes[i] = (char)(i * 31 + i / 256);
    }
    for (apr_size_t n = 0; n <= 600; n++) {
        msd_text_t first = unit_exact(bytes, n);
        msd_text_t last = unit_exact(bytes + 700, n);
        const msd_text_t parts[] = { first, MSD_TEXT("x"), last };
        char joined[1300];

        memcpy(joined, first.data, n);
        memcpy(joined + n, ":x:", 3);
        memcpy(joined + n + 3, last.data, n);
        ck_assert_msg(
            strcmp(hash((msd_hash_id_t)_i, parts, 3),
                   hash_plainly((msd_hash_id_t)_i, joined, 2 * n + 3))
                == 0,
            "hash %d, length %d", _i, (int)n);
    }
}
END_TEST

START_TEST(many_parts)
{
    msd_text_t parts[700];
    char joined[1400];

    for (int n = 1; n <= 700; n += 23) {
        for (int i = 0; i < n; i++) {
            parts[i] = MSD_TEXT("y");
            joined[2 * i] = 'y';
            joined[2 * i + 1] = ':';
        }
        ck_assert_msg(
            strcmp(hash(MSD_HASH_MD5, parts, n),
                   hash_plainly(MSD_HASH_MD5, joined, 2 * (apr_size_t)n - 1))
                == 0,
            "%d parts", n);
    }
}
END_TEST

START_TEST(no_byte_behind_the_hash_is_written)
{
    const msd_text_t abc = MSD_TEXT("abc");

    for (int id = 0; id < MSD_HASH_COUNT; id++) {
        unsigned char out[MSD_HASH_MAX + 8];
        apr_size_t size = msd_hash_size((msd_hash_id_t)id);

        memset(out, 0x5a, sizeof(out));
        msd_hash_joined(hasher, (msd_hash_id_t)id, &abc, 1, out);
        for (apr_size_t i = size; i < sizeof(out); i++) {
            ck_assert_uint_eq(out[i], 0x5a);
        }
    }
}
END_TEST

/* ---- OpenSSL fails */

/* Of the hashes that follow, let the one of this number fail. */
static void fail_hash(int number)
{
    atomic_store(&unit_failing_hash, atomic_load(&unit_hashes) + number);
}

START_TEST(hash_that_fails_is_zero_and_says_so)
{
    static const unsigned char zero[MSD_HASH_MAX];
    const msd_text_t abc = MSD_TEXT("abc");
    unsigned char out[MSD_HASH_MAX];
    msd_hash_sum_t sum;

    for (int i = 0; i < 20; i++) {
        fail_hash(1);
        memset(out, 0x5a, sizeof(out));
        ck_assert_int_eq(
            msd_hash_joined(hasher, MSD_HASH_SHA256, &abc, 1, out),
            APR_EGENERAL);
        ck_assert_mem_eq(out, zero, 32);
        fail_hash(1);
        msd_hash_begin(&sum, hasher, MSD_HASH_SHA256);
        msd_hash_add(&sum, abc);
        memset(out, 0x5a, sizeof(out));
        ck_assert_int_eq(msd_hash_end(&sum, out), APR_EGENERAL);
        ck_assert_mem_eq(out, zero, 32);
        ck_assert_str_eq(hash(MSD_HASH_SHA256, &abc, 1),
                         hash_plainly(MSD_HASH_SHA256, "abc", 3));
    }
}
END_TEST

/* ---- Pieces */

START_TEST(pieces_are_one_text)
{
    char bytes[1000];

    for (int i = 0; i < (int)sizeof(bytes); i++) {
        bytes[i] = (char)(i * 13);
    }
    for (apr_size_t step = 1; step <= 400; step = step * 2 + 1) {
        msd_hash_sum_t sum;
        unsigned char out[MSD_HASH_MAX];
        apr_size_t at = 0;

        msd_hash_begin(&sum, hasher, (msd_hash_id_t)_i);
        while (at < sizeof(bytes)) {
            apr_size_t n = sizeof(bytes) - at < step ? sizeof(bytes) - at
                                                     : step;

            msd_hash_add(&sum, unit_exact(bytes + at, n));
            msd_hash_add(&sum, (msd_text_t){ NULL, 0 });
            at += n;
        }
        ck_assert_int_eq(msd_hash_end(&sum, out), APR_SUCCESS);
        ck_assert_str_eq(
            unit_hex(out, msd_hash_size((msd_hash_id_t)_i)),
            hash_plainly((msd_hash_id_t)_i, bytes, sizeof(bytes)));
    }
}
END_TEST

START_TEST(sums_at_the_same_time_do_not_mix)
{
    static const char *const texts[] = { "abc", "", "x" };
    msd_hash_sum_t sums[3];
    const msd_text_t part = MSD_TEXT("in between");

    for (int i = 0; i < 3; i++) {
        msd_hash_begin(&sums[i], hasher, MSD_HASH_MD5);
    }
    hash(MSD_HASH_MD5, &part, 1);
    for (int i = 0; i < 3; i++) {
        msd_hash_add(&sums[i], msd_text_of(texts[i]));
    }
    for (int i = 0; i < 3; i++) {
        unsigned char out[MSD_HASH_MAX];

        ck_assert_int_eq(msd_hash_end(&sums[i], out), APR_SUCCESS);
        ck_assert_str_eq(
            unit_hex(out, 16),
            hash_plainly(MSD_HASH_MD5, texts[i], strlen(texts[i])));
    }
}
END_TEST

/* ---- HMAC */

static const char *hmac_plainly(const unsigned char *key, const char *text,
                                apr_size_t n)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key, MSD_HMAC_SIZE,
                               (const unsigned char *)text, n, out, &len));
    return unit_hex(out, len);
}

START_TEST(hmac_is_that_of_rfc_2104)
{
    unsigned char key[MSD_HMAC_SIZE];
    char bytes[400];
    msd_hmac_t *hmac;

    for (int i = 0; i < (int)sizeof(bytes); i++) {
        bytes[i] = (char)(i * 7);
    }
    memcpy(key, bytes + 50, sizeof(key));
    hmac = msd_hmac_create(unit_pool, key);
    ck_assert_ptr_nonnull(hmac);
    for (apr_size_t n = 0; n <= 200; n++) {
        const msd_text_t parts[] = { unit_exact(bytes, n),
                                     { NULL, 0 },
                                     unit_exact(bytes + n, 200) };
        unsigned char out[MSD_HMAC_SIZE];

        ck_assert_int_eq(msd_hmac(hmac, parts, 3, out), APR_SUCCESS);
        ck_assert_str_eq(unit_hex(out, sizeof(out)),
                         hmac_plainly(key, bytes, n + 200));
    }
}
END_TEST

START_TEST(hmac_key_is_copied)
{
    unsigned char key[MSD_HMAC_SIZE] = { 1, 2, 3 };
    const msd_text_t abc = MSD_TEXT("abc");
    const char *expected = hmac_plainly(key, "abc", 3);
    msd_hmac_t *hmac = msd_hmac_create(unit_pool, key);
    unsigned char out[MSD_HMAC_SIZE];

    memset(key, 0, sizeof(key));
    ck_assert_int_eq(msd_hmac(hmac, &abc, 1, out), APR_SUCCESS);
    ck_assert_str_eq(unit_hex(out, sizeof(out)), expected);
}
END_TEST

START_TEST(keys_do_not_mix)
{
    const msd_text_t abc = MSD_TEXT("abc");
    msd_hmac_t *hmacs[3];
    unsigned char keys[3][MSD_HMAC_SIZE];

    for (int i = 0; i < 3; i++) {
        memset(keys[i], i, MSD_HMAC_SIZE);
        hmacs[i] = msd_hmac_create(unit_pool, keys[i]);
    }
    for (int i = 0; i < 9; i++) {
        unsigned char out[MSD_HMAC_SIZE];

        ck_assert_int_eq(msd_hmac(hmacs[i % 3], &abc, 1, out), APR_SUCCESS);
        ck_assert_str_eq(unit_hex(out, sizeof(out)),
                         hmac_plainly(keys[i % 3], "abc", 3));
    }
}
END_TEST

/* ---- Threads */

typedef struct {
    int number;
    msd_hmac_t *hmac;
    int wrong;
} worker_t;

static void *work(void *data)
{
    worker_t *worker = data;
    char text[64];
    unsigned char first[2][MSD_HASH_MAX];
    unsigned char out[MSD_HASH_MAX];

    memset(text, 'a' + worker->number, sizeof(text));
    for (int i = 0; i < RUNS; i++) {
        const msd_text_t part = { text, sizeof(text) };
        msd_hash_id_t id = (msd_hash_id_t)(worker->number % MSD_HASH_COUNT);

        memset(out, 0, sizeof(out));
        msd_hash_joined(hasher, id, &part, 1, out);
        if (i == 0) {
            memcpy(first[0], out, sizeof(out));
            msd_hmac(worker->hmac, &part, 1, first[1]);
        }
        worker->wrong += memcmp(first[0], out, sizeof(out)) != 0;
        msd_hmac(worker->hmac, &part, 1, out);
        worker->wrong += memcmp(first[1], out, sizeof(out)) != 0;
    }
    /* And it is the value that a thread alone would find. */
    worker->wrong += first[0][0] == 0 && first[0][1] == 0;
    return NULL;
}

START_TEST(threads_do_not_disturb_each_other)
{
    pthread_t threads[THREADS];
    worker_t workers[THREADS];
    unsigned char key[MSD_HMAC_SIZE] = { 9 };
    msd_hmac_t *hmac = msd_hmac_create(unit_pool, key);

    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){ i, hmac, 0 };
        ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]),
                         0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(workers[i].wrong == 0, "thread %d: %d wrong", i,
                      workers[i].wrong);
    }
}
END_TEST

/* ---- Comparison and wiping */

START_TEST(equal_looks_at_every_byte)
{
    unsigned char a[40];
    unsigned char b[40];

    for (int i = 0; i < 40; i++) {
        a[i] = b[i] = (unsigned char)(i * 3);
    }
    ck_assert(msd_equal(a, b, 40));
    ck_assert(msd_equal(a, b, 0));
    for (apr_size_t i = 0; i < 40; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b[i] ^= (unsigned char)(1 << bit);
            ck_assert(!msd_equal(a, b, 40));
            ck_assert(msd_equal(a, b, i));
            b[i] ^= (unsigned char)(1 << bit);
        }
    }
}
END_TEST

START_TEST(wipe_overwrites_n_bytes)
{
    unsigned char secret[20];

    memset(secret, 0x5a, sizeof(secret));
    msd_wipe(secret + 2, 16);
    for (int i = 0; i < 20; i++) {
        ck_assert_uint_eq(secret[i], i >= 2 && i < 18 ? 0 : 0x5a);
    }
}
END_TEST

Suite *suite_hash(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("hash", &tcase);

    tcase_add_checked_fixture(tcase, make_hasher, NULL);
    tcase_add_test(tcase, hashes_of_abc);
    tcase_add_test(tcase, hash_of_nothing);
    tcase_add_test(tcase, parts_are_joined_by_single_colons);
    tcase_add_loop_test(tcase, parts_of_every_length, 0, MSD_HASH_COUNT);
    tcase_add_test(tcase, many_parts);
    tcase_add_test(tcase, no_byte_behind_the_hash_is_written);
    tcase_add_test(tcase, hash_that_fails_is_zero_and_says_so);
    tcase_add_loop_test(tcase, pieces_are_one_text, 0, MSD_HASH_COUNT);
    tcase_add_test(tcase, sums_at_the_same_time_do_not_mix);
    tcase_add_test(tcase, hmac_is_that_of_rfc_2104);
    tcase_add_test(tcase, hmac_key_is_copied);
    tcase_add_test(tcase, keys_do_not_mix);
    tcase_add_test(tcase, threads_do_not_disturb_each_other);
    tcase_add_test(tcase, equal_looks_at_every_byte);
    tcase_add_test(tcase, wipe_overwrites_n_bytes);
    return suite;
}
