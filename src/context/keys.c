/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one life of the server, all derived from one secret. */
#include "context/keys.h"

#include "context/hkdf.h"

static msd_hmac_t *derive_hmac(msd_hkdf_t *hkdf, const unsigned char *secret,
                               msd_text_t salt, const char *label,
                               apr_pool_t *pool)
{
    unsigned char key[MSD_HMAC_SIZE];
    msd_hmac_t *hmac = NULL;

    if (msd_hkdf_derive(hkdf, secret, salt, label, key, sizeof(key))) {
        hmac = msd_hmac_create(pool, key);
    }
    msd_wipe(key, sizeof(key));
    return hmac;
}

static apr_status_t wipe_keys(void *data)
{
    msd_keys_t *keys = data;

    msd_wipe(keys->seal, sizeof(keys->seal));
    msd_wipe(keys->user, sizeof(keys->user));
    return APR_SUCCESS;
}

apr_status_t msd_keys_derive(const unsigned char *secret,
                             const unsigned char *life_id, apr_pool_t *pool,
                             msd_keys_t *out)
{
    const msd_text_t life = { (const char *)life_id, MSD_LIFE_ID_SIZE };
    const msd_text_t none = MSD_TEXT("");
    msd_hkdf_t *hkdf = msd_hkdf_begin();
    bool fine;

    apr_pool_cleanup_register(pool, out, wipe_keys, apr_pool_cleanup_null);
    out->nonce = derive_hmac(hkdf, secret, life, "msdigest nonce", pool);
    out->name = derive_hmac(hkdf, secret, none, "msdigest name", pool);
    fine = out->nonce != NULL && out->name != NULL
           && msd_hkdf_derive(hkdf, secret, life, "msdigest nonce mark",
                              (unsigned char *)&out->nonce_mark,
                              sizeof(out->nonce_mark))
           && msd_hkdf_derive(hkdf, secret, none, "msdigest seal", out->seal,
                              sizeof(out->seal))
           && msd_hkdf_derive(hkdf, secret, none, "msdigest user", out->user,
                              sizeof(out->user));
    msd_hkdf_end(hkdf);
    return fine ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t msd_keyring_derive(const msd_secret_t *secret,
                                const unsigned char *life_id,
                                apr_pool_t *pool, msd_keyring_t *out)
{
    apr_status_t status = msd_keys_derive(secret->generations[0], life_id,
                                          pool, &out->current);

    out->previous = NULL;
    if (status == APR_SUCCESS && secret->count > 1) {
        status = msd_keys_derive(secret->generations[1], life_id, pool,
                                 &out->others);
        out->previous = &out->others;
    }
    return status;
}
