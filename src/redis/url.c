/* SPDX-License-Identifier: Apache-2.0 */
/* Where Redis is: the URL of AuthMSDigestContextCache. */
#include "redis/url.h"

#include <string.h>

#include <apr_strings.h>

#define PLAIN "redis://"
#define SECURE "rediss://"
#define LOCAL "redis+unix://"

#define PORT 6379
#define DB_MAX 65535

static const char allowed[] =
    "redis://[user:password@]host[:port][,host[:port]]...[/db], rediss://... "
    "or redis+unix:///path[?db=n]";

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool msd_redis_url_is(const char *text)
{
    return begins(text, PLAIN) || begins(text, SECURE) || begins(text, LOCAL);
}

/* A whole number with nothing else.  Returns -1 when it is none. */
static int read_number(const char *text, int most)
{
    int value = 0;

    if (*text == '\0') {
        return -1;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return -1;
        }
        value = 10 * value + (*text - '0');
        if (value > most) {
            return -1;
        }
    }
    return value;
}

/* Returns NULL when an escape is wrong or stands for NUL. */
static const char *decode(const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, text);
    char *out = copy;

    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (*text == '%') {
            const msd_text_t digits = { text + 1, 2 };

            if (text[1] == '\0' || !msd_hex_decode(digits, &byte, 1)
                || byte == '\0') {
                return NULL;
            }
            text += 2;
        }
        *out++ = (char)byte;
    }
    *out = '\0';
    return copy;
}

/* user:password@, which may be absent.  rest: set to what follows. */
static bool read_account(char *text, apr_pool_t *pool, char **rest,
                         msd_redis_url_t *out)
{
    char *at = strrchr(text, '@');
    char *colon;

    *rest = text;
    if (at == NULL) {
        return true;
    }
    *at = '\0';
    *rest = at + 1;
    colon = strchr(text, ':');
    if (colon == NULL) {
        return false;
    }
    *colon = '\0';
    out->user = *text == '\0' ? NULL : decode(text, pool);
    out->password = decode(colon + 1, pool);
    return out->password != NULL && *out->password != '\0'
           && (*text == '\0' || out->user != NULL);
}

/* host, host:port, [address] or [address]:port */
static bool add_host(char *text, msd_redis_url_t *out)
{
    char *colon = strrchr(text, ':');
    char *bracket = strchr(text, ']');
    int port = PORT;

    if (out->host_count == MSD_REDIS_HOSTS_MAX) {
        return false;
    }
    if (colon != NULL && (bracket == NULL || bracket < colon)) {
        *colon = '\0';
        port = read_number(colon + 1, 65535);
    }
    if (text[0] == '[') {
        if (bracket == NULL || bracket[1] != '\0') {
            return false;
        }
        *bracket = '\0';
        text++;
    }
    if (*text == '\0' || port <= 0) {
        return false;
    }
    out->hosts[out->host_count] = text;
    out->ports[out->host_count++] = port;
    return true;
}

static bool read_hosts(char *text, msd_redis_url_t *out)
{
    char *slash = strchr(text, '/');

    if (slash != NULL) {
        *slash = '\0';
        out->db = slash[1] == '\0' ? 0 : read_number(slash + 1, DB_MAX);
        if (out->db < 0) {
            return false;
        }
    }
    for (;;) {
        char *comma = strchr(text, ',');

        if (comma != NULL) {
            *comma = '\0';
        }
        if (!add_host(text, out)) {
            return false;
        }
        if (comma == NULL) {
            return true;
        }
        text = comma + 1;
    }
}

static bool read_path(char *text, apr_pool_t *pool, msd_redis_url_t *out)
{
    char *query = strchr(text, '?');

    if (query != NULL) {
        *query = '\0';
        if (!begins(query + 1, "db=")) {
            return false;
        }
        out->db = read_number(query + 4, DB_MAX);
    }
    out->local = true;
    out->hosts[0] = decode(text, pool);
    out->host_count = 1;
    return text[0] == '/' && text[1] != '\0' && out->hosts[0] != NULL
           && out->db >= 0;
}

const char *msd_redis_url_parse(const char *text, apr_pool_t *pool,
                                msd_redis_url_t *out)
{
    char *rest;
    bool fine;

    memset(out, 0, sizeof(*out));
    if (!msd_redis_url_is(text)) {
        return allowed;
    }
    out->secure = begins(text, SECURE);
    rest = apr_pstrdup(pool, strstr(text, "://") + 3);
    fine = read_account(rest, pool, &rest, out)
           && (begins(text, LOCAL) ? read_path(rest, pool, out)
                                   : read_hosts(rest, out));
    return fine ? NULL : allowed;
}
