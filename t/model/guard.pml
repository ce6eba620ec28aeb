/* SPDX-License-Identifier: Apache-2.0 */
/* SPIN model of the replay guard's accept(), and of what breaks it. */

/*
 * One bucket of the guard. PROCS processes make ACCEPTS calls each, every
 * call with any nonce and any count. Each shared load and each CAS is one
 * atomic block; between two of them any other process may run. Private
 * steps share the block of the access before them: nobody can see them.
 * A block ends at a goto, also where the label begins another block.
 *
 * All nonces exist from the start. Really a young nonce is minted later, but
 * no call is made to come early, so this adds runs and removes none.
 *
 * Build options besides the sizes below:
 *   INVARIANTS   check I1, I3 and that refusals are honest, not only that no
 *                count is accepted twice
 *   SEQUENCE     calls come in window mode and in sequence mode
 *   REACH=place  fail where that place is reached
 *   MUT_...      break the algorithm: `run` lists them all
 */

/* Sizes. Counts are 1..COUNTS, two to a block. */
#ifndef PROCS
#define PROCS 2
#endif
#ifndef ACCEPTS
#define ACCEPTS 2
#endif
#ifndef NONCES
#define NONCES 3                /* at most 7: a bit each in claimed */
#endif
#ifndef COUNTS
#define COUNTS 3                /* at most 7: a bit each in accepted[] */
#endif
#ifndef PER_UNIT
#define PER_UNIT 1              /* nonces minted in one unit of time */
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef RING
#define RING 1                  /* window words of a slot */
#endif

/*
 * Own word: the guard has [T | tag] and only compares, so here the word is
 * the number of the nonce, 1..NONCES in that order. 0 is empty, its T too.
 */
#define T(own)  (((own) + PER_UNIT - 1) / PER_UNIT)
#define NO_OWN  255             /* above every own word */

/* Window word: [gen:4 | block:2 | bits:2]. */
#define WORD(gen, block, bits)  ((gen) << 4 | (block) << 2 | (bits))
#define GEN(w)        ((w) >> 4)
#define BLOCK(w)      (((w) >> 2) & 3)
#define BITS(w)       ((w) & 3)
#define BLOCK_OF(nc)  ((nc) / 2)
#define BIT_OF(nc)    (1 << ((nc) % 2))

#if defined(MUT_NO_GEN)
#define GEN_OF(own)  0
#elif defined(MUT_GEN_1_BIT)
#define GEN_OF(own)  (T(own) % 2)
#else
#define GEN_OF(own)  T(own)
#endif

/* The shared words. */
byte own[SLOTS];
byte win[SLOTS * RING];
#define WIN  win[s * RING + BLOCK_OF(nc) % RING]
#ifdef SEQUENCE
byte last[SLOTS];               /* [gen:4 | last count:4], no window word */
#endif

/*
 * From here on, what the model knows and the guard does not. Bit nc of
 * accepted[nonce] is the oracle. The flags give a failed assertion its name;
 * they live within one atomic block, so `hidden` keeps them out of the state.
 */
byte accepted[NONCES + 1];
hidden byte double_accept, honest_refused, own_not_rising, claimed_twice;
#ifdef INVARIANTS
byte claimed;                   /* a bit per nonce that ever got a slot */
#endif
#ifdef SEQUENCE
byte highest[NONCES + 1];       /* count accepted in sequence mode */
hidden byte count_not_rising;
#endif

inline accept()
{
    double_accept = (accepted[me] >> nc) & 1;
    assert(!double_accept);
    accepted[me] = accepted[me] | (1 << nc)
}

inline check_claim()
{
#ifdef INVARIANTS
    own_not_rising = (T(own[m]) >= T(me));          /* I1 */
    assert(!own_not_rising);
    claimed_twice = (claimed >> me) & 1;            /* I3 */
    assert(!claimed_twice);
    claimed = claimed | (1 << me)
#else
    skip
#endif
}

/* A refusal is honest when one of these counts was in truth accepted. */
inline check_refusal(counts)
{
#if defined(INVARIANTS) && !defined(SEQUENCE)
    honest_refused = !(accepted[me] & (counts));
    assert(!honest_refused)
#else
    skip
#endif
}

/* A model that cannot get to each of these places would prove nothing. */
#define ACCEPTED    1
#define LEFTOVER    2           /* about to accept over a former owner's word */
#define TOO_OLD     3           /* refused by the minimum of the bucket */
#define EVICTED     4           /* refused after the slot was lost */
#define LATE        5
#define REPLAY      6
#define SAME_CLAIM  7           /* another call claimed this nonce first */
#define LOST_WORD   8           /* another call changed the window word */
#define RISEN       9           /* accepted in sequence mode */
#ifdef REACH
#define REACHED(place)  assert(REACH != (place))
#else
#define REACHED(place)  skip
#endif

/*
 * A dying process leaves the shared words as they are; what it forgets is
 * private. The next call is made by its successor.
 */
#define MAY_DIE  if :: skip :: goto next fi

active [PROCS] proctype process()
{
    byte calls;
    byte me, nc;                /* the request: own word of the nonce, count */
    byte s, m, min, v;          /* slot; the minimum's slot and value */
    byte w, n;                  /* window word seen, window word wanted */
#ifdef SEQUENCE
    bit sequence;               /* mode of this call's configuration */
#endif

next:
    atomic {
        me = 0; nc = 0; s = 0; m = 0; min = 0; w = 0; n = 0;
        if
        :: calls == ACCEPTS -> goto done
        :: else -> calls++
        fi;
        select (me : 1 .. NONCES);
        select (nc : 1 .. COUNTS);
#ifdef SEQUENCE
        select (sequence : 0 .. 1);
#endif
        goto scan
    };

scan:
    s = 0; min = NO_OWN;
    do
    :: s < SLOTS ->
        atomic {
            v = own[s];                                     /* load */
            if
            :: v == me -> v = 0; goto found
#if defined(MUT_ANY_VICTIM)
            :: v != me && T(v) < T(me) -> min = v; m = s
            :: v != me && min != NO_OWN -> skip
#else
            :: v != me && v < min -> min = v; m = s
#endif
#if defined(MUT_ANY_EMPTY)
            :: v != me && v == min -> m = s
            :: v != me && v == min -> skip
#endif
            :: else -> skip
            fi;
            v = 0; s++
        }
    :: else -> break
    od;
#if !defined(MUT_BELOW_MINIMUM)
    if
#if defined(MUT_EQUAL_TIME)
    :: T(min) > T(me) -> goto next
#else
    :: T(min) >= T(me) -> REACHED(TOO_OLD); goto next       /* STALE */
#endif
    :: else -> skip
    fi;
#endif

    MAY_DIE;
    atomic {                                        /* CAS own: min -> me */
        if
        :: own[m] == min -> check_claim(); own[m] = me; s = m
        :: own[m] == me -> REACHED(SAME_CLAIM); s = m; goto found
        :: else -> m = 0; goto scan
        fi
    };
    MAY_DIE;
#if defined(MUT_CLEAR)
    m = 0;
    do
    :: m < RING -> atomic { win[s * RING + m] = 0; m++ }
    :: else -> break
    od;
#endif

found:
#if defined(MUT_OWN_BEFORE_W)
    if
    :: own[s] != me -> goto next
    :: else -> skip
    fi;
#endif
#if defined(MUT_SEQUENCE_ONLY)
    if
    :: sequence -> goto rise
    :: else -> skip
    fi;
#endif
    atomic { w = WIN; m = 0; min = 0 };                     /* load */

again:
    atomic {
#if !defined(MUT_OWN_NOT_REREAD) && !defined(MUT_OWN_BEFORE_W)
        if
        :: own[s] != me -> REACHED(EVICTED); goto next      /* load; STALE */
        :: else -> skip
        fi;
#endif
        n = WORD(GEN_OF(me), BLOCK_OF(nc), BIT_OF(nc));
        if
        :: GEN(w) != GEN_OF(me) ->                  /* a former owner's */
            if
            :: w != 0 -> REACHED(LEFTOVER)
            :: else -> skip
            fi
        :: GEN(w) == GEN_OF(me) && BLOCK(w) > BLOCK_OF(nc) ->
            REACHED(LATE);
            check_refusal(255 << (2 * BLOCK_OF(nc) + 2));
            goto next
        :: GEN(w) == GEN_OF(me) && BLOCK(w) == BLOCK_OF(nc) ->
            if
            :: BITS(w) & BIT_OF(nc) ->
                REACHED(REPLAY);
                check_refusal(1 << nc);
                goto next
            :: else -> n = n | BITS(w)
            fi
        :: else -> skip
        fi
    };

    MAY_DIE;
    atomic {                                        /* CAS win: w -> n */
        if
        :: WIN == w -> WIN = n
        :: else ->
            REACHED(LOST_WORD);
            w = WIN; n = 0;
#if defined(MUT_OWN_BEFORE_W)
            goto found
#else
            goto again
#endif
        fi;
#ifdef SEQUENCE
        if
        :: sequence -> goto rise
        :: else -> skip
        fi;
#endif
        REACHED(ACCEPTED);
        accept();
        goto next               /* alive or not: nothing is left to do */
    };

#ifdef SEQUENCE
    /*
     * The window bit is ours, so no other mode can accept this count. It is
     * accepted if it also raises the last count, and lost if it does not. In
     * the other order a raised count could be accepted after a higher one.
     */
rise:
    MAY_DIE;
    atomic { w = last[s]; n = 0 };                          /* load */
rise_again:
    atomic {
        if
        :: own[s] != me -> goto next                        /* load; STALE */
        :: own[s] == me && GEN(w) == GEN_OF(me) && (w & 15) >= nc ->
            goto next                                       /* LATE */
        :: else -> n = GEN_OF(me) << 4 | nc
        fi
    };
    MAY_DIE;
    atomic {                                        /* CAS last: w -> n */
        if
        :: last[s] == w -> last[s] = n
        :: else -> w = last[s]; n = 0; goto rise_again
        fi;
        REACHED(RISEN);
        count_not_rising = (nc <= highest[me]);
        assert(!count_not_rising);
        highest[me] = nc;
        accept();
        goto next
    };
#endif

done:
    skip
}
