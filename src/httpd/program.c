/* SPDX-License-Identifier: Apache-2.0 */
/* A program that writes a secret when the server starts. */
#include "httpd/program.h"

#include <signal.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

/* How long it may take. */
#define TIMEOUT apr_time_from_sec(10)

/* How often it is looked whether one that closed its output has ended. */
#define POLL apr_time_from_msec(5)

/* Read until the end.  Returns APR_EOF when it was reached, APR_SUCCESS when
 * there is more than is allowed, or what went wrong. */
static apr_status_t read_all(apr_file_t *file, apr_time_t deadline,
                             msd_program_output_t *out)
{
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && out->len < sizeof(out->bytes)) {
        apr_size_t n = sizeof(out->bytes) - out->len;
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0) {
            return APR_TIMEUP;
        }
        apr_file_pipe_timeout_set(file, left);
        status = apr_file_read(file, out->bytes + out->len, &n);
        out->len += status == APR_SUCCESS ? n : 0;
    }
    return status;
}

/* Wait until it has ended, but not for ever.  Returns whether it said that all
 * is well. */
static bool await(apr_proc_t *program, apr_time_t deadline)
{
    apr_exit_why_e why;
    int code;

    for (;;) {
        apr_status_t status = apr_proc_wait(program, &code, &why, APR_NOWAIT);

        if (status == APR_CHILD_DONE) {
            return APR_PROC_CHECK_EXIT(why) && code == 0;
        }
        if (status != APR_CHILD_NOTDONE || apr_time_now() >= deadline) {
            break;
        }
        apr_sleep(POLL);
    }
    apr_proc_kill(program, SIGKILL);
    apr_proc_wait(program, &code, &why, APR_WAIT);
    return false;
}

/* Its errors go where ours go. */
static apr_status_t start(const char *const *words, apr_pool_t *temp,
                          apr_proc_t *program)
{
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
               ? apr_proc_create(program, words[0], words, NULL, how, temp)
               : status;
}

const char *msd_program_run(const char *const *words, apr_pool_t *temp,
                            msd_program_output_t *out)
{
    apr_time_t deadline = apr_time_now() + TIMEOUT;
    apr_proc_t program;
    apr_status_t status = start(words, temp, &program);
    char reason[120];

    out->len = 0;
    if (status != APR_SUCCESS) {
        return apr_pstrcat(temp, "exec:/path of a program that can be run (",
                           apr_strerror(status, reason, sizeof(reason)), ")",
                           NULL);
    }
    status = read_all(program.out, deadline, out);
    apr_file_close(program.out);
    if (!await(&program, status == APR_EOF ? deadline : 0)
        || status != APR_EOF) {
        return "a program that writes at most 4096 bytes and ends within 10 "
               "seconds with status 0";
    }
    return NULL;
}
