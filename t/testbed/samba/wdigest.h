/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the plugin share. Everything is allocated on `mem`. */
#ifndef TESTBED_WDIGEST_H
#define TESTBED_WDIGEST_H

#include <stdbool.h>
#include <stdint.h>

/* Samba's headers lean on each other: in this order. */
#include <core/ntstatus.h>
#include <core/error.h>
#include <talloc.h>
#include <util/data_blob.h>
#include <util/time.h>
#include <ldb.h>

#define HASH_BYTES 16
#define HEX_BYTES  32
#define MAX_HASHES 255

/* Flags of DIGEST_VALIDATION_REQ ([MS-APDS] 2.2.5.1). */
#define FLAG_DC_FINDS_FORM 0x0001
#define FLAG_EXPAND_GROUPS 0x0004
#define FLAG_TRY_UNESCAPED 0x0010

enum { DIGEST_HTTP = 3 };
enum { QOP_NONE = 1, QOP_AUTH, QOP_AUTH_INT };
enum { ALGORITHM_MD5_SESS = 3 };
enum { CHARSET_8859_1 = 1, CHARSET_UTF_8 };

/* DIGEST_VALIDATION_REQ; the strings are UTF-8 or bytes as sent. */
struct question {
    uint16_t type, qop_type, algorithm_type, charset, name_format, flags;
    const char *username, *realm, *nonce, *cnonce, *nc, *algorithm, *qop;
    const char *method, *uri, *response, *entity_hash, *authzid;
    const char *account, *domain, *server;
};

/* The names of the domain that this is the controller of. */
struct domain {
    const char *netbios, *dns, *controller;
};

struct account {
    struct ldb_dn *dn;
    const char *name;
    NTSTATUS state; /* NT_STATUS_OK, or why it may not log in */
    uint8_t hashes[MAX_HASHES][HASH_BYTES];
    unsigned hash_count;
};

/* Reads a DIGEST_VALIDATION_REQ; NT_STATUS_INVALID_PARAMETER if it is none. */
NTSTATUS question_read(TALLOC_CTX *mem, const uint8_t *bytes, size_t size,
                       struct question *question);

/* Whether one of the account's hashes made the response; if so, the session
 * key H(A1) as 32 hex digits and a NUL. */
bool question_proven(TALLOC_CTX *mem, const struct question *question,
                     const struct account *account, char key[HEX_BYTES + 1]);

/* DIGEST_VALIDATION_RESP ([MS-APDS] 2.2.5.2) of success. */
DATA_BLOB answer_write(TALLOC_CTX *mem, const char key[HEX_BYTES + 1],
                       DATA_BLOB pac, const char *account_name);

/* Finds the account that is asked for: NT_STATUS_OK, or what a domain
 * controller says instead. */
NTSTATUS account_find(TALLOC_CTX *mem, struct ldb_context *sam,
                      const struct domain *domain,
                      const struct question *question,
                      struct account **account);

/* The groups of an account as a PAC ([MS-PAC]) with a logon information
 * buffer; `resources`: domain-local groups too. */
NTSTATUS pac_write(TALLOC_CTX *mem, struct ldb_context *sam,
                   const struct domain *domain, const struct account *account,
                   bool resources, DATA_BLOB *pac);

#endif
