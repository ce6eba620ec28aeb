/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded load of Digest logins and requests on one port of 127.0.0.1. */
#define _GNU_SOURCE
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "client.h"

#define CONNECTIONS_MAX 64
#define SECONDS_MAX 60
#define REQUESTS_MAX 1000000

static const char usage[] =
    "usage: load --port P --path /x [--connections C] MODE\n"
    "MODE is one of\n"
    "  --requests N   each connection sends N requests\n"
    "  --seconds S    each connection sends requests for S seconds\n"
    "  --login N      makes N contexts, prints how many, waits for a line on\n"
    "                 standard input and uses each context once more\n"
    "  --version      prints the version of OpenSSL\n"
    "Which requests:\n"
    "  --expect S     without credentials, answered by status S (200)\n"
    "  --digest ALG   with Digest credentials: MD5 or MD5-sess\n"
    "  --keep-cnonce  one cnonce for each challenge, not for each request\n"
    "  --user NAME --password WORD --users U\n"
    "                 with U > 1 the names are NAME00000, NAME00001, ...\n"
    "Prints lines of NAME VALUE; a request answered otherwise is an error.\n";

typedef struct {
    target_t target;
    unsigned connections;
    unsigned requests;
    unsigned seconds;
    unsigned logins;
    int expect;
    const char *user;
    unsigned users;
} options_t;

/* What the second use of a context gave. */
typedef enum {
    USED_AT_ONCE,
    USED_WITH_NEW_NONCE,
    LOST,
    USE_COUNT
} use_t;

/* One connection and the thread that drives it. */
typedef struct {
    const options_t *options;
    unsigned number;
    pthread_t thread;
    pthread_barrier_t *start;
    client_t client;
    session_t *sessions;        /* of all workers; with --login */
    unsigned done;              /* requests that were answered as wanted */
    unsigned used[USE_COUNT];
    double took;                /* seconds */
} worker_t;

/* ---- Work of one connection ---- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* session: NULL to send no credentials. */
static void get(worker_t *worker, session_t *session)
{
    int status = client_get(&worker->client, session);

    if (status != worker->options->expect) {
        die("status %d instead of %d at request %u of a connection", status,
            worker->options->expect, worker->done + 1);
    }
    worker->done++;
}

static void *send_requests(void *data)
{
    worker_t *worker = data;
    const options_t *options = worker->options;
    bool digest = options->target.digest != NULL;
    session_t session = { .count = 0 };
    double begun;

    snprintf(session.user, sizeof(session.user), "%s", options->user);
    if (digest) {
        client_challenge(&worker->client, &session);
    }
    pthread_barrier_wait(worker->start);
    begun = now();
    do {
        get(worker, digest ? &session : NULL);
        worker->took = now() - begun;
    } while (options->seconds > 0 ? worker->took < options->seconds
                                  : worker->done < options->requests);
    return NULL;
}

static void *log_in(void *data)
{
    worker_t *worker = data;
    const options_t *options = worker->options;

    for (unsigned i = worker->number; i < options->logins;
         i += options->connections) {
        session_t *session = &worker->sessions[i];

        snprintf(session->user, sizeof(session->user),
                 options->users > 1 ? "%s%05u" : "%s", options->user,
                 i % options->users);
        client_challenge(&worker->client, session);
        get(worker, session);
    }
    return NULL;
}

/* A stale challenge is answered, as by every client. */
static use_t use_again(client_t *client, session_t *session)
{
    int status = client_get(client, session);

    if (status == 200) {
        return USED_AT_ONCE;
    }
    if (status == 401 && strcasecmp(session->stale, "true") == 0) {
        status = client_get(client, session);
    }
    return status == 200 ? USED_WITH_NEW_NONCE : LOST;
}

static void *use_contexts(void *data)
{
    worker_t *worker = data;
    const options_t *options = worker->options;

    for (unsigned i = worker->number; i < options->logins;
         i += options->connections) {
        worker->used[use_again(&worker->client, &worker->sessions[i])]++;
    }
    return NULL;
}

/* ---- All connections ---- */

static void run(worker_t *workers, unsigned count, void *(*work)(void *))
{
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        worker_t *worker = &workers[i];

        worker->start = &start;
        client_open(&worker->client, &worker->options->target,
                    ((uint64_t)getpid() << 32) + i);
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) {
            die("cannot make a thread");
        }
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        client_close(&workers[i].client);
    }
    pthread_barrier_destroy(&start);
}

static unsigned sum_done(const worker_t *workers, unsigned count)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < count; i++) {
        sum += workers[i].done;
    }
    return sum;
}

static unsigned sum_used(const worker_t *workers, unsigned count, use_t use)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < count; i++) {
        sum += workers[i].used[use];
    }
    return sum;
}

static void load(const options_t *options, worker_t *workers)
{
    double took = 0;

    run(workers, options->connections, send_requests);
    for (unsigned i = 0; i < options->connections; i++) {
        took = workers[i].took > took ? workers[i].took : took;
    }
    printf("requests %u\nseconds %.3f\n",
           sum_done(workers, options->connections), took);
}

static void login(const options_t *options, worker_t *workers)
{
    unsigned count = options->connections;
    session_t *sessions = calloc(options->logins, sizeof(*sessions));
    char line[16];

    if (sessions == NULL) {
        die("no memory");
    }
    for (unsigned i = 0; i < count; i++) {
        workers[i].sessions = sessions;
    }
    run(workers, count, log_in);
    printf("logins %u\n", sum_done(workers, count));
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL) {
        die("no line on standard input");
    }
    run(workers, count, use_contexts);
    printf("at-once %u\nnew-nonce %u\nlost %u\n",
           sum_used(workers, count, USED_AT_ONCE),
           sum_used(workers, count, USED_WITH_NEW_NONCE),
           sum_used(workers, count, LOST));
    free(sessions);
}

/* ---- Options ---- */

static unsigned number(const char *text, unsigned max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value > max) {
        die("'%s' is not a number up to %u", text, max);
    }
    return (unsigned)value;
}

static void set_option(options_t *options, int name, const char *value)
{
    target_t *target = &options->target;

    switch (name) {
    case 'P': target->port = (int)number(value, 65535); break;
    case 'p': target->path = value; break;
    case 'd': target->digest = value; break;
    case 'k': target->keep_cnonce = true; break;
    case 'w': target->password = value; break;
    case 'c': options->connections = number(value, CONNECTIONS_MAX); break;
    case 'r': options->requests = number(value, REQUESTS_MAX); break;
    case 's': options->seconds = number(value, SECONDS_MAX); break;
    case 'l': options->logins = number(value, REQUESTS_MAX); break;
    case 'e': options->expect = (int)number(value, 599); break;
    case 'u': options->user = value; break;
    case 'U': options->users = number(value, 100000); break;
    case 'v': puts(OpenSSL_version(OPENSSL_VERSION)); exit(0);
    default: fputs(usage, stderr); exit(2);
    }
}

static void read_options(int argc, char **argv, options_t *options)
{
    static const struct option known[] = {
        { "port", required_argument, NULL, 'P' },
        { "path", required_argument, NULL, 'p' },
        { "connections", required_argument, NULL, 'c' },
        { "requests", required_argument, NULL, 'r' },
        { "seconds", required_argument, NULL, 's' },
        { "login", required_argument, NULL, 'l' },
        { "expect", required_argument, NULL, 'e' },
        { "digest", required_argument, NULL, 'd' },
        { "keep-cnonce", no_argument, NULL, 'k' },
        { "user", required_argument, NULL, 'u' },
        { "password", required_argument, NULL, 'w' },
        { "users", required_argument, NULL, 'U' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    int name;

    while ((name = getopt_long(argc, argv, "", known, NULL)) != -1) {
        set_option(options, name, optarg);
    }
    if (optind != argc || options->target.port == 0
        || options->target.path == NULL || options->connections == 0
        || options->users == 0
        || (options->requests > 0) + (options->seconds > 0)
                   + (options->logins > 0)
               != 1) {
        fputs(usage, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    options_t options = { .target.password = "", .connections = 1,
                          .expect = 200, .user = "", .users = 1 };
    worker_t workers[CONNECTIONS_MAX] = { 0 };

    read_options(argc, argv, &options);
    options.target.md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    if (options.target.md5 == NULL) {
        die("OpenSSL has no MD5");
    }
    for (unsigned i = 0; i < options.connections; i++) {
        workers[i].options = &options;
        workers[i].number = i;
    }
    if (options.logins > 0) {
        login(&options, workers);
    } else {
        load(&options, workers);
    }
    return 0;
}
