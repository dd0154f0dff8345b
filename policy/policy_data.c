/* SPDX-License-Identifier: Apache-2.0
 *
 * Data files of rules (block lists, weak-key lists): read once when the policy is loaded, pinned
 * by SHA-256 when the policy says so, turned into sorted lines that checks search. Rules never
 * read a file themselves, so judging does no I/O and every byte a verdict rests on is part of the
 * policy digest.
 */
#include "policy/engine.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

/* Keys of `data:` and the parameters they fill. */
static const struct {
    const char *key, *rule, *param;
} data_feeds[] = {{"blocklist", "key.blocklist", "files"},
                  {"known-public", "key.known-public", "files"},
                  {"debian-weak", "key.debian-weak", "files"},
                  {"distrusted-cas", "product.distrusted-ca", "files"}};

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct data_lines sorted_unique(const char **v, size_t n)
{
    size_t kept = 0;
    if (n) {
        qsort(v, n, sizeof *v, compare);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || strcmp(v[kept - 1], v[i]) != 0) {
            v[kept++] = v[i];
        }
    }
    return (struct data_lines){.v = v, .n = kept};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts text (which it owns) into trimmed lower-case lines without comments. */
static struct data_lines split_lines(struct arena *a, char *text)
{
    size_t lines = 1;
    for (const char *p = text; *p; p++) {
        lines += *p == '\n';
    }
    const char **v = arena_array(a, lines, sizeof *v);
    size_t n = 0;
    while (*text) {
        char *end = text + strcspn(text, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        text[strcspn(text, "#")] = '\0';
        while (is_blank(*text)) {
            text++;
        }
        char *last = text + strlen(text);
        while (last > text && is_blank(last[-1])) {
            *--last = '\0';
        }
        for (char *p = text; *p; p++) {
            *p = ascii_lower(*p);
        }
        if (*text) {
            v[n++] = text;
        }
        text = next;
    }
    return sorted_unique(v, n);
}

static struct data_file *find_file(const struct policy *p, const char *path)
{
    for (size_t i = 0; i < p->ndata; i++) {
        if (str_eq(p->data[i].path, path)) {
            return &p->data[i];
        }
    }
    return NULL;
}

const char *data_sha256(const struct policy *p, const char *path)
{
    const struct data_file *f = find_file(p, path);
    return f ? f->sha256 : "";
}

static struct data_file *load_file(struct policy_ctx *ctx, struct pos pos, const char *path)
{
    struct policy *p = ctx->policy;
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    if (!fs_read(path, &text, &err)) {
        rule_report(ctx->schema.findings, "policy.data.missing", pos, "%s", err.msg);
        return NULL;
    }
    if (memchr(buf_text(&text), 0, text.n)) { /* would end the list early */
        rule_report(ctx->schema.findings, "policy.data.missing", pos,
                    "data file %s holds a NUL byte; it must be lines of text", path);
        return NULL;
    }
    vec_reserve((void **)&p->data, &p->data_cap, p->ndata + 1, sizeof *p->data);
    struct data_file *f = &p->data[p->ndata++];
    *f = (struct data_file){.path = arena_strdup(&p->arena, path)};
    sha256_hex(text.p, text.n, f->sha256);
    bool pem = strstr(buf_text(&text), "-----BEGIN CERTIFICATE-----") != NULL;
    f->lines = split_lines(&p->arena, arena_strdup(&p->arena, buf_text(&text)));
    f->lines.pem = pem ? arena_strdup(&p->arena, buf_text(&text)) : NULL;
    return f;
}

bool data_read(struct policy_ctx *ctx, const struct ynode *at, const char *path, const char *pin)
{
    const struct pos pos = yaml_pos(ctx->schema.file, at);
    struct data_file *f = find_file(ctx->policy, path);
    f = f ? f : load_file(ctx, pos, path);
    if (f && pin && !str_ieq(pin, f->sha256)) {
        rule_report(ctx->schema.findings, "policy.data.missing", pos,
                    "data file %s has SHA-256 %s, the policy pins %s", path, f->sha256, pin);
        return false;
    }
    return f != NULL;
}

static bool same_paths(const struct strlist *a, const struct strlist *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = str_eq(a->v[i], b->v[i]);
    }
    return same;
}

size_t data_lines_from(const struct data_lines *lines, const char *prefix)
{
    size_t low = 0;
    size_t high = lines->n;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (strcmp(lines->v[mid], prefix) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const struct data_lines *data_lines(struct policy *p, const struct strlist *paths)
{
    for (size_t i = 0; i < p->njoins; i++) {
        if (same_paths(&p->joins[i]->paths, paths)) {
            return &p->joins[i]->lines;
        }
    }
    size_t total = 0;
    for (size_t i = 0; i < paths->n; i++) {
        const struct data_file *f = find_file(p, paths->v[i]);
        total += f ? f->lines.n : 0;
    }
    const char **v = arena_array(&p->arena, total + 1, sizeof *v);
    const char *pem = NULL;
    size_t n = 0;
    for (size_t i = 0; i < paths->n; i++) {
        const struct data_file *f = find_file(p, paths->v[i]);
        if (f && f->lines.pem) {
            pem = pem ? arena_printf(&p->arena, "%s\n%s", pem, f->lines.pem) : f->lines.pem;
        }
        for (size_t k = 0; f && k < f->lines.n; k++) {
            v[n++] = f->lines.v[k];
        }
    }
    struct data_join *join = arena_alloc(&p->arena, sizeof *join);
    *join = (struct data_join){.paths = *paths, .lines = sorted_unique(v, n)};
    join->lines.pem = pem;
    vec_reserve((void **)&p->joins, &p->joins_cap, p->njoins + 1, sizeof(struct data_join *));
    p->joins[p->njoins++] = join;
    return &join->lines;
}

/* --- the `data` section --- */

static void check_age(struct policy_ctx *ctx, const struct data_text *d)
{
    char day[TIME_TEXT];
    if (d->max_age && d->updated == TIME_NONE) {
        schema_problem(&ctx->schema, d->node, "max-age needs updated: the day the data was taken");
    } else if (d->max_age && time_now() > d->updated + d->max_age) {
        time_format_date(d->updated, day);
        rule_report(ctx->schema.findings, "policy.data.stale", yaml_pos(ctx->schema.file, d->node),
                    "data %s of %s is older than its max-age", d->name, day);
    }
}

static void read_entry(struct policy_ctx *ctx, const struct data_text *d, struct override *out,
                       size_t param)
{
    struct param_edit *edit = &out->base.params[param];
    struct arena *a = ctx->schema.arena;
    edit->op = EDIT_SET;
    edit->set.v = arena_array(a, d->files.n + 1, sizeof *edit->set.v);
    if (d->sha256 && d->files.n != 1) {
        schema_problem(&ctx->schema, d->node, "sha256 pins one file; name exactly one");
    }
    for (size_t i = 0; i < d->files.n; i++) {
        const char *path = path_join(a, ctx->file->dir, d->files.v[i]);
        if (data_read(ctx, d->files.at[i], path, d->sha256)) {
            edit->set.v[edit->set.n++] = path;
        }
    }
    check_age(ctx, d);
}

static bool find_param(const struct rule *row, const char *name, size_t *index)
{
    for (size_t i = 0; row && i < row->nparams; i++) {
        if (str_eq(row->params[i].name, name) && row->params[i].kind == PARAM_FILES) {
            *index = i;
            return true;
        }
    }
    return false;
}

void data_section_read(struct policy_ctx *ctx, struct policy_file *file)
{
    const struct data_text *entries = file->data.v;
    struct settings_text *set = &file->base;
    struct override *all =
        arena_array(ctx->schema.arena, set->noverrides + file->data.n + 1, sizeof *all);
    size_t n = 0;
    for (size_t i = 0; i < file->data.n; i++) {
        const struct data_text *d = &entries[i];
        bool known = false;
        for (size_t k = 0; k < NITEMS(data_feeds) && !known; k++) {
            size_t param = 0;
            const struct rule *row = rule_find(data_feeds[k].rule);
            known =
                str_eq(data_feeds[k].key, d->name) && find_param(row, data_feeds[k].param, &param);
            if (known) {
                all[n].row = row;
                read_entry(ctx, d, &all[n++], param);
            }
        }
        if (!known) {
            schema_problem(&ctx->schema, d->node, "no rule of this version reads data named %s",
                           d->name);
        }
    }
    /* before the rules, which may edit the list */
    if (set->noverrides) {
        memcpy(all + n, set->overrides, set->noverrides * sizeof *all);
    }
    set->overrides = all;
    set->noverrides += n;
}

const char *data_line_find(const struct data_lines *lines, const char *prefix)
{
    const size_t at = lines ? data_lines_from(lines, prefix) : 0;
    return lines && at < lines->n && str_starts(lines->v[at], prefix) ? lines->v[at] : NULL;
}
