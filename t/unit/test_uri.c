/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a uri names the request target: byte for byte, host for host. */
#include "unit.h"

#include "digest/uri.h"

typedef struct {
    const char *name;
    const char *uri;
    const char *target;
    bool exact; /* matches */
    bool path;  /* matches when a missing query is tolerated */
} row_t;

/* Of a request for host:8080 without TLS. */
static const row_t rows[] = {
    { "same", "/a", "/a", true, true },
    { "root", "/", "/", true, true },
    { "same with query", "/a?x=1", "/a?x=1", true, true },
    { "empty query", "/a?", "/a?", true, true },
    { "other", "/b", "/a", false, false },
    { "prefix", "/a", "/ab", false, false },
    { "longer", "/ab", "/a", false, false },
    { "empty uri", "", "/a", false, false },
    { "empty uri and target", "", "", false, false },
    { "empty target", "/a", "", false, false },
    { "slash behind", "/a/", "/a", false, false },
    { "slash twice", "//a", "/a", false, false },
    { "other case", "/A", "/a", false, false },
    { "encoded", "/%61", "/a", false, false },
    { "decoded", "/a", "/%61", false, false },
    { "case of an encoding", "/%c3", "/%C3", false, false },
    { "dots", "/b/../a", "/a", false, false },
    { "query missing", "/a", "/a?x=1", false, true },
    { "only the question mark missing", "/a", "/a?", false, true },
    { "query added", "/a?x=1", "/a", false, false },
    { "query changed", "/a?x=2", "/a?x=1", false, false },
    { "query cut", "/a?x", "/a?x=1", false, false },
    { "query missing, other path", "/b", "/a?x=1", false, false },
    { "query missing, prefix of the path", "/a", "/ab?x=1", false, false },
    { "two question marks", "/a?x", "/a?x?y", false, false },
    { "absolute", "http://host:8080/a", "/a", true, true },
    { "absolute target", "/a", "http://host:8080/a", true, true },
    { "both absolute", "http://host:8080/a", "http://host:8080/a", true,
      true },
    { "absolute, case of the host", "HTTP://HOST:8080/a", "/a", true, true },
    { "absolute, case of the path", "http://host:8080/A", "/a", false, false },
    { "absolute, query", "http://host:8080/a?x", "/a?x", true, true },
    { "absolute, query missing", "http://host:8080/a", "/a?x", false, true },
    { "absolute, other host", "http://other:8080/a", "/a", false, false },
    { "absolute, other port", "http://host:8081/a", "/a", false, false },
    { "absolute, no port", "http://host/a", "/a", false, false },
    { "absolute, other scheme", "https://host:8080/a", "/a", false, false },
    { "absolute, unknown scheme", "ftp://host:8080/a", "/a", false, false },
    { "absolute, longer host", "http://host:8080.x/a", "/a", false, false },
    { "absolute, user", "http://u@host:8080/a", "/a", false, false },
    { "absolute, no path", "http://host:8080", "/", false, false },
    { "absolute, no path, same", "http://host:8080", "http://host:8080", true,
      true },
    { "absolute, query in the host", "http://host:8080?/a", "/a", false,
      false },
    { "absolute, fragment in the host", "http://host:8080#/a", "/a", false,
      false },
    { "absolute, empty host", "http:///a", "/a", false, false },
    { "scheme alone", "http://", "/a", false, false },
    { "cut scheme", "http:/", "/a", false, false },
    { "other host in the target", "/a", "http://other:8080/a", false, false },
    { "other host in both", "http://other:8080/a", "http://other:8080/a", true,
      true },
    { "asterisk", "*", "*", true, true },
    { "asterisk for a path", "*", "/", false, false },
    { "path for an asterisk", "/", "*", false, false },
    { "CONNECT", "host:443", "host:443", true, true },
    { "CONNECT, other port", "host:443", "host:444", false, false },
    { "path without slash", "a", "/a", false, false },
    { "bytes above 127", "/\xc3\xa4", "/\xc3\xa4", true, true },
};

static const msd_uri_rules_t exact = { MSD_URI_EXACT, false };
static const msd_uri_rules_t by_path = { MSD_URI_PATH, false };

static bool matches(const char *uri, msd_uri_target_t target,
                    msd_uri_rules_t rules)
{
    return msd_uri_matches(unit_exact(uri, strlen(uri)), &target, rules);
}

START_TEST(uri_matches_or_not)
{
    const row_t *row = &rows[_i];
    msd_uri_target_t target = {
        .target = unit_exact(row->target, strlen(row->target)),
        .authority = MSD_TEXT("host:8080"),
    };

    ck_assert_msg(matches(row->uri, target, exact) == row->exact, "exact: %s",
                  row->name);
    ck_assert_msg(matches(row->uri, target, by_path) == row->path, "path: %s",
                  row->name);
}
END_TEST

/* RFC 3986 section 6.2.2: the case of an escape, and escapes of unreserved
 * characters, change nothing; all others do. */
START_TEST(equal_escapes_pass_on_demand)
{
    static const struct {
        const char *uri;
        const char *target;
        bool match;
    } pairs[] = {
        { "/a", "/a", true },
        { "/%61", "/a", true },
        { "/a", "/%61", true },
        { "/%c3%a4", "/%C3%A4", true },
        { "/%7Ea", "/~a", true },
        { "/%7ea", "/%7Ea", true },
        { "/%2d%2E%5f", "/-._", true },
        { "/a%2Fb", "/a/b", false },
        { "/a/b", "/a%2fb", false },
        { "/a%2fb", "/a%2Fb", true },
        { "/%25", "/%", false },
        { "/%", "/%", true },
        { "/%4", "/%4", true },
        { "/%4", "/%41", false },
        { "/%2561", "/a", false },
        { "/%2561", "/%61", false },
        { "/%3f", "/?", false },
        { "/a?%61", "/a?a", true },
        { "/%c3%a4", "/\xc3\xa4", false },
        { "/%00", "/", false },
        { "/%61", "/aa", false },
        { "/%61%62", "/a", false },
        { "/%6", "/a", false },
        { "/%6g", "/%6G", false },
        { "/+", "/%20", false },
        { "/%2B", "/+", false },
        { "/b", "/%61", false },
        { "/%", "/%25", false },
    };
    static const msd_uri_rules_t rules = { MSD_URI_EXACT, true };

    for (int i = 0; i < UNIT_COUNT(pairs); i++) {
        msd_uri_target_t target = {
            .target = unit_exact(pairs[i].target, strlen(pairs[i].target)),
        };

        ck_assert_msg(matches(pairs[i].uri, target, rules) == pairs[i].match,
                      "%s for %s", pairs[i].uri, pairs[i].target);
    }
}
END_TEST

START_TEST(path_and_escapes_work_together)
{
    static const msd_uri_rules_t both = { MSD_URI_PATH, true };
    msd_uri_target_t target = { .target = MSD_TEXT("/%61?x") };

    ck_assert(matches("/a", target, both));
    ck_assert(matches("/a?x", target, both));
    ck_assert(!matches("/a?y", target, both));
    ck_assert(!matches("/a%3fx", target, both));
    ck_assert(!matches("/b", target, both));
}
END_TEST

START_TEST(default_port_may_be_left_out)
{
    static const struct {
        const char *uri;
        const char *authority;
        bool secure;
        bool match;
    } ports[] = {
        { "http://host/a", "host", false, true },
        { "http://host:80/a", "host", false, true },
        { "http://host/a", "host:80", false, true },
        { "http://host:443/a", "host", false, false },
        { "https://host/a", "host", true, true },
        { "https://host:443/a", "host", true, true },
        { "https://host/a", "host:443", true, true },
        { "https://host:80/a", "host", true, false },
        { "https://host/a", "host", false, false },
        { "http://host/a", "host", true, false },
        { "http://[::1]:80/a", "[::1]", false, true },
        { "http://[::80/a", "[:", false, true },
        { "http://:80/a", "host", false, false },
        { "http://host:080/a", "host", false, false },
        { "http://host:8080/a", "host:80", false, false },
        { "http:///a", "", false, true },
        { "http://host/a", "", false, false },
    };

    for (int i = 0; i < UNIT_COUNT(ports); i++) {
        msd_uri_target_t target = {
            .target = MSD_TEXT("/a"),
            .authority = unit_exact(ports[i].authority,
                                    strlen(ports[i].authority)),
            .secure = ports[i].secure,
        };

        ck_assert_msg(matches(ports[i].uri, target, exact) == ports[i].match,
                      "%s for %s", ports[i].uri, ports[i].authority);
    }
}
END_TEST

START_TEST(bytes_behind_a_nul_count)
{
    msd_uri_target_t target = { .target = unit_exact("/a\0b", 4) };

    ck_assert(msd_uri_matches(unit_exact("/a\0b", 4), &target, exact));
    ck_assert(!msd_uri_matches(unit_exact("/a\0c", 4), &target, exact));
    ck_assert(!msd_uri_matches(MSD_TEXT("/a"), &target, exact));
    ck_assert(!msd_uri_matches(MSD_TEXT("/a"), &target, by_path));
}
END_TEST

Suite *suite_uri(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("uri", &tcase);

    tcase_add_loop_test(tcase, uri_matches_or_not, 0, UNIT_COUNT(rows));
    tcase_add_test(tcase, equal_escapes_pass_on_demand);
    tcase_add_test(tcase, path_and_escapes_work_together);
    tcase_add_test(tcase, default_port_may_be_left_out);
    tcase_add_test(tcase, bytes_behind_a_nul_count);
    return suite;
}
