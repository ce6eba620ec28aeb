/* SPDX-License-Identifier: Apache-2.0 */
/* One keep-alive connection of a client that knows Digest. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/evp.h>

#define CLIENT_HEX_SIZE 33      /* of MD5, with its NUL */
#define CLIENT_TEXT_SIZE 256    /* of a nonce, an opaque, a realm, a name */

/* What all connections of a run have in common. */
typedef struct {
    int port;                   /* of 127.0.0.1 */
    const char *path;
    const char *digest;         /* MD5, MD5-sess; NULL: no credentials */
    const char *password;
    bool keep_cnonce;           /* one for each challenge, not each request */
    const EVP_MD *md5;
} target_t;

/* What a client remembers of one challenge. */
typedef struct {
    char user[CLIENT_TEXT_SIZE];
    char realm[CLIENT_TEXT_SIZE];
    char nonce[CLIENT_TEXT_SIZE];
    char opaque[CLIENT_TEXT_SIZE];  /* empty: none was given */
    char stale[CLIENT_TEXT_SIZE];
    char cnonce[CLIENT_HEX_SIZE];
    char key[CLIENT_HEX_SIZE];      /* H(user:realm:password) */
    unsigned count;
} session_t;

typedef struct {
    const target_t *target;
    int fd;
    uint64_t random;
} client_t;

/* Every function ends the program when the server does not play its part. */

/* Say why, and end the program. */
void die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Connect.  seed: different for each client. */
void client_open(client_t *client, const target_t *target, uint64_t seed);
void client_close(client_t *client);

/* Ask without credentials, and take over the challenge of the 401.
 * session: its user is set. */
void client_challenge(client_t *client, session_t *session);

/*
 * Send one request and read the whole answer.
 * session: NULL to send no credentials; else the challenge of a 401 is taken
 * over.
 * Returns the status.
 */
int client_get(client_t *client, session_t *session);

#endif
