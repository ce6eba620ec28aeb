/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest explain: why a response verifies, or does not. */
#include "explain.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <apr_getopt.h>
#include <apr_strings.h>

#include "capture.h"
#include "form.h"
#include "remark.h"
#include "repair.h"
#include "replace.h"
#include "report.h"
#include "variation.h"

#define USAGE \
    "msdigest explain [-m METHOD] [-t TARGET] [-r REALM] [-a OFFERED,...]\n" \
    "           [-b BODYFILE] [-u USER] [-i HEADERFILE]\n" \
    "           [-p PASSWORDFILE | -f FILE]"

/* What one call is to explain. */
typedef struct {
    const msdigest_command_t *command;
    apr_pool_t *pool;
    const char *body_file;
    const char *header_file;
    const char *password_file;
    const char *user_file;
    msdigest_remark_t asked;
    msdigest_capture_t capture;
    msdigest_known_t known;
    msdigest_secret_t password;
} job_t;

/* ---- Arguments */

static const char *take_option(job_t *job, char option, const char *value)
{
    switch (option) {
    case 'm': job->known.method = msd_text_of(value); return NULL;
    case 't': job->known.target = msd_text_of(value); return NULL;
    case 'r': job->known.realm = msd_text_of(value); return NULL;
    case 'u': job->known.user = msd_text_of(value); return NULL;
    case 'b': job->body_file = value; return NULL;
    case 'i': job->header_file = value; return NULL;
    case 'p': job->password_file = value; return NULL;
    case 'f': job->user_file = value; return NULL;
    default:
        job->asked.algorithms_known = true;
        return msdigest_command_algorithms(value, job->pool,
                                           job->asked.algorithms);
    }
}

static const char *take_arguments(job_t *job)
{
    const msdigest_command_t *command = job->command;
    const char *value;
    const char *fault = NULL;
    apr_getopt_t *options;
    char option;
    apr_status_t status;

    apr_getopt_init(&options, command->pool, command->argc, command->argv);
    while (fault == NULL
           && (status = apr_getopt(options, "m:t:r:u:a:b:i:p:f:", &option,
                                   &value))
                  == APR_SUCCESS) {
        fault = take_option(job, option, value);
    }
    if (fault != NULL) {
        return fault;
    }
    if (status != APR_EOF || options->ind != command->argc) {
        return "wrong arguments; the password is never one of them";
    }
    return job->password_file != NULL && job->user_file != NULL
               ? "-p and -f go not together"
               : NULL;
}

/* ---- Input */

static const char *read_file(job_t *job, const char *name, msd_text_t *out)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    const char *fault;

    if (fd < 0) {
        return msdigest_replace_fault(job->pool, "cannot open", name);
    }
    fault = msdigest_replace_read(fd, name, job->pool, out);
    close(fd);
    return fault;
}

static const char *read_header(job_t *job)
{
    msd_text_t text;
    const char *fault;

    if (job->header_file != NULL) {
        fault = read_file(job, job->header_file, &text);
    } else {
        if (isatty(STDIN_FILENO)) {
            fputs("Paste the Authorization header, then Enter and Ctrl-D:\n",
                  stderr);
        }
        fault = msdigest_replace_read(STDIN_FILENO, "standard input",
                                      job->pool, &text);
    }
    return fault != NULL
               ? fault
               : msdigest_capture_find(text, job->pool, &job->capture);
}

static const char *read_password_file(job_t *job)
{
    int fd = open(job->password_file, O_RDONLY | O_CLOEXEC);
    const char *fault;

    if (fd < 0) {
        return msdigest_replace_fault(job->pool, "cannot open",
                                      job->password_file);
    }
    fault = msdigest_terminal_read(fd, job->password_file, job->pool,
                                   &job->password);
    close(fd);
    return fault;
}

static const char *read_password(job_t *job)
{
    if (job->user_file != NULL) {
        return read_file(job, job->user_file, &job->known.file);
    }
    job->known.password = &job->password;
    if (job->password_file != NULL) {
        return read_password_file(job);
    }
    if (job->header_file != NULL && !isatty(STDIN_FILENO)) {
        return msdigest_terminal_read(STDIN_FILENO, "standard input",
                                      job->pool, &job->password);
    }
    return msdigest_terminal_ask("Password: ", NULL, job->pool,
                                 &job->password);
}

static const char *read_input(job_t *job)
{
    const char *fault = read_header(job);

    if (fault == NULL && job->body_file != NULL) {
        fault = read_file(job, job->body_file, &job->known.body);
    }
    if (fault != NULL) {
        return fault;
    }
    /* What was captured tells more than nothing, and less than an option. */
    if (job->known.method.len == 0) {
        job->known.method = job->capture.method.len > 0 ? job->capture.method
                                                        : MSD_TEXT("GET");
    }
    if (job->known.target.len == 0) {
        job->known.target = job->capture.target;
    }
    return NULL;
}

/* ---- The explanation */

static void print_request(const job_t *job, const msd_credentials_t *read)
{
    fputs("method: ", stdout);
    msdigest_report_text(job->known.method);
    fputs("\ntarget: ", stdout);
    msdigest_report_text(job->known.target.len > 0
                             ? job->known.target
                             : MSD_TEXT("not known; -t gives it"));
    putchar('\n');
    if (!read->params[MSD_PARAM_ALGORITHM].present) {
        puts("algorithm: MD5, since none is named");
    }
    if (read->qop == MSD_QOP_AUTH_INT) {
        printf("body: %lu bytes%s\n", (unsigned long)job->known.body.len,
               job->body_file == NULL ? "; -b gives another" : "");
    }
}

static const char *prove(job_t *job, const msd_credentials_t *credentials,
                         const msdigest_choice_t *repaired, bool *out)
{
    msdigest_trial_t *trial = apr_pcalloc(job->pool, sizeof(*trial));
    int pick[MSDIGEST_INPUT_COUNT];
    const char *fault;
    bool found;

    if (credentials->userhash && job->known.user.len == 0
        && job->user_file == NULL) {
        return "the header has a hash of the user name: -u gives the name";
    }
    fault = read_password(job);
    if (fault != NULL) {
        return fault;
    }
    trial->hasher = job->command->hasher;
    trial->credentials = credentials;
    msdigest_variation_fill(&job->known, trial);
    found = msdigest_trial_search(trial, pick);
    msdigest_variation_forget(trial);
    *out = msdigest_report_trial(trial, found ? pick : NULL, repaired);
    return NULL;
}

static const char *explain(job_t *job, bool *out)
{
    msd_text_t header = job->capture.header;
    msd_credentials_t credentials;
    msdigest_choice_t repair = { .wrong = NULL };
    const char *fault;

    msdigest_report_params(header);
    fault = msd_header_parse(header, job->pool, &credentials);
    if (fault != NULL) {
        msdigest_report_malformed(header, fault, job->pool);
        if (!msdigest_repair(header, job->pool, &credentials, &repair)) {
            return NULL;
        }
    }
    print_request(job, &credentials);
    fault = prove(job, &credentials, repair.wrong != NULL ? &repair : NULL,
                  out);
    if (fault == NULL && *out) {
        job->asked.known = &job->known;
        *out = msdigest_remark(&job->asked, &credentials,
                               job->command->hasher);
    }
    return fault;
}

int msdigest_explain(const msdigest_command_t *command)
{
    job_t job = { .command = command, .pool = command->pool };
    bool fine = false;
    const char *fault = take_arguments(&job);

    if (fault != NULL) {
        return msdigest_command_misuse(fault, USAGE);
    }
    job.known.pool = command->pool;
    fault = read_input(&job);
    if (fault == NULL) {
        fault = explain(&job, &fine);
    }
    msdigest_secret_wipe(&job.password);
    if (fault != NULL) {
        return msdigest_command_fail(fault);
    }
    return fine ? MSDIGEST_OK : MSDIGEST_NO;
}
