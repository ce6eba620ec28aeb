/* SPDX-License-Identifier: Apache-2.0 */
/* The forms in which a name on the wire may be meant. */
#include "unit.h"

#include "digest/username.h"

static const struct {
    const char *name;
    const char *wire; /* between the quotes */
    const char *forms[MSD_USERNAME_FORMS + 1];
} rows[] = {
    { "plain", "ann", { "ann" } },
    { "empty", "", { "" } },
    { "domain, backslash bare",
      "TESTDOM\\user123",
      { "TESTDOM\\user123", "TESTDOMuser123" } },
    { "domain, backslash escaped",
      "TESTDOM\\\\user123",
      { "TESTDOM\\user123", "TESTDOM\\\\user123" } },
    { "a quote", "a\\\"b", { "a\"b", "a\\\"b" } },
    { "both ways at once", "a\\\\b\\c", { "a\\b\\c", "a\\bc", "a\\\\b\\c" } },
    { "two bare ones", "a\\b\\c", { "a\\b\\c", "abc" } },
    { "two in a row, escaped", "a\\\\\\\\b", { "a\\\\b", "a\\\\\\\\b" } },
    { "escaped at the end", "a\\\\", { "a\\", "a\\\\" } },
    { "bare in front", "\\a", { "\\a", "a" } },
    { "UTF-8", "J\xc3\xa4n", { "J\xc3\xa4n", "J\xe4n" } },
    { "ISO 8859-1", "J\xe4n", { "J\xc3\xa4n", "J\xe4n" } },
    { "beyond ISO 8859-1", "\xe2\x82\xac", { "\xe2\x82\xac" } },
    { "UTF-8 with a backslash",
      "D\\J\xc3\xa4n",
      { "D\\J\xc3\xa4n", "DJ\xc3\xa4n", "D\\J\xe4n", "DJ\xe4n" } },
    { "more forms than there is room for",
      "a\\\\\xc3\xa4\\c",
      { "a\\\xc3\xa4\\c",
        "a\\\xc3\xa4"
        "c",
        "a\\\\\xc3\xa4\\c", "a\\\xe4\\c" } },
    { "a mail address", "ann@example.org", { "ann@example.org" } },
};

static void assert_forms(const char *name, const msd_param_t *param,
                         const char *const *expected)
{
    msd_text_t forms[MSD_USERNAME_FORMS];
    int n = msd_username_forms(param, unit_pool, forms);
    int wanted = 0;

    while (wanted <= MSD_USERNAME_FORMS && expected[wanted] != NULL) {
        wanted++;
    }
    ck_assert_msg(n == wanted, "%s: %d forms", name, n);
    for (int i = 0; i < n; i++) {
        ck_assert_msg(msd_text_equal(forms[i], msd_text_of(expected[i])),
                      "%s: form %d is '%s'", name, i, unit_string(forms[i]));
    }
}

START_TEST(forms_are_the_likely_ones_first)
{
    const char *wire = rows[_i].wire;
    msd_param_t param = { unit_exact(wire, strlen(wire)), true,
                          strchr(wire, '\\') != NULL };

    assert_forms(rows[_i].name, &param, rows[_i].forms);
}
END_TEST

START_TEST(name_without_quotes_is_as_it_stands)
{
    static const char *const wires[] = { "ann", "D\\ann", "D\\\\ann" };

    for (int i = 0; i < UNIT_COUNT(wires); i++) {
        const char *const itself[] = { wires[i], NULL };
        msd_param_t param = { unit_exact(wires[i], strlen(wires[i])), true,
                              false };

        assert_forms(wires[i], &param, itself);
    }
}
END_TEST

START_TEST(backslash_at_the_end_is_not_read_past)
{
    const char *const forms[] = { "a\\", NULL };
    msd_param_t param = { unit_exact("a\\", 2), true, true };

    assert_forms("cut", &param, forms);
}
END_TEST

/* ---- username* */

START_TEST(extended_name_is_decoded)
{
    static const struct {
        const char *value;
        const char *name; /* NULL: refused */
    } values[] = {
        { "UTF-8''ann", "ann" },
        { "utf-8''ann", "ann" },
        { "UTF-8'en'ann", "ann" },
        { "UTF-8''J%C3%A4s%c3%b8n%20Doe", "J\xc3\xa4s\xc3\xb8n Doe" },
        { "UTF-8''", "" },
        { "UTF-8''a'b", "a'b" },
        { "UTF-8''%25", "%" },
        { "UTF-8''%41", "A" },
        { "", NULL },
        { "ann", NULL },
        { "UTF-8", NULL },
        { "UTF-8'", NULL },
        { "UTF-8'ann", NULL },
        { "UTF-9''ann", NULL },
        { "ISO-8859-1''ann", NULL },
        { "UTF-8''a%", NULL },
        { "UTF-8''a%4", NULL },
        { "UTF-8''a%4g", NULL },
        { "UTF-8''a%g4", NULL },
        { "UTF-8''a%%41", NULL },
        { "UTF-8''a%00", NULL },
        { "UTF-8''a%0a", NULL },
        { "UTF-8''a%1f", NULL },
        { "UTF-8''a%7f", NULL },
        { "UTF-8''%e4", NULL },
        { "UTF-8''%c3", NULL },
        { "UTF-8''%c0%af", NULL },
        { "UTF-8''%ed%a0%80", NULL },
    };

    for (int i = 0; i < UNIT_COUNT(values); i++) {
        const char *value = values[i].value;
        msd_text_t name = { "untouched", 9 };
        const char *fault = msd_username_decode(
            unit_exact(value, strlen(value)), unit_pool, &name);

        ck_assert_msg((fault == NULL) == (values[i].name != NULL), "%s: %s",
                      value, fault);
        ck_assert_msg(strcmp(unit_string(name),
                             fault == NULL ? values[i].name : "untouched")
                          == 0,
                      "%s: %s", value, unit_string(name));
    }
}
END_TEST

START_TEST(domain_is_stripped)
{
    static const char *const names[][2] = {
        { "ann", "ann" },
        { "DOM\\ann", "ann" },
        { "ann@example.org", "ann" },
        { "DOM\\ann@example.org", "ann" },
        { "a\\b\\ann", "ann" },
        { "ann@a@b", "ann" },
        { "", "" },
        { "DOM\\", "DOM\\" },
        { "@example.org", "@example.org" },
        { "DOM\\@x", "DOM\\@x" },
        { "\\ann", "ann" },
        { "ann@", "ann" },
        { "a@b\\ann", "ann" },
    };

    for (int i = 0; i < UNIT_COUNT(names); i++) {
        msd_text_t name = unit_exact(names[i][0], strlen(names[i][0]));

        ck_assert_msg(
            msd_text_equal(msd_username_strip(name), msd_text_of(names[i][1])),
            "%s: %s", names[i][0], unit_string(msd_username_strip(name)));
    }
}
END_TEST

Suite *suite_username(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("username", &tcase);

    tcase_add_loop_test(tcase, forms_are_the_likely_ones_first, 0,
                        UNIT_COUNT(rows));
    tcase_add_test(tcase, name_without_quotes_is_as_it_stands);
    tcase_add_test(tcase, backslash_at_the_end_is_not_read_past);
    tcase_add_test(tcase, extended_name_is_decoded);
    tcase_add_test(tcase, domain_is_stripped);
    return suite;
}
