/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of one user in a password file. */
#include "entry.h"

#include <string.h>

#include <apr_strings.h>

#include "authority/credential.h"

/* The name and password that a client hashes. */
typedef struct {
    msd_text_t user;
    msd_text_t password;
} login_t;

/* In UTF-8, and in ISO 8859-1 as far as that can be: some clients convert
 * whichever of the two has the characters (.NET), some obey charset=utf-8.
 * Returns how many different ones there are. */
static int encode(const msdigest_entry_t *entry, login_t *logins)
{
    msd_text_t utf8 = msdigest_secret_utf8(&entry->password, entry->pool);
    msd_text_t latin1 = msdigest_secret_latin1(&entry->password, entry->pool);

    logins[0] = (login_t){ entry->owner.user, utf8 };
    logins[1] = (login_t){ entry->owner.latin1, latin1 };
    return msd_text_equal(entry->owner.user, entry->owner.latin1)
                   && msd_text_equal(utf8, latin1)
               ? 1
               : 2;
}

/* One hash for a field.  Returns NULL when OpenSSL cannot. */
static const char *hash_item(const msdigest_entry_t *entry, msd_hash_id_t hash,
                             const login_t *login)
{
    const msd_text_t parts[] = { login->user, entry->owner.realm,
                                 login->password };
    unsigned char key[MSD_HASH_MAX];
    char hex[2 * MSD_HASH_MAX + 1];
    apr_size_t size = msd_hash_size(hash);
    const char *mark = hash == MSD_HASH_SHA512_256 ? msd_credential_mark(hash)
                                                   : "";

    if (msd_hash_joined(entry->hasher, hash, parts, 3, key) != APR_SUCCESS) {
        return NULL;
    }
    msd_hex_encode(key, size, hex);
    hex[2 * size] = '\0';
    msd_wipe(key, sizeof(key));
    return apr_pstrcat(entry->pool, mark, hex, NULL);
}

/* The field: see credential.h.  Returns NULL when OpenSSL cannot. */
static const char *make_field(const msdigest_entry_t *entry)
{
    const char *field = "";
    login_t logins[2];
    int n = encode(entry, logins);

    for (int i = 0; field != NULL && i < n * MSD_HASH_COUNT; i++) {
        msd_hash_id_t hash = (msd_hash_id_t)(i / n);
        const char *item;

        if (!entry->hashes[hash]) {
            continue;
        }
        item = hash_item(entry, hash, &logins[i % n]);
        field = item == NULL ? NULL
                             : apr_pstrcat(entry->pool, field,
                                           *field ? "," : "", item, NULL);
    }
    msdigest_secret_forget(logins[0].password);
    msdigest_secret_forget(logins[1].password);
    return field;
}

/* The empty realm is kept as one blank, as httpd reads two colons as one. */
static const char *realm_in_file(const msdigest_entry_t *entry)
{
    msd_text_t realm = entry->owner.realm;

    return realm.len == 0 ? " "
                          : apr_pstrmemdup(entry->pool, realm.data, realm.len);
}

/* The line under a hash of the name, for userhash=true (RFC 7616 section
 * 3.4.4); its charset is UTF-8. */
static const char *userhash_line(const msdigest_entry_t *entry,
                                 msd_hash_id_t hash, const char *field)
{
    const msd_text_t parts[] = { entry->owner.user, entry->owner.realm };
    unsigned char name[MSD_HASH_MAX];
    char hex[2 * MSD_HASH_MAX + 1];
    apr_size_t size = msd_hash_size(hash);

    if (msd_hash_joined(entry->hasher, hash, parts, 2, name) != APR_SUCCESS) {
        return NULL;
    }
    msd_hex_encode(name, size, hex);
    hex[2 * size] = '\0';
    return apr_psprintf(entry->pool, "%s:%s:user=%.*s,%s\n", hex,
                        realm_in_file(entry), (int)entry->owner.user.len,
                        entry->owner.user.data, field);
}

static const char *check_line(const char *line)
{
    return strlen(line) <= MSDIGEST_LINE_MAX ? NULL
                                             : "the line would be too long";
}

const char *msdigest_entry_format(const msdigest_entry_t *entry,
                                  const char **out)
{
    apr_pool_t *pool = entry->pool;
    const char *field = make_field(entry);
    const char *fault;

    if (field == NULL) {
        return "OpenSSL does not give this hash: its policy may forbid MD5";
    }
    *out = apr_psprintf(pool, "%.*s:%s:%s\n", (int)entry->owner.user.len,
                        entry->owner.user.data, realm_in_file(entry), field);
    fault = check_line(*out);
    for (int hash = 0;
         entry->userhash && fault == NULL && hash < MSD_HASH_COUNT; hash++) {
        const char *line = entry->hashes[hash] ? userhash_line(
                               entry, (msd_hash_id_t)hash, field)
                                               : "";

        fault = line == NULL ? "OpenSSL cannot hash" : check_line(line);
        *out = apr_pstrcat(pool, *out, line, NULL);
    }
    return fault;
}
