/* SPDX-License-Identifier: Apache-2.0 */
/* A redis-server for the unit tests, on a unix socket of its own. */
#ifndef REDISREAL_H
#define REDISREAL_H

#include "unit.h"

#include "redis/client.h"

/* Start it, empty, and wait until it answers; a test that cannot fails. */
void redis_up(void);

/* End it, whatever it does. */
void redis_down(void);

/* Send it a signal. */
void redis_signal(int signal);

/* How to reach it: one host. */
extern msd_redis_config_t redis_config;

/* The monotonic clock. */
uint64_t redis_now_ms(void);

/* Run a command of words; NULL ends them.  Returns its reply as a string, ""
 * for others. */
const char *redis_say(msd_redis_t *redis, const char *word, ...);

#endif
