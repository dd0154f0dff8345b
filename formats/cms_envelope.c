/* SPDX-License-Identifier: Apache-2.0
 *
 * See cms_envelope.h: sealing and opening, by OpenSSL. Who can receive is cms_recipient.c.
 */
#include "formats/cms_envelope.h"

#include <limits.h>
#include <string.h>

#include <openssl/pem.h> /* first: cms.h declares its PEM functions only behind it */

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

static void cms_free(CMS_ContentInfo **c)
{
    CMS_ContentInfo_free(*c);
}

static void bio_free(BIO **b)
{
    BIO_free_all(*b);
}

static void x509_free(X509 **x)
{
    X509_free(*x);
}

/* --- sealing --- */

static bool set_oaep(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0;
}

static bool set_kdf(EVP_PKEY_CTX *ctx)
{
    return EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
}

/* One row a kind of key that can be encrypted to; every other kind cannot. */
static const struct wrapping {
    const char *key; /* as OpenSSL names it */
    bool (*set)(EVP_PKEY_CTX *ctx);
} wrappings[] = {{"RSA", set_oaep}, {"EC", set_kdf}};

static const struct wrapping *wrapping_of(const X509 *x)
{
    const EVP_PKEY *key = x ? X509_get0_pubkey(x) : NULL;
    for (size_t i = 0; key && i < NITEMS(wrappings); i++) {
        if (EVP_PKEY_is_a(key, wrappings[i].key)) {
            return &wrappings[i];
        }
    }
    return NULL;
}

static bool add_recipient(CMS_ContentInfo *cms, struct span der, struct err *err)
{
    const unsigned char *p = der.p;
    CLEANUP(x509_free) X509 *x = d2i_X509(NULL, &p, (long)der.n);
    const struct wrapping *w = wrapping_of(x);
    if (!w) {
        return err_crypto(err, ERR_INPUT, "nothing can be encrypted to the key of a recipient");
    }
    CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, x, CMS_KEY_PARAM);
    EVP_PKEY_CTX *ctx = ri ? CMS_RecipientInfo_get0_pkey_ctx(ri) : NULL;
    return (ctx && w->set(ctx)) ||
           err_crypto(err, ERR_INTERNAL, "a recipient cannot be added to the envelope");
}

static bool take_bio(BIO *from, struct buf *out, struct err *err)
{
    char *data = NULL;
    const long n = BIO_get_mem_data(from, &data);
    buf_add(out, data, n > 0 ? (size_t)n : 0);
    return !buf_failed(out) || err_set(err, ERR_INPUT, "the content of the envelope is too long");
}

bool cms_seal(struct span plain, const struct span *certs, size_t n, struct buf *out,
              struct err *err)
{
    if (n == 0 || n > CMS_RECIPIENTS_MAX || plain.n > CMS_PLAIN_MAX) {
        return err_set(err, ERR_INPUT, "an envelope has 1 to %d recipients and at most %d bytes",
                       CMS_RECIPIENTS_MAX, CMS_PLAIN_MAX);
    }
    CLEANUP(cms_free)
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL);
    CLEANUP(bio_free) BIO *in = BIO_new_mem_buf(plain.p ? (const void *)plain.p : "", (int)plain.n);
    CLEANUP(bio_free) BIO *der = BIO_new(BIO_s_mem());
    if (!cms || !in || !der) {
        return err_crypto(err, ERR_INTERNAL, "no envelope can be made");
    }
    for (size_t i = 0; i < n; i++) {
        if (!add_recipient(cms, certs[i], err)) {
            return false;
        }
    }
    if (CMS_final(cms, in, NULL, CMS_BINARY) != 1 || i2d_CMS_bio(der, cms) != 1) {
        return err_crypto(err, ERR_INTERNAL, "the envelope cannot be closed");
    }
    return take_bio(der, out, err);
}

/* --- opening --- */

static CMS_ContentInfo *parse(struct span input)
{
    CLEANUP(bio_free) BIO *in = BIO_new_mem_buf(input.p, (int)input.n);
    static const char mark[] = "-----BEGIN ";
    const bool pem = input.n >= sizeof mark && memcmp(input.p, mark, sizeof mark - 1) == 0;
    return !in ? NULL : pem ? PEM_read_bio_CMS(in, NULL, NULL, NULL) : d2i_CMS_bio(in, NULL);
}

static bool is_envelope(const CMS_ContentInfo *cms)
{
    const int nid = OBJ_obj2nid(CMS_get0_type(cms));
    return nid == NID_id_smime_ct_authEnvelopedData || nid == NID_pkcs7_enveloped;
}

bool cms_open(struct span input, const struct key *key, struct span cert, struct buf *plain,
              struct err *err)
{
    if (input.n == 0 || input.n > INT_MAX) {
        return err_set(err, ERR_INPUT, "not a CMS envelope");
    }
    CLEANUP(cms_free) CMS_ContentInfo *cms = parse(input);
    if (!cms || !is_envelope(cms)) {
        ERR_clear_error();
        return err_set(err, ERR_INPUT, "not a CMS envelope");
    }
    const unsigned char *p = cert.p;
    CLEANUP(x509_free) X509 *x = cert.p ? d2i_X509(NULL, &p, (long)cert.n) : NULL;
    /* what such a BIO held is wiped by OpenSSL when it grows or goes */
    CLEANUP(bio_free) BIO *out = BIO_new(BIO_s_mem());
    if (!out || (cert.p && !x)) {
        return err_crypto(err, ERR_INPUT, "the certificate cannot be used");
    }
    if (CMS_decrypt(cms, key->pkey, x, NULL, out, CMS_BINARY) != 1) {
        ERR_clear_error(); /* which of the reasons it is, is nobody's business who has no key */
        err_set(err, ERR_INPUT,
                "the envelope does not open: it was made for others, or it was changed");
        err_hint(err, "`openssl cms -cmsout -print -inform DER -in FILE` names its recipients");
        return false;
    }
    return take_bio(out, plain, err);
}
