/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/cfb8.h"
#include "unit.h"

/* NIST SP 800-38A section F.3.7, CFB8-AES128. */
static const char key[] = "2b7e151628aed2a6abf7158809cf4f3c";
static const char iv[] = "000102030405060708090a0b0c0d0e0f";
static const char plain[] = "6bc1bee22e409f96e93d7e117393172aae2d";
static const char secret[] = "3b79424c9c0dd436bace9e0ed4586a4f32b9";

/* Whatever way it is cut, it is one stream. */
START_TEST(vector_of_nist_is_met_both_ways)
{
    unsigned char bytes[18];
    msd_cfb8_t how = { (const unsigned char *)unit_unhex(key).data,
                       (const unsigned char *)unit_unhex(iv).data, true };
    const msd_cfb8_piece_t pieces[] = { { bytes, (apr_size_t)_i },
                                        { bytes + _i,
                                          sizeof(bytes) - (apr_size_t)_i } };

    memcpy(bytes, unit_unhex(plain).data, sizeof(bytes));
    ck_assert_int_eq(msd_cfb8(&how, pieces, 2), APR_SUCCESS);
    ck_assert_str_eq(unit_hex(bytes, sizeof(bytes)), secret);
    how.encrypt = false;
    ck_assert_int_eq(msd_cfb8(&how, pieces, 2), APR_SUCCESS);
    ck_assert_str_eq(unit_hex(bytes, sizeof(bytes)), plain);
}
END_TEST

/* [MS-NRPC] 3.4.5.3.2: LogonData, with our own numbers. */
START_TEST(no_iv_is_zeros)
{
    unsigned char data[] = "DIGEST-REQ-BYTES";
    msd_cfb8_t how = { NULL, NULL, true };
    const msd_cfb8_piece_t piece = { data, 16 };

    how.key = (const unsigned char *)
                  unit_unhex("0f276336a5ea79fabe7beb694b5a2468").data;
    ck_assert_int_eq(msd_cfb8(&how, &piece, 1), APR_SUCCESS);
    ck_assert_str_eq(unit_hex(data, 16), "de5cfb248f6820b1453c0929b41113fb");
}
END_TEST

Suite *suite_cfb8(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("cfb8", &tcase);

    tcase_add_loop_test(tcase, vector_of_nist_is_met_both_ways, 0, 19);
    tcase_add_test(tcase, no_iv_is_zeros);
    return suite;
}
