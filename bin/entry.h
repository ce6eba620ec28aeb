/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of one user in a password file. */
#ifndef MSDIGEST_ENTRY_H
#define MSDIGEST_ENTRY_H

#include "terminal.h"
#include "userfile.h"

/* What the lines are made of. */
typedef struct {
    msd_hasher_t *hasher;
    apr_pool_t *pool;
    msdigest_owner_t owner;
    msdigest_secret_t password;
    bool hashes[MSD_HASH_COUNT]; /* which to store */
    bool userhash;               /* lines under hashes of the name, too */
} msdigest_entry_t;

/*
 * Make the lines: see credential.h for the field.
 * out: set on success; in the pool of the entry.
 * Returns NULL on success, else a sentence.
 */
const char *msdigest_entry_format(const msdigest_entry_t *entry,
                                  const char **out);

#endif
