/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over UDP: one link, without waiting longer than for the loopback. */
#include "unit.h"

#include "authority/radiusudp.h"

static msd_radius_server_t server;
static msd_radiusroute_t route;
static msd_radiuslink_t link_;
static apr_socket_t *far;
static unsigned char packet[MSD_RADIUS_PACKET_MAX + 1];
static apr_size_t len;

static void set_up(void)
{
    apr_sockaddr_t *address;

    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, unit_pool);
    apr_socket_create(&far, APR_INET, SOCK_DGRAM, APR_PROTO_UDP, unit_pool);
    ck_assert_int_eq(apr_socket_bind(far, address), 0);
    apr_socket_timeout_set(far, apr_time_from_sec(10));
    apr_socket_addr_get(&server.address, APR_LOCAL, far);
    route = (msd_radiusroute_t){ &server, NULL, unit_pool };
}

static apr_status_t wait_and_receive(void)
{
    apr_pollfd_t set = { .p = unit_pool,
                         .desc_type = APR_POLL_SOCKET,
                         .reqevents = link_.events,
                         .desc.s = link_.socket };
    apr_int32_t ready;

    ck_assert_int_eq(apr_poll(&set, 1, &ready, apr_time_from_sec(10)), 0);
    return link_.receive(&link_, packet, &len);
}

/* The first packet that reaches the far end.  Returns whose it is. */
static apr_sockaddr_t *take_far(char *got, apr_size_t *size)
{
    apr_sockaddr_t *from;

    apr_sockaddr_info_get(&from, "127.0.0.1", APR_INET, 1, 0, unit_pool);
    ck_assert_int_eq(apr_socket_recvfrom(from, far, 0, got, size), 0);
    return from;
}

START_TEST(packet_goes_and_one_comes)
{
    apr_sockaddr_t *from;
    char got[100];
    apr_size_t size = sizeof(got);

    ck_assert_int_eq(msd_radiusudp_open(&link_, &route), APR_SUCCESS);
    ck_assert(APR_STATUS_IS_EAGAIN(link_.receive(&link_, packet, &len)));
    ck_assert_int_eq(link_.send(&link_, (const unsigned char *)"ask", 3), 0);
    from = take_far(got, &size);
    ck_assert_uint_eq(size, 3);
    size = 6;
    apr_socket_sendto(far, from, 0, "answer", &size);
    ck_assert_int_eq(wait_and_receive(), APR_SUCCESS);
    ck_assert_uint_eq(len, 6);
    ck_assert_mem_eq(packet, "answer", 6);
    link_.close(&link_, 0, true);
}
END_TEST

/* It is no refusal: whoever sends one could end the link with it. */
START_TEST(empty_packet_is_a_packet)
{
    apr_sockaddr_t *from;
    char got[100];
    apr_size_t size = sizeof(got);

    ck_assert_int_eq(msd_radiusudp_open(&link_, &route), APR_SUCCESS);
    ck_assert_int_eq(link_.send(&link_, (const unsigned char *)"ask", 3), 0);
    from = take_far(got, &size);
    size = 0;
    ck_assert_int_eq(apr_socket_sendto(far, from, 0, "", &size), 0);
    ck_assert_int_eq(wait_and_receive(), APR_SUCCESS);
    ck_assert_uint_eq(len, 0);
    link_.close(&link_, 0, true);
}
END_TEST

START_TEST(refusal_is_told)
{
    apr_socket_close(far);
    ck_assert_int_eq(msd_radiusudp_open(&link_, &route), APR_SUCCESS);
    ck_assert_int_eq(link_.send(&link_, (const unsigned char *)"ask", 3), 0);
    ck_assert_int_ne(wait_and_receive(), APR_SUCCESS);
    ck_assert_str_eq(link_.fault, "it refuses packets");
    link_.close(&link_, 0, false);
}
END_TEST

START_TEST(source_of_another_machine_is_no_way)
{
    apr_sockaddr_info_get(&route.source, "192.0.2.1", APR_INET, 0, 0,
                          unit_pool);
    ck_assert_int_ne(msd_radiusudp_open(&link_, &route), APR_SUCCESS);
    ck_assert_str_eq(link_.fault, "there is no way to it");
    link_.close(&link_, 0, false);
}
END_TEST

Suite *suite_radiusudp(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiusudp", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, packet_goes_and_one_comes);
    tcase_add_test(tcase, empty_packet_is_a_packet);
    tcase_add_test(tcase, refusal_is_told);
    tcase_add_test(tcase, source_of_another_machine_is_no_way);
    return suite;
}
