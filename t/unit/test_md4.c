/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/md4.h"
#include "unit.h"

/* RFC 1320 appendix A.5, and [MS-NRPC] 4.2.1. */
static const struct {
    const char *text;
    const char *hash;
} rows[] = {
    { "", "31d6cfe0d16ae931b73c59d7e0c089c0" },
    { "a", "bde52cb31de33e46245e05fbdbd6fb24" },
    { "abc", "a448017aaf21d8525fc10ae87aa6729d" },
    { "message digest", "d9130a8164549fe818874806e1c7014b" },
    { "abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9" },
    { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
      "043f8582f241db351ce627e153e7f0e4" },
    { "1234567890123456789012345678901234567890"
      "1234567890123456789012345678901234567890",
      "e33b4ddc9c38f2199c3e7b164fcc0536" },
    { "test", "db346d691d7acc4dc2625db19f9e3f52" },
};

START_TEST(vector_is_met)
{
    msd_text_t text = unit_exact(rows[_i].text, strlen(rows[_i].text));
    unsigned char hash[MSD_MD4_SIZE];

    msd_md4((const unsigned char *)text.data, text.len, hash);
    ck_assert_str_eq(unit_hex(hash, sizeof(hash)), rows[_i].hash);
}
END_TEST

Suite *suite_md4(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("md4", &tcase);

    tcase_add_loop_test(tcase, vector_is_met, 0, UNIT_COUNT(rows));
    return suite;
}
