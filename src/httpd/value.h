/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a directive to one value, or to what is wrong with it. */
#ifndef MSD_HTTPD_VALUE_H
#define MSD_HTTPD_VALUE_H

#include "httpd/module.h"

/*
 * The one form of an error: directive, value, what is allowed.
 * Returns the sentence, which stops the start.
 */
const char *msd_value_wrong(cmd_parms *cmd, const char *value,
                            const char *allowed);

/* A word, and the value that it stands for; the last one is NULL. */
typedef struct {
    const char *word;
    int value;
} msd_value_word_t;

/*
 * Set a member by a word of a list, in any case.
 * allowed: the words, for a person.
 * Returns NULL, or what is wrong; the member is then as it was.
 */
const char *msd_value_choose(cmd_parms *cmd, const char *text,
                             const msd_value_word_t *words,
                             const char *allowed, int *member);

/* The same, but add the bits of the word to those of the words before. */
const char *msd_value_add_bits(cmd_parms *cmd, const char *text,
                               const msd_value_word_t *words,
                               const char *allowed, int *member);

/* A member of a section, by its offset, and the durations it takes, in ms. */
typedef struct {
    size_t offset;
    apr_int64_t least;
    apr_int64_t most;
} msd_value_range_t;

/*
 * The handler of a directive that is a duration, in seconds or with a unit.
 * cmd->info: its msd_value_range_t.
 */
const char *msd_value_duration(cmd_parms *cmd, void *config, const char *text);

#endif
