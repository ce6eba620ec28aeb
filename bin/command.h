/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of msdigest share: how they are called, how they end. */
#ifndef MSDIGEST_COMMAND_H
#define MSDIGEST_COMMAND_H

#include "base/hash.h"

/* Exit statuses. */
#define MSDIGEST_OK 0
#define MSDIGEST_NO 1    /* not done, or it does not verify */
#define MSDIGEST_USAGE 2 /* called in a wrong way */

/* One call: arguments from the name of the command on. */
typedef struct {
    int argc;
    const char *const *argv;
    apr_pool_t *pool;
    msd_hasher_t *hasher;
} msdigest_command_t;

/* Say what went wrong.  Returns MSDIGEST_NO. */
int msdigest_command_fail(const char *fault);

/* Say how to call the command.  Returns MSDIGEST_USAGE. */
int msdigest_command_misuse(const char *fault, const char *usage);

/*
 * Read a list of algorithms with commas.
 * out: set to true for each in the list; MSD_ALGORITHM_COUNT of them.
 * Returns NULL on success, else a sentence in the pool.
 */
const char *msdigest_command_algorithms(const char *list, apr_pool_t *pool,
                                        bool *out);

#endif
