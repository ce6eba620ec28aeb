/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a domain's controllers. */
#ifndef MSD_NETLOGOND_FINDER_H
#define MSD_NETLOGOND_FINDER_H

#include "domain.h"

typedef struct {
    char host[256];
    char name[256];         /* NetBIOS: the host's first label, upper case */
    uint16_t port;          /* of Netlogon; 0: the endpoint mapper knows */
    msd_stream_address_t address;
} msd_finder_host_t;

/*
 * Find hosts: the servers of the configuration, else the targets of
 * _ldap._tcp.dc._msdcs.DOMAIN ([MS-ADTS] 6.3.6.1), by priority and weight
 * (RFC 2782).  DNS is not believed more than it deserves: who does not know
 * the machine account's secret is found out later.
 * out: room for MSD_DOMAIN_CONTROLLERS.
 * Returns how many there are.
 */
int msd_finder_find(const msd_domain_config_t *config,
                    msd_finder_host_t *out);

#endif
