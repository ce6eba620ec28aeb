/* SPDX-License-Identifier: Apache-2.0 */
/* The Windows domain: its directives and its authority. */
#include "httpd/netlogon.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "httpd/value.h"
#include "httpd/watchdog.h"

APLOG_USE_MODULE(auth_msdigest);

#define TIMEOUT_MS 2000

/* A NetBIOS name. */
#define NAME_MAX_SIZE 15

/* ---- Directives */

/* The settings, made by the first directive; in fault what is wrong. */
static msd_netlogon_settings_t *get_settings(cmd_parms *cmd,
                                             const char **fault)
{
    msd_server_config_t *server = msd_config_server(cmd->server);

    *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    if (server->netlogon == NULL) {
        server->netlogon = apr_pcalloc(cmd->pool,
                                       sizeof(*server->netlogon));
    }
    return server->netlogon;
}

static bool is_name(const char *text, apr_size_t n)
{
    if (n == 0 || n > NAME_MAX_SIZE) {
        return false;
    }
    for (apr_size_t i = 0; i < n; i++) {
        if (!apr_isalnum(text[i]) && strchr("-_", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

const char *msd_netlogon_set_domain(cmd_parms *cmd, void *config,
                                    const char *netbios, const char *dns)
{
    const char *fault;
    msd_netlogon_settings_t *settings = get_settings(cmd, &fault);

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (!is_name(netbios, strlen(netbios))) {
        return msd_value_wrong(cmd, netbios,
                               "the NetBIOS name of a domain: 1 to 15 ASCII "
                               "letters, digits, - and _");
    }
    if (dns != NULL && (strlen(dns) > 200 || strchr(dns, '.') == NULL)) {
        return msd_value_wrong(cmd, dns, "the DNS name of the domain");
    }
    settings->domain = netbios;
    settings->dns = dns;
    return NULL;
}

const char *msd_netlogon_add_server(cmd_parms *cmd, void *config,
                                    const char *server)
{
    const char *fault;
    msd_netlogon_settings_t *settings = get_settings(cmd, &fault);
    char *host;
    char *scope;
    apr_port_t port;

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (apr_parse_addr_port(&host, &scope, &port, server, cmd->temp_pool)
            != APR_SUCCESS
        || host == NULL || strlen(host) > 250) {
        return msd_value_wrong(cmd, server,
                               "host or host:port, [address]:port for IPv6");
    }
    if (settings->servers == NULL) {
        settings->servers = apr_array_make(cmd->pool, 2,
                                           sizeof(const char *));
    }
    if (settings->servers->nelts == MSD_NETLOGON_SERVERS) {
        return msd_value_wrong(cmd, server, "at most 8 servers");
    }
    APR_ARRAY_PUSH(settings->servers, const char *) = server;
    return NULL;
}

const char *msd_netlogon_set_account(cmd_parms *cmd, void *config,
                                     const char *account)
{
    const char *fault;
    msd_netlogon_settings_t *settings = get_settings(cmd, &fault);
    apr_size_t n = strlen(account);

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (n < 2 || account[n - 1] != '$' || !is_name(account, n - 1)) {
        return msd_value_wrong(cmd, account,
                               "the name of a computer, 1 to 15 ASCII "
                               "letters, digits, - and _, and $");
    }
    settings->account = account;
    return NULL;
}

const char *msd_netlogon_set_secret(cmd_parms *cmd, void *config,
                                    const char *text)
{
    const char *fault;
    msd_netlogon_settings_t *settings = get_settings(cmd, &fault);
    apr_finfo_t info;

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (strncmp(text, "file:/", 6) != 0) {
        return msd_value_wrong(cmd, "...", "file:/path");
    }
    if (apr_stat(&info, text + 5, APR_FINFO_PROT | APR_FINFO_TYPE,
                 cmd->temp_pool)
            != APR_SUCCESS
        || info.filetype != APR_REG) {
        return msd_value_wrong(cmd, text, "file:/path of a file");
    }
    if ((info.protection
         & (APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE))
        != 0) {
        return msd_value_wrong(cmd, text,
                               "a file that others can neither read nor "
                               "write: chmod 600");
    }
    settings->secret_path = text + 5;
    return NULL;
}

const char *msd_netlogon_set_helper(cmd_parms *cmd, void *config,
                                    const char *path)
{
    const char *fault;
    msd_netlogon_settings_t *settings = get_settings(cmd, &fault);

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (path[0] != '/') {
        return msd_value_wrong(cmd, path, "an absolute path");
    }
    settings->helper = path;
    return NULL;
}

int msd_netlogon_check(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp,
                       server_rec *s)
{
    const msd_netlogon_settings_t *settings = msd_config_server(s)->netlogon;
    const char *missing = NULL;

    (void)pool;
    (void)log;
    (void)temp;
    if (settings == NULL) {
        return OK;
    }
    if (settings->domain == NULL) {
        missing = "AuthMSDigestNetlogonDomain";
    } else if (settings->account == NULL) {
        missing = "AuthMSDigestNetlogonAccount";
    } else if (settings->secret_path == NULL) {
        missing = "AuthMSDigestNetlogonSecret";
    } else if (settings->servers == NULL && settings->dns == NULL) {
        missing = "AuthMSDigestNetlogonServer, or the DNS name in "
                  "AuthMSDigestNetlogonDomain,";
    } else {
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                 MSD_LOGNO(457) "%s is missing beside the other "
                 "AuthMSDigestNetlogon directives", missing);
    return HTTP_INTERNAL_SERVER_ERROR;
}

/* ---- The authority */

static uint64_t now_ms(void *self)
{
    (void)self;
    return (uint64_t)msd_watchdog_now_ms();
}

static void refuse(void *self, const msd_question_t *question,
                   msd_proof_t *out)
{
    (void)self;
    (void)question;
    memset(out, 0, sizeof(*out));
    out->result = MSD_PROOF_UNAVAILABLE;
    out->reason = "AuthMSDigestProvider netlogon needs "
                  "AuthMSDigestNetlogonDomain, AuthMSDigestNetlogonAccount "
                  "and AuthMSDigestNetlogonSecret";
}

msd_authority_t msd_netlogon_authority(msd_netlogon_use_t *use,
                                       request_rec *r)
{
    const msd_netlogon_settings_t *settings =
        msd_config_server(r->server)->netlogon;

    if (settings == NULL || settings->socket_path == NULL) {
        return (msd_authority_t){ .prove = refuse };
    }
    use->netlogon = (msd_netlogon_t){
        .path = settings->socket_path,
        .domain = msd_text_of(settings->domain),
        .server = { settings->account, strlen(settings->account) - 1 },
        .timeout_ms = TIMEOUT_MS,
        .now_ms = now_ms,
    };
    return (msd_authority_t){ .self = &use->netlogon,
                              .prove = msd_netlogon_prove };
}
