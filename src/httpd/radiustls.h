/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS: its directives, and what a section says of it. */
#ifndef MSD_HTTPD_RADIUSTLS_H
#define MSD_HTTPD_RADIUSTLS_H

#include "authority/radiustls.h"
#include "httpd/config.h"

/*
 * What all servers of this configuration share that are asked over TLS.
 * out: set on success.
 * Returns NULL on success, else what should be allowed.
 */
const char *msd_radiustls_get(cmd_parms *cmd, msd_radiustls_t **out);

/* What a section says, with defaults where nothing was configured. */
msd_radiustls_use_t msd_radiustls_use(const msd_dir_config_t *dir);

#endif
