/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a password file that a client may have meant. */
#include "stored.h"

#include <apr_strings.h>

#include "authority/credential.h"
#include "digest/username.h"
#include "form.h"
#include "userfile.h"

/* What a line must share with the credentials. */
typedef enum {
    SAME,
    SAME_NOCASE,
    SAME_BARE, /* without a domain, and in any case */
    ANY
} likeness_t;

typedef struct {
    likeness_t user;
    likeness_t realm;
    const char *wrong;
    const char *advice;
} rule_t;

static const rule_t rules[] = {
    { SAME, SAME, NULL, NULL },
    { SAME, SAME_NOCASE, "the client used the hash of a realm in another case",
      "AuthName and the realm in the file must agree on every letter" },
    { SAME_NOCASE, SAME,
      "the client used the hash of a user name in another case",
      "let the user log in with the very name of the file" },
    { SAME, ANY, "the client used the hash of another realm",
      "store a hash for this realm, or list that realm in "
      "AuthMSDigestRealm" },
    { SAME_BARE, SAME,
      "the client used the hash of the user name with another domain, or "
      "without one",
      "let the user log in with the very name of the file" },
};

static bool is_like(msd_text_t a, msd_text_t b, likeness_t likeness)
{
    switch (likeness) {
    case SAME: return msd_text_equal(a, b);
    case SAME_NOCASE: return msd_text_equal_nocase(a, b);
    case SAME_BARE:
        return msd_text_equal_nocase(msd_username_strip(a),
                                     msd_username_strip(b));
    default: return true;
    }
}

static bool is_like_any(const msd_text_t *forms, int n, msd_text_t user,
                        likeness_t likeness)
{
    for (int i = 0; i < n; i++) {
        if (is_like(forms[i], user, likeness)) {
            return true;
        }
    }
    return false;
}

static void add_line(const msdigest_known_t *known, msdigest_trial_t *trial,
                     const msdigest_userline_t *line, const rule_t *rule)
{
    msd_text_t shown = msdigest_form_join(line->user, MSD_TEXT(":"),
                                          line->realm, known->pool);

    msdigest_trial_add(trial, MSDIGEST_USER,
                       (msdigest_choice_t){ .text = line->field,
                                            .shown = shown,
                                            .wrong = rule->wrong,
                                            .advice = rule->advice,
                                            .fine = rule->wrong == NULL });
}

static void add_lines(const msdigest_known_t *known, msdigest_trial_t *trial,
                      const rule_t *rule)
{
    msd_text_t forms[MSD_USERNAME_FORMS];
    int n = msd_username_forms(&trial->credentials->username, known->pool,
                               forms);
    msdigest_userline_t line;
    msd_text_t rest = known->file;

    while (msdigest_userfile_next(&rest, known->pool, &line)) {
        if (line.user.len > 0
            && is_like(trial->credentials->realm, line.realm, rule->realm)
            && is_like_any(forms, n, line.user, rule->user)) {
            add_line(known, trial, &line, rule);
        }
    }
}

/* Whether a name is the one that was sent as a hash. */
static bool is_hashed_name(const msdigest_trial_t *trial, msd_text_t name)
{
    const msd_text_t parts[] = { name, trial->credentials->realm };
    msd_hash_id_t hash = msd_algorithm_hash(trial->credentials->algorithm);
    unsigned char made[MSD_HASH_MAX];
    unsigned char sent[MSD_HASH_MAX];
    apr_size_t size = msd_hash_size(hash);

    return msd_hash_joined(trial->hasher, hash, parts, 2, made) == APR_SUCCESS
           && msd_hex_decode(trial->credentials->username.value, sent, size)
           && msd_equal(made, sent, size);
}

/* A line under the name itself, where only its hash was sent. */
static void add_unhashed(const msdigest_known_t *known,
                         msdigest_trial_t *trial)
{
    static const rule_t rule = {
        SAME, SAME,
        "the file has the user, but no line under the hash of the name",
        "msdigest passwd -u writes one; or AuthMSDigestUserHash off"
    };
    msdigest_userline_t line;
    msd_text_t rest = known->file;

    while (msdigest_userfile_next(&rest, known->pool, &line)) {
        if (msd_text_equal(line.realm, trial->credentials->realm)
            && is_hashed_name(trial, line.user)) {
            add_line(known, trial, &line, &rule);
        }
    }
}

void msdigest_stored_fill(const msdigest_known_t *known,
                          msdigest_trial_t *trial)
{
    add_lines(known, trial, &rules[0]);
    if (trial->n[MSDIGEST_USER] == 0) {
        /* The first way is the right one; this one has no hash. */
        msdigest_trial_show(trial, MSDIGEST_USER, MSD_TEXT(""), NULL, NULL);
    }
    if (trial->credentials->userhash) {
        add_unhashed(known, trial);
    }
    for (apr_size_t i = 1; i < sizeof(rules) / sizeof(rules[0]); i++) {
        add_lines(known, trial, &rules[i]);
    }
    msdigest_trial_show(trial, MSDIGEST_REALM, MSD_TEXT(""), NULL, NULL);
    msdigest_trial_show(trial, MSDIGEST_PASSWORD, MSD_TEXT(""), NULL, NULL);
}
