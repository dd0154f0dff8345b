/* SPDX-License-Identifier: Apache-2.0
 *
 * See tsp.h. Structure, imprint, signature, ESSCertID and the purpose of the certificate are
 * checked by OpenSSL's TS module; what it does not look at (digests that are broken, time) is
 * looked at here.
 */
#include "formats/tsp.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <string.h>

enum { NONCE_OCTETS = 16 };

static const char *const hashes[] = {"sha256", "sha384", "sha512"};

static const EVP_MD *hash_by_name(const char *name)
{
    for (size_t i = 0; i < NITEMS(hashes); i++) {
        if (str_eq(hashes[i], name)) {
            return EVP_get_digestbyname(name);
        }
    }
    return NULL;
}

/* --- request --- */

static ASN1_INTEGER *new_nonce(void)
{
    uint8_t octets[NONCE_OCTETS];
    random_bytes(octets, sizeof octets);
    octets[0] = (uint8_t)((octets[0] & 0x7f) | 0x40); /* positive, always of one length */
    BIGNUM *n = BN_bin2bn(octets, sizeof octets, NULL);
    ASN1_INTEGER *nonce = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;
    BN_free(n);
    return nonce;
}

static bool fill_imprint(TS_REQ *req, struct span data, const EVP_MD *md)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    X509_ALGOR *alg = X509_ALGOR_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    bool ok = alg && imprint && EVP_Digest(data.p, data.n, digest, &n, md, NULL) == 1 &&
              X509_ALGOR_set0(alg, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL) == 1 &&
              TS_MSG_IMPRINT_set_algo(imprint, alg) == 1 &&
              TS_MSG_IMPRINT_set_msg(imprint, digest, (int)n) == 1 &&
              TS_REQ_set_msg_imprint(req, imprint) == 1;
    X509_ALGOR_free(alg);
    TS_MSG_IMPRINT_free(imprint);
    return ok;
}

static bool fill_policy(TS_REQ *req, const char *policy)
{
    ASN1_OBJECT *oid = policy ? OBJ_txt2obj(policy, 1) : NULL;
    bool ok = !policy || (oid && TS_REQ_set_policy_id(req, oid) == 1);
    ASN1_OBJECT_free(oid);
    return ok;
}

static bool put_der(unsigned char *der, int n, struct buf *out)
{
    if (n > 0) {
        buf_add(out, der, (size_t)n);
    }
    OPENSSL_free(der);
    return n > 0 && !buf_failed(out);
}

bool tsp_request(struct span data, const char *hash, const char *policy, struct buf *der,
                 struct err *err)
{
    const EVP_MD *md = hash_by_name(hash);
    unsigned char *bytes = NULL;
    if (!md) {
        return err_set(err, ERR_INPUT, "a timestamp cannot be asked for with that hash");
    }
    TS_REQ *req = TS_REQ_new();
    ASN1_INTEGER *nonce = new_nonce();
    bool ok = req && nonce && TS_REQ_set_version(req, 1) == 1 && fill_imprint(req, data, md) &&
              fill_policy(req, policy) && TS_REQ_set_nonce(req, nonce) == 1 &&
              TS_REQ_set_cert_req(req, 1) == 1;
    ok = ok && put_der(bytes, i2d_TS_REQ(req, &bytes), der);
    ASN1_INTEGER_free(nonce);
    TS_REQ_free(req);
    return ok || err_crypto(err, ERR_INTERNAL, "a timestamp request cannot be made");
}

/* --- reading --- */

static TS_RESP *read_reply(struct span reply)
{
    const unsigned char *p = reply.p;
    TS_RESP *r = d2i_TS_RESP(NULL, &p, (long)reply.n);
    if (r && p != reply.p + reply.n) {
        TS_RESP_free(r);
        r = NULL;
    }
    return r;
}

/* The token of a reply or the token itself; the caller frees it. */
static PKCS7 *read_token(struct span token)
{
    const unsigned char *p = token.p;
    TS_RESP *reply = read_reply(token);
    PKCS7 *found = NULL;
    if (reply) {
        found = TS_RESP_get_token(reply) ? PKCS7_dup(TS_RESP_get_token(reply)) : NULL;
    } else {
        found = d2i_PKCS7(NULL, &p, (long)token.n);
        if (found && p != token.p + token.n) {
            PKCS7_free(found);
            found = NULL;
        }
    }
    TS_RESP_free(reply);
    ERR_clear_error();
    return found;
}

bool tsp_token(struct span reply, struct buf *token, struct err *err)
{
    unsigned char *bytes = NULL;
    PKCS7 *p7 = read_token(reply);
    bool ok = p7 && put_der(bytes, i2d_PKCS7(p7, &bytes), token);
    PKCS7_free(p7);
    return ok || err_set(err, ERR_INPUT, "the timestamp reply holds no token");
}

/* --- checking --- */

/* The certificate that signed the token, out of the token; borrowed. */
static X509 *signer_of(PKCS7 *token)
{
    struct stack_st_X509 *signers =
        PKCS7_type_is_signed(token) ? PKCS7_get0_signers(token, NULL, 0) : NULL;
    X509 *x = signers && sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
    sk_X509_free(signers);
    ERR_clear_error();
    return x;
}

/* The signature over the token must not rest on a broken digest. */
static bool digest_is_strong(PKCS7 *token)
{
    STACK_OF(PKCS7_SIGNER_INFO) *infos = PKCS7_get_signer_info(token);
    X509_ALGOR *digest = NULL;
    if (!infos || sk_PKCS7_SIGNER_INFO_num(infos) != 1) {
        return false;
    }
    PKCS7_SIGNER_INFO_get0_algs(sk_PKCS7_SIGNER_INFO_value(infos, 0), NULL, &digest, NULL);
    return digest && trust_digest_is_strong(OBJ_obj2nid(digest->algorithm));
}

/* A context for one verification. The store is its own and goes with it. */
static TS_VERIFY_CTX *context(const struct trust *trust, X509 *self, int64_t at)
{
    TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
    if (!ctx) {
        oom(sizeof(void *));
    }
    (void)TS_VERIFY_CTX_set_store(ctx, trust_store(trust, self, at));
    return ctx;
}

/* RFC 3161 2.4.2: what a TSA may say when it does not stamp. */
static const struct {
    int bit;
    const char *text;
} failures[] = {
    {0, "the hash is not supported"},
    {2, "the request is not permitted or not understood"},
    {5, "the request does not decode"},
    {14, "its source of time is not available"},
    {15, "the policy is not supported"},
    {16, "an extension is not supported"},
    {17, "what was asked to be included is not available"},
    {25, "the TSA has trouble of its own"},
};

/* False, with the TSA's own words, for anything but granted and grantedWithMods. */
static bool is_granted(TS_RESP *resp, struct err *err)
{
    TS_STATUS_INFO *info = TS_RESP_get_status_info(resp);
    const ASN1_INTEGER *status = TS_STATUS_INFO_get0_status(info);
    const ASN1_BIT_STRING *bits = TS_STATUS_INFO_get0_failure_info(info);
    const STACK_OF(ASN1_UTF8STRING) *text = TS_STATUS_INFO_get0_text(info);
    const long n = ASN1_INTEGER_get(status);
    CLEANUP(buf_release) struct buf words = BUF_INIT(LIMIT_MESSAGE);
    if (n == TS_STATUS_GRANTED || n == TS_STATUS_GRANTED_WITH_MODS) {
        return true;
    }
    for (size_t i = 0; bits && i < NITEMS(failures); i++) {
        if (ASN1_BIT_STRING_get_bit(bits, failures[i].bit)) {
            buf_printf(&words, ": %s", failures[i].text);
        }
    }
    for (int i = 0; text && i < sk_ASN1_UTF8STRING_num(text) && i < 4; i++) {
        const ASN1_UTF8STRING *t = sk_ASN1_UTF8STRING_value(text, i);
        buf_puts(&words, ": ");
        str_vis(&words, (const char *)ASN1_STRING_get0_data(t), (size_t)ASN1_STRING_length(t),
                LIMIT_VALUE_SHOWN);
    }
    return err_set(err, ERR_CA, "the TSA refused to stamp (status %ld)%s", n, buf_text(&words));
}

bool tsp_reply_check(struct span request, struct span reply, const struct trust *trust, int64_t now,
                     struct err *err)
{
    const unsigned char *p = request.p;
    TS_REQ *req = d2i_TS_REQ(NULL, &p, (long)request.n);
    TS_RESP *resp = read_reply(reply);
    PKCS7 *token = resp ? TS_RESP_get_token(resp) : NULL;
    X509 *self = token ? signer_of(token) : NULL;
    TS_VERIFY_CTX *ctx = context(trust, self, now);
    bool ok = false;
    if (!resp) {
        err_set(err, ERR_CA, "the TSA's answer is not a timestamp reply");
    } else if (!is_granted(resp, err)) {
        ok = false;
    } else if (req && TS_REQ_to_TS_VERIFY_CTX(req, ctx)) {
        /* the conversion clears the store that was there */
        (void)TS_VERIFY_CTX_set_store(ctx, trust_store(trust, self, now));
        (void)TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE);
        ok = TS_RESP_verify_response(ctx, resp) == 1;
        if (!ok) {
            err_crypto(err, ERR_CA, "the TSA's answer is not the timestamp that was asked for");
        } else if (!digest_is_strong(token)) {
            ok = err_set(err, ERR_CA, "the TSA signs with a digest that proves nothing");
        }
    } else {
        err_crypto(err, ERR_INTERNAL, "a timestamp request cannot be read back");
    }
    TS_VERIFY_CTX_free(ctx);
    TS_RESP_free(resp);
    TS_REQ_free(req);
    return ok;
}

static const char *integer_hex(struct arena *a, const ASN1_INTEGER *i)
{
    BIGNUM *n = ASN1_INTEGER_to_BN(i, NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    const char *copy = hex ? arena_strdup(a, hex) : NULL;
    OPENSSL_free(hex);
    BN_free(n);
    return copy;
}

static int64_t token_time(const ASN1_GENERALIZEDTIME *t)
{
    struct tm tm;
    int64_t out = TIME_NONE;
    if (ASN1_TIME_to_tm(t, &tm) != 1 ||
        !time_civil(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday,
                    (unsigned)tm.tm_hour, (unsigned)tm.tm_min, (unsigned)tm.tm_sec, &out)) {
        return TIME_NONE;
    }
    return out;
}

/* What the token says, not yet believed. False: it cannot be read. */
static bool describe(struct arena *a, PKCS7 *token, X509 *signer, struct tsp_stamp *out)
{
    struct err err = ERR_INIT;
    char policy[80];
    TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(token);
    TS_MSG_IMPRINT *imprint = info ? TS_TST_INFO_get_msg_imprint(info) : NULL;
    X509_ALGOR *alg = imprint ? TS_MSG_IMPRINT_get_algo(imprint) : NULL;
    int nid = alg ? OBJ_obj2nid(alg->algorithm) : NID_undef;
    if (alg) {
        out->time = token_time(TS_TST_INFO_get_time(info));
        out->serial = integer_hex(a, TS_TST_INFO_get_serial(info));
        out->hash = str_lower(a, nid == NID_undef ? "unknown" : OBJ_nid2sn(nid));
        (void)OBJ_obj2txt(policy, sizeof policy, TS_TST_INFO_get_policy_id(info), 1);
        out->policy = arena_strdup(a, policy);
    }
    TS_TST_INFO_free(info);
    if (!alg || out->time == TIME_NONE) {
        fault_crypto(&out->faults, FAULT_FORM, "the token does not say when it was made");
        return false;
    }
    if (!trust_cert(a, signer, &out->certificate, &err)) {
        fault_add(&out->faults, FAULT_FORM, "the certificate of the TSA: %s", err.msg);
        return false;
    }
    out->tsa = dn_text(a, &out->certificate.subject);
    out->read = true;
    if (!trust_digest_is_strong(nid) || !digest_is_strong(token)) {
        fault_add(&out->faults, FAULT_ALGORITHM, "it rests on a digest that proves nothing");
    }
    return true;
}

/* Everything but the path: structure, imprint, signature, ESSCertID, purposes. */
static bool check_token(PKCS7 *token, X509 *signer, struct span data, struct faults *f)
{
    TS_VERIFY_CTX *ctx = context(NULL, signer, 0);
    BIO *bio = BIO_new_mem_buf(data.p, (int)data.n);
    (void)TS_VERIFY_CTX_set_data(ctx, bio); /* freed with the context */
    (void)TS_VERIFY_CTX_add_flags(ctx, TS_VFY_VERSION | TS_VFY_DATA | TS_VFY_SIGNATURE);
    bool ok = TS_RESP_verify_token(ctx, token) == 1;
    unsigned long reason = ERR_peek_error();
    if (!ok) {
        enum fault_kind kind = ERR_GET_REASON(reason) == TS_R_CERTIFICATE_VERIFY_ERROR
                                   ? FAULT_PURPOSE
                                   : FAULT_SIGNATURE;
        if (kind == FAULT_PURPOSE) {
            ERR_clear_error();
            fault_add(f, kind,
                      "the certificate is not one of a TSA: it needs the extended key "
                      "usage timeStamping, critical and alone");
        } else {
            fault_crypto(f, kind, "it is not a timestamp over these bytes");
        }
    }
    TS_VERIFY_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

static void check_path(PKCS7 *token, X509 *signer, const struct trust *trust, int64_t now,
                       struct tsp_stamp *out)
{
    const struct stack_st_X509 *others = PKCS7_type_is_signed(token) ? token->d.sign->cert : NULL;
    struct faults at_now = {.arena = out->faults.arena};
    out->pinned = trust_path(trust, signer, others, TRUST_TIMESTAMPING, now, &at_now);
    if (!out->pinned && fault_has(&at_now, FAULT_EXPIRED)) {
        struct faults then = {.arena = out->faults.arena};
        out->pinned = trust_path(trust, signer, others, TRUST_TIMESTAMPING, out->time, &then);
        out->expired_since = out->pinned;
    }
    if (!out->pinned) {
        fault_add(&out->faults, at_now.v[0].kind, "the certificate of the TSA (%s): %s", out->tsa,
                  at_now.v[0].text);
    }
}

bool tsp_verify(struct arena *a, struct span token, struct span data, const struct trust *trust,
                int64_t now, struct tsp_stamp *out)
{
    *out = (struct tsp_stamp){.time = TIME_NONE, .faults = {.arena = a}};
    PKCS7 *p7 = read_token(token);
    X509 *signer = p7 ? signer_of(p7) : NULL;
    if (!p7) {
        fault_add(&out->faults, FAULT_FORM, "it is not a timestamp token (RFC 3161)");
    } else if (!signer) {
        fault_add(&out->faults, FAULT_FORM, "it does not hold the certificate of its TSA");
    } else if (describe(a, p7, signer, out) && check_token(p7, signer, data, &out->faults) &&
               trust) {
        check_path(p7, signer, trust, now, out);
    }
    PKCS7_free(p7);
    return out->faults.n == 0;
}
