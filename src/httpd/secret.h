/* SPDX-License-Identifier: Apache-2.0 */
/* Where the secret comes from: AuthMSDigestSecret. */
#ifndef MSD_HTTPD_SECRET_H
#define MSD_HTTPD_SECRET_H

#include "context/secret.h"
#include "httpd/module.h"

/*
 * The handler of AuthMSDigestSecret: reads the secret at once, as root, so that
 * a wrong one stops the start and httpd -t finds it.
 */
const char *msd_secret_set(cmd_parms *cmd, void *config, const char *text);

/* Say in the log which secret it is, by its fingerprint. */
void msd_secret_log(const msd_secret_t *secret, server_rec *s);

#endif
