/* SPDX-License-Identifier: Apache-2.0 */
/* Answering httpd's processes, by threads that share nothing but the domain. */
#include "serve.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>

#include <apr_strings.h>

#include "log.h"
#include "netlogon/relay.h"
#include "secret.h"

/* However long a deadline says, and how long a question may take to come. */
#define WAIT_MAX_MS 30000
#define QUESTION_MS 1000

/* Controllers are looked up again after this long; sooner without any. */
#define FIND_SECONDS 300
#define FIND_AGAIN_SECONDS 5

typedef struct {
    msd_domain_t domain;
    pthread_mutex_t mutex;  /* of the line */
    int line;               /* to who reads the secret */
} server_t;

/* ---- Becoming nobody */

static const char *become(const char *name)
{
    const struct passwd *user;

    if (name == NULL || geteuid() != 0) {
        return NULL;
    }
    user = name[0] == '#' ? getpwuid((uid_t)apr_strtoi64(name + 1, NULL, 10))
                          : getpwnam(name);
    if (user == NULL) {
        return "there is no such user";
    }
    if (initgroups(user->pw_name, user->pw_gid) != 0
        || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
        return "it cannot become the user";
    }
    return NULL;
}

/* It holds keys: no core, and nobody may look, also none of the same user;
 * and it ends with who reads the secret. */
static bool close_doors(pid_t parent)
{
    return prctl(PR_SET_DUMPABLE, 0) == 0
           && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static const char *ask_secret(void *self, unsigned char *out)
{
    server_t *server = self;
    const char *fault;

    pthread_mutex_lock(&server->mutex);
    fault = msd_secret_ask(server->line, out);
    pthread_mutex_unlock(&server->mutex);
    return fault;
}

/* ---- One question */

static void answer(int client, const msd_controller_question_t *q)
{
    unsigned char head[MSD_RELAY_HEADER];
    const msd_text_t why = msd_text_of(q->why);
    msd_relay_answer_t header = { q->reply.len, q->has_status, q->status };
    const msd_text_t *body = &q->reply;

    if (!q->has_status) {
        header.len = why.len;
        body = &why;
    }
    msd_relay_write_answer(&header, head);
    if (msd_stream_write(client, head, sizeof(head), q->deadline_ms)) {
        msd_stream_write(client, body->data, body->len, q->deadline_ms);
    }
}

static bool read_question(int client, apr_pool_t *pool,
                          msd_controller_question_t *q)
{
    uint64_t deadline_ms = msd_stream_now_ms() + QUESTION_MS;
    unsigned char head[MSD_RELAY_HEADER];
    msd_relay_question_t header;
    char *bytes;

    if (msd_stream_read(client, head, sizeof(head), deadline_ms)
            != sizeof(head)
        || !msd_relay_read_question(head, &header)) {
        return false;
    }
    bytes = apr_palloc(pool, header.len + 1);
    q->request = (msd_text_t){ bytes, header.len };
    q->deadline_ms = header.deadline_ms;
    q->pool = pool;
    return msd_stream_read(client, bytes, header.len, deadline_ms)
           == header.len;
}

static void serve_client(server_t *server, int client,
                         msd_domain_lines_t *lines, apr_pool_t *pool)
{
    msd_controller_question_t q = { 0 };
    uint64_t now = msd_stream_now_ms();
    uint64_t end_ms;

    /* Who waited too long in the queue is not there any more. */
    if (!read_question(client, pool, &q) || q.deadline_ms <= now) {
        return;
    }
    if (q.deadline_ms > now + WAIT_MAX_MS) {
        q.deadline_ms = now + WAIT_MAX_MS;
    }
    end_ms = q.deadline_ms;
    msd_domain_ask(&server->domain, lines, &q);
    q.deadline_ms = end_ms;
    answer(client, &q);
}

static void *work(void *data)
{
    server_t *server = data;
    msd_domain_lines_t lines = { 0 };
    apr_pool_t *pool;

    apr_pool_create(&lines.pool, NULL);
    apr_pool_create(&pool, NULL);
    for (;;) {
        int client = accept(STDIN_FILENO, NULL, NULL);

        if (client < 0) {
            if (errno != EINTR && errno != ECONNABORTED) {
                sleep(1);
            }
            continue;
        }
        serve_client(server, client, &lines, pool);
        close(client);
        apr_pool_clear(pool);
    }
    return NULL;
}

/* ---- The whole */

static int start_workers(server_t *server, int workers)
{
    int started = 0;

    for (int i = 0; i < workers; i++) {
        pthread_t thread;

        started += pthread_create(&thread, NULL, work, server) == 0;
    }
    return started;
}

int msd_serve(const msd_serve_t *serve)
{
    const msd_controller_secret_t secret = { NULL, ask_secret };
    pid_t parent = getpid();
    server_t *server = calloc(1, sizeof(*server));
    const char *fault;

    if (server == NULL) {
        return EXIT_FAILURE;
    }
    fault = msd_domain_begin(&server->domain, serve->domain, &secret);
    server->domain.secret.self = server;
    pthread_mutex_init(&server->mutex, NULL);
    server->line = fault == NULL ? msd_secret_part(serve->secret_path) : -1;
    if (fault == NULL) {
        fault = server->line < 0 ? "it cannot fork" : become(serve->user);
    }
    if (fault == NULL && !close_doors(parent)) {
        fault = "it cannot close its memory to others";
    }
    if (fault != NULL) {
        msd_log_line("crit", MSD_LOGNO(456) "it cannot start: %s", fault);
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    msd_domain_find(&server->domain);
    if (start_workers(server, serve->workers) == 0) {
        return EXIT_FAILURE;
    }
    for (;;) {
        sleep(server->domain.count > 0 ? FIND_SECONDS : FIND_AGAIN_SECONDS);
        msd_domain_find(&server->domain);
    }
}
