/* SPDX-License-Identifier: Apache-2.0 */
/* --check: one login, proven by the domain, and what came of it. */
#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/utf8.h"
#include "digest/response.h"
#include "digest/username.h"
#include "netlogon/ntstatus.h"
#include "netlogon/pac.h"
#include "netlogon/wdigest.h"
#include "secret.h"

#define WAIT_MS 10000
#define NOT_ASKED 2

/* Random hexadecimal digits: of a nonce, and of a cnonce. */
#define DRAWN 16

typedef struct {
    const msd_trial_t *trial;
    apr_pool_t *pool;
    char nonce[2 * DRAWN];
    char cnonce[2 * DRAWN];
    char response[2 * MSD_HASH_MAX];
    unsigned char key[MSD_HASH_MAX];
} attempt_t;

static const char *read_secret(void *self, unsigned char *out)
{
    return msd_secret_read(self, out);
}

static bool read_password(char *out, int size)
{
    struct termios kept;
    struct termios silent;
    bool terminal = tcgetattr(STDIN_FILENO, &kept) == 0;
    bool good;

    if (terminal) {
        silent = kept;
        silent.c_lflag &= (tcflag_t)~ECHO;
        fputs("Password: ", stderr);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    good = fgets(out, size, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &kept);
        fputs("\n", stderr);
    }
    out[good ? strcspn(out, "\r\n") : 0] = '\0';
    return good;
}

static bool draw_hex(char *out)
{
    unsigned char bytes[DRAWN];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    msd_hex_encode(bytes, sizeof(bytes), out);
    return true;
}

/* The response of RFC 2617 section 3.2.2.1 with qop=auth. */
static bool compute(attempt_t *attempt, const char *password)
{
    const msd_text_t nonce = { attempt->nonce, sizeof(attempt->nonce) };
    const msd_text_t cnonce = { attempt->cnonce, sizeof(attempt->cnonce) };
    msd_hasher_t *hasher = msd_hasher_create(attempt->pool);
    unsigned char hash[MSD_HASH_MAX];
    char hex[2 * MSD_HASH_MAX];
    char a2[2 * MSD_HASH_MAX];
    const msd_text_t base = { hex, 32 };
    const msd_text_t a2_text = { a2, 32 };
    const msd_text_t who[] = { msd_text_of(attempt->trial->user),
                               msd_text_of(attempt->trial->realm),
                               msd_text_of(password) };
    const msd_text_t session[] = { base, nonce, cnonce };
    const msd_text_t what[] = { MSD_TEXT("GET"), MSD_TEXT("/") };
    const msd_text_t all[] = { base,   nonce, MSD_TEXT("00000001"),
                               cnonce, MSD_TEXT("auth"), a2_text };
    bool good = draw_hex(attempt->nonce) && draw_hex(attempt->cnonce)
                && msd_hash_joined(hasher, MSD_HASH_MD5, who, 3, hash)
                       == APR_SUCCESS;

    msd_hex_encode(hash, 16, hex);
    good = good
           && msd_hash_joined(hasher, MSD_HASH_MD5, session, 3, attempt->key)
                  == APR_SUCCESS
           && msd_hash_joined(hasher, MSD_HASH_MD5, what, 2, hash)
                  == APR_SUCCESS;
    msd_hex_encode(hash, 16, a2);
    msd_hex_encode(attempt->key, 16, hex);
    good = good
           && msd_hash_joined(hasher, MSD_HASH_MD5, all, 6, hash)
                  == APR_SUCCESS;
    msd_hex_encode(hash, 16, attempt->response);
    msd_wipe(hex, sizeof(hex));
    return good;
}

static const char *make_request(const attempt_t *attempt,
                                const char *computer, msd_text_t *out)
{
    const msd_text_t user = msd_text_of(attempt->trial->user);
    msd_wdigest_request_t request = {
        .username = user,
        .realm = msd_text_of(attempt->trial->realm),
        .nonce = { attempt->nonce, sizeof(attempt->nonce) },
        .cnonce = { attempt->cnonce, sizeof(attempt->cnonce) },
        .nc = MSD_TEXT("00000001"),
        .algorithm = MSD_TEXT("MD5-sess"),
        .qop = MSD_TEXT("auth"),
        .method = MSD_TEXT("GET"),
        .uri = MSD_TEXT("/"),
        .response = { attempt->response, 32 },
        .account = msd_username_strip(user),
        .domain = msd_text_of(attempt->trial->domain->netbios),
        .server = msd_text_of(computer),
        .utf8 = true,
        .flags = MSD_WDIGEST_FIND_FORMAT | MSD_WDIGEST_EXPAND_GROUPS,
    };

    if (strchr(attempt->trial->user, '\\') != NULL) {
        request.flags |= MSD_WDIGEST_BACKSLASH;
    }
    return msd_wdigest_ask(&request, attempt->pool, out);
}

static int tell_granted(const attempt_t *attempt, msd_text_t message)
{
    apr_array_header_t *sids = apr_array_make(attempt->pool, 8,
                                              sizeof(const char *));
    msd_wdigest_reply_t reply;
    const char *fault = msd_wdigest_read(message, &reply);

    if (fault == NULL && !msd_equal(reply.key, attempt->key, 16)) {
        fault = "its session key is not the one of this password";
    }
    if (fault != NULL) {
        printf("the domain grants, but %s\n", fault);
        return EXIT_FAILURE;
    }
    puts("granted; the session key is right");
    fault = msd_pac_read(reply.pac, attempt->pool, sids);
    if (fault != NULL) {
        printf("no groups: %s\n", fault);
    }
    for (int i = 0; fault == NULL && i < sids->nelts; i++) {
        printf("group %s\n", APR_ARRAY_IDX(sids, i, const char *));
    }
    return EXIT_SUCCESS;
}

static int tell(const attempt_t *attempt, const msd_controller_question_t *q)
{
    if (!q->has_status) {
        printf("the domain cannot be asked: %s\n", q->why);
        return NOT_ASKED;
    }
    if (q->status != 0) {
        printf("not granted: status 0x%08x, %s\n", (unsigned)q->status,
               msd_ntstatus_find(q->status)->meaning);
        return EXIT_FAILURE;
    }
    return tell_granted(attempt, q->reply);
}

static const char *ask(const attempt_t *attempt, msd_domain_t *domain,
                       msd_controller_question_t *q)
{
    msd_domain_lines_t lines = { .pool = attempt->pool };
    const char *fault = make_request(attempt, domain->computer, &q->request);

    if (fault == NULL) {
        msd_domain_find(domain);
        q->deadline_ms = msd_stream_now_ms() + WAIT_MS;
        q->pool = attempt->pool;
        msd_domain_ask(domain, &lines, q);
    }
    return fault;
}

int msd_trial(const msd_trial_t *trial)
{
    const msd_controller_secret_t secret = {
        (void *)(uintptr_t)trial->secret_path, read_secret
    };
    attempt_t attempt = { .trial = trial };
    msd_controller_question_t q = { 0 };
    char password[512];
    msd_domain_t domain;
    const char *fault = msd_domain_begin(&domain, trial->domain, &secret);

    apr_pool_create(&attempt.pool, NULL);
    if (fault == NULL
        && (!read_password(password, sizeof(password))
            || !compute(&attempt, password))) {
        fault = "there is no password on standard input";
    }
    msd_wipe(password, sizeof(password));
    if (fault == NULL) {
        fault = ask(&attempt, &domain, &q);
    }
    if (fault != NULL) {
        fprintf(stderr, "msdigest-netlogond: %s\n", fault);
        return NOT_ASKED;
    }
    return tell(&attempt, &q);
}
