/* SPDX-License-Identifier: Apache-2.0 */
/* The security context: what is remembered of a proven first answer. */
#ifndef MSD_CONTEXT_CONTEXT_H
#define MSD_CONTEXT_CONTEXT_H

#include "context/nonce.h"
#include "context/store.h"

/*
 * A context is written once, after the proof, and never per request.  Times
 * are milliseconds on a clock that all readers of the store share.
 */
typedef struct {
    msd_text_t wire_name;   /* the username parameter as it was sent */
    msd_text_t user;        /* the name that the authority knows */
    msd_text_t groups;      /* that it told; text of groups.h */
    uint64_t scope_mark;    /* of the scope and realm it was proven in */
    msd_hash_id_t hash;     /* of the keys */
    uint64_t proven_ms;     /* when the authority last said yes */
    uint64_t kept_ms;       /* when the record was last written */
    uint32_t trust_s;       /* for how long that is its word; 0: it said
                               nothing of it */
    bool has_base_key;
    bool has_session_key;
    /* H(user:realm:password): verifies any nonce and cnonce. */
    unsigned char base_key[MSD_HASH_MAX];
    /* H(A1) of the first answer: the key of clients that keep it, and with
     * the mark of that nonce and cnonce a hash less for those that repeat
     * them. */
    unsigned char session_key[MSD_HASH_MAX];
    uint64_t session_mark;
} msd_context_t;

typedef enum {
    MSD_CONTEXT_FOUND,
    MSD_CONTEXT_NONE,       /* nothing is known, or the store is broken */
    MSD_CONTEXT_REVOKED,    /* the authority withdrew it */
    MSD_CONTEXT_UNAVAILABLE /* the store cannot tell, and is needed */
} msd_context_state_t;

/*
 * A short mark of a text, to recognise it by: SipHash-2-4.
 * key: MSD_USER_KEY_SIZE bytes.
 */
uint64_t msd_context_mark(msd_text_t text, const unsigned char *key);

/*
 * Fetch a context.
 * record: MSD_STORE_RECORD_MAX bytes that the spans of out point into.
 * len: set to how many of them are used, and to be wiped.
 * out: filled when the result is MSD_CONTEXT_FOUND.
 */
msd_context_state_t msd_context_load(const msd_store_t *store,
                                     const unsigned char *id,
                                     unsigned char *record, apr_size_t *len,
                                     msd_context_t *out);

/*
 * Keep a context.
 * ttl_ms: how long the record is wanted.
 * Returns APR_SUCCESS, APR_ENOSPC when a text is too long for a record,
 * or what the store said.
 */
apr_status_t msd_context_save(const msd_store_t *store,
                              const unsigned char *id,
                              const msd_context_t *context, uint64_t ttl_ms);

/*
 * The bytes of a context.
 * record: room for MSD_STORE_RECORD_MAX bytes.
 * Returns their number, 0 when a text is too long or the user is empty.
 */
apr_size_t msd_context_encode(const msd_context_t *context,
                              unsigned char *record);

/*
 * Undo msd_context_encode.
 * Returns whether the bytes are a whole and sane record.
 */
bool msd_context_decode(const unsigned char *record, apr_size_t len,
                        msd_context_t *out);

#endif
