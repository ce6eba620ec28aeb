/* SPDX-License-Identifier: Apache-2.0 */
/* The list of parameters: what is in it, and what breaks it. */
#include "unit.h"

#include "digest/params.h"

static const struct {
    const char *name;
    const char *text;
    const char *fault; /* NULL: it can be read */
    int present;       /* how many known parameters are there */
} rows[] = {
    { "nothing", "", NULL, 0 },
    { "commas only", " , ,\t,", NULL, 0 },
    { "one", "nc=1", NULL, 1 },
    { "name in another case", "NC=1, NoncE=\"x\"", NULL, 2 },
    { "unknown ones, twice", "a=1, a=\"2\", ncx=3, n=4", NULL, 0 },
    { "blanks around =", "nc = 1 , uri =\t\"/\"", NULL, 2 },
    { "empty quoted value", "realm=\"\"", NULL, 1 },
    { "escaped quote", "realm=\"a\\\"b\", nc=1", NULL, 2 },
    { "escaped backslash at the end", "realm=\"a\\\\\", nc=1", NULL, 2 },
    { "bytes from 128 on", "username=\"\xc3\xa4\"", NULL, 1 },
    { "tab in a value", "realm=\"a\tb\"", NULL, 1 },
    { "longest name", "algorithm=MD5, username*=x", NULL, 2 },
    { "twice", "nc=1, nc=1", "parameter given twice", -1 },
    { "no value", "nc", "parameter without value", -1 },
    { "no value, then more", "nc, uri=x", "parameter without value", -1 },
    { "empty value", "nc=, uri=x", "parameter without value", -1 },
    { "no name", "=1", "parameter without name", -1 },
    { "no comma", "nc=1 uri=x", "no comma between parameters", -1 },
    { "quote in a bare value", "nc=1\"2", "no comma between parameters", -1 },
    { "no end", "realm=\"a", "quoted value without end", -1 },
    { "escape at the end", "realm=\"a\\", "quoted value without end", -1 },
    { "escaped last quote", "realm=\"a\\\"", "quoted value without end", -1 },
    { "line feed", "nc=1,\n uri=x", "control character", -1 },
    { "delete", "realm=\"a\x7f\"", "control character", -1 },
    { "control after 40 bytes",
      "realm=\"0123456789012345678901234567890123456789\x01\"",
      "control character", -1 },
};

START_TEST(list_is_read_or_the_rule_is_named)
{
    const char *text = rows[_i].text;
    msd_param_t params[MSD_PARAM_COUNT];
    const char *fault;
    int present = 0;

    memset(params, 0, sizeof(params));
    fault = msd_params_parse(msd_text_of(text), params);
    if (rows[_i].fault != NULL) {
        ck_assert_msg(fault != NULL && strcmp(fault, rows[_i].fault) == 0,
                      "%s: %s", rows[_i].name, fault);
        return;
    }
    ck_assert_msg(fault == NULL, "%s: %s", rows[_i].name, fault);
    for (int i = 0; i < MSD_PARAM_COUNT; i++) {
        present += params[i].present;
    }
    ck_assert_msg(present == rows[_i].present, "%s: %d", rows[_i].name,
                  present);
}
END_TEST

START_TEST(value_is_what_stands_between_the_quotes)
{
    static const char text[] = "realm=\"a\\\"b\\\\\",qop=auth";
    msd_param_t params[MSD_PARAM_COUNT];

    memset(params, 0, sizeof(params));
    ck_assert_ptr_null(msd_params_parse(msd_text_of(text), params));
    ck_assert(params[MSD_PARAM_REALM].escaped);
    ck_assert(
        msd_text_equal(params[MSD_PARAM_REALM].value, MSD_TEXT("a\\\"b\\\\")));
    ck_assert(!params[MSD_PARAM_QOP].escaped);
    ck_assert(msd_text_equal(params[MSD_PARAM_QOP].value, MSD_TEXT("auth")));
}
END_TEST

static const char *parse(const char *text, apr_size_t n)
{
    msd_param_t params[MSD_PARAM_COUNT];

    memset(params, 0, sizeof(params));
    return msd_params_parse(unit_exact(text, n), params);
}

START_TEST(control_character_is_found_wherever_it_stands)
{
    char text[150];

    memset(text, 'x', sizeof(text));
    memcpy(text, "realm=\"", 7);
    for (apr_size_t n = 8; n <= sizeof(text); n++) {
        char kept = text[n - 1];

        text[n - 1] = '"';
        ck_assert_ptr_null(parse(text, n));
        for (apr_size_t at = 7; at + 1 < n; at++) {
            static const char controls[] = { '\0', '\1', '\n', '\x1f',
                                             '\x7f' };

            text[at] = controls[(at + n) % sizeof(controls)];
            ck_assert_msg(parse(text, n) != NULL, "%d of %d", (int)at, (int)n);
            text[at] = 'x';
        }
        text[n - 1] = kept;
    }
}
END_TEST

/* A known name may not come twice, an unknown one may. */
START_TEST(name_of_which_a_letter_differs_is_unknown)
{
    static const char *const names[] = {
        "username", "realm", "nonce", "uri",    "response",  "algorithm",
        "opaque",   "qop",   "nc",    "cnonce", "username*", "userhash",
    };
    static const char others[] = "abcdefghijklmnopqrstuvwxyz-*.0!~";

    for (int i = 0; i < UNIT_COUNT(names); i++) {
        char name[16];

        for (apr_size_t at = 0; at < strlen(names[i]); at++) {
            for (const char *c = others; *c != '\0'; c++) {
                const char *text;

                apr_cpystrn(name, names[i], sizeof(name));
                name[at] = *c;
                text = apr_pstrcat(unit_pool, name, "=1,", name, "=2", NULL);
                ck_assert_msg((parse(text, strlen(text)) == NULL)
                                  == (*c != names[i][at]),
                              "%s", text);
            }
        }
    }
}
END_TEST

Suite *suite_params(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("params", &tcase);

    tcase_add_loop_test(tcase, list_is_read_or_the_rule_is_named, 0,
                        (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_test(tcase, control_character_is_found_wherever_it_stands);
    tcase_add_test(tcase, name_of_which_a_letter_differs_is_unknown);
    tcase_add_test(tcase, value_is_what_stands_between_the_quotes);
    return suite;
}
