/* SPDX-License-Identifier: Apache-2.0 */
/* The whole decision, in a world that the test makes: no clock, no network. */
#include "unit.h"

#include "accept.h"
#include "authority/realmhash.h"

#define REALM "r"
#define GUARD_SLOTS MSD_REPLAY_SLOTS_MIN
#define RECORDS 16
#define SECOND UINT64_C(1000)

/* ---- The store */

typedef struct {
    unsigned char id[MSD_CONTEXT_ID_SIZE];
    unsigned char bytes[MSD_STORE_RECORD_MAX];
    apr_size_t len;     /* 0: revoked */
    uint64_t ttl_ms;
} record_t;

static struct {
    record_t records[RECORDS];
    int count;
    int gets;
    int puts;
    int revokes;
    bool broken;    /* nothing can be read */
    bool full;      /* nothing can be kept */
} kept;

static record_t *find_record(const unsigned char *id)
{
    for (int i = 0; i < kept.count; i++) {
        if (memcmp(kept.records[i].id, id, MSD_CONTEXT_ID_SIZE) == 0) {
            return &kept.records[i];
        }
    }
    return NULL;
}

static record_t *make_record(const unsigned char *id)
{
    record_t *record = find_record(id);

    if (record == NULL) {
        ck_assert_int_lt(kept.count, RECORDS);
        record = &kept.records[kept.count++];
        memcpy(record->id, id, MSD_CONTEXT_ID_SIZE);
    }
    return record;
}

static apr_status_t store_get(void *self, const unsigned char *id,
                              unsigned char *bytes, apr_size_t *len)
{
    const record_t *record = find_record(id);

    ck_assert_ptr_eq(self, &kept);
    kept.gets++;
    if (kept.broken) {
        return APR_EGENERAL;
    }
    if (record == NULL) {
        return APR_NOTFOUND;
    }
    memcpy(bytes, record->bytes, record->len);
    *len = record->len;
    return APR_SUCCESS;
}

static apr_status_t store_put(void *self, const unsigned char *id,
                              const unsigned char *bytes, apr_size_t len,
                              uint64_t ttl_ms)
{
    record_t *record;

    ck_assert_ptr_eq(self, &kept);
    ck_assert(len >= 1 && len <= MSD_STORE_RECORD_MAX && ttl_ms > 0);
    kept.puts++;
    if (kept.full) {
        return APR_ENOSPC;
    }
    record = make_record(id);
    memcpy(record->bytes, bytes, len);
    record->len = len;
    record->ttl_ms = ttl_ms;
    return APR_SUCCESS;
}

static apr_status_t store_revoke(void *self, const unsigned char *id,
                                 uint64_t ttl_ms)
{
    record_t *record = make_record(id);

    ck_assert_ptr_eq(self, &kept);
    kept.revokes++;
    memset(record->bytes, 0, sizeof(record->bytes));
    record->len = 0;
    record->ttl_ms = ttl_ms;
    return APR_SUCCESS;
}

/* ---- The authorities */

static struct {
    struct {
        const char *name;
        const char *password;
    } users[4];
    int lookups;
    bool unavailable;
    msd_algorithm_t stored;     /* which hashes it keeps */
    char hash[2 * MSD_HASH_MAX + 1];
} known;

static void set_password(const char *name, const char *password)
{
    for (int i = 0; i < UNIT_COUNT(known.users); i++) {
        if (known.users[i].name == NULL
            || strcmp(known.users[i].name, name) == 0) {
            known.users[i].name = name;
            known.users[i].password = password;
            return;
        }
    }
    ck_abort_msg("too many users");
}

/* A password of NULL: no such user any more. */
static const char *find_password(const char *name)
{
    for (int i = 0; i < UNIT_COUNT(known.users); i++) {
        if (known.users[i].name != NULL
            && strcmp(known.users[i].name, name) == 0) {
            return known.users[i].password;
        }
    }
    return NULL;
}

static msd_world_t world;

static msd_proof_result_t look_up(void *self, const char *user,
                                  const char **hash, const char **reason)
{
    const char *password = find_password(user);
    unsigned char key[MSD_HASH_MAX];

    ck_assert_ptr_eq(self, &known);
    known.lookups++;
    if (known.unavailable) {
        *reason = "the file cannot be read";
        return MSD_PROOF_UNAVAILABLE;
    }
    if (password == NULL) {
        *reason = "user is unknown";
        return MSD_PROOF_UNKNOWN;
    }
    msd_response_base_key(world.hasher, known.stored, msd_text_of(user),
                          MSD_TEXT(REALM), msd_text_of(password), key);
    memset(known.hash, 0, sizeof(known.hash));
    msd_hex_encode(key, msd_hash_size(msd_algorithm_hash(known.stored)),
                   known.hash);
    *hash = known.hash;
    return MSD_PROOF_GRANTED;
}

static void prove(void *self, const msd_question_t *question,
                  msd_proof_t *out)
{
    msd_realmhash_prove(self, question, out);
}

/* As a domain controller answers: the session key, and nothing more. */
static void prove_session(void *self, const msd_question_t *question,
                          msd_proof_t *out)
{
    msd_question_t asked = *question;

    asked.known_key = NULL;
    msd_realmhash_prove(self, &asked, out);
    out->has_base_key = false;
    memset(out->base_key, 0, sizeof(out->base_key));
}

/* ---- The world */

static msd_keys_t keys;
static msd_policy_t policy;
static msd_request_t request;
static msd_outcome_t outcome;
static unsigned char *guard;
static uint32_t random_next;
static bool random_broken;
static bool with_nonce_cache;

static const msd_realmhash_t source = { &known, look_up };
static const msd_store_t store = { &kept, store_get, store_put,
                                   store_revoke };
static msd_authority_t authority;

static apr_status_t next_random(unsigned char *out, apr_size_t n)
{
    random_next++;
    for (apr_size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)(random_next * 2654435761u >> (i % 4) * 8);
    }
    return random_broken ? APR_EGENERAL : APR_SUCCESS;
}

/* A server that starts: its keys and its guard are new. */
static void begin_life(unsigned char number)
{
    unsigned char secret[MSD_SECRET_SIZE];
    unsigned char life[MSD_LIFE_ID_SIZE];

    memset(secret, 7, sizeof(secret));
    memset(life, number, sizeof(life));
    guard = apr_pcalloc(unit_pool, msd_replay_size(GUARD_SLOTS));
    world.replay = msd_replay_begin(guard, GUARD_SLOTS, life, 0, unit_pool);
    ck_assert_int_eq(msd_keys_derive(secret, life, unit_pool, &keys),
                     APR_SUCCESS);
    world.nonces = with_nonce_cache ? msd_noncecache_create(unit_pool) : NULL;
}

static void set_up_world(void)
{
    memset(&kept, 0, sizeof(kept));
    memset(&known, 0, sizeof(known));
    memset(&world, 0, sizeof(world));
    random_next = 0;
    random_broken = false;
    known.stored = MSD_ALGORITHM_MD5;
    set_password("ann", "secret of ann");
    set_password("bob", "secret of bob");
    authority = (msd_authority_t){ (void *)(uintptr_t)&source, prove };
    world.now_ms = 1000 * SECOND;
    world.random = next_random;
    world.hasher = msd_hasher_create(unit_pool);
    world.keys = &keys;
    world.store = &store;
    world.authorities = &authority;
    world.authority_count = 1;
    world.pool = unit_pool;
    begin_life(1);
    policy = (msd_policy_t){
        .realm = REALM,
        .scope = MSD_TEXT("r of this server"),
        .algorithms = { MSD_ALGORITHM_MD5_SESS, MSD_ALGORITHM_MD5 },
        .algorithm_count = 2,
        .nonce_lifetime_ms = 300 * SECOND,
        .context_lifetime_ms = 28800 * SECOND,
        .context_idle_ms = 3600 * SECOND,
        .revalidate_ms = 900 * SECOND,
    };
    request = (msd_request_t){ .method = MSD_TEXT("GET") };
}

static void set_up_plain(void)
{
    with_nonce_cache = false;
    set_up_world();
}

static void set_up_cached(void)
{
    with_nonce_cache = true;
    set_up_world();
}

/* ---- Asking */

static void *copy_of(const void *bytes, apr_size_t n)
{
    return apr_pmemdup(unit_pool, bytes, n);
}

/*
 * Let the decision be made.  Of every refusal, whatever its kind, it is checked
 * that neither guard nor store have changed by it; but a context may have been
 * revoked.
 */
static msd_verdict_t ask(const char *header)
{
    apr_size_t size = msd_replay_size(GUARD_SLOTS);
    const void *guard_before = copy_of(guard, size);
    const void *records_before = copy_of(kept.records, sizeof(kept.records));
    int revokes = kept.revokes;
    int puts = kept.puts;

    request.authorization = unit_exact(header, strlen(header));
    msd_accept(&world, &policy, &request, &outcome);
    if (outcome.verdict != MSD_ACCEPTED) {
        ck_assert_ptr_nonnull(outcome.reason);
        ck_assert_msg(memcmp(guard, guard_before, size) == 0,
                      "a refusal changed the guard: %s", outcome.reason);
        ck_assert_msg(kept.puts == puts, "a refusal kept a context: %s",
                      outcome.reason);
    }
    if (outcome.verdict != MSD_ACCEPTED && kept.revokes == revokes) {
        ck_assert_msg(memcmp(kept.records, records_before,
                             sizeof(kept.records)) == 0,
                      "a refusal changed the store: %s", outcome.reason);
    }
    return outcome.verdict;
}

/* ---- A client */

typedef struct {
    const char *user;
    const char *wire_user;      /* NULL: the same */
    const char *password;
    const char *realm;
    msd_algorithm_t algorithm;
    bool no_algorithm;          /* does not send it */
    bool no_opaque;             /* does not send it */
    bool new_cnonce;            /* in each request, as browsers */
    bool keeps_a1;              /* of its first answer, as neon */
    bool keeps_opaque;          /* of its first challenge, as Java */
    const char *qop;
    const char *method;         /* hashed */
    char nonce[MSD_NONCE_LENGTH + 1];
    char opaque[2 * MSD_CONTEXT_ID_SIZE + 1];
    bool stale;                 /* said the last challenge */
    uint32_t nc;
    int requests;
    char a1[2 * MSD_HASH_MAX + 1];
} client_t;

static const char *hash_of(msd_algorithm_t algorithm, const char *text)
{
    msd_hash_id_t id = msd_algorithm_hash(algorithm);
    msd_text_t part = msd_text_of(text);
    unsigned char bytes[MSD_HASH_MAX];

    ck_assert_int_eq(msd_hash_joined(world.hasher, id, &part, 1, bytes),
                     APR_SUCCESS);
    return unit_hex(bytes, msd_hash_size(id));
}

static const char *a1_of(client_t *client, const char *cnonce)
{
    msd_algorithm_t algorithm = client->algorithm;
    const char *key = hash_of(algorithm,
                              apr_psprintf(unit_pool, "%s:%s:%s",
                                           client->user, client->realm,
                                           client->password));

    if (client->keeps_a1 && client->a1[0] != '\0') {
        return client->a1;
    }
    if (msd_algorithm_is_session(algorithm)) {
        key = hash_of(algorithm, apr_psprintf(unit_pool, "%s:%s:%s", key,
                                              client->nonce, cnonce));
    }
    apr_cpystrn(client->a1, key, sizeof(client->a1));
    return key;
}

static const char *answer_count(client_t *client, const char *uri,
                                uint32_t nc)
{
    const char *cnonce = apr_psprintf(unit_pool, "c%d",
                                      client->new_cnonce ? client->requests
                                                         : 0);
    const char *h_a2 = hash_of(client->algorithm,
                               apr_pstrcat(unit_pool, client->method, ":",
                                           uri, NULL));
    const char *response =
        hash_of(client->algorithm,
                apr_psprintf(unit_pool, "%s:%s:%08x:%s:%s:%s",
                             a1_of(client, cnonce), client->nonce, nc, cnonce,
                             client->qop, h_a2));

    client->requests++;
    return apr_psprintf(
        unit_pool,
        "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\","
        "%s%s%s%s%s nc=%08x, qop=%s, cnonce=\"%s\", response=\"%s\"",
        client->wire_user != NULL ? client->wire_user : client->user,
        client->realm, client->nonce, uri,
        client->no_algorithm ? "" : " algorithm=",
        client->no_algorithm ? "" : msd_algorithm_name(client->algorithm),
        client->no_algorithm ? "" : ",",
        client->no_opaque ? "" : apr_psprintf(unit_pool, " opaque=\"%s\"",
                                              client->opaque),
        client->no_opaque ? "" : ",", nc, client->qop, cnonce, response);
}

/* The header for the next request. */
static const char *answer(client_t *client, const char *uri)
{
    return answer_count(client, uri, ++client->nc);
}

/* Send a header to a request target. */
static msd_verdict_t deliver(const char *header, const char *target)
{
    request.target.target = msd_text_of(target);
    return ask(header);
}

static msd_verdict_t get(client_t *client, const char *uri)
{
    return deliver(answer(client, uri), uri);
}

static void copy_value(const char *line, const char *name, char *out,
                       apr_size_t size)
{
    const char *at = strstr(line, name);

    ck_assert_ptr_nonnull(at);
    at += strlen(name);
    ck_assert_uint_eq(strcspn(at, "\""), size - 1);
    apr_cpystrn(out, at, size);
}

/* Read the challenge that goes with the last outcome. */
static void take_challenge_of(client_t *client, const msd_outcome_t *of)
{
    const char *lines[MSD_ALGORITHM_COUNT];

    ck_assert_int_eq(msd_challenge(&world, &policy, of, lines),
                     policy.algorithm_count);
    copy_value(lines[0], "nonce=\"", client->nonce, sizeof(client->nonce));
    if (!client->keeps_opaque || client->opaque[0] == '\0') {
        copy_value(lines[0], "opaque=\"", client->opaque,
                   sizeof(client->opaque));
    }
    client->stale = strstr(lines[0], "stale=true") != NULL;
    client->nc = 0;
}

static void take_challenge(client_t *client)
{
    take_challenge_of(client, &outcome);
}

static client_t new_client(const char *user, const char *password)
{
    client_t client = {
        .user = user,
        .password = password,
        .realm = REALM,
        .algorithm = MSD_ALGORITHM_MD5_SESS,
        .qop = "auth",
        .method = "GET",
    };

    take_challenge_of(&client, NULL);
    return client;
}

static client_t new_ann(void)
{
    return new_client("ann", "secret of ann");
}

static client_t new_bob(void)
{
    return new_client("bob", "secret of bob");
}

/* Log in, and count from zero afterwards. */
static void log_in(client_t *client)
{
    ck_assert_int_eq(get(client, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_AUTHORITY);
    known.lookups = 0;
    kept.puts = 0;
    kept.gets = 0;
}

/* ---- Assertions that many tests make */

static void assert_from_context(client_t *client, const char *when)
{
    int lookups = known.lookups;

    ck_assert_msg(get(client, "/") == MSD_ACCEPTED, "%s: %s", when,
                  outcome.reason);
    ck_assert_msg(outcome.proven == MSD_PROVEN_BY_CONTEXT, "%s", when);
    ck_assert_msg(known.lookups == lookups, "%s: the authority was asked",
                  when);
    ck_assert_str_eq(unit_string(outcome.user), client->user);
}

static void assert_from_authority(client_t *client, const char *when)
{
    int lookups = known.lookups;

    ck_assert_msg(get(client, "/") == MSD_ACCEPTED, "%s: %s", when,
                  outcome.reason);
    ck_assert_msg(outcome.proven == MSD_PROVEN_BY_AUTHORITY, "%s", when);
    ck_assert_msg(known.lookups > lookups, "%s: nobody was asked", when);
}

/* The digest was right: a new nonce, the same opaque, and on it goes. */
static void assert_stale_and_goes_on(client_t *client, const char *when)
{
    char opaque[sizeof(client->opaque)];
    char nonce[sizeof(client->nonce)];

    ck_assert_msg(outcome.verdict == MSD_STALE, "%s: verdict %d, %s", when,
                  outcome.verdict, outcome.reason);
    memcpy(opaque, client->opaque, sizeof(opaque));
    memcpy(nonce, client->nonce, sizeof(nonce));
    take_challenge(client);
    ck_assert_msg(client->stale, "%s: not stale", when);
    ck_assert_msg(strcmp(client->opaque, opaque) == 0, "%s: new opaque",
                  when);
    ck_assert_msg(strcmp(client->nonce, nonce) != 0, "%s: old nonce", when);
    ck_assert_msg(get(client, "/") == MSD_ACCEPTED, "%s: %s", when,
                  outcome.reason);
}

static void assert_denied(const char *reason)
{
    ck_assert_msg(outcome.verdict == MSD_DENIED, "verdict %d: %s",
                  outcome.verdict, outcome.reason);
    ck_assert_str_eq(outcome.reason, reason);
    ck_assert(!msd_verdict_is_stale(outcome.verdict));
}

static msd_context_t load(const client_t *client)
{
    static unsigned char bytes[MSD_STORE_RECORD_MAX];
    unsigned char id[MSD_CONTEXT_ID_SIZE];
    msd_context_t context;

    ck_assert(msd_hex_decode(msd_text_of(client->opaque), id, sizeof(id)));
    ck_assert_int_eq(msd_context_load(&store, id, bytes, &context),
                     MSD_CONTEXT_FOUND);
    return context;
}

static record_t *record_of(const client_t *client)
{
    unsigned char id[MSD_CONTEXT_ID_SIZE];

    ck_assert(msd_hex_decode(msd_text_of(client->opaque), id, sizeof(id)));
    return find_record(id);
}

static void lose_contexts(void)
{
    memset(kept.records, 0, sizeof(kept.records));
    kept.count = 0;
}

/* ---- No credentials, bad ones, and policy */

START_TEST(no_digest_credentials_are_asked_for)
{
    static const char *const headers[] = {
        "", "Basic QTpi", "Digest", "Digest ", "Digest \t ", "digest",
        "Negotiate abc", "Digestive username=\"ann\"",
    };

    for (int i = 0; i < UNIT_COUNT(headers); i++) {
        ck_assert_msg(deliver(headers[i], "/") == MSD_NO_CREDENTIALS,
                      "'%s'", headers[i]);
        ck_assert_uint_eq(outcome.user.len, 0);
    }
    ck_assert_int_eq(known.lookups + kept.gets, 0);
}
END_TEST

START_TEST(malformed_credentials_are_named)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    ck_assert_int_eq(deliver("Digest x", "/"), MSD_MALFORMED);
    ck_assert_uint_eq(outcome.user.len, 0);
    ck_assert_int_eq(deliver("Digest username=\"ann\"", "/"), MSD_MALFORMED);
    ck_assert_str_eq(unit_string(outcome.user), "ann");
    ck_assert_int_eq(deliver(apr_pstrcat(unit_pool, header, ",uri=\"/\"",
                                         NULL), "/"), MSD_MALFORMED);
    ck_assert_str_eq(outcome.reason, "parameter given twice");
    ck_assert_int_eq(known.lookups + kept.gets, 0);
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(what_is_not_offered_is_denied)
{
    client_t sha = new_ann();
    client_t integrity = new_ann();
    client_t elsewhere = new_ann();

    sha.algorithm = MSD_ALGORITHM_SHA256;
    ck_assert_int_eq(get(&sha, "/"), MSD_DENIED);
    integrity.qop = "auth-int";
    ck_assert_int_eq(get(&integrity, "/"), MSD_DENIED);
    elsewhere.realm = "r2";
    ck_assert_int_eq(get(&elsewhere, "/"), MSD_DENIED);
    elsewhere.realm = "";
    ck_assert_int_eq(get(&elsewhere, "/"), MSD_DENIED);
    policy.algorithm_count = 1;
    sha.algorithm = MSD_ALGORITHM_MD5;
    ck_assert_int_eq(get(&sha, "/"), MSD_DENIED);
    ck_assert_int_eq(known.lookups + kept.gets, 0);
}
END_TEST

START_TEST(challenge_costs_nothing)
{
    const char *lines[MSD_ALGORITHM_COUNT];
    apr_size_t size = msd_replay_size(GUARD_SLOTS);
    const void *before = copy_of(guard, size);

    ck_assert_int_eq(msd_challenge(&world, &policy, NULL, lines), 2);
    ck_assert_mem_eq(guard, before, size);
    ck_assert_int_eq(kept.gets + kept.puts + known.lookups, 0);
    ck_assert_ptr_nonnull(strstr(lines[0], "algorithm=MD5-sess,"));
    ck_assert_ptr_nonnull(strstr(lines[1], "algorithm=MD5,"));
    ck_assert_str_eq(strstr(lines[0], ",nonce"), strstr(lines[1], ",nonce"));
    ck_assert_ptr_null(strstr(lines[0], "stale"));
}
END_TEST

START_TEST(challenge_without_randomness_is_none)
{
    const char *lines[MSD_ALGORITHM_COUNT];

    random_broken = true;
    ck_assert_int_eq(msd_challenge(&world, &policy, NULL, lines), 0);
}
END_TEST

START_TEST(each_challenge_is_another)
{
    client_t first = new_ann();
    client_t second = new_ann();

    ck_assert_str_ne(first.nonce, second.nonce);
    ck_assert_str_ne(first.opaque, second.opaque);
}
END_TEST

START_TEST(stale_is_said_of_right_digests_only)
{
    for (int i = 0; i < MSD_VERDICT_COUNT; i++) {
        bool stale = i == MSD_STALE || i == MSD_REPLAYED;

        ck_assert_msg(msd_verdict_is_stale((msd_verdict_t)i) == stale,
                      "verdict %d", i);
    }
}
END_TEST

/* ---- The exchange */

START_TEST(first_answer_is_proven_by_the_authority)
{
    client_t ann = new_ann();

    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_AUTHORITY);
    ck_assert_str_eq(unit_string(outcome.user), "ann");
    ck_assert_int_eq(outcome.algorithm, MSD_ALGORITHM_MD5_SESS);
    ck_assert_int_eq(outcome.store_status, APR_SUCCESS);
    ck_assert(!outcome.revalidation_failed);
    ck_assert_int_eq(known.lookups, 1);
    ck_assert_int_eq(kept.puts, 1);
}
END_TEST

START_TEST(context_says_what_was_proven)
{
    client_t ann = new_ann();
    msd_context_t context;

    log_in(&ann);
    context = load(&ann);
    ck_assert_str_eq(unit_string(context.wire_name), "ann");
    ck_assert_str_eq(unit_string(context.user), "ann");
    ck_assert_int_eq(context.hash, MSD_HASH_MD5);
    ck_assert_uint_eq(context.proven_ms, world.now_ms);
    ck_assert_uint_eq(context.kept_ms, world.now_ms);
    ck_assert(context.has_base_key && context.has_session_key);
    ck_assert_str_eq(unit_hex(context.session_key, 16), ann.a1);
    ck_assert_uint_eq(record_of(&ann)->ttl_ms, policy.context_idle_ms);
}
END_TEST

START_TEST(later_requests_are_completed_from_the_context)
{
    client_t ann = new_ann();

    log_in(&ann);
    for (int i = 0; i < 100; i++) {
        world.now_ms += 100;
        assert_from_context(&ann, "subsequent request");
    }
    ck_assert_int_eq(known.lookups, 0);
    ck_assert_int_eq(kept.puts, 0);
    ck_assert_int_eq(kept.gets, 100);
    ck_assert_int_eq(kept.count, 1);
}
END_TEST

START_TEST(wrong_password_and_unknown_user_look_alike)
{
    client_t wrong = new_client("ann", "guess");
    client_t unknown = new_client("zed", "guess");
    const char *lines[2][MSD_ALGORITHM_COUNT];

    ck_assert_int_eq(get(&wrong, "/"), MSD_DENIED);
    assert_denied("wrong password");
    ck_assert_str_eq(unit_string(outcome.user), "ann");
    ck_assert_int_eq(known.lookups, 1);
    random_next = 1000;
    msd_challenge(&world, &policy, &outcome, lines[0]);
    ck_assert_int_eq(get(&unknown, "/"), MSD_DENIED);
    assert_denied("user is unknown");
    ck_assert_str_eq(unit_string(outcome.user), "zed");
    ck_assert_int_eq(known.lookups, 2);
    random_next = 1000;
    msd_challenge(&world, &policy, &outcome, lines[1]);
    ck_assert_str_eq(lines[0][0], lines[1][0]);
    ck_assert_str_eq(lines[0][1], lines[1][1]);
}
END_TEST

START_TEST(wrong_password_never_loops)
{
    client_t ann = new_client("ann", "guess");

    for (int i = 0; i < 5; i++) {
        char opaque[sizeof(ann.opaque)];

        memcpy(opaque, ann.opaque, sizeof(opaque));
        ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
        take_challenge(&ann);
        ck_assert(!ann.stale);
        ck_assert_str_ne(ann.opaque, opaque);
    }
}
END_TEST

START_TEST(wrong_digest_is_denied_whatever_its_nonce)
{
    static const char *const nonces[] = { "", "abc", "not ours, and long" };
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    log_in(&ann);
    memcpy(liar.nonce, ann.nonce, sizeof(liar.nonce));
    memcpy(liar.opaque, ann.opaque, sizeof(liar.opaque));
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);     /* ann's context */
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);     /* and expired */
    for (int i = 0; i < UNIT_COUNT(nonces); i++) {
        apr_cpystrn(liar.nonce, nonces[i], sizeof(liar.nonce));
        ck_assert_msg(get(&liar, "/") == MSD_DENIED, "'%s'", nonces[i]);
    }
    ck_assert_int_eq(deliver(answer(&liar, "/a"), "/b"), MSD_DENIED);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    assert_from_context(&ann, "ann is as before");
}
END_TEST

START_TEST(authority_that_cannot_tell_denies_nobody)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    known.unavailable = true;
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
    ck_assert_str_eq(outcome.reason, "the file cannot be read");
    ck_assert_int_eq(get(&liar, "/"), MSD_UNAVAILABLE);
    world.authority_count = 0;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    world.authority_count = 1;
    known.unavailable = false;
    assert_from_authority(&ann, "it is back");
    known.unavailable = true;
    assert_from_context(&ann, "the context needs no authority");
}
END_TEST

START_TEST(user_outlives_the_record)
{
    client_t ann = new_ann();

    log_in(&ann);
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    lose_contexts();
    ck_assert_str_eq(unit_string(outcome.user), "ann");
}
END_TEST

/* ---- Stale: the digest is right, and the client goes on */

START_TEST(nonce_is_good_until_its_lifetime_ends)
{
    client_t ann = new_ann();

    log_in(&ann);
    world.now_ms += policy.nonce_lifetime_ms;
    assert_from_context(&ann, "at its lifetime");
    world.now_ms += 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "one millisecond more");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

START_TEST(stale_nonce_asks_again_before_there_is_a_context)
{
    client_t ann = new_ann();

    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_int_eq(kept.count, 0);
    assert_stale_and_goes_on(&ann, "first answer");
}
END_TEST

START_TEST(nonce_of_the_future_is_stale)
{
    client_t ann = new_ann();

    world.now_ms -= 1000;
    assert_from_authority(&ann, "one second is let pass");
    world.now_ms -= 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "more is not");
}
END_TEST

START_TEST(nonce_of_another_life_is_stale)
{
    client_t ann = new_ann();

    log_in(&ann);
    begin_life(2);
    world.now_ms = 0;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_int_eq(known.lookups, 1);
    assert_stale_and_goes_on(&ann, "restart");
}
END_TEST

START_TEST(nonce_of_another_place_is_stale)
{
    client_t ann = new_ann();

    log_in(&ann);
    policy.scope = MSD_TEXT("r of another server");
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
    take_challenge(&ann);
    assert_from_authority(&ann, "its own context there");
    ck_assert_int_eq(kept.count, 2);
}
END_TEST

START_TEST(nonce_that_is_garbage_is_stale_when_the_digest_is_right)
{
    static const char *const nonces[] = { "", "a", "0123456789abcdef" };

    for (int i = 0; i < UNIT_COUNT(nonces); i++) {
        client_t ann = new_ann();

        apr_cpystrn(ann.nonce, nonces[i], sizeof(ann.nonce));
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        assert_stale_and_goes_on(&ann, nonces[i]);
        ann.no_opaque = true;
        apr_cpystrn(ann.nonce, nonces[i], sizeof(ann.nonce));
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        ck_assert(!outcome.has_context_id);
        take_challenge(&ann);
        assert_from_authority(&ann, "without opaque");
    }
}
END_TEST

START_TEST(count_that_the_guard_cannot_tell_is_stale)
{
    static const struct {
        uint32_t highest;
        uint32_t nc;
        bool accepted;
    } rows[] = {
        { 1, 0, false },
        { 1, 16777215, true },
        { 1, 16777216, false },
        { 1, 0xffffffffu, false },
        { 128, 16, true },
        { 128, 15, false },
        { 143, 1, false },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        client_t ann = new_ann();
        msd_verdict_t verdict;

        ck_assert_int_eq(deliver(answer_count(&ann, "/", rows[i].highest),
                                 "/"), MSD_ACCEPTED);
        verdict = deliver(answer_count(&ann, "/", rows[i].nc), "/");
        ck_assert_msg(verdict == (rows[i].accepted ? MSD_ACCEPTED : MSD_STALE),
                      "%u after %u: %s", rows[i].nc, rows[i].highest,
                      outcome.reason);
        if (!rows[i].accepted) {
            assert_stale_and_goes_on(&ann, outcome.reason);
        }
        ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    }
}
END_TEST

START_TEST(count_of_0_is_stale_on_the_first_answer_too)
{
    client_t ann = new_ann();

    ck_assert_int_eq(deliver(answer_count(&ann, "/", 0), "/"), MSD_STALE);
    policy.replay_mode = MSD_REPLAY_OFF;
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 0), "/"), MSD_STALE);
}
END_TEST

START_TEST(nonce_that_was_pushed_out_is_stale)
{
    client_t ann = new_ann();

    log_in(&ann);
    for (int i = 0; i < 40 * (int)GUARD_SLOTS; i++) {
        msd_replay_key_t key = { (world.now_ms / 256 + 9) << 32 | 1u,
                                 (uint64_t)(uint32_t)i * 2654435761u << 32 };

        key.own += (uint64_t)i << 32;
        msd_replay_accept(world.replay, key, 1, MSD_REPLAY_WINDOW);
    }
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason, "the nonce was pushed out");
    /* The guard is full of nonces that are younger still. */
    begin_life(1);
    assert_stale_and_goes_on(&ann, "pushed out");
}
END_TEST

START_TEST(opaque_of_another_nonce_is_stale)
{
    client_t ann = new_ann();
    char good[sizeof(ann.nonce)];

    log_in(&ann);
    memcpy(good, ann.nonce, sizeof(good));
    apr_cpystrn(ann.opaque, "00000000000000000000000000000001",
                sizeof(ann.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason,
                     "the opaque does not belong to the nonce");
    assert_stale_and_goes_on(&ann, "other opaque");
    apr_cpystrn(ann.opaque, "", sizeof(ann.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    apr_cpystrn(ann.opaque, "x", sizeof(ann.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert(outcome.has_context_id);
}
END_TEST

/* ---- Replays and uris */

START_TEST(replayed_count_is_refused)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
        ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    }
    ck_assert_int_eq(deliver(header, "/other"), MSD_REPLAYED);
    take_challenge(&ann);
    ck_assert(ann.stale);
    assert_from_context(&ann, "with the new nonce");
}
END_TEST

START_TEST(replay_is_refused_when_the_context_is_lost)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    lose_contexts();
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    ck_assert_int_eq(kept.count, 0);
    ck_assert_int_eq(deliver(header, "/other"), MSD_REPLAYED);
    assert_from_authority(&ann, "the next count");
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    assert_from_context(&ann, "the context is back");
}
END_TEST

START_TEST(context_comes_back_under_the_same_opaque)
{
    client_t ann = new_ann();

    log_in(&ann);
    lose_contexts();
    assert_from_authority(&ann, "lost");
    ck_assert_ptr_nonnull(record_of(&ann));
    assert_from_context(&ann, "found");
}
END_TEST

START_TEST(counts_may_arrive_in_any_order)
{
    static const uint32_t order[] = { 3, 1, 2, 7, 5, 6, 4, 100, 50, 99 };
    client_t ann = new_ann();

    for (int i = 0; i < UNIT_COUNT(order); i++) {
        const char *header = answer_count(&ann, "/", order[i]);

        ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
        ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    }
}
END_TEST

START_TEST(sequence_wants_rising_counts)
{
    client_t ann = new_ann();

    policy.replay_mode = MSD_REPLAY_SEQUENCE;
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 3), "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 3), "/"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 2), "/"), MSD_STALE);
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 9), "/"), MSD_ACCEPTED);
    policy.replay_mode = MSD_REPLAY_WINDOW;
    ck_assert_int_eq(deliver(answer_count(&ann, "/", 2), "/"), MSD_ACCEPTED);
}
END_TEST

START_TEST(guard_that_is_off_lets_counts_repeat)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    policy.replay_mode = MSD_REPLAY_OFF;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(header, "/other"), MSD_WRONG_URI);
}
END_TEST

/* Sub-requests and internal redirects: the guard is not asked again. */
START_TEST(counted_request_is_decided_anew_but_not_counted)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");
    const char *header = answer(&ann, "/");
    apr_size_t size = msd_replay_size(GUARD_SLOTS);
    const void *before;

    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    before = copy_of(guard, size);
    request.counted = true;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    ck_assert_mem_eq(guard, before, size);
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
    request.counted = false;
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
}
END_TEST

/* As when a section inside has another UriMatch: it is no replay. */
START_TEST(counted_request_with_a_wrong_uri_is_not_a_replay)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/a");

    policy.uri_match = MSD_URI_PATH;
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_ACCEPTED);
    request.counted = true;
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_ACCEPTED);
    policy.uri_match = MSD_URI_EXACT;
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_WRONG_URI);
}
END_TEST

START_TEST(uri_of_another_resource_is_refused_and_the_count_is_kept)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/a");

    ck_assert_int_eq(deliver(header, "/b"), MSD_WRONG_URI);
    ck_assert_str_eq(outcome.reason, "uri is not the request target");
    ck_assert(!msd_verdict_is_stale(outcome.verdict));
    ck_assert_int_eq(kept.count, 0);
    ck_assert_int_eq(deliver(header, "/a?q"), MSD_WRONG_URI);
    ck_assert_int_eq(deliver(header, "/a"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(header, "/b"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(answer_count(&ann, "/a", 16777216), "/b"),
                     MSD_STALE);
}
END_TEST

START_TEST(uri_without_query_is_let_pass_on_demand)
{
    client_t ann = new_ann();

    policy.uri_match = MSD_URI_PATH;
    ck_assert_int_eq(deliver(answer(&ann, "/a"), "/a?q"), MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer(&ann, "/a"), "/b?q"), MSD_WRONG_URI);
    ck_assert_int_eq(deliver(answer(&ann, "/a?p"), "/a?q"), MSD_WRONG_URI);
}
END_TEST

START_TEST(absolute_uri_of_this_host_is_let_pass)
{
    client_t ann = new_ann();

    request.target.authority = MSD_TEXT("host:8080");
    ck_assert_int_eq(deliver(answer(&ann, "http://host:8080/a"), "/a"),
                     MSD_ACCEPTED);
    ck_assert_int_eq(deliver(answer(&ann, "http://other/a"), "/a"),
                     MSD_WRONG_URI);
}
END_TEST

START_TEST(method_is_part_of_the_digest)
{
    client_t ann = new_ann();

    log_in(&ann);
    ann.method = "HEAD";
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    request.method = MSD_TEXT("HEAD");
    assert_from_context(&ann, "the method of the request line");
}
END_TEST

/* Of several faults, the one that comes first in the order of steps. */
START_TEST(steps_are_in_order)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");
    const char *header = answer(&ann, "/a");

    ck_assert_int_eq(deliver(header, "/a"), MSD_ACCEPTED);
    memcpy(liar.nonce, ann.nonce, sizeof(liar.nonce));
    memcpy(liar.opaque, ann.opaque, sizeof(liar.opaque));
    ck_assert_int_eq(deliver(answer_count(&liar, "/a", 1), "/b"), MSD_DENIED);
    liar.realm = "r2";
    known.unavailable = true;
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);     /* policy first */
    liar.realm = REALM;
    ck_assert_int_eq(get(&liar, "/"), MSD_UNAVAILABLE);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(deliver(header, "/a"), MSD_STALE);
    ck_assert_int_eq(deliver(header, "/b"), MSD_STALE);
    ck_assert_int_eq(get(&liar, "/"), MSD_UNAVAILABLE);
}
END_TEST

/* ---- Real clients (D2, D4) */

START_TEST(browsers_draw_a_new_cnonce_each_time)
{
    client_t ann = new_ann();

    ann.new_cnonce = true;
    log_in(&ann);
    for (int i = 0; i < 20; i++) {
        assert_from_context(&ann, "new cnonce");
    }
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "new cnonce");
    assert_from_context(&ann, "new cnonce after a stale");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

START_TEST(neon_keeps_the_a1_of_its_first_answer)
{
    client_t ann = new_ann();

    policy.revalidate_ms = policy.context_lifetime_ms;
    ann.keeps_a1 = true;
    ann.new_cnonce = true;
    log_in(&ann);
    for (int i = 0; i < 3; i++) {
        assert_from_context(&ann, "old A1");
        world.now_ms += policy.nonce_lifetime_ms + 1;
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        assert_stale_and_goes_on(&ann, "old A1");
    }
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

START_TEST(old_a1_outlives_a_revalidation)
{
    client_t ann = new_ann();

    ann.keeps_a1 = true;
    log_in(&ann);
    for (int i = 0; i < 3; i++) {
        world.now_ms += policy.revalidate_ms;
        ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
        take_challenge(&ann);
        assert_from_authority(&ann, "revalidated");
        assert_from_context(&ann, "and back to the context");
    }
}
END_TEST

START_TEST(old_a1_without_a_context_is_a_wrong_digest)
{
    client_t ann = new_ann();

    ann.keeps_a1 = true;
    log_in(&ann);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    lose_contexts();
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
}
END_TEST

START_TEST(java_answers_a_new_nonce_with_its_old_opaque)
{
    client_t ann = new_ann();
    char opaque[sizeof(ann.opaque)];

    ann.keeps_opaque = true;
    log_in(&ann);
    memcpy(opaque, ann.opaque, sizeof(opaque));
    take_challenge_of(&ann, NULL);
    ck_assert_str_eq(ann.opaque, opaque);
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "old opaque");
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    ck_assert_str_eq(ann.opaque, opaque);
}
END_TEST

START_TEST(client_without_opaque_is_found_by_its_nonce)
{
    client_t ann = new_ann();

    ann.no_opaque = true;
    log_in(&ann);
    assert_from_context(&ann, "no opaque");
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "no opaque");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

START_TEST(plain_md5_answers_the_second_challenge)
{
    client_t ann = new_ann();

    ann.algorithm = MSD_ALGORITHM_MD5;
    ann.no_algorithm = true;
    ann.new_cnonce = true;
    log_in(&ann);
    ck_assert_int_eq(outcome.algorithm, MSD_ALGORITHM_MD5);
    ck_assert(!load(&ann).has_session_key);
    assert_from_context(&ann, "plain MD5");
    ann.algorithm = MSD_ALGORITHM_MD5_SESS;
    ann.no_algorithm = false;
    assert_from_context(&ann, "one hash, one base key");
}
END_TEST

START_TEST(hash_of_another_algorithm_does_not_verify)
{
    client_t ann = new_ann();

    policy.algorithms[2] = MSD_ALGORITHM_SHA256;
    policy.algorithm_count = 3;
    log_in(&ann);
    ann.algorithm = MSD_ALGORITHM_SHA256;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied("the stored hash is for another algorithm");
    known.stored = MSD_ALGORITHM_SHA256;
    assert_from_authority(&ann, "a context of the other hash");
    ck_assert_int_eq(load(&ann).hash, MSD_HASH_SHA256);
    assert_from_context(&ann, "SHA-256");
}
END_TEST

START_TEST(domain_user_may_escape_the_backslash_or_not)
{
    static const char *const wires[] = { "DOM\\ann", "DOM\\\\ann" };

    set_password("DOM\\ann", "p");
    for (int i = 0; i < UNIT_COUNT(wires); i++) {
        client_t ann = new_client("DOM\\ann", "p");

        ann.wire_user = wires[i];
        ck_assert_msg(get(&ann, "/") == MSD_ACCEPTED, "%s", wires[i]);
        ck_assert_str_eq(unit_string(outcome.user), "DOM\\ann");
        assert_from_context(&ann, wires[i]);
    }
}
END_TEST

START_TEST(user_may_be_sent_as_named_by_the_escapes)
{
    client_t quote = new_client("a\"b", "p");

    set_password("a\"b", "p");
    quote.wire_user = "a\\\"b";
    ck_assert_int_eq(get(&quote, "/"), MSD_ACCEPTED);
    ck_assert_str_eq(unit_string(outcome.user), "a\"b");
    assert_from_context(&quote, "a quote");
}
END_TEST

START_TEST(session_key_alone_is_good_for_its_cnonce)
{
    client_t ann = new_ann();

    authority.prove = prove_session;
    log_in(&ann);
    ck_assert(!load(&ann).has_base_key && load(&ann).has_session_key);
    assert_from_context(&ann, "same cnonce");
    ann.new_cnonce = true;
    assert_from_authority(&ann, "changed cnonce");
    assert_from_authority(&ann, "changed again");
}
END_TEST

START_TEST(session_key_alone_is_good_for_a_kept_a1)
{
    client_t ann = new_ann();

    authority.prove = prove_session;
    ann.keeps_a1 = true;
    log_in(&ann);
    world.now_ms += policy.nonce_lifetime_ms + 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    assert_stale_and_goes_on(&ann, "kept A1");
    ck_assert_int_eq(known.lookups, 0);
}
END_TEST

/* ---- Two users */

START_TEST(context_of_another_user_is_left_alone)
{
    client_t ann = new_ann();
    client_t bob = new_bob();
    char opaque[sizeof(ann.opaque)];

    log_in(&ann);
    memcpy(bob.nonce, ann.nonce, sizeof(bob.nonce));
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    memcpy(opaque, ann.opaque, sizeof(opaque));
    ck_assert_int_eq(get(&bob, "/"), MSD_STALE);
    ck_assert_str_eq(outcome.reason, "the context belongs to somebody else");
    take_challenge(&bob);
    ck_assert(bob.stale);
    ck_assert_str_ne(bob.opaque, opaque);
    assert_from_authority(&bob, "bob has his own");
    ck_assert_str_eq(unit_string(outcome.user), "bob");
    assert_from_context(&ann, "ann goes on");
    assert_from_context(&bob, "bob goes on");
}
END_TEST

START_TEST(opaque_of_another_user_is_not_given_away)
{
    client_t ann = new_ann();
    client_t bob = new_bob();

    log_in(&ann);
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    ck_assert_int_eq(get(&bob, "/"), MSD_STALE);
    take_challenge(&bob);
    ck_assert_str_ne(bob.opaque, ann.opaque);
    apr_cpystrn(bob.nonce, "garbage", sizeof(bob.nonce));
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    ck_assert_int_eq(get(&bob, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
    assert_from_context(&ann, "ann goes on");
}
END_TEST

START_TEST(users_do_not_use_up_each_others_counts)
{
    client_t ann = new_ann();
    client_t bob = new_bob();

    kept.full = true;   /* no context tells them apart */
    memcpy(bob.nonce, ann.nonce, sizeof(bob.nonce));
    memcpy(bob.opaque, ann.opaque, sizeof(bob.opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(get(&bob, "/"), MSD_ACCEPTED);
    ck_assert_str_eq(unit_string(outcome.user), "bob");
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_str_eq(unit_string(outcome.user), "ann");
}
END_TEST

START_TEST(name_is_compared_to_its_end)
{
    client_t ann = new_ann();
    client_t anna = new_client("anna", "secret of ann");
    client_t an = new_client("an", "secret of ann");

    log_in(&ann);
    memcpy(anna.nonce, ann.nonce, sizeof(anna.nonce));
    memcpy(anna.opaque, ann.opaque, sizeof(anna.opaque));
    memcpy(an.nonce, ann.nonce, sizeof(an.nonce));
    memcpy(an.opaque, ann.opaque, sizeof(an.opaque));
    ck_assert_int_eq(get(&anna, "/"), MSD_DENIED);
    ck_assert_int_eq(get(&an, "/"), MSD_DENIED);
}
END_TEST

/* ---- Revalidation */

START_TEST(authority_is_asked_again_when_it_is_due)
{
    client_t ann = new_ann();
    uint64_t proven = world.now_ms;

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    world.now_ms += policy.revalidate_ms - 1;
    assert_from_context(&ann, "not yet due");
    world.now_ms += 1;
    ck_assert_uint_eq(load(&ann).proven_ms, proven);
    assert_from_authority(&ann, "due");
    ck_assert_int_eq(known.lookups, 1);
    ck_assert_uint_eq(load(&ann).proven_ms, world.now_ms);
    assert_from_context(&ann, "not due any more");
    ck_assert_int_eq(kept.revokes, 0);
}
END_TEST

START_TEST(revalidate_0_asks_each_time)
{
    client_t ann = new_ann();

    policy.revalidate_ms = 0;
    log_in(&ann);
    assert_from_authority(&ann, "at once");
    assert_from_authority(&ann, "and again");
    ck_assert_int_eq(known.lookups, 2);
}
END_TEST

START_TEST(authority_that_cannot_tell_leaves_its_last_word)
{
    client_t ann = new_ann();
    uint64_t proven = world.now_ms;

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    ck_assert(!outcome.revalidation_failed);
    world.now_ms += policy.revalidate_ms;
    known.unavailable = true;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_CONTEXT);
    ck_assert(outcome.revalidation_failed);
    ck_assert_uint_eq(load(&ann).proven_ms, proven);
    known.unavailable = false;
    assert_from_authority(&ann, "asked again at the next request");
    ck_assert(!outcome.revalidation_failed);
}
END_TEST

START_TEST(last_word_ends_with_the_lifetime)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = 2 * policy.context_lifetime_ms;
    policy.context_idle_ms = 2 * policy.context_lifetime_ms;
    log_in(&ann);
    known.unavailable = true;
    world.now_ms += policy.context_lifetime_ms - 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_ACCEPTED);
    world.now_ms += 1;
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
}
END_TEST

static const struct {
    const char *name;
    const char *password;
    const char *reason;
} withdrawals[] = {
    { "user removed", NULL, "user is unknown" },
    { "password changed", "new", "wrong password" },
};

START_TEST(context_that_the_authority_withdraws_is_revoked)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    log_in(&ann);
    set_password("ann", withdrawals[_i].password);
    assert_from_context(&ann, "not noticed before it is due");
    world.now_ms += policy.revalidate_ms;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    assert_denied(withdrawals[_i].reason);
    ck_assert(!outcome.has_context_id);
    ck_assert_int_eq(kept.revokes, 1);
    ck_assert_uint_eq(record_of(&ann)->len, 0);
    ck_assert_uint_eq(record_of(&ann)->ttl_ms, policy.context_lifetime_ms);
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    ck_assert_int_eq(kept.revokes, 1);
}
END_TEST

START_TEST(revoked_context_is_not_taken_up_again)
{
    client_t ann = new_ann();
    char opaque[sizeof(ann.opaque)];

    log_in(&ann);
    memcpy(opaque, ann.opaque, sizeof(opaque));
    set_password("ann", "new");
    policy.revalidate_ms = 0;
    ck_assert_int_eq(get(&ann, "/"), MSD_DENIED);
    ann.password = "new";
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    take_challenge(&ann);
    ck_assert(ann.stale);
    ck_assert_str_ne(ann.opaque, opaque);
    assert_from_authority(&ann, "a new context");
    /* Nor by its opaque alone. */
    memcpy(ann.opaque, opaque, sizeof(opaque));
    ck_assert_int_eq(get(&ann, "/"), MSD_STALE);
    ck_assert(!outcome.has_context_id);
}
END_TEST

START_TEST(new_password_works_at_once)
{
    client_t ann = new_ann();
    client_t old;

    log_in(&ann);
    set_password("ann", "new");
    old = ann;
    ann.password = "new";
    ann.nc = 100;
    assert_from_authority(&ann, "new password");
    assert_from_context(&ann, "new key in the context");
    ck_assert_int_eq(get(&old, "/"), MSD_DENIED);
    ck_assert_int_eq(kept.revokes, 0);
    assert_from_context(&ann, "the old one did no harm");
}
END_TEST

START_TEST(kept_a1_of_an_old_password_is_forgotten)
{
    client_t ann = new_ann();
    client_t old;

    ann.keeps_a1 = true;
    log_in(&ann);
    old = ann;
    set_password("ann", "new");
    ann.password = "new";
    ann.a1[0] = '\0';
    ann.nc = 100;
    assert_from_authority(&ann, "new password");
    ck_assert_str_eq(unit_hex(load(&ann).session_key, 16), ann.a1);
    ck_assert_int_eq(get(&old, "/"), MSD_DENIED);
}
END_TEST

START_TEST(replay_that_is_due_changes_nothing)
{
    client_t ann = new_ann();
    const char *header = answer(&ann, "/");

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    ck_assert_int_eq(deliver(header, "/"), MSD_ACCEPTED);
    world.now_ms += policy.revalidate_ms;
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
    ck_assert_int_eq(deliver(header, "/b"), MSD_REPLAYED);
    known.unavailable = true;
    ck_assert_int_eq(deliver(header, "/"), MSD_REPLAYED);
}
END_TEST

/* ---- The store */

START_TEST(store_that_cannot_read_costs_a_trip)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    log_in(&ann);
    kept.broken = true;
    assert_from_authority(&ann, "broken");
    assert_from_authority(&ann, "broken again");
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
    known.unavailable = true;
    ck_assert_int_eq(get(&ann, "/"), MSD_UNAVAILABLE);
}
END_TEST

START_TEST(store_that_cannot_keep_costs_a_trip)
{
    client_t ann = new_ann();

    kept.full = true;
    assert_from_authority(&ann, "full");
    ck_assert_int_eq(outcome.store_status, APR_ENOSPC);
    assert_from_authority(&ann, "full");
    kept.full = false;
    assert_from_authority(&ann, "room again");
    ck_assert_int_eq(outcome.store_status, APR_SUCCESS);
    assert_from_context(&ann, "kept");
}
END_TEST

START_TEST(broken_record_costs_a_trip)
{
    client_t ann = new_ann();

    log_in(&ann);
    record_of(&ann)->len -= 1;
    assert_from_authority(&ann, "cut");
    record_of(&ann)->bytes[0] ^= 1;
    assert_from_authority(&ann, "other version");
    assert_from_context(&ann, "whole again");
}
END_TEST

START_TEST(name_too_long_for_a_record_costs_a_trip)
{
    char name[501];
    client_t ann;

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    set_password(name, "p");
    ann = new_client(name, "p");
    assert_from_authority(&ann, "long name");
    ck_assert_int_eq(outcome.store_status, APR_ENOSPC);
    assert_from_authority(&ann, "long name");
}
END_TEST

START_TEST(record_of_another_key_verifies_nothing)
{
    client_t ann = new_ann();
    client_t liar = new_client("ann", "guess");

    log_in(&ann);
    memcpy(liar.nonce, ann.nonce, sizeof(liar.nonce));
    memcpy(liar.opaque, ann.opaque, sizeof(liar.opaque));
    liar.algorithm = MSD_ALGORITHM_MD5;
    /* The session key of a -sess answer is not the key of a plain one. */
    liar.keeps_a1 = true;
    memcpy(liar.a1, ann.a1, sizeof(liar.a1));
    ck_assert_int_eq(get(&liar, "/"), MSD_DENIED);
}
END_TEST

START_TEST(idle_context_ends)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    policy.revalidate_ms = policy.context_lifetime_ms;
    log_in(&ann);
    world.now_ms += policy.context_idle_ms - 1;
    assert_from_context(&ann, "in time");
    world.now_ms += policy.context_idle_ms;
    assert_from_authority(&ann, "too late");
    assert_from_context(&ann, "anew");
}
END_TEST

START_TEST(context_in_use_is_kept_alive_but_not_for_ever)
{
    client_t ann = new_ann();
    uint64_t proven = world.now_ms;
    uint64_t quarter = policy.context_idle_ms / 4;

    policy.nonce_lifetime_ms = 2 * policy.context_lifetime_ms;
    policy.revalidate_ms = 2 * policy.context_lifetime_ms;
    log_in(&ann);
    while (world.now_ms + quarter < proven + policy.context_lifetime_ms) {
        int puts = kept.puts;

        world.now_ms += quarter - 1;
        assert_from_context(&ann, "before a quarter");
        ck_assert_int_eq(kept.puts, puts);
        world.now_ms += 1;
        assert_from_context(&ann, "at a quarter");
        ck_assert_int_eq(kept.puts, puts + 1);
        ck_assert_uint_eq(load(&ann).kept_ms, world.now_ms);
        ck_assert_uint_eq(load(&ann).proven_ms, proven);
        ck_assert_uint_le(world.now_ms + record_of(&ann)->ttl_ms,
                          proven + policy.context_lifetime_ms);
    }
    world.now_ms = proven + policy.context_lifetime_ms - 1;
    assert_from_context(&ann, "the last millisecond");
    world.now_ms += 1;
    assert_from_authority(&ann, "the lifetime is over");
}
END_TEST

START_TEST(context_of_a_later_clock_is_not_used)
{
    client_t ann = new_ann();

    log_in(&ann);
    world.now_ms -= 500;
    assert_from_authority(&ann, "proven in the future");
}
END_TEST

START_TEST(time_to_live_is_the_idle_time_within_the_lifetime)
{
    client_t ann = new_ann();

    policy.nonce_lifetime_ms = policy.context_lifetime_ms;
    policy.revalidate_ms = policy.context_lifetime_ms;
    policy.context_lifetime_ms = policy.context_idle_ms + 10 * SECOND;
    log_in(&ann);
    ck_assert_uint_eq(record_of(&ann)->ttl_ms, policy.context_idle_ms);
    world.now_ms += policy.context_idle_ms / 2;
    assert_from_context(&ann, "in use");
    ck_assert_uint_eq(record_of(&ann)->ttl_ms,
                      policy.context_idle_ms / 2 + 10 * SECOND);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, no_digest_credentials_are_asked_for);
    tcase_add_test(tcase, malformed_credentials_are_named);
    tcase_add_test(tcase, what_is_not_offered_is_denied);
    tcase_add_test(tcase, challenge_costs_nothing);
    tcase_add_test(tcase, challenge_without_randomness_is_none);
    tcase_add_test(tcase, each_challenge_is_another);
    tcase_add_test(tcase, stale_is_said_of_right_digests_only);
    tcase_add_test(tcase, first_answer_is_proven_by_the_authority);
    tcase_add_test(tcase, context_says_what_was_proven);
    tcase_add_test(tcase, later_requests_are_completed_from_the_context);
    tcase_add_test(tcase, wrong_password_and_unknown_user_look_alike);
    tcase_add_test(tcase, wrong_password_never_loops);
    tcase_add_test(tcase, wrong_digest_is_denied_whatever_its_nonce);
    tcase_add_test(tcase, authority_that_cannot_tell_denies_nobody);
    tcase_add_test(tcase, user_outlives_the_record);
}

static void add_freshness_tests(TCase *tcase)
{
    tcase_add_test(tcase, nonce_is_good_until_its_lifetime_ends);
    tcase_add_test(tcase, stale_nonce_asks_again_before_there_is_a_context);
    tcase_add_test(tcase, nonce_of_the_future_is_stale);
    tcase_add_test(tcase, nonce_of_another_life_is_stale);
    tcase_add_test(tcase, nonce_of_another_place_is_stale);
    tcase_add_test(tcase,
                   nonce_that_is_garbage_is_stale_when_the_digest_is_right);
    tcase_add_test(tcase, count_that_the_guard_cannot_tell_is_stale);
    tcase_add_test(tcase, count_of_0_is_stale_on_the_first_answer_too);
    tcase_add_test(tcase, nonce_that_was_pushed_out_is_stale);
    tcase_add_test(tcase, opaque_of_another_nonce_is_stale);
    tcase_add_test(tcase, replayed_count_is_refused);
    tcase_add_test(tcase, replay_is_refused_when_the_context_is_lost);
    tcase_add_test(tcase, context_comes_back_under_the_same_opaque);
    tcase_add_test(tcase, counts_may_arrive_in_any_order);
    tcase_add_test(tcase, sequence_wants_rising_counts);
    tcase_add_test(tcase, guard_that_is_off_lets_counts_repeat);
    tcase_add_test(tcase, counted_request_is_decided_anew_but_not_counted);
    tcase_add_test(tcase, counted_request_with_a_wrong_uri_is_not_a_replay);
    tcase_add_test(tcase,
                   uri_of_another_resource_is_refused_and_the_count_is_kept);
    tcase_add_test(tcase, uri_without_query_is_let_pass_on_demand);
    tcase_add_test(tcase, absolute_uri_of_this_host_is_let_pass);
    tcase_add_test(tcase, method_is_part_of_the_digest);
    tcase_add_test(tcase, steps_are_in_order);
}

static void add_client_tests(TCase *tcase)
{
    tcase_add_test(tcase, browsers_draw_a_new_cnonce_each_time);
    tcase_add_test(tcase, neon_keeps_the_a1_of_its_first_answer);
    tcase_add_test(tcase, old_a1_outlives_a_revalidation);
    tcase_add_test(tcase, old_a1_without_a_context_is_a_wrong_digest);
    tcase_add_test(tcase, java_answers_a_new_nonce_with_its_old_opaque);
    tcase_add_test(tcase, client_without_opaque_is_found_by_its_nonce);
    tcase_add_test(tcase, plain_md5_answers_the_second_challenge);
    tcase_add_test(tcase, hash_of_another_algorithm_does_not_verify);
    tcase_add_test(tcase, domain_user_may_escape_the_backslash_or_not);
    tcase_add_test(tcase, user_may_be_sent_as_named_by_the_escapes);
    tcase_add_test(tcase, session_key_alone_is_good_for_its_cnonce);
    tcase_add_test(tcase, session_key_alone_is_good_for_a_kept_a1);
    tcase_add_test(tcase, context_of_another_user_is_left_alone);
    tcase_add_test(tcase, opaque_of_another_user_is_not_given_away);
    tcase_add_test(tcase, users_do_not_use_up_each_others_counts);
    tcase_add_test(tcase, name_is_compared_to_its_end);
}

static void add_context_tests(TCase *tcase)
{
    tcase_add_test(tcase, authority_is_asked_again_when_it_is_due);
    tcase_add_test(tcase, revalidate_0_asks_each_time);
    tcase_add_test(tcase, authority_that_cannot_tell_leaves_its_last_word);
    tcase_add_test(tcase, last_word_ends_with_the_lifetime);
    tcase_add_loop_test(tcase, context_that_the_authority_withdraws_is_revoked,
                        0, UNIT_COUNT(withdrawals));
    tcase_add_test(tcase, revoked_context_is_not_taken_up_again);
    tcase_add_test(tcase, new_password_works_at_once);
    tcase_add_test(tcase, kept_a1_of_an_old_password_is_forgotten);
    tcase_add_test(tcase, replay_that_is_due_changes_nothing);
    tcase_add_test(tcase, store_that_cannot_read_costs_a_trip);
    tcase_add_test(tcase, store_that_cannot_keep_costs_a_trip);
    tcase_add_test(tcase, broken_record_costs_a_trip);
    tcase_add_test(tcase, name_too_long_for_a_record_costs_a_trip);
    tcase_add_test(tcase, record_of_another_key_verifies_nothing);
    tcase_add_test(tcase, idle_context_ends);
    tcase_add_test(tcase, context_in_use_is_kept_alive_but_not_for_ever);
    tcase_add_test(tcase, context_of_a_later_clock_is_not_used);
    tcase_add_test(tcase, time_to_live_is_the_idle_time_within_the_lifetime);
}

static void add_all(TCase *tcase, void (*set_up)(void))
{
    tcase_add_checked_fixture(tcase, set_up, NULL);
    add_tests(tcase);
    add_freshness_tests(tcase);
    add_client_tests(tcase);
    add_context_tests(tcase);
}

/* Everything twice: the cache of verified nonces must not be noticed. */
Suite *suite_accept(void)
{
    TCase *plain;
    TCase *cached;
    Suite *suite = unit_suite("accept", &plain);

    add_all(plain, set_up_plain);
    cached = tcase_create("accept with a cache of nonces");
    tcase_add_checked_fixture(cached, unit_setup, unit_teardown);
    tcase_set_timeout(cached, 60);
    suite_add_tcase(suite, cached);
    add_all(cached, set_up_cached);
    return suite;
}
