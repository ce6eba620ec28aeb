/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of a directory: servers, and the search for a user. */
#ifndef MSD_HTTPD_LDAPURL_H
#define MSD_HTTPD_LDAPURL_H

#include <stdbool.h>

#include <apr_pools.h>
#include <apr_tables.h>

/* How what is said to the server is protected. */
typedef enum {
    MSD_LDAP_CLEAR,
    MSD_LDAP_STARTTLS,
    MSD_LDAP_TLS,
    MSD_LDAP_LOCAL /* a socket in the file system */
} msd_ldap_protection_t;

/* A server. */
typedef struct {
    const char *host; /* without the brackets of an address; or the path of
                         * the socket */
    const char *port; /* digits; NULL for a socket */
    const char *uri;  /* for libldap */
} msd_ldap_server_t;

/* A URL, read.  Never changed. */
typedef struct msd_ldap_url_t {
    const char *text; /* it, and the word after it */
    const char *name; /* of its connections in mod_ldap's pool */
    msd_ldap_protection_t protection;
    apr_array_header_t *servers; /* msd_ldap_server_t, in order */
    const char *base;
    char *attribute;    /* that holds the name of the user */
    int scope;          /* LDAP_SCOPE_... */
    const char *filter; /* in parentheses */
} msd_ldap_url_t;

/*
 * Read  SCHEME://HOST[:PORT] .../BASE[?ATTRIBUTE[?SCOPE[?FILTER]]]  with the
 * scheme ldap, ldaps or ldapi.
 * text: the URL.  word: NONE, STARTTLS or SSL in any case, or NULL.
 * out: set when all is well; lives in pool.
 * Returns NULL, or what would be allowed.
 */
const char *msd_ldap_url_read(apr_pool_t *pool, const char *text,
                              const char *word, msd_ldap_url_t **out);

/* Whether a text is a distinguished name (RFC 4514); the empty one is too. */
bool msd_ldap_is_dn(const char *text);

#endif
