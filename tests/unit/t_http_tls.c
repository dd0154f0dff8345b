/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS: whom the HTTP layer trusts, and that no octet of a request leaves to anybody else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_tls_fixture.h"

#define BODY  "{\"n\":1}"
#define TRUST "    tls: {ca_file: root.pem}\n"

static struct pki pki;

static int make_pki(void **state)
{
    (void)state;
    pki_make(&pki);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    pki_release(&pki);
    return 0;
}

static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{\"ok\":1}")) {
    }
}

static void link_tls(struct link *l, const char *keys)
{
    link_begin(l);
    link_cert(l, "root.pem", &pki.root);
    link_cert(l, "other.pem", &pki.other_root);
    link_configure(l, keys);
}

/* --- servers that are not to be trusted --- */
static void no_change(SSL_CTX *c)
{
    (void)c;
}

static void only_tls11(SSL_CTX *c)
{
    SSL_CTX_set_security_level(c, 0); /* else libcrypto itself has no such version */
    assert_int_equal(SSL_CTX_set_min_proto_version(c, TLS1_VERSION), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(c, TLS1_1_VERSION), 1);
}

static void only_tls12(SSL_CTX *c)
{
    assert_int_equal(SSL_CTX_set_max_proto_version(c, TLS1_2_VERSION), 1);
}

static void only_anonymous(SSL_CTX *c)
{
    SSL_CTX_set_security_level(c, 0);
    only_tls12(c);
    assert_int_equal(SSL_CTX_set_cipher_list(c, "aNULL"), 1);
}

static const struct tls_row {
    const char *name;
    struct making how;
    bool by_root, by_other; /* who signs; none = itself */
    void (*change)(SSL_CTX *);
    const char *words; /* of the message; NULL = trusted */
} rows[] = {
    {"good", {.subject = "server"}, true, false, no_change, NULL},
    {"TLS 1.2", {.subject = "server"}, true, false, only_tls12, NULL},
    {"self-signed", {.subject = "server"}, false, false, no_change, "self-signed certificate"},
    {"unknown issuer", {.subject = "server"}, false, true, no_change, "local issuer"},
    {"another address",
     {.subject = "127.0.0.1", .san = "IP:127.0.0.2"},
     true,
     false,
     no_change,
     "no alternative certificate subject name matches target host name '127.0.0.1'"},
    {"another name",
     {.subject = "127.0.0.1", .san = "DNS:ca.example"},
     true,
     false,
     no_change,
     "no alternative certificate subject name"},
    {"expired",
     {.subject = "server", .from = -90000, .until = -3600},
     true,
     false,
     no_change,
     "certificate has expired"},
    {"of tomorrow",
     {.subject = "server", .from = 86400, .until = 90000},
     true,
     false,
     no_change,
     "certificate is not yet valid"},
    {"of a client", {.subject = "server", .client = true}, true, false, no_change, "purpose"},
    {"only TLS 1.1", {.subject = "server"}, true, false, only_tls11, "no TLS 1.2 or later"},
    {"no certificate", {.subject = "server"}, true, false, only_anonymous, "in common"},
};

static bool check_row(const struct tls_row *row)
{
    struct server s;
    struct link l;
    struct made m;
    struct making how = row->how;
    how.issuer = row->by_root ? &pki.root : row->by_other ? &pki.other_root : NULL;
    make(&m, &how);
    SSL_CTX *tls = tls_server(&m);
    row->change(tls);
    server_start(&s, talk_ok, tls);
    link_tls(&l, TRUST);
    const struct letter *x =
        link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
    bool ok = row->words ? fate_is(row->name, x, OUTCOME_NOT_SENT, true, row->words)
                         : fate_is(row->name, x, OUTCOME_ACCEPTED, false, NULL);
    link_close(&l);
    server_stop(&s);
    ok &= s.posts == !row->words;
    server_release(&s);
    SSL_CTX_free(tls);
    made_release(&m);
    return ok;
}

static void test_servers(void **state)
{
    (void)state;
    size_t bad = 0;
    for (size_t i = 0; i < NITEMS(rows); i++) {
        bad += !check_row(&rows[i]);
    }
    assert_int_equal(bad, 0);
}

/* Without `tls:` the roots of the system count, and ours is none of them. */
static void test_system_roots(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    SSL_CTX *tls = tls_server(&pki.server);
    server_start(&s, talk_ok, tls);
    link_tls(&l, "");
    const struct letter *x =
        link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
    assert_true(fate_is("system", x, OUTCOME_NOT_SENT, true, "is not trusted"));
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 0);
    server_release(&s);
    SSL_CTX_free(tls);
}

/* --- connections that end before they are one --- */
static void talk_close(struct conn *c)
{
    (void)c;
}

static void talk_reset_hello(struct conn *c)
{
    (void)conn_fill(c);
    conn_reset(c);
}

static void talk_plain(struct conn *c)
{
    if (conn_fill(c) && conn_say(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")) {
        conn_finish(c);
    }
}

static void talk_hang(struct conn *c)
{
    conn_hang(c);
}

static void test_no_handshake(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*talk)(struct conn *);
        const char *words;
        bool lasting;
    } ends[] = {
        {"closed", talk_close, "TLS handshake failed", false},
        {"reset", talk_reset_hello, "TLS handshake failed", false},
        {"silent", talk_hang, "in time", false},
        {"plain HTTP", talk_plain, "does not speak TLS", true},
    };
    size_t bad = 0;
    for (size_t i = 0; i < NITEMS(ends); i++) {
        struct server s;
        struct link l;
        server_start(&s, ends[i].talk, NULL);
        link_tls(&l, TRUST "    timeouts: {connect_seconds: 1, request_seconds: 600}\n");
        const struct letter *x =
            link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
        bad += !fate_is(ends[i].name, x, OUTCOME_NOT_SENT, ends[i].lasting, ends[i].words);
        link_close(&l);
        server_stop(&s);
        assert_int_equal(s.requests, 0);
        server_release(&s);
    }
    assert_int_equal(bad, 0);
}

/* --- what is lost inside of TLS --- */
static void talk_read_and_drop(struct conn *c)
{
    (void)conn_request(c);
}

/* Until it closes, and no close_notify (RFC 8446, 6.1): libcurl does not see it, and gives what
 * came. Whether that is whole the connector must see: JSON has an end. */
static void talk_cut_silently(struct conn *c)
{
    if (conn_request(c) && conn_say(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"ok\":1}")) {
        (void)shutdown(c->fd, SHUT_WR);
        char sink[256];
        while (recv(c->fd, sink, sizeof sink, 0) > 0) {
        }
    }
}

static void talk_cut_length(struct conn *c)
{
    if (conn_request(c) && conn_say(c, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")) {
        (void)shutdown(c->fd, SHUT_WR);
        conn_hang(c);
    }
}

static void talk_until_close(struct conn *c)
{
    if (conn_request(c) && conn_say(c, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"ok\":1}")) {
        conn_finish(c);
    }
}

static void lost(void (*talk)(struct conn *), void (*change)(SSL_CTX *), enum outcome outcome,
                 const char *words)
{
    struct server s;
    struct link l;
    SSL_CTX *tls = tls_server(&pki.server);
    change(tls);
    server_start(&s, talk, tls);
    link_tls(&l, TRUST);
    const struct letter *x =
        link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
    assert_true(fate_is("lost", x, outcome, false, words));
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.posts, 1);
    assert_int_equal(s.accepts, 1);
    server_release(&s);
    SSL_CTX_free(tls);
}

static void test_lost_in_tls(void **state)
{
    (void)state;
    void (*const versions[])(SSL_CTX *) = {no_change, only_tls12};
    for (size_t i = 0; i < NITEMS(versions); i++) {
        lost(talk_read_and_drop, versions[i], OUTCOME_UNKNOWN, "");
        lost(talk_cut_silently, versions[i], OUTCOME_ACCEPTED, NULL);
        lost(talk_cut_length, versions[i], OUTCOME_UNKNOWN, "announced end");
        lost(talk_until_close, versions[i], OUTCOME_ACCEPTED, NULL);
    }
}

/* --- one trust is not another's --- */
/* A connection and a session that one CA made are there when a second CA, which trusts somebody
 * else, asks the same server. */
static void test_trust_is_not_shared(void **state)
{
    (void)state;
    struct server s;
    struct link l, other;
    SSL_CTX *tls = tls_server(&pki.server);
    server_start(&s, talk_ok, tls);
    link_tls(&l, TRUST);
    link_tls(&other, "    tls: {ca_file: other.pem}\n");
    wire_free(other.wire);
    other.wire = l.wire; /* one program, two CAs */
    const char *url = server_url(&l, &s, "https");
    for (int i = 0; i < 2; i++) {
        assert_true(
            fate_is("ours", link_send(&l, letter_get(&l, url)), OUTCOME_ACCEPTED, false, NULL));
        assert_true(fate_is("theirs", link_send(&other, letter_get(&other, url)), OUTCOME_NOT_SENT,
                            true, "is not trusted"));
    }
    other.wire = NULL;
    link_close(&l);
    link_close(&other);
    server_stop(&s);
    assert_int_equal(s.requests, 2);
    server_release(&s);
    SSL_CTX_free(tls);
}

/* Fresh connections, known sessions: the handshake of an order is a short one. */
static atomic_uint resumed;

static void talk_count_resumed(struct conn *c)
{
    atomic_fetch_add(&resumed, (unsigned)SSL_session_reused(c->ssl));
    talk_ok(c);
}

static void test_sessions_are_kept(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    SSL_CTX *tls = tls_server(&pki.server);
    server_start(&s, talk_count_resumed, tls);
    link_tls(&l, TRUST);
    for (int i = 0; i < 3; i++) {
        const struct letter *x =
            link_send(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY));
        assert_true(fate_is("sent", x, OUTCOME_ACCEPTED, false, NULL));
    }
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.accepts, 3);
    assert_int_equal(atomic_load(&resumed), 2);
    server_release(&s);
    SSL_CTX_free(tls);
}

/* --- the environment --- */
static void test_no_key_log(void **state)
{
    (void)state;
    struct server s;
    struct link l;
    SSL_CTX *tls = tls_server(&pki.server);
    server_start(&s, talk_ok, tls);
    link_tls(&l, TRUST);
    const char *log = getenv("SSLKEYLOGFILE"); /* of main(), before libcurl was initialised */
    assert_non_null(log);
    char path[64];
    (void)snprintf(path, sizeof path, "%s", log);
    const struct letter *x = link_send(&l, letter_get(&l, server_url(&l, &s, "https")));
    assert_true(fate_is("sent", x, OUTCOME_ACCEPTED, false, NULL));
    assert_null(getenv("SSLKEYLOGFILE"));
    assert_int_not_equal(access(path, F_OK), 0);
    link_close(&l);
    server_stop(&s);
    server_release(&s);
    SSL_CTX_free(tls);
}

int main(void)
{
    char log[64];
    (void)snprintf(log, sizeof log, "/tmp/certbatch-test.keylog.%ld", (long)getpid());
    (void)setenv("SSLKEYLOGFILE", log, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_key_log), /* first: libcurl reads the variable once */
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_system_roots),
        cmocka_unit_test(test_no_handshake),
        cmocka_unit_test(test_lost_in_tls),
        cmocka_unit_test(test_trust_is_not_shared),
        cmocka_unit_test(test_sessions_are_kept),
    };
    const int rc = cmocka_run_group_tests(tests, make_pki, free_pki);
    (void)unlink(log);
    return rc;
}
