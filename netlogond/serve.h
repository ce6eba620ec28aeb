/* SPDX-License-Identifier: Apache-2.0 */
/* Answering httpd's processes, by threads that share nothing but the domain. */
#ifndef MSD_NETLOGOND_SERVE_H
#define MSD_NETLOGOND_SERVE_H

#include "domain.h"

typedef struct {
    const msd_domain_config_t *domain;
    const char *secret_path;
    const char *user;       /* whom to become; NULL: stay */
    int workers;
} msd_serve_t;

/*
 * Serve the socket that is standard input, for ever.
 * Returns the exit status when it cannot.
 */
int msd_serve(const msd_serve_t *serve);

#endif
