/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which clients take user name, realm and password. */
#ifndef MSDIGEST_IDENTITY_H
#define MSDIGEST_IDENTITY_H

#include "variation.h"

/* Fill in the user names, realms and passwords. */
void msdigest_identity_fill(const msdigest_known_t *known,
                            msdigest_trial_t *trial);

#endif
