/* SPDX-License-Identifier: Apache-2.0 */
#include "netlogon/mapper.h"
#include "unit.h"

/* Where in the reply things stand. */
#define PORT_AT 0x70
#define FLOOR_AT 0x31

static const char ept_ask[] =
    "0100000000000000000000000000000000000000020000004b0000004b000000"
    "050013000d785634123412cdabef0001234567cffb01000200000013000d045d"
    "888aeb1cc9119fe808002b10486002000200000001000b020000000100070200"
    "0000010009040000000000000000000000000000000000000000000000000000"
    "04000000";
static const char ept_reply[] =
    "0000000000000000000000000000000000000000010000000400000000000000"
    "01000000030000004b0000004b000000050013000d785634123412cdabef0001"
    "234567cffb01000200000013000d045d888aeb1cc9119fe808002b1048600200"
    "0200000001000b020000000100070200c20001000904000a0000010000000000";

static char bytes[256];
static apr_size_t len;

static void set_up(void)
{
    msd_text_t text = unit_unhex(ept_reply);

    len = text.len;
    memcpy(bytes, text.data, len);
}

static const char *read_it(uint16_t *port)
{
    return msd_mapper_read(unit_exact(bytes, len), port);
}

START_TEST(question_is_as_specified)
{
    unsigned char out[MSD_MAPPER_REQUEST];

    msd_mapper_ask(out);
    ck_assert_str_eq(unit_hex(out, sizeof(out)), ept_ask);
}
END_TEST

START_TEST(port_is_read)
{
    uint16_t port;

    ck_assert_ptr_null(read_it(&port));
    ck_assert_uint_eq(port, 49664);
}
END_TEST

START_TEST(cut_reply_is_refused)
{
    uint16_t port;
    apr_size_t whole = len;

    for (len = 0; len < whole; len++) {
        ck_assert_msg(read_it(&port) != NULL, "%d", (int)len);
    }
    bytes[len++] = 0;
    bytes[len++] = 0;
    ck_assert_ptr_nonnull(read_it(&port));
}
END_TEST

START_TEST(changed_byte_never_reads_beyond)
{
    static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
    uint16_t port;

    for (apr_size_t i = 0; i < len; i++) {
        char kept = bytes[i];

        for (int j = 0; j < UNIT_COUNT(values); j++) {
            bytes[i] = (char)values[j];
            if (read_it(&port) == NULL) {
                ck_assert_uint_ne(port, 0);
            }
        }
        bytes[i] = kept;
    }
}
END_TEST

START_TEST(other_interface_and_port_zero_are_no_port)
{
    uint16_t port;

    bytes[FLOOR_AT] ^= 1;
    ck_assert_str_eq(read_it(&port),
                     "the endpoint mapper has no port of Netlogon");
    set_up();
    ck_assert_uint_eq((unsigned char)bytes[PORT_AT], 0xc2);
    bytes[PORT_AT] = 0;
    ck_assert_str_eq(read_it(&port),
                     "the endpoint mapper has no port of Netlogon");
    set_up();
    bytes[len - 4] = (char)0xd6;
    ck_assert_str_eq(read_it(&port),
                     "the endpoint mapper does not know Netlogon: it is no "
                     "domain controller");
}
END_TEST

Suite *suite_mapper(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("mapper", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, question_is_as_specified);
    tcase_add_test(tcase, port_is_read);
    tcase_add_test(tcase, cut_reply_is_refused);
    tcase_add_test(tcase, changed_byte_never_reads_beyond);
    tcase_add_test(tcase, other_interface_and_port_zero_are_no_port);
    return suite;
}
