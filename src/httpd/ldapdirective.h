/* SPDX-License-Identifier: Apache-2.0 */
/* The directives of the provider msdigest-ldap. */
#ifndef MSD_HTTPD_LDAPDIRECTIVE_H
#define MSD_HTTPD_LDAPDIRECTIVE_H

#include "base/hash.h"
#include "httpd/module.h"

/* The name of the provider. */
#define MSD_LDAP_PROVIDER "msdigest-ldap"

/* What the values of an attribute are. */
typedef enum {
    MSD_LDAP_PLAIN,    /* the password */
    MSD_LDAP_HA1,      /* H(user:realm:password) in hexadecimal digits */
    MSD_LDAP_REALM_HA1 /* the realm, a colon, and such a hash */
} msd_ldap_form_t;

/* AuthMSDigestLDAPHashAttribute, read. */
typedef struct msd_ldap_attribute_t {
    char *name;
    msd_ldap_form_t form;
    msd_hash_id_t hash; /* of a stored hash */
} msd_ldap_attribute_t;

/* Whether mod_ldap is loaded, whose pool the provider needs. */
bool msd_ldap_is_possible(void);

/* The handlers, for the table below. */
const char *msd_ldap_set_url(cmd_parms *cmd, void *config, const char *text,
                             const char *word);
const char *msd_ldap_set_bind_dn(cmd_parms *cmd, void *config,
                                 const char *text);
const char *msd_ldap_set_password(cmd_parms *cmd, void *config,
                                  const char *text);
const char *msd_ldap_set_attribute(cmd_parms *cmd, void *config,
                                   const char *name, const char *form,
                                   const char *algorithm);
const char *msd_ldap_set_group(cmd_parms *cmd, void *config, const char *text);
const char *msd_ldap_set_timeout(cmd_parms *cmd, void *config,
                                 const char *text);

/* Their part of the command table. */
#define MSD_LDAP_DIRECTIVES(place) \
    AP_INIT_TAKE12("AuthMSDigestLDAPURL", msd_ldap_set_url, NULL, place, \
                   "the directory, and how to find a user there"), \
        AP_INIT_TAKE1("AuthMSDigestLDAPBindDN", msd_ldap_set_bind_dn, NULL, \
                      place, "the account that may read the hashes"), \
        AP_INIT_TAKE1("AuthMSDigestLDAPBindPassword", msd_ldap_set_password, \
                      NULL, place, "its password, or exec:/path"), \
        AP_INIT_TAKE23("AuthMSDigestLDAPHashAttribute", \
                       msd_ldap_set_attribute, NULL, place, \
                       "the attribute, and what its values are"), \
        AP_INIT_TAKE1("AuthMSDigestLDAPGroupAttribute", msd_ldap_set_group, \
                      NULL, place, "the attribute that holds the groups"), \
        AP_INIT_TAKE1("AuthMSDigestLDAPTimeout", msd_ldap_set_timeout, NULL, \
                      place, "how long to wait for the directory")

#endif
