/* SPDX-License-Identifier: Apache-2.0 */
/* The replay guard of one machine behind the interface of all guards. */
#include "context/replay.h"

static msd_replay_result_t accept_count(void *self, const msd_count_t *count)
{
    return msd_replay_accept(self, count->key, count->nc, count->mode);
}

static msd_replay_result_t peek_count(void *self, const msd_count_t *count)
{
    return msd_replay_peek(self, count->key, count->nc);
}

/* Another life of the table has another nonce key, so nonces need no mark. */
msd_guard_t msd_guard_of_replay(const struct msd_replay_t *replay)
{
    return (msd_guard_t){ (void *)(uintptr_t)replay, 0, accept_count,
                          peek_count };
}
