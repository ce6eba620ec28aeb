/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the unit tests and says in TAP how they ended. */
#include "unit.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <openssl/evp.h>

apr_pool_t *unit_pool;
atomic_int unit_hashes;
atomic_int unit_failing_hash;

/* Found by the linker before the one of OpenSSL. */
int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *out, unsigned *len)
{
    int (*real)(EVP_MD_CTX *, unsigned char *, unsigned *);
    void *symbol = dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
    int number = atomic_fetch_add(&unit_hashes, 1) + 1;

    memcpy(&real, &symbol, sizeof(real));
    return number == atomic_load(&unit_failing_hash) ? 0 : real(ctx, out, len);
}

void unit_setup(void)
{
    atomic_store(&unit_hashes, 0);
    atomic_store(&unit_failing_hash, 0);
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

static apr_status_t free_exact(void *data)
{
    free(data);
    return APR_SUCCESS;
}

msd_text_t unit_exact(const char *bytes, apr_size_t n)
{
    char *copy = malloc(n > 0 ? n : 1);

    ck_assert_ptr_nonnull(copy);
    if (n > 0) {
        memcpy(copy, bytes, n);
    }
    apr_pool_cleanup_register(unit_pool, copy, free_exact,
                              apr_pool_cleanup_null);
    return (msd_text_t){ copy, n };
}

const char *unit_hex(const unsigned char *bytes, apr_size_t n)
{
    char *hex = apr_pcalloc(unit_pool, 2 * n + 1);

    msd_hex_encode(bytes, n, hex);
    return hex;
}

msd_text_t unit_unhex(const char *hex)
{
    apr_size_t n = strlen(hex) / 2;
    unsigned char *bytes = apr_palloc(unit_pool, n + 1);

    ck_assert(msd_hex_decode(msd_text_of(hex), bytes, n));
    return unit_exact((const char *)bytes, n);
}

const char *unit_string(msd_text_t text)
{
    /* As a string it would look shorter than it is. */
    ck_assert(text.len == 0 || memchr(text.data, '\0', text.len) == NULL);
    return text.len > 0 ? apr_pstrmemdup(unit_pool, text.data, text.len) : "";
}

int main(void)
{
    static Suite *(*const suites[])(void) = {
        suite_algorithm,  suite_authority,  suite_challenge,  suite_context,
        suite_credential, suite_noncecache, suite_proof,      suite_utf8,
        suite_hash,       suite_header,     suite_keys,       suite_nonce,
        suite_realmhash,  suite_replay,     suite_response,   suite_seal,
        suite_text,       suite_uri,        suite_username,   suite_nearstore,
        suite_params,     suite_vectors,    suite_radius,
        suite_radiuspacket, suite_radiusserver, suite_groups,
        suite_radiusaccept, suite_hkdf,       suite_secret,     suite_rotation,
        suite_ask,        suite_breaker,    suite_counter,    suite_remember,
        suite_turn,       suite_offer,      suite_binding,    suite_endpoint,
        suite_channel,    suite_calls,      suite_cfb8,       suite_machinekey,
        suite_mapper,     suite_md4,        suite_ndr,        suite_ntstatus,
        suite_pac,        suite_pdu,        suite_relay,      suite_token,
        suite_utf16,      suite_wdigest,    suite_netlogon,   suite_radiusudp,
        suite_radiustls,  suite_radiustrust, suite_radiusidle,
        suite_radiusgrant, suite_guard,      suite_url,        suite_link,
        suite_client,     suite_fleetguard, suite_radiusbudget,
        suite_domainrealm,
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
