/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs that end while a TXT record is published: by a flag, by a signal, by SIGKILL, by a full
 * disk.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dcv_fixture.h"

#include "formats/base/pool.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void stop_now(void)
{
    t.stop = 1;
}

static void an_interrupted_run_leaves_nothing(void **ctx UNUSED)
{
    three();
    prove.forgets = true;
    prove.on_validate = stop_now;
    run_three();
    assert_true(t.summary.interrupted);
    assert_int_equal(hooked("present", ""), hooked("cleanup", ""));
    assert_int_equal(in_zone(), 0);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"dcv-present\"", ""),
                     lines_with("b.state/journal.jsonl", "\"dcv-cleanup\"", "\"done\""));
    t.stop = 0;
    prove.forgets = false;
    prove.on_validate = NULL;
    run_three();
    assert_issued_once(3);
    assert_int_equal(faulty.orders, 3);
    assert_int_equal(in_zone(), 0);
}

static void on_signal(int number UNUSED)
{
    t.stop = 1;
}

static void stop_once_hooked(void *ctx UNUSED, unsigned worker UNUSED)
{
    for (int i = 0; i < 1000 && !hooked("present", ""); i++) {
        (void)nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    (void)kill(getpid(), SIGUSR1);
}

static void an_interrupt_ends_a_hook_that_hangs(void **ctx UNUSED)
{
    struct pool *p = pool_new(1);
    int job = 0;
    wants("b", B);
    put("hang-present", "");
    prove.settings.timeout_seconds = 600;
    (void)signal(SIGUSR1, on_signal);
    pool_submit(p, stop_once_hooked, &job);
    const bool ok = run(THREE);
    pool_free(p);
    (void)signal(SIGUSR1, SIG_DFL);
    assert_true(ok);
    assert_true(t.summary.interrupted);
    assert_balanced(1);
    assert_int_equal(prove.validations, 0);
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
}

/* Killed between present and cleanup: the journal knows, and the next run removes first. */
static void what_a_killed_run_left_is_removed(void **ctx UNUSED)
{
    int status = 0;
    wants("b", B);
    pid_t child = fork();
    assert_int_not_equal(child, -1);
    if (child == 0) {
        prove.on_validate = die;
        (void)!run(THREE);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(hooked("present", ""), 1);
    assert_int_equal(hooked("cleanup", ""), 0);
    assert_int_equal(in_zone(), 1);
    run_three();
    assert_issued_once(3);
    assert_int_equal(hooked("present", ""), 2);
    assert_int_equal(hooked("cleanup", ""), 2);
    assert_int_equal(in_zone(), 0);
    assert_int_equal(lines_with("b.state/journal.jsonl", "\"dcv-cleanup\"", "\"done\""), 2);
}

static void let_the_journal_not_grow(void)
{
    struct stat st;
    assert_int_equal(stat("b.state/journal.jsonl", &st), 0);
    const struct rlimit none = {(rlim_t)st.st_size + 20, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
}

/* The run ends at once, and still nothing stays published; the next run, which cannot know, removes
 * once more. */
static void a_full_disk_leaves_nothing(void **ctx UNUSED)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    wants("b", B);
    prove.on_validate = let_the_journal_not_grow;
    (void)signal(SIGXFSZ, SIG_IGN);
    const bool ok = run(THREE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_false(ok);
    assert_int_equal(t.err.code, ERR_ENV);
    assert_int_equal(hooked("present", ""), 1);
    assert_int_equal(hooked("cleanup", ""), 1);
    assert_int_equal(in_zone(), 0);
    assert_int_equal(lines_with("b.state/journal.jsonl", "dcv-cleanup", ""), 0);
    prove.on_validate = NULL;
    run_three();
    assert_issued_once(3);
    assert_int_equal(hooked("cleanup", ""), 2);
    assert_int_equal(lines_with("b.state/journal.jsonl", "dcv-cleanup", "\"done\""), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, prove_setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_interrupted_run_leaves_nothing),
        T(an_interrupt_ends_a_hook_that_hangs),
        T(what_a_killed_run_left_is_removed),
        T(a_full_disk_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
