/* SPDX-License-Identifier: Apache-2.0 */
/* A domain controller that does as it is told: for what a real one never does.
 * dc PORT ACCOUNT SECRET USER:REALM:PASSWORD:MANNER ...
 * MANNER: ok, hang, cut, wrongkey, or the status to answer, in hexadecimal.
 * SIGUSR1 makes it forget its session key. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/rand.h>

#include "netlogon/calls.h"
#include "netlogon/cfb8.h"
#include "netlogon/ndr.h"
#include "netlogon/pdu.h"
#include "stream.h"

#define STUB_MAX 80000
#define FOREVER UINT64_MAX

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned char ours[8];
static unsigned char theirs[8];
static unsigned char session_key[16];
static volatile sig_atomic_t forgotten = 1;
static char **arguments;
static int users;

typedef struct {
    int socket;
    apr_pool_t *pool;
    msd_token_t token;
    bool sealed;
    unsigned char key[16];
    unsigned char pdu[MSD_PDU_MAX];
    apr_size_t len;
    unsigned char stub[STUB_MAX];
    apr_size_t stub_len;
} line_t;

static void forget(int number)
{
    (void)number;
    forgotten = 1;
}

/* ---- Packets */

static void put_head(msd_ndr_out_t *out, unsigned char type,
                     unsigned char flags, uint32_t call_id)
{
    const unsigned char head[] = { 5, 0, type, flags, 0x10, 0, 0, 0 };

    msd_ndr_put(out, head, sizeof(head));
    msd_ndr_put_u32(out, 0);
    msd_ndr_put_u32(out, call_id);
}

static void put_trailer(msd_ndr_out_t *out, unsigned char pad)
{
    const unsigned char trailer[] = { 0x44, 6, pad, 0, 1, 0, 0, 0 };

    msd_ndr_put(out, trailer, sizeof(trailer));
}

static bool send_it(const line_t *line, unsigned char *pdu, apr_size_t n,
                    apr_size_t auth)
{
    msd_ndr_set_u16(pdu + 8, (uint16_t)n);
    msd_ndr_set_u16(pdu + 10, (uint16_t)auth);
    return msd_stream_write(line->socket, pdu, n, FOREVER);
}

static bool refuse(line_t *line, unsigned char type, uint32_t status)
{
    unsigned char pdu[64];
    msd_ndr_out_t out = msd_ndr_begin(pdu, sizeof(pdu));

    put_head(&out, type, 3, msd_ndr_u32_at(line->pdu + 12));
    if (type == MSD_PDU_FAULT) {
        msd_ndr_put(&out, NULL, 8);
    }
    msd_ndr_put_u32(&out, status);
    msd_ndr_put_u32(&out, 0);
    return send_it(line, pdu, out.len, 0);
}

static bool answer_bind(line_t *line)
{
    unsigned char pdu[256];
    msd_ndr_out_t out = msd_ndr_begin(pdu, sizeof(pdu));

    line->sealed = msd_ndr_u16_at(line->pdu + 10) > 0;
    if (line->sealed && forgotten) {
        return refuse(line, MSD_PDU_BIND_NAK, 0);
    }
    put_head(&out, MSD_PDU_BIND_ACK, line->sealed ? 7 : 3,
             msd_ndr_u32_at(line->pdu + 12));
    msd_ndr_put_u16(&out, MSD_PDU_MAX);
    msd_ndr_put_u16(&out, MSD_PDU_MAX);
    msd_ndr_put_u32(&out, 1);
    msd_ndr_put_u16(&out, 0);
    msd_ndr_put_align(&out, 4);
    msd_ndr_put_u32(&out, 1);
    msd_ndr_put_u32(&out, 0);
    msd_ndr_put(&out, msd_pdu_ndr, sizeof(msd_pdu_ndr));
    msd_ndr_put_u32(&out, 2);
    if (!line->sealed) {
        return send_it(line, pdu, out.len, 0);
    }
    pthread_mutex_lock(&mutex);
    memcpy(line->key, session_key, sizeof(line->key));
    pthread_mutex_unlock(&mutex);
    msd_token_begin(&line->token, line->key, line->pool);
    put_trailer(&out, 0);
    msd_ndr_put_u32(&out, 1);
    msd_ndr_put(&out, NULL, 8);
    return send_it(line, pdu, out.len, 12);
}

static msd_token_message_t message_of(unsigned char *pdu, apr_size_t body,
                                      bool from_client)
{
    return (msd_token_message_t){ { (const char *)pdu, 24 },
                                  pdu + 24,
                                  body,
                                  { (const char *)pdu + 24 + body, 8 },
                                  from_client };
}

static bool reply(line_t *line, const unsigned char *stub, apr_size_t n)
{
    unsigned char pdu[MSD_PDU_MAX];
    unsigned char confounder[8];
    msd_ndr_out_t out = msd_ndr_begin(pdu, sizeof(pdu));
    msd_token_message_t message;
    apr_size_t body;

    put_head(&out, MSD_PDU_RESPONSE, 3, msd_ndr_u32_at(line->pdu + 12));
    msd_ndr_put_u32(&out, (uint32_t)n);
    msd_ndr_put_u32(&out, 0);
    msd_ndr_put(&out, stub, n);
    if (!line->sealed) {
        return send_it(line, pdu, out.len, 0);
    }
    body = (n + 15) / 16 * 16;
    msd_ndr_put(&out, NULL, body - n);
    put_trailer(&out, (unsigned char)(body - n));
    msd_ndr_set_u16(pdu + 8, (uint16_t)(out.len + MSD_TOKEN_SIZE));
    msd_ndr_set_u16(pdu + 10, MSD_TOKEN_SIZE);
    message = message_of(pdu, body, false);
    RAND_bytes(confounder, sizeof(confounder));
    msd_token_seal(&line->token, &message, confounder, pdu + out.len);
    return send_it(line, pdu, out.len + MSD_TOKEN_SIZE, MSD_TOKEN_SIZE);
}

/* ---- Calls */

static void pass_string(msd_ndr_in_t *in)
{
    msd_ndr_u32(in);
    msd_ndr_u32(in);
    msd_ndr_take(in, 2 * (apr_size_t)msd_ndr_u32(in));
}

static bool challenge(line_t *line)
{
    unsigned char stub[12] = { 0 };

    pthread_mutex_lock(&mutex);
    memcpy(ours, line->stub + line->stub_len - 8, 8);
    RAND_bytes(theirs, sizeof(theirs));
    memcpy(stub, theirs, 8);
    pthread_mutex_unlock(&mutex);
    return reply(line, stub, sizeof(stub));
}

static uint32_t authenticate_client(line_t *line, unsigned char *out)
{
    msd_ndr_in_t in = msd_ndr_read(line->stub, line->stub_len);
    unsigned char hash[16];
    unsigned char expected[8];
    const unsigned char *credential;

    msd_ndr_u32(&in);
    pass_string(&in);
    pass_string(&in);
    msd_ndr_u16(&in);
    pass_string(&in);
    credential = msd_ndr_take(&in, 8);
    msd_machinekey_read(msd_text_of(arguments[3]), hash);
    msd_machinekey_session(hash, ours, theirs, line->pool, line->key);
    msd_machinekey_credential(line->key, ours, expected);
    if (credential == NULL || memcmp(credential, expected, 8) != 0) {
        return 0xc0000022;
    }
    msd_machinekey_credential(line->key, theirs, out);
    memcpy(session_key, line->key, sizeof(session_key));
    forgotten = 0;
    return 0;
}

static bool authenticate(line_t *line)
{
    unsigned char stub[20] = { 0 };

    pthread_mutex_lock(&mutex);
    msd_ndr_set_u32(stub + 16, authenticate_client(line, stub));
    pthread_mutex_unlock(&mutex);
    msd_ndr_set_u32(stub + 8, MSD_CALLS_FLAGS);
    return reply(line, stub, sizeof(stub));
}

/* Username, realm, nonce, cnonce, nc, algorithm, qop, method, uri, response. */
static bool read_request(line_t *line, const char **values)
{
    msd_ndr_in_t in = msd_ndr_read(line->stub, line->stub_len);
    const msd_cfb8_t how = { line->key, NULL, false };
    msd_cfb8_piece_t piece;
    const char *at;

    msd_ndr_u32(&in);
    pass_string(&in);
    msd_ndr_u32(&in);
    pass_string(&in);
    msd_ndr_u32(&in);
    msd_ndr_u32(&in);
    msd_ndr_align(&in, 4);
    msd_ndr_take(&in, 8 + 12 + 16 + 8 + 8);
    pass_string(&in);
    pass_string(&in);
    piece.n = msd_ndr_u32(&in);
    piece.bytes = (unsigned char *)(uintptr_t)msd_ndr_take(&in, piece.n);
    if (piece.bytes == NULL || piece.n < 80) {
        return false;
    }
    msd_cfb8(&how, &piece, 1);
    at = (const char *)piece.bytes + 40;
    for (int i = 0; i < 10; i++) {
        values[i] = at;
        at += strlen(at) + 1;
    }
    return msd_ndr_u32_at(piece.bytes) == 0x1a;
}

static void hash(line_t *line, const char *text, char *hex)
{
    const msd_text_t part = msd_text_of(text);
    unsigned char bytes[MSD_HASH_MAX];

    msd_hash_joined(msd_hasher_create(line->pool), MSD_HASH_MD5, &part, 1,
                    bytes);
    msd_hex_encode(bytes, 16, hex);
    hex[32] = '\0';
}

static uint32_t verify(line_t *line, const char **v, char *key, char **manner)
{
    char *user = NULL;
    char *last = NULL;
    const char *realm;
    char h[33];
    char a2[33];

    for (int i = 0; i < users; i++) {
        user = apr_strtok(apr_pstrdup(line->pool, arguments[4 + i]), ":",
                          &last);
        if (strcmp(user, v[0]) == 0) {
            break;
        }
        user = NULL;
    }
    if (user == NULL) {
        return 0xc0000064;
    }
    realm = apr_strtok(NULL, ":", &last);
    hash(line, apr_pstrcat(line->pool, user, ":", realm, ":",
                           apr_strtok(NULL, ":", &last), NULL), h);
    *manner = apr_strtok(NULL, ":", &last);
    hash(line, apr_pstrcat(line->pool, h, ":", v[2], ":", v[3], NULL), key);
    hash(line, apr_pstrcat(line->pool, v[7], ":", v[8], NULL), a2);
    hash(line, apr_pstrcat(line->pool, key, ":", v[2], ":", v[4], ":", v[3],
                           ":", v[6], ":", a2, NULL), h);
    return strcmp(h, v[9]) == 0 && strcmp(realm, v[1]) == 0 ? 0 : 0xc000006d;
}

static bool log_on(line_t *line)
{
    unsigned char stub[256];
    unsigned char response[82] = { 0x0a, 0, 0, 0, 1 };
    msd_ndr_out_t out = msd_ndr_begin(stub, sizeof(stub));
    const char *values[10];
    char *manner = (char *)(uintptr_t)"ok";
    char key[33];
    apr_size_t n = sizeof(response);
    uint32_t status = read_request(line, values)
                          ? verify(line, values, key, &manner)
                          : 0xc000000d;

    if (strcmp(manner, "hang") == 0) {
        sleep(60);
    } else if (strncmp(manner, "c0", 2) == 0) {
        status = (uint32_t)strtoul(manner, NULL, 16);
    }
    response[12] = 33;
    response[20] = 2;
    response[24] = sizeof(response);
    response[80] = 'U';
    memcpy(response + 32, key, 32);
    response[32] ^= strcmp(manner, "wrongkey") == 0;
    n -= strcmp(manner, "cut") == 0;
    msd_ndr_put_u16(&out, 5);
    if (status == 0) {
        msd_ndr_put_pointer(&out);
        msd_ndr_put_u32(&out, (uint32_t)n);
        msd_ndr_put_pointer(&out);
        msd_ndr_put_u32(&out, (uint32_t)n);
        msd_ndr_put(&out, response, n);
    } else {
        msd_ndr_put_u32(&out, 0);
    }
    msd_ndr_put(&out, "\1", 1);
    msd_ndr_put_u32(&out, 0);
    msd_ndr_put_u32(&out, status);
    return reply(line, stub, out.len);
}

/* ---- Connections */

static bool take_fragment(line_t *line)
{
    apr_size_t auth = msd_ndr_u16_at(line->pdu + 10);
    apr_size_t body = line->len - 24 - (line->sealed ? auth + 8 : 0);
    msd_token_message_t message = message_of(line->pdu, body, true);

    if (line->sealed) {
        const unsigned char *trailer = line->pdu + 24 + body;

        if (forgotten
            || msd_token_unseal(&line->token, &message, trailer + 8, auth)
                   != NULL) {
            return refuse(line, MSD_PDU_FAULT, 0x721) && false;
        }
        body -= trailer[2];
    }
    memcpy(line->stub + line->stub_len, line->pdu + 24, body);
    line->stub_len += body;
    return true;
}

static bool take_call(line_t *line)
{
    if ((line->pdu[3] & MSD_PDU_FIRST) != 0) {
        line->stub_len = 0;
    }
    if (!take_fragment(line)) {
        return false;
    }
    if ((line->pdu[3] & MSD_PDU_LAST) == 0) {
        return true;
    }
    switch (msd_ndr_u16_at(line->pdu + 22)) {
    case MSD_CALLS_CHALLENGE:
        return challenge(line);
    case MSD_CALLS_AUTHENTICATE:
        return authenticate(line);
    default:
        return line->sealed ? log_on(line)
                            : refuse(line, MSD_PDU_FAULT, 5);
    }
}

static void *serve(void *data)
{
    line_t *line = data;
    bool good = true;

    while (good
           && msd_stream_read(line->socket, line->pdu, 16, FOREVER) == 16) {
        line->len = msd_ndr_u16_at(line->pdu + 8);
        good = line->len <= MSD_PDU_MAX && line->len >= 24
               && msd_stream_read(line->socket, line->pdu + 16,
                                  line->len - 16, FOREVER)
                      == line->len - 16
               && (line->pdu[2] == MSD_PDU_BIND ? answer_bind(line)
                                                : take_call(line));
    }
    close(line->socket);
    return NULL;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    const int on = 1;
    int s = socket(AF_INET, SOCK_STREAM, 0);

    if (argc < 4) {
        return EXIT_FAILURE;
    }
    arguments = argv;
    users = argc - 4;
    apr_initialize();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, forget);
    address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(s, (const struct sockaddr *)&address, sizeof(address)) != 0
        || listen(s, 64) != 0) {
        perror("dc");
        return EXIT_FAILURE;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        line_t *line = calloc(1, sizeof(*line));
        pthread_t thread;

        line->socket = accept(s, NULL, NULL);
        apr_pool_create(&line->pool, NULL);
        pthread_create(&thread, NULL, serve, line);
    }
}
