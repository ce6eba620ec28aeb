/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of digest validation ([MS-APDS] 2.2.5). */
#ifndef MSD_NETLOGON_WDIGEST_H
#define MSD_NETLOGON_WDIGEST_H

#include <stdint.h>

#include <apr_errno.h>

#include "base/text.h"

#define MSD_WDIGEST_KEY 16

/* Most of a PAC that is read. */
#define MSD_WDIGEST_PAC_MAX (512 * 1024)

/* Bits of Flags. */
#define MSD_WDIGEST_FIND_FORMAT 0x0001      /* the DC works out the name */
#define MSD_WDIGEST_EXPAND_GROUPS 0x0004
#define MSD_WDIGEST_BACKSLASH 0x0008        /* one in the user name */

/* A DIGEST_VALIDATION_REQ.  All values without their quotes. */
typedef struct {
    msd_text_t username;    /* as the client hashed it */
    msd_text_t realm;
    msd_text_t nonce;
    msd_text_t cnonce;
    msd_text_t nc;
    msd_text_t algorithm;   /* MD5-sess: a DC takes no other */
    msd_text_t qop;         /* auth or auth-int */
    msd_text_t method;
    msd_text_t uri;
    msd_text_t response;    /* hexadecimal */
    msd_text_t h_entity;    /* hexadecimal; empty for auth */
    msd_text_t account;     /* UTF-8 */
    msd_text_t domain;      /* UTF-8 */
    msd_text_t server;      /* our NetBIOS name, UTF-8 */
    bool auth_int;
    bool utf8;              /* username and realm are; else ISO 8859-1 */
    uint16_t flags;
} msd_wdigest_request_t;

/*
 * Write a request.
 * pool: owns the message.  out: set on success.
 * Returns NULL on success, else a fixed sentence: a value holds a NUL, or all
 * together are longer than a message can be.
 */
const char *msd_wdigest_ask(const msd_wdigest_request_t *request,
                            apr_pool_t *pool, msd_text_t *out);

/* A DIGEST_VALIDATION_RESP; the spans point into it. */
typedef struct {
    uint32_t status;                    /* 0: the rest is there */
    unsigned char key[MSD_WDIGEST_KEY]; /* H(A1) */
    msd_text_t pac;                     /* may be empty */
    msd_text_t account;                 /* UTF-16LE */
} msd_wdigest_reply_t;

/*
 * Read a response, every length checked.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_wdigest_read(msd_text_t message, msd_wdigest_reply_t *out);

#endif
