/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that ends what waits too long, by shutting its socket down. */
#include "httpd/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How long it sleeps when nobody waits. */
#define IDLE_MS 60000

struct msd_watchdog_t {
    pthread_mutex_t mutex;  /* for all that follows */
    pthread_cond_t changed; /* an earlier deadline, or the end */
    pthread_t thread;
    bool runs;
    bool ends;
    msd_watch_t *first; /* in no order; few at any time */
};

apr_int64_t msd_watchdog_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (apr_int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Shut down what is late.  Returns when to look again. */
static apr_int64_t bark(msd_watchdog_t *dog)
{
    apr_int64_t now = msd_watchdog_now_ms();
    apr_int64_t next = now + IDLE_MS;

    for (msd_watch_t *watch = dog->first; watch != NULL; watch = watch->next) {
        if (!watch->barked && watch->deadline_ms <= now) {
            shutdown(watch->socket, SHUT_RDWR);
            watch->barked = true;
        }
        if (!watch->barked && watch->deadline_ms < next) {
            next = watch->deadline_ms;
        }
    }
    return next;
}

static void *run(void *self)
{
    msd_watchdog_t *dog = self;

    pthread_mutex_lock(&dog->mutex);
    while (!dog->ends) {
        apr_int64_t next = bark(dog);
        struct timespec until = { (time_t)(next / 1000),
                                  (long)(next % 1000) * 1000000 };

        pthread_cond_timedwait(&dog->changed, &dog->mutex, &until);
    }
    pthread_mutex_unlock(&dog->mutex);
    return NULL;
}

/* prefork ends a child in a signal handler, which then wants the mutex: no
 * signal comes while it is held by who waits for a directory. */
static void enter(msd_watchdog_t *dog, sigset_t *before)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, before);
    pthread_mutex_lock(&dog->mutex);
}

static void leave(msd_watchdog_t *dog, const sigset_t *before)
{
    pthread_mutex_unlock(&dog->mutex);
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

static apr_status_t end_thread(void *self)
{
    msd_watchdog_t *dog = self;
    bool runs;

    pthread_mutex_lock(&dog->mutex);
    dog->ends = true;
    runs = dog->runs;
    pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->mutex);
    if (runs) {
        pthread_join(dog->thread, NULL);
    }
    return APR_SUCCESS;
}

msd_watchdog_t *msd_watchdog_create(apr_pool_t *pool)
{
    msd_watchdog_t *dog = apr_pcalloc(pool, sizeof(*dog));
    pthread_condattr_t attributes;

    if (pthread_mutex_init(&dog->mutex, NULL) != 0
        || pthread_condattr_init(&attributes) != 0) {
        return NULL;
    }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (pthread_cond_init(&dog->changed, &attributes) != 0) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, dog, end_thread, apr_pool_cleanup_null);
    return dog;
}

/* It inherits that no signal comes to it: those are for httpd's threads. */
static int start_thread(msd_watchdog_t *dog)
{
    int error = 0;

    if (!dog->runs) {
        error = pthread_create(&dog->thread, NULL, run, dog);
        dog->runs = error == 0;
    }
    return error;
}

apr_status_t msd_watchdog_begin(msd_watchdog_t *dog, msd_watch_t *watch,
                                int socket, apr_int64_t deadline_ms)
{
    sigset_t before;
    int error;

    *watch = (msd_watch_t){ -1, deadline_ms, false, NULL };
    if (dog == NULL) {
        return APR_ENOTIMPL;
    }
    /* Our own descriptor: that of the other may be closed, and its number be
     * another's, when the deadline comes. */
    watch->socket = fcntl(socket, F_DUPFD_CLOEXEC, 0);
    if (watch->socket < 0) {
        return errno;
    }
    enter(dog, &before);
    error = start_thread(dog);
    if (error == 0) {
        watch->next = dog->first;
        dog->first = watch;
        pthread_cond_signal(&dog->changed);
    }
    leave(dog, &before);
    return error;
}

bool msd_watchdog_end(msd_watchdog_t *dog, msd_watch_t *watch)
{
    sigset_t before;

    if (watch->socket < 0) {
        return false;
    }
    enter(dog, &before);
    for (msd_watch_t **p = &dog->first; *p != NULL; p = &(*p)->next) {
        if (*p == watch) {
            *p = watch->next;
            break;
        }
    }
    leave(dog, &before);
    close(watch->socket);
    return watch->barked;
}
