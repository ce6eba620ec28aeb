/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces: only what this key made for this scope is ours. */
#include "unit.h"

#include "context/nonce.h"

static const unsigned char context_id[MSD_CONTEXT_ID_SIZE] = {
    0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
    0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf,
};
static const unsigned char random_bytes[MSD_NONCE_RANDOM_SIZE] = { 1, 2, 3,
                                                                   4, 5, 6,
                                                                   7, 8, 9 };

static msd_hmac_t *key;
static const msd_text_t scope = MSD_TEXT("realm of this server");
static char made[MSD_NONCE_LENGTH + 1];

static msd_hmac_t *make_key(unsigned char fill)
{
    unsigned char bytes[MSD_HMAC_SIZE];
    msd_hmac_t *hmac;

    memset(bytes, fill, sizeof(bytes));
    hmac = msd_hmac_create(unit_pool, bytes);
    ck_assert_ptr_nonnull(hmac);
    return hmac;
}

static const char *mint(uint64_t ms)
{
    char *out = apr_palloc(unit_pool, MSD_NONCE_LENGTH + 1);

    ck_assert_int_eq(
        msd_nonce_mint(key, scope, ms, random_bytes, context_id, out),
        APR_SUCCESS);
    return out;
}

static bool opens(const char *text, apr_size_t n)
{
    msd_nonce_t nonce;

    return msd_nonce_open(key, scope, unit_exact(text, n), &nonce);
}

static void make_one(void)
{
    key = make_key(1);
    apr_cpystrn(made, mint(1234567890), sizeof(made));
}

START_TEST(nonce_comes_back_as_it_was_made)
{
    static const uint64_t times[] = {
        0, 1, 255, 256, 1234567890, UINT64_C(0xffffffffffff)
    };

    for (int i = 0; i < UNIT_COUNT(times); i++) {
        msd_nonce_t nonce = { .minted_ms = 99 };
        const char *text = mint(times[i]);

        ck_assert_uint_eq(strlen(text), MSD_NONCE_LENGTH);
        ck_assert(msd_nonce_open(key, scope, unit_exact(text, strlen(text)),
                                 &nonce));
        ck_assert_uint_eq(nonce.minted_ms, times[i]);
        ck_assert_mem_eq(nonce.context_id, context_id, MSD_CONTEXT_ID_SIZE);
    }
}
END_TEST

/* Design 2: below 256 characters, no quote or backslash, of even length. */
START_TEST(nonce_is_made_of_harmless_characters)
{
    ck_assert_uint_eq(strspn(made, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789-_"),
                      MSD_NONCE_LENGTH);
    ck_assert_uint_eq(MSD_NONCE_LENGTH % 2, 0);
}
END_TEST

/* version 1 | milliseconds 6 | random 9 | context id 16 | tag 16 */
START_TEST(nonce_has_the_documented_layout)
{
    unsigned char bytes[48];
    unsigned char mac[MSD_HMAC_SIZE];
    msd_text_t parts[2] = { { (const char *)bytes, 32 }, scope };
    msd_nonce_t nonce;

    ck_assert(msd_base64url_decode(msd_text_of(made), bytes, 48));
    ck_assert_str_eq(unit_hex(bytes, 32), "01"
                                          "0000499602d2"
                                          "010203040506070809"
                                          "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf");
    ck_assert_int_eq(msd_hmac(key, parts, 2, mac), APR_SUCCESS);
    ck_assert_mem_eq(bytes + 32, mac, 16);
    ck_assert(msd_nonce_open(key, scope, msd_text_of(made), &nonce));
    ck_assert_mem_eq(nonce.mark, mac + 16, MSD_NONCE_MARK_SIZE);
}
END_TEST

START_TEST(each_character_counts)
{
    static const char other[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs"
                                "tuvwxyz0123456789-_=+/. \"\\\xff\x01";

    for (int i = 0; i < MSD_NONCE_LENGTH; i++) {
        for (const char *c = other; *c != '\0'; c++) {
            char changed[MSD_NONCE_LENGTH + 1];

            memcpy(changed, made, sizeof(changed));
            changed[i] = *c;
            ck_assert_msg(opens(changed, MSD_NONCE_LENGTH) == (*c == made[i]),
                          "character %d changed to '%c'", i, *c);
        }
    }
}
END_TEST

START_TEST(two_characters_changed_place)
{
    for (int i = 0; i + 1 < MSD_NONCE_LENGTH; i++) {
        char changed[MSD_NONCE_LENGTH + 1];

        memcpy(changed, made, sizeof(changed));
        changed[i] = made[i + 1];
        changed[i + 1] = made[i];
        ck_assert_msg(opens(changed, MSD_NONCE_LENGTH)
                          == (made[i] == made[i + 1]),
                      "characters %d and %d", i, i + 1);
    }
}
END_TEST

START_TEST(nonce_of_another_length_is_not_ours)
{
    char longer[201];

    memset(longer, 'A', sizeof(longer));
    memcpy(longer, made, MSD_NONCE_LENGTH);
    for (apr_size_t n = 0; n <= 200; n++) {
        ck_assert_msg(opens(longer, n) == (n == MSD_NONCE_LENGTH),
                      "%d characters", (int)n);
    }
    longer[MSD_NONCE_LENGTH] = '=';
    ck_assert(!opens(longer, MSD_NONCE_LENGTH + 1));
    for (apr_size_t n = 1; n < MSD_NONCE_LENGTH; n++) {
        ck_assert(!opens(made + n, MSD_NONCE_LENGTH - n));
    }
}
END_TEST

START_TEST(nonce_of_another_key_is_not_ours)
{
    key = make_key(2);
    ck_assert(!opens(made, MSD_NONCE_LENGTH));
}
END_TEST

START_TEST(nonce_of_another_scope_is_not_ours)
{
    static const char *const scopes[] = {
        "",
        "r",
        "realm of this serve",
        "realm of this server2",
        "realm of this servER",
        " realm of this server",
    };
    msd_nonce_t nonce;

    for (int i = 0; i < UNIT_COUNT(scopes); i++) {
        ck_assert_msg(!msd_nonce_open(key, msd_text_of(scopes[i]),
                                      msd_text_of(made), &nonce),
                      "'%s'", scopes[i]);
    }
    ck_assert(!msd_nonce_open(key, (msd_text_t){ "realm of this server", 21 },
                              msd_text_of(made), &nonce));
}
END_TEST

/* A nonce that is refused leaves the caller's value alone. */
START_TEST(result_is_set_only_for_our_nonces)
{
    msd_nonce_t nonce;
    msd_nonce_t before;

    memset(&nonce, 0x5a, sizeof(nonce));
    memcpy(&before, &nonce, sizeof(nonce));
    made[40] = made[40] == 'A' ? 'B' : 'A';
    ck_assert(!msd_nonce_open(key, scope, msd_text_of(made), &nonce));
    ck_assert_mem_eq(&nonce, &before, sizeof(nonce));
    ck_assert(!msd_nonce_open(key, scope, MSD_TEXT("x"), &nonce));
    ck_assert_mem_eq(&nonce, &before, sizeof(nonce));
}
END_TEST

START_TEST(version_of_another_layout_is_not_ours)
{
    unsigned char bytes[48];
    unsigned char mac[MSD_HMAC_SIZE];
    msd_text_t parts[2] = { { (const char *)bytes, 32 }, scope };
    char text[MSD_NONCE_LENGTH];

    ck_assert(msd_base64url_decode(msd_text_of(made), bytes, 48));
    for (unsigned version = 0; version < 4; version++) {
        bytes[0] = (unsigned char)version;
        msd_hmac(key, parts, 2, mac);
        memcpy(bytes + 32, mac, 16);
        msd_base64url_encode(bytes, 48, text);
        ck_assert_msg(opens(text, sizeof(text)) == (version == 1), "%u",
                      version);
    }
}
END_TEST

START_TEST(random_time_and_context_each_make_another_nonce)
{
    unsigned char other[MSD_CONTEXT_ID_SIZE] = { 0 };
    char text[MSD_NONCE_LENGTH + 1];

    ck_assert_str_eq(mint(1234567890), made);
    ck_assert_str_ne(mint(1234567891), made);
    msd_nonce_mint(key, scope, 1234567890, other, context_id, text);
    ck_assert_str_ne(text, made);
    msd_nonce_mint(key, scope, 1234567890, random_bytes, other, text);
    ck_assert_str_ne(text, made);
}
END_TEST

Suite *suite_nonce(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("nonce", &tcase);

    tcase_add_checked_fixture(tcase, make_one, NULL);
    tcase_add_test(tcase, nonce_comes_back_as_it_was_made);
    tcase_add_test(tcase, nonce_is_made_of_harmless_characters);
    tcase_add_test(tcase, nonce_has_the_documented_layout);
    tcase_add_test(tcase, each_character_counts);
    tcase_add_test(tcase, two_characters_changed_place);
    tcase_add_test(tcase, nonce_of_another_length_is_not_ours);
    tcase_add_test(tcase, nonce_of_another_key_is_not_ours);
    tcase_add_test(tcase, nonce_of_another_scope_is_not_ours);
    tcase_add_test(tcase, result_is_set_only_for_our_nonces);
    tcase_add_test(tcase, version_of_another_layout_is_not_ours);
    tcase_add_test(tcase, random_time_and_context_each_make_another_nonce);
    return suite;
}
