/* SPDX-License-Identifier: Apache-2.0
 *
 * The history that simcheck looks at, into memory: logs of the CA, journals, reports, runs. A
 * journal whose lines do not chain is still read as far as its lines are JSON: what it says is
 * compared, whether it was tampered with is I10's question.
 */
#include "tests/sim/check.h"

#include "formats/base/limits.h"

#include <dirent.h>
#include <string.h>

bool check_file(struct check *c, const char *path, struct buf *out)
{
    struct err err = ERR_INIT;
    buf_reset(out);
    return fs_read(path_join(&c->arena, c->dir, path), out, &err);
}

const char *check_str(const struct line *l, const char *name)
{
    const char *text = json_get_str(l->json, name);
    return text && *text ? text : NULL;
}

const char *check_txn(const struct line *l)
{
    const char *key = check_str(l, "client_key");
    return key ? key : check_str(l, "txn");
}

bool check_is_order(const struct line *l, const char *number)
{
    return number &&
           (str_eq(check_str(l, "order"), number) || str_eq(check_str(l, "serial"), number));
}

static bool read_lines(struct check *c, const char *path, struct lines *out, bool strict,
                       struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(256u << 20);
    out->file = arena_strdup(&c->arena, path);
    if (!check_file(c, path, &text)) {
        return err_set(err, ERR_INPUT, "%s cannot be read", path);
    }
    const char *p = arena_strndup(&c->arena, buf_text(&text), text.n), *end = p + text.n;
    for (size_t number = 1; p < end; number++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        struct line l = {number, p, newline ? (size_t)(newline - p) : (size_t)(end - p), NULL};
        struct err ignored = ERR_INIT;
        l.json = json_parse(path, l.text, l.n, &ignored);
        if (!l.json && strict) {
            return err_set(err, ERR_INPUT, "%s:%zu: %s", path, number, ignored.msg);
        }
        VEC_PUSH(out, l);
        p += l.n + 1;
    }
    return true;
}

static void read_words(struct check *c, const char *path, struct strlist *out)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    if (!check_file(c, path, &text)) {
        return;
    }
    for (char *p = arena_strdup(&c->arena, buf_text(&text)); *p;) {
        size_t n = strcspn(p, "\n");
        char *next = p + n + (p[n] ? 1 : 0);
        p[n] = '\0';
        if (*p) {
            VEC_PUSH(out, p);
        }
        p = next;
    }
}

/* --- items from records --- */
/* What a record makes of an item, in the words of a report; NULL: nothing. */
static const struct {
    const char *ev, *reply_class, *state;
} meanings[] = {
    {"item", NULL, "not-started"},      {"intent", NULL, "unknown"},
    {"revoke-intent", NULL, "unknown"}, {"reply", "accepted", "pending"},
    {"reply", "pending", "pending"},    {"reply", "refused", "refused"},
    {"reply", "retry", "not-started"},  {"reply", "unknown", "unknown"},
    {"found", NULL, "pending"},         {"not-found", NULL, "not-started"},
    {"unknown", NULL, "unknown"},       {"cert", NULL, "pending"},
    {"outputs", NULL, "issued"},        {"mismatch", NULL, "mismatch"},
    {"failed", NULL, "failed"},         {"revoked", NULL, "revoked"},
    {"skip", NULL, "skipped"},          {"keep", NULL, "kept"},
    {"resolved", "adopt", "pending"},   {"resolved", "reorder", "not-started"},
    {"resolved", "abandon", "skipped"}, {"renewal", "early", "not-started"},
};

static const char *meaning(const char *ev, const char *reply_class)
{
    for (size_t i = 0; i < NITEMS(meanings); i++) {
        if (str_eq(meanings[i].ev, ev) &&
            (!meanings[i].reply_class || str_eq(meanings[i].reply_class, reply_class))) {
            return meanings[i].state;
        }
    }
    return NULL;
}

static struct item *item_of(struct batch *b, const char *id)
{
    for (size_t i = 0; i < b->n; i++) {
        if (str_eq(b->v[i].id, id)) {
            return &b->v[i];
        }
    }
    struct item fresh = {.id = id, .state = "not-started"};
    VEC_PUSH(b, fresh);
    return &b->v[b->n - 1];
}

static void take(const char **to, const struct line *l, const char *name)
{
    const char *text = check_str(l, name);
    *to = text ? text : *to;
}

static void apply(struct batch *b, const struct line *l)
{
    const char *ev = check_str(l, "ev"), *id = check_str(l, "item");
    const char *reply_class = check_str(l, "class"), *number = check_str(l, "order");
    if (!id) {
        return;
    }
    struct item *it = item_of(b, id);
    const char *state = meaning(ev, reply_class);
    if (str_eq(ev, "intent") || str_eq(ev, "revoke-intent")) {
        it->repeated = str_eq(it->state, "unknown");
    } else if (it->repeated && str_eq(ev, "reply") && str_eq(reply_class, "retry")) {
        state = "unknown"; /* that the repetition was not taken says nothing about the first */
    }
    if (state) {
        it->state = state;
        it->line = l->number;
    }
    if (str_eq(ev, "item")) {
        it->revocation = str_eq(check_str(l, "kind"), "revocation");
        it->san = json_get(l->json, "san");
    } else if (str_eq(ev, "intent") || str_eq(ev, "revoke-intent")) {
        it->intents++;
        if (check_str(l, "client_key")) {
            VEC_PUSH(&it->txns, check_str(l, "client_key"));
        }
    } else if (str_eq(ev, "outputs")) {
        it->outputs = json_get(l->json, "outputs");
    } else if (str_eq(ev, "cert")) {
        take(&it->sha256, l, "sha256");
    }
    it->reorders += str_eq(ev, "resolved") && str_eq(reply_class, "reorder");
    if (number && !strlist_has(&it->numbers, number)) {
        VEC_PUSH(&it->numbers, number);
    }
    take(&it->spki, l, "spki_sha256");
    take(&it->key, l, "key");
}

struct item *check_owner(struct check *c, const struct line *order, struct batch **batch)
{
    const char *txn = check_txn(order), *spki = check_str(order, "spki_sha256");
    for (int by_key = 0; by_key < 2; by_key++) {
        for (size_t b = 0; b < c->n; b++) {
            for (size_t i = 0; i < c->v[b].n; i++) {
                struct item *it = &c->v[b].v[i];
                bool mine = by_key ? !it->revocation && spki && str_eq(it->spki, spki)
                                   : txn && strlist_has(&it->txns, txn);
                if (mine) {
                    *batch = &c->v[b];
                    return it;
                }
            }
        }
    }
    return NULL;
}

const json_t *check_reported(const struct batch *b, const char *id)
{
    const json_t *items = b->report ? json_get(b->report, "items") : NULL;
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *row = json_array_get(items, i);
        if (str_eq(json_get_str(row, "id"), id)) {
            return row;
        }
    }
    return NULL;
}

/* --- a batch --- */
/* Exit codes at which a run came to its end and wrote its report; 7 may mean that another one
 * holds the lock, or that the disk took nothing more. */
static bool concluded(int64_t code)
{
    static const int64_t codes[] = {0, 4, 5, 6, 8, 130, 143};
    for (size_t i = 0; i < NITEMS(codes); i++) {
        if (codes[i] == code) {
            return true;
        }
    }
    return false;
}

static void read_batch(struct check *c, const char *state)
{
    struct batch b = {.dir = arena_strdup(&c->arena, state)};
    struct err ignored = ERR_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(64u << 20);
    b.name = arena_strndup(&c->arena, state, strlen(state) - strlen(".state"));
    const char *journal = arena_printf(&c->arena, "%s/journal.jsonl", state);
    if (!read_lines(c, journal, &b.journal, false, &ignored)) {
        b.journal.n = 0; /* killed before there was one */
    }
    for (size_t i = 0; i < b.journal.n; i++) {
        if (b.journal.v[i].json) {
            apply(&b, &b.journal.v[i]);
        }
    }
    if (check_file(c, arena_printf(&c->arena, "%s/report.json", state), &text)) {
        b.report = json_parse("report.json", buf_text(&text), text.n, &ignored);
    }
    for (size_t i = 0; i < c->runs.n; i++) {
        const struct line *l = &c->runs.v[i];
        bool lock = json_get_int(l->json, "exit", -1) == 7; /* says nothing about the state */
        if (str_eq(check_str(l, "batch"), b.name) && !(lock && b.run)) {
            b.run = l;
            b.exit = json_get_int(l->json, "exit", -1);
            b.ended = !json_get_bool(l->json, "killed", false) && concluded(b.exit);
        }
    }
    VEC_PUSH(c, b);
}

static bool read_batches(struct check *c, struct err *err)
{
    DIR *d = opendir(c->dir);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        if (str_ends(e->d_name, ".state")) {
            read_batch(c, e->d_name);
        }
    }
    if (d) {
        (void)closedir(d);
    }
    return d || err_set(err, ERR_INPUT, "%s cannot be read", c->dir);
}

bool check_read(struct check *c, struct err *err)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    read_words(c, "foreign", &c->foreign);
    if (!read_lines(c, "ledger.jsonl", &c->ledger, true, err) ||
        !read_lines(c, "wire.jsonl", &c->wire, true, err) ||
        !read_lines(c, "runs.jsonl", &c->runs, true, err) || !read_batches(c, err)) {
        return false;
    }
    if (!check_file(c, "ca.pem", &pem)) {
        return err_set(err, ERR_INPUT, "ca.pem cannot be read");
    }
    struct span copy = {arena_memdup(&c->arena, pem.p, pem.n), pem.n};
    return certs_read(&c->arena, "ca.pem", copy, &c->anchors, &c->nanchors, err);
}

static void release_lines(struct lines *l)
{
    for (size_t i = 0; i < l->n; i++) {
        json_tree_release(&l->v[i].json);
    }
    freep(&l->v);
}

void check_release(struct check *c)
{
    for (size_t b = 0; b < c->n; b++) {
        for (size_t i = 0; i < c->v[b].n; i++) {
            strlist_release(&c->v[b].v[i].txns);
            strlist_release(&c->v[b].v[i].numbers);
        }
        freep(&c->v[b].v);
        json_tree_release(&c->v[b].report);
        release_lines(&c->v[b].journal);
    }
    freep(&c->v);
    strlist_release(&c->foreign);
    release_lines(&c->ledger);
    release_lines(&c->wire);
    release_lines(&c->runs);
    arena_release(&c->arena);
}
