/* SPDX-License-Identifier: Apache-2.0 */
/* What a RADIUS server tells of a user in its Access-Accept. */
#include "authority/radiusaccept.h"

#define SESSION_TIMEOUT 27

void msd_radius_groups(msd_text_t attributes, msd_radius_groups_in_t in,
                       msd_groups_t *groups, apr_pool_t *pool)
{
    const unsigned char *bytes = (const unsigned char *)attributes.data;

    for (apr_size_t at = 0; at < attributes.len; at += bytes[at + 1]) {
        if (bytes[at] == in) {
            msd_groups_add(groups,
                           (msd_text_t){ attributes.data + at + 2,
                                         (apr_size_t)bytes[at + 1] - 2 },
                           pool);
        }
    }
}

uint32_t msd_radius_session_timeout(msd_text_t attributes)
{
    const unsigned char *bytes = (const unsigned char *)attributes.data;
    uint32_t seconds = 0;

    for (apr_size_t at = 0; at < attributes.len; at += bytes[at + 1]) {
        for (int i = 2; bytes[at] == SESSION_TIMEOUT && bytes[at + 1] == 6
                        && i < 6;
             i++) {
            seconds = seconds << 8 | bytes[at + (apr_size_t)i];
        }
    }
    return seconds;
}
