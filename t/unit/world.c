/* SPDX-License-Identifier: Apache-2.0 */
/* A world for the decision: store, authority, clock and client in memory. */
#include "world.h"

#include "offer.h"

#include "authority/realmhash.h"

kept_t kept;
known_t known;
body_t body;
msd_world_t world;

/* ---- The store */

record_t *find_record(const unsigned char *id)
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

void set_password(const char *name, const char *password)
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

static msd_proof_result_t look_up(void *self, const char *user,
                                  const char **field, const char **reason)
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
    memset(known.field, 0, sizeof(known.field));
    msd_hex_encode(key, msd_hash_size(msd_algorithm_hash(known.stored)),
                   known.field);
    *field = known.field;
    return MSD_PROOF_GRANTED;
}

static void prove(void *self, const msd_question_t *question, msd_proof_t *out)
{
    msd_realmhash_prove(self, question, out);
    out->trust_s = known.trust_s;
}

void prove_session(void *self, const msd_question_t *question,
                   msd_proof_t *out)
{
    msd_question_t asked = *question;

    asked.known_key = NULL;
    msd_realmhash_prove(self, &asked, out);
    out->has_base_key = false;
    memset(out->base_key, 0, sizeof(out->base_key));
}

/* ---- The world */

static msd_keyring_t keyring;
msd_policy_t policy;
msd_request_t request;
msd_outcome_t outcome;
unsigned char *guard;
msd_replay_t *replay;
static msd_guard_t replay_guard;
uint32_t random_next;
bool random_broken;
static bool with_nonce_cache;

static const msd_realmhash_t source = { &known, look_up };
const msd_store_t store = { &kept, store_get, store_put, store_revoke };
msd_authority_t authority;

static apr_status_t next_random(void *self, unsigned char *out, apr_size_t n)
{
    (void)self;
    random_next++;
    for (apr_size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)(random_next * 2654435761u >> (i % 4) * 8);
    }
    return random_broken ? APR_EGENERAL : APR_SUCCESS;
}

static unsigned char life[MSD_LIFE_ID_SIZE];

static msd_text_t scope_of(const char *server, int generation)
{
    return msd_text_of(apr_psprintf(unit_pool, "%s by %d", server,
                                    generation));
}

void use_secrets(int current, int previous)
{
    msd_secret_t secret = { .count = previous != 0 ? 2 : 1 };

    memset(secret.generations[0], current, MSD_SECRET_SIZE);
    memset(secret.generations[1], previous, MSD_SECRET_SIZE);
    ck_assert_int_eq(msd_keyring_derive(&secret, life, unit_pool, &keyring),
                     APR_SUCCESS);
    world.keys = &keyring.current;
    world.previous = keyring.previous;
    policy.scope = scope_of(SERVER, current);
    policy.previous_scope = scope_of(SERVER, previous);
}

void begin_life(unsigned char number)
{
    memset(life, number, sizeof(life));
    guard = apr_pcalloc(unit_pool, msd_replay_size(GUARD_SLOTS));
    replay = msd_replay_begin(guard, GUARD_SLOTS, life, 0, unit_pool);
    replay_guard = msd_guard_of_replay(replay);
    world.guard = &replay_guard;
    use_secrets(7, 0);
    world.nonces = with_nonce_cache ? msd_noncecache_create(unit_pool) : NULL;
}

static apr_status_t hash_body(void *self, msd_hash_id_t id, unsigned char *out)
{
    msd_text_t part = msd_text_of(body.text);

    ck_assert_ptr_eq(self, &body);
    body.reads++;
    if (body.status != APR_SUCCESS) {
        return body.status;
    }
    return msd_hash_joined(world.hasher, id, &part, 1, out);
}

static void set_up_world(void)
{
    memset(&kept, 0, sizeof(kept));
    memset(&known, 0, sizeof(known));
    memset(&body, 0, sizeof(body));
    memset(&world, 0, sizeof(world));
    random_next = 0;
    random_broken = false;
    known.stored = MSD_ALGORITHM_MD5;
    set_password("ann", "secret of ann");
    set_password("bob", "secret of bob");
    authority = (msd_authority_t){ .self = (void *)(uintptr_t)&source,
                                   .prove = prove };
    world.now_ms = 1000 * SECOND;
    world.random = next_random;
    world.hasher = msd_hasher_create(unit_pool);
    world.store = &store;
    world.authorities = &authority;
    world.authority_count = 1;
    world.pool = unit_pool;
    policy = (msd_policy_t){
        .realm = REALM,
        .algorithms = { MSD_ALGORITHM_MD5_SESS, MSD_ALGORITHM_MD5 },
        .algorithm_count = 2,
        .qop_auth = true,
        .nonce_lifetime_ms = 300 * SECOND,
        .context_lifetime_ms = 28800 * SECOND,
        .context_idle_ms = 3600 * SECOND,
        .revalidate_ms = 900 * SECOND,
    };
    begin_life(1);
    request = (msd_request_t){
        .method = MSD_TEXT("GET"),
        .entity = hash_body,
        .entity_self = &body,
    };
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

Suite *world_suite(const char *name, TCase **tcases)
{
    Suite *suite = unit_suite(name, &tcases[0]);

    tcase_add_checked_fixture(tcases[0], set_up_plain, NULL);
    tcases[1] = tcase_create("with a cache of nonces");
    tcase_add_checked_fixture(tcases[1], unit_setup, unit_teardown);
    tcase_add_checked_fixture(tcases[1], set_up_cached, NULL);
    tcase_set_timeout(tcases[1], 60);
    suite_add_tcase(suite, tcases[1]);
    return suite;
}

/* ---- Asking */

void *copy_of(const void *bytes, apr_size_t n)
{
    return apr_pmemdup(unit_pool, bytes, n);
}

msd_verdict_t ask(const char *header)
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
        /* A count out of range retires its nonce. */
        ck_assert_msg(memcmp(guard, guard_before, size) == 0
                          || strcmp(outcome.reason,
                                    "the count is out of range") == 0,
                      "a refusal changed the guard: %s", outcome.reason);
        ck_assert_msg(kept.puts == puts, "a refusal kept a context: %s",
                      outcome.reason);
    }
    if (kept.revokes != revokes) {
        ck_assert_int_eq(kept.revokes, revokes + 1);
        ck_assert_int_eq(outcome.verdict, MSD_DENIED);
    } else if (outcome.verdict != MSD_ACCEPTED) {
        ck_assert_msg(
            memcmp(kept.records, records_before, sizeof(kept.records)) == 0,
            "a refusal changed the store: %s", outcome.reason);
    }
    return outcome.verdict;
}

/* ---- A client */

const char *hash_of(msd_algorithm_t algorithm, const char *text)
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
                              apr_psprintf(unit_pool, "%s:%s:%s", client->user,
                                           client->realm, client->password));

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

/* H(A2), over the body too for auth-int. */
static const char *h_a2_of(const client_t *client, const char *uri)
{
    const char *a2 = apr_pstrcat(unit_pool, client->method, ":", uri, NULL);

    if (strcmp(client->qop, "auth-int") == 0) {
        a2 = apr_pstrcat(unit_pool, a2, ":",
                         hash_of(client->algorithm, client->body), NULL);
    }
    return hash_of(client->algorithm, a2);
}

/* The parameters that not every client sends. */
static const char *optional(const client_t *client)
{
    const char *name = client->algorithm_name != NULL
                           ? client->algorithm_name
                           : msd_algorithm_name(client->algorithm);

    return apr_pstrcat(unit_pool, client->no_algorithm ? "" : " algorithm=",
                       client->no_algorithm ? "" : name,
                       client->no_algorithm ? "" : ",",
                       client->no_opaque ? "" : " opaque=\"",
                       client->no_opaque ? "" : client->opaque,
                       client->no_opaque ? "" : "\",", NULL);
}

const char *answer_count(client_t *client, const char *uri, uint32_t nc)
{
    const char *drawn = apr_psprintf(
        unit_pool, "c%d", client->new_cnonce ? client->requests : 0);
    const char *cnonce = client->cnonce != NULL ? client->cnonce : drawn;
    const char *response = hash_of(
        client->algorithm,
        apr_psprintf(unit_pool, "%s:%s:%08x:%s:%s:%s", a1_of(client, cnonce),
                     client->nonce, nc, cnonce, client->qop,
                     h_a2_of(client, uri)));

    client->requests++;
    return apr_psprintf(
        unit_pool,
        "Digest username%s, realm=\"%s\", nonce=\"%s\", uri=\"%s\",%s"
        " nc=%08x, qop=%s, cnonce=\"%s\", response=\"%s\"%s",
        client->wire_user != NULL
            ? client->wire_user
            : apr_pstrcat(unit_pool, "=\"", client->user, "\"", NULL),
        client->realm, client->nonce, uri, optional(client), nc, client->qop,
        cnonce, response, client->more != NULL ? client->more : "");
}

const char *answer(client_t *client, const char *uri)
{
    return answer_count(client, uri, ++client->nc);
}

msd_verdict_t deliver(const char *header, const char *target)
{
    request.target.target = msd_text_of(target);
    return ask(header);
}

msd_verdict_t get(client_t *client, const char *uri)
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

void take_challenge_of(client_t *client, const msd_outcome_t *of)
{
    const char *lines[MSD_ALGORITHM_COUNT];

    ck_assert_int_eq(msd_challenge(&world, &policy, of, lines),
                     policy.algorithm_count);
    copy_value(lines[0], "nonce=\"", client->nonce,
               policy.channel != NULL ? sizeof(client->nonce)
                                      : MSD_NONCE_LENGTH + 1);
    if (!client->keeps_opaque || client->opaque[0] == '\0') {
        copy_value(lines[0], "opaque=\"", client->opaque,
                   sizeof(client->opaque));
    }
    client->stale = strstr(lines[0], "stale=true") != NULL;
    client->nc = 0;
}

void take_challenge(client_t *client)
{
    take_challenge_of(client, &outcome);
}

client_t new_client(const char *user, const char *password)
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

client_t new_ann(void)
{
    return new_client("ann", "secret of ann");
}

client_t new_bob(void)
{
    return new_client("bob", "secret of bob");
}

void log_in(client_t *client)
{
    ck_assert_int_eq(get(client, "/"), MSD_ACCEPTED);
    ck_assert_int_eq(outcome.proven, MSD_PROVEN_BY_AUTHORITY);
    known.lookups = 0;
    kept.puts = 0;
    kept.gets = 0;
}

/* ---- Assertions that many tests make */

void assert_from_context(client_t *client, const char *when)
{
    int lookups = known.lookups;

    ck_assert_msg(get(client, "/") == MSD_ACCEPTED, "%s: %s", when,
                  outcome.reason);
    ck_assert_msg(outcome.proven == MSD_PROVEN_BY_CONTEXT, "%s", when);
    ck_assert_msg(known.lookups == lookups, "%s: the authority was asked",
                  when);
    ck_assert_str_eq(unit_string(outcome.user), client->user);
}

void assert_from_authority(client_t *client, const char *when)
{
    int lookups = known.lookups;

    ck_assert_msg(get(client, "/") == MSD_ACCEPTED, "%s: %s", when,
                  outcome.reason);
    ck_assert_msg(outcome.proven == MSD_PROVEN_BY_AUTHORITY, "%s", when);
    ck_assert_msg(known.lookups > lookups, "%s: nobody was asked", when);
}

void assert_stale_and_goes_on(client_t *client, const char *when)
{
    char opaque[sizeof(client->opaque)];
    char nonce[sizeof(client->nonce)];

    ck_assert_msg(outcome.verdict == MSD_STALE, "%s: verdict %d, %s", when,
                  outcome.verdict, outcome.reason);
    memcpy(opaque, client->opaque, sizeof(opaque));
    memcpy(nonce, client->nonce, sizeof(nonce));
    take_challenge(client);
    ck_assert_msg(client->stale, "%s: not stale", when);
    ck_assert_msg(strcmp(client->opaque, opaque) == 0, "%s: new opaque", when);
    ck_assert_msg(strcmp(client->nonce, nonce) != 0, "%s: old nonce", when);
    ck_assert_msg(get(client, "/") == MSD_ACCEPTED, "%s: %s", when,
                  outcome.reason);
}

void assert_denied(const char *reason)
{
    ck_assert_msg(outcome.verdict == MSD_DENIED, "verdict %d: %s",
                  outcome.verdict, outcome.reason);
    ck_assert_str_eq(outcome.reason, reason);
    ck_assert(!msd_verdict_is_stale(outcome.verdict));
}

msd_context_t load(const client_t *client)
{
    static unsigned char bytes[MSD_STORE_RECORD_MAX];
    unsigned char id[MSD_CONTEXT_ID_SIZE];
    msd_context_t context;
    apr_size_t len;

    ck_assert(msd_hex_decode(msd_text_of(client->opaque), id, sizeof(id)));
    ck_assert_int_eq(msd_context_load(&store, id, bytes, &len, &context),
                     MSD_CONTEXT_FOUND);
    return context;
}

record_t *record_of(const client_t *client)
{
    unsigned char id[MSD_CONTEXT_ID_SIZE];

    ck_assert(msd_hex_decode(msd_text_of(client->opaque), id, sizeof(id)));
    return find_record(id);
}

void lose_contexts(void)
{
    memset(kept.records, 0, sizeof(kept.records));
    kept.count = 0;
}
