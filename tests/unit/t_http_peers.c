/* SPDX-License-Identifier: Apache-2.0
 *
 * Several CAs in one program: each has its own limits, and none waits for another.
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
    while (conn_request(c) && conn_ok(c, "{}")) {
    }
}

static void talk_hang(struct conn *c)
{
    (void)conn_request(c);
    conn_hang(c);
}

/* Two configurations, one wire. */
static void open_both(struct link *a, struct link *b, const char *keys_a, const char *keys_b)
{
    link_open(a, keys_a);
    link_open(b, keys_b);
    wire_free(b->wire);
    b->wire = a->wire;
}

static void close_both(struct link *a, struct link *b)
{
    b->wire = NULL;
    link_close(a);
    link_close(b);
}

static void test_one_hangs(void **state)
{
    (void)state;
    enum { N = 5 };
    struct server hangs, works;
    struct link a, b;
    server_start(&hangs, talk_hang, NULL);
    server_start(&works, talk_ok, NULL);
    open_both(&a, &b, "    limits: {in_flight: 1}\n", "    limits: {in_flight: 1}\n");
    for (size_t i = 0; i < N; i++) {
        link_submit(&a, letter_post(&a, STEP_ORDER, server_url(&a, &hangs, "http"), BODY));
        link_submit(&b, letter_post(&b, STEP_ORDER, server_url(&b, &works, "http"), BODY));
    }
    assert_int_equal(wire_pending(a.wire), 2 * N);
    link_run(&b, N); /* those of the CA that works */
    assert_int_equal(wire_pending(a.wire), N);
    const int64_t begun = time_monotonic_ms();
    while (!atomic_load(&hangs.posts) && time_monotonic_ms() - begun < LINK_PATIENCE_MS) {
        struct err err = ERR_INIT;
        assert_true(wire_run(a.wire, &err));
        wire_wait(a.wire, -1, 20);
    }
    wire_abandon(a.wire);
    assert_int_equal(link_collect(&a), N);
    for (size_t i = 0; i < N; i++) {
        assert_true(fate_is("works", b.letters[i], OUTCOME_ACCEPTED, false, NULL));
        assert_int_equal(a.letters[i]->reply.transport, i ? OUTCOME_NOT_SENT : OUTCOME_UNKNOWN);
    }
    close_both(&a, &b);
    server_stop(&hangs);
    server_stop(&works);
    assert_int_equal(hangs.posts, 1);
    assert_int_equal(works.posts, N);
    server_release(&hangs);
    server_release(&works);
}

/* A configuration that cannot be used stops its own CA only. */
static void test_one_cannot_be_used(void **state)
{
    (void)state;
    struct server s;
    struct link a, b;
    server_start(&s, talk_ok, NULL);
    open_both(&a, &b, "", "    tls: {ca_file: gone.pem}\n");
    for (int i = 0; i < 2; i++) {
        const struct letter *x =
            link_send(&b, letter_post(&b, STEP_ORDER, server_url(&b, &s, "http"), BODY));
        assert_true(fate_is("broken", x, OUTCOME_NOT_SENT, true, "tls.ca_file"));
        x = link_send(&a, letter_post(&a, STEP_ORDER, server_url(&a, &s, "http"), BODY));
        assert_true(fate_is("whole", x, OUTCOME_ACCEPTED, false, NULL));
    }
    close_both(&a, &b);
    server_stop(&s);
    assert_int_equal(s.posts, 2);
    server_release(&s);
}

/* The rate of one is not the rate of the other: one look starts all of the second. */
static void test_one_is_paced(void **state)
{
    (void)state;
    enum { N = 6 };
    struct err err = ERR_INIT;
    struct server s;
    struct link a, b;
    server_start(&s, talk_hang, NULL);
    open_both(&a, &b, "    limits: {in_flight: 6, requests_per_second: 0.01}\n",
              "    limits: {in_flight: 6}\n");
    for (size_t i = 0; i < N; i++) {
        link_submit(&a, letter_get(&a, server_url(&a, &s, "http")));
        link_submit(&b, letter_get(&b, server_url(&b, &s, "http")));
    }
    assert_true(wire_run(a.wire, &err));
    wire_abandon(a.wire);
    assert_int_equal(link_collect(&a), 2 * N);
    for (size_t i = 0; i < N; i++) {
        const bool a_waited = strstr(letter_message(a.letters[i]), "before it was sent") != NULL;
        const bool b_waited = strstr(letter_message(b.letters[i]), "before it was sent") != NULL;
        assert_int_equal(a_waited, i > 0);
        assert_false(b_waited);
    }
    close_both(&a, &b);
    server_stop(&s);
    server_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_hangs),
        cmocka_unit_test(test_one_cannot_be_used),
        cmocka_unit_test(test_one_is_paced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
