/* SPDX-License-Identifier: Apache-2.0
 *
 * Common prime factors among the RSA moduli of a batch (BR 6.1.1.3): if two keys share a prime,
 * both private keys follow from one gcd.
 *
 * A gcd of every pair would take minutes for a thousand keys: BN_gcd is constant-time, 420 us.
 * Instead each modulus meets the product of all moduli before it, modulo itself: a Montgomery
 * product (1 us) for each pair, one gcd for each key, all cores. 1,000 keys take a second of one
 * core. A product tree over blocks of keys took twice as long at that size (1.7 s), because
 * libcrypto divides large numbers by the schoolbook. Partners are searched for only where a
 * factor was found.
 */
#include "policy/rules_key.h"

#include "formats/base/pool.h"

#include <openssl/bn.h>
#include <stdatomic.h>

enum { PARALLEL_FROM = 100 }; /* below, threads cost more than they save */

struct gcd_run {
    BIGNUM **n; /* the moduli, odd */
    bool *hit;  /* shares a factor with one before it */
    atomic_bool broken;
};

/* The product of n[0..i) modulo n[i], but for a power of two: Montgomery products leave out a
 * factor that has nothing in common with an odd modulus, and so does not change the gcd. */
static bool product_before(const struct gcd_run *g, size_t i, BIGNUM *x, BIGNUM *scratch,
                           BN_CTX *ctx)
{
    BN_MONT_CTX *mont = BN_MONT_CTX_new();
    bool ok = mont && BN_MONT_CTX_set(mont, g->n[i], ctx) && BN_one(x);
    for (size_t k = 0; ok && k < i; k++) {
        const BIGNUM *factor = g->n[k];
        if (BN_cmp(g->n[i], factor) == 0) {
            continue; /* one key in two items is another rule's matter */
        }
        if (BN_num_bytes(factor) > BN_num_bytes(g->n[i])) {
            ok = BN_mod(scratch, factor, g->n[i], ctx);
            factor = scratch;
        }
        ok = ok && BN_mod_mul_montgomery(x, x, factor, mont, ctx);
    }
    BN_MONT_CTX_free(mont);
    return ok;
}

static void check_modulus(void *run, size_t i, unsigned worker)
{
    (void)worker;
    struct gcd_run *g = run;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *x = BN_new();
    BIGNUM *d = BN_new();
    bool ok = ctx && x && d && product_before(g, i, x, d, ctx) && BN_gcd(d, x, g->n[i], ctx);
    g->hit[i] = ok && !BN_is_one(d);
    if (!ok) {
        atomic_store(&g->broken, true);
    }
    BN_free(x);
    BN_free(d);
    BN_CTX_free(ctx);
}

static size_t find_partners(struct gcd_run *g, size_t i, struct shared_prime *out, size_t max)
{
    size_t found = 0;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *d = BN_new();
    for (size_t k = 0; ctx && d && k < i && found < max; k++) {
        if (!BN_gcd(d, g->n[i], g->n[k], ctx)) {
            atomic_store(&g->broken, true);
            break;
        }
        if (!BN_is_one(d) && BN_cmp(g->n[i], g->n[k]) != 0) {
            out[found++] = (struct shared_prime){k, i};
        }
    }
    BN_free(d);
    BN_CTX_free(ctx);
    return found;
}

size_t rsa_shared_primes(const struct span *moduli, size_t n, struct shared_prime *out, size_t max,
                         bool *broken)
{
    struct gcd_run g = {.n = xcalloc(n + 1, sizeof(BIGNUM *)), .hit = xcalloc(n + 1, sizeof(bool))};
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        g.n[i] = BN_bin2bn(moduli[i].p, (int)moduli[i].n, NULL);
        ok = ok && g.n[i] && BN_is_odd(g.n[i]) && !BN_is_one(g.n[i]);
    }
    size_t found = 0;
    if (ok) {
        pool_map(n < PARALLEL_FROM ? 1 : pool_default_workers(), n, check_modulus, &g);
        for (size_t i = 0; i < n && found < max; i++) {
            found += g.hit[i] ? find_partners(&g, i, out + found, max - found) : 0;
        }
    }
    *broken = !ok || atomic_load(&g.broken);
    for (size_t i = 0; i < n; i++) {
        BN_free(g.n[i]);
    }
    freep(&g.n);
    freep(&g.hit);
    return found;
}
