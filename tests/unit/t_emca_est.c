/* SPDX-License-Identifier: Apache-2.0
 *
 * emCA by EST: which settings and versions lead there, what an EST client makes of the settings of
 * an emCA, what is known before anything is ordered, and what such an emCA cannot be asked. How EST
 * itself is spoken is in t_est.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/emca_fixture.h"

#include "batch/ca/est.h"
#include "formats/pkcs7.h"

#define HEAD     "certbatch_config: 1\ncas:\n  prod:\n    type: emca\n"
#define DIALECT  "    dialect: est\n"
#define PLACE    "    base_url: https://emca.corp.example\n"
#define USER     "    username: batch-api\n    password: {file: password}\n"
#define ISSUER   "    issuing_ca: Corp Issuing CA G2\n"
#define CERT     "    tls: {client_certificate: own.pem, client_key: {file: own.key}}\n"
#define EST_BASE "https://emca.corp.example/.well-known/est"
#define WHOLE    HEAD DIALECT PLACE USER ISSUER

/* The issuing CA, another one, and the certificate of the order. */
struct makers {
    struct key issuing, other;
    struct span issuing_cert, other_cert, leaf;
};

static void put_pem(struct bench *b)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    CLEANUP(buf_wipe) struct buf key = BUF_INIT(65536);
    cert_pem(&pem, b->signer_cert); /* serial 01AB00CD */
    fixture_file(&b->f, "own.pem", buf_span(&pem));
    key_pem(&b->signer, &key);
    fixture_file(&b->f, "own.key", buf_span(&key));
}

static void makers_begin(struct bench *b, struct makers *m)
{
    struct err err = ERR_INIT;
    struct cert by;
    *m = (struct makers){.issuing = KEY_INIT, .other = KEY_INIT};
    assert_true(key_generate(KEY_EC_P256, &m->issuing, &err));
    assert_true(key_generate(KEY_EC_P256, &m->other, &err));
    m->issuing_cert = make_cert(b, "Corp Issuing CA G2", &m->issuing, NULL, NULL);
    m->other_cert = make_cert(b, "Corp Issuing CA G1", &m->other, NULL, NULL);
    assert_true(cert_parse(&b->f.arena, m->issuing_cert, &by, &err));
    m->leaf = make_cert(b, "www.example.com", &b->key, &m->issuing, &by);
}

static void makers_end(struct makers *m)
{
    key_release(&m->issuing);
    key_release(&m->other);
}

static void est_begin(struct bench *b, const char *config)
{
    struct err err = ERR_INIT;
    bench_files(b);
    put_pem(b);
    b->order.product = NULL;
    if (!bench_open(b, config, &err)) {
        fail_msg("%s", err.msg);
    }
}

static const struct ca_result *hear_certs(struct bench *b, enum ca_step step,
                                          const struct span *certs, size_t n)
{
    struct err err = ERR_INIT;
    const struct ca_call call = bench_call(b, step);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    assert_true(pkcs7_write(certs, n, &der, &err));
    return bench_hear(b, &call, 200, bench_base64(b, buf_span(&der)));
}

/* --- what leads there --- */
static void versions(void **state UNUSED)
{
    static const struct {
        const char *settings;
        bool est;
    } rows[] = {
        {"    version: V4.0.17\n    dialect: est\n", true},
        {"    version: V4.2.3\n    dialect: est\n", true},
        {"    version: V4.2.4+\n    dialect: est\n", true},
        {"    version: 5.0.0\n    dialect: est\n", true},
        {"    dialect: est\n", true},
        {"    version: V4.0.17\n", false},
        {"    version: V4.2.4+\n", false},
        {"    version: V4.0.17\n    dialect: rest-jwt\n", false},
        {"    version: V4.2.3\n", false}, /* nobody knows: refused when it is opened */
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        bench_files(&b);
        const bool open =
            bench_open(&b, arena_printf(&b.f.arena, HEAD PLACE USER "%s", rows[i].settings), &err);
        const struct ca_type *type = b.config.cas[0].type;
        const struct ca_facts *facts = ca_facts_of("emca", b.config.cas[0].node);
        assert_string_equal(type->type, "emca");
        assert_ptr_equal(type, rows[i].est ? &ca_emca_est : &ca_emca);
        assert_int_equal(!(facts->can & CA_CAN_REVOKE), rows[i].est);
        assert_int_equal(open, rows[i].est); /* what the others lack here, t_emca*.c say */
        bench_end(&b);
    }
}

/* Shown once, nothing asked again by key, nothing revoked: unlike emCA by its own interfaces. */
static void capabilities(void **state UNUSED)
{
    struct bench b;
    est_begin(&b, WHOLE);
    const unsigned caps = ca_caps(&b.ca);
    assert_true((caps & (CA_ORDER | CA_PRODUCTS | CA_ONCE | CA_POLL_WANTS_ORDER)) ==
                (CA_ORDER | CA_PRODUCTS | CA_ONCE | CA_POLL_WANTS_ORDER));
    assert_false(caps & (CA_REVOKE | CA_KEYED | CA_FIND | CA_INVENTORY | CA_CANCEL));
    assert_int_equal(caps, ca_est.caps);
    assert_false(ca_emca.caps & CA_ONCE);
    bench_end(&b);
}

/* --- what is sent --- */
static void addresses(void **state UNUSED)
{
    static const struct {
        const char *settings;
        enum ca_step step;
        const char *product, *page, *method, *url;
    } rows[] = {
        {PLACE, STEP_TOKEN, NULL, NULL, "GET", EST_BASE "/cacerts"},
        {PLACE, STEP_PROBE, NULL, NULL, "GET", EST_BASE "/cacerts"},
        {PLACE, STEP_PRODUCTS, NULL, NULL, "GET", EST_BASE "/csrattrs"},
        {PLACE, STEP_ORDER, NULL, NULL, "POST", EST_BASE "/simpleenroll"},
        {PLACE, STEP_ORDER, "a b", NULL, "POST", EST_BASE "/a%20b/simpleenroll"},
        {"    base_url: https://emca.corp.example/emCAServices/rest/\n", STEP_TOKEN, NULL, NULL,
         "GET", EST_BASE "/cacerts"},
        {"    base_url: https://emca.corp.example/.well-known/est/\n", STEP_TOKEN, NULL, NULL,
         "GET", EST_BASE "/cacerts"},
        {PLACE "    est_path: /est\n", STEP_ORDER, NULL, NULL, "POST",
         "https://emca.corp.example/est/simpleenroll"},
        {PLACE "    est_label: tls\n", STEP_TOKEN, NULL, NULL, "GET", EST_BASE "/tls/cacerts"},
        {PLACE "    est_label: tls\n    est_labels: [mail]\n", STEP_PRODUCTS, NULL, "1", "GET",
         EST_BASE "/mail/csrattrs"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        char config[1024];
        (void)snprintf(config, sizeof config, HEAD DIALECT USER ISSUER "%s", rows[i].settings);
        est_begin(&b, config);
        struct ca_call call = bench_call(&b, rows[i].step);
        b.order.product = rows[i].product;
        call.page = rows[i].page;
        bench_must_ask(&b, &call);
        assert_string_equal(b.request.method, rows[i].method);
        assert_string_equal(b.request.url, rows[i].url);
        bench_end(&b);
    }
}

static void an_enrolment(void **state UNUSED)
{
    static const struct {
        const char *config;
        bool basic;
    } rows[] = {{WHOLE, true}, {HEAD DIALECT PLACE CERT, false}, {WHOLE CERT, true}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
        est_begin(&b, rows[i].config);
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        bench_must_ask(&b, &call);
        assert_string_equal(b.request.content_type, "application/pkcs10");
        assert_string_equal(bench_header(&b, "Content-Transfer-Encoding"), "base64");
        assert_string_equal(bench_header(&b, "X-Request-ID"), OUR_KEY);
        assert_true(base64_decode(&der, buf_text(&b.request.body), b.request.body.n));
        assert_true(span_eq(buf_span(&der), b.order.csr));
        const char *shown = bench_header(&b, "Authorization");
        assert_int_equal(shown != NULL, rows[i].basic);
        if (shown) {
            static const char pair[] = "batch-api:" PASSWORD;
            assert_string_equal(
                shown, bench_base64(&b, (struct span){(const uint8_t *)pair, strlen(pair)}));
        }
        bench_end(&b);
    }
}

/* What the client certificate renews, and what est_reenroll says of the rest. */
static void reenrolments(void **state UNUSED)
{
    static const struct {
        const char *settings, *serial, *operation;
    } rows[] = {
        {CERT, "01AB00CD", "/simplereenroll"},
        {CERT, "77", "/simpleenroll"},
        {"", "01AB00CD", "/simpleenroll"},
        {"    est_reenroll: always\n", "77", "/simplereenroll"},
        {CERT "    est_reenroll: never\n", "01AB00CD", "/simpleenroll"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        char config[1024];
        (void)snprintf(config, sizeof config, WHOLE "%s", rows[i].settings);
        est_begin(&b, config);
        b.order.action = "renew";
        b.order.prior_serial = rows[i].serial;
        const struct ca_call call = bench_call(&b, STEP_ORDER);
        bench_must_ask(&b, &call);
        assert_true(str_ends(b.request.url, rows[i].operation));
        bench_end(&b);
    }
}

static void what_is_never_asked(void **state UNUSED)
{
    static const enum ca_step none[] = {STEP_FIND, STEP_REVOKE, STEP_REVOKED, STEP_CANCEL,
                                        STEP_INVENTORY};
    struct bench b;
    est_begin(&b, WHOLE);
    for (size_t i = 0; i < NITEMS(none); i++) {
        const struct ca_call call = bench_call(&b, none[i]);
        (void)bench_refused(&b, &call);
    }
    /* a certificate that came once is not asked for by its serial number, as REST would */
    struct ca_call call = bench_call(&b, STEP_POLL);
    call.order_id = "01AB00CD";
    assert_non_null(strstr(bench_refused(&b, &call), "shows a certificate once"));
    bench_end(&b);
}

/* --- what is known before anything is ordered --- */
static void the_issuing_ca(void **state UNUSED)
{
    static const struct {
        const char *config;
        bool issuing;
        enum outcome outcome;
    } rows[] = {
        {WHOLE, true, OUTCOME_ACCEPTED},
        {WHOLE, false, OUTCOME_REFUSED},
        {HEAD DIALECT PLACE USER, false, OUTCOME_ACCEPTED}, /* any issuer of the server */
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        static const enum ca_step steps[] = {STEP_TOKEN, STEP_PROBE};
        for (size_t k = 0; k < NITEMS(steps); k++) {
            struct bench b;
            struct makers m;
            est_begin(&b, rows[i].config);
            makers_begin(&b, &m);
            assert_false(emca_ops.authorized(&b.ca, NOW));
            const struct span *shown = rows[i].issuing ? &m.issuing_cert : &m.other_cert;
            const struct ca_result *r = hear_certs(&b, steps[k], shown, 1);
            assert_int_equal(r->outcome, rows[i].outcome);
            assert_int_equal(emca_ops.authorized(&b.ca, NOW), r->outcome == OUTCOME_ACCEPTED);
            assert_int_equal(r->no_credential, steps[k] == STEP_TOKEN);
            if (r->outcome != OUTCOME_ACCEPTED) {
                assert_string_equal(r->message,
                                    "/cacerts has no CA of the name in issuing_ca, Corp Issuing "
                                    "CA G2, but Corp Issuing CA G1");
            } else {
                char hex[SHA256_HEX];
                hex_encode(rows[i].issuing ? m.issuing.spki_sha256 : m.other.spki_sha256,
                           SHA256_SIZE, hex);
                assert_true(strlist_has(&b.ca.issuer_sha256, hex));
            }
            /* what the executor compares with each certificate */
            assert_true(str_eq(b.ca.issuer_name, i == 2 ? NULL : "Corp Issuing CA G2"));
            makers_end(&m);
            bench_end(&b);
        }
    }
}

/* --- what comes back --- */
static void issued(void **state UNUSED)
{
    struct bench b;
    struct makers m;
    est_begin(&b, WHOLE);
    makers_begin(&b, &m);
    (void)hear_certs(&b, STEP_TOKEN, &m.issuing_cert, 1);
    const struct ca_result *r = hear_certs(&b, STEP_ORDER, &m.leaf, 1);
    bench_issued(r, m.leaf, 2); /* the chain is what /cacerts said */
    assert_true(span_eq(r->certs[1], m.issuing_cert));
    assert_string_equal(r->order_id, "01AB00CD");
    makers_end(&m);
    bench_end(&b);
}

static void answers(void **state UNUSED)
{
    static const struct answer_row rows[] = {
        {STEP_ORDER, 200, "", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 200, "{\"status\":\"success\"}", OUTCOME_UNKNOWN, 0},
        {STEP_ORDER, 400, "no", OUTCOME_REFUSED, 0},
        {STEP_ORDER, 401, "", OUTCOME_AUTH, 0},
        {STEP_ORDER, 403, "", OUTCOME_AUTH, 0},
        {STEP_ORDER, 404, "", OUTCOME_REFUSED, 0},
        {STEP_ORDER, 429, "", OUTCOME_THROTTLED, 0},
        {STEP_ORDER, 503, "", OUTCOME_UNKNOWN, 0},
        {STEP_TOKEN, 404, "", OUTCOME_REFUSED, 0},
        {STEP_TOKEN, 200, "<html>", OUTCOME_UNKNOWN, 0},
        {STEP_PRODUCTS, 404, "", OUTCOME_ACCEPTED, 0},
        {STEP_PRODUCTS, 200, "!", OUTCOME_UNKNOWN, 0},
    };
    struct bench b;
    est_begin(&b, WHOLE);
    bench_answers(&b, rows, NITEMS(rows));
    bench_end(&b);
}

/* 202 with Retry-After; the settings say how often one run looks. */
static void pending(void **state UNUSED)
{
    struct bench b;
    char id[SHA256_HEX];
    est_begin(&b, WHOLE "    enroll: {max_attempts: 2}\n");
    est_request_id(b.order.csr, id);
    struct ca_call call = bench_call(&b, STEP_ORDER);
    const struct ca_result *r = bench_hear(&b, &call, 202, "");
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_true(r->pending && !r->issued && !r->enough);
    assert_int_equal(r->again_seconds, 17);
    assert_string_equal(r->order_id, id);
    call = bench_call(&b, STEP_POLL);
    call.order_id = id;
    bench_must_ask(&b, &call); /* the same request once more, without a new number */
    assert_string_equal(b.request.url, EST_BASE "/simpleenroll");
    assert_null(bench_header(&b, "X-Request-ID"));
    call.looks = 2;
    assert_true(bench_hear(&b, &call, 202, "")->enough);
    bench_end(&b);
}

/* --- settings --- */
static void wrong_settings(void **state UNUSED)
{
    static const struct {
        const char *settings, *words;
    } rows[] = {
        {PLACE "    username: u\n", "needs both username and password"},
        {PLACE "    password: {file: password}\n", "needs both username and password"},
        {PLACE "    username: 'a:b'\n    password: {file: password}\n", "must not contain a colon"},
        {PLACE "    est_label: cacerts\n", "not the name of an operation"},
        {PLACE "    est_labels: [a/b]\n", "one segment of a path"},
        {PLACE "    est_path: est\n", "must begin with a slash"},
        {PLACE "    est_reenroll: sometimes\n", "est_reenroll"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        struct err err = ERR_INIT;
        bench_files(&b);
        fixture_text(&b.f, "certbatch.yaml",
                     arena_printf(&b.f.arena, HEAD DIALECT "%s", rows[i].settings));
        assert_false(config_read(&b.config, b.f.options.config, &b.findings, &err));
        if (!b.findings.n || !strstr(b.findings.v[0].message, rows[i].words)) {
            fail_msg("row %zu: %s", i, b.findings.n ? b.findings.v[0].message : err.msg);
        }
        bench_end(&b);
    }
}

static void opening(void **state UNUSED)
{
    static const struct {
        const char *settings, *why; /* NULL: it opens */
    } rows[] = {
        {USER, "base_url is missing"},
        {PLACE "    username: u\n    password: {file: none}\n", "password"},
        {PLACE "    tls: {client_certificate: none.pem, client_key: {file: own.key}}\n",
         "tls.client_certificate"},
        {PLACE "    tls: {client_certificate: own.key, client_key: {file: own.key}}\n",
         "tls.client_certificate"},
        {PLACE CERT, NULL},
        {PLACE, NULL}, /* who may enrol is the server's to say */
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct bench b;
        bench_files(&b);
        put_pem(&b);
        bench_opens(&b, arena_printf(&b.f.arena, HEAD DIALECT "%s", rows[i].settings), rows[i].why);
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),       cmocka_unit_test(capabilities),
        cmocka_unit_test(addresses),      cmocka_unit_test(an_enrolment),
        cmocka_unit_test(reenrolments),   cmocka_unit_test(what_is_never_asked),
        cmocka_unit_test(the_issuing_ca), cmocka_unit_test(issued),
        cmocka_unit_test(answers),        cmocka_unit_test(pending),
        cmocka_unit_test(wrong_settings), cmocka_unit_test(opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
