/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of msdigest share: how they are called, how they end. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "digest/algorithm.h"

int msdigest_command_fail(const char *fault)
{
    fprintf(stderr, "msdigest: %s\n", fault);
    return MSDIGEST_NO;
}

int msdigest_command_misuse(const char *fault, const char *usage)
{
    if (fault != NULL) {
        fprintf(stderr, "msdigest: %s\n", fault);
    }
    fprintf(stderr, "usage: %s\n(msdigest help says more)\n", usage);
    return MSDIGEST_USAGE;
}

const char *msdigest_command_algorithms(const char *list, apr_pool_t *pool,
                                        bool *out)
{
    memset(out, 0, sizeof(*out) * MSD_ALGORITHM_COUNT);
    do {
        msd_text_t name = { list, strcspn(list, ",") };
        msd_algorithm_t algorithm;

        if (!msd_algorithm_find(name, &algorithm)) {
            return apr_psprintf(pool,
                                "no algorithm '%.*s'; there are MD5, SHA-256, "
                                "SHA-512-256 and each with -sess",
                                (int)name.len, name.data);
        }
        out[algorithm] = true;
        list += name.len;
    } while (*list++ == ',');
    return NULL;
}
