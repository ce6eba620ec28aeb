/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS, "RadSec" (RFC 6614). */
#include "authority/radiustls.h"

#include <errno.h>
#include <string.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "authority/radiusbudget.h"
#include "authority/radiusidle.h"

/* Of a packet: code, id, length; and the least that a packet has. */
#define LENGTH_END 4
#define PACKET_MIN 20

struct msd_radiustls_t {
    SSL_CTX *context;
    msd_radiusidle_t *idle;
};

/* What a link does next; the same order for each packet. */
typedef enum {
    CONNECTING,
    SHAKING,
    WRITING,
    READING,
    RESTING /* the reply is there */
} stage_t;

typedef struct {
    msd_radiustls_t *shared;
    msd_radiusroute_t route;
    msd_radiusconnection_t connection;
    stage_t stage;
    bool had_waited; /* and no reply came over it since */
    const unsigned char *packet;
    apr_size_t packet_len;
    unsigned char reply[MSD_RADIUS_PACKET_MAX];
    apr_size_t reply_len;
} self_t;

/* ---- What all links share */

static apr_status_t free_context(void *data)
{
    SSL_CTX_free(((msd_radiustls_t *)data)->context);
    return APR_SUCCESS;
}

msd_radiustls_t *msd_radiustls_create(apr_pool_t *pool)
{
    msd_radiustls_t *tls = apr_pcalloc(pool, sizeof(*tls));

    tls->context = SSL_CTX_new(TLS_client_method());
    apr_pool_cleanup_register(pool, tls, free_context, apr_pool_cleanup_null);
    tls->idle = msd_radiusidle_create(pool);
    if (tls->context == NULL || tls->idle == NULL
        || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1
        || SSL_CTX_set_default_verify_paths(tls->context) != 1) {
        return NULL;
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    return tls;
}

/* ---- Making a connection */

static apr_status_t fail(msd_radiuslink_t *link, const char *fault)
{
    link->fault = fault;
    return APR_EGENERAL;
}

/* RFC 6614 section 2.3 (2): the certificate names the host in subjectAltName;
 * the common name counts for nothing. */
static bool expect_host(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1) {
        return true;
    }
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                        | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1
           && SSL_set_tlsext_host_name(ssl, host) == 1;
}

static bool present(SSL *ssl, const msd_radiusidentity_t *identity)
{
    return identity == NULL
           || SSL_use_cert_and_key(ssl, identity->certificate, identity->key,
                                   identity->chain, 1)
                  == 1;
}

static bool make_ssl(self_t *self)
{
    msd_radiusconnection_t *connection = &self->connection;
    const msd_radiustrust_t *trust = connection->key.trust;
    apr_os_sock_t descriptor;
    SSL *ssl = SSL_new(self->shared->context);

    connection->ssl = ssl;
    if (ssl == NULL
        || apr_os_sock_get(&descriptor, connection->socket) != APR_SUCCESS
        || SSL_set_fd(ssl, descriptor) != 1
        || !expect_host(ssl, self->route.server->host)
        || !present(ssl, connection->key.identity)
        || (trust != NULL
            && SSL_set1_verify_cert_store(ssl, trust->store) != 1)) {
        return false;
    }
    msd_radiusbudget_install(ssl, connection->pool);
    SSL_set_connect_state(ssl);
    return true;
}

/* A socket that blocks nobody, on its way to the server. */
static apr_status_t connect_socket(msd_radiusconnection_t *connection)
{
    apr_sockaddr_t *address = connection->key.server->address;
    apr_sockaddr_t *source = (apr_sockaddr_t *)connection->key.source;
    apr_status_t status = apr_socket_create(&connection->socket,
                                            address->family, SOCK_STREAM,
                                            APR_PROTO_TCP, connection->pool);

    if (status == APR_SUCCESS) {
        status = apr_socket_timeout_set(connection->socket, 0);
    }
    if (status == APR_SUCCESS) {
        status = apr_socket_opt_set(connection->socket, APR_TCP_NODELAY, 1);
    }
    if (status == APR_SUCCESS && source != NULL) {
        status = apr_socket_bind(connection->socket, source);
    }
    return status == APR_SUCCESS
               ? apr_socket_connect(connection->socket, address)
               : status;
}

static apr_status_t judge_connect(msd_radiuslink_t *link, apr_status_t status)
{
    if (status == APR_SUCCESS || APR_STATUS_IS_EINPROGRESS(status)) {
        return APR_SUCCESS;
    }
    return fail(link, APR_STATUS_IS_ECONNREFUSED(status)
                          ? "it refuses connections"
                          : "there is no way to it");
}

static apr_status_t connect_anew(msd_radiuslink_t *link)
{
    self_t *self = link->self;
    msd_radiusconnection_t *connection = &self->connection;
    apr_status_t status;

    self->stage = CONNECTING;
    self->had_waited = false;
    apr_pool_create_unmanaged(&connection->pool);
    status = judge_connect(link, connect_socket(connection));
    if (status != APR_SUCCESS) {
        return status;
    }
    link->socket = connection->socket;
    link->events = APR_POLLOUT;
    return make_ssl(self) ? APR_SUCCESS
                          : fail(link, "OpenSSL cannot begin TLS");
}

/* ---- Going on */

/* Why TLS failed, out of the queue of OpenSSL. */
static const char *explain(const self_t *self)
{
    long verified = SSL_get_verify_result(self->connection.ssl);
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);

    if (verified != X509_V_OK) {
        return apr_pstrcat(self->route.pool, "its certificate is refused: ",
                           X509_verify_cert_error_string(verified), NULL);
    }
    if (ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return "it closes the connection";
    }
    return apr_pstrcat(self->route.pool, "TLS with it fails: ",
                       reason == NULL ? "no reason" : reason, NULL);
}

/* What OpenSSL waits for, or why it cannot go on. */
static apr_status_t judge(msd_radiuslink_t *link, int result)
{
    const self_t *self = link->self;

    switch (SSL_get_error(self->connection.ssl, result)) {
    case SSL_ERROR_WANT_READ:
        link->events = APR_POLLIN;
        return APR_EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        link->events = APR_POLLOUT;
        return APR_EAGAIN;
    case SSL_ERROR_SSL:
        return fail(link, explain(self));
    default:
        return fail(link, "it closes the connection");
    }
}

/* A second call tells what became of the first. */
static apr_status_t go_on_connecting(msd_radiuslink_t *link)
{
    const msd_radiusconnection_t *connection =
        &((self_t *)link->self)->connection;
    apr_status_t status = apr_socket_connect(connection->socket,
                                             connection->key.server->address);

    if (APR_STATUS_IS_EINPROGRESS(status) || status == EALREADY) {
        return APR_EAGAIN;
    }
    return judge_connect(link, status);
}

static apr_status_t go_on_shaking(msd_radiuslink_t *link)
{
    int result = SSL_do_handshake(((self_t *)link->self)->connection.ssl);

    return result == 1 ? APR_SUCCESS : judge(link, result);
}

static apr_status_t go_on_writing(msd_radiuslink_t *link)
{
    self_t *self = link->self;
    int result = SSL_write(self->connection.ssl, self->packet,
                           (int)self->packet_len);

    self->reply_len = 0;
    return result > 0 ? APR_SUCCESS : judge(link, result);
}

/* How many octets the reply has, as far as is known; 0: it is no packet. */
static apr_size_t expected_len(const self_t *self)
{
    apr_size_t len;

    if (self->reply_len < LENGTH_END) {
        return LENGTH_END;
    }
    len = (apr_size_t)self->reply[2] << 8 | self->reply[3];
    return len < PACKET_MIN || len > sizeof(self->reply) ? 0 : len;
}

static apr_status_t go_on_reading(msd_radiuslink_t *link)
{
    self_t *self = link->self;
    apr_size_t expected;

    while ((expected = expected_len(self)) > self->reply_len) {
        int result = SSL_read(self->connection.ssl,
                              self->reply + self->reply_len,
                              (int)(expected - self->reply_len));

        if (result <= 0) {
            return judge(link, result);
        }
        self->reply_len += (apr_size_t)result;
        self->had_waited = false;
    }
    return expected > 0 ? APR_SUCCESS
                        : fail(link, "it sends what is no RADIUS packet");
}

/* Returns APR_SUCCESS when the reply is there. */
static apr_status_t go_on(msd_radiuslink_t *link)
{
    static apr_status_t (*const steps[])(msd_radiuslink_t *) = {
        [CONNECTING] = go_on_connecting,
        [SHAKING] = go_on_shaking,
        [WRITING] = go_on_writing,
        [READING] = go_on_reading,
    };
    self_t *self = link->self;
    apr_status_t status = APR_SUCCESS;

    ERR_clear_error();
    msd_radiusbudget_renew(self->connection.ssl);
    while (status == APR_SUCCESS && self->stage != RESTING) {
        status = steps[self->stage](link);
        if (status == APR_SUCCESS) {
            self->stage++;
        }
    }
    ERR_clear_error();
    return status;
}

/* ---- The link */

static apr_status_t send_packet(msd_radiuslink_t *link,
                                const unsigned char *packet, apr_size_t len)
{
    self_t *self = link->self;

    self->packet = packet;
    self->packet_len = len;
    if (self->stage > WRITING) {
        self->stage = WRITING;
    }
    /* The rest is done as soon as there is an event, which is at once. */
    link->events = APR_POLLOUT;
    return APR_SUCCESS;
}

/* Nothing that waits for this server is better than the one that broke. */
static void abandon(self_t *self)
{
    msd_radiusidle_key_t key = self->connection.key;

    if (self->had_waited) {
        msd_radiusidle_forget(self->shared->idle, key.server);
    }
    msd_radiusconnection_end(&self->connection);
    self->connection.key = key;
}

static apr_status_t receive(msd_radiuslink_t *link, unsigned char *packet,
                            apr_size_t *len)
{
    self_t *self = link->self;
    apr_status_t status = go_on(link);

    if (status != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(status)
        && self->had_waited) {
        abandon(self);
        status = connect_anew(link);
        return status == APR_SUCCESS ? APR_EAGAIN : status;
    }
    if (status == APR_SUCCESS) {
        memcpy(packet, self->reply, self->reply_len);
        *len = self->reply_len;
        msd_wipe(self->reply, sizeof(self->reply));
    }
    return status;
}

static void close_link(msd_radiuslink_t *link, uint64_t now_ms, bool good)
{
    self_t *self = link->self;

    if (good && self->stage == RESTING
        && SSL_pending(self->connection.ssl) == 0) {
        msd_radiusidle_give(self->shared->idle, &self->connection, now_ms);
        return;
    }
    abandon(self);
}

apr_status_t msd_radiustls_open(msd_radiuslink_t *link,
                                const msd_radiusroute_t *route,
                                const msd_radiustls_use_t *use,
                                uint64_t now_ms)
{
    self_t *self = apr_pcalloc(route->pool, sizeof(*self));
    const msd_radiusidle_key_t key = { route->server, route->source,
                                       use->trust, use->identity };

    *link = (msd_radiuslink_t){ .self = self,
                                .send = send_packet,
                                .receive = receive,
                                .close = close_link };
    self->shared = route->server->tls;
    self->route = *route;
    if (msd_radiusidle_take(self->shared->idle, &key, now_ms,
                            &self->connection)) {
        self->stage = RESTING;
        self->had_waited = true;
        link->socket = self->connection.socket;
        return APR_SUCCESS;
    }
    self->connection.key = key;
    return connect_anew(link);
}
