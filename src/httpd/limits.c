/* SPDX-License-Identifier: Apache-2.0 */
/* What spares an authority: its memory, its directives, the client's address.
 */
#include "httpd/limits.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "httpd/state.h"

/* Defaults, where an authority is not on this machine.  Eight in ten minutes
 * stay below the ten of a domain's usual lock-out, whose count ends with ten
 * quiet minutes, too. */
#define FAILURES_OF_USER 8
#define FAILURES_OF_ADDRESS 100
#define FAILURE_WINDOW_MS (600 * 1000)
#define REPROOFS 600
#define REPROOF_WINDOW_S 60

#define DAY_MS (86400 * APR_INT64_C(1000))

#define IPV6_PREFIX 8

/* ---- Memory */

/* Each begins on a cache line of its own. */
static apr_size_t round_up(apr_size_t size)
{
    return (size + 63) / 64 * 64;
}

apr_size_t msd_limits_size(void)
{
    return round_up(msd_counters_size()) + round_up(msd_turns_size())
           + msd_breakers_size();
}

static uint64_t now_ms(void *self)
{
    return msd_state_now_ms(self);
}

static void pause_us(void *self, uint32_t us)
{
    (void)self;
    apr_sleep(us);
}

void msd_limits_attach(void *memory, msd_state_t *state, apr_pool_t *pool,
                       msd_limits_t *out)
{
    const msd_turn_clock_t clock = { state, now_ms, pause_us };
    char *start = memory;

    out->counters = msd_counters_attach(start, pool);
    start += round_up(msd_counters_size());
    out->turns = msd_turns_attach(start, clock, pool);
    start += round_up(msd_turns_size());
    out->breakers = msd_breakers_attach(start, pool);
}

/* ---- Policy */

bool msd_limits_is_local(const char *name)
{
    static const char *const local[] = { "file", "dbm", "dbd", "socache" };

    for (apr_size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        if (ap_cstr_casecmp(name, local[i]) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t resolve(apr_int64_t value, uint32_t fallback)
{
    return value == MSD_UNSET ? fallback : (uint32_t)value;
}

void msd_limits_policy(const msd_dir_config_t *dir, msd_policy_t *policy)
{
    bool remote = dir->remote == 1;
    uint32_t window_s = resolve(dir->failure_window_ms, FAILURE_WINDOW_MS)
                        / 1000;

    policy->take_turns = remote;
    policy->wrong_user = (msd_rate_t){
        resolve(dir->failures_of_user, remote ? FAILURES_OF_USER : 0),
        window_s, MSD_DECAY_QUIET
    };
    policy->wrong_address = (msd_rate_t){
        resolve(dir->failures_of_address, remote ? FAILURES_OF_ADDRESS : 0),
        window_s, MSD_DECAY_LEAK
    };
    policy->reproof = (msd_rate_t){ resolve(dir->reproofs, REPROOFS),
                                    REPROOF_WINDOW_S, MSD_DECAY_LEAK };
}

static const unsigned char v4_mapped[12] = { 0, 0, 0, 0, 0,    0,
                                             0, 0, 0, 0, 0xff, 0xff };

msd_text_t msd_limits_address(const request_rec *r)
{
    const apr_sockaddr_t *address = r->useragent_addr;
    const char *bytes = address->ipaddr_ptr;

    if (address->ipaddr_len != 16) {
        return (msd_text_t){ bytes, (apr_size_t)address->ipaddr_len };
    }
    if (memcmp(bytes, v4_mapped, sizeof(v4_mapped)) == 0) {
        return (msd_text_t){ bytes + sizeof(v4_mapped), 4 };
    }
    return (msd_text_t){ bytes, IPV6_PREFIX };
}

/* ---- Directives */

const msd_value_range_t msd_limits_window = {
    APR_OFFSETOF(msd_dir_config_t, failure_window_ms), 1000, DAY_MS
};

static const char *set_number(cmd_parms *cmd, const char *text, int *member)
{
    char *end;
    apr_int64_t value = apr_strtoi64(text, &end, 10);

    if (!apr_isdigit(text[0]) || *end != '\0' || value > (int)MSD_RATE_MAX) {
        return msd_value_wrong(cmd, text,
                               "numbers from 1 to 4000, 0 for no limit");
    }
    *member = (int)value;
    return NULL;
}

const char *msd_limits_set_failures(cmd_parms *cmd, void *config,
                                    const char *user, const char *address)
{
    msd_dir_config_t *dir = config;
    const char *fault = set_number(cmd, user, &dir->failures_of_user);

    if (fault != NULL || address == NULL) {
        return fault;
    }
    return set_number(cmd, address, &dir->failures_of_address);
}

const char *msd_limits_set_reproofs(cmd_parms *cmd, void *config,
                                    const char *text)
{
    msd_dir_config_t *dir = config;

    return set_number(cmd, text, &dir->reproofs);
}
