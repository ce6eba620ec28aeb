/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/wdigest.h"
#include "unit.h"

static const char validation_ask[] =
    "1a000000010028010300020003000200000100000500100016000c0000000000"
    "0000000000000000557365723132330054657374446f6d61696e003931633132"
    "3162346634376563363031613238316365656661613564366632623039363839"
    "3765613037393766646432656137326266656563376664613634343333613938"
    "6434616535373138366131003537396335653737323361643065663865656230"
    "623734323733373962646434003030303030303031004d44352d736573730061"
    "75746800474554002f5265736f75726365410062616638653061636561316239"
    "3530643661613036376563353438626561633100000055007300650072003100"
    "320033000000540045005300540044004f004d00410049004e00000057004500"
    "4200300031000000";
static const char validation_reply[] =
    "0a000000010000000000000021000000080000000e0000006600000000000000"
    "3531663664663663646130346462633638323766626338383535376230643437"
    "00000000000000000000000000000000aaaaaaaaaaaaaaaa5500530045005200"
    "310032003300";

static char bytes[128];
static apr_size_t len;
static msd_wdigest_request_t request;

static void set_up(void)
{
    msd_text_t text = unit_unhex(validation_reply);

    len = text.len;
    memcpy(bytes, text.data, len);
    request = (msd_wdigest_request_t){
        .username = MSD_TEXT("User123"),
        .realm = MSD_TEXT("TestDomain"),
        .nonce = MSD_TEXT("91c121b4f47ec601a281ceefaa5d6f2b096897ea0797fdd2"
                          "ea72bfeec7fda64433a98d4ae57186a1"),
        .cnonce = MSD_TEXT("579c5e7723ad0ef8eeb0b7427379bdd4"),
        .nc = MSD_TEXT("00000001"),
        .algorithm = MSD_TEXT("MD5-sess"),
        .qop = MSD_TEXT("auth"),
        .method = MSD_TEXT("GET"),
        .uri = MSD_TEXT("/ResourceA"),
        .response = MSD_TEXT("baf8e0acea1b950d6aa067ec548beac1"),
        .account = MSD_TEXT("User123"),
        .domain = MSD_TEXT("TESTDOMAIN"),
        .server = MSD_TEXT("WEB01"),
        .utf8 = true,
        .flags = MSD_WDIGEST_FIND_FORMAT | MSD_WDIGEST_EXPAND_GROUPS,
    };
}

static const char *read_it(msd_wdigest_reply_t *reply)
{
    return msd_wdigest_read(unit_exact(bytes, len), reply);
}

START_TEST(request_is_as_specified)
{
    msd_text_t message;

    ck_assert_ptr_null(msd_wdigest_ask(&request, unit_pool, &message));
    ck_assert_str_eq(unit_hex((const unsigned char *)message.data,
                              message.len),
                     validation_ask);
}
END_TEST

START_TEST(request_refuses_what_it_cannot_carry)
{
    char *text = apr_pcalloc(unit_pool, 70000);
    msd_text_t message;

    request.uri = (msd_text_t){ "/a\0b", 4 };
    ck_assert_str_eq(msd_wdigest_ask(&request, unit_pool, &message),
                     "a value of the answer holds a NUL");
    memset(text, 'x', 70000);
    request.uri = unit_exact(text, 65535 - 296 + 10);
    ck_assert_ptr_null(msd_wdigest_ask(&request, unit_pool, &message));
    ck_assert_uint_eq(message.len, 65535);
    request.uri.data = unit_exact(text, ++request.uri.len).data;
    ck_assert_ptr_nonnull(msd_wdigest_ask(&request, unit_pool, &message));
    request.uri = MSD_TEXT("/");
    request.account = MSD_TEXT("\xff");
    ck_assert_str_eq(msd_wdigest_ask(&request, unit_pool, &message),
                     "a name is not UTF-8");
}
END_TEST

START_TEST(reply_is_read)
{
    msd_wdigest_reply_t reply;

    ck_assert_ptr_null(read_it(&reply));
    ck_assert_uint_eq(reply.status, 0);
    ck_assert_str_eq(unit_hex(reply.key, sizeof(reply.key)),
                     "51f6df6cda04dbc6827fbc88557b0d47");
    ck_assert_str_eq(unit_hex((const unsigned char *)reply.pac.data,
                              reply.pac.len),
                     "aaaaaaaaaaaaaaaa");
    ck_assert_str_eq(unit_hex((const unsigned char *)reply.account.data,
                              reply.account.len),
                     "5500530045005200310032003300");
}
END_TEST

START_TEST(cut_reply_is_refused)
{
    msd_wdigest_reply_t reply;
    apr_size_t whole = len;

    for (len = 0; len < whole; len++) {
        ck_assert_msg(read_it(&reply) != NULL, "%d", (int)len);
    }
}
END_TEST

/* An offset, what to put there. */
static const struct {
    apr_size_t at;
    unsigned char value;
} bad[] = {
    { 0, 0x0b }, { 4, 2 },     { 12, 32 },  { 12, 34 },   { 12, 0 },
    { 16, 9 },   { 19, 0xff }, { 19, 0x80 }, { 20, 15 },  { 20, 16 },
    { 21, 0xff }, { 24, 0 },   { 24, 0x65 }, { 24, 0x67 }, { 27, 0xff },
    { 32, 'g' }, { 63, 0 },    { 64, 1 },
};

START_TEST(bad_field_is_refused)
{
    msd_wdigest_reply_t reply;

    bytes[bad[_i].at] = (char)bad[_i].value;
    ck_assert_ptr_nonnull(read_it(&reply));
}
END_TEST

START_TEST(changed_byte_stays_inside)
{
    static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
    msd_wdigest_reply_t reply;

    for (apr_size_t i = 0; i < len; i++) {
        char kept = bytes[i];

        for (int j = 0; j < UNIT_COUNT(values); j++) {
            bytes[i] = (char)values[j];
            if (read_it(&reply) == NULL && reply.status == 0) {
                ck_assert_uint_le(80 + reply.pac.len + reply.account.len,
                                  len);
            }
        }
        bytes[i] = kept;
    }
}
END_TEST

START_TEST(status_is_handed_on)
{
    msd_wdigest_reply_t reply;

    bytes[8] = 0x6d;
    bytes[11] = (char)0xc0;
    ck_assert_ptr_null(read_it(&reply));
    ck_assert_uint_eq(reply.status, 0xc000006d);
    ck_assert_uint_eq(reply.pac.len, 0);
}
END_TEST

Suite *suite_wdigest(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("wdigest", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, request_is_as_specified);
    tcase_add_test(tcase, request_refuses_what_it_cannot_carry);
    tcase_add_test(tcase, reply_is_read);
    tcase_add_test(tcase, cut_reply_is_refused);
    tcase_add_loop_test(tcase, bad_field_is_refused, 0, UNIT_COUNT(bad));
    tcase_add_test(tcase, changed_byte_stays_inside);
    tcase_add_test(tcase, status_is_handed_on);
    return suite;
}
