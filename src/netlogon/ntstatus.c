/* SPDX-License-Identifier: Apache-2.0 */
/* What the statuses of a domain controller mean ([MS-ERREF] 2.3.1). */
#include "netlogon/ntstatus.h"

#include <stddef.h>

#define DENIED MSD_NTSTATUS_DENIED
#define ELSEWHERE MSD_NTSTATUS_ELSEWHERE
#define MISCONFIGURED MSD_NTSTATUS_MISCONFIGURED
#define RENEW MSD_NTSTATUS_RENEW

static const char no_wdigest[] =
    "the domain controller does not do WDigest: it must be a Windows domain "
    "controller, or Samba with a plugin that answers the package WDigest";
static const char trust[] = "the trust of the machine account is broken; "
                            "check AuthMSDigestNetlogonAccount and -Secret";
static const char policy[] = "the domain's policy denies the user";
static const char busy[] = "the domain controller cannot answer";

static const msd_ntstatus_t known[] = {
    { 0x00000000, MSD_NTSTATUS_GRANTED, "granted" },
    { 0xc000006d, DENIED, "wrong password" },
    { 0xc000006a, DENIED, "wrong password" },
    { 0xc0000064, MSD_NTSTATUS_UNKNOWN, "user is unknown" },
    { 0xc00000df, MSD_NTSTATUS_UNKNOWN, "the user's domain is unknown" },
    { 0xc0000234, DENIED, "the account is locked" },
    { 0xc0000072, DENIED, "the account is disabled" },
    { 0xc0000193, DENIED, "the account has expired" },
    { 0xc0000071, DENIED, "the password has expired" },
    { 0xc0000224, DENIED, "the password must be changed" },
    { 0xc000006e, DENIED, policy },
    { 0xc000006f, DENIED, policy },
    { 0xc0000070, DENIED, policy },
    { 0xc000015b, DENIED, policy },
    { 0xc0000413, DENIED, policy },
    { 0xc0000198, DENIED, "it is an account of a trust" },
    { 0xc0000199, DENIED, "it is an account of a trust" },
    { 0xc000019a, DENIED, "it is an account of a trust" },
    { 0xc000005e, ELSEWHERE, busy },
    { 0xc0000192, ELSEWHERE, busy },
    { 0xc00000dc, ELSEWHERE, busy },
    { 0xc0000233, ELSEWHERE, busy },
    { 0xc00002a5, ELSEWHERE, busy },
    { 0xc00002a6, ELSEWHERE, busy },
    { 0xc0000017, ELSEWHERE, busy },
    { 0xc000009a, ELSEWHERE, busy },
    { 0xc000007f, ELSEWHERE, busy },
    { 0xc00000e5, ELSEWHERE, busy },
    { MSD_NTSTATUS_ACCESS_DENIED, RENEW,
      "the domain controller refuses the machine account" },
    { MSD_NTSTATUS_INVALID_PARAMETER, RENEW, no_wdigest },
    { 0x80090308, RENEW, "the secure channel is broken" },
    { 0x8009030f, RENEW, "the secure channel is broken" },
    { 0x80090310, RENEW, "the secure channel is broken" },
    { 0xc000018b, MISCONFIGURED,
      "the domain has no such machine account; check "
      "AuthMSDigestNetlogonAccount" },
    { 0xc000018a, MISCONFIGURED, trust },
    { 0xc000018d, MISCONFIGURED, trust },
    { 0xc000018c, MISCONFIGURED, trust },
    { 0xc0000388, MISCONFIGURED,
      "the domain controller wants other algorithms than AES" },
    { 0xc0000122, MISCONFIGURED,
      "the domain controller has another name; give its own in "
      "AuthMSDigestNetlogonServer" },
    { 0xc0000003, MISCONFIGURED, no_wdigest },
    { 0xc00000bb, MISCONFIGURED, no_wdigest },
    { 0xc0000002, MISCONFIGURED, no_wdigest },
    { 0xc00000fe, MISCONFIGURED, no_wdigest },
    { 0x80090305, MISCONFIGURED, no_wdigest },
    { 0x8009030a, MISCONFIGURED,
      "the domain controller proves MD5-sess only" },
    { 0xc0000133, MISCONFIGURED, "the clocks differ" },
};

const msd_ntstatus_t *msd_ntstatus_find(uint32_t status)
{
    static const msd_ntstatus_t unknown = {
        0xffffffff, MSD_NTSTATUS_ERROR,
        "the domain controller answers with a status that is not known"
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status) {
            return &known[i];
        }
    }
    return &unknown;
}
