/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to a Redis server: hiredis writes and reads RESP, but waits
 * are ours, as its own begin anew with each byte. */
#include "redis/link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct msd_redis_link_t {
    int fd;
    redisReader *reader;
};

void msd_redis_command_add(msd_redis_command_t *command, msd_text_t word)
{
    if (command->count < MSD_REDIS_WORDS_MAX) {
        command->words[command->count++] = word;
    }
}

/* Wait until there is something to do.  Returns APR_SUCCESS or APR_TIMEUP. */
static apr_status_t await(int fd, short events,
                          const msd_redis_patience_t *patience)
{
    for (;;) {
        struct pollfd what = { .fd = fd, .events = events };
        uint64_t now_ms = patience->now_ms();
        int n;

        if (now_ms >= patience->deadline_ms) {
            return APR_TIMEUP;
        }
        n = poll(&what, 1, (int)(patience->deadline_ms - now_ms));
        if (n > 0) {
            return APR_SUCCESS;
        }
        if (n < 0 && errno != EINTR) {
            return errno;
        }
    }
}

/* Whether a call is worth repeating once the socket is ready. */
static bool is_early(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static apr_status_t connect_within(int fd, const apr_sockaddr_t *address,
                                   const msd_redis_patience_t *patience)
{
    int fault = 0;
    socklen_t size = sizeof(fault);
    const int yes = 1;
    apr_status_t status;

    if (address->family != APR_UNIX) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    }
    if (connect(fd, (const struct sockaddr *)&address->sa,
                (socklen_t)address->salen)
        == 0) {
        return APR_SUCCESS;
    }
    if (errno != EINPROGRESS && errno != EINTR) {
        return errno;
    }
    status = await(fd, POLLOUT, patience);
    if (status == APR_SUCCESS
        && getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &size) != 0) {
        fault = errno;
    }
    return status == APR_SUCCESS ? fault : status;
}

apr_status_t msd_redis_link_open(const apr_sockaddr_t *address,
                                 const msd_redis_patience_t *patience,
                                 msd_redis_link_t **out)
{
    int fd = socket(address->family == APR_UNIX ? AF_UNIX : address->family,
                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    redisReader *reader;
    apr_status_t status;

    if (fd < 0) {
        return errno;
    }
    status = connect_within(fd, address, patience);
    reader = status == APR_SUCCESS ? redisReaderCreate() : NULL;
    *out = reader != NULL ? malloc(sizeof(**out)) : NULL;
    if (*out == NULL) {
        redisReaderFree(reader);
        close(fd);
        return status == APR_SUCCESS ? APR_ENOMEM : status;
    }
    (*out)->fd = fd;
    (*out)->reader = reader;
    return APR_SUCCESS;
}

void msd_redis_link_close(msd_redis_link_t *link)
{
    if (link != NULL) {
        redisReaderFree(link->reader);
        close(link->fd);
        free(link);
    }
}

static apr_status_t write_all(msd_redis_link_t *link, const char *bytes,
                              size_t len,
                              const msd_redis_patience_t *patience)
{
    while (len > 0) {
        ssize_t n = send(link->fd, bytes, len, MSG_NOSIGNAL);
        apr_status_t status = APR_SUCCESS;

        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else {
            status = is_early() ? await(link->fd, POLLOUT, patience) : errno;
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

/* Hand what has come to the reader.  total: counts it. */
static apr_status_t feed(msd_redis_link_t *link, size_t *total,
                         const msd_redis_patience_t *patience)
{
    char bytes[4096];
    ssize_t n = recv(link->fd, bytes, sizeof(bytes), 0);

    if (n == 0) {
        return APR_EOF;
    }
    if (n < 0) {
        return is_early() ? await(link->fd, POLLIN, patience) : errno;
    }
    *total += (size_t)n;
    return *total <= MSD_REDIS_ANSWER_MAX
                   && redisReaderFeed(link->reader, bytes, (size_t)n)
                          == REDIS_OK
               ? APR_SUCCESS
               : APR_EGENERAL;
}

static apr_status_t read_reply(msd_redis_link_t *link,
                               const msd_redis_patience_t *patience,
                               redisReply **reply)
{
    size_t total = 0;
    void *got = NULL;
    apr_status_t status = await(link->fd, POLLIN, patience);

    while (status == APR_SUCCESS && got == NULL) {
        status = feed(link, &total, patience);
        if (status == APR_SUCCESS
            && redisReaderGetReply(link->reader, &got) != REDIS_OK) {
            status = APR_EGENERAL;
        }
    }
    *reply = got;
    return status;
}

apr_status_t msd_redis_link_call(msd_redis_link_t *link,
                                 const msd_redis_command_t *command,
                                 const msd_redis_patience_t *patience,
                                 bool *sent, redisReply **reply)
{
    const char *words[MSD_REDIS_WORDS_MAX];
    size_t lengths[MSD_REDIS_WORDS_MAX];
    char *bytes = NULL;
    long long len;
    apr_status_t status;

    *sent = false;
    *reply = NULL;
    for (int i = 0; i < command->count; i++) {
        words[i] = command->words[i].data;
        lengths[i] = command->words[i].len;
    }
    len = redisFormatCommandArgv(&bytes, command->count, words, lengths);
    if (len < 0) {
        return APR_ENOMEM;
    }
    status = write_all(link, bytes, (size_t)len, patience);
    redisFreeCommand(bytes);
    if (status != APR_SUCCESS) {
        return status;
    }
    *sent = true;
    return read_reply(link, patience, reply);
}
