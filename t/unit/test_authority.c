/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of authorities: the first that knows the user decides. */
#include "unit.h"

#include "authority/authority.h"

typedef struct {
    msd_proof_result_t result;
    int calls;
} fake_t;

#define GRANTED MSD_PROOF_GRANTED
#define DENIED MSD_PROOF_DENIED
#define UNKNOWN MSD_PROOF_UNKNOWN
#define UNAVAILABLE MSD_PROOF_UNAVAILABLE

static const msd_question_t *asked;

static void prove(void *self, const msd_question_t *question, msd_proof_t *out)
{
    fake_t *fake = self;

    fake->calls++;
    asked = question;
    memset(out, 0, sizeof(*out));
    out->result = fake->result;
    out->reason = "of the fake";
    out->user = fake->result == GRANTED ? MSD_TEXT("ann") : MSD_TEXT("");
}

static const struct {
    const char *name;
    int n;
    msd_proof_result_t results[3];
    msd_proof_result_t result;
    int calls; /* how many were asked */
} rows[] = {
    { "one grants", 1, { GRANTED }, GRANTED, 1 },
    { "one denies", 1, { DENIED }, DENIED, 1 },
    { "one does not know", 1, { UNKNOWN }, UNKNOWN, 1 },
    { "one cannot tell", 1, { UNAVAILABLE }, UNAVAILABLE, 1 },
    { "the first grants", 3, { GRANTED, DENIED, DENIED }, GRANTED, 1 },
    { "the first denies", 3, { DENIED, GRANTED, GRANTED }, DENIED, 1 },
    { "the first cannot tell",
      3,
      { UNAVAILABLE, GRANTED, GRANTED },
      UNAVAILABLE,
      1 },
    { "the second knows", 3, { UNKNOWN, GRANTED, DENIED }, GRANTED, 2 },
    { "the second denies", 3, { UNKNOWN, DENIED, GRANTED }, DENIED, 2 },
    { "the second cannot tell",
      3,
      { UNKNOWN, UNAVAILABLE, GRANTED },
      UNAVAILABLE,
      2 },
    { "the last knows", 3, { UNKNOWN, UNKNOWN, GRANTED }, GRANTED, 3 },
    { "nobody knows", 3, { UNKNOWN, UNKNOWN, UNKNOWN }, UNKNOWN, 3 },
    { "nobody is there", 0, { GRANTED }, UNKNOWN, 0 },
};

START_TEST(first_that_knows_the_user_decides)
{
    fake_t fakes[3];
    msd_authority_t authorities[3];
    msd_question_t question = { .pool = unit_pool };
    msd_proof_t proof;

    for (int i = 0; i < 3; i++) {
        fakes[i] = (fake_t){ rows[_i].results[i], 0 };
        authorities[i] = (msd_authority_t){ .self = &fakes[i],
                                            .prove = prove };
    }
    memset(&proof, 0x5a, sizeof(proof));
    msd_authority_ask(authorities, rows[_i].n, &question, &proof);
    ck_assert_msg(proof.result == rows[_i].result, "%s: %d", rows[_i].name,
                  proof.result);
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(fakes[i].calls == (i < rows[_i].calls), "%s: number %d",
                      rows[_i].name, i);
    }
    ck_assert_ptr_nonnull(proof.reason);
    ck_assert(proof.user.len == (proof.result == GRANTED ? 3 : 0));
    ck_assert(rows[_i].n == 0 || asked == &question);
}
END_TEST

START_TEST(nobody_grants_nothing)
{
    msd_question_t question = { .pool = unit_pool };
    msd_proof_t proof;

    memset(&proof, 0x5a, sizeof(proof));
    msd_authority_ask(NULL, 0, &question, &proof);
    ck_assert_int_eq(proof.result, UNKNOWN);
    ck_assert_str_eq(proof.reason, "user is unknown");
    ck_assert(!proof.has_base_key);
    ck_assert_uint_eq(proof.user.len, 0);
    for (int i = 0; i < MSD_HASH_MAX; i++) {
        ck_assert_uint_eq(proof.base_key[i] | proof.session_key[i], 0);
    }
}
END_TEST

Suite *suite_authority(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("authority", &tcase);

    tcase_add_loop_test(tcase, first_that_knows_the_user_decides, 0,
                        UNIT_COUNT(rows));
    tcase_add_test(tcase, nobody_grants_nothing);
    return suite;
}
