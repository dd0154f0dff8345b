/* SPDX-License-Identifier: Apache-2.0
 *
 * The three ways a secret is read, what each refuses, and that no message ever shows one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- surroundings: a fresh directory that is also the working directory --- */

static char dir[256];
static char *old_cwd;

static int enter(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/t_secret.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    old_cwd = getcwd(NULL, 0);
    (void)unsetenv("CERTBATCH_CONFIG");
    return mkdtemp(dir) && chdir(dir) == 0 && setenv("HOME", dir, 1) == 0 &&
                   unsetenv("XDG_CONFIG_HOME") == 0
               ? 0
               : -1;
}

static int leave(void **state)
{
    (void)state;
    fs_remove_tree_at(AT_FDCWD, dir);
    int bad = chdir(old_cwd);
    free(old_cwd);
    secret_forget();
    return bad;
}

static void put(const char *path, const void *bytes, size_t n, mode_t mode)
{
    struct err err = ERR_INIT;
    struct span s = {bytes, n};
    if (!fs_write_atomic(path, s, mode, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(chmod(path, mode), 0);
}

static void put_text(const char *path, const char *text)
{
    put(path, text, strlen(text), 0600);
}

static struct secret_ref env_ref(const char *name)
{
    return (struct secret_ref){.kind = SECRET_ENV, .name = name};
}

static struct secret_ref file_ref(const char *name)
{
    return (struct secret_ref){.kind = SECRET_FILE, .name = name};
}

static void expect_secret(struct secret_ref ref, const char *value)
{
    CLEANUP(secret_release) struct secret s = SECRET_INIT;
    struct err err = ERR_INIT;
    if (!secret_load(&ref, dir, &s, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_string_equal(secret_bytes(&s), value);
    assert_int_equal(s.n, strlen(value));
}

static void expect_refused(struct secret_ref ref, const char *words)
{
    CLEANUP(secret_release) struct secret s = SECRET_INIT;
    struct err err = ERR_INIT;
    assert_false(secret_load(&ref, dir, &s, &err));
    assert_false(secret_is_set(&s));
    if (!strstr(err.msg, words)) {
        fail_msg("'%s' does not say '%s'", err.msg, words);
    }
    assert_null(strstr(err.msg, "hunter2"));
    assert_int_not_equal(err.code, ERR_NONE);
}

static void environment_is_wiped(void **state)
{
    (void)state;
    (void)setenv("T_SECRET_SECRET", "hunter2", 1);
    char *place = getenv("T_SECRET_SECRET");
    expect_secret(env_ref("T_SECRET_SECRET"), "hunter2");
    assert_null(getenv("T_SECRET_SECRET"));
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(place[i], 0); /* the bytes are gone, not only the name */
    }
    expect_secret(env_ref("T_SECRET_SECRET"), "hunter2"); /* a second reference */
    secret_forget();
    expect_refused(env_ref("T_SECRET_SECRET"), "T_SECRET_SECRET is not set");
    (void)setenv("T_SECRET_EMPTY", "", 1);
    expect_refused(env_ref("T_SECRET_EMPTY"), "is empty");
    char longer[LIMIT_SECRET + 2];
    memset(longer, 'x', LIMIT_SECRET + 1);
    longer[LIMIT_SECRET + 1] = '\0';
    (void)setenv("T_SECRET_LONG", longer, 1);
    expect_refused(env_ref("T_SECRET_LONG"), "longer than 4096 bytes");
    longer[LIMIT_SECRET] = '\0';
    (void)setenv("T_SECRET_LONG", longer, 1);
    expect_secret(env_ref("T_SECRET_LONG"), longer);
}

static void files_are_checked(void **state)
{
    (void)state;
    put_text("s1", "hunter2\n");
    expect_secret(file_ref("s1"), "hunter2");
    put_text("s2", "hunter2\r\n");
    expect_secret(file_ref("s2"), "hunter2");
    put_text("s3", " hunter2 \n\n"); /* one newline only */
    expect_secret(file_ref("s3"), " hunter2 \n");
    put_text("s4", "hunter2");
    expect_secret(file_ref("s4"), "hunter2");
    put_text("empty", "\n");
    expect_refused(file_ref("empty"), "is empty");
    put("nul", "hun\0ter2", 8, 0600);
    expect_refused(file_ref("nul"), "NUL");
    static const mode_t open_modes[] = {0640, 0604, 0620, 0602, 0601, 0444};
    for (size_t i = 0; i < NITEMS(open_modes); i++) {
        put("loose", "hunter2", 7, open_modes[i]);
        expect_refused(file_ref("loose"), "can be read by others");
    }
    put("tight", "hunter2", 7, 0400);
    expect_secret(file_ref("tight"), "hunter2");
    assert_int_equal(symlink("s1", "link"), 0);
    expect_refused(file_ref("link"), "symbolic link");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    expect_refused(file_ref("fifo"), "not a regular file"); /* and does not hang */
    expect_refused(file_ref("."), "not a regular file");
    expect_refused(file_ref("absent"), "absent");
    char path[300];
    (void)snprintf(path, sizeof path, "%s/s1", dir); /* absolute is fine: /run/secrets */
    expect_secret(file_ref(path), "hunter2");
}

static void file_size_limit(void **state)
{
    (void)state;
    char text[LIMIT_SECRET + 3];
    memset(text, 'x', sizeof text);
    text[LIMIT_SECRET] = '\n';
    put("most", text, LIMIT_SECRET + 1, 0600);
    text[LIMIT_SECRET] = '\0';
    expect_secret(file_ref("most"), text);
    text[LIMIT_SECRET] = 'x';
    put("more", text, LIMIT_SECRET + 1, 0600);
    expect_refused(file_ref("more"), "longer than 4096 bytes");
    put("much-more", text, LIMIT_SECRET + 3, 0600);
    expect_refused(file_ref("much-more"), "longer than 4096 bytes");
}

static struct secret_ref command_ref(const char **argv)
{
    struct secret_ref ref = {.kind = SECRET_COMMAND, .command = {.v = argv}};
    while (argv[ref.command.n]) {
        ref.command.n++;
    }
    return ref;
}
#define COMMAND(...) command_ref((const char *[]){__VA_ARGS__, NULL})
#define SH(text)     COMMAND("/bin/sh", "-c", text)

static void commands_are_run(void **state)
{
    (void)state;
    put_text("s1", "hunter2\n");
    expect_secret(SH("printf 'hunter2\\n'"), "hunter2");
    expect_secret(COMMAND("cat", "s1"), "hunter2"); /* in the directory of the config */
    expect_secret(COMMAND("printf", "%s", "$(id) `id` *; x"), "$(id) `id` *; x"); /* no shell */
    expect_secret(SH("cat; echo end"), "end"); /* nothing on standard input */
    put("prog.sh", "#!/bin/sh\necho mine\n", 20, 0700);
    expect_secret(COMMAND("./prog.sh"), "mine");
    expect_refused(SH("echo hunter2; exit 3"), "exit code 3");
    expect_refused(SH("echo hunter2; kill -9 $$"), "signal 9");
    expect_refused(SH("true"), "is empty");
    expect_refused(SH("printf 'hunter2\\0x'"), "NUL");
    expect_refused(COMMAND("./no-such-program"), "cannot start");
    expect_refused(COMMAND("no-such-program-anywhere"), "cannot start");
    expect_refused(SH("head -c 4097 /dev/zero | tr '\\0' x"), "longer than 4096 bytes");
    expect_refused(SH("yes hunter2"), "longer than 4096 bytes"); /* endless: killed */
    (void)signal(SIGPIPE, SIG_IGN);
    expect_refused(SH("kill -s PIPE $$; echo survived"), "signal 13"); /* not inherited */
    (void)signal(SIGPIPE, SIG_DFL);
}

static void slow_commands_end(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "sleep 600",                   /* keeps the output open */
        "echo x; exec >&-; sleep 600", /* closes it and goes on */
        "sleep 600 & echo x; exit 0",  /* leaves a child that holds it */
    };
    for (size_t i = 0; i < NITEMS(scripts); i++) {
        const char *argv[] = {"/bin/sh", "-c", scripts[i]};
        const struct strings command = {.v = argv, .n = 3};
        CLEANUP(secret_release) struct secret s = SECRET_INIT;
        struct err err = ERR_INIT;
        int64_t start = time_monotonic_ms();
        assert_false(secret_from_command(&command, dir, 200, &s, &err));
        assert_non_null(strstr(err.msg, "did not end within"));
        assert_true(time_monotonic_ms() - start < 60000); /* not the sleep's ten minutes */
    }
}

static void child_does_not_see_secrets_already_read(void **state)
{
    (void)state;
    (void)setenv("T_SECRET_SEEN", "hunter2", 1);
    expect_secret(env_ref("T_SECRET_SEEN"), "hunter2");
    expect_secret(SH("echo \"<$T_SECRET_SEEN>\""), "<>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_is_wiped),
        cmocka_unit_test(files_are_checked),
        cmocka_unit_test(file_size_limit),
        cmocka_unit_test(commands_are_run),
        cmocka_unit_test(slow_commands_end),
        cmocka_unit_test(child_does_not_see_secrets_already_read),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
