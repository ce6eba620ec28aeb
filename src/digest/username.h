/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a user name on the wire may be meant. */
#ifndef MSD_DIGEST_USERNAME_H
#define MSD_DIGEST_USERNAME_H

#include "digest/header.h"

/* The most forms that one name has. */
#define MSD_USERNAME_FORMS 3

/*
 * The forms of a name, most likely first, without repetition.
 *
 * Most clients send DOMAIN\user with the backslash bare, others escape it
 * ([MS-DPSP] section 2.2 and note 4 therefore decode twice).  So a name with a
 * backslash is tried (1) with only \" and \\ taken as escapes, (2) with every
 * escape taken away, (3) as it stands between the quotes.
 *
 * param: the username parameter.  pool: owns the forms that are copies.
 * forms: room for MSD_USERNAME_FORMS.
 * Returns how many there are, at least 1.
 */
int msd_username_forms(const msd_param_t *param, apr_pool_t *pool,
                       msd_text_t *forms);

#endif
