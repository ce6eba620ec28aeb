/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian NDR 2.0 (C706 chapter 14): into a buffer, and out of one. */
#include "netlogon/ndr.h"

#include <string.h>

/* Any number but zero; the next pointer has the next one. */
#define FIRST_REFERENT 0x00020000

/* ---- Writing */

msd_ndr_out_t msd_ndr_begin(unsigned char *bytes, apr_size_t room)
{
    return (msd_ndr_out_t){ bytes, room, 0, FIRST_REFERENT, false };
}

void msd_ndr_put(msd_ndr_out_t *out, const void *bytes, apr_size_t n)
{
    if (out->full || n > out->room - out->len) {
        out->full = true;
        return;
    }
    if (bytes == NULL) {
        memset(out->bytes + out->len, 0, n);
    } else if (n > 0) {
        memcpy(out->bytes + out->len, bytes, n);
    }
    out->len += n;
}

void msd_ndr_put_align(msd_ndr_out_t *out, apr_size_t n)
{
    msd_ndr_put(out, NULL, (n - out->len % n) % n);
}

void msd_ndr_put_u16(msd_ndr_out_t *out, uint16_t value)
{
    unsigned char bytes[2];

    msd_ndr_set_u16(bytes, value);
    msd_ndr_put_align(out, sizeof(bytes));
    msd_ndr_put(out, bytes, sizeof(bytes));
}

void msd_ndr_put_u32(msd_ndr_out_t *out, uint32_t value)
{
    unsigned char bytes[4];

    msd_ndr_set_u32(bytes, value);
    msd_ndr_put_align(out, sizeof(bytes));
    msd_ndr_put(out, bytes, sizeof(bytes));
}

void msd_ndr_put_pointer(msd_ndr_out_t *out)
{
    msd_ndr_put_u32(out, out->referent);
    out->referent += 4;
}

/* An array that varies: the most it can have, the offset, and what it has. */
static void put_wide(msd_ndr_out_t *out, const char *ascii, apr_size_t n)
{
    msd_ndr_put_u32(out, (uint32_t)n);
    msd_ndr_put_u32(out, 0);
    msd_ndr_put_u32(out, (uint32_t)n);
    for (apr_size_t i = 0; i < n; i++) {
        msd_ndr_put_u16(out, (unsigned char)ascii[i]);
    }
}

void msd_ndr_put_string(msd_ndr_out_t *out, const char *ascii)
{
    put_wide(out, ascii, strlen(ascii) + 1);
}

void msd_ndr_put_unicode(msd_ndr_out_t *out, const char *ascii)
{
    uint16_t bytes = (uint16_t)(2 * strlen(ascii));

    msd_ndr_put_align(out, 4);
    msd_ndr_put_u16(out, bytes);
    msd_ndr_put_u16(out, bytes);
    if (bytes > 0) {
        msd_ndr_put_pointer(out);
    } else {
        msd_ndr_put_u32(out, 0);
    }
}

void msd_ndr_put_characters(msd_ndr_out_t *out, const char *ascii)
{
    if (ascii[0] != '\0') {
        put_wide(out, ascii, strlen(ascii));
    }
}

/* ---- Reading */

msd_ndr_in_t msd_ndr_read(const void *bytes, apr_size_t len)
{
    return (msd_ndr_in_t){ bytes, len, 0, false };
}

apr_size_t msd_ndr_left(const msd_ndr_in_t *in)
{
    return in->fault ? 0 : in->len - in->at;
}

const unsigned char *msd_ndr_take(msd_ndr_in_t *in, apr_size_t n)
{
    const unsigned char *bytes;

    if (in->fault || n > in->len - in->at) {
        in->fault = true;
        return NULL;
    }
    bytes = in->bytes + in->at;
    in->at += n;
    return bytes;
}

void msd_ndr_align(msd_ndr_in_t *in, apr_size_t n)
{
    msd_ndr_take(in, (n - in->at % n) % n);
}

uint16_t msd_ndr_u16(msd_ndr_in_t *in)
{
    const unsigned char *bytes;

    msd_ndr_align(in, 2);
    bytes = msd_ndr_take(in, 2);
    return bytes == NULL ? 0 : msd_ndr_u16_at(bytes);
}

uint32_t msd_ndr_u32(msd_ndr_in_t *in)
{
    const unsigned char *bytes;

    msd_ndr_align(in, 4);
    bytes = msd_ndr_take(in, 4);
    return bytes == NULL ? 0 : msd_ndr_u32_at(bytes);
}

uint16_t msd_ndr_u16_at(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t msd_ndr_u32_at(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8
           | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void msd_ndr_set_u16(unsigned char *bytes, uint16_t value)
{
    bytes[0] = (unsigned char)(value & 0xff);
    bytes[1] = (unsigned char)(value >> 8);
}

void msd_ndr_set_u32(unsigned char *bytes, uint32_t value)
{
    msd_ndr_set_u16(bytes, (uint16_t)(value & 0xffff));
    msd_ndr_set_u16(bytes + 2, (uint16_t)(value >> 16));
}
