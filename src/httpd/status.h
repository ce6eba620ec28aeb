/* SPDX-License-Identifier: Apache-2.0 */
/* The part of mod_status that is ours. */
#ifndef MSD_HTTPD_STATUS_H
#define MSD_HTTPD_STATUS_H

#include "httpd/module.h"

/* Register with mod_status, if that is loaded. */
void msd_status_register(void);

#endif
