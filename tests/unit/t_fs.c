/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and threads of the base layer: what may be read from where, with and without openat2(2);
 * atomic and grouped writing, also with more files than descriptors; the worker pool.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/pool.h"
#include "formats/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[256];
static int rootfd = -1;

static int enter(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(root, sizeof root, "%s/t_fs.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(root)) {
        return -1;
    }
    rootfd = fs_open_dir(root, &err);
    return rootfd >= 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    (void)close(rootfd);
    fs_remove_tree_at(AT_FDCWD, root);
    return 0;
}

static struct span text_span(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static void put(const char *name, const char *text)
{
    struct err err = ERR_INIT;
    if (!fs_write_atomic_at(rootfd, name, text_span(text), 0600, &err)) {
        fail_msg("%s", err.msg);
    }
}

static const char *in_root(const char *name)
{
    static char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static size_t leftovers(void)
{
    size_t n = 0;
    DIR *dir = opendir(root);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        n += str_starts(e->d_name, FS_TEMP_PREFIX);
    }
    (void)closedir(dir);
    return n;
}

/* --- reading --- */

static void reading_has_a_ceiling(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf exact = BUF_INIT(5);
    CLEANUP(buf_release) struct buf less = BUF_INIT(4);
    put("five", "12345");
    assert_true(fs_read(in_root("five"), &exact, &err));
    assert_string_equal(buf_text(&exact), "12345");
    assert_false(fs_read(in_root("five"), &less, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(fs_read(root, &less, &err)); /* a directory */
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(fs_read(in_root("absent"), &less, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.sys, ENOENT);
}

static bool beneath(const char *path, bool outside)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(100);
    struct fs_root under;
    assert_true(fs_root_open(&under, root, outside, &err));
    bool ok = fs_read_beneath(&under, path, &b, &err);
    fs_root_close(&under);
    if (ok) {
        assert_string_equal(buf_text(&b), "inside");
    } else {
        assert_int_not_equal(err.code, ERR_NONE);
    }
    return ok;
}

static void make_tree(void)
{
    struct err err = ERR_INIT;
    (void)mkdirat(rootfd, "sub", 0700);
    (void)mkdirat(rootfd, "sub/deep", 0700);
    put("file", "inside");
    assert_true(fs_write_atomic(in_root("sub/deep/file"), text_span("inside"), 0600, &err));
    (void)!symlinkat("file", rootfd, "link");   /* made once, used by several tests */
    (void)!symlinkat("sub", rootfd, "linkdir"); /* made once, used by several tests */
    (void)!symlinkat("/etc", rootfd, "etc");    /* made once, used by several tests */
    (void)mkfifo(in_root("fifo"), 0600);
}

static void nothing_outside_is_read(void)
{
    assert_true(beneath("file", false));
    assert_true(beneath("sub/deep/file", false));
    assert_true(beneath("./sub//deep/./file", false));
    char absolute[400];
    (void)snprintf(absolute, sizeof absolute, "%s", in_root("file"));
    char climbing[400];
    (void)snprintf(climbing, sizeof climbing, "../%s/file", strrchr(root, '/') + 1);
    const char *refused[] = {absolute,
                             climbing,
                             "../x",
                             "..",
                             "sub/../../etc",
                             "link",
                             "linkdir/deep/file",
                             "etc/passwd",
                             "/etc/passwd",
                             "",
                             "sub",
                             "fifo",
                             "absent",
                             "/proc/self/root/etc/passwd"};
    for (size_t i = 0; i < NITEMS(refused); i++) {
        if (beneath(refused[i], false)) {
            fail_msg("'%s' was read", refused[i]);
        }
    }
    assert_true(beneath(absolute, true));
    assert_true(beneath(climbing, true));
    assert_true(beneath("link", true));
    assert_true(beneath("file", true));
    assert_false(beneath("fifo", true));
}

static void reading_stays_beneath(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    mode_t mode = 0;
    make_tree();
    nothing_outside_is_read();
    assert_int_equal(chmod(in_root("file"), 0640), 0);
    struct fs_root under;
    assert_true(fs_root_open(&under, root, false, &err));
    assert_true(fs_mode_beneath(&under, "file", &mode, &err));
    assert_int_equal(mode, 0640);
    assert_false(fs_mode_beneath(&under, "link", &mode, &err));
    fs_root_close(&under);
    CLEANUP(buf_release) struct buf b = BUF_INIT(100);
    assert_true(fs_read_at(rootfd, "file", &b, &err));
    assert_false(fs_read_at(rootfd, "link", &b, &err));
    assert_false(fs_read_at(rootfd, "fifo", &b, &err)); /* at once: nobody writes to it */
    assert_false(fs_read_at(rootfd, "sub", &b, &err));
}

/* A kernel without openat2, made by a filter in a child. */
static void hide_openat2(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {NITEMS(code), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        _exit(77);
    }
}

static void reading_stays_beneath_without_openat2(void **state)
{
    (void)state;
    int status = 0;
    make_tree();
    pid_t pid = fork();
    if (pid == 0) {
        hide_openat2();
        if (syscall(SYS_openat2, -1, "", NULL, 0) != -1 || errno != ENOSYS) {
            _exit(1);
        }
        nothing_outside_is_read(); /* a failed assertion ends the child */
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        skip(); /* no seccomp here */
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- writing --- */

static void expect_file(const char *name, const char *text, mode_t mode)
{
    struct err err = ERR_INIT;
    struct stat st;
    CLEANUP(buf_release) struct buf b = BUF_INIT(1000);
    assert_true(fs_read_at(rootfd, name, &b, &err));
    assert_string_equal(buf_text(&b), text);
    assert_int_equal(fstatat(rootfd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void writing_is_atomic(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    mode_t old = umask(022);
    assert_true(fs_write_atomic_at(rootfd, "w", text_span("one"), 0600, &err));
    expect_file("w", "one", 0600);
    assert_true(fs_write_atomic_at(rootfd, "w", text_span("two"), 0644, &err));
    expect_file("w", "two", 0644);
    (void)umask(old);
    put("victim", "safe"); /* a link in the place of the file is replaced, not followed */
    assert_int_equal(symlinkat("victim", rootfd, "trap"), 0);
    put("trap", "new");
    expect_file("victim", "safe", 0600);
    expect_file("trap", "new", 0600);
    assert_int_equal(mkdirat(rootfd, "isdir", 0700), 0);
    assert_false(fs_write_atomic_at(rootfd, "isdir", text_span("x"), 0600, &err));
    assert_int_equal(err.code, ERR_ENV);
    assert_false(fs_write_atomic(in_root("no/such/dir"), text_span("x"), 0600, &err));
    assert_int_equal(leftovers(), 0);
}

/* As root of /dev/null, a file in the place of a device would break the machine. */
static void pipes_and_devices_are_written_to(void **state)
{
    (void)state;
    struct stat st;
    struct err err = ERR_INIT;
    char text[8] = "";
    assert_int_equal(mkfifoat(rootfd, "pipe", 0600), 0);
    CLEANUP(closep) int reader = openat(rootfd, "pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fs_write_atomic(in_root("pipe"), text_span("flows"), 0600, &err));
    assert_int_equal(read(reader, text, sizeof text), 5);
    assert_string_equal(text, "flows");
    assert_false(fs_write_atomic_at(rootfd, "pipe", text_span("x"), 0600, &err));
    assert_non_null(strstr(err.msg, "no regular file"));
    assert_int_equal(fstatat(rootfd, "pipe", &st, 0), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(leftovers(), 0);
}

static void discarded_temporaries_vanish(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct fs_temp t;
    assert_true(fs_temp_open(&t, rootfd, 0600, &err));
    assert_int_equal(leftovers(), 1);
    fs_temp_discard(&t);
    assert_int_equal(leftovers(), 0);
    fs_temp_discard(&t); /* twice is harmless */
    assert_true(fs_temp_open(&t, rootfd, 0600, &err));
    (void)close(t.fd); /* as after a kill */
    fs_sweep(rootfd);
    assert_int_equal(leftovers(), 0);
    assert_true(fs_exists_at(rootfd, "."));
}

static void full_disk_is_an_error(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_false(fs_write_all(fd, "x", 1, &err));
    assert_int_equal(err.sys, ENOSPC);
    assert_int_equal(err.code, ERR_ENV);
    (void)close(fd);
}

static void group_of(size_t n, const char *prefix)
{
    struct err err = ERR_INIT;
    CLEANUP(fs_group_release) struct fs_group g;
    char name[64];
    fs_group_init(&g);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "%s-%zu", prefix, i);
        if (!fs_group_add(&g, rootfd, name, text_span(name), 0600, &err)) {
            fail_msg("%zu: %s", i, err.msg);
        }
        assert_false(fs_exists_at(rootfd, name)); /* not before the commit */
    }
    if (!fs_group_commit(&g, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(leftovers(), 0);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(name, sizeof name, "%s-%zu", prefix, i);
        expect_file(name, name, 0600);
    }
}

static void groups_are_written(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 8, 9, 100};
    for (size_t i = 0; i < NITEMS(sizes); i++) {
        char prefix[16];
        (void)snprintf(prefix, sizeof prefix, "g%zu", i);
        group_of(sizes[i], prefix);
    }
}

static void group_may_exceed_the_descriptors(void **state)
{
    (void)state;
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    struct rlimit few = {64, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    group_of(500, "many");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void uncommitted_group_leaves_nothing(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct fs_group g;
    fs_group_init(&g);
    for (size_t i = 0; i < 20; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "u-%zu", i);
        assert_true(fs_group_add(&g, rootfd, name, text_span("x"), 0600, &err));
    }
    assert_int_equal(leftovers(), 20);
    fs_group_release(&g);
    assert_int_equal(leftovers(), 0);
    assert_false(fs_exists_at(rootfd, "u-0"));
}

static void failed_commit_leaves_no_temporaries(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct fs_group g;
    fs_group_init(&g);
    (void)mkdirat(rootfd, "blocked", 0700);
    assert_true(fs_group_add(&g, rootfd, "blocked", text_span("x"), 0600, &err));
    assert_true(fs_group_add(&g, rootfd, "other", text_span("x"), 0600, &err));
    assert_false(fs_group_commit(&g, &err));
    assert_int_equal(err.code, ERR_ENV);
    assert_int_equal(leftovers(), 0);
    fs_group_release(&g);
}

/* --- directories, paths --- */

static void directories(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct stat st;
    int fd = fs_make_dir_at(rootfd, "made", &err);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    (void)close(fd);
    fd = fs_make_dir_at(rootfd, "made", &err); /* again: fine */
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(fchmodat(rootfd, "made", 0770, 0), 0);
    assert_int_equal(fs_make_dir_at(rootfd, "made", &err), -1);
    assert_int_equal(err.code, ERR_ENV);
    put("plain", "x");
    assert_int_equal(fs_make_dir_at(rootfd, "plain", &err), -1);
    assert_int_equal(symlinkat("made", rootfd, "madelink"), 0);
    assert_int_equal(fs_make_dir_at(rootfd, "madelink", &err), -1);
    assert_true(fs_make_dirs(in_root("d1/d2/d3/"), &err));
    assert_true(fs_make_dirs(in_root("d1/d2/d3"), &err));
    assert_true(fs_exists_at(rootfd, "d1/d2/d3"));
    assert_true(fs_make_dirs("", &err));
    assert_false(fs_make_dirs(in_root("plain/x"), &err));
    assert_int_equal(err.code, ERR_ENV);
    assert_true(fs_remove_at(rootfd, "plain", &err));
    assert_true(fs_remove_at(rootfd, "plain", &err)); /* absent is fine */
}

static void trees_are_removed(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    put("outside", "stays");
    assert_true(fs_make_dirs(in_root("tree/a/b/c"), &err));
    int fd = openat(rootfd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(symlinkat("../outside", fd, "link"), 0);
    assert_int_equal(symlinkat("..", fd, "dirlink"), 0);
    for (unsigned i = 0; i < 3000; i++) { /* more than one read of the directory */
        char name[32];
        (void)snprintf(name, sizeof name, "file-with-a-long-name-%u", i);
        int f = openat(fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(f >= 0);
        (void)close(f);
    }
    (void)close(fd);
    fs_remove_tree_at(rootfd, "tree");
    assert_false(fs_exists_at(rootfd, "tree"));
    expect_file("outside", "stays", 0600);
}

static void paths(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    assert_string_equal(path_join(&a, "a/b", "c"), "a/b/c");
    assert_string_equal(path_join(&a, "a/", "c"), "a/c");
    assert_string_equal(path_join(&a, ".", "c"), "c");
    assert_string_equal(path_join(&a, "a", "/c"), "/c");
    assert_string_equal(path_dir(&a, "a/b/c"), "a/b");
    assert_string_equal(path_dir(&a, "c"), ".");
    assert_string_equal(path_dir(&a, "/c"), "/");
    assert_string_equal(path_base("a/b"), "b");
    assert_string_equal(path_base("b"), "b");
}

/* --- pool --- */

struct job {
    unsigned in, out;
};

static void square(void *job, unsigned worker)
{
    struct job *j = job;
    assert_true(worker < LIMIT_WORKERS);
    j->out = j->in * j->in;
}

static void every_job_comes_back_once(void **state)
{
    (void)state;
    static struct job jobs[2000];
    struct pool *p = pool_new(4);
    size_t back = 0;
    assert_int_equal(pool_workers(p), 4);
    assert_null(pool_next(p, -1)); /* none under way: no waiting */
    for (unsigned i = 0; i < NITEMS(jobs); i++) {
        jobs[i] = (struct job){.in = i};
        pool_submit(p, square, &jobs[i]);
    }
    for (struct job *j; (j = pool_next(p, -1)); back++) {
        assert_int_equal(j->out, j->in * j->in);
        j->out = 1u << 31; /* a second return would show */
    }
    assert_int_equal(back, NITEMS(jobs));
    assert_int_equal(pool_pending(p), 0);
    pool_free(p);
}

static void pool_free_finishes_what_was_submitted(void **state)
{
    (void)state;
    static struct job jobs[200];
    struct pool *p = pool_new(2);
    for (unsigned i = 0; i < NITEMS(jobs); i++) {
        jobs[i] = (struct job){.in = 3};
        pool_submit(p, square, &jobs[i]);
    }
    pool_free(p);
    for (unsigned i = 0; i < NITEMS(jobs); i++) {
        assert_int_equal(jobs[i].out, 9);
    }
    pool_free(NULL);
}

static pthread_t waiting;
static void on_signal(int sig)
{
    (void)sig;
}

static void slow(void *job, unsigned worker)
{
    (void)worker;
    for (unsigned i = 0; i < 5; i++) { /* interrupt the one that waits */
        (void)poll(NULL, 0, 10);
        (void)pthread_kill(waiting, SIGUSR1);
    }
    ((struct job *)job)->out = 1;
}

static void signals_do_not_end_a_wait(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal};
    struct job j = {0};
    waiting = pthread_self();
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    struct pool *p = pool_new(1);
    pool_submit(p, slow, &j);
    assert_ptr_equal(pool_next(p, -1), &j);
    assert_int_equal(j.out, 1);
    pool_submit(p, slow, &j);
    assert_ptr_equal(pool_next(p, 60000), &j);
    pool_submit(p, slow, &j);
    assert_null(pool_next(p, 0)); /* never waits */
    assert_null(pool_next(p, 1));
    assert_int_equal(pool_pending(p), 1);
    assert_ptr_equal(pool_next(p, -1), &j);
    pool_free(p);
}

static atomic_uint hits[5000];
static void hit(void *ctx, size_t index, unsigned worker)
{
    (void)ctx;
    (void)worker;
    (void)atomic_fetch_add(&hits[index], 1);
}

static void map_visits_every_index_once(void **state)
{
    (void)state;
    pool_map(3, 0, hit, NULL);
    pool_map(3, NITEMS(hits), hit, NULL);
    pool_map(1, NITEMS(hits), hit, NULL);
    pool_map(LIMIT_WORKERS + 1, NITEMS(hits), hit, NULL);
    for (size_t i = 0; i < NITEMS(hits); i++) {
        assert_int_equal(hits[i], 3);
    }
    assert_in_range(pool_default_workers(), 1, LIMIT_WORKERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_has_a_ceiling),
        cmocka_unit_test(reading_stays_beneath),
        cmocka_unit_test(reading_stays_beneath_without_openat2),
        cmocka_unit_test(writing_is_atomic),
        cmocka_unit_test(pipes_and_devices_are_written_to),
        cmocka_unit_test(discarded_temporaries_vanish),
        cmocka_unit_test(full_disk_is_an_error),
        cmocka_unit_test(groups_are_written),
        cmocka_unit_test(group_may_exceed_the_descriptors),
        cmocka_unit_test(uncommitted_group_leaves_nothing),
        cmocka_unit_test(failed_commit_leaves_no_temporaries),
        cmocka_unit_test(directories),
        cmocka_unit_test(trees_are_removed),
        cmocka_unit_test(paths),
        cmocka_unit_test(every_job_comes_back_once),
        cmocka_unit_test(pool_free_finishes_what_was_submitted),
        cmocka_unit_test(signals_do_not_end_a_wait),
        cmocka_unit_test(map_visits_every_index_once),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
