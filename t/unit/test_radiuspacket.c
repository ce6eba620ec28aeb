/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS packets: what stands in them, and that no changed one is believed. */
#include "radiusfake.h"

static msd_hasher_t *hasher;
static msd_response_t response;
static unsigned char key[16];
static msd_radius_request_t request;
static unsigned char packet[MSD_RADIUS_PACKET_MAX];
static apr_size_t len;
static msd_radius_reply_t reply;

static void set_up(void)
{
    hasher = msd_hasher_create(unit_pool);
    fake_answer(hasher, &response, key);
    request = (msd_radius_request_t){
        .id = 42,
        .secret = MSD_TEXT(FAKE_SECRET),
        .nas_identifier = MSD_TEXT("web"),
        .user = MSD_TEXT("Mufasa"),
        .realm = MSD_TEXT("testrealm@host.com"),
        .response = &response,
    };
    for (int i = 0; i < 16; i++) {
        request.authenticator[i] = (unsigned char)(i * 7 + 1);
    }
    ck_assert_ptr_null(msd_radius_build(&request, packet, &len));
}

static msd_text_t hex_key(void)
{
    return msd_text_of(unit_hex(key, 16));
}

/* Read what was made, in memory of exactly its size. */
static const char *read_fake(const fake_reply_t *made)
{
    msd_text_t exact = unit_exact((const char *)made->bytes, made->len);

    return msd_radius_read(&request, (const unsigned char *)exact.data,
                           exact.len, &reply);
}

static const char *read_signed(fake_reply_t *made)
{
    fake_sign(made, packet, FAKE_SECRET);
    return read_fake(made);
}

/* A reply with all that is read. */
static fake_reply_t full_reply(unsigned char code)
{
    fake_reply_t made = fake_begin(packet, code);

    fake_add_mac(&made);
    fake_add(&made, 18, MSD_TEXT("hello"));
    fake_add(&made, 24, MSD_TEXT("state"));
    fake_add(&made, 11, MSD_TEXT("staff"));
    fake_add(&made, 25, MSD_TEXT("class"));
    fake_add_key(&made, packet, FAKE_SECRET, hex_key());
    fake_add(&made, 121, hex_key());
    fake_sign(&made, packet, FAKE_SECRET);
    return made;
}

/* ---- Building */

START_TEST(request_has_the_attributes_in_order)
{
    static const struct {
        unsigned char type;
        const char *value;
    } rows[] = {
        { 80, NULL },
        { 32, "web" },
        { 1, "Mufasa" },
        { 24, "a state" },
        { 103, NULL },
        { 104, "testrealm@host.com" },
        { 105, "dcd98b7102dd2f0e8b11d0f600bfb0c093" },
        { 108, "GET" },
        { 109, "/dir/index.html" },
        { 110, "auth-int" },
        { 111, "MD5-sess" },
        { 112, "41414141414141414141414141414141" },
        { 113, "0a4f113b" },
        { 114, "00000001" },
        { 115, "Mufasa" },
    };
    apr_size_t at = 20;

    request.state = MSD_TEXT("a state");
    response.qop = MSD_TEXT("auth-int");
    response.has_entity = true;
    memset(response.h_entity, 0x41, 16);
    ck_assert_ptr_null(msd_radius_build(&request, packet, &len));
    ck_assert(packet[0] == 1 && packet[1] == 42);
    ck_assert_uint_eq((apr_size_t)packet[2] * 256 + packet[3], len);
    ck_assert_mem_eq(packet + 4, request.authenticator, 16);
    ck_assert(fake_is_signed(packet, len, FAKE_SECRET));
    for (int i = 0; i < UNIT_COUNT(rows); i++) {
        msd_text_t value = { (const char *)packet + at + 2,
                             (apr_size_t)packet[at + 1] - 2 };

        ck_assert_msg(packet[at] == rows[i].type, "%d: %d", i, packet[at]);
        ck_assert_msg(rows[i].value == NULL
                          || msd_text_equal(value, msd_text_of(rows[i].value)),
                      "%d: %s", i, unit_string(value));
        at += packet[at + 1];
    }
    ck_assert_uint_eq(at, len);
    ck_assert_str_eq(unit_string(fake_attribute(packet, len, 103)),
                     unit_hex(response.claimed, 16));
}
END_TEST

START_TEST(empty_value_is_left_out)
{
    request.realm = MSD_TEXT("");
    request.nas_identifier = MSD_TEXT("");
    ck_assert_ptr_null(msd_radius_build(&request, packet, &len));
    ck_assert_ptr_null(fake_attribute(packet, len, 104).data);
    ck_assert_ptr_null(fake_attribute(packet, len, 32).data);
    ck_assert_ptr_null(fake_attribute(packet, len, 112).data);
    ck_assert_ptr_null(fake_attribute(packet, len, 24).data);
    ck_assert(fake_is_signed(packet, len, FAKE_SECRET));
}
END_TEST

static const struct {
    msd_text_t *place;
    const char *fault;
} long_rows[] = {
    { &response.uri, "the uri is longer than RADIUS carries (253 octets)" },
    { &response.cnonce,
      "a parameter of the answer is longer than RADIUS carries" },
    { &request.realm,
      "a parameter of the answer is longer than RADIUS carries" },
    { &request.user, "the name is longer than RADIUS carries" },
    { &request.nas_identifier,
      "the NAS-Identifier is longer than RADIUS carries" },
    { &request.state, "the State is too long" },
};

START_TEST(value_of_253_octets_is_carried_and_254_not)
{
    char *text = apr_pcalloc(unit_pool, 254);
    msd_text_t *place = long_rows[_i].place;

    memset(text, 'x', 254);
    *place = unit_exact(text, 253);
    ck_assert_ptr_null(msd_radius_build(&request, packet, &len));
    *place = unit_exact(text, 254);
    ck_assert_str_eq(msd_radius_build(&request, packet, &len),
                     long_rows[_i].fault);
}
END_TEST

START_TEST(odd_cnonce_is_carried)
{
    response.cnonce = MSD_TEXT("abc");
    ck_assert_ptr_null(msd_radius_build(&request, packet, &len));
    ck_assert_str_eq(unit_string(fake_attribute(packet, len, 113)), "abc");
}
END_TEST

/* ---- Reading */

START_TEST(reply_is_read)
{
    fake_reply_t made = full_reply((unsigned char)_i);

    ck_assert_ptr_null(read_fake(&made));
    ck_assert_int_eq((int)reply.code, _i);
    ck_assert(reply.has_key && reply.has_ha1);
    ck_assert_mem_eq(reply.key, key, 16);
    ck_assert_mem_eq(reply.ha1, key, 16);
    ck_assert_str_eq(unit_string(reply.message), "hello");
    ck_assert_str_eq(unit_string(reply.state), "state");
    ck_assert_uint_eq(reply.attributes.len, made.len - 20);
    ck_assert_mem_eq(reply.attributes.data, made.bytes + 20, made.len - 20);
}
END_TEST

START_TEST(short_reply_is_read)
{
    fake_reply_t made = fake_begin(packet, MSD_RADIUS_REJECT);

    fake_add_mac(&made);
    ck_assert_ptr_null(read_signed(&made));
    ck_assert_int_eq((int)reply.code, MSD_RADIUS_REJECT);
    ck_assert(!reply.has_key && !reply.has_ha1);
    ck_assert_uint_eq(reply.message.len + reply.state.len,
                      0);
}
END_TEST

START_TEST(no_changed_bit_is_believed)
{
    fake_reply_t made = full_reply(MSD_RADIUS_ACCEPT);

    for (apr_size_t i = 0; i < made.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            made.bytes[i] ^= (unsigned char)(1 << bit);
            ck_assert_msg(read_fake(&made) != NULL, "%d, bit %d", (int)i, bit);
            made.bytes[i] ^= (unsigned char)(1 << bit);
        }
    }
    ck_assert_ptr_null(read_fake(&made));
}
END_TEST

START_TEST(no_other_length_is_believed)
{
    fake_reply_t made = full_reply(MSD_RADIUS_ACCEPT);
    apr_size_t whole = made.len;

    for (made.len = 0; made.len < whole; made.len++) {
        ck_assert_msg(read_fake(&made) != NULL, "%d", (int)made.len);
    }
    made.len = whole + 1;
    ck_assert_str_eq(read_fake(&made), "it is no RADIUS packet");
}
END_TEST

START_TEST(reply_is_bound_to_its_request)
{
    fake_reply_t made = full_reply(MSD_RADIUS_ACCEPT);

    request.id = 43;
    ck_assert_str_eq(read_fake(&made), "it answers another request");
    request.id = 42;
    request.authenticator[15] ^= 1;
    ck_assert_str_eq(read_fake(&made), "it was made with another secret");
    request.authenticator[15] ^= 1;
    request.secret = MSD_TEXT("other");
    ck_assert_str_eq(read_fake(&made), "it was made with another secret");
}
END_TEST

START_TEST(code_must_be_one_of_three)
{
    fake_reply_t made = fake_begin(packet, (unsigned char)_i);
    bool good = _i == 2 || _i == 3 || _i == 11;

    fake_add_mac(&made);
    ck_assert_msg((read_signed(&made) == NULL) == good, "code %d", _i);
}
END_TEST

/* The example of RFC 2865 section 7.1: signed as was enough in its days. */
START_TEST(reply_of_rfc_2865_lacks_its_message_authenticator)
{
    static const char sent[] = "0f403f9473978057bd83d5cb98f4227a";
    static const char came[] = "0200002686fe220e7624ba2a1005f6bf9b55e0b2"
                               "0606000000010f06000000000e06c0a80103";
    unsigned char bytes[38];

    request.id = 0;
    request.secret = MSD_TEXT("xyzzy5461");
    ck_assert(msd_hex_decode(msd_text_of(sent), request.authenticator, 16));
    ck_assert(msd_hex_decode(msd_text_of(came), bytes, sizeof(bytes)));
    ck_assert_str_eq(msd_radius_read(&request, bytes, sizeof(bytes), &reply),
                     "it has no Message-Authenticator");
    bytes[37] ^= 1;
    ck_assert_str_eq(msd_radius_read(&request, bytes, sizeof(bytes), &reply),
                     "it was made with another secret");
}
END_TEST

START_TEST(message_authenticator_must_be_one_and_right)
{
    fake_reply_t made = fake_begin(packet, MSD_RADIUS_ACCEPT);

    ck_assert_str_eq(read_signed(&made), "it has no Message-Authenticator");
    fake_add(&made, 80, MSD_TEXT("short"));
    ck_assert_str_eq(read_signed(&made), "it has no Message-Authenticator");
    made = fake_begin(packet, MSD_RADIUS_ACCEPT);
    fake_add_mac(&made);
    fake_add_mac(&made);
    ck_assert_str_eq(read_signed(&made), "it has no Message-Authenticator");
}
END_TEST

/* Who can forge MD5 (BlastRADIUS) can make the Response Authenticator good,
 * but not the other. */
START_TEST(response_authenticator_alone_is_not_enough)
{
    fake_reply_t made = fake_begin(packet, MSD_RADIUS_ACCEPT);
    unsigned char other[MSD_RADIUS_PACKET_MAX];

    memcpy(other, packet, len);
    other[4] ^= 1;
    fake_add_mac(&made);
    fake_sign(&made, packet, FAKE_SECRET);
    made.bytes[22] ^= 1;
    /* The sum is made anew over the false signature. */
    {
        const msd_text_t parts[] = {
            { (const char *)made.bytes, 4 },
            { (const char *)packet + 4, 16 },
            { (const char *)made.bytes + 20, made.len - 20 },
            MSD_TEXT(FAKE_SECRET),
        };
        msd_hash_sum_t sum;

        msd_hash_begin(&sum, hasher, MSD_HASH_MD5);
        for (int i = 0; i < 4; i++) {
            msd_hash_add(&sum, parts[i]);
        }
        ck_assert_int_eq(msd_hash_end(&sum, made.bytes + 4), APR_SUCCESS);
    }
    ck_assert_str_eq(read_fake(&made), "its Message-Authenticator is wrong");
}
END_TEST

START_TEST(broken_attribute_spoils_the_reply)
{
    static const char broken[] = "an attribute of it is broken";
    static const msd_text_t vendor[] = {
        MSD_TEXT("\0\0\1\67\20\6\1\2\3\4"), /* a key too short */
        MSD_TEXT("\0\0\1\67\20"),           /* half a header */
        MSD_TEXT("\0\0\1\67\20\1"),         /* of impossible length */
        MSD_TEXT("\0\0\1\67\20\7\1\2"),     /* longer than there is */
        MSD_TEXT("\0\0\1\67\1\0"),
    };

    for (int i = 0; i < UNIT_COUNT(vendor); i++) {
        fake_reply_t made = fake_begin(packet, MSD_RADIUS_ACCEPT);

        fake_add_mac(&made);
        fake_add(&made, 26, vendor[i]);
        ck_assert_msg(read_signed(&made) != NULL, "vendor %d", i);
        ck_assert_str_eq(read_fake(&made), broken);
    }
    for (int i = 0; i < 3; i++) {
        static const msd_text_t keys[] = {
            MSD_TEXT("00112233445566778899aabbccddeef"),
            MSD_TEXT("00112233445566778899aabbccddeefg"),
            MSD_TEXT(""),
        };
        fake_reply_t made = fake_begin(packet, MSD_RADIUS_ACCEPT);

        fake_add_mac(&made);
        fake_add_key(&made, packet, FAKE_SECRET, keys[i]);
        ck_assert_msg(read_signed(&made) != NULL, "key %d", i);
        made = fake_begin(packet, MSD_RADIUS_ACCEPT);
        fake_add_mac(&made);
        fake_add(&made, 121, keys[i]);
        ck_assert_msg(read_signed(&made) != NULL, "Digest-HA1 %d", i);
    }
}
END_TEST

START_TEST(two_keys_are_none)
{
    fake_reply_t made = fake_begin(packet, MSD_RADIUS_ACCEPT);

    fake_add_mac(&made);
    fake_add_key(&made, packet, FAKE_SECRET, hex_key());
    ck_assert_ptr_null(read_signed(&made));
    fake_add_key(&made, packet, FAKE_SECRET, hex_key());
    ck_assert_str_eq(read_signed(&made), "an attribute of it is broken");
}
END_TEST

START_TEST(key_of_another_secret_is_broken)
{
    fake_reply_t made = fake_begin(packet, MSD_RADIUS_ACCEPT);

    fake_add_mac(&made);
    fake_add_key(&made, packet, "other", hex_key());
    ck_assert_str_eq(read_signed(&made), "an attribute of it is broken");
}
END_TEST

START_TEST(what_others_put_in_is_passed_over)
{
    fake_reply_t made = fake_begin(packet, MSD_RADIUS_ACCEPT);

    fake_add(&made, 27, MSD_TEXT("\0\0\0\1"));
    fake_add(&made, 26, MSD_TEXT("abc"));
    fake_add(&made, 26, MSD_TEXT("\0\0\0\11\1"));
    fake_add(&made, 26, MSD_TEXT("\0\0\1\67\7\6\0\0\0\1"));
    fake_add_key(&made, packet, FAKE_SECRET, hex_key());
    fake_add(&made, 18, MSD_TEXT("one"));
    fake_add(&made, 18, MSD_TEXT("two"));
    fake_add_mac(&made);
    ck_assert_ptr_null(read_signed(&made));
    ck_assert(reply.has_key);
    ck_assert_str_eq(unit_string(reply.message), "one");
}
END_TEST

START_TEST(failing_hash_believes_nothing)
{
    fake_reply_t made = full_reply(MSD_RADIUS_ACCEPT);
    int hashes;

    atomic_store(&unit_hashes, 0);
    ck_assert_ptr_null(read_fake(&made));
    hashes = atomic_load(&unit_hashes);
    ck_assert_int_gt(hashes, 3);
    for (int i = 1; i <= hashes; i++) {
        atomic_store(&unit_hashes, 0);
        atomic_store(&unit_failing_hash, i);
        ck_assert_msg(read_fake(&made) != NULL, "hash %d", i);
    }
}
END_TEST

Suite *suite_radiuspacket(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("radiuspacket", &tcase);

    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, request_has_the_attributes_in_order);
    tcase_add_test(tcase, empty_value_is_left_out);
    tcase_add_loop_test(tcase, value_of_253_octets_is_carried_and_254_not, 0,
                        UNIT_COUNT(long_rows));
    tcase_add_test(tcase, odd_cnonce_is_carried);
    tcase_add_loop_test(tcase, reply_is_read, 2, 4);
    tcase_add_test(tcase, short_reply_is_read);
    tcase_add_test(tcase, no_changed_bit_is_believed);
    tcase_add_test(tcase, no_other_length_is_believed);
    tcase_add_test(tcase, reply_is_bound_to_its_request);
    tcase_add_loop_test(tcase, code_must_be_one_of_three, 0, 50);
    tcase_add_test(tcase, reply_of_rfc_2865_lacks_its_message_authenticator);
    tcase_add_test(tcase, message_authenticator_must_be_one_and_right);
    tcase_add_test(tcase, response_authenticator_alone_is_not_enough);
    tcase_add_test(tcase, broken_attribute_spoils_the_reply);
    tcase_add_test(tcase, two_keys_are_none);
    tcase_add_test(tcase, key_of_another_secret_is_broken);
    tcase_add_test(tcase, what_others_put_in_is_passed_over);
    tcase_add_test(tcase, failing_hash_believes_nothing);
    return suite;
}
