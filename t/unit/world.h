/* SPDX-License-Identifier: Apache-2.0 */
/* A world for the decision: store, authority, clock and client in memory. */
#ifndef MSD_UNIT_WORLD_H
#define MSD_UNIT_WORLD_H

#include "unit.h"

#include "accept.h"
#include "context/replay.h"

#define REALM "r"
#define SERVER "r of this server"
#define GUARD_SLOTS MSD_REPLAY_SLOTS_MIN
#define RECORDS 16
#define SECOND UINT64_C(1000)

/* ---- What the test may look at and change */

typedef struct {
    unsigned char id[MSD_CONTEXT_ID_SIZE];
    unsigned char bytes[MSD_STORE_RECORD_MAX];
    apr_size_t len; /* 0: revoked */
    uint64_t ttl_ms;
} record_t;

/* The store. */
typedef struct {
    record_t records[RECORDS];
    int count;
    int gets;
    int puts;
    int revokes;
    bool broken; /* nothing can be read */
    bool full;   /* nothing can be kept */
} kept_t;

/* The authority: a list of users. */
typedef struct {
    struct {
        const char *name;
        const char *password;
    } users[4];
    int lookups;
    bool unavailable;
    uint32_t trust_s;       /* for which it vouches */
    msd_algorithm_t stored; /* which hashes it keeps */
    char field[200];
} known_t;

/* The body of the request. */
typedef struct {
    const char *text;
    apr_status_t status; /* of reading it */
    int reads;
} body_t;

extern kept_t kept;
extern known_t known;
extern body_t body;
extern const msd_store_t store;
extern msd_authority_t authority;
extern msd_world_t world;
extern msd_policy_t policy;
extern msd_request_t request;
extern msd_outcome_t outcome;
extern unsigned char *guard;
extern msd_replay_t *replay;
extern uint32_t random_next;
extern bool random_broken;

/*
 * A suite of two test cases, each with a fresh world for each test: one
 * without and one with a cache of verified nonces.
 */
Suite *world_suite(const char *name, TCase **tcases);

/* A server that starts: its nonce key and its guard are new. */
void begin_life(unsigned char number);

/* The server gets secrets, as a graceful restart gives them to it: the guard
 * stays, and the nonce cache, as if the life changed while it runs.  Numbers
 * that stand for secrets; previous 0: there is none. */
void use_secrets(int current, int previous);

/* Give a user a password; NULL: there is no such user any more. */
void set_password(const char *name, const char *password);

/* As a domain controller proves: the session key, and nothing more. */
void prove_session(void *self, const msd_question_t *question,
                   msd_proof_t *out);

void *copy_of(const void *bytes, apr_size_t n);

/* ---- A client */

typedef struct {
    const char *user;
    const char *wire_user; /* NULL: the same */
    const char *password;
    const char *realm;
    msd_algorithm_t algorithm;
    const char *algorithm_name; /* as sent; NULL: the right one */
    bool no_algorithm;          /* does not send it */
    bool no_opaque;             /* does not send it */
    bool new_cnonce;            /* in each request, as browsers */
    bool keeps_a1;              /* of its first answer, as neon */
    bool keeps_opaque;          /* of its first challenge, as Java */
    const char *qop;
    const char *body;   /* hashed, for auth-int */
    const char *method; /* hashed */
    const char *more;   /* put behind the other parameters */
    const char *cnonce; /* NULL: it draws one */
    char nonce[MSD_BINDING_PREFIX_LENGTH + MSD_NONCE_LENGTH + 1];
    char opaque[2 * MSD_CONTEXT_ID_SIZE + 1];
    bool stale; /* said the last challenge */
    uint32_t nc;
    int requests;
    char a1[2 * MSD_HASH_MAX + 1];
} client_t;

/* A client that has just got its first challenge. */
client_t new_client(const char *user, const char *password);
client_t new_ann(void);
client_t new_bob(void);

/* The hash of a text in hexadecimal. */
const char *hash_of(msd_algorithm_t algorithm, const char *text);

/* The header for the next request, and for one of a certain count. */
const char *answer(client_t *client, const char *uri);
const char *answer_count(client_t *client, const char *uri, uint32_t nc);

/*
 * Let the decision be made.  Of every refusal, whatever its kind, it is checked
 * that neither guard nor store have changed by it; but a context may have been
 * revoked.
 */
msd_verdict_t ask(const char *header);

/* Send a header to a request target. */
msd_verdict_t deliver(const char *header, const char *target);

/* The client's next request. */
msd_verdict_t get(client_t *client, const char *uri);

/* Read the challenge that goes with the last outcome, or with another. */
void take_challenge(client_t *client);
void take_challenge_of(client_t *client, const msd_outcome_t *of);

/* Be proven by the authority, and let all counters begin at zero. */
void log_in(client_t *client);

/* ---- Looking into the store */

record_t *find_record(const unsigned char *id);
record_t *record_of(const client_t *client);
msd_context_t load(const client_t *client);
void lose_contexts(void);

/* ---- Assertions that many tests make */

/* The next request is completed from the context; nobody is asked. */
void assert_from_context(client_t *client, const char *when);

/* The next request is proven by the authority. */
void assert_from_authority(client_t *client, const char *when);

/* The digest was right: a new nonce, the same opaque, and on it goes. */
void assert_stale_and_goes_on(client_t *client, const char *when);

void assert_denied(const char *reason);

#endif
