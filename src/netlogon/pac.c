/* SPDX-License-Identifier: Apache-2.0 */
/* The groups in a PAC ([MS-PAC]). */
#include "netlogon/pac.h"

#include <string.h>

#include <apr_strings.h>

#include "netlogon/ndr.h"

#define BUFFERS_MAX 64
#define BUFFER_ENTRY 16
#define LOGON_INFO 1
#define TYPE_HEADER 16          /* [MS-RPCE] 2.2.6, both headers */

/* The most groups of one list. */
#define GROUPS_MAX 4096
#define SUBAUTHORITIES_MAX 15

/* Attributes ([MS-PAC] 2.2.1). */
#define ENABLED 0x04
#define DENY_ONLY 0x10

static const char broken[] = "the PAC is broken";

/* Length, room and pointer of a UNICODE_STRING. */
typedef struct {
    uint16_t len;
    uint16_t room;
    bool there;
} string_t;

/* The members of KERB_VALIDATION_INFO that are needed ([MS-PAC] 2.5). */
typedef struct {
    string_t names[6];
    string_t servers[2];
    uint32_t primary;
    uint32_t group_count;
    uint32_t extra_count;
    uint32_t resource_count;
    bool groups;
    bool domain;
    bool extras;
    bool resource_domain;
    bool resources;
} info_t;

typedef struct {
    msd_ndr_in_t in;
    apr_pool_t *pool;
    apr_array_header_t *sids;
} reader_t;

/* A SID without its last part. */
typedef struct {
    char text[24 + 11 * SUBAUTHORITIES_MAX];
} sid_t;

/* ---- Parts */

static string_t take_unicode(msd_ndr_in_t *in)
{
    string_t string;

    msd_ndr_align(in, 4);
    string.len = msd_ndr_u16(in);
    string.room = msd_ndr_u16(in);
    string.there = msd_ndr_u32(in) != 0;
    return string;
}

static void pass_characters(msd_ndr_in_t *in, const string_t *string)
{
    uint32_t most;
    uint32_t offset;
    uint32_t actual;

    if (!string->there) {
        return;
    }
    most = msd_ndr_u32(in);
    offset = msd_ndr_u32(in);
    actual = msd_ndr_u32(in);
    if (string->len % 2 != 0 || offset != 0 || actual != string->len / 2
        || most != string->room / 2 || actual > most) {
        in->fault = true;
    }
    msd_ndr_take(in, 2 * (apr_size_t)actual);
}

/* RPC_SID ([MS-DTYP] 2.4.2.3): the authority is big-endian. */
static void take_sid(msd_ndr_in_t *in, sid_t *out)
{
    uint32_t count = msd_ndr_u32(in);
    const unsigned char *head = msd_ndr_take(in, 8);
    uint64_t authority = 0;
    apr_size_t n;

    if (head == NULL || head[0] != 1 || head[1] != count
        || count > SUBAUTHORITIES_MAX) {
        in->fault = true;
        return;
    }
    for (int i = 2; i < 8; i++) {
        authority = authority << 8 | head[i];
    }
    n = (apr_size_t)apr_snprintf(out->text, sizeof(out->text),
                                 "S-1-%" APR_UINT64_T_FMT, authority);
    for (uint32_t i = 0; i < count; i++) {
        n += (apr_size_t)apr_snprintf(out->text + n, sizeof(out->text) - n,
                                      "-%u", msd_ndr_u32(in));
    }
}

static void add(reader_t *reader, const char *sid)
{
    for (int i = 0; i < reader->sids->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(reader->sids, i, const char *), sid) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(reader->sids, const char *) = apr_pstrdup(reader->pool,
                                                             sid);
}

static bool counts(uint32_t attributes)
{
    return (attributes & (ENABLED | DENY_ONLY)) == ENABLED;
}

/* Begin an array: as many as were said, and all of them there. */
static bool begin_array(msd_ndr_in_t *in, bool there, uint32_t count)
{
    if (!there) {
        in->fault = in->fault || count > 0;
        return false;
    }
    if (msd_ndr_u32(in) != count || count > GROUPS_MAX
        || 8 * (apr_size_t)count > msd_ndr_left(in)) {
        in->fault = true;
    }
    return !in->fault;
}

/* GROUP_MEMBERSHIPs, which are kept until their domain is known. */
static apr_array_header_t *take_rids(reader_t *reader, bool there,
                                     uint32_t count)
{
    apr_array_header_t *rids = apr_array_make(reader->pool, 8,
                                              sizeof(uint32_t));

    if (begin_array(&reader->in, there, count)) {
        for (uint32_t i = 0; i < count; i++) {
            uint32_t rid = msd_ndr_u32(&reader->in);

            if (counts(msd_ndr_u32(&reader->in))) {
                APR_ARRAY_PUSH(rids, uint32_t) = rid;
            }
        }
    }
    return rids;
}

static void add_rids(reader_t *reader, const sid_t *domain,
                     const apr_array_header_t *rids)
{
    for (int i = 0; i < rids->nelts; i++) {
        add(reader, apr_psprintf(reader->pool, "%s-%u", domain->text,
                                 APR_ARRAY_IDX(rids, i, uint32_t)));
    }
}

/* KERB_SID_AND_ATTRIBUTES: all heads, then the SIDs of those that have one. */
static void take_extras(reader_t *reader, const info_t *info)
{
    msd_ndr_in_t *in = &reader->in;
    msd_ndr_in_t heads;

    if (!begin_array(in, info->extras, info->extra_count)) {
        return;
    }
    heads = *in;
    msd_ndr_take(in, 8 * (apr_size_t)info->extra_count);
    for (uint32_t i = 0; i < info->extra_count && !in->fault; i++) {
        bool there = msd_ndr_u32(&heads) != 0;
        bool wanted = counts(msd_ndr_u32(&heads));
        sid_t sid;

        if (there) {
            take_sid(in, &sid);
        }
        if (there && wanted && !in->fault) {
            add(reader, sid.text);
        }
    }
}

/* ---- The whole */

static void take_fixed(msd_ndr_in_t *in, info_t *info)
{
    msd_ndr_take(in, 48);               /* six times */
    for (int i = 0; i < 6; i++) {
        info->names[i] = take_unicode(in);
    }
    msd_ndr_take(in, 4);                /* two counts */
    msd_ndr_u32(in);                    /* UserId */
    info->primary = msd_ndr_u32(in);
    info->group_count = msd_ndr_u32(in);
    info->groups = msd_ndr_u32(in) != 0;
    msd_ndr_take(in, 20);               /* UserFlags, UserSessionKey */
    info->servers[0] = take_unicode(in);
    info->servers[1] = take_unicode(in);
    info->domain = msd_ndr_u32(in) != 0;
    msd_ndr_take(in, 40);               /* up to Reserved3 */
    info->extra_count = msd_ndr_u32(in);
    info->extras = msd_ndr_u32(in) != 0;
    info->resource_domain = msd_ndr_u32(in) != 0;
    info->resource_count = msd_ndr_u32(in);
    info->resources = msd_ndr_u32(in) != 0;
}

static void take_resources(reader_t *reader, const info_t *info)
{
    apr_array_header_t *rids;
    sid_t domain = { "" };

    if (info->resource_domain) {
        take_sid(&reader->in, &domain);
    }
    rids = take_rids(reader, info->resources, info->resource_count);
    if (info->resource_domain && !reader->in.fault) {
        add_rids(reader, &domain, rids);
    }
}

static void take_info(reader_t *reader)
{
    msd_ndr_in_t *in = &reader->in;
    apr_array_header_t *rids;
    info_t info;
    sid_t domain = { "" };

    take_fixed(in, &info);
    for (int i = 0; i < 6; i++) {
        pass_characters(in, &info.names[i]);
    }
    rids = take_rids(reader, info.groups, info.group_count);
    pass_characters(in, &info.servers[0]);
    pass_characters(in, &info.servers[1]);
    if (info.domain) {
        take_sid(in, &domain);
        APR_ARRAY_PUSH(rids, uint32_t) = info.primary;
    }
    if (info.domain && !in->fault) {
        add_rids(reader, &domain, rids);
    }
    take_extras(reader, &info);
    take_resources(reader, &info);
}

/* The first buffer with the logon's information ([MS-PAC] 2.3). */
static const char *find_info(msd_text_t pac, msd_text_t *out)
{
    msd_ndr_in_t in = msd_ndr_read(pac.data, pac.len);
    uint32_t count = msd_ndr_u32(&in);
    apr_size_t end = 8 + BUFFER_ENTRY * (apr_size_t)count;

    *out = MSD_TEXT("");
    if (msd_ndr_u32(&in) != 0 || in.fault || count > BUFFERS_MAX
        || end > pac.len) {
        return broken;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t type = msd_ndr_u32(&in);
        apr_size_t size = msd_ndr_u32(&in);
        apr_size_t offset = msd_ndr_u32(&in);

        if (msd_ndr_u32(&in) != 0 || offset % 8 != 0 || offset < end
            || offset > pac.len || size > pac.len - offset) {
            return broken;
        }
        if (type == LOGON_INFO && out->len == 0) {
            *out = (msd_text_t){ pac.data + offset, size };
        }
    }
    return out->len == 0 ? "the PAC has no logon information" : NULL;
}

const char *msd_pac_read(msd_text_t pac, apr_pool_t *pool,
                         apr_array_header_t *sids)
{
    static const unsigned char type[] = { 0x01, 0x10, 0x08, 0x00 };
    reader_t reader = { .pool = pool, .sids = sids };
    msd_text_t info;
    const char *fault;
    apr_size_t len;

    if (pac.len == 0) {
        return NULL;
    }
    fault = find_info(pac, &info);
    if (fault != NULL) {
        return fault;
    }
    if (info.len < TYPE_HEADER + 4 || memcmp(info.data, type, 4) != 0) {
        return broken;
    }
    len = msd_ndr_u32_at((const unsigned char *)info.data + 8);
    if (len > info.len - TYPE_HEADER) {
        return broken;
    }
    reader.in = msd_ndr_read(info.data + TYPE_HEADER, len);
    if (msd_ndr_u32(&reader.in) == 0) {
        return broken;
    }
    take_info(&reader);
    return reader.in.fault ? broken : NULL;
}
