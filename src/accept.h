/* SPDX-License-Identifier: Apache-2.0 */
/* The decision: what to answer to a request. */
#ifndef MSD_ACCEPT_H
#define MSD_ACCEPT_H

#include "authority/authority.h"
#include "context/context.h"
#include "context/guard.h"
#include "context/noncecache.h"
#include "digest/binding.h"
#include "digest/uri.h"
#include "limit/counter.h"
#include "limit/turn.h"

/* What this decision may use of the world.  Nothing here is global: a test
 * hands in its own clock, randomness, store and authorities. */
typedef struct {
    uint64_t now_ms;                /* monotonic, since the life began */
    uint64_t epoch_ms;              /* what makes it a time that all readers
                                       of the store share; 0: it is */
    /* Fresh random bytes; self is random_self. */
    apr_status_t (*random)(void *self, unsigned char *out, apr_size_t n);
    void *random_self;
    msd_hasher_t *hasher;
    const msd_keys_t *keys;
    /* Of another generation of the secret, or NULL: what they made is taken,
     * but nothing is made with them. */
    const msd_keys_t *previous;
    msd_noncecache_t *nonces;       /* NULL: verify each nonce each time */
    const msd_guard_t *guard;
    const msd_store_t *store;
    const msd_authority_t *authorities;
    int authority_count;
    const msd_counters_t *counters; /* NULL: nobody is ever too many */
    const msd_turns_t *turns;       /* NULL: all ask at once */
    apr_pool_t *pool;               /* lives as long as the request */
} msd_world_t;

/* What the administrator wants.  Times in milliseconds. */
typedef struct {
    const char *realm;              /* of the challenge; text, not escaped */
    const char *const *realms;      /* more that clients may choose */
    int realm_count;
    msd_text_t scope;               /* where nonces are good */
    msd_text_t previous_scope;      /* the same, for the previous keys; unset
                                       when there are none */
    const char *domain;             /* URIs for the challenge, or NULL */
    msd_algorithm_t algorithms[MSD_ALGORITHM_COUNT];    /* in this order */
    int algorithm_count;
    bool qop_auth;
    bool qop_auth_int;
    bool userhash;                  /* names may be sent as H(user:realm) */
    bool rspauth;                   /* Authentication-Info is wanted */
    bool plain_as_session;          /* plain MD5 under the name of MD5-sess */
    bool plain_unoffered;           /* MD5 where only MD5-sess is offered */
    uint64_t nonce_lifetime_ms;
    uint64_t context_lifetime_ms;
    uint64_t context_idle_ms;
    uint64_t revalidate_ms;
    /* What spares the authority; see ask.h. */
    msd_rate_t wrong_user;          /* wrong answers for one user */
    msd_rate_t wrong_address;       /* and from one address */
    msd_rate_t reproof;             /* proofs for cnonces that change */
    bool take_turns;                /* one question about a user at a time */
    msd_replay_mode_t replay_mode;
    msd_uri_rules_t uri_rules;
    const msd_channel_t *channel;   /* NULL: binding is not asked for */
} msd_policy_t;

/*
 * The body of a request, for qop=auth-int.
 * self: what the request says.  hash: of the answer's algorithm.
 * out: room for the hash.
 * Returns APR_SUCCESS, APR_ENOSPC when the body is too large, APR_EGENERAL when
 * the server cannot keep or hash it, or what else went wrong while it was read.
 */
typedef apr_status_t msd_entity_t(void *self, msd_hash_id_t hash,
                                  unsigned char *out);

/* What the client sent. */
typedef struct {
    msd_text_t authorization;       /* the header's value; may be empty */
    msd_text_t method;              /* of the client's request line */
    msd_uri_target_t target;        /* of the client's request line */
    msd_entity_t *entity;           /* asked for qop=auth-int only */
    void *entity_self;
    msd_text_t address;             /* of the client: the bytes that count */
    bool counted;   /* its count was accepted earlier in this same request */
} msd_request_t;

typedef enum {
    MSD_ACCEPTED,
    MSD_NO_CREDENTIALS,
    MSD_MALFORMED,
    MSD_DENIED,
    MSD_STALE,              /* digest right, but a new nonce is needed */
    MSD_REPLAYED,           /* digest right, but the count was used before */
    MSD_WRONG_URI,          /* digest right, but made for another resource */
    MSD_UNAVAILABLE,        /* no authority could tell */
    MSD_TOO_LARGE,          /* the body is, for auth-int */
    MSD_TOO_MANY,           /* the authority is spared, whatever it would say */
    MSD_BAD_BINDING,        /* not bound to the way on which it came */
    MSD_VERDICT_COUNT
} msd_verdict_t;

typedef enum {
    MSD_PROVEN_NOT,
    MSD_PROVEN_BY_CONTEXT,
    MSD_PROVEN_BY_AUTHORITY
} msd_proven_t;

typedef struct {
    msd_verdict_t verdict;
    const char *reason;         /* a fixed sentence for the log */
    msd_text_t user;            /* accepted: the user; else the name as sent,
                                   empty when there was none */
    msd_text_t realm;           /* of the answer; set with user */
    msd_text_t groups;          /* accepted: of the user, when the authority
                                   last told them; text of groups.h */
    msd_algorithm_t algorithm;  /* of the answer; set with user */
    msd_proven_t proven;        /* who vouched for the digest */
    bool counted;               /* the guard took its count, now or before */
    bool cnonce_changed;        /* so the authority was asked again, as its
                                   key is for one cnonce */
    uint32_t retry_after_s;     /* MSD_TOO_MANY: when it is worth a try */
    bool revalidation_failed;   /* the authority was due, but unavailable */
    char rspauth[2 * MSD_HASH_MAX + 1]; /* empty: not wanted */
    msd_text_t cnonce;          /* as sent, escapes left in; with rspauth */
    msd_text_t nc;
    bool has_context_id;        /* the challenge must name this context */
    unsigned char context_id[MSD_CONTEXT_ID_SIZE];
    apr_status_t store_status;  /* of keeping the context; APR_SUCCESS when
                                   there was nothing to keep */
} msd_outcome_t;

/*
 * Decide about a request: syntax, then policy, then nonce, then proof, and
 * only then a change of state.  A request that is not accepted changes
 * nothing, but that a context which the authority withdrew is revoked, and
 * that wrong answers are counted.
 *
 * Microsoft's AcceptSecurityContext and CompleteAuthToken in one: with a
 * context the answer is completed from the cached key, without one the
 * authority is asked ([MS-DPSP] 3.3.5, RFC 7616 section 3.4).
 *
 * outcome: filled completely; its spans live in world->pool or point into
 * request->authorization.
 */
void msd_accept(const msd_world_t *world, const msd_policy_t *policy,
                const msd_request_t *request, msd_outcome_t *outcome);

/*
 * Whether the verdict calls for a challenge, and a stale one: the digest was
 * right, so the client need not ask its user again.
 */
bool msd_verdict_is_stale(msd_verdict_t verdict);

#endif
