/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the authenticated user, for the rest of httpd. */
#ifndef MSD_HTTPD_GROUPS_H
#define MSD_HTTPD_GROUPS_H

#include "base/groups.h"
#include "httpd/state.h"

/* The note and the variable that hold them; both are text of groups.h.  The
 * note is set on each request that this module authenticates for a user with
 * groups, and by a provider for the time of its proof. */
#define MSD_GROUPS_NOTE "msdigest-groups"
#define MSD_GROUPS_VARIABLE "MSDIGEST_GROUPS"

/* Register  Require msdigest-group  and the hook that sets the variable for
 * sub-requests and redirects. */
void msd_groups_register(apr_pool_t *pool);

/* Tell the groups of a request that is authenticated; not empty. */
void msd_groups_set(request_rec *r, msd_text_t groups);

/*
 * Write to the log, at most every few seconds, that names were left out.
 * user: whose they are.
 */
void msd_groups_log(msd_state_t *state, request_rec *r, msd_text_t user,
                    const msd_groups_t *groups);

#endif
