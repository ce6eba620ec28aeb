/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest secret: makes and changes the file of AuthMSDigestSecret. */
#include "secretfile.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_getopt.h>
#include <apr_strings.h>
#include <openssl/rand.h>

#include "base/hash.h"
#include "context/secret.h"
#include "replace.h"

#define USAGE \
    "msdigest secret [FILE]\n" \
    "       msdigest secret -r|-n|-s|-d|-p FILE"

#define HEX_SIZE (2 * MSD_SECRET_SIZE)

/* The text of a file. */
#define TEXT_SIZE 512
#define HEAD \
    "# The secrets of AuthMSDigestSecret: nobody else may read this.\n" \
    "# Current: makes what is new.\n"
#define OTHER_HEAD "# The other one: what it made is taken, too.\n"

/* What one call is to do. */
typedef struct {
    const msdigest_command_t *command;
    const char *file;   /* NULL: standard output */
    char change;        /* the letter of the option; 0: make the file */
    msd_secret_t secret;
} job_t;

/* ---- Arguments */

static const char *take_arguments(job_t *job)
{
    const msdigest_command_t *command = job->command;
    const char *value;
    apr_getopt_t *options;
    apr_status_t status;
    char option;
    int rest;

    apr_getopt_init(&options, command->pool, command->argc, command->argv);
    while ((status = apr_getopt(options, "rnsdp", &option, &value))
           == APR_SUCCESS) {
        if (job->change != 0 && job->change != option) {
            return "one option at a time";
        }
        job->change = option;
    }
    rest = command->argc - options->ind;
    if (status != APR_EOF || rest > 1 || (rest == 0 && job->change != 0)) {
        return "wrong arguments";
    }
    job->file = rest == 1 ? command->argv[options->ind] : NULL;
    return NULL;
}

/* ---- The secrets */

static const char *draw(unsigned char *generation)
{
    return RAND_bytes(generation, MSD_SECRET_SIZE) == 1
               ? NULL
               : "OpenSSL gives no randomness";
}

static const char *change(job_t *job)
{
    msd_secret_t *secret = &job->secret;
    unsigned char kept[MSD_SECRET_SIZE];
    bool two = secret->count == 2;

    switch (job->change) {
    case 'r':
        memcpy(secret->generations[1], secret->generations[0],
               sizeof(secret->generations[1]));
        secret->count = 2;
        return draw(secret->generations[0]);
    case 'n':
        secret->count = 2;
        return draw(secret->generations[1]);
    case 's':
        memcpy(kept, secret->generations[0], sizeof(kept));
        memcpy(secret->generations[0], secret->generations[1], sizeof(kept));
        memcpy(secret->generations[1], kept, sizeof(kept));
        msd_wipe(kept, sizeof(kept));
        return two ? NULL : "there is no second secret; -n makes one";
    case 'd':
        secret->count = 1;
        return two ? NULL : "there is no second secret";
    default:
        secret->count = 1;
        return draw(secret->generations[0]);
    }
}

/* ---- The file */

static void write_hex(const unsigned char *generation, char *hex)
{
    msd_hex_encode(generation, MSD_SECRET_SIZE, hex);
    hex[HEX_SIZE] = '\0';
}

static const char *write_secrets(const job_t *job,
                                 const msdigest_replace_t *replace)
{
    const msd_secret_t *secret = &job->secret;
    bool two = secret->count > 1;
    char hex[MSD_SECRET_COUNT][HEX_SIZE + 1];
    char text[TEXT_SIZE];
    const char *fault;

    write_hex(secret->generations[0], hex[0]);
    write_hex(secret->generations[1], hex[1]);
    apr_snprintf(text, sizeof(text), "%s%s\n%s%s%s", HEAD, hex[0],
                 two ? OTHER_HEAD : "", two ? hex[1] : "", two ? "\n" : "");
    fault = msdigest_replace_write(replace, msd_text_of(text));
    msd_wipe(text, sizeof(text));
    msd_wipe(hex, sizeof(hex));
    return fault;
}

static const char *read_secrets(job_t *job, const msdigest_replace_t *replace)
{
    const char *fault;

    if ((replace->was.st_mode & 077) != 0) {
        return apr_pstrcat(job->command->pool, "others than the owner may "
                           "read or write ", job->file, ": its secret may be "
                           "known; make a new file", NULL);
    }
    fault = msd_secret_parse(replace->text, &job->secret);
    return fault == NULL
               ? NULL
               : apr_pstrcat(job->command->pool, job->file, " must have ",
                             fault, NULL);
}

static const char *change_locked(job_t *job, msdigest_replace_t *replace)
{
    const char *fault = replace->exists ? read_secrets(job, replace) : NULL;

    if (fault == NULL && job->change != 'p') {
        fault = change(job);
        if (fault == NULL) {
            fault = write_secrets(job, replace);
        }
    }
    return fault;
}

static const char *change_file(job_t *job)
{
    apr_pool_t *pool = job->command->pool;
    bool exists = access(job->file, F_OK) == 0;
    msdigest_replace_t replace;
    const char *fault;

    if (exists && job->change == 0) {
        return apr_pstrcat(pool, job->file, " exists: -r puts a new secret "
                           "into it", NULL);
    }
    if (!exists && job->change != 0) {
        return apr_pstrcat(pool, job->file, " does not exist: without an "
                           "option it is made", NULL);
    }
    fault = msdigest_replace_begin(job->file,
                                   exists ? MSDIGEST_REPLACE_OLD
                                          : MSDIGEST_REPLACE_NEW,
                                   pool, &replace);
    if (fault == NULL) {
        fault = change_locked(job, &replace);
    }
    msdigest_replace_end(&replace);
    msd_wipe((void *)(uintptr_t)replace.text.data, replace.text.len);
    return fault;
}

static const char *print_secret(job_t *job)
{
    const char *fault = change(job);
    char hex[HEX_SIZE];

    if (fault == NULL) {
        msd_hex_encode(job->secret.generations[0], MSD_SECRET_SIZE, hex);
        printf("%.*s\n", HEX_SIZE, hex);
        msd_wipe(hex, sizeof(hex));
    }
    return fault;
}

static const char *report(const job_t *job)
{
    const msd_secret_t *secret = &job->secret;
    char first[MSD_FINGERPRINT_LENGTH];
    char second[MSD_FINGERPRINT_LENGTH] = "none";

    if (!msd_secret_fingerprint(secret->generations[0], first)
        || (secret->count > 1
            && !msd_secret_fingerprint(secret->generations[1], second))) {
        return "OpenSSL cannot compute the fingerprint";
    }
    printf("%s: current %s, other %s\n", job->file, first, second);
    return NULL;
}

int msdigest_secretfile(const msdigest_command_t *command)
{
    job_t job = { .command = command };
    const char *fault = take_arguments(&job);

    if (fault != NULL) {
        return msdigest_command_misuse(fault, USAGE);
    }
    fault = job.file == NULL ? print_secret(&job) : change_file(&job);
    if (fault == NULL && job.file != NULL) {
        fault = report(&job);
    }
    msd_wipe(&job.secret, sizeof(job.secret));
    return fault == NULL ? MSDIGEST_OK : msdigest_command_fail(fault);
}
