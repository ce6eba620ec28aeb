/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider keeps of a user, in the place of one htdigest hash. */
#include "authority/credential.h"

#include <string.h>

static const char *const marks[] = {
    [MSD_HASH_MD5] = "MD5=",
    [MSD_HASH_SHA256] = "SHA-256=",
    [MSD_HASH_SHA512_256] = "SHA-512-256=",
};

_Static_assert(sizeof(marks) / sizeof(marks[0]) == MSD_HASH_COUNT,
               "one mark for each hash");

const char *msd_credential_mark(msd_hash_id_t hash)
{
    return marks[hash];
}

/* Take a mark away from an item.  Returns whether it was there. */
static bool take_mark(msd_text_t *item, const char *mark)
{
    apr_size_t len = strlen(mark);

    if (item->len < len
        || !msd_text_equal_nocase((msd_text_t){ item->data, len },
                                  (msd_text_t){ mark, len })) {
        return false;
    }
    *item = (msd_text_t){ item->data + len, item->len - len };
    return true;
}

/* An item without a mark is of the kind that its length tells. */
static bool is_plain(msd_text_t item, msd_hash_id_t hash)
{
    return hash != MSD_HASH_SHA512_256
           && memchr(item.data, '=', item.len) == NULL
           && item.len == 2 * msd_hash_size(hash);
}

static void read_item(msd_text_t item, msd_hash_id_t hash,
                      msd_credential_t *out)
{
    if (take_mark(&item, "user=")) {
        out->user = item;
        return;
    }
    if (out->count < MSD_CREDENTIAL_HASHES
        && (take_mark(&item, marks[hash]) || is_plain(item, hash))
        && msd_hex_decode(item, out->keys[out->count], msd_hash_size(hash))) {
        out->count++;
    }
}

void msd_credential_read(msd_text_t field, msd_hash_id_t hash,
                         msd_credential_t *out)
{
    memset(out, 0, sizeof(*out));
    while (field.len > 0) {
        const char *comma = memchr(field.data, ',', field.len);
        msd_text_t item = field;

        if (comma != NULL) {
            item.len = (apr_size_t)(comma - field.data);
        }
        read_item(item, hash, out);
        field.data += item.len;
        field.len -= item.len;
        if (comma != NULL) {
            field = (msd_text_t){ field.data + 1, field.len - 1 };
        }
    }
}
