/* SPDX-License-Identifier: Apache-2.0
 *
 * See cms_envelope.h: can the holder of a certificate receive an envelope? Apart from the rest,
 * because OpenSSL has macros of the names of our key usage bits, with other values.
 */
#include "formats/cms_envelope.h"

enum { RSA_BITS_MIN = 2048 };

static const struct receiver {
    enum key_alg alg;
    unsigned usage; /* KU_ bit */
    const char *usage_problem;
} receivers[] = {
    {KEY_ALG_RSA, KU_KEY_ENCIPHERMENT, "may not receive keys: its key usage lacks keyEncipherment"},
    {KEY_ALG_EC, KU_KEY_AGREEMENT, "may not receive keys: its key usage lacks keyAgreement"},
};

static const struct receiver *receiver_of(const struct spki *key)
{
    for (size_t i = 0; i < NITEMS(receivers) && !key->malformed; i++) {
        if (receivers[i].alg == key->alg && (key->alg != KEY_ALG_EC || key->curve)) {
            return &receivers[i];
        }
    }
    return NULL;
}

const char *cms_recipient_problem(const struct cert *c, int64_t now)
{
    const struct receiver *r = receiver_of(&c->key);
    const struct x509_ext *ext = x509_ext_find(c->exts, c->nexts, OID_KEY_USAGE);
    struct key_usage usage;
    if (now < c->not_before) {
        return "is not valid yet";
    }
    if (now > c->not_after) {
        return "has expired";
    }
    if (!r) {
        return "has a key that nothing can be encrypted to; RSA and EC keys can receive";
    }
    if (r->alg == KEY_ALG_RSA && c->key.bits < RSA_BITS_MIN) {
        return "has an RSA key of fewer than 2048 bits";
    }
    if (ext && (!x509_key_usage(ext->value, &usage) || !(usage.bits & r->usage))) {
        return r->usage_problem;
    }
    return NULL;
}
