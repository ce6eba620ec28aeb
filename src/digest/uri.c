/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a client's uri names the resource it asks for. */
#include "digest/uri.h"

#include <string.h>

static bool starts_with(msd_text_t text, msd_text_t prefix)
{
    return text.len >= prefix.len
           && msd_text_equal_nocase((msd_text_t){ text.data, prefix.len },
                                    prefix);
}

static msd_text_t behind(msd_text_t text, apr_size_t n)
{
    return (msd_text_t){ text.data + n, text.len - n };
}

/* The bytes up to the first of the stop characters. */
static msd_text_t until(msd_text_t text, const char *stops)
{
    apr_size_t count = strlen(stops);
    apr_size_t n = 0;

    while (n < text.len && memchr(stops, text.data[n], count) == NULL) {
        n++;
    }
    return (msd_text_t){ text.data, n };
}

/* An authority without the port that its scheme implies. */
static msd_text_t without_default_port(msd_text_t authority, bool secure)
{
    msd_text_t port = secure ? MSD_TEXT(":443") : MSD_TEXT(":80");

    if (authority.len > port.len
        && msd_text_equal(behind(authority, authority.len - port.len),
                          port)) {
        authority.len -= port.len;
    }
    return authority;
}

/*
 * From absolute form to origin form.
 * Returns false when the text is of absolute form, but of another scheme or
 * authority than the request; user information counts as another authority.
 */
static bool to_origin_form(msd_text_t *text, const msd_uri_target_t *target)
{
    msd_text_t scheme = target->secure ? MSD_TEXT("https://")
                                       : MSD_TEXT("http://");
    msd_text_t authority;

    if (text->len == 0 || text->data[0] == '/') {
        return true;
    }
    if (!starts_with(*text, scheme)) {
        return true;    /* asterisk or authority form: compared as it is */
    }
    *text = behind(*text, scheme.len);
    authority = until(*text, "/?#");
    *text = behind(*text, authority.len);
    return msd_text_equal_nocase(
        without_default_port(authority, target->secure),
        without_default_port(target->authority, target->secure));
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
           || c == '~';
}

/* Take the next character, an escape as one: with its value, and whether it
 * must stay escaped to mean the same. */
static bool take_char(msd_text_t *text, unsigned char *c)
{
    msd_text_t digits = { text->data + 1, 2 };

    *c = (unsigned char)text->data[0];
    if (*c == '%' && text->len >= 3 && msd_hex_decode(digits, c, 1)) {
        *text = behind(*text, 3);
        return !is_unreserved(*c);
    }
    *text = behind(*text, 1);
    return false;
}

/* Equal but for escapes that change nothing (RFC 3986 section 6.2.2). */
static bool equal_escapes(msd_text_t a, msd_text_t b)
{
    while (a.len > 0 && b.len > 0) {
        unsigned char x;
        unsigned char y;
        bool x_escaped = take_char(&a, &x);
        bool y_escaped = take_char(&b, &y);

        if (x != y || x_escaped != y_escaped) {
            return false;
        }
    }
    return a.len == 0 && b.len == 0;
}

bool msd_uri_matches(msd_text_t uri, const msd_uri_target_t *target,
                     msd_uri_rules_t rules)
{
    msd_text_t wanted = target->target;

    if (uri.len == 0) {
        return false;
    }
    if (msd_text_equal(uri, wanted)) {
        return true;
    }
    if (!to_origin_form(&uri, target) || !to_origin_form(&wanted, target)) {
        return false;
    }
    if (rules.match == MSD_URI_PATH && until(uri, "?").len == uri.len) {
        wanted = until(wanted, "?");
    }
    return uri.len > 0
           && (msd_text_equal(uri, wanted)
               || (rules.escapes && equal_escapes(uri, wanted)));
}
