/* SPDX-License-Identifier: Apache-2.0
 *
 * formats/issue.h: certificates of every key kind read back by our parser and verified by the
 * openssl command with -x509_strict, refusals, and the checks of an issuer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/fs.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOON = 1795262400 }; /* 2026-11-21T12:00:00Z */
static const int64_t start = NOON;

struct made {
    struct key key;
    struct cert cert;
};

struct ca {
    struct arena arena;
    struct made root, issuing;
};

static struct span name_of(struct arena *a, const char *cn, const struct san_value *san, size_t n,
                           struct span *san_der)
{
    struct err err = ERR_INIT;
    const struct dn_value dn[] = {{"O", "Example"}, {"CN", cn}};
    const struct x509_names names = {.subject = dn, .nsubject = cn ? 2 : 0, .san = san, .nsan = n};
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    assert_true(x509_put_dn(&der, &names, &err));
    struct span out = {arena_memdup(a, der.p, der.n), der.n};
    if (san_der) {
        buf_reset(&der);
        assert_true(x509_put_san(&der, &names, &err));
        *san_der = (struct span){arena_memdup(a, der.p, der.n), der.n};
    }
    return out;
}

static const uint8_t serial[16] = {0x41, 0xff, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x90};

static void make(struct arena *a, enum key_type type, const struct made *by,
                 struct issue_parts parts, struct made *out)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    if (!out->key.pkey) {
        out->key = (struct key)KEY_INIT;
        assert_true(key_generate(type, &out->key, &err));
    }
    parts.spki = buf_span(&out->key.spki);
    parts.serial = parts.serial.n ? parts.serial : (struct span){serial, sizeof serial};
    parts.not_before = parts.not_before ? parts.not_before : start;
    parts.not_after = parts.not_after ? parts.not_after : start + DAY_SECONDS - 1;
    if (!issue_certificate(by ? &by->key : &out->key, by ? &by->cert : NULL, &parts, &der, &err)) {
        fail_msg("%s", err.msg);
    }
    struct span bytes = {arena_memdup(a, der.p, der.n), der.n};
    assert_true(cert_parse(a, bytes, &out->cert, &err));
}

static void make_ca(struct ca *ca, enum key_type type)
{
    *ca = (struct ca){.arena = ARENA_INIT};
    make(&ca->arena, type, NULL,
         (struct issue_parts){.profile = &issue_root,
                              .subject = name_of(&ca->arena, "Root", NULL, 0, NULL)},
         &ca->root);
    make(&ca->arena, type, &ca->root,
         (struct issue_parts){.profile = &issue_issuing,
                              .subject = name_of(&ca->arena, "Issuing", NULL, 0, NULL)},
         &ca->issuing);
}

static void free_ca(struct ca *ca)
{
    key_release(&ca->root.key);
    key_release(&ca->issuing.key);
    arena_release(&ca->arena);
}

static void write_pem(const char *dir, const char *name, const struct cert *cert)
{
    struct err err = ERR_INIT;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    cert_pem(&pem, cert->der);
    assert_true(fs_write_atomic(path_join(&a, dir, name), buf_span(&pem), 0600, &err));
}

/* The outside proof: another program builds and checks the path, strictly. */
static void openssl_accepts(const struct ca *ca, const struct cert *leaf, const char *purpose)
{
    char dir[] = "/tmp/t_issue.XXXXXX";
    char command[512];
    assert_non_null(mkdtemp(dir));
    write_pem(dir, "root.pem", &ca->root.cert);
    write_pem(dir, "issuing.pem", &ca->issuing.cert);
    write_pem(dir, "leaf.pem", leaf);
    (void)snprintf(command, sizeof command,
                   "cd %s && openssl verify -x509_strict -attime %lld -purpose %s -CAfile root.pem "
                   "-untrusted issuing.pem leaf.pem >out 2>&1; rc=$?; [ $rc = 0 ] || cat out >&2; "
                   "rm -rf %s; exit $rc",
                   dir, (long long)start + 60, purpose, dir);
    assert_int_equal(system(command), 0);
}

static const struct x509_ext *ext(const struct cert *c, const char *oid)
{
    return x509_ext_find(c->exts, c->nexts, oid);
}

static const struct san_value sans[] = {
    {GN_DNS, "www.example.com"}, {GN_IP, "192.0.2.7"}, {GN_IP, "2001:db8::7"}};

static void every_key_kind(void **state UNUSED)
{
    for (int type = KEY_RSA_2048; type < KEY_TYPE__MAX; type++) {
        struct ca ca;
        struct made leaf = {0};
        struct span san;
        if (type == KEY_RSA_3072 || type == KEY_RSA_4096) {
            continue; /* the same code as 2048, and slow to generate */
        }
        make_ca(&ca, (enum key_type)type);
        struct span subject = name_of(&ca.arena, "www.example.com", sans, NITEMS(sans), &san);
        make(&ca.arena, (enum key_type)type, &ca.issuing,
             (struct issue_parts){.profile = &issue_tls_server,
                                  .subject = subject,
                                  .san = san,
                                  .crl_url = "http://crl.example.com/crl.der",
                                  .issuer_url = "http://crl.example.com/issuing.cer"},
             &leaf);
        struct err err = ERR_INIT;
        assert_true(cert_verify(&leaf.cert, &ca.issuing.cert, &err));
        assert_false(cert_verify(&leaf.cert, &ca.root.cert, &err));
        assert_true(cert_issued_by(&leaf.cert, &ca.issuing.cert));
        assert_true(key_matches_spki(&leaf.key, leaf.cert.key.sha256));
        openssl_accepts(&ca, &leaf.cert, "sslserver");
        key_release(&leaf.key);
        free_ca(&ca);
    }
}

static void what_a_leaf_says(void **state UNUSED)
{
    struct ca ca;
    struct made leaf = {0};
    struct span san;
    make_ca(&ca, KEY_EC_P256);
    struct span subject = name_of(&ca.arena, "www.example.com", sans, NITEMS(sans), &san);
    make(&ca.arena, KEY_RSA_2048, &ca.issuing,
         (struct issue_parts){.profile = &issue_tls_server, .subject = subject, .san = san}, &leaf);
    const struct cert *c = &leaf.cert;
    assert_int_equal(c->version, 3);
    assert_string_equal(c->serial_hex, "41FF030405060708090A0B0C0D0E0F90");
    assert_int_equal(c->not_before, start);
    assert_int_equal(c->not_after, start + DAY_SECONDS - 1);
    assert_false(c->is_ca);
    assert_int_equal(c->san.n, 3);
    assert_string_equal(c->san.v[0].text, "www.example.com");
    assert_string_equal(c->san.v[2].text, "2001:db8::7");
    assert_true(span_eq(c->authority_key_id, ca.issuing.cert.subject_key_id));
    assert_int_equal(c->subject_key_id.n, 20);
    assert_false(ext(c, OID_SAN)->critical);
    /* RSA: digitalSignature and keyEncipherment, 5 unused bits (X.690 11.2.2) */
    static const uint8_t usage_rsa[] = {3, 2, 5, 0xa0};
    assert_int_equal(ext(c, OID_KEY_USAGE)->value.n, sizeof usage_rsa);
    assert_memory_equal(ext(c, OID_KEY_USAGE)->value.p, usage_rsa, sizeof usage_rsa);
    assert_true(ext(c, OID_KEY_USAGE)->critical);
    assert_null(ext(c, "2.5.29.31"));
    key_release(&leaf.key);

    leaf = (struct made){0};
    make(&ca.arena, KEY_EC_P256, &ca.issuing,
         (struct issue_parts){.profile = &issue_tls_client,
                              .subject = name_of(&ca.arena, NULL, NULL, 0, NULL),
                              .san = san},
         &leaf);
    static const uint8_t usage_ec[] = {3, 2, 7, 0x80};
    assert_memory_equal(ext(&leaf.cert, OID_KEY_USAGE)->value.p, usage_ec, sizeof usage_ec);
    assert_true(ext(&leaf.cert, OID_SAN)->critical); /* the subject is empty */
    openssl_accepts(&ca, &leaf.cert, "sslclient");
    key_release(&leaf.key);
    free_ca(&ca);
}

static void what_a_ca_says(void **state UNUSED)
{
    struct ca ca;
    make_ca(&ca, KEY_EC_P256);
    assert_true(ca.root.cert.is_ca && ca.issuing.cert.is_ca);
    assert_int_equal(ca.root.cert.path_len, 1);
    assert_int_equal(ca.issuing.cert.path_len, 0);
    assert_true(cert_self_issued(&ca.root.cert));
    static const uint8_t usage[] = {3, 2, 1, 0x06};
    assert_memory_equal(ext(&ca.issuing.cert, OID_KEY_USAGE)->value.p, usage, sizeof usage);
    free_ca(&ca);
}

/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime after. */
static void dates(void **state UNUSED)
{
    struct ca ca;
    struct made leaf = {0};
    int64_t last;
    make_ca(&ca, KEY_EC_P256);
    assert_true(time_civil(2049, 12, 31, 23, 59, 59, &last));
    for (int64_t end = last; end <= last + 1; end++) {
        make(&ca.arena, KEY_EC_P256, &ca.issuing,
             (struct issue_parts){.profile = &issue_tls_server,
                                  .subject = name_of(&ca.arena, "x.example", NULL, 0, NULL),
                                  .not_after = end},
             &leaf);
        assert_int_equal(leaf.cert.not_after, end);
        assert_int_equal(memmem(leaf.cert.tbs.p, leaf.cert.tbs.n, "20500101000000Z", 15) != NULL,
                         end > last);
        assert_int_equal(memmem(leaf.cert.tbs.p, leaf.cert.tbs.n, "491231235959Z", 13) != NULL,
                         end == last);
    }
    key_release(&leaf.key);
    free_ca(&ca);
}

static void refusals(void **state UNUSED)
{
    struct ca ca;
    static const uint8_t zeros[4] = {0};
    static const uint8_t long_serial[21] = {1};
    static const uint8_t high_serial[20] = {0x80};
    static const uint8_t empty_name[] = {0x30, 0};
    static const uint8_t no_key[] = {0x30, 0};
    make_ca(&ca, KEY_EC_P256);
    const struct issue_parts good = {.profile = &issue_tls_server,
                                     .serial = {serial, sizeof serial},
                                     .subject = ca.root.cert.subject.der,
                                     .spki = buf_span(&ca.root.key.spki),
                                     .not_before = start,
                                     .not_after = start};
    struct issue_parts bad[7];
    for (size_t i = 0; i < NITEMS(bad); i++) {
        bad[i] = good;
    }
    bad[0].serial = (struct span){zeros, sizeof zeros};
    bad[1].serial = (struct span){long_serial, sizeof long_serial};
    bad[2].serial = (struct span){high_serial, sizeof high_serial}; /* 21 octets once signed */
    bad[3].serial = (struct span){zeros, 0};
    bad[4].not_after = start - 1;
    bad[5].subject = (struct span){empty_name, sizeof empty_name};
    bad[6].spki = (struct span){no_key, sizeof no_key};
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    for (size_t i = 0; i < NITEMS(bad); i++) {
        struct err err = ERR_INIT;
        assert_false(issue_certificate(&ca.issuing.key, &ca.issuing.cert, &bad[i], &der, &err));
        assert_true(err.msg[0] != '\0');
    }
    struct err err = ERR_INIT;
    buf_reset(&der);
    assert_true(issue_certificate(&ca.issuing.key, &ca.issuing.cert, &good, &der, &err));
    free_ca(&ca);
}

static void issuers(void **state UNUSED)
{
    struct ca ca;
    struct made leaf = {0};
    struct err err = ERR_INIT;
    make_ca(&ca, KEY_EC_P256);
    make(&ca.arena, KEY_EC_P256, &ca.issuing,
         (struct issue_parts){.profile = &issue_tls_server,
                              .subject = name_of(&ca.arena, "x.example", NULL, 0, NULL)},
         &leaf);
    const struct cert *issuing = &ca.issuing.cert;
    assert_true(issuer_check(issuing, &ca.issuing.key, start, 0, &err));
    assert_true(issuer_check(issuing, &ca.issuing.key, issuing->not_after, 0, &err));
    assert_true(issuer_check(&ca.root.cert, &ca.root.key, start, 1, &err));
    static const struct {
        const char *message;
        int64_t shift;
        int below;
        bool leaf, other_key;
    } rows[] = {
        {"not a CA certificate", 0, 0, true, false}, {"path length", 0, 1, false, false},
        {"expired", DAY_SECONDS, 0, false, false},   {"not valid before", -1, 0, false, false},
        {"does not belong", 0, 0, false, true},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct err why = ERR_INIT;
        assert_false(issuer_check(rows[i].leaf ? &leaf.cert : issuing,
                                  rows[i].other_key ? &ca.root.key
                                  : rows[i].leaf    ? &leaf.key
                                                    : &ca.issuing.key,
                                  start + rows[i].shift, rows[i].below, &why));
        assert_non_null(strstr(why.msg, rows[i].message));
    }
    key_release(&leaf.key);
    free_ca(&ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_kind), cmocka_unit_test(what_a_leaf_says),
        cmocka_unit_test(what_a_ca_says), cmocka_unit_test(dates),
        cmocka_unit_test(refusals),       cmocka_unit_test(issuers),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
