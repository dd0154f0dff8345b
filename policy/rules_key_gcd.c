/* SPDX-License-Identifier: Apache-2.0
 *
 * Common prime factors among the RSA moduli of a batch (BR 6.1.1.3): if two keys share a prime,
 * both private keys follow from one gcd.
 *
 * A gcd of every pair would take minutes for some thousand keys (BN_gcd is constant-time, about
 * 0.3 ms). Instead each modulus meets the product of all moduli before it, reduced modulo itself:
 * one gcd for each key. Products are taken in blocks by a product tree, so that most of the work
 * is large multiplications, where libcrypto's Karatsuba pays, and one division by a block's
 * product serves all its keys. Partners are searched for only where a factor was found.
 */
#include "policy/rules_key.h"

#include <openssl/bn.h>
#include <string.h>

enum { BLOCK_KEYS = 128 };

struct gcd_run {
    BN_CTX *ctx;
    BIGNUM **n;      /* the moduli */
    size_t count;
    BIGNUM *product[BLOCK_KEYS]; /* scratch of the product tree */
    bool ok;
};

/* The product of n[from..from+count) into out; pairs first, so operands stay of equal size. */
static void multiply(struct gcd_run *g, size_t from, size_t count, BIGNUM *out)
{
    for (size_t i = 0; i < count; i++) {
        g->ok &= BN_copy(g->product[i], g->n[from + i]) != NULL;
    }
    for (size_t step = 1; step < count; step *= 2) {
        for (size_t i = 0; i + step < count; i += 2 * step) {
            g->ok &= BN_mul(g->product[i], g->product[i], g->product[i + step], g->ctx);
        }
    }
    g->ok &= BN_copy(out, g->product[0]) != NULL;
}

static void find_partners(struct gcd_run *g, size_t i, struct shared_prime *out, size_t max,
                          size_t *found)
{
    BIGNUM *d = BN_CTX_get(g->ctx);
    for (size_t k = 0; d && k < i && *found < max; k++) {
        g->ok &= BN_gcd(d, g->n[i], g->n[k], g->ctx);
        if (!BN_is_one(d) && BN_cmp(g->n[i], g->n[k]) != 0) {
            out[(*found)++] = (struct shared_prime){k, i};
        }
    }
    g->ok &= d != NULL;
}

/* rest = product of everything before the block, modulo the block's product. */
static void check_block(struct gcd_run *g, size_t from, size_t count, const BIGNUM *rest,
                        struct shared_prime *out, size_t max, size_t *found)
{
    BN_CTX_start(g->ctx);
    BIGNUM *x = BN_CTX_get(g->ctx);
    BIGNUM *d = BN_CTX_get(g->ctx);
    g->ok &= d != NULL;
    for (size_t i = from; g->ok && i < from + count && *found < max; i++) {
        const BIGNUM *n = g->n[i];
        g->ok &= BN_mod(x, rest, n, g->ctx);
        for (size_t k = from; k < i; k++) {
            if (BN_cmp(n, g->n[k]) != 0) { /* one key in two items is another rule's matter */
                g->ok &= BN_mod_mul(x, x, g->n[k], n, g->ctx);
            }
        }
        g->ok &= BN_gcd(d, x, n, g->ctx);
        if (g->ok && !BN_is_one(d)) {
            find_partners(g, i, out, max, found);
        }
    }
    BN_CTX_end(g->ctx);
}

/* All blocks before `upto`, multiplied modulo `modulus`. */
static void product_before(struct gcd_run *g, BIGNUM *const *blocks, size_t upto,
                           const BIGNUM *modulus, BIGNUM *rest)
{
    BN_RECP_CTX *recp = BN_RECP_CTX_new();
    g->ok &= recp && BN_RECP_CTX_set(recp, modulus, g->ctx) && BN_one(rest);
    for (size_t b = 0; g->ok && b < upto; b++) {
        g->ok &= BN_mod_mul_reciprocal(rest, rest, blocks[b], recp, g->ctx);
    }
    BN_RECP_CTX_free(recp);
}

static size_t run_blocks(struct gcd_run *g, struct shared_prime *out, size_t max)
{
    size_t nblocks = (g->count + BLOCK_KEYS - 1) / BLOCK_KEYS;
    size_t found = 0;
    BIGNUM **blocks = xcalloc(nblocks, sizeof(BIGNUM *));
    BIGNUM *rest = BN_new();
    g->ok &= rest != NULL;
    for (size_t i = 0; i < BLOCK_KEYS; i++) {
        g->product[i] = BN_new();
        g->ok &= g->product[i] != NULL;
    }
    for (size_t b = 0; g->ok && b < nblocks && found < max; b++) {
        size_t from = b * BLOCK_KEYS;
        size_t count = g->count - from < BLOCK_KEYS ? g->count - from : BLOCK_KEYS;
        blocks[b] = BN_new();
        g->ok &= blocks[b] != NULL;
        if (g->ok) {
            multiply(g, from, count, blocks[b]);
            product_before(g, blocks, b, blocks[b], rest);
            check_block(g, from, count, rest, out, max, &found);
        }
    }
    for (size_t i = 0; i < BLOCK_KEYS; i++) {
        BN_free(g->product[i]);
    }
    for (size_t b = 0; b < nblocks; b++) {
        BN_free(blocks[b]);
    }
    BN_free(rest);
    freep(&blocks);
    return found;
}

size_t rsa_shared_primes(const struct span *moduli, size_t n, struct shared_prime *out, size_t max,
                         bool *broken)
{
    struct gcd_run g = {.ctx = BN_CTX_new(), .count = n, .ok = true};
    g.n = xcalloc(n ? n : 1, sizeof(BIGNUM *));
    g.ok = g.ctx != NULL;
    for (size_t i = 0; i < n; i++) {
        g.n[i] = BN_bin2bn(moduli[i].p, (int)moduli[i].n, NULL);
        g.ok &= g.n[i] != NULL && !BN_is_zero(g.n[i]);
    }
    size_t found = 0;
    if (g.ok && n) {
        BN_CTX_start(g.ctx);
        found = run_blocks(&g, out, max);
        BN_CTX_end(g.ctx);
    }
    *broken = !g.ok;
    for (size_t i = 0; i < n; i++) {
        BN_free(g.n[i]);
    }
    freep(&g.n);
    BN_CTX_free(g.ctx);
    return found;
}
