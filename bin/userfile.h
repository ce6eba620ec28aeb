/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a password file: lines  user:realm:FIELD  as httpd reads them. */
#ifndef MSDIGEST_USERFILE_H
#define MSDIGEST_USERFILE_H

#include "base/hash.h"

/* The longest line that is written. */
#define MSDIGEST_LINE_MAX 4096

/* One line, with the lines that a backslash at its end joins to it. */
typedef struct {
    msd_text_t raw;  /* as it stands in the file, with its end */
    msd_text_t user; /* all empty for a comment and an empty line */
    msd_text_t realm;
    msd_text_t field;
} msdigest_userline_t;

/* Whose lines are meant. */
typedef struct {
    msd_text_t user;   /* UTF-8 */
    msd_text_t latin1; /* the same in ISO 8859-1; may be equal to user */
    msd_text_t realm;
} msdigest_owner_t;

/* What a file keeps of an owner. */
typedef struct {
    bool known;
    bool hashes[MSD_HASH_COUNT];
    bool userhash; /* there are lines under a hash of the name */
} msdigest_kept_t;

/*
 * Take the next line, read as mod_authn_file does: joined at backslashes,
 * blanks at both ends taken away, several colons like one.
 * rest: moved behind the line.  pool: for lines that were joined.
 * Returns false at the end.
 */
bool msdigest_userfile_next(msd_text_t *rest, apr_pool_t *pool,
                            msdigest_userline_t *line);

/* What the file keeps of the owner. */
void msdigest_userfile_find(msd_text_t text, const msdigest_owner_t *owner,
                            apr_pool_t *pool, msdigest_kept_t *out);

/*
 * The file with all lines of the owner replaced; the others stay byte for
 * byte.
 * lines: take the place of the first, or stand at the end; may be empty.
 * pool: owns the result.
 */
msd_text_t msdigest_userfile_replace(msd_text_t text,
                                     const msdigest_owner_t *owner,
                                     msd_text_t lines, apr_pool_t *pool);

#endif
