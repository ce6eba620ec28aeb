/* SPDX-License-Identifier: Apache-2.0 */
/* What an Access-Accept of a RADIUS server is worth. */
#ifndef MSD_AUTHORITY_RADIUSGRANT_H
#define MSD_AUTHORITY_RADIUSGRANT_H

#include "authority/authority.h"
#include "authority/radiusaccept.h"
#include "authority/radiuspacket.h"

/*
 * Take out of an Access-Accept what it tells.  The key is that of
 * MS-MPPE-Send-Key; Digest-HA1, which is in clear in the packet, counts only
 * on a link that is protected (RFC 5090 section 3.1.2).  It must verify the
 * answer.
 *
 * is_protected: whether nobody can read the link.  in: where the groups are.
 * out: session_key, trust_s and groups are set on success; those live in
 * question->pool.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_radius_grant(const msd_radius_reply_t *reply,
                             bool is_protected, msd_radius_groups_in_t in,
                             const msd_question_t *question,
                             msd_proof_t *out);

#endif
