/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/domainrealm.h"
#include "unit.h"

static const struct {
    const char *realm;
    const char *netbios;
    const char *dns;
    bool hashed;
} rows[] = {
    { "ADC", "ADC", "ad.example", true },
    { "adc", "ADC", "ad.example", true },
    { "ADC", "adc", "ad.example", true },
    { "Adc", "ADC", "ad.example", false },
    { "Adc", "Adc", "ad.example", true },
    { "ad.example", "ADC", "ad.example", true },
    { "AD.EXAMPLE", "ADC", "ad.example", true },
    { "Ad.Example", "ADC", "ad.example", false },
    { "Digest", "ADC", "ad.example", true },
    { "digest", "ADC", "ad.example", false },
    { "", "ADC", "ad.example", true },
    { "Intranet", "ADC", "ad.example", false },
    { "AD", "ADC", "ad.example", false },
    { "ADCX", "ADC", "ad.example", false },
    { "www.example", "ADC", "ad.example", false },
    { "www.example", "ADC", "", true },
    { "Intranet", "ADC", "", false },
};

START_TEST(row_is_met)
{
    const char *realm = rows[_i].realm;
    bool hashed = msd_domainrealm_is_hashed(unit_exact(realm, strlen(realm)),
                                            msd_text_of(rows[_i].netbios),
                                            msd_text_of(rows[_i].dns));

    ck_assert_msg(hashed == rows[_i].hashed, "%s in %s", realm,
                  rows[_i].netbios);
}
END_TEST

Suite *suite_domainrealm(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("domainrealm", &tcase);

    tcase_add_loop_test(tcase, row_is_met, 0, UNIT_COUNT(rows));
    return suite;
}
