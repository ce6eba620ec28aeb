/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a user name on the wire may be meant. */
#ifndef MSD_DIGEST_USERNAME_H
#define MSD_DIGEST_USERNAME_H

#include "digest/header.h"

/* The most forms of one name that are tried. */
#define MSD_USERNAME_FORMS 4

/*
 * The forms of a name, most likely first, without repetition.
 *
 * Most clients send DOMAIN\user with the backslash bare, others escape it
 * ([MS-DPSP] section 2.2 and note 4 therefore decode twice).  So a name with a
 * backslash is tried (1) with only \" and \\ taken as escapes, (2) with every
 * escape taken away, (3) as it stands between the quotes.  A name beyond ASCII
 * is taken as UTF-8 when it is that, else as ISO 8859-1, and tried in the
 * other encoding last.
 *
 * param: the username as msd_credentials_t has it.
 * pool: owns the forms that are copies.
 * forms: room for MSD_USERNAME_FORMS.
 * Returns how many there are, at least 1.
 */
int msd_username_forms(const msd_param_t *param, apr_pool_t *pool,
                       msd_text_t *forms);

/*
 * Read the value of username* (RFC 7616 section 3.4, RFC 8187 section 3.2):
 * UTF-8'language'percent-encoded.
 * value: as it stands in the header.  pool: owns the name.
 * out: set only on success, to UTF-8 without control characters.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_username_decode(msd_text_t value, apr_pool_t *pool,
                                msd_text_t *out);

/*
 * A name without its domain: DOMAIN\user and user@domain become user.
 * Returns a span of the name; the name itself when it has no domain, or
 * nothing else.
 */
msd_text_t msd_username_strip(msd_text_t name);

#endif
