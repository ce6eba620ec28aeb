/* SPDX-License-Identifier: Apache-2.0 */
/* The three calls of Netlogon that a member needs: their stubs. */
#include "netlogon/calls.h"

#include <string.h>

#include "netlogon/ndr.h"

#define WORKSTATION_CHANNEL 2
#define GENERIC_INFORMATION 4
#define GENERIC_INFO_2 5

static const char package[] = "WDigest";

/* "\\DC1" behind a pointer: as LPWSTR, unique. */
static void put_server(msd_ndr_out_t *out, const char *server)
{
    char name[260] = "\\\\";
    apr_size_t n = strlen(server);

    if (n > sizeof(name) - 3) {
        n = sizeof(name) - 3;
    }
    memcpy(name + 2, server, n);
    name[2 + n] = '\0';
    msd_ndr_put_pointer(out);
    msd_ndr_put_string(out, name);
}

apr_size_t msd_calls_challenge(const msd_calls_names_t *names,
                               const unsigned char *challenge,
                               unsigned char *out)
{
    msd_ndr_out_t ndr = msd_ndr_begin(out, MSD_CALLS_STUB);

    put_server(&ndr, names->server);
    msd_ndr_put_string(&ndr, names->computer);
    msd_ndr_put(&ndr, challenge, MSD_MACHINEKEY_CHALLENGE);
    return ndr.full ? 0 : ndr.len;
}

/* The 8 bytes that both responses begin with. */
static void take_eight(msd_ndr_in_t *in, unsigned char *out)
{
    const unsigned char *bytes = msd_ndr_take(in, MSD_MACHINEKEY_CHALLENGE);

    if (bytes != NULL) {
        memcpy(out, bytes, MSD_MACHINEKEY_CHALLENGE);
    }
}

static bool is_whole(const msd_ndr_in_t *in)
{
    return !in->fault && in->at == in->len;
}

bool msd_calls_read_challenge(msd_text_t stub, unsigned char *challenge,
                              uint32_t *status)
{
    msd_ndr_in_t in = msd_ndr_read(stub.data, stub.len);

    take_eight(&in, challenge);
    *status = msd_ndr_u32(&in);
    return is_whole(&in);
}

apr_size_t msd_calls_authenticate(const msd_calls_names_t *names,
                                  const unsigned char *credential,
                                  unsigned char *out)
{
    msd_ndr_out_t ndr = msd_ndr_begin(out, MSD_CALLS_STUB);

    put_server(&ndr, names->server);
    msd_ndr_put_string(&ndr, names->account);
    msd_ndr_put_u16(&ndr, WORKSTATION_CHANNEL);
    msd_ndr_put_string(&ndr, names->computer);
    msd_ndr_put(&ndr, credential, MSD_MACHINEKEY_CHALLENGE);
    msd_ndr_put_u32(&ndr, MSD_CALLS_FLAGS);
    return ndr.full ? 0 : ndr.len;
}

bool msd_calls_read_authenticate(msd_text_t stub, unsigned char *credential,
                                 uint32_t *flags, uint32_t *status)
{
    msd_ndr_in_t in = msd_ndr_read(stub.data, stub.len);

    take_eight(&in, credential);
    *flags = msd_ndr_u32(&in);
    msd_ndr_u32(&in);       /* the account's RID */
    *status = msd_ndr_u32(&in);
    return is_whole(&in);
}

/* NETLOGON_GENERIC_INFO ([MS-NRPC] 2.2.1.4.2): of the identity only the
 * domain ([MS-NRPC] 3.2.4.1), then what its pointers point to. */
static void put_generic(msd_ndr_out_t *out, const char *domain,
                        msd_text_t data)
{
    msd_ndr_put_pointer(out);
    msd_ndr_put_unicode(out, domain);
    msd_ndr_put_u32(out, 0);            /* ParameterControl */
    msd_ndr_put_u32(out, 0);            /* Reserved */
    msd_ndr_put_u32(out, 0);
    msd_ndr_put_unicode(out, "");       /* UserName */
    msd_ndr_put_unicode(out, "");       /* Workstation */
    msd_ndr_put_unicode(out, package);
    msd_ndr_put_u32(out, (uint32_t)data.len);
    msd_ndr_put_pointer(out);
    msd_ndr_put_characters(out, domain);
    msd_ndr_put_characters(out, package);
    msd_ndr_put_u32(out, (uint32_t)data.len);
    msd_ndr_put(out, data.data, data.len);
}

apr_size_t msd_calls_logon(const msd_calls_names_t *names, msd_text_t data,
                           unsigned char *out)
{
    msd_ndr_out_t ndr = msd_ndr_begin(out, MSD_CALLS_STUB + data.len);

    put_server(&ndr, names->server);
    msd_ndr_put_pointer(&ndr);
    msd_ndr_put_string(&ndr, names->computer);
    msd_ndr_put_u16(&ndr, GENERIC_INFORMATION);
    msd_ndr_put_u16(&ndr, GENERIC_INFORMATION);     /* of the union */
    put_generic(&ndr, names->domain, data);
    msd_ndr_put_u16(&ndr, GENERIC_INFO_2);
    msd_ndr_put_u32(&ndr, 0);                       /* ExtraFlags */
    return ndr.full ? 0 : ndr.len;
}

/* NETLOGON_VALIDATION_GENERIC_INFO2 behind its pointer. */
static bool take_data(msd_ndr_in_t *in, msd_text_t *out)
{
    apr_size_t n = msd_ndr_u32(in);

    if (msd_ndr_u32(in) == 0) {
        return n == 0;
    }
    if (msd_ndr_u32(in) != n) {
        return false;
    }
    out->data = (const char *)msd_ndr_take(in, n);
    out->len = out->data == NULL ? 0 : n;
    return true;
}

bool msd_calls_read_logon(msd_text_t stub, msd_text_t *data,
                          uint32_t *status)
{
    msd_ndr_in_t in = msd_ndr_read(stub.data, stub.len);
    bool good = msd_ndr_u16(&in) == GENERIC_INFO_2;

    *data = MSD_TEXT("");
    if (msd_ndr_u32(&in) != 0) {
        good = take_data(&in, data) && good;
    }
    msd_ndr_take(&in, 1);       /* Authoritative */
    msd_ndr_u32(&in);           /* ExtraFlags */
    *status = msd_ndr_u32(&in);
    if (!good || !is_whole(&in) || (*status == 0 && data->len == 0)) {
        return false;
    }
    if (*status != 0) {
        *data = MSD_TEXT("");
    }
    return true;
}
