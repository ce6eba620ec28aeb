/* SPDX-License-Identifier: Apache-2.0 */
/* Which inputs make a response: a search over what clients do. */
#ifndef MSDIGEST_TRIAL_H
#define MSDIGEST_TRIAL_H

#include "digest/header.h"

/* What goes into a response; each can be wrong in some ways. */
typedef enum {
    MSDIGEST_USER,
    MSDIGEST_REALM,
    MSDIGEST_PASSWORD,
    MSDIGEST_HASH,
    MSDIGEST_RULE,
    MSDIGEST_NC,
    MSDIGEST_QOP,
    MSDIGEST_METHOD,
    MSDIGEST_URI,
    MSDIGEST_INPUT_COUNT
} msdigest_input_t;

/* Values of MSDIGEST_RULE: how H(A1) comes from the hash of the password. */
#define MSDIGEST_RULE_PLAIN 0   /* it is that hash */
#define MSDIGEST_RULE_SESSION 1 /* with nonce and cnonce, RFC 2617 */
#define MSDIGEST_RULE_BINARY 2  /* the same with raw bytes, RFC 2831 */

/* Values of MSDIGEST_QOP; the text is the qop that is hashed, or empty. */
#define MSDIGEST_A2_SHORT 0 /* method:uri */
#define MSDIGEST_A2_BODY 1  /* method:uri:H(body) */
#define MSDIGEST_A2_EMPTY 2 /* the same with an empty body */

/* One way an input can be. */
typedef struct {
    msd_text_t text;   /* what is hashed */
    int value;         /* of HASH, RULE, QOP */
    msd_text_t shown;  /* what may be told of it; empty: nothing */
    const char *wrong; /* NULL for an input that is as it should be */
    const char *advice;
    bool fine; /* the module takes it so, too */
} msdigest_choice_t;

#define MSDIGEST_CHOICES 24

/* A response, and the ways its inputs can be; the first is the right one. */
typedef struct {
    msd_hasher_t *hasher;
    const msd_credentials_t *credentials;
    msd_text_t body;
    bool stored; /* the text of MSDIGEST_USER is a field of a file */
    msdigest_choice_t choices[MSDIGEST_INPUT_COUNT][MSDIGEST_CHOICES];
    int n[MSDIGEST_INPUT_COUNT];
} msdigest_trial_t;

/*
 * Add a way.  One that is there already, or for which there is no room, is
 * left out.
 */
void msdigest_trial_add(msdigest_trial_t *trial, msdigest_input_t input,
                        msdigest_choice_t choice);

/* The same for a way of which everything may be told. */
void msdigest_trial_show(msdigest_trial_t *trial, msdigest_input_t input,
                         msd_text_t text, const char *wrong,
                         const char *advice);

/*
 * Find the ways that make the response, with as few wrong as possible.
 * pick: MSDIGEST_INPUT_COUNT numbers, set on success.
 * Returns whether there are any.
 */
bool msdigest_trial_search(const msdigest_trial_t *trial, int *pick);

#endif
