/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of connection-oriented DCE/RPC 5.0 (C706 chapter 12, [MS-RPCE]
 * 2.2.2), as much of them as Netlogon needs. */
#ifndef MSD_NETLOGON_PDU_H
#define MSD_NETLOGON_PDU_H

#include "netlogon/token.h"

/* The longest packet we offer to take, and send. */
#define MSD_PDU_MAX 5840

/* What comes first in every packet, and tells its length. */
#define MSD_PDU_HEADER 16

typedef enum {
    MSD_PDU_REQUEST = 0,
    MSD_PDU_RESPONSE = 2,
    MSD_PDU_FAULT = 3,
    MSD_PDU_BIND = 11,
    MSD_PDU_BIND_ACK = 12,
    MSD_PDU_BIND_NAK = 13
} msd_pdu_type_t;

#define MSD_PDU_FIRST 1
#define MSD_PDU_LAST 2
#define MSD_PDU_SIGNS_HEADER 4      /* in bind and bind_ack only */

typedef struct {
    msd_pdu_type_t type;
    unsigned char flags;
    apr_size_t len;             /* of the whole packet */
    apr_size_t auth_len;        /* of the token */
} msd_pdu_head_t;

/* An interface, with its UUID as it goes over the wire. */
typedef struct {
    unsigned char uuid[16];
    unsigned char major;
} msd_pdu_interface_t;

extern const msd_pdu_interface_t msd_pdu_netlogon;
extern const msd_pdu_interface_t msd_pdu_mapper;

/* The UUID of NDR, the transfer syntax; its version is 2. */
extern const unsigned char msd_pdu_ndr[16];

/*
 * Read the header of a packet that answers a call.
 * bytes: MSD_PDU_HEADER bytes.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_pdu_read_head(const unsigned char *bytes, uint32_t call_id,
                              msd_pdu_head_t *out);

/*
 * Write a bind.
 * token: of msd_token_greet, or empty for a connection without protection.
 * out: room for MSD_PDU_MAX.
 * Returns its length.
 */
apr_size_t msd_pdu_bind(const msd_pdu_interface_t *interface,
                        uint32_t call_id, msd_text_t token,
                        unsigned char *out);

/* What a bind_ack agrees to. */
typedef struct {
    apr_size_t send_max;    /* the longest packet that it takes */
    bool signs_header;
} msd_pdu_bound_t;

/*
 * Read a bind_ack.
 * pdu: head->len bytes.  secured: whether the bind had a token.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_pdu_read_bound(const unsigned char *pdu,
                               const msd_pdu_head_t *head, bool secured,
                               msd_pdu_bound_t *out);

/* A fragment of a request. */
typedef struct {
    uint32_t call_id;
    uint16_t opnum;
    unsigned char flags;
    uint32_t hint;          /* bytes of stub here and in later fragments */
    msd_text_t stub;
    const unsigned char *confounder;    /* with a token: random */
    bool signs_header;
} msd_pdu_request_t;

/* How much stub fits into a fragment that is not the last one. */
apr_size_t msd_pdu_stub_max(apr_size_t send_max, bool secured);

/*
 * Write a fragment of a request.
 * token: seals it; NULL: without protection.  out: room for MSD_PDU_MAX.
 * Returns its length; 0 when the stub is too long or OpenSSL failed.
 */
apr_size_t msd_pdu_request(const msd_pdu_request_t *request,
                           msd_token_t *token, unsigned char *out);

/*
 * Read a fragment of a response.
 * pdu: head->len bytes, which are unsealed in their place.
 * token: as in the request.  stub: set to what is in it.
 * Returns NULL on success, else a fixed sentence.
 */
const char *msd_pdu_read_response(unsigned char *pdu,
                                  const msd_pdu_head_t *head,
                                  bool signs_header, msd_token_t *token,
                                  msd_text_t *stub);

/*
 * Read a fault or a bind_nak.  Neither is ever protected, so anybody on the
 * way can forge one: it must not be taken for a word about a user.
 * Returns its status or reason.
 */
uint32_t msd_pdu_read_fault(const unsigned char *pdu,
                            const msd_pdu_head_t *head);

#endif
