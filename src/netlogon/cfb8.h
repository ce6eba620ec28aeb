/* SPDX-License-Identifier: Apache-2.0 */
/* AES-128 in CFB mode with 8 bits of feedback, as Netlogon uses it. */
#ifndef MSD_NETLOGON_CFB8_H
#define MSD_NETLOGON_CFB8_H

#include <apr_errno.h>

#include "base/text.h"

#define MSD_CFB8_KEY_SIZE 16
#define MSD_CFB8_IV_SIZE 16

/* How to run. */
typedef struct {
    const unsigned char *key;   /* MSD_CFB8_KEY_SIZE bytes */
    const unsigned char *iv;    /* MSD_CFB8_IV_SIZE bytes; NULL: zeros */
    bool encrypt;
} msd_cfb8_t;

/* Bytes to change in their place. */
typedef struct {
    unsigned char *bytes;
    apr_size_t n;
} msd_cfb8_piece_t;

/*
 * Encrypt or decrypt pieces in their place, as one stream.
 * Returns APR_SUCCESS, or APR_EGENERAL when OpenSSL failed; the pieces are
 * then undefined.
 */
apr_status_t msd_cfb8(const msd_cfb8_t *how, const msd_cfb8_piece_t *pieces,
                      int count);

#endif
