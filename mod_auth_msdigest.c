/* SPDX-License-Identifier: Apache-2.0 */
/* Microsoft Digest authentication: the hooks, in the order they run. */
#include "httpd/binding.h"
#include "httpd/body.h"
#include "httpd/config.h"
#include "httpd/directives.h"
#include "httpd/groups.h"
#include "httpd/ldap.h"
#include "httpd/netlogon.h"
#include "httpd/redis.h"
#include "httpd/request.h"
#include "httpd/state.h"
#include "httpd/status.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>

/* A request for a place whose AuthType is MSDigest. */
static int check_authn(request_rec *r)
{
    const char *type = ap_auth_type(r);

    if (type == NULL || ap_cstr_casecmp(type, MSD_AUTH_TYPE) != 0) {
        return DECLINED;
    }
    return msd_request_authenticate(r);
}

/* Somebody else answers 401, as mod_authz_core does when the user is known
 * but not wanted. */
static int note_auth_failure(request_rec *r, const char *type)
{
    if (ap_cstr_casecmp(type, MSD_AUTH_TYPE) != 0) {
        return DECLINED;
    }
    return msd_request_note_failure(r);
}

static void register_hooks(apr_pool_t *pool)
{
    ap_hook_pre_config(msd_state_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(msd_netlogon_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(msd_redis_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(msd_state_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(msd_state_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_authn(check_authn, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_note_auth_failure(note_auth_failure, NULL, NULL, APR_HOOK_MIDDLE);
    msd_status_register();
    msd_body_register_hooks();
    msd_binding_register();
    msd_ldap_register(pool);
    msd_groups_register(pool);
}

AP_DECLARE_MODULE(auth_msdigest) = {
    STANDARD20_MODULE_STUFF,
    msd_config_create_dir,
    msd_config_merge_dir,
    msd_config_create_server,
    msd_config_merge_server,
    msd_directives,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
