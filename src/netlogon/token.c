/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of the Netlogon security provider: sealing with AES. */
#include "netlogon/token.h"

#include <string.h>

#include "netlogon/cfb8.h"
#include "netlogon/ndr.h"

/* Where the parts of NL_AUTH_SHA2_SIGNATURE begin ([MS-NRPC] 2.2.1.3.3). */
#define FIXED 6         /* algorithms and padding, always the same */
#define HASHED 8        /* with the flags */
#define SEQUENCE 8
#define CHECKSUM 16
#define CONFOUNDER 24
#define PART 8

#define NEGOTIATE_REQUEST 0
#define NEGOTIATE_RESPONSE 1
#define WELCOME_LEAST 12
#define HAS_DOMAIN 1
#define HAS_COMPUTER 2

/* HMAC-SHA-256, AES-128, 0xFFFF, no flags. */
static const unsigned char fixed[HASHED] = { 0x13, 0, 0x1a, 0,
                                             0xff, 0xff, 0, 0 };

apr_status_t msd_token_begin(msd_token_t *token,
                             const unsigned char *session_key,
                             apr_pool_t *pool)
{
    unsigned char padded[MSD_HMAC_SIZE] = { 0 };

    memcpy(padded, session_key, MSD_MACHINEKEY_SIZE);
    memcpy(token->session_key, session_key, MSD_MACHINEKEY_SIZE);
    for (int i = 0; i < MSD_MACHINEKEY_SIZE; i++) {
        token->sealing_key[i] = session_key[i] ^ 0xf0;
    }
    token->counter = 0;
    token->hmac = msd_hmac_create(pool, padded);
    msd_wipe(padded, sizeof(padded));
    return token->hmac == NULL ? APR_EGENERAL : APR_SUCCESS;
}

void msd_token_end(msd_token_t *token)
{
    msd_wipe(token, sizeof(*token));
}

/* The counter's low half, then its high half, each big-endian; the direction
 * is one bit of it ([MS-NRPC] 3.3.4.2.1). */
static void write_sequence(uint64_t counter, bool from_client,
                           unsigned char *out)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (unsigned char)(counter >> (24 - 8 * i) & 0xff);
        out[4 + i] = (unsigned char)(counter >> (56 - 8 * i) & 0xff);
    }
    if (from_client) {
        out[4] |= 0x80;
    }
}

static void double_up(const unsigned char *part, unsigned char *iv)
{
    memcpy(iv, part, PART);
    memcpy(iv + PART, part, PART);
}

static apr_status_t make_checksum(const msd_token_t *token,
                                  const msd_token_message_t *message,
                                  const unsigned char *head,
                                  const unsigned char *confounder,
                                  unsigned char *out)
{
    const msd_text_t parts[] = {
        { (const char *)head, HASHED },
        { (const char *)confounder, MSD_TOKEN_CONFOUNDER },
        message->before,
        { (const char *)message->body, message->len },
        message->after,
    };
    unsigned char mac[MSD_HMAC_SIZE];
    apr_status_t status = msd_hmac(token->hmac, parts, 5, mac);

    memcpy(out, mac, PART);
    msd_wipe(mac, sizeof(mac));
    return status;
}

/* Confounder and body are one stream. */
static apr_status_t run_body(const msd_token_t *token, bool encrypt,
                             const unsigned char *sequence,
                             unsigned char *confounder,
                             const msd_token_message_t *message)
{
    unsigned char iv[MSD_CFB8_IV_SIZE];
    const msd_cfb8_t how = { token->sealing_key, iv, encrypt };
    const msd_cfb8_piece_t pieces[] = {
        { confounder, MSD_TOKEN_CONFOUNDER },
        { message->body, message->len },
    };

    double_up(sequence, iv);
    return msd_cfb8(&how, pieces, 2);
}

static apr_status_t run_sequence(const msd_token_t *token, bool encrypt,
                                 const unsigned char *checksum,
                                 unsigned char *sequence)
{
    unsigned char iv[MSD_CFB8_IV_SIZE];
    const msd_cfb8_t how = { token->session_key, iv, encrypt };
    const msd_cfb8_piece_t piece = { sequence, PART };

    double_up(checksum, iv);
    return msd_cfb8(&how, &piece, 1);
}

apr_status_t msd_token_seal(msd_token_t *token,
                            const msd_token_message_t *message,
                            const unsigned char *confounder,
                            unsigned char *out)
{
    apr_status_t status;

    memset(out, 0, MSD_TOKEN_SIZE);
    memcpy(out, fixed, sizeof(fixed));
    memcpy(out + CONFOUNDER, confounder, MSD_TOKEN_CONFOUNDER);
    write_sequence(token->counter++, message->from_client, out + SEQUENCE);
    status = make_checksum(token, message, out, confounder, out + CHECKSUM);
    if (status == APR_SUCCESS) {
        status = run_body(token, true, out + SEQUENCE, out + CONFOUNDER,
                          message);
    }
    return status == APR_SUCCESS ? run_sequence(token, true, out + CHECKSUM,
                                                out + SEQUENCE)
                                 : status;
}

const char *msd_token_unseal(msd_token_t *token,
                             const msd_token_message_t *message,
                             const unsigned char *bytes, apr_size_t len)
{
    unsigned char expected[PART];
    unsigned char sequence[PART];
    unsigned char checksum[PART];
    unsigned char confounder[MSD_TOKEN_CONFOUNDER];

    if (len < MSD_TOKEN_LEAST || memcmp(bytes, fixed, FIXED) != 0) {
        return "the token is not sealed with AES";
    }
    memcpy(sequence, bytes + SEQUENCE, PART);
    memcpy(confounder, bytes + CONFOUNDER, sizeof(confounder));
    write_sequence(token->counter, message->from_client, expected);
    if (run_sequence(token, false, bytes + CHECKSUM, sequence)
        != APR_SUCCESS) {
        return "OpenSSL cannot run AES";
    }
    if (!msd_equal(sequence, expected, PART)) {
        return "the sequence number is wrong";
    }
    if (run_body(token, false, sequence, confounder, message) != APR_SUCCESS
        || make_checksum(token, message, bytes, confounder, checksum)
               != APR_SUCCESS) {
        return "OpenSSL cannot run AES or HMAC";
    }
    if (!msd_equal(checksum, bytes + CHECKSUM, PART)) {
        return "the checksum is wrong";
    }
    token->counter++;
    return NULL;
}

apr_size_t msd_token_greet(const char *domain, const char *computer,
                           unsigned char *out)
{
    msd_ndr_out_t ndr = msd_ndr_begin(out, MSD_TOKEN_GREETING_MAX);

    msd_ndr_put_u32(&ndr, NEGOTIATE_REQUEST);
    msd_ndr_put_u32(&ndr, HAS_DOMAIN | HAS_COMPUTER);
    msd_ndr_put(&ndr, domain, strlen(domain) + 1);
    msd_ndr_put(&ndr, computer, strlen(computer) + 1);
    return ndr.len;
}

bool msd_token_is_welcome(const unsigned char *bytes, apr_size_t len)
{
    return len >= WELCOME_LEAST
           && msd_ndr_u32_at(bytes) == NEGOTIATE_RESPONSE;
}
