/* SPDX-License-Identifier: Apache-2.0 */
/* Proof by a stored hash H(user:realm:password). */
#include "authority/realmhash.h"

#include <string.h>

#include <apr_strings.h>

#include "authority/credential.h"
#include "digest/username.h"

/* Verify the answer with a base key, and note the session key. */
static bool verify(const msd_question_t *question, const unsigned char *base,
                   msd_proof_t *out)
{
    const msd_response_t *response = question->response;
    apr_size_t size = msd_hash_size(msd_algorithm_hash(response->algorithm));

    return msd_response_verify(response, base, out->session_key)
           || (question->known_key != NULL
               && msd_equal(question->known_key, base, size));
}

/* Whether one of the stored hashes verifies the answer; with none, nobody's
 * key is tried, for the same work. */
static bool verify_any(const msd_question_t *question,
                       const msd_credential_t *credential, msd_proof_t *out)
{
    int tries = credential->count > 0 ? credential->count : 1;

    for (int i = 0; i < tries; i++) {
        if (verify(question, credential->keys[i], out)
            && i < credential->count) {
            memcpy(out->base_key, credential->keys[i], MSD_HASH_MAX);
            return true;
        }
    }
    return false;
}

static msd_text_t copy_text(const msd_question_t *question, msd_text_t text)
{
    return (msd_text_t){ apr_pstrmemdup(question->pool, text.data, text.len),
                         text.len };
}

/* One form of the name: sets result and reason, and on success the rest. */
static void try_form(const msd_realmhash_t *source,
                     const msd_question_t *question, msd_text_t form,
                     msd_proof_t *out)
{
    msd_algorithm_t algorithm = question->response->algorithm;
    const char *user = apr_pstrmemdup(question->pool, form.data, form.len);
    const char *field = NULL;
    msd_credential_t credential;
    bool verified;

    out->result = source->lookup(source->self, user, &field, &out->reason);
    msd_credential_read(out->result == MSD_PROOF_GRANTED ? msd_text_of(field)
                                                         : MSD_TEXT(""),
                        msd_algorithm_hash(algorithm), &credential);
    verified = verify_any(question, &credential, out);
    if (out->result == MSD_PROOF_GRANTED && !verified) {
        out->result = MSD_PROOF_DENIED;
        out->reason = credential.count > 0
                          ? "wrong password"
                          : "there is no hash of the user for the algorithm";
    }
    if (out->result == MSD_PROOF_GRANTED) {
        out->has_base_key = true;
    }
    if (out->result == MSD_PROOF_GRANTED || credential.count > 0) {
        out->user = credential.user.len > 0
                        ? copy_text(question, credential.user)
                        : msd_text_of(user);
    }
    msd_wipe(&credential, sizeof(credential));
}

void msd_realmhash_prove(const msd_realmhash_t *source,
                         const msd_question_t *question, msd_proof_t *out)
{
    msd_text_t forms[MSD_USERNAME_FORMS];
    int n = msd_username_forms(question->username, question->pool, forms);
    msd_proof_t best;

    memset(&best, 0, sizeof(best));
    best.result = MSD_PROOF_UNKNOWN;
    best.reason = "user is unknown";
    for (int i = 0; i < n; i++) {
        memset(out, 0, sizeof(*out));
        try_form(source, question, forms[i], out);
        if (out->result == MSD_PROOF_GRANTED
            || out->result == MSD_PROOF_UNAVAILABLE) {
            return;
        }
        if (out->result == MSD_PROOF_DENIED) {
            best.result = out->result;
            best.reason = out->reason;
            best.user = out->user;
        }
    }
    *out = best;
}
