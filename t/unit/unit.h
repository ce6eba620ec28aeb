/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share: one pool for each test, and one suite a file. */
#ifndef MSD_UNIT_H
#define MSD_UNIT_H

#include <stdatomic.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <check.h>

#include "base/text.h"

#define UNIT_COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* The pool of the running test: fresh for each, destroyed after it. */
extern apr_pool_t *unit_pool;

/* How many hashes OpenSSL was asked for in this test, and the number of the one
 * that fails as if OpenSSL could not; 0: none. */
extern atomic_int unit_hashes;
extern atomic_int unit_failing_hash;

/* Fixture that makes and destroys unit_pool. */
void unit_setup(void);
void unit_teardown(void);

/* A suite of one test case with the fixture. */
Suite *unit_suite(const char *name, TCase **tcase);

/*
 * A copy of n bytes in memory of exactly that size, so that AddressSanitizer
 * and valgrind see every byte that is read too much.  Lives as long as
 * unit_pool.
 */
msd_text_t unit_exact(const char *bytes, apr_size_t n);

/* Bytes as hexadecimal digits, in unit_pool. */
const char *unit_hex(const unsigned char *bytes, apr_size_t n);

/* Hexadecimal digits as bytes in memory of exactly their size. */
msd_text_t unit_unhex(const char *hex);

/* A span as a string for messages, in unit_pool. */
const char *unit_string(msd_text_t text);

Suite *suite_accept(void);
Suite *suite_algorithm(void);
Suite *suite_ask(void);
Suite *suite_authority(void);
Suite *suite_binding(void);
Suite *suite_breaker(void);
Suite *suite_calls(void);
Suite *suite_cfb8(void);
Suite *suite_challenge(void);
Suite *suite_channel(void);
Suite *suite_context(void);
Suite *suite_counter(void);
Suite *suite_credential(void);
Suite *suite_domainrealm(void);
Suite *suite_endpoint(void);
Suite *suite_groups(void);
Suite *suite_hash(void);
Suite *suite_header(void);
Suite *suite_hkdf(void);
Suite *suite_keys(void);
Suite *suite_machinekey(void);
Suite *suite_mapper(void);
Suite *suite_md4(void);
Suite *suite_ndr(void);
Suite *suite_nearstore(void);
Suite *suite_netlogon(void);
Suite *suite_nonce(void);
Suite *suite_noncecache(void);
Suite *suite_offer(void);
Suite *suite_ntstatus(void);
Suite *suite_pac(void);
Suite *suite_guard(void);
Suite *suite_url(void);
Suite *suite_link(void);
Suite *suite_client(void);
Suite *suite_fleetguard(void);
Suite *suite_params(void);
Suite *suite_pdu(void);
Suite *suite_proof(void);
Suite *suite_radius(void);
Suite *suite_radiusaccept(void);
Suite *suite_radiusgrant(void);
Suite *suite_radiusbudget(void);
Suite *suite_radiusidle(void);
Suite *suite_radiuspacket(void);
Suite *suite_radiusserver(void);
Suite *suite_radiustls(void);
Suite *suite_radiustrust(void);
Suite *suite_radiusudp(void);
Suite *suite_realmhash(void);
Suite *suite_remember(void);
Suite *suite_relay(void);
Suite *suite_replay(void);
Suite *suite_response(void);
Suite *suite_rotation(void);
Suite *suite_seal(void);
Suite *suite_secret(void);
Suite *suite_text(void);
Suite *suite_turn(void);
Suite *suite_token(void);
Suite *suite_uri(void);
Suite *suite_username(void);
Suite *suite_utf16(void);
Suite *suite_utf8(void);
Suite *suite_vectors(void);
Suite *suite_wdigest(void);

#endif
