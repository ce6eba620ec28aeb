/* SPDX-License-Identifier: Apache-2.0 */
/* The replay guard of a fleet: one script at one Redis server. */
#ifndef MSD_REDIS_FLEETGUARD_H
#define MSD_REDIS_FLEETGUARD_H

#include <stdatomic.h>

#include "context/guard.h"
#include "redis/client.h"

/*
 * Redis runs the script as one step, so it accepts each (nonce, count) once,
 * whichever machine asks.  It keeps a window for each nonce, as the table of
 * one machine does, until a minute after the nonce has expired by the clock of
 * Redis.
 *
 * The guard's life is a number that stands in Redis beside the replication id
 * of the server that it began at.  Each run compares that id with the server's
 * own.  So after a fail-over, a restart or a flush a new life begins, and
 * nonces of the old one are foreign, as what was accepted in it may be
 * forgotten.
 *
 * Beside them stands the longest lifetime of nonces anywhere in the fleet.  A
 * nonce that one section takes for long must not be forgotten after a use in
 * another that takes it for short; so all counts are kept by the longest, and
 * a server that comes with a longer one begins a new life.
 */

/* How long the answers to an outage are not taken for attacks. */
#define MSD_FLEET_UNSURE_MS 60000

/* How long a count is kept when its nonce has expired. */
#define MSD_FLEET_KEEP_MS 60000

/* What the processes of one machine share; zeros at first. */
typedef struct msd_fleet_t {
    _Atomic(uint64_t) life;             /* as it was told last; 0: unknown */
    _Atomic(uint64_t) ahead_ms;         /* of the clock of Redis before ours */
    _Atomic(uint64_t) unsure_until_ms;  /* by our clock */
} msd_fleet_t;

/* The name of a script: SHA-1, in hexadecimal, with its NUL. */
#define MSD_FLEET_SCRIPT_NAME_SIZE 41

/*
 * The script's name, by which Redis finds it again.
 * out: room for MSD_FLEET_SCRIPT_NAME_SIZE characters; empty when OpenSSL has
 * no SHA-1, and then the script is sent each time.
 */
void msd_fleet_script_name(char *out);

/* One request's use of the guard: its self. */
typedef struct {
    msd_redis_t *redis;     /* NULL: it never answers */
    msd_fleet_t *fleet;
    const char *script_name;
    uint64_t longest_ms;        /* that a nonce lives, in any section */
    uint64_t (*now_ms)(void);   /* as the client's */
    apr_status_t (*random)(void *self, unsigned char *out, apr_size_t n);
    void *random_self;
    /* Told what is wrong when there is no answer. */
    void (*complain)(void *self, const char *fault);
    void *complain_self;
    msd_guard_t guard;          /* set by msd_fleet_guard */
} msd_fleet_use_t;

/*
 * The guard, which stands in use.  When Redis tells of a new life, new nonces
 * carry that at once.
 */
const msd_guard_t *msd_fleet_guard(msd_fleet_use_t *use);

/*
 * Learn the life of the guard and the clock of Redis.
 * Returns whether Redis told.
 */
bool msd_fleet_look(msd_fleet_use_t *use);

#endif
