/* SPDX-License-Identifier: Apache-2.0
 *
 * CRLs: ours checked by the openssl program, the samples of boulder read with the reason their
 * index states, the words for reasons, hostile bytes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/time.h"
#include "formats/crl.h"
#include "formats/kind.h"
#include "tests/unit/corpus.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/x509.h>

static const int64_t this_update = 1795219200; /* 2026-11-21T00:00:00Z */
static const int64_t next_update = 1795824000;

static const struct crl_entry entries[] = {
    {"01", 1795219100, REASON_KEY_COMPROMISE, TIME_NONE},
    {"00FF", 1795219101, REASON_NONE, TIME_NONE},
    {"7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", 1795219102, REASON_SUPERSEDED, 1795219000},
    {"8A", 1795219103, REASON_UNSPECIFIED, TIME_NONE},
    {"0B0C", 2524608000, REASON_AA_COMPROMISE, TIME_NONE}, /* 2050: GeneralizedTime */
};

struct ca {
    struct arena arena;
    const char *dir, *log, *pem; /* the certificate */
    struct key key;
    struct cert cert;
};

/* A CA certificate by openssl, with a key it made. */
static int make_ca(void **state)
{
    static struct ca ca = {.key = KEY_INIT};
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n;
    ca.dir = temp_make(&ca.arena);
    ca.log = path_join(&ca.arena, ca.dir, "log");
    ca.pem = path_join(&ca.arena, ca.dir, "ca.pem");
    const char *key = path_join(&ca.arena, ca.dir, "ca.key");
    assert_int_equal(RUN(ca.log, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                         "ec_paramgen_curve:P-384", "-nodes", "-keyout", key, "-out", ca.pem,
                         "-subj", "/O=Example/CN=CA", "-days", "30"),
                     0);
    assert_true(certs_read(&ca.arena, ca.pem, corpus_read(&ca.arena, ca.pem), &certs, &n, &err));
    ca.cert = certs[0];
    assert_true(key_read(corpus_read(&ca.arena, key), NULL, &ca.key, &err));
    *state = &ca;
    return 0;
}

static int drop_ca(void **state)
{
    struct ca *ca = *state;
    temp_remove(ca->dir);
    key_release(&ca->key);
    arena_release(&ca->arena);
    return 0;
}

static void test_built_crls_satisfy_openssl(void **state)
{
    struct ca *ca = *state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    struct err err = ERR_INIT;
    assert_true(crl_build(&ca->key, &ca->cert, 4711, this_update, next_update, entries,
                          NITEMS(entries), &der, &err));
    pem_write(&pem, "X509 CRL", buf_span(&der));
    const char *file = temp_write(&a, ca->dir, "crl.pem", buf_span(&pem));
    assert_int_equal(RUN(ca->log, "openssl", "crl", "-in", file, "-CAfile", ca->pem, "-noout",
                         "-text", "-crlnumber"),
                     0);
    struct span said = corpus_read(&a, ca->log);
    const char *text = arena_strndup(&a, (const char *)said.p, said.n);
    static const char *const want[] = {"verify OK",
                                       "Version 2 (0x1)",
                                       "ecdsa-with-SHA384",
                                       "Issuer: O = Example, CN = CA",
                                       "Last Update: Nov 21 00:00:00 2026 GMT",
                                       "Next Update: Nov 28 00:00:00 2026 GMT",
                                       "X509v3 Authority Key Identifier",
                                       "crlNumber=0x1267",
                                       "Serial Number: 01\n",
                                       "Serial Number: FF\n",
                                       "Serial Number: 7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                                       "Key Compromise",
                                       "Superseded",
                                       "Invalidity Date",
                                       "Jan  1 00:00:00 2050 GMT"};
    for (size_t i = 0; i < NITEMS(want); i++) {
        if (!strstr(text, want[i])) {
            fail_msg("openssl does not say \"%s\":\n%s", want[i], text);
        }
    }
    assert_null(strstr(text, "Unspecified")); /* BR 7.2.2: reason 0 is left out */
    assert_int_equal(kind_of(buf_span(&der)), KIND_CRL);
    const unsigned char *p = (const unsigned char *)der.p;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n); /* libcrypto would write the same */
    unsigned char *again = NULL;
    assert_int_equal(i2d_X509_CRL(crl, &again), der.n);
    assert_memory_equal(again, der.p, der.n);
    OPENSSL_free(again);
    X509_CRL_free(crl);
}

static void test_built_crls_are_read_back(void **state)
{
    struct ca *ca = *state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct crl crl;
    assert_true(crl_build(&ca->key, &ca->cert, 1, this_update, next_update, entries,
                          NITEMS(entries), &der, &err));
    assert_true(crl_parse(&a, buf_span(&der), &crl, &err));
    assert_true(crl_verify(&crl, &ca->cert, &err));
    assert_true(dn_same(&crl.issuer, &ca->cert.subject));
    assert_int_equal(crl.this_update, this_update);
    assert_int_equal(crl.next_update, next_update);
    assert_string_equal(crl.number_hex, "01");
    assert_int_equal(crl.n, NITEMS(entries));
    static const char *const serials[] = {"01", "FF", "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                                          "8A", "0B0C"};
    for (size_t i = 0; i < crl.n; i++) {
        int reason = entries[i].reason == REASON_UNSPECIFIED ? REASON_NONE : entries[i].reason;
        const struct crl_entry *e = crl_find(&crl, serials[i]);
        assert_non_null(e);
        assert_int_equal(e->revoked, entries[i].revoked);
        assert_int_equal(e->reason, reason);
        assert_int_equal(e->invalidity, entries[i].invalidity);
    }
    assert_null(crl_find(&crl, "02"));
    struct cert renamed = ca->cert; /* the key fits, the name does not */
    renamed.subject = (struct dn){0};
    assert_false(crl_verify(&crl, &renamed, &err));
    der.p[der.n - 1] = (char)(der.p[der.n - 1] ^ 1);
    assert_true(crl_parse(&a, buf_span(&der), &crl, &err));
    assert_false(crl_verify(&crl, &ca->cert, &err));
}

static void test_an_empty_crl_has_no_list(void **state)
{
    struct ca *ca = *state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct crl crl;
    assert_true(
        crl_build(&ca->key, &ca->cert, UINT64_MAX, this_update, next_update, NULL, 0, &der, &err));
    assert_true(crl_parse(&a, buf_span(&der), &crl, &err));
    assert_int_equal(crl.n, 0);
    assert_string_equal(crl.number_hex, "FFFFFFFFFFFFFFFF");
    const unsigned char *p = (const unsigned char *)der.p;
    X509_CRL *theirs = d2i_X509_CRL(NULL, &p, (long)der.n);
    assert_non_null(theirs);
    assert_null(X509_CRL_get_REVOKED(theirs)); /* RFC 5280 5.1.2.6 */
    X509_CRL_free(theirs);
}

static void test_what_cannot_be_built(void **state)
{
    struct ca *ca = *state;
    CLEANUP(key_release) struct key other = KEY_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    struct err err = ERR_INIT;
    assert_true(key_generate(KEY_EC_P384, &other, &err));
    assert_false(crl_build(&other, &ca->cert, 1, this_update, next_update, NULL, 0, &der, &err));
    assert_non_null(strstr(err.msg, "does not belong"));
    static const struct crl_entry bad[] = {
        {"", 0, REASON_NONE, TIME_NONE},    {"XY", 0, REASON_NONE, TIME_NONE},
        {"ABC", 0, REASON_NONE, TIME_NONE}, {"01", 0, 7, TIME_NONE},
        {"01", 0, 11, TIME_NONE},
    };
    for (size_t i = 0; i < NITEMS(bad); i++) {
        buf_reset(&der);
        assert_false(
            crl_build(&ca->key, &ca->cert, 1, this_update, next_update, &bad[i], 1, &der, &err));
        assert_non_null(strstr(err.msg, "CRL entry 1"));
    }
}

static void crl_row(struct arena *a, char *const *f, void *ctx)
{
    size_t *rows = ctx;
    static const char prefix[] = "entry reasonCode ";
    struct err err = ERR_INIT;
    struct crl crl;
    int reason;
    if (!str_eq(f[1], "crl")) {
        return;
    }
    struct span bytes = corpus_read(a, arena_printf(a, CORPORA "boulder/%s", f[0]));
    if (!crl_parse(a, bytes, &crl, &err)) {
        fail_msg("%s: %s", f[0], err.msg);
    }
    assert_true(str_starts(f[4], prefix));
    assert_true(revocation_reason_parse(f[4] + strlen(prefix), &reason));
    assert_int_equal(crl.n, 1);
    assert_int_equal(crl.v[0].reason, reason);
    assert_true(crl.this_update < crl.next_update);
    ++*rows;
}

static void test_crls_of_the_corpora(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t rows = 0;
    corpus_tsv(&a, CORPORA "boulder/INDEX.tsv", crl_row, &rows);
    assert_int_equal(rows, 6);
}

static void test_reason_words(void **state)
{
    (void)state;
    static const struct {
        const char *camel, *kebab, *number;
        int reason;
    } words[] = {
        {"unspecified", "unspecified", "0", 0},
        {"keyCompromise", "key-compromise", "1", 1},
        {"cACompromise", "ca-compromise", "2", 2},
        {"affiliationChanged", "affiliation-changed", "3", 3},
        {"superseded", "superseded", "4", 4},
        {"cessationOfOperation", "cessation-of-operation", "5", 5},
        {"certificateHold", "certificate-hold", "6", 6},
        {"removeFromCRL", "remove-from-crl", "8", 8},
        {"privilegeWithdrawn", "privilege-withdrawn", "9", 9},
        {"aACompromise", "aa-compromise", "10", 10},
    };
    int r;
    for (size_t i = 0; i < NITEMS(words); i++) {
        assert_true(revocation_reason_parse(words[i].camel, &r) && r == words[i].reason);
        assert_true(revocation_reason_parse(words[i].kebab, &r) && r == words[i].reason);
        assert_true(revocation_reason_parse(words[i].number, &r) && r == words[i].reason);
        assert_string_equal(revocation_reason_name(words[i].reason), words[i].camel);
        assert_true(revocation_reason_known(words[i].reason));
    }
    static const char *const bad[] = {
        "",     "7",         "11", "-1", "01", "keycompromise", "KeyCompromise", "key_compromise",
        "none", "compromise"};
    for (size_t i = 0; i < NITEMS(bad); i++) {
        assert_false(revocation_reason_parse(bad[i], &r));
    }
    assert_false(revocation_reason_known(7));
    assert_true(revocation_reason_known(REASON_NONE));
}

static void test_mutations(void **state)
{
    struct ca *ca = *state;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    struct err err = ERR_INIT;
    uint64_t seed = 4242;
    size_t read = 0;
    assert_true(crl_build(&ca->key, &ca->cert, 1, this_update, next_update, entries,
                          NITEMS(entries), &der, &err));
    for (unsigned i = 0; i < 4000; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct span m = mutate(buf_span(&der), &seed);
        struct crl crl;
        if (crl_parse(&a, m, &crl, &err)) {
            read++;
            assert_true(crl.n <= NITEMS(entries));
        } else {
            assert_int_equal(err.code, ERR_INPUT);
        }
        void *p = (void *)(uintptr_t)m.p;
        free(p);
    }
    assert_true(read > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_crls_satisfy_openssl),
        cmocka_unit_test(test_built_crls_are_read_back),
        cmocka_unit_test(test_an_empty_crl_has_no_list),
        cmocka_unit_test(test_what_cannot_be_built),
        cmocka_unit_test(test_crls_of_the_corpora),
        cmocka_unit_test(test_reason_words),
        cmocka_unit_test(test_mutations),
    };
    return !!cmocka_run_group_tests(tests, make_ca, drop_ca);
}
