/* SPDX-License-Identifier: Apache-2.0 */
/* Proof at a domain controller, through msdigest-netlogond. */
#ifndef MSD_AUTHORITY_NETLOGON_H
#define MSD_AUTHORITY_NETLOGON_H

#include "authority/authority.h"

typedef struct {
    const char *path;       /* of the helper's socket */
    msd_text_t domain;      /* NetBIOS */
    msd_text_t server;      /* our NetBIOS name */
    uint64_t timeout_ms;    /* for the whole proof */
    void *self;             /* the argument of the call */
    uint64_t (*now_ms)(void *self);     /* CLOCK_MONOTONIC, as the helper's */
} msd_netlogon_t;

/*
 * Prove an answer of MD5-sess by DIGEST_VALIDATION_REQ ([MS-APDS] 3.3.5).  The
 * session key of the reply must verify the answer.  A status that is not known
 * to mean more is unavailable: never denied, and never granted.
 *
 * Of a name that may be meant in several ways the likeliest is asked, once:
 * each try might count as a wrong password of somebody else.
 *
 * self: an msd_netlogon_t.  out: filled completely.
 */
void msd_netlogon_prove(void *self, const msd_question_t *question,
                        msd_proof_t *out);

#endif
