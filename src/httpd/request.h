/* SPDX-License-Identifier: Apache-2.0 */
/* From a request to values, and from an outcome to status and headers. */
#ifndef MSD_HTTPD_REQUEST_H
#define MSD_HTTPD_REQUEST_H

#include "httpd/module.h"

/*
 * Authenticate a request whose AuthType is MSDigest.
 *
 * The decision is made once for each client request; sub-requests, internal
 * redirects, directory indexes and error documents inherit it where realm and
 * policy are the same.
 *
 * Sets r->user, r->ap_auth_type ("Digest") and the notes msdigest-user,
 * msdigest-realm, msdigest-algorithm, msdigest-proof (context or authority)
 * and, if there are any, msdigest-groups when the request is accepted.
 * Returns OK or a status of HTTP, with the challenge set where one belongs.
 */
int msd_request_authenticate(request_rec *r);

/* The client's own request, of which r is a sub-request or a redirect. */
request_rec *msd_request_top(request_rec *r);

/*
 * Add a challenge to a response that another module refuses.
 * Returns OK.
 */
int msd_request_note_failure(request_rec *r);

#endif
