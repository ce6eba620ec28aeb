/* SPDX-License-Identifier: Apache-2.0 */
/* What a RADIUS server tells of a user in its Access-Accept. */
#ifndef MSD_AUTHORITY_RADIUSACCEPT_H
#define MSD_AUTHORITY_RADIUSACCEPT_H

#include <stdint.h>

#include "base/groups.h"

/* The attributes in which they may be (RFC 2865 sections 5.11 and 5.25). */
typedef enum {
    MSD_RADIUS_FILTER_ID = 11,
    MSD_RADIUS_CLASS = 25
} msd_radius_groups_in_t;

/*
 * Add each value of an attribute.
 * attributes: of a reply that was verified, so each of at least 2 octets and
 * none past the end.  groups: copies; pool owns them.
 */
void msd_radius_groups(msd_text_t attributes, msd_radius_groups_in_t in,
                       msd_groups_t *groups, apr_pool_t *pool);

/*
 * For how many seconds the server vouches: Session-Timeout (RFC 2865 section
 * 5.27).
 * attributes: as above.
 * Returns 0 when it does not say, or not in 4 octets.
 */
uint32_t msd_radius_session_timeout(msd_text_t attributes);

#endif
