/* SPDX-License-Identifier: Apache-2.0
 *
 * See baseline.h.
 */
#include "cmd/baseline.h"

#include "cmd/lint_view.h"
#include "formats/base/fs.h"
#include "formats/base/json.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const char version_key[] = "certbatch_baseline";
enum { VERSION = 1 };

struct baseline_entry {
    const char *file, *rule, *item, *id; /* item may be NULL */
    enum severity severity;
    size_t count, used;
};

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* By what is the same finding; severity is not part of it. */
static int by_finding(const struct baseline_entry *a, const struct baseline_entry *b)
{
    int c = strcmp(a->file, b->file);
    c = c ? c : strcmp(a->rule, b->rule);
    c = c ? c : compare_text(a->item, b->item);
    return c ? c : strcmp(a->id, b->id);
}

static int by_entry(const void *pa, const void *pb)
{
    const struct baseline_entry *a = pa;
    const struct baseline_entry *b = pb;
    int c = by_finding(a, b);
    return c ? c : (a->severity > b->severity) - (a->severity < b->severity);
}

static void sort(struct baseline_entry *v, size_t n)
{
    if (n > 1) {
        qsort(v, n, sizeof *v, by_entry);
    }
}

/* --- the file --- */

static bool read_entry(struct baseline *b, const json_t *from, struct baseline_entry *e)
{
    const char *file = json_get_str(from, "file");
    const char *rule = json_get_str(from, "rule");
    const char *id = json_get_str(from, "id");
    const char *item = json_get_str(from, "item");
    const int64_t count = json_get_int(from, "count", 1);
    if (!file || !rule || !id || count < 1 ||
        !severity_parse(json_get_str(from, "severity"), &e->severity)) {
        return false;
    }
    e->file = arena_strdup(&b->arena, file);
    e->rule = arena_strdup(&b->arena, rule);
    e->id = arena_strdup(&b->arena, id);
    e->item = item ? arena_strdup(&b->arena, item) : NULL;
    e->count = (size_t)count;
    return true;
}

static bool read_entries(struct baseline *b, const char *path, const json_t *root, struct err *err)
{
    const json_t *list = json_get(root, "findings");
    const int64_t version = json_get_int(root, version_key, 0);
    if (version != VERSION || !json_is_array(list)) {
        return err_set(err, ERR_INPUT, "%s is not a baseline of version %d", path, VERSION);
    }
    b->v = xcalloc(json_array_size(list) + 1, sizeof *b->v);
    for (; b->n < json_array_size(list); b->n++) {
        if (!read_entry(b, json_array_get(list, b->n), &b->v[b->n])) {
            return err_set(err, ERR_INPUT, "%s: entry %zu is not one of a baseline", path,
                           b->n + 1);
        }
    }
    sort(b->v, b->n);
    return true;
}

bool baseline_read(struct baseline *b, const char *path, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(json_tree_release) json_t *root = NULL;
    *b = (struct baseline){0};
    if (!fs_read(path, &text, err)) {
        err->code = ERR_INPUT;
        err_wrap(err, "baseline");
        err_hint(err, "make it with --write-baseline");
        return false;
    }
    root = json_parse(path, buf_text(&text), text.n, err);
    return root && read_entries(b, path, root, err);
}

static void write_entry(struct jw *j, struct buf *line, const struct baseline_entry *e,
                        struct err *err)
{
    struct jw one;
    buf_reset(line);
    jw_begin(&one, line, JW_COMPACT);
    jw_object(&one, NULL);
    jw_str(&one, "file", e->file);
    jw_str(&one, "rule", e->rule);
    if (e->item) {
        jw_str(&one, "item", e->item);
    }
    jw_str(&one, "id", e->id);
    jw_str(&one, "severity", severity_name(e->severity));
    jw_int(&one, "count", (int64_t)e->count);
    jw_end(&one);
    if (jw_finish(&one, err)) {
        jw_raw(j, NULL, buf_text(line));
    } else {
        j->failed = true;
    }
}

static bool write_entries(const char *path, const struct baseline_entry *v, size_t n,
                          struct err *err)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_INPUT_BYTES);
    CLEANUP(buf_release) struct buf line = BUF_INIT(64u << 10);
    struct err line_err = ERR_INIT;
    struct jw j;
    jw_begin(&j, &out, JW_PRETTY);
    jw_object(&j, NULL);
    jw_int(&j, version_key, VERSION);
    jw_array(&j, "findings");
    for (size_t i = 0; i < n; i++) {
        write_entry(&j, &line, &v[i], &line_err);
    }
    jw_end(&j);
    jw_end(&j);
    if (!jw_finish(&j, err)) {
        return false;
    }
    return fs_exists_at(AT_FDCWD, path) ? fs_replace(path, buf_span(&out), err)
                                        : fs_write_atomic(path, buf_span(&out), 0644, err);
}

/* --- findings --- */

/* The directory of the baseline. Names of findings are as typed in the current one. */
static const char *base_of(struct arena *a, const char *path)
{
    return lint_relative(a, "/", "/", path_join(a, lint_here(a), path_dir(a, path)));
}

static struct baseline_entry entry_of(const struct lint_entry *e)
{
    return (struct baseline_entry){.file = e->path,
                                   .rule = e->f->rule,
                                   .item = e->f->item,
                                   .id = e->id,
                                   .severity = e->f->severity,
                                   .count = 1};
}

/* The first entry that is not before `like` when severities are left out. */
static size_t lower_bound(const struct baseline *b, const struct baseline_entry *like)
{
    size_t low = 0;
    size_t high = b->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (by_finding(&b->v[mid], like) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

static bool covered(struct baseline *b, const struct lint_entry *e)
{
    const struct baseline_entry like = entry_of(e);
    for (size_t i = lower_bound(b, &like); i < b->n && by_finding(&b->v[i], &like) == 0; i++) {
        if (b->v[i].severity >= like.severity && b->v[i].used < b->v[i].count) {
            b->v[i].used++;
            return true;
        }
    }
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Other files may still have what is listed for them. */
static size_t count_stale(const struct baseline *b, const char **seen, size_t nseen)
{
    size_t stale = 0;
    for (size_t i = 0; i < b->n; i++) {
        const char **at = bsearch(&b->v[i].file, seen, nseen, sizeof *seen, by_text);
        stale += at ? b->v[i].count - b->v[i].used : 0;
    }
    return stale;
}

void baseline_apply(struct baseline *b, const char *path, const struct lint *l, size_t *stale)
{
    CLEANUP(lint_view_release) struct lint_view view;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *base = base_of(&a, path);
    const char *here = lint_here(&a);
    lint_view_make(&view, l, base);
    CLEANUP(freep) const char **seen = xcalloc(view.n + l->n + 1, sizeof *seen);
    size_t nseen = 0;
    for (size_t i = 0; i < l->n; i++) {
        seen[nseen++] = lint_relative(&a, here, base, l->files[i].path);
    }
    for (size_t i = 0; i < view.n; i++) {
        struct lint_entry *e = &view.v[i];
        e->write->known = !e->f->waived && !e->f->firm && covered(b, e);
        seen[nseen++] = e->path;
    }
    qsort(seen, nseen, sizeof *seen, by_text);
    *stale = count_stale(b, seen, nseen);
}

bool baseline_write(const char *path, const struct lint *l, size_t *n, struct err *err)
{
    CLEANUP(lint_view_release) struct lint_view view;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    lint_view_make(&view, l, base_of(&a, path));
    CLEANUP(freep) struct baseline_entry *v = xcalloc(view.n + 1, sizeof *v);
    size_t all = 0;
    for (size_t i = 0; i < view.n; i++) {
        if (!view.v[i].f->waived && !view.v[i].f->firm) {
            v[all++] = entry_of(&view.v[i]);
        }
    }
    sort(v, all);
    size_t kept = 0;
    for (size_t i = 0; i < all; i++) {
        if (kept && by_entry(&v[kept - 1], &v[i]) == 0) {
            v[kept - 1].count++;
        } else {
            v[kept++] = v[i];
        }
    }
    *n = all;
    return write_entries(path, v, kept, err);
}

void baseline_release(struct baseline *b)
{
    freep(&b->v);
    arena_release(&b->arena);
    *b = (struct baseline){0};
}
