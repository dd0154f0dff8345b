/* SPDX-License-Identifier: Apache-2.0
 *
 * Child processes of batch/process.c: what they inherit, what they may print, and that nothing of
 * them is left when their time is up.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/process.h"
#include "formats/base/fs.h"
#include "formats/base/pool.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int enter(void **ctx UNUSED)
{
    (void)snprintf(dir, sizeof dir, "/tmp/t_process.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int leave(void **ctx UNUSED)
{
    fs_remove_tree_at(AT_FDCWD, dir);
    return 0;
}

struct ran {
    struct process p;
    struct buf out;
    struct err err;
    enum process_end end;
};

static void ran_release(struct ran *r)
{
    buf_wipe(&r->out);
}

#define SH(text_) ((const char *const[]){"/bin/sh", "-c", text_, NULL})
#define RUN(...)                                                                                   \
    CLEANUP(ran_release)                                                                           \
    struct ran r = {.p = {.what = "test command", .dir = dir, __VA_ARGS__}, .out = BUF_INIT(100)}; \
    run(&r)

static void run(struct ran *r)
{
    r->p.out = &r->out;
    r->p.limit_ms = r->p.limit_ms ? r->p.limit_ms : 60000;
    r->end = process_run(&r->p, &r->err);
    assert_int_equal(r->end == PROCESS_OK, r->err.code == ERR_NONE);
}

static void says(const struct ran *r, enum process_end end, const char *words)
{
    assert_int_equal(r->end, end);
    if (!strstr(r->err.msg, words)) {
        fail_msg("'%s' does not say '%s'", r->err.msg, words);
    }
}

static void ends_are_told_apart(void **ctx UNUSED)
{
    {
        RUN(.argv = SH("echo good"));
        assert_int_equal(r.end, PROCESS_OK);
        assert_string_equal(buf_text(&r.out), "good\n");
    }
    {
        RUN(.argv = SH("echo bad; exit 7"));
        says(&r, PROCESS_CODE, "the test command /bin/sh ended with exit code 7");
        assert_string_equal(buf_text(&r.out), "bad\n");
        assert_null(strstr(r.err.msg, "bad"));
    }
    {
        RUN(.argv = SH("kill -9 $$"));
        says(&r, PROCESS_SIGNAL, "signal 9");
    }
    {
        RUN(.argv = (const char *const[]){"./there-is-no-such-program", NULL});
        says(&r, PROCESS_NO_START, "cannot start the test command ./there-is-no-such-program");
    }
}

static void arguments_meet_no_shell(void **ctx UNUSED)
{
    RUN(.argv = (const char *const[]){"printf", "%s|", "$(id)", "a b", ";", "*", "\"", NULL});
    assert_string_equal(buf_text(&r.out), "$(id)|a b|;|*|\"|");
}

static void errors_are_kept_when_asked_for(void **ctx UNUSED)
{
    RUN(.argv = SH("echo one; echo two >&2"), .errors = true);
    assert_int_equal(r.end, PROCESS_OK);
    assert_string_equal(buf_text(&r.out), "one\ntwo\n");
}

static void output_is_capped(void **ctx UNUSED)
{
    {
        RUN(.argv = SH("head -c 1000000 /dev/zero | tr '\\0' x; exit 5"));
        says(&r, PROCESS_CODE, "exit code 5"); /* it could print to its end */
        assert_int_equal(r.out.n, 100);
    }
    {
        RUN(.argv = SH("head -c 100 /dev/zero | tr '\\0' x"), .whole = true);
        assert_int_equal(r.end, PROCESS_OK);
        assert_int_equal(r.out.n, 100);
    }
    {
        RUN(.argv = SH("head -c 101 /dev/zero | tr '\\0' x; sleep 600"), .whole = true);
        says(&r, PROCESS_LONG, "more than 100 bytes");
    }
}

/* A descriptor that nobody marked as ours alone, as it comes from a careless parent. */
static void no_descriptor_gets_through(void **ctx UNUSED)
{
    int open_fd = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    int high = fcntl(open_fd, F_DUPFD, 200);
    assert_true(open_fd > 2 && high >= 200);
    RUN(.argv = SH("ls /proc/self/fd | tr '\\n' ' '; [ -z \"$(cat)\" ]"));
    assert_int_equal(r.end, PROCESS_OK);               /* nothing stands on its standard input */
    assert_string_equal(buf_text(&r.out), "0 1 2 3 "); /* 3 is the directory that ls reads */
    (void)close(open_fd);
    (void)close(high);
}

static void signals_are_as_usual(void **ctx UNUSED)
{
    sigset_t set;
    sigset_t before;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, &before);
    (void)signal(SIGPIPE, SIG_IGN);
    RUN(.argv = SH("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\t\\n'"));
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    /* glibc's posix_spawn(3) leaves its own two, 32 and 33, ignored */
    if (strcmp(buf_text(&r.out), "SigBlk:0000000000000000SigIgn:0000000180000000") != 0) {
        assert_string_equal(buf_text(&r.out), "SigBlk:0000000000000000SigIgn:0000000000000000");
    }
}

/* --- nothing is left --- */
static pid_t pid_in(const char *name)
{
    struct err err = ERR_INIT;
    char path[128];
    uint64_t pid = 0;
    CLEANUP(buf_release) struct buf b = BUF_INIT(64);
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_true(fs_read(path, &b, &err));
    assert_true(b.n > 1);
    b.p[b.n - 1] = '\0';
    assert_true(str_u64(b.p, &pid));
    return (pid_t)pid;
}

/* An orphan is reaped by somebody else: it may take a moment until it is gone, or stay a zombie. */
static bool is_gone(pid_t pid)
{
    char path[64];
    for (int i = 0; i < 500; i++) {
        struct err err = ERR_INIT;
        CLEANUP(buf_release) struct buf b = BUF_INIT(1024);
        (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
        if (!fs_read(path, &b, &err) || strstr(buf_text(&b), ") Z ")) {
            return true;
        }
        (void)poll(NULL, 0, 10);
    }
    return false;
}

static void the_limit_ends_the_whole_group(void **ctx UNUSED)
{
    RUN(.argv = SH("echo $$ > parent; (trap '' TERM; sh -c 'echo $$ > child; while :; do sleep 1; "
                   "done') & wait"),
        .limit_ms = 500, .grace_ms = 200);
    says(&r, PROCESS_SLOW, "did not end within 1 s");
    assert_true(is_gone(pid_in("parent")));
    assert_true(is_gone(pid_in("child"))); /* it does not hear SIGTERM */
}

static void sigterm_comes_first(void **ctx UNUSED)
{
    RUN(.argv = SH("trap 'echo asked > asked; exit 0' TERM; while :; do sleep 0.05; done"),
        .limit_ms = 300, .grace_ms = 30000);
    says(&r, PROCESS_SLOW, "did not end"); /* also when it then ends well */
    struct stat st;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/asked", dir);
    assert_int_equal(stat(path, &st), 0);
}

static void output_held_by_a_child_is_waited_for(void **ctx UNUSED)
{
    RUN(.argv = SH("sh -c 'echo $$ > held; sleep 600' & sleep 0.1; exit 0"), .limit_ms = 500,
        .grace_ms = 100);
    says(&r, PROCESS_SLOW, "did not end");
    assert_true(is_gone(pid_in("held")));
}

struct canceller {
    atomic_bool flag;
};

static void cancel_soon(void *job, unsigned worker UNUSED)
{
    struct canceller *c = job;
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/runs", dir);
    while (stat(path, &st) != 0) {
        (void)poll(NULL, 0, 5);
    }
    atomic_store(&c->flag, true);
}

static void it_can_be_cancelled(void **ctx UNUSED)
{
    struct canceller c = {false};
    struct pool *p = pool_new(1);
    pool_submit(p, cancel_soon, &c);
    RUN(.argv = SH("echo $$ > runs; exec sleep 600"), .limit_ms = 300000, .cancel = &c.flag);
    pool_free(p);
    says(&r, PROCESS_CANCELLED, "run was stopped");
    assert_true(is_gone(pid_in("runs")));
}

/* --- environment --- */
static const char *value_of(const struct environment *e, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < e->n; i++) {
        if (strncmp(e->v[i], name, n) == 0 && e->v[i][n] == '=') {
            return e->v[i] + n + 1;
        }
    }
    return NULL;
}

static void an_environment_is_clean(void **ctx UNUSED)
{
    static const char *const kept[] = {"PATH", "LC_TIME", "HTTPS_PROXY", "CERTBATCH_HOOK_KEY"};
    static const char *const cut[] = {"T_ACCESS_KEY",     "LD_PRELOAD", "SSLKEYLOGFILE",
                                      "CERTBATCH_CONFIG", "PATHOLOGY",  "CERTBATCH_DCV_ACTION"};
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct environment base;
    struct environment e;
    for (size_t i = 0; i < NITEMS(kept); i++) {
        assert_int_equal(setenv(kept[i], i ? "kept" : "/usr/bin:/bin", 1), 0);
    }
    for (size_t i = 0; i < NITEMS(cut); i++) {
        assert_int_equal(setenv(cut[i], "hunter2", 1), 0);
    }
    environment_begin(&base, &a);
    environment_copy(&e, &a, &base);
    environment_add(&e, &a, "CERTBATCH_DCV_ACTION", "present");
    for (size_t i = 0; i < NITEMS(cut); i++) {
        (void)unsetenv(cut[i]);
    }
    for (size_t i = 0; i < NITEMS(kept); i++) {
        assert_string_equal(value_of(&e, kept[i]), i ? "kept" : "/usr/bin:/bin");
    }
    for (size_t i = 0; i < NITEMS(cut) - 1; i++) {
        assert_null(value_of(&e, cut[i]));
    }
    assert_string_equal(value_of(&e, "CERTBATCH_DCV_ACTION"), "present");
    assert_null(value_of(&base, "CERTBATCH_DCV_ACTION")); /* a copy is a copy */
    RUN(.argv = SH("echo $CERTBATCH_DCV_ACTION $CERTBATCH_HOOK_KEY $T_ACCESS_KEY"), .env = e.v);
    assert_string_equal(buf_text(&r.out), "present kept\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_are_told_apart),
        cmocka_unit_test(arguments_meet_no_shell),
        cmocka_unit_test(errors_are_kept_when_asked_for),
        cmocka_unit_test(output_is_capped),
        cmocka_unit_test(no_descriptor_gets_through),
        cmocka_unit_test(signals_are_as_usual),
        cmocka_unit_test(the_limit_ends_the_whole_group),
        cmocka_unit_test(sigterm_comes_first),
        cmocka_unit_test(output_held_by_a_child_is_waited_for),
        cmocka_unit_test(it_can_be_cancelled),
        cmocka_unit_test(an_environment_is_clean),
    };
    return cmocka_run_group_tests(tests, enter, leave);
}
