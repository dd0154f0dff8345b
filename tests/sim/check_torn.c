/* SPDX-License-Identifier: Apache-2.0
 *
 * Files under their final names: whole, the ones that the journal speaks of, nothing half-made
 * beside them.
 */
#include "tests/sim/check.h"

#include "formats/archive.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static bool digest_is(struct check *c, const char *path, const char *hex)
{
    CLEANUP(buf_wipe) struct buf bytes = BUF_INIT(256u << 20);
    char have[SHA256_HEX];
    if (!check_file(c, path, &bytes)) {
        return false;
    }
    sha256_hex(buf_text(&bytes), bytes.n, have);
    return str_eq(have, hex);
}

/* --- bundles --- */
struct bundle {
    struct check *c;
    const char *path;
    struct strlist names, digests;
    char *bag; /* manifest-sha256.txt */
    char *journal;
    size_t njournal;
};

static bool on_entry(void *ctx, const char *name, struct span data, struct err *err UNUSED)
{
    struct bundle *u = ctx;
    struct arena *a = &u->c->arena;
    char hex[SHA256_HEX];
    sha256_hex(data.p, data.n, hex);
    VEC_PUSH(&u->names, arena_strdup(a, name));
    VEC_PUSH(&u->digests, arena_strdup(a, hex));
    if (str_ends(name, "/manifest-sha256.txt")) {
        u->bag = arena_strndup(a, (const char *)data.p, data.n);
    } else if (str_ends(name, "/data/journal.jsonl")) {
        u->journal = arena_memdup(a, data.p, data.n);
        u->njournal = data.n;
    }
    return true;
}

/* The digest of the entry whose path ends so; NULL: there is none. */
static const char *entry(const struct bundle *u, const char *tail)
{
    for (size_t i = 0; i < u->names.n; i++) {
        if (str_ends(u->names.v[i], tail)) {
            return u->digests.v[i];
        }
    }
    return NULL;
}

/* What an item was delivered as: its certificate, and each output as it was recorded. */
static void delivered(const struct bundle *u, const struct item *it, bool audit)
{
    struct arena *a = &u->c->arena;
    const struct where at = {u->path, 0, it->id, NULL};
    if (!entry(u, arena_printf(a, "/%s/certificate.pem", it->id))) {
        violated(u->c, at, "its certificate is not in it");
    }
    for (size_t i = 0; !audit && i < json_array_size(it->outputs); i++) {
        const json_t *row = json_array_get(it->outputs, i);
        const char *path = json_get_str(row, "path");
        const char *have = entry(u, arena_printf(a, "/%s/%s", it->id, path));
        if (!have || !str_eq(have, json_get_str(row, "sha256"))) {
            violated(u->c, at, "its %s is not in it as it was recorded", path);
        }
    }
}

/* Every file under data/ is listed with its digest. */
static void bag_adds_up(const struct bundle *u)
{
    for (size_t i = 0; i < u->names.n; i++) {
        const char *at = strstr(u->names.v[i], "/data/");
        const char *row =
            at ? arena_printf(&u->c->arena, "%s  %s\n", u->digests.v[i], at + 1) : NULL;
        if (row && (!u->bag || !strstr(u->bag, row))) {
            violated(u->c, (struct where){u->path, 0, NULL, NULL},
                     "%s is not listed with its digest", at + 1);
        }
    }
}

static void journal_in_bag(const struct bundle *u, const struct batch *b)
{
    CLEANUP(buf_release) struct buf own = BUF_INIT(256u << 20);
    const char *path = arena_printf(&u->c->arena, "%s/journal.jsonl", b->dir);
    if (!u->journal || !check_file(u->c, path, &own) || u->njournal > own.n ||
        memcmp(own.p, u->journal, u->njournal) != 0) {
        violated(u->c, (struct where){u->path, 0, NULL, NULL},
                 "its journal is not the beginning of the journal of the run");
    }
}

static void one_bundle(struct check *c, const struct batch *b, const char *kind)
{
    struct err err = ERR_INIT;
    struct bundle u = {.c = c};
    bool audit = str_eq(kind, "audit");
    u.path = arena_printf(&c->arena, "%s-%s.tar.gz", b->name, kind);
    const char *full = path_join(&c->arena, c->dir, u.path);
    struct stat st;
    if (stat(full, &st) != 0) {
        return;
    }
    c->looked_at++;
    if (!archive_read_file(full, on_entry, &u, &err)) {
        violated(c, (struct where){u.path, 0, NULL, NULL}, "%s", err.msg);
    } else if (audit) {
        bag_adds_up(&u);
        journal_in_bag(&u, b);
    }
    for (size_t i = 0; b->ended && err.code == ERR_NONE && i < b->n; i++) {
        if (str_eq(b->v[i].state, "issued")) {
            delivered(&u, &b->v[i], audit);
        }
    }
    strlist_release(&u.names);
    strlist_release(&u.digests);
}

/* What the last record about bundles says is what lies there. */
static void recorded(struct check *c, const struct batch *b)
{
    const struct line *last = NULL;
    for (size_t i = 0; i < b->journal.n; i++) {
        const struct line *l = &b->journal.v[i];
        if (l->json && str_eq(check_str(l, "ev"), "bundle")) {
            last = l;
        }
    }
    static const char *const kinds[] = {"delivery", "audit"};
    for (size_t i = 0; last && i < NITEMS(kinds); i++) {
        const char *member = arena_printf(&c->arena, "%s_sha256", kinds[i]);
        const char *path = arena_printf(&c->arena, "%s-%s.tar.gz", b->name, kinds[i]);
        if (check_str(last, member) && !digest_is(c, path, check_str(last, member))) {
            violated(c, (struct where){b->journal.file, last->number, NULL, NULL},
                     "%s is not the bundle that was recorded", path);
        }
    }
}

/* --- items --- */
static void outputs(struct check *c, const struct batch *b, const struct item *it)
{
    for (size_t i = 0; i < json_array_size(it->outputs); i++) {
        const json_t *row = json_array_get(it->outputs, i);
        const char *path = check_output(c, b, it, row);
        c->looked_at++;
        if (!digest_is(c, path, json_get_str(row, "sha256"))) {
            violated(c, (struct where){path, 0, it->id, NULL},
                     "it is not the output that was recorded");
        }
    }
}

/* --- leftovers --- */
static void sweep(struct check *c, const char *dir)
{
    DIR *d = opendir(path_join(&c->arena, c->dir, dir));
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        const char *path = path_join(&c->arena, dir, e->d_name);
        struct stat st;
        /* beside the manifest other runs may be at work: an empty one is left to its maker */
        bool empty = str_eq(dir, ".") && stat(path_join(&c->arena, c->dir, path), &st) == 0 &&
                     st.st_size == 0;
        if (str_starts(e->d_name, FS_TEMP_PREFIX) && !empty) {
            violated(c, (struct where){path, 0, NULL, NULL}, "left over");
        } else if (e->d_type == DT_DIR && !str_eq(e->d_name, ".") && !str_eq(e->d_name, "..")) {
            sweep(c, path);
        }
    }
    if (d) {
        (void)closedir(d);
    }
}

void check_torn(struct check *c)
{
    bool all_ended = true;
    for (size_t b = 0; b < c->n; b++) {
        struct batch *s = &c->v[b];
        CLEANUP(buf_release) struct buf text = BUF_INIT(64u << 20);
        const char *report = arena_printf(&c->arena, "%s/report.json", s->dir);
        if (!s->report && (s->ended || check_file(c, report, &text))) {
            violated(c, (struct where){report, 0, NULL, NULL}, "it is no whole report");
        }
        one_bundle(c, s, "delivery");
        one_bundle(c, s, "audit");
        for (size_t i = 0; i < s->n; i++) {
            outputs(c, s, &s->v[i]);
        }
        if (s->ended && s->exit < 100) {
            recorded(c, s);
        }
        all_ended = all_ended && s->ended;
    }
    if (all_ended) {
        sweep(c, ".");
    }
}
