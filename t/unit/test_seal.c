/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed records: nothing but what was stored under this name is opened. */
#include "unit.h"

#include <openssl/evp.h>

#include "context/seal.h"

#define PLAIN 37

static unsigned char key[MSD_SEAL_KEY_SIZE];
static const unsigned char nonce[MSD_SEAL_NONCE_SIZE] = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
};
static const msd_text_t name = MSD_TEXT("name of the record");
static char plain[1000];
static msd_seal_t *seal;

static void set_up(void)
{
    for (int i = 0; i < MSD_SEAL_KEY_SIZE; i++) {
        key[i] = (unsigned char)(i * 5);
    }
    for (int i = 0; i < (int)sizeof(plain); i++) {
        plain[i] = (char)(i * 3);
    }
    seal = msd_seal_create(key, unit_pool);
}

static msd_text_t close_bytes(apr_size_t n)
{
    unsigned char *out = apr_palloc(unit_pool, n + MSD_SEAL_OVERHEAD);

    ck_assert_int_eq(
        msd_seal_close(seal, name, unit_exact(plain, n), nonce, out),
        APR_SUCCESS);
    return unit_exact((char *)out, n + MSD_SEAL_OVERHEAD);
}

/* Returns whether it opens; then the plain text must be right. */
static bool opens(msd_text_t wanted, msd_text_t sealed)
{
    unsigned char *out = apr_palloc(unit_pool, sealed.len + 1);
    apr_size_t len = 12345;
    apr_status_t status;

    memset(out, 0x5a, sealed.len + 1);
    status = msd_seal_open(seal, wanted, sealed, out, &len);
    ck_assert(status == APR_SUCCESS || status == APR_EINVAL);
    ck_assert_uint_eq(out[sealed.len], 0x5a);
    if (status == APR_SUCCESS) {
        ck_assert_uint_eq(len, sealed.len - MSD_SEAL_OVERHEAD);
        ck_assert(len == 0 || memcmp(out, plain, len) == 0);
        return true;
    }
    /* Nothing of an unauthenticated plain text is left behind. */
    for (apr_size_t i = 0; i + 8 <= sealed.len && i + 8 <= PLAIN; i++) {
        ck_assert(memcmp(out + i, plain + i, 8) != 0);
    }
    return false;
}

START_TEST(sealed_record_is_opened)
{
    for (apr_size_t n = 0; n <= 600; n++) {
        ck_assert_msg(opens(name, close_bytes(n)), "%d bytes", (int)n);
    }
}
END_TEST

START_TEST(seal_is_aes_256_gcm)
{
    static const unsigned char version = 1;
    msd_text_t sealed = close_bytes(PLAIN);
    const unsigned char *bytes = (const unsigned char *)sealed.data;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char out[PLAIN];
    unsigned char tag[MSD_SEAL_TAG_SIZE];
    int n;

    /* version | nonce | ciphertext | tag, over version and name */
    ck_assert_uint_eq(bytes[0], version);
    ck_assert_mem_eq(bytes + 1, nonce, MSD_SEAL_NONCE_SIZE);
    memcpy(tag, bytes + sealed.len - sizeof(tag), sizeof(tag));
    EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, nonce);
    EVP_DecryptUpdate(ctx, NULL, &n, &version, 1);
    EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)name.data,
                      (int)name.len);
    ck_assert_int_eq(EVP_DecryptUpdate(ctx, out, &n, bytes + 13, PLAIN), 1);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag);
    ck_assert_int_eq(EVP_DecryptFinal_ex(ctx, out + n, &n), 1);
    EVP_CIPHER_CTX_free(ctx);
    ck_assert_mem_eq(out, plain, PLAIN);
}
END_TEST

START_TEST(every_bit_is_authenticated)
{
    msd_text_t sealed = close_bytes(PLAIN);

    for (apr_size_t bit = 0; bit < 8 * sealed.len; bit++) {
        char *changed = apr_pmemdup(unit_pool, sealed.data, sealed.len);

        changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
        ck_assert_msg(!opens(name, unit_exact(changed, sealed.len)),
                      "bit %d of byte %d", (int)bit % 8, (int)bit / 8);
    }
}
END_TEST

START_TEST(cut_or_longer_record_is_refused)
{
    msd_text_t sealed = close_bytes(PLAIN);
    char longer[200] = { 0 };

    memcpy(longer, sealed.data, sealed.len);
    for (apr_size_t n = 0; n <= sizeof(longer); n++) {
        ck_assert_msg(opens(name, unit_exact(longer, n)) == (n == sealed.len),
                      "%d bytes", (int)n);
    }
}
END_TEST

START_TEST(record_of_another_name_is_refused)
{
    static const char *const others[] = {
        "",
        "n",
        "name of the recor",
        "name of the recordd",
        "Name of the record",
        "mame of the record",
    };
    msd_text_t sealed = close_bytes(PLAIN);

    for (int i = 0; i < UNIT_COUNT(others); i++) {
        ck_assert_msg(!opens(msd_text_of(others[i]), sealed), "'%s'",
                      others[i]);
    }
    ck_assert(opens(name, sealed));
}
END_TEST

START_TEST(record_of_another_key_is_refused)
{
    msd_text_t sealed = close_bytes(PLAIN);

    for (int i = 0; i < MSD_SEAL_KEY_SIZE; i++) {
        key[i] ^= 1;
        seal = msd_seal_create(key, unit_pool);
        ck_assert_msg(!opens(name, sealed), "byte %d of the key", i);
        key[i] ^= 1;
    }
}
END_TEST

START_TEST(plain_text_is_not_to_be_seen)
{
    msd_text_t sealed = close_bytes(PLAIN);
    msd_text_t again;
    unsigned char other[MSD_SEAL_NONCE_SIZE] = { 0 };
    unsigned char *out = apr_palloc(unit_pool, PLAIN + MSD_SEAL_OVERHEAD);

    for (apr_size_t i = 0; i + 8 <= sealed.len; i++) {
        ck_assert(memcmp(sealed.data + i, plain, 8) != 0);
    }
    msd_seal_close(seal, name, (msd_text_t){ plain, PLAIN }, other, out);
    again = (msd_text_t){ (char *)out, PLAIN + MSD_SEAL_OVERHEAD };
    ck_assert_mem_ne(sealed.data + 13, again.data + 13, PLAIN);
}
END_TEST

Suite *suite_seal(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("seal", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, sealed_record_is_opened);
    tcase_add_test(tcase, seal_is_aes_256_gcm);
    tcase_add_test(tcase, every_bit_is_authenticated);
    tcase_add_test(tcase, cut_or_longer_record_is_refused);
    tcase_add_test(tcase, record_of_another_name_is_refused);
    tcase_add_test(tcase, record_of_another_key_is_refused);
    tcase_add_test(tcase, plain_text_is_not_to_be_seen);
    return suite;
}
