/* SPDX-License-Identifier: Apache-2.0 */
/* The three calls of Netlogon that a member needs ([MS-NRPC] 3.5.4): the
 * stubs of their requests and responses. */
#ifndef MSD_NETLOGON_CALLS_H
#define MSD_NETLOGON_CALLS_H

#include <stdint.h>

#include "netlogon/machinekey.h"

#define MSD_CALLS_CHALLENGE 4       /* NetrServerReqChallenge */
#define MSD_CALLS_AUTHENTICATE 26   /* NetrServerAuthenticate3 */
#define MSD_CALLS_LOGON 39          /* NetrLogonSamLogonEx */

/* Stub of a request without its data. */
#define MSD_CALLS_STUB 2048

/* The most data of a logon. */
#define MSD_CALLS_DATA_MAX 65535

/* Secure RPC, AES, transitive trusts, strong key, concurrent calls, generic
 * pass-through, avoid replication ([MS-NRPC] 3.1.4.2). */
#define MSD_CALLS_FLAGS 0x4100cc40
#define MSD_CALLS_FLAGS_NEEDED 0x41000000   /* secure RPC and AES */

/* Who asks whom; NetBIOS names in ASCII. */
typedef struct {
    const char *server;     /* of the domain controller, without \\ */
    const char *computer;   /* ours */
    const char *account;    /* ours, with $ */
    const char *domain;
} msd_calls_names_t;

/*
 * Write the request of NetrServerReqChallenge.
 * out: room for MSD_CALLS_STUB bytes.
 * Returns its length.
 */
apr_size_t msd_calls_challenge(const msd_calls_names_t *names,
                               const unsigned char *challenge,
                               unsigned char *out);

/*
 * Read the response.
 * challenge: the server's, MSD_MACHINEKEY_CHALLENGE bytes.
 * Returns false when the stub is none.
 */
bool msd_calls_read_challenge(msd_text_t stub, unsigned char *challenge,
                              uint32_t *status);

/* Write the request of NetrServerAuthenticate3; like the one above. */
apr_size_t msd_calls_authenticate(const msd_calls_names_t *names,
                                  const unsigned char *credential,
                                  unsigned char *out);

/* Read the response; credential and flags count with status 0 only. */
bool msd_calls_read_authenticate(msd_text_t stub, unsigned char *credential,
                                 uint32_t *flags, uint32_t *status);

/*
 * Write the request of NetrLogonSamLogonEx: generic pass-through to package
 * WDigest.
 * data: encrypted already ([MS-NRPC] 3.4.5.3.2); at most MSD_CALLS_DATA_MAX.
 * out: room for MSD_CALLS_STUB + data.len bytes.
 * Returns its length.
 */
apr_size_t msd_calls_logon(const msd_calls_names_t *names, msd_text_t data,
                           unsigned char *out);

/*
 * Read the response.
 * data: what the package says; empty unless status is 0.
 * Returns false when the stub is none, or says success without data.
 */
bool msd_calls_read_logon(msd_text_t stub, msd_text_t *data,
                          uint32_t *status);

#endif
