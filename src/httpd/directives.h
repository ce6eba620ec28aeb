/* SPDX-License-Identifier: Apache-2.0 */
/* The directives: from text to values, with an error for what is wrong. */
#ifndef MSD_HTTPD_DIRECTIVES_H
#define MSD_HTTPD_DIRECTIVES_H

#include "httpd/module.h"

/* The command table of the module record. */
extern const command_rec msd_directives[];

/*
 * Where the configuration says AuthMSDigestReplay off: "file:line" strings.
 * pool: the configuration pool.
 */
const apr_array_header_t *msd_directives_replay_off(apr_pool_t *pool);

/*
 * The longest AuthMSDigestNonceLifetime of any section, and the default at
 * least, in milliseconds.
 * pool: the configuration pool.
 */
apr_int64_t msd_directives_longest_nonce_ms(apr_pool_t *pool);

#endif
