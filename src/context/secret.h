/* SPDX-License-Identifier: Apache-2.0 */
/* The secret from which all keys follow, in two generations. */
#ifndef MSD_CONTEXT_SECRET_H
#define MSD_CONTEXT_SECRET_H

#include "base/text.h"

#define MSD_SECRET_SIZE 32

/* The longest text of secrets that is read, in bytes. */
#define MSD_SECRET_TEXT_MAX 4096

/* What a fingerprint takes as text, with its NUL. */
#define MSD_FINGERPRINT_LENGTH 9

/* How many generations there may be: what they made is taken.  The first
 * makes what is new. */
#define MSD_SECRET_COUNT 2

typedef struct {
    unsigned char generations[MSD_SECRET_COUNT][MSD_SECRET_SIZE];
    int count;      /* 1 or 2 */
} msd_secret_t;

/*
 * Read secrets from text: one line of 64 hexadecimal digits for each
 * generation.  Empty lines, and lines that begin with #, are passed over, as
 * are blanks around a line.
 * out: filled on success, else zero; the caller wipes it.
 * Returns NULL, or what would be allowed, a constant.
 */
const char *msd_secret_parse(msd_text_t text, msd_secret_t *out);

/*
 * What tells one secret from another but not what it is, so that machines can
 * be compared: 8 digits of HKDF-SHA-256 (RFC 5869).
 * secret: MSD_SECRET_SIZE bytes.
 * out: room for MSD_FINGERPRINT_LENGTH characters; NUL-terminated.
 * Returns whether OpenSSL computed it; out is else empty.
 */
bool msd_secret_fingerprint(const unsigned char *secret, char *out);

#endif
