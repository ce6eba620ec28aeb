/* SPDX-License-Identifier: Apache-2.0 */
/* Channel binding and service name (Microsoft's Extended Protection). */
#ifndef MSD_DIGEST_BINDING_H
#define MSD_DIGEST_BINDING_H

#include "digest/header.h"

/*
 * A nonce that begins with this asks for binding.  A client that knows of it
 * answers with
 *
 *     cnonce = prefix | MD5(service-name ":" channel-binding) | random
 *
 * and sends both values beside; the cnonce is in the response, so the password
 * protects them.
 */
#define MSD_BINDING_PREFIX "+Upgraded+v1"
#define MSD_BINDING_PREFIX_LENGTH (sizeof(MSD_BINDING_PREFIX) - 1)

/* A channel-binding, in hexadecimal digits. */
#define MSD_BINDING_LENGTH 32

/* What is asked of clients; Microsoft's names are Never, WhenSupported and
 * Always. */
typedef enum {
    MSD_BINDING_NONE,
    MSD_BINDING_ALLOW,  /* clients that know nothing of it get in as well */
    MSD_BINDING_REQUIRE
} msd_binding_level_t;

/* The way on which a request came, and what a client must say of it. */
typedef struct {
    msd_binding_level_t level;      /* not MSD_BINDING_NONE */
    bool secure;                    /* TLS, here or in front of us */
    /* The values for the certificates that the client may have seen: texts of
     * MSD_BINDING_LENGTH digits.  None: it has no end point (RFC 5929). */
    const char *const *bindings;
    int binding_count;
    /* Our names, as HTTP/host; * and ? stand for any characters. */
    const char *const *service_names;
    int service_name_count;
} msd_channel_t;

/* What a client says. */
typedef struct {
    bool upgraded;          /* false: it knows nothing of binding */
    msd_text_t hashed;      /* the hash in the cnonce, as digits */
    const char *service_name;
    msd_text_t channel_binding;     /* digits; zeros: no TLS */
} msd_binding_t;

/*
 * The binding in an answer.
 * text: the parameters that msd_header_parse read into credentials.
 * pool: for the service name.
 * out: filled completely on success; its spans point into text.
 * Returns NULL, or a fixed sentence that names the broken rule.
 */
const char *msd_binding_read(msd_text_t text,
                             const msd_credentials_t *credentials,
                             apr_pool_t *pool, msd_binding_t *out);

/*
 * Whether the cnonce of an upgraded answer holds MD5(service-name ":"
 * channel-binding) of the two values beside it; else somebody changed them.
 */
bool msd_binding_is_whole(msd_hasher_t *hasher, const msd_binding_t *binding);

/*
 * Whether what a client says goes with the way on which it came.
 * binding: what a right digest protects.
 * Returns NULL when it does, else a fixed sentence for the log.
 */
const char *msd_binding_judge(const msd_channel_t *channel,
                              const msd_binding_t *binding);

/*
 * The channel-binding that a client computes: MD5 of the SEC_CHANNEL_BINDINGS
 * with neither initiator nor acceptor (four zero words, the length as four
 * bytes, little-endian, and the data).
 * data: the application data: "tls-server-end-point:" and a hash.
 * out: room for MSD_BINDING_LENGTH + 1 characters; NUL-terminated.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_binding_of_data(msd_hasher_t *hasher, msd_text_t data,
                                 char *out);

#endif
