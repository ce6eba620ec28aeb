/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest secret: makes and changes the file of AuthMSDigestSecret. */
#ifndef MSDIGEST_SECRETFILE_H
#define MSDIGEST_SECRETFILE_H

#include "command.h"

/* Run the command.  Returns its exit status. */
int msdigest_secretfile(const msdigest_command_t *command);

#endif
