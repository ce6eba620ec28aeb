/* SPDX-License-Identifier: Apache-2.0 */
/* One keep-alive connection of a client that knows Digest. */
#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 60

typedef struct {
    int status;
    char head[8192];
} answer_t;

void die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

/* ---- HTTP ---- */

void client_open(client_t *client, const target_t *target, uint64_t seed)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)target->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct timeval patience = { .tv_sec = TIMEOUT_SECONDS };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0
        || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("cannot connect to 127.0.0.1:%d", target->port);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    *client = (client_t){ target, fd, seed };
}

void client_close(client_t *client)
{
    close(client->fd);
}

/* The value of the next "name: value" line, or NULL. */
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
        ssize_t n = recv(fd, answer->head + len,
                         sizeof(answer->head) - 1 - len, 0);

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

static void skip_body(int fd, size_t len)
{
    char body[16384];

    while (len > 0) {
        ssize_t n = recv(fd, body, len < sizeof(body) ? len : sizeof(body), 0);

        if (n <= 0) {
            die("a body ended early");
        }
        len -= (size_t)n;
    }
}

static void exchange(int fd, const char *request, answer_t *answer)
{
    size_t len = strlen(request);
    const char *length;
    size_t have;

    if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
        die("cannot send");
    }
    have = read_head(fd, answer);
    length = find_header(answer->head, "Content-Length");
    if (sscanf(answer->head, "HTTP/1.1 %d", &answer->status) != 1
        || length == NULL || strtoul(length, NULL, 10) < have) {
        die("no answer that this client understands:\n%s", answer->head);
    }
    skip_body(fd, strtoul(length, NULL, 10) - have);
}

/* authorization: a whole header line, or "". */
static void get(const client_t *client, const char *authorization,
                answer_t *answer)
{
    char request[2048];
    int len = snprintf(request, sizeof(request),
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                       "User-Agent: bench\r\nAccept: */*\r\n%s\r\n",
                       client->target->path, client->target->port,
                       authorization);

    if (len >= (int)sizeof(request)) {
        die("a request is too long");
    }
    exchange(client->fd, request, answer);
}

/* ---- Digest ---- */

__attribute__((format(printf, 3, 4)))
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

/* Different each time, which is all that a cnonce needs here. */
static void draw_cnonce(client_t *client, session_t *session)
{
    client->random = client->random * UINT64_C(6364136223846793005)
                     + UINT64_C(1442695040888963407);
    snprintf(session->cnonce, sizeof(session->cnonce), "%016llx",
             (unsigned long long)client->random);
}

/* A parameter of a challenge; empty when it is not there. */
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
    if (len >= CLIENT_TEXT_SIZE) {
        die("%s is longer than %d", name, CLIENT_TEXT_SIZE);
    }
    memcpy(out, at, len);
    out[len] = '\0';
}

/* Take over the challenge for the wanted algorithm. */
static void read_challenge(client_t *client, const answer_t *answer,
                           session_t *session)
{
    const target_t *target = client->target;
    const char *line = answer->head;
    char algorithm[CLIENT_TEXT_SIZE];

    do {
        line = find_header(line, "WWW-Authenticate");
        if (line == NULL) {
            die("no challenge for %s in:\n%s", target->digest, answer->head);
        }
        read_param(line, "algorithm", algorithm);
    } while (strcmp(algorithm, target->digest) != 0);
    read_param(line, "realm", session->realm);
    read_param(line, "nonce", session->nonce);
    read_param(line, "opaque", session->opaque);
    read_param(line, "stale", session->stale);
    session->count = 0;
    draw_cnonce(client, session);
    md5_hex(target->md5, session->key, "%s:%s:%s", session->user,
            session->realm, target->password);
}

/* RFC 2617 3.2.2 with qop auth: the header of the next request. */
static void authorize(client_t *client, session_t *session, char *line,
                      size_t size)
{
    const target_t *target = client->target;
    char a1[CLIENT_HEX_SIZE];
    char a2[CLIENT_HEX_SIZE];
    char response[CLIENT_HEX_SIZE];

    session->count++;
    if (!target->keep_cnonce) {
        draw_cnonce(client, session);
    }
    memcpy(a1, session->key, sizeof(a1));
    if (strcmp(target->digest, "MD5-sess") == 0) {
        md5_hex(target->md5, a1, "%s:%s:%s", session->key, session->nonce,
                session->cnonce);
    }
    md5_hex(target->md5, a2, "GET:%s", target->path);
    md5_hex(target->md5, response, "%s:%s:%08x:%s:auth:%s", a1,
            session->nonce, session->count, session->cnonce, a2);
    snprintf(line, size,
             "Authorization: Digest username=\"%s\", realm=\"%s\", "
             "nonce=\"%s\", uri=\"%s\", algorithm=%s, response=\"%s\", "
             "qop=auth, nc=%08x, cnonce=\"%s\"%s%s%s\r\n",
             session->user, session->realm, session->nonce, target->path,
             target->digest, response, session->count, session->cnonce,
             session->opaque[0] == '\0' ? "" : ", opaque=\"",
             session->opaque, session->opaque[0] == '\0' ? "" : "\"");
}

void client_challenge(client_t *client, session_t *session)
{
    answer_t answer;

    get(client, "", &answer);
    if (answer.status != 401) {
        die("status %d instead of a challenge", answer.status);
    }
    read_challenge(client, &answer, session);
}

int client_get(client_t *client, session_t *session)
{
    char line[1536] = "";
    answer_t answer;

    if (session != NULL) {
        authorize(client, session, line, sizeof(line));
    }
    get(client, line, &answer);
    if (session != NULL && answer.status == 401) {
        read_challenge(client, &answer, session);
    }
    return answer.status;
}
