/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS packets for Digest: from values to bytes and back (RFC 2865, 5090). */
#ifndef MSD_AUTHORITY_RADIUSPACKET_H
#define MSD_AUTHORITY_RADIUSPACKET_H

#include "digest/response.h"

#define MSD_RADIUS_PACKET_MAX 4096
#define MSD_RADIUS_VALUE_MAX 253    /* of one attribute */
#define MSD_RADIUS_AUTHENTICATOR_SIZE 16
#define MSD_RADIUS_KEY_SIZE 16

typedef enum {
    MSD_RADIUS_ACCEPT = 2,
    MSD_RADIUS_REJECT = 3,
    MSD_RADIUS_CHALLENGE = 11
} msd_radius_code_t;

/* An Access-Request; the spans belong to the caller. */
typedef struct {
    unsigned char id;
    unsigned char authenticator[MSD_RADIUS_AUTHENTICATOR_SIZE]; /* random */
    msd_text_t secret;          /* shared with the server */
    msd_text_t nas_identifier;  /* who asks */
    msd_text_t user;            /* the name that the client hashed */
    msd_text_t realm;
    msd_text_t state;           /* of an Access-Challenge; empty: none */
    const msd_response_t *response;
} msd_radius_request_t;

/* What a server says; the spans point into its packet. */
typedef struct {
    msd_radius_code_t code;
    bool has_key;       /* MS-MPPE-Send-Key: H(A1), encrypted on the way */
    unsigned char key[MSD_RADIUS_KEY_SIZE];
    bool has_ha1;       /* Digest-HA1: H(A1), in clear on the way */
    unsigned char ha1[MSD_RADIUS_KEY_SIZE];
    msd_text_t state;
    msd_text_t message;     /* the first Reply-Message */
    msd_text_t attributes;  /* all of them, each whole; see radiusaccept.h */
} msd_radius_reply_t;

/*
 * Build an Access-Request: Message-Authenticator first, so that nobody on the
 * way can put a prefix of his own before it (BlastRADIUS), then who asks and
 * for whom, then the attributes of RFC 5090 in its order.  What is empty is
 * left out: an attribute cannot be.
 * out: room for MSD_RADIUS_PACKET_MAX.  len: set on success.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_radius_build(const msd_radius_request_t *request,
                             unsigned char *out, apr_size_t *len);

/*
 * Verify and read the reply to a request: code, id, length, Response
 * Authenticator, and exactly one Message-Authenticator, which must be there
 * and right; nothing else is read before.
 * packet: len bytes as they came.  out: filled completely on success,
 * undefined otherwise.
 * Returns NULL on success, else a fixed sentence; such a packet is dropped.
 */
const char *msd_radius_read(const msd_radius_request_t *request,
                            const unsigned char *packet, apr_size_t len,
                            msd_radius_reply_t *out);

#endif
