/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests that no interface of a CA takes: those for people are answered at once, those for a
 * command run it, and its end is the reply. Through the wire, as the executor has it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/http_fixture.h"

static struct letter *errand(struct link *l, enum ca_way way, const char *const *argv)
{
    struct letter *x = letter_post(l, STEP_REVOKE, "certutil -revoke 1A 4", "");
    x->request.way = way;
    x->request.argv = argv;
    return x;
}

static void test_people(void **state)
{
    (void)state;
    struct link l;
    link_open(&l, "");
    const struct letter *x = link_send(&l, errand(&l, WAY_PEOPLE, NULL));
    assert_true(fate_is("people", x, OUTCOME_ACCEPTED, false, NULL));
    assert_int_equal(x->reply.body.n, 0);
    assert_int_equal(wire_pending(l.wire), 0);
    link_close(&l);
}

static const struct row {
    const char *name;
    const char *argv[4];
    enum outcome outcome;
    bool failed, lasting;
    const char *words, *said;
} rows[] = {
    {"good",
     {"/bin/sh", "-c", "echo done; echo too >&2"},
     OUTCOME_ACCEPTED,
     false,
     false,
     NULL,
     "done\ntoo\n"},
    {"failed", {"/bin/sh", "-c", "echo no; exit 3"}, OUTCOME_ACCEPTED, true, false, "3", "no\n"},
    {"no such program", {"./nothing-here"}, OUTCOME_NOT_SENT, false, true, "nothing-here", ""},
    {"killed", {"/bin/sh", "-c", "kill -9 $$"}, OUTCOME_UNKNOWN, false, false, "signal", ""},
    {"too slow", {"/bin/sh", "-c", "exec sleep 30"}, OUTCOME_UNKNOWN, false, false, "", ""},
};

static void test_commands(void **state)
{
    (void)state;
    struct link l;
    struct letter *x[NITEMS(rows)];
    link_open(&l, "    timeouts: {request_seconds: 1}\n");
    for (size_t i = 0; i < NITEMS(rows); i++) {
        x[i] = errand(&l, WAY_COMMAND, rows[i].argv);
        link_submit(&l, x[i]);
    }
    assert_int_equal(wire_pending(l.wire), NITEMS(rows));
    link_run(&l, NITEMS(rows));
    for (size_t i = 0; i < NITEMS(rows); i++) {
        assert_true(fate_is(rows[i].name, x[i], rows[i].outcome, rows[i].lasting, rows[i].words));
        assert_int_equal(x[i]->reply.failed, rows[i].failed);
        assert_string_equal(buf_text(&x[i]->reply.body), rows[i].said);
    }
    link_close(&l);
}

/* What the environment of certbatch holds is not the command's. */
static void test_environment(void **state)
{
    (void)state;
    struct link l;
    static const char *const argv[] = {"/bin/sh", "-c", "echo \"$ADCS_PASSWORD$KRB5CCNAME\"", NULL};
    assert_int_equal(setenv("ADCS_PASSWORD", "open sesame", 1), 0);
    assert_int_equal(setenv("KRB5CCNAME", "FILE:/ticket", 1), 0);
    link_open(&l, "");
    const struct letter *x = link_send(&l, errand(&l, WAY_COMMAND, argv));
    assert_string_equal(buf_text(&x->reply.body), "FILE:/ticket\n");
    link_close(&l);
    assert_int_equal(unsetenv("ADCS_PASSWORD") + unsetenv("KRB5CCNAME"), 0);
}

static void test_abandon(void **state)
{
    (void)state;
    struct link l;
    static const char *const argv[] = {"/bin/sh", "-c", "exec sleep 30", NULL};
    link_open(&l, "");
    struct letter *x = errand(&l, WAY_COMMAND, argv);
    link_submit(&l, x);
    wire_abandon(l.wire);
    const int64_t begun = time_monotonic_ms();
    link_run(&l, 1);
    assert_true(time_monotonic_ms() - begun < 20000);
    assert_int_equal(x->reply.transport, OUTCOME_UNKNOWN);
    link_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_people),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_abandon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
