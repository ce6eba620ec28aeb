/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a file so that nobody ever sees half of it, nor loses a change. */
#ifndef MSDIGEST_REPLACE_H
#define MSDIGEST_REPLACE_H

#include <sys/stat.h>

#include "base/text.h"

/* A file that is locked for a change. */
typedef struct {
    const char *path; /* links followed */
    const char *lock_path;
    int lock; /* open while locked */
    bool exists;
    struct stat was; /* when it exists */
    msd_text_t text; /* what is in it */
    apr_pool_t *pool;
} msdigest_replace_t;

typedef enum {
    MSDIGEST_REPLACE_OLD, /* the file must be there */
    MSDIGEST_REPLACE_NEW  /* it must not */
} msdigest_replace_mode_t;

/*
 * Whether a change may begin; nothing is locked.  Saves asking for a password
 * in vain.
 * Returns NULL if so, else a sentence in the pool.
 */
const char *msdigest_replace_check(const char *path,
                                   msdigest_replace_mode_t mode,
                                   apr_pool_t *pool);

/*
 * Wait for the lock of a file, and read it.  The lock is a file of its own
 * beside it: the file itself is another one after each change.
 * out: filled completely; to be given to msdigest_replace_end in any case.
 * Returns NULL on success, else a sentence in the pool.
 */
const char *msdigest_replace_begin(const char *path,
                                   msdigest_replace_mode_t mode,
                                   apr_pool_t *pool, msdigest_replace_t *out);

/*
 * Put a text in the place of the file: all of it or nothing, and on the disk
 * before it is seen.  Mode and owner stay; a new file is for its owner only.
 * Returns NULL on success, else a sentence in the pool; the file is then as
 * it was.
 */
const char *msdigest_replace_write(const msdigest_replace_t *replace,
                                   msd_text_t text);

/* Give the lock back. */
void msdigest_replace_end(msdigest_replace_t *replace);

/*
 * Read all of an open file.
 * Returns NULL on success, else a sentence in the pool.
 */
const char *msdigest_replace_read(int fd, const char *name, apr_pool_t *pool,
                                  msd_text_t *out);

/* A sentence in the pool: what failed, and why, by errno. */
const char *msdigest_replace_fault(apr_pool_t *pool, const char *what,
                                   const char *path);

#endif
