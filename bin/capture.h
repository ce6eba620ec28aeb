/* SPDX-License-Identifier: Apache-2.0 */
/* A captured request: where the credentials stand in it. */
#ifndef MSDIGEST_CAPTURE_H
#define MSDIGEST_CAPTURE_H

#include "base/text.h"

typedef struct {
    msd_text_t header; /* the parameters, behind "Digest" */
    msd_text_t method; /* of a request line; empty: there was none */
    msd_text_t target;
} msdigest_capture_t;

/*
 * Find Digest credentials: the first Authorization or Proxy-Authorization
 * line with them, with or without its name in front, perhaps behind "> " as
 * curl -v prints it, perhaps folded.
 * pool: for a header that was folded, and for the sentence.
 * out: filled completely on success.
 * Returns NULL on success, else a sentence.
 */
const char *msdigest_capture_find(msd_text_t text, apr_pool_t *pool,
                                  msdigest_capture_t *out);

/* A parameter as it stands in a header that may be malformed. */
typedef struct {
    msd_text_t name;
    msd_text_t value; /* without quotes, escapes left in */
    apr_size_t at;    /* where the name begins */
    apr_size_t end;   /* behind the value and its quote */
} msdigest_capture_param_t;

/*
 * Take the next parameter.
 * at: where to go on; 0 first, moved behind the parameter.
 * Returns false when there is none that can be read.
 */
bool msdigest_capture_param(msd_text_t header, apr_size_t *at,
                            msdigest_capture_param_t *out);

/* The first parameter of that name in any case.  Returns whether it is there.
 */
bool msdigest_capture_named(msd_text_t header, msd_text_t name,
                            msdigest_capture_param_t *out);

#endif
