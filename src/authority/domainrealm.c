/* SPDX-License-Identifier: Apache-2.0 */
/* The realms for which a domain controller stores hashes. */
#include "authority/domainrealm.h"

#include <string.h>

#include <apr_lib.h>

static bool is_one_case(msd_text_t text)
{
    bool lower = false;
    bool upper = false;

    for (apr_size_t i = 0; i < text.len; i++) {
        lower = lower || apr_islower(text.data[i]);
        upper = upper || apr_isupper(text.data[i]);
    }
    return !lower || !upper;
}

static bool is_form_of(msd_text_t realm, msd_text_t name)
{
    return msd_text_equal(realm, name)
           || (msd_text_equal_nocase(realm, name) && is_one_case(realm));
}

bool msd_domainrealm_is_hashed(msd_text_t realm, msd_text_t netbios,
                               msd_text_t dns)
{
    if (realm.len == 0 || msd_text_equal(realm, MSD_TEXT("Digest"))) {
        return true;
    }
    if (dns.len == 0 && memchr(realm.data, '.', realm.len) != NULL) {
        return true;
    }
    return is_form_of(realm, netbios) || is_form_of(realm, dns);
}
