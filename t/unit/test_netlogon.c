/* SPDX-License-Identifier: Apache-2.0 */
/* The client of msdigest-netlogond, against helpers in a thread. */
#include "authority/netlogon.h"
#include "unit.h"

#include <time.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_thread_proc.h>

#include "netlogon/ntstatus.h"
#include "netlogon/relay.h"

#define TIMEOUT 3000

/* What the helper does with a connection. */
typedef enum { ANSWERS, CUTS, CLOSES_FIRST, CLOSES, IS_MUTE } manner_t;

static manner_t manner;
static msd_relay_answer_t answer;
static msd_text_t body;
static msd_text_t asked;
static uint64_t asked_until;
static int connections;
static char path[64];
static apr_socket_t *listener;
static apr_thread_t *thread;
static msd_netlogon_t netlogon;
static msd_response_t response;
static msd_param_t username;
static msd_question_t question;
static msd_proof_t proof;

static uint64_t now_ms(void *self)
{
    struct timespec now;

    ck_assert_ptr_eq(self, &manner);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- The helper */

static bool read_all(apr_socket_t *socket, char *out, apr_size_t n)
{
    for (apr_size_t got = 0; got < n;) {
        apr_size_t step = n - got;

        if (apr_socket_recv(socket, out + got, &step) != APR_SUCCESS) {
            return false;
        }
        got += step;
    }
    return true;
}

static void read_question(apr_socket_t *socket, apr_pool_t *pool)
{
    unsigned char head[MSD_RELAY_HEADER];
    msd_relay_question_t read;
    char *bytes;

    if (read_all(socket, (char *)head, sizeof(head))
        && msd_relay_read_question(head, &read)) {
        bytes = apr_palloc(pool, read.len);
        if (read_all(socket, bytes, read.len)) {
            asked = (msd_text_t){ bytes, read.len };
            asked_until = read.deadline_ms;
        }
    }
}

static void write_answer(apr_socket_t *socket)
{
    unsigned char head[MSD_RELAY_HEADER];
    apr_size_t n = sizeof(head);

    msd_relay_write_answer(&answer, head);
    apr_socket_send(socket, (const char *)head, &n);
    n = manner == CUTS ? body.len / 2 : body.len;
    if (n > 0) {
        apr_socket_send(socket, body.data, &n);
    }
}

static void *APR_THREAD_FUNC serve(apr_thread_t *self, void *data)
{
    apr_pool_t *pool = data;
    apr_socket_t *held[3];

    (void)self;
    while (connections < 3
           && apr_socket_accept(&held[connections], listener, pool)
                  == APR_SUCCESS) {
        apr_socket_t *socket = held[connections++];

        apr_socket_timeout_set(socket, 30 * APR_USEC_PER_SEC);
        read_question(socket, pool);
        if (manner == ANSWERS || manner == CUTS
            || (manner == CLOSES_FIRST && connections > 1)) {
            write_answer(socket);
        }
        if (manner != IS_MUTE) {
            apr_socket_close(socket);
        }
    }
    return NULL;
}

static void start(void)
{
    apr_sockaddr_t *address;
    apr_pool_t *pool;   /* not of two threads at once */

    apr_snprintf(path, sizeof(path), "/tmp/msdigest-unit-%d.sock",
                 (int)getpid());
    unlink(path);
    ck_assert_int_eq(apr_sockaddr_info_get(&address, path, APR_UNIX, 0, 0,
                                           unit_pool),
                     APR_SUCCESS);
    apr_socket_create(&listener, APR_UNIX, SOCK_STREAM, 0, unit_pool);
    ck_assert_int_eq(apr_socket_bind(listener, address), APR_SUCCESS);
    apr_socket_listen(listener, 4);
    apr_pool_create(&pool, unit_pool);
    apr_thread_create(&thread, NULL, serve, pool, pool);
}

/* ---- The question, and the answer: a worked example */

static const char validation_reply[] =
    "0a000000010000000000000021000000080000000e0000006600000000000000"
    "3531663664663663646130346462633638323766626338383535376230643437"
    "00000000000000000000000000000000aaaaaaaaaaaaaaaa5500530045005200"
    "310032003300";

static void set_up(void)
{
    const msd_text_t a2[] = { MSD_TEXT("GET"), MSD_TEXT("/ResourceA") };
    msd_hasher_t *hasher = msd_hasher_create(unit_pool);
    unsigned char hash[MSD_HASH_MAX];

    manner = ANSWERS;
    connections = 0;
    asked = MSD_TEXT("");
    response = (msd_response_t){
        .hasher = hasher,
        .algorithm = MSD_ALGORITHM_MD5_SESS,
        .nonce = MSD_TEXT("91c121b4f47ec601a281ceefaa5d6f2b096897ea0797fdd2"
                          "ea72bfeec7fda64433a98d4ae57186a1"),
        .nc = MSD_TEXT("00000001"),
        .cnonce = MSD_TEXT("579c5e7723ad0ef8eeb0b7427379bdd4"),
        .qop = MSD_TEXT("auth"),
        .method = MSD_TEXT("GET"),
        .uri = MSD_TEXT("/ResourceA"),
    };
    ck_assert_int_eq(msd_hash_joined(hasher, MSD_HASH_MD5, a2, 2, hash),
                     APR_SUCCESS);
    msd_hex_encode(hash, 16, response.h_a2);
    memcpy(response.claimed,
           unit_unhex("baf8e0acea1b950d6aa067ec548beac1").data, 16);
    username = (msd_param_t){ .value = MSD_TEXT("User123") };
    question = (msd_question_t){ .username = &username,
                                 .realm = MSD_TEXT("TestDomain"),
                                 .response = &response,
                                 .pool = unit_pool };
    netlogon = (msd_netlogon_t){ .path = path,
                                 .domain = MSD_TEXT("TESTDOMAIN"),
                                 .server = MSD_TEXT("WEB01"),
                                 .timeout_ms = TIMEOUT,
                                 .self = &manner,
                                 .now_ms = now_ms };
}

static const char good_pac[] =
    "02000000000000000a00000008000000280000000000000001000000e8010000"
    "3000000000000000000000000000000001100800ccccccccd801000000000000"
    "0000020000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000120012000400020012001200"
    "0800020000000000000000000000000000000000000000000000000000000000"
    "00000000010000004f04000001020000030000000c0002002002000000000000"
    "0000000000000000000000000600060010000200060006001400020018000200"
    "0000000000000000100200000000000000000000000000000000000000000000"
    "0000000000000000020000001c00020020000200010000002400020009000000"
    "0000000009000000450046004600450043005400490056004500000009000000"
    "0000000009000000460075006c006c0020004e0061006d006500000003000000"
    "0102000007000000b004000007000000b1040000100000000300000000000000"
    "0300000044004300310000000300000000000000030000004100440043000000"
    "0400000001040000000000051500000001000000020000000300000002000000"
    "28000200070000002c0002000700000001000000010100000000001201000000"
    "0100000001010000000000050b00000004000000010400000000000515000000"
    "09000000080000000700000001000000ffffffff07000020";

/* The worked example, with another PAC: its length is at 16, that of all at
 * 24. */
static msd_text_t reply_with(msd_text_t pac)
{
    unsigned char *bytes = apr_palloc(unit_pool, 80 + pac.len + 14);
    apr_size_t len = 80 + pac.len + 14;

    memcpy(bytes, unit_unhex(validation_reply).data, 80);
    memcpy(bytes + 80, pac.data, pac.len);
    memset(bytes + 80 + pac.len, 0, 14);
    bytes[16] = (unsigned char)(pac.len & 0xff);
    bytes[17] = (unsigned char)(pac.len >> 8);
    bytes[24] = (unsigned char)(len & 0xff);
    bytes[25] = (unsigned char)(len >> 8);
    return (msd_text_t){ (const char *)bytes, len };
}

static void say(bool has_status, uint32_t status, msd_text_t text)
{
    answer = (msd_relay_answer_t){ text.len, has_status, status };
    body = text;
}

static void prove(void)
{
    apr_status_t status;

    start();
    msd_netlogon_prove(&netlogon, &question, &proof);
    unlink(path);
    /* Wakes who waits in accept. */
    apr_socket_shutdown(listener, APR_SHUTDOWN_READWRITE);
    apr_thread_join(&status, thread);
}

START_TEST(right_key_grants)
{
    say(true, 0, reply_with(MSD_TEXT("")));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_GRANTED);
    ck_assert_uint_eq(proof.groups.len, 0);
    ck_assert_str_eq(unit_string(proof.user), "User123");
    ck_assert_str_eq(unit_hex(proof.session_key, 16),
                     "51f6df6cda04dbc6827fbc88557b0d47");
    ck_assert(!proof.has_base_key);
    ck_assert_uint_ge(asked.len, 296);
    ck_assert_uint_gt(asked_until, 0);
}
END_TEST

START_TEST(groups_of_the_pac_are_told)
{
    say(true, 0, reply_with(unit_unhex(good_pac)));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_GRANTED);
    ck_assert_str_eq(unit_string((msd_text_t){ proof.groups.text,
                                               proof.groups.len }),
                     "S-1-5-21-1-2-3-513,S-1-5-21-1-2-3-1200,S-1-18-1,"
                     "S-1-5-11,S-1-5-21-9-8-7-4294967295");
}
END_TEST

/* The example's own PAC is no PAC. */
START_TEST(broken_pac_is_unavailable)
{
    say(true, 0, unit_unhex(validation_reply));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(proof.reason, "the PAC is broken");
}
END_TEST

START_TEST(wrong_key_is_unavailable)
{
    response.claimed[0] ^= 1;
    say(true, 0, unit_unhex(validation_reply));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(proof.reason, "the domain controller grants, but its "
                                   "key does not fit");
}
END_TEST

/* A status and what it must be; success needs a message that is one. */
static const struct {
    uint32_t status;
    msd_proof_result_t result;
} rows[] = {
    { 0x00000000, MSD_PROOF_UNAVAILABLE },
    { 0xc000006d, MSD_PROOF_DENIED },
    { 0xc0000234, MSD_PROOF_DENIED },
    { 0xc0000064, MSD_PROOF_UNKNOWN },
    { MSD_NTSTATUS_INVALID_PARAMETER, MSD_PROOF_UNAVAILABLE },
    { MSD_NTSTATUS_ACCESS_DENIED, MSD_PROOF_UNAVAILABLE },
    { 0xc000005e, MSD_PROOF_UNAVAILABLE },
    { 0xdeadbeef, MSD_PROOF_UNAVAILABLE },
};

START_TEST(status_has_its_result)
{
    say(true, rows[_i].status, MSD_TEXT(""));
    prove();
    ck_assert_int_eq((int)proof.result, (int)rows[_i].result);
    ck_assert_ptr_nonnull(proof.reason);
}
END_TEST

START_TEST(sentence_of_the_helper_is_the_reason)
{
    say(false, 0, MSD_TEXT("no domain controller has been found"));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(proof.reason, "no domain controller has been found");
}
END_TEST

START_TEST(helper_that_was_started_anew_is_asked_again)
{
    manner = CLOSES_FIRST;
    say(true, 0xc000006d, MSD_TEXT(""));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_DENIED);
    ck_assert_int_eq(connections, 2);
}
END_TEST

START_TEST(helper_that_is_no_help_is_unavailable)
{
    static const manner_t manners[] = { CUTS, CLOSES, IS_MUTE };

    manner = manners[_i];
    netlogon.timeout_ms = 300;
    say(true, 0, unit_unhex(validation_reply));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(proof.reason, "msdigest-netlogond does not answer");
}
END_TEST

START_TEST(no_helper_is_unavailable)
{
    apr_snprintf(path, sizeof(path), "/tmp/msdigest-unit-none.sock");
    msd_netlogon_prove(&netlogon, &question, &proof);
    ck_assert_int_eq((int)proof.result, MSD_PROOF_UNAVAILABLE);
}
END_TEST

START_TEST(other_algorithm_is_not_asked)
{
    response.algorithm = MSD_ALGORITHM_MD5;
    msd_netlogon_prove(&netlogon, &question, &proof);
    ck_assert_int_eq((int)proof.result, MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(proof.reason,
                     "a domain controller proves MD5-sess only");
}
END_TEST

/* Where a name is in the request: behind its header. */
static const struct {
    const char *sent;
    bool escaped;
    const char *user;       /* as it is hashed */
    unsigned char charset;
    unsigned char flags;
} names[] = {
    { "User123", false, "User123", 2, 0x05 },
    { "DOM\\user", true, "DOM\\user", 2, 0x0d },
    { "DOM\\\\user", true, "DOM\\user", 2, 0x0d },
    { "user@example.com", false, "user@example.com", 2, 0x05 },
    { "j\xc3\xa4ger", false, "j\xc3\xa4ger", 2, 0x05 },
    { "j\xe4ger", false, "j\xe4ger", 1, 0x05 },
};

START_TEST(name_is_asked_as_it_was_hashed)
{
    username.value = msd_text_of(names[_i].sent);
    username.escaped = names[_i].escaped;
    say(true, 0xc000006d, MSD_TEXT(""));
    prove();
    ck_assert_int_eq((int)proof.result, MSD_PROOF_DENIED);
    ck_assert_uint_gt(asked.len, 60);
    ck_assert_str_eq(asked.data + 40, names[_i].user);
    ck_assert_uint_eq((unsigned char)asked.data[14], names[_i].charset);
    ck_assert_uint_eq((unsigned char)asked.data[20], names[_i].flags);
}
END_TEST

Suite *suite_netlogon(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("netlogon", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, right_key_grants);
    tcase_add_test(tcase, groups_of_the_pac_are_told);
    tcase_add_test(tcase, broken_pac_is_unavailable);
    tcase_add_test(tcase, wrong_key_is_unavailable);
    tcase_add_loop_test(tcase, status_has_its_result, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, sentence_of_the_helper_is_the_reason);
    tcase_add_test(tcase, helper_that_was_started_anew_is_asked_again);
    tcase_add_loop_test(tcase, helper_that_is_no_help_is_unavailable, 0, 3);
    tcase_add_test(tcase, no_helper_is_unavailable);
    tcase_add_test(tcase, other_algorithm_is_not_asked);
    tcase_add_loop_test(tcase, name_is_asked_as_it_was_hashed, 0,
                        UNIT_COUNT(names));
    return suite;
}
