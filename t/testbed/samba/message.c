/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DIGEST_VALIDATION_REQ and _RESP ([MS-APDS] 2.2.5), and the digest itself. */
#include "wdigest.h"

#include <string.h>

#include <charset.h>
#include <openssl/evp.h>

#define HEAD     40
#define RESPONSE 80

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at + 2) << 16 | get16(at);
}

static void put16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *at, size_t value)
{
    put16(at, value);
    put16(at + 2, value >> 16);
}

/* Takes a string of single bytes, in UTF-8 then, off the payload. */
static const char *take_bytes(TALLOC_CTX *mem, DATA_BLOB *rest, int charset)
{
    const uint8_t *end =
        rest->length > 0 ? memchr(rest->data, 0, rest->length) : NULL;
    if (!end)
        return NULL;
    size_t length = (size_t)(end - rest->data);
    char *text = talloc_array(mem, char, 2 * length + 1);
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = rest->data[i];
        if (charset == CHARSET_8859_1 && byte >= 0x80) {
            text[used++] = (char)(0xC0 | byte >> 6);
            byte = (uint8_t)(0x80 | (byte & 0x3F));
        }
        text[used++] = (char)byte;
    }
    text[used] = '\0';
    rest->data += length + 1;
    rest->length -= length + 1;
    return text;
}

/* The same for UTF-16. */
static const char *take_wide(TALLOC_CTX *mem, DATA_BLOB *rest)
{
    size_t length = 0;
    while (length + 2 <= rest->length && get16(rest->data + length) != 0)
        length += 2;
    if (length + 2 > rest->length)
        return NULL;
    char *text = NULL;
    size_t size;
    if (length == 0)
        text = talloc_strdup(mem, "");
    else if (!convert_string_talloc(mem, CH_UTF16LE, CH_UNIX, rest->data,
                                    length, (void **)&text, &size))
        return NULL;
    else
        text = talloc_strndup(mem, text, size);
    rest->data += length + 2;
    rest->length -= length + 2;
    return text;
}

NTSTATUS question_read(TALLOC_CTX *mem, const uint8_t *bytes, size_t size,
                       struct question *q)
{
    if (!bytes || size < HEAD || get32(bytes) != 0x1A ||
        get16(bytes + 4) != 1 || get16(bytes + 6) != size ||
        get16(bytes + 16) > size - HEAD)
        return NT_STATUS_INVALID_PARAMETER;
    *q = (struct question){
        .type = get16(bytes + 8),
        .qop_type = get16(bytes + 10),
        .algorithm_type = get16(bytes + 12),
        .charset = get16(bytes + 14),
        .name_format = get16(bytes + 18),
        .flags = get16(bytes + 20),
    };

    DATA_BLOB rest = {(uint8_t *)(uintptr_t)bytes + HEAD, get16(bytes + 16)};
    const char **const narrow[] = {
        &q->username, &q->realm, &q->nonce, &q->cnonce,
        &q->nc, &q->algorithm, &q->qop, &q->method,
        &q->uri, &q->response, &q->entity_hash, &q->authzid,
    };
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++)
        if (!(*narrow[i] = take_bytes(mem, &rest, q->charset)))
            return NT_STATUS_INVALID_PARAMETER;
    const char **const wide[] = {&q->account, &q->domain, &q->server};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (!(*wide[i] = take_wide(mem, &rest)))
            return NT_STATUS_INVALID_PARAMETER;
    return NT_STATUS_OK;
}

static void to_hex(const uint8_t hash[HASH_BYTES], char hex[HEX_BYTES + 1])
{
    static const char DIGITS[] = "0123456789abcdef";
    for (int i = 0; i < HASH_BYTES; i++) {
        hex[2 * i] = DIGITS[hash[i] >> 4];
        hex[2 * i + 1] = DIGITS[hash[i] & 15];
    }
    hex[HEX_BYTES] = '\0';
}

static void md5_hex(const char *text, char hex[HEX_BYTES + 1])
{
    uint8_t hash[HASH_BYTES] = {0};
    size_t size;
    EVP_Q_digest(NULL, "MD5", NULL, text, strlen(text), hash, &size);
    to_hex(hash, hex);
}

/* RFC 2617 3.2.2.1 from H(A1). */
static void response_of(TALLOC_CTX *mem, const struct question *q,
                        const char *key, char response[HEX_BYTES + 1])
{
    char a2[HEX_BYTES + 1];
    md5_hex(q->qop_type == QOP_AUTH_INT
                ? talloc_asprintf(mem, "%s:%s:%s", q->method, q->uri,
                                  q->entity_hash)
                : talloc_asprintf(mem, "%s:%s", q->method, q->uri),
            a2);
    md5_hex(q->qop_type == QOP_NONE
                ? talloc_asprintf(mem, "%s:%s:%s", key, q->nonce, a2)
                : talloc_asprintf(mem, "%s:%s:%s:%s:%s:%s", key, q->nonce,
                                  q->nc, q->cnonce, q->qop, a2),
            response);
}

bool question_proven(TALLOC_CTX *mem, const struct question *q,
                     const struct account *account, char key[HEX_BYTES + 1])
{
    for (unsigned i = 0; i < account->hash_count; i++) {
        char stored[HEX_BYTES + 1], response[HEX_BYTES + 1];
        to_hex(account->hashes[i], stored);
        /* RFC 2617 3.2.2.2, MD5-sess. */
        md5_hex(talloc_asprintf(mem, "%s:%s:%s", stored, q->nonce, q->cnonce),
                key);
        response_of(mem, q, key, response);
        if (strcmp(response, q->response) == 0)
            return true;
    }
    return false;
}

DATA_BLOB answer_write(TALLOC_CTX *mem, const char key[HEX_BYTES + 1],
                       DATA_BLOB pac, const char *account_name)
{
    void *name = NULL;
    size_t name_size = 0;
    convert_string_talloc(mem, CH_UNIX, CH_UTF16LE, account_name,
                          strlen(account_name), &name, &name_size);
    DATA_BLOB out =
        data_blob_talloc_zero(mem, RESPONSE + pac.length + name_size);
    put32(out.data, 0x0A);
    put16(out.data + 4, 1);
    put32(out.data + 8, 0);
    put16(out.data + 12, HEX_BYTES + 1);
    put32(out.data + 16, pac.length);
    put16(out.data + 20, name_size);
    put32(out.data + 24, out.length);
    memcpy(out.data + 32, key, HEX_BYTES);
    if (pac.length > 0)
        memcpy(out.data + RESPONSE, pac.data, pac.length);
    if (name_size > 0)
        memcpy(out.data + RESPONSE + pac.length, name, name_size);
    return out;
}
