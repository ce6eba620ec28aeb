/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS: its directives, and what a section says of it. */
#include "httpd/radiustls.h"

#include <apr_file_info.h>

#include "httpd/radiusdirective.h"
#include "httpd/value.h"

/* Where the configuration's pool keeps what all servers share. */
#define SHARED "msdigest-radius-tls"

/* A file with a private key must be closed to these. */
#define OPEN_MODE (APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE)

static const char *get_path(cmd_parms *cmd, const char *path)
{
    const char *full = ap_server_root_relative(cmd->pool, path);

    return full != NULL ? full : path;
}

const char *msd_radius_set_authorities(cmd_parms *cmd, void *config,
                                       const char *path)
{
    msd_dir_config_t *dir = config;
    const char *fault = msd_radiustrust_load(get_path(cmd, path), cmd->pool,
                                             &dir->radius_trust);

    return fault == NULL ? NULL : msd_value_wrong(cmd, path, fault);
}

static bool is_open(cmd_parms *cmd, const char *path)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_PROT, cmd->temp_pool) == APR_SUCCESS
           && (info.protection & OPEN_MODE) != 0;
}

const char *msd_radius_set_certificate(cmd_parms *cmd, void *config,
                                       const char *path, const char *key_path)
{
    msd_dir_config_t *dir = config;
    const char *holder = key_path != NULL ? key_path : path;
    const char *key_full = get_path(cmd, holder);
    const char *fault;

    if (is_open(cmd, key_full)) {
        return msd_value_wrong(cmd, holder,
                               "a key that others can neither read nor "
                               "write: chmod 600");
    }
    fault = msd_radiustrust_load_identity(get_path(cmd, path), key_full,
                                          cmd->pool, &dir->radius_identity);
    return fault == NULL ? NULL : msd_value_wrong(cmd, path, fault);
}

const char *msd_radiustls_get(cmd_parms *cmd, msd_radiustls_t **out)
{
    void *found;

    apr_pool_userdata_get(&found, SHARED, cmd->pool);
    *out = found;
    if (*out == NULL) {
        *out = msd_radiustls_create(cmd->pool);
        apr_pool_userdata_setn(*out, SHARED, NULL, cmd->pool);
    }
    return *out != NULL ? NULL : "udp: OpenSSL's policy has no TLS 1.2";
}

msd_radiustls_use_t msd_radiustls_use(const msd_dir_config_t *dir)
{
    return (msd_radiustls_use_t){
        .secret = msd_text_of(dir->radius_tls_secret != NULL
                                  ? dir->radius_tls_secret
                                  : MSD_RADIUSTLS_SECRET),
        .trust = dir->radius_trust,
        .identity = dir->radius_identity,
    };
}
