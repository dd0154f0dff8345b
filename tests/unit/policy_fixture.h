/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the tests of policy/: a fresh directory with policy files, opening them, looking for
 * findings. Every test makes its own and removes it.
 */
#ifndef TESTS_UNIT_POLICY_FIXTURE_H
#define TESTS_UNIT_POLICY_FIXTURE_H

#include "formats/base/fs.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench {
    char dir[256];
    struct policy *policy;
    struct findings findings;
    struct err err;
    struct arena arena;
    struct policy_scratch scratch;
};

static inline void bench_file(struct bench *b, const char *name, const char *text)
{
    char path[512];
    struct err err = ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    assert_true(
        fs_write_atomic(path, (struct span){(const uint8_t *)text, strlen(text)}, 0600, &err));
}

static inline void bench_begin(struct bench *b)
{
    const char *tmp = getenv("TMPDIR");
    memset(b, 0, sizeof *b);
    snprintf(b->dir, sizeof b->dir, "%s/certbatch-policy-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(b->dir));
    bench_file(b, "keys.txt", "# none yet\n");
}

static inline void bench_forget(struct bench *b)
{
    policy_free(b->policy);
    b->policy = NULL;
    findings_release(&b->findings);
    err_clear(&b->err);
}

static inline void bench_end(struct bench *b)
{
    bench_forget(b);
    arena_release(&b->scratch.arena);
    arena_release(&b->arena);
    const char *slash = strrchr(b->dir, '/');
    char parent[256];
    snprintf(parent, sizeof parent, "%.*s", (int)(slash - b->dir), b->dir);
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    fs_remove_tree_at(fd, slash + 1);
    close(fd);
    assert_int_equal(access(b->dir, F_OK), -1);
}

/* Opens NAME (a pack, or ./FILE in the directory) with the given products. */
static inline bool bench_open_with(struct bench *b, const char *name,
                                   const struct product_info *products, size_t n)
{
    const struct policy_source source = {.name = name, .base = b->dir};
    bench_forget(b);
    return policy_open(&b->policy, &source, name ? 1 : 0, products, n, &b->findings, &b->err);
}

static inline bool bench_open(struct bench *b, const char *text)
{
    bench_file(b, "p.yaml", text);
    return bench_open_with(b, "./p.yaml", NULL, 0);
}

static inline const struct finding *found(const struct findings *list, const char *rule)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->v[i].rule, rule)) {
            return &list->v[i];
        }
    }
    return NULL;
}

/* As found(), and fails the test when there is none. */
static inline const struct finding *must(const struct findings *list, const char *rule)
{
    static const struct finding none;
    const struct finding *f = found(list, rule);
    if (!f) {
        for (size_t i = 0; i < list->n; i++) {
            print_message("have %s: %s\n", list->v[i].rule, list->v[i].message);
        }
        fail_msg("no finding of %s", rule);
    }
    return f ? f : &none;
}

static inline size_t found_n(const struct findings *list, const char *rule)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        n += str_eq(list->v[i].rule, rule);
    }
    return n;
}

static inline int64_t day(const char *text)
{
    int64_t t = 0;
    assert_true(time_parse_date(text, &t));
    return t;
}

/* An order for www.example.com with a P-256 key, placed on 2026-11-21. */
static inline struct subject plain_order(void)
{
    static const struct san_value san[] = {{GN_DNS, "www.example.com"}};
    return (struct subject){.kind = SUBJECT_ORDER,
                            .id = "www",
                            .file = "m.yaml",
                            .action = "new",
                            .ca_public = true,
                            .san = san,
                            .nsan = 1,
                            .key = "ec-p256",
                            .key_file_mode = -1,
                            .key_file_matches = true,
                            .order_date = 1795219200};
}

static inline const struct findings *judge(struct bench *b, const struct subject *s)
{
    findings_release(&b->findings);
    policy_judge(b->policy, s, &b->scratch, &b->arena, &b->findings, NULL);
    return &b->findings;
}

#endif
