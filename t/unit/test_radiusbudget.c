/* SPDX-License-Identifier: Apache-2.0 */
/* Reads of a connection are limited, and given anew. */
#include "unit.h"

#include "authority/radiusbudget.h"

#define MORE (MSD_RADIUSBUDGET_READS + 10)

static SSL_CTX *context;
static SSL *ssl;
static BIO *bio;

static void set_up(void)
{
    char bytes[3 * MORE] = "";

    context = SSL_CTX_new(TLS_client_method());
    ssl = SSL_new(context);
    bio = BIO_new(BIO_s_mem());
    ck_assert_int_eq(BIO_write(bio, bytes, sizeof(bytes)), sizeof(bytes));
    SSL_set_bio(ssl, bio, bio);
    msd_radiusbudget_install(ssl, unit_pool);
}

static void tear_down(void)
{
    SSL_free(ssl);
    SSL_CTX_free(context);
}

/* How many octets come, one at a time. */
static int read_all(void)
{
    char byte;
    int n = 0;

    while (n < MORE && BIO_read(bio, &byte, 1) == 1) {
        n++;
    }
    return n;
}

START_TEST(reads_end_as_if_nothing_had_come)
{
    ck_assert_int_eq(read_all(), MSD_RADIUSBUDGET_READS);
    ck_assert(BIO_should_read(bio));
    ck_assert_int_eq(read_all(), 0);
}
END_TEST

START_TEST(reads_are_given_anew)
{
    ck_assert_int_eq(read_all(), MSD_RADIUSBUDGET_READS);
    msd_radiusbudget_renew(ssl);
    ck_assert_int_eq(read_all(), MSD_RADIUSBUDGET_READS);
}
END_TEST

START_TEST(writes_are_not_limited)
{
    for (int i = 0; i < MORE; i++) {
        ck_assert_int_eq(BIO_write(bio, "x", 1), 1);
    }
    ck_assert_int_eq(read_all(), MSD_RADIUSBUDGET_READS);
}
END_TEST

Suite *suite_radiusbudget(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiusbudget", &tcase);

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, reads_end_as_if_nothing_had_come);
    tcase_add_test(tcase, reads_are_given_anew);
    tcase_add_test(tcase, writes_are_not_limited);
    return suite;
}
