/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to something that may be no Redis. */
#include "unit.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "redis/link.h"

static const char *path;
static int listener;
static apr_sockaddr_t *address;
static msd_text_t says;
static pthread_t thread;

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Accepts once, answers what it should, and closes when told to. */
static void *serve(void *closes)
{
    char got[256];
    int fd = accept(listener, NULL, NULL);

    if (recv(fd, got, sizeof(got), 0) > 0) {
        send(fd, says.data, says.len, MSG_NOSIGNAL);
    }
    while (closes == NULL && recv(fd, got, sizeof(got), 0) > 0) {
        continue;
    }
    close(fd);
    return NULL;
}

static void begin(void)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };

    path = apr_psprintf(unit_pool, "/tmp/msdigest-link-%d", (int)getpid());
    apr_cpystrn(name.sun_path, path, sizeof(name.sun_path));
    unlink(path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&name, sizeof(name)),
                     0);
    ck_assert_int_eq(listen(listener, 5), 0);
    ck_assert_int_eq(apr_sockaddr_info_get(&address, path, APR_UNIX, 0, 0,
                                           unit_pool),
                     APR_SUCCESS);
}

static void end(void)
{
    close(listener);
    unlink(path);
}

static apr_status_t talk(msd_text_t answer, bool closes, uint64_t wait_ms,
                         redisReply **reply)
{
    const msd_redis_patience_t patience = { now_ms, now_ms() + wait_ms };
    const msd_redis_command_t command = { 1, { MSD_TEXT("PING") } };
    msd_redis_link_t *link;
    apr_status_t status;
    bool sent;

    says = answer;
    pthread_create(&thread, NULL, serve, closes ? &thread : NULL);
    ck_assert_int_eq(msd_redis_link_open(address, &patience, &link),
                     APR_SUCCESS);
    status = msd_redis_link_call(link, &command, &patience, &sent, reply);
    ck_assert(sent);
    msd_redis_link_close(link);
    pthread_join(thread, NULL);
    return status;
}

START_TEST(an_answer_is_read)
{
    redisReply *reply;

    ck_assert_int_eq(talk(MSD_TEXT("$4\r\na\0bc\r\n"), false, 20000, &reply),
                     APR_SUCCESS);
    ck_assert_int_eq(reply->type, REDIS_REPLY_STRING);
    ck_assert_mem_eq(reply->str, "a\0bc", 4);
    freeReplyObject(reply);
    ck_assert_int_eq(talk(MSD_TEXT("-ERR no\r\n"), false, 20000, &reply),
                     APR_SUCCESS);
    ck_assert_int_eq(reply->type, REDIS_REPLY_ERROR);
    freeReplyObject(reply);
}
END_TEST

START_TEST(what_is_no_answer_is_a_failure)
{
    static char much[MSD_REDIS_ANSWER_MAX + 20];
    redisReply *reply;

    ck_assert_int_eq(talk(MSD_TEXT("HTTP/1.1 400\r\n\r\n"), false, 20000,
                          &reply),
                     APR_EGENERAL);
    ck_assert_ptr_null(reply);
    ck_assert_int_eq(talk(MSD_TEXT("$4\r\nab"), true, 20000, &reply), APR_EOF);
    ck_assert_int_eq(talk(MSD_TEXT(""), true, 20000, &reply), APR_EOF);
    memset(much, 'x', sizeof(much));
    memcpy(much, "$999999\r\n", 9);
    ck_assert_int_eq(talk((msd_text_t){ much, sizeof(much) }, false, 20000,
                          &reply),
                     APR_EGENERAL);
}
END_TEST

START_TEST(waits_are_bounded)
{
    redisReply *reply;

    ck_assert_int_eq(talk(MSD_TEXT(""), false, 100, &reply), APR_TIMEUP);
    ck_assert_int_eq(talk(MSD_TEXT("$4\r\nab"), false, 100, &reply),
                     APR_TIMEUP);
}
END_TEST

START_TEST(nobody_there)
{
    const msd_redis_patience_t patience = { now_ms, now_ms() + 20000 };
    msd_redis_link_t *link;

    unlink(path);
    ck_assert_int_ne(msd_redis_link_open(address, &patience, &link),
                     APR_SUCCESS);
    msd_redis_link_close(NULL);
}
END_TEST

START_TEST(a_command_has_room_for_so_many_words)
{
    msd_redis_command_t command = { .count = 0 };

    for (int i = 0; i < MSD_REDIS_WORDS_MAX + 5; i++) {
        msd_redis_command_add(&command, MSD_TEXT("x"));
    }
    ck_assert_int_eq(command.count, MSD_REDIS_WORDS_MAX);
}
END_TEST

Suite *suite_link(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("link", &tcase);

    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, an_answer_is_read);
    tcase_add_test(tcase, what_is_no_answer_is_a_failure);
    tcase_add_test(tcase, waits_are_bounded);
    tcase_add_test(tcase, nobody_there);
    tcase_add_test(tcase, a_command_has_room_for_so_many_words);
    return suite;
}
