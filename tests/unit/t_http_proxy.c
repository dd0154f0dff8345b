/* SPDX-License-Identifier: Apache-2.0
 *
 * The way through an HTTP proxy: the configured one or none, whatever the environment says. The
 * server of the test is proxy and CA in one: it answers CONNECT and goes on with TLS.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_tls_fixture.h"

#define BODY      "{\"n\":1}"
#define CA_SECRET "Canary-Of-The-CA-5521"
#define USER      "svc"
#define PASSWORD  "Canary-Of-The-Proxy-8836"
#define BASIC     "Basic c3ZjOkNhbmFyeS1PZi1UaGUtUHJveHktODgzNg=="
#define OK_200    "HTTP/1.1 200 Connection established\r\n\r\n"
#define ORIGIN    "https://127.0.0.1:443/api" /* never reached but through the tunnel */
#define SHORT     "    timeouts: {connect_seconds: 1, request_seconds: 2}\n"

static struct pki pki;
static SSL_CTX *origin;
static _Atomic(const char *) proxy_says;

static int make_pki(void **state)
{
    (void)state;
    pki_make(&pki);
    origin = tls_server(&pki.server);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    SSL_CTX_free(origin);
    pki_release(&pki);
    return 0;
}

/* --- scripts --- */
static void serve_tunnel(struct conn *c, bool lose)
{
    const char *says = atomic_load(&proxy_says);
    if (!conn_request(c) || !conn_say(c, says)) {
        return;
    }
    if (strcmp(says, OK_200) != 0) {
        conn_finish(c);
    } else if (conn_start_tls(c, origin)) {
        while (conn_request(c) && !lose && conn_ok(c, "{\"ok\":1}")) {
        }
    }
}

static void talk_proxy(struct conn *c)
{
    serve_tunnel(c, false);
}

static void talk_lose(struct conn *c)
{
    serve_tunnel(c, true);
}

static void talk_drop(struct conn *c)
{
    (void)conn_request(c);
}

static void talk_hang(struct conn *c)
{
    (void)conn_request(c);
    conn_hang(c);
}

static void talk_flood(struct conn *c)
{
    if (conn_request(c) && conn_say(c, "HTTP/1.1 200 OK\r\n")) {
        while (!atomic_load(&c->server->stopping) && conn_say(c, "X-Filler: 0123456789\r\n")) {
        }
    }
}

static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{\"ok\":1}")) {
    }
}

/* --- the client --- */
static void link_proxied(struct link *l, unsigned port, const char *more, const char *keys)
{
    char text[512];
    link_begin(l);
    link_cert(l, "root.pem", &pki.root);
    link_text(l, "password", PASSWORD "\n");
    (void)snprintf(text, sizeof text,
                   "    tls: {ca_file: root.pem}\n    proxy: {host: 127.0.0.1, port: %u%s}\n%s",
                   port, more, keys);
    link_configure(l, text);
}
#define CREDENTIALS ", username: " USER ", password: {file: password}"

static struct letter *order(struct link *l, const char *url)
{
    static struct secret value;
    secret_set(&value, CA_SECRET, strlen(CA_SECRET));
    struct letter *x = letter_post(l, STEP_ORDER, url, BODY);
    x->request.secret_headers[0] = (struct ca_secret_header){"Authorization", "Bearer ", &value};
    (void)link_send(l, x);
    secret_release(&value);
    return x;
}

static void test_tunnel(void **state)
{
    (void)state;
    static const struct {
        const char *more, *authorization;
    } rows[] = {
        {"", NULL},
        {CREDENTIALS, "\r\nProxy-Authorization: " BASIC "\r\n"},
        {", username: svc", "\r\nProxy-Authorization: Basic c3ZjOg==\r\n"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct server s;
        struct link l;
        atomic_store(&proxy_says, OK_200);
        server_start(&s, talk_proxy, NULL);
        link_proxied(&l, s.port, rows[i].more, "");
        assert_true(fate_is("tunnel", order(&l, ORIGIN), OUTCOME_ACCEPTED, false, NULL));
        link_close(&l);
        server_stop(&s);
        const char *to_proxy = server_request(&s, 0), *to_ca = server_request(&s, 1);
        assert_int_equal(s.requests, 2);
        assert_true(str_starts(to_proxy, "CONNECT 127.0.0.1:443 HTTP/1.1\r\n"));
        assert_null(strstr(to_proxy, CA_SECRET)); /* our headers are not for the proxy */
        assert_true(str_starts(to_ca, "POST /api HTTP/1.1\r\n"));
        assert_null(strcasestr(to_ca, "Proxy-")); /* nor its credentials for the CA */
        if (rows[i].authorization) {
            assert_non_null(strstr(to_proxy, rows[i].authorization));
        } else {
            assert_null(strcasestr(to_proxy, "Proxy-Authorization"));
        }
        server_release(&s);
    }
}

/* A tunnel is a connection: kept for reads, fresh for what changes something. */
static void test_tunnels_are_connections(void **state)
{
    (void)state;
    const enum ca_step steps[] = {STEP_POLL, STEP_ORDER};
    for (size_t i = 0; i < NITEMS(steps); i++) {
        struct server s;
        struct link l;
        atomic_store(&proxy_says, OK_200);
        server_start(&s, talk_proxy, NULL);
        link_proxied(&l, s.port, CREDENTIALS, "");
        for (int n = 0; n < 3; n++) {
            const struct letter *x = link_send(&l, letter_post(&l, steps[i], ORIGIN, BODY));
            assert_true(fate_is("tunnel", x, OUTCOME_ACCEPTED, false, NULL));
        }
        link_close(&l);
        server_stop(&s);
        assert_int_equal(s.posts, 3);
        assert_int_equal(s.accepts, steps[i] == STEP_POLL ? 1 : 3);
        server_release(&s);
    }
}

/* --- proxies that do not let us through --- */
static const struct refusal_row {
    const char *name;
    void (*talk)(struct conn *);
    const char *says;
    bool lasting;
    const char *words;
} refusals[] = {
    {"407", talk_proxy,
     "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
     "Content-Length: 0\r\n\r\n",
     true, "the proxy does not take our credentials"},
    {"407, other scheme", talk_proxy,
     "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n"
     "Content-Length: 0\r\n\r\n",
     true, "the proxy does not take our credentials"},
    {"403", talk_proxy, "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope", true,
     "the proxy refuses the way to that host"},
    {"405", talk_proxy, "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", true,
     "the proxy refuses the way to that host"},
    {"302", talk_proxy,
     "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n", false,
     "the proxy could not open the way"},
    {"502", talk_proxy, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", false,
     "the proxy could not open the way"},
    {"503", talk_proxy,
     "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 99\r\n"
     "Date: Sat, 21 Nov 2026 09:15:30 GMT\r\nContent-Length: 0\r\n\r\n",
     false, "the proxy could not open the way"},
    {"no HTTP", talk_proxy, "SSH-2.0-OpenSSH_9.2\r\n", false, ""},
    {"drops", talk_drop, NULL, false, ""},
    {"hangs", talk_hang, NULL, false, "in time"},
    {"endless headers", talk_flood, NULL, false, ""},
};

static bool check_refusal(const struct refusal_row *row)
{
    struct server s;
    struct link l;
    atomic_store(&proxy_says, row->says);
    server_start(&s, row->talk, NULL);
    link_proxied(&l, s.port, CREDENTIALS, SHORT);
    const struct letter *x = order(&l, ORIGIN);
    bool ok = fate_is(row->name, x, OUTCOME_NOT_SENT, row->lasting, row->words);
    ok &= !strstr(letter_message(x), "Canary") && x->reply.http_status == 0;
    /* what a proxy says is not the CA's word */
    ok &= x->reply.retry_after_seconds == -1 && x->reply.date == TIME_NONE;
    link_close(&l);
    server_stop(&s);
    ok &= s.posts == 0;
    ok &= !strstr(server_request(&s, 0), CA_SECRET);
    server_release(&s);
    return ok;
}

static void test_refusals(void **state)
{
    (void)state;
    size_t bad = 0;
    for (size_t i = 0; i < NITEMS(refusals); i++) {
        if (!check_refusal(&refusals[i])) {
            print_error("in \"%s\"\n", refusals[i].name);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static void test_proxy_is_not_there(void **state)
{
    (void)state;
    struct link l;
    unsigned port;
    const int fd = loopback_socket(&port);
    link_proxied(&l, port, CREDENTIALS, SHORT);
    assert_true(fate_is("refused", order(&l, ORIGIN), OUTCOME_NOT_SENT, false, "refused"));
    link_close(&l);
    (void)close(fd);
    link_begin(&l);
    link_configure(&l, "    proxy: {host: proxy.0123456789abcdef0123456789abcdef0123456789abcdef"
                       "0123456789abcdef.example, port: 3128}\n");
    assert_true(fate_is("no name", order(&l, ORIGIN), OUTCOME_NOT_SENT, false,
                        "name of the proxy cannot be resolved"));
    link_close(&l);
    link_begin(&l);
    link_configure(&l, "    proxy: {host: 127.0.0.1, port: 9, username: svc, "
                       "password: {file: gone}}\n");
    assert_true(fate_is("no password", order(&l, ORIGIN), OUTCOME_NOT_SENT, true,
                        "CA lab: proxy.password"));
    link_close(&l);
}

/* The tunnel stood, the request left: a proxy between changes nothing about that. */
static void test_lost_in_tunnel(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    atomic_store(&proxy_says, OK_200);
    server_start(&s, talk_lose, NULL);
    link_proxied(&l, s.port, CREDENTIALS, "");
    const struct letter *x = order(&l, ORIGIN);
    assert_int_equal(x->reply.transport, OUTCOME_UNKNOWN);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.posts, 1);
    assert_int_equal(s.accepts, 1);
    server_release(&s);
}

/* Not to the CA in the clear, not by way of a proxy that happens to be on this machine. */
static void test_plain_http_takes_no_proxy(void **state)
{
    (void)state;
    struct server proxy, s;
    struct link l;
    atomic_store(&proxy_says, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    server_start(&proxy, talk_proxy, NULL);
    server_start(&s, talk_ok, NULL);
    link_proxied(&l, proxy.port, CREDENTIALS, SHORT);
    const struct letter *x = order(&l, server_url(&l, &s, "http"));
    assert_true(fate_is("loopback", x, OUTCOME_ACCEPTED, false, NULL));
    assert_true(fate_is("elsewhere", order(&l, "http://ca.example/api"), OUTCOME_NOT_SENT, true,
                        "this machine"));
    link_close(&l);
    server_stop(&s);
    server_stop(&proxy);
    assert_int_equal(proxy.accepts, 0);
    assert_int_equal(s.posts, 1);
    assert_null(strcasestr(server_request(&s, 0), "Proxy-"));
    server_release(&s);
    server_release(&proxy);
}

/* --- the environment --- */
static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                    "ALL_PROXY"};
static const char *const exceptions[] = {"no_proxy", "NO_PROXY"};

static void set_all(const char *const *v, size_t n, const char *value)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(value ? setenv(v[i], value, 1) : unsetenv(v[i]), 0);
    }
}

static void test_environment_names_a_proxy(void **state)
{
    (void)state;
    struct server trap, s;
    struct link l;
    atomic_store(&proxy_says, OK_200);
    server_start(&trap, talk_proxy, NULL);
    server_start(&s, talk_ok, origin);
    link_begin(&l);
    link_cert(&l, "root.pem", &pki.root);
    link_configure(&l, "    tls: {ca_file: root.pem}\n");
    set_all(names, NITEMS(names), arena_printf(&l.arena, "http://127.0.0.1:%u", trap.port));
    const struct letter *x = order(&l, server_url(&l, &s, "https"));
    set_all(names, NITEMS(names), NULL);
    assert_true(fate_is("direct", x, OUTCOME_ACCEPTED, false, NULL));
    link_close(&l);
    server_stop(&s);
    server_stop(&trap);
    assert_int_equal(trap.accepts, 0);
    assert_int_equal(s.posts, 1);
    server_release(&s);
    server_release(&trap);
}

static void test_environment_excepts_a_host(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    atomic_store(&proxy_says, OK_200);
    server_start(&s, talk_proxy, NULL);
    link_proxied(&l, s.port, CREDENTIALS, SHORT);
    set_all(exceptions, NITEMS(exceptions), "*");
    const struct letter *x = order(&l, ORIGIN);
    set_all(exceptions, NITEMS(exceptions), NULL);
    assert_true(fate_is("tunnel", x, OUTCOME_ACCEPTED, false, NULL));
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.posts, 1);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tunnel),
        cmocka_unit_test(test_tunnels_are_connections),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_proxy_is_not_there),
        cmocka_unit_test(test_lost_in_tunnel),
        cmocka_unit_test(test_plain_http_takes_no_proxy),
        cmocka_unit_test(test_environment_names_a_proxy),
        cmocka_unit_test(test_environment_excepts_a_host),
    };
    return cmocka_run_group_tests(tests, make_pki, free_pki);
}
