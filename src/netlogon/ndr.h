/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian NDR 2.0 (C706 chapter 14): into a buffer, and out of one. */
#ifndef MSD_NETLOGON_NDR_H
#define MSD_NETLOGON_NDR_H

#include <stdint.h>

#include "base/text.h"

/* A buffer that is being filled.  Once it was full, it takes nothing more. */
typedef struct {
    unsigned char *bytes;
    apr_size_t room;
    apr_size_t len;
    uint32_t referent;      /* of the next pointer */
    bool full;
} msd_ndr_out_t;

/*
 * Begin to write.
 * bytes: room for `room` bytes, of the caller.
 */
msd_ndr_out_t msd_ndr_begin(unsigned char *bytes, apr_size_t room);

/* Write n bytes as they are; bytes may be NULL: zeros. */
void msd_ndr_put(msd_ndr_out_t *out, const void *bytes, apr_size_t n);

/* Write zeros up to a multiple of n from the buffer's start. */
void msd_ndr_put_align(msd_ndr_out_t *out, apr_size_t n);

/* Write a number, aligned to its size. */
void msd_ndr_put_u16(msd_ndr_out_t *out, uint16_t value);
void msd_ndr_put_u32(msd_ndr_out_t *out, uint32_t value);

/* Write a referent that no other pointer has. */
void msd_ndr_put_pointer(msd_ndr_out_t *out);

/* Write [string] wchar_t*: three counts, ASCII as UTF-16, and a NUL. */
void msd_ndr_put_string(msd_ndr_out_t *out, const char *ascii);

/* Write the fixed part of a UNICODE_STRING ([MS-DTYP] 2.3.10); empty: NULL. */
void msd_ndr_put_unicode(msd_ndr_out_t *out, const char *ascii);

/* Write the characters of a UNICODE_STRING, where its pointer stands. */
void msd_ndr_put_characters(msd_ndr_out_t *out, const char *ascii);

/* Bytes that are being read.  After a fault everything reads as zero. */
typedef struct {
    const unsigned char *bytes;
    apr_size_t len;
    apr_size_t at;
    bool fault;             /* something was not there */
} msd_ndr_in_t;

/* Begin to read `len` bytes of the caller. */
msd_ndr_in_t msd_ndr_read(const void *bytes, apr_size_t len);

/* How many bytes are left. */
apr_size_t msd_ndr_left(const msd_ndr_in_t *in);

/* Pass over padding, up to a multiple of n from the start. */
void msd_ndr_align(msd_ndr_in_t *in, apr_size_t n);

/* The next n bytes; NULL, and a fault, when they are not there. */
const unsigned char *msd_ndr_take(msd_ndr_in_t *in, apr_size_t n);

/* The next number, aligned to its size. */
uint16_t msd_ndr_u16(msd_ndr_in_t *in);
uint32_t msd_ndr_u32(msd_ndr_in_t *in);

/* Numbers at an address of any alignment. */
uint16_t msd_ndr_u16_at(const unsigned char *bytes);
uint32_t msd_ndr_u32_at(const unsigned char *bytes);
void msd_ndr_set_u16(unsigned char *bytes, uint16_t value);
void msd_ndr_set_u32(unsigned char *bytes, uint32_t value);

#endif
