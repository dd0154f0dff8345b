/* SPDX-License-Identifier: Apache-2.0
 *
 * Logins that HTTP carries out: Basic, NTLM, Negotiate. What counts is what arrives at the server:
 * how often a body that would enrol, on which connection, as whom. Whether a login is right only a
 * real server can tell (tests/interop/adcs_auth.sh); this one believes everything.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_fixture.h"

#define BODY "CertRequest=1"
/* A challenge (MS-NLMP, 2.2.1.2): domain CORP, with target information, so that NTLMv2 is used. */
#define CHALLENGE                                                                                  \
    "TlRMTVNTUAACAAAACAAIADAAAAAFgokAASNFZ4mrze8AAAAAAAAAABAAEAA4AAAAQwBPAFIAUAACAAgAQwBPAFIAUAAA" \
    "AAAA"
#define UNAUTHORIZED(how)                                                                          \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " how "\r\nContent-Length: 4\r\n\r\nlost"

static atomic_uint bodies; /* requests with a body */
static struct secret password;

static bool take(struct conn *c)
{
    const bool got = conn_request(c);
    atomic_fetch_add(&bodies, got && conn_body_length(c->in) > 0);
    return got;
}

/* 1: greeting; 3: response; 0: no NTLM. The type is the octet behind "NTLMSSP\0". */
static int ntlm_type(const struct conn *c)
{
    return strcasestr(c->in, "\r\nAuthorization: NTLM TlRMTVNTUAAB")   ? 1
           : strcasestr(c->in, "\r\nAuthorization: NTLM TlRMTVNTUAAD") ? 3
                                                                       : 0;
}

static void talk_ntlm(struct conn *c)
{
    while (take(c)) {
        if (!(ntlm_type(c) == 3 ? conn_ok(c, "issued")
                                : conn_say(c, UNAUTHORIZED("NTLM " CHALLENGE)))) {
            return;
        }
    }
}

/* It enrols, and the connection ends before the answer. */
static void talk_ntlm_lost(struct conn *c)
{
    while (take(c) && ntlm_type(c) == 1 && conn_say(c, UNAUTHORIZED("NTLM " CHALLENGE))) {
    }
}

static void talk_ntlm_reset(struct conn *c)
{
    talk_ntlm_lost(c);
    conn_reset(c);
}

/* Half of the status line, then nothing. */
static void talk_ntlm_torn(struct conn *c)
{
    talk_ntlm_lost(c);
    (void)conn_say(c, "HTTP/1.1 20");
    conn_finish(c);
}

static void talk_silent(struct conn *c)
{
    (void)take(c);
}

static void talk_no_login(struct conn *c)
{
    while (take(c) && conn_ok(c, "issued")) {
    }
}

static void talk_refuse(struct conn *c)
{
    while (take(c)) {
        if (!conn_say(c,
                      ntlm_type(c) == 1 ? UNAUTHORIZED("NTLM " CHALLENGE) : UNAUTHORIZED("NTLM"))) {
            return;
        }
    }
}

static void talk_basic_only(struct conn *c)
{
    while (take(c) && conn_say(c, UNAUTHORIZED("Basic realm=\"x\""))) {
    }
}

/* The answer to the second leg asks for a third, for ever. */
static void talk_endless(struct conn *c)
{
    while (take(c) && conn_say(c, UNAUTHORIZED("NTLM " CHALLENGE))) {
    }
}

static struct letter *with_login(struct letter *x, int kind, const char *user)
{
    x->request.login.kind = kind;
    x->request.login.user = user;
    x->request.login.password = user ? &password : NULL;
    return x;
}

/* A connection that is counted may have carried nothing: libcurl makes one before it asks whether
 * it may begin again. */
struct count {
    unsigned requests, bodies, accepts;
};

/* One order of that login: what became of it, and what arrived. */
static const struct order_row {
    const char *name;
    void (*talk)(struct conn *);
    int kind;
    const char *user;
    enum outcome outcome;
    bool lasting;
    const char *words;
    int status;
    struct count count;
} order_rows[] = {
    {"ntlm", talk_ntlm, LOGIN_NTLM, "CORP\\svc", OUTCOME_ACCEPTED, false, NULL, 200, {2, 1, 1}},
    {"ntlm, answer lost",
     talk_ntlm_lost,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_UNKNOWN,
     false,
     "nothing was sent a second time",
     0,
     {2, 1, 2}},
    {"ntlm, connection reset",
     talk_ntlm_reset,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_UNKNOWN,
     false,
     "",
     0,
     {2, 1, 2}},
    {"ntlm, answer torn",
     talk_ntlm_torn,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_UNKNOWN,
     false,
     "",
     0,
     {2, 1, 2}},
    {"ntlm, greeting lost",
     talk_silent,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_NOT_SENT,
     false,
     "without a reply",
     0,
     {1, 0, 1}},
    {"ntlm, nobody asks",
     talk_no_login,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_ACCEPTED,
     false,
     NULL,
     200,
     {2, 1, 2}},
    {"ntlm, refused",
     talk_refuse,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_ACCEPTED,
     false,
     NULL,
     401,
     {2, 1, 1}},
    {"ntlm, not offered",
     talk_basic_only,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_ACCEPTED,
     false,
     NULL,
     401,
     {1, 0, 1}},
    {"ntlm, endless",
     talk_endless,
     LOGIN_NTLM,
     "CORP\\svc",
     OUTCOME_ACCEPTED,
     false,
     NULL,
     401,
     {2, 1, 1}},
    {"basic", talk_no_login, LOGIN_BASIC, "svc", OUTCOME_ACCEPTED, false, NULL, 200, {1, 1, 1}},
    {"basic, refused",
     talk_basic_only,
     LOGIN_BASIC,
     "svc",
     OUTCOME_ACCEPTED,
     false,
     NULL,
     401,
     {1, 1, 1}},
    {"basic, answer lost",
     talk_silent,
     LOGIN_BASIC,
     "svc",
     OUTCOME_UNKNOWN,
     false,
     "without a reply",
     0,
     {1, 1, 1}},
    {"basic, colon",
     talk_no_login,
     LOGIN_BASIC,
     "s:vc",
     OUTCOME_NOT_SENT,
     true,
     "colon",
     0,
     {0, 0, 0}},
    {"negotiate without a ticket",
     talk_basic_only,
     LOGIN_NEGOTIATE,
     NULL,
     OUTCOME_ACCEPTED,
     false,
     NULL,
     401,
     {1, 1, 1}},
};

static bool order_is(const struct order_row *row)
{
    struct server s;
    struct link l;
    atomic_store(&bodies, 0);
    server_start(&s, row->talk, NULL);
    link_open(&l, "");
    struct letter *x = letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), BODY);
    (void)link_send(&l, with_login(x, row->kind, row->user));
    bool good = fate_is(row->name, x, row->outcome, row->lasting, row->words) &&
                x->reply.http_status == row->status;
    if (row->status == 200) { /* of the last leg alone */
        good = good && strcmp(buf_text(&x->reply.body), "issued") == 0;
    }
    good = good && !strstr(letter_message(x), secret_bytes(&password));
    link_close(&l);
    server_stop(&s);
    if (!good || s.requests != row->count.requests || bodies != row->count.bodies ||
        s.accepts != row->count.accepts) {
        print_error("%s: status %d, %u requests, %u bodies, %u connections\n", row->name,
                    x->reply.http_status, s.requests, bodies, s.accepts);
        good = false;
    }
    server_release(&s);
    return good;
}

static void test_orders(void **state)
{
    (void)state;
    size_t bad = 0;
    for (size_t i = 0; i < NITEMS(order_rows); i++) {
        bad += !order_is(&order_rows[i]);
    }
    assert_int_equal(bad, 0);
}

/* --- what is sent --- */
static void test_basic_header(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_no_login, NULL);
    link_open(&l, "");
    for (int i = 0; i < 2; i++) {
        struct letter *x = letter_get(&l, server_url(&l, &s, "http"));
        (void)link_send(&l, with_login(x, LOGIN_BASIC, "svc"));
    }
    link_close(&l);
    server_stop(&s);
    /* RFC 7617, 2: base64 of "svc:open sesame" */
    assert_non_null(strstr(server_request(&s, 0), "\r\nAuthorization: Basic c3ZjOm9wZW4gc2VzYW1l"));
    assert_non_null(strstr(server_request(&s, 1), "\r\nAuthorization: Basic c3ZjOm9wZW4gc2VzYW1l"));
    assert_int_equal(s.accepts, 1); /* it says who we are in each request */
    server_release(&s);
}

/* --- whose connection --- */
static void read_as(struct link *l, struct ca *ca, const char *url, int kind, const char *user)
{
    struct letter *x = with_login(letter_get(l, url), kind, user);
    wire_submit(l->wire, ca, &x->x);
    link_run(l, 1);
    assert_int_equal(x->reply.transport, OUTCOME_ACCEPTED);
}

/* A server that takes whoever comes second on a connection for who logged in on it. */
static void test_nobody_borrows_a_login(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_ntlm, NULL);
    link_open(&l, "");
    const char *url = server_url(&l, &s, "http");
    struct ca other = l.ca; /* another CA on the same server */
    read_as(&l, &l.ca, url, LOGIN_NTLM, "CORP\\one");
    read_as(&l, &other, url, LOGIN_NTLM, "CORP\\two");
    read_as(&l, &other, url, LOGIN_NONE, NULL);
    read_as(&l, &l.ca, url, LOGIN_BASIC, "svc");
    read_as(&l, &l.ca, url, LOGIN_NTLM, "CORP\\one");
    link_close(&l);
    server_stop(&s);
    assert_true(s.accepts >= 4); /* those without NTLM may share one */
    for (size_t i = 0; i < s.nlog; i++) {
        if (ntlm_type(&(struct conn){.in = s.log[i]}) == 3) {
            assert_true(ntlm_type(&(struct conn){.in = s.log[i - 1]}) == 1);
        }
    }
    server_release(&s);
}

/* A handle that comes back to the pool has forgotten its login. */
static void test_no_login_stays(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_no_login, NULL);
    link_open(&l, "");
    const char *url = server_url(&l, &s, "http");
    read_as(&l, &l.ca, url, LOGIN_BASIC, "svc");
    read_as(&l, &l.ca, url, LOGIN_NONE, NULL);
    link_close(&l);
    server_stop(&s);
    assert_non_null(strstr(server_request(&s, 0), "Authorization"));
    assert_null(strstr(server_request(&s, 1), "Authorization"));
    server_release(&s);
}

/* Reads are free to be sent again, but not without end. */
static void test_reads(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_ntlm_lost, NULL);
    link_open(&l, "");
    struct letter *x = letter_get(&l, server_url(&l, &s, "http"));
    (void)link_send(&l, with_login(x, LOGIN_NTLM, "CORP\\svc"));
    assert_int_equal(x->reply.transport, OUTCOME_UNKNOWN);
    link_close(&l);
    server_stop(&s);
    assert_true(s.requests >= 2 && s.requests <= 6);
    server_release(&s);
}

static int group_setup(void **state)
{
    (void)state;
    (void)setenv("KRB5CCNAME", "FILE:/nonexistent", 1); /* of whoever runs the test */
    (void)setenv("KRB5_CONFIG", "/nonexistent", 1);
    (void)unsetenv("KRB5_CLIENT_KTNAME");
    password = (struct secret)SECRET_INIT;
    secret_set(&password, "open sesame", 11);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    secret_release(&password);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_basic_header),
        cmocka_unit_test(test_nobody_borrows_a_login),
        cmocka_unit_test(test_no_login_stays),
        cmocka_unit_test(test_reads),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
