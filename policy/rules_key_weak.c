/* SPDX-License-Identifier: Apache-2.0
 *
 * key.rsa.*: moduli that can be factored in a moment (BR 6.1.1.3, 6.1.6).
 *
 * A batch has thousands of keys, so almost everything is decided from n modulo small primes and
 * big-number work is left for the one key in thousands that the residues cannot clear. Residues
 * come from one table of weights 2^(32i) mod m for m = product of two primes: 64 multiply-adds and
 * one division for two primes of a 2048-bit modulus, where BN_mod_word takes 128 divisions each.
 */
#include "policy/rules_key.h"

#include "formats/base/limits.h"

#include <openssl/bn.h>
#include <pthread.h>
#include <string.h>

enum {
    SMALL_BOUND = 752,  /* BR 6.1.6: no factor below 752 */
    SMALL_PRIMES = 133, /* primes below SMALL_BOUND */
    PRIME_LIMIT = 8192, /* of the primes that test for powers; m < 2^26 keeps sums in 64 bits */
    PROBES_MAX = 400,
    BLOCK = 64, /* limbs summed between two divisions */
    LIMBS_MAX = LIMIT_RSA_BITS / 32,
    POWERS_MAX = 83, /* prime exponents up to 431 = 4096 bits / 9.5 */
    WITNESSES_MAX = 12,
    SIEVE_PRIMES = 12, /* of the filter for squares */
};

/* n = p^k makes n a k-th power modulo every q; q = 1 (mod k) is where others mostly are not. */
struct power {
    uint16_t k;
    uint16_t nwitnesses;
    uint16_t witness[WITNESSES_MAX]; /* indices of probes */
};

static uint16_t probe[PROBES_MAX]; /* primes: the small ones first, then the witnesses */
static size_t nprobes;
static uint32_t weight[PROBES_MAX / 2][BLOCK];
static uint32_t fold[PROBES_MAX / 2]; /* 2^(32 BLOCK) mod m */
static struct power powers[POWERS_MAX];
static size_t npowers;
static uint64_t squares[SIEVE_PRIMES]; /* bit r: r is a square modulo probe[i + 1] */
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static uint32_t pair_modulus(size_t pair)
{
    return (uint32_t)probe[2 * pair] * probe[2 * pair + 1];
}

static size_t probe_index(uint32_t prime)
{
    size_t i = 0;
    while (i < nprobes && probe[i] != prime) {
        i++;
    }
    if (i == nprobes && nprobes < PROBES_MAX) {
        probe[nprobes++] = (uint16_t)prime;
    }
    return i;
}

/* Each witness lets one in k random moduli pass; together fewer than one in some thousands. */
static unsigned witnesses_wanted(uint32_t k)
{
    return k == 2 ? 12 : k == 3 ? 8 : k == 5 ? 5 : k < 17 ? 4 : k < 71 ? 3 : 2;
}

static void add_power(const uint8_t *composite, uint32_t k)
{
    struct power *p = &powers[npowers++];
    unsigned want = witnesses_wanted(k);
    p->k = (uint16_t)k;
    for (uint32_t q = k + 1; q < PRIME_LIMIT && p->nwitnesses < want; q++) {
        if (!composite[q] && q % k == 1) {
            p->witness[p->nwitnesses++] = (uint16_t)probe_index(q);
        }
    }
}

static void make_weights(void)
{
    for (size_t pair = 0; pair < nprobes / 2; pair++) {
        uint64_t m = pair_modulus(pair);
        uint64_t w = 1;
        for (size_t i = 0; i < BLOCK; i++) {
            weight[pair][i] = (uint32_t)w;
            w = (w << 32) % m;
        }
        fold[pair] = (uint32_t)w;
    }
}

static void make_tables(void)
{
    static uint8_t composite[PRIME_LIMIT];
    for (uint32_t i = 2; i < PRIME_LIMIT; i++) {
        for (uint32_t j = 2 * i; !composite[i] && j < PRIME_LIMIT; j += i) {
            composite[j] = 1;
        }
    }
    for (uint32_t i = 2; i < SMALL_BOUND; i++) {
        if (!composite[i]) {
            probe[nprobes++] = (uint16_t)i;
        }
    }
    for (uint32_t k = 2; npowers < POWERS_MAX; k++) {
        if (!composite[k]) {
            add_power(composite, k);
        }
    }
    if (nprobes % 2) {
        (void)probe_index(PRIME_LIMIT - 1); /* 8191 is prime: an even number of probes */
    }
    make_weights();
    for (size_t i = 0; i < SIEVE_PRIMES; i++) {
        for (uint32_t r = 0; r < probe[i + 1]; r++) {
            squares[i] |= UINT64_C(1) << (r * r % probe[i + 1]);
        }
    }
}

/* --- residues --- */

struct limbs {
    uint32_t v[LIMBS_MAX]; /* least significant first */
    size_t n;
};

static bool to_limbs(struct span bytes, struct limbs *out)
{
    while (bytes.n && bytes.p[0] == 0) {
        bytes.p++;
        bytes.n--;
    }
    if (bytes.n == 0 || bytes.n > sizeof out->v) {
        return false;
    }
    out->n = (bytes.n + 3) / 4;
    memset(out->v, 0, out->n * sizeof out->v[0]);
    for (size_t i = 0; i < bytes.n; i++) {
        out->v[i / 4] |= (uint32_t)bytes.p[bytes.n - 1 - i] << (i % 4 * 8);
    }
    return true;
}

/* out[i] = value mod probe[i] for the first `count` probes, rounded up to even. */
static void residues(const struct limbs *x, size_t count, uint16_t *out)
{
    for (size_t pair = 0; pair < (count + 1) / 2; pair++) {
        uint64_t m = pair_modulus(pair);
        uint64_t r = 0;
        for (size_t top = x->n; top > 0;) {
            size_t from = (top - 1) / BLOCK * BLOCK;
            uint64_t sum = 0;
            for (size_t i = from; i < top; i++) {
                sum += (uint64_t)x->v[i] * weight[pair][i - from];
            }
            r = (r * fold[pair] + sum % m) % m;
            top = from;
        }
        out[2 * pair] = (uint16_t)(r % probe[2 * pair]);
        out[2 * pair + 1] = (uint16_t)(r % probe[2 * pair + 1]);
    }
}

static bool load(struct span n, size_t count, struct limbs *limbs, uint16_t *r)
{
    (void)pthread_once(&tables_once, make_tables);
    if (!to_limbs(n, limbs)) {
        return false;
    }
    residues(limbs, count ? count : nprobes, r);
    return true;
}

uint32_t rsa_small_factor(struct span n, uint32_t bound)
{
    struct limbs limbs;
    uint16_t r[PROBES_MAX];
    if (load(n, SMALL_PRIMES, &limbs, r)) {
        for (size_t i = 0; i < SMALL_PRIMES && probe[i] < bound; i++) {
            if (r[i] == 0) {
                return probe[i];
            }
        }
    }
    return 0;
}

/* --- ROCA (CVE-2017-15361): n is a power of 65537 modulo every one of these primes --- */

static const uint8_t roca_primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157};
static uint64_t roca_masks[NITEMS(roca_primes)][3];
static pthread_once_t roca_once = PTHREAD_ONCE_INIT;

static void make_roca_masks(void)
{
    for (size_t i = 0; i < NITEMS(roca_primes); i++) {
        uint32_t p = roca_primes[i];
        uint32_t x = 1;
        do {
            roca_masks[i][x / 64] |= UINT64_C(1) << (x % 64);
            x = x * (65537 % p) % p;
        } while (x != 1);
    }
}

unsigned rsa_roca_mask(size_t i, char hex[64])
{
    (void)pthread_once(&roca_once, make_roca_masks);
    if (i >= NITEMS(roca_primes)) {
        return 0;
    }
    uint8_t bytes[24];
    for (size_t b = 0; b < sizeof bytes; b++) {
        bytes[b] = (uint8_t)(roca_masks[i][2 - b / 8] >> (56 - b % 8 * 8));
    }
    hex_encode(bytes, sizeof bytes, hex);
    return roca_primes[i];
}

bool rsa_is_roca(struct span n)
{
    struct limbs limbs;
    uint16_t r[PROBES_MAX];
    (void)pthread_once(&roca_once, make_roca_masks);
    if (!load(n, 38, &limbs, r)) { /* 157 is the 37th prime */
        return false;
    }
    size_t at = 0;
    for (size_t i = 0; i < NITEMS(roca_primes); i++) {
        while (probe[at] != roca_primes[i]) {
            at++;
        }
        if (!(roca_masks[i][r[at] / 64] >> (r[at] % 64) & 1)) {
            return false;
        }
    }
    return true;
}

/* --- roots --- */

/* Numbers of one calculation, freed together. ok turns false when libcrypto fails: then no
 * answer counts. */
struct calc {
    BN_CTX *ctx;
    bool ok;
};

static struct calc calc_begin(void)
{
    struct calc c = {BN_CTX_new(), false};
    if (!c.ctx) {
        oom(0);
    }
    BN_CTX_start(c.ctx);
    c.ok = true;
    return c;
}

static void calc_end(struct calc *c)
{
    BN_CTX_end(c->ctx);
    BN_CTX_free(c->ctx);
    if (!c->ok) { /* BN fails on these operands only when memory ends */
        oom(0);
    }
}

static BIGNUM *number(struct calc *c)
{
    BIGNUM *x = BN_CTX_get(c->ctx);
    if (!x) {
        oom(0);
    }
    return x;
}

/* floor(sqrt(n)), n > 0: Newton with a precision that doubles, so the last division is the only
 * one of full size. */
static void square_root(struct calc *c, BIGNUM *root, const BIGNUM *n)
{
    int half = (BN_num_bits(n) - 1) / 2;
    int steps = 0;
    while (half >> steps) {
        steps++;
    }
    BIGNUM *q = number(c);
    c->ok &= BN_one(root);
    for (int s = steps - 1, d = 0; s >= 0; s--) {
        int e = d;
        d = half >> s;
        c->ok &= BN_rshift(q, n, 2 * half - e - d + 1) && BN_div(q, NULL, q, root, c->ctx) &&
                 BN_lshift(root, root, d - e - 1) && BN_add(root, root, q);
    }
    c->ok &= BN_sqr(q, root, c->ctx);
    if (BN_cmp(q, n) > 0) {
        c->ok &= BN_sub_word(root, 1);
    }
}

static bool is_square(struct calc *c, const BIGNUM *n)
{
    if (BN_is_zero(n)) {
        return true;
    }
    BIGNUM *root = number(c);
    square_root(c, root, n);
    c->ok &= BN_sqr(root, root, c->ctx);
    return BN_cmp(root, n) == 0;
}

/* n = x^k? Bit by bit: only for the few moduli that the witnesses let through. */
static bool is_power(struct calc *c, const BIGNUM *n, unsigned k)
{
    BIGNUM *x = number(c);
    BIGNUM *y = number(c);
    BIGNUM *exponent = number(c);
    c->ok &= BN_set_word(exponent, k);
    BN_zero(x);
    for (int bit = (BN_num_bits(n) - 1) / (int)k; bit >= 0 && c->ok; bit--) {
        c->ok &= BN_set_bit(x, bit) && BN_exp(y, x, exponent, c->ctx);
        if (BN_cmp(y, n) > 0) {
            c->ok &= BN_clear_bit(x, bit);
        }
    }
    c->ok &= BN_exp(y, x, exponent, c->ctx);
    return BN_cmp(y, n) == 0;
}

static uint32_t power_mod(uint32_t base, uint32_t exponent, uint32_t m)
{
    uint32_t result = 1;
    for (; exponent; exponent >>= 1) {
        if (exponent & 1) {
            result = result * base % m;
        }
        base = base * base % m;
    }
    return result;
}

static bool may_be_power(const struct power *p, const uint16_t *r)
{
    for (size_t i = 0; i < p->nwitnesses; i++) {
        uint32_t q = probe[p->witness[i]];
        uint32_t x = r[p->witness[i]];
        if (x && power_mod(x, (q - 1) / p->k, q) != 1) {
            return false;
        }
    }
    return true;
}

unsigned rsa_perfect_power(struct span n)
{
    struct limbs limbs;
    uint16_t r[PROBES_MAX];
    if (!load(n, 0, &limbs, r)) {
        return 0;
    }
    unsigned found = 0;
    /* a base above 751 has at least 9.5 bits */
    for (size_t i = 0; i < npowers && powers[i].k * 19u <= limbs.n * 64 && !found; i++) {
        if (!may_be_power(&powers[i], r)) {
            continue;
        }
        struct calc c = calc_begin();
        BIGNUM *x = number(&c);
        c.ok &= BN_bin2bn(n.p, (int)n.n, x) != NULL;
        bool yes = powers[i].k == 2 ? is_square(&c, x) : is_power(&c, x, powers[i].k);
        found = yes ? powers[i].k : 0;
        calc_end(&c);
    }
    return found;
}

/* --- Fermat --- */

/* Can (a + step)^2 - n be a square? a and n modulo the sieve primes, low: modulo 64. */
static bool may_be_square(const uint16_t *a, const uint16_t *n, uint32_t a_low, uint32_t n_low,
                          unsigned step)
{
    static const uint64_t squares_64 = UINT64_C(0x0202021202030213);
    uint32_t low = (a_low + step) & 63;
    if (!(squares_64 >> ((low * low - n_low) & 63) & 1)) {
        return false;
    }
    for (size_t i = 0; i < SIEVE_PRIMES; i++) {
        uint32_t p = probe[i + 1];
        uint32_t x = (a[i + 1] + step) % p;
        if (!(squares[i] >> ((x * x + p - n[i + 1]) % p) & 1)) {
            return false;
        }
    }
    return true;
}

static bool difference_is_square(struct calc *c, const BIGNUM *start, unsigned step,
                                 const BIGNUM *n)
{
    BIGNUM *a = number(c);
    c->ok &= BN_copy(a, start) && BN_add_word(a, step) && BN_sqr(a, a, c->ctx) && BN_sub(a, a, n);
    return is_square(c, a);
}

/* The ceiling of the root as residues. */
static bool start_residues(const BIGNUM *start, struct limbs *limbs, uint16_t *r)
{
    uint8_t bytes[LIMIT_RSA_BITS / 8];
    int size = BN_num_bytes(start);
    if (size <= 0 || (size_t)size > sizeof bytes || BN_bn2bin(start, bytes) != size) {
        return false;
    }
    return load((struct span){bytes, (size_t)size}, SIEVE_PRIMES + 1, limbs, r);
}

unsigned rsa_fermat(struct span n, unsigned rounds)
{
    struct limbs limbs_n, limbs_a;
    uint16_t rn[SIEVE_PRIMES + 2];
    uint16_t ra[SIEVE_PRIMES + 2];
    if (!load(n, SIEVE_PRIMES + 1, &limbs_n, rn)) {
        return 0;
    }
    struct calc c = calc_begin();
    BIGNUM *big = number(&c);
    BIGNUM *start = number(&c);
    BIGNUM *square = number(&c);
    c.ok &= BN_bin2bn(n.p, (int)n.n, big) != NULL;
    square_root(&c, start, big);
    c.ok &= BN_sqr(square, start, c.ctx);
    if (BN_cmp(square, big) < 0) {
        c.ok &= BN_add_word(start, 1);
    }
    unsigned found = 0;
    bool ready = start_residues(start, &limbs_a, ra);
    for (unsigned i = 0; ready && i < rounds && !found; i++) {
        if (may_be_square(ra, rn, limbs_a.v[0], limbs_n.v[0], i) &&
            difference_is_square(&c, start, i, big)) {
            found = i + 1;
        }
    }
    calc_end(&c);
    return found;
}

/* --- the checks --- */

void key_check_rsa_small_factor(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    uint32_t factor = key ? rsa_small_factor(key->n, (uint32_t)rule_int(run, 0)) : 0;
    if (factor) {
        rule_hit(run, (struct hit){0}, "the RSA modulus is divisible by %u", (unsigned)factor);
    }
}

void key_check_rsa_perfect_power(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    unsigned k = key ? rsa_perfect_power(key->n) : 0;
    if (k) {
        rule_hit(run, (struct hit){0}, "the RSA modulus is a perfect power (exponent %u)", k);
    }
}

void key_check_rsa_prime(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    if (!key) {
        return;
    }
    struct calc c = calc_begin();
    BIGNUM *n = number(&c);
    c.ok &= BN_bin2bn(key->n.p, (int)key->n.n, n) != NULL;
    if (BN_check_prime(n, c.ctx, NULL) == 1) {
        rule_hit(run, (struct hit){0}, "the RSA modulus is itself a prime");
    }
    calc_end(&c);
}

void key_check_rsa_fermat(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    unsigned round = key ? rsa_fermat(key->n, (unsigned)rule_int(run, 0)) : 0;
    if (round) {
        rule_hit(run, (struct hit){0},
                 "Fermat's method factors the RSA modulus in %u round%s: its primes are too close",
                 round, round == 1 ? "" : "s");
    }
}

void key_check_rsa_roca(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    if (key && rsa_is_roca(key->n)) {
        rule_hit(run, (struct hit){0},
                 "the RSA modulus has the fingerprint of the ROCA key generator");
    }
}
