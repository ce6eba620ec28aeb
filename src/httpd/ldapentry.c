/* SPDX-License-Identifier: Apache-2.0 */
/* From a user's entry in a directory to what a provider hands out. */
#include "httpd/ldapentry.h"

#include <string.h>

#include <apr_strings.h>

#include "authority/credential.h"

/* A field that is being written. */
typedef struct {
    const msd_ldap_entry_t *entry;
    char *text; /* NULL: nothing yet */
    int values; /* that were of use */
} field_t;

static msd_text_t value_text(const struct berval *value)
{
    return (msd_text_t){ value->bv_val, value->bv_len };
}

/* Add a hash, in hexadecimal digits. */
static void add_hash(field_t *field, msd_hash_id_t hash,
                     const unsigned char *bytes)
{
    const msd_ldap_entry_t *entry = field->entry;
    char digits[2 * MSD_HASH_MAX + 1] = "";

    if (!entry->whole_field && (hash != MSD_HASH_MD5 || field->text != NULL)) {
        return;
    }
    msd_hex_encode(bytes, msd_hash_size(hash), digits);
    field->text = apr_pstrcat(
        entry->pool, field->text == NULL ? "" : field->text,
        field->text == NULL ? "" : ",",
        entry->whole_field ? msd_credential_mark(hash) : "", digits, NULL);
    msd_wipe(digits, sizeof(digits));
}

/* Take the mark away from a password.  Returns whether it is one: no digest
 * comes from {SSHA} and the like. */
static bool take_mark(msd_text_t *password)
{
    /* What stands before the password itself: OpenLDAP's mark, 389-ds's. */
    const msd_text_t clear[] = { MSD_TEXT("{CLEARTEXT}"),
                                 MSD_TEXT("{CLEAR}") };

    for (int i = 0; i < 2; i++) {
        const msd_text_t mark = clear[i];

        if (password->len >= mark.len
            && msd_text_equal_nocase((msd_text_t){ password->data, mark.len },
                                     mark)) {
            password->data += mark.len;
            password->len -= mark.len;
            return true;
        }
    }
    return password->len == 0 || password->data[0] != '{'
           || memchr(password->data, '}', password->len) == NULL;
}

/* H(user:realm:password), for each hash that OpenSSL has. */
static void add_password(field_t *field, msd_text_t password)
{
    const msd_ldap_entry_t *entry = field->entry;
    unsigned char bytes[MSD_HASH_MAX];

    if (!take_mark(&password)) {
        return;
    }
    for (int hash = 0; hash < MSD_HASH_COUNT; hash++) {
        const msd_text_t parts[] = { msd_text_of(entry->user),
                                     msd_text_of(entry->realm), password };

        if (msd_hasher_has(entry->hasher, (msd_hash_id_t)hash)
            && msd_hash_joined(entry->hasher, (msd_hash_id_t)hash, parts, 3,
                               bytes)
                   == APR_SUCCESS) {
            add_hash(field, (msd_hash_id_t)hash, bytes);
        }
    }
    msd_wipe(bytes, sizeof(bytes));
    field->values++;
}

/* A stored hash, perhaps behind its realm and the last colon. */
static void add_stored(field_t *field, msd_text_t value)
{
    const msd_ldap_entry_t *entry = field->entry;
    const msd_ldap_attribute_t *attribute = entry->attribute;
    const apr_size_t size = msd_hash_size(attribute->hash);
    unsigned char bytes[MSD_HASH_MAX];

    if (attribute->form == MSD_LDAP_REALM_HA1) {
        msd_text_t place = value;

        while (place.len > 0 && place.data[place.len - 1] != ':') {
            place.len--;
        }
        if (place.len == 0) {
            return;
        }
        value.data += place.len;
        value.len -= place.len;
        place.len--;
        if (!msd_text_equal(place, msd_text_of(entry->realm))) {
            return;
        }
    }
    if (msd_hex_decode(value, bytes, size)) {
        add_hash(field, attribute->hash, bytes);
        field->values++;
        msd_wipe(bytes, sizeof(bytes));
    }
}

static void add_values(field_t *field, struct berval **values)
{
    for (int i = 0; values[i] != NULL && field->values < MSD_CREDENTIAL_HASHES;
         i++) {
        if (field->entry->attribute->form == MSD_LDAP_PLAIN) {
            add_password(field, value_text(values[i]));
        } else {
            add_stored(field, value_text(values[i]));
        }
    }
}

/* Wipe what libldap keeps of a secret, and give it back. */
static void free_values(struct berval **values)
{
    for (int i = 0; values[i] != NULL; i++) {
        msd_wipe(values[i]->bv_val, values[i]->bv_len);
    }
    ldap_value_free_len(values);
}

/* Whether a value is the name that was asked for, in the entry's letters. */
static bool is_name(const msd_ldap_entry_t *entry, msd_text_t value,
                    bool is_only)
{
    return memchr(value.data, '\0', value.len) == NULL
           && (is_only
               || msd_text_equal_nocase(value, msd_text_of(entry->user)));
}

/*
 * The name in the entry: the one that was asked for if it is there, letter by
 * letter.  Else the one that differs in small and capital letters, or the only
 * one: values have no order, and another one may be the name of somebody else.
 * NULL: there is none.
 */
static const char *find_name(const msd_ldap_entry_t *entry)
{
    struct berval **values = ldap_get_values_len(entry->ldap, entry->entry,
                                                 entry->name_attribute);
    const char *name = NULL;

    for (int i = 0; values != NULL && values[i] != NULL; i++) {
        msd_text_t value = value_text(values[i]);
        bool is_only = i == 0 && values[1] == NULL;

        if (msd_text_equal(value, msd_text_of(entry->user))) {
            name = entry->user;
        } else if (name == NULL && is_name(entry, value, is_only)) {
            name = apr_pstrmemdup(entry->pool, value.data, value.len);
        }
    }
    if (values != NULL) {
        ldap_value_free_len(values);
    }
    return name;
}

static authn_status refuse(authn_status status, const char *sentence,
                           const char **reason)
{
    *reason = sentence;
    return status;
}

/* Put the name of the entry into the field where it is another. */
static authn_status add_name(field_t *field, const char **reason)
{
    const msd_ldap_entry_t *entry = field->entry;
    const char *name = find_name(entry);

    if (name == NULL) {
        return refuse(AUTH_DENIED,
                      "the directory does not show the attribute "
                      "of the user's name (let AuthMSDigestLDAPBindDN read "
                      "it), or it has several names, none like this",
                      reason);
    }
    if (name == entry->user) {
        return AUTH_USER_FOUND;
    }
    if (!entry->whole_field || strchr(name, ',') != NULL) {
        return refuse(AUTH_DENIED,
                      "the user's name in the directory is "
                      "spelled otherwise, and must be given as it is there",
                      reason);
    }
    field->text = apr_pstrcat(entry->pool, field->text, ",user=", name, NULL);
    return AUTH_USER_FOUND;
}

authn_status msd_ldap_entry_read(const msd_ldap_entry_t *entry, char **field,
                                 const char **reason)
{
    field_t out = { entry, NULL, 0 };
    struct berval **values = ldap_get_values_len(entry->ldap, entry->entry,
                                                 entry->attribute->name);
    authn_status status;

    if (values == NULL) {
        return refuse(AUTH_DENIED,
                      "the user's entry does not show the "
                      "attribute of AuthMSDigestLDAPHashAttribute: it is not "
                      "there, or AuthMSDigestLDAPBindDN may not read it",
                      reason);
    }
    add_values(&out, values);
    free_values(values);
    if (out.text == NULL) {
        return refuse(AUTH_DENIED,
                      "no value of the attribute of "
                      "AuthMSDigestLDAPHashAttribute is what that says, for "
                      "this realm",
                      reason);
    }
    status = add_name(&out, reason);
    *field = status == AUTH_USER_FOUND ? out.text : NULL;
    return status;
}

void msd_ldap_entry_groups(const msd_ldap_entry_t *entry,
                           const char *attribute, msd_groups_t *groups)
{
    struct berval **values = ldap_get_values_len(entry->ldap, entry->entry,
                                                 attribute);

    for (int i = 0; values != NULL && values[i] != NULL; i++) {
        msd_groups_add(groups, value_text(values[i]), entry->pool);
    }
    if (values != NULL) {
        ldap_value_free_len(values);
    }
}

/* libldap reads values in the message itself, which is freed as it is. */
static void wipe_values(LDAP *ldap, LDAPMessage *entry)
{
    BerElement *place = NULL;
    struct berval name;
    struct berval *values = NULL;

    if (ldap_get_dn_ber(ldap, entry, &place, &name) != LDAP_SUCCESS) {
        return;
    }
    while (ldap_get_attribute_ber(ldap, entry, place, &name, &values)
               == LDAP_SUCCESS
           && name.bv_val != NULL) {
        for (int i = 0; values != NULL && values[i].bv_val != NULL; i++) {
            msd_wipe(values[i].bv_val, values[i].bv_len);
        }
        ber_memfree(values);
        values = NULL;
    }
    ber_free(place, 0);
}

void msd_ldap_result_free(LDAP *ldap, LDAPMessage *result)
{
    if (result == NULL) {
        return;
    }
    for (LDAPMessage *entry = ldap_first_entry(ldap, result); entry != NULL;
         entry = ldap_next_entry(ldap, entry)) {
        wipe_values(ldap, entry);
    }
    ldap_msgfree(result);
}
