/* SPDX-License-Identifier: Apache-2.0 */
/* What an Access-Accept tells of a user. */
#include "unit.h"

#include "authority/radiusaccept.h"

static const struct {
    const char *label;
    msd_text_t attributes;
    msd_radius_groups_in_t in;
    const char *text;
    int odd;
} rows[] = {
    { "none", { "", 0 }, MSD_RADIUS_FILTER_ID, "", 0 },
    { "all of one kind", { "\x0b\x03""a\x19\x03""c\x0b\x04""b,", 10 },
      MSD_RADIUS_FILTER_ID, "a,b%2C", 0 },
    { "the other kind", { "\x0b\x03""a\x19\x03""c\x0b\x04""b,", 10 },
      MSD_RADIUS_CLASS, "c", 0 },
    { "an empty one", { "\x0b\x02\x0b\x03""a", 5 }, MSD_RADIUS_FILTER_ID, "a",
      1 },
    { "binary", { "\x19\x04\x00\x01", 4 }, MSD_RADIUS_CLASS, "", 1 },
};

START_TEST(groups_are_read)
{
    msd_groups_t groups = { NULL, 0, 0, 0 };
    msd_text_t bytes = unit_exact(rows[_i].attributes.data,
                                  rows[_i].attributes.len);

    msd_radius_groups(bytes, rows[_i].in, &groups, unit_pool);
    ck_assert_msg(strcmp(unit_string((msd_text_t){ groups.text, groups.len }),
                         rows[_i].text)
                          == 0
                      && groups.odd == rows[_i].odd,
                  "%s", rows[_i].label);
}
END_TEST

static const struct {
    msd_text_t attributes;
    unsigned seconds;
} timeouts[] = {
    { { "", 0 }, 0 },
    { { "\x0b\x03""a", 3 }, 0 },
    { { "\x0b\x03""a\x1b\x06\x00\x00\x01\x02", 9 }, 258 },
    { { "\x1b\x06\xff\xff\xff\xff", 6 }, 4294967295 },
    { { "\x1b\x05\x00\x00\x01", 5 }, 0 },
    { { "\x1b\x02", 2 }, 0 },
};

START_TEST(session_timeout_is_read)
{
    msd_text_t bytes = unit_exact(timeouts[_i].attributes.data,
                                  timeouts[_i].attributes.len);

    ck_assert_uint_eq(msd_radius_session_timeout(bytes),
                      timeouts[_i].seconds);
}
END_TEST

Suite *suite_radiusaccept(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiusaccept", &tcase);

    tcase_add_loop_test(tcase, groups_are_read, 0, UNIT_COUNT(rows));
    tcase_add_loop_test(tcase, session_timeout_is_read, 0,
                        UNIT_COUNT(timeouts));
    return suite;
}
