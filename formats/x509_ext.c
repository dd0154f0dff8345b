/* SPDX-License-Identifier: Apache-2.0
 *
 * See x509.h: the extension list and the syntax of known extensions (RFC 5280 4.2 and others).
 * Syntax only: whether a value is wise is for policy.
 */
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/x509.h"

#include <string.h>

/* --- value syntax --- */

static const char trailing[] = "bytes after the value";

/* One TLV of the tag over the whole value, with a cursor on its content. */
static bool enter(struct span value, unsigned tag, struct der *content)
{
    struct der_tlv t;
    struct der d = der_over(value);
    if (!der_single(value, tag, &t)) {
        return false;
    }
    *content = der_into(&d, &t);
    return true;
}

/* At least one element, each of `tag` (0: any). */
static const char *sequence_of(struct span value, unsigned tag, const char *what, bool *empty)
{
    struct der d;
    struct der_tlv t;
    if (!enter(value, DER_SEQUENCE, &d)) {
        return what;
    }
    *empty = der_at_end(&d);
    while (tag ? der_take(&d, tag, &t) : der_next(&d, &t)) {
    }
    return der_at_end(&d) ? NULL : what;
}

static const char *check_san(struct span value, bool *empty)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct der d = der_over(value);
    struct der_tlv seq;
    struct general_names names;
    if (!der_take(&d, DER_SEQUENCE, &seq) || !x509_parse_names(&a, &d, &seq, &names)) {
        return "not a list of general names";
    }
    *empty = names.n == 0;
    return der_at_end(&d) ? NULL : trailing;
}

static const char *check_bits(struct span value, bool *empty)
{
    struct der_tlv t;
    struct span bits;
    uint8_t unused;
    (void)empty; /* no bit at all is policy rule ext.ku.encoding */
    return der_single(value, DER_BIT_STRING, &t) && der_bits(&t, &bits, &unused)
               ? NULL
               : "not a BIT STRING";
}

static const char *check_octets(struct span value, bool *empty)
{
    struct der_tlv t;
    (void)empty;
    return der_single(value, DER_OCTET_STRING, &t) ? NULL : "not an OCTET STRING";
}

static const char *check_null(struct span value, bool *empty)
{
    struct der_tlv t;
    (void)empty;
    return der_single(value, DER_NULL, &t) && t.value.n == 0 ? NULL : "not NULL";
}

static const char *check_string(struct span value, bool *empty)
{
    struct der d = der_over(value);
    struct der_tlv t;
    (void)empty;
    bool text =
        der_next(&d, &t) && der_at_end(&d) &&
        (t.tag == DER_BMP || t.tag == DER_UTF8 || t.tag == DER_IA5 || t.tag == DER_PRINTABLE);
    return text ? NULL : "not a character string";
}

static const char *check_basic_constraints(struct span value, bool *empty)
{
    struct der d;
    struct der_tlv ca;
    struct der_tlv length;
    uint32_t n;
    (void)empty; /* an empty SEQUENCE is the usual "not a CA" */
    if (!enter(value, DER_SEQUENCE, &d)) {
        return "not a basicConstraints SEQUENCE";
    }
    if (der_take(&d, DER_BOOLEAN, &ca) && ca.value.n != 1) {
        return "cA is not a BOOLEAN";
    }
    if (der_take(&d, DER_INTEGER, &length) && !der_small_uint(&length, &n)) {
        return "pathLenConstraint is negative or too large";
    }
    return der_at_end(&d) ? NULL : "not basicConstraints";
}

static const char *check_ekus(struct span value, bool *empty)
{
    return sequence_of(value, DER_OID, "not a list of OIDs", empty);
}

static const char *check_policies(struct span value, bool *empty)
{
    struct der d;
    struct der_tlv info;
    struct der_tlv t;
    if (!enter(value, DER_SEQUENCE, &d)) {
        return "not a list of policies";
    }
    *empty = der_at_end(&d);
    while (der_take(&d, DER_SEQUENCE, &info)) {
        struct der one = der_into(&d, &info);
        if (!der_take(&one, DER_OID, &t)) {
            return "a policy without identifier";
        }
        (void)der_take(&one, DER_SEQUENCE, &t); /* policyQualifiers */
        if (!der_at_end(&one)) {
            return "a policy with unexpected content";
        }
    }
    return der_at_end(&d) ? NULL : "not a list of policies";
}

static const char *check_sequences(struct span value, bool *empty)
{
    return sequence_of(value, DER_SEQUENCE, "not a list of SEQUENCEs", empty);
}

static const char *check_sequence(struct span value, bool *empty)
{
    bool any = false; /* nameConstraints and AKI: all members are optional */
    (void)empty;
    return sequence_of(value, 0, "not a SEQUENCE", &any);
}

static const char *check_integers(struct span value, bool *empty)
{
    return sequence_of(value, DER_INTEGER, "not a list of INTEGERs", empty);
}

/* --- table --- */

static const struct ext_kind {
    const char *oid, *name;
    const char *(*check)(struct span value, bool *empty); /* NULL: named, not decoded */
} ext_kinds[] = {
    {OID_SAN, "subjectAltName", check_san},
    {OID_KEY_USAGE, "keyUsage", check_bits},
    {OID_EXT_KEY_USAGE, "extendedKeyUsage", check_ekus},
    {OID_BASIC_CONSTRAINTS, "basicConstraints", check_basic_constraints},
    {OID_SUBJECT_KEY_ID, "subjectKeyIdentifier", check_octets},
    {OID_AUTHORITY_KEY_ID, "authorityKeyIdentifier", check_sequence},
    {OID_POLICIES, "certificatePolicies", check_policies},
    {"2.5.29.18", "issuerAltName", check_san},
    {"2.5.29.31", "cRLDistributionPoints", check_sequences},
    {"2.5.29.46", "freshestCRL", check_sequences},
    {"2.5.29.30", "nameConstraints", check_sequence},
    {"2.5.29.33", "policyMappings", check_sequences},
    {"2.5.29.36", "policyConstraints", check_sequence},
    {"2.5.29.54", "inhibitAnyPolicy", NULL},
    {"2.5.29.16", "privateKeyUsagePeriod", check_sequence},
    {"2.5.29.9", "subjectDirectoryAttributes", check_sequences},
    {"1.3.6.1.5.5.7.1.1", "authorityInfoAccess", check_sequences},
    {"1.3.6.1.5.5.7.1.11", "subjectInfoAccess", check_sequences},
    {"1.3.6.1.5.5.7.1.24", "tlsFeature", check_integers},
    {"1.3.6.1.5.5.7.1.3", "qcStatements", check_sequences},
    {"1.3.6.1.5.5.7.48.1.5", "ocspNoCheck", check_null},
    {"1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestamps", check_octets},
    {"1.3.6.1.4.1.11129.2.4.3", "ctPoison", NULL}, /* policy refuses it whatever its value */
    {"2.16.840.1.113730.1.1", "nsCertType", check_bits},
    {"2.16.840.1.113730.1.13", "nsComment", check_string},
    {"1.3.6.1.4.1.311.20.2", "msCertificateTemplateName", check_string},
    {"1.3.6.1.4.1.311.21.7", "msCertificateTemplate", check_sequence},
    {"1.3.6.1.4.1.311.21.10", "msApplicationPolicies", check_policies},
    {"1.3.6.1.4.1.311.25.2", "msSecurityIdentifier", NULL},
    {"1.2.840.113549.1.9.15", "smimeCapabilities", check_sequences},
    {"2.23.140.3.1", "cabfOrganizationIdentifier", check_sequence},
};

static const struct ext_kind *kind_of(const char *oid)
{
    for (size_t i = 0; i < NITEMS(ext_kinds); i++) {
        if (str_eq(ext_kinds[i].oid, oid)) {
            return &ext_kinds[i];
        }
    }
    return NULL;
}

const char *x509_ext_problem(const struct x509_ext *ext, bool *empty)
{
    const struct ext_kind *kind = kind_of(ext->oid);
    *empty = false;
    return kind && kind->check ? kind->check(ext->value, empty) : NULL;
}

/* --- the list --- */

static bool parse_ext(struct arena *a, const struct der *d, const struct der_tlv *seq,
                      struct x509_ext *out)
{
    struct der_tlv oid;
    struct der_tlv flag;
    struct der_tlv value;
    struct der e = der_into(d, seq);
    if (seq->tag != DER_SEQUENCE || !der_take(&e, DER_OID, &oid)) {
        return false;
    }
    *out = (struct x509_ext){.oid = oid_dup(a, oid.value), .offset = der_offset(d, seq->whole.p)};
    if (der_take(&e, DER_BOOLEAN, &flag)) {
        if (flag.value.n != 1) {
            return false;
        }
        out->critical = flag.value.p[0] != 0;
        out->critical_default_encoded = !out->critical;
    }
    if (!der_take(&e, DER_OCTET_STRING, &value) || !der_at_end(&e)) {
        return false;
    }
    const struct ext_kind *kind = kind_of(out->oid);
    out->name = kind ? kind->name : out->oid;
    out->value = value.value;
    return true;
}

bool x509_parse_exts(struct arena *a, const struct der *d, const struct der_tlv *seq,
                     struct x509_ext **exts, size_t *n, bool *malformed)
{
    struct der_tlv t;
    size_t count = 0;
    if (seq->tag != DER_SEQUENCE) {
        return false;
    }
    struct der walk = der_into(d, seq);
    while (der_next(&walk, &t)) {
        count++;
    }
    if (walk.bad) {
        return false;
    }
    *malformed = false;
    *n = 0;
    *exts = arena_array(a, count, sizeof **exts);
    walk = der_into(d, seq);
    for (size_t i = 0; i < count && der_next(&walk, &t); i++) {
        if (parse_ext(a, &walk, &t, &(*exts)[*n])) {
            ++*n;
        } else {
            *malformed = true;
        }
    }
    return true;
}

const struct x509_ext *x509_ext_find(const struct x509_ext *exts, size_t n, const char *oid)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(exts[i].oid, oid)) {
            return &exts[i];
        }
    }
    return NULL;
}
