/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: from the terminal, from a file, never from arguments. */
#ifndef MSDIGEST_TERMINAL_H
#define MSDIGEST_TERMINAL_H

#include "base/text.h"

/* The longest password, in bytes; also what a terminal takes in one line. */
#define MSDIGEST_PASSWORD_MAX 4095

/* A line as it was read; msdigest_secret_wipe when done, on every way out. */
typedef struct {
    char bytes[MSDIGEST_PASSWORD_MAX + 2]; /* with the end of the line */
    apr_size_t len;                        /* without it */
} msdigest_secret_t;

/* The span of the password. */
msd_text_t msdigest_secret_text(const msdigest_secret_t *secret);

/*
 * The password in UTF-8, and in ISO 8859-1 when it can be (else in UTF-8).
 * What is not UTF-8 is taken for ISO 8859-1, as the module does with names.
 * pool: for a copy, if there must be one.
 */
msd_text_t msdigest_secret_utf8(const msdigest_secret_t *secret,
                                apr_pool_t *pool);
msd_text_t msdigest_secret_latin1(const msdigest_secret_t *secret,
                                  apr_pool_t *pool);

/* Wipe a copy that one of them gave, or another form of a password. */
void msdigest_secret_forget(msd_text_t copy);

void msdigest_secret_wipe(msdigest_secret_t *secret);

/*
 * Ask at the terminal of this process, with echo off.
 * prompt: what to show.  again: what to show for a second time, whose answer
 * must be the same; NULL: ask once.  pool: for the sentence.
 * Returns NULL on success, else a sentence.
 */
const char *msdigest_terminal_ask(const char *prompt, const char *again,
                                  apr_pool_t *pool, msdigest_secret_t *out);

/*
 * Read the first line of a file.
 * name: of the file, for the sentence.  pool: for the sentence.
 * Returns NULL on success, else a sentence.
 */
const char *msdigest_terminal_read(int fd, const char *name, apr_pool_t *pool,
                                   msdigest_secret_t *out);

#endif
