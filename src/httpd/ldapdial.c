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

#include "httpd/lookup.h"

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
static int connect_to(const struct addrinfo *address, apr_int64_t deadline_ms)
{
    int fd = socket(address->ai_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (fd < 0) {
        return -1;
    }
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
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

static const char *say_errno(const msd_ldap_call_t *call, int error)
{
    char text[120];

    return error == ETIMEDOUT
               ? TOO_LATE
               : apr_pstrdup(call->pool,
                             apr_strerror(error, text, sizeof(text)));
}

static const char *dial_address(const msd_ldap_call_t *call,
                                const msd_ldap_server_t *server,
                                const struct addrinfo *address,
                                apr_int64_t deadline_ms, LDAP **ldap)
{
    int fd = connect_to(address, deadline_ms);
    const int proto = server->port == NULL ? LDAP_PROTO_IPC : LDAP_PROTO_TCP;
    const char *reason;

    if (fd < 0) {
        return say_errno(call, errno);
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

static const char *dial_path(const msd_ldap_call_t *call,
                             const msd_ldap_server_t *server,
                             apr_int64_t deadline_ms, LDAP **ldap)
{
    struct sockaddr_un path = { .sun_family = AF_UNIX };
    const struct addrinfo address = { .ai_family = AF_UNIX,
                                      .ai_addr = (struct sockaddr *)&path,
                                      .ai_addrlen = sizeof(path) };

    if (strlen(server->host) >= sizeof(path.sun_path)) {
        return say_errno(call, ENAMETOOLONG);
    }
    memcpy(path.sun_path, server->host, strlen(server->host));
    return dial_address(call, server, &address, deadline_ms, ldap);
}

/* Each address has an equal part of the time that is left. */
static const char *dial_host(const msd_ldap_call_t *call,
                             const msd_ldap_server_t *server,
                             apr_int64_t deadline_ms, LDAP **ldap)
{
    struct addrinfo *list;
    int error = msd_lookup_host(server->host, server->port, deadline_ms, &list);
    const char *reason = "it has no address";
    int left = 0;

    if (error != 0) {
        return apr_pstrcat(call->pool, "its address cannot be found: ",
                           gai_strerror(error), NULL);
    }
    for (const struct addrinfo *each = list; each != NULL;
         each = each->ai_next) {
        left++;
    }
    for (const struct addrinfo *each = list; each != NULL && reason != NULL;
         each = each->ai_next) {
        apr_int64_t now = msd_watchdog_now_ms();

        reason = dial_address(call, server, each,
                              now + (deadline_ms - now) / left--, ldap);
    }
    freeaddrinfo(list);
    return reason;
}

static const char *dial_server(const msd_ldap_call_t *call,
                               const msd_ldap_server_t *server,
                               apr_int64_t deadline_ms, LDAP **ldap)
{
    return server->port == NULL ? dial_path(call, server, deadline_ms, ldap)
                                : dial_host(call, server, deadline_ms, ldap);
}

void msd_ldap_complain(msd_ldap_call_t *call, const char *reason)
{
    const msd_ldap_server_t *server = &APR_ARRAY_IDX(
        call->url->servers, call->next - 1, msd_ldap_server_t);

    call->reasons = apr_pstrcat(call->pool, call->reasons,
                                call->reasons[0] == '\0' ? "" : "; ",
                                server->uri, ": ", reason, NULL);
}

bool msd_ldap_dial(msd_ldap_call_t *call, apr_int64_t deadline_ms, LDAP **ldap)
{
    const apr_array_header_t *servers = call->url->servers;

    *ldap = NULL;
    while (call->next < servers->nelts) {
        int left = servers->nelts - call->next;
        apr_int64_t now = msd_watchdog_now_ms();
        const char *reason = dial_server(
            call, &APR_ARRAY_IDX(servers, call->next++, msd_ldap_server_t),
            now + (deadline_ms - now) / left, ldap);

        if (reason == NULL) {
            return true;
        }
        msd_ldap_complain(call, reason);
    }
    return false;
}
