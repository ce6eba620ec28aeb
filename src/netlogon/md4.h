/* SPDX-License-Identifier: Apache-2.0 */
/* MD4 (RFC 1320): OpenSSL has it only in a provider that is seldom loaded. */
#ifndef MSD_NETLOGON_MD4_H
#define MSD_NETLOGON_MD4_H

#include <apr.h>

#define MSD_MD4_SIZE 16

/*
 * MD4 of n bytes.  For the hash of a machine's password, and nothing else:
 * MD4 is broken.
 * out: room for MSD_MD4_SIZE bytes.
 */
void msd_md4(const unsigned char *bytes, apr_size_t n, unsigned char *out);

#endif
