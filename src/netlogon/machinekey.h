/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a machine account: from its password to a session key and the
 * proof of it ([MS-NRPC] 3.1.4).  AES only; there is no older way here. */
#ifndef MSD_NETLOGON_MACHINEKEY_H
#define MSD_NETLOGON_MACHINEKEY_H

#include <apr_errno.h>

#include "base/text.h"

#define MSD_MACHINEKEY_SIZE 16      /* of the NT hash and the session key */
#define MSD_MACHINEKEY_CHALLENGE 8  /* of challenges and credentials */

/*
 * Read the secret of a machine account: its password, or with "nthash:" in
 * front the NT hash of it as 32 hexadecimal digits.  The hash is as secret as
 * the password.
 * secret: UTF-8.  out: room for MSD_MACHINEKEY_SIZE bytes, to be wiped.
 * Returns NULL on success, else what it should have been.
 */
const char *msd_machinekey_read(msd_text_t secret, unsigned char *out);

/*
 * Whether a challenge is one that may be used: some byte of its first five
 * occurs once among them ([MS-NRPC] 3.1.4.1).  Of others one key in 256 makes
 * a credential that anybody can guess (CVE-2020-1472).
 * challenge: MSD_MACHINEKEY_CHALLENGE bytes.
 */
bool msd_machinekey_is_challenge(const unsigned char *challenge);

/*
 * The session key: the first half of HMAC-SHA-256(NT hash, client challenge
 * followed by server challenge) ([MS-NRPC] 3.1.4.3.1).
 * out: room for MSD_MACHINEKEY_SIZE bytes, to be wiped.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_machinekey_session(const unsigned char *nt_hash,
                                    const unsigned char *client_challenge,
                                    const unsigned char *server_challenge,
                                    apr_pool_t *pool, unsigned char *out);

/*
 * A credential: the challenge under the session key ([MS-NRPC] 3.1.4.4.1).
 * out: room for MSD_MACHINEKEY_CHALLENGE bytes.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed.
 */
apr_status_t msd_machinekey_credential(const unsigned char *session_key,
                                       const unsigned char *challenge,
                                       unsigned char *out);

#endif
