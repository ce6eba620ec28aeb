/* SPDX-License-Identifier: Apache-2.0 */
/* SPIN model of the replay guard's accept(), and of what breaks it. */

/*
 * One bucket of the guard. PROCS processes make ACCEPTS calls each, every
 * call with any nonce and any count. Each shared load and each CAS is one
 * atomic block; between two of them any other process may run. Private
 * steps share the block of the access before them: nobody can see them, and
 * a death before the next access is one of them.
 * A block ends at a goto, also where the label begins another block.
 *
 * All nonces exist from the start. Really a young nonce is minted later, but
 * no call is made to come early, so this adds runs and removes none.
 *
 * Build options besides the sizes below:
 *   INVARIANTS   check I1, I3 and that refusals are honest, not only that no
 *                count is accepted twice
 *   SEQUENCE     calls come in window mode and in sequence mode
 *   RETIRE       calls come with the count OUT too
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

/* The count that is out of range; the words that it leaves are the largest. */
#define OUT   8
#if defined(MUT_RETIRE_NO_BITS)
#define LAST(own)  WORD(GEN_OF(own), 3, 0)
#else
#define LAST(own)  WORD(GEN_OF(own), 3, 3)
#endif

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
#define WIN  win[s * RING + i]

/*
 * From here on, what the model knows and the guard does not. Bit nc of
 * accepted[nonce] is the oracle. The flags give a failed assertion its name;
 * they live within one atomic block, so `hidden` keeps them out of the state.
 */
byte accepted[NONCES + 1];
hidden byte double_accept, honest_refused, own_not_rising, claimed_twice;
hidden byte count_not_rising, accepted_retired;
#ifdef INVARIANTS
byte claimed;                   /* a bit per nonce that ever got a slot */
#endif
#ifdef RETIRE
byte retiring;                  /* a bit per nonce with a word at LAST */
byte retired;                   /* a bit per nonce whose OUT was answered */
#endif

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
#define OVERLAP     10          /* so too, after a higher one that overlaps */
#define HIGHER      11          /* refused only for a higher count */
#define HIGHER_GONE 12          /* a higher count no longer seen: evicted */
#define RETIRED     13          /* all words of a nonce are at LAST */
#define RETIRE_GONE 14          /* OUT finds itself evicted between words */
#define RETIRE_LOST 15          /* another call changed the word to retire */
#define BEYOND      16          /* refused by a word at LAST */
#define OLD_LAST    17          /* about to accept over a former owner's LAST */
#ifdef REACH
#define REACHED(place)  assert(REACH != (place))
#else
#define REACHED(place)  skip
#endif

inline begin()
{
#ifdef SEQUENCE
    overtaken = sequence && (accepted[me] >> nc);
#endif
#ifdef RETIRE
    over = (retired >> me) & 1
#else
    skip
#endif
}

inline accept()
{
    double_accept = (accepted[me] >> nc) & 1;
    assert(!double_accept);
#ifdef SEQUENCE
    count_not_rising = overtaken;
    assert(!count_not_rising);
    if
    :: sequence && (accepted[me] >> nc) -> REACHED(OVERLAP)
    :: sequence -> REACHED(RISEN)
    :: else -> skip
    fi;
#endif
#ifdef RETIRE
    accepted_retired = over;
    assert(!accepted_retired);
#endif
    accepted[me] = accepted[me] | (1 << nc)
}

inline answer_out()
{
#ifdef RETIRE
    if
    :: nc == OUT -> retired = retired | (1 << me)
    :: else -> skip
    fi
#else
    skip
#endif
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

/*
 * A refusal is honest when one of these counts was in truth accepted, or the
 * nonce is at its end.
 */
inline check_refusal(counts)
{
#if defined(INVARIANTS) && defined(RETIRE)
    honest_refused = !(accepted[me] & (counts)) && !((retiring >> me) & 1);
    assert(!honest_refused)
#elif defined(INVARIANTS)
    honest_refused = !(accepted[me] & (counts));
    assert(!honest_refused)
#else
    skip
#endif
}

/*
 * A dying process leaves the shared words as they are; what it forgets is
 * private. The next call is made by its successor.
 */
#define MAY_DIE  if :: skip :: goto next fi

/*
 * In sequence mode a call also looks for a higher count: between its load of
 * the window word and its second look at own, so that the words it saw were
 * still its nonce's. Whatever that second look says, a higher count refuses.
 */
#if !defined(SEQUENCE) || defined(MUT_NO_HIGHER)
#define GO_ON(label)  goto label
#else
#define GO_ON(label)  if :: sequence -> goto higher :: else -> goto label fi
#endif
#if defined(MUT_OWN_BEFORE_HIGHER)
#define LOADED      goto judge
#define JUDGED      GO_ON(swap)
#define NO_HIGHER   goto swap
#else
#define LOADED      GO_ON(judge)
#define JUDGED      goto swap
#define NO_HIGHER   goto judge
#endif

#if defined(MUT_HIGHER_ANY_GEN)
#define SAME_GEN(w)  ((w) != 0)
#else
#define SAME_GEN(w)  ((w) != 0 && GEN(w) == GEN_OF(me))
#endif
#if defined(MUT_HIGHER_NOT_IN_BLOCK)
#define HIGHER_IN_BLOCK(w)  false
#else
#define HIGHER_IN_BLOCK(w) \
    (BLOCK(w) == BLOCK_OF(nc) && BITS(w) >= BIT_OF(nc) << 1)
#endif
#if defined(MUT_HIGHER_NOT_IN_RING)
#define IS_HIGHER(w)  (SAME_GEN(w) && HIGHER_IN_BLOCK(w))
#else
#define IS_HIGHER(w) \
    (SAME_GEN(w) && (BLOCK(w) > BLOCK_OF(nc) || HIGHER_IN_BLOCK(w)))
#endif

active [PROCS] proctype process()
{
    byte calls;
    byte me, nc;                /* the request: own word of the nonce, count */
    byte s, m, min, v;          /* slot; the minimum's slot and value */
    byte i, w, n;               /* window word: which, seen, wanted */
#ifdef SEQUENCE
    bit sequence;               /* mode of this call's configuration */
    bit overtaken;              /* highest accepted when it began >= nc */
    byte j;                     /* window word looked at for a higher count */
#endif
#ifdef RETIRE
    bit over;                   /* the nonce was retired when it began */
#endif

next:
    atomic {
        me = 0; nc = 0; s = 0; m = 0; i = 0; w = 0; n = 0; min = NO_OWN;
        if
        :: calls == ACCEPTS -> goto done
        :: else -> calls++
        fi;
        select (me : 1 .. NONCES);
        if
        :: select (nc : 1 .. COUNTS); i = BLOCK_OF(nc) % RING
#ifdef RETIRE
        :: nc = OUT
#endif
        fi;
#ifdef SEQUENCE
        j = 0;
        if
        :: sequence = 0
        :: nc != OUT -> sequence = 1
        fi;
#endif
        begin();
        goto scan
    };

scan:                                   /* from s = 0, min = NO_OWN */
    atomic {
        v = own[s];                                         /* load */
        if
        :: v == me -> v = 0; m = 0; min = 0; goto found
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
        v = 0; s++;
        if
        :: s < SLOTS -> goto scan
        :: else -> s = 0
        fi;
#if !defined(MUT_BELOW_MINIMUM)
        if
#if defined(MUT_EQUAL_TIME)
        :: T(min) > T(me) -> goto next
#else
        :: T(min) >= T(me) ->                               /* STALE */
            REACHED(TOO_OLD);
            answer_out();
            goto next
#endif
        :: else -> skip
        fi;
#endif
#if defined(MUT_RETIRE_NO_CLAIM)
        if
        :: nc == OUT -> answer_out(); goto next
        :: else -> skip
        fi;
#endif
        MAY_DIE
    };

    atomic {                                        /* CAS own: min -> me */
        if
        :: own[m] == min -> check_claim(); own[m] = me; s = m
        :: own[m] == me -> REACHED(SAME_CLAIM); s = m
        :: else -> m = 0; min = NO_OWN; goto scan
        fi;
        m = 0; min = 0;
        MAY_DIE
    };
#if defined(MUT_CLEAR)
    do
    :: m < RING -> atomic { win[s * RING + m] = 0; m++ }
    :: else -> m = 0; break
    od;
#endif

found:
#if defined(MUT_OWN_BEFORE_W)
    if
    :: own[s] != me -> goto next
    :: else -> skip
    fi;
#endif
    atomic {
        w = WIN;                                            /* load */
#ifdef RETIRE
        if
        :: nc == OUT -> goto retire
        :: else -> skip
        fi;
#endif
        LOADED
    };

#ifdef SEQUENCE
higher:
    atomic {
        v = win[s * RING + j];                              /* load */
        if
        :: IS_HIGHER(v) ->                                  /* LATE */
            if
            :: !(GEN(w) == GEN_OF(me) &&
                 (BLOCK(w) > BLOCK_OF(nc) ||
                  BLOCK(w) == BLOCK_OF(nc) && (BITS(w) & BIT_OF(nc)))) ->
                REACHED(HIGHER)
            :: else -> skip
            fi;
            check_refusal(255 << (nc + 1));
            v = 0;
            goto next
        :: else -> skip
        fi;
        v = 0; j++;
        if
        :: j < RING -> goto higher
        :: else -> j = 0; NO_HIGHER
        fi
    };
#endif

judge:
    atomic {
#if !defined(MUT_OWN_NOT_REREAD) && !defined(MUT_OWN_BEFORE_W)
        if
        :: own[s] != me ->                                  /* load; STALE */
            REACHED(EVICTED);
#ifdef SEQUENCE
            if
            :: overtaken -> REACHED(HIGHER_GONE)
            :: else -> skip
            fi;
#endif
            goto next
        :: else -> skip
        fi;
#endif
        n = WORD(GEN_OF(me), BLOCK_OF(nc), BIT_OF(nc));
        if
        :: GEN(w) != GEN_OF(me) ->                  /* a former owner's */
            if
            :: w != 0 && (w & 15) == 15 -> REACHED(OLD_LAST)
            :: w != 0 && (w & 15) != 15 -> REACHED(LEFTOVER)
            :: else -> skip
            fi
        :: GEN(w) == GEN_OF(me) && BLOCK(w) > BLOCK_OF(nc) ->
            if
            :: w == LAST(me) -> REACHED(BEYOND)
            :: else -> REACHED(LATE)
            fi;
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
        fi;
        if
        :: JUDGED
        :: goto next                                        /* dies */
        fi
    };

swap:
    atomic {                                        /* CAS win: w -> n */
        if
        :: WIN == w -> WIN = n
#if defined(MUT_SEQUENCE_STORE)
        :: WIN != w && sequence -> WIN = n
#endif
        :: else ->
            REACHED(LOST_WORD);
            w = WIN; n = 0;
#if defined(MUT_OWN_BEFORE_W)
            goto found
#else
            LOADED
#endif
        fi;
        REACHED(ACCEPTED);
        accept();
        goto next               /* alive or not: nothing is left to do */
    };

#ifdef RETIRE
retire:                                 /* words 0 .. RING - 1, from word i */
    atomic {
#if !defined(MUT_RETIRE_OWN_NOT_READ)
        if
        :: own[s] != me ->                                  /* load; STALE */
            if
            :: i != 0 -> REACHED(RETIRE_GONE)
            :: else -> skip
            fi;
            answer_out();
            goto next
        :: else -> skip
        fi;
#endif
        MAY_DIE
    };
    atomic {                                        /* CAS win: w -> LAST */
        if
        :: WIN == w -> WIN = LAST(me); retiring = retiring | (1 << me)
#if defined(MUT_RETIRE_STORE)
        :: WIN != w -> WIN = LAST(me)
#elif defined(MUT_RETIRE_GIVES_UP)
        :: WIN != w -> skip
#endif
        :: else -> REACHED(RETIRE_LOST); w = WIN; goto retire
        fi;
        w = 0; i++;
#if defined(MUT_RETIRE_ONE_WORD)
        i = RING;
#endif
        if
        :: i < RING -> goto found
        :: else -> REACHED(RETIRED); answer_out(); goto next
        fi
    };
#endif

done:
    skip
}
