/* SPDX-License-Identifier: Apache-2.0
 *
 * A small PKI for signatures and timestamps, made by the openssl program: root, issuing CA, signers
 * of three kinds of key, a server's certificate, a TSA, and a TSA that answers through
 * `openssl ts -reply`. Include after the cmocka headers.
 *
 *     pki_make(&p) ... pki_remove(&p)
 *     pki_set_up, pki_tear_down     the same for `pki`, of suites that need nothing else
 */
#ifndef TESTS_UNIT_SEAL_FIXTURE_H
#define TESTS_UNIT_SEAL_FIXTURE_H

#include "formats/key.h"
#include "formats/signer.h"
#include "formats/trust.h"
#include "formats/tsp.h"
#include "tests/unit/corpus.h"

struct pki {
    struct arena arena;
    const char *dir, *log;
};

static inline const char *pki_path(struct pki *p, const char *name)
{
    return path_join(&p->arena, p->dir, name);
}

static inline struct span pki_file(struct pki *p, const char *name)
{
    return corpus_read(&p->arena, pki_path(p, name));
}

static inline void pki_openssl(struct pki *p, const char *const *argv)
{
    if (run_program(p->log, argv) != 0) {
        struct span said = corpus_read(&p->arena, p->log);
        fail_msg("%s", arena_strndup(&p->arena, (const char *)said.p, said.n));
    }
}
#define OPENSSL(p, ...) pki_openssl(p, (const char *const[]){"openssl", __VA_ARGS__, NULL})

/* name.key and name.pem; issuer NULL: self-signed. */
static inline void pki_cert(struct pki *p, const char *name, const char *issuer, const char *curve,
                            const char *ext)
{
    struct arena *a = &p->arena;
    const char *key = pki_path(p, arena_printf(a, "%s.key", name));
    const char *csr = pki_path(p, arena_printf(a, "%s.csr", name));
    const char *pem = pki_path(p, arena_printf(a, "%s.pem", name));
    const char *exts = temp_write(a, p->dir, arena_printf(a, "%s.ext", name),
                                  (struct span){(const uint8_t *)ext, strlen(ext)});
    const char *ca = pki_path(p, arena_printf(a, "%s.pem", issuer ? issuer : name));
    const char *ca_key = pki_path(p, arena_printf(a, "%s.key", issuer ? issuer : name));
    if (curve) {
        OPENSSL(p, "genpkey", "-algorithm", "EC", "-pkeyopt",
                arena_printf(a, "ec_paramgen_curve:%s", curve), "-out", key);
    } else {
        OPENSSL(p, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key);
    }
    OPENSSL(p, "req", "-new", "-key", key, "-subj", arena_printf(a, "/O=Example/CN=%s", name),
            "-out", csr);
    if (issuer) {
        OPENSSL(p, "x509", "-req", "-in", csr, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
                "-days", "30", "-extfile", exts, "-out", pem);
    } else {
        OPENSSL(p, "x509", "-req", "-in", csr, "-signkey", key, "-days", "3650", "-extfile", exts,
                "-out", pem);
    }
}

#define PKI_CA      "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
#define PKI_SIGNER  "keyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.36\n"
#define PKI_TSA     "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
#define PKI_SERVER  "keyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
#define PKI_ENCRYPT "keyUsage=critical,keyEncipherment\n"
#define PKI_TSA_CONF                                                                               \
    "[tsa]\ndefault_tsa = t\n[t]\nserial = %s/serial\nsigner_digest = sha256\n"                    \
    "default_policy = 1.3.6.1.4.1.99999.1\nother_policies = 1.3.6.1.4.1.99999.2\n"                 \
    "digests = sha256, sha384, sha512\naccuracy = secs:1\nordering = yes\ntsa_name = yes\n"        \
    "ess_cert_id_chain = no\ness_cert_id_alg = sha256\n"

static inline void pki_make(struct pki *p)
{
    static const struct {
        const char *name, *issuer, *curve, *ext;
    } certs[] = {
        {"root", NULL, "P-256", PKI_CA},        {"sub", "root", "P-256", PKI_CA},
        {"other", NULL, "P-256", PKI_CA},       {"rsa", "sub", NULL, PKI_SIGNER},
        {"p256", "sub", "P-256", PKI_SIGNER},   {"p384", "sub", "P-384", PKI_SIGNER},
        {"p521", "sub", "P-521", PKI_SIGNER},   {"server", "sub", "P-256", PKI_SERVER},
        {"encrypt", "sub", NULL, PKI_ENCRYPT},  {"tsa", "root", "P-256", PKI_TSA},
        {"odd-tsa", "other", "P-256", PKI_TSA},
    };
    *p = (struct pki){0};
    p->dir = temp_make(&p->arena);
    p->log = pki_path(p, "log");
    for (size_t i = 0; i < NITEMS(certs); i++) {
        pki_cert(p, certs[i].name, certs[i].issuer, certs[i].curve, certs[i].ext);
    }
    const char *conf = arena_printf(&p->arena, PKI_TSA_CONF, p->dir);
    (void)temp_write(&p->arena, p->dir, "tsa.cnf",
                     (struct span){(const uint8_t *)conf, strlen(conf)});
    (void)temp_write(&p->arena, p->dir, "serial", (struct span){(const uint8_t *)"01\n", 3});
}

static inline void pki_remove(struct pki *p)
{
    temp_remove(p->dir);
    arena_release(&p->arena);
}

static struct pki pki; /* of the suite */

UNUSED static int pki_set_up(void **unused)
{
    (void)unused;
    pki_make(&pki);
    return 0;
}

UNUSED static int pki_tear_down(void **unused)
{
    (void)unused;
    pki_remove(&pki);
    return 0;
}

/* The signer's certificate, and the issuing CA's as chain. */
static inline struct signer *pki_signer(struct pki *p, const char *name)
{
    CLEANUP(key_release) struct key key = KEY_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct signer *s = NULL;
    struct span leaf = pki_file(p, arena_printf(&p->arena, "%s.pem", name));
    struct span sub = pki_file(p, "sub.pem");
    buf_add(&pem, leaf.p, leaf.n);
    buf_add(&pem, sub.p, sub.n);
    assert_true(key_read(pki_file(p, arena_printf(&p->arena, "%s.key", name)), NULL, &key, &err));
    if (!signer_open(name, buf_span(&pem), key.pkey, time_now(), &s, &err)) {
        fail_msg("%s", err.msg);
    }
    return s;
}

/* What `make` makes with that signer; lives in p. */
typedef bool pki_maker(const struct signer *s, struct buf *out, struct err *err);
static inline struct span pki_made(struct pki *p, const char *signer, pki_maker *make)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct signer *s = pki_signer(p, signer);
    if (!make(s, &out, &err)) {
        fail_msg("%s", err.msg);
    }
    signer_free(s);
    return (struct span){arena_memdup(&p->arena, out.p, out.n), out.n};
}

static inline struct trust *pki_trust(struct pki *p, const char *file)
{
    struct err err = ERR_INIT;
    struct trust *t;
    if (!trust_read(file, pki_file(p, file), &t, &err)) {
        fail_msg("%s", err.msg);
    }
    return t;
}

/* The answer of the TSA whose certificate is name.pem. */
static inline struct span pki_stamp(struct pki *p, const char *name, struct span request)
{
    const char *query = temp_write(&p->arena, p->dir, "query.tsq", request);
    const char *reply = pki_path(p, "reply.tsr");
    OPENSSL(p, "ts", "-reply", "-config", pki_path(p, "tsa.cnf"), "-queryfile", query, "-signer",
            pki_path(p, arena_printf(&p->arena, "%s.pem", name)), "-inkey",
            pki_path(p, arena_printf(&p->arena, "%s.key", name)), "-chain",
            pki_path(p, str_eq(name, "odd-tsa") ? "other.pem" : "root.pem"), "-out", reply);
    return corpus_read(&p->arena, reply);
}

/* A bare token of that TSA over data. */
static inline struct span pki_token(struct pki *p, const char *name, struct span data)
{
    CLEANUP(buf_release) struct buf request = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf token = BUF_INIT(65536);
    struct err err = ERR_INIT;
    assert_true(tsp_request(data, "sha256", NULL, &request, &err));
    assert_true(tsp_token(pki_stamp(p, name, buf_span(&request)), &token, &err));
    return (struct span){arena_memdup(&p->arena, token.p, token.n), token.n};
}

static inline bool has_fault(const struct faults *f, enum fault_kind kind)
{
    return fault_has(f, kind);
}

#endif
