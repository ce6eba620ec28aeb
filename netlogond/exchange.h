/* SPDX-License-Identifier: Apache-2.0 */
/* Authenticating to a controller: two calls that give a session key. */
#ifndef MSD_NETLOGOND_EXCHANGE_H
#define MSD_NETLOGOND_EXCHANGE_H

#include "controller.h"

/* One exchange, by the controller's holder of the mutex: a controller keeps
 * one challenge of a computer. */
typedef struct {
    msd_controller_t *controller;
    msd_controller_question_t *q;
    apr_pool_t *pool;
    unsigned char hash[MSD_MACHINEKEY_SIZE];    /* NT hash of the secret */
    unsigned char key[MSD_MACHINEKEY_SIZE];     /* the session key, at last */
    /* exchange.c's own */
    msd_channel_t channel;
    unsigned char ours[MSD_MACHINEKEY_CHALLENGE];
    unsigned char theirs[MSD_MACHINEKEY_CHALLENGE];
} msd_exchange_t;

/*
 * Authenticate: NetrServerReqChallenge and NetrServerAuthenticate3 ([MS-NRPC]
 * 3.1.4.1), each side proving that it knows the secret; AES and secure RPC, or
 * nothing.
 * exchange: the first four members are set, the others zero; to be wiped.
 * Returns MSD_CONTROLLER_ANSWERED with the key, else q->why is set.
 */
msd_controller_result_t msd_exchange_run(msd_exchange_t *exchange);

#endif
