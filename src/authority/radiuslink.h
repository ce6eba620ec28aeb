/* SPDX-License-Identifier: Apache-2.0 */
/* A way to one RADIUS server: what UDP and TLS have in common. */
#ifndef MSD_AUTHORITY_RADIUSLINK_H
#define MSD_AUTHORITY_RADIUSLINK_H

#include <apr_poll.h>

#include "authority/radiuspacket.h"
#include "authority/radiusserver.h"

/* Where a link leads, and from where; alive as long as the link. */
typedef struct {
    const msd_radius_server_t *server;
    apr_sockaddr_t *source;     /* address to ask from; NULL: any */
    apr_pool_t *pool;           /* for the link */
} msd_radiusroute_t;

/* A link.  Nothing here blocks. */
typedef struct msd_radiuslink_t msd_radiuslink_t;
struct msd_radiuslink_t {
    void *self;             /* of the transport */
    apr_socket_t *socket;   /* to wait for; it may change */
    apr_int16_t events;     /* what to wait for: APR_POLLIN, APR_POLLOUT */
    const char *fault;      /* why it is broken: "it ...", for a log */

    /*
     * Send a packet, or take it to be sent.
     * packet: len octets, alive and unchanged until the reply.
     * Returns APR_SUCCESS, or an error: the link is broken.
     */
    apr_status_t (*send)(msd_radiuslink_t *link, const unsigned char *packet,
                         apr_size_t len);

    /*
     * Go on after an event.
     * packet: room for MSD_RADIUS_PACKET_MAX + 1 octets; len: set to how many
     * came.
     * Returns APR_SUCCESS when a packet came, APR_EAGAIN when not yet, another
     * error when the link is broken.
     */
    apr_status_t (*receive)(msd_radiuslink_t *link, unsigned char *packet,
                            apr_size_t *len);

    /* End it.  now_ms: monotonic; good: nothing was wrong with it. */
    void (*close)(msd_radiuslink_t *link, uint64_t now_ms, bool good);
};

#endif
