/* SPDX-License-Identifier: Apache-2.0 */
/* The Windows domain: its directives and its authority. */
#ifndef MSD_HTTPD_NETLOGON_H
#define MSD_HTTPD_NETLOGON_H

#include "authority/netlogon.h"
#include "httpd/config.h"

/* The name of the authority in AuthMSDigestProvider. */
#define MSD_NETLOGON_PROVIDER "netlogon"

/* The most servers that are named. */
#define MSD_NETLOGON_SERVERS 8

/* What the directives of the main server say. */
typedef struct msd_netlogon_settings_t {
    const char *domain;             /* NetBIOS */
    const char *dns;                /* or NULL */
    const char *account;            /* with $ */
    const char *secret_path;
    const char *helper;             /* path of the program */
    apr_array_header_t *servers;    /* const char * */
    const char *socket_path;        /* set when the helper is started */
} msd_netlogon_settings_t;

/* ---- The handlers of the directives */
const char *msd_netlogon_set_domain(cmd_parms *cmd, void *config,
                                    const char *netbios, const char *dns);
const char *msd_netlogon_add_server(cmd_parms *cmd, void *config,
                                    const char *server);
const char *msd_netlogon_set_account(cmd_parms *cmd, void *config,
                                     const char *account);
const char *msd_netlogon_set_secret(cmd_parms *cmd, void *config,
                                    const char *text);
const char *msd_netlogon_set_helper(cmd_parms *cmd, void *config,
                                    const char *path);

#define MSD_NETLOGON_DIRECTIVES \
    AP_INIT_TAKE12("AuthMSDigestNetlogonDomain", msd_netlogon_set_domain, \
                   NULL, RSRC_CONF, "NetBIOS and DNS name of the domain"), \
    AP_INIT_ITERATE("AuthMSDigestNetlogonServer", msd_netlogon_add_server, \
                    NULL, RSRC_CONF, "domain controllers, in order"), \
    AP_INIT_TAKE1("AuthMSDigestNetlogonAccount", msd_netlogon_set_account, \
                  NULL, RSRC_CONF, "the machine account, with $"), \
    AP_INIT_TAKE1("AuthMSDigestNetlogonSecret", msd_netlogon_set_secret, \
                  NULL, RSRC_CONF, "file:/path of its password"), \
    AP_INIT_TAKE1("AuthMSDigestNetlogonHelper", msd_netlogon_set_helper, \
                  NULL, RSRC_CONF, "path of msdigest-netlogond")

/*
 * The hook that checks the configuration: the directives are complete.
 * s: the main server.
 * Returns OK, also when there are none, or HTTP_INTERNAL_SERVER_ERROR.
 */
int msd_netlogon_check(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp,
                       server_rec *s);

/* One request's use of the domain. */
typedef struct {
    msd_netlogon_t netlogon;
} msd_netlogon_use_t;

/*
 * The domain as one authority.
 * use: lives as long as the authority.
 */
msd_authority_t msd_netlogon_authority(msd_netlogon_use_t *use,
                                       request_rec *r);

#endif
