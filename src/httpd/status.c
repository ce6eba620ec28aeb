/* SPDX-License-Identifier: Apache-2.0 */
/* The part of mod_status that is ours. */
#include "httpd/status.h"

#include <http_protocol.h>
#include <mod_status.h>

#include "httpd/config.h"
#include "httpd/state.h"

/* For a person, or with ?auto for a program. */
static int show(request_rec *r, int flags)
{
    const msd_state_t *state = msd_config_server(r->server)->state;
    bool brief = (flags & AP_STATUS_SHORT) != 0;

    ap_rprintf(r,
               brief ? "MSDigestReplaySlots: %u\nMSDigestLifeSeconds: %"
                       APR_UINT64_T_FMT "\n"
                     : "<hr />\n<h3>Digest authentication "
                       "(mod_auth_msdigest)</h3>\n<dl><dt>replay guard: %u "
                       "slots</dt><dt>its life: %" APR_UINT64_T_FMT
                       " seconds</dt></dl>\n",
               msd_replay_slots(state->replay),
               msd_state_now_ms(state) / 1000);
    if (state->cache != NULL) {
        msd_cache_status(state->cache, r, flags);
    }
    return OK;
}

void msd_status_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, show, NULL, NULL, APR_HOOK_MIDDLE);
}
