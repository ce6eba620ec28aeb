/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which clients take user name, realm and password. */
#include "identity.h"

#include <apr_lib.h>

#include "base/utf8.h"
#include "digest/username.h"
#include "form.h"

/* Advice that is given more than once. */
#define STORE_BOTH \
    "msdigest passwd stores both encodings; let the user set the password " \
    "anew"
#define SAME_NAME \
    "let the user log in with the very name of the password file, or store " \
    "a hash under the name that the client uses"
#define SAME_REALM \
    "AuthName, the stored hash and the client must agree on every letter; " \
    "AuthMSDigestRealm lists more realms that clients may use"
#define RETYPE "store or type the password without it"

/* ---- User name */

static void add_forms(const msdigest_known_t *known, msdigest_trial_t *trial)
{
    const msd_credentials_t *credentials = trial->credentials;
    msd_text_t forms[MSD_USERNAME_FORMS];
    int n = msd_username_forms(&credentials->username, known->pool, forms);

    if (credentials->userhash) {
        forms[0] = known->user;
        n = 1;
    }
    msdigest_trial_show(trial, MSDIGEST_USER, forms[0], NULL, NULL);
    for (int i = 1; i < n; i++) {
        bool escapes = msd_utf8_is_valid(forms[i]);

        msdigest_trial_add(
            trial, MSDIGEST_USER,
            (msdigest_choice_t){
                .text = forms[i],
                .shown = forms[i],
                .wrong = escapes ? "the user name was hashed with its "
                                   "backslashes read in another way"
                                 : "the user name was hashed in ISO 8859-1",
                .advice = escapes ? "nothing here: the module tries it; other "
                                    "servers want the backslash doubled"
                                  : STORE_BOTH,
                .fine = escapes });
    }
}

static void add_names(const msdigest_known_t *known, msdigest_trial_t *trial)
{
    msd_text_t name = trial->choices[MSDIGEST_USER][0].text;
    msd_text_t realm = trial->credentials->realm;
    msd_text_t bare = msd_username_strip(name);
    msd_text_t latin1;
    apr_pool_t *pool = known->pool;

    msdigest_trial_show(trial, MSDIGEST_USER, msdigest_form_lower(name, pool),
                        "the user name was hashed in lower case", SAME_NAME);
    msdigest_trial_show(trial, MSDIGEST_USER, msdigest_form_upper(name, pool),
                        "the user name was hashed in upper case", SAME_NAME);
    msdigest_trial_show(
        trial, MSDIGEST_USER, msdigest_form_capital(name, pool),
        "the user name was hashed with a capital letter", SAME_NAME);
    msdigest_trial_show(trial, MSDIGEST_USER, bare,
                        "the user name was hashed without its domain",
                        SAME_NAME);
    msdigest_trial_show(
        trial, MSDIGEST_USER,
        msdigest_form_join(realm, MSD_TEXT("\\"), name, pool),
        "the user name was hashed with the realm as its domain", SAME_NAME);
    msdigest_trial_show(trial, MSDIGEST_USER,
                        msdigest_form_join(name, MSD_TEXT("@"), realm, pool),
                        "the user name was hashed as a principal name",
                        SAME_NAME);
    if (msd_utf8_is_valid(name) && msd_utf8_to_latin1(name, pool, &latin1)) {
        msdigest_trial_show(trial, MSDIGEST_USER, latin1,
                            "the user name was hashed in ISO 8859-1",
                            STORE_BOTH);
    }
}

/* ---- Realm */

/* The domain of DOMAIN\user or user@domain; empty: none. */
static msd_text_t domain_of(msd_text_t name)
{
    msd_text_t before = msdigest_form_until(name, '\\');
    msd_text_t user = msdigest_form_until(name, '@');

    if (before.len < name.len) {
        return before;
    }
    return user.len == name.len ? MSD_TEXT("")
                                : (msd_text_t){ user.data + user.len + 1,
                                                name.len - user.len - 1 };
}

static void add_realms(const msdigest_known_t *known, msdigest_trial_t *trial)
{
    const msd_credentials_t *credentials = trial->credentials;
    msd_text_t realm = credentials->realm;
    apr_pool_t *pool = known->pool;

    msdigest_trial_show(trial, MSDIGEST_REALM, realm, NULL, NULL);
    msdigest_trial_show(trial, MSDIGEST_REALM,
                        credentials->params[MSD_PARAM_REALM].value,
                        "the realm was hashed with its backslashes left in",
                        "choose an AuthName without quotes and backslashes");
    if (known->realm.len > 0) {
        msdigest_trial_show(trial, MSDIGEST_REALM, known->realm,
                            "another realm was hashed than is sent",
                            SAME_REALM);
    }
    msdigest_trial_show(trial, MSDIGEST_REALM,
                        msdigest_form_lower(realm, pool),
                        "the realm was hashed in lower case", SAME_REALM);
    msdigest_trial_show(trial, MSDIGEST_REALM,
                        msdigest_form_upper(realm, pool),
                        "the realm was hashed in upper case", SAME_REALM);
    msdigest_trial_show(
        trial, MSDIGEST_REALM, msdigest_form_capital(realm, pool),
        "the realm was hashed with a capital letter", SAME_REALM);
    msdigest_trial_add(
        trial, MSDIGEST_REALM,
        (msdigest_choice_t){ .text = MSD_TEXT(""),
                             .wrong = "the realm was hashed as an empty one",
                             .advice = SAME_REALM });
    msdigest_trial_show(trial, MSDIGEST_REALM,
                        domain_of(trial->choices[MSDIGEST_USER][0].text),
                        "the domain of the user name was hashed as the realm",
                        SAME_REALM);
}

/* ---- Password */

static void add_password(msdigest_trial_t *trial, msd_text_t text,
                         const char *wrong, const char *advice)
{
    msdigest_trial_add(
        trial, MSDIGEST_PASSWORD,
        (msdigest_choice_t){ .text = text, .wrong = wrong, .advice = advice });
}

static void add_passwords(const msdigest_known_t *known,
                          msdigest_trial_t *trial)
{
    apr_pool_t *pool = known->pool;
    msd_text_t utf8 = msdigest_secret_utf8(known->password, pool);
    msd_text_t end = MSD_TEXT("");
    msd_text_t bare = utf8;

    add_password(trial, utf8, NULL, NULL);
    add_password(trial, msdigest_secret_latin1(known->password, pool),
                 "the password was hashed in ISO 8859-1", STORE_BOTH);
    add_password(trial, msdigest_form_join(utf8, MSD_TEXT("\n"), end, pool),
                 "the password was hashed with a line end behind it", RETYPE);
    add_password(trial, msdigest_form_join(utf8, MSD_TEXT("\r\n"), end, pool),
                 "the password was hashed with a line end behind it", RETYPE);
    add_password(trial, msdigest_form_join(utf8, MSD_TEXT("\r"), end, pool),
                 "the password was hashed with a carriage return behind it",
                 RETYPE);
    add_password(trial, msdigest_form_join(utf8, MSD_TEXT(" "), end, pool),
                 "the password was hashed with a blank behind it", RETYPE);
    add_password(trial, msdigest_form_join(MSD_TEXT(" "), utf8, end, pool),
                 "the password was hashed with a blank before it", RETYPE);
    while (bare.len > 0 && apr_isspace(bare.data[bare.len - 1])) {
        bare.len--;
    }
    while (bare.len > 0 && apr_isspace(bare.data[0])) {
        bare = (msd_text_t){ bare.data + 1, bare.len - 1 };
    }
    add_password(trial, bare,
                 "the password was hashed without the blanks at its ends",
                 "store the password without them");
}

void msdigest_identity_fill(const msdigest_known_t *known,
                            msdigest_trial_t *trial)
{
    add_forms(known, trial);
    add_names(known, trial);
    add_realms(known, trial);
    add_passwords(known, trial);
}
