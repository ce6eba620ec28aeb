/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a host, found within a time limit. */
#include "httpd/lookup.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* What the thread is to do; whoever of the two is last gives it back. */
typedef struct {
    pthread_mutex_t mutex; /* for is_done, is_left and what was found */
    pthread_cond_t done;
    bool is_done;
    bool is_left; /* nobody waits any more */
    int status;
    struct addrinfo *list;
    char *host;
    char *port;
} job_t;

static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };

static void free_job(job_t *job)
{
    if (job->list != NULL) {
        freeaddrinfo(job->list);
    }
    pthread_cond_destroy(&job->done);
    pthread_mutex_destroy(&job->mutex);
    free(job->host);
    free(job->port);
    free(job);
}

static job_t *make_job(const char *host, const char *port)
{
    job_t *job = calloc(1, sizeof(*job));
    pthread_condattr_t attributes;

    if (job == NULL) {
        return NULL;
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&job->mutex, NULL);
    pthread_cond_init(&job->done, &attributes);
    pthread_condattr_destroy(&attributes);
    job->host = strdup(host);
    job->port = strdup(port);
    if (job->host == NULL || job->port == NULL) {
        free_job(job);
        return NULL;
    }
    return job;
}

static void *run(void *self)
{
    job_t *job = self;
    struct addrinfo *list = NULL;
    int status = getaddrinfo(job->host, job->port, &hints, &list);
    bool is_left;

    pthread_mutex_lock(&job->mutex);
    job->status = status;
    job->list = status == 0 ? list : NULL;
    job->is_done = true;
    is_left = job->is_left;
    pthread_cond_signal(&job->done);
    pthread_mutex_unlock(&job->mutex);
    if (is_left) {
        free_job(job);
    }
    return NULL;
}

/* Without the signals of the process, which are for httpd's own threads. */
static int start_thread(job_t *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int error = pthread_attr_init(&attributes);

    if (error != 0) {
        return error;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, &attributes, run, job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

/* Returns what was found, or EAI_AGAIN.  The job is given back, or left to the
 * thread. */
static int await(job_t *job, apr_int64_t deadline_ms, struct addrinfo **list)
{
    const struct timespec until = { (time_t)(deadline_ms / 1000),
                                    (long)(deadline_ms % 1000) * 1000000 };
    int status;
    int error = 0;

    pthread_mutex_lock(&job->mutex);
    while (!job->is_done && error == 0) {
        error = pthread_cond_timedwait(&job->done, &job->mutex, &until);
    }
    if (!job->is_done) {
        job->is_left = true;
        pthread_mutex_unlock(&job->mutex);
        return EAI_AGAIN;
    }
    status = job->status;
    *list = job->list;
    job->list = NULL;
    pthread_mutex_unlock(&job->mutex);
    free_job(job);
    return status;
}

int msd_lookup_host(const char *host, const char *port,
                    apr_int64_t deadline_ms, struct addrinfo **list)
{
    const struct addrinfo address = { .ai_socktype = SOCK_STREAM,
                                      .ai_flags = AI_NUMERICHOST };
    job_t *job;

    *list = NULL;
    if (getaddrinfo(host, port, &address, list) == 0) {
        return 0;
    }
    *list = NULL;
    job = make_job(host, port);
    if (job == NULL) {
        return EAI_MEMORY;
    }
    if (start_thread(job) != 0) {
        free_job(job);
        return EAI_MEMORY;
    }
    return await(job, deadline_ms, list);
}
