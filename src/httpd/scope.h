/* SPDX-License-Identifier: Apache-2.0 */
/* Where a nonce and its context are good. */
#ifndef MSD_HTTPD_SCOPE_H
#define MSD_HTTPD_SCOPE_H

#include "httpd/config.h"

/* What a policy's scopes point to. */
typedef struct {
    uint64_t current;
    uint64_t previous;  /* under the previous secret */
} msd_scope_t;

/* The realm of a request's section, its escapes taken away; NULL: none. */
const char *msd_scope_realm(request_rec *r);

/*
 * Set the scopes of a policy.
 * scope: lives as long as the policy.
 */
void msd_scope_set(msd_scope_t *scope, const request_rec *r,
                   const msd_dir_config_t *dir, const char *realm,
                   msd_policy_t *policy);

#endif
