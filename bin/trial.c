/* SPDX-License-Identifier: Apache-2.0 */
/* Which inputs make a response: a search over what clients do. */
#include "trial.h"

#include <string.h>

#include "authority/credential.h"

/* Inputs that are wrong at once; more would take seconds. */
#define WRONG_MAX 3

/* A hash in hexadecimal. */
typedef struct {
    char digits[2 * MSD_HASH_MAX];
    apr_size_t len;
} hex_t;

/* One combination on its way. */
typedef struct {
    const msdigest_trial_t *trial;
    const msdigest_choice_t *inputs[MSDIGEST_INPUT_COUNT];
    msd_hash_id_t hash;
} attempt_t;

void msdigest_trial_add(msdigest_trial_t *trial, msdigest_input_t input,
                        msdigest_choice_t choice)
{
    int n = trial->n[input];

    for (int i = 0; i < n; i++) {
        const msdigest_choice_t *other = &trial->choices[input][i];

        if (other->value == choice.value
            && msd_text_equal(other->text, choice.text)) {
            return;
        }
    }
    if (n < MSDIGEST_CHOICES) {
        trial->choices[input][n] = choice;
        trial->n[input] = n + 1;
    }
}

void msdigest_trial_show(msdigest_trial_t *trial, msdigest_input_t input,
                         msd_text_t text, const char *wrong,
                         const char *advice)
{
    msdigest_trial_add(
        trial, input,
        (msdigest_choice_t){
            .text = text, .shown = text, .wrong = wrong, .advice = advice });
}

static msd_text_t text_of(const hex_t *hex)
{
    return (msd_text_t){ hex->digits, hex->len };
}

/* H(part:part...) in hexadecimal, empty when OpenSSL failed. */
static hex_t hash(const attempt_t *attempt, const msd_text_t *parts, int n)
{
    unsigned char bytes[MSD_HASH_MAX];
    apr_size_t size = msd_hash_size(attempt->hash);
    hex_t hex = { .len = 0 };

    if (msd_hash_joined(attempt->trial->hasher, attempt->hash, parts, n, bytes)
        == APR_SUCCESS) {
        msd_hex_encode(bytes, size, hex.digits);
        hex.len = 2 * size;
    }
    msd_wipe(bytes, sizeof(bytes));
    return hex;
}

/* H(A1) from the hash of user, realm and password. */
static hex_t hash_a1(const attempt_t *attempt, const unsigned char *base)
{
    const msd_credentials_t *credentials = attempt->trial->credentials;
    apr_size_t size = msd_hash_size(attempt->hash);
    hex_t inner = { .len = 2 * size };
    hex_t result;

    msd_hex_encode(base, size, inner.digits);
    result = inner;
    if (attempt->inputs[MSDIGEST_RULE]->value != MSDIGEST_RULE_PLAIN) {
        msd_text_t parts[] = { text_of(&inner), credentials->nonce,
                               credentials->cnonce };

        if (attempt->inputs[MSDIGEST_RULE]->value == MSDIGEST_RULE_BINARY) {
            parts[0] = (msd_text_t){ (const char *)base, size };
        }
        result = hash(attempt, parts, 3);
    }
    msd_wipe(&inner, sizeof(inner));
    return result;
}

static hex_t hash_a2(const attempt_t *attempt)
{
    int kind = attempt->inputs[MSDIGEST_QOP]->value;
    msd_text_t body = kind == MSDIGEST_A2_BODY ? attempt->trial->body
                                               : MSD_TEXT("");
    hex_t entity = hash(attempt, &body, 1);
    const msd_text_t parts[] = { attempt->inputs[MSDIGEST_METHOD]->text,
                                 attempt->inputs[MSDIGEST_URI]->text,
                                 text_of(&entity) };

    return hash(attempt, parts, kind == MSDIGEST_A2_SHORT ? 2 : 3);
}

/* Whether the response was made with this hash of the password. */
static bool matches(const attempt_t *attempt, const unsigned char *base)
{
    const msd_credentials_t *credentials = attempt->trial->credentials;
    apr_size_t size = msd_hash_size(attempt->hash);
    unsigned char expected[MSD_HASH_MAX];
    hex_t a1 = hash_a1(attempt, base);
    hex_t a2 = hash_a2(attempt);
    msd_text_t qop = attempt->inputs[MSDIGEST_QOP]->text;
    const msd_text_t full[] = { text_of(&a1),
                                credentials->nonce,
                                attempt->inputs[MSDIGEST_NC]->text,
                                credentials->cnonce,
                                qop,
                                text_of(&a2) };
    const msd_text_t old[] = { text_of(&a1), credentials->nonce,
                               text_of(&a2) };
    bool equal = a1.len > 0 && a2.len > 0
                 && msd_hash_joined(attempt->trial->hasher, attempt->hash,
                                    qop.len > 0 ? full : old,
                                    qop.len > 0 ? 6 : 3, expected)
                        == APR_SUCCESS
                 && msd_equal(expected, credentials->response, size);

    msd_wipe(&a1, sizeof(a1));
    msd_wipe(expected, sizeof(expected));
    return equal;
}

static bool matches_stored(const attempt_t *attempt)
{
    msd_credential_t credential;
    bool found = false;

    msd_credential_read(attempt->inputs[MSDIGEST_USER]->text, attempt->hash,
                        &credential);
    for (int i = 0; !found && i < credential.count; i++) {
        found = matches(attempt, credential.keys[i]);
    }
    msd_wipe(&credential, sizeof(credential));
    return found;
}

static bool matches_password(const attempt_t *attempt)
{
    const msd_text_t parts[] = { attempt->inputs[MSDIGEST_USER]->text,
                                 attempt->inputs[MSDIGEST_REALM]->text,
                                 attempt->inputs[MSDIGEST_PASSWORD]->text };
    unsigned char base[MSD_HASH_MAX];
    bool found = msd_hash_joined(attempt->trial->hasher, attempt->hash, parts,
                                 3, base)
                     == APR_SUCCESS
                 && matches(attempt, base);

    msd_wipe(base, sizeof(base));
    return found;
}

static bool verify(const msdigest_trial_t *trial, const int *pick)
{
    attempt_t attempt = { .trial = trial };

    for (int i = 0; i < MSDIGEST_INPUT_COUNT; i++) {
        attempt.inputs[i] = &trial->choices[i][pick[i]];
    }
    attempt.hash = (msd_hash_id_t)attempt.inputs[MSDIGEST_HASH]->value;
    return trial->stored ? matches_stored(&attempt)
                         : matches_password(&attempt);
}

/* Combinations with exactly `left` inputs other than the first, from an input
 * on. */
static bool search(const msdigest_trial_t *trial, int input, int left,
                   int *pick)
{
    if (left > MSDIGEST_INPUT_COUNT - input) {
        return false;
    }
    if (input == MSDIGEST_INPUT_COUNT) {
        return verify(trial, pick);
    }
    for (int i = 1; left > 0 && i < trial->n[input]; i++) {
        pick[input] = i;
        if (search(trial, input + 1, left - 1, pick)) {
            return true;
        }
    }
    pick[input] = 0;
    return search(trial, input + 1, left, pick);
}

bool msdigest_trial_search(const msdigest_trial_t *trial, int *pick)
{
    for (int wrong = 0; wrong <= WRONG_MAX; wrong++) {
        memset(pick, 0, sizeof(*pick) * MSDIGEST_INPUT_COUNT);
        if (search(trial, 0, wrong, pick)) {
            return true;
        }
    }
    return false;
}
