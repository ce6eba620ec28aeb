/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of a context store: who keeps the records. */
#ifndef MSD_CONTEXT_STORE_H
#define MSD_CONTEXT_STORE_H

#include <stdint.h>

#include <apr_errno.h>

#include "base/groups.h"

/* The longest record, in bytes, of a user without groups and of any. */
#define MSD_STORE_SHORT_MAX 512
#define MSD_STORE_RECORD_MAX (MSD_STORE_SHORT_MAX + MSD_GROUPS_MAX)

/* What get returns when whoever keeps the records does not answer, and cannot
 * be done without. */
#define MSD_STORE_UNAVAILABLE (APR_OS_START_USERERR + 1)

/*
 * A store may lose any record at any time; that costs a trip to the authority,
 * never a login.  It may not hand out bytes that were not stored under the
 * same id.  Ids are MSD_CONTEXT_ID_SIZE random bytes.
 */
typedef struct msd_store_t {
    void *self;     /* the first argument of each call */

    /*
     * Fetch a record.
     * record: room for MSD_STORE_RECORD_MAX bytes.  len: set to its length; 0
     * means that the context was revoked.
     * Returns APR_SUCCESS, APR_NOTFOUND, or what went wrong.
     */
    apr_status_t (*get)(void *self, const unsigned char *id,
                        unsigned char *record, apr_size_t *len);

    /*
     * Keep a record, unless the context was revoked.
     * len: 1 to MSD_STORE_RECORD_MAX.  ttl_ms: how long it is wanted, in
     * milliseconds, more than 0.
     */
    apr_status_t (*put)(void *self, const unsigned char *id,
                        const unsigned char *record, apr_size_t len,
                        uint64_t ttl_ms);

    /* Replace a record by a mark that it was revoked, and keep that. */
    apr_status_t (*revoke)(void *self, const unsigned char *id,
                           uint64_t ttl_ms);
} msd_store_t;

#endif
