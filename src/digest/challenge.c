/* SPDX-License-Identifier: Apache-2.0 */
/* The WWW-Authenticate line. */
#include "digest/challenge.h"

#include <string.h>

#include <apr_strings.h>

/* A quoted-string without its quotes (RFC 9110 section 5.6.4). */
static const char *escape(const char *text, apr_pool_t *pool)
{
    char *copy;
    char *out;

    if (strpbrk(text, "\"\\") == NULL) {
        return text;
    }
    out = copy = apr_palloc(pool, 2 * strlen(text) + 1);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *out++ = '\\';
        }
        *out++ = *text;
    }
    *out = '\0';
    return copy;
}

const char *msd_challenge_format(const msd_challenge_t *challenge,
                                 msd_algorithm_t algorithm, apr_pool_t *pool)
{
    const char *domain = "";

    if (challenge->domain != NULL) {
        domain = apr_pstrcat(pool, ",domain=\"", challenge->domain, "\"",
                             NULL);
    }
    /* What Microsoft's clients do not know comes last. */
    return apr_pstrcat(pool, "Digest qop=\"", challenge->qop,
                       "\",algorithm=", msd_algorithm_name(algorithm),
                       ",nonce=\"", challenge->nonce,
                       "\",charset=utf-8,realm=\"",
                       escape(challenge->realm, pool),
                       "\",opaque=\"", challenge->opaque, "\"", domain,
                       challenge->stale ? ",stale=true" : "",
                       challenge->userhash ? ",userhash=true" : "", NULL);
}
