/* SPDX-License-Identifier: Apache-2.0 */
/* The way on which a request came: its directives, certificate and names. */
#include "httpd/binding.h"

#include <stdatomic.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <http_connection.h>
#include <http_ssl.h>

#include "digest/endpoint.h"
#include "httpd/log.h"
#include "httpd/state.h"
#include "httpd/value.h"

APLOG_USE_MODULE(auth_msdigest);

/* What the log keeps of these messages; see log.h. */
#define NO_END_POINT_NOTE 240
#define FAILURE_NOTE 241

/* Where the configuration pool keeps that some section asks for binding. */
#define WANTED "msdigest-binding-wanted"

/* The largest file of a certificate, in bytes. */
#define CERTIFICATE_MAX (256 * 1024)

/* What no client can compute: OpenSSL failed us, and nobody is bound. */
#define NOBODY "--------------------------------"

_Static_assert(sizeof(NOBODY) == MSD_BINDING_LENGTH + 1, "one of its length");

/* What was computed of a certificate. */
typedef struct {
    bool has_end_point;
    char value[MSD_BINDING_LENGTH + 1];
} end_point_t;

/* Of a connection.  The streams of HTTP/2 run in threads of their own: one of
 * them writes, and others compute for themselves until it is done. */
typedef struct {
    _Atomic(int) state;
    end_point_t end_point;
} seen_t;

enum { EMPTY, BEING_WRITTEN, KNOWN };

/* ---- The channel of a request */

static end_point_t compute(request_rec *r)
{
    msd_state_t *state = msd_config_server(r->server)->state;
    const char *pem = ap_ssl_var_lookup(r->pool, r->server, r->connection, r,
                                        "SSL_SERVER_CERT");
    end_point_t out = { .has_end_point = true, .value = NOBODY };
    apr_status_t status = msd_endpoint_read(state->hasher, msd_text_of(pem),
                                            out.value);

    if (status == APR_EGENERAL) {
        memcpy(out.value, NOBODY, sizeof(out.value));
        if (!msd_log_is_repeated(state, FAILURE_NOTE)) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                          MSD_LOGNO(482) "OpenSSL cannot hash the certificate "
                          "of the connection: no client can be bound to it");
        }
    } else if (status != APR_SUCCESS) {
        out.has_end_point = false;
        if (msd_log_is_first(state, NO_END_POINT_NOTE)) {
            ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                          MSD_LOGNO(481) "the certificate of server %s has no "
                          "tls-server-end-point: clients cannot be bound to "
                          "it; use one that is signed with RSA or ECDSA",
                          r->server->server_hostname);
        }
    }
    return out;
}

static end_point_t of_connection(request_rec *r)
{
    conn_rec *c = r->connection->master != NULL ? r->connection->master
                                                : r->connection;
    seen_t *seen = ap_get_module_config(c->conn_config,
                                        &auth_msdigest_module);
    end_point_t out;
    int empty = EMPTY;

    if (seen != NULL
        && atomic_load_explicit(&seen->state, memory_order_acquire) == KNOWN) {
        return seen->end_point;
    }
    out = compute(r);
    if (seen != NULL
        && atomic_compare_exchange_strong(&seen->state, &empty,
                                          BEING_WRITTEN)) {
        seen->end_point = out;
        atomic_store_explicit(&seen->state, KNOWN, memory_order_release);
    }
    return out;
}

/* The pool's copy: of a connection it may be another request's. */
static void use_connection(request_rec *r, msd_binding_use_t *use)
{
    end_point_t end_point = of_connection(r);

    use->channel.secure = true;
    use->channel.bindings = use->bindings;
    use->channel.binding_count = 0;
    if (end_point.has_end_point) {
        use->bindings[0] = apr_pstrdup(r->pool, end_point.value);
        use->channel.binding_count = 1;
    }
}

const msd_channel_t *msd_binding_channel(request_rec *r,
                                         const msd_dir_config_t *dir,
                                         msd_binding_use_t *use)
{
    const msd_server_config_t *server = msd_config_server(r->server);
    msd_channel_t *channel = &use->channel;

    if (dir->channel_binding == MSD_UNSET
        || dir->channel_binding == MSD_BINDING_NONE) {
        return NULL;
    }
    memset(channel, 0, sizeof(*channel));
    channel->level = (msd_binding_level_t)dir->channel_binding;
    if (server->service_names != NULL) {
        channel->service_names =
            (const char *const *)server->service_names->elts;
        channel->service_name_count = server->service_names->nelts;
    }
    /* What a client saw is the outermost TLS. */
    if (server->tls_bindings != NULL) {
        channel->secure = true;
        channel->bindings = (const char *const *)server->tls_bindings->elts;
        channel->binding_count = server->tls_bindings->nelts;
    } else if (ap_ssl_conn_is_ssl(r->connection)) {
        use_connection(r, use);
    }
    return channel;
}

/* ---- Hooks */

static int begin_connection(conn_rec *c, void *socket)
{
    (void)socket;
    if (c->master == NULL
        && msd_config_server(c->base_server)->binding_wanted) {
        ap_set_module_config(c->conn_config, &auth_msdigest_module,
                             apr_pcalloc(c->pool, sizeof(seen_t)));
    }
    return OK;
}

static void add_service(apr_array_header_t *services, const char *host)
{
    if (host != NULL) {
        APR_ARRAY_PUSH(services, const char *) =
            apr_pstrcat(services->pool, "HTTP/", host, NULL);
    }
}

static void add_services(apr_array_header_t *services,
                         const apr_array_header_t *hosts)
{
    for (int i = 0; hosts != NULL && i < hosts->nelts; i++) {
        add_service(services, APR_ARRAY_IDX(hosts, i, const char *));
    }
}

/* Behind state.c, which has given each server its own structure; it has not in
 * the first of the two passes of a start. */
static int complete_names(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp,
                          server_rec *s)
{
    void *wanted;

    (void)log;
    (void)temp;
    apr_pool_userdata_get(&wanted, WANTED, pool);
    for (; s != NULL && wanted != NULL; s = s->next) {
        msd_server_config_t *server = msd_config_server(s);

        if (server->state == NULL) {
            return OK;
        }
        server->binding_wanted = true;
        if (server->service_names == NULL) {
            server->service_names = apr_array_make(pool, 4,
                                                   sizeof(const char *));
            add_service(server->service_names, s->server_hostname);
            add_services(server->service_names, s->names);
            add_services(server->service_names, s->wild_names);
        }
    }
    return OK;
}

void msd_binding_register(void)
{
    ap_hook_post_config(complete_names, NULL, NULL, APR_HOOK_LAST);
    ap_hook_pre_connection(begin_connection, NULL, NULL, APR_HOOK_MIDDLE);
}

/* ---- Directives */

const char *msd_binding_set_level(cmd_parms *cmd, void *config,
                                  const char *text)
{
    static const msd_value_word_t words[] = {
        { "none", MSD_BINDING_NONE },
        { "allow", MSD_BINDING_ALLOW },
        { "require", MSD_BINDING_REQUIRE },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;
    const char *fault = msd_value_choose(cmd, text, words,
                                         "none, allow or require",
                                         &dir->channel_binding);

    if (fault != NULL || dir->channel_binding == MSD_BINDING_NONE) {
        return fault;
    }
    if (!msd_hasher_has(msd_hasher_create(cmd->temp_pool), MSD_HASH_MD5)) {
        return msd_value_wrong(cmd, text,
                               "none: OpenSSL's policy has no MD5 (FIPS), of "
                               "which a channel binding is made");
    }
    apr_pool_userdata_setn("", WANTED, NULL, cmd->pool);
    return NULL;
}

/* A service and a host, perhaps with a port or with * and ? in it. */
static bool is_name(const char *name)
{
    const char *slash = strchr(name, '/');

    if (slash == NULL || slash == name || slash[1] == '\0') {
        return false;
    }
    for (const char *at = name; at < slash; at++) {
        if (!apr_isalpha(*at)) {
            return false;
        }
    }
    for (const char *at = slash + 1; *at != '\0'; at++) {
        if (!apr_isalnum(*at) && strchr("-._:*?/", *at) == NULL) {
            return false;
        }
    }
    return true;
}

const char *msd_binding_add_name(cmd_parms *cmd, void *config,
                                 const char *name)
{
    msd_server_config_t *server = msd_config_server(cmd->server);
    const char *fault = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    if (!is_name(name)) {
        return msd_value_wrong(cmd, name,
                               "a service and a host, such as "
                               "HTTP/www.example.com or HTTP/*.example.com");
    }
    if (server->service_names == NULL) {
        server->service_names = apr_array_make(cmd->pool, 2,
                                               sizeof(const char *));
    }
    APR_ARRAY_PUSH(server->service_names, const char *) =
        apr_pstrdup(cmd->pool, name);
    return NULL;
}

/* The text of a file; empty when it cannot be read. */
static msd_text_t read_file(const char *path, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, CERTIFICATE_MAX);
    apr_size_t len = 0;
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, pool)
        == APR_SUCCESS) {
        apr_file_read_full(file, text, CERTIFICATE_MAX, &len);
        apr_file_close(file);
    }
    return (msd_text_t){ text, len };
}

const char *msd_binding_add_certificate(cmd_parms *cmd, void *config,
                                        const char *path)
{
    msd_server_config_t *server = msd_config_server(cmd->server);
    const char *fault = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    const char *whole = ap_server_root_relative(cmd->temp_pool, path);
    char value[MSD_BINDING_LENGTH + 1];
    apr_status_t status;

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    status = msd_endpoint_read(
        msd_hasher_create(cmd->temp_pool),
        whole != NULL ? read_file(whole, cmd->temp_pool) : MSD_TEXT(""),
        value);
    if (APR_STATUS_IS_ENOTIMPL(status)) {
        return msd_value_wrong(cmd, path,
                               "a certificate that is signed with RSA or "
                               "ECDSA, as clients can be bound to no other");
    }
    if (status != APR_SUCCESS) {
        return msd_value_wrong(cmd, path,
                               "a readable file with a certificate in PEM, "
                               "and an OpenSSL that has MD5");
    }
    if (server->tls_bindings == NULL) {
        server->tls_bindings = apr_array_make(cmd->pool, 2,
                                              sizeof(const char *));
    }
    APR_ARRAY_PUSH(server->tls_bindings, const char *) =
        apr_pstrdup(cmd->pool, value);
    return NULL;
}
