/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to a CA outside of a run: asked again when nothing arrived, never when the CA said no;
 * credentials first; phases in order; an end in every case.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_fixture.h"

#include "batch/ask.h"

static struct config config;
static struct asker asker;
static unsigned waits, answers;
static volatile sig_atomic_t stop;

static void on_wait(void *ctx, int64_t ms, const char *why)
{
    (void)ctx;
    assert_true(ms >= 0);
    assert_non_null(why);
    waits++;
    stop = waits >= 2;
}

static bool on_answer(void *ctx, const struct ca_result *r, struct err *err)
{
    (void)ctx;
    (void)err;
    assert_int_equal(r->outcome, OUTCOME_ACCEPTED);
    answers++;
    return true;
}

static int begin(void **ctx)
{
    struct err err = ERR_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    waits = answers = 0;
    stop = 0;
    assert_int_equal(setup(ctx), 0);
    assert_true(config_read(&config, "certbatch.yaml", &findings, &err));
    asker = (struct asker){.stop = &stop, .waiting = on_wait};
    assert_true(asker_open(&asker, &config.cas[0], config.dir, &err));
    return 0;
}

static int end(void **ctx)
{
    asker_close(&asker);
    config_release(&config);
    return teardown(ctx);
}

static bool question(enum ca_step step, struct err *err)
{
    return ask(&asker, &(struct ca_call){.step = step}, on_answer, NULL, err);
}

static void plain(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    assert_true(question(STEP_PROBE, &err));
    assert_true(question(STEP_PRODUCTS, &err));
    assert_int_equal(answers, 2);
    assert_int_equal(waits, 0);
}

static void again_when_nothing_arrived(void **ctx UNUSED)
{
    static const enum fault faults[] = {FAULT_LOST, FAULT_NOT_SENT, FAULT_THROTTLED, FAULT_GARBAGE};
    for (size_t i = 0; i < NITEMS(faults); i++) {
        struct err err = ERR_INIT;
        waits = answers = 0;
        stop = 0;
        fault("", STEP_PROBE, faults[i], 1);
        assert_true(question(STEP_PROBE, &err));
        assert_int_equal(waits, 1);
        assert_int_equal(answers, 1);
    }
}

static void not_for_ever(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    fault("", STEP_PROBE, FAULT_NOT_SENT, 0);
    assert_false(question(STEP_PROBE, &err));
    assert_int_equal(err.code, ERR_CA);
    assert_int_equal(answers, 0);
    assert_int_equal(waits, 2); /* then the stop flag */
}

static void no_is_no(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    fault("", STEP_PROBE, FAULT_REFUSED, 0);
    assert_false(question(STEP_PROBE, &err));
    assert_int_equal(err.code, ERR_CA);
    assert_non_null(strstr(err.msg, "E42"));
    assert_null(strchr(err.msg, '\x1b')); /* foreign text is escaped */
    assert_int_equal(waits + answers, 0);
}

static void a_credential_first_and_again(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    faulty_ops.authorized = faulty_authorized;
    assert_true(question(STEP_PROBE, &err));
    assert_int_equal(faulty.logins, 1);
    fault("", STEP_PROBE, FAULT_AUTH, 1);
    assert_true(question(STEP_PROBE, &err));
    assert_int_equal(faulty.logins, 2);
    assert_int_equal(faulty.strangers, 0);
    fault("", STEP_PROBE, FAULT_AUTH, 0);
    assert_false(question(STEP_PROBE, &err));
    assert_int_equal(err.code, ERR_CA);
    assert_in_range(faulty.logins, 3, 5);
}

static void no_credential(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    faulty_ops.authorized = faulty_authorized;
    fault("", STEP_TOKEN, FAULT_REFUSED, 0);
    assert_false(question(STEP_PROBE, &err));
    assert_int_equal(err.code, ERR_CA);
    assert_int_equal(faulty.logins, 1);
    assert_int_equal(answers, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(plain),    T(again_when_nothing_arrived),   T(not_for_ever),
        T(no_is_no), T(a_credential_first_and_again), T(no_credential),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
