/* SPDX-License-Identifier: Apache-2.0 */
/* One RPC connection to a domain controller: bind and calls, sealed or not. */
#ifndef MSD_NETLOGOND_SECURECHANNEL_H
#define MSD_NETLOGOND_SECURECHANNEL_H

#include "netlogon/calls.h"
#include "netlogon/pdu.h"
#include "stream.h"

typedef enum {
    MSD_CHANNEL_OK,
    MSD_CHANNEL_DOWN,       /* no way there, or nothing came in time */
    MSD_CHANNEL_CLOSED,     /* it ended before the first byte of a reply */
    MSD_CHANNEL_REFUSED     /* the session key may not be good any more */
} msd_channel_result_t;

typedef struct {
    apr_pool_t *pool;       /* of this connection; NULL: there is none */
    int socket;
    uint32_t call_id;
    bool sealed;
    bool signs_header;
    apr_size_t send_max;
    msd_token_t token;
    const char *why;        /* a sentence about the last failure */
} msd_channel_t;

/* Where to, and as whom. */
typedef struct {
    const msd_stream_address_t *address;
    uint16_t port;
    const msd_pdu_interface_t *interface;
    const msd_calls_names_t *names;
    const unsigned char *session_key;   /* NULL: not sealed */
    uint64_t deadline_ms;
} msd_channel_target_t;

/*
 * Connect and bind.
 * parent: of the connection's pool.  channel: closed before, or all zeros.
 * After a failure it is closed.
 */
msd_channel_result_t msd_channel_open(msd_channel_t *channel,
                                      const msd_channel_target_t *target,
                                      apr_pool_t *parent);

/*
 * Call, and wait for the reply.
 * pool: owns the reply.  After a failure the channel is closed.
 */
msd_channel_result_t msd_channel_call(msd_channel_t *channel, uint16_t opnum,
                                      msd_text_t stub, uint64_t deadline_ms,
                                      apr_pool_t *pool, msd_text_t *reply);

/* Close, and wipe the keys; a closed one may be closed again. */
void msd_channel_close(msd_channel_t *channel);

#endif
