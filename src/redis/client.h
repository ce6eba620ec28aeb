/* SPDX-License-Identifier: Apache-2.0 */
/* A process's use of Redis: which server is asked, and by which connection. */
#ifndef MSD_REDIS_CLIENT_H
#define MSD_REDIS_CLIENT_H

#include "redis/link.h"

#define MSD_REDIS_HOSTS_MAX 16

/* How long a server that failed is left alone, in milliseconds: meanwhile all
 * is refused at once. */
#define MSD_REDIS_REST_MS 1000

typedef struct {
    const char *name;                   /* for people */
    const apr_sockaddr_t *address;
} msd_redis_host_t;

/* Must outlive what is made of it. */
typedef struct {
    msd_redis_host_t hosts[MSD_REDIS_HOSTS_MAX];
    int host_count;
    const char *user;           /* NULL: none */
    const char *password;       /* NULL: none */
    int db;
    uint64_t timeout_ms;        /* of one operation, whatever it takes */
    uint64_t (*now_ms)(void);   /* a monotonic clock */
} msd_redis_config_t;

typedef struct msd_redis_t msd_redis_t;

/*
 * Make a client; nothing is connected yet.  A thread that asks has one
 * connection, so there are never more of them than threads, and nobody waits
 * for another's.
 * pool: owns the client; its end closes what is idle.
 */
msd_redis_t *msd_redis_create(const msd_redis_config_t *config,
                              apr_pool_t *pool);

/* What came of a command. */
typedef struct {
    redisReply *reply;      /* not an error; NULL when there is none */
    bool unknown;           /* no answer, though it may have been done */
    char fault[160];        /* else what is wrong, with the server's name */
} msd_redis_answer_t;

/*
 * Run a command at the first host that is a master and answers.  When a
 * connection turns out to be dead the command is sent again on a new one: it
 * must be one that may be done twice.
 * answer: filled; to be given to msd_redis_answer_end.
 * Returns whether there is a reply.
 */
bool msd_redis_run(msd_redis_t *redis, const msd_redis_command_t *command,
                   msd_redis_answer_t *answer);

void msd_redis_answer_end(msd_redis_answer_t *answer);

/* Whether the fault is this error of Redis, such as "NOSCRIPT". */
bool msd_redis_answer_is(const msd_redis_answer_t *answer, const char *error);

#endif
