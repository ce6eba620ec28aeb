/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of connection-oriented DCE/RPC 5.0. */
#include "netlogon/pdu.h"

#include <string.h>

#include "netlogon/ndr.h"

#define VERSION 5
#define LITTLE_ENDIAN_ASCII 0x10

#define CALL_HEADER 24      /* of request and response */
#define BOUND_LEAST 28
#define FAULT_LEAST 32
#define NAK_LEAST 18

/* sec_trailer, [MS-RPCE] 2.2.2.11. */
#define TRAILER 8
#define AUTH_NETLOGON 0x44
#define AUTH_PRIVACY 6
#define AUTH_CONTEXT 1
#define AUTH_ALIGN 16

/* Servers that take less than this are none that we know. */
#define SEND_LEAST 1432

const msd_pdu_interface_t msd_pdu_netlogon = {
    { 0x78, 0x56, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab, 0xef, 0x00, 0x01, 0x23,
      0x45, 0x67, 0xcf, 0xfb },
    1
};
const msd_pdu_interface_t msd_pdu_mapper = {
    { 0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91, 0xa4, 0x08, 0x00,
      0x2b, 0x14, 0xa0, 0xfa },
    3
};
const unsigned char msd_pdu_ndr[16] = { 0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c,
                                        0xc9, 0x11, 0x9f, 0xe8, 0x08, 0x00,
                                        0x2b, 0x10, 0x48, 0x60 };

/* ---- Headers */

static apr_size_t least_of(msd_pdu_type_t type)
{
    switch (type) {
    case MSD_PDU_RESPONSE:
        return CALL_HEADER;
    case MSD_PDU_FAULT:
        return FAULT_LEAST;
    case MSD_PDU_BIND_ACK:
        return BOUND_LEAST;
    case MSD_PDU_BIND_NAK:
        return NAK_LEAST;
    default:
        return 0;
    }
}

const char *msd_pdu_read_head(const unsigned char *bytes, uint32_t call_id,
                              msd_pdu_head_t *out)
{
    apr_size_t least;

    out->type = (msd_pdu_type_t)bytes[2];
    out->flags = bytes[3];
    out->len = msd_ndr_u16_at(bytes + 8);
    out->auth_len = msd_ndr_u16_at(bytes + 10);
    least = least_of(out->type);
    if (bytes[0] != VERSION || bytes[1] != 0
        || bytes[4] != LITTLE_ENDIAN_ASCII || bytes[5] != 0 || least == 0) {
        return "it is no reply of DCE/RPC 5.0, little-endian";
    }
    if (out->len < least || out->len > MSD_PDU_MAX
        || (out->auth_len > 0
            && out->auth_len + TRAILER > out->len - least)) {
        return "the lengths of a packet contradict each other";
    }
    if (msd_ndr_u32_at(bytes + 12) != call_id) {
        return "it answers another call";
    }
    return NULL;
}

static void put_head(msd_ndr_out_t *out, msd_pdu_type_t type,
                     unsigned char flags, uint32_t call_id)
{
    const unsigned char head[] = { VERSION, 0, (unsigned char)type, flags,
                                   LITTLE_ENDIAN_ASCII, 0, 0, 0 };

    msd_ndr_put(out, head, sizeof(head));
    msd_ndr_put_u32(out, 0);
    msd_ndr_put_u32(out, call_id);
}

static void set_lengths(unsigned char *pdu, apr_size_t len,
                        apr_size_t auth_len)
{
    msd_ndr_set_u16(pdu + 8, (uint16_t)len);
    msd_ndr_set_u16(pdu + 10, (uint16_t)auth_len);
}

static void write_trailer(unsigned char *out, apr_size_t pad)
{
    out[0] = AUTH_NETLOGON;
    out[1] = AUTH_PRIVACY;
    out[2] = (unsigned char)pad;
    out[3] = 0;
    msd_ndr_set_u32(out + 4, AUTH_CONTEXT);
}

/* ---- Bind */

apr_size_t msd_pdu_bind(const msd_pdu_interface_t *interface,
                        uint32_t call_id, msd_text_t token,
                        unsigned char *out)
{
    msd_ndr_out_t ndr = msd_ndr_begin(out, MSD_PDU_MAX);
    unsigned char trailer[TRAILER];
    unsigned char flags = MSD_PDU_FIRST | MSD_PDU_LAST;

    if (token.len > 0) {
        flags |= MSD_PDU_SIGNS_HEADER;
    }
    put_head(&ndr, MSD_PDU_BIND, flags, call_id);
    msd_ndr_put_u16(&ndr, MSD_PDU_MAX);
    msd_ndr_put_u16(&ndr, MSD_PDU_MAX);
    msd_ndr_put_u32(&ndr, 0);           /* a new association group */
    msd_ndr_put_u32(&ndr, 1);           /* one context, */
    msd_ndr_put_u16(&ndr, 0);           /* number 0, */
    msd_ndr_put_u16(&ndr, 1);           /* with one syntax */
    msd_ndr_put(&ndr, interface->uuid, sizeof(interface->uuid));
    msd_ndr_put_u16(&ndr, interface->major);
    msd_ndr_put_u16(&ndr, 0);
    msd_ndr_put(&ndr, msd_pdu_ndr, sizeof(msd_pdu_ndr));
    msd_ndr_put_u32(&ndr, 2);
    if (token.len > 0) {
        write_trailer(trailer, 0);
        msd_ndr_put(&ndr, trailer, sizeof(trailer));
        msd_ndr_put(&ndr, token.data, token.len);
    }
    set_lengths(out, ndr.len, token.len);
    return ndr.len;
}

/* The trailer and the token, at the end of a packet. */
static const unsigned char *find_trailer(const unsigned char *pdu,
                                         const msd_pdu_head_t *head)
{
    const unsigned char *trailer = pdu + head->len - head->auth_len - TRAILER;

    if (head->auth_len == 0 || trailer[0] != AUTH_NETLOGON
        || trailer[1] != AUTH_PRIVACY
        || msd_ndr_u32_at(trailer + 4) != AUTH_CONTEXT) {
        return NULL;
    }
    return trailer;
}

static const char *check_results(msd_ndr_in_t *in)
{
    const unsigned char *count = msd_ndr_take(in, 4);
    uint16_t result = msd_ndr_u16(in);
    uint16_t reason = msd_ndr_u16(in);
    const unsigned char *syntax = msd_ndr_take(in, sizeof(msd_pdu_ndr));
    uint32_t version = msd_ndr_u32(in);

    if (in->fault || count[0] != 1) {
        return "a bind_ack is broken";
    }
    if (result != 0) {
        return reason == 1 ? "it does not have the interface"
                           : "it rejects the bind";
    }
    return memcmp(syntax, msd_pdu_ndr, sizeof(msd_pdu_ndr)) == 0
                   && version == 2
               ? NULL
               : "it wants another transfer syntax";
}

const char *msd_pdu_read_bound(const unsigned char *pdu,
                               const msd_pdu_head_t *head, bool secured,
                               msd_pdu_bound_t *out)
{
    apr_size_t auth = head->auth_len == 0 ? 0 : head->auth_len + TRAILER;
    msd_ndr_in_t in = msd_ndr_read(pdu, head->len - auth);
    apr_size_t most;

    msd_ndr_take(&in, MSD_PDU_HEADER + 2);
    most = msd_ndr_u16(&in);
    msd_ndr_u32(&in);
    msd_ndr_take(&in, msd_ndr_u16(&in));
    msd_ndr_align(&in, 4);
    out->send_max = most < MSD_PDU_MAX ? most : MSD_PDU_MAX;
    out->signs_header = secured && (head->flags & MSD_PDU_SIGNS_HEADER) != 0;
    if (head->type != MSD_PDU_BIND_ACK || in.fault || most < SEND_LEAST) {
        return "a bind_ack is broken";
    }
    if (secured) {
        const unsigned char *trailer = find_trailer(pdu, head);

        if (trailer == NULL
            || !msd_token_is_welcome(trailer + TRAILER, head->auth_len)) {
            return "it does not protect the connection";
        }
    }
    return check_results(&in);
}

/* ---- Calls */

apr_size_t msd_pdu_stub_max(apr_size_t send_max, bool secured)
{
    apr_size_t room = send_max - CALL_HEADER
                      - (secured ? TRAILER + MSD_TOKEN_SIZE : 0);

    return room - room % AUTH_ALIGN;
}

static msd_text_t span_of(const unsigned char *bytes, apr_size_t n)
{
    return (msd_text_t){ (const char *)bytes, n };
}

/* What stands before and behind the body is signed where both agreed. */
static msd_token_message_t message_of(unsigned char *pdu, apr_size_t len,
                                      bool signs_header)
{
    msd_token_message_t message = { .body = pdu + CALL_HEADER, .len = len };

    if (signs_header) {
        message.before = span_of(pdu, CALL_HEADER);
        message.after = span_of(pdu + CALL_HEADER + len, TRAILER);
    }
    return message;
}

apr_size_t msd_pdu_request(const msd_pdu_request_t *request,
                           msd_token_t *token, unsigned char *out)
{
    msd_ndr_out_t ndr = msd_ndr_begin(out, MSD_PDU_MAX);
    msd_token_message_t message;
    apr_size_t body;

    put_head(&ndr, MSD_PDU_REQUEST, request->flags, request->call_id);
    msd_ndr_put_u32(&ndr, request->hint);
    msd_ndr_put_u16(&ndr, 0);
    msd_ndr_put_u16(&ndr, request->opnum);
    msd_ndr_put(&ndr, request->stub.data, request->stub.len);
    if (token == NULL || ndr.full) {
        set_lengths(out, ndr.len, 0);
        return ndr.full ? 0 : ndr.len;
    }
    msd_ndr_put(&ndr, NULL, (AUTH_ALIGN - request->stub.len % AUTH_ALIGN)
                                % AUTH_ALIGN);
    body = ndr.len - CALL_HEADER;
    msd_ndr_put(&ndr, NULL, TRAILER + MSD_TOKEN_SIZE);
    if (ndr.full) {
        return 0;
    }
    set_lengths(out, ndr.len, MSD_TOKEN_SIZE);
    write_trailer(out + CALL_HEADER + body, body - request->stub.len);
    message = message_of(out, body, request->signs_header);
    message.from_client = true;
    return msd_token_seal(token, &message, request->confounder,
                          out + CALL_HEADER + body + TRAILER)
                   == APR_SUCCESS
               ? ndr.len
               : 0;
}

static const char *unseal(unsigned char *pdu, const msd_pdu_head_t *head,
                          bool signs_header, msd_token_t *token,
                          msd_text_t *stub)
{
    const unsigned char *trailer = find_trailer(pdu, head);
    msd_token_message_t message;
    apr_size_t body;
    const char *fault;

    if (trailer == NULL) {
        return "a response is not protected";
    }
    body = head->len - CALL_HEADER - TRAILER - head->auth_len;
    if (trailer[2] > body) {
        return "the padding of a response is longer than it";
    }
    message = message_of(pdu, body, signs_header);
    fault = msd_token_unseal(token, &message, trailer + TRAILER,
                             head->auth_len);
    *stub = span_of(pdu + CALL_HEADER, body - trailer[2]);
    return fault;
}

const char *msd_pdu_read_response(unsigned char *pdu,
                                  const msd_pdu_head_t *head,
                                  bool signs_header, msd_token_t *token,
                                  msd_text_t *stub)
{
    if (head->type != MSD_PDU_RESPONSE
        || msd_ndr_u16_at(pdu + 20) != 0) {
        return "it is no response to the call";
    }
    if (token != NULL) {
        return unseal(pdu, head, signs_header, token, stub);
    }
    if (head->auth_len != 0) {
        return "a response is protected, but the call was not";
    }
    *stub = span_of(pdu + CALL_HEADER, head->len - CALL_HEADER);
    return NULL;
}

uint32_t msd_pdu_read_fault(const unsigned char *pdu,
                            const msd_pdu_head_t *head)
{
    return head->type == MSD_PDU_FAULT ? msd_ndr_u32_at(pdu + CALL_HEADER)
                                       : msd_ndr_u16_at(pdu + 16);
}
