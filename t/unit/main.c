/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the unit tests and says in TAP how they ended. */
#include "unit.h"

#include <stdlib.h>

apr_pool_t *unit_pool;

void unit_setup(void)
{
    apr_pool_create(&unit_pool, NULL);
}

void unit_teardown(void)
{
    apr_pool_destroy(unit_pool);
    unit_pool = NULL;
}

Suite *unit_suite(const char *name, TCase **tcase)
{
    Suite *suite = suite_create(name);

    *tcase = tcase_create(name);
    tcase_add_checked_fixture(*tcase, unit_setup, unit_teardown);
    tcase_set_timeout(*tcase, 60);
    suite_add_tcase(suite, *tcase);
    return suite;
}

int main(void)
{
    static Suite *(*const suites[])(void) = {
        suite_algorithm, suite_authority, suite_challenge, suite_context,
        suite_hash,      suite_header,    suite_keys,      suite_nonce,
        suite_realmhash, suite_replay,    suite_response,  suite_seal,
        suite_text,      suite_uri,       suite_username,
    };
    SRunner *runner;
    int failed;

    apr_initialize();
    runner = srunner_create(suite_accept());
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        srunner_add_suite(runner, suites[i]());
    }
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    apr_terminate();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
