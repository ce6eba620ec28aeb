/* SPDX-License-Identifier: Apache-2.0 */
/* The machine account's secret: a file that only root need be able to read. */
#ifndef MSD_NETLOGOND_SECRET_H
#define MSD_NETLOGOND_SECRET_H

#include "netlogon/machinekey.h"

/*
 * Read a file's first line as a secret; see msd_machinekey_read.
 * path: a file that others can neither read nor write.
 * out: room for MSD_MACHINEKEY_SIZE bytes, to be wiped.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_secret_read(const char *path, unsigned char *out);

/*
 * Part in two: the parent stays as it is, reads the file when it is asked,
 * and ends with the child; the child goes on, to be anybody.
 * Returns the child's end of the line between them; -1: no child could be
 * made.  The parent does not return.
 */
int msd_secret_part(const char *path);

/*
 * Ask the parent for the secret, as the file is now.
 * line: of msd_secret_part.  Not for two threads at once.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_secret_ask(int line, unsigned char *out);

#endif
