/* SPDX-License-Identifier: Apache-2.0 */
/* The process msdigest-netlogond: started, watched, ended. */
#include "httpd/helper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <unixd.h>

#include "httpd/watchdog.h"

APLOG_USE_MODULE(auth_msdigest);

/* Questions that wait while all of the helper's threads are at work. */
#define QUEUE 64

/* A helper that ends this soon after its start is started with a pause. */
#define SOON_MS 5000
#define PAUSE "2"

/* More than all options need. */
#define ARGUMENTS_MAX 40

/* What a graceful restart leaves alone: no pointers to code or data of the
 * module, which is unloaded between. */
typedef struct {
    int socket;                 /* 0: none yet */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
} kept_t;

/* The helper of a generation. */
typedef struct {
    apr_pool_t *pool;
    server_rec *s;
    const msd_netlogon_settings_t *settings;
    const kept_t *kept;
    pid_t parent;               /* who started it, and may end it */
    apr_proc_t process;
    bool runs;
    bool watched;
    apr_int64_t started_ms;
} helper_t;

/* ---- The socket */

static int open_socket(kept_t *kept, server_rec *s, apr_pool_t *pool)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = ap_runtime_dir_relative(
        pool, apr_psprintf(pool, "msdigest-netlogond.%" APR_PID_T_FMT
                           ".sock", getpid()));
    mode_t mask;
    int error;
    int fd;

    if (strlen(path) >= sizeof(address.sun_path)) {
        return ENAMETOOLONG;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    unlink(path);
    mask = umask(S_IXUSR | S_IRWXG | S_IRWXO);
    error = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0
                ? 0
                : errno;
    umask(mask);
    if (error == 0
        && ((geteuid() == 0
             && chown(path, ap_unixd_config.user_id, (gid_t)-1) != 0)
            || listen(fd, QUEUE) != 0)) {
        error = errno;
    }
    if (error != 0) {
        close(fd);
        return error;
    }
    kept->socket = fd;
    apr_cpystrn(kept->path, path, sizeof(kept->path));
    (void)s;
    return 0;
}

static kept_t *get_kept(server_rec *s, apr_pool_t *pool)
{
    static const char name[] = "mod_auth_msdigest netlogond";
    kept_t *kept = ap_retained_data_get(name);
    int error;

    if (kept == NULL) {
        kept = ap_retained_data_create(name, sizeof(*kept));
    }
    error = kept->socket > 0 ? 0 : open_socket(kept, s, pool);
    if (error == 0) {
        return kept;
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, APR_FROM_OS_ERROR(error), s,
                 MSD_LOGNO(458) "cannot make the socket of "
                 "msdigest-netlogond in the runtime directory; check "
                 "DefaultRuntimeDir");
    return NULL;
}

/* ---- The process */

static const char *get_program(const msd_netlogon_settings_t *settings)
{
    return settings->helper != NULL ? settings->helper : MSD_NETLOGOND;
}

static const char **make_arguments(const helper_t *helper, bool pause)
{
    const msd_netlogon_settings_t *settings = helper->settings;
    const char **arguments = apr_pcalloc(helper->pool,
                                         ARGUMENTS_MAX * sizeof(*arguments));
    const char *user = apr_psprintf(helper->pool, "#%lu",
                                    (unsigned long)ap_unixd_config.user_id);
    const char *const fixed[] = {
        get_program(settings), "--domain", settings->domain, "--account",
        settings->account, "--secret", settings->secret_path, "--user", user,
        "--delay", pause ? PAUSE : "0",
    };
    int n = (int)(sizeof(fixed) / sizeof(fixed[0]));

    memcpy(arguments, fixed, sizeof(fixed));
    if (settings->dns != NULL) {
        arguments[n++] = "--dns";
        arguments[n++] = settings->dns;
    }
    for (int i = 0; settings->servers != NULL && i < settings->servers->nelts;
         i++) {
        arguments[n++] = "--server";
        arguments[n++] = APR_ARRAY_IDX(settings->servers, i, const char *);
    }
    return arguments;
}

static apr_status_t spawn(helper_t *helper, bool pause)
{
    const char **arguments = make_arguments(helper, pause);
    apr_procattr_t *attributes;
    apr_file_t *input;
    int fd = helper->kept->socket;
    apr_status_t status = apr_procattr_create(&attributes, helper->pool);

    if (status == APR_SUCCESS) {
        status = apr_os_file_put(&input, &fd, APR_READ, helper->pool);
    }
    if (status == APR_SUCCESS) {
        status = apr_procattr_child_in_set(attributes, input, NULL);
    }
    if (status == APR_SUCCESS) {
        status = apr_procattr_cmdtype_set(attributes, APR_PROGRAM);
    }
    if (status == APR_SUCCESS) {
        status = apr_procattr_error_check_set(attributes, 1);
    }
    if (status == APR_SUCCESS) {
        status = apr_proc_create(&helper->process, arguments[0], arguments,
                                 NULL, attributes, helper->pool);
    }
    helper->runs = status == APR_SUCCESS;
    helper->started_ms = msd_watchdog_now_ms();
    return status;
}

static void watch(int reason, void *data, int status);

static apr_status_t start(helper_t *helper, bool pause)
{
    apr_status_t status = spawn(helper, pause);

    if (status == APR_SUCCESS) {
        apr_proc_other_child_register(&helper->process, watch, helper, NULL,
                                      helper->pool);
        helper->watched = true;
    }
    return status;
}

/* Called by the parent when the helper ended, and when httpd does. */
static void watch(int reason, void *data, int status)
{
    helper_t *helper = data;
    int state = AP_MPMQ_STOPPING;
    bool soon = msd_watchdog_now_ms() - helper->started_ms < SOON_MS;

    if (reason == APR_OC_REASON_UNREGISTER) {
        helper->watched = false;
    }
    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST) {
        return;
    }
    apr_proc_other_child_unregister(helper);
    helper->runs = false;
    ap_mpm_query(AP_MPMQ_MPM_STATE, &state);
    if (state == AP_MPMQ_STOPPING) {
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, helper->s,
                 MSD_LOGNO(459) "msdigest-netlogond ended (status %d); it is "
                 "started again", status);
    start(helper, soon);
}

/* Processes that were forked have a copy of the pool, but no say. */
static apr_status_t end(void *data)
{
    helper_t *helper = data;

    if (getpid() != helper->parent) {
        return APR_SUCCESS;
    }
    /* Twice would be once too often for APR. */
    if (helper->watched) {
        apr_proc_other_child_unregister(helper);
    }
    if (helper->runs) {
        helper->runs = false;
        /* Its parent part has no handler, so this ends it at once. */
        kill(helper->process.pid, SIGTERM);
        waitpid(helper->process.pid, NULL, 0);
    }
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_EXITING) {
        unlink(helper->kept->path);
    }
    return APR_SUCCESS;
}

int msd_helper_start(apr_pool_t *pool, server_rec *s)
{
    msd_netlogon_settings_t *settings = msd_config_server(s)->netlogon;
    helper_t *helper;
    apr_status_t status;

    if (settings == NULL) {
        return OK;
    }
    helper = apr_pcalloc(pool, sizeof(*helper));
    helper->pool = pool;
    helper->s = s;
    helper->settings = settings;
    helper->parent = getpid();
    helper->kept = get_kept(s, pool);
    if (helper->kept == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    settings->socket_path = apr_pstrdup(pool, helper->kept->path);
    status = start(helper, false);
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, status, s,
                     MSD_LOGNO(460) "cannot start %s; check "
                     "AuthMSDigestNetlogonHelper", get_program(settings));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    apr_pool_cleanup_register(pool, helper, end, apr_pool_cleanup_null);
    return OK;
}
