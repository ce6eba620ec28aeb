/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one life: each its own, the nonce key bound to the life. */
#include "unit.h"

#include "context/keys.h"

static unsigned char secret[MSD_SECRET_SIZE];
static unsigned char life[MSD_LIFE_ID_SIZE];

static void set_up(void)
{
    for (int i = 0; i < MSD_SECRET_SIZE; i++) {
        secret[i] = (unsigned char)i;
    }
    for (int i = 0; i < MSD_LIFE_ID_SIZE; i++) {
        life[i] = (unsigned char)(100 + i);
    }
}

static msd_keys_t *derive(void)
{
    msd_keys_t *keys = apr_pcalloc(unit_pool, sizeof(*keys));

    ck_assert_int_eq(msd_keys_derive(secret, life, unit_pool, keys),
                     APR_SUCCESS);
    return keys;
}

static const char *mac(msd_hmac_t *hmac)
{
    const msd_text_t abc = MSD_TEXT("abc");
    unsigned char out[MSD_HMAC_SIZE];

    ck_assert_int_eq(msd_hmac(hmac, &abc, 1, out), APR_SUCCESS);
    return unit_hex(out, sizeof(out));
}

/* RFC 5869, computed by Python's hmac: HKDF(secret, life or "", label). */
START_TEST(keys_are_those_of_hkdf)
{
    msd_keys_t *keys = derive();

    ck_assert_str_eq(mac(keys->nonce), "5212eced3d2abd3b1c5eddea93599362"
                                       "b987747fea9502c66f37fc9a7aaf50ee");
    ck_assert_str_eq(mac(keys->name), "3953e7a3c87507dee31d6bd072e6adeb"
                                      "a532fc84eabd1c8868597b46894c02da");
    ck_assert_str_eq(unit_hex(keys->seal, MSD_SEAL_KEY_SIZE),
                     "b29d015ba7c94580d7233bed8466ec85"
                     "226e3b6fb66c916dbb9214eee26aa20a");
    ck_assert_str_eq(unit_hex(keys->user, MSD_USER_KEY_SIZE),
                     "7f7f84db1ef50138ccc8987f39d86281");
}
END_TEST

START_TEST(same_secret_and_life_give_the_same_keys)
{
    msd_keys_t *first = derive();
    msd_keys_t *second = derive();

    ck_assert_str_eq(mac(first->nonce), mac(second->nonce));
    ck_assert_str_eq(mac(first->name), mac(second->name));
    ck_assert_mem_eq(first->seal, second->seal, MSD_SEAL_KEY_SIZE);
    ck_assert_mem_eq(first->user, second->user, MSD_USER_KEY_SIZE);
}
END_TEST

START_TEST(another_life_has_another_nonce_key_only)
{
    msd_keys_t *first = derive();
    msd_keys_t *second;

    for (int i = 0; i < MSD_LIFE_ID_SIZE; i++) {
        life[i] ^= 1;
        second = derive();
        ck_assert_str_ne(mac(first->nonce), mac(second->nonce));
        ck_assert_uint_ne(first->nonce_mark, second->nonce_mark);
        ck_assert_str_eq(mac(first->name), mac(second->name));
        ck_assert_mem_eq(first->seal, second->seal, MSD_SEAL_KEY_SIZE);
        ck_assert_mem_eq(first->user, second->user, MSD_USER_KEY_SIZE);
        life[i] ^= 1;
    }
}
END_TEST

START_TEST(another_secret_has_other_keys)
{
    msd_keys_t *first = derive();
    msd_keys_t *second;

    for (int i = 0; i < MSD_SECRET_SIZE; i++) {
        secret[i] ^= 0x80;
        second = derive();
        ck_assert_str_ne(mac(first->nonce), mac(second->nonce));
        ck_assert_str_ne(mac(first->name), mac(second->name));
        ck_assert_mem_ne(first->seal, second->seal, MSD_SEAL_KEY_SIZE);
        ck_assert_mem_ne(first->user, second->user, MSD_USER_KEY_SIZE);
        secret[i] ^= 0x80;
    }
}
END_TEST

START_TEST(keys_are_wiped_with_their_pool)
{
    static const unsigned char zero[MSD_SEAL_KEY_SIZE];
    msd_keys_t keys;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    ck_assert_int_eq(msd_keys_derive(secret, life, pool, &keys), APR_SUCCESS);
    ck_assert_mem_ne(keys.seal, zero, MSD_SEAL_KEY_SIZE);
    apr_pool_destroy(pool);
    ck_assert_mem_eq(keys.seal, zero, MSD_SEAL_KEY_SIZE);
    ck_assert_mem_eq(keys.user, zero, MSD_USER_KEY_SIZE);
}
END_TEST

START_TEST(keyring_has_the_keys_of_each_generation)
{
    msd_secret_t two = { .count = 2 };
    msd_keyring_t *keyring = apr_pcalloc(unit_pool, sizeof(*keyring));
    msd_keys_t *first = derive();

    memcpy(two.generations[0], secret, sizeof(secret));
    memset(two.generations[1], 9, MSD_SECRET_SIZE);
    ck_assert_int_eq(msd_keyring_derive(&two, life, unit_pool, keyring),
                     APR_SUCCESS);
    ck_assert_str_eq(mac(keyring->current.nonce), mac(first->nonce));
    ck_assert_ptr_eq(keyring->previous, &keyring->others);
    memset(secret, 9, sizeof(secret));
    ck_assert_str_eq(mac(keyring->previous->nonce), mac(derive()->nonce));
    ck_assert_str_eq(mac(keyring->previous->name), mac(derive()->name));
    two.count = 1;
    ck_assert_int_eq(msd_keyring_derive(&two, life, unit_pool, keyring),
                     APR_SUCCESS);
    ck_assert_ptr_null(keyring->previous);
}
END_TEST

Suite *suite_keys(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("keys", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, keys_are_those_of_hkdf);
    tcase_add_test(tcase, same_secret_and_life_give_the_same_keys);
    tcase_add_test(tcase, another_life_has_another_nonce_key_only);
    tcase_add_test(tcase, another_secret_has_other_keys);
    tcase_add_test(tcase, keys_are_wiped_with_their_pool);
    tcase_add_test(tcase, keyring_has_the_keys_of_each_generation);
    return suite;
}
