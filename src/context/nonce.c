/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that prove themselves, so that a challenge leaves nothing behind. */
#include "context/nonce.h"

#include <string.h>

#define VERSION 1
#define TIME_SIZE 6
#define TAG_SIZE (MSD_HMAC_SIZE - MSD_NONCE_MARK_SIZE)

/* Offsets. */
#define AT_TIME 1
#define AT_RANDOM (AT_TIME + TIME_SIZE)
#define AT_CONTEXT_ID (AT_RANDOM + MSD_NONCE_RANDOM_SIZE)
#define AT_TAG (AT_CONTEXT_ID + MSD_CONTEXT_ID_SIZE)
#define NONCE_SIZE (AT_TAG + TAG_SIZE)

_Static_assert(NONCE_SIZE % 3 == 0 && NONCE_SIZE / 3 * 4 == MSD_NONCE_LENGTH,
               "every character of a nonce counts");

static apr_status_t authenticate(msd_hmac_t *key, msd_text_t scope,
                                 const unsigned char *bytes,
                                 unsigned char *out)
{
    /* The first part has a fixed length, so the two cannot be confused. */
    const msd_text_t parts[] = { { (const char *)bytes, AT_TAG }, scope };

    return msd_hmac(key, parts, 2, out);
}

apr_status_t msd_nonce_mint(msd_hmac_t *key, msd_text_t scope,
                            uint64_t minted_ms, const unsigned char *random,
                            const unsigned char *context_id, char *out)
{
    unsigned char bytes[NONCE_SIZE];
    unsigned char mac[MSD_HMAC_SIZE];
    apr_status_t status;

    bytes[0] = VERSION;
    for (int i = 0; i < TIME_SIZE; i++) {
        bytes[AT_TIME + i] =
            (unsigned char)(minted_ms >> 8 * (TIME_SIZE - 1 - i));
    }
    memcpy(bytes + AT_RANDOM, random, MSD_NONCE_RANDOM_SIZE);
    memcpy(bytes + AT_CONTEXT_ID, context_id, MSD_CONTEXT_ID_SIZE);
    status = authenticate(key, scope, bytes, mac);
    if (status == APR_SUCCESS) {
        memcpy(bytes + AT_TAG, mac, TAG_SIZE);
        msd_base64url_encode(bytes, sizeof(bytes), out);
        out[MSD_NONCE_LENGTH] = '\0';
    }
    msd_wipe(mac, sizeof(mac));
    return status;
}

static bool decode(msd_text_t text, unsigned char *bytes, msd_nonce_t *out)
{
    if (!msd_base64url_decode(text, bytes, NONCE_SIZE)
        || bytes[0] != VERSION) {
        return false;
    }
    out->minted_ms = 0;
    for (int i = 0; i < TIME_SIZE; i++) {
        out->minted_ms = out->minted_ms << 8 | bytes[AT_TIME + i];
    }
    out->life = 0;
    for (int i = 0; i < MSD_NONCE_LIFE_SIZE; i++) {
        out->life = out->life << 8 | bytes[AT_RANDOM + i];
    }
    memcpy(out->context_id, bytes + AT_CONTEXT_ID, MSD_CONTEXT_ID_SIZE);
    return true;
}

bool msd_nonce_open(msd_hmac_t *key, msd_text_t scope, msd_text_t text,
                    msd_nonce_t *out)
{
    unsigned char bytes[NONCE_SIZE];
    unsigned char mac[MSD_HMAC_SIZE];
    msd_nonce_t nonce;
    bool ours;

    if (!decode(text, bytes, &nonce)) {
        return false;
    }
    ours = authenticate(key, scope, bytes, mac) == APR_SUCCESS
           && msd_equal(mac, bytes + AT_TAG, TAG_SIZE);
    if (ours) {
        memcpy(nonce.mark, mac + TAG_SIZE, MSD_NONCE_MARK_SIZE);
        *out = nonce;
    }
    msd_wipe(mac, sizeof(mac));
    return ours;
}
