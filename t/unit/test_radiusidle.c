/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that wait: who gets which, and which are ended. */
#include "unit.h"

#include "authority/radiusidle.h"

static msd_radius_server_t servers[2];
static msd_radiustrust_t trust;
static msd_radiusidentity_t identity;
static apr_sockaddr_t source;
static apr_socket_t *listener;
static msd_radiusidle_t *idle;
static msd_radiusconnection_t taken;

static void set_up(void)
{
    apr_sockaddr_t *any;

    apr_sockaddr_info_get(&any, "127.0.0.1", APR_INET, 0, 0, unit_pool);
    apr_socket_create(&listener, APR_INET, SOCK_STREAM, APR_PROTO_TCP,
                      unit_pool);
    ck_assert_int_eq(apr_socket_bind(listener, any), 0);
    ck_assert_int_eq(apr_socket_listen(listener, 100), 0);
    idle = msd_radiusidle_create(unit_pool);
    ck_assert_ptr_nonnull(idle);
}

static msd_radiusidle_key_t key_of(int server)
{
    return (msd_radiusidle_key_t){ &servers[server], NULL, NULL, NULL };
}

/* A connection of its own port, and its other end. */
static msd_radiusconnection_t make(int server, apr_socket_t **far)
{
    msd_radiusconnection_t connection = { .key = key_of(server) };
    apr_sockaddr_t *address;

    apr_pool_create(&connection.pool, NULL);
    apr_socket_addr_get(&address, APR_LOCAL, listener);
    apr_socket_create(&connection.socket, APR_INET, SOCK_STREAM,
                      APR_PROTO_TCP, connection.pool);
    ck_assert_int_eq(apr_socket_connect(connection.socket, address), 0);
    ck_assert_int_eq(apr_socket_accept(far, listener, unit_pool), 0);
    return connection;
}

static apr_socket_t *wait_for(int server, uint64_t now_ms,
                              apr_socket_t **socket)
{
    apr_socket_t *far;
    msd_radiusconnection_t connection = make(server, &far);

    *socket = connection.socket;
    msd_radiusidle_give(idle, &connection, now_ms);
    return far;
}

static bool take(int server, uint64_t now_ms)
{
    msd_radiusidle_key_t key = key_of(server);

    return msd_radiusidle_take(idle, &key, now_ms, &taken);
}

/* Whether the other end is told that the connection is over. */
static bool is_over(apr_socket_t *far)
{
    char byte;
    apr_size_t len = 1;

    apr_socket_timeout_set(far, apr_time_from_msec(50));
    return APR_STATUS_IS_EOF(apr_socket_recv(far, &byte, &len));
}

START_TEST(youngest_of_the_server_is_taken)
{
    apr_socket_t *sockets[3];

    wait_for(0, 10, &sockets[0]);
    wait_for(0, 20, &sockets[1]);
    wait_for(1, 30, &sockets[2]);
    ck_assert(take(0, 40));
    ck_assert_ptr_eq(taken.socket, sockets[1]);
    msd_radiusconnection_end(&taken);
    ck_assert(take(0, 40));
    ck_assert_ptr_eq(taken.socket, sockets[0]);
    msd_radiusconnection_end(&taken);
    ck_assert(!take(0, 40));
    ck_assert(take(1, 40));
    msd_radiusconnection_end(&taken);
}
END_TEST

START_TEST(key_must_be_the_same)
{
    apr_socket_t *socket;
    msd_radiusidle_key_t key = key_of(0);

    wait_for(0, 10, &socket);
    key.source = &source;
    ck_assert(!msd_radiusidle_take(idle, &key, 10, &taken));
    key = key_of(0);
    key.trust = &trust;
    ck_assert(!msd_radiusidle_take(idle, &key, 10, &taken));
    key = key_of(0);
    key.identity = &identity;
    ck_assert(!msd_radiusidle_take(idle, &key, 10, &taken));
    ck_assert(take(0, 10));
    msd_radiusconnection_end(&taken);
}
END_TEST

START_TEST(old_one_is_ended)
{
    apr_socket_t *socket;
    apr_socket_t *far = wait_for(0, 10, &socket);

    ck_assert(take(0, 9 + MSD_RADIUSIDLE_MS));
    msd_radiusidle_give(idle, &taken, 10);
    ck_assert(!take(0, 10 + MSD_RADIUSIDLE_MS));
    ck_assert(is_over(far));
}
END_TEST

/* Threads read the clock before they get their turn. */
START_TEST(one_from_the_future_is_young)
{
    apr_socket_t *socket;

    wait_for(0, 10, &socket);
    ck_assert(take(0, 9));
    msd_radiusconnection_end(&taken);
}
END_TEST

START_TEST(one_that_is_not_silent_is_ended)
{
    apr_socket_t *socket;
    apr_socket_t *far = wait_for(0, 10, &socket);
    apr_size_t len = 1;

    apr_socket_send(far, "x", &len);
    ck_assert(!take(0, 10));
    far = wait_for(0, 10, &socket);
    apr_socket_close(far);
    ck_assert(!take(0, 10));
}
END_TEST

START_TEST(one_too_many_takes_the_place_of_the_oldest)
{
    apr_socket_t *socket;
    apr_socket_t *oldest = wait_for(1, 1, &socket);
    apr_socket_t *far = NULL;

    for (int i = 1; i < MSD_RADIUSIDLE_MAX; i++) {
        far = wait_for(0, 2, &socket);
    }
    ck_assert(!is_over(oldest));
    wait_for(0, 3, &socket);
    ck_assert(is_over(oldest));
    ck_assert(!is_over(far));
    ck_assert(!take(1, 3));
    for (int i = 0; i < MSD_RADIUSIDLE_MAX; i++) {
        ck_assert(take(0, 3));
        msd_radiusconnection_end(&taken);
    }
    ck_assert(!take(0, 3));
}
END_TEST

START_TEST(server_is_forgotten)
{
    apr_socket_t *socket;
    apr_socket_t *far = wait_for(0, 1, &socket);

    wait_for(1, 1, &socket);
    wait_for(0, 1, &socket);
    msd_radiusidle_forget(idle, &servers[0]);
    ck_assert(is_over(far));
    ck_assert(!take(0, 1));
    ck_assert(take(1, 1));
    msd_radiusconnection_end(&taken);
    /* None is none. */
    msd_radiusconnection_end(&taken);
}
END_TEST

START_TEST(all_end_with_the_pool)
{
    apr_pool_t *pool;
    apr_socket_t *socket;
    apr_socket_t *far;

    apr_pool_create(&pool, unit_pool);
    idle = msd_radiusidle_create(pool);
    far = wait_for(0, 1, &socket);
    apr_pool_destroy(pool);
    ck_assert(is_over(far));
}
END_TEST

Suite *suite_radiusidle(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiusidle", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, youngest_of_the_server_is_taken);
    tcase_add_test(tcase, key_must_be_the_same);
    tcase_add_test(tcase, old_one_is_ended);
    tcase_add_test(tcase, one_from_the_future_is_young);
    tcase_add_test(tcase, one_that_is_not_silent_is_ended);
    tcase_add_test(tcase, one_too_many_takes_the_place_of_the_oldest);
    tcase_add_test(tcase, server_is_forgotten);
    tcase_add_test(tcase, all_end_with_the_pool);
    return suite;
}
