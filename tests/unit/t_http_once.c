/* SPDX-License-Identifier: Apache-2.0
 *
 * A request that changes something is carried at most once. libcurl by itself sends a request of
 * any method again when a connection it reuses dies before the first octet of the answer; the
 * tests count what arrived at the server, not what the client thinks.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_fixture.h"

#define BODY "{\"n\":1}"

static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{\"ok\":1}")) {
    }
}

/* Reads are answered, whatever is posted is read and lost. */
static void talk_lose_posts(struct conn *c)
{
    while (conn_request(c)) {
        if (strncmp(c->in, "POST ", 5) == 0 || !conn_ok(c, "{}")) {
            return;
        }
    }
}

static void talk_reset_posts(struct conn *c)
{
    while (conn_request(c)) {
        if (strncmp(c->in, "POST ", 5) == 0) {
            conn_reset(c);
            return;
        }
        if (!conn_ok(c, "{}")) {
            return;
        }
    }
}

/* The second read on a connection is lost: what libcurl does about it is its own. */
static void talk_lose_second(struct conn *c)
{
    if (conn_request(c) && conn_ok(c, "{}")) {
        (void)conn_request(c);
    }
}

static const enum ca_step once[] = {STEP_ORDER, STEP_REVOKE, STEP_CANCEL, STEP_TOKEN};

static bool is_once(enum ca_step step)
{
    for (size_t i = 0; i < NITEMS(once); i++) {
        if (once[i] == step) {
            return true;
        }
    }
    return false;
}

static void get_ok(struct link *l, const struct server *s)
{
    const struct letter *x = link_send(l, letter_get(l, server_url(l, s, "http")));
    assert_true(fate_is("a read", x, OUTCOME_ACCEPTED, false, NULL));
}

/* A connection that worked is kept and would be reused: exactly that is the trap. */
static void lost_after_reads(void (*talk)(struct conn *), enum ca_step step, const char *words)
{
    struct server s;
    struct link l;
    server_start(&s, talk, NULL);
    link_open(&l, "");
    get_ok(&l, &s);
    get_ok(&l, &s);
    assert_int_equal(s.accepts, 1); /* a kept connection is there */
    const struct letter *x = link_send(&l, letter_post(&l, step, server_url(&l, &s, "http"), BODY));
    assert_true(fate_is("lost", x, OUTCOME_UNKNOWN, false, words));
    get_ok(&l, &s);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.posts, 1);
    assert_int_equal(s.requests, 4);
    assert_int_equal(s.accepts, 2);
    server_release(&s);
}

static void test_lost_after_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(once); i++) {
        lost_after_reads(talk_lose_posts, once[i], "without a reply");
        lost_after_reads(talk_reset_posts, once[i], "broke");
    }
}

/* Every step: its own connection each time, or one for all. */
static void test_connections(void **state)
{
    (void)state;
    for (int step = 0; step < STEP__MAX; step++) {
        struct server s;
        struct link l;
        const bool fresh = is_once((enum ca_step)step);
        server_start(&s, talk_ok, NULL);
        link_open(&l, "");
        for (int i = 0; i < 3; i++) {
            const struct letter *x = link_send(
                &l, letter_post(&l, (enum ca_step)step, server_url(&l, &s, "http"), BODY));
            assert_true(fate_is("answered", x, OUTCOME_ACCEPTED, false, NULL));
        }
        link_close(&l);
        server_stop(&s);
        assert_int_equal(s.posts, 3);
        if (s.accepts != (fresh ? 3 : 1)) {
            fail_msg("step %d: %u connections", step, s.accepts);
        }
        assert_true(fresh || !step_changes_state((enum ca_step)step));
        server_release(&s);
    }
}

/* The connection of an order is not left to those who come after it. */
static void test_order_leaves_no_connection(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_ok, NULL);
    link_open(&l, "");
    (void)link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), BODY));
    get_ok(&l, &s);
    get_ok(&l, &s);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.accepts, 2);
    server_release(&s);
}

/* For reads that is welcome: the answer comes, over a second connection. */
static void test_reads_may_be_sent_again(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_lose_second, NULL);
    link_open(&l, "");
    get_ok(&l, &s);
    get_ok(&l, &s);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 3);
    assert_int_equal(s.accepts, 2);
    server_release(&s);
}

/* --- what makes other clients send twice --- */
static const struct again_row {
    const char *name, *reply;
    int status;
} again[] = {
    {"301", "HTTP/1.1 301 Moved Permanently\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", 301},
    {"302", "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", 302},
    {"303", "HTTP/1.1 303 See Other\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", 303},
    {"307", "HTTP/1.1 307 Temporary Redirect\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", 307},
    {"308", "HTTP/1.1 308 Permanent Redirect\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", 308},
    {"401",
     "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: "
     "0\r\n\r\n",
     401},
    {"407",
     "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
     "Content-Length: 0\r\n\r\n",
     407},
    {"408", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 408},
    {"417", "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", 417},
    {"421", "HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n", 421},
    {"425", "HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n", 425},
    {"426", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n", 426},
    {"429", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", 429},
    {"500", "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", 500},
    {"502", "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 502},
    {"503", "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n", 503},
    {"504", "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n", 504},
    {"204", "HTTP/1.1 204 No Content\r\n\r\n", 204},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", 200},
};
static _Atomic(const struct again_row *) again_now;
static char again_location[64];

static void talk_again(struct conn *c)
{
    char text[512];
    const struct again_row *row = atomic_load(&again_now);
    const char *at = strstr(row->reply, "%s");
    (void)snprintf(text, sizeof text, "%.*s%s%s", at ? (int)(at - row->reply) : 0, row->reply,
                   at ? again_location : row->reply, at ? at + 2 : "");
    while (conn_request(c) && conn_say(c, text)) {
    }
}

static void talk_trap(struct conn *c)
{
    (void)conn_request(c);
}

/* A whole reply is a whole reply, whatever its status: what it means is the connector's to say. */
static void status_is_final(const struct again_row *row, const struct server *trap)
{
    struct server s;
    struct link l;
    const enum ca_step steps[] = {STEP_ORDER, STEP_POLL};
    atomic_store(&again_now, row);
    (void)snprintf(again_location, sizeof again_location, "http://127.0.0.1:%u/trap", trap->port);
    server_start(&s, talk_again, NULL);
    link_open(&l, "");
    for (size_t i = 0; i < NITEMS(steps); i++) {
        const struct letter *x =
            link_send(&l, letter_post(&l, steps[i], server_url(&l, &s, "http"), BODY));
        assert_true(fate_is(row->name, x, OUTCOME_ACCEPTED, false, NULL));
        assert_int_equal(x->reply.http_status, row->status);
        assert_int_equal(x->reply.body.n, 0);
        if (strstr(row->reply, "Location")) {
            assert_string_equal(x->reply.location, again_location);
        } else {
            assert_null(x->reply.location);
        }
    }
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, NITEMS(steps));
    server_release(&s);
}

static void test_nothing_is_followed(void **state)
{
    (void)state;
    struct server trap;
    server_start(&trap, talk_trap, NULL);
    for (size_t i = 0; i < NITEMS(again); i++) {
        status_is_final(&again[i], &trap);
    }
    server_stop(&trap);
    assert_int_equal(trap.accepts, 0);
    server_release(&trap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_after_reads),
        cmocka_unit_test(test_connections),
        cmocka_unit_test(test_order_leaves_no_connection),
        cmocka_unit_test(test_reads_may_be_sent_again),
        cmocka_unit_test(test_nothing_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
