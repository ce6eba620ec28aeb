/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/pdu.h"
#include "unit.h"

static const char bind_plain[] =
    "05000b03100000004800000001000000d016d016000000000100000000000100"
    "785634123412cdabef0001234567cffb01000000045d888aeb1cc9119fe80800"
    "2b10486002000000";
static const char bind_sealed[] =
    "05000b07100000006100110001000000d016d016000000000100000000000100"
    "785634123412cdabef0001234567cffb01000000045d888aeb1cc9119fe80800"
    "2b10486002000000440600000100000000000000030000004144430057454231"
    "00";
static const char ack_plain[] =
    "05000c03100000003c00000001000000d016d016341200000400313335000000"
    "0100000000000000045d888aeb1cc9119fe808002b10486002000000";
static const char ack_sealed[] =
    "05000c071000000050000c0001000000d016d016341200000400313335000000"
    "0100000000000000045d888aeb1cc9119fe808002b1048600200000044060000"
    "0100000001000000000000006c000000";
static const char sealed_request[] =
    "05000003100000001801380002000000c0000000000027004e8d20fdd53567d6"
    "f607a38f77e890bfb03a43a53280603571693665651fc4753588e2cbbf61b50e"
    "f38dbe76a884517b752db416d364ad2a17aab620216bd966eba1263f13f6c923"
    "c32d3da456a9f40eae94c0c3fd734b4c79d272cb63ba6005abbb74ad5e882d6e"
    "fecb273b4dee5f6c13832daa5f9389a64002d31820fa39987451117e63801a16"
    "f7e003ea2e314b85bcc8394ee9d713754219c341d25aac9bd9b17b2b8c055472"
    "dbaeb14cced8f45581112591775c3180f17a51e9e2f773cf4406000001000000"
    "13001a00ffff0000c9d68079fb5e5157724ddc7951f77b3113167a197bd1c203"
    "000000000000000000000000000000000000000000000000";
static const char signed_request[] =
    "05000003100000001801380002000000c0000000000027004e8d20fdd53567d6"
    "f607a38f77e890bfb03a43a53280603571693665651fc4753588e2cbbf61b50e"
    "f38dbe76a884517b752db416d364ad2a17aab620216bd966eba1263f13f6c923"
    "c32d3da456a9f40eae94c0c3fd734b4c79d272cb63ba6005abbb74ad5e882d6e"
    "fecb273b4dee5f6c13832daa5f9389a64002d31820fa39987451117e63801a16"
    "f7e003ea2e314b85bcc8394ee9d713754219c341d25aac9bd9b17b2b8c055472"
    "dbaeb14cced8f45581112591775c3180f17a51e9e2f773cf4406000001000000"
    "13001a00ffff0000a035876e1a87da4febe00dd3c24e788e13167a197bd1c203"
    "000000000000000000000000000000000000000000000000";
static const char sealed_response[] =
    "050002031000000098003800020000003400000000000000c258b7953951dddd"
    "5276fee1ac9c4fb6667b286eee931ff92161bacfde7d5a47ad01bb7569551030"
    "503cfd75e8178715e3f4e1b5861bece4f93e8cb110a355f144060c0001000000"
    "13001a00ffff00009c4c378fa58f56589ec3be483b3b1b776c908a29fdf970f8"
    "000000000000000000000000000000000000000000000000";
static const char signed_response[] =
    "050002031000000098003800020000003400000000000000c258b7953951dddd"
    "5276fee1ac9c4fb6667b286eee931ff92161bacfde7d5a47ad01bb7569551030"
    "503cfd75e8178715e3f4e1b5861bece4f93e8cb110a355f144060c0001000000"
    "13001a00ffff000011bb65babedea4d7dbcc3f1c9bfcaed26c908a29fdf970f8"
    "000000000000000000000000000000000000000000000000";
static const char logon_ask[] =
    "000002000600000000000000060000005c005c00440043003100000004000200"
    "0500000000000000050000005700450042003100000004000400000008000200"
    "060006000c000200000000000000000000000000000000000000000000000000"
    "000000000e000e00100002001000000014000200030000000000000003000000"
    "4100440043000000070000000000000007000000570044006900670065007300"
    "7400000010000000de5cfb248f6820b1453c0929b41113fb0500000000000000";
static const char logon_reply[] =
    "050000000000020015000000040002001500000056414c49444154494f4e2d42"
    "595445532d32312e2e0100000000000000000000";

static msd_token_t token;
static unsigned char pdu[MSD_PDU_MAX];
static apr_size_t len;
static msd_pdu_head_t head;

static void set_up(void)
{
    msd_text_t key = unit_unhex("0f276336a5ea79fabe7beb694b5a2468");

    ck_assert_int_eq(msd_token_begin(&token, (const unsigned char *)key.data,
                                     unit_pool),
                     APR_SUCCESS);
}

static void load(const char *hex)
{
    msd_text_t text = unit_unhex(hex);

    len = text.len;
    memcpy(pdu, text.data, len);
}

/* As a channel does: the header, then the rest, of exactly that size. */
static const char *read_response(bool signs, uint32_t call, msd_text_t *stub)
{
    const char *fault = msd_pdu_read_head(pdu, call, &head);
    msd_text_t exact;

    if (fault != NULL) {
        return fault;
    }
    if (head.len != len) {
        return "it has another length";
    }
    exact = unit_exact((const char *)pdu, len);
    return msd_pdu_read_response((unsigned char *)(uintptr_t)exact.data,
                                 &head, signs, &token, stub);
}

static const char *read_bound(bool secured, msd_pdu_bound_t *bound)
{
    const char *fault = msd_pdu_read_head(pdu, 1, &head);
    msd_text_t exact;

    if (fault != NULL) {
        return fault;
    }
    if (head.len != len) {
        return "it has another length";
    }
    exact = unit_exact((const char *)pdu, len);
    return msd_pdu_read_bound((const unsigned char *)exact.data, &head,
                              secured, bound);
}

START_TEST(binds_are_as_specified)
{
    unsigned char greeting[MSD_TOKEN_GREETING_MAX];
    msd_text_t span = { (const char *)greeting,
                        msd_token_greet("ADC", "WEB1", greeting) };

    len = msd_pdu_bind(&msd_pdu_netlogon, 1, MSD_TEXT(""), pdu);
    ck_assert_str_eq(unit_hex(pdu, len), bind_plain);
    len = msd_pdu_bind(&msd_pdu_netlogon, 1, span, pdu);
    ck_assert_str_eq(unit_hex(pdu, len), bind_sealed);
}
END_TEST

START_TEST(bind_ack_is_read)
{
    msd_pdu_bound_t bound;

    load(ack_plain);
    ck_assert_ptr_null(read_bound(false, &bound));
    ck_assert_uint_eq(bound.send_max, 5840);
    ck_assert(!bound.signs_header);
    ck_assert_str_eq(read_bound(true, &bound),
                     "it does not protect the connection");
    load(ack_sealed);
    ck_assert_ptr_null(read_bound(true, &bound));
    ck_assert(bound.signs_header);
}
END_TEST

/* Offset in ack_sealed, what to put there, and whether it is still good. */
static const struct {
    apr_size_t at;
    unsigned char value;
    bool good;
} bound_rows[] = {
    { 0, 4, false },    { 1, 1, false },     { 2, 2, false },
    { 4, 0, false },    { 5, 1, false },     { 8, 0x4f, false },
    { 10, 0xff, false }, { 12, 2, false },   { 18, 0x10, true },
    { 19, 0x01, false }, { 24, 0xff, false }, { 25, 0xff, false },
    { 32, 0, false },   { 32, 0xff, false }, { 36, 2, false },
    { 40, 0xff, false }, { 56, 1, false },   { 60, 9, false },
    { 61, 5, false },   { 64, 2, false },    { 68, 0, false },
    { 10, 0, false },
};

START_TEST(bind_ack_is_checked)
{
    msd_pdu_bound_t bound;

    load(ack_sealed);
    pdu[bound_rows[_i].at] = bound_rows[_i].value;
    ck_assert((read_bound(true, &bound) == NULL) == bound_rows[_i].good);
}
END_TEST

START_TEST(requests_are_as_specified)
{
    msd_pdu_request_t request = {
        .call_id = 2,
        .opnum = 39,
        .flags = MSD_PDU_FIRST | MSD_PDU_LAST,
        .stub = unit_unhex(logon_ask),
        .signs_header = _i != 0,
    };
    msd_text_t confounder = unit_unhex("0011223344556677");

    request.hint = (uint32_t)request.stub.len;
    request.confounder = (const unsigned char *)confounder.data;
    len = msd_pdu_request(&request, &token, pdu);
    ck_assert_str_eq(unit_hex(pdu, len),
                     _i ? signed_request : sealed_request);
    ck_assert_uint_eq(token.counter, 1);
}
END_TEST

START_TEST(request_has_a_limit)
{
    char *data = apr_pcalloc(unit_pool, MSD_PDU_MAX);
    msd_pdu_request_t request = { .call_id = 2,
                                  .confounder = (unsigned char *)data };
    apr_size_t most = msd_pdu_stub_max(MSD_PDU_MAX, true);

    ck_assert_uint_eq(most % 16, 0);
    request.stub = unit_exact(data, most);
    ck_assert_uint_le(msd_pdu_request(&request, &token, pdu), MSD_PDU_MAX);
    ck_assert_uint_ne(token.counter, 0);
    request.stub = unit_exact(data, most + 16);
    ck_assert_uint_eq(msd_pdu_request(&request, &token, pdu), 0);
    request.stub = unit_exact(data, MSD_PDU_MAX);
    ck_assert_uint_eq(msd_pdu_request(&request, NULL, pdu), 0);
}
END_TEST

START_TEST(responses_are_read)
{
    msd_text_t stub;

    load(_i ? signed_response : sealed_response);
    token.counter = 1;
    ck_assert_ptr_null(read_response(_i != 0, 2, &stub));
    ck_assert_str_eq(unit_hex((const unsigned char *)stub.data, stub.len),
                     logon_reply);
}
END_TEST

START_TEST(changed_bit_of_a_response_is_refused)
{
    msd_text_t stub;

    load(signed_response);
    for (apr_size_t i = 0; i < len; i++) {
        bool unused = i >= len - 24;

        token.counter = 1;
        pdu[i] ^= 0x10;
        ck_assert_msg((read_response(true, 2, &stub) == NULL) == unused,
                      "byte %d", (int)i);
        pdu[i] ^= 0x10;
    }
}
END_TEST

START_TEST(cut_response_is_refused)
{
    msd_text_t stub;
    apr_size_t whole;

    load(sealed_response);
    whole = len;
    for (len = MSD_PDU_HEADER; len < whole; len++) {
        token.counter = 1;
        pdu[8] = (unsigned char)len;
        ck_assert_msg(read_response(false, 2, &stub) != NULL, "%d",
                      (int)len);
    }
}
END_TEST

START_TEST(response_must_be_protected_and_in_order)
{
    msd_text_t stub;

    load(sealed_response);
    ck_assert_str_eq(read_response(false, 2, &stub),
                     "the sequence number is wrong");
    token.counter = 1;
    ck_assert_str_eq(read_response(false, 3, &stub),
                     "it answers another call");
    ck_assert_ptr_nonnull(read_response(true, 2, &stub));
    load(sealed_request);
    pdu[2] = MSD_PDU_RESPONSE;
    pdu[22] = 0;
    token.counter = 0;
    ck_assert_str_eq(read_response(false, 2, &stub),
                     "the sequence number is wrong");
    load(sealed_response);
    token.counter = 1;
    len -= 64;
    pdu[8] = (unsigned char)len;
    pdu[10] = 0;
    ck_assert_str_eq(read_response(false, 2, &stub),
                     "a response is not protected");
}
END_TEST

START_TEST(faults_are_read)
{
    load("05000323100000002000000002000000"
         "0000000000000000" "2107000000000000");
    ck_assert_ptr_null(msd_pdu_read_head(pdu, 2, &head));
    ck_assert_uint_eq(msd_pdu_read_fault(pdu, &head), 0x721);
    pdu[8] = 31;
    ck_assert_ptr_nonnull(msd_pdu_read_head(pdu, 2, &head));
    load("05000d03100000001200000002000000" "0900");
    ck_assert_ptr_null(msd_pdu_read_head(pdu, 2, &head));
    ck_assert_uint_eq(msd_pdu_read_fault(pdu, &head), 9);
}
END_TEST

Suite *suite_pdu(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("pdu", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, binds_are_as_specified);
    tcase_add_test(tcase, bind_ack_is_read);
    tcase_add_loop_test(tcase, bind_ack_is_checked, 0,
                        UNIT_COUNT(bound_rows));
    tcase_add_loop_test(tcase, requests_are_as_specified, 0, 2);
    tcase_add_test(tcase, request_has_a_limit);
    tcase_add_loop_test(tcase, responses_are_read, 0, 2);
    tcase_add_test(tcase, changed_bit_of_a_response_is_refused);
    tcase_add_test(tcase, cut_response_is_refused);
    tcase_add_test(tcase, response_must_be_protected_and_in_order);
    tcase_add_test(tcase, faults_are_read);
    return suite;
}
