/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/ntstatus.h"
#include "unit.h"

static const struct {
    uint32_t status;
    msd_ntstatus_kind_t kind;
} rows[] = {
    { 0x00000000, MSD_NTSTATUS_GRANTED },
    { 0xc000006d, MSD_NTSTATUS_DENIED },
    { 0xc0000234, MSD_NTSTATUS_DENIED },
    { 0xc0000072, MSD_NTSTATUS_DENIED },
    { 0xc0000064, MSD_NTSTATUS_UNKNOWN },
    { 0xc000005e, MSD_NTSTATUS_ELSEWHERE },
    { 0xc0000022, MSD_NTSTATUS_RENEW },
    { 0xc000000d, MSD_NTSTATUS_RENEW },
    { 0xc00000bb, MSD_NTSTATUS_MISCONFIGURED },
    { 0x8009030a, MSD_NTSTATUS_MISCONFIGURED },
    { 0x00000001, MSD_NTSTATUS_ERROR },
    { 0xc0ffffff, MSD_NTSTATUS_ERROR },
    { 0xffffffff, MSD_NTSTATUS_ERROR },
};

START_TEST(status_has_its_kind)
{
    const msd_ntstatus_t *found = msd_ntstatus_find(rows[_i].status);

    ck_assert_int_eq((int)found->kind, (int)rows[_i].kind);
    ck_assert_ptr_nonnull(found->meaning);
}
END_TEST

Suite *suite_ntstatus(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("ntstatus", &tcase);

    tcase_add_loop_test(tcase, status_has_its_kind, 0, UNIT_COUNT(rows));
    return suite;
}
