/* SPDX-License-Identifier: Apache-2.0 */
/* The authorities behind AuthMSDigestProvider. */
#ifndef MSD_HTTPD_PROVIDER_H
#define MSD_HTTPD_PROVIDER_H

#include "httpd/config.h"

/* One request's use of the providers of a section. */
typedef struct {
    request_rec *r;
    const msd_dir_config_t *dir;
} msd_provider_use_t;

/*
 * The providers of a section, in their order, as one authority.  Without
 * AuthMSDigestProvider it is the provider named file.
 * use: lives as long as the authority.
 */
msd_authority_t msd_provider_authority(msd_provider_use_t *use,
                                       request_rec *r,
                                       const msd_dir_config_t *dir);

#endif
