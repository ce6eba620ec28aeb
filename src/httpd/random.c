/* SPDX-License-Identifier: Apache-2.0 */
/* Random bytes, drawn in stock. */
#include "httpd/random.h"

#include <stdatomic.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/hash.h"

/* Threads that draw at the same moment; more go to OpenSSL. */
#define SHELVES 8

#define SHELF_SIZE 1024

typedef struct {
    apr_size_t left;
    unsigned char bytes[SHELF_SIZE];
} shelf_t;

struct msd_random_t {
    _Atomic(shelf_t *) shelves[SHELVES];
    shelf_t memory[SHELVES];
};

msd_random_t *msd_random_create(apr_pool_t *pool)
{
    msd_random_t *stock = apr_pcalloc(pool, sizeof(*stock));

    for (int i = 0; i < SHELVES; i++) {
        atomic_init(&stock->shelves[i], &stock->memory[i]);
    }
    return stock;
}

static apr_status_t draw_fresh(unsigned char *out, apr_size_t n)
{
    return RAND_bytes(out, (int)n) == 1 ? APR_SUCCESS : APR_EGENERAL;
}

/* What was handed out is wiped: nothing can be drawn twice, or read later. */
static apr_status_t draw_from(shelf_t *shelf, unsigned char *out,
                              apr_size_t n)
{
    if (shelf->left < n) {
        shelf->left = 0;
        if (draw_fresh(shelf->bytes, SHELF_SIZE) != APR_SUCCESS) {
            return APR_EGENERAL;
        }
        shelf->left = SHELF_SIZE;
    }
    shelf->left -= n;
    memcpy(out, shelf->bytes + shelf->left, n);
    msd_wipe(shelf->bytes + shelf->left, n);
    return APR_SUCCESS;
}

apr_status_t msd_random_draw(void *self, unsigned char *out, apr_size_t n)
{
    msd_random_t *stock = self;

    for (int i = 0; stock != NULL && n <= SHELF_SIZE && i < SHELVES; i++) {
        shelf_t *shelf = atomic_exchange(&stock->shelves[i], NULL);
        apr_status_t status;

        if (shelf != NULL) {
            status = draw_from(shelf, out, n);
            atomic_store(&stock->shelves[i], shelf);
            return status;
        }
    }
    return draw_fresh(out, n);
}
