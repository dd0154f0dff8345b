/* SPDX-License-Identifier: Apache-2.0
 *
 * The AD CS connector: what it asks for, and what it makes of pages, known and strange. The shapes
 * of the pages are those of real servers; the words are ours, in the character sets that servers of
 * other languages have.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/adcs_fixture.h"

#define ENTERPRISE "    template: WebServer\n"
#define STANDALONE "    ca_setup_type: standalone\n"

/* --- requests --- */
static void test_order(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, ENTERPRISE "    auth: {mode: ntlm, username: 'CORP\\svc', password: {file: "
                               "password}}\n");
    const struct ca_request *r = bench_get(&b, STEP_ORDER);
    assert_string_equal(r->method, "POST");
    assert_string_equal(r->url, "https://ca01.corp.example/certsrv/certfnsh.asp");
    assert_string_equal(r->content_type, "application/x-www-form-urlencoded");
    assert_string_equal(bench_field(&b, "Mode"), "newreq");
    assert_string_equal(bench_field(&b, "CertAttrib"),
                        "CertificateTemplate:WebServer\r\ncertbatch:" OUR_KEY "\r\n");
    assert_string_equal(bench_field(&b, "TargetStoreFlags"), "0");
    assert_string_equal(bench_field(&b, "SaveCert"), "yes");
    assert_true(says(bench_field(&b, "CertRequest"), "-----BEGIN CERTIFICATE REQUEST-----\n"));
    assert_null(strchr(buf_text(&r->body), '+')); /* it would be a blank */
    assert_int_equal(r->login.kind, LOGIN_NTLM);
    assert_string_equal(r->login.user, "CORP\\svc");
    assert_string_equal(secret_bytes(r->login.password), "open sesame");
    assert_false(says(buf_text(&r->body), "sesame") || says(r->url, "sesame"));
    bool agent = false;
    for (const char *const *h = r->headers; *h; h++) {
        agent = agent || strncmp(*h, "User-Agent: Mozilla/", 20) == 0;
    }
    assert_true(agent);
    bench_end(&b);
}

static void test_attributes(void **state)
{
    (void)state;
    struct bench b;
    struct findings findings = FINDINGS_INIT;
    struct ynode *extra = NULL;
    static const char text[] = "template: Other\nsan_attribute: true\n"
                               "attributes: {Ticket: CHG0000001, cdc: dc01}\n";
    bench_begin(&b, ENTERPRISE "    key_attribute: none\n");
    assert_true(yaml_parse("x", (struct span){(const uint8_t *)text, sizeof text - 1},
                           &shape_manifest, &b.f.arena, &findings, &extra));
    b.order.extra = extra;
    (void)bench_get(&b, STEP_ORDER);
    assert_string_equal(bench_field(&b, "CertAttrib"),
                        "CertificateTemplate:Other\r\nTicket:CHG0000001\r\ncdc:dc01\r\n"
                        "san:dns=www.example.com\r\n");
    /* what would be more than one line, or more than one name */
    b.order.product = "x\r\nsan:dns=dc01.example.com";
    b.order.extra = NULL;
    assert_true(says(bench_denied(&b, STEP_ORDER), "not one line"));
    static const struct san_value two = {GN_DNS, "a.example&dns=dc01.example"};
    b.order.product = NULL;
    b.order.extra = extra;
    b.order.san = &two;
    assert_true(says(bench_denied(&b, STEP_ORDER), "cannot carry"));
    findings_release(&findings);
    bench_end(&b);
}

static void test_setups(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, "");
    assert_true(says(bench_denied(&b, STEP_ORDER), "needs a template"));
    bench_end(&b);
    bench_begin(&b, STANDALONE);
    b.order.product = "WebServer"; /* it has none */
    (void)bench_get(&b, STEP_ORDER);
    assert_string_equal(bench_field(&b, "CertAttrib"), "certbatch:" OUR_KEY "\r\n");
    assert_int_equal(b.request.login.kind, LOGIN_NEGOTIATE);
    assert_null(b.request.login.user); /* the ticket of the process */
    bench_end(&b);
}

static void test_reads(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, ENTERPRISE "    auth: {mode: none}\n");
    assert_string_equal(bench_get(&b, STEP_POLL)->url,
                        "https://ca01.corp.example/certsrv/certnew.p7b?ReqID=417&Enc=bin");
    assert_string_equal(bench_get(&b, STEP_PROBE)->url, "https://ca01.corp.example/certsrv/");
    assert_string_equal(bench_get(&b, STEP_PRODUCTS)->url,
                        "https://ca01.corp.example/certsrv/certrqxt.asp");
    assert_int_equal(b.request.login.kind, LOGIN_NONE);
    assert_true(says(bench_denied(&b, STEP_FIND), "no such step"));
    struct err err = ERR_INIT;
    struct ca_call call = bench_call(&b, STEP_POLL);
    static const char *const odd[] = {"", "41x", "417&ReqID=1", "12345678901", NULL};
    for (size_t i = 0; i < NITEMS(odd); i++) {
        call.order_id = odd[i];
        assert_false(adcs_ops.request(&b.ca, &call, &b.request, &err));
    }
    bench_end(&b);
}

/* --- the page of an order --- */
#define ISSUED                                                                                     \
    PAGE("Certificate Issued", "<Script>location=\"certnew.cer?ReqID=417&\"+getEncoding();"        \
                               "</Script>\r\n")
#define DENIED(words)                                                                              \
    PAGE("x", "<P ID=locDenied>\r\n<P ID=locInfoReqIDandReason>\r\nYour Request Id is 417. The "   \
              "disposition message is \"" words "\".\r\n")
#define ERROR_PAGE(disposition, message, status)                                                   \
    PAGE("Error", LABEL("locDispLabel", disposition) LABEL("locDispMsgLabel", message)             \
                      LABEL("locLastStatLabel", status))

static const struct page_row {
    const char *name, *page;
    enum outcome outcome;
    const char *order_id;
    bool pending;
    const char *code, *words;
} order_pages[] = {
    {"issued", ISSUED, OUTCOME_ACCEPTED, "417", false, NULL, NULL},
    {"issued, text browser", PAGE("x", "<A Href=\"certnew.cer?ReqID=417&amp;Enc=bin\">x</A>"),
     OUTCOME_ACCEPTED, "417", false, NULL, NULL},
    {"pending",
     PAGE("Certificate Pending", "<P ID=locInfoReqID>Your Request Id is 417.\r\n"
                                 "<P>within 10 days"),
     OUTCOME_ACCEPTED, "417", true, NULL, "officer"},
    {"pending, German",
     PAGE("Zertifikat ausstehend", "<P>Ihre Anforderungs-ID lautet 417.<P>in "
                                   "10 Tagen"),
     OUTCOME_ACCEPTED, "417", true, NULL, NULL},
    {"pending, Japanese, Shift_JIS",
     PAGE("\x95\xdb\x97\xaf", "<P>\x97v\x8b\x81 ID \x82\xcd 417 \x82\xc5\x82\xb7"),
     OUTCOME_ACCEPTED, "417", true, NULL, NULL},
    {"two numbers: nobody guesses", PAGE("x", "<P>ID 417<P>ID 418"), OUTCOME_UNKNOWN, NULL, false,
     NULL, "locale_patterns"},
    {"Russian: no ID", PAGE("\xce\xe6\xe8\xe4\xe0\xed\xe8\xe5", "<P>\xca\xee\xe4: 417."),
     OUTCOME_UNKNOWN, NULL, false, NULL, "locale_patterns"},
    {"denied: template",
     DENIED("Denied by Policy Module  0x80094800, The requested certificate "
            "template is not supported: Nope."),
     OUTCOME_REFUSED, NULL, false, "CERTSRV_E_UNSUPPORTED_CERT_TYPE", "not published"},
    {"denied: rights", DENIED("Denied by Policy Module 0x80094012, no"), OUTCOME_REFUSED, NULL,
     false, "CERTSRV_E_TEMPLATE_DENIED", "request 417"},
    {"denied: a code nobody knows", DENIED("Denied 0x8009ffff"), OUTCOME_REFUSED, NULL, false,
     "0x8009FFFF", "Denied"},
    {"denied: code in a comment", PAGE("x", "<P ID=locDenied>no<!-- Error Number: 0x80094811 -->"),
     OUTCOME_REFUSED, NULL, false, "CERTSRV_E_KEY_LENGTH", "shorter"},
    {"denied, French",
     PAGE("Demande refus\xe9"
          "e",
          "<P ID=locDenied>ID 417. \"0x80094801\""),
     OUTCOME_REFUSED, NULL, false, "CERTSRV_E_NO_CERT_TYPE", "needs a template"},
    {"error: not parsed", ERROR_PAGE("1 -", "Error Parsing Request", "ASN1 bad tag. 0x8009310b"),
     OUTCOME_REFUSED, NULL, false, "CRYPT_E_ASN1_BADTAG", "Error Parsing Request"},
    {"error: busy", ERROR_PAGE("(never set)", "", "busy 0x8009400F"), OUTCOME_THROTTLED, NULL,
     false, "CERTSRV_E_NO_DB_SESSIONS", "later"},
    {"error: the CA is not reached", ERROR_PAGE("(never set)", "", "0x800706ba (WIN32: 1722)"),
     OUTCOME_THROTTLED, NULL, false, "RPC_S_SERVER_UNAVAILABLE", "nothing was handed in"},
    {"error: the CA may have it", ERROR_PAGE("(never set)", "", "0x800706be (WIN32: 1726)"),
     OUTCOME_UNKNOWN, NULL, false, "RPC_S_CALL_FAILED", "may have"},
    {"error: nothing known", ERROR_PAGE("(never set)", "", "something 0x81234567"), OUTCOME_UNKNOWN,
     NULL, false, "0x81234567", "something"},
    {"error: numbers of scripts are none", ERROR_PAGE("2 -", "No", "no number"), OUTCOME_REFUSED,
     NULL, false, NULL, "No"},
    {"a login page of somebody else", "<html><form>user ID: 12</form></html>", OUTCOME_UNKNOWN,
     NULL, false, NULL, "locale_patterns"},
    {"nothing", "", OUTCOME_UNKNOWN, NULL, false, NULL, NULL},
    {"never closed", "<script>certnew.cer?ReqID=", OUTCOME_UNKNOWN, NULL, false, NULL, NULL},
};

static bool page_is(struct bench *b, enum ca_step step, const struct page_row *row)
{
    const struct ca_result *r = bench_hear(b, step, 200, row->page);
    const bool same_id =
        row->order_id ? r->order_id && strcmp(r->order_id, row->order_id) == 0 : !r->order_id;
    const bool same_code = row->code ? r->code && strcmp(r->code, row->code) == 0 : !r->code;
    if (r->outcome != row->outcome || !same_id || r->pending != row->pending || !same_code ||
        (row->words && !says(r->message, row->words))) {
        print_error("%s: %s, order %s, pending %d, code %s: %s\n", row->name,
                    outcome_name(r->outcome), r->order_id ? r->order_id : "-", r->pending,
                    r->code ? r->code : "-", r->message ? r->message : "-");
        return false;
    }
    return true;
}

static void test_order_pages(void **state)
{
    (void)state;
    struct bench b;
    size_t bad = 0;
    bench_begin(&b, ENTERPRISE);
    for (size_t i = 0; i < NITEMS(order_pages); i++) {
        bad += !page_is(&b, STEP_ORDER, &order_pages[i]);
    }
    assert_int_equal(bad, 0);
    bench_end(&b);
}

/* What the configuration says comes first. */
static void test_other_patterns(void **state)
{
    (void)state;
    struct bench b;
    static const struct page_row rows[] = {
        {"pending, Russian", PAGE("\xce\xe6", "<P>\xca\xee\xe4: 417."), OUTCOME_ACCEPTED, "417",
         true, NULL, NULL},
        {"denied, and its number is there, too",
         PAGE("x", "<P ID=locDenied>\xca\xee\xe4: 417. 0x80094800"), OUTCOME_REFUSED, NULL, false,
         "CERTSRV_E_UNSUPPORTED_CERT_TYPE", NULL},
        {"denied in our words", PAGE("x", "<P>ID 417 NOT TODAY"), OUTCOME_REFUSED, NULL, false,
         NULL, "NOT TODAY"},
        {"issued in our words", PAGE("x", "<P>DONE 55"), OUTCOME_ACCEPTED, "55", false, NULL, NULL},
    };
    bench_begin(&b, ENTERPRISE "    locale_patterns:\n"
                               "      pending: '\\x{ca}\\x{ee}\\x{e4}: (\\d+)'\n"
                               "      denied: [never, not today]\n      issued: 'DONE (\\d+)'\n");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_true(page_is(&b, STEP_ORDER, &rows[i]));
    }
    bench_end(&b);
}

/* --- the certificate --- */
static const struct page_row poll_pages[] = {
    {"pending", ERROR_PAGE("5 -", "Taken Under Submission", "0x0"), OUTCOME_ACCEPTED, NULL, true,
     NULL, "officer"},
    {"denied", ERROR_PAGE("2 -", "Denied by CORP\\officer", "0x80094014 (CERTSRV_E)"),
     OUTCOME_REFUSED, NULL, false, "CERTSRV_E_ADMIN_DENIED_REQUEST", "an officer denied"},
    {"failed", ERROR_PAGE("1 -", "Error", "0x80094811"), OUTCOME_REFUSED, NULL, false,
     "CERTSRV_E_KEY_LENGTH", "shorter"},
    {"revoked meanwhile", ERROR_PAGE("6 -", "Revoked by CORP\\officer", "x"), OUTCOME_REFUSED, NULL,
     false, NULL, "Revoked by"},
    {"no such number", ERROR_PAGE("(never set)", "", "property value is empty. 0x80094004"),
     OUTCOME_UNKNOWN, NULL, false, "CERTSRV_E_PROPERTY_EMPTY", "no request of this number"},
    {"strange", "<html>maintenance</html>", OUTCOME_UNKNOWN, NULL, false, NULL, "maintenance"},
};

static void test_poll_pages(void **state)
{
    (void)state;
    struct bench b;
    size_t bad = 0;
    bench_begin(&b, ENTERPRISE);
    for (size_t i = 0; i < NITEMS(poll_pages); i++) {
        bad += !page_is(&b, STEP_POLL, &poll_pages[i]);
    }
    assert_int_equal(bad, 0);
    bench_end(&b);
}

static void test_products(void **state)
{
    (void)state;
    struct bench b;
    bench_begin(&b, ENTERPRISE);
    const struct ca_result *r = bench_hear(
        &b, STEP_PRODUCTS, 200,
        PAGE("x", "<Select ID=lbCertTemplateID><Option Value=\"O;WebServer;1;134;x\">Web "
                  "Server\r\n<option selected value=\"E;Machine;1;x\">Computer</Select>"));
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    assert_int_equal(r->nsold, 2);
    assert_string_equal(r->sold[0].code, "WebServer");
    assert_string_equal(r->sold[0].category, "subject from the request");
    assert_string_equal(r->sold[1].code, "Machine");
    assert_string_equal(r->sold[1].category, "subject from the directory");
    assert_int_equal(bench_hear(&b, STEP_PRODUCTS, 200, PAGE("x", ""))->nsold, 0);
    assert_int_equal(bench_hear(&b, STEP_PRODUCTS, 200, "<html>hello")->outcome, OUTCOME_UNKNOWN);
    assert_int_equal(bench_hear(&b, STEP_PROBE, 200, PAGE("Welcome", ""))->outcome,
                     OUTCOME_ACCEPTED);
    assert_int_equal(bench_hear(&b, STEP_PROBE, 200, "<html>hello")->outcome, OUTCOME_UNKNOWN);
    bench_end(&b);
}

/* --- what HTTP refuses --- */
static void test_statuses(void **state)
{
    (void)state;
    struct bench b;
    static const struct {
        enum ca_step step;
        int status;
        enum outcome outcome;
        const char *words;
    } rows[] = {
        {STEP_ORDER, 403, OUTCOME_AUTH, "may not use"},
        {STEP_ORDER, 404, OUTCOME_AUTH, "base_url"},
        {STEP_ORDER, 500, OUTCOME_UNKNOWN, "500"},
        {STEP_ORDER, 302, OUTCOME_UNKNOWN, "redirect"},
        {STEP_ORDER, 429, OUTCOME_THROTTLED, "429"},
        {STEP_POLL, 500, OUTCOME_UNKNOWN, "500"},
        {STEP_POLL, 400, OUTCOME_UNKNOWN, "400"},
    };
    bench_begin(&b, ENTERPRISE);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r = bench_hear(&b, rows[i].step, rows[i].status, "<html>x");
        if (r->outcome != rows[i].outcome || !says(r->message, rows[i].words)) {
            fail_msg("%d: %s: %s", rows[i].status, outcome_name(r->outcome), r->message);
        }
    }
    bench_end(&b);
}

static void unauthorized(const char *keys, const char *one, const char *two, const char *words)
{
    struct bench b;
    bench_begin(&b, keys);
    b.headers[0] = (struct ca_header){"www-authenticate", one};
    b.headers[1] = (struct ca_header){"www-authenticate", two};
    const struct ca_result *r = bench_hear(&b, STEP_ORDER, 401, "<html>");
    assert_int_equal(r->outcome, OUTCOME_AUTH);
    if (!says(r->message, words)) {
        fail_msg("%s", r->message);
    }
    bench_end(&b);
}

static void test_401(void **state)
{
    (void)state;
    unauthorized(ENTERPRISE, "Negotiate oX==", "NTLM", "the server offers Negotiate, NTLM");
    unauthorized(ENTERPRISE, "Negotiate", "NTLM", "Extended Protection");
    unauthorized(ENTERPRISE, "Basic realm=\"x\"", "NTLM", "choose one of these");
    unauthorized(ENTERPRISE "    auth: {mode: basic, username: svc, password: {file: password}}\n",
                 "Basic realm=\"x\"", "NTLM", "are not accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),       cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_setups),      cmocka_unit_test(test_reads),
        cmocka_unit_test(test_order_pages), cmocka_unit_test(test_other_patterns),
        cmocka_unit_test(test_poll_pages),  cmocka_unit_test(test_products),
        cmocka_unit_test(test_statuses),    cmocka_unit_test(test_401),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
