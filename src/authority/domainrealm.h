/* SPDX-License-Identifier: Apache-2.0 */
/* The realms for which a domain controller stores hashes. */
#ifndef MSD_AUTHORITY_DOMAINREALM_H
#define MSD_AUTHORITY_DOMAINREALM_H

#include <stdbool.h>

#include "base/text.h"

/*
 * Whether a domain has hashes for a realm: its NetBIOS and its DNS name, each
 * as it is written, in lower and in upper case, "Digest", and the empty realm
 * ([MS-SAMR] 3.1.1.8.11.3.1).
 * realm: as clients hash it.  netbios, dns: the names of the domain, ASCII;
 * dns may be empty where it is not known, and a realm with a dot is taken for
 * it then.
 */
bool msd_domainrealm_is_hashed(msd_text_t realm, msd_text_t netbios,
                               msd_text_t dns);

#endif
