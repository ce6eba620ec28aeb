/* SPDX-License-Identifier: Apache-2.0 */
/* A redis-server for the unit tests, on a unix socket of its own. */
#include "redisreal.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

msd_redis_config_t redis_config;

static pid_t pid;
static char folder[] = "/tmp/msdigest-unit-XXXXXX";
static const char *path;

uint64_t redis_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void run_server(void)
{
    int null = open("/dev/null", O_RDWR);

    /* A test that is ended by its timeout takes the server along. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
           path, "--save", "", "--dir", folder, NULL);
    _exit(126);
}

void redis_up(void)
{
    uint64_t end_ms = redis_now_ms() + 20000;
    bool up = false;
    apr_sockaddr_t *address;

    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    path = apr_pstrcat(unit_pool, folder, "/s", NULL);
    ck_assert_int_eq(apr_sockaddr_info_get(&address, path, APR_UNIX, 0, 0,
                                           unit_pool),
                     APR_SUCCESS);
    redis_config = (msd_redis_config_t){
        .hosts = { { "real", address } },
        .host_count = 1,
        .timeout_ms = 5000,
        .now_ms = redis_now_ms,
    };
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        run_server();
    }
    while (!up && redis_now_ms() < end_ms) {
        msd_redis_t *redis = msd_redis_create(&redis_config, unit_pool);

        up = strcmp(redis_say(redis, "PING", NULL), "PONG") == 0;
        usleep(5000);
    }
    ck_assert_msg(up, "redis-server does not start");
}

void redis_signal(int signal)
{
    ck_assert_int_eq(kill(pid, signal), 0);
}

void redis_down(void)
{
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        pid = 0;
        unlink(path);
        rmdir(folder);
    }
}

const char *redis_say(msd_redis_t *redis, const char *word, ...)
{
    msd_redis_command_t command = { 1, { msd_text_of(word) } };
    msd_redis_answer_t answer;
    const char *said = "";
    va_list words;

    va_start(words, word);
    while ((word = va_arg(words, const char *)) != NULL) {
        msd_redis_command_add(&command, msd_text_of(word));
    }
    va_end(words);
    if (msd_redis_run(redis, &command, &answer)
        && answer.reply->str != NULL) {
        said = apr_pstrdup(unit_pool, answer.reply->str);
    }
    msd_redis_answer_end(&answer);
    return said;
}
