/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The account that a question names, its state, and its stored hashes. */
#include "wdigest.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include <gen_ndr/ndr_drsblobs.h>

/* userAccountControl, and what is computed for it ([MS-ADTS] 2.2.16). */
#define UAC_DISABLED 0x0002
#define UAC_LOCKED   0x0010
#define UAC_EXPIRED  0x800000 /* the password */

#define NO_EXPIRY     INT64_MAX
#define EPOCH_SECONDS 11644473600LL

static bool is_domain(const struct domain *domain, const char *name)
{
    return strcasecmp(name, domain->netbios) == 0 ||
           strcasecmp(name, domain->dns) == 0;
}

static struct ldb_message *search(TALLOC_CTX *mem, struct ldb_context *sam,
                                  const char *attribute, const char *value)
{
    static const char *const ATTRIBUTES[] = {"sAMAccountName", NULL};
    struct ldb_result *found;
    int code = ldb_search(sam, mem, &found, ldb_get_default_basedn(sam),
                          LDB_SCOPE_SUBTREE, ATTRIBUTES,
                          "(&(objectClass=user)(%s=%s))", attribute,
                          ldb_binary_encode_string(mem, value));
    return code == LDB_SUCCESS && found->count == 1 ? found->msgs[0] : NULL;
}

/* user@domain: the attribute, or else the name that everybody has. */
static struct ldb_message *by_principal(TALLOC_CTX *mem,
                                        struct ldb_context *sam,
                                        const struct domain *domain,
                                        const char *user)
{
    struct ldb_message *found = search(mem, sam, "userPrincipalName", user);
    const char *at = strrchr(user, '@');
    if (found || !is_domain(domain, at + 1))
        return found;
    return search(mem, sam, "sAMAccountName",
                  talloc_strndup(mem, user, (size_t)(at - user)));
}

/* The three forms of a name: DOMAIN\user, user@domain, user of a realm.
 * `foreign` is set where it belongs to a domain that this is not. */
static struct ldb_message *by_name(TALLOC_CTX *mem, struct ldb_context *sam,
                                   const struct domain *domain,
                                   const char *user, const char *realm,
                                   bool *foreign)
{
    const char *slash = strchr(user, '\\');
    if (slash) {
        *foreign = !is_domain(
            domain, talloc_strndup(mem, user, (size_t)(slash - user)));
        return *foreign ? NULL : search(mem, sam, "sAMAccountName", slash + 1);
    }
    bool anywhere = *realm == '\0' || strcasecmp(realm, "Digest") == 0;
    if (strchr(user, '@') && anywhere)
        return by_principal(mem, sam, domain, user);
    *foreign = !anywhere && !is_domain(domain, realm);
    return *foreign ? NULL : search(mem, sam, "sAMAccountName", user);
}

/* The name with each doubled backslash single. */
static const char *unescaped(TALLOC_CTX *mem, const char *name)
{
    char *copy = talloc_strdup(mem, name), *to = copy;
    for (; *name; name++) {
        *to++ = *name;
        if (name[0] == '\\' && name[1] == '\\')
            name++;
    }
    *to = '\0';
    return copy;
}

static NTSTATUS state_of(const struct ldb_message *entry)
{
    uint32_t control =
        ldb_msg_find_attr_as_uint(entry, "userAccountControl", 0);
    uint32_t computed = ldb_msg_find_attr_as_uint(
        entry, "msDS-User-Account-Control-Computed", 0);
    int64_t expires = ldb_msg_find_attr_as_int64(entry, "accountExpires", 0);
    int64_t now = ((int64_t)time(NULL) + EPOCH_SECONDS) * 10000000;
    if (computed & UAC_LOCKED)
        return NT_STATUS_ACCOUNT_LOCKED_OUT;
    if (control & UAC_DISABLED)
        return NT_STATUS_ACCOUNT_DISABLED;
    if (expires != 0 && expires != NO_EXPIRY && expires < now)
        return NT_STATUS_ACCOUNT_EXPIRED;
    if (ldb_msg_find_attr_as_int64(entry, "pwdLastSet", 0) == 0)
        return NT_STATUS_PASSWORD_MUST_CHANGE;
    if (computed & UAC_EXPIRED)
        return NT_STATUS_PASSWORD_EXPIRED;
    return NT_STATUS_OK;
}

static int digit(char c)
{
    const char *digits = "0123456789ABCDEF";
    const char *at = c ? strchr(digits, c >= 'a' ? c - 32 : c) : NULL;
    return at ? (int)(at - digits) : 0;
}

/* Primary:WDigest ([MS-SAMR] 2.2.10.3), in hex inside supplementalCredentials:
 * 16 bytes of which the fourth is the number of hashes, and the hashes. */
static void hashes_of(TALLOC_CTX *mem, const struct ldb_message *entry,
                      struct account *account)
{
    const struct ldb_val *value =
        ldb_msg_find_ldb_val(entry, "supplementalCredentials");
    if (!value)
        return;
    const DATA_BLOB blob = {value->data, value->length};
    struct supplementalCredentialsBlob all;
    if (!NDR_ERR_CODE_IS_SUCCESS(ndr_pull_struct_blob(
            &blob, mem, &all,
            (ndr_pull_flags_fn_t)ndr_pull_supplementalCredentialsBlob)))
        return;
    for (uint16_t i = 0; i < all.sub.num_packages; i++) {
        const struct supplementalCredentialsPackage *package =
            &all.sub.packages[i];
        size_t bytes = strlen(package->data) / 2;
        if (strcmp(package->name, "Primary:WDigest") != 0 || bytes < HASH_BYTES)
            continue;
        uint8_t *into = account->hashes[0];
        const char *hex = package->data + 2 * HASH_BYTES;
        account->hash_count = (unsigned)(bytes / HASH_BYTES - 1);
        if (account->hash_count > MAX_HASHES)
            account->hash_count = MAX_HASHES;
        for (size_t j = 0; j < account->hash_count * HASH_BYTES; j++)
            into[j] = (uint8_t)(digit(hex[2 * j]) << 4 | digit(hex[2 * j + 1]));
    }
}

NTSTATUS account_find(TALLOC_CTX *mem, struct ldb_context *sam,
                      const struct domain *domain, const struct question *q,
                      struct account **account)
{
    bool finds = q->flags & FLAG_DC_FINDS_FORM, foreign = false;
    const char *user = finds ? q->username : q->account;
    const char *realm = finds ? q->realm : q->domain;
    struct ldb_message *named =
        by_name(mem, sam, domain, user, realm, &foreign);
    if (!named && q->flags & FLAG_TRY_UNESCAPED)
        named = by_name(mem, sam, domain, unescaped(mem, user), realm,
                        &foreign);
    if (!named)
        return finds && !foreign ? NT_STATUS_LOGON_FAILURE
                                 : NT_STATUS_NO_SUCH_USER;

    static const char *const ATTRIBUTES[] = {
        "sAMAccountName", "supplementalCredentials", "userAccountControl",
        "msDS-User-Account-Control-Computed", "accountExpires", "pwdLastSet",
        NULL};
    struct ldb_result *found;
    if (ldb_search(sam, mem, &found, named->dn, LDB_SCOPE_BASE, ATTRIBUTES,
                   NULL) != LDB_SUCCESS ||
        found->count != 1)
        return NT_STATUS_INTERNAL_DB_ERROR;
    struct ldb_message *entry = found->msgs[0];
    struct account *a = talloc_zero(mem, struct account);
    a->dn = entry->dn;
    a->name = ldb_msg_find_attr_as_string(entry, "sAMAccountName", "");
    a->state = state_of(entry);
    hashes_of(mem, entry, a);
    *account = a;
    return NT_STATUS_OK;
}
