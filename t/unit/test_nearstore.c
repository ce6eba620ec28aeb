/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of records in front of a store: used while good, never longer. */
#include "unit.h"

#include <pthread.h>

#include "context/nearstore.h"

static _Atomic(uint64_t) counters[MSD_NEARSTORE_COUNTERS];

/* A store of one record that counts its fetches. */
static struct {
    unsigned char record[MSD_STORE_RECORD_MAX];
    apr_size_t len;
    apr_status_t status;
    int gets;
} shared;

static apr_status_t shared_get(void *self, const unsigned char *id,
                               unsigned char *record, apr_size_t *len)
{
    (void)self;
    (void)id;
    shared.gets++;
    memcpy(record, shared.record, shared.len);
    *len = shared.len;
    return shared.status;
}

static apr_status_t shared_put(void *self, const unsigned char *id,
                               const unsigned char *record, apr_size_t len,
                               uint64_t ttl_ms)
{
    (void)self;
    (void)id;
    (void)ttl_ms;
    memcpy(shared.record, record, len);
    shared.len = len;
    return APR_SUCCESS;
}

static apr_status_t shared_revoke(void *self, const unsigned char *id,
                                  uint64_t ttl_ms)
{
    (void)self;
    (void)id;
    (void)ttl_ms;
    shared.len = 0;
    return APR_SUCCESS;
}

static const unsigned char id_a[MSD_CONTEXT_ID_SIZE] = "a 16-byte id ..";

/* A process: a table of its own; store and counters are shared by all. */
typedef struct {
    msd_nearstore_t *near;
    msd_nearstore_use_t use;
} process_t;

static process_t new_process(void)
{
    process_t process;

    process.near = msd_nearstore_create(counters, unit_pool);
    return process;
}

static msd_store_t store_of(process_t *process, uint64_t now_ms)
{
    const msd_store_t inner = { NULL, shared_get, shared_put, shared_revoke };

    return msd_nearstore_store(&process->use, process->near, inner, now_ms);
}

static void put(process_t *process, const char *text)
{
    msd_store_t store = store_of(process, 0);

    ck_assert_int_eq(store.put(store.self, id_a, (const unsigned char *)text,
                               strlen(text), 1000),
                     APR_SUCCESS);
}

static const char *get(process_t *process, uint64_t now_ms)
{
    static char text[MSD_STORE_RECORD_MAX + 1];
    msd_store_t store = store_of(process, now_ms);
    apr_size_t len = 0;

    if (store.get(store.self, id_a, (unsigned char *)text, &len)
        != APR_SUCCESS) {
        return "failed";
    }
    text[len] = '\0';
    return text;
}

static void setup(void)
{
    memset(&shared, 0, sizeof(shared));
}

START_TEST(second_fetch_asks_nobody)
{
    process_t process = new_process();

    setup();
    put(&process, "one");
    ck_assert_str_eq(get(&process, 0), "one");
    ck_assert_str_eq(get(&process, 4999), "one");
    ck_assert_int_eq(shared.gets, 1);
}
END_TEST

START_TEST(copy_is_fetched_anew_after_a_while)
{
    process_t process = new_process();

    setup();
    put(&process, "one");
    get(&process, 100);
    get(&process, 5100);
    ck_assert_int_eq(shared.gets, 2);
    get(&process, 0);
    ck_assert_int_eq(shared.gets, 3);
}
END_TEST

START_TEST(write_of_another_process_is_noticed_at_once)
{
    process_t here = new_process();
    process_t there = new_process();

    setup();
    put(&here, "one");
    ck_assert_str_eq(get(&here, 0), "one");
    put(&there, "two");
    ck_assert_str_eq(get(&here, 0), "two");
}
END_TEST

START_TEST(revocation_by_another_process_is_noticed_at_once)
{
    process_t here = new_process();
    process_t there = new_process();
    msd_store_t store = store_of(&there, 0);

    setup();
    put(&here, "one");
    ck_assert_str_eq(get(&here, 0), "one");
    store.revoke(store.self, id_a, 1000);
    ck_assert_str_eq(get(&here, 0), "");
}
END_TEST

START_TEST(neither_failure_nor_revocation_is_kept)
{
    process_t process = new_process();

    setup();
    shared.status = APR_NOTFOUND;
    ck_assert_str_eq(get(&process, 0), "failed");
    shared.status = APR_SUCCESS;
    ck_assert_str_eq(get(&process, 0), "");
    put(&process, "one");
    ck_assert_str_eq(get(&process, 0), "one");
}
END_TEST

START_TEST(other_id_in_the_same_place_is_not_mixed_up)
{
    unsigned char other[MSD_CONTEXT_ID_SIZE];
    process_t process = new_process();
    msd_store_t store = store_of(&process, 0);
    unsigned char record[MSD_STORE_RECORD_MAX];
    apr_size_t len;

    setup();
    memcpy(other, id_a, sizeof(other));
    other[MSD_CONTEXT_ID_SIZE - 1] ^= 1;
    put(&process, "one");
    get(&process, 0);
    memcpy(shared.record, "two", 3);
    ck_assert_int_eq(store.get(store.self, other, record, &len), APR_SUCCESS);
    ck_assert_int_eq(memcmp(record, "two", len), 0);
}
END_TEST

START_TEST(longest_record_fits)
{
    process_t process = new_process();

    setup();
    memset(shared.record, 'x', sizeof(shared.record));
    shared.len = MSD_STORE_SHORT_MAX;
    get(&process, 0);
    ck_assert_uint_eq(strlen(get(&process, 0)), MSD_STORE_SHORT_MAX);
    ck_assert_int_eq(shared.gets, 1);
}
END_TEST

START_TEST(record_with_many_groups_is_fetched_each_time)
{
    process_t process = new_process();

    setup();
    memset(shared.record, 'x', sizeof(shared.record));
    for (apr_size_t len = MSD_STORE_SHORT_MAX + 1; len <= MSD_STORE_RECORD_MAX;
         len += MSD_GROUPS_MAX - 1) {
        shared.len = len;
        shared.gets = 0;
        get(&process, 0);
        ck_assert_uint_eq(strlen(get(&process, 0)), len);
        ck_assert_int_eq(shared.gets, 2);
    }
}
END_TEST

START_TEST(no_table_is_the_store_itself)
{
    const msd_store_t inner = { NULL, shared_get, shared_put, shared_revoke };
    msd_nearstore_use_t use;
    msd_store_t store = msd_nearstore_store(&use, NULL, inner, 0);

    ck_assert(store.get == shared_get);
}
END_TEST

#define ROUNDS 20000

/* A store whose record is a run of one letter, another one each time. */
static apr_status_t letters_get(void *self, const unsigned char *id,
                                unsigned char *record, apr_size_t *len)
{
    static _Atomic(int) turn;
    int n = atomic_fetch_add(&turn, 1);

    (void)self;
    (void)id;
    *len = (apr_size_t)(100 + n % 400);
    memset(record, 'a' + n % 26, *len);
    return APR_SUCCESS;
}

static void *read_letters(void *data)
{
    const msd_store_t inner = { NULL, letters_get, shared_put, shared_revoke };
    unsigned char record[MSD_STORE_RECORD_MAX];
    msd_nearstore_use_t use;
    apr_size_t len;

    for (int i = 0; i < ROUNDS; i++) {
        msd_store_t store = msd_nearstore_store(&use, data, inner,
                                                (uint64_t)i * 1000);

        store.get(store.self, id_a, record, &len);
        for (apr_size_t k = 1; k < len; k++) {
            if (record[k] != record[0]) {
                return data;
            }
        }
    }
    return NULL;
}

START_TEST(threads_never_see_half_a_record)
{
    msd_nearstore_t *near = msd_nearstore_create(counters, unit_pool);
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_letters, near),
                         0);
    }
    for (int i = 0; i < 4; i++) {
        void *torn;

        pthread_join(threads[i], &torn);
        ck_assert_ptr_null(torn);
    }
}
END_TEST

Suite *suite_nearstore(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("nearstore", &tcase);

    tcase_add_test(tcase, second_fetch_asks_nobody);
    tcase_add_test(tcase, copy_is_fetched_anew_after_a_while);
    tcase_add_test(tcase, write_of_another_process_is_noticed_at_once);
    tcase_add_test(tcase, revocation_by_another_process_is_noticed_at_once);
    tcase_add_test(tcase, neither_failure_nor_revocation_is_kept);
    tcase_add_test(tcase, other_id_in_the_same_place_is_not_mixed_up);
    tcase_add_test(tcase, longest_record_fits);
    tcase_add_test(tcase, record_with_many_groups_is_fetched_each_time);
    tcase_add_test(tcase, no_table_is_the_store_itself);
    tcase_add_test(tcase, threads_never_see_half_a_record);
    return suite;
}
