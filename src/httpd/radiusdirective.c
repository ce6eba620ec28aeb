/* SPDX-License-Identifier: Apache-2.0 */
/* The directives of RADIUS servers. */
#include "httpd/radiusdirective.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "authority/radius.h"
#include "httpd/radiustls.h"
#include "httpd/value.h"

APLOG_USE_MODULE(auth_msdigest);

#define DEFAULT_PORT 1812

/* Dead marks in one piece of shared memory, and where the configuration's pool
 * keeps those that are left. */
#define MARKS 512
#define MARKS_LEFT "msdigest-radius-marks"

/* RFC 2865 section 3 advises this length at least. */
#define SECRET_SHORT 16
#define SECRET_MAX 256

/* The secret's file must be closed to these. */
#define OPEN_MODE \
    (APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE)

/* ---- Directives */

/* ---- Servers */

static const char *resolve(cmd_parms *cmd, const char *text,
                           apr_port_t default_port, apr_sockaddr_t **out)
{
    char *host;
    char *scope;
    apr_port_t port;

    if (apr_parse_addr_port(&host, &scope, &port, text, cmd->pool)
            != APR_SUCCESS
        || host == NULL) {
        return "host or host:port, [address]:port for IPv6";
    }
    return apr_sockaddr_info_get(out, host, APR_UNSPEC,
                                 port == 0 ? default_port : port, 0,
                                 cmd->pool)
                   == APR_SUCCESS
               ? NULL
               : "a host that can be resolved";
}

/* Marks that no server has yet. */
typedef struct {
    _Atomic(uint64_t) *next;
    int count;
} marks_t;

/* Shared by all processes of a generation, as they inherit it: what one finds
 * out spares the others. */
static const char *make_mark(apr_pool_t *pool, _Atomic(uint64_t) **mark)
{
    void *found;
    marks_t *marks;
    apr_shm_t *shm;

    apr_pool_userdata_get(&found, MARKS_LEFT, pool);
    marks = found;
    if (marks == NULL) {
        marks = apr_pcalloc(pool, sizeof(*marks));
        apr_pool_userdata_setn(marks, MARKS_LEFT, NULL, pool);
    }
    if (marks->count == 0) {
        if (apr_shm_create(&shm, MARKS * sizeof(*marks->next), NULL, pool)
            != APR_SUCCESS) {
            return "less: there is no shared memory for it";
        }
        marks->next = apr_shm_baseaddr_get(shm);
        marks->count = MARKS;
    }
    *mark = marks->next++;
    marks->count--;
    return NULL;
}

static const char *choose_transport(cmd_parms *cmd, const char *transport,
                                    bool *is_tls)
{
    static const msd_value_word_t words[] = {
        { "udp", 0 },
        { "tls", 1 },
        { NULL, 0 },
    };
    int value = 0;
    const char *fault = transport == NULL
                            ? NULL
                            : msd_value_choose(cmd, transport, words,
                                               "udp or tls", &value);

    *is_tls = value == 1;
    return fault;
}

/* Returns NULL, or what should be allowed. */
static const char *make_server(cmd_parms *cmd, const char *address,
                               bool is_tls, msd_radius_server_t *out)
{
    const char *fault = resolve(cmd, address,
                                is_tls ? MSD_RADIUSTLS_PORT : DEFAULT_PORT,
                                &out->address);

    out->tls = NULL;
    if (fault == NULL && is_tls) {
        fault = msd_radiustls_get(cmd, &out->tls);
    }
    if (fault == NULL) {
        fault = make_mark(cmd->pool, &out->dead_until_ms);
    }
    if (fault == NULL) {
        out->host = out->address->hostname;
        out->name = apr_psprintf(cmd->pool, "%s:%u%s", out->host,
                                 (unsigned)out->address->port,
                                 is_tls ? " (TLS)" : "");
    }
    return fault;
}

const char *msd_radius_add_server(cmd_parms *cmd, void *config,
                                  const char *address, const char *transport)
{
    msd_dir_config_t *dir = config;
    msd_radius_server_t server;
    bool is_tls;
    const char *fault = choose_transport(cmd, transport, &is_tls);

    if (fault != NULL) {
        return fault;
    }
    fault = make_server(cmd, address, is_tls, &server);
    if (fault != NULL) {
        return msd_value_wrong(cmd, address, fault);
    }
    if (dir->radius_servers == NULL) {
        dir->radius_servers = apr_array_make(cmd->pool, 2, sizeof(server));
    }
    if (dir->radius_servers->nelts == MSD_RADIUS_SERVERS_MAX) {
        return msd_value_wrong(cmd, address, "at most 8 servers");
    }
    APR_ARRAY_PUSH(dir->radius_servers, msd_radius_server_t) = server;
    return NULL;
}

/* ---- What is said of them */

/* The first line of a file that nobody else may read. */
static const char *read_secret(cmd_parms *cmd, const char *path,
                               const char **out)
{
    char line[SECRET_MAX + 2];
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status;

    if (apr_file_open(&file, path, APR_READ, 0, cmd->temp_pool)
        != APR_SUCCESS) {
        return "file:/path of a file that can be read";
    }
    status = apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_TYPE, file);
    if (status == APR_SUCCESS && info.filetype == APR_REG) {
        status = apr_file_gets(line, sizeof(line), file);
    }
    apr_file_close(file);
    if (status != APR_SUCCESS || info.filetype != APR_REG) {
        return "a file with the secret in its first line";
    }
    if ((info.protection & OPEN_MODE) != 0) {
        return "a file that others can neither read nor write: chmod 600";
    }
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || strlen(line) > SECRET_MAX) {
        return "a secret of 1 to 256 octets";
    }
    *out = apr_pstrdup(cmd->pool, line);
    msd_wipe(line, sizeof(line));
    return NULL;
}

const char *msd_radius_set_secret(cmd_parms *cmd, void *config,
                                  const char *text, const char *transport)
{
    msd_dir_config_t *dir = config;
    bool is_tls;
    const char *fault = choose_transport(cmd, transport, &is_tls);
    const char **secret = is_tls ? &dir->radius_tls_secret
                                 : &dir->radius_secret;

    if (fault != NULL) {
        return fault;
    }
    if (strncmp(text, "file:/", 6) != 0) {
        return msd_value_wrong(cmd, "...", "file:/path");
    }
    fault = read_secret(cmd, text + 5, secret);
    if (fault != NULL) {
        return msd_value_wrong(cmd, text, fault);
    }
    if (!is_tls && strlen(*secret) < SECRET_SHORT) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                     MSD_LOGNO(331) "%s: the secret in %s is shorter than 16 "
                     "octets, and can be guessed by whoever sees a packet",
                     cmd->cmd->name, text);
    }
    return NULL;
}

const char *msd_radius_set_source(cmd_parms *cmd, void *config,
                                  const char *address)
{
    msd_dir_config_t *dir = config;
    const char *fault = resolve(cmd, address, 0, &dir->radius_source);

    if (fault == NULL && dir->radius_source->port != 0) {
        fault = "an address without a port";
    }
    return fault == NULL ? NULL : msd_value_wrong(cmd, address, fault);
}

const char *msd_radius_set_nas(cmd_parms *cmd, void *config, const char *name)
{
    msd_dir_config_t *dir = config;

    if (name[0] == '\0' || strlen(name) > 253) {
        return msd_value_wrong(cmd, name, "1 to 253 octets");
    }
    dir->radius_nas = apr_pstrdup(cmd->pool, name);
    return NULL;
}

const char *msd_radius_set_groups(cmd_parms *cmd, void *config,
                                  const char *name)
{
    static const msd_value_word_t words[] = {
        { "Filter-Id", MSD_RADIUS_FILTER_ID },
        { "Class", MSD_RADIUS_CLASS },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;

    return msd_value_choose(cmd, name, words, "Filter-Id or Class",
                            &dir->radius_groups_in);
}

const char *msd_radius_check_algorithms(cmd_parms *cmd,
                                        const msd_dir_config_t *dir,
                                        const char *value)
{
    const char *provider = msd_config_session_only(dir);

    if (dir->algorithms == NULL || provider == NULL) {
        return NULL;
    }
    for (int i = 0; i < dir->algorithms->nelts; i++) {
        if (APR_ARRAY_IDX(dir->algorithms, i, msd_algorithm_t)
            != MSD_ALGORITHM_MD5_SESS) {
            return msd_value_wrong(
                cmd, value,
                apr_pstrcat(cmd->pool,
                            "AuthMSDigestAlgorithm MD5-sess alone beside "
                            "AuthMSDigestProvider ", provider, NULL));
        }
    }
    return NULL;
}
