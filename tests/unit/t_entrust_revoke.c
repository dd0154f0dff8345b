/* SPDX-License-Identifier: Apache-2.0
 *
 * Entrust CA Gateway: actions on certificates, their state, and the event feed as an inventory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/entrust_fixture.h"

#define ACT(text) "{\"action\":{" text "\"succeedIfAlreadyInRequestedState\":true}}"

/* --- actions --- */
static void reasons(void **state UNUSED)
{
    static const struct {
        int reason;
        const char *type, *word;
    } rows[] = {
        {REASON_UNSPECIFIED, "RevokeAction", "unspecified"},
        {REASON_KEY_COMPROMISE, "RevokeAction", "keyCompromise"},
        {REASON_CA_COMPROMISE, "RevokeAction", "caCompromise"},
        {REASON_AFFILIATION_CHANGED, "RevokeAction", "affiliationChanged"},
        {REASON_SUPERSEDED, "RevokeAction", "superseded"},
        {REASON_CESSATION_OF_OPERATION, "RevokeAction", "cessationOfOperation"},
        {REASON_CERTIFICATE_HOLD, "HoldAction", "certificateHold"},
        {REASON_REMOVE_FROM_CRL, "UnholdAction", NULL},
        {REASON_PRIVILEGE_WITHDRAWN, "RevokeAction", "privilegeWithdrawn"},
        {REASON_AA_COMPROMISE, "RevokeAction", "aaCompromise"},
    };
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_REVOKE);
    gate_same(&g, &call, "POST", EN_CA "/certificates/5912bd91/actions");
    assert_string_equal(g.request.headers[1], "X-Request-ID: " OUR_KEY);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const char *word =
            rows[i].word ? arena_printf(&g.f.arena, "\"reason\":\"%s\",", rows[i].word) : "";
        g.revoke.reason = rows[i].reason;
        gate_body(&g, &call,
                  arena_printf(&g.f.arena, ACT("\"type\":\"%s\",%s"), rows[i].type, word));
    }
    g.revoke.reason = 7; /* RFC 5280 has none of that number */
    assert_non_null(strstr(gate_refused(&g, &call), "no word for the reason"));
    gate_end(&g);
}

static void details(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, EN_CONFIG("    issue_crl: true\n    serial_digits: 12\n"));
    const struct ca_call call = gate_call(&g, STEP_REVOKE);
    g.revoke.comment = "INC0091";
    g.revoke.invalidity_date = NOW;
    gate_same(&g, &call, "POST", EN_CA "/certificates/00005912bd91/actions");
    gate_body(&g, &call,
              ACT("\"type\":\"RevokeAction\",\"reason\":\"superseded\",\"comment\":\"INC0091\","
                  "\"issueCrl\":\"true\","));
    g.revoke.reason = REASON_KEY_COMPROMISE; /* only then a date means something */
    gate_body(&g, &call,
              ACT("\"type\":\"RevokeAction\",\"reason\":\"keyCompromise\",\"comment\":\"INC0091\","
                  "\"compromiseDate\":\"2026-11-21T09:15:30Z\",\"issueCrl\":\"true\","));
    g.revoke.order = "5A02"; /* as the gateway wrote it */
    gate_same(&g, &call, "POST", EN_CA "/certificates/5A02/actions");
    g.revoke.order = "7b0c-1"; /* an enrolment is no certificate */
    gate_same(&g, &call, "POST", EN_CA "/certificates/00005912bd91/actions");
    g.revoke.serial = NULL;
    assert_non_null(strstr(gate_refused(&g, &call), "serial number"));
    gate_end(&g);
}

static void action_answers(void **state UNUSED)
{
    static const struct {
        int status;
        const char *text;
        enum outcome outcome;
        bool pending;
    } rows[] = {
        {200, "{\"action\":{\"status\":\"COMPLETED\"}}", OUTCOME_ACCEPTED, false},
        {201, "{\"action\":{\"status\":\"COMPLETED\"}}", OUTCOME_ACCEPTED, false},
        {200, "{\"action\":{\"status\":\"ACCEPTED\"}}", OUTCOME_ACCEPTED, true},
        {202, "", OUTCOME_ACCEPTED, true},
        {200, "{\"action\":{\"status\":\"REJECTED\"}}", OUTCOME_REFUSED, false},
        {202, "{\"action\":{\"status\":\"REJECTED\"}}", OUTCOME_REFUSED, false},
        {200, "{\"action\":{\"status\":\"NEW\"}}", OUTCOME_UNKNOWN, false},
        {200, "", OUTCOME_UNKNOWN, false},
        {200, "{\"type\":\"ErrorResponse\",\"error\":{}}", OUTCOME_UNKNOWN, false},
        {400, "{\"type\":\"ErrorResponse\",\"error\":{}}", OUTCOME_REFUSED, false},
        {404, "{\"type\":\"ErrorResponse\",\"error\":{}}", OUTCOME_REFUSED, false},
        {500, "{\"type\":\"ErrorResponse\",\"error\":{}}", OUTCOME_UNKNOWN, false},
        {501, "", OUTCOME_REFUSED, false},
    };
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_REVOKE);
    for (size_t i = 0; i < NITEMS(rows); i++) {
        same(gate_hear(&g, &call, rows[i].status, rows[i].text), rows[i].outcome, rows[i].text);
        assert_true(g.result.pending == rows[i].pending && !g.result.enough);
    }
    gate_end(&g);
}

/* --- the state of a certificate --- */
static void certificate_states(void **state UNUSED)
{
    enum { NO, YES, NEVER };
    static const struct {
        const char *certificate;
        int revoke, hold, unhold; /* is it done? */
    } rows[] = {
        {"{\"status\":\"normal\"}", NO, NO, YES},
        {"{\"status\":\"expired\"}", NO, NO, YES},
        {"{\"status\":\"held\"}", NO, YES, NO},
        {"{\"status\":\"Suspended\"}", NO, YES, NO},
        {"{\"status\":\"revoked\"}", YES, YES, NEVER},
        {"{}", NO, NO, YES},
        {"{\"revocationInfo\":{\"reason\":\"superseded\"}}", YES, YES, NEVER},
        {"{\"revocationInfo\":{\"reason\":\"certificateHold\"}}", NO, YES, NO},
    };
    static const int asked[] = {REASON_KEY_COMPROMISE, REASON_CERTIFICATE_HOLD,
                                REASON_REMOVE_FROM_CRL};
    struct gate g;
    gate_begin(&g, en_config);
    const struct ca_call call = gate_call(&g, STEP_REVOKED);
    gate_same(&g, &call, "GET", EN_CA "/certificates/5912bd91");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const int wanted[] = {rows[i].revoke, rows[i].hold, rows[i].unhold};
        const char *text = arena_printf(&g.f.arena, "{\"certificate\":%s}", rows[i].certificate);
        for (size_t k = 0; k < NITEMS(asked); k++) {
            g.revoke.reason = asked[k];
            same(gate_hear(&g, &call, 200, text),
                 wanted[k] == NEVER ? OUTCOME_REFUSED : OUTCOME_ACCEPTED, text);
            assert_true(g.result.revoked == (wanted[k] == YES));
        }
    }
    same(gate_hear(&g, &call, 200, "{}"), OUTCOME_UNKNOWN, "no certificate");
    same(gate_error(&g, &call, 404, "cagw-4020", "serialNumber"), OUTCOME_REFUSED, "not there");
    same(gate_hear(&g, &call, 503, ""), OUTCOME_UNKNOWN, "503");
    gate_end(&g);
}

/* --- the feed --- */
static const char *page(struct gate *g, const char *rest, const char *const *events, size_t n)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&b, "%s%s", i ? "," : "", events[i]);
    }
    return arena_printf(&g->f.arena, "{\"events\":[%s]%s}", buf_text(&b), rest);
}

#define EVENT(action, serial) "{\"action\":\"" action "\",\"serialNumber\":\"" serial "\"}"

/* States first, rows then; a serial number is one however it is written. */
static void inventory(void **state UNUSED)
{
    static const char *const one[] = {EVENT("issued", "5a01"), EVENT("Revoked", "00005A01"),
                                      EVENT("held", "5a02"), EVENT("held", "5a03")};
    static const char *const two[] = {EVENT("unheld", "5a02"), EVENT("unheld", "5a01"),
                                      EVENT("held", "odd/one")};
    struct gate g;
    gate_begin(&g, en_config);
    struct ca_call call = gate_call(&g, STEP_INVENTORY);
    call.order = NULL;
    call.since = 0;
    gate_same(&g, &call, "GET",
              EN_CA "/certificate-events?startDate=2000-01-01T00:00:00.00Z&preferredPageSize=50"
                    "&%24fields=-events.certificate");
    const struct ca_result *r =
        gate_hear(&g, &call, 200,
                  page(&g, ",\"morePages\":true,\"nextPageIndex\":\"n;1\"", one, NITEMS(one)));
    assert_true(!r->phase && !r->nlisted);
    call.page = r->next_page;
    gate_same(&g, &call, "GET",
              EN_CA "/certificate-events?startDate=2000-01-01T00:00:00.00Z&preferredPageSize=50"
                    "&nextPageIndex=n%3B1&%24fields=-events.certificate");
    r = gate_hear(&g, &call, 200, page(&g, "", two, NITEMS(two)));
    assert_int_equal(r->phase, LIST_ROWS);
    call.page = r->next_page;
    call.phase = r->phase;
    gate_same(&g, &call, "GET",
              EN_CA "/certificate-events?startDate=2000-01-01T00:00:00.00Z&preferredPageSize=50");
    const char *data = gate_cert(&g, &g.key, 1, NOW);
    const char *const rows[] = {
        arena_printf(&g.f.arena,
                     "{\"action\":\"issued\",\"serialNumber\":\"00005a01\",\"eventDate\":"
                     "\"2026-11-21T09:15:30Z\",\"certificate\":\"%s\"}",
                     data),
        EVENT("issued", "5a01"),
        EVENT("held", "5a02"),
        EVENT("issued", "5a02"),
        EVENT("created", "5a03"),
        EVENT("issued", "")};
    r = gate_hear(&g, &call, 200,
                  page(&g, ",\"morePages\":true,\"nextPageIndex\":\"2\"", rows, NITEMS(rows)));
    assert_int_equal(r->nlisted, 3);
    assert_true(r->listed[0].revoked && !r->listed[0].held);
    assert_string_equal(r->listed[0].serial, "5A01");
    assert_string_equal(r->listed[0].order_id, "00005a01");
    assert_string_equal(r->listed[0].common_name, "www.example.com");
    assert_string_equal(r->listed[0].organization, "Acme");
    assert_string_equal(r->listed[0].status, "revoked");
    assert_int_equal(r->listed[0].ordered, NOW);
    assert_int_equal(r->listed[0].not_after, NOW + 90 * DAY_SECONDS);
    assert_true(!r->listed[1].revoked && !r->listed[1].held); /* released */
    assert_true(r->listed[2].held);
    assert_int_equal(r->listed[2].not_after, TIME_NONE);
    assert_int_equal(r->phase, LIST_ROWS);
    call.page = r->next_page;
    r = gate_hear(&g, &call, 200, page(&g, "", rows, 1));
    assert_true(r->nlisted == 1 && r->listed[0].revoked && !r->phase && !r->next_page);
    same(gate_hear(&g, &call, 200, "{}"), OUTCOME_UNKNOWN, "no list");
    same(gate_error(&g, &call, 403, "cagw-4003", ""), OUTCOME_AUTH, "403");
    gate_end(&g);
}

static void transport(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    static const enum outcome rows[] = {OUTCOME_NOT_SENT, OUTCOME_UNKNOWN};
    static const enum ca_step steps[] = {STEP_ORDER, STEP_POLL, STEP_FIND, STEP_REVOKE};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        for (size_t k = 0; k < NITEMS(steps); k++) {
            struct ca_result r = {.arena = &g.f.arena};
            const struct ca_reply reply = {.transport = rows[i]};
            const struct ca_call call = gate_call(&g, steps[k]);
            entrust_ops.answer(&g.ca, &call, &reply, &r);
            same(&r, rows[i], "no reply");
        }
    }
    const struct ca_call call = gate_call(&g, STEP_CANCEL); /* the gateway has none */
    assert_false(ca_entrust.caps & CA_CANCEL);
    assert_non_null(strstr(gate_refused(&g, &call), "no such step"));
    gate_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons),        cmocka_unit_test(details),
        cmocka_unit_test(action_answers), cmocka_unit_test(certificate_states),
        cmocka_unit_test(inventory),      cmocka_unit_test(transport),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
