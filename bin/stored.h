/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a password file that a client may have meant. */
#ifndef MSDIGEST_STORED_H
#define MSDIGEST_STORED_H

#include "variation.h"

/* Fill in the fields of lines in the place of user, realm and password. */
void msdigest_stored_fill(const msdigest_known_t *known,
                          msdigest_trial_t *trial);

#endif
