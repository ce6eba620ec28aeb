/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate as the end of a channel: tls-server-end-point (RFC 5929). */
#ifndef MSD_DIGEST_ENDPOINT_H
#define MSD_DIGEST_ENDPOINT_H

#include "digest/binding.h"

/*
 * The channel-binding of a client that was shown this certificate: of the
 * certificate's hash, by the hash of its own signature, SHA-256 in place of
 * MD5 and SHA-1 (RFC 5929 section 4.1).
 * pem: the certificate, perhaps with others behind it.
 * out: room for MSD_BINDING_LENGTH + 1 characters; NUL-terminated on success.
 * Returns APR_SUCCESS, APR_EINVAL when there is no certificate, APR_ENOTIMPL
 * when its signature is made without one hash (Ed25519), so that no client
 * can be bound to it, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_endpoint_read(msd_hasher_t *hasher, msd_text_t pem,
                               char *out);

#endif
