/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that ends what waits too long, by shutting its socket down. */
#ifndef MSD_HTTPD_WATCHDOG_H
#define MSD_HTTPD_WATCHDOG_H

#include <stdbool.h>

#include <apr_errno.h>
#include <apr_pools.h>

/*
 * libldap waits without limit in a TLS handshake and in the middle of a
 * message, whatever time limits it is given.  It goes on at once when its
 * socket is shut down.  One thread of a process does that, and it is started
 * by the first wait.
 */
typedef struct msd_watchdog_t msd_watchdog_t;

/* One wait; lives on the stack of who waits.  The members are watchdog.c's
 * own. */
typedef struct msd_watch_t {
    int socket; /* our own descriptor of it; -1: none */
    apr_int64_t deadline_ms;
    bool barked;
    struct msd_watch_t *next;
} msd_watch_t;

/*
 * Make the watchdog of this process.
 * pool: that of a child; its end ends the thread.
 * Returns NULL when the system gives no mutex.
 */
msd_watchdog_t *msd_watchdog_create(apr_pool_t *pool);

/* The clock of the deadlines: monotonic, in milliseconds. */
apr_int64_t msd_watchdog_now_ms(void);

/*
 * Begin to watch a socket.  Whatever the status, msd_watchdog_end must follow.
 * Returns APR_SUCCESS, or why nobody watches: then it must not be waited for.
 */
apr_status_t msd_watchdog_begin(msd_watchdog_t *dog, msd_watch_t *watch,
                                int socket, apr_int64_t deadline_ms);

/* Returns whether the deadline passed, and the socket was shut down. */
bool msd_watchdog_end(msd_watchdog_t *dog, msd_watch_t *watch);

#endif
