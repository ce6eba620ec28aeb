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

void msd_challenge_format(const msd_challenge_t *challenge,
                          const msd_algorithm_t *algorithms, int n,
                          apr_pool_t *pool, const char **lines)
{
    const char *domain = "";
    const char *rest;

    if (challenge->domain != NULL) {
        domain = apr_pstrcat(pool, ",domain=\"", challenge->domain, "\"",
                             NULL);
    }
    /* What Microsoft's clients do not know comes last. */
    rest = apr_pstrcat(pool, ",nonce=\"", challenge->nonce,
                       "\",charset=utf-8,realm=\"",
                       escape(challenge->realm, pool), "\",opaque=\"",
                       challenge->opaque, "\"", domain,
                       challenge->stale ? ",stale=true" : "",
                       challenge->userhash ? ",userhash=true" : "", NULL);
    for (int i = 0; i < n; i++) {
        lines[i] = apr_pstrcat(pool, "Digest qop=\"", challenge->qop,
                               "\",algorithm=",
                               msd_algorithm_name(algorithms[i]), rest, NULL);
    }
}
