/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of the V2 API of the CERTInext connector: an account that has a token, requests and
 * problem details.
 */
#ifndef TESTS_UNIT_CERTINEXT_V2_FIXTURE_H
#define TESTS_UNIT_CERTINEXT_V2_FIXTURE_H

#include "tests/unit/certinext_fixture.h"

#define V2_BASE "https://sandbox-us-api.certinext.io/api/certinext/v2/"
#define TOKEN   "abc.def-TOKEN"

#define V2_CONFIG(url, rest)                                                                       \
    "certbatch_config: 1\ncas:\n  prod:\n    type: certinext\n    api: v2\n    api_url: " url "\n" \
    "    account_number: \"1234567890\"\n    group_number: \"2345678901\"\n"                       \
    "    organization_number: \"3456789012\"\n"                                                    \
    "    auth: {mode: oauth, client_secret: {file: key}}\n"                                        \
    "    requestor: {name: PKI Automation, email: pki-admin@example.com, "                         \
    "mobile_number: \"5550100123\", designation: Platform Engineer}\n"                             \
    "    signer: {name: Dana Sample, place: Austin, ip: 203.0.113.10}\n" rest
static const char v2_config[] = V2_CONFIG("https://sandbox-us-api.certinext.io", "");

UNUSED static void v2_token(struct bench *b)
{
    const struct ca_call ask = bench_call(b, STEP_TOKEN);
    const struct ca_result *r =
        bench_hear(b, &ask, 200, "{\"access_token\":\"" TOKEN "\",\"expires_in\":3600}");
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
}

UNUSED static void v2_begin(struct bench *b, const char *config)
{
    bench_begin(b, config);
    v2_token(b);
}

/* Method and address, the bearer, and the headers that go with every request. */
UNUSED static void v2_same_call(struct bench *b, const struct ca_call *call, const char *method,
                                const char *path)
{
    struct err err = ERR_INIT;
    if (!bench_ask(b, call, &err)) {
        fail_msg("%s", err.msg);
    }
    const struct ca_request *r = &b->request;
    assert_string_equal(r->method, method);
    assert_string_equal(r->url, arena_printf(&b->f.arena, V2_BASE "%s", path));
    assert_string_equal(r->headers[0], "Accept: application/json");
    assert_string_equal(r->secret_headers[0].name, "Authorization");
    assert_string_equal(r->secret_headers[0].prefix, "Bearer ");
    assert_string_equal(secret_bytes(r->secret_headers[0].value), TOKEN);
    assert_null(r->secret_headers[1].name);
    assert_false(r->body_is_secret);
    assert_true(str_eq(r->content_type, str_eq(method, "GET") ? NULL : "application/json"));
    assert_true(r->body.n || str_eq(method, "GET"));
    struct sha256 s;
    uint8_t digest[SHA256_SIZE];
    sha256_begin(&s);
    sha256_add(&s, r->method, strlen(r->method) + 1);
    sha256_add(&s, r->url, strlen(r->url) + 1);
    sha256_add(&s, r->body.p, r->body.n);
    sha256_end(&s, digest);
    assert_memory_equal(digest, r->digest, SHA256_SIZE);
}

/* The body, member by member, but for a CSR, which must be that of the order when it is there. */
UNUSED static void v2_same_body(struct bench *b, const struct ca_call *call, const char *method,
                                const char *path, const char *expected)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    v2_same_call(b, call, method, path);
    CLEANUP(json_tree_release)
    json_t *got = json_parse("request", buf_text(&b->request.body), b->request.body.n, &err);
    CLEANUP(json_tree_release)
    json_t *want = json_parse("expected", expected, strlen(expected), &err);
    if (!want || !got) {
        fail_msg("%s", err.msg);
    }
    if (json_get_str(got, "csr")) {
        pem_write(&pem, "CERTIFICATE REQUEST", b->order.csr);
        assert_string_equal(json_get_str(got, "csr"), buf_text(&pem));
        json_object_set_new(got, "csr", json_string("CSR"));
    }
    if (!json_equal(got, want)) {
        fail_msg("%s", json_dumps(got, JSON_INDENT(1)));
    }
}

UNUSED static const char *v2_header(const struct bench *b, const char *name)
{
    for (const char *const *h = b->request.headers; *h; h++) {
        if (str_starts(*h, name) && (*h)[strlen(name)] == ':') {
            return *h + strlen(name) + 2;
        }
    }
    return NULL;
}

UNUSED static const struct ca_result *v2_problem(struct bench *b, const struct ca_call *call,
                                                 int status, const char *detail)
{
    return bench_hear(b, call, status,
                      arena_printf(&b->f.arena,
                                   "{\"type\":\"about:blank\",\"title\":\"T\",\"status\":%d,"
                                   "\"detail\":\"%s\",\"instance\":\"/x\"}",
                                   status, detail));
}

UNUSED static void same(const struct ca_result *r, enum outcome outcome, const char *what)
{
    if (r->outcome != outcome) {
        fail_msg("%s: %s (%s)", what, outcome_name(r->outcome), r->message ? r->message : "");
    }
}

UNUSED static const struct ynode *v2_fields(struct bench *b, const char *yaml)
{
    struct ynode *root = NULL;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    assert_true(yaml_parse("test", (struct span){(const uint8_t *)yaml, strlen(yaml)},
                           &shape_manifest, &b->f.arena, &findings, &root));
    return root;
}

#endif
