/* SPDX-License-Identifier: Apache-2.0
 *
 * Many exchanges at a time: how many are under way, how fast they start, in which order, and what
 * comes back when the run gives up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_tls_fixture.h"

#include <fcntl.h>

#define BODY "{\"n\":1}"

static void talk_ok(struct conn *c)
{
    while (conn_request(c) && conn_ok(c, "{\"ok\":1}")) {
    }
}

/* Answers late, so that those under way at a time are seen together. */
static void talk_slowly(struct conn *c)
{
    while (conn_request(c)) {
        conn_enter(c);
        (void)usleep(20000);
        conn_leave(c);
        if (!conn_ok(c, "{}")) {
            return;
        }
    }
}

static void talk_hang(struct conn *c)
{
    (void)conn_request(c);
    conn_hang(c);
}

/* --- how many --- */
static void many(const char *keys, unsigned limit, enum ca_step step)
{
    enum { N = 24 };
    struct server s;
    struct link l;
    server_start(&s, talk_slowly, NULL);
    link_open(&l, keys);
    for (size_t i = 0; i < N; i++) {
        link_submit(&l, letter_post(&l, step, server_url(&l, &s, "http"), BODY));
        assert_int_equal(wire_pending(l.wire), i + 1);
    }
    link_run(&l, N);
    assert_int_equal(wire_pending(l.wire), 0);
    for (size_t i = 0; i < N; i++) {
        assert_true(l.letters[i]->back);
        assert_true(fate_is("one of many", l.letters[i], OUTCOME_ACCEPTED, false, NULL));
        assert_string_equal(buf_text(&l.letters[i]->reply.body), "{}");
    }
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, N);
    assert_true(s.peak >= 1 && s.peak <= limit);
    server_release(&s);
}

static void test_in_flight(void **state)
{
    (void)state;
    many("    limits: {in_flight: 1}\n", 1, STEP_POLL);
    many("    limits: {in_flight: 1}\n", 1, STEP_ORDER);
    many("    limits: {in_flight: 3}\n", 3, STEP_POLL);
    many("    limits: {in_flight: 7}\n", 7, STEP_ORDER);
}

/* The place is given on, whatever became of the one before. */
static void test_failures_give_their_place_on(void **state)
{
    (void)state;
    enum { N = 12 };
    struct link l;
    unsigned port;
    const int fd = loopback_socket(&port);
    link_open(&l, "    limits: {in_flight: 1}\n");
    const char *url = arena_printf(&l.arena, "http://127.0.0.1:%u/", port);
    for (size_t i = 0; i < N; i++) {
        link_submit(&l, letter_get(&l, i % 3 == 0 ? "file:///x" : url));
    }
    link_run(&l, N);
    for (size_t i = 0; i < N; i++) {
        assert_true(fate_is("in a row", l.letters[i], OUTCOME_NOT_SENT, i % 3 == 0,
                            i % 3 == 0 ? "only" : "refused"));
    }
    link_close(&l);
    (void)close(fd);
}

/* --- how fast --- */
/* A lower bound only: that it takes longer is no fault. */
static void test_rate(void **state)
{
    (void)state;
    enum { N = 6 };
    struct server s;
    struct link l;
    server_start(&s, talk_ok, NULL);
    link_open(&l, "    limits: {in_flight: 6, requests_per_second: 20}\n");
    const int64_t begun = time_monotonic_ms();
    for (size_t i = 0; i < N; i++) {
        link_submit(&l, letter_get(&l, server_url(&l, &s, "http")));
    }
    link_run(&l, N);
    assert_true(time_monotonic_ms() - begun >= (N - 1) * 50 - 1);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, N);
    server_release(&s);
}

/* One look at the queue starts one exchange however fast the rate is: what began in a time too
 * short for the clock would else be without limit. */
static void test_rate_faster_than_the_clock(void **state)
{
    (void)state;
    enum { N = 20 };
    struct err err = ERR_INIT;
    struct server s;
    struct link l;
    server_start(&s, talk_hang, NULL);
    link_open(&l, "    limits: {in_flight: 20, requests_per_second: 1001}\n");
    for (size_t i = 0; i < N; i++) {
        link_submit(&l, letter_get(&l, server_url(&l, &s, "http")));
    }
    assert_true(wire_run(l.wire, &err));
    wire_abandon(l.wire);
    assert_int_equal(link_collect(&l), N);
    size_t started = 0;
    for (size_t i = 0; i < N; i++) {
        started += !strstr(letter_message(l.letters[i]), "before it was sent");
    }
    link_close(&l);
    server_stop(&s);
    server_release(&s);
    assert_in_range(started, 1, 4);
}

/* --- in which order --- */
/* Twice: what is remembered of the first time must not count in the second. */
static void test_orders_go_first(void **state)
{
    (void)state;
    static const enum ca_step steps[] = {STEP_POLL,  STEP_POLL,   STEP_ORDER, STEP_FIND,
                                         STEP_ORDER, STEP_REVOKE, STEP_POLL};
    static const int arrive[] = {2, 4, 5, 0, 1, 3, 6};
    enum { N = NITEMS(steps) };
    struct server s;
    struct link l;
    server_start(&s, talk_ok, NULL);
    link_open(&l, "    limits: {in_flight: 1}\n");
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < N; i++) {
            link_submit(&l, letter_post(&l, steps[i], server_url(&l, &s, "http"),
                                        arena_printf(&l.arena, "{\"n\":%zu}", i)));
        }
        link_run(&l, N);
    }
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 2 * N);
    for (size_t i = 0; i < s.nlog; i++) {
        char want[32];
        (void)snprintf(want, sizeof want, "{\"n\":%d}", arrive[i % N]);
        assert_true(str_ends(server_request(&s, i), want));
    }
    server_release(&s);
}

/* --- giving up --- */
static void test_abandon(void **state)
{
    (void)state;
    enum { N = 6, LIMIT = 2 };
    struct err err = ERR_INIT;
    struct server s;
    struct link l;
    server_start(&s, talk_hang, NULL);
    link_open(&l, "    limits: {in_flight: 2}\n");
    for (size_t i = 0; i < N; i++) {
        link_submit(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), BODY));
    }
    const int64_t begun = time_monotonic_ms();
    while (atomic_load(&s.posts) < LIMIT && time_monotonic_ms() - begun < LINK_PATIENCE_MS) {
        assert_true(wire_run(l.wire, &err));
        wire_wait(l.wire, -1, 20);
    }
    assert_int_equal(link_collect(&l), 0);
    wire_abandon(l.wire);
    assert_int_equal(link_collect(&l), N);
    assert_int_equal(wire_pending(l.wire), 0);
    for (size_t i = 0; i < N; i++) {
        const bool left = i < LIMIT;
        assert_true(fate_is("given up", l.letters[i], left ? OUTCOME_UNKNOWN : OUTCOME_NOT_SENT,
                            false, left ? "stopped before the reply" : "before it was sent"));
    }
    wire_abandon(l.wire); /* nothing is left to give up */
    assert_true(wire_run(l.wire, &err));
    assert_int_equal(link_collect(&l), 0);
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.posts, LIMIT);
    server_release(&s);
}

static SSL_CTX *origin;
static atomic_bool greeted, go;

/* The handshake waits until the test has looked away from the client. */
static void talk_late_handshake(struct conn *c)
{
    char first;
    if (recv(c->fd, &first, 1, MSG_PEEK) != 1) {
        return;
    }
    atomic_store(&greeted, true);
    while (!atomic_load(&go) && !atomic_load(&c->server->stopping)) {
        (void)usleep(1000);
    }
    if (conn_start_tls(c, origin)) {
        (void)conn_request(c);
    }
}

/* The connection stands and its TLS is all but done: not one octet of the request has left, and
 * giving up does not make it leave. */
static void test_abandon_in_handshake(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct server s;
    struct link l;
    struct made m;
    make(&m, &(struct making){.subject = "server"});
    origin = tls_server(&m);
    server_start(&s, talk_late_handshake, NULL);
    link_begin(&l);
    link_cert(&l, "root.pem", &m);
    link_configure(&l, "    tls: {ca_file: root.pem}\n");
    struct letter *x = letter_post(&l, STEP_ORDER, server_url(&l, &s, "https"), BODY);
    link_submit(&l, x);
    const int64_t begun = time_monotonic_ms();
    while (!atomic_load(&greeted) && time_monotonic_ms() - begun < LINK_PATIENCE_MS) {
        assert_true(wire_run(l.wire, &err));
        (void)usleep(1000);
    }
    atomic_store(&go, true);
    (void)usleep(100000); /* the server's side of the handshake arrives meanwhile */
    wire_abandon(l.wire);
    assert_int_equal(link_collect(&l), 1);
    assert_true(fate_is("in the handshake", x, OUTCOME_NOT_SENT, false, "stopped"));
    link_close(&l);
    server_stop(&s);
    assert_int_equal(s.requests, 0);
    server_release(&s);
    SSL_CTX_free(origin);
    made_release(&m);
}

static atomic_uint said;

static void talk_say_so(struct conn *c)
{
    if (conn_request(c) && conn_ok(c, "{}")) {
        atomic_fetch_add(&said, 1);
        conn_hang(c);
    }
}

/* The reply has arrived and nobody has looked yet: it is not thrown away. */
static void test_abandon_takes_what_is_there(void **state)
{
    (void)state;
    enum { N = 3 };
    struct err err = ERR_INIT;
    struct server s;
    struct link l;
    server_start(&s, talk_say_so, NULL);
    link_open(&l, "");
    atomic_store(&said, 0);
    for (size_t i = 0; i < N; i++) {
        link_submit(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), BODY));
    }
    const int64_t begun = time_monotonic_ms();
    size_t seen = 0;
    while (atomic_load(&said) < N && time_monotonic_ms() - begun < LINK_PATIENCE_MS) {
        if (atomic_load(&s.posts) < N) { /* no further look than is needed to send */
            assert_true(wire_run(l.wire, &err));
            seen += link_collect(&l);
        }
        (void)usleep(1000);
    }
    wire_abandon(l.wire);
    assert_int_equal(seen + link_collect(&l), N);
    for (size_t i = 0; i < N; i++) {
        assert_true(fate_is("was there", l.letters[i], OUTCOME_ACCEPTED, false, NULL));
        assert_string_equal(buf_text(&l.letters[i]->reply.body), "{}");
    }
    link_close(&l);
    server_stop(&s);
    server_release(&s);
}

/* Whatever a look ends comes out of that look: the wait that follows would sleep over it. */
static void test_run_leaves_nothing_finished(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct link l;
    link_open(&l, "    limits: {in_flight: 1}\n");
    for (size_t i = 0; i < 2; i++) {
        link_submit(&l, letter_get(&l, "ftp://127.0.0.1/"));
    }
    assert_true(wire_run(l.wire, &err)); /* the end of the first makes room for the second */
    assert_int_equal(link_collect(&l), 2);
    link_close(&l);
}

/* --- waiting --- */
static void test_wait_ends_by_the_other_descriptor(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct server s;
    struct link l;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    server_start(&s, talk_hang, NULL);
    link_open(&l, "");
    struct letter *x = letter_get(&l, server_url(&l, &s, "http"));
    link_submit(&l, x);
    const int64_t begun = time_monotonic_ms();
    while (!atomic_load(&s.requests) && time_monotonic_ms() - begun < LINK_PATIENCE_MS) {
        assert_true(wire_run(l.wire, &err));
        wire_wait(l.wire, -1, 20);
    }
    assert_int_equal(write(ends[1], "x", 1), 1);
    wire_wait(l.wire, ends[0], LINK_PATIENCE_MS);
    assert_true(time_monotonic_ms() - begun < LINK_PATIENCE_MS);
    wire_abandon(l.wire);
    assert_int_equal(link_collect(&l), 1);
    link_close(&l);
    server_stop(&s);
    server_release(&s);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* Exchanges under way when the wire ends: nothing leaks, nothing is called. */
static void test_free_under_way(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct server s;
    struct link l;
    server_start(&s, talk_hang, NULL);
    link_open(&l, "    limits: {in_flight: 2}\n");
    for (size_t i = 0; i < 5; i++) {
        link_submit(&l, letter_post(&l, STEP_ORDER, server_url(&l, &s, "http"), BODY));
    }
    assert_true(wire_run(l.wire, &err));
    assert_int_equal(wire_pending(l.wire), 5);
    link_close(&l);
    server_stop(&s);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_failures_give_their_place_on),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_rate_faster_than_the_clock),
        cmocka_unit_test(test_orders_go_first),
        cmocka_unit_test(test_abandon),
        cmocka_unit_test(test_abandon_in_handshake),
        cmocka_unit_test(test_abandon_takes_what_is_there),
        cmocka_unit_test(test_run_leaves_nothing_finished),
        cmocka_unit_test(test_wait_ends_by_the_other_descriptor),
        cmocka_unit_test(test_free_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
