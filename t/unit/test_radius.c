/* SPDX-License-Identifier: Apache-2.0 */
/* The RADIUS client, against servers in threads on the loopback. */
#include "radiusfake.h"

#include <time.h>

#include <apr_thread_proc.h>

#include "authority/radius.h"

#define DEADLINE 900
#define DEAD UINT64_C(20000)

typedef enum {
    ACCEPTS,
    REJECTS,
    MUTE,
    MUTE_AT_FIRST, /* it loses one packet */
    SLOW,          /* longer than the patience for a first server */
    UNSIGNED,
    GARBAGE,
    OTHER_SECRET,
    WITHOUT_KEY,
    KEY_IN_CLEAR,
    OTHER_KEY,
    CHALLENGES, /* once, then accepts */
    CHALLENGES_ALWAYS,
    CHALLENGES_EMPTY, /* without State */
    CLOSED            /* nobody there: the port refuses */
} manner_t;

typedef struct {
    manner_t manner;
    apr_socket_t *socket;
    apr_thread_t *thread;
    atomic_int requests;
    atomic_bool ended;
    unsigned char ids[2];
} host_t;

static host_t hosts[2];
static _Atomic(uint64_t) marks[2];
static msd_radius_server_t servers[2];
static msd_radius_world_t world;
static msd_radius_t radius;
static msd_response_t response;
static msd_param_t username;
static msd_proof_t proof;
static unsigned char key[16];
static bool random_broken;
static int notes[MSD_RADIUS_UNSENDABLE + 1];
static char noted[200];
static uint64_t took_ms;

/* ---- The world */

static uint64_t now_ms(void *self)
{
    struct timespec now;

    ck_assert_ptr_eq(self, &hosts);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static apr_status_t draw(void *self, unsigned char *out, apr_size_t n)
{
    static unsigned char next;

    ck_assert_ptr_eq(self, &hosts);
    for (apr_size_t i = 0; i < n; i++) {
        out[i] = next++;
    }
    return random_broken ? APR_EGENERAL : APR_SUCCESS;
}

static void take_note(void *self, msd_radius_note_t what, const char *server,
                      msd_text_t text)
{
    ck_assert_ptr_eq(self, &hosts);
    ck_assert((server == NULL) == (what == MSD_RADIUS_UNSENDABLE));
    notes[what]++;
    apr_snprintf(noted, sizeof(noted), "%s", unit_string(text));
}

/* ---- A server */

static fake_reply_t accept_reply(const host_t *host,
                                 const unsigned char *request)
{
    fake_reply_t reply = fake_begin(request, MSD_RADIUS_ACCEPT);
    char hex[32];

    msd_hex_encode(key, 16, hex);
    hex[0] = host->manner == OTHER_KEY ? '0' : hex[0];
    if (host->manner != UNSIGNED) {
        fake_add_mac(&reply);
    }
    if (host->manner == KEY_IN_CLEAR) {
        fake_add(&reply, 121, (msd_text_t){ hex, 32 });
    } else if (host->manner != WITHOUT_KEY) {
        fake_add_key(&reply, request, FAKE_SECRET, (msd_text_t){ hex, 32 });
    }
    return reply;
}

static fake_reply_t make_reply(const host_t *host,
                               const unsigned char *request, apr_size_t len)
{
    msd_text_t state = fake_attribute(request, len, 24);
    bool challenges = host->manner == CHALLENGES_ALWAYS
                      || host->manner == CHALLENGES_EMPTY
                      || (host->manner == CHALLENGES && state.data == NULL);
    fake_reply_t reply;

    if (!challenges && host->manner != REJECTS) {
        return accept_reply(host, request);
    }
    reply = fake_begin(request,
                       challenges ? MSD_RADIUS_CHALLENGE : MSD_RADIUS_REJECT);
    fake_add_mac(&reply);
    fake_add(&reply, 18, MSD_TEXT("no more of this"));
    if (challenges && host->manner != CHALLENGES_EMPTY) {
        fake_add(&reply, 24, MSD_TEXT("st"));
    }
    return reply;
}

static void answer(host_t *host, apr_sockaddr_t *from,
                   const unsigned char *request, apr_size_t len)
{
    fake_reply_t reply = make_reply(host, request, len);
    int number = atomic_fetch_add(&host->requests, 1);

    if (number < 2) {
        host->ids[number] = request[1];
    }
    if (host->manner == MUTE || (host->manner == MUTE_AT_FIRST && number == 0)
        || !fake_is_signed(request, len, FAKE_SECRET)) {
        return;
    }
    fake_sign(&reply, request,
              host->manner == OTHER_SECRET ? "another" : FAKE_SECRET);
    if (host->manner == GARBAGE) {
        memset(reply.bytes, 0xa5, reply.len);
    }
    if (host->manner == SLOW) {
        apr_sleep(apr_time_from_msec(DEADLINE / 2));
    }
    apr_socket_sendto(host->socket, from, 0, (const char *)reply.bytes,
                      &reply.len);
}

static void *serve(apr_thread_t *thread, void *data)
{
    host_t *host = data;
    apr_sockaddr_t *from;
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    apr_sockaddr_info_get(&from, "127.0.0.1", APR_INET, 1, 0, pool);
    while (!atomic_load(&host->ended)) {
        unsigned char request[MSD_RADIUS_PACKET_MAX];
        apr_size_t len = sizeof(request);

        if (apr_socket_recvfrom(from, host->socket, 0, (char *)request, &len)
            == APR_SUCCESS) {
            answer(host, from, request, len);
        }
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void start(int i, manner_t manner)
{
    host_t *host = &hosts[i];
    apr_sockaddr_t *address;

    memset(host, 0, sizeof(*host));
    host->manner = manner;
    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, unit_pool);
    ck_assert_int_eq(apr_socket_create(&host->socket, APR_INET, SOCK_DGRAM,
                                       APR_PROTO_UDP, unit_pool),
                     0);
    ck_assert_int_eq(apr_socket_bind(host->socket, address), 0);
    apr_socket_addr_get(&address, APR_LOCAL, host->socket);
    apr_socket_timeout_set(host->socket, 20000);
    servers[i].name = "127.0.0.1";
    servers[i].address = address;
    servers[i].dead_until_ms = &marks[i];
    radius.count = i + 1;
    if (manner == CLOSED) {
        apr_socket_close(host->socket);
    } else {
        ck_assert_int_eq(
            apr_thread_create(&host->thread, NULL, serve, host, unit_pool), 0);
    }
}

static void stop(int i)
{
    apr_status_t status;

    if (hosts[i].thread != NULL) {
        atomic_store(&hosts[i].ended, true);
        apr_thread_join(&status, hosts[i].thread);
        hosts[i].thread = NULL;
    }
}

/* ---- A question */

static void set_up(void)
{
    memset(hosts, 0, sizeof(hosts));
    memset(notes, 0, sizeof(notes));
    noted[0] = '\0';
    random_broken = false;
    atomic_store(&marks[0], 0);
    atomic_store(&marks[1], 0);
    fake_answer(msd_hasher_create(unit_pool), &response, key);
    username = (msd_param_t){ MSD_TEXT("DOM\\\\ann"), true, true };
    world = (msd_radius_world_t){ &hosts, now_ms, draw, take_note };
    radius = (msd_radius_t){
        .servers = servers,
        .secret = MSD_TEXT(FAKE_SECRET),
        .nas_identifier = MSD_TEXT("web"),
        .deadline_ms = DEADLINE,
        .dead_ms = DEAD,
        .world = &world,
    };
}

static void tear_down(void)
{
    stop(0);
    stop(1);
}

static msd_proof_result_t ask(void)
{
    msd_question_t question = {
        .username = &username,
        .realm = MSD_TEXT("r"),
        .response = &response,
        .pool = unit_pool,
    };
    uint64_t began = now_ms(&hosts);

    memset(&proof, 0x5a, sizeof(proof));
    msd_radius_prove(&radius, &question, &proof);
    took_ms = now_ms(&hosts) - began;
    ck_assert(!proof.has_base_key);
    ck_assert(proof.reason != NULL || proof.result == MSD_PROOF_GRANTED);
    return proof.result;
}

/* ---- One server */

static const struct {
    manner_t manner;
    msd_proof_result_t result;
    int requests; /* -1: more than one */
    const char *reason;
} rows[] = {
    { ACCEPTS, MSD_PROOF_GRANTED, 1, NULL },
    { REJECTS, MSD_PROOF_DENIED, 1, "the RADIUS server rejects the user" },
    { MUTE, MSD_PROOF_UNAVAILABLE, -1, "no RADIUS server answers" },
    { MUTE_AT_FIRST, MSD_PROOF_GRANTED, -1, NULL },
    { SLOW, MSD_PROOF_GRANTED, -1, NULL },
    { UNSIGNED, MSD_PROOF_UNAVAILABLE, -1,
      "no RADIUS server gives a reply that can be believed" },
    { GARBAGE, MSD_PROOF_UNAVAILABLE, -1,
      "no RADIUS server gives a reply that can be believed" },
    { OTHER_SECRET, MSD_PROOF_UNAVAILABLE, -1,
      "no RADIUS server gives a reply that can be believed" },
    { WITHOUT_KEY, MSD_PROOF_UNAVAILABLE, 1,
      "the RADIUS server accepts, but sends no MS-MPPE-Send-Key" },
    { KEY_IN_CLEAR, MSD_PROOF_UNAVAILABLE, 1,
      "the RADIUS server sends the key in clear (Digest-HA1): over UDP only "
      "MS-MPPE-Send-Key is taken" },
    { OTHER_KEY, MSD_PROOF_UNAVAILABLE, 1,
      "the RADIUS server accepts, but its key does not fit" },
    { CHALLENGES, MSD_PROOF_GRANTED, 2, NULL },
    { CHALLENGES_ALWAYS, MSD_PROOF_UNAVAILABLE, 2,
      "the RADIUS server wants more than the answer" },
    { CHALLENGES_EMPTY, MSD_PROOF_UNAVAILABLE, 1,
      "the RADIUS server wants more than the answer" },
    { CLOSED, MSD_PROOF_UNAVAILABLE, 0, "no RADIUS server answers" },
};

START_TEST(one_server_decides)
{
    int requests;

    start(0, rows[_i].manner);
    ck_assert_msg(ask() == rows[_i].result, "%d: %d, %s", _i, proof.result,
                  proof.reason);
    /* One that was busy with the first has yet to take up the second. */
    for (int i = 0; i < 2000 && rows[_i].requests < 0
                    && atomic_load(&hosts[0].requests) < 2;
         i++) {
        apr_sleep(apr_time_from_msec(1));
    }
    requests = atomic_load(&hosts[0].requests);
    ck_assert_msg(rows[_i].requests < 0 ? requests > 1
                                        : requests == rows[_i].requests,
                  "%d: %d requests", _i, requests);
    if (rows[_i].reason != NULL) {
        ck_assert_str_eq(proof.reason, rows[_i].reason);
    }
    if (proof.result == MSD_PROOF_GRANTED) {
        ck_assert_mem_eq(proof.session_key, key, 16);
        ck_assert_str_eq(unit_string(proof.user), "DOM\\ann");
    }
    ck_assert_msg(took_ms < DEADLINE + 500, "%d ms", (int)took_ms);
}
END_TEST

START_TEST(packet_comes_again_as_it_was)
{
    start(0, MUTE_AT_FIRST);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(hosts[0].ids[0], hosts[0].ids[1]);
    ck_assert_uint_ge(took_ms, 200);
}
END_TEST

START_TEST(challenge_is_answered_under_another_id)
{
    start(0, CHALLENGES);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_ne(hosts[0].ids[0], hosts[0].ids[1]);
    ck_assert_int_eq(notes[MSD_RADIUS_MESSAGE], 1);
    ck_assert_str_eq(noted, "no more of this");
}
END_TEST

START_TEST(source_address_is_used)
{
    start(0, ACCEPTS);
    apr_sockaddr_info_get(&radius.source, "127.0.0.1", APR_INET, 0, 0,
                          unit_pool);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    /* An address that this machine does not have: nothing can be sent. */
    apr_sockaddr_info_get(&radius.source, "192.0.2.1", APR_INET, 0, 0,
                          unit_pool);
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(noted, "there is no way to it");
    ck_assert_uint_lt(took_ms, 500);
}
END_TEST

/* ---- Several servers */

START_TEST(first_one_is_preferred)
{
    start(0, ACCEPTS);
    start(1, ACCEPTS);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(atomic_load(&hosts[1].requests), 0);
    ck_assert_int_eq(notes[MSD_RADIUS_DEAD], 0);
}
END_TEST

START_TEST(mute_one_is_passed_over_and_stays_dead)
{
    start(0, MUTE);
    start(1, ACCEPTS);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_uint_ge(took_ms, DEADLINE / 3 - 50);
    ck_assert_int_eq(notes[MSD_RADIUS_DEAD], 1);
    atomic_store(&hosts[0].requests, 0);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_uint_lt(took_ms, DEADLINE / 3 - 20);
    ck_assert_int_eq(atomic_load(&hosts[0].requests), 0);
}
END_TEST

START_TEST(dead_one_is_tried_again_in_its_time)
{
    start(0, ACCEPTS);
    start(1, ACCEPTS);
    atomic_store(&marks[0], now_ms(&hosts) + DEAD);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(atomic_load(&hosts[0].requests), 0);
    atomic_store(&marks[0], 1);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(atomic_load(&hosts[0].requests), 1);
    ck_assert_int_eq(notes[MSD_RADIUS_BACK], 1);
    ck_assert_uint_eq(atomic_load(&marks[0]), 0);
}
END_TEST

START_TEST(refusing_one_costs_no_time)
{
    start(0, CLOSED);
    start(1, ACCEPTS);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_uint_lt(took_ms, DEADLINE / 3 - 20);
    ck_assert_int_eq(notes[MSD_RADIUS_DEAD], 1);
    ck_assert_str_eq(noted, "it refuses packets");
}
END_TEST

/* FreeRADIUS lets a rejected user wait for a second: that is not death. */
START_TEST(slow_one_may_still_answer)
{
    start(0, SLOW);
    start(1, MUTE);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(notes[MSD_RADIUS_DEAD], 0);
    ck_assert_int_ge(atomic_load(&hosts[1].requests), 1);
}
END_TEST

START_TEST(liar_is_passed_over)
{
    start(0, UNSIGNED);
    start(1, REJECTS);
    ck_assert_int_eq(ask(), MSD_PROOF_DENIED);
    ck_assert_int_ge(notes[MSD_RADIUS_DROPPED], 1);
}
END_TEST

START_TEST(nobody_left_is_unavailable_at_once)
{
    start(0, CLOSED);
    start(1, CLOSED);
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_uint_lt(took_ms, 500);
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_int_eq(notes[MSD_RADIUS_DEAD], 4);
}
END_TEST

START_TEST(all_dead_are_asked_all_the_same)
{
    start(0, ACCEPTS);
    atomic_store(&marks[0], now_ms(&hosts) + DEAD);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(notes[MSD_RADIUS_BACK], 1);
}
END_TEST

/* ---- What is not asked */

START_TEST(other_algorithm_asks_nobody)
{
    start(0, ACCEPTS);
    for (int a = 0; a < MSD_ALGORITHM_COUNT; a++) {
        response.algorithm = (msd_algorithm_t)a;
        ck_assert_int_eq(ask(), a == MSD_ALGORITHM_MD5_SESS
                                    ? MSD_PROOF_GRANTED
                                    : MSD_PROOF_UNAVAILABLE);
    }
    ck_assert_int_eq(atomic_load(&hosts[0].requests), 1);
}
END_TEST

START_TEST(long_uri_asks_nobody)
{
    char uri[255] = "/";

    memset(uri + 1, 'x', 253);
    start(0, ACCEPTS);
    response.uri = msd_text_of(uri);
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(proof.reason, "the uri is longer than RADIUS carries "
                                   "(253 octets)");
    ck_assert_int_eq(notes[MSD_RADIUS_UNSENDABLE], 1);
    ck_assert_int_eq(atomic_load(&hosts[0].requests), 0);
    ck_assert_uint_eq(atomic_load(&marks[0]), 0);
}
END_TEST

START_TEST(name_too_long_is_unknown)
{
    char name[255];

    memset(name, 'x', 254);
    start(0, ACCEPTS);
    username.value = unit_exact(name, 254);
    ck_assert_int_eq(ask(), MSD_PROOF_UNKNOWN);
    ck_assert_int_eq(atomic_load(&hosts[0].requests), 0);
    ck_assert_int_eq(notes[MSD_RADIUS_UNSENDABLE], 0);
}
END_TEST

START_TEST(no_randomness_asks_nobody)
{
    start(0, ACCEPTS);
    random_broken = true;
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_int_eq(atomic_load(&hosts[0].requests), 0);
}
END_TEST

Suite *suite_radius(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radius", &tcase);

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, one_server_decides, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, packet_comes_again_as_it_was);
    tcase_add_test(tcase, challenge_is_answered_under_another_id);
    tcase_add_test(tcase, source_address_is_used);
    tcase_add_test(tcase, first_one_is_preferred);
    tcase_add_test(tcase, mute_one_is_passed_over_and_stays_dead);
    tcase_add_test(tcase, dead_one_is_tried_again_in_its_time);
    tcase_add_test(tcase, refusing_one_costs_no_time);
    tcase_add_test(tcase, slow_one_may_still_answer);
    tcase_add_test(tcase, liar_is_passed_over);
    tcase_add_test(tcase, nobody_left_is_unavailable_at_once);
    tcase_add_test(tcase, all_dead_are_asked_all_the_same);
    tcase_add_test(tcase, other_algorithm_asks_nobody);
    tcase_add_test(tcase, long_uri_asks_nobody);
    tcase_add_test(tcase, name_too_long_is_unknown);
    tcase_add_test(tcase, no_randomness_asks_nobody);
    return suite;
}
