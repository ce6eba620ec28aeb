/* SPDX-License-Identifier: Apache-2.0 */
/* The provider msdigest-ldap: hashes and passwords from a directory. */
#ifndef MSD_HTTPD_LDAP_H
#define MSD_HTTPD_LDAP_H

#include "httpd/module.h"

/*
 * Register the provider, for this module and for others that look for realm
 * hashes.  It keeps its connections in the pool of mod_ldap, under names of its
 * own: they are made within a time limit, which mod_ldap cannot do, and what
 * they are told to do about referrals is no business of others.
 */
void msd_ldap_register(apr_pool_t *pool);

#endif
