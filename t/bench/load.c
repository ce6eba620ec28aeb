/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded load of Digest logins and requests on one port of 127.0.0.1. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define CONNECTIONS_MAX 64
#define SECONDS_MAX 60
#define REQUESTS_MAX 1000000
#define TIMEOUT_SECONDS 60
#define HEX_SIZE 33             /* of MD5, with its NUL */
#define TEXT_SIZE 256           /* of a nonce, an opaque, a realm, a name */

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
    "  --keep-cnonce  one cnonce for each challenge; else one for each request\n"
    "  --user NAME --password WORD --users U\n"
    "                 with U > 1 the names are NAME00000, NAME00001, ...\n"
    "Prints lines of NAME VALUE; a request answered otherwise is an error.\n";

typedef struct {
    int port;
    const char *path;
    unsigned connections;
    unsigned requests;
    unsigned seconds;
    unsigned logins;
    int expect;
    const char *digest;         /* NULL: no credentials are sent */
    bool keep_cnonce;
    const char *user;
    const char *password;
    unsigned users;
    const EVP_MD *md5;
} options_t;

/* What a client remembers of one challenge. */
typedef struct {
    char user[TEXT_SIZE];
    char realm[TEXT_SIZE];
    char nonce[TEXT_SIZE];
    char opaque[TEXT_SIZE];     /* empty: none was given */
    char cnonce[HEX_SIZE];
    char key[HEX_SIZE];         /* H(user:realm:password) */
    unsigned count;
} session_t;

typedef struct {
    int status;
    char head[8192];
} answer_t;

/* What a second use of a context gave. */
typedef enum {
    USED_AT_ONCE,
    USED_WITH_NEW_NONCE,
    LOST,
    USE_COUNT
} use_t;

/* One connection and the thread that drives it. */
typedef struct {
    const options_t *options;
    pthread_t thread;
    pthread_barrier_t *start;
    unsigned number;            /* of this worker */
    int fd;
    uint64_t random;
    session_t *sessions;        /* of all workers; with --login */
    unsigned done;              /* requests that were answered as wanted */
    unsigned used[USE_COUNT];
    double took;                /* seconds */
} worker_t;

static void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- HTTP ---- */

static int dial(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct timeval patience = { .tv_sec = TIMEOUT_SECONDS };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0
        || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("cannot connect to 127.0.0.1:%d", port);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

/* The value of "name: value" in the head, or NULL. */
static const char *find_header(const char *head, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strchr(head, '\n'); at != NULL;
         at = strchr(at, '\n')) {
        at++;
        if (strncasecmp(at, name, len) == 0 && at[len] == ':') {
            return at + len + 1;
        }
    }
    return NULL;
}

/* Read until the blank line.  Returns how much of the body came with it. */
static size_t read_head(int fd, answer_t *answer)
{
    size_t len = 0;
    char *end;

    do {
        ssize_t n = recv(fd, answer->head + len, sizeof(answer->head) - 1 - len,
                         0);

        if (n <= 0) {
            die("the server closed a connection, or said nothing for %d s",
                TIMEOUT_SECONDS);
        }
        len += (size_t)n;
        answer->head[len] = '\0';
        end = strstr(answer->head, "\r\n\r\n");
    } while (end == NULL);
    end[2] = '\0';
    return len - (size_t)(end + 4 - answer->head);
}

static void exchange(int fd, const char *request, answer_t *answer)
{
    size_t len = strlen(request);
    const char *length;
    char body[16384];
    size_t have;
    size_t want;

    if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
        die("cannot send");
    }
    have = read_head(fd, answer);
    length = find_header(answer->head, "Content-Length");
    if (sscanf(answer->head, "HTTP/1.1 %d", &answer->status) != 1
        || length == NULL) {
        die("no answer that this client understands:\n%s", answer->head);
    }
    want = strtoul(length, NULL, 10);
    while (have < want) {
        ssize_t n = recv(fd, body, sizeof(body), 0);

        if (n <= 0) {
            die("a body ended early");
        }
        have += (size_t)n;
    }
}

/* authorization: a whole header line, or "". */
static void get(const worker_t *worker, const char *authorization,
                answer_t *answer)
{
    char request[2048];
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                       "User-Agent: bench\r\nAccept: */*\r\n%s\r\n",
                       worker->options->path, worker->options->port,
                       authorization);

    if (len >= (int)sizeof(request)) {
        die("a request is too long");
    }
    exchange(worker->fd, request, answer);
}

/* ---- Digest ---- */

static void md5_hex(const EVP_MD *md5, char *hex, const char *format, ...)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    char text[1024];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len >= (int)sizeof(text)
        || EVP_Digest(text, (size_t)len, hash, NULL, md5, NULL) != 1) {
        die("cannot compute MD5");
    }
    for (int i = 0; i < 16; i++) {
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }
}

/* Unique for each worker, which is all that a cnonce needs here. */
static void draw_cnonce(worker_t *worker, session_t *session)
{
    worker->random = worker->random * UINT64_C(6364136223846793005)
                     + UINT64_C(1442695040888963407);
    snprintf(session->cnonce, sizeof(session->cnonce), "%016llx",
             (unsigned long long)worker->random);
}

/* The parameter of a challenge; empty when it is not there. */
static void read_param(const char *line, const char *name, char *out)
{
    const char *end = strchr(line, '\r');
    const char *at = line;
    size_t len;

    out[0] = '\0';
    do {
        at = strstr(at + 1, name);
        if (at == NULL || at > end) {
            return;
        }
    } while ((at[-1] != ' ' && at[-1] != ',') || at[strlen(name)] != '=');
    at += strlen(name) + 1;
    if (*at == '"') {
        at++;
    }
    len = strcspn(at, "\",\r");
    if (len >= TEXT_SIZE) {
        die("%s is longer than %d", name, TEXT_SIZE);
    }
    memcpy(out, at, len);
    out[len] = '\0';
}

/* Take over the challenge for the wanted algorithm. */
static void read_challenge(worker_t *worker, const answer_t *answer,
                           session_t *session)
{
    const options_t *options = worker->options;
    const char *line = answer->head;
    char algorithm[TEXT_SIZE];

    do {
        line = find_header(line, "WWW-Authenticate");
        if (line == NULL) {
            die("status %d, and no challenge for %s", answer->status,
                options->digest);
        }
        read_param(line, "algorithm", algorithm);
    } while (strcmp(algorithm, options->digest) != 0);
    read_param(line, "realm", session->realm);
    read_param(line, "nonce", session->nonce);
    read_param(line, "opaque", session->opaque);
    session->count = 0;
    draw_cnonce(worker, session);
    md5_hex(options->md5, session->key, "%s:%s:%s", session->user,
            session->realm, options->password);
}

/* RFC 2617 3.2.2 with qop auth: the next answer in this session. */
static void authorize(worker_t *worker, session_t *session, char *line,
                      size_t size)
{
    const options_t *options = worker->options;
    char a1[HEX_SIZE];
    char a2[HEX_SIZE];
    char response[HEX_SIZE];

    session->count++;
    if (!options->keep_cnonce) {
        draw_cnonce(worker, session);
    }
    memcpy(a1, session->key, sizeof(a1));
    if (strcmp(options->digest, "MD5-sess") == 0) {
        md5_hex(options->md5, a1, "%s:%s:%s", session->key, session->nonce,
                session->cnonce);
    }
    md5_hex(options->md5, a2, "GET:%s", options->path);
    md5_hex(options->md5, response, "%s:%s:%08x:%s:auth:%s", a1,
            session->nonce, session->count, session->cnonce, a2);
    snprintf(line, size,
             "Authorization: Digest username=\"%s\", realm=\"%s\", "
             "nonce=\"%s\", uri=\"%s\", algorithm=%s, response=\"%s\", "
             "qop=auth, nc=%08x, cnonce=\"%s\"%s%s%s\r\n",
             session->user, session->realm, session->nonce, options->path,
             options->digest, response, session->count, session->cnonce,
             session->opaque[0] == '\0' ? "" : ", opaque=\"",
             session->opaque, session->opaque[0] == '\0' ? "" : "\"");
}

/* ---- Work of one connection ---- */

static void ask_challenge(worker_t *worker, session_t *session)
{
    answer_t answer;

    get(worker, "", &answer);
    if (answer.status != 401) {
        die("status %d instead of a challenge", answer.status);
    }
    read_challenge(worker, &answer, session);
}

static void answer_challenge(worker_t *worker, session_t *session,
                             answer_t *answer)
{
    char line[1536];

    authorize(worker, session, line, sizeof(line));
    get(worker, line, answer);
}

static void ask(worker_t *worker, session_t *session)
{
    const options_t *options = worker->options;
    answer_t answer;

    if (options->digest != NULL) {
        answer_challenge(worker, session, &answer);
    } else {
        get(worker, "", &answer);
    }
    if (answer.status != options->expect) {
        die("status %d instead of %d at request %u of a connection:\n%s",
            answer.status, options->expect, worker->done + 1, answer.head);
    }
    worker->done++;
}

static void *send_requests(void *data)
{
    worker_t *worker = data;
    const options_t *options = worker->options;
    session_t session = { .count = 0 };
    double begun;

    snprintf(session.user, sizeof(session.user), "%s", options->user);
    if (options->digest != NULL) {
        ask_challenge(worker, &session);
    }
    pthread_barrier_wait(worker->start);
    begun = now();
    do {
        ask(worker, &session);
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
        ask_challenge(worker, session);
        ask(worker, session);
    }
    return NULL;
}

/* A stale challenge is answered, as every client does. */
static use_t use_again(worker_t *worker, session_t *session)
{
    char stale[TEXT_SIZE];
    answer_t answer;

    answer_challenge(worker, session, &answer);
    if (answer.status == 200) {
        return USED_AT_ONCE;
    }
    if (answer.status == 401) {
        read_param(find_header(answer.head, "WWW-Authenticate"), "stale",
                   stale);
        read_challenge(worker, &answer, session);
        if (strcasecmp(stale, "true") == 0) {
            answer_challenge(worker, session, &answer);
        }
    }
    return answer.status == 200 ? USED_WITH_NEW_NONCE : LOST;
}

static void *use_contexts(void *data)
{
    worker_t *worker = data;
    const options_t *options = worker->options;

    for (unsigned i = worker->number; i < options->logins;
         i += options->connections) {
        worker->used[use_again(worker, &worker->sessions[i])]++;
    }
    return NULL;
}

/* ---- All connections ---- */

static void run(worker_t *workers, unsigned count, void *(*work)(void *))
{
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        workers[i].start = &start;
        workers[i].fd = dial(workers[i].options->port);
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            die("cannot make a thread");
        }
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
        close(workers[i].fd);
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
    static const char *const names[USE_COUNT] = {
        [USED_AT_ONCE] = "at-once",
        [USED_WITH_NEW_NONCE] = "new-nonce",
        [LOST] = "lost",
    };
    session_t *sessions = calloc(options->logins, sizeof(*sessions));
    char line[16];

    if (sessions == NULL) {
        die("no memory");
    }
    for (unsigned i = 0; i < options->connections; i++) {
        workers[i].sessions = sessions;
    }
    run(workers, options->connections, log_in);
    printf("logins %u\n", sum_done(workers, options->connections));
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL) {
        die("no line on standard input");
    }
    run(workers, options->connections, use_contexts);
    for (int use = 0; use < USE_COUNT; use++) {
        unsigned sum = 0;

        for (unsigned i = 0; i < options->connections; i++) {
            sum += workers[i].used[use];
        }
        printf("%s %u\n", names[use], sum);
    }
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
    switch (name) {
    case 'P': options->port = (int)number(value, 65535); break;
    case 'p': options->path = value; break;
    case 'c': options->connections = number(value, CONNECTIONS_MAX); break;
    case 'r': options->requests = number(value, REQUESTS_MAX); break;
    case 's': options->seconds = number(value, SECONDS_MAX); break;
    case 'l': options->logins = number(value, REQUESTS_MAX); break;
    case 'e': options->expect = (int)number(value, 599); break;
    case 'd': options->digest = value; break;
    case 'k': options->keep_cnonce = true; break;
    case 'u': options->user = value; break;
    case 'w': options->password = value; break;
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
    if (optind != argc || options->port == 0 || options->path == NULL
        || options->connections == 0 || options->users == 0
        || (options->requests > 0) + (options->seconds > 0)
                   + (options->logins > 0)
               != 1) {
        fputs(usage, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    options_t options = { .connections = 1, .expect = 200, .users = 1,
                          .user = "", .password = "" };
    worker_t workers[CONNECTIONS_MAX] = { 0 };

    read_options(argc, argv, &options);
    options.md5 = EVP_MD_fetch(NULL, "MD5", NULL);
    if (options.md5 == NULL) {
        die("OpenSSL has no MD5");
    }
    for (unsigned i = 0; i < options.connections; i++) {
        workers[i].options = &options;
        workers[i].number = i;
        workers[i].random = ((uint64_t)getpid() << 32) + i;
    }
    if (options.logins > 0) {
        login(&options, workers);
    } else {
        load(&options, workers);
    }
    return 0;
}
