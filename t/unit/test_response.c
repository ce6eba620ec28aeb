/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of Digest, against values that others published. */
#include "unit.h"

#include <stddef.h>

#include "digest/response.h"

/* [MS-DPSP] section 4, with a password of our own. */
#define DPSP_NONCE \
    "91c121b4f47ec601a281ceefaa5d6f2b096897ea0797fdd2ea72bfeec" \
    "7fda64433a98d4ae57186a1"
#define DPSP_CNONCE "579c5e7723ad0ef8eeb0b7427379bdd4"
#define NEW_CNONCE "00112233445566778899aabbccddeeff"
#define RFC7616_NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define RFC7616_CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define ERRATUM_NONCE "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"
#define ERRATUM_CNONCE "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"
#define RFC2617_NONCE "dcd98b7102dd2f0e8b11d0f600bfb0c093"

typedef struct {
    const char *name;
    msd_algorithm_t algorithm;
    const char *user;
    const char *realm;
    const char *password;
    const char *method;
    const char *uri;
    const char *nonce;
    const char *nc;
    const char *cnonce;
    const char *qop;
    const char *response;
} vector_t;

static const vector_t vectors[] = {
    { "RFC 2617 3.5", MSD_ALGORITHM_MD5, "Mufasa", "testrealm@host.com",
      "Circle Of Life", "GET", "/dir/index.html", RFC2617_NONCE, "00000001",
      "0a4f113b", "auth", "6629fae49393a05397450978507c4ef1" },
    { "RFC 7616 3.9.1, MD5", MSD_ALGORITHM_MD5, "Mufasa",
      "http-auth@example.org", "Circle of Life", "GET", "/dir/index.html",
      RFC7616_NONCE, "00000001", RFC7616_CNONCE, "auth",
      "8ca523f5e9506fed4657c9700eebdbec" },
    { "RFC 7616 3.9.1, SHA-256", MSD_ALGORITHM_SHA256, "Mufasa",
      "http-auth@example.org", "Circle of Life", "GET", "/dir/index.html",
      RFC7616_NONCE, "00000001", RFC7616_CNONCE, "auth",
      "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
    { "RFC 7616 3.9.2, erratum 4897", MSD_ALGORITHM_SHA512_256,
      "J\xc3\xa4s\xc3\xb8n Doe", "api@example.org", "Secret, or not?", "GET",
      "/doe.json", ERRATUM_NONCE, "00000001", ERRATUM_CNONCE, "auth",
      "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5" },
    { "V5, first request", MSD_ALGORITHM_MD5_SESS, "User123", "TestDomain",
      "P@ssw0rd", "GET", "/ResourceA", DPSP_NONCE, "00000001", DPSP_CNONCE,
      "auth", "baf8e0acea1b950d6aa067ec548beac1" },
    { "V5, subsequent request", MSD_ALGORITHM_MD5_SESS, "User123",
      "TestDomain", "P@ssw0rd", "GET", "/ResourceB", DPSP_NONCE, "00000002",
      DPSP_CNONCE, "auth", "26dfcefea2e05f71030e2ddcc014a372" },
    { "V5, new cnonce, key recomputed", MSD_ALGORITHM_MD5_SESS, "User123",
      "TestDomain", "P@ssw0rd", "GET", "/ResourceB", DPSP_NONCE, "00000002",
      NEW_CNONCE, "auth", "2c86ccbf7eff68ff6c3a7db653078b3e" },
};

/* Responses that are wrong, though some client computes them so. */
static const vector_t wrong[] = {
    { "V5, binary inner hash (RFC 2831)", MSD_ALGORITHM_MD5_SESS, "User123",
      "TestDomain", "P@ssw0rd", "GET", "/ResourceA", DPSP_NONCE, "00000001",
      DPSP_CNONCE, "auth", "5160cacd5ff0ce4bd5bfb35f0dd4afec" },
    { "V5, rspauth", MSD_ALGORITHM_MD5_SESS, "User123", "TestDomain",
      "P@ssw0rd", "GET", "/ResourceA", DPSP_NONCE, "00000001", DPSP_CNONCE,
      "auth", "e8df41403a3fc90940465e1949770476" },
    { "RFC 2617 3.5 without qop (RFC 2069)", MSD_ALGORITHM_MD5, "Mufasa",
      "testrealm@host.com", "Circle Of Life", "GET", "/dir/index.html",
      RFC2617_NONCE, "00000001", "0a4f113b", "auth",
      "670fd8c2df070c60b045671b8b24ff02" },
    { "RFC 2617 3.5, other password", MSD_ALGORITHM_MD5, "Mufasa",
      "testrealm@host.com", "Circle of Life", "GET", "/dir/index.html",
      RFC2617_NONCE, "00000001", "0a4f113b", "auth",
      "6629fae49393a05397450978507c4ef1" },
    { "V5, plain MD5 instead of MD5-sess", MSD_ALGORITHM_MD5, "User123",
      "TestDomain", "P@ssw0rd", "GET", "/ResourceA", DPSP_NONCE, "00000001",
      DPSP_CNONCE, "auth", "baf8e0acea1b950d6aa067ec548beac1" },
};

static msd_hasher_t *hasher;
static msd_credentials_t credentials;

static apr_size_t size_of(msd_algorithm_t algorithm)
{
    return msd_hash_size(msd_algorithm_hash(algorithm));
}

/* The hash of the body, where the vector has one. */
static const unsigned char *h_entity;

static void fill(msd_response_t *response, const vector_t *vector)
{
    hasher = msd_hasher_create(unit_pool);
    memset(&credentials, 0, sizeof(credentials));
    memset(response, 0x5a, sizeof(*response));
    credentials.algorithm = vector->algorithm;
    credentials.nonce = msd_text_of(vector->nonce);
    credentials.uri = msd_text_of(vector->uri);
    credentials.cnonce = msd_text_of(vector->cnonce);
    credentials.params[MSD_PARAM_NC].value = msd_text_of(vector->nc);
    credentials.params[MSD_PARAM_QOP].value = msd_text_of(vector->qop);
    credentials.qop = h_entity != NULL ? MSD_QOP_AUTH_INT : MSD_QOP_AUTH;
    ck_assert(msd_hex_decode(msd_text_of(vector->response),
                             credentials.response,
                             size_of(vector->algorithm)));
    ck_assert_int_eq(msd_response_prepare(response, hasher, &credentials,
                                          msd_text_of(vector->method),
                                          h_entity),
                     APR_SUCCESS);
}

static void find_key(const msd_response_t *response, const vector_t *vector,
                     unsigned char *key)
{
    unsigned char base[MSD_HASH_MAX];

    ck_assert_int_eq(msd_response_base_key(
                         hasher, vector->algorithm, msd_text_of(vector->user),
                         msd_text_of(vector->realm),
                         msd_text_of(vector->password), base),
                     APR_SUCCESS);
    ck_assert_int_eq(msd_response_session_key(response, base, key),
                     APR_SUCCESS);
}

static bool verifies(const vector_t *vector)
{
    msd_response_t response;
    unsigned char key[MSD_HASH_MAX];

    fill(&response, vector);
    find_key(&response, vector, key);
    return msd_response_matches(&response, key);
}

START_TEST(published_response_matches)
{
    ck_assert_msg(verifies(&vectors[_i]), "%s", vectors[_i].name);
}
END_TEST

START_TEST(wrong_response_does_not_match)
{
    ck_assert_msg(!verifies(&wrong[_i]), "%s", wrong[_i].name);
}
END_TEST

/* Whatever goes into the hash and changes, the answer changes. */
START_TEST(each_input_counts)
{
    static const struct {
        const char *name;
        apr_size_t offset;
        const char *other;
    } inputs[] = {
        { "user", offsetof(vector_t, user), "Mufasb" },
        { "realm", offsetof(vector_t, realm), "other" },
        { "password", offsetof(vector_t, password), "" },
        { "method", offsetof(vector_t, method), "get" },
        { "empty method", offsetof(vector_t, method), "" },
        { "uri", offsetof(vector_t, uri), "/dir/index.htm" },
        { "nonce", offsetof(vector_t, nonce), "dcd98b" },
        { "nc", offsetof(vector_t, nc), "0000000f" },
        { "cnonce", offsetof(vector_t, cnonce), "0a4f113c" },
        { "qop", offsetof(vector_t, qop), "auth-int" },
        { "case of qop", offsetof(vector_t, qop), "AUTH" },
    };

    for (int i = 0; i < UNIT_COUNT(inputs); i++) {
        vector_t changed = vectors[_i];

        memcpy((char *)&changed + inputs[i].offset, &inputs[i].other,
               sizeof(inputs[i].other));
        ck_assert_msg(!verifies(&changed), "%s: %s", vectors[_i].name,
                      inputs[i].name);
    }
}
END_TEST

/* "In the text use nc and qop as sent": capitals stay capitals. */
START_TEST(nc_and_qop_are_hashed_as_sent)
{
    static const vector_t capitals = { "capitals",
                                       MSD_ALGORITHM_MD5,
                                       "Mufasa",
                                       "testrealm@host.com",
                                       "Circle Of Life",
                                       "GET",
                                       "/dir/index.html",
                                       RFC2617_NONCE,
                                       "0000000A",
                                       "0a4f113b",
                                       "AUTH",
                                       "00000000000000000000000000000000" };
    const msd_text_t parts[] = {
        MSD_TEXT("939e7578ed9e3c518a452acee763bce9"),
        MSD_TEXT(RFC2617_NONCE),
        MSD_TEXT("0000000A"),
        MSD_TEXT("0a4f113b"),
        MSD_TEXT("AUTH"),
        MSD_TEXT("39aff3a2bab6126f332b942af96d3366"),
    };
    msd_response_t response;
    unsigned char key[MSD_HASH_MAX];

    fill(&response, &capitals);
    find_key(&response, &capitals, key);
    ck_assert(!msd_response_matches(&response, key));
    ck_assert_int_eq(
        msd_hash_joined(hasher, MSD_HASH_MD5, parts, 6, response.claimed),
        APR_SUCCESS);
    ck_assert(msd_response_matches(&response, key));
}
END_TEST

START_TEST(every_bit_of_the_claimed_response_counts)
{
    msd_response_t response;
    unsigned char key[MSD_HASH_MAX];
    apr_size_t size = size_of(vectors[_i].algorithm);

    fill(&response, &vectors[_i]);
    find_key(&response, &vectors[_i], key);
    for (apr_size_t bit = 0; bit < 8 * size; bit++) {
        response.claimed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert_msg(!msd_response_matches(&response, key), "%s: bit %d",
                      vectors[_i].name, (int)bit);
        response.claimed[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (apr_size_t bit = 0; bit < 8 * size; bit++) {
        key[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert_msg(!msd_response_matches(&response, key),
                      "%s: bit %d of the key", vectors[_i].name, (int)bit);
        key[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    ck_assert(msd_response_matches(&response, key));
}
END_TEST

START_TEST(session_key_is_that_of_the_domain_controller)
{
    msd_response_t response;
    unsigned char key[MSD_HASH_MAX];
    unsigned char binary[MSD_HASH_MAX];

    fill(&response, &vectors[4]);
    find_key(&response, &vectors[4], key);
    ck_assert_str_eq(unit_hex(key, 16), "51f6df6cda04dbc6827fbc88557b0d47");
    /* RFC 2831 puts 16 raw bytes there: must be refused over HTTP. */
    ck_assert(msd_hex_decode(MSD_TEXT("22dc5d148a4bb76ac441ff206ef6ccfa"),
                             binary, 16));
    ck_assert(!msd_response_matches(&response, binary));
}
END_TEST

/* RFC 2617 3.2.2.2: A1 of the first request, over a new cnonce. */
START_TEST(kept_session_key_verifies_a_new_cnonce)
{
    vector_t next = vectors[6];
    msd_response_t response;
    unsigned char key[MSD_HASH_MAX];
    unsigned char fresh[MSD_HASH_MAX];

    fill(&response, &vectors[4]);
    find_key(&response, &vectors[4], key);
    next.response = "8b956d8ac4457b518f508304f53cc618";
    fill(&response, &next);
    ck_assert(msd_response_matches(&response, key));
    find_key(&response, &next, fresh);
    ck_assert(!msd_response_matches(&response, fresh));
}
END_TEST

START_TEST(session_key_depends_on_nonce_and_cnonce)
{
    msd_response_t response;
    unsigned char keys[3][MSD_HASH_MAX];
    vector_t other = vectors[4];

    fill(&response, &other);
    find_key(&response, &other, keys[0]);
    other.nonce = "n";
    fill(&response, &other);
    find_key(&response, &other, keys[1]);
    other.nonce = vectors[4].nonce;
    other.cnonce = NEW_CNONCE;
    fill(&response, &other);
    find_key(&response, &other, keys[2]);
    ck_assert_mem_ne(keys[0], keys[1], 16);
    ck_assert_mem_ne(keys[0], keys[2], 16);
}
END_TEST

START_TEST(without_sess_the_base_key_is_the_key)
{
    static const msd_algorithm_t plain[] = { MSD_ALGORITHM_MD5,
                                             MSD_ALGORITHM_SHA256,
                                             MSD_ALGORITHM_SHA512_256 };

    for (int i = 0; i < UNIT_COUNT(plain); i++) {
        msd_response_t response = { .algorithm = plain[i] };
        unsigned char base[MSD_HASH_MAX];
        unsigned char key[MSD_HASH_MAX + 1];
        apr_size_t size = size_of(plain[i]);

        memset(base, 0x5a, sizeof(base));
        memset(key, 0, sizeof(key));
        ck_assert_int_eq(msd_response_session_key(&response, base, key),
                         APR_SUCCESS);
        ck_assert_mem_eq(key, base, size);
        ck_assert_uint_eq(key[size], 0);
    }
}
END_TEST

/* -sess over SHA: cross-computed with Python's hashlib. */
START_TEST(session_keys_of_sha)
{
    static const struct {
        msd_algorithm_t algorithm;
        const char *key;
    } rows[] = {
        { MSD_ALGORITHM_SHA256_SESS,
          "b9b7f5f03afd65ca2b28d0aa7c9b92a744a682a9eaeb9f4eea22280544bf0728" },
        { MSD_ALGORITHM_SHA512_256_SESS,
          "4802d57e3b95d5068cd180a5eaf78973f4e90bf30d95b67e07a06cf979fca2c7" },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        vector_t vector = vectors[4];
        msd_response_t response;
        unsigned char key[MSD_HASH_MAX];

        vector.algorithm = rows[i].algorithm;
        vector.response = vectors[3].response;
        fill(&response, &vector);
        find_key(&response, &vector, key);
        ck_assert_str_eq(unit_hex(key, 32), rows[i].key);
    }
}
END_TEST

/* V9, V10 and [MS-DPSP]: H(user:realm:password) of awkward names. */
START_TEST(base_key_hashes_raw_bytes)
{
    static const struct {
        const char *name;
        const char *user;
        const char *realm;
        const char *password;
        const char *key;
    } rows[] = {
        { "ISO 8859-1", "J\xe4n", "TestDomain", "p\xe4ss",
          "b84d71343c84dd04481872eb98f58e13" },
        { "UTF-8", "J\xc3\xa4n", "TestDomain", "p\xc3\xa4ss",
          "1e6b2fce5aa5475f5e6a0bd85faf6c3d" },
        { "backslash taken away", "TESTDOMuser123", "TestDomain", "P@ssw0rd",
          "ea869464c29b780ccf94282d36f7c169" },
        { "backslash kept", "TESTDOM\\user123", "TestDomain", "P@ssw0rd",
          "062c68cd979264754150c29897468ece" },
        { "RFC 2617", "Mufasa", "testrealm@host.com", "Circle Of Life",
          "939e7578ed9e3c518a452acee763bce9" },
    };

    hasher = msd_hasher_create(unit_pool);
    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        unsigned char key[MSD_HASH_MAX];

        ck_assert_int_eq(msd_response_base_key(hasher, MSD_ALGORITHM_MD5_SESS,
                                               msd_text_of(rows[i].user),
                                               msd_text_of(rows[i].realm),
                                               msd_text_of(rows[i].password),
                                               key),
                         APR_SUCCESS);
        ck_assert_msg(strcmp(unit_hex(key, 16), rows[i].key) == 0, "%s: %s",
                      rows[i].name, unit_hex(key, 16));
    }
}
END_TEST

/* V6: POST /ResourceA with the body "abc". */
START_TEST(body_is_part_of_auth_int)
{
    static const unsigned char bodies[][MSD_HASH_MAX] = {
        { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96, 0x3f,
          0x7d, 0x28, 0xe1, 0x7f, 0x72 },
        { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96, 0x3f,
          0x7d, 0x28, 0xe1, 0x7f, 0x73 },
    };
    vector_t post = vectors[4];
    msd_response_t response;

    post.method = "POST";
    post.qop = "auth-int";
    post.response = "c1b1c17981afc64f44969fb2db6cb639";
    h_entity = bodies[0];
    ck_assert(verifies(&post));
    fill(&response, &post);
    ck_assert_mem_eq(response.h_a2, "05cdae728d584de24d266959b48fa22d", 32);
    h_entity = bodies[1];
    ck_assert(!verifies(&post));
    h_entity = NULL;
    ck_assert(!verifies(&post));
}
END_TEST

START_TEST(rspauth_is_the_response_without_method)
{
    msd_response_t response;
    unsigned char key[MSD_HASH_MAX];
    char rspauth[2 * MSD_HASH_MAX + 1];

    fill(&response, &vectors[4]);
    find_key(&response, &vectors[4], key);
    ck_assert_int_eq(
        msd_response_rspauth(&response, credentials.uri, key, rspauth),
        APR_SUCCESS);
    ck_assert_str_eq(rspauth, "e8df41403a3fc90940465e1949770476");
    ck_assert_int_eq(
        msd_response_rspauth(&response, MSD_TEXT("/other"), key, rspauth),
        APR_SUCCESS);
    ck_assert_str_ne(rspauth, "e8df41403a3fc90940465e1949770476");
    fill(&response, &vectors[2]);
    find_key(&response, &vectors[2], key);
    ck_assert_int_eq(
        msd_response_rspauth(&response, credentials.uri, key, rspauth),
        APR_SUCCESS);
    ck_assert_uint_eq(strlen(rspauth), 64);
}
END_TEST

static bool verifies_base(const vector_t *vector, bool plain_too,
                          unsigned char *key)
{
    msd_response_t response;
    unsigned char base[MSD_HASH_MAX];

    fill(&response, vector);
    ck_assert(!response.plain_too);
    response.plain_too = plain_too;
    msd_response_base_key(hasher, vector->algorithm, msd_text_of(vector->user),
                          msd_text_of(vector->realm),
                          msd_text_of(vector->password), base);
    return msd_response_verify(&response, base, key);
}

START_TEST(base_key_verifies_and_gives_the_session_key)
{
    unsigned char key[MSD_HASH_MAX];

    for (int i = 0; i < UNIT_COUNT(vectors); i++) {
        ck_assert_msg(verifies_base(&vectors[i], _i == 1, key), "%s",
                      vectors[i].name);
    }
    for (int i = 0; i < UNIT_COUNT(wrong); i++) {
        ck_assert_msg(!verifies_base(&wrong[i], _i == 1, key), "%s",
                      wrong[i].name);
    }
    ck_assert(verifies_base(&vectors[4], _i == 1, key));
    ck_assert_str_eq(unit_hex(key, 16), "51f6df6cda04dbc6827fbc88557b0d47");
}
END_TEST

/* RFC 2617 3.5, sent under the name of MD5-sess. */
START_TEST(plain_answer_passes_as_session_only_on_demand)
{
    vector_t plain = vectors[0];
    unsigned char key[MSD_HASH_MAX];

    plain.algorithm = MSD_ALGORITHM_MD5_SESS;
    ck_assert(!verifies_base(&plain, false, key));
    ck_assert(verifies_base(&plain, true, key));
    ck_assert_str_eq(unit_hex(key, 16), "939e7578ed9e3c518a452acee763bce9");
    plain.password = "guess";
    ck_assert(!verifies_base(&plain, true, key));
}
END_TEST

/* Of the hashes that follow, let the one of this number fail. */
static void fail_hash(int number)
{
    atomic_store(&unit_failing_hash, atomic_load(&unit_hashes) + number);
}

/* A hash that failed is zero, but an answer of zeros is nobody's. */
START_TEST(failure_of_openssl_matches_nothing)
{
    unsigned char key[MSD_HASH_MAX];
    char rspauth[2 * MSD_HASH_MAX + 1];
    msd_response_t response;

    fill(&response, &vectors[4]);
    find_key(&response, &vectors[4], key);
    memset(response.claimed, 0, sizeof(response.claimed));
    fail_hash(1);
    ck_assert(!msd_response_matches(&response, key));
    for (int i = 1; i <= 3; i++) {
        response.plain_too = i == 3;
        fail_hash(i);
        ck_assert(!msd_response_verify(&response, key, key + 16));
    }
    for (int i = 1; i <= 2; i++) {
        fail_hash(i);
        ck_assert_int_eq(
            msd_response_rspauth(&response, MSD_TEXT("/"), key, rspauth),
            APR_EGENERAL);
    }
    fail_hash(1);
    ck_assert_int_eq(msd_response_prepare(&response, hasher, &credentials,
                                          MSD_TEXT("GET"), NULL),
                     APR_EGENERAL);
}
END_TEST

START_TEST(h_a2_is_prepared)
{
    msd_response_t response;

    fill(&response, &vectors[0]);
    ck_assert_mem_eq(response.h_a2, "39aff3a2bab6126f332b942af96d3366", 32);
    ck_assert_mem_eq(response.claimed, credentials.response, 16);
}
END_TEST

Suite *suite_response(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("response", &tcase);

    tcase_add_loop_test(tcase, published_response_matches, 0,
                        UNIT_COUNT(vectors));
    tcase_add_loop_test(tcase, wrong_response_does_not_match, 0,
                        UNIT_COUNT(wrong));
    tcase_add_loop_test(tcase, each_input_counts, 0, UNIT_COUNT(vectors));
    tcase_add_loop_test(tcase, every_bit_of_the_claimed_response_counts, 0,
                        UNIT_COUNT(vectors));
    tcase_add_test(tcase, nc_and_qop_are_hashed_as_sent);
    tcase_add_test(tcase, session_key_is_that_of_the_domain_controller);
    tcase_add_test(tcase, kept_session_key_verifies_a_new_cnonce);
    tcase_add_test(tcase, session_key_depends_on_nonce_and_cnonce);
    tcase_add_test(tcase, without_sess_the_base_key_is_the_key);
    tcase_add_test(tcase, session_keys_of_sha);
    tcase_add_test(tcase, base_key_hashes_raw_bytes);
    tcase_add_test(tcase, body_is_part_of_auth_int);
    tcase_add_test(tcase, rspauth_is_the_response_without_method);
    tcase_add_loop_test(tcase, base_key_verifies_and_gives_the_session_key, 0,
                        2);
    tcase_add_test(tcase, plain_answer_passes_as_session_only_on_demand);
    tcase_add_test(tcase, failure_of_openssl_matches_nothing);
    tcase_add_test(tcase, h_a2_is_prepared);
    return suite;
}
