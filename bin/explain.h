/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest explain: why a response verifies, or does not. */
#ifndef MSDIGEST_EXPLAIN_H
#define MSDIGEST_EXPLAIN_H

#include "command.h"

/* The command.  See command.h. */
int msdigest_explain(const msdigest_command_t *command);

#endif
