/* SPDX-License-Identifier: Apache-2.0 */
/* Why a server refuses a response that verifies. */
#ifndef MSDIGEST_REMARK_H
#define MSDIGEST_REMARK_H

#include "variation.h"

/* What is known of the server. */
typedef struct {
    bool algorithms_known;
    bool algorithms[MSD_ALGORITHM_COUNT]; /* offered */
    const msdigest_known_t *known;
} msdigest_remark_t;

/*
 * Compare credentials that verify with what the server offered and was asked
 * for, and print what does not fit.
 * Returns whether all fits, as far as it is known.
 */
bool msdigest_remark(const msdigest_remark_t *asked,
                     const msd_credentials_t *credentials,
                     msd_hasher_t *hasher);

#endif
