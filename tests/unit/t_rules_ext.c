/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules ext.*: both severities of a rule, dates, kinds of CA, requests against certificates,
 * places; and the decoders they stand on. The requests are made here, one extension at a time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"
#include "tests/unit/work_fixture.h"

/* An extension to ask for; value in hexadecimal. */
struct wish {
    const char *oid, *value;
    bool critical;
};

static void put_wish(struct arena *a, struct buf *out, const struct wish *w)
{
    const size_t n = strlen(w->value);
    uint8_t *value = arena_alloc(a, n / 2 + 1);
    assert_true(hex_decode(w->value, n, value));
    size_t m = der_open(out, DER_SEQUENCE);
    der_put_oid(out, w->oid);
    if (w->critical) {
        der_put(out, DER_BOOLEAN, (struct span){(const uint8_t *)"\xff", 1});
    }
    der_put(out, DER_OCTET_STRING, (struct span){value, n / 2});
    der_close(out, m);
}

/* The subject and key of a sample with other extensions. The signature is not valid: no rule of
 * this file looks at it. */
static struct csr *csr_of(struct arena *a, const char *sample, const struct wish *w, size_t n)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_CSR_BYTES);
    const struct csr *base = read_csr(a, arena_printf(a, SAMPLES "%s", sample));
    size_t all = der_open(&out, DER_SEQUENCE);
    size_t info = der_open(&out, DER_SEQUENCE);
    der_put_uint(&out, 0);
    buf_add(&out, base->subject.der.p, base->subject.der.n);
    buf_add(&out, base->key.der.p, base->key.der.n);
    size_t attributes = der_open(&out, DER_CONTEXT_CONSTRUCTED(0));
    size_t attribute = der_open(&out, DER_SEQUENCE);
    der_put_oid(&out, "1.2.840.113549.1.9.14");
    size_t set = der_open(&out, DER_SET);
    size_t list = der_open(&out, DER_SEQUENCE);
    for (size_t i = 0; i < n; i++) {
        put_wish(a, &out, &w[i]);
    }
    der_close(&out, list);
    der_close(&out, set);
    der_close(&out, attribute);
    der_close(&out, attributes);
    der_close(&out, info);
    buf_add(&out, base->sig_algorithm.p, base->sig_algorithm.n);
    der_put_bits(&out, base->signature);
    der_close(&out, all);
    struct csr *csr = arena_alloc(a, sizeof *csr);
    csr_parse(a, (struct span){arena_memdup(a, buf_text(&out), out.n), out.n}, csr);
    assert_true(csr->usable);
    assert_int_equal(csr->nexts, n);
    return csr;
}

static const char *const rsa = "good-rsa.pem";
static const char *const ec = "good.pem";

/* What a rule says about a request with up to two extensions. */
struct ask {
    const char *level, *key;
    struct wish wish[2];
    const char *rule;
    enum severity severity;
    const char *ca_type, *product, *date, *settings;
};

static enum severity verdict(const struct ask *c)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct policy *p = policy_of_level(&a, work, c->level, c->settings ? c->settings : "");
    struct subject s = {.kind = SUBJECT_ORDER,
                        .id = "sample",
                        .file = "sample.batch.yaml",
                        .action = "new",
                        .ca_type = c->ca_type,
                        .ca_public = true,
                        .product = c->product,
                        .key_file_mode = -1,
                        .order_date = JUDGED_AT};
    enum severity severity = SEV_DISABLED;
    assert_true(!c->date || time_parse_any(c->date, &s.order_date));
    s.csr = csr_of(&a, c->key, c->wish, c->wish[1].oid ? 2 : 1);
    (void)fires(p, &s, c->rule, &severity);
    policy_free(p);
    return severity;
}

static void judge_all(const struct ask *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const enum severity got = verdict(&cases[i]);
        if (got != cases[i].severity) {
            fail_msg("case %zu: %s of %s in %s: %s", i, cases[i].rule, cases[i].wish[0].value,
                     cases[i].level, severity_name(got));
        }
    }
}

#define KU(hex)                                                                                    \
    {                                                                                              \
        OID_KEY_USAGE, hex, true                                                                   \
    }
#define EKU(hex)                                                                                   \
    {                                                                                              \
        OID_EXT_KEY_USAGE, hex, false                                                              \
    }
/* id-kp purposes: 1 serverAuth, 2 clientAuth, 3 codeSigning, 4 emailProtection */
#define KP(n)  "06082b0601050507030" #n
#define ONE(n) "300a" KP(n)

static void test_key_usage(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct ask cases[] = {
        /* digitalSignature; keyEncipherment; both */
        {"tls", rsa, {KU("03020780")}, .rule = "ext.ku.rsa", .severity = SEV_DISABLED},
        {"tls", rsa, {KU("03020520")}, .rule = "ext.ku.rsa", .severity = SEV_WARNING},
        {"tls", rsa, {KU("030205a0")}, .rule = "ext.ku.rsa", .severity = SEV_DISABLED},
        /* with dataEncipherment, nonRepudiation; none at all; decipherOnly in a second octet */
        {"tls", rsa, {KU("030204b0")}, .rule = "ext.ku.rsa", .severity = SEV_WARNING},
        {"tls", rsa, {KU("030206c0")}, .rule = "ext.ku.rsa", .severity = SEV_ERROR},
        {"tls", rsa, {KU("030100")}, .rule = "ext.ku.rsa", .severity = SEV_ERROR},
        {"tls", rsa, {KU("0303078080")}, .rule = "ext.ku.rsa", .severity = SEV_ERROR},
        {"tls", ec, {KU("030206c0")}, .rule = "ext.ku.rsa", .severity = SEV_DISABLED},
        {"private", rsa, {KU("030206c0")}, .rule = "ext.ku.rsa", .severity = SEV_DISABLED},
        /* before the table of BR 2.0.0 */
        {"tls", rsa, {KU("030206c0")}, .rule = "ext.ku.rsa", .severity = SEV_DISABLED,
         .date = "2023-09-14T23:59:59Z"},
        {"tls", rsa, {KU("030206c0")}, .rule = "ext.ku.rsa", .severity = SEV_ERROR,
         .date = "2023-09-15"},

        {"tls", ec, {KU("03020780")}, .rule = "ext.ku.ec", .severity = SEV_DISABLED},
        {"tls", ec, {KU("03020388")}, .rule = "ext.ku.ec", .severity = SEV_WARNING},
        {"tls", ec, {KU("03020308")}, .rule = "ext.ku.ec", .severity = SEV_ERROR},
        {"tls", ec, {KU("030205a0")}, .rule = "ext.ku.ec", .severity = SEV_ERROR},
        {"tls", rsa, {KU("030205a0")}, .rule = "ext.ku.ec", .severity = SEV_DISABLED},

        {"private", ec, {KU("03020204")}, .rule = "ext.ku.ca-bits", .severity = SEV_ERROR},
        {"private", ec, {KU("03020102")}, .rule = "ext.ku.ca-bits", .severity = SEV_ERROR},
        {"private", ec, {KU("030203f8")}, .rule = "ext.ku.ca-bits", .severity = SEV_DISABLED},

        /* an empty string; a named bit with its zeros; only zeros; nine bits; three octets */
        {"tls", ec, {KU("030100")}, .rule = "ext.ku.encoding", .severity = SEV_WARNING},
        {"tls", ec, {KU("03020680")}, .rule = "ext.ku.encoding", .severity = SEV_WARNING},
        {"tls", ec, {KU("03020700")}, .rule = "ext.ku.encoding", .severity = SEV_WARNING},
        {"tls", ec, {KU("0303078080")}, .rule = "ext.ku.encoding", .severity = SEV_DISABLED},
        {"tls", ec, {KU("030400808001")}, .rule = "ext.ku.encoding", .severity = SEV_WARNING},
        /* not a bit string: csr.ext.decode speaks */
        {"tls", ec, {KU("0500")}, .rule = "ext.ku.encoding", .severity = SEV_DISABLED},
        {"tls", ec, {KU("0500")}, .rule = "ext.ku.ec", .severity = SEV_DISABLED},
        {"tls", ec, {{OID_KEY_USAGE, "03020780", false}}, .rule = "ext.ku.critical", .severity =
         SEV_INFO},
    };
    /* clang-format on */
    judge_all(cases, NITEMS(cases));
}

static void test_extended_key_usage(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct ask cases[] = {
        {"tls", ec, {EKU(ONE(1))}, .rule = "ext.eku.required", .severity = SEV_DISABLED},
        {"tls", ec, {EKU(ONE(2))}, .rule = "ext.eku.required", .severity = SEV_WARNING},
        {"tls", ec, {EKU(ONE(1))}, .rule = "ext.eku.forbidden", .severity = SEV_DISABLED},
        {"tls", ec, {EKU("3014" KP(1) KP(4))}, .rule = "ext.eku.forbidden", .severity = SEV_ERROR},
        {"tls", ec, {EKU("3014" KP(1) KP(5))}, .rule = "ext.eku.forbidden", .severity =
         SEV_WARNING},
        {"tls", ec, {EKU("30060604551d2500")}, .rule = "ext.eku.forbidden", .severity = SEV_ERROR},
         /* any */
        {"tls", ec, {EKU(ONE(4))}, .rule = "ext.eku.forbidden", .severity = SEV_DISABLED,
         .date = "2023-09-14"},
        {"private", ec, {EKU(ONE(4))}, .rule = "ext.eku.forbidden", .severity = SEV_DISABLED},
        {"tls", ec, {{OID_EXT_KEY_USAGE, ONE(1), true}}, .rule = "ext.eku.critical", .severity =
         SEV_WARNING},

        {"tls", ec, {EKU(ONE(2))}, .rule = "ext.eku.client-auth", .severity = SEV_WARNING},
        {"dv", ec, {EKU(ONE(2))}, .rule = "ext.eku.client-auth", .severity = SEV_WARNING,
         .date = "2027-03-14T23:59:59Z"},
        {"dv", ec, {EKU(ONE(2))}, .rule = "ext.eku.client-auth", .severity = SEV_ERROR,
         .date = "2027-03-15"},
        {"tls", ec, {EKU(ONE(1))}, .rule = "ext.eku.client-auth", .severity = SEV_DISABLED,
         .date = "2027-03-15"},
        /* a policy that sets another severity has the last word */
        {"tls", ec, {EKU(ONE(2))}, .rule = "ext.eku.client-auth", .severity = SEV_INFO,
         .date = "2027-03-15",
         .settings = "  ext.eku.client-auth: info\n"},

        {"tls", ec, {KU("03020780"), EKU(ONE(1))}, .rule = "ext.ku-eku.consistent", .severity =
         SEV_DISABLED},
        {"tls", ec, {KU("03020640"), EKU(ONE(1))}, .rule = "ext.ku-eku.consistent", .severity =
         SEV_WARNING},
        {"private", ec, {KU("030206c0"), EKU(ONE(3))}, .rule = "ext.ku-eku.consistent", .severity =
         SEV_WARNING},
        {"private", ec, {KU("030206c0"), EKU(ONE(4))}, .rule = "ext.ku-eku.consistent", .severity =
         SEV_DISABLED},
        {"private", ec, {KU("030206c0"), EKU(ONE(7))}, .rule = "ext.ku-eku.consistent", .severity =
         SEV_DISABLED},
        {"private", rsa, {KU("03020490"), EKU(ONE(4))}, .rule = "ext.ku-eku.consistent", .severity =
         SEV_WARNING},
        {"smime", rsa, {KU("03020490"), EKU(ONE(4))}, .rule = "ext.ku-eku.consistent", .severity =
         SEV_DISABLED},
    };
    /* clang-format on */
    judge_all(cases, NITEMS(cases));
}

#define POLICY_OID "2.5.29.32"
#define DV_POLICY  "300a3008060667810c010201"
#define OV_POLICY  "300a3008060667810c010202"
#define NAME_OID   "1.3.6.1.4.1.311.20.2"
#define V2_OID     "1.3.6.1.4.1.311.21.7"

static void test_lists(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct ask cases[] = {
        {"tls", ec, {{"1.3.6.1.4.1.99999.3", "0500", false}}, .rule = "ext.allowed", .severity =
         SEV_WARNING},
        {"private", ec, {{"1.3.6.1.4.1.99999.3", "0500", false}}, .rule = "ext.allowed", .severity =
         SEV_ERROR},
        {"tls", ec, {{"1.3.6.1.4.1.99999.3", "0500", false}}, .rule = "ext.allowed", .severity =
         SEV_DISABLED,
         .settings = "  ext.allowed: {allowed: {add: [1.3.6.1.4.1.99999.3]}}\n"},
        {"tls", ec, {{"2.5.29.32", DV_POLICY, false}}, .rule = "ext.allowed", .severity =
         SEV_DISABLED,
         .settings = "  ext.allowed: {allowed: {add: [certificatePolicies]}}\n"},
        /* Windows clients write these; AD CS reads them, others do not */
        {"private", ec, {{NAME_OID, "1e020041", false}}, .rule = "ext.allowed", .severity =
         SEV_DISABLED, .ca_type = "adcs"},
        {"private", ec, {{NAME_OID, "1e020041", false}}, .rule = "ext.allowed", .severity =
         SEV_ERROR},
        {"private", ec, {{"1.3.6.1.4.1.311.25.2", "3000", false}}, .rule = "ext.allowed", .severity
         = SEV_ERROR, .ca_type = "adcs"},

        {"tls", ec, {{"1.3.6.1.4.1.99999.3", "0500", true}}, .rule = "ext.unknown-critical",
         .severity = SEV_ERROR},
        {"tls", ec, {{"2.5.29.36", "3000", true}}, .rule = "ext.unknown-critical", .severity =
         SEV_DISABLED},
        {"tls", ec, {{OID_BASIC_CONSTRAINTS, "30030101ff", true}}, .rule = "ext.bc.ca", .severity =
         SEV_ERROR},
        {"tls", ec, {{OID_BASIC_CONSTRAINTS, "3000", true}}, .rule = "ext.bc.ca", .severity =
         SEV_DISABLED},
        {"tls", ec, {{OID_BASIC_CONSTRAINTS, "30060101ff020100", true}}, .rule = "ext.bc.pathlen",
         .severity = SEV_DISABLED},
        {"tls", ec, {{OID_BASIC_CONSTRAINTS, "3003020103", true}}, .rule = "ext.bc.pathlen",
         .severity = SEV_ERROR},

        {"tls", ec, {{"2.16.840.1.113730.1.13", "160161", false}}, .rule = "ext.netscape", .severity
         = SEV_WARNING},
        {"tls", ec, {{"2.16.840.1.113730.12.1", "0500", false}}, .rule = "ext.netscape", .severity =
         SEV_DISABLED},
        {"tls", ec, {{"1.3.6.1.5.5.7.1.1", "3000", false}}, .rule = "ext.aki", .severity =
         SEV_WARNING},
        {"tls", ec, {{"1.3.6.1.4.1.11129.2.4.2", "0400", false}}, .rule = "ext.ct-poison", .severity
         = SEV_ERROR},
        {"tls", ec, {{"1.3.6.1.5.5.7.1.24", "3003020105", false}}, .rule = "ext.tls-feature",
         .severity = SEV_WARNING},
        {"tls", ec, {{"1.3.6.1.5.5.7.1.24", "3003020105", false}}, .rule = "ext.tls-feature",
         .severity = SEV_DISABLED,
         .settings = "  ext.tls-feature: {forbid: false}\n"},
        {"tls", ec, {{"1.3.6.1.5.5.7.1.24", "3003020105", false}}, .rule = "ext.tls-feature",
         .severity = SEV_DISABLED, .date = "2024-03-14"},

        /* a policy of the level, of another, of no TLS level at all; the level not known */
        {"dv", ec, {{POLICY_OID, DV_POLICY, false}}, .rule = "ext.policies", .severity =
         SEV_WARNING},
        {"dv", ec, {{POLICY_OID, OV_POLICY, false}}, .rule = "ext.policies", .severity = SEV_ERROR},
        {"tls", ec, {{POLICY_OID, OV_POLICY, false}}, .rule = "ext.policies", .severity =
         SEV_WARNING},
        {"tls", ec, {{POLICY_OID, "300b3009060767810c01050102", false}}, .rule = "ext.policies",
         .severity = SEV_ERROR},
        {"tls", ec, {{POLICY_OID, "30053003060155", false}}, .rule = "ext.policies", .severity =
         SEV_WARNING},
        {"tls", ec, {{POLICY_OID, OV_POLICY, false}}, .rule = "ext.policies", .severity = SEV_ERROR,
         .ca_type = "certinext", .product = "838"},
    };
    /* clang-format on */
    judge_all(cases, NITEMS(cases));
}

static void test_templates(void **state)
{
    (void)state;
    static const char web[] = "1e06005700650062"; /* Web */
    static const char cut[] = "1e08005700650062"
                              "0000";                      /* Web, NUL */
    static const char v2[] = "300b06092b0601040182371508"; /* 1.3.6.1.4.1.311.21.8 */
    /* clang-format off */
    const struct ask cases[] = {
        {"private", ec, {{NAME_OID, web, false}}, .rule = "ext.ms-template", .severity =
         SEV_DISABLED, .ca_type = "adcs", .product = "Web"},
        {"private", ec, {{NAME_OID, web, false}}, .rule = "ext.ms-template", .severity =
         SEV_DISABLED, .ca_type = "adcs", .product = "web"},
        {"private", ec, {{NAME_OID, web, false}}, .rule = "ext.ms-template", .severity = SEV_ERROR,
         .ca_type = "adcs", .product = "WebServer"},
        {"private", ec, {{NAME_OID, cut, false}}, .rule = "ext.ms-template", .severity = SEV_ERROR,
         .ca_type = "adcs", .product = "Web"},
        /* by OID: the order's, or that of the policy */
        {"private", ec, {{V2_OID, v2, false}}, .rule = "ext.ms-template", .severity = SEV_DISABLED,
         .ca_type = "adcs", .product = "Web"},
        {"private", ec, {{V2_OID, v2, false}}, .rule = "ext.ms-template", .severity = SEV_DISABLED,
         .ca_type = "adcs", .product = "1.3.6.1.4.1.311.21.8"},
        {"private", ec, {{V2_OID, v2, false}}, .rule = "ext.ms-template", .severity = SEV_ERROR,
         .ca_type = "adcs", .product = "1.3.6.1.4.1.311.21.8.1"},
        {"private", ec, {{V2_OID, v2, false}}, .rule = "ext.ms-template", .severity = SEV_ERROR,
         .ca_type = "adcs", .product = "Web",
         .settings = "  ext.ms-template: {oids: [Web=1.3.6.1.4.1.311.21.8.7]}\n"},
        {"private", ec, {{V2_OID, v2, false}}, .rule = "ext.ms-template", .severity = SEV_DISABLED,
         .ca_type = "adcs", .product = "Web",
         .settings = "  ext.ms-template: {oids: [Web=1.3.6.1.4.1.311.21.8]}\n"},
        {"tls", ec, {{NAME_OID, web, false}}, .rule = "ext.ms-template", .severity = SEV_WARNING},
        {"private", ec, {{NAME_OID, web, false}}, .rule = "ext.ms-template", .severity =
         SEV_DISABLED},
    };
    /* clang-format on */
    judge_all(cases, NITEMS(cases));
}

/* --- places --- */

static struct finding only_finding(struct arena *a, const char *level, const char *item,
                                   const char *rule)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct policy *p = policy_of_level(a, work, level, "");
    struct subject s;
    struct finding found = {0};
    subject_from(a, parse_yaml(a, item), &s);
    policy_judge(p, &s, &scratch, a, &findings, NULL);
    for (size_t i = 0; i < findings.n; i++) {
        if (str_eq(findings.v[i].rule, rule)) {
            found = findings.v[i];
            found.value = found.value ? arena_strdup(a, found.value) : NULL;
        }
    }
    arena_release(&scratch.arena);
    policy_free(p);
    return found;
}

static void test_places(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const char option[] = "ca: digicert-prod\n"
                                 "common_name: www.example.com\n"
                                 "order_date: 2027-03-15\n"
                                 "fields:\n"
                                 "  profile_option: server_client_auth_eku\n";
    struct finding f = only_finding(&a, "tls", option, "ext.eku.client-auth");
    assert_int_equal(f.severity, SEV_ERROR);
    assert_int_equal(f.line, 5);
    assert_int_equal(f.column, 19);
    assert_string_equal(f.value, "server_client_auth_eku");
    /* the same words mean nothing to another CA */
    static const char other[] = "ca: sectigo-prod\n"
                                "fields:\n"
                                "  profile_option: server_client_auth_eku\n";
    assert_null(only_finding(&a, "tls", other, "ext.eku.client-auth").rule);
    /* an extension is pointed at in the request */
    f = only_finding(&a, "tls", "{csr: ext.bc.ca.pem}", "ext.bc.ca");
    const struct csr *csr = read_csr(&a, SAMPLES "ext.bc.ca.pem");
    const struct x509_ext *e = x509_ext_find(csr->exts, csr->nexts, OID_BASIC_CONSTRAINTS);
    assert_true(e->offset > 0);
    assert_int_equal(f.offset, e->offset);
}

/* --- certificates --- */

/* A certificate made by openssl, with these lines of an extension section. */
static struct cert *cert_with(struct arena *a, const char *name, const char *extensions)
{
    const char *config = arena_printf(
        a,
        "[req]\ndistinguished_name=d\nprompt=no\nx509_extensions=e\n[d]\nCN=www.example.com\n"
        "[e]\nsubjectAltName=DNS:www.example.com\n%s",
        extensions);
    const char *file =
        temp_write(a, work, "openssl.cnf", (struct span){(const uint8_t *)config, strlen(config)});
    const char *out = arena_printf(a, "%s/%s", work, name);
    assert_int_equal(RUN("/dev/null", "openssl", "req", "-x509", "-new", "-key", SAMPLES "good.key",
                         "-days", "30", "-config", file, "-out", out),
                     0);
    return read_cert(a, out);
}

static void test_certificates(void **state)
{
    (void)state;
    static const struct {
        const char *extensions, *rule;
        bool fires;
    } cases[] = {
        /* what the issuer writes */
        {"authorityKeyIdentifier=keyid:always\n"
         "authorityInfoAccess=OCSP;URI:http://ocsp.example.com\n",
         "ext.aki", false},
        {"subjectKeyIdentifier=11:22:33\n", "ext.ski", false},
        {"1.3.6.1.4.1.11129.2.4.2=DER:0400\n", "ext.ct-poison", false},
        {"certificatePolicies=2.23.140.1.2.2\n", "ext.policies", false},
        {"1.3.6.1.4.1.99999.3=DER:0500\n", "ext.allowed", false},
        /* what is wrong wherever it stands */
        {"1.3.6.1.4.1.99999.3=critical,DER:0500\n", "ext.unknown-critical", true},
        {"basicConstraints=critical,CA:TRUE\n", "ext.bc.ca", true},
        {"keyUsage=critical,digitalSignature,keyEncipherment\n", "ext.ku.ec", true},
        {"extendedKeyUsage=serverAuth,clientAuth\n", "ext.eku.client-auth", true},
        {"basicConstraints=CA:FALSE\n", "ext.eku.required", true},
        {"extendedKeyUsage=serverAuth\n", "ext.eku.required", false},
        {"1.3.6.1.5.5.7.48.1.5=DER:0500\n", "ext.ocsp-nocheck", true},
        {"1.3.6.1.5.5.7.48.1.5=DER:0500\nextendedKeyUsage=OCSPSigning\n", "ext.ocsp-nocheck",
         false},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct policy *p = policy_of_level(&a, work, "tls", "");
        struct subject s = {.kind = SUBJECT_CERT_FILE, .file = "c.pem", .key_file_mode = -1};
        s.cert = cert_with(&a, "c.pem", cases[i].extensions);
        s.order_date = s.cert->not_before;
        if (fires(p, &s, cases[i].rule, NULL) != cases[i].fires) {
            fail_msg("%s on %s", cases[i].rule, cases[i].extensions);
        }
        policy_free(p);
    }
}

/* --- values that do not decode --- */

static struct span bytes_of(struct arena *a, const char *hex)
{
    const size_t n = strlen(hex) / 2;
    uint8_t *p = arena_alloc(a, n + 1);
    assert_true(hex_decode(hex, 2 * n, p));
    return (struct span){p, n};
}

static void test_values(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const char *const bad[] = {"",     "30",       "3080", "3003",     "30030601",
                                      "0500", "30020500", "0300", "03020880", "1e03004100"};
    struct strlist oids;
    struct key_usage ku;
    for (size_t i = 0; i < NITEMS(bad); i++) {
        const struct span v = bytes_of(&a, bad[i]);
        assert_false(x509_oids(&a, v, &oids));
        assert_false(x509_policy_oids(&a, v, &oids));
        assert_false(x509_key_usage(v, &ku));
        assert_null(x509_template_oid(&a, v));
    }
    assert_true(x509_key_usage(bytes_of(&a, "0303078080"), &ku));
    assert_int_equal(ku.bits, KU_DIGITAL_SIGNATURE | KU_DECIPHER_ONLY);
    assert_int_equal(ku.octets, 2);
    assert_false(ku.trailing_zero);
    assert_true(x509_oids(&a, bytes_of(&a, "3000"), &oids));
    assert_int_equal(oids.n, 0);
    assert_string_equal(x509_template_name(&a, bytes_of(&a, "1e0400410000")), "A\xEF\xBF\xBD");
    assert_string_equal(x509_template_name(&a, bytes_of(&a, "13024142")), "AB");
    assert_string_equal(x509_template_name(&a, bytes_of(&a, "1e03004100")), "A\xEF\xBF\xBD");
    assert_null(x509_template_name(&a, bytes_of(&a, "040141")));
}

/* A CSR of nothing but purposes: every rule ends, and soon. */
static void test_hostile(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf hex = BUF_INIT(LIMIT_CSR_BYTES * 2);
    enum { PURPOSES = 6000 };
    buf_printf(&hex, "3082%04x", PURPOSES * 10);
    for (size_t i = 0; i < PURPOSES; i++) {
        buf_printf(&hex, "06082b06010505070363");
    }
    struct policy *p = policy_of_level(&a, work, "tls", "");
    const struct wish wish = {OID_EXT_KEY_USAGE, buf_text(&hex), false};
    struct subject s = {.kind = SUBJECT_CSR_FILE,
                        .file = "h",
                        .csr_file = "h",
                        .key_file_mode = -1,
                        .order_date = JUDGED_AT};
    s.csr = csr_of(&a, ec, &wish, 1);
    assert_true(fires(p, &s, "ext.eku.forbidden", NULL));
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_usage), cmocka_unit_test(test_extended_key_usage),
        cmocka_unit_test(test_lists),     cmocka_unit_test(test_templates),
        cmocka_unit_test(test_places),    cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_values),    cmocka_unit_test(test_hostile),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
