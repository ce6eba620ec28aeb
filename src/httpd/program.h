/* SPDX-License-Identifier: Apache-2.0 */
/* A program that writes a secret when the server starts. */
#ifndef MSD_HTTPD_PROGRAM_H
#define MSD_HTTPD_PROGRAM_H

#include <stdbool.h>

#include <apr_pools.h>

/* The most bytes that a program may write. */
#define MSD_PROGRAM_OUTPUT 4096

/* What a program wrote.  It is secret: to be wiped after use. */
typedef struct {
    char bytes[MSD_PROGRAM_OUTPUT + 1]; /* one more than is allowed */
    apr_size_t len;
} msd_program_output_t;

/*
 * Run a program, without a shell, and take what it writes.  It has 10 seconds,
 * and is killed then: a start or a restart of httpd waits for it.
 * words: the full path and the arguments; NULL ends them.
 * out: filled in any case.
 * Returns NULL, or what would be allowed; it lives in temp.
 */
const char *msd_program_run(const char *const *words, apr_pool_t *temp,
                            msd_program_output_t *out);

#endif
