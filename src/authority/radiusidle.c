/* SPDX-License-Identifier: Apache-2.0 */
/* TLS connections to RADIUS servers that wait for the next request. */
#include "authority/radiusidle.h"

#include <string.h>

#include <apr_poll.h>
#include <apr_thread_mutex.h>
#include <openssl/err.h>

struct msd_radiusidle_t {
    apr_thread_mutex_t *mutex;
    int count;
    msd_radiusconnection_t waiting[MSD_RADIUSIDLE_MAX]; /* the oldest first */
};

void msd_radiusconnection_end(msd_radiusconnection_t *connection)
{
    if (connection->ssl != NULL) {
        if (SSL_is_init_finished(connection->ssl)) {
            SSL_shutdown(connection->ssl);
        }
        SSL_free(connection->ssl);
        ERR_clear_error();
    }
    if (connection->pool != NULL) {
        apr_pool_destroy(connection->pool);
    }
    memset(connection, 0, sizeof(*connection));
}

static void take_out(msd_radiusidle_t *idle, int at,
                     msd_radiusconnection_t *out)
{
    *out = idle->waiting[at];
    idle->count--;
    memmove(&idle->waiting[at], &idle->waiting[at + 1],
            (apr_size_t)(idle->count - at) * sizeof(*out));
}

static void end_at(msd_radiusidle_t *idle, int at)
{
    msd_radiusconnection_t ended;

    take_out(idle, at, &ended);
    msd_radiusconnection_end(&ended);
}

static apr_status_t end_all(void *data)
{
    msd_radiusidle_t *idle = data;

    while (idle->count > 0) {
        end_at(idle, idle->count - 1);
    }
    return APR_SUCCESS;
}

msd_radiusidle_t *msd_radiusidle_create(apr_pool_t *pool)
{
    msd_radiusidle_t *idle = apr_pcalloc(pool, sizeof(*idle));

    if (apr_thread_mutex_create(&idle->mutex, APR_THREAD_MUTEX_DEFAULT, pool)
        != APR_SUCCESS) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, idle, end_all, apr_pool_cleanup_null);
    return idle;
}

static bool is_silent(const msd_radiusconnection_t *connection)
{
    apr_pollfd_t set = { .p = connection->pool,
                         .desc_type = APR_POLL_SOCKET,
                         .reqevents = APR_POLLIN,
                         .desc.s = connection->socket };
    apr_int32_t ready = 0;

    return APR_STATUS_IS_TIMEUP(apr_poll(&set, 1, &ready, 0));
}

static bool is_same(const msd_radiusidle_key_t *a,
                    const msd_radiusidle_key_t *b)
{
    return a->server == b->server && a->source == b->source
           && a->trust == b->trust && a->identity == b->identity;
}

bool msd_radiusidle_take(msd_radiusidle_t *idle,
                         const msd_radiusidle_key_t *key, uint64_t now_ms,
                         msd_radiusconnection_t *out)
{
    bool found = false;

    apr_thread_mutex_lock(idle->mutex);
    for (int i = idle->count - 1; !found && i >= 0; i--) {
        const msd_radiusconnection_t *waiting = &idle->waiting[i];

        if (waiting->since_ms + MSD_RADIUSIDLE_MS <= now_ms
            || !is_silent(waiting)) {
            end_at(idle, i);
        } else if (is_same(&waiting->key, key)) {
            take_out(idle, i, out);
            found = true;
        }
    }
    apr_thread_mutex_unlock(idle->mutex);
    return found;
}

void msd_radiusidle_give(msd_radiusidle_t *idle,
                         const msd_radiusconnection_t *connection,
                         uint64_t now_ms)
{
    apr_thread_mutex_lock(idle->mutex);
    if (idle->count == MSD_RADIUSIDLE_MAX) {
        end_at(idle, 0);
    }
    idle->waiting[idle->count] = *connection;
    idle->waiting[idle->count++].since_ms = now_ms;
    apr_thread_mutex_unlock(idle->mutex);
}

void msd_radiusidle_forget(msd_radiusidle_t *idle,
                           const msd_radius_server_t *server)
{
    apr_thread_mutex_lock(idle->mutex);
    for (int i = idle->count - 1; i >= 0; i--) {
        if (idle->waiting[i].key.server == server) {
            end_at(idle, i);
        }
    }
    apr_thread_mutex_unlock(idle->mutex);
}
