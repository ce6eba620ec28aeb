/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that are malformed in a way that clients are known for. */
#include "repair.h"

#include "capture.h"
#include "form.h"

/* The header with another algorithm. */
static msd_text_t with_algorithm(msd_text_t header, msd_text_t name,
                                 apr_pool_t *pool)
{
    msdigest_capture_param_t param;
    msd_text_t before;
    msd_text_t behind;
    apr_size_t at;

    if (!msdigest_capture_named(header, MSD_TEXT("algorithm"), &param)) {
        return msdigest_form_join(header, MSD_TEXT(",algorithm="), name, pool);
    }
    at = (apr_size_t)(param.value.data - header.data);
    before = (msd_text_t){ header.data, at };
    behind = msdigest_form_behind(header, at + param.value.len);
    return msdigest_form_join(before, name, behind, pool);
}

/* A response of another length than that of its algorithm's hash: the client
 * computed another one than it names. */
static bool repair_algorithm(msd_text_t header, apr_pool_t *pool,
                             msd_credentials_t *out, msdigest_choice_t *what)
{
    static const msd_text_t suffix = { "-sess", 5 };
    msdigest_capture_param_t response;
    msdigest_capture_param_t named;
    bool session = false;
    msd_text_t name;

    if (!msdigest_capture_named(header, MSD_TEXT("response"), &response)) {
        return false;
    }
    if (msdigest_capture_named(header, MSD_TEXT("algorithm"), &named)
        && named.value.len > suffix.len) {
        msd_text_t end = msdigest_form_behind(named.value,
                                              named.value.len - suffix.len);

        session = msd_text_equal_nocase(end, suffix);
    }
    if (response.value.len == 2 * msd_hash_size(MSD_HASH_MD5)) {
        name = session ? MSD_TEXT("MD5-sess") : MSD_TEXT("MD5");
        what->wrong = "the client names another algorithm, but computes MD5 "
                      "(serf and some npm packages do)";
        what->advice = "offer MD5 last: AuthMSDigestAlgorithm SHA-256 MD5; or "
                       "MD5 only";
    } else {
        name = session ? MSD_TEXT("SHA-256-sess") : MSD_TEXT("SHA-256");
        what->wrong = "the client names another algorithm, but computes one "
                      "of SHA-2";
        what->advice = "the client must name the algorithm that it computes";
    }
    return msd_header_parse(with_algorithm(header, name, pool), pool, out)
           == NULL;
}

/* A response without qop is that of RFC 2069. */
static bool repair_qop(msd_text_t header, apr_pool_t *pool,
                       msd_credentials_t *out, msdigest_choice_t *what)
{
    static const struct {
        msd_text_t name;
        msd_text_t added;
    } needed[] = {
        { { "qop", 3 }, { ",qop=auth", 9 } },
        { { "nc", 2 }, { ",nc=00000001", 12 } },
        { { "cnonce", 6 }, { ",cnonce=\"\"", 10 } },
    };
    msdigest_capture_param_t param;
    bool has_qop = msdigest_capture_named(header, needed[0].name, &param);

    for (int i = 0; i < 3; i++) {
        if (!msdigest_capture_named(header, needed[i].name, &param)) {
            header = msdigest_form_join(header, needed[i].added, MSD_TEXT(""),
                                        pool);
        }
    }
    what->wrong = has_qop ? "nc or cnonce is missing, which qop needs"
                          : "qop is missing: this client knows RFC 2069 only, "
                            "or drops it";
    what->advice = "the client must answer with qop, nc and cnonce";
    return msd_header_parse(header, pool, out) == NULL;
}

bool msdigest_repair(msd_text_t header, apr_pool_t *pool,
                     msd_credentials_t *out, msdigest_choice_t *what)
{
    return repair_algorithm(header, pool, out, what)
           || repair_qop(header, pool, out, what);
}
