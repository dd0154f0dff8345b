/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates: every certificate of the corpora against libcrypto's reading of it, files that
 * wrap certificates, chains in any order, hostile bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/time.h"
#include "formats/cert.h"
#include "formats/kind.h"
#include "formats/pkcs7.h"
#include "tests/unit/corpus.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* --- the corpora --- */

/* Where reading differs from libcrypto's on purpose. */
static const struct {
    const char *file, *why;
} unreadable[] = {
    {"cert/invalid_version.pem", "version 8 does not exist; libcrypto stores it"},
    {"cert/long-form-name-attribute.pem", "a tag number above 30; libcrypto refuses it as well"},
};

/* libcrypto gives this one up; we read it so that the linter can say what is wrong. */
static const char only_ours[] = "cert/invalid_utf8_common_name.pem";

/* The reason libcrypto had must be visible to us, too. */
static void check_flagged(const struct cert *c)
{
    const struct dn_attr *cn = dn_find(&c->subject, "CN");
    assert_true(cn && cn->malformed);
}

static bool is_unreadable(const char *file)
{
    for (size_t i = 0; i < NITEMS(unreadable); i++) {
        if (str_eq(unreadable[i].file, file)) {
            return true;
        }
    }
    return false;
}

static int64_t seconds_of(const ASN1_TIME *t)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0;
    int seconds = 0;
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch, t), 1);
    ASN1_TIME_free(epoch);
    return (int64_t)days * DAY_SECONDS + seconds;
}

static void compare_name(const struct dn *dn, const X509_NAME *name)
{
    assert_int_equal(dn->n, X509_NAME_entry_count(name));
    for (size_t i = 0; i < dn->n; i++) {
        const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, (int)i);
        unsigned char *utf8 = NULL;
        char oid[128];
        (void)OBJ_obj2txt(oid, sizeof oid, X509_NAME_ENTRY_get_object(e), 1);
        assert_string_equal(dn->v[i].oid, oid);
        int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(e));
        if (n >= 0 && !dn->v[i].malformed) {
            assert_int_equal(dn->v[i].text_n, n);
            assert_memory_equal(dn->v[i].text, utf8, (size_t)n);
        }
        assert_true(n >= 0 || dn->v[i].malformed); /* what libcrypto cannot convert is flagged */
        OPENSSL_free(utf8);
    }
}

static void compare_serial(const struct cert *c, const X509 *x)
{
    BIGNUM *bn = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
    char *hex = BN_bn2hex(bn);
    assert_false(BN_is_negative(bn)); /* none in the corpora */
    assert_string_equal(BN_is_zero(bn) ? "00" : hex, c->serial_hex);
    OPENSSL_free(hex);
    BN_free(bn);
}

static void compare_san(const struct cert *c, X509 *x)
{
    int critical = -1;
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, &critical, NULL);
    assert_int_equal(c->has_san, critical != -1);
    if (!names) {
        return;
    }
    assert_false(c->san_malformed);
    assert_int_equal(c->san.n, sk_GENERAL_NAME_num(names));
    for (size_t i = 0; i < c->san.n; i++) {
        const GENERAL_NAME *gn = sk_GENERAL_NAME_value(names, (int)i);
        const struct general_name *ours = &c->san.v[i];
        assert_int_equal(ours->type, gn->type); /* both number by RFC 5280's tags */
        if (ours->type == GN_DNS || ours->type == GN_EMAIL || ours->type == GN_URI) {
            assert_int_equal(ours->text_n, ASN1_STRING_length(gn->d.ia5));
            assert_memory_equal(ours->text, ASN1_STRING_get0_data(gn->d.ia5), ours->text_n);
        }
    }
    GENERAL_NAMES_free(names);
}

static void compare_key(const struct cert *c, const X509 *x)
{
    struct err err = ERR_INIT;
    EVP_PKEY *theirs = X509_get0_pubkey(x);
    EVP_PKEY *ours = spki_public_key(&c->key, &err);
    assert_int_equal(theirs != NULL, ours != NULL);
    if (ours) {
        assert_int_equal(EVP_PKEY_eq(theirs, ours), 1);
        assert_true(c->key.alg != KEY_ALG_RSA || (int)c->key.bits == EVP_PKEY_get_bits(theirs));
    }
    EVP_PKEY_free(ours);
}

static void compare_cert(const struct cert *c, X509 *x)
{
    struct err err = ERR_INIT;
    assert_int_equal(kind_of(c->der), KIND_CERT);
    assert_int_equal(c->version, X509_get_version(x) + 1);
    compare_serial(c, x);
    compare_name(&c->issuer, X509_get_issuer_name(x));
    compare_name(&c->subject, X509_get_subject_name(x));
    assert_int_equal(c->not_before, seconds_of(X509_get0_notBefore(x)));
    assert_int_equal(c->not_after, seconds_of(X509_get0_notAfter(x)));
    assert_int_equal(c->nexts, X509_get_ext_count(x));
    compare_san(c, x);
    compare_key(c, x);
    BASIC_CONSTRAINTS *bc = X509_get_ext_d2i(x, NID_basic_constraints, NULL, NULL);
    assert_int_equal(c->is_ca, bc && bc->ca);
    BASIC_CONSTRAINTS_free(bc);
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
    assert_int_equal(c->subject_key_id.n, ski ? ASN1_STRING_length(ski) : 0);
    if (cert_self_issued(c)) {
        EVP_PKEY *key = X509_get0_pubkey(x);
        assert_int_equal(cert_verify(c, c, &err), key && X509_verify(x, key) == 1);
    }
    ERR_clear_error();
}

struct counts {
    const char *source;
    size_t certs, refused;
};

static X509 *libcrypto_reads(struct span pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return x;
}

static void cert_row(struct arena *a, char *const *f, void *ctx)
{
    struct counts *counts = ctx;
    if (!str_starts(f[0], "cert/")) {
        return;
    }
    struct span bytes = corpus_read(a, arena_printf(a, CORPORA "%s/%s", counts->source, f[0]));
    X509 *x = libcrypto_reads(bytes);
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n = 0;
    bool read = certs_read(a, f[0], bytes, &certs, &n, &err);
    if (read == is_unreadable(f[0])) {
        fail_msg("%s: %s", f[0], read ? "was read" : err.msg);
    }
    assert_true(x || !read || str_eq(f[0], only_ours));
    if (read) {
        assert_true(n >= 1);
        if (x) {
            compare_cert(&certs[0], x);
        } else {
            check_flagged(&certs[0]);
        }
        counts->certs++;
    } else {
        counts->refused++;
    }
    X509_free(x);
    ERR_clear_error();
}

static void test_every_certificate_of_the_corpora_is_read_as_libcrypto_reads_it(void **state)
{
    (void)state;
    static const char *const sources[] = {"openssl", "pyca-cryptography", "rustcrypto-formats"};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct counts c = {0};
    for (size_t i = 0; i < NITEMS(sources); i++) {
        c.source = sources[i];
        corpus_tsv(&a, arena_printf(&a, CORPORA "%s/INDEX.tsv", sources[i]), cert_row, &c);
    }
    assert_int_equal(c.refused, NITEMS(unreadable));
    assert_int_equal(c.certs + c.refused, 55);
}

/* --- a small PKI made by openssl --- */

enum { ROOT, ISSUING, SUB, LEAF, OTHER, PKI_SIZE };
struct pki {
    struct arena arena;
    const char *dir, *log;
    const char *file[PKI_SIZE]; /* PEM */
    struct cert cert[PKI_SIZE];
};

static struct cert read_one(struct arena *a, const char *path)
{
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n;
    if (!certs_read(a, path, corpus_read(a, path), &certs, &n, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(n, 1);
    return certs[0];
}

static void make_cert(struct pki *p, size_t i, const char *name, size_t issuer, const char *ext)
{
    const char *key = arena_printf(&p->arena, "%s/%s.key", p->dir, name);
    const char *csr = arena_printf(&p->arena, "%s/%s.csr", p->dir, name);
    const char *subject = arena_printf(&p->arena, "/CN=%s", name);
    const char *exts = arena_printf(&p->arena, "%s/ext", p->dir);
    (void)temp_write(&p->arena, p->dir, "ext", (struct span){(const uint8_t *)ext, strlen(ext)});
    p->file[i] = arena_printf(&p->arena, "%s/%s.pem", p->dir, name);
    assert_int_equal(RUN(p->log, "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", csr, "-subj",
                         subject),
                     0);
    if (issuer == i) {
        assert_int_equal(RUN(p->log, "openssl", "x509", "-req", "-in", csr, "-signkey", key, "-out",
                             p->file[i], "-days", "10", "-extfile", exts),
                         0);
    } else {
        const char *ca_key =
            arena_printf(&p->arena, "%.*s.key", (int)strlen(p->file[issuer]) - 4, p->file[issuer]);
        assert_int_equal(RUN(p->log, "openssl", "x509", "-req", "-in", csr, "-CA", p->file[issuer],
                             "-CAkey", ca_key, "-CAcreateserial", "-out", p->file[i], "-days", "10",
                             "-extfile", exts),
                         0);
    }
    p->cert[i] = read_one(&p->arena, p->file[i]);
}

static int make_pki(void **state)
{
    static struct pki p;
    static const char ca[] = "basicConstraints=critical,CA:TRUE,pathlen:3\n"
                             "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
    p.dir = temp_make(&p.arena);
    p.log = path_join(&p.arena, p.dir, "log");
    make_cert(&p, ROOT, "root", ROOT, ca);
    make_cert(&p, ISSUING, "issuing", ROOT, ca);
    make_cert(&p, SUB, "sub", ISSUING, ca);
    make_cert(&p, LEAF, "leaf", SUB,
              "subjectAltName=DNS:a.example\nauthorityKeyIdentifier=keyid\n");
    make_cert(&p, OTHER, "other", OTHER, ca);
    *state = &p;
    return 0;
}

static int drop_pki(void **state)
{
    struct pki *p = *state;
    temp_remove(p->dir);
    arena_release(&p->arena);
    return 0;
}

static void test_who_issued_whom(void **state)
{
    const struct pki *p = *state;
    struct err err = ERR_INIT;
    for (size_t i = 0; i < PKI_SIZE; i++) {
        for (size_t k = 0; k < PKI_SIZE; k++) {
            bool issued = (i == k && (i == ROOT || i == OTHER)) || (i == ISSUING && k == ROOT) ||
                          (i == SUB && k == ISSUING) || (i == LEAF && k == SUB);
            assert_int_equal(cert_issued_by(&p->cert[i], &p->cert[k]), issued);
            assert_int_equal(cert_verify(&p->cert[i], &p->cert[k], &err), issued);
        }
        assert_int_equal(cert_self_issued(&p->cert[i]), i == ROOT || i == OTHER);
    }
    assert_int_equal(p->cert[ROOT].path_len, 3);
    assert_true(p->cert[ROOT].is_ca);
    assert_int_equal(p->cert[LEAF].path_len, -1);
    assert_int_equal(p->cert[LEAF].authority_key_id.n, 20);
    assert_true(span_eq(p->cert[LEAF].authority_key_id, p->cert[SUB].subject_key_id));
}

static void test_chains_in_any_order(void **state)
{
    const struct pki *p = *state;
    static const struct {
        size_t bag[6], n, used;
        bool whole;
    } cases[] = {
        {{ROOT, ISSUING, SUB}, 3, 3, true},
        {{SUB, ISSUING, ROOT}, 3, 3, true},
        {{ISSUING, LEAF, ROOT, SUB, LEAF, SUB}, 6, 3, true}, /* copies do not count */
        {{SUB, ISSUING}, 2, 2, true},                        /* the root may be missing */
        {{ISSUING, ROOT}, 2, 0, false},                      /* the sub CA may not */
        {{SUB, ROOT}, 2, 1, false},
        {{SUB, ISSUING, OTHER}, 3, 2, false},
        {{SUB, ISSUING, ROOT, OTHER}, 4, 3, true}, /* a stranger behind a whole chain */
        {{LEAF}, 1, 0, true},
        {{0}, 0, 0, true},
    };
    static const size_t order[] = {SUB, ISSUING, ROOT};
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct cert bag[6];
        size_t used = 99;
        for (size_t k = 0; k < cases[i].n; k++) {
            bag[k] = p->cert[cases[i].bag[k]];
        }
        assert_int_equal(chain_order(&p->cert[LEAF], bag, cases[i].n, &used), cases[i].whole);
        assert_int_equal(used, cases[i].used);
        for (size_t k = 0; k < used; k++) {
            assert_true(span_eq(bag[k].der, p->cert[order[k]].der));
        }
    }
}

/* Two CAs of one name: the key identifier tells them apart, else the signature does. */
static void test_namesakes(void **state)
{
    const struct pki *p = *state;
    struct cert twin = p->cert[OTHER];
    twin.subject = p->cert[SUB].subject;
    assert_false(cert_issued_by(&p->cert[LEAF], &twin));
    twin.subject_key_id = (struct span){0};
    assert_true(cert_issued_by(&p->cert[LEAF], &twin));
    for (size_t first = 0; first < 2; first++) {
        struct cert bag[2];
        size_t used;
        bag[first] = twin;
        bag[1 - first] = p->cert[SUB];
        (void)chain_order(&p->cert[LEAF], bag, 2, &used);
        assert_int_equal(used, 1);
        assert_true(span_eq(bag[0].der, p->cert[SUB].der));
    }
}

/* --- files --- */

static void test_wrappings(void **state)
{
    const struct pki *p = *state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n;
    const char *out = arena_printf(&a, "%s/out", p->dir);
    static const char *const forms[] = {"PEM", "DER"};
    for (size_t i = 0; i < NITEMS(forms); i++) { /* PKCS#7 made by openssl */
        assert_int_equal(RUN(p->log, "openssl", "crl2pkcs7", "-nocrl", "-certfile", p->file[LEAF],
                             "-certfile", p->file[SUB], "-outform", forms[i], "-out", out),
                         0);
        assert_true(certs_read(&a, out, corpus_read(&a, out), &certs, &n, &err));
        assert_int_equal(n, 2);
        assert_true(span_eq(certs[0].der, p->cert[LEAF].der));
        assert_true(span_eq(certs[1].der, p->cert[SUB].der));
    }
    assert_int_equal(RUN(p->log, "openssl", "x509", "-in", p->file[LEAF], "-trustout", "-addtrust",
                         "serverAuth", "-out", out),
                     0);
    assert_true(span_eq(read_one(&a, out).der, p->cert[LEAF].der));
    /* key and certificates in one file: the key is skipped */
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    const char *key = arena_printf(&a, "%s/leaf.key", p->dir);
    struct span key_pem = corpus_read(&a, key);
    buf_add(&b, key_pem.p, key_pem.n);
    cert_pem(&b, p->cert[LEAF].der);
    cert_pem(&b, p->cert[SUB].der);
    assert_true(certs_read(&a, "x", buf_span(&b), &certs, &n, &err));
    assert_int_equal(n, 2);
    /* a damaged second block is an error at its line, not a shorter list */
    uint32_t line = 1;
    char *second = strstr(strstr(b.p, "-----BEGIN CERTIFICATE") + 1, "-----BEGIN CERTIFICATE");
    second[strlen("-----BEGIN CERTIFICATE-----\n") + 10] = '!';
    for (const char *s = b.p; s < second; s++) {
        line += *s == '\n';
    }
    assert_false(certs_read(&a, "bundle.pem", buf_span(&b), &certs, &n, &err));
    assert_string_equal(err.file, "bundle.pem");
    assert_int_equal(err.line, line + 1);
    assert_false(certs_read(&a, key, key_pem, &certs, &n, &err));
    assert_false(certs_read(&a, "x", (struct span){0}, &certs, &n, &err));
}

/* Version 1 looks much like a request; "openssl x509 -req" without extensions makes one. */
static void test_a_version_1_certificate(void **state)
{
    const struct pki *p = *state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *file = arena_printf(&a, "%s/v1.der", p->dir);
    assert_int_equal(RUN(p->log, "openssl", "x509", "-req", "-in",
                         arena_printf(&a, "%s/leaf.csr", p->dir), "-signkey",
                         arena_printf(&a, "%s/leaf.key", p->dir), "-outform", "DER", "-out", file),
                     0);
    assert_int_equal(kind_of(corpus_read(&a, file)), KIND_CERT);
    struct cert c = read_one(&a, file);
    assert_int_equal(c.version, 1);
    assert_int_equal(c.nexts, 0);
}

static void test_pkcs7_satisfies_openssl(void **state)
{
    const struct pki *p = *state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    struct err err = ERR_INIT;
    const struct span chain[] = {p->cert[LEAF].der, p->cert[SUB].der, p->cert[ISSUING].der,
                                 p->cert[ROOT].der};
    assert_true(pkcs7_write(chain, NITEMS(chain), &der, &err));
    pem_write(&pem, "PKCS7", buf_span(&der));
    const char *file = temp_write(&a, p->dir, "chain.p7b", buf_span(&pem));
    const char *out = arena_printf(&a, "%s/certs", p->dir);
    assert_int_equal(RUN(out, "openssl", "pkcs7", "-in", file, "-print_certs"), 0);
    struct cert *certs;
    size_t n;
    assert_true(certs_read(&a, out, corpus_read(&a, out), &certs, &n, &err));
    assert_int_equal(n, NITEMS(chain));
    for (size_t i = 0; i < n; i++) {
        assert_true(span_eq(certs[i].der, chain[i]));
    }
    assert_true(certs_read(&a, file, buf_span(&pem), &certs, &n, &err));
    assert_int_equal(n, NITEMS(chain));
    CLEANUP(buf_release) struct buf none = BUF_INIT(100);
    assert_true(pkcs7_write(NULL, 0, &none, &err));
    assert_false(certs_read(&a, "empty", buf_span(&none), &certs, &n, &err));
    CLEANUP(buf_release) struct buf small = BUF_INIT(500);
    assert_false(pkcs7_write(chain, NITEMS(chain), &small, &err));
}

static void test_size_limit(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert c;
    uint8_t *big = xcalloc(LIMIT_CERT_BYTES + 1, 1);
    assert_false(cert_parse(&a, (struct span){big, LIMIT_CERT_BYTES + 1}, &c, &err));
    assert_non_null(strstr(err.msg, "at most"));
    assert_false(cert_parse(&a, (struct span){big, LIMIT_CERT_BYTES}, &c, &err));
    assert_null(strstr(err.msg, "at most"));
    free(big);
}

/* --- hostile bytes --- */

static void mutate_cert(struct span in, uint64_t *seed)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n;
    struct span m = mutate(in, seed);
    if (certs_read(&a, "x", m, &certs, &n, &err)) {
        for (size_t i = 0; i < n; i++) {
            assert_non_null(certs[i].serial_hex);
            assert_non_null(dn_text(&a, &certs[i].subject));
            (void)!cert_issued_by(&certs[i], &certs[0]);
        }
    } else {
        assert_int_equal(err.code, ERR_INPUT);
    }
    void *p = (void *)(uintptr_t)m.p;
    free(p);
}

static void mutate_row(struct arena *corpus, char *const *f, void *ctx)
{
    struct counts *c = ctx;
    uint64_t seed = 7 + c->certs;
    struct pem pem;
    if (!str_starts(f[0], "cert/")) {
        return;
    }
    struct span in = corpus_read(corpus, arena_printf(corpus, CORPORA "%s/%s", c->source, f[0]));
    assert_true(pem_parse(corpus, in, &pem));
    for (unsigned i = 0; i < 60; i++) {
        mutate_cert(i % 4 ? pem.v[0].der : in, &seed); /* mostly DER, sometimes the armor */
    }
    c->certs++;
}

static void test_mutations_of_the_corpora(void **state)
{
    const struct pki *p = *state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf p7 = BUF_INIT(65536);
    struct counts c = {.source = "openssl"};
    struct err err = ERR_INIT;
    corpus_tsv(&a, CORPORA "openssl/INDEX.tsv", mutate_row, &c);
    c.source = "pyca-cryptography";
    corpus_tsv(&a, CORPORA "pyca-cryptography/INDEX.tsv", mutate_row, &c);
    assert_true(c.certs >= 50);
    const struct span chain[] = {p->cert[LEAF].der, p->cert[SUB].der};
    assert_true(pkcs7_write(chain, NITEMS(chain), &p7, &err));
    uint64_t seed = 99;
    for (unsigned i = 0; i < 1000; i++) {
        mutate_cert(buf_span(&p7), &seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_certificate_of_the_corpora_is_read_as_libcrypto_reads_it),
        cmocka_unit_test(test_who_issued_whom),
        cmocka_unit_test(test_chains_in_any_order),
        cmocka_unit_test(test_namesakes),
        cmocka_unit_test(test_wrappings),
        cmocka_unit_test(test_a_version_1_certificate),
        cmocka_unit_test(test_pkcs7_satisfies_openssl),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_mutations_of_the_corpora),
    };
    return !!cmocka_run_group_tests(tests, make_pki, drop_pki);
}
