/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS servers: which of them are worth asking. */
#include "authority/radiusserver.h"

static bool is_alive(const msd_radius_server_t *server, uint64_t now_ms,
                     uint64_t dead_ms)
{
    uint64_t until = atomic_load(server->dead_until_ms);

    return until == 0
           || (until <= now_ms
               && atomic_compare_exchange_strong(server->dead_until_ms, &until,
                                                 now_ms + dead_ms));
}

int msd_radius_server_choose(const msd_radius_server_t *servers, int count,
                             uint64_t now_ms, uint64_t dead_ms,
                             const msd_radius_server_t **out)
{
    int n = 0;

    for (int i = 0; i < count; i++) {
        if (is_alive(&servers[i], now_ms, dead_ms)) {
            out[n++] = &servers[i];
        }
    }
    if (n > 0) {
        return n;
    }
    for (int i = 0; i < count; i++) {
        out[i] = &servers[i];
    }
    return count;
}

void msd_radius_server_bury(const msd_radius_server_t *server,
                            uint64_t until_ms)
{
    atomic_store(server->dead_until_ms, until_ms > 0 ? until_ms : 1);
}

bool msd_radius_server_revive(const msd_radius_server_t *server)
{
    return atomic_load(server->dead_until_ms) != 0
           && atomic_exchange(server->dead_until_ms, 0) != 0;
}
