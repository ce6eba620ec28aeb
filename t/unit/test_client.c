/* SPDX-License-Identifier: Apache-2.0 */
/* The client of Redis, at a real one: connections, hosts, failures. */
#include "redisreal.h"

#include <signal.h>

static msd_redis_t *redis;

static void begin(void)
{
    redis_up();
    redis = msd_redis_create(&redis_config, unit_pool);
}

START_TEST(commands_are_answered)
{
    ck_assert_str_eq(redis_say(redis, "SET", "a", "b c", NULL), "OK");
    ck_assert_str_eq(redis_say(redis, "GET", "a", NULL), "b c");
    ck_assert_str_eq(redis_say(redis, "GET", "x", NULL), "");
}
END_TEST

START_TEST(an_error_is_told_and_hurts_nobody)
{
    const msd_redis_command_t wrong = { 1, { MSD_TEXT("NONSENSE") } };
    msd_redis_answer_t answer;

    ck_assert(!msd_redis_run(redis, &wrong, &answer));
    ck_assert(msd_redis_answer_is(&answer, "ERR unknown command"));
    ck_assert(!msd_redis_answer_is(&answer, "NOSCRIPT"));
    ck_assert(!answer.unknown);
    ck_assert_str_eq(redis_say(redis, "PING", NULL), "PONG");
}
END_TEST

START_TEST(a_database_is_selected)
{
    redis_say(redis, "SET", "a", "0", NULL);
    redis_config.db = 3;
    redis = msd_redis_create(&redis_config, unit_pool);
    ck_assert_str_eq(redis_say(redis, "GET", "a", NULL), "");
    redis_config.db = 16;
    redis = msd_redis_create(&redis_config, unit_pool);
    ck_assert_str_eq(redis_say(redis, "PING", NULL), "");
}
END_TEST

START_TEST(a_password_is_sent)
{
    redis_say(redis, "ACL", "SETUSER", "ann", "on", ">pw", "+@all", "~*",
              NULL);
    redis_say(redis, "ACL", "SETUSER", "default", "off", NULL);
    redis_config.user = "ann";
    redis_config.password = "pw";
    redis = msd_redis_create(&redis_config, unit_pool);
    ck_assert_str_eq(redis_say(redis, "PING", NULL), "PONG");
    redis_config.password = "other";
    redis = msd_redis_create(&redis_config, unit_pool);
    ck_assert_str_eq(redis_say(redis, "PING", NULL), "");
}
END_TEST

/* The connection was closed while it lay idle: a new one takes over. */
START_TEST(a_dead_connection_is_replaced)
{
    msd_redis_t *other = msd_redis_create(&redis_config, unit_pool);

    ck_assert_str_eq(redis_say(redis, "PING", NULL), "PONG");
    redis_say(other, "CLIENT", "KILL", "TYPE", "normal", NULL);
    ck_assert_str_eq(redis_say(redis, "PING", NULL), "PONG");
}
END_TEST

START_TEST(a_host_that_is_not_there_is_passed_over)
{
    apr_sockaddr_t *nowhere;

    ck_assert_int_eq(apr_sockaddr_info_get(&nowhere, "/nonexistent/s",
                                           APR_UNIX, 0, 0, unit_pool),
                     APR_SUCCESS);
    redis_config.hosts[1] = redis_config.hosts[0];
    redis_config.hosts[0] = (msd_redis_host_t){ "nowhere", nowhere };
    redis_config.host_count = 2;
    redis = msd_redis_create(&redis_config, unit_pool);
    ck_assert_str_eq(redis_say(redis, "PING", NULL), "PONG");
}
END_TEST

START_TEST(a_replica_is_passed_over)
{
    msd_redis_t *other = msd_redis_create(&redis_config, unit_pool);

    redis_say(redis, "REPLICAOF", "127.0.0.1", "1", NULL);
    ck_assert_str_eq(redis_say(other, "PING", NULL), "");
}
END_TEST

/* The wait is bounded, and those who come after do not wait at all. */
START_TEST(a_server_that_hangs_is_left_alone)
{
    const msd_redis_command_t ping = { 1, { MSD_TEXT("PING") } };
    msd_redis_answer_t answer;
    uint64_t start_ms;

    ck_assert_str_eq(redis_say(redis, "PING", NULL), "PONG");
    redis_config.timeout_ms = 200;
    redis_signal(SIGSTOP);
    start_ms = redis_now_ms();
    ck_assert(!msd_redis_run(redis, &ping, &answer));
    ck_assert(answer.unknown);
    ck_assert_uint_ge(redis_now_ms() - start_ms, 200);
    ck_assert(!msd_redis_run(redis, &ping, &answer));
    ck_assert(!answer.unknown);
    ck_assert_str_eq(answer.fault, "no server answered a moment ago");
    redis_signal(SIGCONT);
    start_ms = redis_now_ms();
    while (strcmp(redis_say(redis, "PING", NULL), "PONG") != 0) {
        ck_assert_uint_lt(redis_now_ms() - start_ms, 20000);
    }
}
END_TEST

Suite *suite_client(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("client", &tcase);

    tcase_add_checked_fixture(tcase, begin, redis_down);
    tcase_add_test(tcase, commands_are_answered);
    tcase_add_test(tcase, an_error_is_told_and_hurts_nobody);
    tcase_add_test(tcase, a_database_is_selected);
    tcase_add_test(tcase, a_password_is_sent);
    tcase_add_test(tcase, a_dead_connection_is_replaced);
    tcase_add_test(tcase, a_host_that_is_not_there_is_passed_over);
    tcase_add_test(tcase, a_replica_is_passed_over);
    tcase_add_test(tcase, a_server_that_hangs_is_left_alone);
    return suite;
}
