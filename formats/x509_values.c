/* SPDX-License-Identifier: Apache-2.0
 *
 * See x509.h: what the values of extensions say, for rules. x509_ext.c judges their syntax; here
 * a value that does not decode is only not there.
 */
#include "formats/x509.h"

#include <openssl/evp.h>

enum { REPLACEMENT = 0xFFFD };

const char *const key_usage_names[KU_COUNT] = {
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly",
};

bool x509_key_usage(struct span value, struct key_usage *out)
{
    struct der_tlv t;
    struct span bits;
    *out = (struct key_usage){0};
    if (!der_single(value, DER_BIT_STRING, &t) || !der_bits(&t, &bits, &out->unused)) {
        return false;
    }
    out->octets = bits.n;
    for (unsigned i = 0; i < KU_COUNT; i++) {
        const bool set = i / 8 < bits.n && bits.p[i / 8] & (0x80u >> i % 8);
        out->bits |= set ? 1u << i : 0u;
    }
    out->trailing_zero = bits.n > 0 && !(bits.p[bits.n - 1] >> out->unused & 1);
    return true;
}

bool x509_basic_constraints(struct span value, struct basic_constraints *out)
{
    struct der_tlv seq;
    struct der_tlv t;
    *out = (struct basic_constraints){0};
    struct der d = der_over(value);
    if (!der_single(value, DER_SEQUENCE, &seq)) {
        return false;
    }
    struct der in = der_into(&d, &seq);
    if (der_take(&in, DER_BOOLEAN, &t)) {
        out->ca = t.value.n == 1 && t.value.p[0];
    }
    if (der_take(&in, DER_INTEGER, &t)) {
        out->has_path_len = der_small_uint(&t, &out->path_len);
    }
    return der_at_end(&in);
}

bool x509_octets(struct span value, struct span *out)
{
    struct der_tlv t;
    const bool ok = der_single(value, DER_OCTET_STRING, &t);
    *out = ok ? t.value : (struct span){0};
    return ok;
}

/* The OIDs that the elements of a SEQUENCE are, or (inner) that they begin with. */
static bool oid_list(struct arena *a, struct span value, bool inner, struct strlist *out)
{
    struct der_tlv seq;
    struct der_tlv t;
    size_t n = 0;
    struct der d = der_over(value);
    *out = (struct strlist){0};
    if (!der_single(value, DER_SEQUENCE, &seq)) {
        return false;
    }
    struct der in = der_into(&d, &seq);
    while (der_next(&in, &t)) {
        n++;
    }
    if (in.bad) {
        return false;
    }
    out->v = arena_array(a, n, sizeof *out->v);
    out->cap = n;
    in = der_into(&d, &seq);
    while (der_next(&in, &t)) {
        struct der_tlv oid = t;
        struct der info = der_into(&in, &t);
        if (inner ? t.tag != DER_SEQUENCE || !der_take(&info, DER_OID, &oid) : t.tag != DER_OID) {
            return false;
        }
        out->v[out->n++] = oid_dup(a, oid.value);
    }
    return true;
}

bool x509_oids(struct arena *a, struct span value, struct strlist *out)
{
    return oid_list(a, value, false, out);
}

bool x509_policy_oids(struct arena *a, struct span value, struct strlist *out)
{
    return oid_list(a, value, true, out);
}

/* A NUL, or half a character at the end, shows as U+FFFD: "WebServer\0SubCA" must not pass for
 * "WebServer". */
static const char *text_of(struct arena *a, const struct der_tlv *t)
{
    const size_t width = t->tag == DER_BMP ? 2 : 1;
    char *text = arena_alloc(a, 3 * (t->value.n / width + 1) + 1);
    char *q = text;
    for (size_t i = 0; i + width <= t->value.n; i += width) {
        const uint8_t *p = t->value.p + i;
        const uint32_t c = width == 2 ? (uint32_t)(p[0] << 8 | p[1]) : p[0];
        if (c && width == 1) {
            *q++ = (char)c;
        } else {
            q += utf8_encode(c ? c : REPLACEMENT, q);
        }
    }
    if (t->value.n % width) {
        q += utf8_encode(REPLACEMENT, q);
    }
    *q = '\0';
    return text;
}

const char *x509_template_name(struct arena *a, struct span value)
{
    static const unsigned tags[] = {DER_BMP, DER_UTF8, DER_PRINTABLE, DER_IA5};
    struct der_tlv t;
    for (size_t i = 0; i < NITEMS(tags); i++) {
        if (der_single(value, tags[i], &t)) {
            return text_of(a, &t);
        }
    }
    return NULL;
}

const char *x509_template_oid(struct arena *a, struct span value)
{
    struct der_tlv seq;
    struct der_tlv oid;
    struct der d = der_over(value);
    if (!der_single(value, DER_SEQUENCE, &seq)) {
        return NULL;
    }
    struct der in = der_into(&d, &seq);
    return der_take(&in, DER_OID, &oid) ? oid_dup(a, oid.value) : NULL;
}

bool spki_key_id(const struct spki *spki, uint8_t out[20])
{
    unsigned size = 0;
    return EVP_Digest(spki->key.p, spki->key.n, out, &size, EVP_sha1(), NULL) == 1 && size == 20;
}
