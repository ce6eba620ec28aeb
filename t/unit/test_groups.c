/* SPDX-License-Identifier: Apache-2.0 */
/* Groups as one text: escaped, bounded, and found byte by byte. */
#include "unit.h"

#include "base/groups.h"

static const struct {
    const char *label;
    msd_text_t name;
    const char *escaped; /* NULL: left out */
} rows[] = {
    { "plain", { "staff", 5 }, "staff" },
    { "blank", { "Domain Users", 12 }, "Domain Users" },
    { "comma", { "CN=a,DC=b", 9 }, "CN=a%2CDC=b" },
    { "percent", { "100%", 4 }, "100%25" },
    { "looks escaped", { "a%2Cb", 5 }, "a%252Cb" },
    { "only commas", { ",,", 2 }, "%2C%2C" },
    { "UTF-8", { "caf\xc3\xa9", 5 }, "caf\xc3\xa9" },
    { "empty", { "", 0 }, NULL },
    { "newline", { "a\nb", 3 }, NULL },
    { "NUL", { "a\0b", 3 }, NULL },
    { "unit separator", { "\x1f", 1 }, NULL },
    { "DEL", { "a\x7f", 2 }, NULL },
};

static const char *text_of(const msd_groups_t *groups)
{
    return unit_string((msd_text_t){ groups->text, groups->len });
}

static bool have(const char *text, const char *escaped)
{
    return msd_groups_have(unit_exact(text, strlen(text)),
                           msd_text_of(escaped));
}

START_TEST(name_is_escaped_or_left_out)
{
    msd_text_t name = unit_exact(rows[_i].name.data, rows[_i].name.len);
    const char *escaped = msd_groups_escape(name, unit_pool);
    msd_groups_t groups = { NULL, 0, 0, 0 };

    msd_groups_add(&groups, MSD_TEXT("first"), unit_pool);
    msd_groups_add(&groups, name, unit_pool);
    ck_assert_int_eq(groups.beyond, 0);
    if (rows[_i].escaped == NULL) {
        ck_assert_msg(escaped == NULL, "%s", rows[_i].label);
        ck_assert_int_eq(groups.odd, 1);
        ck_assert_str_eq(text_of(&groups), "first");
        return;
    }
    ck_assert_str_eq(escaped, rows[_i].escaped);
    ck_assert_int_eq(groups.odd, 0);
    ck_assert_str_eq(text_of(&groups),
                     apr_pstrcat(unit_pool, "first,", escaped, NULL));
    ck_assert_msg(have(text_of(&groups), escaped), "%s", rows[_i].label);
}
END_TEST

START_TEST(nothing_is_allocated_for_nobody)
{
    msd_groups_t groups = { NULL, 0, 0, 0 };

    msd_groups_add(&groups, MSD_TEXT(""), unit_pool);
    ck_assert_ptr_null(groups.text);
}
END_TEST

START_TEST(only_the_whole_name_is_found)
{
    ck_assert(have("one,two,three", "one"));
    ck_assert(have("one,two,three", "two"));
    ck_assert(have("one,two,three", "three"));
    ck_assert(!have("one,two,three", "on"));
    ck_assert(!have("one,two,three", "wo"));
    ck_assert(!have("one,two,three", "ones"));
    ck_assert(!have("one,two,three", "Two"));
    ck_assert(!have("one,two,three", "one,two"));
    ck_assert(!have("one,two,three", ""));
    ck_assert(!have("", "one"));
    ck_assert(!have("", ""));
}
END_TEST

START_TEST(text_is_bounded)
{
    msd_groups_t groups = { NULL, 0, 0, 0 };
    char *name = apr_palloc(unit_pool, 2 * MSD_GROUPS_MAX);

    memset(name, 'x', 2 * MSD_GROUPS_MAX);
    msd_groups_add(&groups, (msd_text_t){ name, MSD_GROUPS_MAX + 1 },
                   unit_pool);
    ck_assert_int_eq(groups.beyond, 1);
    msd_groups_add(&groups, (msd_text_t){ name, MSD_GROUPS_MAX - 2 },
                   unit_pool);
    ck_assert_int_eq(groups.beyond, 1);
    msd_groups_add(&groups, MSD_TEXT("ab"), unit_pool);
    msd_groups_add(&groups, MSD_TEXT(","), unit_pool);
    ck_assert_int_eq(groups.beyond, 3);
    msd_groups_add(&groups, MSD_TEXT("c"), unit_pool);
    ck_assert_int_eq(groups.beyond, 3);
    ck_assert_uint_eq(groups.len, MSD_GROUPS_MAX);
    ck_assert(msd_groups_have((msd_text_t){ groups.text, groups.len },
                              MSD_TEXT("c")));
}
END_TEST

START_TEST(a_hundred_sids_fit)
{
    msd_groups_t groups = { NULL, 0, 0, 0 };

    for (int i = 0; i < 100; i++) {
        msd_groups_add(&groups,
                       msd_text_of(apr_psprintf(
                           unit_pool, "S-1-5-21-3623811015-3361044348-"
                                      "30300820-%05d", i)),
                       unit_pool);
    }
    ck_assert_int_eq(groups.beyond, 0);
}
END_TEST

Suite *suite_groups(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("groups", &tcase);

    tcase_add_loop_test(tcase, name_is_escaped_or_left_out, 0,
                        UNIT_COUNT(rows));
    tcase_add_test(tcase, nothing_is_allocated_for_nobody);
    tcase_add_test(tcase, only_the_whole_name_is_found);
    tcase_add_test(tcase, text_is_bounded);
    tcase_add_test(tcase, a_hundred_sids_fit);
    return suite;
}
