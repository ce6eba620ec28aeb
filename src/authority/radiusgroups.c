/* SPDX-License-Identifier: Apache-2.0 */
/* The groups that a RADIUS server tells in its Access-Accept. */
#include "authority/radiusgroups.h"

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
