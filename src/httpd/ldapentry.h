/* SPDX-License-Identifier: Apache-2.0 */
/* From a user's entry in a directory to what a provider hands out. */
#ifndef MSD_HTTPD_LDAPENTRY_H
#define MSD_HTTPD_LDAPENTRY_H

#include <ldap.h>
#include <mod_auth.h>

#include "base/groups.h"
#include "base/hash.h"
#include "httpd/ldapdirective.h"

/* An entry, and who is asked for. */
typedef struct {
    apr_pool_t *pool;
    LDAP *ldap;
    LDAPMessage *entry;
    const msd_ldap_attribute_t *attribute;
    const char *name_attribute;
    const char *user;  /* as it was asked for */
    const char *realm; /* "" for the empty one */
    msd_hasher_t *hasher;
    bool whole_field; /* else one MD5 hash, as other modules want */
} msd_ldap_entry_t;

/*
 * Make the field of credential.h of an entry.  The name in it is that of the
 * entry: a directory also finds a name in other letters.  Of several names it
 * is the one that differs in such only.
 * field: set when the user is found; lives in the pool.
 * reason: set unless the user is found, to a fixed sentence.
 */
authn_status msd_ldap_entry_read(const msd_ldap_entry_t *entry, char **field,
                                 const char **reason);

/* Add the values of an attribute; see groups.h. */
void msd_ldap_entry_groups(const msd_ldap_entry_t *entry,
                           const char *attribute, msd_groups_t *groups);

/*
 * Give a result back, and wipe the values in it first.
 * ldap: the connection it came on, still open.  result: may be NULL.
 */
void msd_ldap_result_free(LDAP *ldap, LDAPMessage *result);

#endif
