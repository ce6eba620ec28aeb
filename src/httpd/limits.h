/* SPDX-License-Identifier: Apache-2.0 */
/* What spares an authority: its memory, its directives, the client's address.
 */
#ifndef MSD_HTTPD_LIMITS_H
#define MSD_HTTPD_LIMITS_H

#include "httpd/config.h"
#include "httpd/value.h"

/* What the processes of a server share for it. */
typedef struct {
    msd_counters_t *counters;
    msd_turns_t *turns;
    msd_breakers_t *breakers;
} msd_limits_t;

/* The memory that it needs, in bytes. */
apr_size_t msd_limits_size(void);

/*
 * Take it up.
 * memory: msd_limits_size() bytes, shared by all processes, zero at first.
 * state: whose clock counts.  pool: owns the handles.
 */
void msd_limits_attach(void *memory, struct msd_state_t *state,
                       apr_pool_t *pool, msd_limits_t *out);

/* The part of a section's policy. */
void msd_limits_policy(const msd_dir_config_t *dir, msd_policy_t *policy);

/*
 * The bytes of a client's address that wrong answers are counted by: an IPv4
 * address whole, also when it is mapped into IPv6, of an IPv6 address the
 * first 64 bits, which are one subscriber's.
 */
msd_text_t msd_limits_address(const request_rec *r);

/* Whether a provider, by its name in the configuration, is on this machine and
 * has neither a lock-out nor much to spare. */
bool msd_limits_is_local(const char *name);

/* The handlers, for the table below. */
const char *msd_limits_set_failures(cmd_parms *cmd, void *config,
                                    const char *user, const char *address);
const char *msd_limits_set_reproofs(cmd_parms *cmd, void *config,
                                    const char *text);

extern const msd_value_range_t msd_limits_window;

/* Their part of the command table. */
#define MSD_LIMITS_DIRECTIVES(place) \
    AP_INIT_TAKE12("AuthMSDigestFailureLimit", msd_limits_set_failures, NULL, \
                   place, "wrong answers for one user, and from one address"), \
        AP_INIT_TAKE1("AuthMSDigestFailureWindow", msd_value_duration, \
                      (void *)(uintptr_t)&msd_limits_window, place, \
                      "how long wrong answers are remembered"), \
        AP_INIT_TAKE1("AuthMSDigestReproofLimit", msd_limits_set_reproofs, \
                      NULL, place, \
                      "proofs in a minute for a client whose cnonce changes")

#endif
