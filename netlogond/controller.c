/* SPDX-License-Identifier: Apache-2.0 */
/* One domain controller, and the session key that all connections share. */
#include "controller.h"

#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "exchange.h"
#include "log.h"
#include "netlogon/cfb8.h"
#include "netlogon/ntstatus.h"

/* Between two tries to authenticate with the same secret, after the first was
 * refused ([MS-NRPC] 3.1.4.1). */
#define THROTTLE_MS 45000

/* Whether this secret was refused a moment ago. */
static bool is_throttled(const msd_controller_t *controller,
                         const unsigned char *hash)
{
    return controller->refusal != NULL
           && msd_stream_now_ms() < controller->refused_until_ms
           && msd_equal(controller->refused_hash, hash, MSD_MACHINEKEY_SIZE);
}

static void note_refusal(msd_controller_t *controller,
                         const unsigned char *hash, const char *why)
{
    controller->refusal = why;
    controller->refused_until_ms = msd_stream_now_ms() + THROTTLE_MS;
    memcpy(controller->refused_hash, hash, MSD_MACHINEKEY_SIZE);
    msd_log_line("error", MSD_LOGNO(450) "domain controller %s: %s; it is "
                 "asked again after %d seconds, or with another secret",
                 controller->host, why, THROTTLE_MS / 1000);
}

static void take_key(msd_controller_t *controller,
                     const msd_exchange_t *exchange)
{
    memcpy(controller->key, exchange->key, sizeof(controller->key));
    controller->generation++;
    controller->has_key = true;
    controller->worked = false;
    controller->made_ms = msd_stream_now_ms();
    controller->refusal = NULL;
    msd_log_line("info", MSD_LOGNO(451) "domain controller %s (port %u): "
                 "secure channel as %s", controller->host,
                 (unsigned)controller->port, exchange->q->names->account);
}

static msd_controller_result_t authenticate(msd_controller_t *controller,
                                            msd_controller_question_t *q,
                                            apr_pool_t *pool)
{
    msd_exchange_t exchange = { .controller = controller, .q = q,
                                .pool = pool };
    msd_controller_result_t result;

    q->why = q->secret->read(q->secret->self, exchange.hash);
    if (q->why != NULL) {
        return MSD_CONTROLLER_REFUSES;
    }
    if (is_throttled(controller, exchange.hash)) {
        q->why = controller->refusal;
        msd_wipe(&exchange, sizeof(exchange));
        return MSD_CONTROLLER_REFUSES;
    }
    result = msd_exchange_run(&exchange);
    if (result == MSD_CONTROLLER_ANSWERED) {
        take_key(controller, &exchange);
    } else if (result == MSD_CONTROLLER_REFUSES) {
        note_refusal(controller, exchange.hash, q->why);
    }
    msd_wipe(&exchange, sizeof(exchange));
    return result;
}

/* ---- Asking */

/* The mutex, or false at the deadline. */
static bool lock(msd_controller_t *controller, uint64_t deadline_ms)
{
    const struct timespec when = {
        .tv_sec = (time_t)(deadline_ms / 1000),
        .tv_nsec = (long)(deadline_ms % 1000) * 1000000,
    };

    return pthread_mutex_clocklock(&controller->mutex, CLOCK_MONOTONIC, &when)
           == 0;
}

/* A key that is not the stale one, and the port; made when there is none. */
static msd_controller_result_t get_key(msd_controller_t *controller,
                                       msd_controller_question_t *q,
                                       uint64_t stale,
                                       msd_controller_line_t *line,
                                       unsigned char *key)
{
    msd_controller_result_t result = MSD_CONTROLLER_ANSWERED;

    if (!lock(controller, q->deadline_ms)) {
        q->why = "it does not answer in time";
        return MSD_CONTROLLER_DOWN;
    }
    if (!controller->has_key || controller->generation == stale) {
        controller->has_key = false;
        result = authenticate(controller, q, q->pool);
    }
    if (line->generation != controller->generation) {
        msd_channel_close(&line->channel);
        line->generation = controller->generation;
    }
    line->port = controller->port;
    memcpy(key, controller->key, sizeof(controller->key));
    pthread_mutex_unlock(&controller->mutex);
    return result;
}

/* Connect, unless there is a connection with this key. */
static msd_channel_result_t open_sealed(msd_controller_t *controller,
                                        msd_controller_line_t *line,
                                        const msd_controller_question_t *q,
                                        apr_pool_t *parent,
                                        const unsigned char *key)
{
    const msd_channel_target_t target = { .address = &controller->address,
                                          .port = line->port,
                                          .interface = &msd_pdu_netlogon,
                                          .names = q->names,
                                          .session_key = key,
                                          .deadline_ms = q->deadline_ms };

    if (line->channel.pool != NULL) {
        return MSD_CHANNEL_OK;
    }
    return msd_channel_open(&line->channel, &target, parent);
}

/* LogonData is encrypted for itself ([MS-NRPC] 3.4.5.3.2). */
static msd_channel_result_t log_on(msd_controller_line_t *line,
                                   msd_controller_question_t *q,
                                   const unsigned char *key)
{
    const msd_cfb8_t how = { key, NULL, true };
    char *data = apr_pmemdup(q->pool, q->request.data, q->request.len);
    const msd_cfb8_piece_t piece = { (unsigned char *)data, q->request.len };
    unsigned char *stub = apr_palloc(q->pool,
                                     MSD_CALLS_STUB + q->request.len);
    msd_text_t text = { (const char *)stub, 0 };
    msd_channel_result_t result;
    msd_text_t reply;

    if (msd_cfb8(&how, &piece, 1) != APR_SUCCESS) {
        line->channel.why = "OpenSSL cannot run AES";
        return MSD_CHANNEL_DOWN;
    }
    text.len = msd_calls_logon(q->names,
                               (msd_text_t){ data, q->request.len }, stub);
    result = msd_channel_call(&line->channel, MSD_CALLS_LOGON, text,
                              q->deadline_ms, q->pool, &reply);
    if (result != MSD_CHANNEL_OK) {
        return result;
    }
    if (!msd_calls_read_logon(reply, &q->reply, &q->status)) {
        msd_channel_close(&line->channel);
        line->channel.why = "its answer to a logon is broken";
        return MSD_CHANNEL_DOWN;
    }
    q->has_status = true;
    return MSD_CHANNEL_OK;
}

/* Whether to ask again with another key: this one used to work, and now does
 * not; or another thread has made one since.  One that never worked is given up
 * after a while only: a controller without WDigest says the same for ever. */
static bool wants_renewal(msd_controller_t *controller,
                          const msd_controller_question_t *q,
                          uint64_t generation)
{
    bool stale = msd_ntstatus_find(q->status)->kind == MSD_NTSTATUS_RENEW;
    bool renew = true;

    if (!lock(controller, q->deadline_ms)) {
        return false;
    }
    if (controller->generation == generation) {
        renew = controller->worked
                || msd_stream_now_ms() >= controller->made_ms + THROTTLE_MS;
        controller->worked = controller->worked || !stale;
    }
    pthread_mutex_unlock(&controller->mutex);
    return stale && renew;
}

msd_controller_result_t msd_controller_ask(msd_controller_t *controller,
                                           msd_controller_line_t *line,
                                           apr_pool_t *parent,
                                           msd_controller_question_t *q)
{
    unsigned char key[MSD_MACHINEKEY_SIZE];
    uint64_t stale = 0;
    int reconnects = 1;
    int renewals = 1;

    for (;;) {
        bool used;
        msd_channel_result_t result;
        msd_controller_result_t got = get_key(controller, q, stale, line,
                                              key);

        if (got != MSD_CONTROLLER_ANSWERED) {
            return got;
        }
        used = line->channel.pool != NULL;
        result = open_sealed(controller, line, q, parent, key);
        if (result == MSD_CHANNEL_OK) {
            result = log_on(line, q, key);
        }
        msd_wipe(key, sizeof(key));
        if (result == MSD_CHANNEL_OK) {
            if (!wants_renewal(controller, q, line->generation)
                || renewals-- == 0) {
                return MSD_CONTROLLER_ANSWERED;
            }
            stale = line->generation;
        } else if (result == MSD_CHANNEL_REFUSED && renewals-- > 0) {
            stale = line->generation;
        } else if (!used || result != MSD_CHANNEL_CLOSED
                   || reconnects-- == 0) {
            q->why = line->channel.why;
            return MSD_CONTROLLER_DOWN;
        }
        q->has_status = false;
    }
}
