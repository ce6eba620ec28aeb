/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629) and ISO 8859-1. */
#ifndef MSD_BASE_UTF8_H
#define MSD_BASE_UTF8_H

#include "base/text.h"

/* Whether all bytes are below 128. */
bool msd_utf8_is_ascii(msd_text_t text);

/* Whether the bytes are UTF-8: no overlong form, no surrogate, nothing above
 * U+10FFFF. */
bool msd_utf8_is_valid(msd_text_t text);

/*
 * From ISO 8859-1 to UTF-8.
 * pool: owns the result.
 */
msd_text_t msd_utf8_from_latin1(msd_text_t text, apr_pool_t *pool);

/*
 * From UTF-8 to ISO 8859-1.
 * text: valid UTF-8.  pool: owns the result.
 * out: set only on success.
 * Returns false when a character is beyond ISO 8859-1.
 */
bool msd_utf8_to_latin1(msd_text_t text, apr_pool_t *pool, msd_text_t *out);

#endif
