/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over UDP (RFC 2865 section 3). */
#include "authority/radiusudp.h"

static apr_status_t fail(msd_radiuslink_t *link, apr_status_t status)
{
    link->fault = APR_STATUS_IS_ECONNREFUSED(status) ? "it refuses packets"
                                                     : "there is no way to it";
    return status;
}

/* One that cannot be sent now is lost, as others are on the way. */
static apr_status_t send_packet(msd_radiuslink_t *link,
                                const unsigned char *packet, apr_size_t len)
{
    apr_status_t status = apr_socket_send(link->socket, (const char *)packet,
                                          &len);

    return APR_STATUS_IS_ECONNREFUSED(status) ? fail(link, status)
                                              : APR_SUCCESS;
}

static apr_status_t receive(msd_radiuslink_t *link, unsigned char *packet,
                            apr_size_t *len)
{
    apr_status_t status;

    *len = MSD_RADIUS_PACKET_MAX + 1;
    status = apr_socket_recv(link->socket, (char *)packet, len);
    if (status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(status)) {
        return status;
    }
    if (APR_STATUS_IS_EOF(status)) {
        /* An empty packet, which anybody may have sent: len is 0. */
        return APR_SUCCESS;
    }
    return fail(link, APR_ECONNREFUSED);
}

static void close_link(msd_radiuslink_t *link, uint64_t now_ms, bool good)
{
    (void)now_ms;
    (void)good;
    if (link->socket != NULL) {
        apr_socket_close(link->socket);
    }
}

apr_status_t msd_radiusudp_open(msd_radiuslink_t *link,
                                const msd_radiusroute_t *route)
{
    apr_sockaddr_t *address = route->server->address;
    apr_status_t status;

    *link = (msd_radiuslink_t){ .events = APR_POLLIN,
                                .send = send_packet,
                                .receive = receive,
                                .close = close_link };
    status = apr_socket_create(&link->socket, address->family, SOCK_DGRAM,
                               APR_PROTO_UDP, route->pool);
    if (status == APR_SUCCESS) {
        status = apr_socket_timeout_set(link->socket, 0);
    }
    if (status == APR_SUCCESS && route->source != NULL) {
        status = apr_socket_bind(link->socket, route->source);
    }
    if (status == APR_SUCCESS) {
        /* The kernel then drops what others send, and tells of refusals. */
        status = apr_socket_connect(link->socket, address);
    }
    return status == APR_SUCCESS ? status : fail(link, status);
}
