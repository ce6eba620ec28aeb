/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of the Authorization header: each rule, each client's form. */
#include "unit.h"

#include "digest/header.h"

#define MD5_RESPONSE "6629fae49393a05397450978507c4ef1"
#define SHA256_RESPONSE \
    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"

/* Every parameter that must be there; each row of a table changes one. */
#define START " username=\"Mufasa\",realm=\"r\",nonce=\"n\",uri=\"/\","
#define COUNTED "qop=auth,nc=00000001,cnonce=\"c\""
#define ANSWERED "response=\"" MD5_RESPONSE "\""
#define WHOLE START COUNTED "," ANSWERED

static msd_credentials_t credentials;

static const char *parse_bytes(const char *bytes, apr_size_t n)
{
    return msd_header_parse(unit_exact(bytes, n), unit_pool, &credentials);
}

static const char *parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static const char *param(msd_param_name_t name)
{
    return credentials.params[name].present
               ? unit_string(credentials.params[name].value)
               : "(absent)";
}

/* ---- The scheme */

START_TEST(scheme_is_recognised)
{
    static const struct {
        const char *name;
        const char *header;
        const char *rest; /* NULL: not Digest */
    } rows[] = {
        { "as written", "Digest a=b", " a=b" },
        { "lower case", "digest a=b", " a=b" },
        { "upper case", "DIGEST a=b", " a=b" },
        { "a tab behind", "Digest\ta=b", "\ta=b" },
        { "alone", "Digest", "" },
        { "a blank behind", "Digest ", " " },
        { "empty", "", NULL },
        { "one letter", "D", NULL },
        { "a prefix of it", "Diges", NULL },
        { "it is a prefix", "Digestx a=b", NULL },
        { "comma behind", "Digest,a=b", NULL },
        { "Basic", "Basic QTpi", NULL },
        { "blank before", " Digest a=b", NULL },
        { "six other letters", "Digesu a=b", NULL },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        const char *header = rows[i].header;
        msd_text_t rest = { NULL, 0 };
        bool is = msd_header_is_digest(unit_exact(header, strlen(header)),
                                       &rest);

        ck_assert_msg(is == (rows[i].rest != NULL), "%s", rows[i].name);
        if (is) {
            ck_assert_msg(msd_text_equal(rest, msd_text_of(rows[i].rest)),
                          "%s: rest is '%s'", rows[i].name, unit_string(rest));
        }
    }
}
END_TEST

/* ---- What is let in */

static const struct {
    const char *name;
    const char *text;
} accepted[] = {
    { "the plain form", WHOLE },
    { "no blank at all",
      "username=\"Mufasa\",realm=\"r\",nonce=\"n\",uri=\"/\"," COUNTED
      "," ANSWERED },
    { "blanks around equals",
      " username = \"Mufasa\" , realm= \"r\","
      "nonce =\"n\",uri\t=\t\"/\"," COUNTED "," ANSWERED },
    { "tabs between", "\tusername=\"Mufasa\"\t,\trealm=\"r\",\tnonce=\"n\","
                      "uri=\"/\"\t," COUNTED "," ANSWERED },
    { "a comma at the end", WHOLE "," },
    { "commas and blanks at the end", WHOLE " , ,, ,\t" },
    { "blanks at the end", WHOLE "  \t" },
    { "commas in front", ",, ," WHOLE },
    { "empty elements", START ",, ," COUNTED ",,," ANSWERED },
    { "names in capitals", " USERNAME=\"Mufasa\",Realm=\"r\",nOnce=\"n\","
                           "URI=\"/\",QOP=auth,NC=00000001,CNonce=\"c\","
                           "RESPONSE=\"" MD5_RESPONSE "\"" },
    { "all unquoted", " username=Mufasa,realm=r,nonce=n,uri=/,qop=auth,"
                      "nc=00000001,cnonce=c,response=" MD5_RESPONSE },
    { "all quoted", " username=\"Mufasa\",realm=\"r\",nonce=\"n\",uri=\"/\","
                    "qop=\"auth\",nc=\"00000001\",cnonce=\"c\"," ANSWERED },
    { "qop in capitals", START "qop=AUTH,nc=00000001,cnonce=\"c\"," ANSWERED },
    { "response in capitals",
      START COUNTED ",response=\""
                    "6629FAE49393A05397450978507C4EF1\"" },
    { "an unknown parameter", WHOLE ",sponsor=\"me\"" },
    { "an unknown one twice", " x=1,x=2," WHOLE ",x=\"3\",x=4" },
    { "unknown with an empty quoted value", WHOLE ",x=\"\"" },
    { "unknown of every token character", WHOLE ",!#$%&'*+-.^_`|~09azAZ=1" },
    { "one-letter names", " n=1,u=2,r=3,q=4,c=5," WHOLE },
    { "prefixes of names", " user=1,real=2,nonc=3,ur=4,qo=5,cnonc=6,"
                           "respons=7,algorith=8,opaqu=9,userhas=0," WHOLE },
    { "names with more behind", " username2=1,realmx=2,nonces=3,uri-=4,"
                                "qops=5,ncc=6,cnonce.=7,responsee=8," WHOLE },
    { "empty user, realm, nonce and cnonce",
      " username=\"\",realm=\"\",nonce=\"\",uri=\"\",qop=auth,nc=00000001,"
      "cnonce=\"\"," ANSWERED },
    { "a comma and an equals sign in quotes", WHOLE ",opaque=\"a,b=c, d\"" },
    { "an unquoted value with an equals sign", WHOLE ",opaque=QUI=" },
    { "bytes above 127", WHOLE ",opaque=\"\xc3\xa4\xff\x80\",x=\xe4" },
    { "a tab in quotes", WHOLE ",opaque=\"a\tb\"" },
    { "charset, as .NET sends it", " charset=utf-8," WHOLE },
    { "userhash=false", WHOLE ",userhash=false" },
};

START_TEST(well_formed_credentials_are_read)
{
    const char *fault = parse(accepted[_i].text);

    ck_assert_msg(fault == NULL, "%s: %s", accepted[_i].name, fault);
    ck_assert_msg(credentials.nc == 1, "%s: nc", accepted[_i].name);
    ck_assert_msg(credentials.qop == MSD_QOP_AUTH, "%s: qop",
                  accepted[_i].name);
    ck_assert_msg(credentials.algorithm == MSD_ALGORITHM_MD5,
                  "%s: no algorithm means MD5", accepted[_i].name);
    ck_assert_msg(credentials.response[0] == 0x66
                      && credentials.response[15] == 0xf1,
                  "%s: response", accepted[_i].name);
}
END_TEST

/* ---- What is refused, and which rule it broke */

static const struct {
    const char *name;
    const char *text;
    const char *fault; /* a part of the sentence */
} refused[] = {
    { "empty", "", "username" },
    { "blanks only", " \t ", "username" },
    { "commas only", ",,,", "username" },
    { "a name alone", WHOLE ",opaque", "without value" },
    { "a name alone in front", " username," WHOLE, "without value" },
    { "a name and equals at the end", WHOLE ",opaque=", "without value" },
    { "equals and a blank at the end", WHOLE ",opaque= ", "without value" },
    { "equals and a comma", WHOLE ",opaque=,x=1", "without value" },
    { "an unknown name alone", WHOLE ",x", "without value" },
    { "an unknown name and equals", WHOLE ",x=", "without value" },
    { "no name", WHOLE ",=1", "without name" },
    { "only an equals sign", "=", "without name" },
    { "two equals signs in front of quotes", WHOLE ",opaque==\"a\"", "" },
    { "a name in quotes", WHOLE ",\"opaque\"=1", "without name" },
    { "a separator as name", WHOLE ",(=1", "without name" },
    { "a byte above 127 as name", WHOLE ",\xe4=1", "without name" },
    { "no comma", WHOLE " opaque=\"a\"", "no comma" },
    { "no comma behind quotes", WHOLE "opaque=\"a\"", "no comma" },
    { "no comma behind a bare value", WHOLE ",x=1 y=2", "no comma" },
    { "a semicolon", WHOLE ";opaque=\"a\"", "no comma" },
    { "a quote behind quotes", WHOLE "\"", "no comma" },
    { "a quote inside a bare value", WHOLE ",opaque=a\"b", "" },
    { "a quote behind a bare value", WHOLE ",opaque=a\"", "" },
    { "a lone quote", WHOLE ",opaque=\"", "without end" },
    { "a lone quote with a letter", WHOLE ",opaque=\"a", "without end" },
    { "a quote and a backslash", WHOLE ",opaque=\"\\", "without end" },
    { "the end is escaped", WHOLE ",opaque=\"\\\"", "without end" },
    { "the end is escaped behind a letter", WHOLE ",opaque=\"a\\\"",
      "without end" },
    { "the end is escaped, an escape in front", WHOLE ",opaque=\"\\\\\\\"",
      "without end" },
    { "an unknown one without end", WHOLE ",x=\"", "without end" },
    { "a control in quotes", WHOLE ",opaque=\"a\x01z\"", "control" },
    { "DEL in quotes", WHOLE ",opaque=\"a\x7fz\"", "control" },
    { "a line feed in quotes", WHOLE ",opaque=\"a\nz\"", "control" },
    { "an escaped line feed", WHOLE ",opaque=\"a\\\nz\"", "control" },
    { "an escaped DEL", WHOLE ",opaque=\"a\\\x7fz\"", "control" },
    { "a control in a bare value", WHOLE ",opaque=a\x01z", "" },
    { "DEL in a bare value", WHOLE ",opaque=a\x7fz", "" },
    { "a control in front of a name", WHOLE ",\x01opaque=a", "" },
    { "a line feed between", WHOLE ",\nopaque=a", "" },
    { "username twice", WHOLE ",username=\"Mufasa\"", "twice" },
    { "realm twice, other case", WHOLE ",ReAlM=\"r\"", "twice" },
    { "nonce twice", WHOLE ",nonce=\"n\"", "twice" },
    { "uri twice", WHOLE ",uri=\"/\"", "twice" },
    { "qop twice", WHOLE ",qop=auth", "twice" },
    { "nc twice", WHOLE ",nc=00000001", "twice" },
    { "cnonce twice", WHOLE ",cnonce=\"c\"", "twice" },
    { "response twice", WHOLE "," ANSWERED, "twice" },
    { "algorithm twice", WHOLE ",algorithm=MD5,algorithm=MD5", "twice" },
    { "opaque twice", WHOLE ",opaque=\"\",opaque=\"\"", "twice" },
    { "userhash twice", WHOLE ",userhash=false,userhash=false", "twice" },
    { "username* twice", " username*=UTF-8''a,username*=UTF-8''a", "twice" },
    { "username and username*", WHOLE ",username*=UTF-8''M", "together" },
    { "username* and userhash",
      " username*=UTF-8''M,userhash=true,realm=\"r\",nonce=\"n\","
      "uri=\"/\"," COUNTED "," ANSWERED,
      "userhash" },
    { "username* of another charset",
      " username*=ISO-8859-1''M,realm=\"r\",nonce=\"n\",uri=\"/\"," COUNTED
      "," ANSWERED,
      "username*" },
    { "username* badly encoded",
      " username*=UTF-8''%4,realm=\"r\",nonce=\"n\",uri=\"/\"," COUNTED
      "," ANSWERED,
      "username*" },
    { "two headers in one", WHOLE ", Digest" WHOLE, "without value" },
    { "Basic behind a comma", WHOLE ",Basic QTpi", "without value" },
};

START_TEST(broken_rule_is_named)
{
    const char *fault = parse(refused[_i].text);

    ck_assert_msg(fault != NULL, "%s: let in", refused[_i].name);
    ck_assert_msg(strstr(fault, refused[_i].fault) != NULL, "%s: '%s'",
                  refused[_i].name, fault);
}
END_TEST

START_TEST(control_characters_are_refused_everywhere)
{
    for (int c = 0; c < 256; c++) {
        bool control = (c < ' ' && c != '\t') || c == 127;
        char quoted[] = WHOLE ",opaque=\"a?z\"";
        char bare[] = WHOLE ",opaque=a?z";
        char *at = strchr(quoted, '?');

        *at = (char)c;
        ck_assert_msg((parse_bytes(quoted, sizeof(quoted) - 1) != NULL)
                          == (control || c == '"'),
                      "quoted, character %d", c);
        *strchr(bare, '?') = (char)c;
        if (control || c == '"' || c == ' ' || c == '\t' || c == ',') {
            ck_assert_msg(parse_bytes(bare, sizeof(bare) - 1) != NULL,
                          "bare, character %d", c);
        } else {
            ck_assert_msg(parse_bytes(bare, sizeof(bare) - 1) == NULL,
                          "bare, character %d", c);
        }
    }
}
END_TEST

START_TEST(name_characters_are_those_of_a_token)
{
    for (int c = 1; c < 256; c++) {
        char text[] = WHOLE ",a?b=1";
        bool token = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9')
                     || strchr("!#$%&'*+-.^_`|~", c) != NULL;

        *strchr(text, '?') = (char)c;
        if (c == '=') {
            continue; /* a name of one letter and a bare value */
        }
        ck_assert_msg((parse(text) == NULL) == token, "character %d", c);
    }
}
END_TEST

/* ---- Required parameters: all subsets */

static const struct {
    const char *text;
    const char *fault;
} required[] = {
    { "username=\"Mufasa\"", "username is missing" },
    { "realm=\"r\"", "realm is missing" },
    { "nonce=\"n\"", "nonce is missing" },
    { "uri=\"/\"", "uri is missing" },
    { ANSWERED, "response is missing" },
    { "qop=auth", "qop is missing" },
    { "nc=00000001", "nc is missing" },
    { "cnonce=\"c\"", "cnonce is missing" },
};

START_TEST(each_subset_names_the_first_that_is_missing)
{
    const char *text = "";
    const char *expected = NULL;
    const char *fault;

    for (int i = UNIT_COUNT(required) - 1; i >= 0; i--) {
        if ((_i >> i & 1) != 0) {
            text = apr_pstrcat(unit_pool, text, ", ", required[i].text, NULL);
        } else {
            expected = required[i].fault;
        }
    }
    fault = parse(text);
    if (expected == NULL) {
        ck_assert_msg(fault == NULL, "all are there: %s", fault);
    } else {
        ck_assert_msg(fault != NULL, "%s", text);
        ck_assert_str_eq(fault, expected);
    }
}
END_TEST

START_TEST(every_cut_of_a_header_is_refused)
{
    static const char text[] =
        "username=\"a\\\"b\", realm=r, nonce=\"n\", uri=\"/\", qop=auth, "
        "nc=00000001, cnonce=\"c\", response=" MD5_RESPONSE;

    ck_assert_ptr_null(parse(text));
    for (apr_size_t n = 0; n < sizeof(text) - 1; n++) {
        ck_assert_msg(parse_bytes(text, n) != NULL, "cut at %d", (int)n);
    }
}
END_TEST

/* ---- Values */

START_TEST(nc_is_8_hexadecimal_digits)
{
    for (int n = 0; n <= 20; n++) {
        static const char digits[] = "00000000000000000000";
        const char *bare = apr_psprintf(unit_pool,
                                        START ANSWERED ",qop=auth,"
                                                       "cnonce=\"c\",nc=%.*s",
                                        n, digits);
        const char *quoted = apr_psprintf(unit_pool,
                                          START ANSWERED
                                          ","
                                          "qop=auth,cnonce=\"c\",nc=\"%.*s\"",
                                          n, digits);

        ck_assert_msg((parse(bare) == NULL) == (n == 8), "%d digits", n);
        ck_assert_msg((parse(quoted) == NULL) == (n == 8),
                      "%d digits in quotes", n);
    }
}
END_TEST

START_TEST(nc_value_is_read)
{
    static const struct {
        const char *text;
        bool fine;
        uint32_t nc;
    } rows[] = {
        { "00000001", true, 1 },           { "00000000", true, 0 },
        { "0000000a", true, 10 },          { "0000000A", true, 10 },
        { "01020304", true, 0x01020304 },  { "80000000", true, 0x80000000u },
        { "ffffffff", true, 0xffffffffu }, { "FFFFFFFF", true, 0xffffffffu },
        { "0000000g", false, 0 },          { "g0000000", false, 0 },
        { "0x000001", false, 0 },          { "-0000001", false, 0 },
        { "+0000001", false, 0 },          { "0000 001", false, 0 },
        { "0000000:", false, 0 },          { "0000000/", false, 0 },
        { "0000000@", false, 0 },          { "0000000`", false, 0 },
        { "0000000\xb1", false, 0 },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        const char *text = apr_pstrcat(unit_pool,
                                       START ANSWERED ",qop=auth,"
                                                      "cnonce=\"c\",nc=\"",
                                       rows[i].text, "\"", NULL);
        const char *fault = parse(text);

        ck_assert_msg((fault == NULL) == rows[i].fine, "%s", rows[i].text);
        ck_assert_msg(fault != NULL || credentials.nc == rows[i].nc, "%s: %u",
                      rows[i].text, credentials.nc);
        ck_assert_msg(fault == NULL || strstr(fault, "nc") != NULL, "%s: %s",
                      rows[i].text, fault);
    }
}
END_TEST

START_TEST(huge_nc_is_refused)
{
    char *digits = apr_palloc(unit_pool, 10001);

    memset(digits, '0', 10000);
    digits[10000] = '\0';
    ck_assert_ptr_nonnull(parse(apr_pstrcat(
        unit_pool, START ANSWERED ",qop=auth,cnonce=\"c\",nc=", digits,
        NULL)));
}
END_TEST

START_TEST(response_is_as_long_as_the_hash)
{
    static const char digits[] = SHA256_RESPONSE SHA256_RESPONSE;

    for (int a = 0; a < MSD_ALGORITHM_COUNT; a++) {
        msd_algorithm_t id = (msd_algorithm_t)a;
        int want = (int)(2 * msd_hash_size(msd_algorithm_hash(id)));

        for (int n = 0; n <= 130; n++) {
            const char *text = apr_psprintf(unit_pool,
                                            START COUNTED ",algorithm=%s,"
                                                          "response=\"%.*s\"",
                                            msd_algorithm_name(id),
                                            n > 128 ? 128 : n, digits);

            ck_assert_msg((parse(text) == NULL) == (n == want),
                          "%s: %d digits", msd_algorithm_name(id), n);
        }
    }
}
END_TEST

START_TEST(response_is_hexadecimal)
{
    for (int i = 0; i < 32; i++) {
        char text[] = START COUNTED "," ANSWERED;
        char *digits = strstr(text, MD5_RESPONSE);

        digits[i] = 'g';
        ck_assert_msg(parse(text) != NULL, "digit %d", i);
    }
}
END_TEST

START_TEST(algorithm_is_read)
{
    static const struct {
        const char *text;
        bool fine;
        msd_algorithm_t algorithm;
    } rows[] = {
        { "algorithm=MD5", true, MSD_ALGORITHM_MD5 },
        { "algorithm=\"MD5\"", true, MSD_ALGORITHM_MD5 },
        { "algorithm=md5", true, MSD_ALGORITHM_MD5 },
        { "algorithm=MD5-sess", true, MSD_ALGORITHM_MD5_SESS },
        { "algorithm=\"MD5-sess\"", true, MSD_ALGORITHM_MD5_SESS },
        { "algorithm=md5-SESS", true, MSD_ALGORITHM_MD5_SESS },
        { "x=1", true, MSD_ALGORITHM_MD5 },
        { "algorithm=\"\"", false, MSD_ALGORITHM_MD5 },
        { "algorithm=MD", false, MSD_ALGORITHM_MD5 },
        { "algorithm=MD5-", false, MSD_ALGORITHM_MD5 },
        { "algorithm=MD5-ses", false, MSD_ALGORITHM_MD5 },
        { "algorithm=MD5-sess2", false, MSD_ALGORITHM_MD5 },
        { "algorithm=MD4", false, MSD_ALGORITHM_MD5 },
        { "algorithm=SHA", false, MSD_ALGORITHM_MD5 },
        { "algorithm=SHA-1", false, MSD_ALGORITHM_MD5 },
        { "algorithm=SHA-512", false, MSD_ALGORITHM_MD5 },
        { "algorithm=\" MD5\"", false, MSD_ALGORITHM_MD5 },
        { "algorithm=\"MD5,MD5-sess\"", false, MSD_ALGORITHM_MD5 },
        { "algorithm=AKAv1-MD5", false, MSD_ALGORITHM_MD5 },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        const char *fault = parse(
            apr_pstrcat(unit_pool, WHOLE ",", rows[i].text, NULL));

        ck_assert_msg((fault == NULL) == rows[i].fine, "%s", rows[i].text);
        ck_assert_msg(fault != NULL
                          || credentials.algorithm == rows[i].algorithm,
                      "%s: read as %d", rows[i].text, credentials.algorithm);
        ck_assert_msg(fault == NULL || strstr(fault, "algorithm") != NULL,
                      "%s: %s", rows[i].text, fault);
    }
}
END_TEST

START_TEST(qop_is_one_token)
{
    static const struct {
        const char *text;
        bool fine;
        msd_qop_t qop;
    } rows[] = {
        { "auth", true, MSD_QOP_AUTH },
        { "\"auth\"", true, MSD_QOP_AUTH },
        { "\"AUTH\"", true, MSD_QOP_AUTH },
        { "auth-int", true, MSD_QOP_AUTH_INT },
        { "\"Auth-Int\"", true, MSD_QOP_AUTH_INT },
        { "\"\"", false, MSD_QOP_AUTH },
        { "a", false, MSD_QOP_AUTH },
        { "aut", false, MSD_QOP_AUTH },
        { "authh", false, MSD_QOP_AUTH },
        { "auth-", false, MSD_QOP_AUTH },
        { "auth-conf", false, MSD_QOP_AUTH },
        { "auth-inte", false, MSD_QOP_AUTH },
        { "\"auth,auth-int\"", false, MSD_QOP_AUTH },
        { "\" auth\"", false, MSD_QOP_AUTH },
        { "\"auth \"", false, MSD_QOP_AUTH },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        const char *fault = parse(apr_pstrcat(
            unit_pool, START ANSWERED ",nc=00000001,cnonce=\"c\",qop=",
            rows[i].text, NULL));

        ck_assert_msg((fault == NULL) == rows[i].fine, "%s", rows[i].text);
        ck_assert_msg(fault != NULL || credentials.qop == rows[i].qop, "%s",
                      rows[i].text);
        ck_assert_msg(fault == NULL || strstr(fault, "qop") != NULL, "%s: %s",
                      rows[i].text, fault);
    }
}
END_TEST

START_TEST(escapes_are_taken_away)
{
    ck_assert_ptr_null(parse(
        " username=\"a\\\"b\\\\c\\d\",realm=\"r\\\"e\\\\a\\lm\","
        "nonce=\"\\n\\o\",uri=\"/\\\"\",cnonce=\"c\\\\\",opaque=\"\\\"\","
        "qop=auth,nc=00000001," ANSWERED));
    ck_assert_str_eq(param(MSD_PARAM_USERNAME), "a\\\"b\\\\c\\d");
    ck_assert(credentials.params[MSD_PARAM_USERNAME].escaped);
    ck_assert_str_eq(unit_string(credentials.realm), "r\"e\\alm");
    ck_assert_str_eq(unit_string(credentials.nonce), "no");
    ck_assert_str_eq(unit_string(credentials.uri), "/\"");
    ck_assert_str_eq(unit_string(credentials.cnonce), "c\\");
    ck_assert_str_eq(unit_string(credentials.opaque), "\"");
}
END_TEST

START_TEST(unescape_takes_one_backslash_of_each_pair)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        { "\\\"", "\"" },     { "\\\\", "\\" },       { "\\a", "a" },
        { "a\\b\\c", "abc" }, { "\\\\\\\\", "\\\\" }, { "\\\\n", "\\n" },
        { "a\\", "a\\" },     { "\\", "\\" },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        msd_param_t one = { unit_exact(rows[i].in, strlen(rows[i].in)), true,
                            true };

        ck_assert_str_eq(unit_string(msd_header_unescape(&one, unit_pool)),
                         rows[i].out);
        one.escaped = false;
        ck_assert_str_eq(unit_string(msd_header_unescape(&one, unit_pool)),
                         rows[i].in);
    }
}
END_TEST

START_TEST(backslash_without_quotes_is_itself)
{
    ck_assert_ptr_null(parse(
        " username=DOM\\user,realm=r,nonce=n,uri=/," COUNTED "," ANSWERED));
    ck_assert_str_eq(param(MSD_PARAM_USERNAME), "DOM\\user");
    ck_assert(!credentials.params[MSD_PARAM_USERNAME].escaped);
}
END_TEST

START_TEST(name_is_that_of_either_parameter)
{
    static const struct {
        const char *text;
        const char *name;
        bool escaped;
        bool userhash;
    } rows[] = {
        { "username=\"a\\\\b\"", "a\\\\b", true, false },
        { "username=ann", "ann", false, false },
        { "username=\"ann\",userhash=false", "ann", false, false },
        { "username=\"ann\",userhash=true", "ann", false, true },
        { "username=\"ann\",userhash=\"TRUE\"", "ann", false, true },
        { "username=\"ann\",userhash=tru", "ann", false, false },
        { "username=\"ann\",userhash=truee", "ann", false, false },
        { "username*=UTF-8''J%C3%A4n", "J\xc3\xa4n", false, false },
        { "username*=UTF-8''a%5Cb,userhash=false", "a\\b", false, false },
    };

    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        const char *fault = parse(
            apr_pstrcat(unit_pool, rows[i].text,
                        ",realm=r,nonce=n,uri=/," COUNTED "," ANSWERED, NULL));

        ck_assert_msg(fault == NULL, "%s: %s", rows[i].text, fault);
        ck_assert_str_eq(unit_string(credentials.username.value),
                         rows[i].name);
        ck_assert(credentials.username.present);
        ck_assert(credentials.username.escaped == rows[i].escaped);
        ck_assert_msg(credentials.userhash == rows[i].userhash, "%s",
                      rows[i].text);
    }
}
END_TEST

START_TEST(nothing_is_carried_over_from_the_last_header)
{
    ck_assert_ptr_null(parse(WHOLE ",opaque=\"a\\b\",algorithm=MD5-sess,"
                                   "userhash=true"));
    ck_assert_ptr_null(parse(WHOLE));
    ck_assert_str_eq(param(MSD_PARAM_OPAQUE), "(absent)");
    ck_assert_str_eq(param(MSD_PARAM_USERHASH), "(absent)");
    ck_assert_str_eq(param(MSD_PARAM_ALGORITHM), "(absent)");
    ck_assert_uint_eq(credentials.opaque.len, 0);
    ck_assert_int_eq(credentials.algorithm, MSD_ALGORITHM_MD5);
}
END_TEST

START_TEST(values_point_into_the_header)
{
    msd_text_t text = unit_exact(WHOLE, sizeof(WHOLE) - 1);

    ck_assert_ptr_null(msd_header_parse(text, unit_pool, &credentials));
    ck_assert_ptr_eq(credentials.nonce.data, strstr(text.data, "n\",uri"));
    ck_assert_uint_eq(credentials.nonce.len, 1);
    ck_assert_ptr_eq(credentials.uri.data, strstr(text.data, "/\","));
}
END_TEST

/* httpd's LimitRequestFieldSize is 8190 by default. */
START_TEST(sizes_up_to_7000_bytes_are_read)
{
    static const msd_param_name_t names[] = { MSD_PARAM_USERNAME,
                                              MSD_PARAM_REALM, MSD_PARAM_URI,
                                              MSD_PARAM_CNONCE };
    char *big = apr_palloc(unit_pool, 7001);
    const char *text;

    memset(big, 'x', 7000);
    big[7000] = '\0';
    for (int i = 0; i < UNIT_COUNT(names); i++) {
        text = apr_pstrcat(unit_pool, "username=\"", i == 0 ? big : "u",
                           "\",realm=\"", i == 1 ? big : "r", "\",uri=\"",
                           i == 2 ? big : "/", "\",cnonce=\"",
                           i == 3 ? big : "c",
                           "\",nonce=n,qop=auth,nc=00000001," ANSWERED, NULL);
        ck_assert_ptr_null(parse(text));
        ck_assert_uint_eq(credentials.params[names[i]].value.len, 7000);
    }
    memset(big, ',', 7000);
    ck_assert_ptr_null(parse(apr_pstrcat(unit_pool, big, WHOLE, NULL)));
    memset(big, '\\', 7000);
    ck_assert_ptr_null(
        parse(apr_pstrcat(unit_pool, WHOLE ",opaque=\"", big, "\"", NULL)));
    ck_assert_uint_eq(credentials.opaque.len, 3500);
}
END_TEST

/* ---- Real clients */

static const struct {
    const char *name;
    const char *text;
    const char *user;
    const char *opaque;
    msd_algorithm_t algorithm;
    uint32_t nc;
} clients[] = {
    { "[MS-DPSP] section 4",
      " username=\"User123\",realm=\"TestDomain\",qop=\"auth\","
      "algorithm=\"MD5-sess\",uri=\"/ResourceA\",nonce=\"91c121b4f47ec601a281"
      "ceefaa5d6f2b096897ea0797fdd2ea72bfeec7fda64433a98d4ae57186a1\","
      "nc=00000001,cnonce=\"579c5e7723ad0ef8eeb0b7427379bdd4\","
      "response=\"641b92d2d8af170329ce308832a4df13\"",
      "User123", "", MSD_ALGORITHM_MD5_SESS, 1 },
    { "Internet Explorer 8",
      " username=\"TESTDOM\\user123\",realm=\"r\",nonce=\"n\",uri=\"/a\","
      "cnonce=\"579c5e7723ad0ef8eeb0b7427379bdd4\",nc=00000001,"
      "response=\"641b92d2d8af170329ce308832a4df13\",qop=\"auth\","
      "opaque=\"5ccc\"",
      "TESTDOM\\user123", "5ccc", MSD_ALGORITHM_MD5, 1 },
    { ".NET Framework",
      " charset=utf-8,username=\"u\",realm=\"r\",nonce=\"n\",uri=\"/a\","
      "algorithm=\"MD5-sess\",cnonce=\"c\",nc=00000002,qop=\"auth\","
      "hashed-dirs=\"service-name,channel-binding\","
      "service-name=\"HTTP/host:8080\","
      "channel-binding=\"00000000000000000000000000000000\","
      "response=\"641b92d2d8af170329ce308832a4df13\",opaque=\"5ccc\"",
      "u", "5ccc", MSD_ALGORITHM_MD5_SESS, 2 },
    { ".NET Core",
      " username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/a\", "
      "response=\"641b92d2d8af170329ce308832a4df13\", opaque=\"5ccc\", "
      "algorithm=MD5-sess, qop=auth, nc=0000000a, cnonce=\"c\"",
      "u", "5ccc", MSD_ALGORITHM_MD5_SESS, 10 },
    { "libcurl",
      " username=\"u\", realm=\"r\", nonce=\"n\", uri=\"/a\", "
      "cnonce=\"ZTk0\", nc=00000001, qop=auth, "
      "response=\"641b92d2d8af170329ce308832a4df13\", algorithm=MD5-sess",
      "u", "", MSD_ALGORITHM_MD5_SESS, 1 },
    { "Java",
      " username=\"u\", realm=\"r\", nonce=\"n\", nc=00000001, "
      "uri=\"/a\", response=\"641b92d2d8af170329ce308832a4df13\", "
      "algorithm=MD5, opaque=\"5ccc\", cnonce=\"c\", qop=auth",
      "u", "5ccc", MSD_ALGORITHM_MD5, 1 },
    { "RFC 2617 section 3.5",
      " username=\"Mufasa\", realm=\"testrealm@host.com\", "
      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
      "uri=\"/dir/index.html\", qop=auth, nc=00000001, "
      "cnonce=\"0a4f113b\", "
      "response=\"6629fae49393a05397450978507c4ef1\", "
      "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
      "Mufasa", "5ccc069c403ebaf9f0171e9517f40e41", MSD_ALGORITHM_MD5, 1 },
};

START_TEST(real_clients_are_understood)
{
    const char *fault = parse(clients[_i].text);

    ck_assert_msg(fault == NULL, "%s: %s", clients[_i].name, fault);
    ck_assert_msg(strcmp(param(MSD_PARAM_USERNAME), clients[_i].user) == 0,
                  "%s: user %s", clients[_i].name, param(MSD_PARAM_USERNAME));
    ck_assert_msg(
        msd_text_equal(credentials.opaque, msd_text_of(clients[_i].opaque)),
        "%s: opaque", clients[_i].name);
    ck_assert_msg(credentials.algorithm == clients[_i].algorithm,
                  "%s: algorithm", clients[_i].name);
    ck_assert_msg(credentials.nc == clients[_i].nc, "%s: nc",
                  clients[_i].name);
}
END_TEST

START_TEST(parameters_come_in_any_order)
{
    const char *text = "";

    for (int i = 0; i < UNIT_COUNT(required); i++) {
        int at = (_i + i * 3) % UNIT_COUNT(required);

        text = apr_pstrcat(unit_pool, text, ",", required[at].text, NULL);
    }
    ck_assert_ptr_null(parse(text));
    ck_assert_str_eq(param(MSD_PARAM_USERNAME), "Mufasa");
    ck_assert_str_eq(param(MSD_PARAM_CNONCE), "c");
}
END_TEST

Suite *suite_header(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("header", &tcase);

    tcase_add_test(tcase, scheme_is_recognised);
    tcase_add_loop_test(tcase, well_formed_credentials_are_read, 0,
                        UNIT_COUNT(accepted));
    tcase_add_loop_test(tcase, broken_rule_is_named, 0, UNIT_COUNT(refused));
    tcase_add_test(tcase, control_characters_are_refused_everywhere);
    tcase_add_test(tcase, name_characters_are_those_of_a_token);
    tcase_add_loop_test(tcase, each_subset_names_the_first_that_is_missing, 0,
                        1 << UNIT_COUNT(required));
    tcase_add_test(tcase, every_cut_of_a_header_is_refused);
    tcase_add_test(tcase, nc_is_8_hexadecimal_digits);
    tcase_add_test(tcase, nc_value_is_read);
    tcase_add_test(tcase, huge_nc_is_refused);
    tcase_add_test(tcase, response_is_as_long_as_the_hash);
    tcase_add_test(tcase, response_is_hexadecimal);
    tcase_add_test(tcase, algorithm_is_read);
    tcase_add_test(tcase, qop_is_one_token);
    tcase_add_test(tcase, escapes_are_taken_away);
    tcase_add_test(tcase, unescape_takes_one_backslash_of_each_pair);
    tcase_add_test(tcase, backslash_without_quotes_is_itself);
    tcase_add_test(tcase, name_is_that_of_either_parameter);
    tcase_add_test(tcase, nothing_is_carried_over_from_the_last_header);
    tcase_add_test(tcase, values_point_into_the_header);
    tcase_add_test(tcase, sizes_up_to_7000_bytes_are_read);
    tcase_add_loop_test(tcase, real_clients_are_understood, 0,
                        UNIT_COUNT(clients));
    tcase_add_loop_test(tcase, parameters_come_in_any_order, 0,
                        UNIT_COUNT(required));
    return suite;
}
