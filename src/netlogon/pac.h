/* SPDX-License-Identifier: Apache-2.0 */
/* The groups in a PAC ([MS-PAC]).  It is not signed here: what makes it
 * believed is the sealed channel over which it came. */
#ifndef MSD_NETLOGON_PAC_H
#define MSD_NETLOGON_PAC_H

#include <apr_tables.h>

#include "base/text.h"

/*
 * Read the SIDs of a user's groups: of KERB_VALIDATION_INFO the GroupIds, the
 * PrimaryGroupId, the ExtraSids and the ResourceGroupIds, as far as they are
 * enabled and do not serve denials only.
 * pac: may be empty: no groups.  pool: owns the texts.
 * sids: const char *, "S-1-..."; what is there is kept.
 * Returns NULL on success, else a fixed sentence; sids is then undefined.
 */
const char *msd_pac_read(msd_text_t pac, apr_pool_t *pool,
                         apr_array_header_t *sids);

#endif
