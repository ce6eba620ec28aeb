/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of a directory: servers, and the search for a user. */
#include "httpd/ldapurl.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <ldap.h>
#include <openldap.h>

#define FORM \
    "ldap://host:port/base?attribute?scope?filter, with ldaps:// or " \
    "ldapi:// " \
    "too, and blanks between several hosts"

static const struct {
    const char *start;
    const char *port;
    msd_ldap_protection_t protection;
} schemes[] = {
    { "ldap://", "389", MSD_LDAP_CLEAR },
    { "ldaps://", "636", MSD_LDAP_TLS },
    { "ldapi://", NULL, MSD_LDAP_LOCAL },
};

#define SCHEMES ((int)(sizeof(schemes) / sizeof(schemes[0])))

static const struct {
    const char *word;
    int value;
} scopes[] = {
    { "", LDAP_SCOPE_SUBTREE },
    { "sub", LDAP_SCOPE_SUBTREE },
    { "one", LDAP_SCOPE_ONELEVEL },
    { "base", LDAP_SCOPE_BASE },
};

#define SCOPES ((int)(sizeof(scopes) / sizeof(scopes[0])))

/* Decode a part of the URL.  Returns NULL when its escapes are wrong. */
static char *decode(apr_pool_t *pool, const char *part)
{
    /* With no escape in it, it is given back as it is. */
    const char *decoded = apr_punescape_url(pool, part, NULL, NULL, 0);

    return decoded == NULL ? NULL : apr_pstrdup(pool, decoded);
}

/* Take the text up to a question mark, decoded; "" at the end. */
static char *next_part(apr_pool_t *pool, const char **rest)
{
    const char *end = *rest + strcspn(*rest, "?");
    char *part = apr_pstrmemdup(pool, *rest, (apr_size_t)(end - *rest));

    *rest = *end == '\0' ? end : end + 1;
    return decode(pool, part);
}

static bool is_port(const char *text)
{
    apr_size_t len = strlen(text);

    return len > 0 && len < 6 && strspn(text, "0123456789") == len
           && apr_atoi64(text) >= 1 && apr_atoi64(text) <= 65535;
}

/* "host", "host:port", "[address]" or "[address]:port". */
static const char *read_host(apr_pool_t *pool, char *text, int scheme,
                             msd_ldap_server_t *server)
{
    bool bracket = text[0] == '[';
    char *end = bracket ? strchr(text, ']') : text + strcspn(text, ":");

    if (end == NULL) {
        return "a ] after the address of a host";
    }
    server->uri = apr_pstrcat(pool, schemes[scheme].start, text, NULL);
    server->host = bracket
                       ? apr_pstrmemdup(pool, text + 1,
                                        (apr_size_t)(end - text - 1))
                       : apr_pstrmemdup(pool, text, (apr_size_t)(end - text));
    end += bracket ? 1 : 0;
    server->port = *end == ':' ? end + 1 : schemes[scheme].port;
    if (server->host[0] == '\0' || (*end != ':' && *end != '\0')
        || !is_port(server->port)) {
        return "each host as host or host:port, the port from 1 to 65535";
    }
    return NULL;
}

static const char *read_socket(apr_pool_t *pool, char *text,
                               msd_ldap_url_t *url)
{
    msd_ldap_server_t server = { decode(pool, text), NULL,
                                 apr_pstrcat(pool, "ldapi://", text, NULL) };

    if (server.host == NULL || server.host[0] != '/') {
        return "ldapi:// with the path of a socket, each / as %2F";
    }
    APR_ARRAY_PUSH(url->servers, msd_ldap_server_t) = server;
    url->name = server.uri;
    return NULL;
}

static const char *read_hosts(apr_pool_t *pool, char *text, int scheme,
                              msd_ldap_url_t *url)
{
    char *last;

    url->name = apr_pstrdup(pool, text);
    for (char *host = apr_strtok(text, " ", &last); host != NULL;
         host = apr_strtok(NULL, " ", &last)) {
        msd_ldap_server_t server;
        const char *allowed = read_host(pool, host, scheme, &server);

        if (allowed != NULL) {
            return allowed;
        }
        APR_ARRAY_PUSH(url->servers, msd_ldap_server_t) = server;
    }
    return url->servers->nelts > 0 ? NULL : FORM;
}

static const char *read_scope(const char *word, msd_ldap_url_t *url)
{
    for (int i = 0; word != NULL && i < SCOPES; i++) {
        if (apr_cstr_casecmp(word, scopes[i].word) == 0) {
            url->scope = scopes[i].value;
            return NULL;
        }
    }
    return "sub, one or base as the scope in the URL";
}

bool msd_ldap_is_dn(const char *text)
{
    LDAPDN dn = NULL;
    bool is_dn = ldap_str2dn(text, &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS;

    ldap_dnfree(dn);
    return is_dn;
}

/* Whether libldap can send it, which it tells of a search only: it is sent to
 * ourselves. */
static bool is_filter(const char *filter)
{
    int ends[2];
    int id;
    LDAP *ldap;
    int status;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return true; /* the search will tell */
    }
    status = ldap_init_fd(ends[0], LDAP_PROTO_TCP, "ldap://127.0.0.1", &ldap);
    if (status != LDAP_SUCCESS) {
        close(ends[0]);
    } else {
        status = ldap_search_ext(ldap, "", LDAP_SCOPE_BASE, filter, NULL, 0,
                                 NULL, NULL, NULL, 0, &id);
        ldap_unbind_ext(ldap, NULL, NULL);
    }
    close(ends[1]);
    return status != LDAP_FILTER_ERROR;
}

/* The parentheses outside may be left out. */
static const char *read_filter(apr_pool_t *pool, const char *filter,
                               msd_ldap_url_t *url)
{
    int depth = 0;

    if (filter == NULL) {
        return "a filter whose % are %25";
    }
    url->filter = filter[0] == '\0' ? "(objectClass=*)"
                  : filter[0] == '('
                      ? filter
                      : apr_pstrcat(pool, "(", filter, ")", NULL);
    for (const char *p = url->filter; *p != '\0'; p++) {
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        /* The first one is closed by the last one. */
        if (depth <= 0 && p[1] != '\0') {
            return "one filter whose parentheses match";
        }
    }
    if (depth != 0) {
        return "a filter whose parentheses match";
    }
    return is_filter(url->filter) ? NULL : "a filter such as (attribute=value)";
}

/* What stands behind the hosts. */
static const char *read_search(apr_pool_t *pool, const char *rest,
                               msd_ldap_url_t *url)
{
    const char *fault;

    url->base = next_part(pool, &rest);
    url->attribute = next_part(pool, &rest);
    if (url->base == NULL || url->attribute == NULL) {
        return FORM;
    }
    if (!msd_ldap_is_dn(url->base)) {
        return "a distinguished name as the base in the URL";
    }
    if (url->attribute[0] == '\0') {
        url->attribute = apr_pstrdup(pool, "uid");
    }
    for (const char *p = url->attribute; *p != '\0'; p++) {
        if (!apr_isalnum(*p) && strchr("-.;", *p) == NULL) {
            return "one attribute that holds the name of the user";
        }
    }
    fault = read_scope(next_part(pool, &rest), url);
    return fault != NULL ? fault : read_filter(pool, decode(pool, rest), url);
}

static const char *read_word(const char *word, msd_ldap_url_t *url)
{
    if (word == NULL || apr_cstr_casecmp(word, "NONE") == 0) {
        return NULL;
    }
    if (url->protection == MSD_LDAP_LOCAL) {
        return "no word after an ldapi:// URL";
    }
    if (apr_cstr_casecmp(word, "SSL") == 0) {
        return url->protection == MSD_LDAP_TLS
                   ? NULL
                   : "an ldaps:// URL for SSL, or STARTTLS";
    }
    if (apr_cstr_casecmp(word, "STARTTLS") != 0) {
        return "NONE, STARTTLS or SSL after the URL";
    }
    if (url->protection == MSD_LDAP_TLS) {
        return "an ldap:// URL for STARTTLS";
    }
    url->protection = MSD_LDAP_STARTTLS;
    return NULL;
}

const char *msd_ldap_url_read(apr_pool_t *pool, const char *text,
                              const char *word, msd_ldap_url_t **out)
{
    msd_ldap_url_t *url = apr_pcalloc(pool, sizeof(*url));
    const char *hosts = strstr(text, "://");
    const char *slash = hosts == NULL ? NULL : strchr(hosts + 3, '/');
    const char *fault;
    char *names;
    int scheme = 0;

    while (scheme < SCHEMES
           && apr_cstr_casecmpn(text, schemes[scheme].start,
                                strlen(schemes[scheme].start))
                  != 0) {
        scheme++;
    }
    if (scheme == SCHEMES || slash == NULL) {
        return FORM;
    }
    names = apr_pstrmemdup(pool, hosts + 3, (apr_size_t)(slash - hosts - 3));
    url->text = apr_pstrcat(pool, text, " ", word, NULL);
    url->protection = schemes[scheme].protection;
    url->servers = apr_array_make(pool, 2, sizeof(msd_ldap_server_t));
    fault = schemes[scheme].port == NULL
                ? read_socket(pool, names, url)
                : read_hosts(pool, names, scheme, url);
    if (fault == NULL) {
        fault = read_search(pool, slash + 1, url);
    }
    if (fault == NULL) {
        fault = read_word(word, url);
    }
    url->name = apr_pstrcat(pool, url->name, " (msdigest)", NULL);
    *out = url;
    return fault;
}
