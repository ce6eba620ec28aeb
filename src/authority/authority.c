/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of authorities. */
#include "authority/authority.h"

#include <string.h>

static void ask_one(const msd_authority_t *authority,
                    const msd_question_t *question, msd_proof_t *out)
{
    uint64_t asked_ms;

    if (!msd_breaker_lets(&authority->breaker, &asked_ms)) {
        out->result = MSD_PROOF_UNAVAILABLE;
        out->reason = "the provider did not answer a moment ago, and is "
                      "spared for some seconds";
        return;
    }
    authority->prove(authority->self, question, out);
    msd_breaker_report(&authority->breaker, asked_ms,
                       out->result != MSD_PROOF_UNAVAILABLE);
}

void msd_authority_ask(const msd_authority_t *authorities, int n,
                       const msd_question_t *question, msd_proof_t *out)
{
    memset(out, 0, sizeof(*out));
    out->result = MSD_PROOF_UNKNOWN;
    out->reason = "user is unknown";
    for (int i = 0; i < n; i++) {
        ask_one(&authorities[i], question, out);
        if (out->result != MSD_PROOF_UNKNOWN) {
            return;
        }
    }
}
