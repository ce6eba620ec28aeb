/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a machine account: from its password to a session key. */
#include "netlogon/machinekey.h"

#include <string.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "netlogon/cfb8.h"
#include "netlogon/md4.h"
#include "netlogon/utf16.h"

/* A password of a computer has 120 characters, or 240 bytes. */
#define PASSWORD_MAX 1024

/* How many of a challenge's bytes must not all be repeated. */
#define JUDGED 5

static const char hash_prefix[] = "nthash:";

static bool begins_with(msd_text_t text, const char *prefix, apr_size_t n)
{
    return text.len >= n && memcmp(text.data, prefix, n) == 0;
}

static const char *read_hash(msd_text_t hex, unsigned char *out)
{
    return msd_hex_decode(hex, out, MSD_MACHINEKEY_SIZE)
               ? NULL
               : "nthash: with 32 hexadecimal digits";
}

const char *msd_machinekey_read(msd_text_t secret, unsigned char *out)
{
    unsigned char wide[2 * PASSWORD_MAX];
    const apr_size_t prefix = sizeof(hash_prefix) - 1;

    if (begins_with(secret, hash_prefix, prefix)) {
        return read_hash((msd_text_t){ secret.data + prefix,
                                       secret.len - prefix },
                         out);
    }
    if (secret.len == 0 || secret.len > PASSWORD_MAX
        || !msd_utf8_is_valid(secret)) {
        return "a password of 1 to 1024 bytes in UTF-8, or nthash: with 32 "
               "hexadecimal digits";
    }
    msd_md4(wide, msd_utf16_encode(secret, wide), out);
    msd_wipe(wide, sizeof(wide));
    return NULL;
}

bool msd_machinekey_is_challenge(const unsigned char *challenge)
{
    for (int i = 0; i < JUDGED; i++) {
        int same = 0;

        for (int j = 0; j < JUDGED; j++) {
            same += challenge[j] == challenge[i];
        }
        if (same == 1) {
            return true;
        }
    }
    return false;
}

apr_status_t msd_machinekey_session(const unsigned char *nt_hash,
                                    const unsigned char *client_challenge,
                                    const unsigned char *server_challenge,
                                    apr_pool_t *pool, unsigned char *out)
{
    const msd_text_t parts[] = {
        { (const char *)client_challenge, MSD_MACHINEKEY_CHALLENGE },
        { (const char *)server_challenge, MSD_MACHINEKEY_CHALLENGE },
    };
    /* HMAC pads a short key with zeros, so padding it here changes nothing. */
    unsigned char key[MSD_HMAC_SIZE] = { 0 };
    unsigned char mac[MSD_HMAC_SIZE];
    apr_status_t status = APR_EGENERAL;
    msd_hmac_t *hmac;

    memcpy(key, nt_hash, MSD_MACHINEKEY_SIZE);
    hmac = msd_hmac_create(pool, key);
    if (hmac != NULL) {
        status = msd_hmac(hmac, parts, 2, mac);
    }
    if (status == APR_SUCCESS) {
        memcpy(out, mac, MSD_MACHINEKEY_SIZE);
    }
    msd_wipe(key, sizeof(key));
    msd_wipe(mac, sizeof(mac));
    return status;
}

apr_status_t msd_machinekey_credential(const unsigned char *session_key,
                                       const unsigned char *challenge,
                                       unsigned char *out)
{
    const msd_cfb8_t how = { session_key, NULL, true };
    const msd_cfb8_piece_t piece = { out, MSD_MACHINEKEY_CHALLENGE };

    memcpy(out, challenge, MSD_MACHINEKEY_CHALLENGE);
    return msd_cfb8(&how, &piece, 1);
}
