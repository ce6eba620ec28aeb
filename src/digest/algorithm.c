/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithms of RFC 7616 section 6.1 and RFC 2617. */
#include "digest/algorithm.h"

#define NAME(literal) \
    { \
        literal, sizeof(literal) - 1 \
    }

static const struct {
    msd_text_t name;
    msd_hash_id_t hash;
    bool session;
} algorithms[] = {
    [MSD_ALGORITHM_MD5_SESS] = { NAME("MD5-sess"), MSD_HASH_MD5, true },
    [MSD_ALGORITHM_MD5] = { NAME("MD5"), MSD_HASH_MD5, false },
    [MSD_ALGORITHM_SHA256_SESS] = { NAME("SHA-256-sess"), MSD_HASH_SHA256,
                                    true },
    [MSD_ALGORITHM_SHA256] = { NAME("SHA-256"), MSD_HASH_SHA256, false },
    [MSD_ALGORITHM_SHA512_256_SESS] = { NAME("SHA-512-256-sess"),
                                        MSD_HASH_SHA512_256, true },
    [MSD_ALGORITHM_SHA512_256] = { NAME("SHA-512-256"), MSD_HASH_SHA512_256,
                                   false },
};

_Static_assert(sizeof(algorithms) / sizeof(algorithms[0])
                   == MSD_ALGORITHM_COUNT,
               "one row for each algorithm");

const char *msd_algorithm_name(msd_algorithm_t algorithm)
{
    return algorithms[algorithm].name.data;
}

bool msd_algorithm_find(msd_text_t name, msd_algorithm_t *out)
{
    for (int i = 0; i < MSD_ALGORITHM_COUNT; i++) {
        if (msd_text_equal_nocase(name, algorithms[i].name)) {
            *out = (msd_algorithm_t)i;
            return true;
        }
    }
    return false;
}

msd_hash_id_t msd_algorithm_hash(msd_algorithm_t algorithm)
{
    return algorithms[algorithm].hash;
}

bool msd_algorithm_is_session(msd_algorithm_t algorithm)
{
    return algorithms[algorithm].session;
}
