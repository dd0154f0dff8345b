/* SPDX-License-Identifier: Apache-2.0
 *
 * The arithmetic of the key rules against keys and moduli of badkeys, roca and boulder, and
 * against brute force.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/corpus.h"

#include "formats/base/sha.h"
#include "formats/der.h"
#include "policy/rules_key.h"

#include <openssl/bn.h>

static struct span number(struct arena *a, const BIGNUM *n)
{
    size_t size = (size_t)BN_num_bytes(n);
    uint8_t *p = arena_alloc(a, size + 1);
    assert_int_equal(BN_bn2bin(n, p), (int)size);
    return (struct span){p, size};
}

static struct span from_text(struct arena *a, const char *digits, bool hex)
{
    BIGNUM *n = NULL;
    assert_true((hex ? BN_hex2bn(&n, digits) : BN_dec2bn(&n, digits)) > 0);
    struct span out = number(a, n);
    BN_free(n);
    return out;
}

/* The modulus of the RSAPublicKey, bare or in a SubjectPublicKeyInfo, that a badkeys file has. */
static struct span modulus(struct arena *a, const char *name)
{
    struct span file = corpus_read(a, arena_printf(a, CORPORA "badkeys/%s", name));
    const char *text = arena_strndup(a, (const char *)file.p, file.n);
    const char *start = strstr(text, "-----BEGIN");
    assert_non_null(start);
    start = strchr(start, '\n') + 1;
    CLEANUP(buf_release) struct buf body = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 20);
    for (; *start != '-'; start++) {
        if (*start > ' ') {
            buf_putc(&body, *start);
        }
    }
    assert_true(base64_decode(&der, body.p, body.n));
    struct der d = der_over(buf_span(&der));
    struct der_tlv outer, first, bits, key;
    assert_true(der_take(&d, DER_SEQUENCE, &outer));
    struct der in = der_into(&d, &outer);
    if (der_take(&in, DER_SEQUENCE, &first)) {
        assert_true(der_take(&in, DER_BIT_STRING, &bits));
        struct der wrapped = der_over((struct span){bits.value.p + 1, bits.value.n - 1});
        assert_true(der_take(&wrapped, DER_SEQUENCE, &key));
        in = der_into(&wrapped, &key);
    }
    assert_true(der_take(&in, DER_INTEGER, &first));
    return (struct span){arena_memdup(a, first.value.p, first.value.n), first.value.n};
}

/* --- published weak keys --- */

static void test_badkeys(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const struct {
        const char *file;
        bool small, power, fermat, roca;
    } keys[] = {
        {"rsa-ok.key", false, false, false, false},
        {"rsa-vanity.key", false, false, false, false},
        {"rsa-roca.key", false, false, false, true},
        {"rsa-fermat-pkcs1.key", false, true, true, false},
        {"rsa-smallfactors-corrupt.key", true, false, false, false},
        {"rsa-sharedprimes.key", false, false, false, false},
        {"rsa-nprime.key", false, false, false, false},
    };
    for (size_t i = 0; i < NITEMS(keys); i++) {
        struct span n = modulus(&a, keys[i].file);
        if ((rsa_small_factor(n, 752) != 0) != keys[i].small ||
            (rsa_perfect_power(n) != 0) != keys[i].power ||
            (rsa_fermat(n, 100) != 0) != keys[i].fermat || rsa_is_roca(n) != keys[i].roca) {
            fail_msg("%s: %u %u %u %d", keys[i].file, rsa_small_factor(n, 752),
                     rsa_perfect_power(n), rsa_fermat(n, 100), rsa_is_roca(n));
        }
    }
    struct span file = corpus_read(&a, CORPORA "badkeys/rsa-fermat-hexmodulus.txt");
    char *hex = arena_strndup(&a, (const char *)file.p, file.n);
    hex[strspn(hex, "0123456789abcdefABCDEF")] = '\0';
    assert_int_not_equal(rsa_fermat(from_text(&a, hex, true), 100), 0);
}

/* --- small factors --- */

static void boulder_row(struct arena *a, char *const *field, void *ctx)
{
    size_t *rows = ctx;
    struct span n = from_text(a, field[1], false);
    assert_int_equal(rsa_is_roca(n), strstr(field[3], "ROCA") != NULL);
    (*rows)++;
}

static void test_boulder_moduli(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t rows = 0;
    corpus_tsv(&a, CORPORA "boulder/vectors/rsa_moduli.tsv", boulder_row, &rows);
    assert_true(rows >= 4);
}

/* The table-driven residues against BN_mod_word, for lengths around every block boundary. */
static void test_small_factor_brute(void **state)
{
    (void)state;
    BIGNUM *n = BN_new();
    for (int bits = 40; bits <= 16384; bits = bits * 3 / 2 + 7) {
        for (int round = 0; round < 8; round++) {
            CLEANUP(arena_release) struct arena a = ARENA_INIT;
            assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
            uint32_t want = 0;
            for (uint32_t p = 3; p < 752 && !want; p += 2) {
                want = BN_mod_word(n, p) == 0 ? p : 0; /* the least divisor is a prime */
            }
            assert_int_equal(rsa_small_factor(number(&a, n), 752), want);
        }
    }
    BN_free(n);
}

static BIGNUM *prime(int bits)
{
    BIGNUM *p = BN_new();
    assert_int_equal(BN_generate_prime_ex(p, bits, 0, NULL, NULL, NULL), 1);
    return p;
}

/* 733 * p for every p of both ends of the table, and 757, which is outside. */
static void test_small_factor_ends(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    BIGNUM *p = prime(1024);
    static const uint32_t factors[] = {2, 3, 5, 11, 157, 743, 751, 757};
    for (size_t i = 0; i < NITEMS(factors); i++) {
        BIGNUM *n = BN_dup(p);
        assert_int_equal(BN_mul_word(n, factors[i]), 1);
        assert_int_equal(rsa_small_factor(number(&a, n), 752), factors[i] < 752 ? factors[i] : 0);
        assert_int_equal(rsa_small_factor(number(&a, n), factors[i]), 0);
        BN_free(n);
    }
    BN_free(p);
}

/* --- powers --- */

static void test_powers(void **state)
{
    (void)state;
    static const unsigned exponents[] = {2, 3, 5, 7, 11, 13, 31, 61, 101, 211};
    BN_CTX *ctx = BN_CTX_new();
    for (size_t i = 0; i < NITEMS(exponents); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        BIGNUM *p = prime((int)(2048 / exponents[i] < 10 ? 10 : 2048 / exponents[i]));
        BIGNUM *k = BN_new();
        BIGNUM *n = BN_new();
        assert_int_equal(BN_set_word(k, exponents[i]), 1);
        assert_int_equal(BN_exp(n, p, k, ctx), 1);
        assert_int_equal(rsa_perfect_power(number(&a, n)), exponents[i]);
        assert_int_equal(BN_add_word(n, 2), 1);
        assert_int_equal(rsa_perfect_power(number(&a, n)), 0);
        BN_free(p);
        BN_free(k);
        BN_free(n);
    }
    BN_CTX_free(ctx);
}

/* --- Fermat --- */

/* Primes at a growing distance: the round in which boulder's plain loop would succeed. */
static unsigned fermat_plainly(const BIGNUM *p, const BIGNUM *q, const BIGNUM *n, BN_CTX *ctx)
{
    /* a = (p + q) / 2 is the number whose square minus n is a square; the rounds count from the
     * ceiling of the root of n */
    BIGNUM *a = BN_new();
    BIGNUM *s = BN_new();
    assert_true(BN_add(a, p, q) && BN_rshift1(a, a));
    unsigned rounds = 0;
    for (;; rounds++) {
        assert_true(BN_sqr(s, a, ctx));
        if (BN_cmp(s, n) < 0 || rounds > 200) {
            break;
        }
        assert_true(BN_sub_word(a, 1));
    }
    BN_free(a);
    BN_free(s);
    return rounds;
}

static void test_fermat(void **state)
{
    (void)state;
    BN_CTX *ctx = BN_CTX_new();
    size_t found = 0;
    for (int shift = 0; shift < 24; shift++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        BIGNUM *p = prime(256);
        BIGNUM *q = BN_dup(p);
        BIGNUM *n = BN_new();
        BIGNUM *gap = BN_new();
        assert_true(BN_set_bit(gap, 118 + shift / 2) && BN_add(q, q, gap));
        assert_true(BN_set_bit(q, 0));
        assert_true(BN_mul(n, p, q, ctx));
        unsigned want = fermat_plainly(p, q, n, ctx);
        unsigned got = rsa_fermat(number(&a, n), 100);
        assert_int_equal(got, want <= 100 ? want : 0);
        found += got != 0;
        BN_free(p);
        BN_free(q);
        BN_free(n);
        BN_free(gap);
    }
    assert_true(found > 5);
    BN_CTX_free(ctx);
}

/* --- ROCA --- */

static void test_roca_masks(void **state)
{
    (void)state;
    static const struct {
        unsigned prime;
        const char *mask;
    } want[] = {{11, "402"},
                {13, "161a"},
                {17, "1a316"},
                {19, "30af2"},
                {37, "4000402"},
                {53, "12dd703303aed2"},
                {61, "1434026619900b0a"},
                {71, "1164729716b1d977e"},
                {73, "147811a48004962078a"},
                {79, "b4010404000640502"},
                {97, "1000000006000001800000002"},
                {103, "16380e9115bd964257768fe396"},
                {107, "27816ea9821633397be6a897e1a"},
                {109, "1752639f4e85b003685cbe7192ba"},
                {127, "6ca09850c2813205a04c81430a190536"},
                {151, "50c018bc00482458dac35b1a2412003d18030a"},
                {157, "161fb414d76af63826461899071bd5baca0b7e1a"}};
    char hex[64];
    for (size_t i = 0; i < NITEMS(want); i++) {
        assert_int_equal(rsa_roca_mask(i, hex), want[i].prime);
        assert_string_equal(hex + strspn(hex, "0"), want[i].mask);
    }
    assert_int_equal(rsa_roca_mask(NITEMS(want), hex), 0);
}

/* mod*.txt of the roca project are positive, one modulus in hexadecimal each. */
static void test_roca_corpus(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const char *const files[] = {"mod01.txt", "mod02.txt", "mod03.txt", "mod08.txt"};
    size_t positive = 0;
    for (size_t i = 0; i < NITEMS(files); i++) {
        struct span file = corpus_read(&a, arena_printf(&a, CORPORA "roca/%s", files[i]));
        char *text = arena_strndup(&a, (const char *)file.p, file.n);
        char *hex = text + (str_starts(text, "0x") ? 2 : 0);
        hex[strspn(hex, "0123456789abcdefABCDEF")] = '\0';
        if (strlen(hex) > 64) {
            assert_true(rsa_is_roca(from_text(&a, hex, true)));
            positive++;
        }
    }
    assert_true(positive > 0);
}

/* --- shared primes --- */

static void test_shared_primes(void **state)
{
    (void)state;
    enum { KEYS = 300, BITS = 256 };
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *shared = prime(BITS / 2);
    struct span *n = arena_array(&a, KEYS, sizeof *n);
    for (size_t i = 0; i < KEYS; i++) {
        BIGNUM *p = i == 7 || i == 20 || i == 290 ? BN_dup(shared) : prime(BITS / 2);
        BIGNUM *q = prime(BITS / 2);
        BIGNUM *m = BN_new();
        assert_true(BN_mul(m, p, q, ctx));
        n[i] = number(&a, m);
        BN_free(p);
        BN_free(q);
        BN_free(m);
    }
    n[150] = n[149]; /* the same key twice is no shared prime */
    n[299] = n[0];
    struct shared_prime pairs[10];
    bool broken = true;
    assert_int_equal(rsa_shared_primes(n, KEYS, pairs, NITEMS(pairs), &broken), 3);
    assert_false(broken);
    assert_true(pairs[0].a == 7 && pairs[0].b == 20);
    assert_true(pairs[1].a == 7 && pairs[1].b == 290);
    assert_true(pairs[2].a == 20 && pairs[2].b == 290);
    assert_int_equal(rsa_shared_primes(n, KEYS, pairs, 1, &broken), 1);
    assert_int_equal(rsa_shared_primes(n, 0, pairs, 1, &broken), 0);
    assert_false(broken);
    BN_free(shared);
    BN_CTX_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_badkeys),
        cmocka_unit_test(test_boulder_moduli),
        cmocka_unit_test(test_small_factor_brute),
        cmocka_unit_test(test_small_factor_ends),
        cmocka_unit_test(test_powers),
        cmocka_unit_test(test_fermat),
        cmocka_unit_test(test_roca_masks),
        cmocka_unit_test(test_roca_corpus),
        cmocka_unit_test(test_shared_primes),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
