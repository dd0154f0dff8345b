/* SPDX-License-Identifier: Apache-2.0
 *
 * The EST connector without a network: addresses, headers and bodies of its requests, what each
 * answer means, and what it must never ask again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/batch_fixture.h"

#include "batch/ca/est.h"
#include "formats/key.h"
#include "formats/pkcs7.h"

#define OUR_KEY "fedcba9876543210fedcba9876543210"
#define NOW     INT64_C(1795252530)

static const char plain[] = "certbatch_config: 1\ncas:\n  e:\n    type: est\n"
                            "    base_url: https://est.example.com:8443/\n";
static const char full[] = "certbatch_config: 1\ncas:\n  e:\n    type: est\n"
                           "    base_url: https://est.example.com/.well-known/est\n"
                           "    label: web servers\n    labels: [mail]\n"
                           "    auth: {username: ra, password: {file: key}}\n"
                           "    enroll: {max_attempts: 2}\n";

struct issued {
    struct key key;
    struct span der;
    struct cert cert;
};
struct bench {
    struct fixture f;
    struct config config;
    struct findings findings;
    struct ca ca;
    struct key key;
    struct buf csr;
    struct issued root, leaf;
    struct ca_order order;
    struct ca_request request;
    struct ca_result result;
};

static void issue(struct bench *b, const struct issue_profile *profile, const char *cn,
                  const struct issued *by, const struct key *of, struct issued *out)
{
    struct err err = ERR_INIT;
    static const uint8_t serial[] = {0x2b, 0x0c};
    const struct dn_value dn = {"CN", cn};
    const struct san_value san = {GN_DNS, "www.example.com"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1, .san = &san, .nsan = 1};
    CLEANUP(buf_release) struct buf subject = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf sans = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    assert_true(x509_put_dn(&subject, &names, &err) && x509_put_san(&sans, &names, &err));
    const struct issue_parts parts = {.profile = profile,
                                      .serial = {serial, sizeof serial},
                                      .subject = buf_span(&subject),
                                      .spki = buf_span(&of->spki),
                                      .san = by ? buf_span(&sans) : (struct span){0},
                                      .not_before = NOW,
                                      .not_after = NOW + 86400};
    assert_true(issue_certificate(by ? &by->key : of, by ? &by->cert : NULL, &parts, &der, &err));
    out->der = (struct span){arena_memdup(&b->f.arena, der.p, der.n), der.n};
    assert_true(cert_parse(&b->f.arena, out->der, &out->cert, &err));
}

static void bench_begin(struct bench *b, const char *config)
{
    struct err err = ERR_INIT;
    static const struct dn_value dn = {"CN", "www.example.com"};
    static const struct san_value san = {GN_DNS, "www.example.com"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1, .san = &san, .nsan = 1};
    *b = (struct bench){.key = KEY_INIT, .csr = BUF_INIT(65536), .root = {.key = KEY_INIT}};
    fixture_begin(&b->f);
    fixture_text(&b->f, "certbatch.yaml", config);
    fixture_text(&b->f, "key", "s3cr:t\n");
    assert_true(key_generate(KEY_EC_P256, &b->key, &err));
    assert_true(key_generate(KEY_EC_P256, &b->root.key, &err));
    assert_true(csr_build(&b->key, &names, &b->csr, &err));
    issue(b, &issue_root, "Root", NULL, &b->root.key, &b->root);
    issue(b, &issue_tls_server, "www.example.com", &b->root, &b->key, &b->leaf);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    cert_pem(&pem, b->leaf.der);
    fixture_file(&b->f, "own.pem", buf_span(&pem));
    buf_reset(&pem);
    key_pem(&b->key, &pem);
    fixture_file(&b->f, "own.key", buf_span(&pem));
    if (!config_read(&b->config, b->f.options.config, &b->findings, &err)) {
        fail_msg("%s %s", err.msg, b->findings.n ? b->findings.v[0].message : "");
    }
    b->ca = (struct ca){
        .type = &ca_est, .config = &b->config.cas[0], .name = "e", .config_dir = b->f.dir};
    if (!est_ops.open(&b->ca, &err)) {
        fail_msg("%s", err.msg);
    }
    b->order = (struct ca_order){.item = "www",
                                 .action = "new",
                                 .csr = buf_span(&b->csr),
                                 .spki_sha256 = b->key.spki_sha256,
                                 .common_name = "www.example.com"};
}

static void bench_end(struct bench *b)
{
    est_ops.close(&b->ca);
    strlist_release(&b->ca.issuer_sha256);
    config_release(&b->config);
    findings_release(&b->findings);
    key_release(&b->key);
    key_release(&b->root.key);
    buf_release(&b->csr);
    buf_release(&b->request.body);
    fixture_end(&b->f);
}

static struct ca_call call_of(struct bench *b, enum ca_step step)
{
    return (struct ca_call){.step = step,
                            .order = &b->order,
                            .client_key = step == STEP_ORDER ? OUR_KEY : NULL,
                            .now = NOW,
                            .nonce = OUR_KEY};
}

static bool ask(struct bench *b, const struct ca_call *call, struct err *err)
{
    buf_release(&b->request.body);
    b->request = (struct ca_request){.arena = &b->f.arena, .body = BUF_INIT(1 << 20)};
    return est_ops.request(&b->ca, call, &b->request, err);
}

static const char *header(const struct bench *b, const char *name)
{
    const size_t n = strlen(name);
    for (const char *const *h = b->request.headers; h && *h; h++) {
        if (strncmp(*h, name, n) == 0 && (*h)[n] == ':') {
            return *h + n + 2;
        }
    }
    return NULL;
}

static const struct ca_result *hear(struct bench *b, const struct ca_call *call, int status,
                                    const char *type, struct span body, int64_t retry_after)
{
    struct ca_reply reply = {.transport = OUTCOME_ACCEPTED,
                             .http_status = status,
                             .body = BUF_INIT(1 << 20),
                             .content_type = type,
                             .retry_after_seconds = retry_after,
                             .date = TIME_NONE};
    buf_add(&reply.body, body.p, body.n);
    b->result =
        (struct ca_result){.arena = &b->f.arena, .outcome = OUTCOME_UNKNOWN, .again_seconds = -1};
    est_ops.answer(&b->ca, call, &reply, &b->result);
    buf_release(&reply.body);
    return &b->result;
}

static const struct ca_result *hear_text(struct bench *b, enum ca_step step, int status,
                                         const char *text)
{
    const struct ca_call call = call_of(b, step);
    return hear(b, &call, status, "text/plain", (struct span){(const uint8_t *)text, strlen(text)},
                -1);
}

/* Certs-only, as Base64 in lines of so many characters; 0: one line; -1: not Base64 at all. */
static struct span pkcs7(struct bench *b, const struct span *certs, size_t n, int line)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
    assert_true(pkcs7_write(certs, n, &der, &err));
    if (line >= 0) {
        base64_encode(&text, der.p, der.n, (unsigned)line);
    } else {
        buf_add(&text, der.p, der.n);
    }
    return (struct span){arena_memdup(&b->f.arena, text.p, text.n), text.n};
}

static void take_cacerts(struct bench *b)
{
    const struct ca_call call = call_of(b, STEP_TOKEN);
    assert_false(est_ops.authorized(&b->ca, NOW));
    const struct ca_result *r =
        hear(b, &call, 200, "application/pkcs7-mime", pkcs7(b, &b->root.der, 1, 64), -1);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_true(r->no_credential);
    assert_true(est_ops.authorized(&b->ca, NOW));
}

/* --- what is sent --- */
static void addresses(void **state UNUSED)
{
    static const struct {
        const char *config;
        enum ca_step step;
        const char *product, *page, *method, *url;
    } rows[] = {
        {plain, STEP_ORDER, NULL, NULL, "POST",
         "https://est.example.com:8443/.well-known/est/simpleenroll"},
        {plain, STEP_ORDER, "a/b", NULL, "POST",
         "https://est.example.com:8443/.well-known/est/a%2Fb/simpleenroll"},
        {plain, STEP_TOKEN, NULL, NULL, "GET",
         "https://est.example.com:8443/.well-known/est/cacerts"},
        {plain, STEP_PRODUCTS, NULL, NULL, "GET",
         "https://est.example.com:8443/.well-known/est/csrattrs"},
        {full, STEP_ORDER, "mail", NULL, "POST",
         "https://est.example.com/.well-known/est/mail/simpleenroll"},
        {full, STEP_PROBE, NULL, NULL, "GET",
         "https://est.example.com/.well-known/est/web%20servers/cacerts"},
        {full, STEP_PRODUCTS, NULL, "1", "GET",
         "https://est.example.com/.well-known/est/mail/csrattrs"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        bench_begin(&b, rows[i].config);
        struct ca_call call = call_of(&b, rows[i].step);
        b.order.product = rows[i].product;
        call.page = rows[i].page;
        assert_true(ask(&b, &call, &err));
        assert_string_equal(b.request.method, rows[i].method);
        assert_string_equal(b.request.url, rows[i].url);
        bench_end(&b);
    }
}

static void an_enrolment(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    bench_begin(&b, full);
    const struct ca_call call = call_of(&b, STEP_ORDER);
    assert_true(ask(&b, &call, &err));
    assert_string_equal(b.request.content_type, "application/pkcs10");
    assert_string_equal(header(&b, "Content-Transfer-Encoding"), "base64");
    assert_string_equal(header(&b, "X-Request-ID"), OUR_KEY);
    /* one line: strict, base64_decode() takes no blank */
    assert_true(base64_decode(&der, buf_text(&b.request.body), b.request.body.n));
    assert_true(span_eq(buf_span(&der), b.order.csr));
    /* ra:s3cr:t */
    assert_string_equal(b.request.secret_headers[0].name, "Authorization");
    assert_string_equal(b.request.secret_headers[0].prefix, "Basic ");
    assert_string_equal(secret_bytes(b.request.secret_headers[0].value), "cmE6czNjcjp0");
    for (const char *const *h = b.request.headers; *h; h++) {
        assert_null(strstr(*h, "cmE6"));
    }
    bench_end(&b);

    bench_begin(&b, plain);
    const struct ca_call bare = call_of(&b, STEP_ORDER);
    assert_true(ask(&b, &bare, &err));
    assert_null(b.request.secret_headers[0].name);
    bench_end(&b);
}

static void reenrolments(void **state UNUSED)
{
    static const struct {
        const char *setting, *action, *serial, *operation;
        bool own;
    } rows[] = {
        {"own", "renew", "2B0C", "simplereenroll", true},
        {"own", "reissue", "2B0C", "simplereenroll", true},
        {"own", "new", "2B0C", "simpleenroll", true},
        {"own", "renew", "2B0D", "simpleenroll", true},
        {"own", "renew", NULL, "simpleenroll", true},
        {"own", "renew", "2B0C", "simpleenroll", false},
        {"always", "renew", "77", "simplereenroll", false},
        {"always", "new", "77", "simpleenroll", false},
        {"never", "renew", "2B0C", "simpleenroll", true},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        char config[1024];
        (void)snprintf(config, sizeof config, "%s    reenroll: %s\n%s", plain, rows[i].setting,
                       rows[i].own ? "    tls: {client_certificate: own.pem, client_key: {file: "
                                     "own.key}}\n"
                                   : "");
        bench_begin(&b, config);
        b.order.action = rows[i].action;
        b.order.prior_serial = rows[i].serial;
        struct ca_call call = call_of(&b, STEP_ORDER);
        assert_true(ask(&b, &call, &err));
        assert_true(str_ends(b.request.url, rows[i].operation));
        char id[SHA256_HEX];
        est_request_id(b.order.csr, id);
        call = call_of(&b, STEP_POLL);
        call.order_id = id;
        assert_true(ask(&b, &call, &err)); /* repeated where it was first sent */
        assert_true(str_ends(b.request.url, rows[i].operation));
        assert_null(header(&b, "X-Request-ID"));
        bench_end(&b);
    }
}

/* To the server a request that it answered by a certificate is a new one when it comes again. */
static void what_is_never_repeated(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    bench_begin(&b, plain);
    struct ca_call call = call_of(&b, STEP_POLL);
    call.order_id = "2B0C";
    assert_false(ask(&b, &call, &err));
    assert_non_null(strstr(err.msg, "shows a certificate once"));
    char id[SHA256_HEX];
    est_request_id(b.order.csr, id);
    call.order_id = id;
    b.order.csr = (struct span){0};
    assert_false(ask(&b, &call, &err));
    static const enum ca_step none[] = {STEP_FIND, STEP_REVOKE, STEP_REVOKED, STEP_CANCEL,
                                        STEP_INVENTORY};
    for (size_t i = 0; i < NITEMS(none); i++) {
        const struct ca_call other = call_of(&b, none[i]);
        assert_false(ask(&b, &other, &err));
    }
    bench_end(&b);
}

/* --- what comes back --- */
static void certificates(void **state UNUSED)
{
    static const int lines[] = {0, 64, 76, -1};
    for (size_t i = 0; i < NITEMS(lines); i++) {
        for (int with_root = 0; with_root < 2; with_root++) {
            struct bench b;
            bench_begin(&b, plain);
            take_cacerts(&b);
            const struct span certs[] = {b.root.der, b.leaf.der}; /* order is not promised */
            const struct ca_call call = call_of(&b, STEP_ORDER);
            const struct ca_result *r =
                hear(&b, &call, 200, "application/pkcs7-mime",
                     pkcs7(&b, with_root ? certs : &b.leaf.der, with_root ? 2 : 1, lines[i]), -1);
            assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
            assert_true(r->issued && !r->pending && !r->no_credential);
            assert_int_equal(r->ncerts, 2); /* the root is that of /cacerts */
            assert_true(span_eq(r->certs[0], b.leaf.der));
            assert_true(span_eq(r->certs[1], b.root.der));
            assert_string_equal(r->order_id, "2B0C");
            bench_end(&b);
        }
    }
}

/* Java libraries write the outer shells without lengths (BER, X.690, 8.1.3.6). */
static void without_lengths(void **state UNUSED)
{
    struct bench b;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    CLEANUP(buf_release) struct buf ber = BUF_INIT(65536);
    struct der_tlv outer, oid, content;
    bench_begin(&b, plain);
    take_cacerts(&b);
    assert_true(pkcs7_write(&b.leaf.der, 1, &der, &err));
    assert_true(der_single(buf_span(&der), DER_SEQUENCE, &outer));
    struct der d = der_over(outer.value);
    assert_true(der_take(&d, DER_OID, &oid));
    assert_true(der_take(&d, DER_CONTEXT_CONSTRUCTED(0), &content));
    buf_add(&ber, "\x30\x80", 2);
    buf_add(&ber, oid.whole.p, oid.whole.n);
    buf_add(&ber, "\xa0\x80", 2);
    buf_add(&ber, content.value.p, content.value.n);
    buf_add(&ber, "\0\0\0\0", 4);
    const struct ca_call call = call_of(&b, STEP_ORDER);
    const struct ca_result *r = hear(&b, &call, 200, NULL, buf_span(&ber), -1);
    assert_true(r->issued);
    assert_true(span_eq(r->certs[0], b.leaf.der));
    buf_putc(&ber, 'x'); /* and more behind it */
    assert_int_equal(hear(&b, &call, 200, NULL, buf_span(&ber), -1)->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

static void pending(void **state UNUSED)
{
    struct bench b;
    char id[SHA256_HEX];
    bench_begin(&b, full);
    est_request_id(b.order.csr, id);
    struct ca_call call = call_of(&b, STEP_ORDER);
    const struct ca_result *r = hear(&b, &call, 202, "text/plain", (struct span){0}, 600);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_true(r->pending && !r->issued && !r->enough);
    assert_int_equal(r->again_seconds, 600);
    assert_string_equal(r->order_id, id);
    call = call_of(&b, STEP_POLL);
    call.order_id = id;
    call.looks = 1;
    r = hear(&b, &call, 202, NULL, (struct span){0}, -1);
    assert_true(r->pending && !r->enough);
    assert_int_equal(r->again_seconds, 4);
    call.looks = 2;
    r = hear(&b, &call, 202, NULL, (struct span){0}, -1);
    assert_true(r->pending && r->enough); /* max_attempts: 2 */
    take_cacerts(&b);
    r = hear(&b, &call, 200, "application/pkcs7-mime", pkcs7(&b, &b.leaf.der, 1, 0), -1);
    assert_true(r->issued && !r->pending);
    bench_end(&b);
}

static void odd_answers(void **state UNUSED)
{
    static const struct {
        enum ca_step step;
        int status;
        const char *text;
        enum outcome outcome;
        const char *message;
    } rows[] = {
        {STEP_ORDER, 200, "", OUTCOME_UNKNOWN, "no certificate"},
        {STEP_ORDER, 204, "", OUTCOME_UNKNOWN, "no certificate"},
        {STEP_ORDER, 200, "<html>maintenance</html>", OUTCOME_UNKNOWN, "no certificate"},
        {STEP_ORDER, 200, "MIIB", OUTCOME_UNKNOWN, "no certificate"},
        {STEP_ORDER, 400, "key too short\r\nmore", OUTCOME_REFUSED, "HTTP 400: key too short"},
        {STEP_ORDER, 404, "x", OUTCOME_REFUSED, "label"},
        {STEP_ORDER, 415, "", OUTCOME_REFUSED, "HTTP 415"},
        {STEP_ORDER, 401, "", OUTCOME_AUTH, "HTTP 401"},
        {STEP_ORDER, 403, "", OUTCOME_AUTH, "HTTP 403"},
        {STEP_ORDER, 429, "", OUTCOME_THROTTLED, "HTTP 429"},
        {STEP_ORDER, 503, "", OUTCOME_UNKNOWN, "HTTP 503"},
        {STEP_ORDER, 307, "", OUTCOME_UNKNOWN, "redirect"},
        {STEP_POLL, 200, "", OUTCOME_UNKNOWN, "no certificate"},
        {STEP_POLL, 400, "declined", OUTCOME_REFUSED, "declined"},
        {STEP_POLL, 404, "", OUTCOME_UNKNOWN, "label"},
        {STEP_POLL, 410, "", OUTCOME_UNKNOWN, "HTTP 410"},
        {STEP_POLL, 502, "", OUTCOME_UNKNOWN, "HTTP 502"},
        {STEP_TOKEN, 200, "no", OUTCOME_UNKNOWN, "no CA certificate"},
        {STEP_TOKEN, 404, "", OUTCOME_REFUSED, "label"},
        {STEP_PRODUCTS, 200, "!", OUTCOME_UNKNOWN, "cannot be read"},
        {STEP_PRODUCTS, 200, "MAMCAQE=", OUTCOME_ACCEPTED, NULL}, /* an integer: shown as "?" */
        {STEP_PRODUCTS, 200, "AgEB", OUTCOME_UNKNOWN, "cannot be read"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_begin(&b, plain);
        const struct ca_result *r = hear_text(&b, rows[i].step, rows[i].status, rows[i].text);
        if (r->outcome != rows[i].outcome || r->issued || r->pending ||
            (rows[i].message && !strstr(r->message, rows[i].message))) {
            fail_msg("row %zu: %s, %s", i, outcome_name(r->outcome),
                     r->message ? r->message : "no message");
        }
        assert_false(est_ops.authorized(&b.ca, NOW));
        bench_end(&b);
    }
}

/* A leaf in /cacerts is no issuer; an issuer that is not there is none of this CA. */
static void issuers(void **state UNUSED)
{
    struct bench b;
    char hex[SHA256_HEX];
    bench_begin(&b, plain);
    const struct ca_call call = call_of(&b, STEP_PROBE);
    assert_int_equal(hear(&b, &call, 200, NULL, pkcs7(&b, &b.leaf.der, 1, 0), -1)->outcome,
                     OUTCOME_UNKNOWN);
    const struct span both[] = {b.leaf.der, b.root.der};
    const struct ca_result *r = hear(&b, &call, 200, NULL, pkcs7(&b, both, 2, 0), -1);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_string_equal(r->message, "1 CA certificate read from /cacerts");
    hex_encode(b.root.key.spki_sha256, SHA256_SIZE, hex);
    assert_int_equal(b.ca.issuer_sha256.n, 1);
    assert_true(strlist_has(&b.ca.issuer_sha256, hex));
    bench_end(&b);
}

/* RFC 7030, 4.5.2: the example, from its own Base64. */
static void attributes(void **state UNUSED)
{
    static const char example[] = "MEEGCSqGSIb3DQEJBzASBgcqhkjOPQIBMQcGBSuBBAAiMBYGCSqGSIb3DQEJDj"
                                  "EJBgcrBgEBAQEWBggqhkjOPQQDAw==";
    struct bench b;
    bench_begin(&b, full);
    const struct ca_result *r = hear_text(&b, STEP_PRODUCTS, 200, example);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(r->nsold, 1);
    assert_string_equal(r->sold[0].code, "web servers");
    assert_string_equal(r->sold[0].name,
                        "asks for challengePassword, ec(p384), extensionRequest(1.3.6.1.1.1.1.22), "
                        "ecdsaWithSHA384");
    assert_string_equal(r->next_page, "1");
    struct ca_call call = call_of(&b, STEP_PRODUCTS);
    call.page = "1";
    r = hear(&b, &call, 404, "text/plain", (struct span){0}, -1);
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_string_equal(r->sold[0].code, "mail");
    assert_string_equal(r->sold[0].name, "asks for no attributes");
    assert_null(r->next_page);
    bench_end(&b);
    bench_begin(&b, plain);
    r = hear_text(&b, STEP_PRODUCTS, 204, "");
    assert_string_equal(r->sold[0].code, "(no label)");
    bench_end(&b);
}

/* --- settings --- */
static void settings(void **state UNUSED)
{
    static const struct {
        const char *setting, *words;
    } rows[] = {
        {"auth: {username: ra}", "needs both username and password"},
        {"auth: {password: {env: P}}", "needs both username and password"},
        {"auth: {username: 'a:b', password: {env: P}}", "must not contain a colon"},
        {"label: cacerts", "not the name of an operation"},
        {"labels: [a/b]", "one segment of a path"},
        {"path: est", "must begin with a slash"},
        {"reenroll: sometimes", "reenroll"},
        {"auth: {username: ra, password: hunter2}", "is a secret"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct fixture f;
        struct config c = {0};
        struct findings findings = FINDINGS_INIT;
        struct err err = ERR_INIT;
        fixture_begin(&f);
        fixture_text(&f, "certbatch.yaml",
                     arena_printf(&f.arena, "%s    %s\n", plain, rows[i].setting));
        assert_false(config_read(&c, f.options.config, &findings, &err));
        if (!findings.n || !strstr(findings.v[0].message, rows[i].words)) {
            fail_msg("%s: %s", rows[i].setting, findings.n ? findings.v[0].message : err.msg);
        }
        findings_release(&findings);
        config_release(&c);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),    cmocka_unit_test(an_enrolment),
        cmocka_unit_test(reenrolments), cmocka_unit_test(what_is_never_repeated),
        cmocka_unit_test(certificates), cmocka_unit_test(without_lengths),
        cmocka_unit_test(pending),      cmocka_unit_test(odd_answers),
        cmocka_unit_test(issuers),      cmocka_unit_test(attributes),
        cmocka_unit_test(settings),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
