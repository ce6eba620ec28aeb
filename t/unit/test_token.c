/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/token.h"
#include "unit.h"

static msd_token_t token;
static unsigned char body[5];
static unsigned char sealed[MSD_TOKEN_SIZE];
static msd_token_message_t message;

static void begin(msd_token_t *out)
{
    msd_text_t key = unit_unhex("0f276336a5ea79fabe7beb694b5a2468");

    ck_assert_int_eq(msd_token_begin(out, (const unsigned char *)key.data,
                                     unit_pool),
                     APR_SUCCESS);
}

/* A message from the server, sealed in body and sealed. */
static void set_up(void)
{
    msd_token_t server;

    begin(&server);
    begin(&token);
    ck_assert_str_eq(unit_hex(token.sealing_key, 16),
                     "ffd793c6551a890a4e8b1b99bbaad498");
    memcpy(body, "hello", sizeof(body));
    message = (msd_token_message_t){ MSD_TEXT("head"), body, sizeof(body),
                                     MSD_TEXT("tail"), false };
    ck_assert_int_eq(msd_token_seal(&server, &message,
                                    (const unsigned char *)"confound",
                                    sealed),
                     APR_SUCCESS);
    ck_assert_mem_ne(body, "hello", sizeof(body));
}

static const char *unseal(void)
{
    return msd_token_unseal(&token, &message, sealed, sizeof(sealed));
}

START_TEST(message_comes_back_and_is_counted)
{
    ck_assert_ptr_null(unseal());
    ck_assert_mem_eq(body, "hello", sizeof(body));
    ck_assert_uint_eq(token.counter, 1);
}
END_TEST

START_TEST(no_changed_byte_is_believed)
{
    for (int i = 0; i < MSD_TOKEN_LEAST + (int)sizeof(body); i++) {
        unsigned char kept[sizeof(body)];
        unsigned char *place = i < MSD_TOKEN_LEAST
                                   ? sealed + i
                                   : body + (i - MSD_TOKEN_LEAST);

        memcpy(kept, body, sizeof(body));
        *place ^= 1;
        ck_assert_msg(unseal() != NULL, "byte %d", i);
        ck_assert_uint_eq(token.counter, 0);
        memcpy(body, kept, sizeof(body));
        if (i < MSD_TOKEN_LEAST) {
            *place ^= 1;
        }
    }
    ck_assert_ptr_null(unseal());
}
END_TEST

START_TEST(sequence_and_direction_are_bound)
{
    unsigned char kept[sizeof(body)];

    memcpy(kept, body, sizeof(body));
    token.counter = 1;
    ck_assert_str_eq(unseal(), "the sequence number is wrong");
    token.counter = UINT64_C(1) << 32;
    ck_assert_str_eq(unseal(), "the sequence number is wrong");
    token.counter = 0;
    message.from_client = true;
    ck_assert_str_eq(unseal(), "the sequence number is wrong");
    message.from_client = false;
    message.before = MSD_TEXT("hear");
    ck_assert_str_eq(unseal(), "the checksum is wrong");
    memcpy(body, kept, sizeof(body));
    message.before = MSD_TEXT("head");
    message.after = MSD_TEXT("tall");
    ck_assert_str_eq(unseal(), "the checksum is wrong");
}
END_TEST

START_TEST(other_algorithms_are_refused)
{
    static const unsigned char algorithms[] = { 0x77, 0x7a, 0xff, 0x11 };

    for (int i = 0; i < UNIT_COUNT(algorithms); i++) {
        sealed[0] = algorithms[i];
        ck_assert_str_eq(unseal(), "the token is not sealed with AES");
    }
    sealed[0] = 0x13;
    sealed[2] = 0xff;
    sealed[3] = 0xff;
    ck_assert_str_eq(unseal(), "the token is not sealed with AES");
    for (apr_size_t n = 0; n < MSD_TOKEN_LEAST; n++) {
        msd_text_t cut = unit_exact((const char *)sealed, n);

        ck_assert_ptr_nonnull(msd_token_unseal(
            &token, &message, (const unsigned char *)cut.data, n));
    }
}
END_TEST

START_TEST(greeting_is_as_published)
{
    unsigned char out[MSD_TOKEN_GREETING_MAX];
    apr_size_t n = msd_token_greet("ADC", "WEB1", out);

    ck_assert_str_eq(unit_hex(out, n),
                     "00000000030000004144430057454231" "00");
    ck_assert_uint_eq(msd_token_greet("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO",
                                      out),
                      MSD_TOKEN_GREETING_MAX);
}
END_TEST

START_TEST(welcome_has_its_type_and_length)
{
    msd_text_t good = unit_unhex("01000000" "00000000" "6c000000");
    msd_text_t other = unit_unhex("00000000" "00000000" "6c000000");
    const unsigned char *bytes = (const unsigned char *)good.data;

    ck_assert(msd_token_is_welcome(bytes, 12));
    ck_assert(!msd_token_is_welcome(bytes, 11));
    ck_assert(!msd_token_is_welcome(bytes, 0));
    ck_assert(!msd_token_is_welcome((const unsigned char *)other.data, 12));
}
END_TEST

Suite *suite_token(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("token", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, message_comes_back_and_is_counted);
    tcase_add_test(tcase, no_changed_byte_is_believed);
    tcase_add_test(tcase, sequence_and_direction_are_bound);
    tcase_add_test(tcase, other_algorithms_are_refused);
    tcase_add_test(tcase, greeting_is_as_published);
    tcase_add_test(tcase, welcome_has_its_type_and_length);
    return suite;
}
