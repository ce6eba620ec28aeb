/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/machinekey.h"
#include "unit.h"

static const unsigned char *bytes_of(const char *hex)
{
    return (const unsigned char *)unit_unhex(hex).data;
}

/* The password of [MS-NRPC] 4.2. */
static const char published[] =
    "./,nL>OLZ6st^XKeM%.I-tE`WVjC[06?]:Qv_TnUo::Bw,g`v#JM6MqSPuU(nq4>yj[d"
    "\\+VpR_yxuc!g0T65vzWAB_B\"i<<S+4'^:!,;%Gs-(\": m>!CLfnN";

static const struct {
    const char *secret;
    const char *hash;
} secrets[] = {
    { "test", "0cb6948805f797bf2a82807973b89537" },
    { published, "31a590170a351fd51148b2a10af2c305" },
    { "Mach1ne.Secret.WEB1", "f0579641cbb5455d77f01c29ddff0c13" },
    { "nthash:F0579641cbb5455d77f01c29ddff0c13",
      "f0579641cbb5455d77f01c29ddff0c13" },
    { "nthash:f0579641cbb5455d77f01c29ddff0c1", NULL },
    { "nthash:", NULL },
    { "", NULL },
    { "\xff\xfe", NULL },
};

START_TEST(secret_is_read)
{
    const char *secret = secrets[_i].secret;
    unsigned char hash[MSD_MACHINEKEY_SIZE];
    const char *fault = msd_machinekey_read(unit_exact(secret,
                                                       strlen(secret)),
                                            hash);

    ck_assert((fault == NULL) == (secrets[_i].hash != NULL));
    if (fault == NULL) {
        ck_assert_str_eq(unit_hex(hash, sizeof(hash)), secrets[_i].hash);
    }
}
END_TEST

START_TEST(secret_has_a_limit)
{
    char *text = apr_pcalloc(unit_pool, 1026);
    unsigned char hash[MSD_MACHINEKEY_SIZE];

    memset(text, 'x', 1025);
    ck_assert_ptr_null(msd_machinekey_read(unit_exact(text, 1024), hash));
    ck_assert_ptr_nonnull(msd_machinekey_read(unit_exact(text, 1025), hash));
}
END_TEST

static const struct {
    const char *hash;
    const char *client;
    const char *server;
    const char *key;
} sessions[] = {
    { "f0579641cbb5455d77f01c29ddff0c13", "a1b2c3d4e5f60718",
      "1020304050607080", "0f276336a5ea79fabe7beb694b5a2468" },
    /* The inputs of [MS-NRPC] 4.2, whose own key is not of AES. */
    { "31a590170a351fd51148b2a10af2c305", "3a0390a46d0c3d4f",
      "0c4c13d16041c860", "fdc7815fdbdbb1a6a08d0fda749edb18" },
};

START_TEST(session_key_is_met)
{
    unsigned char key[MSD_MACHINEKEY_SIZE];

    ck_assert_int_eq(msd_machinekey_session(bytes_of(sessions[_i].hash),
                                            bytes_of(sessions[_i].client),
                                            bytes_of(sessions[_i].server),
                                            unit_pool, key),
                     APR_SUCCESS);
    ck_assert_str_eq(unit_hex(key, sizeof(key)), sessions[_i].key);
}
END_TEST

START_TEST(credentials_are_met)
{
    const unsigned char *key = bytes_of(sessions[0].key);
    unsigned char out[MSD_MACHINEKEY_CHALLENGE];

    ck_assert_int_eq(msd_machinekey_credential(key,
                                               bytes_of(sessions[0].client),
                                               out),
                     APR_SUCCESS);
    ck_assert_str_eq(unit_hex(out, sizeof(out)), "3b5178ed7cc43f1e");
    ck_assert_int_eq(msd_machinekey_credential(key,
                                               bytes_of(sessions[0].server),
                                               out),
                     APR_SUCCESS);
    ck_assert_str_eq(unit_hex(out, sizeof(out)), "8a2be4bb3e576d46");
}
END_TEST

static const struct {
    const char *challenge;
    bool good;
} challenges[] = {
    { "0000000000000000", false }, { "4141414141010203", false },
    { "4141424241010203", false }, { "0102010201ffffff", false },
    { "0000000001000000", true },  { "a1b2c3d4e5f60718", true },
    { "0100000000000000", true },  { "0000000000010203", false },
};

START_TEST(challenge_must_have_a_byte_of_its_own)
{
    ck_assert(msd_machinekey_is_challenge(bytes_of(challenges[_i].challenge))
              == challenges[_i].good);
}
END_TEST

Suite *suite_machinekey(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("machinekey", &tcase);

    tcase_add_loop_test(tcase, secret_is_read, 0, UNIT_COUNT(secrets));
    tcase_add_test(tcase, secret_has_a_limit);
    tcase_add_loop_test(tcase, session_key_is_met, 0, UNIT_COUNT(sessions));
    tcase_add_test(tcase, credentials_are_met);
    tcase_add_loop_test(tcase, challenge_must_have_a_byte_of_its_own, 0,
                        UNIT_COUNT(challenges));
    return suite;
}
