/* SPDX-License-Identifier: Apache-2.0 */
/* Channel binding: what a client says, and whether that is enough. */
#include "unit.h"

#include "digest/binding.h"

#define SERVICE "HTTP/www.example.com"
#define BINDING "a513620e394353301b0b429acf4cdfe4"
#define OTHER "b513620e394353301b0b429acf4cdfe4"
#define ZEROS "00000000000000000000000000000000"
#define HASHED "071dbf32ea50477ffe9b0a1f0c19d9d2"
#define RANDOM "0123456789abcdef0123456789abcdef"
#define DIRS "hashed-dirs=\"service-name,channel-binding\""
#define NAME ",service-name=\"" SERVICE "\""
#define VALUE ",channel-binding=\"" BINDING "\""

static msd_hasher_t *hasher;

static void set_up(void)
{
    hasher = msd_hasher_create(unit_pool);
}

static const char *read_binding(const char *cnonce, const char *more,
                                msd_binding_t *out)
{
    const char *text = apr_pstrcat(
        unit_pool,
        "username=\"u\",realm=\"r\",nonce=\"n\",uri=\"/\",nc=00000001,"
        "qop=auth,response=\"" ZEROS "\",cnonce=\"",
        cnonce, "\",", more, NULL);
    msd_text_t exact = unit_exact(text, strlen(text));
    msd_credentials_t credentials;

    ck_assert_ptr_null(msd_header_parse(exact, unit_pool, &credentials));
    return msd_binding_read(exact, &credentials, unit_pool, out);
}

#define GOOD MSD_BINDING_PREFIX HASHED RANDOM
#define MISSING "a directive of the channel binding is missing"
#define TWICE "parameter given twice"
#define WRONG_DIRS "hashed-dirs is not service-name,channel-binding"
#define WRONG_NAME "service-name is not a service and a host"
#define WRONG_VALUE "channel-binding is not 32 hexadecimal digits"
#define WRONG_CNONCE "cnonce has no hash of the channel binding"
#define SERVICE_IS(text) DIRS ",service-name=\"" text "\"" VALUE
#define DIRS_ARE(text) "hashed-dirs=\"" text "\"" NAME VALUE
#define VALUE_IS(text) DIRS NAME ",channel-binding=\"" text "\""

static const struct {
    const char *name;
    const char *cnonce;
    const char *more;
    const char *fault;
    bool upgraded;
} readings[] = {
    { "good", GOOD, DIRS NAME VALUE, NULL, true },
    { "another order", GOOD, "channel-binding=" BINDING NAME "," DIRS, NULL,
      true },
    { "names in another case", GOOD,
      "Hashed-Dirs=\"Service-Name, channel-BINDING\"" NAME VALUE, NULL, true },
    { "blanks, tabs and commas", GOOD,
      " ,\thashed-dirs = \"service-name,channel-binding\" ,service-name\t=\t"
      "\"" SERVICE "\",, channel-binding=" BINDING " ,", NULL, true },
    { "quotes and commas in others", GOOD,
      "x=\"a\\\", service-name=\",y=\"\"," DIRS NAME VALUE
      ",z=\"\\\\\",service-namex=1", NULL, true },
    { "twice, far apart", GOOD, DIRS NAME VALUE ",x=\"\",service-name=HTTP/x",
      TWICE, false },
    { "no random part", MSD_BINDING_PREFIX HASHED, DIRS NAME VALUE, NULL,
      true },
    { "with more", GOOD, "x=\"1\"," DIRS NAME VALUE ",y=2,y=3", NULL, true },
    { "legacy", "0a4f113b", "", NULL, false },
    { "empty cnonce", "", "", NULL, false },
    { "legacy with the directives", "0a4f113b", DIRS NAME VALUE, NULL, false },
    { "legacy with half of them, twice", "0a4f113b", DIRS "," DIRS, NULL,
      false },
    { "prefix in another case", "+upgraded+v1" HASHED RANDOM, "", NULL,
      false },
    { "another version", "+Upgraded+v2" HASHED RANDOM, "", NULL, false },
    { "less than the prefix", "+Upgraded+v", "", NULL, false },
    { "no directives", GOOD, "", MISSING, false },
    { "no hashed-dirs", GOOD, "x=1" NAME VALUE, MISSING, false },
    { "no service-name", GOOD, DIRS VALUE, MISSING, false },
    { "no channel-binding", GOOD, DIRS NAME, MISSING, false },
    { "hashed-dirs twice", GOOD, DIRS "," DIRS NAME VALUE, TWICE, false },
    { "service-name twice", GOOD, DIRS NAME NAME VALUE, TWICE, false },
    { "channel-binding twice", GOOD, DIRS NAME VALUE VALUE, TWICE, false },
    { "dirs: one", GOOD, DIRS_ARE("service-name"), WRONG_DIRS, false },
    { "dirs: the other", GOOD, DIRS_ARE("channel-binding"), WRONG_DIRS,
      false },
    { "dirs: none", GOOD, DIRS_ARE(""), WRONG_DIRS, false },
    { "dirs: a comma", GOOD, DIRS_ARE("service-name,"), WRONG_DIRS, false },
    { "dirs: swapped", GOOD, DIRS_ARE("channel-binding,service-name"),
      WRONG_DIRS, false },
    { "dirs: three", GOOD, DIRS_ARE("service-name,channel-binding,uri"),
      WRONG_DIRS, false },
    { "service: empty", GOOD, SERVICE_IS(""), NULL, true },
    { "service: a port", GOOD, SERVICE_IS("http/a_b.test:8080"), NULL, true },
    { "service: three parts", GOOD, SERVICE_IS("HTTP/a/b"), NULL, true },
    { "service: a host", GOOD, SERVICE_IS("www.example.com"), WRONG_NAME,
      false },
    { "service: no host", GOOD, SERVICE_IS("HTTP/"), WRONG_NAME, false },
    { "service: no type", GOOD, SERVICE_IS("/host"), WRONG_NAME, false },
    { "service: a digit in the type", GOOD, SERVICE_IS("H2/host"), WRONG_NAME,
      false },
    { "service: a blank", GOOD, SERVICE_IS("HTTP/a b"), WRONG_NAME, false },
    { "service: a tab", GOOD, SERVICE_IS("HTTP/a\tb"), WRONG_NAME, false },
    { "value: short", GOOD, VALUE_IS("a513620e394353301b0b429acf4cdfe"),
      WRONG_VALUE, false },
    { "value: long", GOOD, VALUE_IS(BINDING "0"), WRONG_VALUE, false },
    { "value: upper case", GOOD, VALUE_IS("A513620e394353301b0b429acf4cdfe4"),
      WRONG_VALUE, false },
    { "value: empty", GOOD, VALUE_IS(""), WRONG_VALUE, false },
    { "cnonce: prefix only", MSD_BINDING_PREFIX, DIRS NAME VALUE, WRONG_CNONCE,
      false },
    { "cnonce: short", MSD_BINDING_PREFIX "071dbf32ea50477ffe9b0a1f0c19d9d",
      DIRS NAME VALUE, WRONG_CNONCE, false },
    { "cnonce: no digit", MSD_BINDING_PREFIX "g71dbf32ea50477ffe9b0a1f0c19d9d2",
      DIRS NAME VALUE, WRONG_CNONCE, false },
};

START_TEST(binding_is_read_or_the_rule_is_named)
{
    msd_binding_t binding;
    const char *fault = read_binding(readings[_i].cnonce, readings[_i].more,
                                     &binding);

    if (readings[_i].fault != NULL) {
        ck_assert_msg(fault != NULL
                          && strcmp(fault, readings[_i].fault) == 0,
                      "%s: %s", readings[_i].name, fault);
        return;
    }
    ck_assert_msg(fault == NULL, "%s: %s", readings[_i].name, fault);
    ck_assert_msg(binding.upgraded == readings[_i].upgraded, "%s",
                  readings[_i].name);
    if (binding.upgraded) {
        ck_assert_str_eq(unit_string(binding.hashed), HASHED);
        ck_assert_str_eq(unit_string(binding.channel_binding), BINDING);
    }
}
END_TEST

START_TEST(escapes_of_the_service_name_are_taken_away)
{
    msd_binding_t binding;

    ck_assert_ptr_null(
        read_binding(GOOD, SERVICE_IS("HTTP/www\\.example.com"), &binding));
    ck_assert_str_eq(binding.service_name, SERVICE);
    ck_assert(msd_binding_is_whole(hasher, &binding));
}
END_TEST

/* Vector V7: a stand-in for a certificate of the bytes 00 to ff. */
START_TEST(binding_is_computed_as_windows_does)
{
    static const char hash[] =
        "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880";
    char data[53] = "tls-server-end-point:";
    char out[MSD_BINDING_LENGTH + 1];

    ck_assert(msd_hex_decode(msd_text_of(hash), (unsigned char *)data + 21,
                             32));
    ck_assert_int_eq(msd_binding_of_data(hasher, unit_exact(data, 53), out),
                     APR_SUCCESS);
    ck_assert_str_eq(out, BINDING);
    /* The length has four bytes: of 300 = 0x012c both count. */
    ck_assert_int_eq(
        msd_binding_of_data(
            hasher, unit_exact(apr_pcalloc(unit_pool, 300), 300), out),
        APR_SUCCESS);
    ck_assert_str_eq(out, "3a30e0cbfae8aa8fdf3843abd6d7643e");
}
END_TEST

START_TEST(failing_hash_is_no_binding)
{
    char out[MSD_BINDING_LENGTH + 1];
    msd_binding_t binding;

    ck_assert_ptr_null(read_binding(GOOD, DIRS NAME VALUE, &binding));
    ck_assert(msd_binding_is_whole(hasher, &binding));
    unit_failing_hash = unit_hashes + 1;
    ck_assert(!msd_binding_is_whole(hasher, &binding));
    unit_failing_hash = unit_hashes + 1;
    ck_assert_int_eq(msd_binding_of_data(hasher, MSD_TEXT("x"), out),
                     APR_EGENERAL);
}
END_TEST

START_TEST(changed_value_does_not_go_with_the_cnonce)
{
    static const char *const changed[] = {
        SERVICE_IS("HTTP/www.example.org"), SERVICE_IS("http/www.example.com"),
        SERVICE_IS(""), VALUE_IS(ZEROS), VALUE_IS(OTHER)
    };
    msd_binding_t binding;

    for (int i = 0; i < UNIT_COUNT(changed); i++) {
        ck_assert_ptr_null(read_binding(GOOD, changed[i], &binding));
        ck_assert_msg(!msd_binding_is_whole(hasher, &binding), "%s",
                      changed[i]);
    }
    ck_assert_ptr_null(read_binding(
        MSD_BINDING_PREFIX "8103df887bd9343b32c859ffe087799b",
        VALUE_IS(ZEROS), &binding));
    ck_assert(msd_binding_is_whole(hasher, &binding));
}
END_TEST

/* ---- The table */

static const char *const two[] = { OTHER, BINDING };
static const char *const services[] = { "HTTP/other.test", SERVICE,
                                        "HTTP/*.wild.test" };

/* What the client says: nothing, or a name and a value. */
static const struct {
    const char *client;
    const char *service; /* NULL: legacy */
    const char *value;
    bool secure;
    int bindings; /* of the certificates */
    bool allow;
    bool require;
} table[] = {
    { "TLS, legacy", NULL, NULL, true, 2, true, false },
    { "TLS, zeros", SERVICE, ZEROS, true, 2, false, false },
    { "TLS, match", SERVICE, BINDING, true, 2, true, true },
    { "TLS, match of the first", SERVICE, OTHER, true, 2, true, true },
    { "TLS, match, no name", "", BINDING, true, 2, true, true },
    { "TLS, match, foreign name", "HTTP/evil", BINDING, true, 2, true, true },
    { "TLS, mismatch", SERVICE, BINDING, true, 1, false, false },
    { "TLS, mismatch, local", "http/localhost", BINDING, true, 1, false,
      false },
    { "TLS without end point, legacy", NULL, NULL, true, 0, true, false },
    { "TLS without end point, zeros", SERVICE, ZEROS, true, 0, true, false },
    { "TLS without end point, foreign name", "HTTP/evil", ZEROS, true, 0,
      false, false },
    { "plain, legacy", NULL, NULL, false, 0, true, false },
    { "plain, no name", "", ZEROS, false, 0, true, false },
    { "plain, name", SERVICE, ZEROS, false, 0, true, true },
    { "plain, name, bound", SERVICE, BINDING, false, 0, true, true },
    { "plain, another of ours", "HTTP/other.test", ZEROS, false, 0, true,
      true },
    { "plain, another case", "http/WWW.Example.com", ZEROS, false, 0, true,
      true },
    { "plain, local", "HTTP/LocalHost", ZEROS, false, 0, true, true },
    { "plain, foreign", "HTTP/evil", ZEROS, false, 0, false, false },
    { "plain, longer", SERVICE ".evil", ZEROS, false, 0, false, false },
    { "plain, shorter", "HTTP/www.example.co", ZEROS, false, 0, false, false },
    { "plain, with a port", SERVICE ":80", ZEROS, false, 0, false, false },
    { "plain, another service", "LDAP/www.example.com", ZEROS, false, 0, false,
      false },
    { "plain, wild", "http/A.wild.test", ZEROS, false, 0, true, true },
    { "plain, not wild", "HTTP/wild.test", ZEROS, false, 0, false, false },
    { "plain, wild over a slash", "HTTP/evil/x.wild.test", ZEROS, false, 0,
      false, false },
    { "plain, a pattern", "HTTP/*", ZEROS, false, 0, false, false },
};

static bool lets_in(int row, msd_binding_level_t level)
{
    const msd_channel_t channel = {
        .level = level,
        .secure = table[row].secure,
        .bindings = two,
        .binding_count = table[row].bindings,
        .service_names = services,
        .service_name_count = UNIT_COUNT(services),
    };
    const msd_binding_t binding = {
        .upgraded = table[row].service != NULL,
        .service_name = table[row].service,
        .channel_binding = msd_text_of(table[row].value),
    };

    return msd_binding_judge(&channel, &binding) == NULL;
}

START_TEST(table_decides)
{
    ck_assert_msg(lets_in(_i, MSD_BINDING_ALLOW) == table[_i].allow,
                  "%s: allow", table[_i].client);
    ck_assert_msg(lets_in(_i, MSD_BINDING_REQUIRE) == table[_i].require,
                  "%s: require", table[_i].client);
}
END_TEST

Suite *suite_binding(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("binding", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_loop_test(tcase, binding_is_read_or_the_rule_is_named, 0,
                        UNIT_COUNT(readings));
    tcase_add_test(tcase, escapes_of_the_service_name_are_taken_away);
    tcase_add_test(tcase, binding_is_computed_as_windows_does);
    tcase_add_test(tcase, failing_hash_is_no_binding);
    tcase_add_test(tcase, changed_value_does_not_go_with_the_cnonce);
    tcase_add_loop_test(tcase, table_decides, 0, UNIT_COUNT(table));
    return suite;
}
