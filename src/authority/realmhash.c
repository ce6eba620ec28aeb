/* SPDX-License-Identifier: Apache-2.0 */
/* Proof by a stored hash H(user:realm:password). */
#include "authority/realmhash.h"

#include <string.h>

#include <apr_strings.h>

#include "digest/username.h"

/* Verify the answer with a base key, and note the session key. */
static bool verify(const msd_question_t *question, const unsigned char *base,
                   msd_proof_t *out)
{
    const msd_response_t *response = question->response;
    apr_size_t size = msd_hash_size(msd_algorithm_hash(response->algorithm));

    if (msd_response_session_key(response, base, out->session_key)
        != APR_SUCCESS) {
        return false;
    }
    return msd_response_matches(response, out->session_key)
           || (question->known_key != NULL
               && msd_equal(question->known_key, base, size));
}

/* From the stored text to the key; a hash of another length belongs to
 * another algorithm. */
static bool read_hash(const msd_question_t *question, const char *hash,
                      unsigned char *key)
{
    msd_algorithm_t algorithm = question->response->algorithm;

    return msd_hex_decode(msd_text_of(hash), key,
                          msd_hash_size(msd_algorithm_hash(algorithm)));
}

/* One form of the name: sets result and reason, and on success the rest. */
static void try_form(const msd_realmhash_t *source,
                     const msd_question_t *question, msd_text_t form,
                     msd_proof_t *out)
{
    const char *user = apr_pstrmemdup(question->pool, form.data, form.len);
    const char *hash = NULL;
    bool readable;
    bool verified;

    out->result = source->lookup(source->self, user, &hash, &out->reason);
    readable = out->result == MSD_PROOF_GRANTED
               && read_hash(question, hash, out->base_key);
    if (!readable) {
        /* Nobody's key, for the same work. */
        memset(out->base_key, 0, sizeof(out->base_key));
    }
    verified = verify(question, out->base_key, out);
    if (out->result != MSD_PROOF_GRANTED) {
        return;
    }
    if (!readable || !verified) {
        out->result = MSD_PROOF_DENIED;
        out->reason = readable ? "wrong password"
                               : "the stored hash is for another algorithm";
        return;
    }
    out->has_base_key = true;
    out->user = msd_text_of(user);
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
        }
    }
    *out = best;
}
