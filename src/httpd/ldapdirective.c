/* SPDX-License-Identifier: Apache-2.0 */
/* The directives of the provider msdigest-ldap. */
#include "httpd/ldapdirective.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <util_ldap.h>

#include "httpd/config.h"
#include "httpd/ldapurl.h"
#include "httpd/program.h"
#include "httpd/value.h"

#define EXEC "exec:"

bool msd_ldap_is_possible(void)
{
    return APR_RETRIEVE_OPTIONAL_FN(uldap_connection_find) != NULL;
}

const char *msd_ldap_set_url(cmd_parms *cmd, void *config, const char *text,
                             const char *word)
{
    msd_dir_config_t *dir = config;
    const char *allowed;

    if (!msd_ldap_is_possible()) {
        return apr_psprintf(cmd->pool,
                            "%s: mod_ldap is not loaded; the "
                            "provider %s needs its connections",
                            cmd->cmd->name, MSD_LDAP_PROVIDER);
    }
    allowed = msd_ldap_url_read(cmd->pool, text, word, &dir->ldap_url);
    return allowed == NULL
               ? NULL
               : msd_value_wrong(cmd,
                                 apr_pstrcat(cmd->temp_pool, text,
                                             word == NULL ? "" : " ", word,
                                             NULL),
                                 allowed);
}

const char *msd_ldap_set_bind_dn(cmd_parms *cmd, void *config,
                                 const char *text)
{
    msd_dir_config_t *dir = config;

    if (!msd_ldap_is_dn(text)) {
        return msd_value_wrong(cmd, text,
                               "a distinguished name, such as "
                               "cn=web,dc=example,dc=com");
    }
    dir->ldap_bind_dn = apr_pstrdup(cmd->pool, text);
    return NULL;
}

/* The first line that a program writes.  Returns NULL, or what is wrong. */
static const char *run_program(cmd_parms *cmd, const char *command,
                               const char **line)
{
    msd_program_output_t output;
    char **words = NULL;
    const char *allowed;
    apr_size_t len = 0;

    if (apr_tokenize_to_argv(command, &words, cmd->temp_pool) != APR_SUCCESS
        || words[0] == NULL || words[0][0] != '/') {
        return "the full path of a program after exec:";
    }
    allowed = msd_program_run((const char *const *)words, cmd->temp_pool,
                              &output);
    while (len < output.len && strchr("\r\n", output.bytes[len]) == NULL) {
        len++; /* strchr finds a NUL too */
    }
    if (allowed == NULL && len == 0) {
        allowed = "a program that writes the password";
    }
    if (allowed == NULL) {
        *line = apr_pstrmemdup(cmd->pool, output.bytes, len);
    }
    msd_wipe(output.bytes, sizeof(output.bytes));
    return allowed;
}

/* A password is not shown, wrong or not. */
const char *msd_ldap_set_password(cmd_parms *cmd, void *config,
                                  const char *text)
{
    msd_dir_config_t *dir = config;

    if (strncmp(text, EXEC, sizeof(EXEC) - 1) == 0) {
        const char *allowed = run_program(cmd, text + sizeof(EXEC) - 1,
                                          &dir->ldap_password);

        return allowed == NULL ? NULL
                               : msd_value_wrong(cmd, "exec:...", allowed);
    }
    if (text[0] == '\0') {
        return msd_value_wrong(cmd, text, "a password, or exec:/path");
    }
    dir->ldap_password = apr_pstrdup(cmd->pool, text);
    return NULL;
}

static const char *check_name(cmd_parms *cmd, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (!apr_isalnum(*p) && strchr("-.;", *p) == NULL) {
            return msd_value_wrong(cmd, text, "the name of one attribute");
        }
    }
    return text[0] == '\0'
               ? msd_value_wrong(cmd, text, "the name of one attribute")
               : NULL;
}

const char *msd_ldap_set_attribute(cmd_parms *cmd, void *config,
                                   const char *name, const char *form,
                                   const char *algorithm)
{
    static const msd_value_word_t forms[] = {
        { "plain", MSD_LDAP_PLAIN },
        { "ha1", MSD_LDAP_HA1 },
        { "realm:ha1", MSD_LDAP_REALM_HA1 },
        { NULL, 0 },
    };
    static const msd_value_word_t hashes[] = {
        { "MD5", MSD_HASH_MD5 },
        { "SHA-256", MSD_HASH_SHA256 },
        { "SHA-512-256", MSD_HASH_SHA512_256 },
        { NULL, 0 },
    };
    msd_dir_config_t *dir = config;
    msd_ldap_attribute_t *attribute = apr_pcalloc(cmd->pool,
                                                  sizeof(*attribute));
    const char *fault = check_name(cmd, name);
    int chosen = 0;
    int hash = MSD_HASH_MD5;

    if (fault == NULL) {
        fault = msd_value_choose(cmd, form, forms,
                                 "plain, ha1 or realm:ha1 after the name",
                                 &chosen);
    }
    if (fault == NULL && algorithm != NULL && chosen == MSD_LDAP_PLAIN) {
        fault = msd_value_wrong(cmd, algorithm,
                                "no algorithm after plain: a password is "
                                "good for each");
    }
    if (fault == NULL && algorithm != NULL) {
        fault = msd_value_choose(cmd, algorithm, hashes,
                                 "MD5, SHA-256 or SHA-512-256", &hash);
    }
    attribute->name = apr_pstrdup(cmd->pool, name);
    attribute->form = (msd_ldap_form_t)chosen;
    attribute->hash = (msd_hash_id_t)hash;
    dir->ldap_attribute = attribute;
    return fault;
}

const char *msd_ldap_set_group(cmd_parms *cmd, void *config, const char *text)
{
    msd_dir_config_t *dir = config;

    dir->ldap_group = apr_pstrdup(cmd->pool, text);
    return check_name(cmd, text);
}

const char *msd_ldap_set_timeout(cmd_parms *cmd, void *config,
                                 const char *text)
{
    static const msd_value_range_t allowed = {
        APR_OFFSETOF(msd_dir_config_t, ldap_timeout_ms), 1000, 60000
    };
    cmd_parms copy = *cmd;

    copy.info = (void *)(uintptr_t)&allowed;
    return msd_value_duration(&copy, config, text);
}
