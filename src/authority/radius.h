/* SPDX-License-Identifier: Apache-2.0 */
/* Proof at a RADIUS server: a client over UDP or TLS. */
#ifndef MSD_AUTHORITY_RADIUS_H
#define MSD_AUTHORITY_RADIUS_H

#include "authority/authority.h"
#include "authority/radiusaccept.h"
#include "authority/radiusserver.h"
#include "authority/radiustls.h"

/* What is worth a line in a log. */
typedef enum {
    MSD_RADIUS_DEAD,        /* text: why; it is asked last for a while */
    MSD_RADIUS_BACK,        /* a dead one answers again */
    MSD_RADIUS_DROPPED,     /* text: what was wrong with its packet */
    MSD_RADIUS_MESSAGE,     /* text: the Reply-Message */
    MSD_RADIUS_UNSENDABLE   /* text: why there is no request at all */
} msd_radius_note_t;

/* What the client may use of the world. */
typedef struct {
    void *self;                         /* the first argument of the calls */
    uint64_t (*now_ms)(void *self);     /* monotonic */
    apr_status_t (*random)(void *self, unsigned char *out, apr_size_t n);
    /* server: its name; NULL for none.  text: alive during the call. */
    void (*note)(void *self, msd_radius_note_t note, const char *server,
                 msd_text_t text);
} msd_radius_world_t;

typedef struct {
    const msd_radius_server_t *servers;     /* in order of preference */
    int count;                  /* at most MSD_RADIUS_SERVERS_MAX */
    msd_text_t secret;          /* over UDP */
    msd_radiustls_use_t tls;    /* for the servers that are asked over it */
    msd_text_t nas_identifier;
    msd_radius_groups_in_t groups_in;
    apr_sockaddr_t *source;     /* address to ask from; NULL: any */
    uint64_t deadline_ms;       /* for the whole proof */
    uint64_t dead_ms;           /* how long a dead server is asked last */
    const msd_radius_world_t *world;
} msd_radius_t;

/*
 * Prove an answer of MD5-sess: Access-Accept with the session key grants,
 * Access-Reject denies, anything else is unavailable, silence too.  The key
 * must verify the answer.
 *
 * The first server is asked, over UDP again with pauses that double; when it
 * does not answer soon, the next one is asked beside it, and the first good
 * reply of any counts.  A server that gave none, or refuses, is dead until a
 * time; while others are alive it is left out, then one caller tries it.
 *
 * self: an msd_radius_t.  out: filled completely.
 */
void msd_radius_prove(void *self, const msd_question_t *question,
                      msd_proof_t *out);

#endif
