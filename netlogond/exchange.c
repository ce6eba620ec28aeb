/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticating to a controller: two calls that give a session key. */
#include "exchange.h"

#include <string.h>

#include <openssl/rand.h>

#include "netlogon/mapper.h"
#include "netlogon/ntstatus.h"

static msd_channel_target_t target_of(const msd_controller_t *controller,
                                      const msd_calls_names_t *names,
                                      uint64_t deadline_ms)
{
    return (msd_channel_target_t){ .address = &controller->address,
                                   .port = controller->port,
                                   .interface = &msd_pdu_netlogon,
                                   .names = names,
                                   .deadline_ms = deadline_ms };
}

/* ---- Finding the port */

static const char *ask_mapper(msd_controller_t *controller,
                              const msd_controller_question_t *q,
                              apr_pool_t *pool)
{
    msd_channel_target_t target = target_of(controller, q->names,
                                            q->deadline_ms);
    unsigned char stub[MSD_MAPPER_REQUEST];
    msd_channel_t channel = { 0 };
    msd_channel_result_t result;
    msd_text_t reply;
    const char *fault;

    target.port = MSD_MAPPER_PORT;
    target.interface = &msd_pdu_mapper;
    result = msd_channel_open(&channel, &target, pool);
    if (result == MSD_CHANNEL_OK) {
        msd_mapper_ask(stub);
        result = msd_channel_call(&channel, MSD_MAPPER_OPNUM,
                                  (msd_text_t){ (const char *)stub,
                                                sizeof(stub) },
                                  q->deadline_ms, pool, &reply);
    }
    fault = result == MSD_CHANNEL_OK
                ? msd_mapper_read(reply, &controller->port)
                : channel.why;
    msd_channel_close(&channel);
    if (fault != NULL) {
        controller->port = 0;
    }
    return fault;
}

/* Connect to Netlogon without protection; a port that is not good any more is
 * asked for once. */
static msd_channel_result_t open_plain(msd_controller_t *controller,
                                       const msd_controller_question_t *q,
                                       apr_pool_t *pool,
                                       msd_channel_t *channel)
{
    bool known = controller->port != 0;

    for (;;) {
        msd_channel_target_t target;
        msd_channel_result_t result;

        if (controller->fixed_port != 0) {
            controller->port = controller->fixed_port;
        } else if (controller->port == 0) {
            channel->why = ask_mapper(controller, q, pool);
            if (channel->why != NULL) {
                return MSD_CHANNEL_DOWN;
            }
        }
        target = target_of(controller, q->names, q->deadline_ms);
        result = msd_channel_open(channel, &target, pool);
        if (result == MSD_CHANNEL_OK || !known) {
            return result;
        }
        known = false;
        controller->port = 0;
    }
}

/* ---- Authenticating */

static msd_controller_result_t end_with(msd_exchange_t *exchange,
                                        msd_controller_result_t result,
                                        const char *why)
{
    exchange->q->why = why;
    return result;
}

static msd_controller_result_t call(msd_exchange_t *exchange, uint16_t opnum,
                                    const unsigned char *stub, apr_size_t n,
                                    msd_text_t *reply)
{
    const msd_text_t text = { (const char *)stub, n };

    if (n > 0
        && msd_channel_call(&exchange->channel, opnum, text,
                            exchange->q->deadline_ms, exchange->pool, reply)
               == MSD_CHANNEL_OK) {
        return MSD_CONTROLLER_ANSWERED;
    }
    return end_with(exchange, MSD_CONTROLLER_DOWN,
                    n > 0 ? exchange->channel.why : "a name is too long");
}

static bool draw_challenge(unsigned char *out)
{
    do {
        if (RAND_bytes(out, MSD_MACHINEKEY_CHALLENGE) != 1) {
            return false;
        }
    } while (!msd_machinekey_is_challenge(out));
    return true;
}

static msd_controller_result_t challenge(msd_exchange_t *exchange)
{
    unsigned char stub[MSD_CALLS_STUB];
    msd_controller_result_t result;
    msd_text_t reply;
    uint32_t status;

    if (!draw_challenge(exchange->ours)) {
        return end_with(exchange, MSD_CONTROLLER_DOWN,
                        "there is no randomness");
    }
    result = call(exchange, MSD_CALLS_CHALLENGE, stub,
                  msd_calls_challenge(exchange->q->names, exchange->ours,
                                      stub),
                  &reply);
    if (result != MSD_CONTROLLER_ANSWERED) {
        return result;
    }
    if (!msd_calls_read_challenge(reply, exchange->theirs, &status)
        || status != 0) {
        return end_with(exchange, MSD_CONTROLLER_DOWN,
                        "it gives no challenge");
    }
    /* Nobody but a forger would: the mirror of CVE-2020-1472. */
    if (!msd_machinekey_is_challenge(exchange->theirs)
        || memcmp(exchange->theirs, exchange->ours,
                  sizeof(exchange->ours)) == 0) {
        return end_with(exchange, MSD_CONTROLLER_DOWN,
                        "its challenge is a forger's");
    }
    return MSD_CONTROLLER_ANSWERED;
}

static const char *check_proof(const msd_exchange_t *exchange,
                               const unsigned char *credential,
                               uint32_t flags)
{
    unsigned char expected[MSD_MACHINEKEY_CHALLENGE];

    if (msd_machinekey_credential(exchange->key, exchange->theirs, expected)
            != APR_SUCCESS
        || !msd_equal(expected, credential, sizeof(expected))) {
        return "it does not know the machine account's secret: it is no "
               "controller of the domain";
    }
    return (flags & MSD_CALLS_FLAGS_NEEDED) == MSD_CALLS_FLAGS_NEEDED
                   && (flags & ~(uint32_t)MSD_CALLS_FLAGS) == 0
               ? NULL
               : "it does not agree to AES and secure RPC";
}

static msd_controller_result_t prove(msd_exchange_t *exchange)
{
    unsigned char stub[MSD_CALLS_STUB];
    unsigned char credential[MSD_MACHINEKEY_CHALLENGE];
    msd_controller_result_t result;
    msd_text_t reply;
    uint32_t flags;
    uint32_t status;
    const char *fault;

    if (msd_machinekey_session(exchange->hash, exchange->ours,
                               exchange->theirs, exchange->pool,
                               exchange->key)
            != APR_SUCCESS
        || msd_machinekey_credential(exchange->key, exchange->ours,
                                     credential)
               != APR_SUCCESS) {
        return end_with(exchange, MSD_CONTROLLER_DOWN,
                        "OpenSSL cannot make a session key");
    }
    result = call(exchange, MSD_CALLS_AUTHENTICATE, stub,
                  msd_calls_authenticate(exchange->q->names, credential,
                                         stub),
                  &reply);
    if (result != MSD_CONTROLLER_ANSWERED) {
        return result;
    }
    if (!msd_calls_read_authenticate(reply, credential, &flags, &status)) {
        return end_with(exchange, MSD_CONTROLLER_DOWN,
                        "its answer to Authenticate3 is broken");
    }
    if (status != 0) {
        return end_with(exchange, MSD_CONTROLLER_REFUSES,
                        status == MSD_NTSTATUS_ACCESS_DENIED
                            ? "it refuses the machine account's secret"
                            : msd_ntstatus_find(status)->meaning);
    }
    fault = check_proof(exchange, credential, flags);
    return fault == NULL ? MSD_CONTROLLER_ANSWERED
                         : end_with(exchange, MSD_CONTROLLER_DOWN, fault);
}

msd_controller_result_t msd_exchange_run(msd_exchange_t *exchange)
{
    msd_controller_result_t result;

    if (open_plain(exchange->controller, exchange->q, exchange->pool,
                   &exchange->channel)
        != MSD_CHANNEL_OK) {
        return end_with(exchange, MSD_CONTROLLER_DOWN,
                        exchange->channel.why);
    }
    result = challenge(exchange);
    if (result == MSD_CONTROLLER_ANSWERED) {
        result = prove(exchange);
    }
    msd_channel_close(&exchange->channel);
    return result;
}
