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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
