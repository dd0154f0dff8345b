/* SPDX-License-Identifier: Apache-2.0
 *
 * key.ec.*: curve, parameters and point, judged on the DER: OpenSSL may turn explicit parameters
 * into a named curve and compressed points into uncompressed ones.
 */
#include "policy/rules_key.h"

#include <openssl/evp.h>
#include <string.h>

struct ec_form {
    const char *token;
    uint8_t n, algorithm[21]; /* the one AlgorithmIdentifier allowed, BR 7.1.3.1.2 */
};
static const struct ec_form ec_forms[] = {
    {"ec-p256", 21, {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                     0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}},
    {"ec-p384",
     18,
     {0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
      0x04, 0x00, 0x22}},
    {"ec-p521",
     18,
     {0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81,
      0x04, 0x00, 0x23}},
};

static const struct spki *ec_key(const struct rule_run *run)
{
    const struct spki *key = rule_facts(run)->key;
    return key && key->alg == KEY_ALG_EC ? key : NULL;
}

static const struct ec_form *form_of(const struct spki *key)
{
    for (size_t i = 0; i < NITEMS(ec_forms); i++) {
        if (str_eq(key->token, ec_forms[i].token)) {
            return &ec_forms[i];
        }
    }
    return NULL;
}

void key_check_ec_named_curve(struct rule_run *run)
{
    const struct spki *key = ec_key(run);
    if (key && (key->explicit_curve || !key->curve_oid)) {
        rule_hit(run, (struct hit){0}, "the curve is given by %s, not by its name",
                 key->explicit_curve ? "explicit parameters" : "inherited or absent parameters");
    }
}

void key_check_ec_spki_encoding(struct rule_run *run)
{
    const struct spki *key = ec_key(run);
    const struct ec_form *form = key ? form_of(key) : NULL;
    if (form &&
        (key->algorithm.n != form->n || memcmp(key->algorithm.p, form->algorithm, form->n) != 0)) {
        rule_hit(
            run,
            (struct hit){.value = hex_dup(rule_arena(run), key->algorithm.p, key->algorithm.n)},
            "the AlgorithmIdentifier of the %s key is not byte-exact", form->token);
    }
}

void key_check_ec_curve(struct rule_run *run)
{
    const struct spki *key = ec_key(run);
    if (key && key->curve_oid && !form_of(key)) {
        rule_hit(run, (struct hit){.value = key->curve_oid},
                 "the curve %s is not P-256, P-384 or P-521",
                 key->curve ? key->curve : key->curve_oid);
    }
}

/* Decoding checks that the coordinates are below p and the point is on the curve; the curves that
 * pass key.ec.curve have cofactor 1, so n*Q = O follows (SP 800-56A 5.6.2.3.4). */
void key_check_ec_point(struct rule_run *run)
{
    const struct spki *key = ec_key(run);
    if (!key || !form_of(key) || key->key.n == 0) {
        return;
    }
    if (key->key.p[0] == 0) {
        rule_hit(run, (struct hit){0}, "the public key is the point at infinity");
        return;
    }
    const struct facts *f = rule_facts(run);
    if (f->csr && verified_has(f->s->verified, f->csr->sha256)) {
        return; /* a signature was verified with it: it is a point of its curve */
    }
    struct err err = ERR_INIT;
    if (!public_key_of(f->public_key, key, &err)) {
        rule_hit(run, (struct hit){0}, "the public key is not a point of the curve %s",
                 key->curve ? key->curve : key->token);
    }
}

void key_check_ec_compressed(struct rule_run *run)
{
    const struct spki *key = ec_key(run);
    uint8_t form = key && key->key.n ? key->key.p[0] : 0x04;
    bool other = form == 0x02 || form == 0x03 || form == 0x06 || form == 0x07;
    if (other && !rule_bool(run, 0)) {
        rule_hit(run, (struct hit){0}, "the point is in %s form",
                 form <= 0x03 ? "compressed" : "hybrid");
    }
}
