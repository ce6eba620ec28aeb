/* SPDX-License-Identifier: Apache-2.0 */
/* From UTF-8 to UTF-16LE. */
#include "netlogon/utf16.h"

#include "netlogon/ndr.h"

/* The code point at a place, which moves behind it. */
static uint32_t next_point(msd_text_t text, apr_size_t *at)
{
    uint32_t first = (unsigned char)text.data[(*at)++];
    uint32_t point = first;
    int more = 0;

    if (first >= 0xf0) {
        point = first & 0x07;
        more = 3;
    } else if (first >= 0xe0) {
        point = first & 0x0f;
        more = 2;
    } else if (first >= 0xc0) {
        point = first & 0x1f;
        more = 1;
    }
    for (; more > 0 && *at < text.len; more--) {
        point = point << 6 | ((unsigned char)text.data[(*at)++] & 0x3f);
    }
    return point;
}

apr_size_t msd_utf16_encode(msd_text_t text, unsigned char *out)
{
    apr_size_t n = 0;
    apr_size_t at = 0;

    while (at < text.len) {
        uint32_t point = next_point(text, &at);

        if (point >= 0x10000) {
            uint32_t high = 0xd800 + ((point - 0x10000) >> 10 & 0x3ff);

            msd_ndr_set_u16(out + n, (uint16_t)high);
            n += 2;
            point = 0xdc00 + ((point - 0x10000) & 0x3ff);
        }
        msd_ndr_set_u16(out + n, (uint16_t)point);
        n += 2;
    }
    return n;
}
