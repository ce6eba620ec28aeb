/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that this process has verified: HMAC runs once for each. */
#ifndef MSD_CONTEXT_NONCECACHE_H
#define MSD_CONTEXT_NONCECACHE_H

#include "context/nonce.h"

/*
 * A bounded table of one process, shared by its threads without a lock.  It
 * only saves time: whatever it has forgotten is computed again.  It may outlive
 * a nonce key, as the mark of each entry names the key, too.
 */
typedef struct msd_noncecache_t msd_noncecache_t;

/* Make an empty table.  pool: owns it. */
msd_noncecache_t *msd_noncecache_create(apr_pool_t *pool);

/*
 * Look a nonce up that was verified before; nothing is computed.
 * cache: may be NULL.  mark: that under which it was verified.
 * out: set only when it is found.
 */
bool msd_noncecache_find(msd_noncecache_t *cache, uint64_t mark,
                         msd_text_t text, msd_nonce_t *out);

/*
 * msd_nonce_open through the table.
 * cache: may be NULL.  mark: of scope and key (a keyed hash of the one, the
 * nonce_mark of the other), so that a nonce is found again only in the scope
 * for which it was verified, and while its key is good.
 * The other arguments and the result are those of msd_nonce_open.
 */
bool msd_noncecache_open(msd_noncecache_t *cache, msd_hmac_t *key,
                         msd_text_t scope, uint64_t mark, msd_text_t text,
                         msd_nonce_t *out);

#endif
