/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to a Redis server, on which each wait is bounded. */
#ifndef MSD_REDIS_LINK_H
#define MSD_REDIS_LINK_H

#include <stdint.h>

#include <apr_network_io.h>
#include <hiredis/hiredis.h>

#include "base/text.h"

/* The longest answer that is believed, in bytes. */
#define MSD_REDIS_ANSWER_MAX 65536

/* The most words that a command has. */
#define MSD_REDIS_WORDS_MAX 16

/* A command: words of any bytes. */
typedef struct {
    int count;
    msd_text_t words[MSD_REDIS_WORDS_MAX];
} msd_redis_command_t;

/* Until when to wait. */
typedef struct {
    uint64_t (*now_ms)(void);   /* a monotonic clock */
    uint64_t deadline_ms;
} msd_redis_patience_t;

typedef struct msd_redis_link_t msd_redis_link_t;

/*
 * Connect.
 * address: the first of its list is taken; TCP or a unix socket.
 * out: set on success; to be closed.
 * Returns APR_SUCCESS, APR_TIMEUP, or what the system says.
 */
apr_status_t msd_redis_link_open(const apr_sockaddr_t *address,
                                 const msd_redis_patience_t *patience,
                                 msd_redis_link_t **out);

/* link: may be NULL. */
void msd_redis_link_close(msd_redis_link_t *link);

/* Add a word to a command that has room for it. */
void msd_redis_command_add(msd_redis_command_t *command, msd_text_t word);

/*
 * Send a command and wait for its answer.  After a failure the link is of no
 * use any more.
 * sent: set to whether the server may have got the command.
 * reply: set on success, also to an answer that is an error; to be given to
 * freeReplyObject.
 * Returns APR_SUCCESS, APR_TIMEUP, APR_EOF, APR_EGENERAL when the answer is no
 * RESP or too long, or what the system says.
 */
apr_status_t msd_redis_link_call(msd_redis_link_t *link,
                                 const msd_redis_command_t *command,
                                 const msd_redis_patience_t *patience,
                                 bool *sent, redisReply **reply);

#endif
