/* SPDX-License-Identifier: Apache-2.0
 *
 * Entrust CA Gateway: the way from an order to its certificate, by serial number, by subject and by
 * the event feed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/entrust_fixture.h"

#define DN    EN_CA "/subjects/CN%3Dwww.example.com%2CO%3DAcme%5C%2C%20Inc.%2CC%3DDE"
#define FEED  EN_CA "/certificate-events?startDate=2026-11-21T09:10:30.00Z&preferredPageSize=50"
#define NOTES "{\"type\":\"SubjectResponse\",\"subject\":{\"certificates\":[%s]}}"

static const struct ca_result *go_on(struct gate *g, struct ca_call *call, int status,
                                     const char *text)
{
    const struct ca_result *r = gate_hear(g, call, status, text);
    call->phase = r->phase;
    call->page = r->next_page;
    return r;
}

static const char *feed(struct gate *g, const char *events, const char *rest)
{
    return arena_printf(&g->f.arena, "{\"type\":\"CertificateEventsResponse\",\"events\":[%s]%s}",
                        events, rest);
}

static const char *event(struct gate *g, const char *serial, const char *data)
{
    return arena_printf(&g->f.arena,
                        "{\"action\":\"issued\",\"serialNumber\":\"%s\",\"certificate\":\"%s\"}",
                        serial, data);
}

/* --- FIND --- */
static void found_by_subject(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    const char *ours = gate_cert(&g, &g.key, 2, NOW), *theirs = gate_cert(&g, &g.other, 1, NOW);
    struct ca_call call = gate_call(&g, STEP_FIND);
    gate_same(&g, &call, "GET", DN);
    /* candidates wherever they stand, each once; what is no serial number is none */
    const struct ca_result *r =
        go_on(&g, &call, 200,
              "{\"serialNumber\":\"5a01\",\"subject\":{\"x\":[[{\"serialNumber\":\"5A02\"}]],"
              "\"serialNumber\":\"not/one\"},\"subjects\":[{\"serialNumber\":\"5a01\"}]}");
    same(r, OUTCOME_ACCEPTED, "subject");
    assert_int_equal(r->phase, LOOK_CERTIFICATE);
    gate_same(&g, &call, "GET", EN_CA "/certificates/5a01");
    r = go_on(&g, &call, 200, gate_certificate(&g, "normal", theirs));
    assert_int_equal(r->phase, LOOK_CERTIFICATE);
    gate_same(&g, &call, "GET", EN_CA "/certificates/5A02");
    r = go_on(&g, &call, 200, gate_certificate(&g, "revoked", ours)); /* it is there all the same */
    same(r, OUTCOME_ACCEPTED, "found");
    assert_int_equal(r->phase, 0);
    assert_int_equal(r->nfound, 1);
    assert_string_equal(r->found[0].order_id, "5A02");
    gate_end(&g);
}

static void found_by_events(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    const char *ours = gate_cert(&g, &g.key, 2, NOW), *theirs = gate_cert(&g, &g.other, 1, NOW);
    struct ca_call call = gate_call(&g, STEP_FIND);
    const struct ca_result *r = go_on(&g, &call, 404, "");
    assert_int_equal(r->phase, LOOK_EVENTS);
    gate_same(&g, &call, "GET", FEED);
    r = go_on(
        &g, &call, 200,
        feed(&g, event(&g, "5a01", theirs), ",\"morePages\":true,\"nextPageIndex\":\"a;b,c\""));
    assert_int_equal(r->phase, LOOK_EVENTS);
    gate_same(&g, &call, "GET", FEED "&nextPageIndex=a%3Bb%2Cc");
    r = go_on(&g, &call, 200, feed(&g, "", ",\"hasMore\":true,\"nextPageIndex\":7"));
    assert_int_equal(r->phase, LOOK_EVENTS); /* a page may be empty and more follow */
    gate_same(&g, &call, "GET", FEED "&nextPageIndex=7");
    r = go_on(&g, &call, 200,
              feed(&g, event(&g, "00005A02", ours), ",\"morePages\":true,\"nextPageIndex\":\"z\""));
    gate_same(&g, &call, "GET", FEED "&nextPageIndex=z");
    r = go_on(&g, &call, 200, feed(&g, "", ",\"morePages\":false"));
    assert_int_equal(r->nfound, 1);
    assert_string_equal(r->found[0].order_id, "00005A02");
    /* two certificates of the key: not ours to choose */
    call.phase = LOOK_EVENTS;
    call.page = NULL;
    r = go_on(&g, &call, 200,
              feed(&g,
                   arena_printf(&g.f.arena, "%s,%s", event(&g, "5a02", ours),
                                event(&g, "5a03", gate_cert(&g, &g.key, 3, NOW))),
                   ""));
    assert_int_equal(r->nfound, 2);
    gate_end(&g);
}

/* Nothing is nothing; what cannot be read is not. */
static void not_found(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    struct ca_call call = gate_call(&g, STEP_FIND);
    (void)go_on(&g, &call, 200, "{\"subject\":{}}");
    const struct ca_result *r = go_on(&g, &call, 200, feed(&g, "", ""));
    same(r, OUTCOME_ACCEPTED, "nothing");
    assert_int_equal(r->nfound, 0);
    assert_int_equal(r->phase, 0);
    assert_false(r->pending);
    static const struct {
        unsigned phase;
        const char *page;
        int status;
        const char *text;
    } rows[] = {
        {0, NULL, 200, "<html>"},
        {0, NULL, 200, "{\"type\":\"ErrorResponse\",\"error\":{}}"},
        {0, NULL, 400, "{\"type\":\"ErrorResponse\",\"error\":{\"code\":\"c\"}}"},
        {0, NULL, 501, ""},
        {LOOK_CERTIFICATE, "1/1;5a01;", 200, "{\"certificate\":{\"certificateData\":\"AAAA\"}}"},
        {LOOK_CERTIFICATE, "1/1;5a01;", 200, "{}"},
        {LOOK_CERTIFICATE, "1/1;;", 200, "{}"},
        {LOOK_EVENTS, NULL, 404, "{}"},
        {LOOK_EVENTS, NULL, 200, "{\"events\":7}"},
        {LOOK_EVENTS, NULL, 200, "{\"events\":[],\"morePages\":true}"},
        {LOOK_EVENTS, NULL, 500, ""},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        call.phase = rows[i].phase;
        call.page = rows[i].page;
        same(gate_hear(&g, &call, rows[i].status, rows[i].text), OUTCOME_UNKNOWN, rows[i].text);
        assert_int_equal(g.result.nfound, 0);
        assert_int_equal(g.result.phase, 0);
    }
    gate_end(&g);
}

/* A key that is used again had certificates before this order. */
static void older_ones(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    static const struct {
        int64_t begins;
        const char *prior;
        size_t found;
    } rows[] = {
        {NOW - 60, NULL, 1},
        {NOW - DAY_SECONDS, NULL, 1}, /* midnight of the day, and clocks */
        {NOW - 2 * DAY_SECONDS, NULL, 0},
        {NOW - 60, "5A02", 0},
        {NOW - 60, "5A03", 1},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct ca_call call = gate_call(&g, STEP_FIND);
        g.order.prior_serial = rows[i].prior;
        call.phase = LOOK_EVENTS;
        const char *data = gate_cert(&g, &g.key, 2, rows[i].begins);
        const struct ca_result *r = go_on(&g, &call, 200, feed(&g, event(&g, "5a02", data), ""));
        assert_int_equal(r->nfound, rows[i].found);
    }
    gate_end(&g);
}

static void too_many(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    CLEANUP(buf_release) struct buf b = BUF_INIT(1 << 20);
    for (int i = 0; i < 600; i++) {
        buf_printf(&b, "%s{\"serialNumber\":\"%x\"}", i ? "," : "", 4096 + i);
    }
    const struct ca_call call = gate_call(&g, STEP_FIND);
    same(gate_hear(&g, &call, 200, arena_printf(&g.f.arena, NOTES, buf_text(&b))), OUTCOME_UNKNOWN,
         "600 certificates");
    gate_end(&g);
}

/* Without subject_lookup the feed is all. */
static void feed_alone(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, EN_CONFIG("    subject_lookup: false\n    page_size: 100\n"));
    struct ca_call call = gate_call(&g, STEP_FIND);
    gate_same(&g, &call, "GET",
              EN_CA "/certificate-events?startDate=2026-11-21T09:10:30.00Z&preferredPageSize=100");
    same(gate_hear(&g, &call, 404, ""), OUTCOME_UNKNOWN, "no feed");
    const struct ca_result *r = go_on(&g, &call, 200, feed(&g, "", ""));
    same(r, OUTCOME_ACCEPTED, "nothing");
    assert_int_equal(r->nfound + r->phase, 0);
    call = gate_call(&g, STEP_POLL);
    call.order_id = "spki:0011";
    r = go_on(&g, &call, 200, feed(&g, "", ""));
    assert_true(r->pending);
    call.phase = 0;
    r = go_on(&g, &call, 200, feed(&g, event(&g, "5a02", gate_cert(&g, &g.key, 2, NOW)), ""));
    assert_int_equal(r->phase, LOOK_CERTIFICATE);
    gate_same(&g, &call, "GET", EN_CA "/certificates/5a02");
    gate_end(&g);
}

/* --- POLL --- */
static void by_serial(void **state UNUSED)
{
    struct gate g;
    gate_begin(&g, en_config);
    const char *data = gate_cert(&g, &g.key, 2, NOW - 30 * DAY_SECONDS);
    const char *issuer = gate_cert(&g, &g.other, 9, NOW);
    struct ca_call call = gate_call(&g, STEP_POLL);
    call.order_id = "00d21f8a";
    gate_same(&g, &call, "GET", EN_CA "/certificates/00d21f8a");
    /* a chain that is not shown is asked for, once */
    const struct ca_result *r = go_on(&g, &call, 200, gate_certificate(&g, "normal", data));
    assert_false(r->issued);
    assert_int_equal(r->phase, LOOK_CHAIN);
    gate_same(&g, &call, "GET", EN_CA "?%24fields=ca.certificate,ca.chain");
    r = go_on(&g, &call, 200,
              arena_printf(&g.f.arena,
                           "{\"ca\":{\"certificate\":{\"certificateData\":\"%s\"},\"chain\":["
                           "{\"certificateData\":\"%s\"},\"%s\"]}}",
                           issuer, issuer, issuer));
    assert_int_equal(r->phase, LOOK_CERTIFICATE);
    gate_same(&g, &call, "GET", EN_CA "/certificates/00d21f8a");
    r = go_on(&g, &call, 200, gate_certificate(&g, "normal", data));
    assert_true(r->issued && r->ncerts == 1 && !r->phase); /* a stranger is no chain */
    const struct entrust *own = g.ca.state;
    assert_int_equal(own->nchain, 3);
    call.phase = 0;
    r = go_on(&g, &call, 200, gate_certificate(&g, "normal", data));
    assert_true(r->issued && !r->phase);
    same(gate_hear(&g, &call, 404, ""), OUTCOME_UNKNOWN, "no such number");
    gate_end(&g);
}

static void states(void **state UNUSED)
{
    static const struct {
        const char *status;
        enum outcome outcome;
        bool issued, pending, revoked;
    } rows[] = {
        {"normal", OUTCOME_ACCEPTED, true, false, false},
        {"expired", OUTCOME_ACCEPTED, true, false, false},
        {"", OUTCOME_ACCEPTED, true, false, false}, /* public CAs tell none */
        {"held", OUTCOME_ACCEPTED, false, true, false},
        {"suspended", OUTCOME_ACCEPTED, false, true, false},
        {"revoked", OUTCOME_REFUSED, false, false, true},
    };
    struct gate g;
    gate_begin(&g, en_config);
    const char *data = gate_cert(&g, &g.key, 2, NOW);
    struct ca_call call = gate_call(&g, STEP_POLL);
    call.order_id = "5a02";
    ((struct entrust *)g.ca.state)->asked_chain = true;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_result *r =
            gate_hear(&g, &call, 200, gate_certificate(&g, rows[i].status, data));
        same(r, rows[i].outcome, rows[i].status);
        assert_true(r->issued == rows[i].issued && r->pending == rows[i].pending &&
                    r->revoked == rows[i].revoked);
    }
    gate_end(&g);
}

/* An enrolment that was accepted: by its subject, until a certificate has the key. */
static void pending(void **state UNUSED)
{
    static const int64_t waits[] = {2, 4, 8, 16, 32, 32};
    struct gate g;
    gate_begin(&g, en_config);
    const char *ours = gate_cert(&g, &g.key, 2, NOW), *theirs = gate_cert(&g, &g.other, 1, NOW);
    struct ca_call call = gate_call(&g, STEP_POLL);
    call.order_id = "7b0c-1";
    for (unsigned looks = 0; looks < 6; looks++) {
        call.looks = looks;
        gate_same(&g, &call, "GET", DN);
        const struct ca_result *r = gate_hear(&g, &call, 404, "");
        same(r, OUTCOME_ACCEPTED, "not yet");
        assert_true(r->pending && r->enough == (looks == 5));
        assert_int_equal(r->again_seconds, waits[looks]);
    }
    (void)go_on(&g, &call, 200, "{\"subject\":{\"certificates\":[{\"serialNumber\":\"5a01\"}]}}");
    const struct ca_result *r = go_on(&g, &call, 200, gate_certificate(&g, "normal", theirs));
    assert_true(r->pending && !r->phase); /* somebody else's */
    (void)go_on(&g, &call, 200, "{\"subject\":{\"serialNumber\":\"5a02\"}}");
    r = go_on(&g, &call, 200, gate_certificate(&g, "normal", ours));
    assert_int_equal(r->phase, LOOK_CHAIN);
    r = go_on(&g, &call, 404, ""); /* the gateway shows no CA: then without its chain */
    assert_int_equal(r->phase, LOOK_CERTIFICATE);
    gate_same(&g, &call, "GET", EN_CA "/certificates/5a02");
    r = go_on(&g, &call, 200, gate_certificate(&g, "normal", ours));
    assert_true(r->issued && r->ncerts == 1);
    gate_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_subject), cmocka_unit_test(found_by_events),
        cmocka_unit_test(not_found),        cmocka_unit_test(older_ones),
        cmocka_unit_test(too_many),         cmocka_unit_test(feed_alone),
        cmocka_unit_test(by_serial),        cmocka_unit_test(states),
        cmocka_unit_test(pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
