/* SPDX-License-Identifier: Apache-2.0 */
/* The directives of RADIUS servers. */
#ifndef MSD_HTTPD_RADIUSDIRECTIVE_H
#define MSD_HTTPD_RADIUSDIRECTIVE_H

#include "httpd/config.h"

/* The name of the authority in AuthMSDigestProvider. */
#define MSD_RADIUS_PROVIDER "radius"

/* The handlers, for the table below. */
const char *msd_radius_add_server(cmd_parms *cmd, void *config,
                                  const char *address, const char *transport);
const char *msd_radius_set_secret(cmd_parms *cmd, void *config,
                                  const char *text, const char *transport);
const char *msd_radius_set_authorities(cmd_parms *cmd, void *config,
                                       const char *path);
const char *msd_radius_set_certificate(cmd_parms *cmd, void *config,
                                       const char *path,
                                       const char *key_path);
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

/* Their part of the command table, but AuthMSDigestRadiusTimeout. */
#define MSD_RADIUS_DIRECTIVES(place) \
    AP_INIT_TAKE12("AuthMSDigestRadiusServer", msd_radius_add_server, NULL, \
                   place, "a RADIUS server, in the order to ask them"), \
        AP_INIT_TAKE12("AuthMSDigestRadiusSecret", msd_radius_set_secret, \
                       NULL, place, "file:/path of the shared secret"), \
        AP_INIT_TAKE1("AuthMSDigestRadiusCAFile", msd_radius_set_authorities, \
                      NULL, place, "who may sign their certificates"), \
        AP_INIT_TAKE12("AuthMSDigestRadiusCertificate", \
                       msd_radius_set_certificate, NULL, place, \
                       "a certificate to show them, and its key"), \
        AP_INIT_TAKE1("AuthMSDigestRadiusSource", msd_radius_set_source, \
                      NULL, place, "the address to ask them from"), \
        AP_INIT_TAKE1("AuthMSDigestRadiusNasIdentifier", msd_radius_set_nas, \
                      NULL, place, "the name under which to ask them"), \
        AP_INIT_TAKE1("AuthMSDigestRadiusGroupAttribute", \
                      msd_radius_set_groups, NULL, place, \
                      "the attribute that holds the groups")

#endif
