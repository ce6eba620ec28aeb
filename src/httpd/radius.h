/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS servers: their directives, their authority, their log. */
#ifndef MSD_HTTPD_RADIUS_H
#define MSD_HTTPD_RADIUS_H

#include "authority/radius.h"
#include "httpd/config.h"

/* The name of the authority in AuthMSDigestProvider. */
#define MSD_RADIUS_PROVIDER "radius"

/* ---- The handlers of the directives */
const char *msd_radius_add_server(cmd_parms *cmd, void *config,
                                  const char *address, const char *transport);
const char *msd_radius_set_secret(cmd_parms *cmd, void *config,
                                  const char *text);
const char *msd_radius_set_source(cmd_parms *cmd, void *config,
                                  const char *address);
const char *msd_radius_set_nas(cmd_parms *cmd, void *config,
                               const char *name);
const char *msd_radius_set_groups(cmd_parms *cmd, void *config,
                                  const char *name);

/*
 * RADIUS and Netlogon give the session key of MD5-sess, and no other key:
 * refuse other algorithms in a section that has both.
 * value: what the directive added.
 */
const char *msd_radius_check_algorithms(cmd_parms *cmd,
                                        const msd_dir_config_t *dir,
                                        const char *value);

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
