/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint mapper: on which port Netlogon listens. */
#include "netlogon/mapper.h"

#include <string.h>

#include "netlogon/ndr.h"
#include "netlogon/pdu.h"

#define TOWER 75
#define TOWER_MAX 2000
#define TOWERS 4
#define TOWERS_LIMIT 500
#define HANDLE 20

#define FLOOR_UUID 0x0d
#define FLOOR_RPC 0x0b
#define FLOOR_TCP 0x07
#define FLOOR_IP 0x09
#define SIDE_UUID 19

static const char broken[] = "the endpoint mapper's reply is broken";

/* ---- Asking */

/* A floor by a UUID and its version (C706 appendix I). */
static void put_uuid_floor(msd_ndr_out_t *out, const unsigned char *uuid,
                           unsigned char major)
{
    const unsigned char begin[] = { SIDE_UUID, 0, FLOOR_UUID };
    const unsigned char end[] = { major, 0, 2, 0, 0, 0 };

    msd_ndr_put(out, begin, sizeof(begin));
    msd_ndr_put(out, uuid, 16);
    msd_ndr_put(out, end, sizeof(end));
}

static void put_floor(msd_ndr_out_t *out, unsigned char protocol,
                      unsigned char size)
{
    const unsigned char begin[] = { 1, 0, protocol, size, 0 };

    msd_ndr_put(out, begin, sizeof(begin));
    msd_ndr_put(out, NULL, size);
}

void msd_mapper_ask(unsigned char *out)
{
    const unsigned char floors[] = { 5, 0 };
    msd_ndr_out_t ndr = msd_ndr_begin(out, MSD_MAPPER_REQUEST);

    msd_ndr_put_u32(&ndr, 1);
    msd_ndr_put(&ndr, NULL, 16);
    msd_ndr_put_u32(&ndr, 2);
    msd_ndr_put_u32(&ndr, TOWER);
    msd_ndr_put_u32(&ndr, TOWER);
    msd_ndr_put(&ndr, floors, sizeof(floors));
    put_uuid_floor(&ndr, msd_pdu_netlogon.uuid, msd_pdu_netlogon.major);
    put_uuid_floor(&ndr, msd_pdu_ndr, 2);
    put_floor(&ndr, FLOOR_RPC, 2);
    put_floor(&ndr, FLOOR_TCP, 2);
    put_floor(&ndr, FLOOR_IP, 4);
    msd_ndr_put_align(&ndr, 4);
    msd_ndr_put(&ndr, NULL, HANDLE);
    msd_ndr_put_u32(&ndr, TOWERS);
}

/* ---- Reading */

/* One side of a floor: its length, unaligned, and its bytes. */
static msd_text_t take_side(msd_ndr_in_t *in)
{
    const unsigned char *len = msd_ndr_take(in, 2);
    apr_size_t n = len == NULL ? 0 : msd_ndr_u16_at(len);
    const unsigned char *bytes = msd_ndr_take(in, n);

    return (msd_text_t){ (const char *)bytes, bytes == NULL ? 0 : n };
}

static bool is_uuid_side(msd_text_t side, const unsigned char *uuid,
                         unsigned char major)
{
    return side.len == SIDE_UUID && side.data[0] == FLOOR_UUID
           && memcmp(side.data + 1, uuid, 16) == 0
           && (unsigned char)side.data[17] == major && side.data[18] == 0;
}

static bool is_protocol(msd_text_t side, char protocol)
{
    return side.len == 1 && side.data[0] == protocol;
}

/* The port of a tower; 0 when it is none of Netlogon over TCP. */
static uint16_t read_tower(const unsigned char *bytes, apr_size_t len)
{
    msd_ndr_in_t in = msd_ndr_read(bytes, len);
    uint16_t floors = msd_ndr_u16(&in);
    msd_text_t left[5];
    msd_text_t right[5];

    if (floors < 5 || floors > 6) {
        return 0;
    }
    for (int i = 0; i < 5; i++) {
        left[i] = take_side(&in);
        right[i] = take_side(&in);
    }
    if (in.fault
        || !is_uuid_side(left[0], msd_pdu_netlogon.uuid,
                         msd_pdu_netlogon.major)
        || !is_uuid_side(left[1], msd_pdu_ndr, 2)
        || !is_protocol(left[2], FLOOR_RPC)
        || !is_protocol(left[3], FLOOR_TCP) || right[3].len != 2) {
        return 0;
    }
    return (uint16_t)((unsigned char)right[3].data[0] << 8
                      | (unsigned char)right[3].data[1]);
}

static uint32_t read_counts(msd_ndr_in_t *in)
{
    uint32_t count = msd_ndr_u32(in);
    uint32_t most = msd_ndr_u32(in);
    uint32_t offset = msd_ndr_u32(in);
    uint32_t actual = msd_ndr_u32(in);

    if (count > TOWERS || most > TOWERS_LIMIT || offset != 0
        || actual != count || actual > most) {
        in->fault = true;
    }
    return in->fault ? 0 : actual;
}

static uint16_t take_tower(msd_ndr_in_t *in)
{
    uint32_t most = msd_ndr_u32(in);
    uint32_t len = msd_ndr_u32(in);
    const unsigned char *bytes;

    if (most != len || len > TOWER_MAX) {
        in->fault = true;
    }
    bytes = msd_ndr_take(in, len);
    return bytes == NULL ? 0 : read_tower(bytes, len);
}

const char *msd_mapper_read(msd_text_t stub, uint16_t *port)
{
    msd_ndr_in_t in = msd_ndr_read(stub.data, stub.len);
    bool there[TOWERS] = { false };
    uint32_t count;

    *port = 0;
    msd_ndr_take(&in, HANDLE);
    count = read_counts(&in);
    for (uint32_t i = 0; i < count; i++) {
        there[i] = msd_ndr_u32(&in) != 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t found = there[i] ? take_tower(&in) : 0;

        if (*port == 0) {
            *port = found;
        }
    }
    if (msd_ndr_u32(&in) != 0 && !in.fault) {
        return "the endpoint mapper does not know Netlogon: it is no domain "
               "controller";
    }
    if (in.fault || msd_ndr_left(&in) != 0) {
        return broken;
    }
    return *port == 0 ? "the endpoint mapper has no port of Netlogon" : NULL;
}
