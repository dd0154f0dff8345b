/* SPDX-License-Identifier: Apache-2.0
 *
 * See csr.h: the structure of a request (RFC 2986) and its attributes (RFC 2985). Every reader
 * here reports and goes on; none gives up the whole request for one bad part.
 */
#include "formats/csr.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/csr_parse.h"
#include "formats/kind.h"

#include <string.h>

const char *const csr_defect_rules[CSR_DEFECT__MAX] = {
    [CSR_INPUT_KIND] = "csr.input.kind",
    [CSR_PEM_LABEL] = "csr.pem.label",
    [CSR_PEM_ARMOR] = "csr.pem.armor",
    [CSR_PEM_LAX] = "csr.pem.lax",
    [CSR_PEM_COUNT] = "csr.pem.count",
    [CSR_PEM_PRIVATE_KEY] = "csr.pem.private-key",
    [CSR_SIZE] = "csr.size",
    [CSR_DER_PARSE] = "csr.der.parse",
    [CSR_DER_TRAILING] = "csr.der.trailing",
    [CSR_DER_STRICT] = "csr.der.strict",
    [CSR_DER_DEPTH] = "csr.der.depth",
    [CSR_VERSION] = "csr.version",
    [CSR_ATTRIBUTES_MISSING] = "csr.attributes.missing",
    [CSR_ATTR_DUPLICATE] = "csr.attr.duplicate",
    [CSR_ATTR_SINGLE_VALUE] = "csr.attr.single-value",
    [CSR_ATTR_EMPTY_SET] = "csr.attr.empty-set",
    [CSR_ATTR_EXTENSION_CONFLICT] = "csr.attr.extension-conflict",
    [CSR_ATTR_UNKNOWN] = "csr.attr.unknown",
    [CSR_ATTR_CHALLENGE_PASSWORD] = "csr.attr.challenge-password",
    [CSR_ATTR_CLIENT_INFO] = "csr.attr.client-info",
    [CSR_EXT_DUPLICATE] = "csr.ext.duplicate",
    [CSR_EXT_DECODE] = "csr.ext.decode",
    [CSR_EXT_EMPTY] = "csr.ext.empty",
    [CSR_EXT_CRITICAL_DEFAULT] = "csr.ext.critical-default",
};

void csr_problem(struct csr_parse *p, enum csr_defect defect, int64_t offset, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct csr_problem problem = {.defect = defect,
                                  .line = p->line,
                                  .offset = offset,
                                  .detail = arena_vprintf(p->arena, fmt, ap)};
    va_end(ap);
    VEC_PUSH(&p->problems, problem);
}

static int64_t at(const struct der *d, const uint8_t *p)
{
    return (int64_t)der_offset(d, p);
}

/* --- extensions --- */

static void read_san(struct csr_parse *p, const struct der *d, const struct x509_ext *ext)
{
    struct csr *csr = p->csr;
    const struct der_tlv whole = {.value = ext->value};
    struct der value = der_into(d, &whole);
    struct der_tlv seq;
    csr->has_san = true;
    csr->san_critical = ext->critical;
    csr->san_malformed = !der_take(&value, DER_SEQUENCE, &seq) || !der_at_end(&value) ||
                         !x509_parse_names(p->arena, &value, &seq, &csr->san);
}

static void check_ext(struct csr_parse *p, const struct der *d, size_t i)
{
    const struct csr *csr = p->csr;
    const struct x509_ext *ext = &csr->exts[i];
    const struct der_tlv whole = {.value = ext->value};
    const int64_t offset = (int64_t)ext->offset;
    bool empty;
    if (x509_ext_find(csr->exts, i, ext->oid)) {
        csr_problem(p, CSR_EXT_DUPLICATE, offset, "extension %s is requested twice", ext->name);
    }
    if (ext->critical_default_encoded) {
        csr_problem(p, CSR_EXT_CRITICAL_DEFAULT, offset,
                    "extension %s writes out the default critical FALSE", ext->name);
    }
    const char *why = x509_ext_problem(ext, &empty);
    if (why) {
        csr_problem(p, CSR_EXT_DECODE, offset, "extension %s: %s", ext->name, why);
    } else if (empty) {
        csr_problem(p, CSR_EXT_EMPTY, offset, "extension %s is an empty list", ext->name);
    } else if (!str_eq(ext->name, ext->oid)) { /* a known one: its value must be DER as well */
        struct der value = der_into(d, &whole);
        csr_check_der(p, &value);
    }
}

static void read_exts(struct csr_parse *p, const struct der *d, const struct der_tlv *seq)
{
    struct csr *csr = p->csr;
    const int64_t offset = at(d, seq->whole.p);
    bool malformed = false;
    if (!x509_parse_exts(p->arena, d, seq, &csr->exts, &csr->nexts, &malformed)) {
        csr_problem(p, CSR_EXT_DECODE, offset, "the list of extensions does not decode");
        return;
    }
    if (malformed) {
        csr_problem(p, CSR_EXT_DECODE, offset,
                    "an extension is not SEQUENCE { OID, critical, OCTET STRING }");
    } else if (csr->nexts == 0) {
        csr_problem(p, CSR_EXT_EMPTY, offset, "the list of extensions is empty");
    }
    for (size_t i = 0; i < csr->nexts; i++) {
        check_ext(p, d, i);
    }
    const struct x509_ext *san = x509_ext_find(csr->exts, csr->nexts, OID_SAN);
    if (san) {
        read_san(p, d, san);
    }
}

/* --- attributes --- */

enum attr_flag { ATTR_SINGLE = 1, ATTR_EXTENSIONS = 2, ATTR_CHALLENGE = 4, ATTR_CLIENT = 8 };

/* Attributes that requests are known to carry (RFC 2985, Microsoft enrolment, BR App. B). */
static const struct attr_kind {
    const char *oid, *name;
    unsigned flags;
} attr_kinds[] = {
    {"1.2.840.113549.1.9.14", "extensionRequest", ATTR_SINGLE | ATTR_EXTENSIONS},
    {"1.3.6.1.4.1.311.2.1.14", "Microsoft extension request", ATTR_SINGLE | ATTR_EXTENSIONS},
    {"1.2.840.113549.1.9.7", "challengePassword", ATTR_SINGLE | ATTR_CHALLENGE},
    {"1.2.840.113549.1.9.2", "unstructuredName", 0},
    {"1.2.840.113549.1.9.8", "unstructuredAddress", 0},
    {"1.2.840.113549.1.9.20", "friendlyName", 0},
    {"1.3.6.1.4.1.311.13.2.1", "Microsoft enrolment name-value pair", 0},
    {"1.3.6.1.4.1.311.13.2.2", "Microsoft enrolment CSP", 0},
    {"1.3.6.1.4.1.311.13.2.3", "Microsoft OS version", ATTR_CLIENT},
    {"1.3.6.1.4.1.311.21.20", "Microsoft client information", ATTR_CLIENT},
    {"2.23.140.41", "caSigningNonce", 0},
    {"2.23.140.42", "applicantSigningNonce", 0},
};
enum { EXT_PKCS9 = 0, EXT_MICROSOFT = 1 };

struct attributes {
    struct der_tlv exts[2]; /* by form, see above */
    bool has[2];
    const char **seen; /* OIDs */
    size_t n, cap;
};

static const struct attr_kind *kind_by_oid(const char *oid)
{
    for (size_t i = 0; i < NITEMS(attr_kinds); i++) {
        if (str_eq(attr_kinds[i].oid, oid)) {
            return &attr_kinds[i];
        }
    }
    return NULL;
}

static void known_attr(struct csr_parse *p, const struct attr_kind *kind, struct der values,
                       struct attributes *attrs, int64_t offset)
{
    struct der_tlv first;
    struct der_tlv rest;
    bool any = der_next(&values, &first);
    if (kind->flags & ATTR_SINGLE && any && der_next(&values, &rest)) {
        csr_problem(p, CSR_ATTR_SINGLE_VALUE, offset, "attribute %s has more than one value",
                    kind->name);
    }
    if (kind->flags & ATTR_CHALLENGE) {
        csr_problem(p, CSR_ATTR_CHALLENGE_PASSWORD, offset,
                    "the request carries a challenge password, which would be archived and sent");
    }
    if (kind->flags & ATTR_CLIENT) {
        csr_problem(p, CSR_ATTR_CLIENT_INFO, offset,
                    "attribute %s tells the CA about the machine that made the request",
                    kind->name);
    }
    size_t form = kind == &attr_kinds[EXT_PKCS9] ? EXT_PKCS9 : EXT_MICROSOFT;
    if (kind->flags & ATTR_EXTENSIONS && any && !attrs->has[form]) {
        attrs->has[form] = true;
        attrs->exts[form] = first;
    }
}

static bool was_seen(const struct attributes *attrs, const char *oid)
{
    for (size_t i = 0; i < attrs->n; i++) {
        if (str_eq(attrs->seen[i], oid)) {
            return true;
        }
    }
    return false;
}

static void read_attr(struct csr_parse *p, const struct der *d, const struct der_tlv *seq,
                      struct attributes *attrs)
{
    struct der_tlv type;
    struct der_tlv set;
    struct der in = der_into(d, seq);
    const int64_t offset = at(d, seq->whole.p);
    if (seq->tag != DER_SEQUENCE || !der_take(&in, DER_OID, &type) ||
        !der_take(&in, DER_SET, &set)) {
        csr_problem(p, CSR_DER_PARSE, offset, "an attribute is not SEQUENCE { OID, SET }");
        return;
    }
    if (!der_at_end(&in)) {
        csr_problem(p, CSR_DER_TRAILING, at(&in, in.p), "bytes after the values of an attribute");
    }
    const char *oid = oid_dup(p->arena, type.value);
    if (was_seen(attrs, oid)) {
        csr_problem(p, CSR_ATTR_DUPLICATE, offset, "attribute %s stands there twice", oid);
    }
    attrs->seen[attrs->n++] = oid;
    if (set.value.n == 0) {
        csr_problem(p, CSR_ATTR_EMPTY_SET, offset, "attribute %s has no value", oid);
    }
    const struct attr_kind *kind = kind_by_oid(oid);
    if (kind) {
        known_attr(p, kind, der_into(&in, &set), attrs, offset);
    } else {
        csr_problem(p, CSR_ATTR_UNKNOWN, offset, "attribute %s is not known", oid);
    }
}

static void read_requested_exts(struct csr_parse *p, const struct der *d,
                                const struct attributes *attrs)
{
    const struct der_tlv *pkcs9 = &attrs->exts[EXT_PKCS9];
    const struct der_tlv *microsoft = &attrs->exts[EXT_MICROSOFT];
    if (attrs->has[EXT_PKCS9] && attrs->has[EXT_MICROSOFT]) {
        p->csr->ext_requests_equal = span_eq(pkcs9->whole, microsoft->whole);
        csr_problem(p, CSR_ATTR_EXTENSION_CONFLICT, at(d, microsoft->whole.p),
                    "extensions are requested in the PKCS#9 and in the Microsoft attribute, %s",
                    p->csr->ext_requests_equal ? "with the same bytes" : "and they differ");
    }
    if (attrs->has[EXT_PKCS9] || attrs->has[EXT_MICROSOFT]) {
        read_exts(p, d, attrs->has[EXT_PKCS9] ? pkcs9 : microsoft);
    }
}

static void read_attributes(struct csr_parse *p, const struct der *d, const struct der_tlv *set)
{
    struct der_tlv seq;
    size_t n = 0;
    for (struct der count = der_into(d, set); der_next(&count, &seq);) {
        n++;
    }
    struct attributes attrs = {.seen = arena_array(p->arena, n, sizeof *attrs.seen)};
    struct der in = der_into(d, set);
    while (der_next(&in, &seq)) {
        read_attr(p, &in, &seq, &attrs);
    }
    if (in.bad) {
        csr_problem(p, CSR_DER_PARSE, (int64_t)in.bad_offset, "attributes: %s", in.bad);
    } else if (!der_sorted(der_into(d, set))) { /* IMPLICIT: der_check() saw only [0] */
        csr_problem(p, CSR_DER_STRICT, at(d, set->whole.p),
                    "the SET OF attributes is not in order");
    }
    read_requested_exts(p, d, &attrs);
}

/* --- the request --- */

void csr_check_der(struct csr_parse *p, struct der *d)
{
    if (!der_check(d, LIMIT_DER_DEPTH)) {
        bool deep = d->bad == der_too_deep;
        csr_problem(p, deep ? CSR_DER_DEPTH : CSR_DER_PARSE, (int64_t)d->bad_offset, "%s", d->bad);
    }
    if (d->strict) {
        csr_problem(p, CSR_DER_STRICT, (int64_t)d->strict_offset, "BER that is not DER: %s",
                    d->strict);
    }
}

static void read_version(struct csr_parse *p, const struct der *d, const struct der_tlv *version)
{
    uint32_t v;
    if (!der_small_uint(version, &v)) {
        csr_problem(p, CSR_VERSION, at(d, version->whole.p), "the version is not 0");
    } else if (v != 0) {
        csr_problem(p, CSR_VERSION, at(d, version->whole.p), "the version is %u, not 0", v);
    }
}

static void read_key(struct csr_parse *p, const struct der *d, const struct der_tlv *seq)
{
    struct spki *key = &p->csr->key;
    if (!x509_parse_spki(p->arena, d, seq, key)) { /* rule key.spki.decode reports it */
        *key =
            (struct spki){.der = seq->whole, .alg_oid = "", .token = "unknown", .malformed = true};
        sha256(key->der.p, key->der.n, key->sha256);
    }
}

/* CertificationRequestInfo. True when subject and key could be read. */
static bool read_info(struct csr_parse *p, const struct der *d, const struct der_tlv *info)
{
    struct der_tlv version;
    struct der_tlv name;
    struct der_tlv key;
    struct der_tlv attributes;
    struct der in = der_into(d, info);
    if (!der_take(&in, DER_INTEGER, &version)) {
        csr_problem(p, CSR_DER_PARSE, at(&in, in.p), "the version is missing");
        return false;
    }
    read_version(p, &in, &version);
    const int64_t subject = at(&in, in.p);
    if (!der_take(&in, DER_SEQUENCE, &name) ||
        !x509_parse_dn(p->arena, &in, &name, &p->csr->subject)) {
        csr_problem(p, CSR_DER_PARSE, subject, "the subject does not decode");
        return false;
    }
    if (!der_take(&in, DER_SEQUENCE, &key)) {
        csr_problem(p, CSR_DER_PARSE, at(&in, in.p), "the public key is missing");
        return false;
    }
    read_key(p, &in, &key);
    if (der_take(&in, DER_CONTEXT_CONSTRUCTED(0), &attributes)) {
        read_attributes(p, &in, &attributes);
    } else if (der_at_end(&in)) {
        csr_problem(p, CSR_ATTRIBUTES_MISSING, at(&in, in.p), "the attributes field is absent");
    }
    if (!der_at_end(&in)) {
        csr_problem(p, in.bad ? CSR_DER_PARSE : CSR_DER_TRAILING, at(&in, in.p),
                    "unexpected content after the public key");
    }
    return true;
}

static void read_signature(struct csr_parse *p, struct der *in)
{
    struct csr *csr = p->csr;
    struct der_tlv algorithm;
    struct der_tlv bits;
    if (!der_take(in, DER_SEQUENCE, &algorithm)) {
        csr_problem(p, CSR_DER_PARSE, at(in, in->p), "the signature algorithm is missing");
        return;
    }
    csr->sig_algorithm = algorithm.whole;
    if (!der_take(in, DER_BIT_STRING, &bits) ||
        !der_bits(&bits, &csr->signature, &csr->sig_unused_bits)) {
        csr_problem(p, CSR_DER_PARSE, at(in, in->p), "the signature is missing or no BIT STRING");
    } else if (!der_at_end(in)) {
        csr_problem(p, CSR_DER_TRAILING, at(in, in->p), "bytes after the signature");
    }
}

/* Rules compare names with one another, so their number is bounded before any rule runs. */
static bool within_limits(struct csr_parse *p)
{
    const struct csr *csr = p->csr;
    const struct {
        const char *what;
        size_t n, most;
    } bounds[] = {{"alternative names", csr->san.n, LIMIT_SANS},
                  {"subject attributes", csr->subject.n, LIMIT_DN_ATTRS},
                  {"requested extensions", csr->nexts, LIMIT_EXTENSIONS}};
    for (size_t i = 0; i < NITEMS(bounds); i++) {
        if (bounds[i].n > bounds[i].most) {
            csr_problem(p, CSR_SIZE, -1, "%zu %s; at most %zu are read", bounds[i].n,
                        bounds[i].what, bounds[i].most);
            return false;
        }
    }
    return true;
}

void csr_parse_der(struct csr_parse *p, struct span der)
{
    struct csr *csr = p->csr;
    struct der_tlv outer;
    struct der_tlv info;
    struct der d = der_over(der);
    csr->der = der;
    if (der.n > LIMIT_CSR_BYTES) {
        csr_problem(p, CSR_SIZE, -1, "%zu bytes; at most %u are read", der.n, LIMIT_CSR_BYTES);
        return;
    }
    if (!der_take(&d, DER_SEQUENCE, &outer)) {
        csr_problem(p, CSR_DER_PARSE, (int64_t)d.bad_offset, "not a SEQUENCE%s%s",
                    d.bad ? ": " : "", d.bad ? d.bad : "");
        return;
    }
    csr->der = outer.whole;
    sha256(csr->der.p, csr->der.n, csr->sha256);
    if (!der_at_end(&d)) {
        csr_problem(p, CSR_DER_TRAILING, at(&d, d.p), "bytes after the request");
    }
    struct der whole = der_over(outer.whole);
    csr_check_der(p, &whole);
    struct der in = der_into(&d, &outer);
    if (!der_take(&in, DER_SEQUENCE, &info)) {
        csr_problem(p, CSR_DER_PARSE, at(&in, in.p), "CertificationRequestInfo is missing");
        return;
    }
    csr->info = info.whole;
    csr->usable = read_info(p, &in, &info) && within_limits(p);
    read_signature(p, &in);
}

bool csr_verify(const struct csr *csr, struct err *err)
{
    CLEANUP(public_key_release) struct public_key once = {0};
    return csr_verify_cached(csr, &once, err);
}

bool csr_verify_cached(const struct csr *csr, struct public_key *cache, struct err *err)
{
    if (!csr->usable || csr->signature.n == 0 || csr->sig_unused_bits) {
        return err_set(err, ERR_INPUT, "the request has no signature that could be checked");
    }
    return x509_verify_cached(&csr->key, cache, csr->sig_algorithm, csr->info, csr->signature, err);
}
