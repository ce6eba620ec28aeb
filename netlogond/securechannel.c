/* SPDX-License-Identifier: Apache-2.0 */
/* One RPC connection to a domain controller: bind and calls. */
#include "securechannel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

/* What one reply may be at most. */
#define FRAGMENTS_MAX 256
#define REPLY_MAX (1024 * 1024)

/* Long before the counter could overflow. */
#define MESSAGES_MAX 1000000

/* Statuses of faults after which a new session key may help (C706 appendix E,
 * [MS-RPCE] 3.3.3.5): access denied, and security package error. */
#define FAULT_DENIED 0x00000005
#define FAULT_PACKAGE 0x00000721

void msd_channel_close(msd_channel_t *channel)
{
    if (channel->pool == NULL) {
        return;
    }
    if (channel->socket >= 0) {
        close(channel->socket);
    }
    channel->socket = -1;
    msd_token_end(&channel->token);
    apr_pool_destroy(channel->pool);
    channel->pool = NULL;
}

static msd_channel_result_t fail(msd_channel_t *channel,
                                 msd_channel_result_t result,
                                 const char *why)
{
    channel->why = why;
    msd_channel_close(channel);
    return result;
}

/* ---- Packets */

static msd_channel_result_t send_packet(msd_channel_t *channel,
                                        const unsigned char *pdu,
                                        apr_size_t n, uint64_t deadline_ms)
{
    if (n == 0) {
        return fail(channel, MSD_CHANNEL_DOWN, "OpenSSL cannot seal a call");
    }
    if (msd_stream_write(channel->socket, pdu, n, deadline_ms)) {
        return MSD_CHANNEL_OK;
    }
    return errno == ETIMEDOUT
               ? fail(channel, MSD_CHANNEL_DOWN, "it takes no calls")
               : fail(channel, MSD_CHANNEL_CLOSED, "it ended a connection");
}

/* Faults are never protected, so they say nothing about a user. */
static msd_channel_result_t take_fault(msd_channel_t *channel,
                                       const unsigned char *pdu,
                                       const msd_pdu_head_t *head)
{
    uint32_t status = msd_pdu_read_fault(pdu, head);

    if (head->type == MSD_PDU_BIND_NAK) {
        return fail(channel, MSD_CHANNEL_REFUSED, "it refuses to bind");
    }
    if (status == FAULT_DENIED || status == FAULT_PACKAGE) {
        return fail(channel, MSD_CHANNEL_REFUSED,
                    "it does not know the session key");
    }
    return fail(channel, MSD_CHANNEL_DOWN, "it answers with an RPC fault");
}

/* One packet, by its header and then by its length. */
static msd_channel_result_t receive(msd_channel_t *channel,
                                    uint64_t deadline_ms, unsigned char *pdu,
                                    msd_pdu_head_t *head)
{
    apr_size_t n = msd_stream_read(channel->socket, pdu, MSD_PDU_HEADER,
                                   deadline_ms);
    const char *fault;

    if (n < MSD_PDU_HEADER) {
        return n == 0 && errno != ETIMEDOUT
                   ? fail(channel, MSD_CHANNEL_CLOSED,
                          "it ended a connection")
                   : fail(channel, MSD_CHANNEL_DOWN,
                          "it does not answer in time");
    }
    fault = msd_pdu_read_head(pdu, channel->call_id, head);
    if (fault != NULL) {
        return fail(channel, MSD_CHANNEL_DOWN, fault);
    }
    n = head->len - MSD_PDU_HEADER;
    if (msd_stream_read(channel->socket, pdu + MSD_PDU_HEADER, n, deadline_ms)
        < n) {
        return fail(channel, MSD_CHANNEL_DOWN,
                    "it breaks off in the middle of an answer");
    }
    if (head->type == MSD_PDU_FAULT || head->type == MSD_PDU_BIND_NAK) {
        return take_fault(channel, pdu, head);
    }
    return MSD_CHANNEL_OK;
}

/* ---- Bind */

static msd_channel_result_t bind_to(msd_channel_t *channel,
                                    const msd_channel_target_t *target)
{
    unsigned char pdu[MSD_PDU_MAX];
    unsigned char greeting[MSD_TOKEN_GREETING_MAX];
    msd_text_t token = MSD_TEXT("");
    msd_channel_result_t result;
    msd_pdu_bound_t bound;
    msd_pdu_head_t head;
    const char *fault;

    if (channel->sealed) {
        token.data = (const char *)greeting;
        token.len = msd_token_greet(target->names->domain,
                                    target->names->computer, greeting);
    }
    result = send_packet(channel, pdu,
                         msd_pdu_bind(target->interface, channel->call_id,
                                      token, pdu),
                         target->deadline_ms);
    if (result == MSD_CHANNEL_OK) {
        result = receive(channel, target->deadline_ms, pdu, &head);
    }
    if (result != MSD_CHANNEL_OK) {
        return result;
    }
    fault = msd_pdu_read_bound(pdu, &head, channel->sealed, &bound);
    if (fault != NULL) {
        return fail(channel, MSD_CHANNEL_DOWN, fault);
    }
    channel->send_max = bound.send_max;
    channel->signs_header = bound.signs_header;
    return MSD_CHANNEL_OK;
}

msd_channel_result_t msd_channel_open(msd_channel_t *channel,
                                      const msd_channel_target_t *target,
                                      apr_pool_t *parent)
{
    memset(channel, 0, sizeof(*channel));
    apr_pool_create(&channel->pool, parent);
    channel->call_id = 1;
    channel->sealed = target->session_key != NULL;
    channel->socket = msd_stream_connect(target->address, target->port,
                                         target->deadline_ms);
    if (channel->socket < 0) {
        return fail(channel, MSD_CHANNEL_DOWN,
                    errno == ETIMEDOUT ? "nobody answers at its address"
                                       : "there is no way to its address");
    }
    if (channel->sealed
        && msd_token_begin(&channel->token, target->session_key,
                           channel->pool)
               != APR_SUCCESS) {
        return fail(channel, MSD_CHANNEL_DOWN, "OpenSSL cannot make a key");
    }
    return bind_to(channel, target);
}

/* ---- Calls */

static msd_channel_result_t send_call(msd_channel_t *channel, uint16_t opnum,
                                      msd_text_t stub, uint64_t deadline_ms)
{
    apr_size_t most = msd_pdu_stub_max(channel->send_max, channel->sealed);
    msd_token_t *token = channel->sealed ? &channel->token : NULL;
    unsigned char flags = MSD_PDU_FIRST;
    unsigned char confounder[MSD_TOKEN_CONFOUNDER];
    unsigned char pdu[MSD_PDU_MAX];
    msd_channel_result_t result = MSD_CHANNEL_OK;

    while (result == MSD_CHANNEL_OK && (flags & MSD_PDU_LAST) == 0) {
        msd_pdu_request_t request = { channel->call_id, opnum, 0,
                                      (uint32_t)stub.len, stub, confounder,
                                      channel->signs_header };

        if (request.stub.len <= most) {
            flags |= MSD_PDU_LAST;
        } else {
            request.stub.len = most;
        }
        if (RAND_bytes(confounder, sizeof(confounder)) != 1) {
            return fail(channel, MSD_CHANNEL_DOWN, "there is no randomness");
        }
        request.flags = flags;
        flags &= (unsigned char)~MSD_PDU_FIRST;
        result = send_packet(channel, pdu,
                             msd_pdu_request(&request, token, pdu),
                             deadline_ms);
        stub.data += request.stub.len;
        stub.len -= request.stub.len;
    }
    return result;
}

/* Add a fragment to the reply. */
static bool append(msd_text_t *reply, apr_size_t *room, msd_text_t stub,
                   apr_pool_t *pool)
{
    if (stub.len > REPLY_MAX - reply->len) {
        return false;
    }
    if (reply->len + stub.len > *room) {
        char *bytes = apr_palloc(pool, *room = 2 * (reply->len + stub.len));

        if (reply->len > 0) {
            memcpy(bytes, reply->data, reply->len);
        }
        reply->data = bytes;
    }
    if (stub.len > 0) {
        memcpy((char *)(uintptr_t)reply->data + reply->len, stub.data,
               stub.len);
    }
    reply->len += stub.len;
    return true;
}

static msd_channel_result_t receive_reply(msd_channel_t *channel,
                                          uint64_t deadline_ms,
                                          apr_pool_t *pool,
                                          msd_text_t *reply)
{
    msd_token_t *token = channel->sealed ? &channel->token : NULL;
    unsigned char pdu[MSD_PDU_MAX];
    apr_size_t room = 0;

    for (int i = 0; i < FRAGMENTS_MAX; i++) {
        msd_pdu_head_t head;
        msd_text_t stub;
        const char *fault;
        msd_channel_result_t result = receive(channel, deadline_ms, pdu,
                                              &head);

        if (result != MSD_CHANNEL_OK) {
            return i == 0 || result != MSD_CHANNEL_CLOSED
                       ? result
                       : MSD_CHANNEL_DOWN;
        }
        fault = msd_pdu_read_response(pdu, &head, channel->signs_header,
                                      token, &stub);
        if (fault != NULL) {
            return fail(channel, MSD_CHANNEL_REFUSED, fault);
        }
        if (((head.flags & MSD_PDU_FIRST) != 0) != (i == 0)
            || !append(reply, &room, stub, pool)) {
            return fail(channel, MSD_CHANNEL_DOWN, "its answer is broken");
        }
        if ((head.flags & MSD_PDU_LAST) != 0) {
            return MSD_CHANNEL_OK;
        }
    }
    return fail(channel, MSD_CHANNEL_DOWN, "its answer has no end");
}

msd_channel_result_t msd_channel_call(msd_channel_t *channel, uint16_t opnum,
                                      msd_text_t stub, uint64_t deadline_ms,
                                      apr_pool_t *pool, msd_text_t *reply)
{
    msd_channel_result_t result;

    if (channel->token.counter > MESSAGES_MAX) {
        return fail(channel, MSD_CHANNEL_CLOSED,
                    "the connection has served long enough");
    }
    *reply = MSD_TEXT("");
    channel->call_id++;
    result = send_call(channel, opnum, stub, deadline_ms);
    return result == MSD_CHANNEL_OK
               ? receive_reply(channel, deadline_ms, pool, reply)
               : result;
}
