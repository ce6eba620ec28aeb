/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share: one pool for each test, and one suite a file. */
#ifndef MSD_UNIT_H
#define MSD_UNIT_H

#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <check.h>

/* The pool of the running test: fresh for each, destroyed after it. */
extern apr_pool_t *unit_pool;

/* Fixture that makes and destroys unit_pool. */
void unit_setup(void);
void unit_teardown(void);

/* A suite of one test case with the fixture. */
Suite *unit_suite(const char *name, TCase **tcase);

Suite *suite_accept(void);
Suite *suite_algorithm(void);
Suite *suite_authority(void);
Suite *suite_challenge(void);
Suite *suite_context(void);
Suite *suite_hash(void);
Suite *suite_header(void);
Suite *suite_keys(void);
Suite *suite_nonce(void);
Suite *suite_realmhash(void);
Suite *suite_replay(void);
Suite *suite_response(void);
Suite *suite_seal(void);
Suite *suite_text(void);
Suite *suite_uri(void);
Suite *suite_username(void);

#endif
