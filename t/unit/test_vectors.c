/* SPDX-License-Identifier: Apache-2.0 */
/* Published vectors beyond the responses of test_response.c: what Windows
 * stores, what a bound client sends, and the forms that are not for HTTP. */
#include "unit.h"

#include "digest/response.h"

static msd_hasher_t *hasher;

static void setup(void)
{
    unit_setup();
    hasher = msd_hasher_create(unit_pool);
}

/* Whether the joined parts have this hash. */
static bool hashes_to(msd_hash_id_t id, const msd_text_t *parts, int n,
                      const char *expected)
{
    unsigned char hash[MSD_HASH_MAX];
    char hex[2 * MSD_HASH_MAX + 1];
    apr_size_t size = msd_hash_size(id);

    ck_assert_int_eq(msd_hash_joined(hasher, id, parts, n, hash),
                     APR_SUCCESS);
    msd_hex_encode(hash, size, hex);
    hex[2 * size] = '\0';
    return strcmp(hex, expected) == 0;
}

/* Primary:WDigest of an account of Windows Server 2003 ([MS-SAMR] section
 * 3.1.1.8.11.3.1): base keys under the names that Windows accepts. */
static const struct {
    const char *name;
    const char *user;
    const char *realm;
    const char *hash;
} wdigest[] = {
    { "Hash01", "NewUser2Sam", "SUB1",
      "4279815024bda54fc074a5f8bd0a6e6f" },
    { "Hash02", "newuser2sam", "sub1",
      "b7ec9da91062199aee7d121e6710fe23" },
    { "Hash03", "NEWUSER2SAM", "SUB1",
      "17d290bc5c9f463fac54c37a8cea134d" },
    { "Hash04", "NewUser2Sam", "SUB1",
      "4279815024bda54fc074a5f8bd0a6e6f" },
    { "Hash05", "NewUser2Sam", "sub1",
      "5d57e7823938348127322e08cd81bcb5" },
    { "Hash06", "NEWUSER2SAM", "sub1",
      "07dd701bf8a011ece585de3d47237140" },
    { "Hash07", "newuser2sam", "SUB1",
      "e14fb0eb401498d2cb33c9aae1cc7f37" },
    { "Hash08", "NewUser2Sam", "sub1.w2k3.vmnet1.vm.base",
      "8dadc90250f873d8b883f79d890bef82" },
    { "Hash09", "newuser2sam", "sub1.w2k3.vmnet1.vm.base",
      "f52da1266a6bdd290ffd48b2c823dda7" },
    { "Hash10", "NEWUSER2SAM", "SUB1.W2K3.VMNET1.VM.BASE",
      "d2b42f171248cec37a3c5c6b55404062" },
    { "Hash11", "NewUser2Sam", "SUB1.W2K3.VMNET1.VM.BASE",
      "fff8d790ff6c152aaeb6ebe17b4021de" },
    { "Hash12", "NewUser2Sam", "sub1.w2k3.vmnet1.vm.base",
      "8dadc90250f873d8b883f79d890bef82" },
    { "Hash13", "NEWUSER2SAM", "sub1.w2k3.vmnet1.vm.base",
      "2a7563c3715bc418d626dabef378c008" },
    { "Hash14", "newuser2sam", "SUB1.W2K3.VMNET1.VM.BASE",
      "c8e9557a87cd4200fda0c11d2fa03f96" },
    { "Hash15", "NewUser2Princ@sub1.w2k3.vmnet1.vm.base", "",
      "221c55284451ae9b3aacaa2a3c86f10f" },
    { "Hash16", "newuser2princ@sub1.w2k3.vmnet1.vm.base", "",
      "74e1be668853d4324d38c07e2acfb8ea" },
    { "Hash17", "NEWUSER2PRINC@SUB1.W2K3.VMNET1.VM.BASE", "",
      "e1e244ab7f098e3ae1761be7f9229bbb" },
    { "Hash18", "SUB1\\NewUser2Sam", "",
      "86db637df42513039920e605499c3af6" },
    { "Hash19", "sub1\\newuser2sam", "",
      "f5e43474dfaf067fee8197a253debaa2" },
    { "Hash20", "SUB1\\NEWUSER2SAM", "",
      "2ecaa8382e2518e4b77a52422b279467" },
    { "Hash21", "NewUser2Sam", "Digest",
      "31dc704d3640335b2123d4ee28aa1f11" },
    { "Hash22", "newuser2sam", "Digest",
      "36349f5cecd07320fb3bb0e119230c43" },
    { "Hash23", "NEWUSER2SAM", "Digest",
      "12adf019d037fb535c01fd0608e78d9d" },
    { "Hash24", "NewUser2Princ@sub1.w2k3.vmnet1.vm.base", "Digest",
      "6feecf8e724906f3ee1105819c5105a1" },
    { "Hash25", "newuser2princ@sub1.w2k3.vmnet1.vm.base", "Digest",
      "6c6911f3de6333422640221b9c51ff1f" },
    { "Hash26", "NEWUSER2PRINC@SUB1.W2K3.VMNET1.VM.BASE", "Digest",
      "4b279877e742895f9348ac67a8de2f69" },
    { "Hash27", "SUB1\\NewUser2Sam", "Digest",
      "db0c6bff069513e3ebb9870d29b57490" },
    { "Hash28", "sub1\\newuser2sam", "Digest",
      "45072621e56b1c113a4e04a8ff68cd0e" },
    { "Hash29", "SUB1\\NEWUSER2SAM", "Digest",
      "11d1220abc44a9c10cf91ef4a9c1de02" },
};

START_TEST(windows_stores_base_keys)
{
    const msd_text_t parts[] = { msd_text_of(wdigest[_i].user),
                                 msd_text_of(wdigest[_i].realm),
                                 MSD_TEXT("TestPwd2007") };

    ck_assert_msg(hashes_to(MSD_HASH_MD5, parts, 3, wdigest[_i].hash), "%s",
                  wdigest[_i].name);
}
END_TEST

/* RFC 7616 section 3.9.2, erratum 4897. */
START_TEST(userhash_is_the_hash_of_user_and_realm)
{
    const msd_text_t parts[] = { MSD_TEXT("J\xc3\xa4s\xc3\xb8n Doe"),
                                 MSD_TEXT("api@example.org") };

    ck_assert(hashes_to(MSD_HASH_SHA512_256, parts, 2,
                        "793263caabb707a56211940d90411ea4"
                        "a575adeccb7e360aeb624ed06ece9b0b"));
}
END_TEST

/* RFC 2831 section 4: the inner hash of A1 is binary there.  Over HTTP it is
 * hexadecimal, so the same answer must not verify. */
START_TEST(sasl_is_not_http)
{
    const char response_hex[] = "d388dad90d4bbd760a152321f2143af7";
    msd_response_t response = { .hasher = hasher,
                                .algorithm = MSD_ALGORITHM_MD5_SESS,
                                .nonce = MSD_TEXT("OA6MG9tEQGm2hh"),
                                .nc = MSD_TEXT("00000001"),
                                .cnonce = MSD_TEXT("OA6MHXh6VqTrRk"),
                                .qop = MSD_TEXT("auth") };
    const msd_text_t a2[] = { MSD_TEXT("AUTHENTICATE"),
                              MSD_TEXT("imap/elwood.innosoft.com") };
    unsigned char base[MSD_HASH_MAX];
    unsigned char key[MSD_HASH_MAX];
    const msd_text_t binary_a1[] = { { (char *)base, 16 },
                                     response.nonce,
                                     response.cnonce };
    char rspauth[2 * MSD_HASH_MAX + 1];

    ck_assert(msd_hex_decode(msd_text_of(response_hex), response.claimed, 16));
    msd_hash_joined(hasher, MSD_HASH_MD5, a2, 2, key);
    msd_hex_encode(key, 16, response.h_a2);
    msd_response_base_key(hasher, response.algorithm, MSD_TEXT("chris"),
                          MSD_TEXT("elwood.innosoft.com"), MSD_TEXT("secret"),
                          base);
    ck_assert(!msd_response_verify(&response, base, key));
    msd_hash_joined(hasher, MSD_HASH_MD5, binary_a1, 3, key);
    ck_assert(msd_response_matches(&response, key));
    msd_response_rspauth(&response, a2[1], key, rspauth);
    ck_assert_str_eq(rspauth, "ea40f60335c427b5527b84dbabcdfffd");
}
END_TEST

#define BOUND_NONCE \
    "+Upgraded+v18bdb7daaaf885e3a7b1e39039d976e5103c4b6970a92d801" \
    "dab86d2114140c85569f682b22a27145199871b80da2c307630d5d105e0fc4f3"
#define BOUND_CNONCE \
    "+Upgraded+v1071dbf32ea50477ffe9b0a1f0c19d9d2" \
    "0123456789abcdef0123456789abcdef"

/* A client of Windows that binds its answer to TLS: nonce of an IIS server,
 * cnonce with MD5(service-name ":" channel-binding). */
START_TEST(bound_client_computes_as_any_other)
{
    const msd_text_t binding[] = { MSD_TEXT("HTTP/www.example.com"),
                                   MSD_TEXT(
                                       "a513620e394353301b0b429acf4cdfe4") };
    const char header[] =
        "username=\"User123\",realm=\"TestDomain\",nonce=\"" BOUND_NONCE
        "\",uri=\"/ResourceA\",algorithm=\"MD5-sess\",cnonce=\"" BOUND_CNONCE
        "\",nc=00000001,qop=\"auth\",hashed-dirs=\"service-name,"
        "channel-binding\",service-name=\"HTTP/www.example.com\","
        "channel-binding=\"a513620e394353301b0b429acf4cdfe4\","
        "response=\"75ba1a53dbfcc96fa22ab223e7565c28\"";
    msd_credentials_t credentials;
    msd_response_t response;
    unsigned char base[MSD_HASH_MAX];
    unsigned char key[MSD_HASH_MAX];

    ck_assert(hashes_to(MSD_HASH_MD5, binding, 2,
                        "071dbf32ea50477ffe9b0a1f0c19d9d2"));
    ck_assert_ptr_null(
        msd_header_parse(msd_text_of(header), unit_pool, &credentials));
    msd_response_prepare(&response, hasher, &credentials, MSD_TEXT("GET"),
                         NULL);
    msd_response_base_key(hasher, credentials.algorithm, MSD_TEXT("User123"),
                          MSD_TEXT("TestDomain"), MSD_TEXT("P@ssw0rd"), base);
    ck_assert(msd_response_verify(&response, base, key));
    ck_assert_str_eq(unit_hex(key, 16), "e98d55db93394fe6162d8e26c98a7e32");
}
END_TEST

Suite *suite_vectors(void)
{
    Suite *suite = suite_create("vectors");
    TCase *tcase = tcase_create("vectors");

    tcase_add_checked_fixture(tcase, setup, unit_teardown);
    tcase_add_loop_test(tcase, windows_stores_base_keys, 0,
                        (int)(sizeof(wdigest) / sizeof(wdigest[0])));
    tcase_add_test(tcase, userhash_is_the_hash_of_user_and_realm);
    tcase_add_test(tcase, sasl_is_not_http);
    tcase_add_test(tcase, bound_client_computes_as_any_other);
    suite_add_tcase(suite, tcase);
    return suite;
}
