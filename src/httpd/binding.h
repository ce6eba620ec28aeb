/* SPDX-License-Identifier: Apache-2.0 */
/* The way on which a request came: its directives, certificate and names. */
#ifndef MSD_HTTPD_BINDING_H
#define MSD_HTTPD_BINDING_H

#include "httpd/config.h"

/* A channel, and what it points to.  One for each request. */
typedef struct {
    msd_channel_t channel;
    const char *bindings[1];
} msd_binding_use_t;

/*
 * The channel of a request.
 * use: must outlive the result.
 * Returns NULL where the section does not ask for binding.
 */
const msd_channel_t *msd_binding_channel(request_rec *r,
                                         const msd_dir_config_t *dir,
                                         msd_binding_use_t *use);

/* Register the hooks: names are completed when the configuration was read,
 * and a connection keeps what was computed of its certificate. */
void msd_binding_register(void);

/* ---- The handlers of the directives */
const char *msd_binding_set_level(cmd_parms *cmd, void *config,
                                  const char *text);
const char *msd_binding_add_name(cmd_parms *cmd, void *config,
                                 const char *name);
const char *msd_binding_add_certificate(cmd_parms *cmd, void *config,
                                        const char *path);

/* Their part of the command table. */
#define MSD_BINDING_DIRECTIVES(place) \
    AP_INIT_TAKE1("AuthMSDigestChannelBinding", msd_binding_set_level, NULL, \
                  place, "none, allow or require"), \
        AP_INIT_ITERATE("AuthMSDigestServiceName", msd_binding_add_name, \
                        NULL, RSRC_CONF, \
                        "names under which clients may know this server"), \
        AP_INIT_ITERATE("AuthMSDigestTLSCertificate", \
                        msd_binding_add_certificate, NULL, RSRC_CONF, \
                        "certificates of the TLS that ends before httpd")

#endif
