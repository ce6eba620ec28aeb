/* SPDX-License-Identifier: Apache-2.0 */
/* The secret from which all keys follow, in two generations. */
#include "context/secret.h"

#include <string.h>

#include "base/hash.h"
#include "context/hkdf.h"

#define FINGERPRINT_SIZE ((MSD_FINGERPRINT_LENGTH - 1) / 2)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Take the next line, without the blanks around it. */
static msd_text_t take_line(msd_text_t *rest)
{
    const char *end = memchr(rest->data, '\n', rest->len);
    msd_text_t line = *rest;

    if (end != NULL) {
        line.len = (apr_size_t)(end - line.data);
        rest->data = end + 1;
        rest->len -= line.len + 1;
    } else {
        rest->len = 0;
    }
    while (line.len > 0 && is_blank(line.data[0])) {
        line = (msd_text_t){ line.data + 1, line.len - 1 };
    }
    while (line.len > 0 && is_blank(line.data[line.len - 1])) {
        line.len--;
    }
    return line;
}

static const char *add_line(msd_text_t line, msd_secret_t *out)
{
    if (out->count == MSD_SECRET_COUNT) {
        return "at most two secrets, the current and one more";
    }
    if (!msd_hex_decode(line, out->generations[out->count],
                        MSD_SECRET_SIZE)) {
        return "lines of 64 hexadecimal digits (msdigest secret makes them)";
    }
    if (out->count > 0
        && msd_equal(out->generations[0], out->generations[1],
                     MSD_SECRET_SIZE)) {
        return "two secrets that differ";
    }
    out->count++;
    return NULL;
}

const char *msd_secret_parse(msd_text_t text, msd_secret_t *out)
{
    const char *fault = NULL;

    memset(out, 0, sizeof(*out));
    while (fault == NULL && text.len > 0) {
        msd_text_t line = take_line(&text);

        if (line.len > 0 && line.data[0] != '#') {
            fault = add_line(line, out);
        }
    }
    if (fault == NULL && out->count == 0) {
        fault = "at least one secret (msdigest secret makes one)";
    }
    if (fault != NULL) {
        msd_wipe(out, sizeof(*out));
    }
    return fault;
}

bool msd_secret_fingerprint(const unsigned char *secret, char *out)
{
    static const msd_text_t none = MSD_TEXT("");
    unsigned char bytes[FINGERPRINT_SIZE];
    msd_hkdf_t *hkdf = msd_hkdf_begin();
    bool fine = msd_hkdf_derive(hkdf, secret, none, "msdigest fingerprint",
                                bytes, sizeof(bytes));

    msd_hkdf_end(hkdf);
    out[0] = '\0';
    if (fine) {
        msd_hex_encode(bytes, sizeof(bytes), out);
        out[MSD_FINGERPRINT_LENGTH - 1] = '\0';
    }
    return fine;
}
