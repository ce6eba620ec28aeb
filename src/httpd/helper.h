/* SPDX-License-Identifier: Apache-2.0 */
/* The process msdigest-netlogond: started, watched, ended. */
#ifndef MSD_HTTPD_HELPER_H
#define MSD_HTTPD_HELPER_H

#include "httpd/netlogon.h"

/*
 * Start the helper of a generation, and watch it: when it ends, it is started
 * again.  Its socket, which only the user of httpd's processes can open, is
 * kept over restarts, so that questions wait while there is no helper.
 * pool: of the configuration; its end ends the helper.  s: the main server.
 * Returns OK, also when no domain is configured, or
 * HTTP_INTERNAL_SERVER_ERROR.
 */
int msd_helper_start(apr_pool_t *pool, server_rec *s);

#endif
