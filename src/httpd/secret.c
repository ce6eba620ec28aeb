/* SPDX-License-Identifier: Apache-2.0 */
/* Where the secret comes from: AuthMSDigestSecret. */
#include "httpd/secret.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hash.h"
#include "httpd/config.h"
#include "httpd/program.h"
#include "httpd/value.h"

APLOG_USE_MODULE(auth_msdigest);

/* What others may not do with the file. */
#define OPEN_MODE \
    (APR_FPROT_GREAD | APR_FPROT_GWRITE | APR_FPROT_GEXECUTE \
     | APR_FPROT_WREAD | APR_FPROT_WWRITE | APR_FPROT_WEXECUTE)

_Static_assert(MSD_PROGRAM_OUTPUT <= MSD_SECRET_TEXT_MAX,
               "all that is read can be parsed");

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

/* A file with too much in it is refused like a program that writes too much. */
static const char *read_file(const char *path, apr_pool_t *temp,
                             msd_program_output_t *text)
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
        status = apr_file_read_full(file, text->bytes, sizeof(text->bytes),
                                    &text->len);
        if (status != APR_EOF) {
            fault = "a file of at most 4096 bytes that can be read";
        }
    }
    apr_file_close(file);
    return fault;
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
    msd_program_output_t text = { .len = 0 };
    const char *path = source + strlen("file:");
    const char *const words[] = { path, NULL };
    const char *fault = strncmp(source, "exec:", 5) == 0
                            ? msd_program_run(words, temp, &text)
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
