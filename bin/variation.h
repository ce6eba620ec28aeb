/* SPDX-License-Identifier: Apache-2.0 */
/* What clients are known to do otherwise, as ways to be tried. */
#ifndef MSDIGEST_VARIATION_H
#define MSDIGEST_VARIATION_H

#include "terminal.h"
#include "trial.h"

/* What the caller of explain knows; empty spans for what he does not. */
typedef struct {
    msd_text_t method;
    msd_text_t target;
    msd_text_t realm; /* of the server */
    msd_text_t user;  /* the true name behind a userhash */
    msd_text_t body;
    const msdigest_secret_t *password; /* NULL: there is a file */
    msd_text_t file;                   /* the text of a password file */
    apr_pool_t *pool;
} msdigest_known_t;

/*
 * Fill a trial with the ways its inputs can be.
 * trial: hasher and credentials are set.
 */
void msdigest_variation_fill(const msdigest_known_t *known,
                             msdigest_trial_t *trial);

/* Wipe the forms of the password. */
void msdigest_variation_forget(msdigest_trial_t *trial);

#endif
