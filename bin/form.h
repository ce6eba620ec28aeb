/* SPDX-License-Identifier: Apache-2.0 */
/* Other forms of a text. */
#ifndef MSDIGEST_FORM_H
#define MSDIGEST_FORM_H

#include "base/text.h"

/* In lower case, in upper case, and in lower case but for the first letter;
 * ASCII letters only.  pool: owns the result. */
msd_text_t msdigest_form_lower(msd_text_t text, apr_pool_t *pool);
msd_text_t msdigest_form_upper(msd_text_t text, apr_pool_t *pool);
msd_text_t msdigest_form_capital(msd_text_t text, apr_pool_t *pool);

/* Three texts, one behind the other.  pool: owns the result. */
msd_text_t msdigest_form_join(msd_text_t a, msd_text_t b, msd_text_t c,
                              apr_pool_t *pool);

/* Up to a character, or all of it.  A span of the text. */
msd_text_t msdigest_form_until(msd_text_t text, char stop);

/* All behind the first n bytes.  A span of the text. */
msd_text_t msdigest_form_behind(msd_text_t text, apr_size_t n);

#endif
