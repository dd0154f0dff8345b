/* SPDX-License-Identifier: Apache-2.0
 *
 * See verified.h. A table of digests, open addressing; a digest is its own hash. When it is three
 * quarters full it starts anew: what was lost is verified again.
 */
#include "policy/verified.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16, FULL = SLOTS / 4 * 3 };

struct verified {
    pthread_mutex_t lock;
    size_t n;
    uint8_t digests[SLOTS][SHA256_SIZE]; /* all zero = free */
};

struct verified *verified_new(void)
{
    struct verified *v = xcalloc(1, sizeof *v);
    pthread_mutex_init(&v->lock, NULL);
    return v;
}

void verified_free(struct verified *v)
{
    if (v) {
        pthread_mutex_destroy(&v->lock);
        free(v);
    }
}

/* The slot of the digest, or the free one where it belongs. */
static uint8_t *slot_of(struct verified *v, const uint8_t digest[SHA256_SIZE])
{
    static const uint8_t nothing[SHA256_SIZE];
    size_t i = (size_t)digest[0] << 8 | digest[1];
    while (memcmp(v->digests[i], digest, SHA256_SIZE) != 0 &&
           memcmp(v->digests[i], nothing, SHA256_SIZE) != 0) {
        i = (i + 1) % SLOTS;
    }
    return v->digests[i];
}

bool verified_has(struct verified *v, const uint8_t sha256[SHA256_SIZE])
{
    if (!v) {
        return false;
    }
    pthread_mutex_lock(&v->lock);
    const bool has = memcmp(slot_of(v, sha256), sha256, SHA256_SIZE) == 0;
    pthread_mutex_unlock(&v->lock);
    return has;
}

void verified_add(struct verified *v, const uint8_t sha256[SHA256_SIZE])
{
    if (!v) {
        return;
    }
    pthread_mutex_lock(&v->lock);
    if (v->n >= FULL) {
        memset(v->digests, 0, sizeof v->digests);
        v->n = 0;
    }
    uint8_t *slot = slot_of(v, sha256);
    v->n += memcmp(slot, sha256, SHA256_SIZE) != 0;
    memcpy(slot, sha256, SHA256_SIZE);
    pthread_mutex_unlock(&v->lock);
}
