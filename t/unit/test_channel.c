/* SPDX-License-Identifier: Apache-2.0 */
/* The channel in the decision: what a man in the middle cannot do. */
#include "world.h"

#include "channel.h"

#define SERVICE "HTTP/www.example.com"
#define OURS "a513620e394353301b0b429acf4cdfe4"
#define RENEWED "c513620e394353301b0b429acf4cdfe4"
#define EVIL "e513620e394353301b0b429acf4cdfe4"
#define ZEROS "00000000000000000000000000000000"

static const char *bindings[] = { OURS };
static const char *const services[] = { SERVICE };
static msd_channel_t channel;

/* A place that asks for binding, over TLS with our certificate. */
static void ask_for(msd_binding_level_t level)
{
    bindings[0] = OURS;
    channel = (msd_channel_t){
        .level = level,
        .secure = true,
        .bindings = bindings,
        .binding_count = 1,
        .service_names = services,
        .service_name_count = 1,
    };
    policy.channel = &channel;
}

static void set_up(void)
{
    ask_for(MSD_BINDING_ALLOW);
}

/* The cnonce that holds these two, and the directives beside. */
static void bind_to(client_t *client, const char *service, const char *value)
{
    client->cnonce = apr_pstrcat(
        unit_pool, MSD_BINDING_PREFIX,
        hash_of(MSD_ALGORITHM_MD5,
                apr_pstrcat(unit_pool, service, ":", value, NULL)),
        "0123456789abcdef0123456789abcdef", NULL);
    client->more = apr_pstrcat(
        unit_pool, ", hashed-dirs=\"service-name,channel-binding\"",
        ", service-name=\"", service, "\", channel-binding=\"", value, "\"",
        NULL);
}

static client_t new_bound(const char *value)
{
    client_t client = new_ann();

    bind_to(&client, SERVICE, value);
    return client;
}

static void assert_bad(const char *reason)
{
    ck_assert_msg(outcome.verdict == MSD_BAD_BINDING, "verdict %d: %s",
                  outcome.verdict, outcome.reason);
    ck_assert_str_eq(outcome.reason, reason);
    ck_assert(!msd_verdict_is_stale(outcome.verdict));
}

#define NOT_SENT "the client sends no channel binding"
#define ANOTHER "the client is bound to the TLS of another certificate"
#define NO_TLS "the client saw no TLS, but the request came over TLS"
#define CHANGED \
    "the cnonce is not of this service-name and channel-binding"

START_TEST(challenge_asks_for_binding_where_it_is_wanted)
{
    client_t ann = new_ann();

    ck_assert_uint_eq(strlen(ann.nonce) % 2, 0);
    ck_assert_uint_eq(strlen(ann.nonce), 76);
    ck_assert(strncmp(ann.nonce, "+Upgraded+v1", 12) == 0);
    policy.channel = NULL;
    ann = new_ann();
    ck_assert_uint_eq(strlen(ann.nonce), MSD_NONCE_LENGTH);
    ck_assert_ptr_null(strchr(ann.nonce, '+'));
}
END_TEST

START_TEST(bound_client_is_proven_and_goes_on)
{
    client_t ann;

    ask_for(MSD_BINDING_REQUIRE);
    ann = new_bound(OURS);
    log_in(&ann);
    assert_from_context(&ann, "the second request");
    assert_from_context(&ann, "the third");
    ck_assert_int_eq(deliver(answer_count(&ann, "/", ann.nc), "/"),
                     MSD_REPLAYED);
}
END_TEST

START_TEST(session_key_is_enough)
{
    client_t ann = new_bound(OURS);

    authority.prove = prove_session;
    log_in(&ann);
    assert_from_context(&ann, "the second request");
}
END_TEST

/* He has a certificate of his own, and hands on what he hears. */
START_TEST(relayed_answer_is_refused)
{
    for (msd_binding_level_t level = MSD_BINDING_ALLOW;
         level <= MSD_BINDING_REQUIRE; level++) {
        client_t victim;

        ask_for(level);
        victim = new_bound(EVIL);
        ck_assert_int_eq(get(&victim, "/"), MSD_BAD_BINDING);
        assert_bad(ANOTHER);
        ck_assert_int_eq(kept.count, 0);
        bind_to(&victim, SERVICE, ZEROS);
        ck_assert_int_eq(get(&victim, "/"), MSD_BAD_BINDING);
        assert_bad(NO_TLS);
    }
}
END_TEST

START_TEST(session_is_refused_on_another_way)
{
    client_t ann = new_bound(OURS);

    log_in(&ann);
    bind_to(&ann, SERVICE, EVIL);
    ck_assert_int_eq(get(&ann, "/"), MSD_BAD_BINDING);
    assert_bad(ANOTHER);
    bind_to(&ann, SERVICE, OURS);
    assert_from_context(&ann, "on its own way");
}
END_TEST

/* In place of what the client says, but not in its digest. */
static const char *forge(const char *sent, const char *what, const char *by)
{
    const char *at = strstr(sent, what);

    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq(strlen(what), strlen(by));
    return apr_pstrcat(unit_pool,
                       apr_pstrmemdup(unit_pool, sent,
                                      (apr_size_t)(at - sent)),
                       by, at + strlen(what), NULL);
}

START_TEST(values_on_the_way_cannot_be_changed)
{
    client_t victim = new_bound(EVIL);
    const char *sent = answer(&victim, "/");
    const char *ours = new_bound(OURS).cnonce;

    known.lookups = 0;
    sent = forge(sent, EVIL, OURS);
    ck_assert_int_eq(deliver(sent, "/"), MSD_BAD_BINDING);
    assert_bad(CHANGED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_NOT);
    ck_assert_int_eq(known.lookups, 0);
    /* With the cnonce changed as well, the digest is wrong. */
    ck_assert_int_eq(deliver(forge(sent, victim.cnonce, ours), "/"),
                     MSD_DENIED);
}
END_TEST

START_TEST(legacy_client_gets_in_where_it_may)
{
    client_t ann = new_ann();

    log_in(&ann);
    assert_from_context(&ann, "allow");
    ask_for(MSD_BINDING_REQUIRE);
    ck_assert_int_eq(get(&ann, "/"), MSD_BAD_BINDING);
    assert_bad(NOT_SENT);
    ann = new_ann();
    ck_assert_int_eq(get(&ann, "/"), MSD_BAD_BINDING);
    assert_bad(NOT_SENT);
}
END_TEST

/* He cuts the prefix off, and the client answers without binding. */
START_TEST(nonce_without_its_prefix_is_foreign)
{
    client_t victim = new_ann();

    memmove(victim.nonce, victim.nonce + MSD_BINDING_PREFIX_LENGTH,
            MSD_NONCE_LENGTH + 1);
    ck_assert_int_eq(get(&victim, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason, "the nonce is not of this server's life");
    take_challenge(&victim);
    ck_assert(strncmp(victim.nonce, MSD_BINDING_PREFIX, 12) == 0);
}
END_TEST

/* He takes a nonce where none is asked for; or the administrator changed
 * that, and the client could not know. */
START_TEST(nonces_with_and_without_binding_are_apart)
{
    client_t ann;
    client_t glued;

    policy.channel = NULL;
    ann = new_ann();
    log_in(&ann);
    ask_for(MSD_BINDING_REQUIRE);
    glued = ann;
    apr_snprintf(glued.nonce, sizeof(glued.nonce), "%s%s", MSD_BINDING_PREFIX,
                 ann.nonce);
    bind_to(&glued, SERVICE, OURS);
    ck_assert_int_eq(get(&glued, "/"), MSD_STALE);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    bind_to(&ann, SERVICE, OURS);
    assert_from_authority(&ann, "with binding");
    policy.channel = NULL;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    memmove(ann.nonce, ann.nonce + MSD_BINDING_PREFIX_LENGTH,
            MSD_NONCE_LENGTH + 1);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
}
END_TEST

START_TEST(renewed_certificate_asks_nobody_for_a_password)
{
    client_t ann = new_bound(OURS);

    log_in(&ann);
    bindings[0] = RENEWED;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    ck_assert(ann.stale);
    bind_to(&ann, SERVICE, RENEWED);
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    assert_from_context(&ann, "after that");
}
END_TEST

/* What the first answer was bound to, the later ones are too. */
START_TEST(session_keeps_what_it_is_bound_to)
{
    client_t ann = new_bound(OURS);
    client_t legacy;

    log_in(&ann);
    legacy = ann;
    legacy.cnonce = NULL;
    legacy.more = NULL;
    ck_assert_int_eq(get(&legacy, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason, "the context belongs to somebody else");
    bind_to(&legacy, "HTTP/other.test", OURS);
    ck_assert_int_eq(get(&legacy, "/"), MSD_STALE);
    assert_from_context(&ann, "as it was");
}
END_TEST

/* A count is used up for all that the user sends under the nonce. */
START_TEST(count_is_used_once_with_and_without_binding)
{
    client_t ann = new_bound(OURS);
    client_t legacy = ann;

    log_in(&ann);
    lose_contexts();
    legacy.cnonce = NULL;
    legacy.more = NULL;
    ck_assert_int_eq(get(&legacy, "/"), MSD_REPLAYED);
}
END_TEST

START_TEST(broken_directives_are_malformed)
{
    client_t ann = new_bound(OURS);

    ann.more = NULL;
    ck_assert_int_eq(get(&ann, "/"), MSD_MALFORMED);
    ck_assert_str_eq(unit_string(outcome.user), "ann");
}
END_TEST

START_TEST(wrong_password_is_a_wrong_password)
{
    client_t ann = new_client("ann", "guessed");

    bind_to(&ann, SERVICE, EVIL);
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    bind_to(&ann, SERVICE, OURS);
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    ask_for(MSD_BINDING_REQUIRE);
    ann.cnonce = NULL;
    ann.more = NULL;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
}
END_TEST

START_TEST(without_a_channel_nothing_is_looked_at)
{
    client_t ann;

    policy.channel = NULL;
    ann = new_bound(EVIL);
    log_in(&ann);
    ann.more = ", channel-binding=x, channel-binding=y";
    assert_from_context(&ann, "with directives that are broken");
}
END_TEST

Suite *suite_channel(void)
{
    TCase *tcases[2];
    Suite *suite = world_suite("channel", tcases);

    for (int i = 0; i < 2; i++) {
        TCase *tcase = tcases[i];

        tcase_add_checked_fixture(tcase, set_up, NULL);
        tcase_add_test(tcase, challenge_asks_for_binding_where_it_is_wanted);
        tcase_add_test(tcase, bound_client_is_proven_and_goes_on);
        tcase_add_test(tcase, session_key_is_enough);
        tcase_add_test(tcase, relayed_answer_is_refused);
        tcase_add_test(tcase, session_is_refused_on_another_way);
        tcase_add_test(tcase, values_on_the_way_cannot_be_changed);
        tcase_add_test(tcase, legacy_client_gets_in_where_it_may);
        tcase_add_test(tcase, nonce_without_its_prefix_is_foreign);
        tcase_add_test(tcase, nonces_with_and_without_binding_are_apart);
        tcase_add_test(tcase,
                       renewed_certificate_asks_nobody_for_a_password);
        tcase_add_test(tcase, session_keeps_what_it_is_bound_to);
        tcase_add_test(tcase, count_is_used_once_with_and_without_binding);
        tcase_add_test(tcase, broken_directives_are_malformed);
        tcase_add_test(tcase, wrong_password_is_a_wrong_password);
        tcase_add_test(tcase, without_a_channel_nothing_is_looked_at);
    }
    return suite;
}
