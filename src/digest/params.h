/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a header: from text to spans. */
#ifndef MSD_DIGEST_PARAMS_H
#define MSD_DIGEST_PARAMS_H

#include "base/text.h"

/* In the order of their names' lengths: see find_param. */
typedef enum {
    MSD_PARAM_NC,
    MSD_PARAM_URI,
    MSD_PARAM_QOP,
    MSD_PARAM_REALM,
    MSD_PARAM_NONCE,
    MSD_PARAM_OPAQUE,
    MSD_PARAM_CNONCE,
    MSD_PARAM_USERNAME,
    MSD_PARAM_RESPONSE,
    MSD_PARAM_USERHASH,
    MSD_PARAM_ALGORITHM,
    MSD_PARAM_USERNAME_EXT,
    MSD_PARAM_COUNT
} msd_param_name_t;

/* One parameter as it stands in the header. */
typedef struct {
    msd_text_t value;   /* without the quotes, escapes left in */
    bool present;
    bool escaped;       /* quoted, with a backslash in it */
} msd_param_t;

/*
 * Read a list of parameters (RFC 9110 sections 5.6.1 and 11.2).
 * text: what follows the scheme's name.
 * params: MSD_PARAM_COUNT of them, all zero at first; the values point into
 * text.
 * Returns NULL on success, else a fixed sentence that names the broken rule.
 * Unknown parameters are left out; a known one that comes twice is refused.
 */
const char *msd_params_parse(msd_text_t text, msd_param_t *params);

#endif
