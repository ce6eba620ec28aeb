/* SPDX-License-Identifier: Apache-2.0 */
/* MD4 (RFC 1320): OpenSSL has it only in a provider that is seldom loaded. */
#include "netlogon/md4.h"

#include <string.h>

#include "base/hash.h"
#include "netlogon/ndr.h"

#define BLOCK 64
#define LENGTH_AT 56

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

/* F, G and H of RFC 1320 section 3.4, with their constants. */
static uint32_t mix(int round, uint32_t x, uint32_t y, uint32_t z)
{
    switch (round) {
    case 0:
        return (x & y) | (~x & z);
    case 1:
        return ((x & y) | (x & z) | (y & z)) + 0x5a827999;
    default:
        return (x ^ y ^ z) + 0x6ed9eba1;
    }
}

static void add_block(uint32_t state[4], const unsigned char *block)
{
    static const unsigned char order[3][16] = {
        { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
        { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 },
        { 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 },
    };
    static const unsigned char shifts[3][4] = { { 3, 7, 11, 19 },
                                                { 3, 5, 9, 13 },
                                                { 3, 9, 11, 15 } };
    uint32_t a = state[0];
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];

    for (int step = 0; step < 48; step++) {
        int round = step / 16;
        int i = step % 16;
        uint32_t word = msd_ndr_u32_at(block + 4 * order[round][i]);
        uint32_t next = rotate(a + mix(round, b, c, d) + word,
                               shifts[round][i % 4]);

        a = d;
        d = c;
        c = b;
        b = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void msd_md4(const unsigned char *bytes, apr_size_t n, unsigned char *out)
{
    uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
    unsigned char tail[2 * BLOCK] = { 0 };
    apr_size_t rest = n % BLOCK;
    apr_size_t size = rest < LENGTH_AT ? BLOCK : 2 * BLOCK;

    for (apr_size_t at = 0; at + BLOCK <= n; at += BLOCK) {
        add_block(state, bytes + at);
    }
    if (rest > 0) {
        memcpy(tail, bytes + n - rest, rest);
    }
    tail[rest] = 0x80;
    msd_ndr_set_u32(tail + size - 8, (uint32_t)(n << 3 & 0xffffffff));
    msd_ndr_set_u32(tail + size - 4,
                    (uint32_t)((uint64_t)n >> 29 & 0xffffffff));
    for (apr_size_t at = 0; at < size; at += BLOCK) {
        add_block(state, tail + at);
    }
    for (int i = 0; i < 4; i++) {
        msd_ndr_set_u32(out + 4 * i, state[i]);
    }
    msd_wipe(tail, sizeof(tail));
    msd_wipe(state, sizeof(state));
}
