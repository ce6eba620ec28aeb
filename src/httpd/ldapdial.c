/* SPDX-License-Identifier: Apache-2.0 */
/* A new connection to a directory, made within a time limit. */
#include "httpd/ldapdial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <apr_ldap.h>
#include <apr_strings.h>
#include <openldap.h>

/*
 * libldap cannot be made to give up a TLS handshake that stalls, so its own
 * dialer (and mod_ldap's, which also tries four times) is not used: we connect,
 * and the watchdog knows the socket before libldap does.
 */

#define TOO_LATE "no answer in time"

struct timeval msd_ldap_time_left(apr_int64_t deadline_ms)
{
    apr_int64_t left = deadline_ms - msd_watchdog_now_ms();

    left = left < 1 ? 1 : left;
    return (struct timeval){ (time_t)(left / 1000),
                             (suseconds_t)(left % 1000) * 1000 };
}

/* Wait for a connection that is under way.  Returns an errno. */
static int await(int fd, apr_int64_t deadline_ms)
{
    struct pollfd event = { fd, POLLOUT, 0 };
    int error = 0;
    socklen_t size = sizeof(error);
    apr_int64_t left;

    do {
        left = deadline_ms - msd_watchdog_now_ms();
        if (left <= 0) {
            return ETIMEDOUT;
        }
        error = poll(&event, 1, (int)left);
    } while (error == 0 || (error < 0 && errno == EINTR));
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        return errno;
    }
    return error;
}

/* Connect to one address.  Returns the descriptor, or -1 with errno. */
static int connect_to(int family, const struct sockaddr *address,
                      socklen_t size, apr_int64_t deadline_ms)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0) {
        return -1;
    }
    if (connect(fd, address, size) != 0) {
        error = errno == EINPROGRESS ? await(fd, deadline_ms) : errno;
    }
    /* libldap expects a socket that blocks. */
    if (error == 0 && fcntl(fd, F_SETFL, 0) != 0) {
        error = errno;
    }
    if (error != 0) {
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int connect_path(const char *path, apr_int64_t deadline_ms)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    return connect_to(AF_UNIX, (const struct sockaddr *)&address,
                      sizeof(address), deadline_ms);
}

/* The first address that answers. */
static const char *connect_host(const msd_ldap_call_t *call,
                                const msd_ldap_server_t *server,
                                apr_int64_t deadline_ms, int *fd)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list;
    int error = getaddrinfo(server->host, server->port, &hints, &list);

    if (error != 0) {
        return apr_pstrdup(call->pool, gai_strerror(error));
    }
    for (const struct addrinfo *each = list; each != NULL && *fd < 0;
         each = each->ai_next) {
        *fd = connect_to(each->ai_family, each->ai_addr, each->ai_addrlen,
                         deadline_ms);
    }
    error = errno;
    freeaddrinfo(list);
    errno = error;
    return NULL;
}

static const char *connect_server(const msd_ldap_call_t *call,
                                  const msd_ldap_server_t *server,
                                  apr_int64_t deadline_ms, int *fd)
{
    char text[120];
    const char *reason = NULL;

    *fd = -1;
    errno = 0;
    if (server->port == NULL) {
        *fd = connect_path(server->host, deadline_ms);
    } else {
        reason = connect_host(call, server, deadline_ms, fd);
    }
    if (*fd >= 0 || reason != NULL) {
        return reason;
    }
    return errno == ETIMEDOUT
               ? TOO_LATE
               : apr_pstrdup(call->pool,
                             apr_strerror(errno, text, sizeof(text)));
}

/* What libldap says of its last failure. */
static const char *explain(const msd_ldap_call_t *call, LDAP *ldap,
                           const char *step, int status)
{
    char *more = NULL;
    const char *said;

    ldap_get_option(ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
    said = apr_pstrcat(call->pool, step, ": ", ldap_err2string(status),
                       more != NULL && *more != '\0' ? " (" : "",
                       more != NULL ? more : "",
                       more != NULL && *more != '\0' ? ")" : "", NULL);
    ldap_memfree(more);
    return said;
}

static const char *set_options(const msd_ldap_call_t *call, LDAP *ldap,
                               apr_int64_t deadline_ms)
{
    const int version = LDAP_VERSION3;
    const int deref = LDAP_DEREF_ALWAYS;
    const struct timeval left = msd_ldap_time_left(deadline_ms);
    apr_ldap_err_t *result = NULL;

    if (ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version) != 0
        || ldap_set_option(ldap, LDAP_OPT_DEREF, &deref) != 0
        || ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) != 0
        || ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &left) != 0) {
        return "libldap refuses its options";
    }
    if (call->client_certs == NULL || call->client_certs->nelts == 0) {
        return NULL;
    }
    apr_ldap_set_option(call->pool, ldap, APR_LDAP_OPT_TLS_CERT,
                        call->client_certs, &result);
    return result != NULL && result->rc == LDAP_SUCCESS
               ? NULL
               : "LDAPTrustedClientCert cannot be used";
}

static const char *protect(const msd_ldap_call_t *call, LDAP *ldap)
{
    int status = LDAP_SUCCESS;

    if (call->url->protection == MSD_LDAP_STARTTLS) {
        status = ldap_start_tls_s(ldap, NULL, NULL);
    } else if (call->url->protection == MSD_LDAP_TLS) {
        status = ldap_install_tls(ldap);
    }
    return status == LDAP_SUCCESS
               ? NULL
               : explain(call, ldap, "TLS cannot be established", status);
}

static const char *bind_account(const msd_ldap_call_t *call, LDAP *ldap)
{
    struct berval password = { 0, NULL };
    int status;

    if (call->bind_dn == NULL) {
        return NULL;
    }
    if (call->password == NULL) {
        return "AuthMSDigestLDAPBindDN without AuthMSDigestLDAPBindPassword";
    }
    password.bv_val = (char *)(uintptr_t)call->password;
    password.bv_len = strlen(call->password);
    status = ldap_sasl_bind_s(ldap, call->bind_dn, LDAP_SASL_SIMPLE, &password,
                              NULL, NULL, NULL);
    return status == LDAP_SUCCESS
               ? NULL
               : explain(call, ldap, "AuthMSDigestLDAPBindDN cannot bind",
                         status);
}

/* All that is said on a new connection, under the eyes of the watchdog. */
static const char *introduce(const msd_ldap_call_t *call, int fd, LDAP *ldap,
                             apr_int64_t deadline_ms)
{
    msd_watch_t watch;
    const char *reason = NULL;

    if (msd_watchdog_begin(call->dog, &watch, fd, deadline_ms)
        != APR_SUCCESS) {
        reason = "there is no thread to end a wait";
    }
    if (reason == NULL) {
        reason = set_options(call, ldap, deadline_ms);
    }
    if (reason == NULL) {
        reason = protect(call, ldap);
    }
    if (reason == NULL) {
        reason = bind_account(call, ldap);
    }
    return msd_watchdog_end(call->dog, &watch) ? TOO_LATE : reason;
}

static const char *dial_server(const msd_ldap_call_t *call,
                               const msd_ldap_server_t *server,
                               apr_int64_t deadline_ms, LDAP **ldap)
{
    int fd;
    const char *reason = connect_server(call, server, deadline_ms, &fd);
    const int proto = server->port == NULL ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;

    if (reason != NULL) {
        return reason;
    }
    if (ldap_init_fd(fd, proto, server->uri, ldap) != LDAP_SUCCESS) {
        close(fd);
        return "libldap cannot take up the connection";
    }
    reason = introduce(call, fd, *ldap, deadline_ms);
    if (reason != NULL) {
        ldap_unbind_ext(*ldap, NULL, NULL);
        *ldap = NULL;
    }
    return reason;
}

const char *msd_ldap_dial(const msd_ldap_call_t *call, apr_int64_t deadline_ms,
                          LDAP **ldap)
{
    const apr_array_header_t *servers = call->url->servers;
    const char *reasons = "";

    *ldap = NULL;
    for (int i = 0; i < servers->nelts; i++) {
        const msd_ldap_server_t *server = &APR_ARRAY_IDX(servers, i,
                                                         msd_ldap_server_t);
        apr_int64_t now = msd_watchdog_now_ms();
        apr_int64_t part = (deadline_ms - now) / (servers->nelts - i);
        const char *reason = dial_server(call, server, now + part, ldap);

        if (reason == NULL) {
            return NULL;
        }
        reasons = apr_pstrcat(call->pool, reasons, i > 0 ? "; " : "",
                              server->uri, ": ", reason, NULL);
    }
    return reasons;
}
