/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of RFC 7616 section 3.4: A1, A2 and the response. */
#ifndef MSD_DIGEST_RESPONSE_H
#define MSD_DIGEST_RESPONSE_H

#include "digest/header.h"

/*
 * A response to check: everything that goes into it but the key.  The spans
 * belong to the caller and must outlive it.
 */
typedef struct {
    msd_hasher_t *hasher;
    msd_algorithm_t algorithm;
    msd_text_t nonce;
    msd_text_t nc;                          /* as sent: 8 digits */
    msd_text_t cnonce;
    msd_text_t qop;                         /* as sent */
    msd_text_t method;
    msd_text_t uri;
    bool has_entity;                        /* qop=auth-int */
    unsigned char h_entity[MSD_HASH_MAX];   /* of the body, if so */
    char h_a2[2 * MSD_HASH_MAX];            /* H(A2) in hexadecimal */
    unsigned char claimed[MSD_HASH_MAX];    /* what the client computed */
    bool plain_too;     /* the plain algorithm under the name of -sess passes */
} msd_response_t;

/*
 * The hash that servers store: H(user ":" realm ":" password).
 * out: room for the hash of the algorithm.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_response_base_key(msd_hasher_t *hasher,
                                   msd_algorithm_t algorithm, msd_text_t user,
                                   msd_text_t realm, msd_text_t password,
                                   unsigned char *out);

/*
 * Prepare the check of a client's answer: H(A2) = H(method ":" uri) for
 * qop=auth, H(method ":" uri ":" H(entity-body)) for qop=auth-int.
 * method: the request method as it stands on the request line.
 * h_entity: hash of the body by the algorithm; not read for qop=auth, may then
 * be NULL.
 * response->plain_too is set to false.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_response_prepare(msd_response_t *response,
                                  msd_hasher_t *hasher,
                                  const msd_credentials_t *credentials,
                                  msd_text_t method,
                                  const unsigned char *h_entity);

/*
 * H(A1), the Digest session key: for a -sess algorithm
 * H(H(user:realm:password) ":" nonce ":" cnonce) with the inner hash in
 * hexadecimal (RFC 2617 section 3.2.2.2; RFC 2831 differs), for the others
 * the base key itself.
 * base_key: as msd_response_base_key gives it.  out: room for the hash; may
 * not overlap base_key.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_response_session_key(const msd_response_t *response,
                                      const unsigned char *base_key,
                                      unsigned char *out);

/*
 * Whether the client's answer was made with this H(A1).  Takes the same time
 * for every answer.
 * key: as msd_response_session_key gives it.
 */
bool msd_response_matches(const msd_response_t *response,
                          const unsigned char *key);

/*
 * Whether the client's answer was made with a base key, under the nonce and
 * cnonce that it names.
 * key: room for the hash; set to the H(A1) that matched, to any when none did.
 */
bool msd_response_verify(const msd_response_t *response,
                         const unsigned char *base_key, unsigned char *key);

/*
 * The rspauth of Authentication-Info (RFC 7615 section 3, RFC 7616 section
 * 3.5) for qop=auth: the response with A2 = ":" uri.
 * uri: the client's.  key: the H(A1) that verified the request.
 * out: room for 2 * MSD_HASH_MAX + 1 characters; NUL-terminated hexadecimal,
 * empty on failure.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_response_rspauth(const msd_response_t *response,
                                  msd_text_t uri, const unsigned char *key,
                                  char *out);

#endif
