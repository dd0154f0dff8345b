/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of which nothing leaves: connections that cannot be made in time or at all, and schemes
 * and addresses that are refused before anything is asked or connected to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_fixture.h"

#define ORDER_BODY "{\"order\":\"www.example.com\"}"
#define LABEL64    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* --- nothing left --- */
static struct letter *order_to(struct link *l, const char *url)
{
    return link_send(l, letter_post(l, STEP_ORDER, url, ORDER_BODY));
}

static void test_refused(void **state)
{
    (void)state;
    struct link l;
    unsigned port;
    const int fd = loopback_socket(&port);
    link_open(&l, "");
    const struct letter *x = order_to(&l, arena_printf(&l.arena, "https://127.0.0.1:%u/api", port));
    assert_true(fate_is("refused", x, OUTCOME_NOT_SENT, false, "refused"));
    assert_int_equal(x->reply.http_status, 0);
    link_close(&l);
    assert_int_equal(close(fd), 0);
}

/* A label of 64 octets is in no DNS (RFC 1035, 2.3.4): no resolver is asked. */
static void test_no_such_name(void **state)
{
    (void)state;
    struct link l;
    link_open(&l, "");
    const struct letter *x = order_to(&l, "https://" LABEL64 ".example/api");
    assert_true(fate_is("no such name", x, OUTCOME_NOT_SENT, false, "cannot be resolved"));
    link_close(&l);
}

/* A listening socket whose queue is full: SYN packets are dropped, as by a firewall. */
static void test_connect_deadline(void **state)
{
    (void)state;
    struct link l;
    unsigned port;
    int fill[8];
    const int fd = loopback_socket(&port);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    assert_int_equal(listen(fd, 0), 0);
    for (size_t i = 0; i < NITEMS(fill); i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fill[i], (struct sockaddr *)&at, sizeof at);
    }
    link_open(&l, "    timeouts: {connect_seconds: 1, request_seconds: 600}\n");
    const struct letter *x = order_to(&l, arena_printf(&l.arena, "http://127.0.0.1:%u/api", port));
    assert_true(fate_is("connect deadline", x, OUTCOME_NOT_SENT, false, "in time"));
    link_close(&l);
    for (size_t i = 0; i < NITEMS(fill); i++) {
        (void)close(fill[i]);
    }
    (void)close(fd);
}

static void talk_close_unread(struct conn *c)
{
    (void)c;
}

/* Whether the first octets were written before the end came is a race that either side may win;
 * that there is no reply, and nothing arrived, is not. */
static void test_closed_unread(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_close_unread, NULL);
    link_open(&l, "");
    const struct letter *x = order_to(&l, server_url(&l, &s, "http"));
    assert_int_not_equal(x->reply.transport, OUTCOME_ACCEPTED);
    assert_false(x->reply.lasting);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 0);
    assert_int_equal(s.accepts, 1);
    server_release(&s);
}

/* --- schemes and addresses --- */
static void test_schemes(void **state)
{
    (void)state;
    static const struct {
        const char *url, *words;
    } rows[] = {
        {"file:///etc/passwd", "only https://"},
        {"FILE:///etc/passwd", "only https://"},
        {"ftp://127.0.0.1/", "only https://"},
        {"gopher://127.0.0.1/", "only https://"},
        {"dict://127.0.0.1/d:x", "only https://"},
        {"ldap://127.0.0.1/", "only https://"},
        {"smtp://127.0.0.1/", "only https://"},
        {"ws://127.0.0.1/", "only https://"},
        {"127.0.0.1/api", "only https://"},
        {"https://", "malformed"},
        {"https://127.0.0.1:99999/", "malformed"},
        {"https://ca.example\r\nX-Evil: 1/", "malformed"},
        {"", "malformed"},
    };
    struct link l;
    size_t bad = 0;
    link_open(&l, "");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct letter *x = link_send(&l, letter_get(&l, rows[i].url));
        bad += !fate_is(rows[i].url, x, OUTCOME_NOT_SENT, true, rows[i].words);
        assert_int_equal(x->reply.body.n, 0);
    }
    assert_int_equal(bad, 0);
    link_close(&l);
}

/* Documentation addresses: nobody answers there. The refusal must not wait for that. */
static void test_plain_http_stays_here(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "http://192.0.2.1/api",       "http://[2001:db8::1]/api",     "http://ca.example/api",
        "http://127.0.0.1.example/",  "http://localhost.example/api", "http://0x7f.example/",
        "http://user@192.0.2.1/",     "http://127.0.0.1@192.0.2.1/",  "http://10.0.0.1:127/",
        "http://[::ffff:192.0.2.1]/", "http://localhost@192.0.2.1/",
    };
    struct link l;
    size_t bad = 0;
    link_open(&l, "    timeouts: {connect_seconds: 1, request_seconds: 1}\n");
    for (size_t i = 0; i < NITEMS(urls); i++) {
        const struct letter *x = order_to(&l, urls[i]);
        bad += !fate_is(urls[i], x, OUTCOME_NOT_SENT, true, "this machine");
    }
    assert_int_equal(bad, 0);
    link_close(&l);
}

static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{}")) {
    }
}

static void test_plain_http_reaches_here(void **state)
{
    (void)state;
    static const char *const formats[] = {"http://127.0.0.1:%u/", "HTTP://127.0.0.1:%u",
                                          "http://localhost:%u/api", "http://LocalHost:%u/?x"};
    struct server s;
    struct link l;
    size_t bad = 0;
    server_start(&s, talk_ok, NULL);
    link_open(&l, "");
    for (size_t i = 0; i < NITEMS(formats); i++) {
        const char *at = strstr(formats[i], "%u");
        const char *url =
            arena_printf(&l.arena, "%.*s%u%s", (int)(at - formats[i]), formats[i], s.port, at + 2);
        bad += !fate_is(url, order_to(&l, url), OUTCOME_ACCEPTED, false, NULL);
    }
    assert_int_equal(bad, 0);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.posts, NITEMS(formats));
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_connect_deadline),
        cmocka_unit_test(test_closed_unread),
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_plain_http_stays_here),
        cmocka_unit_test(test_plain_http_reaches_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
