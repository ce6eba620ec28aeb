/* SPDX-License-Identifier: Apache-2.0 */
/* A new connection to a directory, made within a time limit. */
#ifndef MSD_HTTPD_LDAPDIAL_H
#define MSD_HTTPD_LDAPDIAL_H

#include <apr_tables.h>
#include <ldap.h>

#include "httpd/ldapurl.h"
#include "httpd/watchdog.h"

/* Whom to call. */
typedef struct {
    apr_pool_t *pool; /* for the time of the call */
    msd_watchdog_t *dog;
    const msd_ldap_url_t *url;
    const char *bind_dn; /* NULL: nobody is bound */
    const char *password;
    apr_array_header_t *client_certs; /* of mod_ldap, or NULL */
} msd_ldap_call_t;

/*
 * Connect to the first server that answers, protect the connection and bind.
 * Each server has an equal part of the time that is left.  Looking a host name
 * up is not bounded.
 * ldap: set on success; to be given back by ldap_unbind_ext.
 * Returns NULL, or why not, for the log; it lives in the pool.
 */
const char *msd_ldap_dial(const msd_ldap_call_t *call, apr_int64_t deadline_ms,
                          LDAP **ldap);

/* What is left until a deadline, at least 1 ms, as libldap wants it. */
struct timeval msd_ldap_time_left(apr_int64_t deadline_ms);

#endif
