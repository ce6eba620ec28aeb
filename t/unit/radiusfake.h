/* SPDX-License-Identifier: Apache-2.0 */
/* The other side of RADIUS: requests taken apart, replies put together. */
#ifndef MSD_UNIT_RADIUSFAKE_H
#define MSD_UNIT_RADIUSFAKE_H

#include "unit.h"

#include "authority/radiuspacket.h"

#define FAKE_SECRET "xyzzy5461-and-more"

/* A reply that is being made. */
typedef struct {
    unsigned char bytes[MSD_RADIUS_PACKET_MAX];
    apr_size_t len;
} fake_reply_t;

/* Whether a request is signed with a secret, and the signature comes first. */
bool fake_is_signed(const unsigned char *request, apr_size_t len,
                    const char *secret);

/* The first attribute of a type; NULL data when there is none. */
msd_text_t fake_attribute(const unsigned char *packet, apr_size_t len,
                          unsigned char type);

/* Begin a reply to a request. */
fake_reply_t fake_begin(const unsigned char *request, unsigned char code);

void fake_add(fake_reply_t *reply, unsigned char type, msd_text_t value);

/* Encrypt a key as RFC 2548 says, with a salt of 0x8001. */
void fake_add_key(fake_reply_t *reply, const unsigned char *request,
                  const char *secret, msd_text_t key);

/* Place for the signature; then, at the end, the signature itself. */
void fake_add_mac(fake_reply_t *reply);
void fake_sign(fake_reply_t *reply, const unsigned char *request,
               const char *secret);

/* An answer of MD5-sess to prove, made with a session key. */
void fake_answer(msd_hasher_t *hasher, msd_response_t *response,
                 unsigned char *key);

#endif
