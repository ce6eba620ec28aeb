/* SPDX-License-Identifier: Apache-2.0 */
/* The text of secrets: one or two lines of 64 digits, and nothing else. */
#include "unit.h"

#include "context/secret.h"

#define ONE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define TWO "ff0102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f"
#define THREE "00ff02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"

static const struct {
    const char *name;
    const char *text;
    int count;      /* 0: refused */
    const char *fault;
} rows[] = {
    { "one", ONE "\n", 1, NULL },
    { "without a line end", ONE, 1, NULL },
    { "two", ONE "\n" TWO "\n", 2, NULL },
    { "two without a line end", ONE "\n" TWO, 2, NULL },
    { "comments", "# a\n\n" ONE "\n  # b\n" TWO "\n#" THREE "\n", 2, NULL },
    { "blanks and DOS", " \t" ONE " \r\n\r\n" TWO "\r\n", 2, NULL },
    { "nothing", "", 0, "at least one" },
    { "line ends", "\n\n\r\n", 0, "at least one" },
    { "a comment", "# " ONE, 0, "at least one" },
    { "a digit short", "00010203040506070809" "\n", 0, "64 hexadecimal" },
    { "a digit more", ONE "0\n", 0, "64 hexadecimal" },
    { "no digit", "g" TWO "\n", 0, "64 hexadecimal" },
    { "two on a line", ONE " " TWO "\n", 0, "64 hexadecimal" },
    { "a comment behind", ONE " # current\n", 0, "64 hexadecimal" },
    { "broken second", ONE "\nx\n", 0, "64 hexadecimal" },
    { "three", ONE "\n" TWO "\n" THREE "\n", 0, "at most two" },
    { "twice the same", ONE "\n" ONE "\n", 0, "that differ" },
};

START_TEST(text_is_read_or_refused)
{
    static const msd_secret_t zero;
    msd_secret_t secret;
    const char *text = rows[_i].text;
    const char *fault;

    memset(&secret, 0x77, sizeof(secret));
    fault = msd_secret_parse(unit_exact(text, strlen(text)), &secret);
    ck_assert_msg((fault == NULL) == (rows[_i].count > 0), "%s: %s",
                  rows[_i].name, fault);
    ck_assert_int_eq(secret.count, rows[_i].count);
    if (fault != NULL) {
        ck_assert_msg(strstr(fault, rows[_i].fault) != NULL, "%s: %s",
                      rows[_i].name, fault);
        ck_assert_mem_eq(&secret, &zero, sizeof(zero));
        return;
    }
    ck_assert_str_eq(unit_hex(secret.generations[0], MSD_SECRET_SIZE), ONE);
    ck_assert_int_eq(secret.generations[1][0], secret.count > 1 ? 0xff : 0);
}
END_TEST

START_TEST(text_with_a_nul_is_refused)
{
    char text[] = ONE "\n" TWO "\n";
    msd_secret_t secret;

    text[10] = '\0';
    ck_assert_ptr_nonnull(
        msd_secret_parse(unit_exact(text, sizeof(text) - 1), &secret));
}
END_TEST

/* HKDF(secret, "", "msdigest fingerprint"), computed by Python's hmac. */
START_TEST(fingerprint_is_that_of_hkdf)
{
    char fingerprint[MSD_FINGERPRINT_LENGTH];
    msd_secret_t secret;

    ck_assert_ptr_null(msd_secret_parse(MSD_TEXT(ONE "\n" TWO), &secret));
    ck_assert(msd_secret_fingerprint(secret.generations[0], fingerprint));
    ck_assert_str_eq(fingerprint, "e0e816b3");
    ck_assert(msd_secret_fingerprint(secret.generations[1], fingerprint));
    ck_assert_str_eq(fingerprint, "f5764171");
}
END_TEST

Suite *suite_secret(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("secret", &tcase);

    tcase_add_loop_test(tcase, text_is_read_or_refused, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, text_with_a_nul_is_refused);
    tcase_add_test(tcase, fingerprint_is_that_of_hkdf);
    return suite;
}
