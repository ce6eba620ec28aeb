/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests: makes a Samba domain controller answer package WDigest of Netlogon
 * generic pass-through, which stock Samba does not implement.
 *
 * The interface is Samba's own, secure channel included; only the dispatch of
 * NetrLogonSamLogonEx is looked at first. Loaded by LD_PRELOAD, which is also
 * how Samba finds it: its folder of modules for RPC servers does not exist on
 * Debian, and is replaced by MSDIGEST_TESTBED_MODULES. */
#include "wdigest.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dcerpc_server.h>
#include <gen_ndr/dcerpc.h>
#include <gen_ndr/netlogon.h>
#include <param.h>

#define LOGON_EX 39

/* Of Samba's private libraries, which have no installed headers. */
struct netlogon_creds_CredentialState;
NTSTATUS schannel_get_creds_state(TALLOC_CTX *mem, struct loadparm_context *lp,
                                  const char *computer,
                                  struct netlogon_creds_CredentialState **out);
NTSTATUS netlogon_creds_decrypt_samlogon_logon(
    struct netlogon_creds_CredentialState *creds, enum netr_LogonInfoClass level,
    union netr_LogonLevel *logon);
const char *lpcfg_workgroup(struct loadparm_context *);
struct ldb_context *dcesrv_samdb_connect_as_system(TALLOC_CTX *mem,
                                                   struct dcesrv_call_state *);

NTSTATUS samba_init_module(TALLOC_CTX *mem);
char *modules_path(TALLOC_CTX *mem, const char *subsystem);

static struct dcesrv_interface stock, wrapped;

char *modules_path(TALLOC_CTX *mem, const char *subsystem)
{
    const char *ours = getenv("MSDIGEST_TESTBED_MODULES");
    if (ours && subsystem && strcmp(subsystem, "dcerpc_server") == 0)
        return talloc_strdup(mem, ours);
    char *(*theirs)(TALLOC_CTX *, const char *);
    *(void **)&theirs = dlsym(RTLD_NEXT, "modules_path");
    return theirs(mem, subsystem);
}

/* Whether it is ours to answer. What is not, stock Samba refuses or answers. */
static bool is_ours(struct dcesrv_call_state *call,
                    const struct netr_LogonSamLogonEx *r)
{
    enum dcerpc_AuthType type;
    enum dcerpc_AuthLevel level;
    dcesrv_call_auth_info(call, &type, &level);
    return type == DCERPC_AUTH_TYPE_SCHANNEL &&
           level == DCERPC_AUTH_LEVEL_PRIVACY &&
           r->in.logon_level == NetlogonGenericInformation &&
           r->in.validation_level == NetlogonValidationGenericInfo2 &&
           r->in.logon->generic && r->in.logon->generic->package_name.string &&
           strcmp(r->in.logon->generic->package_name.string, "WDigest") == 0;
}

static NTSTATUS decide(TALLOC_CTX *mem, struct dcesrv_call_state *call,
                       const struct question *question, DATA_BLOB *answer)
{
    if (question->type != DIGEST_HTTP)
        return NT_STATUS_INVALID_PARAMETER;
    if (question->algorithm_type != ALGORITHM_MD5_SESS)
        return NT_STATUS(0x8009030A); /* SEC_E_QOP_NOT_SUPPORTED */

    struct loadparm_context *lp = call->conn->dce_ctx->lp_ctx;
    const struct domain domain = {.netbios = lpcfg_workgroup(lp),
                                  .dns = lpcfg_dnsdomain(lp),
                                  .controller = lpcfg_netbios_name(lp)};
    struct ldb_context *sam = dcesrv_samdb_connect_as_system(mem, call);
    if (!sam)
        return NT_STATUS_INTERNAL_DB_ERROR;

    struct account *account;
    NTSTATUS status = account_find(mem, sam, &domain, question, &account);
    if (!NT_STATUS_IS_OK(status))
        return status;
    /* A locked account does not say whether the password was right. */
    if (NT_STATUS_EQUAL(account->state, NT_STATUS_ACCOUNT_LOCKED_OUT))
        return account->state;
    char key[HEX_BYTES + 1];
    if (!question_proven(mem, question, account, key))
        return NT_STATUS_LOGON_FAILURE;
    if (!NT_STATUS_IS_OK(account->state))
        return account->state;

    DATA_BLOB pac;
    status = pac_write(mem, sam, &domain, account,
                       question->flags & FLAG_EXPAND_GROUPS, &pac);
    if (NT_STATUS_IS_OK(status))
        *answer = answer_write(mem, key, pac, account->name);
    return status;
}

static NTSTATUS answer(struct dcesrv_call_state *call, TALLOC_CTX *mem,
                       struct netr_LogonSamLogonEx *r)
{
    struct netlogon_creds_CredentialState *creds;
    NTSTATUS status = schannel_get_creds_state(
        mem, call->conn->dce_ctx->lp_ctx, r->in.computer_name, &creds);
    if (!NT_STATUS_IS_OK(status))
        return status;
    status = netlogon_creds_decrypt_samlogon_logon(creds, r->in.logon_level,
                                                   r->in.logon);
    if (!NT_STATUS_IS_OK(status))
        return status;

    const struct netr_GenericInfo *generic = r->in.logon->generic;
    struct question question;
    status = question_read(mem, generic->data, generic->length, &question);
    if (!NT_STATUS_IS_OK(status))
        return status;
    DATA_BLOB blob = {NULL, 0};
    status = decide(mem, call, &question, &blob);
    fprintf(stderr, "wdigest: \"%s\" in \"%s\" from %s: 0x%08X\n",
            question.username, question.realm, r->in.computer_name,
            NT_STATUS_V(status));
    if (!NT_STATUS_IS_OK(status))
        return status;
    r->out.validation->generic = talloc_zero(mem, struct netr_GenericInfo2);
    r->out.validation->generic->length = (uint32_t)blob.length;
    r->out.validation->generic->data = blob.data;
    return NT_STATUS_OK;
}

static NTSTATUS dispatch(struct dcesrv_call_state *call, TALLOC_CTX *mem,
                         void *request)
{
    struct netr_LogonSamLogonEx *r = request;
    if (call->pkt.u.request.opnum != LOGON_EX || !is_ours(call, r))
        return stock.dispatch(call, mem, request);
    *r->out.validation = (union netr_Validation){NULL};
    *r->out.authoritative = 1;
    *r->out.flags = *r->in.flags;
    r->out.result = answer(call, mem, r);
    return NT_STATUS_OK;
}

static NTSTATUS init_server(struct dcesrv_context *context,
                            const struct dcesrv_endpoint_server *self)
{
    (void)self;
    const struct dcesrv_endpoint_server *theirs =
        dcesrv_ep_server_byname("netlogon");
    if (!theirs || !theirs->interface_by_name(&stock, "netlogon"))
        return NT_STATUS_UNSUCCESSFUL;
    wrapped = stock;
    wrapped.dispatch = dispatch;
    static const char *const ENDPOINTS[] = {"ncacn_np:[\\pipe\\netlogon]",
                                            "ncacn_ip_tcp:"};
    for (size_t i = 0; i < sizeof ENDPOINTS / sizeof *ENDPOINTS; i++) {
        NTSTATUS status = dcesrv_interface_register(context, ENDPOINTS[i], NULL,
                                                    &wrapped, NULL);
        if (!NT_STATUS_IS_OK(status))
            return status;
    }
    return NT_STATUS_OK;
}

static NTSTATUS shutdown_server(struct dcesrv_context *context,
                                const struct dcesrv_endpoint_server *self)
{
    (void)context;
    (void)self;
    return NT_STATUS_OK;
}

static bool by_uuid(struct dcesrv_interface *iface, const struct GUID *uuid,
                    uint32_t version)
{
    (void)iface;
    (void)uuid;
    (void)version;
    return false;
}

static bool by_name(struct dcesrv_interface *iface, const char *name)
{
    (void)iface;
    (void)name;
    return false;
}

NTSTATUS samba_init_module(TALLOC_CTX *mem)
{
    (void)mem;
    static const struct dcesrv_endpoint_server SERVER = {
        .name = "netlogon_wdigest",
        .init_server = init_server,
        .shutdown_server = shutdown_server,
        .interface_by_uuid = by_uuid,
        .interface_by_name = by_name,
    };
    return dcerpc_register_ep_server(&SERVER);
}
