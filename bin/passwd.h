/* SPDX-License-Identifier: Apache-2.0 */
/* msdigest passwd: writes the password file that the module reads. */
#ifndef MSDIGEST_PASSWD_H
#define MSDIGEST_PASSWD_H

#include "command.h"

/* The command.  See command.h. */
int msdigest_passwd(const msdigest_command_t *command);

#endif
