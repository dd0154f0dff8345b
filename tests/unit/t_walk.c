/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory as an operand of lint: which files it stands for, in which order, how deep.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmd/lint_walk.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char root[64] = "/tmp/certbatch-walk.XXXXXX";

static int begin(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    fs_remove_tree_at(-1, root);
    return 0;
}

static void put(struct arena *a, const char *name)
{
    struct err err = ERR_INIT;
    const char *path = path_join(a, root, name);
    if (!fs_make_dirs(path_dir(a, path), &err) ||
        !fs_write_atomic(path, (struct span){(const uint8_t *)"x", 1}, 0600, &err)) {
        fail_msg("%s", err.msg);
    }
}

static void which_files(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(strlist_release) struct strlist in = {0};
    CLEANUP(strlist_release) struct strlist out = {0};
    struct err err = ERR_INIT;
    static const char *const made[] = {
        "t/b.batch.yaml",        "t/a/z.policy.yaml", "t/a/certbatch.yaml",
        "t/a/www.CSR",           "t/notes.yaml",      "t/.git/x.batch.yaml",
        "t/b.state/items/a.csr", "t/key.pem",         "t/a/other.req"};
    static const char *const want[] = {"t/a/certbatch.yaml", "t/a/other.req", "t/a/www.CSR",
                                       "t/a/z.policy.yaml", "t/b.batch.yaml"};
    for (size_t i = 0; i < NITEMS(made); i++) {
        put(&a, made[i]);
    }
    assert_int_equal(symlink("../..", path_join(&a, root, "t/a/up")), 0);
    VEC_PUSH(&in, path_join(&a, root, "t/notes.yaml")); /* a file is taken as it is */
    VEC_PUSH(&in, path_join(&a, root, "t"));
    assert_true(lint_expand(&in, &a, &out, &err));
    assert_int_equal(out.n, NITEMS(want) + 1);
    assert_string_equal(out.v[0], in.v[0]);
    for (size_t i = 0; i < NITEMS(want); i++) {
        assert_string_equal(out.v[i + 1], path_join(&a, root, want[i]));
    }
}

static void how_deep(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(strlist_release) struct strlist in = {0};
    CLEANUP(strlist_release) struct strlist out = {0};
    struct err err = ERR_INIT;
    char name[2 * LIMIT_WALK_DEPTH + 64] = "d";
    for (size_t i = 0; i < LIMIT_WALK_DEPTH; i++) {
        strcat(name, "/d");
    }
    put(&a, arena_printf(&a, "%s/x.csr", name));
    VEC_PUSH(&in, path_join(&a, root, "d"));
    assert_true(lint_expand(&in, &a, &out, &err));
    assert_int_equal(out.n, 1);
    put(&a, arena_printf(&a, "%s/d/x.csr", name));
    assert_false(lint_expand(&in, &a, &out, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_files),
        cmocka_unit_test(how_deep),
    };
    return !!cmocka_run_group_tests(tests, begin, end);
}
