/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over UDP (RFC 2865 section 3). */
#ifndef MSD_AUTHORITY_RADIUSUDP_H
#define MSD_AUTHORITY_RADIUSUDP_H

#include "authority/radiuslink.h"

/*
 * Open a link over UDP.  Packets may be lost on it, and may come from anybody.
 * link: filled completely; it must be closed, also after an error.
 * Returns APR_SUCCESS, or an error: link->fault says which.
 */
apr_status_t msd_radiusudp_open(msd_radiuslink_t *link,
                                const msd_radiusroute_t *route);

#endif
