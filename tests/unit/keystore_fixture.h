/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of key stores and the interop writer share: a chain root <- intermediate <- leaf
 * for a key, made with libcrypto's own X.509 code, and the corpus index. Include after cmocka.h.
 */
#ifndef TESTS_UNIT_KEYSTORE_FIXTURE_H
#define TESTS_UNIT_KEYSTORE_FIXTURE_H

#include "formats/base/arena.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/key.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct key leaf_key, intermediate_key, root_key;
    struct span leaf, chain[2]; /* DER: intermediate, root */
};

static inline struct secret fixture_secret(const char *text)
{
    struct secret s = SECRET_INIT;
    secret_set(&s, text, strlen(text));
    return s;
}

static inline void fixture_ext(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    if (!ext || X509_add_ext(x, ext, -1) != 1) {
        abort();
    }
    X509_EXTENSION_free(ext);
}

static inline struct span fixture_cert(const char *subject, const struct key *key,
                                       const char *issuer, const struct key *signer, bool ca)
{
    static long serial = 1000;
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    unsigned char *der = NULL;
    const EVP_MD *md = signer->type == KEY_ED25519 ? NULL : EVP_sha256();
    (void)X509_set_version(x, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), 90L * 86400);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1,
                                     -1, 0);
    X509_NAME *other = X509_NAME_new();
    (void)X509_NAME_add_entry_by_txt(other, "CN", MBSTRING_UTF8, (const unsigned char *)issuer, -1,
                                     -1, 0);
    (void)X509_set_issuer_name(x, other);
    X509_NAME_free(other);
    (void)X509_set_pubkey(x, key->pkey);
    fixture_ext(x, NID_basic_constraints, ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (X509_sign(x, signer->pkey, md) <= 0) {
        abort();
    }
    int n = i2d_X509(x, &der);
    X509_free(x);
    return (struct span){der, (size_t)n};
}

static inline void fixture_make(struct fixture *f, enum key_type type)
{
    struct err err = ERR_INIT;
    *f = (struct fixture){.leaf_key = KEY_INIT, .intermediate_key = KEY_INIT, .root_key = KEY_INIT};
    if (!key_generate(type, &f->leaf_key, &err) ||
        !key_generate(KEY_EC_P256, &f->intermediate_key, &err) ||
        !key_generate(KEY_EC_P256, &f->root_key, &err)) {
        abort();
    }
    f->leaf = fixture_cert("www.example.com", &f->leaf_key, "Test Issuing CA", &f->intermediate_key,
                           false);
    f->chain[0] =
        fixture_cert("Test Issuing CA", &f->intermediate_key, "Test Root", &f->root_key, true);
    f->chain[1] = fixture_cert("Test Root", &f->root_key, "Test Root", &f->root_key, true);
}

static inline void fixture_free_span(struct span s)
{
    union {
        const uint8_t *in;
        void *out;
    } u = {.in = s.p};
    OPENSSL_free(u.out);
}

static inline void fixture_release(struct fixture *f)
{
    key_release(&f->leaf_key);
    key_release(&f->intermediate_key);
    key_release(&f->root_key);
    fixture_free_span(f->leaf);
    fixture_free_span(f->chain[0]);
    fixture_free_span(f->chain[1]);
}

static inline struct span fixture_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    struct span none = {NULL, 0};
    if (!f) {
        return none;
    }
    uint8_t *p = arena_alloc(a, 1 << 20);
    size_t n = fread(p, 1, 1 << 20, f);
    (void)fclose(f);
    return (struct span){p, n};
}

/* A PFX as libcrypto writes it, its chain in the wrong order: root first. */
static inline struct span fixture_pfx(const struct fixture *f, int key_nid, int cert_nid, int iter,
                                      int mac_iter, const char *pw, const char *name)
{
    const unsigned char *p = f->leaf.p;
    X509 *leaf = d2i_X509(NULL, &p, (long)f->leaf.n);
    STACK_OF(X509) *ca = sk_X509_new_null();
    for (size_t i = 2; i-- > 0;) {
        p = f->chain[i].p;
        sk_X509_push(ca, d2i_X509(NULL, &p, (long)f->chain[i].n));
    }
    PKCS12 *p12 =
        PKCS12_create(pw, name, f->leaf_key.pkey, leaf, ca, key_nid, cert_nid, iter, mac_iter, 0);
    unsigned char *der = NULL;
    int n = p12 ? i2d_PKCS12(p12, &der) : -1;
    if (n <= 0) {
        abort();
    }
    PKCS12_free(p12);
    X509_free(leaf);
    sk_X509_pop_free(ca, X509_free);
    return (struct span){der, (size_t)n};
}

/* One row of tests/corpora/<source>/INDEX.tsv. */
struct corpus_row {
    const char *source, *file, *kind, *password, *verdict, *why, *sha256;
};

static inline size_t fixture_rows(struct arena *a, const char *source, const char *kind,
                                  struct corpus_row *rows, size_t max)
{
    struct span text = fixture_file(a, arena_printf(a, "tests/corpora/%s/INDEX.tsv", source));
    char *copy = text.p ? arena_strndup(a, (const char *)text.p, text.n) : NULL;
    size_t n = 0;
    for (char *line = copy; line && *line;) {
        char *end = strchr(line, '\n');
        char *field[7] = {NULL};
        size_t fields = 0;
        if (end) {
            *end = '\0';
        }
        for (char *p = line; p && fields < NITEMS(field); fields++) {
            field[fields] = strsep(&p, "\t");
        }
        if (fields == NITEMS(field) && str_eq(field[1], kind) && n < max) {
            const char *password = str_eq(field[2], "(empty string)") ? "" : field[2];
            rows[n++] = (struct corpus_row){source,   field[0], field[1], password,
                                            field[3], field[4], field[6]};
        }
        line = end ? end + 1 : NULL;
    }
    return n;
}

/* The bytes of a row, proven unedited. */
static inline struct span fixture_row_bytes(struct arena *a, const struct corpus_row *row)
{
    char hex[SHA256_HEX];
    struct span bytes =
        fixture_file(a, arena_printf(a, "tests/corpora/%s/%s", row->source, row->file));
    sha256_hex(bytes.p, bytes.n, hex);
    return strncmp(hex, row->sha256, strlen(row->sha256)) == 0 ? bytes : (struct span){NULL, 0};
}

#endif
