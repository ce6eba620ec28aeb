/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PAC of an answer: one buffer, KERB_VALIDATION_INFO ([MS-PAC] 2.5). */
#include "wdigest.h"

#include <string.h>
#include <time.h>

#include <gen_ndr/krb5pac.h>
#include <gen_ndr/ndr_krb5pac.h>

#define NEVER           0x7FFFFFFFFFFFFFFFULL
#define GROUP_LOCAL     0x0004
#define USABLE          0x0007 /* mandatory, enabled by default, enabled */
#define RESOURCE        0x20000000
#define RESOURCES_USED  0x0200
#define NORMAL_ACCOUNT  0x0010
#define EPOCH_SECONDS   11644473600ULL

static bool sid_read(const struct ldb_val *value, struct dom_sid *sid)
{
    if (!value || value->length < 12 || value->data[1] < 1 ||
        value->data[1] > 15 || value->length != 8u + 4u * value->data[1])
        return false;
    *sid = (struct dom_sid){.sid_rev_num = value->data[0],
                            .num_auths = (int8_t)value->data[1]};
    memcpy(sid->id_auth, value->data + 2, 6);
    for (int i = 0; i < sid->num_auths; i++) {
        const uint8_t *at = value->data + 8 + 4 * i;
        sid->sub_auths[i] = (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 |
                            (uint32_t)at[1] << 8 | at[0];
    }
    return true;
}

/* Takes the last part off a SID, and returns it. */
static uint32_t sid_split(struct dom_sid *sid)
{
    uint32_t rid = sid->sub_auths[--sid->num_auths];
    sid->sub_auths[sid->num_auths] = 0;
    return rid;
}

static bool is_local(TALLOC_CTX *mem, struct ldb_context *sam,
                     const struct ldb_val *sid)
{
    static const char *const ATTRIBUTES[] = {"groupType", NULL};
    struct ldb_result *found;
    return ldb_search(sam, mem, &found, ldb_get_default_basedn(sam),
                      LDB_SCOPE_SUBTREE, ATTRIBUTES, "(objectSid=%s)",
                      ldb_binary_encode(mem, *sid)) == LDB_SUCCESS &&
           found->count == 1 &&
           ldb_msg_find_attr_as_int(found->msgs[0], "groupType", 0) &
               GROUP_LOCAL;
}

static void add(TALLOC_CTX *mem, struct samr_RidWithAttributeArray *to,
                uint32_t rid, uint32_t attributes)
{
    to->rids = talloc_realloc(mem, to->rids, struct samr_RidWithAttribute,
                              to->count + 1);
    to->rids[to->count++] =
        (struct samr_RidWithAttribute){.rid = rid, .attributes = attributes};
}

/* Global and universal groups of the domain go to the account's groups, its
 * domain-local ones to the resource groups; the built-in ones of the controller
 * itself are nobody else's business. */
static void groups_of(TALLOC_CTX *mem, struct ldb_context *sam,
                      const struct ldb_message *entry, bool resources,
                      struct PAC_LOGON_INFO *info)
{
    struct netr_SamBaseInfo *base = &info->info3.base;
    const struct ldb_message_element *groups =
        ldb_msg_find_element(entry, "tokenGroups");
    bool primary = false;
    for (unsigned i = 0; groups && i < groups->num_values; i++) {
        struct dom_sid sid;
        if (!sid_read(&groups->values[i], &sid))
            continue;
        uint32_t rid = sid_split(&sid);
        if (memcmp(&sid, base->domain_sid, sizeof sid) != 0)
            continue;
        bool local = is_local(mem, sam, &groups->values[i]);
        if (!local)
            add(mem, &base->groups, rid, USABLE);
        else if (resources)
            add(mem, &info->resource_groups.groups, rid, USABLE | RESOURCE);
        primary = primary || rid == base->primary_gid;
    }
    if (!primary)
        add(mem, &base->groups, base->primary_gid, USABLE);
    if (info->resource_groups.groups.count > 0) {
        info->resource_groups.domain_sid = base->domain_sid;
        base->user_flags |= RESOURCES_USED;
    }
}

static void base_of(TALLOC_CTX *mem, const struct domain *domain,
                    const struct ldb_message *entry,
                    struct netr_SamBaseInfo *base)
{
    base->logon_time = ((uint64_t)time(NULL) + EPOCH_SECONDS) * 10000000;
    base->logoff_time = base->kickoff_time = NEVER;
    base->force_password_change = NEVER;
    base->last_password_change =
        ldb_msg_find_attr_as_uint64(entry, "pwdLastSet", 0);
    base->account_name.string =
        ldb_msg_find_attr_as_string(entry, "sAMAccountName", "");
    base->full_name.string =
        ldb_msg_find_attr_as_string(entry, "displayName", "");
    base->logon_script.string = base->profile_path.string = "";
    base->home_directory.string = base->home_drive.string = "";
    base->primary_gid =
        ldb_msg_find_attr_as_uint(entry, "primaryGroupID", 513);
    base->logon_server.string = talloc_strdup(mem, domain->controller);
    base->logon_domain.string = talloc_strdup(mem, domain->netbios);
    base->acct_flags = NORMAL_ACCOUNT;
}

NTSTATUS pac_write(TALLOC_CTX *mem, struct ldb_context *sam,
                   const struct domain *domain, const struct account *account,
                   bool resources, DATA_BLOB *pac)
{
    static const char *const ATTRIBUTES[] = {
        "sAMAccountName", "displayName", "objectSid", "primaryGroupID",
        "pwdLastSet", "tokenGroups", NULL};
    struct ldb_result *found;
    if (ldb_search(sam, mem, &found, account->dn, LDB_SCOPE_BASE, ATTRIBUTES,
                   NULL) != LDB_SUCCESS ||
        found->count != 1)
        return NT_STATUS_INTERNAL_DB_ERROR;
    const struct ldb_message *entry = found->msgs[0];

    struct PAC_LOGON_INFO *info = talloc_zero(mem, struct PAC_LOGON_INFO);
    struct netr_SamBaseInfo *base = &info->info3.base;
    base->domain_sid = talloc_zero(mem, struct dom_sid);
    if (!sid_read(ldb_msg_find_ldb_val(entry, "objectSid"), base->domain_sid))
        return NT_STATUS_INTERNAL_DB_CORRUPTION;
    base->rid = sid_split(base->domain_sid);
    base_of(mem, domain, entry, base);
    groups_of(mem, sam, entry, resources, info);

    union PAC_INFO content = {.logon_info = {.info = info}};
    struct PAC_BUFFER buffer = {.type = PAC_TYPE_LOGON_INFO, .info = &content};
    struct PAC_DATA data = {.num_buffers = 1, .buffers = &buffer};
    return NDR_ERR_CODE_IS_SUCCESS(ndr_push_struct_blob(
               pac, mem, &data, (ndr_push_flags_fn_t)ndr_push_PAC_DATA))
               ? NT_STATUS_OK
               : NT_STATUS_INTERNAL_ERROR;
}
