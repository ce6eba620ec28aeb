/* SPDX-License-Identifier: Apache-2.0 */
/* The directives of a server. */
#ifndef MSD_HTTPD_SERVERDIRECTIVE_H
#define MSD_HTTPD_SERVERDIRECTIVE_H

#include "httpd/module.h"
#include "httpd/redis.h"
#include "httpd/secret.h"

/* The handlers, for the table below. */
const char *msd_server_set_replay_slots(cmd_parms *cmd, void *config,
                                        const char *text);
const char *msd_server_set_scope(cmd_parms *cmd, void *config,
                                 const char *text);

/* Their part of the command table. */
#define MSD_SERVER_DIRECTIVES \
    MSD_REDIS_DIRECTIVES, \
        AP_INIT_TAKE1("AuthMSDigestReplaySlots", msd_server_set_replay_slots, \
                      NULL, RSRC_CONF, \
                      "how many live nonces the guard can hold"), \
        AP_INIT_TAKE1("AuthMSDigestSecret", msd_secret_set, NULL, RSRC_CONF, \
                      "file:/path or exec:/path of the secret of the keys"), \
        AP_INIT_TAKE1("AuthMSDigestScope", msd_server_set_scope, NULL, \
                      RSRC_CONF, \
                      "name under which servers share nonces and contexts")

#endif
