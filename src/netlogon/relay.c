/* SPDX-License-Identifier: Apache-2.0 */
/* What httpd's processes and msdigest-netlogond say to each other. */
#include "netlogon/relay.h"

#include "netlogon/ndr.h"

/* The version is part of them: an old helper must not be misunderstood. */
#define QUESTION 0x3151534d
#define ANSWER 0x3141534d

void msd_relay_write_question(const msd_relay_question_t *question,
                              unsigned char *out)
{
    msd_ndr_set_u32(out, QUESTION);
    msd_ndr_set_u32(out + 4, (uint32_t)question->len);
    msd_ndr_set_u32(out + 8, (uint32_t)(question->deadline_ms & 0xffffffff));
    msd_ndr_set_u32(out + 12, (uint32_t)(question->deadline_ms >> 32));
}

void msd_relay_write_answer(const msd_relay_answer_t *answer,
                            unsigned char *out)
{
    msd_ndr_set_u32(out, ANSWER);
    msd_ndr_set_u32(out + 4, (uint32_t)answer->len);
    msd_ndr_set_u32(out + 8, answer->has_status ? 1 : 0);
    msd_ndr_set_u32(out + 12, answer->status);
}

bool msd_relay_read_question(const unsigned char *bytes,
                             msd_relay_question_t *out)
{
    out->len = msd_ndr_u32_at(bytes + 4);
    out->deadline_ms = (uint64_t)msd_ndr_u32_at(bytes + 12) << 32
                       | msd_ndr_u32_at(bytes + 8);
    return msd_ndr_u32_at(bytes) == QUESTION
           && out->len <= MSD_RELAY_QUESTION_MAX;
}

bool msd_relay_read_answer(const unsigned char *bytes,
                           msd_relay_answer_t *out)
{
    uint32_t kind = msd_ndr_u32_at(bytes + 8);

    out->len = msd_ndr_u32_at(bytes + 4);
    out->has_status = kind == 1;
    out->status = msd_ndr_u32_at(bytes + 12);
    return msd_ndr_u32_at(bytes) == ANSWER && kind <= 1
           && out->len <= MSD_RELAY_ANSWER_MAX;
}
