/* SPDX-License-Identifier: Apache-2.0 */
/* Proof by stored hashes: who is let in, and that nobody is told who exists. */
#include "unit.h"

#include "authority/realmhash.h"

/* ---- A keeper of hashes */

typedef struct {
    const char *user;
    const char *field;
} kept_t;

static kept_t kept[4];
static int kept_count;
static int lookups;
static bool unavailable;
static char lent[400];

static msd_proof_result_t look_up(void *self, const char *user,
                                  const char **field, const char **reason)
{
    ck_assert_ptr_eq(self, &kept);
    lookups++;
    if (unavailable) {
        *reason = "the file is gone";
        return MSD_PROOF_UNAVAILABLE;
    }
    for (int i = 0; i < kept_count; i++) {
        if (strcmp(kept[i].user, user) == 0) {
            /* Alive until the proof is done, and no longer: see ask. */
            apr_cpystrn(lent, kept[i].field, sizeof(lent));
            *field = lent;
            return MSD_PROOF_GRANTED;
        }
    }
    *reason = "the file does not know the user";
    return MSD_PROOF_UNKNOWN;
}

static const msd_realmhash_t source = { &kept, look_up };


static msd_hasher_t *hasher;
static msd_response_t response;
static msd_credentials_t credentials;
static msd_proof_t proof;

static const char *field_of(msd_algorithm_t algorithm, const char *user,
                            const char *password)
{
    unsigned char key[MSD_HASH_MAX];

    msd_response_base_key(hasher, algorithm, msd_text_of(user), MSD_TEXT("r"),
                          msd_text_of(password), key);
    return unit_hex(key, msd_hash_size(msd_algorithm_hash(algorithm)));
}

static void set_up(void)
{
    hasher = msd_hasher_create(unit_pool);
    kept_count = 0;
    lookups = 0;
    unavailable = false;
}

/* The answer of a client that knows this name and password. */
static void answer(msd_algorithm_t algorithm, const char *user,
                   const char *password)
{
    unsigned char base[MSD_HASH_MAX];
    unsigned char key[MSD_HASH_MAX];
    apr_size_t size = msd_hash_size(msd_algorithm_hash(algorithm));
    msd_text_t parts[6];

    memset(&credentials, 0, sizeof(credentials));
    credentials.algorithm = algorithm;
    credentials.nonce = MSD_TEXT("n");
    credentials.uri = MSD_TEXT("/");
    credentials.cnonce = MSD_TEXT("c");
    credentials.params[MSD_PARAM_NC].value = MSD_TEXT("00000001");
    credentials.params[MSD_PARAM_QOP].value = MSD_TEXT("auth");
    ck_assert_int_eq(msd_response_prepare(&response, hasher, &credentials,
                                          MSD_TEXT("GET"), NULL),
                     APR_SUCCESS);
    msd_response_base_key(hasher, algorithm, msd_text_of(user), MSD_TEXT("r"),
                          msd_text_of(password), base);
    msd_response_session_key(&response, base, key);
    parts[0] = msd_text_of(unit_hex(key, size));
    parts[1] = response.nonce;
    parts[2] = response.nc;
    parts[3] = response.cnonce;
    parts[4] = response.qop;
    parts[5] = (msd_text_t){ response.h_a2, 2 * size };
    msd_hash_joined(hasher, msd_algorithm_hash(algorithm), parts, 6,
                    response.claimed);
}

/* Ask about the name as it stands between quotes.  Returns the number of
 * hashes that were computed. */
static int ask(const char *wire, const unsigned char *known_key)
{
    msd_param_t username = { unit_exact(wire, strlen(wire)), true,
                             strchr(wire, '\\') != NULL };
    msd_question_t question = {
        .username = &username,
        .realm = MSD_TEXT("r"),
        .response = &response,
        .known_key = known_key,
        .pool = unit_pool,
    };
    int before = atomic_load(&unit_hashes);

    memset(&proof, 0x5a, sizeof(proof));
    lookups = 0;
    msd_realmhash_prove(&source, &question, &proof);
    memset(lent, '#', sizeof(lent));
    return atomic_load(&unit_hashes) - before;
}

static void keep(const kept_t *rows, int n)
{
    ck_assert_int_le(n, UNIT_COUNT(kept));
    for (int i = 0; i < n; i++) {
        kept[i] = rows[i];
    }
    kept_count = n;
}

/* ---- Who is let in */

START_TEST(right_password_is_granted)
{
    for (int a = 0; a < MSD_ALGORITHM_COUNT; a++) {
        msd_algorithm_t algorithm = (msd_algorithm_t)a;
        const char *hash = field_of(algorithm, "ann", "p");
        bool long_name = msd_algorithm_hash(algorithm) == MSD_HASH_SHA512_256;
        const kept_t rows[] = {
            { "bob", field_of(algorithm, "bob", "p") },
            { "ann", apr_pstrcat(unit_pool, long_name ? "SHA-512-256=" : "",
                                 hash, NULL) },
        };

        keep(rows, 2);
        answer(algorithm, "ann", "p");
        ask("ann", NULL);
        ck_assert_msg(proof.result == MSD_PROOF_GRANTED, "%s: %s",
                      msd_algorithm_name(algorithm), proof.reason);
        ck_assert_str_eq(unit_string(proof.user), "ann");
        ck_assert(proof.has_base_key);
        ck_assert_str_eq(unit_hex(proof.base_key, strlen(hash) / 2), hash);
        ck_assert(msd_response_matches(&response, proof.session_key));
        ck_assert_int_eq(lookups, 1);
    }
}
END_TEST

START_TEST(wrong_answer_is_denied)
{
    const kept_t rows[] = { { "ann",
                              field_of(MSD_ALGORITHM_MD5, "ann", "p") } };

    keep(rows, 1);
    answer(MSD_ALGORITHM_MD5_SESS, "ann", "q");
    ask("ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
    ck_assert_str_eq(proof.reason, "wrong password");
    ck_assert(!proof.has_base_key);
    answer(MSD_ALGORITHM_MD5_SESS, "ann", "p");
    ask("bob", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_UNKNOWN);
    ck_assert_ptr_nonnull(proof.reason);
    ck_assert(!proof.has_base_key);
}
END_TEST

START_TEST(keeper_that_cannot_tell_ends_the_search)
{
    unavailable = true;
    answer(MSD_ALGORITHM_MD5_SESS, "a\\b", "p");
    ask("a\\b", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(proof.reason, "the file is gone");
    ck_assert_int_eq(lookups, 1);
}
END_TEST

START_TEST(broken_or_foreign_hash_lets_nobody_in)
{
    static const char *const fields[] = {
        "",
        "x",
        "00000000000000000000000000000000",
        "0000000000000000000000000000000",
        "000000000000000000000000000000000",
        "0000000000000000000000000000000g",
        "*",
        "0000000000000000000000000000000000000000000000000000000000000000",
    };
    static const unsigned char nobody[MSD_HASH_MAX];

    for (int i = 0; i < UNIT_COUNT(fields); i++) {
        const kept_t rows[] = { { "ann", fields[i] } };

        keep(rows, 1);
        answer(MSD_ALGORITHM_MD5, "ann", "p");
        ask("ann", NULL);
        ck_assert_msg(proof.result == MSD_PROOF_DENIED, "'%s'", fields[i]);
        /* Nor somebody who guesses that nobody's key is zero. */
        if (strlen(fields[i]) != 32) {
            credentials.algorithm = MSD_ALGORITHM_MD5;
            ask("ann", nobody);
            ck_assert_msg(proof.result == MSD_PROOF_DENIED, "'%s', known key",
                          fields[i]);
        }
    }
}
END_TEST

/* An answer made with the key of zeros, that stands for nobody's. */
START_TEST(key_of_nobody_opens_nothing)
{
    static const char zeros[] = "00000000000000000000000000000000";
    const kept_t rows[] = { { "ann", "*" } };
    msd_text_t parts[6];

    answer(MSD_ALGORITHM_MD5, "ann", "p");
    parts[0] = msd_text_of(zeros);
    parts[1] = response.nonce;
    parts[2] = response.nc;
    parts[3] = response.cnonce;
    parts[4] = response.qop;
    parts[5] = (msd_text_t){ response.h_a2, 32 };
    msd_hash_joined(hasher, MSD_HASH_MD5, parts, 6, response.claimed);
    keep(rows, 1);
    ask("ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
    ask("zed", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_UNKNOWN);
}
END_TEST

/* ---- Names */

START_TEST(name_is_tried_in_all_its_forms)
{
    static const struct {
        const char *wire;
        const char *user;
    } rows[] = {
        { "DOM\\ann", "DOM\\ann" },   { "DOM\\ann", "DOMann" },
        { "DOM\\\\ann", "DOM\\ann" }, { "DOM\\\\ann", "DOM\\\\ann" },
        { "a\\\"b", "a\"b" },         { "J\xc3\xa4n", "J\xe4n" },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        const kept_t kept_rows[] = {
            { rows[i].user, field_of(MSD_ALGORITHM_MD5, rows[i].user, "p") },
        };

        keep(kept_rows, 1);
        answer(MSD_ALGORITHM_MD5_SESS, rows[i].user, "p");
        ask(rows[i].wire, NULL);
        ck_assert_msg(proof.result == MSD_PROOF_GRANTED, "%s: %s",
                      rows[i].wire, proof.reason);
        ck_assert_str_eq(unit_string(proof.user), rows[i].user);
    }
}
END_TEST

START_TEST(form_that_is_another_user_does_not_end_the_search)
{
    const kept_t rows[] = {
        { "DOM\\ann", field_of(MSD_ALGORITHM_MD5, "DOM\\ann", "p") },
        { "DOMann", field_of(MSD_ALGORITHM_MD5, "DOMann", "q") },
    };

    keep(rows, 2);
    answer(MSD_ALGORITHM_MD5_SESS, "DOMann", "q");
    ask("DOM\\ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_GRANTED);
    ck_assert_str_eq(unit_string(proof.user), "DOMann");
    answer(MSD_ALGORITHM_MD5_SESS, "DOMann", "guess");
    ask("DOM\\ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
    keep(rows, 1);
    ask("DOM\\ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
    ck_assert_str_eq(proof.reason, "wrong password");
}
END_TEST

START_TEST(name_in_the_field_is_the_user)
{
    const kept_t rows[] = {
        { "hash of a name",
          apr_pstrcat(unit_pool, "user=ann,",
                      field_of(MSD_ALGORITHM_MD5, "ann", "p"), NULL) },
    };

    keep(rows, 1);
    answer(MSD_ALGORITHM_MD5_SESS, "ann", "p");
    ask("hash of a name", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_GRANTED);
    ck_assert_str_eq(unit_string(proof.user), "ann");
}
END_TEST

START_TEST(any_of_the_stored_hashes_will_do)
{
    static const char *const passwords[] = { "p1", "p2", "p3", "p4" };
    const char *field = "";

    for (int i = 0; i < 4; i++) {
        field = apr_pstrcat(unit_pool, field, i > 0 ? "," : "",
                            field_of(MSD_ALGORITHM_MD5, "ann", passwords[i]),
                            NULL);
    }
    for (int i = 0; i < 4; i++) {
        const kept_t rows[] = { { "ann", field } };

        keep(rows, 1);
        answer(MSD_ALGORITHM_MD5_SESS, "ann", passwords[i]);
        ask("ann", NULL);
        ck_assert_msg(proof.result == MSD_PROOF_GRANTED, "%s", passwords[i]);
        ck_assert_str_eq(unit_hex(proof.base_key, 16),
                         field_of(MSD_ALGORITHM_MD5, "ann", passwords[i]));
    }
    answer(MSD_ALGORITHM_MD5_SESS, "ann", "p5");
    ask("ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
}
END_TEST

/* ---- A key that verified before */

START_TEST(known_key_is_good_while_the_stored_one_is_the_same)
{
    const char *hash = field_of(MSD_ALGORITHM_MD5, "ann", "p");
    const kept_t same[] = { { "ann", hash } };
    const kept_t other[] = { { "ann",
                               field_of(MSD_ALGORITHM_MD5, "ann", "new") } };
    unsigned char known_key[MSD_HASH_MAX] = { 0 };

    ck_assert(msd_hex_decode(msd_text_of(hash), known_key, 16));
    answer(MSD_ALGORITHM_MD5_SESS, "ann", "an old A1, that is");
    keep(same, 1);
    ask("ann", known_key);
    ck_assert_int_eq(proof.result, MSD_PROOF_GRANTED);
    ck_assert(proof.has_base_key);
    ck_assert_mem_eq(proof.base_key, known_key, 16);
    ask("ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
    keep(other, 1);
    ask("ann", known_key);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
    keep(NULL, 0);
    ask("ann", known_key);
    ck_assert_int_eq(proof.result, MSD_PROOF_UNKNOWN);
    known_key[15] ^= 1;
    keep(same, 1);
    ask("ann", known_key);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
}
END_TEST

/* ---- Work */

START_TEST(unknown_user_costs_what_a_wrong_password_costs)
{
    static const char *const wires[] = { "ann", "DOM\\ann", "a\\\\b\\c",
                                         "J\xc3\xa4n" };
    const kept_t rows[] = {
        { "ann", field_of(MSD_ALGORITHM_MD5, "ann", "p") },
        { "DOM\\ann", field_of(MSD_ALGORITHM_MD5, "DOM\\ann", "p") },
        { "a\\b\\c", field_of(MSD_ALGORITHM_MD5, "a\\b\\c", "p") },
        { "J\xc3\xa4n", field_of(MSD_ALGORITHM_MD5, "J\xc3\xa4n", "p") },
    };

    for (int a = MSD_ALGORITHM_MD5_SESS; a <= MSD_ALGORITHM_MD5; a++) {
        for (int i = 0; i < UNIT_COUNT(wires); i++) {
            int wrong;
            int wrong_lookups;

            answer((msd_algorithm_t)a, "ann", "guess");
            keep(rows, UNIT_COUNT(rows));
            wrong = ask(wires[i], NULL);
            wrong_lookups = lookups;
            ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
            ck_assert_int_gt(wrong, 0);
            keep(NULL, 0);
            ck_assert_msg(ask(wires[i], NULL) == wrong, "%s: hashes",
                          wires[i]);
            ck_assert_int_eq(proof.result, MSD_PROOF_UNKNOWN);
            ck_assert_msg(lookups == wrong_lookups, "%s: look-ups", wires[i]);
        }
    }
}
END_TEST

START_TEST(user_without_such_a_hash_costs_the_same)
{
    const kept_t foreign[] = { { "ann", "*" } };
    int without;

    answer(MSD_ALGORITHM_MD5_SESS, "ann", "guess");
    keep(foreign, 1);
    without = ask("ann", NULL);
    ck_assert_int_eq(proof.result, MSD_PROOF_DENIED);
    keep(NULL, 0);
    ck_assert_int_eq(ask("ann", NULL), without);
}
END_TEST

Suite *suite_realmhash(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("realmhash", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, right_password_is_granted);
    tcase_add_test(tcase, wrong_answer_is_denied);
    tcase_add_test(tcase, keeper_that_cannot_tell_ends_the_search);
    tcase_add_test(tcase, broken_or_foreign_hash_lets_nobody_in);
    tcase_add_test(tcase, key_of_nobody_opens_nothing);
    tcase_add_test(tcase, name_is_tried_in_all_its_forms);
    tcase_add_test(tcase, form_that_is_another_user_does_not_end_the_search);
    tcase_add_test(tcase, name_in_the_field_is_the_user);
    tcase_add_test(tcase, any_of_the_stored_hashes_will_do);
    tcase_add_test(tcase, known_key_is_good_while_the_stored_one_is_the_same);
    tcase_add_test(tcase, unknown_user_costs_what_a_wrong_password_costs);
    tcase_add_test(tcase, user_without_such_a_hash_costs_the_same);
    return suite;
}
