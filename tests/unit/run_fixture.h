/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory, a manifest, the faulty CA and whole runs: what the tests of runs stand on. Included
 * by one file of a program, after the cmocka headers.
 */
#ifndef TESTS_RUN_FIXTURE_H
#define TESTS_RUN_FIXTURE_H

#include "faulty_ca.h"

#include "batch/run.h"
#include "formats/base/limits.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    char dir[64];
    int fd, cwd;
    struct run_summary summary;
    struct findings findings;
    struct arena arena;
    struct err err;
    volatile sig_atomic_t stop;
    unsigned progress;
    int64_t confirm;  /* 0: not said */
    size_t first;     /* --first */
    unsigned watched; /* progress that spoke of the canary's watch */
    bool stop_at_watch;
} t;

#define HEAD                                                                                       \
    "certbatch: 1\nname: b\nca: lab\n"                                                             \
    "change: {ticket: CHG0000001, type: standard, requested_by: ops@corp.example.com, "            \
    "approved_by: lead@corp.example.com}\n"                                                        \
    "defaults: {product: tls-server, key: ec-p256, validity: 30d}\n"
#define ORDER(id)                                                                                  \
    "  - {id: " id ", common_name: " id ".corp.example.com, san: [" id ".corp.example.com]}\n"
#define THREE HEAD "orders:\n" ORDER("a") ORDER("b") ORDER("c")

static inline void put(const char *name, const char *text)
{
    struct err err = ERR_INIT;
    struct span bytes = {(const uint8_t *)text, strlen(text)};
    assert_true(fs_write_atomic_at(t.fd, name, bytes, 0600, &err));
}

static inline int setup(void **ctx UNUSED)
{
    memset(&t, 0, sizeof t);
    (void)snprintf(t.dir, sizeof t.dir, "/tmp/t_run.XXXXXX");
    t.cwd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!mkdtemp(t.dir) || chdir(t.dir) != 0) {
        return -1;
    }
    t.fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    put("certbatch.yaml", "certbatch_config: 1\ncas:\n  lab: {type: local, directory: ./ca}\n");
    faulty_reset(0, 0);
    return 0;
}

static inline int teardown(void **ctx UNUSED)
{
    findings_release(&t.findings);
    arena_release(&t.arena);
    int back = fchdir(t.cwd);
    int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fs_remove_tree_at(parent, path_base(t.dir));
    (void)close(parent);
    (void)close(t.fd);
    (void)close(t.cwd);
    return back;
}

static inline void on_progress(void *ctx UNUSED, const struct run_progress *p)
{
    t.progress++;
    assert_true(p->done <= p->items && p->failed <= p->done);
    if (p->note && strstr(p->note, "canary: watching for ")) {
        t.watched++;
        t.stop = t.stop_at_watch;
    }
}

static inline bool run_wait(const char *manifest, int64_t wait)
{
    put("b.batch.yaml", manifest);
    const struct run_options o = {
        .batch = {.manifest = "b.batch.yaml", .config = "certbatch.yaml", .as_of = TIME_NONE},
        .workers = 2,
        .wait_seconds = wait,
        .confirm = t.confirm ? t.confirm : -1,
        .first = t.first,
        .stop = &t.stop,
        .progress = on_progress};
    findings_release(&t.findings);
    err_clear(&t.err);
    faulty.journal = "b.state/" JOURNAL_NAME;
    bool ok = run_batch(&o, &t.findings, &t.summary, &t.arena, &t.err);
    size_t sum = 0;
    for (size_t s = 0; s < STATE__MAX; s++) {
        sum += t.summary.counts[s];
    }
    assert_int_equal(sum, t.summary.items);
    assert_int_equal(faulty.without_intent, 0);
    return ok;
}

static inline bool run(const char *manifest)
{
    return run_wait(manifest, 60);
}

static inline void fault(const char *item, enum ca_step step, enum fault f, unsigned times)
{
    for (size_t i = 0; i < NITEMS(faulty.rows); i++) {
        if (!faulty.rows[i].item) {
            faulty.rows[i] = (struct fault_row){item, step, f, times};
            return;
        }
    }
    fail();
}

static inline unsigned lines_with(const char *path, const char *one, const char *two)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 24);
    unsigned n = 0;
    if (!fs_read(path, &text, &err)) {
        return 0;
    }
    for (char *line = text.p, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        n += strstr(line, one) && strstr(line, two);
    }
    return n;
}

/* Certificates that the CA made for an item, by its own index. */
static inline unsigned issued(const char *item)
{
    char field[64];
    (void)snprintf(field, sizeof field, "\"item\":\"%s\"", item);
    return lines_with("ca/index.jsonl", "\"ev\":\"issue\"", field);
}

static inline unsigned journalled(const char *ev, const char *item)
{
    char field[64], event[64];
    (void)snprintf(field, sizeof field, "\"item\":\"%s\"", item);
    (void)snprintf(event, sizeof event, "\"ev\":\"%s\"", ev);
    return lines_with("b.state/journal.jsonl", event, field);
}

static inline void assert_issued_once(size_t n)
{
    static const char *const items[] = {"a", "b", "c"};
    assert_int_equal(t.summary.counts[STATE_ISSUED], n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(issued(items[i]), 1);
    }
}

#endif
