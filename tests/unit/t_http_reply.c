/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written into a request, and what is read from the head of a reply.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/http_parts.h"
#include "tests/unit/http_fixture.h"

#define SECRET_TEXT "Canary-Of-The-Access-Key-7261"
#define BODY        "{\"password\":\"Canary-Of-The-Body-9314\"}"

static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{\"ok\":1}")) {
    }
}

/* --- the head of a reply --- */
#define AT     1795252530 /* 2026-11-21T09:15:30Z */
#define DATE   "Date: Sat, 21 Nov 2026 09:15:30 GMT\r\n"
#define NEVER  (-1)
#define STATUS "HTTP/1.1 429 Too Many Requests\r\n"

static const struct head_row {
    const char *name, *head;
    int64_t retry_after, date;
} heads[] = {
    {"nothing said", STATUS, NEVER, TIME_NONE},
    {"date", STATUS DATE, NEVER, AT},
    {"date of RFC 850", STATUS "Date: Saturday, 21-Nov-26 09:15:30 GMT\r\n", NEVER, AT},
    {"date of asctime", STATUS "Date: Sat Nov 21 09:15:30 2026\r\n", NEVER, AT},
    {"date that is none", STATUS "Date: yesterday\r\n", NEVER, TIME_NONE},
    {"empty date", STATUS "Date:\r\n", NEVER, TIME_NONE},
    {"seconds", STATUS "Retry-After: 17\r\n", 17, TIME_NONE},
    {"name in small letters, blanks", STATUS "retry-after: \t 17 \t\r\n", 17, TIME_NONE},
    {"no blank", STATUS "RETRY-AFTER:17\r\n", 17, TIME_NONE},
    {"zero", STATUS "Retry-After: 0\r\n", 0, TIME_NONE},
    {"a date two minutes on", STATUS DATE "Retry-After: Sat, 21 Nov 2026 09:17:30 GMT\r\n", 120,
     AT},
    {"before the date header", STATUS "Retry-After: Sat, 21 Nov 2026 09:17:30 GMT\r\n" DATE, 120,
     AT},
    {"a date that is past", STATUS DATE "Retry-After: Sat, 21 Nov 2026 09:15:00 GMT\r\n", 0, AT},
    {"long past, no date", STATUS "Retry-After: Fri, 21 Nov 2014 09:15:00 GMT\r\n", 0, TIME_NONE},
    {"negative", STATUS "Retry-After: -5\r\n", NEVER, TIME_NONE},
    {"fraction", STATUS "Retry-After: 1.5\r\n", NEVER, TIME_NONE},
    {"hexadecimal", STATUS "Retry-After: 0x10\r\n", NEVER, TIME_NONE},
    {"unit", STATUS "Retry-After: 120s\r\n", NEVER, TIME_NONE},
    {"words", STATUS "Retry-After: soon\r\n", NEVER, TIME_NONE},
    {"empty", STATUS "Retry-After:\r\n", NEVER, TIME_NONE},
    {"leading zeros", STATUS "Retry-After: 0017\r\n", 17, TIME_NONE},
    {"huge", STATUS "Retry-After: 1000000000000\r\n", INT32_MAX, TIME_NONE},
    {"huger than 64 bits", STATUS "Retry-After: 99999999999999999999999999\r\n", INT32_MAX,
     TIME_NONE},
    {"a date far away", STATUS DATE "Retry-After: Sat, 21 Nov 9026 09:15:30 GMT\r\n", INT32_MAX,
     AT},
    {"longer than is kept",
     STATUS "Retry-After: " /* 130 digits */
            "1111111111111111111111111111111111111111111111111111111111111111"
            "1111111111111111111111111111111111111111111111111111111111111111"
            "11\r\n",
     NEVER, TIME_NONE},
    {"a similar name", STATUS "X-Retry-After: 17\r\nRetry-After-Not: 18\r\n", NEVER, TIME_NONE},
    {"of an interim response", "HTTP/1.1 103 Early Hints\r\n" DATE "Retry-After: 17\r\n\r\n" STATUS,
     NEVER, TIME_NONE},
};
static _Atomic(const char *) head_now;

static void talk_head(struct conn *c)
{
    if (conn_request(c) && conn_say(c, atomic_load(&head_now))) {
        (void)conn_say(c, "Content-Length: 2\r\n\r\n{}");
        conn_finish(c);
    }
}

static const struct ca_reply *hear(struct link *l, const struct server *s, const char *head)
{
    atomic_store(&head_now, head);
    struct letter *x = letter_post(l, STEP_ORDER, server_url(l, s, "http"), BODY);
    (void)link_send(l, x);
    assert_true(fate_is(head, x, OUTCOME_ACCEPTED, false, NULL));
    return &x->reply;
}

static void test_heads(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    size_t bad = 0;
    server_start(&s, talk_head, NULL);
    link_open(&l, "");
    for (size_t i = 0; i < NITEMS(heads); i++) {
        const struct ca_reply *r = hear(&l, &s, heads[i].head);
        if (r->retry_after_seconds != heads[i].retry_after || r->date != heads[i].date) {
            print_error("%s: retry after %lld, date %lld\n", heads[i].name,
                        (long long)r->retry_after_seconds, (long long)r->date);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
    link_close(&l);
    server_stop(&s);
    server_release(&s);
}

static void test_content_type(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"HTTP/1.1 200 OK\r\n", NULL},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", "application/json"},
        {"HTTP/1.1 200 OK\r\nCONTENT-TYPE:Text/HTML; charset=utf-8\r\n", "text/html"},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/pkix-cert ;x\r\n", "application/pkix-cert"},
        {"HTTP/1.1 200 OK\r\nContent-Type:\r\n", NULL},
    };
    struct server s;
    struct link l;
    server_start(&s, talk_head, NULL);
    link_open(&l, "");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct ca_reply *r = hear(&l, &s, rows[i][0]);
        if (!str_eq(r->content_type, rows[i][1])) {
            fail_msg("%s: %s", rows[i][0], r->content_type ? r->content_type : "NULL");
        }
    }
    link_close(&l);
    server_stop(&s);
    server_release(&s);
}

/* Nobody asked for it, nobody unpacks it: a bomb stays as small as it came. */
static void test_compressed_stays_packed(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_head, NULL);
    link_open(&l, "");
    const struct ca_reply *r = hear(&l, &s, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n");
    assert_string_equal(buf_text(&r->body), "{}");
    link_close(&l);
    server_stop(&s);
    assert_null(strcasestr(server_request(&s, 0), "Accept-Encoding"));
    server_release(&s);
}

/* --- the request --- */
static struct letter *letter_with_secret(struct link *l, const char *url,
                                         const struct secret *value)
{
    static const char *const headers[] = {"X-One: 1", "Accept: application/json", NULL};
    struct letter *x = letter_post(l, STEP_ORDER, url, BODY);
    x->request.headers = headers;
    x->request.secret_headers[0] = (struct ca_secret_header){"Authorization", "Bearer ", value};
    x->request.secret_headers[1] = (struct ca_secret_header){"X-Api-Key", NULL, value};
    return x;
}

static struct secret secret_of(const char *text)
{
    struct secret s = SECRET_INIT;
    secret_set(&s, text, strlen(text));
    return s;
}

static void test_request(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "POST /api HTTP/1.1\r\n",
        "\r\nX-One: 1\r\n",
        "\r\nAccept: application/json\r\n",
        "\r\nAuthorization: Bearer " SECRET_TEXT "\r\n",
        "\r\nX-Api-Key: " SECRET_TEXT "\r\n",
        "\r\nContent-Type: application/json\r\n",
        "\r\nUser-Agent: certbatch/" CERTBATCH_VERSION "\r\n",
        "\r\n\r\n" BODY,
    };
    static const char *const absent[] = {"Accept-Encoding", "Expect",  "Cookie",
                                         "Proxy-",          "Upgrade", "Referer"};
    struct server s;
    struct link l;
    CLEANUP(secret_release) struct secret value = secret_of(SECRET_TEXT);
    server_start(&s, talk_ok, NULL);
    link_open(&l, "");
    const struct letter *x =
        link_send(&l, letter_with_secret(&l, server_url(&l, &s, "http"), &value));
    assert_true(fate_is("sent", x, OUTCOME_ACCEPTED, false, NULL));
    assert_string_equal(buf_text(&x->reply.body), "{\"ok\":1}");
    link_close(&l);
    server_stop(&s);
    for (size_t i = 0; i < NITEMS(lines); i++) {
        if (!strstr(server_request(&s, 0), lines[i])) {
            fail_msg("no %s", lines[i]);
        }
    }
    for (size_t i = 0; i < NITEMS(absent); i++) {
        if (strcasestr(server_request(&s, 0), absent[i])) {
            fail_msg("%s is there", absent[i]);
        }
    }
    server_release(&s);
}

static void talk_cookie(struct conn *c)
{
    while (conn_request(c) &&
           conn_say(c, "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n")) {
    }
}

static void test_methods_and_cookies(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
    struct server s;
    struct link l;
    server_start(&s, talk_cookie, NULL);
    link_open(&l, "");
    for (size_t i = 0; i < NITEMS(methods); i++) {
        struct letter *x = letter_new(&l, STEP_POLL, methods[i], server_url(&l, &s, "http"));
        if (i > 0) {
            buf_puts(&x->request.body, "{}");
        }
        assert_true(fate_is(methods[i], link_send(&l, x), OUTCOME_ACCEPTED, false, NULL));
    }
    link_close(&l);
    server_stop(&s);
    for (size_t i = 0; i < NITEMS(methods); i++) {
        const char *got = server_request(&s, i);
        assert_true(str_starts(got, methods[i]));
        assert_int_equal(str_ends(got, "\r\n\r\n{}"), i > 0);
        assert_null(strcasestr(got, "Cookie:"));
    }
    server_release(&s);
}

/* From 1 MB on libcurl would ask first whether the body is welcome (Expect: 100-continue), and wait
 * a second for the answer that many servers never give. */
static void test_large_body(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    server_start(&s, talk_ok, NULL);
    link_open(&l, "");
    struct letter *x = letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), "");
    for (size_t i = 0; i < 100000; i++) {
        buf_puts(&x->request.body, "0123456789ab");
    }
    assert_true(fate_is("large", link_send(&l, x), OUTCOME_ACCEPTED, false, NULL));
    link_close(&l);
    server_stop(&s);
    assert_null(strcasestr(server_request(&s, 0), "Expect:"));
    assert_true(str_ends(server_request(&s, 0), "0123456789ab"));
    assert_int_equal(s.requests, 1);
    server_release(&s);
}

/* A line break in a value would be a header, or a request, of somebody else's making. */
static void test_injection(void **state)
{
    (void)state;
    static const char *const values[] = {"a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1",
                                         "a\r\n\r\nGET /evil HTTP/1.1\r\n"};
    static const char *const evil[][2] = {
        {"X-One: a\r\nX-Evil: 1", NULL}, {"X-One: a\n X-Evil: 1", NULL}, {"X-One: a\r", NULL}};
    struct server s;
    struct link l;
    size_t bad = 0;
    server_start(&s, talk_ok, NULL);
    link_open(&l, "");
    const char *url = server_url(&l, &s, "http");
    for (size_t i = 0; i < NITEMS(values); i++) {
        CLEANUP(secret_release) struct secret value = secret_of(values[i]);
        struct letter *x = link_send(&l, letter_with_secret(&l, url, &value));
        bad += !fate_is("secret header", x, OUTCOME_NOT_SENT, true, "Authorization");
        bad += strstr(letter_message(x), "Evil") != NULL;
        x = letter_post(&l, STEP_ORDER, url, BODY);
        x->request.content_type = values[i];
        bad += !fate_is("content type", link_send(&l, x), OUTCOME_NOT_SENT, true, "Content-Type");
        x = letter_new(&l, STEP_POLL, arena_printf(&l.arena, "PUT %s", values[i]), url);
        bad += !fate_is("method", link_send(&l, x), OUTCOME_NOT_SENT, true, "method");
    }
    for (size_t i = 0; i < NITEMS(evil); i++) {
        struct letter *x = letter_post(&l, STEP_ORDER, url, BODY);
        x->request.headers = evil[i];
        bad += !fate_is("header", link_send(&l, x), OUTCOME_NOT_SENT, true, "X-One");
    }
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 0);
    server_release(&s);
    assert_int_equal(bad, 0);
}

static void talk_echo_and_cut(struct conn *c)
{
    if (conn_request(c)) { /* a server that shows us our own secret, and breaks off */
        (void)conn_say(c, "HTTP/1.1 200 " SECRET_TEXT "\r\nContent-Length: 99\r\nX: " SECRET_TEXT
                          "\r\n\r\n" SECRET_TEXT);
        conn_finish(c);
    }
}

static void test_messages_hold_no_secret(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    unsigned port;
    CLEANUP(secret_release) struct secret value = secret_of(SECRET_TEXT);
    const int fd = loopback_socket(&port);
    server_start(&s, talk_echo_and_cut, NULL);
    link_open(&l, "    timeouts: {request_seconds: 1}\n");
    const char *const urls[] = {server_url(&l, &s, "http"),
                                arena_printf(&l.arena, "http://127.0.0.1:%u/api", port),
                                "http://192.0.2.1/", "file:///etc/passwd"};
    for (size_t i = 0; i < NITEMS(urls); i++) {
        const struct letter *x = link_send(&l, letter_with_secret(&l, urls[i], &value));
        assert_int_not_equal(x->reply.transport, OUTCOME_ACCEPTED);
        assert_true(letter_message(x)[0]);
        assert_null(strstr(letter_message(x), "Canary"));
    }
    link_close(&l);
    server_stop(&s);
    server_release(&s);
    (void)close(fd);
}

/* --- the last look before the first octet --- */
static void test_last_look(void **state)
{
    (void)state;
    static const struct {
        const char *ip;
        bool here;
    } rows[] = {
        {"127.0.0.1", true},  {"127.255.255.254", true},   {"::1", true},
        {"192.0.2.1", false}, {"2001:db8::1", false},      {"::ffff:127.0.0.1", true},
        {"1.127.0.0", false}, {"::ffff:192.0.2.1", false}, {"::10", false},
        {"0.0.0.0", false},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        char ip[64], own[] = "127.0.0.1";
        struct transfer plain = {.loopback_only = true}, tls = {.loopback_only = false};
        (void)snprintf(ip, sizeof ip, "%s", rows[i].ip);
        assert_int_equal(http_on_begin(&plain, ip, own, 80, 1),
                         rows[i].here ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT);
        assert_int_equal(plain.begun, rows[i].here);
        assert_int_equal(plain.stranger, !rows[i].here);
        assert_int_equal(http_on_begin(&tls, ip, own, 443, 1), CURL_PREREQFUNC_OK);
        assert_true(tls.begun && !tls.stranger);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_compressed_stays_packed),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_methods_and_cookies),
        cmocka_unit_test(test_large_body),
        cmocka_unit_test(test_injection),
        cmocka_unit_test(test_messages_hold_no_secret),
        cmocka_unit_test(test_last_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
