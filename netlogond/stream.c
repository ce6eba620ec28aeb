/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets with a deadline, and the clock of deadlines. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

uint64_t msd_stream_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool wait_for(int socket, short events, uint64_t deadline_ms)
{
    struct pollfd entry = { socket, events, 0 };

    for (;;) {
        uint64_t now = msd_stream_now_ms();
        int ready;

        if (now >= deadline_ms) {
            errno = ETIMEDOUT;
            return false;
        }
        ready = poll(&entry, 1, (int)(deadline_ms - now));
        if (ready > 0) {
            return true;
        }
        if (ready < 0 && errno != EINTR) {
            return false;
        }
    }
}

static bool finish_connect(int socket, uint64_t deadline_ms)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (!wait_for(socket, POLLOUT, deadline_ms)
        || getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
        return false;
    }
    errno = error;
    return error == 0;
}

int msd_stream_connect(const msd_stream_address_t *address, uint16_t port,
                       uint64_t deadline_ms)
{
    struct sockaddr_storage to = address->address;
    const int on = 1;
    int s = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   0);

    if (s < 0) {
        return -1;
    }
    if (to.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&to)->sin6_port = htons(port);
    } else {
        ((struct sockaddr_in *)&to)->sin_port = htons(port);
    }
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(s, (const struct sockaddr *)&to, address->len) != 0
        && (errno != EINPROGRESS || !finish_connect(s, deadline_ms))) {
        int error = errno;

        close(s);
        errno = error;
        return -1;
    }
    return s;
}

/* Whether it is only not the time yet. */
static bool is_early(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

bool msd_stream_write(int socket, const void *bytes, apr_size_t n,
                      uint64_t deadline_ms)
{
    const char *from = bytes;

    while (n > 0) {
        ssize_t sent = send(socket, from, n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0) {
            if (!is_early() || !wait_for(socket, POLLOUT, deadline_ms)) {
                return false;
            }
            continue;
        }
        from += sent;
        n -= (apr_size_t)sent;
    }
    return true;
}

apr_size_t msd_stream_read(int socket, void *out, apr_size_t n,
                           uint64_t deadline_ms)
{
    char *to = out;
    apr_size_t got = 0;

    while (got < n) {
        ssize_t came = recv(socket, to + got, n - got, MSG_DONTWAIT);

        if (came == 0) {
            errno = 0;
            return got;
        }
        if (came < 0) {
            if (!is_early() || !wait_for(socket, POLLIN, deadline_ms)) {
                return got;
            }
            continue;
        }
        got += (apr_size_t)came;
    }
    return got;
}
