/* SPDX-License-Identifier: Apache-2.0 */
/* Turns: one question about a user at a time. */
#include "limit/turn.h"

#include <stdatomic.h>
#include <string.h>

#define PLACES 2048u

/* A pause between two looks, in microseconds: doubled up to the longest. */
#define PAUSE_MIN_US 250
#define PAUSE_MAX_US 8000

/* The word of who has a turn: [ until ms:44 | serial:20 ].  Zero is nobody. */
#define SERIAL_BITS 20
#define SERIAL_MASK ((1u << SERIAL_BITS) - 1)

typedef struct {
    _Atomic(uint64_t) owner;
    _Atomic(uint64_t) mark;         /* whose result it is; 0: none */
    _Atomic(uint64_t) result[2];
    _Atomic(uint64_t) serial;
    uint64_t unused[3];             /* a cache line for each place */
} place_t;

_Static_assert(sizeof(place_t) == 64, "a place is a cache line");
_Static_assert(sizeof(((place_t *)0)->result) == MSD_TURN_RESULT_SIZE,
               "a result fits");

struct msd_turns_t {
    place_t *places;
    msd_turn_clock_t clock;
};

apr_size_t msd_turns_size(void)
{
    return (PLACES + 1) * sizeof(place_t);
}

msd_turns_t *msd_turns_attach(void *memory, msd_turn_clock_t clock,
                              apr_pool_t *pool)
{
    msd_turns_t *turns = apr_palloc(pool, sizeof(*turns));
    const uintptr_t line = sizeof(place_t);

    turns->places = (place_t *)(((uintptr_t)memory + line - 1) / line * line);
    turns->clock = clock;
    return turns;
}

/* Returns whether the turn was free, or its time was over. */
static bool take(place_t *place, uint64_t now_ms, msd_turn_t *turn)
{
    uint64_t owner = atomic_load(&place->owner);

    if (owner != 0 && owner >> SERIAL_BITS > now_ms) {
        return false;
    }
    turn->word = (now_ms + MSD_TURN_MAX_MS) << SERIAL_BITS
                 | (atomic_fetch_add(&place->serial, 1) & SERIAL_MASK);
    if (!atomic_compare_exchange_strong(&place->owner, &owner, turn->word)) {
        return false;
    }
    turn->place = place;
    return true;
}

bool msd_turn_begin(const msd_turns_t *turns, uint64_t mark, msd_turn_t *turn)
{
    const msd_turn_clock_t *clock = &turns->clock;
    place_t *place = &turns->places[mark % PLACES];
    uint64_t start_ms = clock->now_ms(clock->self);
    uint64_t now_ms = start_ms;
    uint32_t pause_us = PAUSE_MIN_US;

    *turn = (msd_turn_t){ .mark = mark };
    while (!take(place, now_ms, turn)) {
        if (now_ms - start_ms >= MSD_TURN_WAIT_MS) {
            return false;
        }
        turn->waited = true;
        clock->pause(clock->self, pause_us);
        pause_us = pause_us < PAUSE_MAX_US ? 2 * pause_us : PAUSE_MAX_US;
        now_ms = clock->now_ms(clock->self);
    }
    return true;
}

bool msd_turn_result(const msd_turn_t *turn, unsigned char *result)
{
    place_t *place = turn->place;

    if (place == NULL || atomic_load(&place->mark) != turn->mark) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        uint64_t half = atomic_load(&place->result[i]);

        memcpy(result + (apr_size_t)i * sizeof(half), &half, sizeof(half));
    }
    return true;
}

void msd_turn_end(msd_turn_t *turn, const unsigned char *result)
{
    place_t *place = turn->place;
    uint64_t word = turn->word;

    if (place == NULL) {
        return;
    }
    atomic_store(&place->mark, result != NULL ? turn->mark : 0);
    for (int i = 0; result != NULL && i < 2; i++) {
        uint64_t half;

        memcpy(&half, result + (apr_size_t)i * sizeof(half), sizeof(half));
        atomic_store(&place->result[i], half);
    }
    /* Not when it ran out, and is somebody else's. */
    atomic_compare_exchange_strong(&place->owner, &word, 0);
    turn->place = NULL;
}
