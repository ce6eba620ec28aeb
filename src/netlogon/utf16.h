/* SPDX-License-Identifier: Apache-2.0 */
/* From UTF-8 to UTF-16LE. */
#ifndef MSD_NETLOGON_UTF16_H
#define MSD_NETLOGON_UTF16_H

#include "base/text.h"

/*
 * Write UTF-8 as UTF-16, little-endian, without a NUL.
 * text: valid UTF-8.  out: room for 2 * text.len bytes.
 * Returns how many bytes were written.
 */
apr_size_t msd_utf16_encode(msd_text_t text, unsigned char *out);

#endif
