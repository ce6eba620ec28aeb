/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a password file: lines  user:realm:FIELD  as httpd reads them. */
#include "userfile.h"

#include <string.h>

#include "authority/credential.h"

/* Whether a line, without its end, goes on in the next one; takes the
 * backslash away. */
static bool goes_on(const char *line, apr_size_t *len)
{
    if (*len > 0 && line[*len - 1] == '\r') {
        (*len)--;
    }
    if (*len == 0 || line[*len - 1] != '\\') {
        return false;
    }
    (*len)--;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static msd_text_t trim(msd_text_t text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Take the next joined line off the text, with its end. */
static msd_text_t take_raw(msd_text_t *rest, apr_pool_t *pool,
                           msd_text_t *joined)
{
    msd_text_t raw = { rest->data, 0 };
    char *copy = NULL;
    apr_size_t used = 0;
    bool more;

    do {
        const char *line = rest->data;
        const char *end = memchr(line, '\n', rest->len);
        apr_size_t whole = end != NULL ? (apr_size_t)(end + 1 - line)
                                       : rest->len;
        apr_size_t len = end != NULL ? whole - 1 : whole;

        more = end != NULL && goes_on(line, &len);
        if (copy == NULL) {
            copy = more ? apr_palloc(pool, rest->len) : NULL;
            *joined = (msd_text_t){ copy != NULL ? copy : line, len };
        }
        if (copy != NULL) {
            memcpy(copy + used, line, len);
            used += len;
            joined->len = used;
        }
        *rest = (msd_text_t){ line + whole, rest->len - whole };
        raw.len += whole;
    } while (more && rest->len > 0);
    return raw;
}

/* As httpd's ap_getword: up to a colon, and behind all colons there. */
static msd_text_t take_word(msd_text_t *text)
{
    msd_text_t word = { text->data, 0 };

    while (word.len < text->len && word.data[word.len] != ':') {
        word.len++;
    }
    *text = (msd_text_t){ text->data + word.len, text->len - word.len };
    while (text->len > 0 && text->data[0] == ':') {
        *text = (msd_text_t){ text->data + 1, text->len - 1 };
    }
    return word;
}

bool msdigest_userfile_next(msd_text_t *rest, apr_pool_t *pool,
                            msdigest_userline_t *line)
{
    msd_text_t text;

    memset(line, 0, sizeof(*line));
    if (rest->len == 0) {
        return false;
    }
    line->raw = take_raw(rest, pool, &text);
    text = trim(text);
    if (text.len > 0 && text.data[0] != '#') {
        line->user = take_word(&text);
        line->realm = take_word(&text);
        /* httpd reads two colons as one, so the empty realm is a blank. */
        if (msd_text_equal(line->realm, MSD_TEXT(" "))) {
            line->realm.len = 0;
        }
        line->field = take_word(&text);
    }
    return true;
}

/* Whether the line stands under a hash of the owner's name. */
static bool is_userhash(const msdigest_userline_t *line,
                        const msdigest_owner_t *owner)
{
    msd_credential_t credential;
    bool equal;

    msd_credential_read(line->field, MSD_HASH_MD5, &credential);
    equal = msd_text_equal(credential.user, owner->user);
    msd_wipe(&credential, sizeof(credential));
    return equal;
}

static bool is_own(const msdigest_userline_t *line,
                   const msdigest_owner_t *owner)
{
    return line->user.len > 0 && msd_text_equal(line->realm, owner->realm)
           && (msd_text_equal(line->user, owner->user)
               || msd_text_equal(line->user, owner->latin1)
               || is_userhash(line, owner));
}

static void note_hashes(msd_text_t field, msdigest_kept_t *out)
{
    msd_credential_t credential;

    for (int hash = 0; hash < MSD_HASH_COUNT; hash++) {
        msd_credential_read(field, (msd_hash_id_t)hash, &credential);
        out->hashes[hash] |= credential.count > 0;
    }
    msd_wipe(&credential, sizeof(credential));
}

void msdigest_userfile_find(msd_text_t text, const msdigest_owner_t *owner,
                            apr_pool_t *pool, msdigest_kept_t *out)
{
    msdigest_userline_t line;

    memset(out, 0, sizeof(*out));
    while (msdigest_userfile_next(&text, pool, &line)) {
        if (is_own(&line, owner)) {
            out->known = true;
            out->userhash |= is_userhash(&line, owner);
            note_hashes(line.field, out);
        }
    }
}

typedef struct {
    char *bytes;
    apr_size_t len;
} buffer_t;

static void add(buffer_t *buffer, msd_text_t text)
{
    if (text.len > 0) {
        memcpy(buffer->bytes + buffer->len, text.data, text.len);
        buffer->len += text.len;
    }
}

/* Lines at the end: what is there may lack its end, or want to go on. */
static void add_last(buffer_t *buffer, msd_text_t lines)
{
    apr_size_t len = buffer->len;

    if (len > 0 && buffer->bytes[len - 1] != '\n') {
        add(buffer, MSD_TEXT("\n"));
    }
    len = buffer->len > 0 ? buffer->len - 1 : 0;
    if (goes_on(buffer->bytes, &len)) {
        add(buffer, MSD_TEXT("\n"));
    }
    add(buffer, lines);
}

msd_text_t msdigest_userfile_replace(msd_text_t text,
                                     const msdigest_owner_t *owner,
                                     msd_text_t lines, apr_pool_t *pool)
{
    buffer_t buffer = { apr_palloc(pool, text.len + lines.len + 2), 0 };
    msdigest_userline_t line;
    bool done = lines.len == 0;

    while (msdigest_userfile_next(&text, pool, &line)) {
        if (!is_own(&line, owner)) {
            add(&buffer, line.raw);
        } else if (!done) {
            add(&buffer, lines);
            done = true;
        }
    }
    if (!done) {
        add_last(&buffer, lines);
    }
    return (msd_text_t){ buffer.bytes, buffer.len };
}
