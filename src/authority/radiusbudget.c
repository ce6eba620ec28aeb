/* SPDX-License-Identifier: Apache-2.0 */
/* RADIUS over TLS: how much of what a server sends is read in one go. */
#include "authority/radiusbudget.h"

/* The arguments are those of BIO_callback_fn_ex. */
static long spend(BIO *bio, int operation, const char *data, size_t len,
                  int argi, long argl, int result, size_t *processed)
{
    int *left = (int *)(void *)BIO_get_callback_arg(bio);

    (void)data;
    (void)len;
    (void)argi;
    (void)argl;
    (void)processed;
    if (operation != BIO_CB_READ) {
        return result;
    }
    if (*left == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    (*left)--;
    return result;
}

void msd_radiusbudget_install(SSL *ssl, apr_pool_t *pool)
{
    int *left = apr_palloc(pool, sizeof(*left));
    BIO *bio = SSL_get_rbio(ssl);

    *left = MSD_RADIUSBUDGET_READS;
    BIO_set_callback_arg(bio, (char *)left);
    BIO_set_callback_ex(bio, spend);
}

void msd_radiusbudget_renew(SSL *ssl)
{
    int *left = (int *)(void *)BIO_get_callback_arg(SSL_get_rbio(ssl));

    *left = MSD_RADIUSBUDGET_READS;
}
