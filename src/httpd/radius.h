/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS servers: their authority, their log. */
#ifndef MSD_HTTPD_RADIUS_H
#define MSD_HTTPD_RADIUS_H

#include "authority/radius.h"
#include "httpd/config.h"

/* One request's use of the servers. */
typedef struct {
    request_rec *r;
    struct msd_state_t *state;
    msd_radius_world_t world;
    msd_radius_t radius;
} msd_radius_use_t;

/*
 * The servers of a section as one authority.
 * use: lives as long as the authority; dir: the section.
 */
msd_authority_t msd_radius_authority(msd_radius_use_t *use, request_rec *r,
                                     const msd_dir_config_t *dir);

#endif
