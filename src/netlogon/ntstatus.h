/* SPDX-License-Identifier: Apache-2.0 */
/* What the statuses of a domain controller mean ([MS-ERREF] 2.3.1). */
#ifndef MSD_NETLOGON_NTSTATUS_H
#define MSD_NETLOGON_NTSTATUS_H

#include <stdint.h>

typedef enum {
    MSD_NTSTATUS_GRANTED,
    MSD_NTSTATUS_DENIED,
    MSD_NTSTATUS_UNKNOWN,       /* there is no such user */
    MSD_NTSTATUS_ELSEWHERE,     /* this controller cannot; another may */
    MSD_NTSTATUS_RENEW,         /* the channel may be stale: renew it once */
    MSD_NTSTATUS_MISCONFIGURED, /* somebody must change something */
    MSD_NTSTATUS_ERROR          /* whatever else */
} msd_ntstatus_kind_t;

#define MSD_NTSTATUS_ACCESS_DENIED 0xc0000022
#define MSD_NTSTATUS_INVALID_PARAMETER 0xc000000d

typedef struct {
    uint32_t status;
    msd_ntstatus_kind_t kind;
    const char *meaning;        /* a fixed sentence for the log */
} msd_ntstatus_t;

/*
 * The meaning of a status of NetrLogonSamLogonEx.  One that is not known is an
 * error: never denied, and never granted.
 */
const msd_ntstatus_t *msd_ntstatus_find(uint32_t status);

#endif
