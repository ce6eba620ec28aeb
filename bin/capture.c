/* SPDX-License-Identifier: Apache-2.0 */
/* A captured request: where the credentials stand in it. */
#include "capture.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "digest/header.h"

static msd_text_t behind(msd_text_t text, apr_size_t n)
{
    return (msd_text_t){ text.data + n, text.len - n };
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static msd_text_t trim(msd_text_t text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text = behind(text, 1);
    }
    while (text.len > 0
           && (is_blank(text.data[text.len - 1])
               || text.data[text.len - 1] == '\r')) {
        text.len--;
    }
    return text;
}

/* Take away a beginning in any case. */
static bool take(msd_text_t *text, msd_text_t start)
{
    if (text->len < start.len
        || !msd_text_equal_nocase((msd_text_t){ text->data, start.len },
                                  start)) {
        return false;
    }
    *text = behind(*text, start.len);
    return true;
}

static msd_text_t take_line(msd_text_t *text)
{
    const char *end = memchr(text->data, '\n', text->len);
    msd_text_t line = { text->data, end != NULL
                                        ? (apr_size_t)(end - text->data)
                                        : text->len };

    *text = behind(*text, end != NULL ? line.len + 1 : line.len);
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* The value of a header with the lines it was folded into (RFC 9112 section
 * 5.2). */
static msd_text_t unfold(msd_text_t value, msd_text_t *rest, apr_pool_t *pool)
{
    while (rest->len > 0 && is_blank(rest->data[0])) {
        msd_text_t more = trim(take_line(rest));
        const char *joined = apr_psprintf(pool, "%.*s %.*s", (int)value.len,
                                          value.data, (int)more.len,
                                          more.data);

        value = msd_text_of(joined);
    }
    return trim(value);
}

/* "METHOD target HTTP/1.1" */
static void note_request(msd_text_t line, msdigest_capture_t *out)
{
    const char *method_end = memchr(line.data, ' ', line.len);
    msd_text_t rest;
    const char *target_end;

    if (method_end == NULL || out->method.len > 0) {
        return;
    }
    rest = behind(line, (apr_size_t)(method_end + 1 - line.data));
    target_end = memchr(rest.data, ' ', rest.len);
    if (target_end == NULL) {
        return;
    }
    line.len = (apr_size_t)(method_end - line.data);
    out->target = (msd_text_t){ rest.data,
                                (apr_size_t)(target_end - rest.data) };
    rest = behind(rest, out->target.len + 1);
    if (take(&rest, MSD_TEXT("HTTP/"))) {
        out->method = line;
    } else {
        out->target.len = 0;
    }
}

/* Whether a line is a header with credentials; takes its name away. */
static bool is_header(msd_text_t *line)
{
    msd_text_t scheme;

    return take(line, MSD_TEXT("Authorization:"))
           || take(line, MSD_TEXT("Proxy-Authorization:"))
           || msd_header_is_digest(*line, &scheme);
}

static const char *wrong_scheme(msd_text_t value, apr_pool_t *pool)
{
    apr_size_t len = 0;

    /* No more than the scheme: what follows may be a password. */
    while (len < value.len && apr_isalnum(value.data[len])) {
        len++;
    }
    return apr_psprintf(pool, "the scheme is not Digest, but \"%.*s\"",
                        (int)len, value.data);
}

const char *msdigest_capture_find(msd_text_t text, apr_pool_t *pool,
                                  msdigest_capture_t *out)
{
    const char *fault = "there is no Authorization header with Digest";

    memset(out, 0, sizeof(*out));
    while (text.len > 0) {
        msd_text_t line = take_line(&text);

        take(&line, MSD_TEXT("> "));
        line = trim(line);
        if (!is_header(&line)) {
            note_request(line, out);
            continue;
        }
        line = unfold(line, &text, pool);
        if (msd_header_is_digest(line, &out->header)) {
            out->header = trim(out->header);
            return NULL;
        }
        fault = wrong_scheme(line, pool);
    }
    return fault;
}

/* ---- Parameters */

static apr_size_t skip(msd_text_t text, apr_size_t at, const char *set)
{
    while (at < text.len && text.data[at] != '\0'
           && strchr(set, text.data[at]) != NULL) {
        at++;
    }
    return at;
}

static apr_size_t skip_to(msd_text_t text, apr_size_t at, const char *set)
{
    while (at < text.len && text.data[at] != '\0'
           && strchr(set, text.data[at]) == NULL) {
        at++;
    }
    return at;
}

static apr_size_t end_of_quoted(msd_text_t text, apr_size_t at)
{
    while (at < text.len && text.data[at] != '"') {
        at += text.data[at] == '\\' ? 2 : 1;
    }
    return at < text.len ? at : text.len;
}

bool msdigest_capture_param(msd_text_t header, apr_size_t *at,
                            msdigest_capture_param_t *out)
{
    apr_size_t from = skip(header, *at, ", \t");
    apr_size_t to = skip_to(header, from, "=, \t\"");
    bool quoted;

    out->at = from;
    out->name = (msd_text_t){ header.data + from, to - from };
    from = skip(header, to, " \t");
    if (out->name.len == 0 || from == header.len || header.data[from] != '=') {
        return false;
    }
    from = skip(header, from + 1, " \t");
    quoted = from < header.len && header.data[from] == '"';
    from += quoted ? 1 : 0;
    to = quoted ? end_of_quoted(header, from) : skip_to(header, from, ", \t");
    out->value = (msd_text_t){ header.data + from, to - from };
    out->end = quoted && to < header.len ? to + 1 : to;
    *at = out->end;
    return true;
}

bool msdigest_capture_named(msd_text_t header, msd_text_t name,
                            msdigest_capture_param_t *out)
{
    apr_size_t at = 0;

    while (msdigest_capture_param(header, &at, out)) {
        if (msd_text_equal_nocase(out->name, name)) {
            return true;
        }
    }
    return false;
}
