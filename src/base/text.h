/* SPDX-License-Identifier: Apache-2.0 */
/* Spans of bytes, and their hexadecimal and base64url forms. */
#ifndef MSD_BASE_TEXT_H
#define MSD_BASE_TEXT_H

#include <stdbool.h>

#include <apr.h>
#include <apr_pools.h>

/*
 * A span of bytes that somebody else owns: not NUL-terminated, never changed
 * through the span.  `data` may be NULL only when `len` is 0.
 */
typedef struct {
    const char *data;
    apr_size_t len;
} msd_text_t;

/* The span of a string literal. */
#define MSD_TEXT(literal) ((msd_text_t){ (literal), sizeof(literal) - 1 })

/*
 * The span of a NUL-terminated string.
 * string: may be NULL, which gives the empty span; the span points into it.
 */
msd_text_t msd_text_of(const char *string);

/* Whether two spans hold the same bytes.  Not for secrets: see hash.h. */
bool msd_text_equal(msd_text_t a, msd_text_t b);

/* The same without regard to the case of ASCII letters. */
bool msd_text_equal_nocase(msd_text_t a, msd_text_t b);

/*
 * Write bytes as lower-case hexadecimal digits.
 * bytes: n bytes.  out: room for 2 * n characters; no NUL is written.
 */
void msd_hex_encode(const unsigned char *bytes, apr_size_t n, char *out);

/*
 * Read hexadecimal digits of either case.
 * text: must be exactly 2 * n digits.  out: room for n bytes.
 * Returns false, with out undefined, when text is anything else.
 */
bool msd_hex_decode(msd_text_t text, unsigned char *out, apr_size_t n);

/*
 * Write bytes in base64url without padding (RFC 4648 section 5).
 * bytes: n bytes, n a multiple of 3.  out: room for n / 3 * 4 characters; no
 * NUL is written.
 */
void msd_base64url_encode(const unsigned char *bytes, apr_size_t n, char *out);

/*
 * Read what msd_base64url_encode wrote.
 * text: must be exactly n / 3 * 4 characters.  out: room for n bytes, n a
 * multiple of 3, so that every character counts and no two texts mean the
 * same bytes.
 * Returns false, with out undefined, when text is anything else.
 */
bool msd_base64url_decode(msd_text_t text, unsigned char *out, apr_size_t n);

#endif
