/* SPDX-License-Identifier: Apache-2.0 */
/* The directives of a server. */
#include "httpd/serverdirective.h"

#include <apr_strings.h>

#include "context/replay.h"
#include "httpd/config.h"
#include "httpd/value.h"

const char *msd_server_set_replay_slots(cmd_parms *cmd, void *config,
                                        const char *text)
{
    msd_server_config_t *server = msd_config_server(cmd->server);
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    char *end;

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    server->replay_slots = apr_strtoi64(text, &end, 10);
    if (*end != '\0' || server->replay_slots < MSD_REPLAY_SLOTS_MIN
        || server->replay_slots > MSD_REPLAY_SLOTS_MAX) {
        return msd_value_wrong(cmd, text, "a number from 1024 to 16777216");
    }
    return NULL;
}

const char *msd_server_set_scope(cmd_parms *cmd, void *config,
                                 const char *name)
{
    msd_server_config_t *server = msd_config_server(cmd->server);
    const char *fault = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (name[0] == '\0') {
        return msd_value_wrong(cmd, name, "a name");
    }
    server->scope = apr_pstrdup(cmd->pool, name);
    return NULL;
}
