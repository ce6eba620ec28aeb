/* SPDX-License-Identifier: Apache-2.0 */
/* The domain: its controllers, and whom to ask. */
#ifndef MSD_NETLOGOND_DOMAIN_H
#define MSD_NETLOGOND_DOMAIN_H

#include "controller.h"

#define MSD_DOMAIN_CONTROLLERS 8

/* What the administrator says of it. */
typedef struct {
    const char *netbios;
    const char *dns;                /* NULL: servers are given */
    const char *account;            /* with $ */
    const char *servers[MSD_DOMAIN_CONTROLLERS];    /* host or host:port */
    int server_count;
} msd_domain_config_t;

typedef struct {
    msd_domain_config_t config;
    char computer[16];              /* the account without $ */
    msd_controller_secret_t secret;
    pthread_mutex_t mutex;          /* of the list; never held in a call */
    msd_controller_t controllers[MSD_DOMAIN_CONTROLLERS];
    int count;
} msd_domain_t;

/* One thread's connections. */
typedef struct {
    apr_pool_t *pool;
    msd_controller_line_t lines[MSD_DOMAIN_CONTROLLERS];
} msd_domain_lines_t;

/*
 * Begin.  The config's texts must outlive the domain.
 * Returns NULL on success, else what is wrong with it.
 */
const char *msd_domain_begin(msd_domain_t *domain,
                             const msd_domain_config_t *config,
                             const msd_controller_secret_t *secret);

/*
 * Look up the controllers' addresses: of the servers, or what the domain name
 * has (SRV _ldap._tcp.dc._msdcs).  May take as long as the resolver does.
 * Returns how many are known.
 */
int msd_domain_find(msd_domain_t *domain);

/*
 * Ask the domain.  Controllers that are not down come first; each gets a part
 * of the time that is left.  Either question->has_status is set, or why.
 */
void msd_domain_ask(msd_domain_t *domain, msd_domain_lines_t *lines,
                    msd_controller_question_t *question);

#endif
