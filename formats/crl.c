/* SPDX-License-Identifier: Apache-2.0
 *
 * See crl.h: reading, looking up, and the words for revocation reasons.
 */
#include "formats/crl.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/kind.h"

#include <string.h>

#define OID_REASON     "2.5.29.21"
#define OID_INVALIDITY "2.5.29.24"
#define OID_CRL_NUMBER "2.5.29.20"

const struct word revocation_reason_words[] = {
    {"unspecified", REASON_UNSPECIFIED, "no reason is told; left out of the CRL"},
    {"keyCompromise", REASON_KEY_COMPROMISE, "the private key is, or may be, known to others"},
    {"cACompromise", REASON_CA_COMPROMISE, "the key of the CA is compromised"},
    {"affiliationChanged", REASON_AFFILIATION_CHANGED, "the organization's data changed"},
    {"superseded", REASON_SUPERSEDED, "a new certificate replaces this one"},
    {"cessationOfOperation", REASON_CESSATION_OF_OPERATION, "the names are no longer used"},
    {"certificateHold", REASON_CERTIFICATE_HOLD, "suspended, may come back"},
    {"removeFromCRL", REASON_REMOVE_FROM_CRL, "the suspension ends"},
    {"privilegeWithdrawn", REASON_PRIVILEGE_WITHDRAWN, "the CA's terms were broken"},
    {"aACompromise", REASON_AA_COMPROMISE, "the attribute authority is compromised"},
    {0},
};

/* Other spellings in use; "cACompromise" cannot be split by rule. */
const struct word revocation_reason_spellings[] = {
    {"key-compromise", REASON_KEY_COMPROMISE, NULL},
    {"ca-compromise", REASON_CA_COMPROMISE, NULL},
    {"affiliation-changed", REASON_AFFILIATION_CHANGED, NULL},
    {"cessation-of-operation", REASON_CESSATION_OF_OPERATION, NULL},
    {"certificate-hold", REASON_CERTIFICATE_HOLD, NULL},
    {"remove-from-crl", REASON_REMOVE_FROM_CRL, NULL},
    {"privilege-withdrawn", REASON_PRIVILEGE_WITHDRAWN, NULL},
    {"aa-compromise", REASON_AA_COMPROMISE, NULL},
    {"0", REASON_UNSPECIFIED, NULL},
    {"1", REASON_KEY_COMPROMISE, NULL},
    {"2", REASON_CA_COMPROMISE, NULL},
    {"3", REASON_AFFILIATION_CHANGED, NULL},
    {"4", REASON_SUPERSEDED, NULL},
    {"5", REASON_CESSATION_OF_OPERATION, NULL},
    {"6", REASON_CERTIFICATE_HOLD, NULL},
    {"8", REASON_REMOVE_FROM_CRL, NULL},
    {"9", REASON_PRIVILEGE_WITHDRAWN, NULL},
    {"10", REASON_AA_COMPROMISE, NULL},
    {0},
};

const char *revocation_reason_name(int reason)
{
    for (const struct word *w = revocation_reason_words; w->text; w++) {
        if (w->value == reason) {
            return w->text;
        }
    }
    return "none";
}

bool revocation_reason_known(int reason)
{
    return reason == REASON_NONE || !str_eq(revocation_reason_name(reason), "none");
}

bool revocation_reason_parse(const char *s, int *reason)
{
    static const struct word *const tables[] = {revocation_reason_words,
                                                revocation_reason_spellings};
    for (size_t i = 0; i < NITEMS(tables); i++) {
        for (const struct word *w = tables[i]; w->text; w++) {
            if (str_eq(s, w->text)) {
                *reason = w->value;
                return true;
            }
        }
    }
    return false;
}

/* --- reading --- */

static bool bad(struct err *err, const char *what)
{
    return err_set(err, ERR_INPUT, "not a readable CRL: %s", what);
}

static const char *integer_hex(struct arena *a, struct span v)
{
    while (v.n > 1 && v.p[0] == 0) {
        v.p++;
        v.n--;
    }
    return hex_dup_upper(a, v.p, v.n);
}

static bool read_entry_exts(struct arena *a, struct der *in, struct crl_entry *e)
{
    struct der_tlv seq;
    struct der_tlv t;
    struct x509_ext *exts = NULL;
    size_t n = 0;
    bool malformed = false;
    if (!der_take(in, DER_SEQUENCE, &seq)) {
        return true;
    }
    if (!x509_parse_exts(a, in, &seq, &exts, &n, &malformed) || malformed) {
        return false;
    }
    const struct x509_ext *reason = x509_ext_find(exts, n, OID_REASON);
    uint32_t code;
    if (reason) {
        if (!der_single(reason->value, DER_ENUMERATED, &t) || !der_small_uint(&t, &code) ||
            code > REASON_AA_COMPROMISE) {
            return false;
        }
        e->reason = (int)code;
    }
    const struct x509_ext *date = x509_ext_find(exts, n, OID_INVALIDITY);
    return !date ||
           (der_single(date->value, DER_GENERALIZED_TIME, &t) && der_time(&t, &e->invalidity));
}

static bool read_entry(struct arena *a, const struct der *d, const struct der_tlv *seq,
                       struct crl_entry *e)
{
    struct der_tlv serial;
    struct der_tlv date;
    struct der in = der_into(d, seq);
    *e = (struct crl_entry){.reason = REASON_NONE, .invalidity = TIME_NONE};
    if (seq->tag != DER_SEQUENCE || !der_take(&in, DER_INTEGER, &serial) || serial.value.n == 0 ||
        !der_next(&in, &date) || !der_time(&date, &e->revoked) || !read_entry_exts(a, &in, e)) {
        return false;
    }
    e->serial_hex = integer_hex(a, serial.value);
    return der_at_end(&in);
}

static bool read_entries(struct arena *a, const struct der *tbs, const struct der_tlv *list,
                         struct crl *out, struct err *err)
{
    struct der_tlv t;
    size_t n = 0;
    struct der d = der_into(tbs, list);
    while (der_next(&d, &t)) {
        n++;
    }
    if (d.bad) {
        return bad(err, d.bad);
    }
    out->v = arena_array(a, n, sizeof *out->v);
    d = der_into(tbs, list);
    while (out->n < n && der_next(&d, &t)) {
        if (!read_entry(a, &d, &t, &out->v[out->n])) {
            return err_set(err, ERR_INPUT, "not a readable CRL: entry %zu does not decode",
                           out->n + 1);
        }
        out->n++;
    }
    return true;
}

static bool read_crl_exts(struct arena *a, const struct der *tbs, const struct der_tlv *field,
                          struct crl *out)
{
    struct der_tlv seq;
    struct der_tlv number;
    struct x509_ext *exts = NULL;
    size_t n = 0;
    bool malformed = false;
    struct der in = der_into(tbs, field);
    if (!der_take(&in, DER_SEQUENCE, &seq) || !der_at_end(&in) ||
        !x509_parse_exts(a, &in, &seq, &exts, &n, &malformed) || malformed) {
        return false;
    }
    const struct x509_ext *ext = x509_ext_find(exts, n, OID_CRL_NUMBER);
    if (!ext) {
        return true;
    }
    if (!der_single(ext->value, DER_INTEGER, &number) || number.value.n == 0) {
        return false;
    }
    out->number_hex = integer_hex(a, number.value);
    return true;
}

static bool read_tbs(struct arena *a, struct der tbs, struct crl *out, struct err *err)
{
    struct der_tlv t;
    uint32_t version = 0;
    if (der_take(&tbs, DER_INTEGER, &t) && (!der_small_uint(&t, &version) || version != 1)) {
        return bad(err, "unknown version");
    }
    if (!der_take(&tbs, DER_SEQUENCE, &t) || !span_eq(t.whole, out->sig_algorithm)) {
        return bad(err, "the signature algorithm is missing or named in two ways");
    }
    if (!der_take(&tbs, DER_SEQUENCE, &t) || !x509_parse_dn(a, &tbs, &t, &out->issuer)) {
        return bad(err, "the issuer does not decode");
    }
    if (!der_next(&tbs, &t) || !der_time(&t, &out->this_update)) {
        return bad(err, "thisUpdate does not decode");
    }
    out->next_update = TIME_NONE;
    if ((der_take(&tbs, DER_UTC_TIME, &t) || der_take(&tbs, DER_GENERALIZED_TIME, &t)) &&
        !der_time(&t, &out->next_update)) {
        return bad(err, "nextUpdate does not decode");
    }
    if (der_take(&tbs, DER_SEQUENCE, &t) && !read_entries(a, &tbs, &t, out, err)) {
        return false;
    }
    if (der_take(&tbs, DER_CONTEXT_CONSTRUCTED(0), &t) && !read_crl_exts(a, &tbs, &t, out)) {
        return bad(err, "the extensions do not decode");
    }
    return der_at_end(&tbs) ? true : bad(err, "unexpected content after the extensions");
}

/* DER of the first X509 CRL block, or the input itself. */
static bool unwrap(struct arena *a, struct span input, struct span *der, struct err *err)
{
    struct pem pem;
    *der = input;
    if (kind_of(input) != KIND_PEM || !pem_parse(a, input, &pem)) {
        return true;
    }
    for (size_t i = 0; i < pem.n; i++) {
        if (str_eq(pem.v[i].label, "X509 CRL")) {
            *der = pem.v[i].der;
            return der->n ? true : bad(err, "the PEM block is damaged");
        }
    }
    return bad(err, "no X509 CRL block in the PEM text");
}

bool crl_parse(struct arena *a, struct span input, struct crl *out, struct err *err)
{
    struct der_tlv outer;
    struct der_tlv tbs;
    struct der_tlv alg;
    struct der_tlv bits;
    uint8_t unused = 0;
    struct crl crl = {0};
    if (!unwrap(a, input, &crl.der, err)) {
        return false;
    }
    struct der d = der_over(crl.der);
    if (!der_take(&d, DER_SEQUENCE, &outer) || !der_at_end(&d)) {
        return bad(err, "not one DER SEQUENCE");
    }
    struct der in = der_into(&d, &outer);
    if (!der_take(&in, DER_SEQUENCE, &tbs) || !der_take(&in, DER_SEQUENCE, &alg) ||
        !der_take(&in, DER_BIT_STRING, &bits) || !der_at_end(&in) ||
        !der_bits(&bits, &crl.signature, &unused) || unused) {
        return bad(err, "not SEQUENCE { content, algorithm, signature }");
    }
    crl.tbs = tbs.whole;
    crl.sig_algorithm = alg.whole;
    if (!read_tbs(a, der_into(&in, &tbs), &crl, err)) {
        return false;
    }
    *out = crl;
    return true;
}

bool crl_verify(const struct crl *crl, const struct cert *issuer, struct err *err)
{
    if (!dn_same(&crl->issuer, &issuer->subject)) {
        return err_set(err, ERR_INPUT, "the CRL names another issuer");
    }
    return x509_verify(&issuer->key, crl->sig_algorithm, crl->tbs, crl->signature, err);
}

const struct crl_entry *crl_find(const struct crl *crl, const char *serial_hex)
{
    for (size_t i = 0; i < crl->n; i++) {
        if (str_eq(crl->v[i].serial_hex, serial_hex)) {
            return &crl->v[i];
        }
    }
    return NULL;
}
