/* SPDX-License-Identifier: Apache-2.0 */
/* Where the secret comes from: AuthMSDigestSecret. */
#include "httpd/secret.h"

#include <signal.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/hash.h"
#include "httpd/config.h"
#include "httpd/value.h"

APLOG_USE_MODULE(auth_msdigest);

/* What others may not do with the file. */
#define OPEN_MODE \
    (APR_FPROT_GREAD | APR_FPROT_GWRITE | APR_FPROT_GEXECUTE \
     | APR_FPROT_WREAD | APR_FPROT_WWRITE | APR_FPROT_WEXECUTE)

/* How long the program may take. */
#define PROGRAM_TIMEOUT apr_time_from_sec(10)

/* How often it is looked whether a program that closed its output has ended. */
#define PROGRAM_POLL apr_time_from_msec(5)

/* What was read, of one byte more than is allowed at most. */
typedef struct {
    char bytes[MSD_SECRET_TEXT_MAX + 1];
    apr_size_t len;
} text_t;

/* Read until the end.  Returns APR_EOF when it was reached, APR_SUCCESS when
 * there is more than is allowed, or what went wrong. */
static apr_status_t read_all(apr_file_t *file, apr_time_t deadline,
                             text_t *text)
{
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && text->len < sizeof(text->bytes)) {
        apr_size_t n = sizeof(text->bytes) - text->len;

        if (deadline != 0) {
            apr_interval_time_t left = deadline - apr_time_now();

            if (left <= 0) {
                return APR_TIMEUP;
            }
            apr_file_pipe_timeout_set(file, left);
        }
        status = apr_file_read(file, text->bytes + text->len, &n);
        text->len += status == APR_SUCCESS ? n : 0;
    }
    return status;
}

/* ---- A file */

/* Its mode is asked of the open file, not of the name. */
static const char *check_file(apr_file_t *file)
{
    apr_finfo_t info;

    if (apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_TYPE, file)
            != APR_SUCCESS
        || info.filetype != APR_REG) {
        return "a regular file";
    }
    if ((info.protection & OPEN_MODE) != 0) {
        return "a file that nobody but its owner can read or write: "
               "chmod 600";
    }
    return NULL;
}

static const char *read_file(const char *path, apr_pool_t *temp, text_t *text)
{
    apr_file_t *file;
    apr_status_t status =
        apr_file_open(&file, path, APR_READ | APR_FOPEN_NONBLOCK, 0, temp);
    const char *fault;
    char reason[120];

    if (status != APR_SUCCESS) {
        return apr_pstrcat(temp, "file:/path of a file that can be read (",
                           apr_strerror(status, reason, sizeof(reason)), ")",
                           NULL);
    }
    fault = check_file(file);
    if (fault == NULL) {
        status = read_all(file, 0, text);
        if (status != APR_EOF) {
            fault = "a file of at most 4096 bytes that can be read";
        }
    }
    apr_file_close(file);
    return fault;
}

/* ---- A program */

/* Wait until it has ended, but not for ever.  Returns whether it said that all
 * is well. */
static bool await_program(apr_proc_t *program, apr_time_t deadline)
{
    apr_exit_why_e why;
    int code;

    for (;;) {
        apr_status_t status =
            apr_proc_wait(program, &code, &why, APR_NOWAIT);

        if (status == APR_CHILD_DONE) {
            return APR_PROC_CHECK_EXIT(why) && code == 0;
        }
        if (status != APR_CHILD_NOTDONE || apr_time_now() >= deadline) {
            break;
        }
        apr_sleep(PROGRAM_POLL);
    }
    apr_proc_kill(program, SIGKILL);
    apr_proc_wait(program, &code, &why, APR_WAIT);
    return false;
}

/* Without a shell and without arguments; its errors go where ours go. */
static apr_status_t start_program(const char *path, apr_pool_t *temp,
                                  apr_proc_t *program)
{
    const char *const arguments[] = { path, NULL };
    apr_procattr_t *how;
    apr_status_t status = apr_procattr_create(&how, temp);

    if (status == APR_SUCCESS) {
        status = apr_procattr_io_set(how, APR_NO_PIPE, APR_FULL_BLOCK,
                                     APR_NO_PIPE);
    }
    if (status == APR_SUCCESS) {
        status = apr_procattr_cmdtype_set(how, APR_PROGRAM);
    }
    if (status == APR_SUCCESS) {
        status = apr_procattr_error_check_set(how, 1);
    }
    return status == APR_SUCCESS
               ? apr_proc_create(program, path, arguments, NULL, how, temp)
               : status;
}

static const char *run_program(const char *path, apr_pool_t *temp,
                               text_t *text)
{
    apr_time_t deadline = apr_time_now() + PROGRAM_TIMEOUT;
    apr_proc_t program;
    apr_status_t status = start_program(path, temp, &program);
    char reason[120];

    if (status != APR_SUCCESS) {
        return apr_pstrcat(temp, "exec:/path of a program that can be run (",
                           apr_strerror(status, reason, sizeof(reason)), ")",
                           NULL);
    }
    status = read_all(program.out, deadline, text);
    apr_file_close(program.out);
    if (!await_program(&program, status == APR_EOF ? deadline : 0)
        || status != APR_EOF) {
        return "a program that writes at most 4096 bytes and ends within 10 "
               "seconds with status 0";
    }
    return NULL;
}

/* ---- The directive */

static apr_status_t wipe_secret(void *data)
{
    msd_wipe(data, sizeof(msd_secret_t));
    return APR_SUCCESS;
}

static const char *read_source(const char *source, apr_pool_t *temp,
                               msd_secret_t *secret)
{
    text_t text = { .len = 0 };
    const char *path = source + strlen("file:");
    const char *fault = strncmp(source, "exec:", 5) == 0
                            ? run_program(path, temp, &text)
                            : read_file(path, temp, &text);

    if (fault == NULL) {
        const msd_text_t read = { text.bytes, text.len };

        fault = msd_secret_parse(read, secret);
    }
    msd_wipe(&text, sizeof(text));
    return fault;
}

const char *msd_secret_set(cmd_parms *cmd, void *config, const char *text)
{
    msd_server_config_t *server = msd_config_server(cmd->server);
    const char *fault = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    msd_secret_t *secret;

    (void)config;
    if (fault != NULL) {
        return fault;
    }
    /* Somebody may have written the secret itself: it is not repeated. */
    if (strncmp(text, "file:/", 6) != 0 && strncmp(text, "exec:/", 6) != 0) {
        return msd_value_wrong(cmd, "...", "file:/path or exec:/path");
    }
    secret = apr_pcalloc(cmd->pool, sizeof(*secret));
    apr_pool_cleanup_register(cmd->pool, secret, wipe_secret,
                              apr_pool_cleanup_null);
    fault = read_source(text, cmd->temp_pool, secret);
    if (fault != NULL) {
        return msd_value_wrong(cmd, text, fault);
    }
    server->secret = secret;
    return NULL;
}

void msd_secret_log(const msd_secret_t *secret, server_rec *s)
{
    char first[MSD_FINGERPRINT_LENGTH];
    char second[MSD_FINGERPRINT_LENGTH] = "none";

    msd_secret_fingerprint(secret->generations[0], first);
    if (secret->count > 1) {
        msd_secret_fingerprint(secret->generations[1], second);
    }
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                 MSD_LOGNO(400) "AuthMSDigestSecret: the fingerprint of the "
                 "current secret is %s, of the other one %s; servers that "
                 "share contexts must have the same", first, second);
}
