/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes, keyed hashes, constant-time comparison and wiping, on OpenSSL. */
#include "base/hash.h"

#include <stdatomic.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* Contexts kept for the next user, for each hash; more than this many
 * threads in one hash at the same moment allocate their own. */
#define SPARES 8

/* Parts are gathered in a buffer of this size: one update costs as much as
 * copying some hundred bytes. */
#define STAGE 256

static const char *const hash_names[] = { "MD5", "SHA2-256", "SHA2-512/256" };

_Static_assert(sizeof(hash_names) / sizeof(hash_names[0]) == MSD_HASH_COUNT,
               "one name for each hash");

typedef _Atomic(EVP_MD_CTX *) spare_digest_t;

struct msd_hasher_t {
    EVP_MD *digests[MSD_HASH_COUNT];
    EVP_MD_CTX *begun[MSD_HASH_COUNT];  /* to copy: cheaper than to begin */
    spare_digest_t spares[MSD_HASH_COUNT][SPARES];
};

typedef _Atomic(EVP_MAC_CTX *) spare_mac_t;

struct msd_hmac_t {
    EVP_MAC_CTX *keyed;
    spare_mac_t spares[SPARES];
};

static apr_status_t destroy_hasher(void *data)
{
    msd_hasher_t *hasher = data;

    for (int id = 0; id < MSD_HASH_COUNT; id++) {
        for (int i = 0; i < SPARES; i++) {
            EVP_MD_CTX_free(atomic_exchange(&hasher->spares[id][i], NULL));
        }
        EVP_MD_CTX_free(hasher->begun[id]);
        EVP_MD_free(hasher->digests[id]);
    }
    return APR_SUCCESS;
}

msd_hasher_t *msd_hasher_create(apr_pool_t *pool)
{
    msd_hasher_t *hasher = apr_pcalloc(pool, sizeof(*hasher));

    for (int id = 0; id < MSD_HASH_COUNT; id++) {
        hasher->digests[id] = EVP_MD_fetch(NULL, hash_names[id], NULL);
        hasher->begun[id] = EVP_MD_CTX_new();
        if (hasher->digests[id] != NULL) {
            EVP_DigestInit_ex(hasher->begun[id], hasher->digests[id], NULL);
        }
    }
    apr_pool_cleanup_register(pool, hasher, destroy_hasher,
                              apr_pool_cleanup_null);
    return hasher;
}

bool msd_hasher_has(const msd_hasher_t *hasher, msd_hash_id_t id)
{
    return hasher->digests[id] != NULL;
}

apr_size_t msd_hash_size(msd_hash_id_t id)
{
    return id == MSD_HASH_MD5 ? 16 : 32;
}

static EVP_MD_CTX *take_digest(spare_digest_t *spares)
{
    for (int i = 0; i < SPARES; i++) {
        EVP_MD_CTX *ctx;

        if (atomic_load_explicit(&spares[i], memory_order_relaxed) == NULL) {
            continue;
        }
        ctx = atomic_exchange(&spares[i], NULL);
        if (ctx != NULL) {
            return ctx;
        }
    }
    return EVP_MD_CTX_new();
}

static void give_digest(spare_digest_t *spares, EVP_MD_CTX *ctx)
{
    for (int i = 0; i < SPARES; i++) {
        EVP_MD_CTX *none = NULL;

        if (atomic_compare_exchange_strong(&spares[i], &none, ctx)) {
            return;
        }
    }
    EVP_MD_CTX_free(ctx);
}

/* Bytes on their way into a hash. */
typedef struct {
    EVP_MD_CTX *ctx;
    apr_size_t used;
    char bytes[STAGE];
} stage_t;

static bool stage_flush(stage_t *stage)
{
    bool fine = EVP_DigestUpdate(stage->ctx, stage->bytes, stage->used) == 1;

    stage->used = 0;
    return fine;
}

/* A part that does not fit in what is left of the buffer. */
static bool stage_long(stage_t *stage, msd_text_t part)
{
    if (!stage_flush(stage)) {
        return false;
    }
    return part.len == 0
           || EVP_DigestUpdate(stage->ctx, part.data, part.len) == 1;
}

static bool stage_parts(stage_t *stage, const msd_text_t *parts, int n)
{
    for (int i = 0; i < n; i++) {
        /* One byte is kept for the colon. */
        if (parts[i].len >= STAGE - stage->used) {
            if (!stage_long(stage, parts[i])) {
                return false;
            }
        } else if (parts[i].len > 0) {
            memcpy(stage->bytes + stage->used, parts[i].data, parts[i].len);
            stage->used += parts[i].len;
        }
        if (i + 1 < n) {
            stage->bytes[stage->used++] = ':';
        }
    }
    return stage_flush(stage);
}

apr_status_t msd_hash_joined(msd_hasher_t *hasher, msd_hash_id_t id,
                             const msd_text_t *parts, int n,
                             unsigned char *out)
{
    stage_t stage;
    bool fine;

    stage.ctx = take_digest(hasher->spares[id]);
    stage.used = 0;
    fine = hasher->digests[id] != NULL && stage.ctx != NULL
           && EVP_MD_CTX_copy_ex(stage.ctx, hasher->begun[id]) == 1
           && stage_parts(&stage, parts, n)
           && EVP_DigestFinal_ex(stage.ctx, out, NULL) == 1;
    /* The parts of A1 passed through here. */
    msd_wipe(stage.bytes, sizeof(stage.bytes));
    if (fine && id == MSD_HASH_SHA512_256) {
        /* OpenSSL wipes the last block of the others itself. */
        fine = EVP_MD_CTX_copy_ex(stage.ctx, hasher->begun[id]) == 1;
    }
    if (!fine) {
        EVP_MD_CTX_free(stage.ctx);
        memset(out, 0, msd_hash_size(id));
        return APR_EGENERAL;
    }
    give_digest(hasher->spares[id], stage.ctx);
    return APR_SUCCESS;
}

/* A context in which OpenSSL failed is not used again. */
static void keep_if(msd_hash_sum_t *sum, bool fine)
{
    if (!fine) {
        EVP_MD_CTX_free(sum->context);
        sum->context = NULL;
    }
}

void msd_hash_begin(msd_hash_sum_t *sum, msd_hasher_t *hasher,
                    msd_hash_id_t id)
{
    sum->hasher = hasher;
    sum->id = id;
    sum->context = take_digest(hasher->spares[id]);
    keep_if(sum, sum->context != NULL && hasher->digests[id] != NULL
                     && EVP_MD_CTX_copy_ex(sum->context, hasher->begun[id])
                            == 1);
}

void msd_hash_add(msd_hash_sum_t *sum, msd_text_t piece)
{
    if (sum->context != NULL && piece.len > 0) {
        keep_if(sum,
                EVP_DigestUpdate(sum->context, piece.data, piece.len) == 1);
    }
}

apr_status_t msd_hash_end(msd_hash_sum_t *sum, unsigned char *out)
{
    if (sum->context != NULL) {
        keep_if(sum, EVP_DigestFinal_ex(sum->context, out, NULL) == 1);
    }
    if (sum->context == NULL) {
        memset(out, 0, msd_hash_size(sum->id));
        return APR_EGENERAL;
    }
    give_digest(sum->hasher->spares[sum->id], sum->context);
    sum->context = NULL;
    return APR_SUCCESS;
}

static apr_status_t destroy_hmac(void *data)
{
    msd_hmac_t *hmac = data;

    for (int i = 0; i < SPARES; i++) {
        EVP_MAC_CTX_free(atomic_exchange(&hmac->spares[i], NULL));
    }
    EVP_MAC_CTX_free(hmac->keyed);
    return APR_SUCCESS;
}

msd_hmac_t *msd_hmac_create(apr_pool_t *pool, const unsigned char *key)
{
    msd_hmac_t *hmac = apr_pcalloc(pool, sizeof(*hmac));
    char sha256[] = "SHA2-256";
    OSSL_PARAM params[2];
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 sha256, 0);
    params[1] = OSSL_PARAM_construct_end();
    hmac->keyed = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    apr_pool_cleanup_register(pool, hmac, destroy_hmac,
                              apr_pool_cleanup_null);
    if (hmac->keyed == NULL
        || EVP_MAC_init(hmac->keyed, key, MSD_HMAC_SIZE, params) != 1) {
        return NULL;
    }
    return hmac;
}

static EVP_MAC_CTX *take_mac(msd_hmac_t *hmac)
{
    for (int i = 0; i < SPARES; i++) {
        EVP_MAC_CTX *ctx = atomic_exchange(&hmac->spares[i], NULL);

        if (ctx != NULL) {
            return ctx;
        }
    }
    return EVP_MAC_CTX_dup(hmac->keyed);
}

static void give_mac(msd_hmac_t *hmac, EVP_MAC_CTX *ctx)
{
    for (int i = 0; i < SPARES; i++) {
        EVP_MAC_CTX *none = NULL;

        if (atomic_compare_exchange_strong(&hmac->spares[i], &none, ctx)) {
            return;
        }
    }
    EVP_MAC_CTX_free(ctx);
}

apr_status_t msd_hmac(msd_hmac_t *hmac, const msd_text_t *parts, int n,
                      unsigned char *out)
{
    EVP_MAC_CTX *ctx = take_mac(hmac);
    size_t size = 0;
    /* A key of NULL means: the same key again, already hashed. */
    bool fine = ctx != NULL && EVP_MAC_init(ctx, NULL, 0, NULL) == 1;

    for (int i = 0; fine && i < n; i++) {
        fine = EVP_MAC_update(ctx, (const unsigned char *)parts[i].data,
                              parts[i].len) == 1;
    }
    fine = fine && EVP_MAC_final(ctx, out, &size, MSD_HMAC_SIZE) == 1
           && size == MSD_HMAC_SIZE;
    if (!fine) {
        EVP_MAC_CTX_free(ctx);
        return APR_EGENERAL;
    }
    give_mac(hmac, ctx);
    return APR_SUCCESS;
}

bool msd_equal(const unsigned char *a, const unsigned char *b, apr_size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

void msd_wipe(void *secret, apr_size_t n)
{
    /* The C library's is a tenth of the work of OPENSSL_cleanse. */
    explicit_bzero(secret, n);
}
