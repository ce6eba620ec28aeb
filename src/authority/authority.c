/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of authorities. */
#include "authority/authority.h"

#include <string.h>

void msd_authority_ask(const msd_authority_t *authorities, int n,
                       const msd_question_t *question, msd_proof_t *out)
{
    memset(out, 0, sizeof(*out));
    out->result = MSD_PROOF_UNKNOWN;
    out->reason = "user is unknown";
    for (int i = 0; i < n; i++) {
        authorities[i].prove(authorities[i].self, question, out);
        if (out->result != MSD_PROOF_UNKNOWN) {
            return;
        }
    }
}
