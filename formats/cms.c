/* SPDX-License-Identifier: Apache-2.0
 *
 * See cms.h. OpenSSL makes and checks the structure. The path and the binding of the certificate
 * are checked here, signer by signer: CMS_verify() stops at the first trouble, takes the purpose
 * of S/MIME for granted, and knows no time but now.
 */
#include "formats/cms.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

#define OID_SIGNING_CERTIFICATE_V2 "1.2.840.113549.1.9.16.2.47"
#define OID_SIGNATURE_TIMESTAMP    "1.2.840.113549.1.9.16.2.14"

enum { SIGNERS_MAX = 16 };

/* --- making --- */

static bool put_cms(CMS_ContentInfo *cms, struct buf *out)
{
    unsigned char *der = NULL;
    int n = i2d_CMS_ContentInfo(cms, &der);
    if (n > 0) {
        buf_add(out, der, (size_t)n);
    }
    OPENSSL_free(der);
    return n > 0 && !buf_failed(out);
}

static bool set_signing_time(CMS_SignerInfo *si, int64_t when)
{
    ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)when);
    bool ok = t && CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime, t->type, t, -1) == 1;
    ASN1_TIME_free(t);
    return ok;
}

bool cms_sign(const struct signer *s, struct span data, int64_t when, struct buf *der,
              struct err *err)
{
    const unsigned flags = CMS_DETACHED | CMS_BINARY;
    const EVP_MD *md = EVP_get_digestbyname(signer_digest(s));
    BIO *content = BIO_new_mem_buf(data.p, (int)data.n);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags | CMS_PARTIAL | CMS_STREAM);
    CMS_SignerInfo *si = cms ? CMS_add1_signer(cms, signer_x509(s), signer_pkey(s), md,
                                               CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP)
                             : NULL;
    bool ok = content && si && set_signing_time(si, when);
    for (int i = 0; ok && i < sk_X509_num(signer_chain(s)); i++) {
        ok = CMS_add1_cert(cms, sk_X509_value(signer_chain(s), i)) == 1;
    }
    ok = ok && CMS_final(cms, content, NULL, flags) == 1 && put_cms(cms, der);
    CMS_ContentInfo_free(cms);
    BIO_free(content);
    return ok || err_crypto(err, ERR_ENV, "the signature cannot be made");
}

bool cms_sign_enclosing(EVP_PKEY *key, struct span certificate, struct span content, int64_t when,
                        struct buf *der, struct err *err)
{
    const unsigned char *p = certificate.p;
    X509 *x = d2i_X509(NULL, &p, (long)certificate.n);
    BIO *bio = BIO_new_mem_buf(content.p, (int)content.n);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_BINARY | CMS_PARTIAL);
    CMS_SignerInfo *si =
        cms && x ? CMS_add1_signer(cms, x, key, EVP_sha256(), CMS_BINARY | CMS_NOSMIMECAP) : NULL;
    const bool ok = bio && si && set_signing_time(si, when) &&
                    CMS_final(cms, bio, NULL, CMS_BINARY) == 1 && put_cms(cms, der);
    CMS_ContentInfo_free(cms);
    BIO_free(bio);
    X509_free(x);
    return ok || err_crypto(err, ERR_ENV, "the signature cannot be made");
}

static CMS_ContentInfo *read_cms(struct span der)
{
    const unsigned char *p = der.p;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
    if (cms && (p != der.p + der.n || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)) {
        CMS_ContentInfo_free(cms);
        cms = NULL;
    }
    ERR_clear_error();
    return cms;
}

static CMS_SignerInfo *only_signer(CMS_ContentInfo *cms)
{
    STACK_OF(CMS_SignerInfo) *infos = cms ? CMS_get0_SignerInfos(cms) : NULL;
    return infos && sk_CMS_SignerInfo_num(infos) == 1 ? sk_CMS_SignerInfo_value(infos, 0) : NULL;
}

static struct span value_of(CMS_SignerInfo *si)
{
    const ASN1_OCTET_STRING *v = CMS_SignerInfo_get0_signature(si);
    return (struct span){ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)};
}

bool cms_signature_value(struct span der, struct buf *value, struct err *err)
{
    CMS_ContentInfo *cms = read_cms(der);
    CMS_SignerInfo *si = only_signer(cms);
    if (si) {
        struct span v = value_of(si);
        buf_add(value, v.p, v.n);
    }
    CMS_ContentInfo_free(cms);
    return si || err_set(err, ERR_INPUT, "this is not a CMS signature of one signer");
}

bool cms_add_timestamp(struct span der, struct span token, struct buf *out, struct err *err)
{
    CMS_ContentInfo *cms = read_cms(der);
    CMS_SignerInfo *si = only_signer(cms);
    bool ok = si &&
              CMS_unsigned_add1_attr_by_NID(si, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE,
                                            token.p, (int)token.n) == 1 &&
              put_cms(cms, out);
    CMS_ContentInfo_free(cms);
    return ok || err_crypto(err, ERR_INTERNAL, "the timestamp cannot be put into the signature");
}

/* --- attributes --- */

/* The only value of the only attribute of a kind, DER in the arena; empty when there is none.
 * False when there are several of either. */
static bool attribute(struct arena *a, CMS_SignerInfo *si, bool is_signed, const char *oid,
                      struct span *out)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    int at = is_signed ? CMS_signed_get_attr_by_OBJ(si, object, -1)
                       : CMS_unsigned_get_attr_by_OBJ(si, object, -1);
    int next = at < 0      ? -1
               : is_signed ? CMS_signed_get_attr_by_OBJ(si, object, at)
                           : CMS_unsigned_get_attr_by_OBJ(si, object, at);
    X509_ATTRIBUTE *attr = at < 0      ? NULL
                           : is_signed ? CMS_signed_get_attr(si, at)
                                       : CMS_unsigned_get_attr(si, at);
    ASN1_OBJECT_free(object);
    *out = (struct span){0};
    if (!attr) {
        return true;
    }
    if (next >= 0 || X509_ATTRIBUTE_count(attr) != 1) {
        return false;
    }
    unsigned char *der = NULL;
    int n = i2d_ASN1_TYPE(X509_ATTRIBUTE_get0_type(attr, 0), &der);
    if (n > 0) {
        *out = (struct span){arena_memdup(a, der, (size_t)n), (size_t)n};
    }
    OPENSSL_free(der);
    return n > 0;
}

static int64_t signing_time(struct arena *a, CMS_SignerInfo *si)
{
    struct span der;
    struct der_tlv t;
    int64_t when;
    if (!attribute(a, si, true, "1.2.840.113549.1.9.5", &der) || !der.n) {
        return TIME_NONE;
    }
    struct der d = der_over(der);
    return der_next(&d, &t) && der_time(&t, &when) ? when : TIME_NONE;
}

/* SigningCertificateV2 (RFC 5035 section 3): the hash of the first ESSCertIDv2 is that of the
 * certificate. Without hashAlgorithm it is SHA-256. */
static bool names_certificate(struct span attr, const struct cert *c)
{
    struct der_tlv t;
    char oid[64];
    const char *name = "SHA256";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct der d = der_over(attr);
    if (!der_take(&d, DER_SEQUENCE, &t)) {
        return false;
    }
    struct der certificate = der_into(&d, &t);
    if (!der_take(&certificate, DER_SEQUENCE, &t)) {
        return false;
    }
    struct der ids = der_into(&certificate, &t);
    if (!der_take(&ids, DER_SEQUENCE, &t)) {
        return false;
    }
    struct der id = der_into(&ids, &t);
    if (der_take(&id, DER_SEQUENCE, &t)) {
        struct der alg = der_into(&id, &t);
        if (!der_take(&alg, DER_OID, &t) || !der_oid_text(t.value, oid)) {
            return false;
        }
        int nid = OBJ_txt2nid(oid);
        name = trust_digest_is_strong(nid) ? OBJ_nid2sn(nid) : NULL;
    }
    const EVP_MD *md = name ? EVP_get_digestbyname(name) : NULL;
    return md && der_take(&id, DER_OCTET_STRING, &t) &&
           EVP_Digest(c->der.p, c->der.n, digest, &n, md, NULL) == 1 && t.value.n == n &&
           memcmp(t.value.p, digest, n) == 0;
}

/* --- verifying one signer --- */

struct one {
    struct arena *arena;
    CMS_SignerInfo *si;
    X509 *signer; /* NULL: not found */
    const struct stack_st_X509 *others;
    const struct cms_how *how;
    struct cms_signature *out;
};

static bool check_identity(struct one *o)
{
    struct err err = ERR_INIT;
    struct faults *f = &o->out->faults;
    if (!o->signer) {
        fault_add(f, FAULT_FORM, "the certificate of the signer is not in the signature");
        return false;
    }
    if (!trust_cert(o->arena, o->signer, &o->out->certificate, &err)) {
        fault_add(f, FAULT_FORM, "the certificate of the signer: %s", err.msg);
        return false;
    }
    o->out->signer = dn_text(o->arena, &o->out->certificate.subject);
    return true;
}

static void check_binding(struct one *o)
{
    struct span attr;
    X509_ALGOR *digest = NULL;
    struct faults *f = &o->out->faults;
    CMS_SignerInfo_get0_algs(o->si, NULL, NULL, &digest, NULL);
    if (!digest || !trust_digest_is_strong(OBJ_obj2nid(digest->algorithm))) {
        fault_add(f, FAULT_ALGORITHM, "the signature rests on a digest that proves nothing");
    }
    if (!attribute(o->arena, o->si, true, OID_SIGNING_CERTIFICATE_V2, &attr) || !attr.n) {
        fault_add(f, FAULT_BINDING,
                  "the signature does not name the certificate of its signer "
                  "(CAdES, RFC 5035)");
    } else if (!names_certificate(attr, &o->out->certificate)) {
        fault_add(f, FAULT_BINDING, "the signature names another certificate than its signer's");
    }
}

static void check_stamp(struct one *o)
{
    struct span token;
    struct cms_signature *s = o->out;
    if (!attribute(o->arena, o->si, false, OID_SIGNATURE_TIMESTAMP, &token)) {
        fault_add(&s->faults, FAULT_TIMESTAMP, "the signature has more than one timestamp");
        return;
    }
    s->stamped = token.n > 0;
    if (!s->stamped) {
        return;
    }
    if (!tsp_verify(o->arena, token, value_of(o->si), o->how->tsas, o->how->now, &s->stamp)) {
        fault_add(&s->faults, FAULT_TIMESTAMP, "the timestamp of the signature: %s",
                  s->stamp.faults.v[0].text);
    } else if (s->stamp.pinned) {
        s->proven_time = s->stamp.time;
    }
}

static void check_path(struct one *o)
{
    struct cms_signature *s = o->out;
    struct faults path = {.arena = o->arena};
    const int64_t at = s->proven_time != TIME_NONE ? s->proven_time : o->how->now;
    bool fits = trust_may_sign(&s->certificate, &s->faults);
    if (!o->how->signers) {
        return;
    }
    s->pinned = trust_path(o->how->signers, o->signer, o->others, TRUST_SIGNING, at, &path) && fits;
    if (path.n) {
        fault_add(&s->faults, path.v[0].kind, "the certificate of the signer (%s): %s%s", s->signer,
                  path.v[0].text,
                  path.v[0].kind == FAULT_EXPIRED && s->stamped && s->proven_time == TIME_NONE
                      ? "; the timestamp proves an earlier time to who trusts its TSA"
                      : "");
    }
}

static void verify_one(struct one *o, bool over_data)
{
    struct cms_signature *s = o->out;
    *s = (struct cms_signature){.signer = "?",
                                .signing_time = signing_time(o->arena, o->si),
                                .proven_time = TIME_NONE,
                                .stamp = {.time = TIME_NONE},
                                .faults = {.arena = o->arena}};
    if (!check_identity(o)) {
        return;
    }
    if (!over_data) {
        fault_add(&s->faults, FAULT_SIGNATURE, "the signature of %s is not one over these bytes",
                  s->signer);
        return;
    }
    check_binding(o);
    check_stamp(o);
    check_path(o);
}

/* --- all signers --- */

/* The signatures of all signers and the digest of the data; OpenSSL says yes or no to the whole. A
 * buffer stands before the data: of a memory BIO itself CMS_verify() (3.0) makes a copy, which it
 * forgets when a digest is unknown. */
static bool over_data(CMS_ContentInfo *cms, struct span data)
{
    BIO *content = BIO_push(BIO_new(BIO_f_buffer()), BIO_new_mem_buf(data.p, (int)data.n));
    BIO *nowhere = BIO_new(BIO_s_null());
    bool ok =
        CMS_verify(cms, NULL, NULL, content, nowhere, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
    BIO_free_all(content);
    BIO_free(nowhere);
    ERR_clear_error();
    return ok;
}

static void verify_all(struct arena *a, CMS_ContentInfo *cms, struct span data,
                       const struct cms_how *how, struct cms_result *out)
{
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
    const int n = infos ? sk_CMS_SignerInfo_num(infos) : 0;
    if (n <= 0 || n > SIGNERS_MAX) {
        fault_add(&out->faults, FAULT_FORM, "%s",
                  n > 0 ? "it has too many signers" : "nobody signed: it has no signer");
        return;
    }
    const bool ok = over_data(cms, data);
    struct stack_st_X509 *certs = CMS_get1_certs(cms);
    out->v = arena_array(a, (size_t)n, sizeof *out->v);
    for (int i = 0; i < n; i++) {
        struct one o = {.arena = a,
                        .si = sk_CMS_SignerInfo_value(infos, i),
                        .others = certs,
                        .how = how,
                        .out = &out->v[out->n++]};
        /* whose key CMS_verify() used */
        CMS_SignerInfo_get0_algs(o.si, NULL, &o.signer, NULL, NULL);
        verify_one(&o, ok);
    }
    sk_X509_pop_free(certs, X509_free);
}

bool cms_verify(struct arena *a, struct span data, struct span der, const struct cms_how *how,
                struct cms_result *out)
{
    *out = (struct cms_result){.faults = {.arena = a}};
    CMS_ContentInfo *cms = read_cms(der);
    ASN1_OCTET_STRING **content = cms ? CMS_get0_content(cms) : NULL;
    if (!cms) {
        fault_add(&out->faults, FAULT_FORM, "it is not a CMS signature (RFC 5652)");
    } else if (content && *content) {
        fault_add(&out->faults, FAULT_FORM, "it is not detached: it carries content of its own");
    } else {
        verify_all(a, cms, data, how, out);
    }
    CMS_ContentInfo_free(cms);
    bool good = out->faults.n == 0 && out->n > 0;
    for (size_t i = 0; i < out->n; i++) {
        good = good && out->v[i].faults.n == 0;
    }
    return good;
}
