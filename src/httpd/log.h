/* SPDX-License-Identifier: Apache-2.0 */
/* One line for each refusal. */
#ifndef MSD_HTTPD_LOG_H
#define MSD_HTTPD_LOG_H

#include "httpd/state.h"

/*
 * Write what became of a request: who, from where (httpd adds the address),
 * why, and what to do where the administrator can do something.  Never a
 * password, key, digest or tag.  Messages that a client could repeat at will
 * are limited.
 * state: keeps what was said before.  r: the request that was decided about.
 */
void msd_log_outcome(msd_state_t *state, request_rec *r,
                     const msd_outcome_t *outcome);

/* For other messages, by a kind from 16 to 255 of each: whether it was said in
 * the last seconds, and whether it is the first of its kind. */
bool msd_log_is_repeated(msd_state_t *state, unsigned kind);
bool msd_log_is_first(msd_state_t *state, unsigned kind);

#endif
