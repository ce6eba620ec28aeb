/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest passwd: writes the password file that the module reads. */
#include "passwd.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_getopt.h>
#include <apr_strings.h>

#include "base/utf8.h"
#include "digest/algorithm.h"
#include "entry.h"
#include "replace.h"

#define USAGE \
    "msdigest passwd [-c] [-u] [-a ALGORITHM,...] FILE REALM USER\n" \
    "       msdigest passwd -D FILE REALM USER"

/* What one call is to do. */
typedef struct {
    const msdigest_command_t *command;
    const char *file;
    msdigest_replace_mode_t mode;
    bool removes;
    bool chosen; /* -a was given */
    msdigest_entry_t entry;
} job_t;

/* ---- Arguments */

static const char *take_hashes(job_t *job, const char *list)
{
    bool algorithms[MSD_ALGORITHM_COUNT];
    const char *fault = msdigest_command_algorithms(list, job->command->pool,
                                                    algorithms);

    for (int i = 0; fault == NULL && i < MSD_ALGORITHM_COUNT; i++) {
        if (algorithms[i]) {
            job->entry.hashes[msd_algorithm_hash((msd_algorithm_t)i)] = true;
        }
    }
    job->chosen = true;
    return fault;
}

static const char *take_option(job_t *job, char option, const char *value)
{
    switch (option) {
    case 'c': job->mode = MSDIGEST_REPLACE_NEW; return NULL;
    case 'D': job->removes = true; return NULL;
    case 'u': job->entry.userhash = true; return NULL;
    default: return take_hashes(job, value);
    }
}

/* Names in another encoding are taken as ISO 8859-1, as the module does. */
static void take_owner(job_t *job, const char *realm, const char *user)
{
    apr_pool_t *pool = job->command->pool;
    msd_text_t name = msd_text_of(user);

    if (!msd_utf8_is_valid(name)) {
        name = msd_utf8_from_latin1(name, pool);
    }
    job->entry.owner.user = name;
    job->entry.owner.latin1 = name;
    job->entry.owner.realm = msd_text_of(realm);
    msd_utf8_to_latin1(name, pool, &job->entry.owner.latin1);
}

static const char *take_arguments(job_t *job)
{
    const msdigest_command_t *command = job->command;
    const char *const *rest;
    const char *value;
    const char *fault = NULL;
    apr_getopt_t *options;
    char option;
    apr_status_t status;

    apr_getopt_init(&options, command->pool, command->argc, command->argv);
    while (fault == NULL
           && (status = apr_getopt(options, "cDua:", &option, &value))
                  == APR_SUCCESS) {
        fault = take_option(job, option, value);
    }
    if (fault != NULL) {
        return fault;
    }
    if (status != APR_EOF || command->argc - options->ind != 3) {
        return "wrong arguments; the password is never one of them";
    }
    if (job->removes
        && (job->mode == MSDIGEST_REPLACE_NEW || job->entry.userhash
            || job->chosen)) {
        return "-D goes with no other option";
    }
    rest = command->argv + options->ind;
    job->file = rest[0];
    take_owner(job, rest[1], rest[2]);
    return NULL;
}

/* ---- What cannot be written */

static bool has_control(msd_text_t text)
{
    for (apr_size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 127) {
            return true;
        }
    }
    return false;
}

static bool has(msd_text_t text, char c)
{
    return text.len > 0 && memchr(text.data, c, text.len) != NULL;
}

/* A file cannot hold these so that httpd finds them again. */
static const char *check_names(const msdigest_owner_t *owner)
{
    if (owner->user.len == 0) {
        return "the user name is empty";
    }
    if (has(owner->user, ':') || has(owner->realm, ':')) {
        return "user name and realm must be without a colon: it ends them in "
               "the file";
    }
    if (has_control(owner->user) || has_control(owner->realm)) {
        return "user name and realm must be without control characters";
    }
    if (owner->user.data[0] == '#' || owner->user.data[0] == ' ') {
        return "httpd reads no line that begins with # or a blank: the user "
               "name must not";
    }
    return NULL;
}

/* What works in the file, but not with many clients. */
static void warn(const msdigest_owner_t *owner)
{
    if (has(owner->realm, '"') || has(owner->realm, '\\')) {
        fputs("msdigest: warning: half of the clients break on a realm with a "
              "quote or a backslash\n",
              stderr);
    }
    if (has(owner->realm, ',')) {
        fputs(
            "msdigest: warning: some clients break on a realm with a comma\n",
            stderr);
    }
    if (!msd_utf8_is_ascii(owner->realm)) {
        fputs("msdigest: warning: half of the clients break on a realm beyond "
              "ASCII\n",
              stderr);
    }
}

/* ---- The change */

/* A user keeps what there was of him, as far as nothing else is wanted: a new
 * password must not leave an old one behind, nor take a way to log in. */
static void keep_kinds(job_t *job, const msdigest_kept_t *kept)
{
    bool any = job->chosen;

    job->entry.userhash |= kept->userhash;
    for (int hash = 0; !job->chosen && hash < MSD_HASH_COUNT; hash++) {
        job->entry.hashes[hash] = kept->hashes[hash];
        any |= kept->hashes[hash];
    }
    if (!any) {
        job->entry.hashes[MSD_HASH_MD5] = true;
    }
}

static const char *change(job_t *job, msdigest_replace_t *replace,
                          const char **done)
{
    apr_pool_t *pool = job->command->pool;
    msdigest_kept_t kept;
    const char *lines = "";
    const char *fault = NULL;

    msdigest_userfile_find(replace->text, &job->entry.owner, pool, &kept);
    if (job->removes && !kept.known) {
        return apr_psprintf(pool, "%s has no user %.*s in this realm",
                            job->file, (int)job->entry.owner.user.len,
                            job->entry.owner.user.data);
    }
    if (!job->removes) {
        keep_kinds(job, &kept);
        fault = msdigest_entry_format(&job->entry, &lines);
    }
    if (fault == NULL) {
        fault = msdigest_replace_write(
            replace,
            msdigest_userfile_replace(replace->text, &job->entry.owner,
                                      msd_text_of(lines), pool));
    }
    *done = job->removes ? "removed" : kept.known ? "changed" : "added";
    return fault;
}

static const char *ask_password(job_t *job)
{
    apr_pool_t *pool = job->command->pool;
    const char *prompt;

    if (!isatty(STDIN_FILENO)) {
        return msdigest_terminal_read(STDIN_FILENO, "standard input", pool,
                                      &job->entry.password);
    }
    prompt = apr_psprintf(
        pool, "New password for %.*s: ", (int)job->entry.owner.user.len,
        job->entry.owner.user.data);
    return msdigest_terminal_ask(prompt, "The same again: ", pool,
                                 &job->entry.password);
}

/* The lock is taken when the password is known: nobody waits for a human. */
static const char *run(job_t *job, const char **done)
{
    apr_pool_t *pool = job->command->pool;
    msdigest_replace_t replace;
    const char *fault = msdigest_replace_check(job->file, job->mode, pool);

    if (fault == NULL && !job->removes) {
        fault = ask_password(job);
    }
    if (fault != NULL) {
        return fault;
    }
    fault = msdigest_replace_begin(job->file, job->mode, pool, &replace);
    if (fault == NULL) {
        fault = change(job, &replace, done);
    }
    msdigest_replace_end(&replace);
    return fault;
}

int msdigest_passwd(const msdigest_command_t *command)
{
    job_t job = {
        .command = command,
        .mode = MSDIGEST_REPLACE_OLD,
        .entry = { .hasher = command->hasher, .pool = command->pool },
    };
    const char *done = "";
    const char *fault = take_arguments(&job);

    if (fault != NULL) {
        return msdigest_command_misuse(fault, USAGE);
    }
    fault = check_names(&job.entry.owner);
    if (fault == NULL && job.entry.userhash
        && has(job.entry.owner.user, ',')) {
        fault = "a user name with a comma cannot be found by its hash";
    }
    if (fault != NULL) {
        return msdigest_command_misuse(fault, USAGE);
    }
    warn(&job.entry.owner);
    fault = run(&job, &done);
    msdigest_secret_wipe(&job.entry.password);
    if (fault != NULL) {
        return msdigest_command_fail(fault);
    }
    printf("%.*s: %s\n", (int)job.entry.owner.user.len,
           job.entry.owner.user.data, done);
    if (job.mode == MSDIGEST_REPLACE_NEW && geteuid() == 0) {
        printf("%s is readable by root only: let httpd's workers read it, as "
               "by\n    chgrp www-data %s && chmod 640 %s\n",
               job.file, job.file, job.file);
    }
    return MSDIGEST_OK;
}
