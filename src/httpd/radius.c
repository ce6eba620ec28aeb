/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS servers: their directives, their authority, their log. */
#include "httpd/radius.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_shm.h>
#include <apr_strings.h>

#include "httpd/log.h"
#include "httpd/state.h"
#include "httpd/value.h"

APLOG_USE_MODULE(auth_msdigest);

#define DEFAULT_PORT 1812
#define DEFAULT_TIMEOUT_MS 2000
#define DEAD_MS 20000

/* Dead marks in one piece of shared memory, and where the configuration's pool
 * keeps those that are left. */
#define MARKS 512
#define MARKS_LEFT "msdigest-radius-marks"

/* RFC 2865 section 3 advises this length at least. */
#define SECRET_SHORT 16
#define SECRET_MAX 256

/* The secret's file must be closed to these. */
#define OPEN_MODE \
    (APR_FPROT_GWRITE | APR_FPROT_WREAD | APR_FPROT_WWRITE)

/* ---- Directives */

static const char *resolve(cmd_parms *cmd, const char *text,
                           apr_port_t default_port, apr_sockaddr_t **out)
{
    char *host;
    char *scope;
    apr_port_t port;

    if (apr_parse_addr_port(&host, &scope, &port, text, cmd->pool)
            != APR_SUCCESS
        || host == NULL) {
        return "host or host:port, [address]:port for IPv6";
    }
    return apr_sockaddr_info_get(out, host, APR_UNSPEC,
                                 port == 0 ? default_port : port, 0,
                                 cmd->pool)
                   == APR_SUCCESS
               ? NULL
               : "a host that can be resolved";
}

/* Marks that no server has yet. */
typedef struct {
    _Atomic(uint64_t) *next;
    int count;
} marks_t;

/* Shared by all processes of a generation, as they inherit it: what one finds
 * out spares the others. */
static const char *make_mark(apr_pool_t *pool, _Atomic(uint64_t) **mark)
{
    void *found;
    marks_t *marks;
    apr_shm_t *shm;

    apr_pool_userdata_get(&found, MARKS_LEFT, pool);
    marks = found;
    if (marks == NULL) {
        marks = apr_pcalloc(pool, sizeof(*marks));
        apr_pool_userdata_setn(marks, MARKS_LEFT, NULL, pool);
    }
    if (marks->count == 0) {
        if (apr_shm_create(&shm, MARKS * sizeof(*marks->next), NULL, pool)
            != APR_SUCCESS) {
            return "less: there is no shared memory for it";
        }
        marks->next = apr_shm_baseaddr_get(shm);
        marks->count = MARKS;
    }
    *mark = marks->next++;
    marks->count--;
    return NULL;
}

const char *msd_radius_add_server(cmd_parms *cmd, void *config,
                                  const char *address, const char *transport)
{
    msd_dir_config_t *dir = config;
    msd_radius_server_t server;
    const char *fault = resolve(cmd, address, DEFAULT_PORT, &server.address);

    if (fault != NULL) {
        return msd_value_wrong(cmd, address, fault);
    }
    if (transport != NULL && ap_cstr_casecmp(transport, "udp") != 0) {
        return msd_value_wrong(cmd, transport,
                               "udp; RADIUS over TLS is not there yet");
    }
    if (dir->radius_servers == NULL) {
        dir->radius_servers = apr_array_make(cmd->pool, 2, sizeof(server));
    }
    if (dir->radius_servers->nelts == MSD_RADIUS_SERVERS_MAX) {
        return msd_value_wrong(cmd, address, "at most 8 servers");
    }
    server.name = apr_psprintf(cmd->pool, "%s:%u", server.address->hostname,
                               (unsigned)server.address->port);
    fault = make_mark(cmd->pool, &server.dead_until_ms);
    if (fault != NULL) {
        return msd_value_wrong(cmd, address, fault);
    }
    APR_ARRAY_PUSH(dir->radius_servers, msd_radius_server_t) = server;
    return NULL;
}

/* The first line of a file that nobody else may read. */
static const char *read_secret(cmd_parms *cmd, const char *path,
                               const char **out)
{
    char line[SECRET_MAX + 2];
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status;

    if (apr_file_open(&file, path, APR_READ, 0, cmd->temp_pool)
        != APR_SUCCESS) {
        return "file:/path of a file that can be read";
    }
    status = apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_TYPE, file);
    if (status == APR_SUCCESS && info.filetype == APR_REG) {
        status = apr_file_gets(line, sizeof(line), file);
    }
    apr_file_close(file);
    if (status != APR_SUCCESS || info.filetype != APR_REG) {
        return "a file with the secret in its first line";
    }
    if ((info.protection & OPEN_MODE) != 0) {
        return "a file that others can neither read nor write: chmod 600";
    }
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || strlen(line) > SECRET_MAX) {
        return "a secret of 1 to 256 octets";
    }
    *out = apr_pstrdup(cmd->pool, line);
    msd_wipe(line, sizeof(line));
    return NULL;
}

const char *msd_radius_set_secret(cmd_parms *cmd, void *config,
                                  const char *text)
{
    msd_dir_config_t *dir = config;
    const char *fault;

    if (strncmp(text, "file:/", 6) != 0) {
        return msd_value_wrong(cmd, "...", "file:/path");
    }
    fault = read_secret(cmd, text + 5, &dir->radius_secret);
    if (fault != NULL) {
        return msd_value_wrong(cmd, text, fault);
    }
    if (strlen(dir->radius_secret) < SECRET_SHORT) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, cmd->server,
                     MSD_LOGNO(331) "%s: the secret in %s is shorter than 16 "
                     "octets, and can be guessed by whoever sees a packet",
                     cmd->cmd->name, text);
    }
    return NULL;
}

const char *msd_radius_set_source(cmd_parms *cmd, void *config,
                                  const char *address)
{
    msd_dir_config_t *dir = config;
    const char *fault = resolve(cmd, address, 0, &dir->radius_source);

    if (fault == NULL && dir->radius_source->port != 0) {
        fault = "an address without a port";
    }
    return fault == NULL ? NULL : msd_value_wrong(cmd, address, fault);
}

const char *msd_radius_set_nas(cmd_parms *cmd, void *config, const char *name)
{
    msd_dir_config_t *dir = config;

    if (name[0] == '\0' || strlen(name) > 253) {
        return msd_value_wrong(cmd, name, "1 to 253 octets");
    }
    dir->radius_nas = apr_pstrdup(cmd->pool, name);
    return NULL;
}

const char *msd_radius_set_groups(cmd_parms *cmd, void *config,
                                  const char *name)
{
    static const msd_value_word_t words[] = {
        { "Filter-Id", MSD_RADIUS_FILTER_ID },
        { "Class", MSD_RADIUS_CLASS },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;

    return msd_value_choose(cmd, name, words, "Filter-Id or Class",
                            &dir->radius_groups_in);
}

const char *msd_radius_check_algorithms(cmd_parms *cmd,
                                        const msd_dir_config_t *dir,
                                        const char *value)
{
    const char *provider = msd_config_session_only(dir);

    if (dir->algorithms == NULL || provider == NULL) {
        return NULL;
    }
    for (int i = 0; i < dir->algorithms->nelts; i++) {
        if (APR_ARRAY_IDX(dir->algorithms, i, msd_algorithm_t)
            != MSD_ALGORITHM_MD5_SESS) {
            return msd_value_wrong(
                cmd, value,
                apr_pstrcat(cmd->pool,
                            "AuthMSDigestAlgorithm MD5-sess alone beside "
                            "AuthMSDigestProvider ", provider, NULL));
        }
    }
    return NULL;
}

/* ---- The world of the client */

static uint64_t now_ms(void *self)
{
    return msd_state_now_ms(((const msd_radius_use_t *)self)->state);
}

static apr_status_t draw(void *self, unsigned char *out, apr_size_t n)
{
    return msd_random_draw(((const msd_radius_use_t *)self)->state->random,
                           out, n);
}

static void log_server(const msd_radius_use_t *use, msd_radius_note_t what,
                       const char *server, const char *text)
{
    bool repeated = what != MSD_RADIUS_BACK
                    && msd_log_is_repeated(use->state, 16 + (unsigned)what);

    if (what == MSD_RADIUS_BACK) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, use->r,
                      MSD_LOGNO(333) "RADIUS server %s answers again",
                      server);
        return;
    }
    if (what == MSD_RADIUS_DEAD) {
        ap_log_rerror(APLOG_MARK, repeated ? APLOG_DEBUG : APLOG_WARNING, 0,
                      use->r, MSD_LOGNO(332) "RADIUS server %s: %s; others "
                      "are asked before it for %d seconds", server, text,
                      DEAD_MS / 1000);
        return;
    }
    ap_log_rerror(APLOG_MARK, repeated ? APLOG_DEBUG : APLOG_ERR, 0, use->r,
                  MSD_LOGNO(334) "a packet from RADIUS server %s is dropped: "
                  "%s; check AuthMSDigestRadiusSecret, and that the server "
                  "signs its replies", server, text);
}

static void note(void *self, msd_radius_note_t what, const char *server,
                 msd_text_t span)
{
    const msd_radius_use_t *use = self;
    const char *text = apr_pstrmemdup(use->r->pool, span.data, span.len);
    int level;

    switch (what) {
    case MSD_RADIUS_MESSAGE:
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, use->r,
                      MSD_LOGNO(335) "RADIUS server %s says: %s", server,
                      text);
        return;
    case MSD_RADIUS_UNSENDABLE:
        /* The macro reads its level twice. */
        level = msd_log_is_first(use->state, 16 + MSD_RADIUS_UNSENDABLE)
                    ? APLOG_ERR
                    : APLOG_DEBUG;
        ap_log_rerror(APLOG_MARK, level, 0, use->r,
                      MSD_LOGNO(336) "RADIUS cannot be asked for %s: %s; let "
                      "clients log in at a shorter uri of the same realm, "
                      "whose session is good here too", use->r->uri, text);
        return;
    case MSD_RADIUS_DEAD:
    case MSD_RADIUS_BACK:
    case MSD_RADIUS_DROPPED:
        log_server(use, what, server, text);
        return;
    }
}

/* ---- The authority */

static void refuse(void *self, const msd_question_t *question,
                   msd_proof_t *out)
{
    (void)self;
    (void)question;
    memset(out, 0, sizeof(*out));
    out->result = MSD_PROOF_UNAVAILABLE;
    out->reason = "AuthMSDigestProvider radius needs AuthMSDigestRadiusServer "
                  "and AuthMSDigestRadiusSecret";
}

msd_authority_t msd_radius_authority(msd_radius_use_t *use, request_rec *r,
                                     const msd_dir_config_t *dir)
{
    msd_authority_t authority = { .self = &use->radius,
                                  .prove = msd_radius_prove };

    if (dir->radius_servers == NULL || dir->radius_secret == NULL) {
        return (msd_authority_t){ .prove = refuse };
    }
    use->r = r;
    use->state = msd_config_server(r->server)->state;
    use->world = (msd_radius_world_t){ use, now_ms, draw, note };
    use->radius = (msd_radius_t){
        .servers = (const msd_radius_server_t *)dir->radius_servers->elts,
        .count = dir->radius_servers->nelts,
        .secret = msd_text_of(dir->radius_secret),
        .nas_identifier = msd_text_of(dir->radius_nas != NULL
                                          ? dir->radius_nas
                                          : r->server->server_hostname),
        .groups_in = dir->radius_groups_in == MSD_RADIUS_CLASS
                         ? MSD_RADIUS_CLASS
                         : MSD_RADIUS_FILTER_ID,
        .source = dir->radius_source,
        .deadline_ms = dir->radius_timeout_ms == MSD_UNSET
                           ? DEFAULT_TIMEOUT_MS
                           : (uint64_t)dir->radius_timeout_ms,
        .dead_ms = DEAD_MS,
        .world = &use->world,
    };
    return authority;
}
