/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS: proofs at a server in a thread, on the loopback. */
#include "tlsfake.h"

#include <signal.h>
#include <time.h>

#include "authority/radius.h"
#include "authority/radiusidle.h"
#include "radiusfake.h"

#define DEADLINE 1500
#define DEAD UINT64_C(20000)

static tlsfake_t fake;
static tlsfake_pair_t authority;
static tlsfake_pair_t stranger; /* another authority */
static tlsfake_pair_t server_pair;
static tlsfake_pair_t client_pair;
static msd_radiustrust_t trust;
static msd_radiusidentity_t identity;
static _Atomic(uint64_t) mark;
static msd_radius_server_t server;
static apr_pool_t *tls_pool;
static msd_radius_world_t world;
static msd_radius_t radius;
static msd_response_t response;
static msd_param_t username;
static msd_proof_t proof;
static unsigned char key[16];
static uint64_t shift_ms; /* of the clock */
static char dead_because[200];
static int dropped;
static uint64_t took_ms;

/* ---- The world */

static uint64_t now_ms(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000
           + shift_ms;
}

static apr_status_t draw(void *self, unsigned char *out, apr_size_t n)
{
    static unsigned char next;

    (void)self;
    for (apr_size_t i = 0; i < n; i++) {
        out[i] = next++;
    }
    return APR_SUCCESS;
}

static void take_note(void *self, msd_radius_note_t what, const char *name,
                      msd_text_t text)
{
    (void)self;
    ck_assert_str_eq(name, server.name);
    if (what == MSD_RADIUS_DEAD) {
        apr_cpystrn(dead_because, unit_string(text), sizeof(dead_because));
    }
    dropped += what == MSD_RADIUS_DROPPED;
}

static X509_STORE *store_of(const tlsfake_pair_t *pair)
{
    X509_STORE *store = X509_STORE_new();

    X509_STORE_add_cert(store, pair->certificate);
    return store;
}

static void set_up(void)
{
    signal(SIGPIPE, SIG_IGN);
    memset(&fake, 0, sizeof(fake));
    dead_because[0] = '\0';
    dropped = 0;
    shift_ms = 0;
    atomic_store(&mark, 0);
    fake_answer(msd_hasher_create(unit_pool), &response, key);
    username = (msd_param_t){ MSD_TEXT("ann"), true, true };
    authority = tlsfake_pair(NULL, NULL, 10);
    stranger = tlsfake_pair(NULL, NULL, 10);
    client_pair = tlsfake_pair(&authority, NULL, 10);
    trust = (msd_radiustrust_t){ store_of(&authority), "ca" };
    identity = (msd_radiusidentity_t){ client_pair.certificate, NULL,
                                       client_pair.key, "client" };
    world = (msd_radius_world_t){ NULL, now_ms, draw, take_note };
    server = (msd_radius_server_t){ .name = "server", .host = "127.0.0.1",
                                    .dead_until_ms = &mark };
    apr_pool_create(&tls_pool, unit_pool);
    server.tls = msd_radiustls_create(tls_pool);
    ck_assert_ptr_nonnull(server.tls);
    radius = (msd_radius_t){
        .servers = &server,
        .count = 1,
        .tls = { MSD_TEXT(MSD_RADIUSTLS_SECRET), &trust, NULL },
        .nas_identifier = MSD_TEXT("web"),
        .deadline_ms = DEADLINE,
        .dead_ms = DEAD,
        .world = &world,
    };
}

static void tear_down(void)
{
    X509_STORE_free(trust.store);
    tlsfake_free_pair(&client_pair);
    tlsfake_free_pair(&stranger);
    tlsfake_free_pair(&authority);
}

static void start(tlsfake_manner_t manner, const char *names, int days)
{
    server_pair = tlsfake_pair(&authority, names, days);
    fake.manner = manner;
    fake.session_key = key;
    fake.server = &server_pair;
    fake.authority = &authority;
    tlsfake_start(&fake);
    server.address = fake.address;
}

static void stop(void)
{
    /* Connections that wait keep the server busy until they are closed. */
    apr_pool_destroy(tls_pool);
    tlsfake_stop(&fake);
    tlsfake_free_pair(&server_pair);
}

static msd_proof_result_t ask(void)
{
    msd_question_t question = {
        .username = &username,
        .realm = MSD_TEXT("r"),
        .response = &response,
        .pool = unit_pool,
    };
    uint64_t began = now_ms(NULL);

    msd_radius_prove(&radius, &question, &proof);
    took_ms = now_ms(NULL) - began;
    ck_assert_msg(took_ms < DEADLINE + 1000, "%d ms", (int)took_ms);
    return proof.result;
}

/* ---- What a server may do */

#define GOOD "IP:127.0.0.1"
#define NOBODY "no RADIUS server answers"
#define REFUSED "its certificate is refused: "
#define UNBELIEVED "no RADIUS server gives a reply that can be believed"

static const struct {
    const char *label;
    tlsfake_manner_t manner;
    const char *names;
    const char *host;
    int days;
    msd_proof_result_t result;
    const char *reason; /* of the proof; NULL when granted */
    const char *dead;   /* why the server is dead; NULL: it is not */
} rows[] = {
    { "accept", TLSFAKE_ACCEPTS, GOOD, "127.0.0.1", 9, MSD_PROOF_GRANTED, NULL,
      NULL },
    { "DNS name", TLSFAKE_ACCEPTS, "DNS:radius.test", "radius.test", 9,
      MSD_PROOF_GRANTED, NULL, NULL },
    { "wildcard", TLSFAKE_ACCEPTS, "DNS:*.radius.test", "a.radius.test",
      9, MSD_PROOF_GRANTED, NULL, NULL },
    { "reject", TLSFAKE_REJECTS, GOOD, "127.0.0.1", 9, MSD_PROOF_DENIED,
      "the RADIUS server rejects the user", NULL },
    { "challenge", TLSFAKE_CHALLENGES, GOOD, "127.0.0.1", 9,
      MSD_PROOF_GRANTED, NULL, NULL },
    { "Digest-HA1", TLSFAKE_KEY_IN_CLEAR, GOOD, "127.0.0.1", 9,
      MSD_PROOF_GRANTED, NULL, NULL },
    { "no key", TLSFAKE_WITHOUT_KEY, GOOD, "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE,
      "the RADIUS server accepts, but sends neither MS-MPPE-Send-Key nor "
      "Digest-HA1",
      NULL },
    { "byte by byte", TLSFAKE_BYTE_BY_BYTE, GOOD, "127.0.0.1", 9,
      MSD_PROOF_GRANTED, NULL, NULL },
    { "unsigned", TLSFAKE_UNSIGNED, GOOD, "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, UNBELIEVED, "it sends what cannot be believed" },
    { "other secret", TLSFAKE_OTHER_SECRET, GOOD, "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, UNBELIEVED, "it sends what cannot be believed" },
    { "too short", TLSFAKE_TOO_SHORT, GOOD, "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, NOBODY, "it sends what is no RADIUS packet" },
    { "too long", TLSFAKE_TOO_LONG, GOOD, "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, NOBODY, "it sends what is no RADIUS packet" },
    { "mute", TLSFAKE_MUTE, GOOD, "127.0.0.1", 9, MSD_PROOF_UNAVAILABLE,
      NOBODY, "it does not answer" },
    { "stalls", TLSFAKE_STALLS, GOOD, "127.0.0.1", 9, MSD_PROOF_UNAVAILABLE,
      NOBODY, "it does not answer" },
    { "plain", TLSFAKE_SPEAKS_PLAINLY, GOOD, "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, NOBODY,
      "TLS with it fails: wrong version number" },
    { "floods", TLSFAKE_FLOODS, GOOD, "127.0.0.1", 9, MSD_PROOF_UNAVAILABLE,
      NOBODY, "it does not answer" },
    { "TLS 1.1", TLSFAKE_OLD_TLS, GOOD, "127.0.0.1", 9, MSD_PROOF_UNAVAILABLE,
      NOBODY, "TLS with it fails: " },
    { "wants a certificate", TLSFAKE_WANTS_CERTIFICATE, GOOD, "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, NOBODY, "" },
    { "closes", TLSFAKE_CLOSES, GOOD, "127.0.0.1", 9, MSD_PROOF_GRANTED, NULL,
      NULL },
    { "expired", TLSFAKE_ACCEPTS, GOOD, "127.0.0.1", -1,
      MSD_PROOF_UNAVAILABLE, NOBODY, REFUSED "certificate has expired" },
    { "other address", TLSFAKE_ACCEPTS, "IP:127.0.0.2", "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, NOBODY, REFUSED "IP address mismatch" },
    { "address as a name", TLSFAKE_ACCEPTS, "DNS:127.0.0.1", "127.0.0.1", 9,
      MSD_PROOF_UNAVAILABLE, NOBODY, REFUSED "IP address mismatch" },
    { "other name", TLSFAKE_ACCEPTS, "DNS:radius.test.example", "radius.test",
      9, MSD_PROOF_UNAVAILABLE, NOBODY, REFUSED "hostname mismatch" },
    { "part of a wildcard", TLSFAKE_ACCEPTS, "DNS:a*.radius.test",
      "a.radius.test", 9, MSD_PROOF_UNAVAILABLE, NOBODY,
      REFUSED "hostname mismatch" },
    { "common name only", TLSFAKE_ACCEPTS, NULL, "radius.test", 9,
      MSD_PROOF_UNAVAILABLE, NOBODY, REFUSED "hostname mismatch" },
};

START_TEST(server_decides)
{
    start(rows[_i].manner, rows[_i].names, rows[_i].days);
    server.host = rows[_i].host;
    ck_assert_msg(ask() == rows[_i].result, "%s: %d, %s, %s", rows[_i].label,
                  proof.result, proof.reason, dead_because);
    if (rows[_i].reason != NULL) {
        ck_assert_str_eq(proof.reason, rows[_i].reason);
    } else {
        ck_assert_mem_eq(proof.session_key, key, 16);
        ck_assert_str_eq(unit_string(proof.user), "ann");
    }
    ck_assert_msg(rows[_i].dead == NULL
                      ? dead_because[0] == '\0'
                      : dead_because[0] != '\0'
                            && strncmp(dead_because, rows[_i].dead,
                                       strlen(rows[_i].dead))
                                   == 0,
                  "%s: %s", rows[_i].label, dead_because);
    /* Nothing is sent again, as nothing gets lost. */
    ck_assert_int_le(atomic_load(&fake.requests),
                     rows[_i].manner == TLSFAKE_CHALLENGES ? 2 : 1);
    stop();
}
END_TEST

START_TEST(other_authority_is_not_trusted)
{
    X509_STORE *own = trust.store;

    start(TLSFAKE_ACCEPTS, GOOD, 9);
    trust.store = store_of(&stranger);
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(dead_because, REFUSED));
    ck_assert_int_eq(atomic_load(&fake.requests), 0);
    /* Nor is it by the system's. */
    radius.tls.trust = NULL;
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(dead_because,
                     REFUSED "unable to get local issuer certificate");
    ck_assert_int_eq(atomic_load(&fake.requests), 0);
    X509_STORE_free(own);
    stop();
}
END_TEST

START_TEST(client_shows_its_certificate)
{
    start(TLSFAKE_WANTS_CERTIFICATE, GOOD, 9);
    radius.tls.identity = &identity;
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(atomic_load(&fake.connections), 1);
    stop();
}
END_TEST

START_TEST(closed_port_is_dead_at_once)
{
    start(TLSFAKE_ACCEPTS, GOOD, 9);
    stop();
    apr_pool_create(&tls_pool, unit_pool);
    server.tls = msd_radiustls_create(tls_pool);
    ck_assert_int_eq(ask(), MSD_PROOF_UNAVAILABLE);
    ck_assert_str_eq(dead_because, "it refuses connections");
    ck_assert_uint_lt(took_ms, DEADLINE / 2);
    apr_pool_destroy(tls_pool);
}
END_TEST

/* ---- Connections that wait */

START_TEST(connection_is_used_again)
{
    start(TLSFAKE_ACCEPTS, GOOD, 9);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    }
    ck_assert_int_eq(atomic_load(&fake.connections), 1);
    ck_assert_int_eq(atomic_load(&fake.requests), 5);
    stop();
}
END_TEST

static const tlsfake_manner_t wrong[] = { TLSFAKE_UNSIGNED,
                                          TLSFAKE_OTHER_SECRET, TLSFAKE_TWICE,
                                          TLSFAKE_MUTE };

START_TEST(wrong_reply_ends_the_connection)
{
    start(wrong[_i], GOOD, 9);
    ask();
    ask();
    ck_assert_int_eq(atomic_load(&fake.connections), 2);
    ck_assert_int_eq(atomic_load(&fake.requests), 2);
    stop();
}
END_TEST

START_TEST(old_connection_is_not)
{
    start(TLSFAKE_ACCEPTS, GOOD, 9);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    shift_ms += MSD_RADIUSIDLE_MS;
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(atomic_load(&fake.connections), 2);
    stop();
}
END_TEST

START_TEST(closed_connection_is_not)
{
    start(TLSFAKE_CLOSES, GOOD, 9);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
        apr_sleep(apr_time_from_msec(20));
    }
    ck_assert_int_eq(atomic_load(&fake.connections), 3);
    ck_assert_int_eq(atomic_load(&fake.requests), 3);
    stop();
}
END_TEST

/* The server ends the connection while the request is on its way: what was
 * asked is asked again, once, and nobody notices. */
START_TEST(request_is_repeated_once)
{
    start(TLSFAKE_CLOSES_IN_BETWEEN, GOOD, 9);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(atomic_load(&fake.connections), 2);
    ck_assert_int_eq(atomic_load(&fake.requests), 3);
    ck_assert_str_eq(dead_because, "");
    stop();
}
END_TEST

START_TEST(other_trust_needs_another_connection)
{
    msd_radiustrust_t same = trust;

    start(TLSFAKE_ACCEPTS, GOOD, 9);
    fake.manner = TLSFAKE_CLOSES;
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    radius.tls.trust = &same;
    ck_assert_int_eq(ask(), MSD_PROOF_GRANTED);
    ck_assert_int_eq(atomic_load(&fake.connections), 2);
    stop();
}
END_TEST

Suite *suite_radiustls(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiustls", &tcase);

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, server_decides, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, other_authority_is_not_trusted);
    tcase_add_test(tcase, client_shows_its_certificate);
    tcase_add_test(tcase, closed_port_is_dead_at_once);
    tcase_add_test(tcase, connection_is_used_again);
    tcase_add_loop_test(tcase, wrong_reply_ends_the_connection, 0,
                        UNIT_COUNT(wrong));
    tcase_add_test(tcase, old_connection_is_not);
    tcase_add_test(tcase, closed_connection_is_not);
    tcase_add_test(tcase, request_is_repeated_once);
    tcase_add_test(tcase, other_trust_needs_another_connection);
    return suite;
}
