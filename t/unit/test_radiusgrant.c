/* SPDX-License-Identifier: Apache-2.0 */
/* What an Access-Accept grants, over links of either kind. */
#include "unit.h"

#include "authority/radiusgrant.h"
#include "radiusfake.h"

enum { NONE, RIGHT, WRONG };

static const struct {
    int key; /* MS-MPPE-Send-Key */
    int ha1; /* Digest-HA1 */
    bool is_protected;
    const char *fault;
} rows[] = {
    { RIGHT, NONE, false, NULL },
    { RIGHT, NONE, true, NULL },
    { RIGHT, WRONG, true, NULL },
    { NONE, RIGHT, true, NULL },
    { NONE, RIGHT, false,
      "the RADIUS server sends the key in clear (Digest-HA1): over UDP only "
      "MS-MPPE-Send-Key is taken" },
    { NONE, NONE, false,
      "the RADIUS server accepts, but sends no MS-MPPE-Send-Key" },
    { NONE, NONE, true,
      "the RADIUS server accepts, but sends neither MS-MPPE-Send-Key nor "
      "Digest-HA1" },
    { WRONG, RIGHT, true,
      "the RADIUS server accepts, but its key does not fit" },
    { NONE, WRONG, true,
      "the RADIUS server accepts, but its key does not fit" },
    { WRONG, NONE, false,
      "the RADIUS server accepts, but its key does not fit" },
};

static bool give(int what, const unsigned char *right, unsigned char *out)
{
    memcpy(out, right, MSD_RADIUS_KEY_SIZE);
    out[0] ^= what == WRONG;
    return what != NONE;
}

START_TEST(key_is_chosen)
{
    msd_response_t response;
    unsigned char key[MSD_RADIUS_KEY_SIZE];
    msd_radius_reply_t reply = {
        .attributes = MSD_TEXT("\x0b\x05one\x1b\x06\x00\x00\x00\x3c")
    };
    msd_question_t question = { .response = &response, .pool = unit_pool };
    msd_proof_t proof = { .trust_s = 0 };
    const char *fault;

    fake_answer(msd_hasher_create(unit_pool), &response, key);
    reply.has_key = give(rows[_i].key, key, reply.key);
    reply.has_ha1 = give(rows[_i].ha1, key, reply.ha1);
    fault = msd_radius_grant(&reply, rows[_i].is_protected,
                             MSD_RADIUS_FILTER_ID, &question, &proof);
    if (rows[_i].fault != NULL) {
        ck_assert_ptr_nonnull(fault);
        ck_assert_str_eq(fault, rows[_i].fault);
        ck_assert_uint_eq(proof.trust_s, 0);
        return;
    }
    ck_assert_ptr_null(fault);
    ck_assert_mem_eq(proof.session_key, key, sizeof(key));
    ck_assert_uint_eq(proof.trust_s, 60);
    ck_assert_uint_eq(proof.groups.len, 3);
}
END_TEST

Suite *suite_radiusgrant(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiusgrant", &tcase);

    tcase_add_loop_test(tcase, key_is_chosen, 0, UNIT_COUNT(rows));
    return suite;
}
