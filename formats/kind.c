/* SPDX-License-Identifier: Apache-2.0
 *
 * See kind.h. DER is told apart by the tags of the first elements of its outer SEQUENCE; the
 * shapes are those of RFC 2986, 5280, 2315, 5958, 8017, 5915, 7292 and the SPKAC of Netscape.
 */
#include "formats/kind.h"

#include "formats/der.h"

#include <string.h>

static const char *const kind_names[KIND__MAX] = {
    [KIND_UNKNOWN] = "data of an unknown kind",
    [KIND_EMPTY] = "an empty file",
    [KIND_PEM] = "PEM text",
    [KIND_CSR] = "a certificate request",
    [KIND_CERT] = "a certificate",
    [KIND_CRL] = "a certificate revocation list",
    [KIND_PKCS7] = "PKCS#7 data",
    [KIND_CMC] = "a CMC request",
    [KIND_PKCS12] = "a PKCS#12 keystore",
    [KIND_JKS] = "a Java keystore (JKS)",
    [KIND_JCEKS] = "a Java keystore (JCEKS)",
    [KIND_PRIVATE_KEY] = "a private key",
    [KIND_ENCRYPTED_KEY] = "an encrypted private key",
    [KIND_PUBLIC_KEY] = "a public key",
    [KIND_SPKAC] = "a Netscape SPKAC request",
    [KIND_BASE64] = "base64 text without BEGIN and END lines",
    [KIND_UTF16] = "UTF-16 text",
    [KIND_TEXT] = "text without a PEM block",
};

const char *kind_name(enum input_kind kind)
{
    return kind_names[kind];
}

/* --- DER --- */

enum { SHAPE_MAX = 8 };

/* The tags of the elements of `d`, at most SHAPE_MAX; what follows is not looked at. */
struct shape {
    struct der_tlv v[SHAPE_MAX];
    size_t n;
};

static void read_shape(struct der d, struct shape *out)
{
    out->n = 0;
    while (out->n < SHAPE_MAX && der_next(&d, &out->v[out->n])) {
        out->n++;
    }
}

static bool has(const struct shape *s, size_t i, unsigned tag)
{
    return i < s->n && s->v[i].tag == tag;
}

static bool starts_with_oid(const struct der *d, const struct der_tlv *t, struct der_tlv *oid)
{
    struct der in = der_into(d, t);
    return der_take(&in, DER_OID, oid);
}

/* SignedData whose content type is id-cct-PKIData is a full CMC request (RFC 5272 3.2). */
static bool is_cmc(const struct der *d, const struct shape *outer)
{
    struct shape in;
    struct der_tlv oid;
    struct der_tlv signed_data;
    if (!has(outer, 1, DER_CONTEXT_CONSTRUCTED(0))) {
        return false;
    }
    struct der content = der_into(d, &outer->v[1]);
    if (!der_take(&content, DER_SEQUENCE, &signed_data)) {
        return false;
    }
    read_shape(der_into(&content, &signed_data), &in);
    return has(&in, 2, DER_SEQUENCE) && starts_with_oid(&content, &in.v[2], &oid) &&
           der_oid_is(oid.value, "1.3.6.1.5.5.7.12.2");
}

static enum input_kind to_be_signed(const struct der *d, const struct der_tlv *tbs)
{
    struct shape in;
    struct shape key;
    read_shape(der_into(d, tbs), &in);
    if (has(&in, 0, DER_CONTEXT_CONSTRUCTED(0))) {
        return KIND_CERT;
    }
    for (size_t i = 1; i < in.n && i < 5; i++) {
        if (in.v[i].tag == DER_UTC_TIME || in.v[i].tag == DER_GENERALIZED_TIME) {
            return KIND_CRL;
        }
    }
    if (has(&in, 0, DER_SEQUENCE) && has(&in, 1, DER_IA5)) {
        return KIND_SPKAC;
    }
    if (has(&in, 0, DER_INTEGER) && has(&in, 3, DER_SEQUENCE) && has(&in, 4, DER_SEQUENCE) &&
        has(&in, 5, DER_SEQUENCE)) {
        read_shape(der_into(d, &in.v[5]), &key);
        return has(&key, 1, DER_BIT_STRING) ? KIND_CERT : KIND_CSR; /* version 1 certificate */
    }
    return KIND_CSR;
}

static enum input_kind starting_with_integer(const struct der *d, const struct shape *s)
{
    struct der_tlv oid;
    uint32_t version = UINT32_MAX;
    if (!der_small_uint(&s->v[0], &version)) {
        return s->n == 2 && has(s, 1, DER_INTEGER) ? KIND_PUBLIC_KEY : KIND_UNKNOWN; /* PKCS#1 */
    }
    if (version == 3 && has(s, 1, DER_SEQUENCE) && starts_with_oid(d, &s->v[1], &oid)) {
        return KIND_PKCS12;
    }
    if (version <= 1 && ((has(s, 1, DER_SEQUENCE) && has(s, 2, DER_OCTET_STRING)) ||
                         has(s, 1, DER_OCTET_STRING) || (s->n >= 6 && has(s, 5, DER_INTEGER)))) {
        return KIND_PRIVATE_KEY; /* PKCS#8, SEC 1, PKCS#1 and the old DSA form */
    }
    return KIND_UNKNOWN;
}

static enum input_kind starting_with_sequence(const struct der *d, const struct shape *s)
{
    struct der_tlv oid;
    if (has(s, 1, DER_SEQUENCE)) {
        return to_be_signed(d, &s->v[0]);
    }
    if (starts_with_oid(d, &s->v[0], &oid)) {
        return has(s, 1, DER_OCTET_STRING) ? KIND_ENCRYPTED_KEY
               : has(s, 1, DER_BIT_STRING) ? KIND_PUBLIC_KEY
                                           : KIND_UNKNOWN;
    }
    return KIND_CSR; /* the closest: let its parser say what is missing */
}

static enum input_kind der_kind(struct span input)
{
    struct shape s;
    struct der_tlv outer;
    struct der d = der_over(input);
    if (!der_take(&d, DER_SEQUENCE, &outer)) {
        return KIND_UNKNOWN;
    }
    struct der in = der_into(&d, &outer);
    read_shape(in, &s);
    if (has(&s, 0, DER_OID)) {
        return is_cmc(&in, &s) ? KIND_CMC : KIND_PKCS7;
    }
    if (has(&s, 0, DER_INTEGER)) {
        return starting_with_integer(&in, &s);
    }
    return has(&s, 0, DER_SEQUENCE) ? starting_with_sequence(&in, &s) : KIND_UNKNOWN;
}

/* --- text --- */

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum input_kind text_kind(struct span input)
{
    bool base64 = true;
    for (size_t i = 0; i < input.n; i++) {
        uint8_t c = input.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool digit = c >= '0' && c <= '9';
        if (c == 0 || (c < 0x20 && !blank(c)) || c == 0x7F) {
            return KIND_UNKNOWN;
        }
        base64 = base64 && (letter || digit || blank(c) || c == '+' || c == '/' || c == '=');
    }
    return base64 && input.n >= 64 ? KIND_BASE64 : KIND_TEXT;
}

static bool begins(struct span s, const char *bytes, size_t n)
{
    return s.n >= n && memcmp(s.p, bytes, n) == 0;
}

static bool has_pem_line(struct span s)
{
    static const char mark[] = "-----BEGIN ";
    return s.n && memmem(s.p, s.n, mark, sizeof mark - 1) != NULL;
}

enum input_kind kind_of(struct span input)
{
    static const struct {
        const char *bytes;
        size_t n;
        enum input_kind kind;
    } magic[] = {
        {"\xFE\xED\xFE\xED", 4, KIND_JKS}, {"\xCE\xCE\xCE\xCE", 4, KIND_JCEKS},
        {"\xFF\xFE", 2, KIND_UTF16},       {"\xFE\xFF", 2, KIND_UTF16},
        {"SPKAC=", 6, KIND_SPKAC},
    };
    for (size_t i = 0; i < NITEMS(magic); i++) {
        if (begins(input, magic[i].bytes, magic[i].n)) {
            return magic[i].kind;
        }
    }
    if (input.n && input.p[0] == DER_SEQUENCE) {
        enum input_kind kind = der_kind(input);
        if (kind != KIND_UNKNOWN || !has_pem_line(input)) { /* '0' may also begin a text */
            return kind != KIND_UNKNOWN               ? kind
                   : text_kind(input) != KIND_UNKNOWN ? KIND_TEXT
                                                      : KIND_UNKNOWN;
        }
    }
    while (input.n && blank(input.p[0])) {
        input.p++;
        input.n--;
    }
    return input.n == 0 ? KIND_EMPTY : has_pem_line(input) ? KIND_PEM : text_kind(input);
}
