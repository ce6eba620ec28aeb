/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that are malformed in a way that clients are known for. */
#ifndef MSDIGEST_REPAIR_H
#define MSDIGEST_REPAIR_H

#include "trial.h"

/*
 * Read a malformed header as its client may have meant it.
 * out: filled completely on success.  what: its wrong and advice are set.
 * Returns whether there is such a way.
 */
bool msdigest_repair(msd_text_t header, apr_pool_t *pool,
                     msd_credentials_t *out, msdigest_choice_t *what);

#endif
