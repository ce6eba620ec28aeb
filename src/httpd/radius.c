/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS servers: their authority, their log. */
#include "httpd/radius.h"

#include <string.h>

#include <apr_strings.h>

#include "httpd/log.h"
#include "httpd/radiustls.h"
#include "httpd/state.h"

APLOG_USE_MODULE(auth_msdigest);

#define DEFAULT_TIMEOUT_MS 2000
#define DEAD_MS 20000

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

/* Only TLS can do without a secret of its own. */
static bool is_complete(const msd_dir_config_t *dir)
{
    if (dir->radius_servers == NULL) {
        return false;
    }
    for (int i = 0; i < dir->radius_servers->nelts; i++) {
        if (dir->radius_secret == NULL
            && APR_ARRAY_IDX(dir->radius_servers, i, msd_radius_server_t).tls
                   == NULL) {
            return false;
        }
    }
    return true;
}

static void refuse(void *self, const msd_question_t *question,
                   msd_proof_t *out)
{
    (void)self;
    (void)question;
    memset(out, 0, sizeof(*out));
    out->result = MSD_PROOF_UNAVAILABLE;
    out->reason = "AuthMSDigestProvider radius needs AuthMSDigestRadiusServer, "
                  "and over UDP AuthMSDigestRadiusSecret";
}

msd_authority_t msd_radius_authority(msd_radius_use_t *use, request_rec *r,
                                     const msd_dir_config_t *dir)
{
    msd_authority_t authority = { .self = &use->radius,
                                  .prove = msd_radius_prove };

    if (!is_complete(dir)) {
        return (msd_authority_t){ .prove = refuse };
    }
    use->r = r;
    use->state = msd_config_server(r->server)->state;
    use->world = (msd_radius_world_t){ use, now_ms, draw, note };
    use->radius = (msd_radius_t){
        .servers = (const msd_radius_server_t *)dir->radius_servers->elts,
        .count = dir->radius_servers->nelts,
        .secret = msd_text_of(dir->radius_secret),
        .tls = msd_radiustls_use(dir),
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
