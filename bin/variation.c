/* SPDX-License-Identifier: Apache-2.0 */
/* What clients are known to do otherwise, as ways to be tried. */
#include "variation.h"

#include <string.h>

#include "form.h"
#include "identity.h"
#include "stored.h"

/* ---- Algorithm */

static void add_value(msdigest_trial_t *trial, msdigest_input_t input,
                      int value, const char *wrong, const char *advice)
{
    msdigest_trial_add(trial, input,
                       (msdigest_choice_t){
                           .value = value, .wrong = wrong, .advice = advice });
}

static void add_rules(msdigest_trial_t *trial)
{
    if (!msd_algorithm_is_session(trial->credentials->algorithm)) {
        add_value(trial, MSDIGEST_RULE, MSDIGEST_RULE_PLAIN, NULL, NULL);
        add_value(trial, MSDIGEST_RULE, MSDIGEST_RULE_SESSION,
                  "A1 was bound to nonce and cnonce, which only the "
                  "algorithms with -sess do",
                  "offer this client the algorithm with -sess only");
        return;
    }
    add_value(trial, MSDIGEST_RULE, MSDIGEST_RULE_SESSION, NULL, NULL);
    add_value(trial, MSDIGEST_RULE, MSDIGEST_RULE_PLAIN,
              "the client names an algorithm with -sess, but computes the "
              "plain one (serf, of Subversion, does)",
              "AuthMSDigestCompat serf; or offer plain MD5 behind MD5-sess");
    add_value(trial, MSDIGEST_RULE, MSDIGEST_RULE_BINARY,
              "the inner hash of A1 was taken as raw bytes: the rule of SASL "
              "(RFC 2831), not of HTTP (RFC 2617)",
              "the client must take the 32 hexadecimal digits; or offer it "
              "plain MD5 only");
}

static void add_hashes(msdigest_trial_t *trial)
{
    msd_hash_id_t hash = msd_algorithm_hash(trial->credentials->algorithm);

    add_value(trial, MSDIGEST_HASH, (int)hash, NULL, NULL);
    if (hash == MSD_HASH_SHA512_256) {
        add_value(trial, MSDIGEST_HASH, MSD_HASH_SHA256,
                  "the client names SHA-512-256, but computes SHA-256 "
                  "(libcurl 7.88 does)",
                  "do not offer SHA-512-256: AuthMSDigestAlgorithm SHA-256 "
                  "MD5");
    }
    if (hash == MSD_HASH_SHA256) {
        add_value(trial, MSDIGEST_HASH, MSD_HASH_SHA512_256,
                  "the client names SHA-256, but computes SHA-512-256",
                  "offer this client the other algorithm only");
    }
}

/* ---- Count, qop, method, uri */

static void add_counts(const msdigest_known_t *known, msdigest_trial_t *trial)
{
    static const char advice[] = "the client must hash nc as it sends it";
    msd_text_t nc = trial->credentials->params[MSD_PARAM_NC].value;
    msd_text_t bare = nc;

    msdigest_trial_show(trial, MSDIGEST_NC, nc, NULL, NULL);
    msdigest_trial_show(trial, MSDIGEST_NC,
                        msdigest_form_lower(nc, known->pool),
                        "nc was hashed in lower case", advice);
    msdigest_trial_show(trial, MSDIGEST_NC,
                        msdigest_form_upper(nc, known->pool),
                        "nc was hashed in upper case", advice);
    while (bare.len > 1 && bare.data[0] == '0') {
        bare = (msd_text_t){ bare.data + 1, bare.len - 1 };
    }
    msdigest_trial_show(trial, MSDIGEST_NC, bare,
                        "nc was hashed without its zeros", advice);
}

static void add_qop(msdigest_trial_t *trial, msd_text_t text, int a2,
                    const char *wrong, const char *advice)
{
    msdigest_trial_add(
        trial, MSDIGEST_QOP,
        (msdigest_choice_t){
            .text = text, .value = a2, .wrong = wrong, .advice = advice });
}

static void add_qops(msdigest_trial_t *trial)
{
    static const char offer[] = "AuthMSDigestQop auth";
    msd_text_t sent = trial->credentials->params[MSD_PARAM_QOP].value;

    if (trial->credentials->qop == MSD_QOP_AUTH_INT) {
        add_qop(trial, sent, MSDIGEST_A2_BODY, NULL, NULL);
        add_qop(trial, sent, MSDIGEST_A2_EMPTY,
                "auth-int was computed with an empty body (libcurl does)",
                offer);
        add_qop(trial, sent, MSDIGEST_A2_SHORT,
                "the client names auth-int, but leaves the body out", offer);
        add_qop(trial, MSD_TEXT("auth"), MSDIGEST_A2_SHORT,
                "the client names auth-int, but computes auth", offer);
    } else {
        add_qop(trial, sent, MSDIGEST_A2_SHORT, NULL, NULL);
        add_qop(trial, sent, MSDIGEST_A2_BODY,
                "the client names auth, but hashes the body as auth-int does",
                offer);
        add_qop(trial, MSD_TEXT("auth-int"), MSDIGEST_A2_BODY,
                "the client names auth, but computes auth-int", offer);
    }
    add_qop(trial, MSD_TEXT(""), MSDIGEST_A2_SHORT,
            "the response was computed without qop, nc and cnonce, as in "
            "RFC 2069",
            "the client must obey qop; the module refuses the old form, "
            "which anybody can replay");
    add_qop(trial, MSD_TEXT("auth"), MSDIGEST_A2_SHORT,
            "qop was hashed in lower case",
            "the client must hash qop as it sends it");
}

static void add_methods(const msdigest_known_t *known, msdigest_trial_t *trial)
{
    static const char wrong[] = "the response was made for another method";
    static const char advice[] =
        "-m must be the method of the request line; if it is, the client or a "
        "proxy changed it behind the computation";
    static const char *const names[] = {
        "GET",     "HEAD",  "POST",  "PUT",       "DELETE", "OPTIONS",
        "CONNECT", "PATCH", "TRACE", "PROPFIND",  "LOCK",   "UNLOCK",
        "MKCOL",   "COPY",  "MOVE",  "PROPPATCH", "REPORT", "CHECKOUT",
    };

    msdigest_trial_show(trial, MSDIGEST_METHOD, known->method, NULL, NULL);
    msdigest_trial_show(
        trial, MSDIGEST_METHOD,
        msdigest_form_lower(known->method, known->pool),
        "the method was hashed in lower case",
        "methods are case-sensitive: the client must hash it as it sends it");
    msdigest_trial_show(
        trial, MSDIGEST_METHOD,
        msdigest_form_upper(known->method, known->pool),
        "the method was hashed in upper case",
        "methods are case-sensitive: the client must hash it as it sends it");
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        msdigest_trial_show(trial, MSDIGEST_METHOD, msd_text_of(names[i]),
                            wrong, advice);
    }
    msdigest_trial_show(
        trial, MSDIGEST_METHOD, MSD_TEXT(""), "no method was hashed",
        "the client computed a response of Authentication-Info, not one of a "
        "request");
}

/* The other way to write a target: with the escapes taken away. */
static msd_text_t decoded(msd_text_t text, apr_pool_t *pool)
{
    char *copy = apr_palloc(pool, text.len + 1);
    apr_size_t len = 0;

    for (apr_size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (c == '%' && text.len - i >= 3
            && msd_hex_decode((msd_text_t){ text.data + i + 1, 2 }, &c, 1)) {
            i += 2;
        }
        copy[len++] = (char)c;
    }
    return (msd_text_t){ copy, len };
}

/* The path of an absolute form; the text itself when it is none. */
static msd_text_t path_of(msd_text_t text)
{
    msd_text_t scheme = msdigest_form_until(text, ':');
    msd_text_t rest = msdigest_form_behind(text, scheme.len);
    msd_text_t host;

    if (rest.len < 3 || rest.data[1] != '/' || rest.data[2] != '/') {
        return text;
    }
    rest = msdigest_form_behind(rest, 3);
    host = msdigest_form_until(rest, '/');
    rest = msdigest_form_behind(rest, host.len);
    return rest.len > 0 ? rest : MSD_TEXT("/");
}

static void add_uri(const msdigest_known_t *known, msdigest_trial_t *trial,
                    msd_text_t uri)
{
    static const char advice[] =
        "the client must send the very uri that it hashes, and that must be "
        "the target of the request";

    msdigest_trial_show(trial, MSDIGEST_URI, msdigest_form_until(uri, '?'),
                        "the uri was hashed without its query", advice);
    msdigest_trial_show(trial, MSDIGEST_URI, path_of(uri),
                        "the path of the uri was hashed, not its absolute "
                        "form",
                        advice);
    msdigest_trial_show(trial, MSDIGEST_URI, decoded(uri, known->pool),
                        "the uri was hashed with its escapes taken away",
                        advice);
}

static void add_uris(const msdigest_known_t *known, msdigest_trial_t *trial)
{
    const msd_credentials_t *credentials = trial->credentials;

    msdigest_trial_show(trial, MSDIGEST_URI, credentials->uri, NULL, NULL);
    if (known->target.len > 0) {
        msdigest_trial_show(trial, MSDIGEST_URI, known->target,
                            "the target of the request was hashed, but "
                            "another uri is sent",
                            "the client must send the uri that it hashes");
    }
    msdigest_trial_show(trial, MSDIGEST_URI,
                        credentials->params[MSD_PARAM_URI].value,
                        "the uri was hashed with its backslashes left in",
                        "the client must send backslashes escaped as %5C");
    add_uri(known, trial, credentials->uri);
    if (known->target.len > 0) {
        add_uri(known, trial, known->target);
    }
}

void msdigest_variation_fill(const msdigest_known_t *known,
                             msdigest_trial_t *trial)
{
    memset(trial->n, 0, sizeof(trial->n));
    trial->body = known->body;
    trial->stored = known->password == NULL;
    if (trial->stored) {
        msdigest_stored_fill(known, trial);
    } else {
        msdigest_identity_fill(known, trial);
    }
    add_hashes(trial);
    add_rules(trial);
    add_counts(known, trial);
    add_qops(trial);
    add_methods(known, trial);
    add_uris(known, trial);
}

void msdigest_variation_forget(msdigest_trial_t *trial)
{
    for (int i = 0; i < trial->n[MSDIGEST_PASSWORD]; i++) {
        msdigest_secret_forget(trial->choices[MSDIGEST_PASSWORD][i].text);
    }
}
