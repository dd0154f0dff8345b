/* SPDX-License-Identifier: Apache-2.0
 *
 * key.rsa.*: size and form of modulus and exponent. These rules work on the raw integers of the
 * request: OpenSSL refuses some of the keys they must name (exponents above 64 bits with large
 * moduli) and normalises others.
 */
#include "policy/rules_key.h"

#include "formats/base/limits.h"

#include <string.h>

static const struct spki *any_rsa(const struct rule_run *run)
{
    const struct spki *key = rule_facts(run)->key;
    bool rsa = key && (key->alg == KEY_ALG_RSA || key->alg == KEY_ALG_RSA_PSS);
    return rsa && key->n.n && key->e.n ? key : NULL;
}

static struct span magnitude(struct span v)
{
    while (v.n && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    return v;
}

static bool is_negative(struct span v)
{
    return v.n && (v.p[0] & 0x80);
}

static unsigned bit_length(struct span v)
{
    v = magnitude(v);
    unsigned bits = (unsigned)v.n * 8;
    for (unsigned top = v.n ? v.p[0] : 0; top && !(top & 0x80); top <<= 1) {
        bits--;
    }
    return bits;
}

const struct spki *key_rsa(const struct rule_run *run)
{
    const struct spki *key = any_rsa(run);
    bool sane = key && !is_negative(key->n) && !is_negative(key->e) && magnitude(key->n).n &&
                magnitude(key->e).n;
    return sane && bit_length(key->n) <= LIMIT_RSA_BITS ? key : NULL;
}

/* Keys that do not decode have no modulus; the size rules need no arithmetic and take any. */
void key_check_rsa_min_bits(struct rule_run *run)
{
    const struct spki *key = any_rsa(run);
    if (key && !is_negative(key->n) && bit_length(key->n) < (uint64_t)rule_int(run, 0)) {
        rule_hit(run, (struct hit){.value = key->token},
                 "the RSA modulus has %u bits; at least %lld are required", bit_length(key->n),
                 (long long)rule_int(run, 0));
    }
}

void key_check_rsa_max_bits(struct rule_run *run)
{
    const struct spki *key = any_rsa(run);
    if (key && !is_negative(key->n) && bit_length(key->n) > (uint64_t)rule_int(run, 0)) {
        rule_hit(run, (struct hit){.value = key->token},
                 "the RSA modulus has %u bits; at most %lld are accepted", bit_length(key->n),
                 (long long)rule_int(run, 0));
    }
}

void key_check_rsa_multiple_of_8(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    if (key && bit_length(key->n) % 8) {
        rule_hit(run, (struct hit){.value = key->token},
                 "the RSA modulus has %u bits, which is not a multiple of 8", bit_length(key->n));
    }
}

void key_check_rsa_negative(struct rule_run *run)
{
    const struct spki *key = any_rsa(run);
    if (!key) {
        return;
    }
    const struct {
        const char *what;
        struct span v;
    } parts[] = {{"modulus", key->n}, {"exponent", key->e}};
    for (size_t i = 0; i < NITEMS(parts); i++) {
        if (is_negative(parts[i].v) || magnitude(parts[i].v).n == 0) {
            rule_hit(run, (struct hit){0}, "the RSA %s is %s", parts[i].what,
                     is_negative(parts[i].v) ? "negative" : "zero");
        }
    }
}

static const char *exponent_text(const struct rule_run *run, const struct spki *key)
{
    struct span e = magnitude(key->e);
    uint64_t small = 0;
    for (size_t i = 0; e.n <= 8 && i < e.n; i++) {
        small = small << 8 | e.p[i];
    }
    return e.n <= 8 ? arena_printf(rule_arena(run), "%llu", (unsigned long long)small)
                    : arena_printf(rule_arena(run), "%u bits long", bit_length(key->e));
}

void key_check_rsa_exponent_odd(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    struct span e = key ? magnitude(key->e) : (struct span){0};
    bool even = key && e.p[e.n - 1] % 2 == 0;
    if (key && (even || (e.n == 1 && e.p[0] < rule_int(run, 0)))) {
        rule_hit(run, (struct hit){.value = exponent_text(run, key)},
                 "the RSA exponent must be odd and at least %lld, but is %s",
                 (long long)rule_int(run, 0), exponent_text(run, key));
    }
}

void key_check_rsa_exponent_range(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    if (!key) {
        return;
    }
    struct span e = magnitude(key->e);
    int64_t exact = rule_int(run, 0);
    const char *text = exponent_text(run, key);
    if (exact) {
        if (strcmp(text, arena_printf(rule_arena(run), "%lld", (long long)exact)) != 0) {
            rule_hit(run, (struct hit){.value = text}, "the RSA exponent is %s, not %lld", text,
                     (long long)exact);
        }
        return;
    }
    bool below = e.n < 3 || (e.n == 3 && e.p[0] == 1 && e.p[1] == 0 && e.p[2] == 0);
    if (below || bit_length(key->e) > 256) {
        rule_hit(run, (struct hit){.value = text},
                 "the RSA exponent is %s, outside 2^16+1 ... 2^256-1", text);
    }
}

void key_check_rsa_exponent_oversize(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    if (!key) {
        return;
    }
    struct span n = magnitude(key->n);
    struct span e = magnitude(key->e);
    bool not_below = e.n > n.n || (e.n == n.n && memcmp(e.p, n.p, n.n) >= 0);
    if (not_below) {
        rule_hit(run, (struct hit){0}, "the RSA exponent is not smaller than the modulus");
    } else if (bit_length(e) > 64) {
        rule_hit(run, (struct hit){.severity = SEV_WARNING},
                 "the RSA exponent has %u bits; many libraries refuse more than 64", bit_length(e));
    }
}

void key_check_rsa_modulus_odd(struct rule_run *run)
{
    const struct spki *key = key_rsa(run);
    if (key && key->n.p[key->n.n - 1] % 2 == 0) {
        rule_hit(run, (struct hit){0}, "the RSA modulus is even");
    }
}

void key_check_rsa_spki_encoding(struct rule_run *run)
{
    static const uint8_t exact[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                    0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    const struct spki *key = rule_facts(run)->key;
    static const char oaep[] = "1.2.840.113549.1.1.7";
    if (!key ||
        !(key->alg == KEY_ALG_RSA || key->alg == KEY_ALG_RSA_PSS || str_eq(key->alg_oid, oaep))) {
        return;
    }
    if (key->algorithm.n != sizeof exact || memcmp(key->algorithm.p, exact, sizeof exact) != 0) {
        rule_hit(
            run,
            (struct hit){.value = hex_dup(rule_arena(run), key->algorithm.p, key->algorithm.n)},
            "the AlgorithmIdentifier of the key is not that of rsaEncryption with NULL");
    }
}
