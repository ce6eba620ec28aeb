/* SPDX-License-Identifier: Apache-2.0 */
/* Channel binding and service name (Microsoft's Extended Protection). */
#include "digest/binding.h"

#include <string.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#define MD5_SIZE (MSD_BINDING_LENGTH / 2)

/* A client that names this host speaks to its own machine. */
#define LOCAL_SERVICE "http/localhost"

/* What is left of a list of parameters. */
typedef struct {
    const char *at;
    const char *end;
} rest_t;

static void skip(rest_t *rest, const char *characters)
{
    while (rest->at < rest->end && strchr(characters, *rest->at) != NULL) {
        rest->at++;
    }
}

static msd_text_t take_until(rest_t *rest, const char *characters)
{
    msd_text_t text = { rest->at, 0 };

    while (rest->at < rest->end && strchr(characters, *rest->at) == NULL) {
        rest->at++;
    }
    text.len = (apr_size_t)(rest->at - text.data);
    return text;
}

/* Up to the quote that ends it. */
static void take_quoted(rest_t *rest, msd_param_t *param)
{
    const char *begin = ++rest->at;

    while (rest->at < rest->end && *rest->at != '"') {
        param->escaped |= *rest->at == '\\';
        rest->at += *rest->at == '\\' && rest->at + 1 < rest->end ? 2 : 1;
    }
    param->value = (msd_text_t){ begin, (apr_size_t)(rest->at - begin) };
    rest->at += rest->at < rest->end;
}

/*
 * Parameters that few clients send, from a list that msd_params_parse has
 * found to be right.  Not done there: it would cost every request.
 * Returns whether none comes twice.
 */
static bool pick(msd_text_t text, const msd_text_t *names, int n,
                 msd_param_t *params)
{
    rest_t rest = { text.data, text.data + text.len };

    for (skip(&rest, " \t,"); rest.at < rest.end; skip(&rest, " \t,")) {
        msd_text_t name = take_until(&rest, " \t=");
        msd_param_t value = { { "", 0 }, true, false };

        skip(&rest, " \t=");
        if (rest.at < rest.end && *rest.at == '"') {
            take_quoted(&rest, &value);
        } else {
            value.value = take_until(&rest, " \t,");
        }
        for (int i = 0; i < n; i++) {
            if (msd_text_equal_nocase(name, names[i])) {
                value.present = !params[i].present;
                params[i] = value;
            }
            if (!value.present) {
                return false;
            }
        }
    }
    return true;
}

/* The first word of a list, up to a comma, without the blanks around it. */
static msd_text_t take_word(msd_text_t *list)
{
    const char *comma = memchr(list->data, ',', list->len);
    apr_size_t len = comma != NULL ? (apr_size_t)(comma - list->data)
                                   : list->len;
    apr_size_t taken = comma != NULL ? len + 1 : len;
    msd_text_t word = { list->data, len };

    *list = (msd_text_t){ list->data + taken, list->len - taken };
    while (word.len > 0 && *word.data == ' ') {
        word = (msd_text_t){ word.data + 1, word.len - 1 };
    }
    while (word.len > 0 && word.data[word.len - 1] == ' ') {
        word.len--;
    }
    return word;
}

/* The hash in the cnonce is of these two, in this order. */
static bool names_both(msd_text_t list)
{
    return memchr(list.data, ',', list.len) != NULL
           && msd_text_equal_nocase(take_word(&list), MSD_TEXT("service-name"))
           && msd_text_equal_nocase(list.len > 0 ? take_word(&list) : list,
                                    MSD_TEXT("channel-binding"))
           && list.len == 0;
}

static bool is_digits(msd_text_t text, apr_size_t len)
{
    for (apr_size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len == len;
}

/* Nothing, or type "/" host and whatever may follow: the host of a Windows
 * client may have a port, an underscore or letters of its country. */
static bool is_service_name(msd_text_t text)
{
    apr_size_t type = 0;

    while (type < text.len && ((text.data[type] | 0x20) >= 'a')
           && ((text.data[type] | 0x20) <= 'z')) {
        type++;
    }
    return text.len == 0
           || (type > 0 && type + 1 < text.len && text.data[type] == '/'
               && memchr(text.data, ' ', text.len) == NULL
               && memchr(text.data, '\t', text.len) == NULL);
}

const char *msd_binding_read(msd_text_t text,
                             const msd_credentials_t *credentials,
                             apr_pool_t *pool, msd_binding_t *out)
{
    static const msd_text_t names[] = { { "hashed-dirs", 11 },
                                        { "service-name", 12 },
                                        { "channel-binding", 15 } };
    const apr_size_t prefix = MSD_BINDING_PREFIX_LENGTH;
    msd_text_t cnonce = credentials->cnonce;
    msd_param_t params[3];
    msd_text_t service;

    memset(out, 0, sizeof(*out));
    if (cnonce.len < prefix
        || memcmp(cnonce.data, MSD_BINDING_PREFIX, prefix) != 0) {
        return NULL;
    }
    memset(params, 0, sizeof(params));
    if (!pick(text, names, 3, params)) {
        return "parameter given twice";
    }
    if (!params[0].present || !params[1].present || !params[2].present) {
        return "a directive of the channel binding is missing";
    }
    if (!names_both(params[0].value)) {
        return "hashed-dirs is not service-name,channel-binding";
    }
    service = msd_header_unescape(&params[1], pool);
    if (!is_service_name(service)) {
        return "service-name is not a service and a host";
    }
    out->upgraded = true;
    out->service_name = apr_pstrmemdup(pool, service.data, service.len);
    out->channel_binding = params[2].value;
    out->hashed = (msd_text_t){ cnonce.data + prefix, cnonce.len - prefix };
    if (out->hashed.len > MSD_BINDING_LENGTH) {
        out->hashed.len = MSD_BINDING_LENGTH;
    }
    if (!is_digits(out->channel_binding, MSD_BINDING_LENGTH)) {
        return "channel-binding is not 32 hexadecimal digits";
    }
    return is_digits(out->hashed, MSD_BINDING_LENGTH)
               ? NULL
               : "cnonce has no hash of the channel binding";
}

bool msd_binding_is_whole(msd_hasher_t *hasher, const msd_binding_t *binding)
{
    const msd_text_t parts[] = { msd_text_of(binding->service_name),
                                 binding->channel_binding };
    unsigned char expected[MSD_HASH_MAX];
    unsigned char claimed[MD5_SIZE];

    return msd_hash_joined(hasher, MSD_HASH_MD5, parts, 2, expected)
               == APR_SUCCESS
           && msd_hex_decode(binding->hashed, claimed, sizeof(claimed))
           && msd_equal(expected, claimed, sizeof(claimed));
}

static const char *judge_end_point(const msd_channel_t *channel,
                                   msd_text_t said)
{
    if (msd_text_equal(said, MSD_TEXT("00000000000000000000000000000000"))) {
        return "the client saw no TLS, but the request came over TLS";
    }
    for (int i = 0; i < channel->binding_count; i++) {
        if (msd_text_equal(said, msd_text_of(channel->bindings[i]))) {
            return NULL;
        }
    }
    return "the client is bound to the TLS of another certificate";
}

static bool is_ours(const char *name, const char *pattern)
{
    return msd_text_equal_nocase(msd_text_of(name), msd_text_of(pattern))
           || (strpbrk(pattern, "*?") != NULL
               && apr_fnmatch(pattern, name,
                              APR_FNM_PATHNAME | APR_FNM_CASE_BLIND)
                      == APR_SUCCESS);
}

static const char *judge_service(const msd_channel_t *channel,
                                 const char *name)
{
    if (name[0] == '\0') {
        return channel->level == MSD_BINDING_ALLOW
                   ? NULL
                   : "the client names no service";
    }
    if (is_ours(name, LOCAL_SERVICE)) {
        return NULL;
    }
    for (int i = 0; i < channel->service_name_count; i++) {
        if (is_ours(name, channel->service_names[i])) {
            return NULL;
        }
    }
    return "the client names a service that is not this one";
}

const char *msd_binding_judge(const msd_channel_t *channel,
                              const msd_binding_t *binding)
{
    bool required = channel->level == MSD_BINDING_REQUIRE;

    if (!binding->upgraded) {
        return required ? "the client sends no channel binding" : NULL;
    }
    if (!channel->secure) {
        return judge_service(channel, binding->service_name);
    }
    if (channel->binding_count > 0) {
        return judge_end_point(channel, binding->channel_binding);
    }
    /* Nobody can be bound to such a certificate: what is left is the name. */
    return required ? "the certificate has no tls-server-end-point"
                    : judge_service(channel, binding->service_name);
}

apr_status_t msd_binding_of_data(msd_hasher_t *hasher, msd_text_t data,
                                 char *out)
{
    unsigned char head[20] = { 0 };
    unsigned char md5[MSD_HASH_MAX];
    msd_hash_sum_t sum;
    apr_status_t status;

    for (int i = 0; i < 4; i++) {
        head[16 + i] = (unsigned char)(data.len >> 8 * i);
    }
    msd_hash_begin(&sum, hasher, MSD_HASH_MD5);
    msd_hash_add(&sum, (msd_text_t){ (const char *)head, sizeof(head) });
    msd_hash_add(&sum, data);
    status = msd_hash_end(&sum, md5);
    msd_hex_encode(md5, MD5_SIZE, out);
    out[MSD_BINDING_LENGTH] = '\0';
    return status;
}
