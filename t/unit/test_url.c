/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of Redis: its parts, and what is none. */
#include "unit.h"

#include "redis/url.h"

static msd_redis_url_t url;

START_TEST(urls_are_taken_apart)
{
    static const struct {
        const char *text;
        const char *host;
        int port;
        int hosts;
        const char *user;
        const char *password;
        int db;
    } rows[] = {
        { "redis://a", "a", 6379, 1, NULL, NULL, 0 },
        { "redis://a/", "a", 6379, 1, NULL, NULL, 0 },
        { "redis://a:1/7", "a", 1, 1, NULL, NULL, 7 },
        { "rediss://a:65535,b,c:3/2", "a", 65535, 3, NULL, NULL, 2 },
        { "redis://[::1]", "::1", 6379, 1, NULL, NULL, 0 },
        { "redis://[::1]:9,b", "::1", 9, 2, NULL, NULL, 0 },
        { "redis://u:p@a", "a", 6379, 1, "u", "p", 0 },
        { "redis://:p@a", "a", 6379, 1, NULL, "p", 0 },
        { "redis://u%3a:%40%2F%2f:x@a/1", "a", 6379, 1, "u:", "@//:x", 1 },
        { "redis+unix:///run/r.sock", "/run/r.sock", 0, 1, NULL, NULL, 0 },
        { "redis+unix://:p@/r%20s?db=3", "/r s", 0, 1, NULL, "p", 3 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = rows[i].text;

        ck_assert_msg(msd_redis_url_parse(text, unit_pool, &url) == NULL,
                      "%s", text);
        ck_assert_str_eq(url.hosts[0], rows[i].host);
        ck_assert_int_eq(url.ports[0], rows[i].port);
        ck_assert_int_eq(url.host_count, rows[i].hosts);
        ck_assert_int_eq(url.db, rows[i].db);
        ck_assert_pstr_eq(url.user, rows[i].user);
        ck_assert_pstr_eq(url.password, rows[i].password);
        ck_assert(url.secure == (text[5] == 's'));
        ck_assert(url.local == (text[5] == '+'));
    }
}
END_TEST

START_TEST(what_is_no_url_is_refused)
{
    static const char *const rows[] = {
        "",
        "redis:127.0.0.1",
        "http://a",
        "redis://",
        "redis://a:",
        "redis://a:0",
        "redis://a:65536",
        "redis://a:1x",
        "redis://a/x",
        "redis://a/-1",
        "redis://a/65536",
        "redis://a,,b",
        "redis://a,",
        "redis://u@a",
        "redis://u:@a",
        "redis://u:%4@a",
        "redis://u:%00@a",
        "redis://u:%@a",
        "redis://[::1",
        "redis://[::1]x:1",
        "redis://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
        "redis+unix://",
        "redis+unix:///",
        "redis+unix://r",
        "redis+unix:///r?db=",
        "redis+unix:///r?x=1",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_msg(msd_redis_url_parse(rows[i], unit_pool, &url) != NULL,
                      "%s", rows[i]);
    }
}
END_TEST

Suite *suite_url(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("url", &tcase);

    tcase_add_test(tcase, urls_are_taken_apart);
    tcase_add_test(tcase, what_is_no_url_is_refused);
    return suite;
}
