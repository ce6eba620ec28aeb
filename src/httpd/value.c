/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a directive to one value, or to what is wrong with it. */
#include "httpd/value.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include "httpd/config.h"

const char *msd_value_wrong(cmd_parms *cmd, const char *value,
                            const char *allowed)
{
    return apr_psprintf(cmd->pool, "%s: '%s' is not allowed; give %s",
                        cmd->cmd->name, value, allowed);
}

const char *msd_value_choose(cmd_parms *cmd, const char *text,
                             const msd_value_word_t *words,
                             const char *allowed, int *member)
{
    for (; words->word != NULL; words++) {
        if (ap_cstr_casecmp(text, words->word) == 0) {
            *member = words->value;
            return NULL;
        }
    }
    return msd_value_wrong(cmd, text, allowed);
}

const char *msd_value_add_bits(cmd_parms *cmd, const char *text,
                               const msd_value_word_t *words,
                               const char *allowed, int *member)
{
    int bits = 0;
    const char *fault = msd_value_choose(cmd, text, words, allowed, &bits);

    *member = (*member == MSD_UNSET ? 0 : *member) | bits;
    return fault;
}

const char *msd_value_duration(cmd_parms *cmd, void *config, const char *text)
{
    const msd_value_range_t *allowed = cmd->info;
    apr_int64_t *member = (apr_int64_t *)((char *)config + allowed->offset);
    apr_interval_time_t duration;

    if (!apr_isdigit(text[0])
        || ap_timeout_parameter_parse(text, &duration, "s") != APR_SUCCESS
        || duration / 1000 < allowed->least
        || duration / 1000 > allowed->most) {
        return msd_value_wrong(
            cmd, text,
            apr_psprintf(cmd->pool,
                         "seconds from %" APR_INT64_T_FMT
                         " to %" APR_INT64_T_FMT
                         ", or a number with the unit ms, s, min "
                         "or h",
                         allowed->least / 1000, allowed->most / 1000));
    }
    *member = duration / 1000;
    return NULL;
}
