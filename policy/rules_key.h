/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the key.* rows, written in rules_key_*.c by subject. Private to rules_key*.c and
 * their test.
 */
#ifndef POLICY_RULES_KEY_H
#define POLICY_RULES_KEY_H

#include "policy/rule.h"

/* rules_key_rsa.c: form of modulus and exponent */
void key_check_rsa_min_bits(struct rule_run *run);
void key_check_rsa_max_bits(struct rule_run *run);
void key_check_rsa_multiple_of_8(struct rule_run *run);
void key_check_rsa_negative(struct rule_run *run);
void key_check_rsa_exponent_odd(struct rule_run *run);
void key_check_rsa_exponent_range(struct rule_run *run);
void key_check_rsa_exponent_oversize(struct rule_run *run);
void key_check_rsa_modulus_odd(struct rule_run *run);
void key_check_rsa_spki_encoding(struct rule_run *run);

/* rules_key_weak.c: moduli that can be factored */
void key_check_rsa_small_factor(struct rule_run *run);
void key_check_rsa_perfect_power(struct rule_run *run);
void key_check_rsa_prime(struct rule_run *run);
void key_check_rsa_fermat(struct rule_run *run);
void key_check_rsa_roca(struct rule_run *run);

/* rules_key_ec.c */
void key_check_ec_named_curve(struct rule_run *run);
void key_check_ec_spki_encoding(struct rule_run *run);
void key_check_ec_curve(struct rule_run *run);
void key_check_ec_point(struct rule_run *run);
void key_check_ec_compressed(struct rule_run *run);

/* rules_key_lists.c: keys that others know */
void key_check_known_public(struct rule_run *run);
void key_check_blocklist(struct rule_run *run);
void key_check_debian_weak(struct rule_run *run);

/* An RSA key whose modulus and exponent are positive and of a size we calculate with; else NULL. */
const struct spki *key_rsa(const struct rule_run *run);

/* The arithmetic behind the checks, on big-endian unsigned octets. */
uint32_t rsa_small_factor(struct span n, uint32_t bound); /* 0 = none below bound */
bool rsa_is_roca(struct span n) MUST_USE;
unsigned rsa_perfect_power(struct span n);           /* smallest prime k with n = p^k; 0 = none */
unsigned rsa_fermat(struct span n, unsigned rounds); /* round that factored n, from 1; 0 = none */
/* The ROCA mask of the i-th of its 17 primes as hexadecimal, for the test; 0 at the end. */
unsigned rsa_roca_mask(size_t i, char hex[64]);

/* rules_key_gcd.c: pairs of moduli with a common factor, without duplicates of one modulus. */
struct shared_prime {
    size_t a, b; /* indices of moduli, a < b */
};
/* Moduli must be odd. out takes at most `max`; returns the number found. broken: a computation
 * failed, or a modulus was even. */
size_t rsa_shared_primes(const struct span *moduli, size_t n, struct shared_prime *out, size_t max,
                         bool *broken);

#endif
