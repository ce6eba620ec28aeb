/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a user, as one text. */
#ifndef MSD_BASE_GROUPS_H
#define MSD_BASE_GROUPS_H

#include "base/text.h"

/* The longest text: 100 groups of 80 bytes, as the names of a directory are,
 * or 180 SIDs of Windows. */
#define MSD_GROUPS_MAX 8192

/*
 * Names with commas between them, in the order they were told.  A comma and a
 * percent sign in a name stand as %2C and %25 (RFC 3986 section 2.1); nothing
 * else is escaped, and names are compared byte by byte.
 */
typedef struct {
    char *text;         /* not NUL-terminated; NULL: no groups */
    apr_size_t len;
    int odd;            /* names left out: empty, or with control characters */
    int beyond;         /* names left out, because there is no room */
} msd_groups_t;

/*
 * Add a name.
 * groups: all zero at first.  pool: owns the text.
 */
void msd_groups_add(msd_groups_t *groups, msd_text_t name, apr_pool_t *pool);

/*
 * A name as it stands in the text.
 * Returns NULL when a name of a group cannot be so: see odd.
 */
const char *msd_groups_escape(msd_text_t name, apr_pool_t *pool);

/* Whether a text has a name; escaped: of msd_groups_escape. */
bool msd_groups_have(msd_text_t text, msd_text_t escaped);

#endif
