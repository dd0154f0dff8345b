/* SPDX-License-Identifier: Apache-2.0
 *
 * `doctor` about the embedded CA, with the journal of a run behind it and a manifest before it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_fixture.h"

#include "batch/doctor.h"

static struct config config;
static struct doctor doctor;
static volatile sig_atomic_t stop;

static int begin(void **ctx)
{
    stop = 0;
    doctor = (struct doctor){0};
    return setup(ctx);
}

static int end(void **ctx)
{
    doctor_release(&doctor);
    config_release(&config);
    return teardown(ctx);
}

static void examine(struct doctor_options o)
{
    struct err err = ERR_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    assert_true(config_read(&config, "certbatch.yaml", &findings, &err));
    o.config = &config;
    o.ca = &config.cas[0];
    o.config_path = "certbatch.yaml";
    o.as_of = TIME_NONE;
    o.workers = 1;
    o.stop = &stop;
    doctor = (struct doctor){.options = o};
    doctor_run(&doctor);
}

static const struct doctor_line *line(enum doctor_step s, const char *text)
{
    const struct doctor_result *r = &doctor.results[s];
    for (size_t i = 0; i < r->n; i++) {
        if (strstr(r->v[i].seen, text)) {
            return &r->v[i];
        }
    }
    return NULL;
}

static void good(void **ctx UNUSED)
{
    assert_true(run(THREE));
    put("b.batch.yaml", THREE);
    examine((struct doctor_options){.state = "b.state", .manifest = "b.batch.yaml"});
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        if (doctor.results[s].status > DOCTOR_WARNING) {
            fail_msg("%s: %s", doctor_rows[s].id, doctor.results[s].v[0].seen);
        }
    }
    assert_int_equal(doctor_verdict(&doctor), ERR_NONE);
    assert_non_null(line(DOCTOR_PRODUCTS, "product tls-server is sold"));
    assert_non_null(line(DOCTOR_CSR, "3 of 3 items"));
    assert_non_null(line(DOCTOR_JOURNAL, "no error of this CA"));
}

static void last_errors(void **ctx UNUSED)
{
    fault("b", STEP_ORDER, FAULT_REFUSED, 1);
    (void)run(THREE);
    examine((struct doctor_options){.state = "b.state"});
    const struct doctor_line *l = line(DOCTOR_JOURNAL, "item b: reply");
    assert_non_null(l);
    assert_non_null(strstr(l->seen, "E42"));
    assert_null(strchr(l->seen, '\x1b'));
    assert_null(line(DOCTOR_JOURNAL, "item a"));
    assert_int_equal(doctor.results[DOCTOR_JOURNAL].status, DOCTOR_WARNING);
    assert_int_equal(doctor_verdict(&doctor), ERR_NONE); /* of the past */
}

/* Without --state, the one beside the manifest. */
static void state_of_the_manifest(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    put("b.batch.yaml", THREE);
    examine((struct doctor_options){.manifest = "b.batch.yaml"});
    assert_int_equal(doctor.results[DOCTOR_JOURNAL].status, DOCTOR_SKIPPED);
    assert_non_null(line(DOCTOR_JOURNAL, "has not been run"));
    assert_non_null(line(DOCTOR_WAY, "made just now"));
    doctor_escalation(&doctor, "", &text);
    assert_non_null(strstr(buf_text(&text), "Item               a, new, product tls-server\n"));
    assert_non_null(strstr(buf_text(&text), "Common name        a.corp.example.com\n"));
    doctor_release(&doctor);
    config_release(&config);
    assert_true(run(THREE));
    examine((struct doctor_options){.manifest = "b.batch.yaml"});
    assert_non_null(line(DOCTOR_JOURNAL, "b.state: no error of this CA"));
    assert_null(line(DOCTOR_WAY, "made just now"));
}

static void no_state(void **ctx UNUSED)
{
    examine((struct doctor_options){.state = "none.state"});
    assert_int_equal(doctor.results[DOCTOR_JOURNAL].status, DOCTOR_FAILED);
    assert_non_null(line(DOCTOR_JOURNAL, "none.state does not exist")->todo);
    assert_int_not_equal(doctor_verdict(&doctor), ERR_NONE);
}

static void a_manifest_with_mistakes(void **ctx UNUSED)
{
    put("bad.batch.yaml", HEAD
        "orders:\n  - {id: a, common_name: \"a b\", product: ov, san: [a.corp.example.com]}\n");
    examine((struct doctor_options){.manifest = "bad.batch.yaml"});
    assert_int_equal(doctor.results[DOCTOR_CSR].status, DOCTOR_FAILED);
    assert_non_null(line(DOCTOR_CSR, "item a: "));
    assert_non_null(line(DOCTOR_CSR, "bad.batch.yaml:"));
    assert_non_null(line(DOCTOR_PRODUCTS, "product ov is sold"));
    assert_int_equal(doctor_verdict(&doctor), ERR_FINDINGS);
}

static void interrupted(void **ctx UNUSED)
{
    stop = 1;
    examine((struct doctor_options){0});
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        assert_int_equal(doctor.results[s].status, DOCTOR_SKIPPED);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {T(good),     T(state_of_the_manifest),    T(last_errors),
                                       T(no_state), T(a_manifest_with_mistakes), T(interrupted)};
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
