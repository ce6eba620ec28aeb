/* SPDX-License-Identifier: Apache-2.0 */
/* A RADIUS server over TLS in a thread, and certificates made for a test. */
#ifndef MSD_UNIT_TLSFAKE_H
#define MSD_UNIT_TLSFAKE_H

#include "unit.h"

#include <apr_network_io.h>
#include <apr_thread_proc.h>
#include <openssl/ssl.h>

/* A key and its certificate. */
typedef struct {
    EVP_PKEY *key;
    X509 *certificate;
} tlsfake_pair_t;

typedef enum {
    TLSFAKE_ACCEPTS,
    TLSFAKE_REJECTS,
    TLSFAKE_CHALLENGES,       /* once, then accepts */
    TLSFAKE_KEY_IN_CLEAR,
    TLSFAKE_WITHOUT_KEY,
    TLSFAKE_BYTE_BY_BYTE,
    TLSFAKE_TWICE,            /* a second reply behind the first */
    TLSFAKE_UNSIGNED,
    TLSFAKE_OTHER_SECRET,
    TLSFAKE_TOO_SHORT,        /* a length that no packet has */
    TLSFAKE_TOO_LONG,
    TLSFAKE_MUTE,             /* after the handshake */
    TLSFAKE_STALLS,           /* before it */
    TLSFAKE_SPEAKS_PLAINLY,   /* no TLS */
    TLSFAKE_FLOODS,           /* with HelloRequest, and nothing else */
    TLSFAKE_OLD_TLS,          /* 1.1 at most */
    TLSFAKE_WANTS_CERTIFICATE,
    TLSFAKE_CLOSES,           /* after each reply */
    TLSFAKE_CLOSES_IN_BETWEEN /* at the second request of a connection */
} tlsfake_manner_t;

typedef struct {
    tlsfake_manner_t manner;
    const unsigned char *session_key;   /* of 16 octets */
    const tlsfake_pair_t *server;
    const tlsfake_pair_t *authority;    /* of client certificates */
    apr_sockaddr_t *address;            /* where it listens */
    atomic_int connections;
    atomic_int requests;
    atomic_bool ended;
    apr_socket_t *listener;
    apr_thread_t *thread;
    SSL_CTX *context;
} tlsfake_t;

/*
 * Make a pair.
 * issuer: NULL for an authority.  names: subjectAltName in OpenSSL's form, or
 * NULL.  days: it expires so many days from now; may be negative.
 */
tlsfake_pair_t tlsfake_pair(const tlsfake_pair_t *issuer, const char *names,
                            int days);
void tlsfake_free_pair(tlsfake_pair_t *pair);

/* Start a server; manner, session_key, server and authority are set.  It
 * serves one connection after the other. */
void tlsfake_start(tlsfake_t *fake);

/* End it; its clients have closed their connections. */
void tlsfake_stop(tlsfake_t *fake);

#endif
