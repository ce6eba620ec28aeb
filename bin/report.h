/* SPDX-License-Identifier: Apache-2.0 */
/* What explain prints: never a password, a key or a response. */
#ifndef MSDIGEST_REPORT_H
#define MSDIGEST_REPORT_H

#include "trial.h"

/* Print a text from elsewhere; what a terminal might obey comes as \xNN. */
void msdigest_report_text(msd_text_t text);

/* Print the parameters of a header, as far as they can be read. */
void msdigest_report_params(msd_text_t header);

/* Print a finding, and what to do about it.
 * shown: the value that it is about; empty: none.  advice: may be NULL. */
void msdigest_report_finding(const char *finding, msd_text_t shown,
                             const char *advice);

/*
 * Print whether the response verifies, and if not, what is wrong.
 * pick: of msdigest_trial_search, or NULL when it found none.
 * repaired: what was wrong with the header before it was read; NULL: nothing.
 * Returns whether it verifies.
 */
bool msdigest_report_trial(const msdigest_trial_t *trial, const int *pick,
                           const msdigest_choice_t *repaired);

/* Print why a header is malformed, and where. */
void msdigest_report_malformed(msd_text_t header, const char *fault,
                               apr_pool_t *pool);

#endif
