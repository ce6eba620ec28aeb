/* SPDX-License-Identifier: Apache-2.0 */
/* Warnings about a configuration that can be read, but says something odd. */
#ifndef MSD_HTTPD_LINT_H
#define MSD_HTTPD_LINT_H

#include "httpd/module.h"

/*
 * Warn where two sections of one virtual host give the same realm to different
 * sets of users: a context is good in all of a realm, so the users of the one
 * get into the other while it lives.  And where a section asks a Windows domain
 * about a realm for which it has no hashes.
 * tree: the configuration as httpd read it.  s: for the log.
 * temp: for scratch.
 */
void msd_lint_realms(const ap_directive_t *tree, server_rec *s,
                     apr_pool_t *temp);

#endif
