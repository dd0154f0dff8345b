/* SPDX-License-Identifier: Apache-2.0
 *
 * What several unit tests need: reading corpus files and their INDEX.tsv, running an outside
 * program, a fresh directory, and a small generator whose sequence is the same in every run.
 * Include after cmocka.h.
 */
#ifndef TESTS_UNIT_CORPUS_H
#define TESTS_UNIT_CORPUS_H

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CORPORA "tests/corpora/"

extern char **environ;

/* The bytes of a file, in the arena; fails the test when it cannot be read. */
static inline struct span corpus_read(struct arena *a, const char *path)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    if (!fs_read(path, &b, &err)) {
        fail_msg("%s", err.msg);
    }
    return (struct span){arena_memdup(a, buf_text(&b), b.n), b.n};
}

/* Calls row(fields, n, ctx) for each line of a TSV file but the first. */
enum { TSV_FIELDS = 16 };
static inline void corpus_tsv(struct arena *a, const char *path,
                              void (*row)(struct arena *a, char *const *fields, void *ctx),
                              void *ctx)
{
    struct span file = corpus_read(a, path);
    char *next = arena_strndup(a, (const char *)file.p, file.n);
    bool heading = true;
    while (*next) {
        char *fields[TSV_FIELDS];
        static char none[] = "";
        char *line = next;
        size_t n = strcspn(line, "\n");
        next = line + n + (line[n] ? 1 : 0);
        line[n] = '\0';
        for (size_t i = 0; i < TSV_FIELDS; i++) {
            fields[i] = line ? line : none;
            line = line ? strchr(line, '\t') : NULL;
            if (line) {
                *line++ = '\0';
            }
        }
        if (!heading && fields[0][0]) {
            row(a, fields, ctx);
        }
        heading = false;
    }
}

/* Runs a program with stdout and stderr in `output` (a file); its exit status, or -1. */
static inline int run_program(const char *output, const char *const *argv)
{
    posix_spawn_file_actions_t fa;
    pid_t pid;
    int status = -1;
    assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
    assert_int_equal(
        posix_spawn_file_actions_addopen(&fa, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&fa, 1, 2), 0);
    char *args[24] = {0};
    for (size_t i = 0; argv[i] && i + 1 < NITEMS(args); i++) {
        args[i] = xstrdup(argv[i]);
    }
    assert_int_equal(posix_spawnp(&pid, args[0], &fa, NULL, args, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (size_t i = 0; i < NITEMS(args); i++) {
        free(args[i]);
    }
    (void)posix_spawn_file_actions_destroy(&fa);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#define RUN(output, ...) run_program(output, (const char *const[]){__VA_ARGS__, NULL})

/* A fresh directory; removed with everything in it by temp_remove(). */
static inline char *temp_make(struct arena *a)
{
    const char *base = getenv("TMPDIR");
    char *dir = arena_printf(a, "%s/certbatch-test-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(dir));
    return dir;
}

static inline void temp_remove(const char *dir)
{
    struct err err = ERR_INIT;
    CLEANUP(closep) int fd = fs_open_dir("/", &err);
    assert_true(fd >= 0);
    fs_remove_tree_at(fd, dir + 1);
}

static inline char *temp_write(struct arena *a, const char *dir, const char *name, struct span data)
{
    struct err err = ERR_INIT;
    char *path = path_join(a, dir, name);
    if (!fs_write_atomic(path, data, 0600, &err)) {
        fail_msg("%s", err.msg);
    }
    return path;
}

/* xorshift64: the tests must see the same mutations each time. */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* A damaged copy of `in`, in memory of exactly its size so that a sanitizer sees overreads. */
static inline struct span mutate(struct span in, uint64_t *state)
{
    size_t n = in.n;
    uint64_t how = next_random(state) % 4;
    if (how == 0) {
        n = next_random(state) % (in.n + 1);
    }
    uint8_t *p = xmalloc(n ? n : 1);
    memcpy(p, in.p, n);
    for (uint64_t k = how; n && k > 0; k--) {
        p[next_random(state) % n] = (uint8_t)next_random(state);
    }
    return (struct span){p, n};
}

#endif
