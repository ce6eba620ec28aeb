/* SPDX-License-Identifier: Apache-2.0 */
/* --check: one login, proven by the domain, and what came of it. */
#ifndef MSD_NETLOGOND_TRIAL_H
#define MSD_NETLOGOND_TRIAL_H

#include "domain.h"

typedef struct {
    const msd_domain_config_t *domain;
    const char *secret_path;
    const char *user;
    const char *realm;
} msd_trial_t;

/*
 * Read a password from standard input, make the answer that a client would,
 * ask the domain, and say on standard output what it says.
 * Returns the exit status: 0 granted, 1 not, 2 not asked.
 */
int msd_trial(const msd_trial_t *trial);

#endif
