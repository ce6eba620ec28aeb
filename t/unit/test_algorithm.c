/* SPDX-License-Identifier: Apache-2.0 */
/* The table of algorithms. */
#include "unit.h"

#include "digest/algorithm.h"

/* RFC 7616 section 6.1. */
static const struct {
    msd_algorithm_t algorithm;
    const char *name;
    msd_hash_id_t hash;
    bool session;
} rows[] = {
    { MSD_ALGORITHM_MD5, "MD5", MSD_HASH_MD5, false },
    { MSD_ALGORITHM_MD5_SESS, "MD5-sess", MSD_HASH_MD5, true },
    { MSD_ALGORITHM_SHA256, "SHA-256", MSD_HASH_SHA256, false },
    { MSD_ALGORITHM_SHA256_SESS, "SHA-256-sess", MSD_HASH_SHA256, true },
    { MSD_ALGORITHM_SHA512_256, "SHA-512-256", MSD_HASH_SHA512_256, false },
    { MSD_ALGORITHM_SHA512_256_SESS, "SHA-512-256-sess", MSD_HASH_SHA512_256,
      true },
};

START_TEST(algorithm_is_as_registered)
{
    msd_algorithm_t found = MSD_ALGORITHM_COUNT;

    ck_assert_str_eq(msd_algorithm_name(rows[_i].algorithm), rows[_i].name);
    ck_assert_int_eq(msd_algorithm_hash(rows[_i].algorithm), rows[_i].hash);
    ck_assert(msd_algorithm_is_session(rows[_i].algorithm)
              == rows[_i].session);
    ck_assert(msd_algorithm_find(msd_text_of(rows[_i].name), &found));
    ck_assert_int_eq(found, rows[_i].algorithm);
}
END_TEST

START_TEST(every_algorithm_is_in_the_table)
{
    ck_assert_int_eq(UNIT_COUNT(rows), MSD_ALGORITHM_COUNT);
}
END_TEST

START_TEST(case_does_not_matter)
{
    char name[32];
    msd_algorithm_t found = MSD_ALGORITHM_COUNT;

    apr_cpystrn(name, rows[_i].name, sizeof(name));
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)(*c >= 'a' && *c <= 'z'   ? *c - 32
                    : *c >= 'A' && *c <= 'Z' ? *c + 32
                                             : *c);
    }
    ck_assert(msd_algorithm_find(unit_exact(name, strlen(name)), &found));
    ck_assert_int_eq(found, rows[_i].algorithm);
}
END_TEST

START_TEST(other_names_are_unknown)
{
    static const char *const names[] = {
        "",        "M",          "MD",
        "MD4",     "MD55",       "MD5-",
        "MD5-ses", "MD5-sess ",  " MD5",
        "MD5sess", "MD5_sess",   "SHA",
        "SHA-1",   "SHA-25",     "SHA-2566",
        "SHA-512", "SHA-512-25", "SHA-512-256-ses",
        "SHA256",  "auth",
    };

    for (int i = 0; i < UNIT_COUNT(names); i++) {
        msd_algorithm_t found = MSD_ALGORITHM_COUNT;

        ck_assert_msg(!msd_algorithm_find(
                          unit_exact(names[i], strlen(names[i])), &found),
                      "'%s'", names[i]);
        ck_assert_int_eq(found, MSD_ALGORITHM_COUNT);
    }
}
END_TEST

Suite *suite_algorithm(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("algorithm", &tcase);

    tcase_add_loop_test(tcase, algorithm_is_as_registered, 0,
                        UNIT_COUNT(rows));
    tcase_add_test(tcase, every_algorithm_is_in_the_table);
    tcase_add_loop_test(tcase, case_does_not_matter, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, other_names_are_unknown);
    return suite;
}
