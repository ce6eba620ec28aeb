/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a user: a list of hashes, and perhaps a name. */
#include "unit.h"

#include "authority/credential.h"

#define A32 "a0000000000000000000000000000001"
#define B32 "B0000000000000000000000000000002"
#define C32 "c0000000000000000000000000000003"
#define A64 A32 A32
#define B64 B32 B32

static const struct {
    const char *name;
    const char *field;
    /* How many keys of MD5, SHA-256, SHA-512-256; first byte of the first. */
    int counts[MSD_HASH_COUNT];
    unsigned first[MSD_HASH_COUNT];
    const char *user;
} rows[] = {
    { "htdigest", A32, { 1, 0, 0 }, { 0xa0 }, "" },
    { "capitals", B32, { 1, 0, 0 }, { 0xb0 }, "" },
    { "SHA-256 by its length", A64, { 0, 1, 0 }, { 0, 0xa0 }, "" },
    { "SHA-512-256 by its mark",
      "SHA-512-256=" A64,
      { 0, 0, 1 },
      { 0, 0, 0xa0 },
      "" },
    { "marks",
      "MD5=" A32 ",SHA-256=" B64 ",SHA-512-256=" A64,
      { 1, 1, 1 },
      { 0xa0, 0xb0, 0xa0 },
      "" },
    { "marks in lower case",
      "md5=" A32 ",sha-256=" B64,
      { 1, 1, 0 },
      { 0xa0, 0xb0 },
      "" },
    { "without marks", A32 "," B64, { 1, 1, 0 }, { 0xa0, 0xb0 }, "" },
    { "a hash twice", A32 "," B32 "," A64, { 2, 1, 0 }, { 0xa0, 0xa0 }, "" },
    { "a name", "user=ann," A32, { 1, 0, 0 }, { 0xa0 }, "ann" },
    { "a name behind",
      A32 ",user=J\xc3\xa4n Doe",
      { 1, 0, 0 },
      { 0xa0 },
      "J\xc3\xa4n Doe" },
    { "the last name", "user=a,user=b", { 0, 0, 0 }, { 0 }, "b" },
    { "an empty name", "user=," A32, { 1, 0, 0 }, { 0xa0 }, "" },
    { "a name that looks like a hash", "user=" A32, { 0, 0, 0 }, { 0 }, A32 },
    { "nothing", "", { 0, 0, 0 }, { 0 }, "" },
    { "commas", ",,," A32 ",,", { 1, 0, 0 }, { 0xa0 }, "" },
    { "one digit short",
      "a000000000000000000000000000000",
      { 0, 0, 0 },
      { 0 },
      "" },
    { "one digit long", A32 "0", { 0, 0, 0 }, { 0 }, "" },
    { "no digit", "g0000000000000000000000000000001", { 0, 0, 0 }, { 0 }, "" },
    { "a blank", " " A32, { 0, 0, 0 }, { 0 }, "" },
    { "MD5 too long", "MD5=" A64, { 0, 0, 0 }, { 0 }, "" },
    { "SHA-256 too short", "SHA-256=" A32, { 0, 0, 0 }, { 0 }, "" },
    { "SHA-512-256 too short", "SHA-512-256=" A32, { 0, 0, 0 }, { 0 }, "" },
    { "unknown items",
      "expires=2030," A32 ",x=" A64 ",SHA-1=" A32,
      { 1, 0, 0 },
      { 0xa0 },
      "" },
    { "a mark without end", "SHA-256," A32, { 1, 0, 0 }, { 0xa0 }, "" },
    { "a mark alone", "MD5=", { 0, 0, 0 }, { 0 }, "" },
    { "a broken one among good ones",
      A32 ",x," C32,
      { 2, 0, 0 },
      { 0xa0 },
      "" },
};

START_TEST(field_is_read)
{
    for (int hash = 0; hash < MSD_HASH_COUNT; hash++) {
        const char *field = rows[_i].field;
        msd_credential_t credential;

        memset(&credential, 0x5a, sizeof(credential));
        msd_credential_read(unit_exact(field, strlen(field)),
                            (msd_hash_id_t)hash, &credential);
        ck_assert_msg(credential.count == rows[_i].counts[hash],
                      "%s: %d keys of hash %d", rows[_i].name,
                      credential.count, hash);
        ck_assert_msg(credential.count == 0
                          || credential.keys[0][0] == rows[_i].first[hash],
                      "%s: hash %d", rows[_i].name, hash);
        ck_assert_msg(strcmp(unit_string(credential.user), rows[_i].user) == 0,
                      "%s: user %s", rows[_i].name,
                      unit_string(credential.user));
    }
}
END_TEST

START_TEST(keys_are_in_their_order)
{
    msd_credential_t credential;

    msd_credential_read(MSD_TEXT(A32 ",MD5=" B32 "," C32), MSD_HASH_MD5,
                        &credential);
    ck_assert_int_eq(credential.count, 3);
    ck_assert_str_eq(unit_hex(credential.keys[0], 16), A32);
    ck_assert_uint_eq(credential.keys[1][0], 0xb0);
    ck_assert_uint_eq(credential.keys[1][15], 0x02);
    ck_assert_str_eq(unit_hex(credential.keys[2], 16), C32);
}
END_TEST

START_TEST(more_keys_than_there_is_room_for_are_left_out)
{
    const char *field = "";
    msd_credential_t credential;

    for (int i = 0; i < 10; i++) {
        field = apr_psprintf(unit_pool,
                             "%s,%02x"
                             "%030x",
                             field, i, i);
        msd_credential_read(unit_exact(field, strlen(field)), MSD_HASH_MD5,
                            &credential);
        ck_assert_int_eq(credential.count, i < MSD_CREDENTIAL_HASHES
                                               ? i + 1
                                               : MSD_CREDENTIAL_HASHES);
    }
    for (int i = 0; i < MSD_CREDENTIAL_HASHES; i++) {
        ck_assert_int_eq(credential.keys[i][0], i);
    }
}
END_TEST

/* What was half read leaves nothing in a key that counts. */
START_TEST(unused_keys_are_zero)
{
    static const unsigned char zero[MSD_HASH_MAX];
    msd_credential_t credential;

    memset(&credential, 0x5a, sizeof(credential));
    msd_credential_read(MSD_TEXT(""), MSD_HASH_MD5, &credential);
    for (int i = 0; i < MSD_CREDENTIAL_HASHES; i++) {
        ck_assert_mem_eq(credential.keys[i], zero, MSD_HASH_MAX);
    }
}
END_TEST

START_TEST(mark_is_read_back)
{
    for (int i = 0; i < MSD_HASH_COUNT; i++) {
        msd_hash_id_t hash = (msd_hash_id_t)i;
        const char *digits = hash == MSD_HASH_MD5 ? A32 : A64;
        const char *field = apr_pstrcat(unit_pool, msd_credential_mark(hash),
                                        digits, NULL);

        for (int other = 0; other < MSD_HASH_COUNT; other++) {
            msd_credential_t credential;

            msd_credential_read(msd_text_of(field), (msd_hash_id_t)other,
                                &credential);
            ck_assert_int_eq(credential.count, other == i);
        }
    }
}
END_TEST

Suite *suite_credential(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("credential", &tcase);

    tcase_add_loop_test(tcase, field_is_read, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, keys_are_in_their_order);
    tcase_add_test(tcase, more_keys_than_there_is_room_for_are_left_out);
    tcase_add_test(tcase, unused_keys_are_zero);
    tcase_add_test(tcase, mark_is_read_back);
    return suite;
}
