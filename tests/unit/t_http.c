/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a request when the other side does anything but answer: outcome by outcome, and
 * how often the request arrived.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_fixture.h"

#define ORDER_BODY "{\"order\":\"www.example.com\"}"

/* --- scripts of a connection --- */
static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{\"ok\":1}")) {
    }
}

static void talk_close_after_read(struct conn *c)
{
    (void)conn_request(c);
}

static void talk_reset_after_read(struct conn *c)
{
    (void)conn_request(c);
    conn_reset(c);
}

static void talk_hang_before(struct conn *c)
{
    (void)conn_request(c);
    conn_hang(c);
}

/* A beginning of a reply, then `end`. */
static void begin_reply(struct conn *c, const char *text, void (*end)(struct conn *))
{
    if (conn_request(c) && conn_say(c, text)) {
        end(c);
    }
}

static void talk_hang_in_headers(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 200 OK\r\nContent-Le", conn_hang);
}

static void talk_hang_in_body(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"ok\"", conn_hang);
}

static void talk_truncate_status(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 20", conn_finish);
}

static void talk_truncate_headers(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Le",
                conn_finish);
}

static void talk_truncate_after_header(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 09:15:30 GMT\r\n",
                conn_finish);
}

static void talk_truncate_after_continue(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\nContent-Le",
                conn_finish);
}

static void talk_only_continue(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 100 Continue\r\n\r\n", conn_finish);
}

static void talk_truncate_length(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"ok\"", conn_finish);
}

static void talk_truncate_chunk(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"ok\":1}\r\n",
                conn_finish);
}

static void talk_truncate_trailer(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"ok\":1}\r\n0\r\n",
                conn_finish);
}

static void talk_bad_chunk(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", conn_hang);
}

static void talk_huge_chunk(struct conn *c)
{
    begin_reply(c,
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "fffffffffffffffffffffffff\r\n",
                conn_hang);
}

static void talk_bad_length(struct conn *c)
{
    begin_reply(c, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{\"ok\":1}", conn_finish);
}

static void talk_garbage(struct conn *c)
{
    begin_reply(c, "220 mail.example.com ESMTP\r\n", conn_finish);
}

static void talk_garbage_binary(struct conn *c)
{
    begin_reply(c, "\x15\x03\x01\x02\x02\x16", conn_finish);
}

/* `head`, then `again` until somebody stops it. */
static void flood(struct conn *c, const char *head, const char *again)
{
    if (conn_request(c) && conn_say(c, head)) {
        while (!atomic_load(&c->server->stopping) && conn_say(c, again)) {
        }
    }
}

#define LINE64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LINE1K                                                                                     \
    LINE64 LINE64 LINE64 LINE64 LINE64 LINE64 LINE64 LINE64 LINE64 LINE64 LINE64 LINE64 LINE64     \
        LINE64 LINE64 LINE64

static void talk_flood_length(struct conn *c)
{
    flood(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", LINE1K);
}

static void talk_flood_chunks(struct conn *c)
{
    flood(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "400\r\n" LINE1K "\r\n");
}

static void talk_flood_until_close(struct conn *c)
{
    flood(c, "HTTP/1.1 200 OK\r\n\r\n", LINE1K);
}

static void talk_flood_extension(struct conn *c)
{
    flood(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=", LINE1K);
}

static void talk_flood_headers(struct conn *c)
{
    flood(c, "HTTP/1.1 200 OK\r\n", "X-Filler: " LINE1K "\r\n");
}

static void talk_flood_header(struct conn *c)
{
    flood(c, "HTTP/1.1 200 OK\r\nX-Filler: ", LINE1K);
}

static void talk_flood_trailers(struct conn *c)
{
    flood(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\n",
          "X-Filler: " LINE1K "\r\n");
}

static void talk_flood_continue(struct conn *c)
{
    flood(c, "", "HTTP/1.1 100 Continue\r\n\r\n");
}

/* --- one request, one fate --- */
struct fate_row {
    const char *name;
    void (*talk)(struct conn *);
    enum outcome outcome;
    const char *words; /* of the message; NULL = none */
    int status;        /* 0 = not looked at */
    unsigned posts;    /* that arrived */
};

static const struct fate_row fates[] = {
    {"answered", talk_ok, OUTCOME_ACCEPTED, NULL, 200, 1},
    {"closed after it was read", talk_close_after_read, OUTCOME_UNKNOWN, "without a reply", 0, 1},
    {"reset after it was read", talk_reset_after_read, OUTCOME_UNKNOWN, "broke before the end", 0,
     1},
    {"no reply", talk_hang_before, OUTCOME_UNKNOWN, "in time", 0, 1},
    {"hang in the headers", talk_hang_in_headers, OUTCOME_UNKNOWN, "in time", 0, 1},
    {"hang in the body", talk_hang_in_body, OUTCOME_UNKNOWN, "in time", 0, 1},
    {"status line cut", talk_truncate_status, OUTCOME_UNKNOWN, "reply", 0, 1},
    {"headers cut", talk_truncate_headers, OUTCOME_UNKNOWN, "before the end", 0, 1},
    {"cut between headers", talk_truncate_after_header, OUTCOME_UNKNOWN, "before the end", 0, 1},
    {"cut after 100 Continue", talk_truncate_after_continue, OUTCOME_UNKNOWN, "before the end", 0,
     1},
    {"100 Continue and nothing", talk_only_continue, OUTCOME_UNKNOWN, "repl", 0, 1},
    {"body shorter than its length", talk_truncate_length, OUTCOME_UNKNOWN, "announced end", 0, 1},
    {"no last chunk", talk_truncate_chunk, OUTCOME_UNKNOWN, "announced end", 0, 1},
    {"no end of the trailer", talk_truncate_trailer, OUTCOME_UNKNOWN, "announced end", 0, 1},
    {"not a chunk", talk_bad_chunk, OUTCOME_UNKNOWN, "", 0, 1},
    {"chunk of 2^100 octets", talk_huge_chunk, OUTCOME_UNKNOWN, "", 0, 1},
    {"negative length", talk_bad_length, OUTCOME_UNKNOWN, "not HTTP", 0, 1},
    {"another protocol", talk_garbage, OUTCOME_UNKNOWN, "the reply is not HTTP", 0, 1},
    {"binary garbage", talk_garbage_binary, OUTCOME_UNKNOWN, "the reply is not HTTP", 0, 1},
    {"too large by its length", talk_flood_length, OUTCOME_UNKNOWN, "larger than the limit", 0, 1},
    {"too large in chunks", talk_flood_chunks, OUTCOME_UNKNOWN, "larger than the limit", 0, 1},
    {"too large until it closes", talk_flood_until_close, OUTCOME_UNKNOWN, "larger than the limit",
     0, 1},
    {"endless chunk extension", talk_flood_extension, OUTCOME_UNKNOWN, "", 0, 1},
    {"endless headers", talk_flood_headers, OUTCOME_UNKNOWN, "larger than the limit", 0, 1},
    {"one endless header", talk_flood_header, OUTCOME_UNKNOWN, "larger than the limit", 0, 1},
    {"endless trailers", talk_flood_trailers, OUTCOME_UNKNOWN, "larger than the limit", 0, 1},
    {"endless 100 Continue", talk_flood_continue, OUTCOME_UNKNOWN, "larger than the limit", 0, 1},
};

static bool check_fate(const struct fate_row *row)
{
    struct server s;
    struct link l;
    server_start(&s, row->talk, NULL);
    link_open(&l, "    timeouts: {connect_seconds: 1, request_seconds: 1}\n");
    struct letter *x = letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), ORDER_BODY);
    (void)link_send(&l, x);
    bool ok = fate_is(row->name, x, row->outcome, false, row->words);
    ok &= !row->status || x->reply.http_status == row->status;
    assert_true(x->reply.body.cap <= 2 * LINK_REPLY_MAX);
    link_close(&l);
    server_stop(&s);
    if (s.posts != row->posts || s.requests != row->posts || s.accepts != 1) {
        print_error("%s: %u requests, %u posts, %u connections\n", row->name, s.requests, s.posts,
                    s.accepts);
        ok = false;
    }
    server_release(&s);
    return ok;
}

static void test_fates(void **state)
{
    (void)state;
    size_t bad = 0;
    for (size_t i = 0; i < NITEMS(fates); i++) {
        bad += !check_fate(&fates[i]);
    }
    assert_int_equal(bad, 0);
}

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
    const struct letter *x = order_to(&l, "https://" LINE64 ".example/api");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fates),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_such_name),
        cmocka_unit_test(test_connect_deadline),
        cmocka_unit_test(test_closed_unread),
        cmocka_unit_test(test_schemes),
        cmocka_unit_test(test_plain_http_stays_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
