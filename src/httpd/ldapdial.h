/* SPDX-License-Identifier: Apache-2.0 */
/* A new connection to a directory, made within a time limit. */
#ifndef MSD_HTTPD_LDAPDIAL_H
#define MSD_HTTPD_LDAPDIAL_H

#include <apr_tables.h>
#include <ldap.h>

#include "httpd/ldapurl.h"
#include "httpd/watchdog.h"

/* Whom to call, and how far that has come. */
typedef struct {
    apr_pool_t *pool; /* for the time of the call */
    msd_watchdog_t *dog;
    const msd_ldap_url_t *url;
    const char *bind_dn; /* NULL: nobody is bound */
    const char *password;
    apr_array_header_t *client_certs; /* of mod_ldap, or NULL */
    int next;                         /* of the servers; 0 at first */
    const char *reasons; /* of those that failed, for the log; "" at first */
} msd_ldap_call_t;

/*
 * Connect to the next server that answers, protect the connection and bind.
 * Each server has an equal part of the time that is left.
 * ldap: set on success; to be given back by ldap_unbind_ext.  Else NULL.
 * Returns whether there is a connection; reasons then says of each server
 * before it why not.
 */
bool msd_ldap_dial(msd_ldap_call_t *call, apr_int64_t deadline_ms,
                   LDAP **ldap);

/* Note why the server that was dialled last is of no use. */
void msd_ldap_complain(msd_ldap_call_t *call, const char *reason);

/* What is left until a deadline, at least 1 ms, as libldap wants it. */
struct timeval msd_ldap_time_left(apr_int64_t deadline_ms);

#endif
