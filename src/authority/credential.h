/* SPDX-License-Identifier: Apache-2.0 */
/* What a provider keeps of a user, in the place of one htdigest hash. */
#ifndef MSD_AUTHORITY_CREDENTIAL_H
#define MSD_AUTHORITY_CREDENTIAL_H

#include "digest/algorithm.h"

/*
 * The third field of a line  user:realm:FIELD  (or what a database gives for
 * it) is a list with commas:
 *
 *     32 hexadecimal digits       H(user:realm:password) by MD5, as htdigest
 *     64 hexadecimal digits       the same by SHA-256
 *     SHA-512-256=64 digits       the same by SHA-512-256
 *     user=NAME                   the name; for lines whose user is a hash
 *
 * MD5= and SHA-256= may stand before the others too.  A hash may come twice,
 * for a name or password that clients encode in two ways.  A file with MD5
 * hashes only is a file of htdigest.
 */

/* The most hashes of one kind that are tried. */
#define MSD_CREDENTIAL_HASHES 4

/* A field, read. */
typedef struct {
    unsigned char keys[MSD_CREDENTIAL_HASHES][MSD_HASH_MAX];
    int count;              /* of keys; 0: none for this hash */
    msd_text_t user;        /* the name in the field; empty: none */
} msd_credential_t;

/*
 * Read a field.
 * field: what the provider gave.  hash: the kind that is wanted.
 * out: filled completely; the user points into field.
 * Items that this version does not know are left alone.
 */
void msd_credential_read(msd_text_t field, msd_hash_id_t hash,
                         msd_credential_t *out);

/* The mark of a hash in a field, with "=": for writing one. */
const char *msd_credential_mark(msd_hash_id_t hash);

#endif
