/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys out of files. */
#include "tlsfake.h"

#include <apr_file_io.h>
#include <openssl/pem.h>

#include "authority/radiustrust.h"

static tlsfake_pair_t authority;
static tlsfake_pair_t client;
static const char *ca_path;
static const char *certificate_path; /* with the authority behind it */
static const char *key_path;
static const char *locked_path; /* the key, with a passphrase */
static const char *both_path;
static const char *empty_path;

static const char *new_path(void)
{
    const char *folder;
    const char *path;
    char *template;
    apr_file_t *file;

    apr_temp_dir_get(&folder, unit_pool);
    template = apr_pstrcat(unit_pool, folder, "/msdigest-XXXXXX", NULL);
    ck_assert_int_eq(apr_file_mktemp(&file, template, 0, unit_pool), 0);
    apr_file_name_get(&path, file);
    path = apr_pstrdup(unit_pool, path);
    apr_file_close(file);
    return path;
}

static const char *write_pem(const X509 *first, const X509 *second,
                             const EVP_PKEY *key, const char *passphrase)
{
    const char *path = new_path();
    BIO *out = BIO_new_file(path, "w");

    ck_assert_ptr_nonnull(out);
    if (first != NULL) {
        PEM_write_bio_X509(out, first);
    }
    if (second != NULL) {
        PEM_write_bio_X509(out, second);
    }
    if (key != NULL) {
        PEM_write_bio_PrivateKey(
            out, key, passphrase == NULL ? NULL : EVP_aes_128_cbc(),
            (const unsigned char *)passphrase,
            passphrase == NULL ? 0 : (int)strlen(passphrase), NULL, NULL);
    }
    BIO_free(out);
    return path;
}

static void set_up(void)
{
    authority = tlsfake_pair(NULL, NULL, 9);
    client = tlsfake_pair(&authority, NULL, 9);
    ca_path = write_pem(authority.certificate, NULL, NULL, NULL);
    certificate_path = write_pem(client.certificate, authority.certificate,
                                 NULL, NULL);
    key_path = write_pem(NULL, NULL, client.key, NULL);
    locked_path = write_pem(NULL, NULL, client.key, "open sesame");
    both_path = write_pem(client.certificate, NULL, client.key, NULL);
    empty_path = write_pem(NULL, NULL, NULL, NULL);
}

static void tear_down(void)
{
    const char *paths[] = { ca_path,     certificate_path, key_path,
                            locked_path, both_path,        empty_path };

    for (int i = 0; i < UNIT_COUNT(paths); i++) {
        apr_file_remove(paths[i], unit_pool);
    }
    tlsfake_free_pair(&client);
    tlsfake_free_pair(&authority);
}

START_TEST(authorities_are_loaded)
{
    static const char fault[] = "a file with certificates of authorities "
                                "(PEM)";
    const msd_radiustrust_t *trust = NULL;

    ck_assert_ptr_null(msd_radiustrust_load(ca_path, unit_pool, &trust));
    ck_assert_str_eq(trust->path, ca_path);
    ck_assert_int_eq(
        sk_X509_OBJECT_num(X509_STORE_get0_objects(trust->store)), 1);
    ck_assert_str_eq(msd_radiustrust_load(empty_path, unit_pool, &trust),
                     fault);
    ck_assert_str_eq(msd_radiustrust_load(key_path, unit_pool, &trust), fault);
    ck_assert_str_eq(msd_radiustrust_load("/nowhere", unit_pool, &trust),
                     fault);
    ck_assert_str_eq(trust->path, ca_path);
}
END_TEST

static const char *load(const char *certificate, const char *key,
                        const msd_radiusidentity_t **out)
{
    return msd_radiustrust_load_identity(certificate, key, unit_pool, out);
}

START_TEST(identity_is_loaded)
{
    const msd_radiusidentity_t *identity = NULL;

    ck_assert_ptr_null(load(certificate_path, key_path, &identity));
    ck_assert_str_eq(identity->path, certificate_path);
    ck_assert_int_eq(X509_cmp(identity->certificate, client.certificate), 0);
    ck_assert_int_eq(sk_X509_num(identity->chain), 1);
    ck_assert_int_eq(EVP_PKEY_eq(identity->key, client.key), 1);
    ck_assert_ptr_null(load(both_path, both_path, &identity));
    ck_assert_int_eq(sk_X509_num(identity->chain), 0);
}
END_TEST

START_TEST(what_is_no_identity_is_not)
{
    static const char no_certificate[] = "a file with a certificate (PEM)";
    static const char no_key[] = "a certificate and a file with its key, "
                                 "without a passphrase (PEM)";
    const msd_radiusidentity_t *identity = NULL;

    ck_assert_str_eq(load(empty_path, key_path, &identity), no_certificate);
    ck_assert_str_eq(load("/nowhere", key_path, &identity), no_certificate);
    ck_assert_str_eq(load(certificate_path, "/nowhere", &identity), no_key);
    ck_assert_str_eq(load(certificate_path, empty_path, &identity), no_key);
    ck_assert_str_eq(load(certificate_path, locked_path, &identity), no_key);
    ck_assert_str_eq(load(ca_path, key_path, &identity),
                     "a certificate and the key that belongs to it");
    ck_assert_ptr_null(identity);
}
END_TEST

Suite *suite_radiustrust(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiustrust", &tcase);

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, authorities_are_loaded);
    tcase_add_test(tcase, identity_is_loaded);
    tcase_add_test(tcase, what_is_no_identity_is_not);
    return suite;
}
