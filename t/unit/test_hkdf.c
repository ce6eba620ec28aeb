/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF: the keys are those that another program computes. */
#include "unit.h"

#include "context/hkdf.h"

static unsigned char secret[MSD_SECRET_SIZE];

/* RFC 5869, computed by Python's hmac. */
START_TEST(derivation_is_that_of_the_rfc)
{
    static const struct {
        const char *salt;
        const char *label;
        const char *expected;
    } rows[] = {
        { "", "",
          "27488977d7c845fa17e618b4e225651a0a41752117"
          "5396f455da2c465679eea8e1cd54743a052a236fea" },
        { "salt", "label",
          "f963cc1c0c88bafb094e1ab4420a7787cf642dffc3"
          "9088e3d7be6167a6079b1f0544fa6ee101d27066e8" },
    };
    msd_hkdf_t *hkdf = msd_hkdf_begin();

    memset(secret, 0x0b, sizeof(secret));
    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        unsigned char out[42];

        ck_assert(msd_hkdf_derive(hkdf, secret, msd_text_of(rows[i].salt),
                                  rows[i].label, out, sizeof(out)));
        ck_assert_str_eq(unit_hex(out, sizeof(out)), rows[i].expected);
    }
    msd_hkdf_end(hkdf);
}
END_TEST

START_TEST(failed_begin_is_borne)
{
    unsigned char out[16];

    ck_assert(!msd_hkdf_derive(NULL, secret, MSD_TEXT(""), "label", out,
                               sizeof(out)));
    msd_hkdf_end(NULL);
}
END_TEST

Suite *suite_hkdf(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("hkdf", &tcase);

    tcase_add_test(tcase, derivation_is_that_of_the_rfc);
    tcase_add_test(tcase, failed_begin_is_borne);
    return suite;
}
