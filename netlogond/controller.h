/* SPDX-License-Identifier: Apache-2.0 */
/* One domain controller, and the session key that all connections to it
 * share: a second Authenticate3 of the same computer would make the first key
 * worthless ([MS-NRPC] 3.5.1, tables by computer name). */
#ifndef MSD_NETLOGOND_CONTROLLER_H
#define MSD_NETLOGOND_CONTROLLER_H

#include <pthread.h>

#include "securechannel.h"

/* Where the machine account's secret comes from. */
typedef struct {
    void *self;
    /* out: room for MSD_MACHINEKEY_SIZE bytes.  NULL on success. */
    const char *(*read)(void *self, unsigned char *out);
} msd_controller_secret_t;

typedef struct {
    char host[256];         /* as it was configured or found */
    char name[256];         /* of it, for the calls */
    msd_stream_address_t address;
    uint16_t fixed_port;    /* 0: ask the endpoint mapper */
    pthread_mutex_t mutex;  /* of everything below */
    uint16_t port;          /* 0: not known */
    bool has_key;
    bool worked;            /* a call under this key had a good end */
    uint64_t made_ms;       /* when it was made */
    unsigned char key[MSD_MACHINEKEY_SIZE];
    uint64_t generation;    /* of the key */
    uint64_t refused_until_ms;
    const char *refusal;
    unsigned char refused_hash[MSD_MACHINEKEY_SIZE];
    uint64_t down_until_ms;
} msd_controller_t;

/* One thread's connection to a controller. */
typedef struct {
    msd_channel_t channel;
    uint64_t generation;    /* of the key that it was bound with */
    uint16_t port;
} msd_controller_line_t;

/* A question on its way. */
typedef struct {
    const msd_calls_names_t *names;     /* server is filled in */
    const msd_controller_secret_t *secret;
    msd_text_t request;                 /* DIGEST_VALIDATION_REQ */
    uint64_t deadline_ms;
    apr_pool_t *pool;                   /* owns the reply */
    /* What became of it. */
    bool has_status;
    uint32_t status;
    msd_text_t reply;
    const char *why;                    /* without a status */
} msd_controller_question_t;

typedef enum {
    MSD_CONTROLLER_ANSWERED,    /* has_status */
    MSD_CONTROLLER_DOWN,        /* another one may do */
    MSD_CONTROLLER_REFUSES      /* the account is not good */
} msd_controller_result_t;

/*
 * Ask a controller, over this thread's connection; connect, authenticate and
 * renew as it needs, each at most once more.
 */
msd_controller_result_t msd_controller_ask(msd_controller_t *controller,
                                           msd_controller_line_t *line,
                                           apr_pool_t *parent,
                                           msd_controller_question_t *q);

#endif
