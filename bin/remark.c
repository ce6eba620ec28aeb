/* SPDX-License-Identifier: Apache-2.0 */
/* Why a server refuses a response that verifies. */
#include "remark.h"

#include <stdio.h>

#include "digest/uri.h"
#include "form.h"
#include "report.h"

static bool fits_algorithm(const msdigest_remark_t *asked,
                           const msd_credentials_t *credentials)
{
    msd_algorithm_t algorithm = credentials->algorithm;
    bool downgrade = algorithm == MSD_ALGORITHM_MD5
                     && asked->algorithms[MSD_ALGORITHM_MD5_SESS];

    if (!asked->algorithms_known || asked->algorithms[algorithm]) {
        return true;
    }
    msdigest_report_finding(
        "but the algorithm was not offered",
        msd_text_of(msd_algorithm_name(algorithm)),
        downgrade ? "offer MD5 behind MD5-sess (AuthMSDigestAlgorithm "
                    "MD5-sess MD5), or AuthMSDigestCompat plain-md5"
                  : "AuthMSDigestAlgorithm must name it");
    return false;
}

static bool fits_realm(const msdigest_remark_t *asked,
                       const msd_credentials_t *credentials)
{
    msd_text_t realm = asked->known->realm;

    if (realm.len == 0 || msd_text_equal(realm, credentials->realm)) {
        return true;
    }
    msdigest_report_finding("but the realm is not the one of the server",
                            credentials->realm,
                            "AuthMSDigestRealm lists more realms that clients "
                            "may use");
    return false;
}

/* The authority of an absolute form; empty: none. */
static msd_text_t authority_of(msd_text_t uri, msd_text_t scheme)
{
    if (uri.len < scheme.len
        || !msd_text_equal_nocase((msd_text_t){ uri.data, scheme.len },
                                  scheme)) {
        return MSD_TEXT("");
    }
    uri = msdigest_form_until(msdigest_form_behind(uri, scheme.len), '/');
    return msdigest_form_until(uri, '?');
}

/* The host is not known: whichever the uri or the target names is taken for
 * it. */
static msd_uri_target_t target_of(msd_text_t target, msd_text_t uri)
{
    const msd_text_t plain = MSD_TEXT("http://");
    const msd_text_t secure = MSD_TEXT("https://");
    msd_text_t sources[] = { target, uri };
    msd_uri_target_t out = { target, MSD_TEXT(""), false };

    for (int i = 0; i < 2 && out.authority.len == 0; i++) {
        out.authority = authority_of(sources[i], secure);
        out.secure = out.authority.len > 0;
        if (!out.secure) {
            out.authority = authority_of(sources[i], plain);
        }
    }
    return out;
}

static const char *uri_advice(msd_text_t uri, const msd_uri_target_t *target)
{
    if (msd_uri_matches(uri, target,
                        (msd_uri_rules_t){ .match = MSD_URI_PATH })) {
        return "the client leaves the query out: AuthMSDigestUriMatch path";
    }
    if (msd_uri_matches(
            uri, target,
            (msd_uri_rules_t){ .match = MSD_URI_EXACT, .escapes = true })) {
        return "the client escapes otherwise: AuthMSDigestCompat uri-escapes";
    }
    return "a proxy between rewrites the path, or the client sent the header "
           "of another request";
}

static bool fits_uri(const msdigest_remark_t *asked,
                     const msd_credentials_t *credentials)
{
    msd_uri_target_t target = target_of(asked->known->target,
                                        credentials->uri);
    const msd_uri_rules_t exact = { .match = MSD_URI_EXACT };

    if (target.target.len == 0
        || msd_uri_matches(credentials->uri, &target, exact)) {
        return true;
    }
    msdigest_report_finding("but the uri is not the target of the request",
                            credentials->uri,
                            uri_advice(credentials->uri, &target));
    return false;
}

static bool fits_userhash(const msdigest_remark_t *asked,
                          const msd_credentials_t *credentials,
                          msd_hasher_t *hasher)
{
    const msd_text_t parts[] = { asked->known->user, credentials->realm };
    msd_hash_id_t id = msd_algorithm_hash(credentials->algorithm);
    apr_size_t size = msd_hash_size(id);
    unsigned char made[MSD_HASH_MAX];
    unsigned char sent[MSD_HASH_MAX];

    if (!credentials->userhash || asked->known->user.len == 0) {
        return true;
    }
    if (msd_hash_joined(hasher, id, parts, 2, made) == APR_SUCCESS
        && msd_hex_decode(credentials->username.value, sent, size)
        && msd_equal(made, sent, size)) {
        return true;
    }
    msdigest_report_finding("but the user name that is sent is not the hash "
                            "of this name",
                            asked->known->user,
                            "the client must hash the name as UTF-8, by the "
                            "algorithm that it names");
    return false;
}

bool msdigest_remark(const msdigest_remark_t *asked,
                     const msd_credentials_t *credentials,
                     msd_hasher_t *hasher)
{
    bool fits = fits_algorithm(asked, credentials);

    fits &= fits_realm(asked, credentials);
    fits &= fits_uri(asked, credentials);
    fits &= fits_userhash(asked, credentials, hasher);
    if (!fits) {
        puts("so a server refuses it");
    }
    return fits;
}
