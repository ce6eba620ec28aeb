/* SPDX-License-Identifier: Apache-2.0 */
/* What an Access-Accept of a RADIUS server is worth. */
#include "authority/radiusgrant.h"

#include <string.h>

static const unsigned char *choose_key(const msd_radius_reply_t *reply,
                                       bool is_protected)
{
    if (reply->has_key) {
        return reply->key;
    }
    return is_protected && reply->has_ha1 ? reply->ha1 : NULL;
}

static const char *explain(const msd_radius_reply_t *reply, bool is_protected)
{
    if (is_protected) {
        return "the RADIUS server accepts, but sends neither "
               "MS-MPPE-Send-Key nor Digest-HA1";
    }
    return reply->has_ha1
               ? "the RADIUS server sends the key in clear (Digest-HA1): "
                 "over UDP only MS-MPPE-Send-Key is taken"
               : "the RADIUS server accepts, but sends no MS-MPPE-Send-Key";
}

const char *msd_radius_grant(const msd_radius_reply_t *reply,
                             bool is_protected, msd_radius_groups_in_t in,
                             const msd_question_t *question, msd_proof_t *out)
{
    const unsigned char *key = choose_key(reply, is_protected);

    if (key == NULL) {
        return explain(reply, is_protected);
    }
    if (!msd_response_matches(question->response, key)) {
        return "the RADIUS server accepts, but its key does not fit";
    }
    memcpy(out->session_key, key, MSD_RADIUS_KEY_SIZE);
    out->trust_s = msd_radius_session_timeout(reply->attributes);
    msd_radius_groups(reply->attributes, in, &out->groups, question->pool);
    return NULL;
}
