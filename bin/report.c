/* SPDX-License-Identifier: Apache-2.0 */
/* What explain prints: never a password, a key or a response. */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "authority/credential.h"
#include "base/utf8.h"
#include "capture.h"

/* ---- Text */

/* Control characters of C0 and C1 (in UTF-8: C2 80 to C2 9F), and DEL. */
static bool is_control(msd_text_t text, apr_size_t i)
{
    unsigned char c = (unsigned char)text.data[i];

    return c < ' ' || c == 127
           || (c == 0xc2 && i + 1 < text.len
               && (unsigned char)text.data[i + 1] < 0xa0);
}

void msdigest_report_text(msd_text_t text)
{
    bool utf8 = msd_utf8_is_valid(text);

    for (apr_size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (is_control(text, i) || (c >= 0x80 && !utf8)) {
            printf("\\x%02X", c);
            if (utf8 && c == 0xc2) {
                i++;
                printf("\\x%02X", (unsigned char)text.data[i]);
            }
        } else {
            putchar(c);
        }
    }
}

static void print_param(const msdigest_capture_param_t *param)
{
    fputs("  ", stdout);
    msdigest_report_text(param->name);
    printf("%*s", param->name.len < 11 ? (int)(11 - param->name.len) : 1, "");
    if (msd_text_equal_nocase(param->name, MSD_TEXT("response"))) {
        printf("(%lu characters)", (unsigned long)param->value.len);
    } else {
        msdigest_report_text(param->value);
    }
    putchar('\n');
}

void msdigest_report_params(msd_text_t header)
{
    msdigest_capture_param_t param;
    apr_size_t at = 0;

    puts("parameters, as sent:");
    while (msdigest_capture_param(header, &at, &param)) {
        print_param(&param);
    }
}

void msdigest_report_finding(const char *finding, msd_text_t shown,
                             const char *advice)
{
    printf("  %s", finding);
    if (shown.len > 0) {
        fputs(": ", stdout);
        msdigest_report_text(shown);
    }
    putchar('\n');
    if (advice != NULL) {
        printf("  -> %s\n", advice);
    }
}

/* ---- The verdict */

/* Whether all that differs is what the module takes, too. */
static bool is_fine(const msdigest_trial_t *trial, const int *pick)
{
    for (int i = 0; i < MSDIGEST_INPUT_COUNT; i++) {
        if (pick[i] > 0 && !trial->choices[i][pick[i]].fine) {
            return false;
        }
    }
    return true;
}

static void print_choices(const msdigest_trial_t *trial, const int *pick)
{
    for (int i = 0; i < MSDIGEST_INPUT_COUNT; i++) {
        const msdigest_choice_t *choice = &trial->choices[i][pick[i]];

        if (pick[i] > 0 && choice->wrong != NULL) {
            msdigest_report_finding(choice->wrong, choice->shown,
                                    choice->advice);
        }
    }
}

/* What the file lacks, before anything is said about the client. */
static bool print_lack(const msdigest_trial_t *trial)
{
    msd_algorithm_t algorithm = trial->credentials->algorithm;
    msd_text_t field = trial->choices[MSDIGEST_USER][0].text;
    msd_credential_t credential;
    int count;

    if (!trial->stored) {
        return false;
    }
    if (field.len == 0) {
        msdigest_report_finding("the file has no line for this user and realm",
                                MSD_TEXT(""), NULL);
        return true;
    }
    msd_credential_read(field, msd_algorithm_hash(algorithm), &credential);
    count = credential.count;
    msd_wipe(&credential, sizeof(credential));
    if (count == 0) {
        msdigest_report_finding("the file has no hash of the user for the "
                                "algorithm",
                                msd_text_of(msd_algorithm_name(algorithm)),
                                "msdigest passwd -a stores one");
    }
    return count == 0;
}

static void print_unknown(const msdigest_trial_t *trial)
{
    if (print_lack(trial)) {
        return;
    }
    msdigest_report_finding("the password (or stored hash) is not the one the "
                            "client used, or nonce or cnonce were altered",
                            MSD_TEXT(""), NULL);
    if (msd_algorithm_is_session(trial->credentials->algorithm)) {
        msdigest_report_finding(
            "some clients keep the session key of an earlier nonce or cnonce, "
            "which one header cannot show",
            MSD_TEXT(""),
            "try the first header that the client sent for this nonce");
    }
}

bool msdigest_report_trial(const msdigest_trial_t *trial, const int *pick,
                           const msdigest_choice_t *repaired)
{
    bool verifies = pick != NULL && repaired == NULL && is_fine(trial, pick);

    printf("verifies: %s\n", verifies ? "yes" : "no");
    if (pick == NULL) {
        print_unknown(trial);
        return false;
    }
    if (!verifies) {
        print_lack(trial);
    }
    if (repaired != NULL) {
        msdigest_report_finding(repaired->wrong, MSD_TEXT(""),
                                repaired->advice);
    }
    print_choices(trial, pick);
    return verifies;
}

/* ---- Malformed headers */

/*
 * Where the parser stops: the shortest beginning from which on it always says
 * the same.  The parser reads from left to right and does not tell.
 */
static apr_size_t find_stop(msd_text_t header, const char *fault,
                            apr_pool_t *pool)
{
    msd_credentials_t credentials;
    msd_text_t part = header;

    while (part.len > 0) {
        const char *said;

        part.len--;
        said = msd_header_parse(part, pool, &credentials);
        if (said == NULL || strcmp(said, fault) != 0) {
            return part.len + 1;
        }
    }
    return 0;
}

/* The parameter that a sentence of the parser begins with. */
static bool find_named(msd_text_t header, const char *fault,
                       msdigest_capture_param_t *out)
{
    msd_text_t name = { fault, strcspn(fault, " ") };

    return msdigest_capture_named(header, name, out);
}

/* The last parameter that begins before a place. */
static bool find_before(msd_text_t header, apr_size_t place,
                        msdigest_capture_param_t *out)
{
    msdigest_capture_param_t param;
    apr_size_t at = 0;
    bool found = false;

    while (msdigest_capture_param(header, &at, &param) && param.at < place) {
        *out = param;
        found = true;
    }
    return found;
}

void msdigest_report_malformed(msd_text_t header, const char *fault,
                               apr_pool_t *pool)
{
    msdigest_capture_param_t param;
    apr_size_t stop;

    printf("malformed: %s\n", fault);
    if (find_named(header, fault, &param)) {
        printf("  at character %lu: ", (unsigned long)param.at + 1);
        print_param(&param);
        return;
    }
    if (strstr(fault, "is missing") != NULL) {
        return;
    }
    stop = find_stop(header, fault, pool);
    printf("  at character %lu", (unsigned long)stop);
    if (find_before(header, stop, &param)) {
        fputs(", in or behind the parameter ", stdout);
        msdigest_report_text(param.name);
    }
    putchar('\n');
}
