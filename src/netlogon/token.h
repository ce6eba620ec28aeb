/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of the Netlogon security provider: sealing with AES ([MS-NRPC]
 * 3.3.4, 2.2.1.3). */
#ifndef MSD_NETLOGON_TOKEN_H
#define MSD_NETLOGON_TOKEN_H

#include <stdint.h>

#include "base/hash.h"
#include "netlogon/machinekey.h"

/* NL_AUTH_SHA2_SIGNATURE as we send it, and the least that is read. */
#define MSD_TOKEN_SIZE 56
#define MSD_TOKEN_LEAST 32

#define MSD_TOKEN_CONFOUNDER 8

/* NL_AUTH_MESSAGE with two NetBIOS names of at most 15 characters. */
#define MSD_TOKEN_GREETING_MAX 40

/* One connection's protection.  Never used by two processes or threads at
 * once: the counter is part of the initial vector. */
typedef struct {
    unsigned char session_key[MSD_MACHINEKEY_SIZE];
    unsigned char sealing_key[MSD_MACHINEKEY_SIZE];
    msd_hmac_t *hmac;
    uint64_t counter;   /* of protected PDUs, in both directions together */
} msd_token_t;

/* What is protected. */
typedef struct {
    msd_text_t before;      /* signed too; empty without header signing */
    unsigned char *body;    /* sealed in its place */
    apr_size_t len;
    msd_text_t after;       /* signed too */
    bool from_client;
} msd_token_message_t;

/*
 * Begin a connection's protection.
 * pool: owns the prepared key.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_token_begin(msd_token_t *token,
                             const unsigned char *session_key,
                             apr_pool_t *pool);

/* Wipe the keys. */
void msd_token_end(msd_token_t *token);

/*
 * Seal a message, and count it.
 * confounder: MSD_TOKEN_CONFOUNDER fresh random bytes.
 * out: room for MSD_TOKEN_SIZE bytes.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed: then the
 * connection is over.
 */
apr_status_t msd_token_seal(msd_token_t *token,
                            const msd_token_message_t *message,
                            const unsigned char *confounder,
                            unsigned char *out);

/*
 * Unseal a message, and count it: algorithms, sequence number, checksum.
 * bytes: the token, len bytes.
 * Returns NULL on success, else a fixed sentence: then nothing of the message
 * may be believed, and the connection is over.
 */
const char *msd_token_unseal(msd_token_t *token,
                             const msd_token_message_t *message,
                             const unsigned char *bytes, apr_size_t len);

/*
 * The token of a bind: who asks, of which domain.
 * domain, computer: NetBIOS names, ASCII, at most 15 characters.
 * out: room for MSD_TOKEN_GREETING_MAX bytes.
 * Returns its length.
 */
apr_size_t msd_token_greet(const char *domain, const char *computer,
                           unsigned char *out);

/* Whether the token of a bind_ack is the answer to that. */
bool msd_token_is_welcome(const unsigned char *bytes, apr_size_t len);

#endif
