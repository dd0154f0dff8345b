/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates for the server of http_server.h and for its clients, made when the test runs, with
 * libcrypto's own X.509 code. Include after http_fixture.h.
 */
#ifndef TESTS_UNIT_HTTP_TLS_FIXTURE_H
#define TESTS_UNIT_HTTP_TLS_FIXTURE_H

#include "formats/key.h"
#include "formats/keystore.h"
#include "tests/unit/http_fixture.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

struct made {
    struct key key;
    X509 *x;
    struct buf der;
};

/* How a certificate is made; zeros make a good one for 127.0.0.1. */
struct making {
    const char *subject, *san;
    const struct made *issuer; /* NULL = self-signed */
    bool ca, client;
    int64_t from, until; /* seconds from now; 0 = an hour ago, in a day */
};

static inline void made_ext(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(x, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static inline void made_name(X509_NAME *name, const char *cn)
{
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0),
        1);
}

static inline void make(struct made *out, const struct making *how)
{
    static long serial = 1000;
    struct err err = ERR_INIT;
    unsigned char *der = NULL;
    *out = (struct made){.key = KEY_INIT, .x = X509_new(), .der = BUF_INIT(65536)};
    X509 *x = out->x;
    assert_true(key_generate(KEY_EC_P256, &out->key, &err));
    const EVP_PKEY *const signer = how->issuer ? how->issuer->key.pkey : out->key.pkey;
    assert_int_equal(X509_set_version(x, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), how->from ? (long)how->from : -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), how->until ? (long)how->until : 86400);
    made_name(X509_get_subject_name(x), how->subject);
    assert_int_equal(
        X509_set_issuer_name(x, X509_get_subject_name(how->issuer ? how->issuer->x : x)), 1);
    assert_int_equal(X509_set_pubkey(x, out->key.pkey), 1);
    made_ext(x, NID_basic_constraints, how->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!how->ca) {
        made_ext(x, NID_ext_key_usage, how->client ? "clientAuth" : "serverAuth");
        made_ext(x, NID_subject_alt_name, how->san ? how->san : "IP:127.0.0.1,DNS:localhost");
    }
    assert_true(X509_sign(x, (EVP_PKEY *)(uintptr_t)signer, EVP_sha256()) > 0);
    const int n = i2d_X509(x, &der);
    assert_true(n > 0);
    buf_add(&out->der, der, (size_t)n);
    OPENSSL_free(der);
}

static inline void made_release(struct made *m)
{
    key_release(&m->key);
    X509_free(m->x);
    buf_release(&m->der);
}

/* --- files --- */
static inline void link_cert(struct link *l, const char *name, const struct made *m)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    cert_pem(&pem, buf_span(&m->der));
    link_file(l, name, buf_span(&pem));
}

UNUSED static void link_key(struct link *l, const char *name, const struct made *m)
{
    CLEANUP(buf_wipe) struct buf pem = BUF_INIT(65536);
    key_pem(&m->key, &pem);
    link_file(l, name, buf_span(&pem));
}

/* --- the two ends --- */
struct pki {
    struct made root, server, other_root, client;
};

static inline void pki_make(struct pki *p)
{
    make(&p->root, &(struct making){.subject = "Test Root", .ca = true});
    make(&p->other_root, &(struct making){.subject = "Other Root", .ca = true});
    make(&p->server, &(struct making){.subject = "server", .issuer = &p->root});
    make(&p->client, &(struct making){.subject = "client", .issuer = &p->root, .client = true});
}

static inline void pki_release(struct pki *p)
{
    made_release(&p->root);
    made_release(&p->other_root);
    made_release(&p->server);
    made_release(&p->client);
}

static inline SSL_CTX *tls_server(const struct made *m)
{
    SSL_CTX *c = SSL_CTX_new(TLS_server_method());
    assert_non_null(c);
    assert_int_equal(SSL_CTX_use_certificate(c, m->x), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(c, m->key.pkey), 1);
    return c;
}

/* The server asks for a certificate of this root, and takes no other. */
UNUSED static void tls_demand(SSL_CTX *c, const struct made *root)
{
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(c), root->x), 1);
    assert_int_equal(SSL_CTX_add_client_CA(c, root->x), 1);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    assert_int_equal(SSL_CTX_set_session_id_context(c, (const unsigned char *)"t", 1), 1);
}

#endif
