/* SPDX-License-Identifier: Apache-2.0 */
/* A RADIUS server over TLS in a thread, and certificates made for a test. */
#include "tlsfake.h"

#include <apr_portable.h>
#include <openssl/x509v3.h>

#include "authority/radiustls.h"
#include "radiusfake.h"

/* ---- Certificates */

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    ck_assert_ptr_nonnull(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

tlsfake_pair_t tlsfake_pair(const tlsfake_pair_t *issuer, const char *names,
                            int days)
{
    tlsfake_pair_t pair = { EVP_EC_gen("P-256"), X509_new() };
    X509_NAME *name = X509_get_subject_name(pair.certificate);
    static int serial;

    X509_set_version(pair.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(pair.certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(pair.certificate), -86400 * 10);
    X509_gmtime_adj(X509_getm_notAfter(pair.certificate), 86400L * days);
    X509_set_pubkey(pair.certificate, pair.key);
    /* The common name is one that nobody may believe. */
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)(issuer == NULL
                                                           ? "authority"
                                                           : "radius.test"),
                               -1, -1, 0);
    X509_set_issuer_name(pair.certificate,
                         issuer == NULL
                             ? name
                             : X509_get_subject_name(issuer->certificate));
    add_extension(pair.certificate, NID_basic_constraints,
                  issuer == NULL ? "critical,CA:TRUE" : "CA:FALSE");
    if (names != NULL) {
        add_extension(pair.certificate, NID_subject_alt_name, names);
    }
    ck_assert_int_gt(X509_sign(pair.certificate,
                               issuer == NULL ? pair.key : issuer->key,
                               EVP_sha256()),
                     0);
    return pair;
}

void tlsfake_free_pair(tlsfake_pair_t *pair)
{
    X509_free(pair->certificate);
    EVP_PKEY_free(pair->key);
    memset(pair, 0, sizeof(*pair));
}

/* ---- Replies */

static const char *secret_of(const tlsfake_t *fake)
{
    return fake->manner == TLSFAKE_OTHER_SECRET ? "another"
                                                : MSD_RADIUSTLS_SECRET;
}

static fake_reply_t accept_reply(const tlsfake_t *fake,
                                 const unsigned char *request)
{
    fake_reply_t reply = fake_begin(request, MSD_RADIUS_ACCEPT);
    char hex[32];

    msd_hex_encode(fake->session_key, 16, hex);
    if (fake->manner != TLSFAKE_UNSIGNED) {
        fake_add_mac(&reply);
    }
    if (fake->manner == TLSFAKE_KEY_IN_CLEAR) {
        fake_add(&reply, 121, (msd_text_t){ hex, 32 });
    } else if (fake->manner != TLSFAKE_WITHOUT_KEY) {
        fake_add_key(&reply, request, secret_of(fake),
                     (msd_text_t){ hex, 32 });
    }
    return reply;
}

static fake_reply_t make_reply(const tlsfake_t *fake,
                               const unsigned char *request, apr_size_t len)
{
    bool challenges = fake->manner == TLSFAKE_CHALLENGES
                      && fake_attribute(request, len, 24).data == NULL;
    fake_reply_t reply;

    if (challenges || fake->manner == TLSFAKE_REJECTS) {
        reply = fake_begin(request, challenges ? MSD_RADIUS_CHALLENGE
                                               : MSD_RADIUS_REJECT);
        fake_add_mac(&reply);
        fake_add(&reply, 24, MSD_TEXT("state"));
    } else {
        reply = accept_reply(fake, request);
    }
    fake_sign(&reply, request, secret_of(fake));
    if (fake->manner == TLSFAKE_TWICE) {
        memcpy(reply.bytes + reply.len, reply.bytes, reply.len);
        reply.len *= 2;
    }
    if (fake->manner == TLSFAKE_TOO_SHORT) {
        memcpy(reply.bytes + 2, "\x00\x13", 2);
    }
    if (fake->manner == TLSFAKE_TOO_LONG) {
        memcpy(reply.bytes + 2, "\x10\x01", 2);
    }
    return reply;
}

/* ---- A connection */

static bool write_all(SSL *ssl, const unsigned char *bytes, apr_size_t len,
                      apr_size_t step)
{
    for (apr_size_t at = 0; at < len; at += step) {
        if (SSL_write(ssl, bytes + at, (int)(at + step > len ? len - at : step))
            <= 0) {
            return false;
        }
    }
    return true;
}

/* One request and its reply.  Returns whether the connection goes on. */
static bool exchange(tlsfake_t *fake, SSL *ssl, int number)
{
    unsigned char request[MSD_RADIUS_PACKET_MAX];
    int got = SSL_read(ssl, request, sizeof(request));
    fake_reply_t reply;

    if (got <= 0) {
        return false;
    }
    atomic_fetch_add(&fake->requests, 1);
    if (fake->manner == TLSFAKE_CLOSES_IN_BETWEEN && number > 0) {
        return false;
    }
    if (fake->manner == TLSFAKE_MUTE
        || !fake_is_signed(request, (apr_size_t)got, MSD_RADIUSTLS_SECRET)) {
        return true;
    }
    reply = make_reply(fake, request, (apr_size_t)got);
    return write_all(ssl, reply.bytes, reply.len,
                     fake->manner == TLSFAKE_BYTE_BY_BYTE ? 1 : reply.len)
           && fake->manner != TLSFAKE_CLOSES;
}

static void serve_connection(tlsfake_t *fake, apr_socket_t *socket)
{
    apr_os_sock_t descriptor;
    SSL *ssl = SSL_new(fake->context);
    int number = 0;

    apr_os_sock_get(&descriptor, socket);
    SSL_set_fd(ssl, descriptor);
    if (SSL_accept(ssl) == 1) {
        while (exchange(fake, ssl, number)) {
            number++;
        }
        SSL_shutdown(ssl);
    }
    SSL_free(ssl);
}

/* One HelloRequest to a record, so that reading them is the slower part; for
 * ten seconds at most. */
static void flood(apr_socket_t *socket)
{
    static const char hello[] = "\x16\x03\x03\x00\x04\x00\x00\x00\x00";
    char bytes[900 * (sizeof(hello) - 1)];
    apr_time_t end = apr_time_now() + apr_time_from_sec(10);
    apr_size_t len;

    for (apr_size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = hello[i % (sizeof(hello) - 1)];
    }
    do {
        len = sizeof(bytes);
    } while (apr_socket_send(socket, bytes, &len) == APR_SUCCESS
             && len == sizeof(bytes) && apr_time_now() < end);
}

/* Without TLS, until the client goes away. */
static void annoy(const tlsfake_t *fake, apr_socket_t *socket)
{
    char bytes[1000] = "220 welcome to another service\r\n";
    apr_size_t len = sizeof(bytes);

    if (fake->manner == TLSFAKE_SPEAKS_PLAINLY) {
        apr_socket_send(socket, bytes, &len);
    }
    do {
        len = sizeof(bytes);
    } while (apr_socket_recv(socket, bytes, &len) == APR_SUCCESS);
}

static void *serve(apr_thread_t *thread, void *data)
{
    tlsfake_t *fake = data;
    apr_socket_t *socket;
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    while (apr_socket_accept(&socket, fake->listener, pool) == APR_SUCCESS
           && !atomic_load(&fake->ended)) {
        atomic_fetch_add(&fake->connections, 1);
        if (fake->manner == TLSFAKE_FLOODS) {
            flood(socket);
        } else if (fake->manner == TLSFAKE_STALLS
                   || fake->manner == TLSFAKE_SPEAKS_PLAINLY) {
            annoy(fake, socket);
        } else {
            serve_connection(fake, socket);
        }
        apr_socket_close(socket);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* ---- Life */

static void make_context(tlsfake_t *fake)
{
    fake->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(fake->context, fake->server->certificate);
    SSL_CTX_use_PrivateKey(fake->context, fake->server->key);
    if (fake->manner == TLSFAKE_OLD_TLS) {
        SSL_CTX_set_security_level(fake->context, 0);
        SSL_CTX_set_min_proto_version(fake->context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(fake->context, TLS1_1_VERSION);
    }
    if (fake->manner == TLSFAKE_WANTS_CERTIFICATE) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(fake->context),
                            fake->authority->certificate);
        SSL_CTX_set_verify(fake->context,
                           SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           NULL);
    }
}

void tlsfake_start(tlsfake_t *fake)
{
    apr_sockaddr_t *any;

    make_context(fake);
    apr_sockaddr_info_get(&any, "127.0.0.1", APR_INET, 0, 0, unit_pool);
    ck_assert_int_eq(apr_socket_create(&fake->listener, APR_INET, SOCK_STREAM,
                                       APR_PROTO_TCP, unit_pool),
                     0);
    ck_assert_int_eq(apr_socket_bind(fake->listener, any), 0);
    ck_assert_int_eq(apr_socket_listen(fake->listener, 20), 0);
    apr_socket_addr_get(&fake->address, APR_LOCAL, fake->listener);
    ck_assert_int_eq(
        apr_thread_create(&fake->thread, NULL, serve, fake, unit_pool), 0);
}

void tlsfake_stop(tlsfake_t *fake)
{
    apr_socket_t *last;
    apr_status_t status;

    if (fake->thread == NULL) {
        return;
    }
    atomic_store(&fake->ended, true);
    apr_socket_create(&last, APR_INET, SOCK_STREAM, APR_PROTO_TCP, unit_pool);
    ck_assert_int_eq(apr_socket_connect(last, fake->address), 0);
    apr_thread_join(&status, fake->thread);
    apr_socket_close(last);
    apr_socket_close(fake->listener);
    SSL_CTX_free(fake->context);
    fake->thread = NULL;
}
