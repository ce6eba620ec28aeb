/* SPDX-License-Identifier: Apache-2.0 */
/* The WWW-Authenticate line: order and quoting, to the letter. */
#include "unit.h"

#include "digest/challenge.h"

static const char *format(msd_challenge_t challenge, msd_algorithm_t algorithm)
{
    const char **lines = apr_palloc(unit_pool, sizeof(*lines));

    challenge.nonce = "abc-_123";
    challenge.opaque = "00ff";
    challenge.qop = challenge.qop != NULL ? challenge.qop : "auth";
    msd_challenge_format(&challenge, &algorithm, 1, unit_pool, lines);
    return lines[0];
}

static const struct {
    const char *name;
    msd_challenge_t challenge;
    msd_algorithm_t algorithm;
    const char *line;
} rows[] = {
    { "first line by default",
      { .realm = "r" },
      MSD_ALGORITHM_MD5_SESS,
      "Digest qop=\"auth\",algorithm=MD5-sess,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\"" },
    { "second line by default",
      { .realm = "r" },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\"" },
    { "SHA-256",
      { .realm = "r" },
      MSD_ALGORITHM_SHA256,
      "Digest qop=\"auth\",algorithm=SHA-256,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\"" },
    { "stale",
      { .realm = "r", .stale = true },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\",stale=true" },
    { "domain",
      { .realm = "r", .domain = "/a /b" },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\",domain=\"/a /b\"" },
    { "domain and stale",
      { .realm = "r", .domain = "/a", .stale = true },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\",domain=\"/a\",stale=true" },
    { "both qops",
      { .realm = "r", .qop = "auth,auth-int" },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth,auth-int\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\"" },
    { "userhash, behind all that Microsoft's clients know",
      { .realm = "r", .stale = true, .userhash = true },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"r\",opaque=\"00ff\",stale=true,"
      "userhash=true" },
    { "empty realm",
      { .realm = "" },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"\",opaque=\"00ff\"" },
    { "quotes and backslashes in the realm",
      { .realm = "a\"b\\c\\\"" },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"a\\\"b\\\\c\\\\\\\"\",opaque=\"00ff\"" },
    { "UTF-8 and commas in the realm",
      { .realm = "J\xc3\xa4n, x=y" },
      MSD_ALGORITHM_MD5,
      "Digest qop=\"auth\",algorithm=MD5,nonce=\"abc-_123\","
      "charset=utf-8,realm=\"J\xc3\xa4n, x=y\",opaque=\"00ff\"" },
};

START_TEST(line_is_as_microsofts_servers_write_it)
{
    const char *line = format(rows[_i].challenge, rows[_i].algorithm);

    ck_assert_msg(strcmp(line, rows[_i].line) == 0, "%s: %s", rows[_i].name,
                  line);
}
END_TEST

START_TEST(realm_of_escapes_only)
{
    char realm[501];
    const char *line;

    memset(realm, '"', sizeof(realm) - 1);
    realm[500] = '\0';
    line = format((msd_challenge_t){ .realm = realm }, MSD_ALGORITHM_MD5);
    line = strstr(line, "realm=\"");
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_eq(strcspn(line + 7 + 1000, ","), 1);
    ck_assert_str_eq(line + 7 + 1000, "\",opaque=\"00ff\"");
}
END_TEST

Suite *suite_challenge(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("challenge", &tcase);

    tcase_add_loop_test(tcase, line_is_as_microsofts_servers_write_it, 0,
                        UNIT_COUNT(rows));
    tcase_add_test(tcase, realm_of_escapes_only);
    return suite;
}
