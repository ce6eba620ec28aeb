/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of text. */
#include "unit.h"

START_TEST(suite_has_a_pool)
{
    ck_assert_ptr_nonnull(unit_pool);
}
END_TEST

Suite *suite_text(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("text", &tcase);

    tcase_add_test(tcase, suite_has_a_pool);
    return suite;
}
