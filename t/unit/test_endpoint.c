/* SPDX-License-Identifier: Apache-2.0 */
/* End points: what a client computes of the certificate that it was shown. */
#include "unit.h"

#include "digest/endpoint.h"

/* Made by `openssl req -x509`; the values by `openssl dgst` of the DER. */
static const char ec256[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdjCCARugAwIBAgIURn/Z6QXyzXkijBc8PHpUGB3mxHcwCgYIKoZIzj0EAwIw\n"
    "EDEOMAwGA1UEAwwFZWMyNTYwHhcNMjYxMTI1MTIzNjM4WhcNMzYxMTIyMTIzNjM4\n"
    "WjAQMQ4wDAYDVQQDDAVlYzI1NjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPLJ\n"
    "5pH8Oj7lVwhnKjeOYFJvpznVo9VIlAdKGu3azrHCfNhZ8IGMo5yBsRok8xBgkjSn\n"
    "XwPhhBn50xeWXgnaTqGjUzBRMB0GA1UdDgQWBBSrvhvvz8TFALsXhJRjZmgb8/Ig\n"
    "iTAfBgNVHSMEGDAWgBSrvhvvz8TFALsXhJRjZmgb8/IgiTAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMCA0kAMEYCIQC/7OEKWl3ytRq6USOtmvITTWV3SmpvgJf/\n"
    "j+ZqwLEcogIhAL7pjBgLy9EeppnfX8kf5VWLfWL12YITkNPeelufdUmP\n"
    "-----END CERTIFICATE-----\n";
static const char ec384[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdDCCARugAwIBAgIUbRqiSvM9CVG2yjEiUGOX2TC4ZKMwCgYIKoZIzj0EAwMw\n"
    "EDEOMAwGA1UEAwwFZWMzODQwHhcNMjYxMTI1MTIzNjM4WhcNMzYxMTIyMTIzNjM4\n"
    "WjAQMQ4wDAYDVQQDDAVlYzM4NDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNvp\n"
    "QUEDMmdY2rGOMe8BOCAMYhjHYEIf2a7/k4M+FTm56kJoEq1Y3CDQHSfOIte0p6sv\n"
    "Yxbx4bcaKjB6gQOlZbGjUzBRMB0GA1UdDgQWBBQ8D4MHuuu9hePOiZ957JeNun3f\n"
    "kjAfBgNVHSMEGDAWgBQ8D4MHuuu9hePOiZ957JeNun3fkjAPBgNVHRMBAf8EBTAD\n"
    "AQH/MAoGCCqGSM49BAMDA0cAMEQCIEl2fqDclRuXEOayiLppOPaXLS3ioNLGVrxb\n"
    "h0xxVe6LAiBnWN/fkSxTXTkEyPS/ItPMhbF+RfndeqVQG5PJI6+1hA==\n"
    "-----END CERTIFICATE-----\n";
static const char ecsha1[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBdTCCARygAwIBAgIULlqyrJMbGfXYoJplKsljXfqJfvIwCQYHKoZIzj0EATAR\n"
    "MQ8wDQYDVQQDDAZlY3NoYTEwHhcNMjYxMTI1MTIzNjM4WhcNMzYxMTIyMTIzNjM4\n"
    "WjARMQ8wDQYDVQQDDAZlY3NoYTEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATZ\n"
    "IXIMYhGmY+tEKQuFMS35IOTSQdoR6mG8pjeyvixDbxo0ewxgv40wbpuvuIU9TdCv\n"
    "1nZakNYttSGz/R9+uXjjo1MwUTAdBgNVHQ4EFgQULnm5Vse3OGuglsyp5a2k0RVd\n"
    "yXMwHwYDVR0jBBgwFoAULnm5Vse3OGuglsyp5a2k0RVdyXMwDwYDVR0TAQH/BAUw\n"
    "AwEB/zAJBgcqhkjOPQQBA0gAMEUCIB5NwQbGqndPmmIN4k9NQimdoYJXV1NI98Hw\n"
    "CP0JuCDMAiEA14+7lrWpQqac6qQ3OgOqpjiTSKns+ILGNkpFqVWraLM=\n"
    "-----END CERTIFICATE-----\n";
static const char md5[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIB+DCCAWGgAwIBAgIUCQ4LHMAbCuVkUMo2HGJ6kfre3rswDQYJKoZIhvcNAQEE\n"
    "BQAwDjEMMAoGA1UEAwwDbWQ1MB4XDTI2MTEyNTEyMzYzOFoXDTM2MTEyMjEyMzYz\n"
    "OFowDjEMMAoGA1UEAwwDbWQ1MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC0\n"
    "WPHoOG1ZhznO4ibERAUgHfISWFFtD40ZvLuieWiuu7WTyz5SGB2Ff0L/LwsEbpqP\n"
    "SY769IotClx+pejd9igaNwiW9JRwYgWRRCIdOsfQT6TH0lLLMHRV2i5tOiY5MzCk\n"
    "NwXXJnpyEnsGQmJ3P1gfaoAs4n2G6Gj2i4wg77bMXQIDAQABo1MwUTAdBgNVHQ4E\n"
    "FgQUEmZfMVR6e+Ru3J5BjfBj2F0aoyQwHwYDVR0jBBgwFoAUEmZfMVR6e+Ru3J5B\n"
    "jfBj2F0aoyQwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQQFAAOBgQAKfxXY\n"
    "5XYussL+X5kjy3do5Y/csoCoSWzBZzvKNWeP5rfsqs5F7fODrZ02RPqkOfEx91j/\n"
    "8BFQdVazb9FimE2XRJWRKGcqwneuSM7crpPNYhA+jjPgPXwZUjDu+d4IqD3f3GhN\n"
    "rAu+7oXz4u6OjI1asL+TWVoQGjkMzxrHa0/rCQ==\n"
    "-----END CERTIFICATE-----\n";
static const char pss[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICYDCCAZWgAwIBAgIUNgT9Y39pFYFGPkWV/R2nZrI0PmIwQQYJKoZIhvcNAQEK\n"
    "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEF\n"
    "AKIDAgFeMA4xDDAKBgNVBAMMA3BzczAeFw0yNjExMjUxMjM2MzhaFw0zNjExMjIx\n"
    "MjM2MzhaMA4xDDAKBgNVBAMMA3BzczCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkC\n"
    "gYEAv9ST7t/+ufTHWLwBFk4QOgDNm/3sKVYFuDMCXkhqtLA20SNITieK4UqF14EO\n"
    "7DOlFk4vJEnvXxkCTm3QGFW3AtBZWyd8cYhjpzBX+gzd6zVTEX6vod26fQkfsMRX\n"
    "ivOAVo1iTF0KtXN0BagSaSkoSRPbkcMOJX+TOWoVxnqw5PkCAwEAAaNTMFEwHQYD\n"
    "VR0OBBYEFIu4TZu+kflySL9Mm9HbL3CVCPkhMB8GA1UdIwQYMBaAFIu4TZu+kfly\n"
    "SL9Mm9HbL3CVCPkhMA8GA1UdEwEB/wQFMAMBAf8wQQYJKoZIhvcNAQEKMDSgDzAN\n"
    "BglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgFe\n"
    "A4GBADQAL9hzetmQwLLIwlr/Ytf/JdFNDVPiigdKb3KlpE5tuit3j6lOuM+wAl3D\n"
    "UefIRGhI2OvnUEBORJqYtSCI+7AsMHcXXPMTV5uoQL2uUXWl4Df1/YFOa8Bndgd5\n"
    "cPER3BmCPdEAognTAYLxWOATQ74yMmeKadkiirmvoo2yynP8\n"
    "-----END CERTIFICATE-----\n";
static const char ed[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBLjCB4aADAgECAhQBLHFSkdna99hikcCtHQi6BXnfTjAFBgMrZXAwDTELMAkG\n"
    "A1UEAwwCZWQwHhcNMjYxMTI1MTIzNjM4WhcNMzYxMTIyMTIzNjM4WjANMQswCQYD\n"
    "VQQDDAJlZDAqMAUGAytlcAMhALbx6ZpoYR3ZpWBMXq5xGUkxJMy78LysN4cqKsWE\n"
    "ktrao1MwUTAdBgNVHQ4EFgQUyW/2KZw5OAVlPfsCpDqyk/bDSiYwHwYDVR0jBBgw\n"
    "FoAUyW/2KZw5OAVlPfsCpDqyk/bDSiYwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD\n"
    "QQC16pIFx6vuYL2Uj79rPWxGAtKidDC+zKi5OS+jqIke9iWoWJLVZjRLI+61FgTl\n"
    "6SKByhSrSr9pHSec3OOs8Y0C\n"
    "-----END CERTIFICATE-----\n";

static const struct {
    const char *name;
    const char *pem;
    const char *binding; /* NULL: there is no end point */
} rows[] = {
    { "ECDSA with SHA-256", ec256, "00939835e8e7cbdb82cb0be772c65048" },
    { "ECDSA with SHA-384", ec384, "8b1bf5caf454251d0ae866abde91e7d2" },
    { "SHA-1 becomes SHA-256", ecsha1, "30c7b687e23dfc5d782dcaf91c4ec8ac" },
    { "MD5 becomes SHA-256", md5, "4855a28bd6c98049a65f9c3c3349229d" },
    { "RSA-PSS with SHA-256", pss, "2ffdb282d68b894d2cd08cd0ff26067b" },
    { "Ed25519 has no hash", ed, NULL },
};

static apr_status_t read_pem(msd_text_t pem, char *out)
{
    return msd_endpoint_read(msd_hasher_create(unit_pool), pem, out);
}

START_TEST(end_point_has_the_hash_of_its_signature)
{
    const char *pem = rows[_i].pem;
    char out[MSD_BINDING_LENGTH + 1];
    apr_status_t status = read_pem(unit_exact(pem, strlen(pem)), out);

    if (rows[_i].binding == NULL) {
        ck_assert_msg(APR_STATUS_IS_ENOTIMPL(status), "%s", rows[_i].name);
        return;
    }
    ck_assert_msg(status == APR_SUCCESS, "%s: %d", rows[_i].name, status);
    ck_assert_msg(strcmp(out, rows[_i].binding) == 0, "%s: %s", rows[_i].name,
                  out);
}
END_TEST

START_TEST(first_certificate_of_a_chain_counts)
{
    char out[MSD_BINDING_LENGTH + 1];
    const char *chain = apr_pstrcat(unit_pool, "a key before\n", rows[0].pem,
                                    rows[1].pem, NULL);

    ck_assert_int_eq(read_pem(msd_text_of(chain), out), APR_SUCCESS);
    ck_assert_str_eq(out, rows[0].binding);
}
END_TEST

START_TEST(what_is_no_certificate_has_no_end_point)
{
    char out[MSD_BINDING_LENGTH + 1];

    ck_assert_int_eq(read_pem(msd_text_of(NULL), out), APR_EINVAL);
    ck_assert_int_eq(read_pem(MSD_TEXT("no certificate"), out), APR_EINVAL);
    for (apr_size_t n = 0; n + 1 < sizeof(ec256); n += 7) {
        ck_assert_msg(read_pem(unit_exact(ec256, n), out) == APR_EINVAL,
                      "%d characters", (int)n);
    }
}
END_TEST

START_TEST(failing_hash_is_no_end_point)
{
    char out[MSD_BINDING_LENGTH + 1];
    msd_hasher_t *hasher = msd_hasher_create(unit_pool);

    int failed = 0;

    /* OpenSSL may hash for itself, and do without. */
    for (int number = 1; number <= 4; number++) {
        apr_status_t status;

        unit_failing_hash = unit_hashes + number;
        status = msd_endpoint_read(hasher, msd_text_of(ec256), out);
        ck_assert(status == APR_EGENERAL
                  || strcmp(out, rows[0].binding) == 0);
        failed += status == APR_EGENERAL;
    }
    ck_assert_int_gt(failed, 0);
}
END_TEST

Suite *suite_endpoint(void)
{
    TCase *tcase;
    Suite *suite = unit_suite("endpoint", &tcase);

    tcase_add_loop_test(tcase, end_point_has_the_hash_of_its_signature, 0,
                        UNIT_COUNT(rows));
    tcase_add_test(tcase, first_certificate_of_a_chain_counts);
    tcase_add_test(tcase, what_is_no_certificate_has_no_end_point);
    tcase_add_test(tcase, failing_hash_is_no_end_point);
    return suite;
}
