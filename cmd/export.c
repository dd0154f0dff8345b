/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch export STATE|MANIFEST --to TARGET -o FILE`: what was issued, for the inventories of
 * others; what it replaced, as a manifest of revocations.
 */
#include "batch/servicenow.h"
#include "batch/soak.h"

#include "cmd/cmd.h"
#include "cmd/history.h"
#include "cmd/out.h"
#include "formats/base/limits.h"

#include <string.h>

enum { WORKBOOK_MAX = 64 << 20 };

struct target {
    const char *path;
    struct strlist made;
    struct arena arena;
};

static bool into_buf(void *ctx, struct span bytes, struct err *err)
{
    struct buf *b = ctx;
    buf_add(b, bytes.p, bytes.n);
    return !buf_failed(b) ||
           err_set(err, ERR_INTERNAL, "a workbook is larger than %d bytes", WORKBOOK_MAX);
}

/* "x.xlsx", "x-2.xlsx", "x-3.xlsx" ... */
static const char *file_name(struct target *t, unsigned number)
{
    const char *dot = strrchr(path_base(t->path), '.');
    const size_t stem = dot ? (size_t)(dot - t->path) : strlen(t->path);
    return number == 1
               ? t->path
               : arena_printf(&t->arena, "%.*s-%u%s", (int)stem, t->path, number, dot ? dot : "");
}

static bool write_file(void *ctx, unsigned number, struct xlsx **file, struct err *err)
{
    struct target *t = ctx;
    CLEANUP(buf_release) struct buf b = BUF_INIT(WORKBOOK_MAX);
    const char *name = file_name(t, number);
    if (!xlsx_finish(file, into_buf, &b, err) || !fs_write_atomic(name, buf_span(&b), 0644, err)) {
        return false;
    }
    VEC_PUSH(&t->made, name);
    return true;
}

/* The operand is a state directory, or a manifest whose state lies beside it. */
static const char *state_of(struct arena *a, const char *operand, struct err *err)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct manifest m;
    if (fs_is_dir(operand)) {
        return operand;
    }
    const char *state = NULL;
    if (manifest_read(&m, operand, &findings, err)) {
        state = statedir_default(a, m.dir, m.name);
    }
    manifest_release(&m);
    return state;
}

static bool export_state(const char *state, struct target *target, struct servicenow_totals *totals,
                         struct err *err)
{
    struct statedir s;
    struct history h = HISTORY_INIT;
    if (!history_load(state, &h, err) || !statedir_view(&s, state, err)) {
        history_release(&h);
        return false;
    }
    const bool ok = servicenow_export(&s, &h, write_file, target, totals, err);
    statedir_close(&s);
    history_release(&h);
    return ok;
}

static int say(const struct options *o, struct term *t, const struct target *target,
               const struct servicenow_totals *totals)
{
    if (!totals->certificates) {
        term_err(t, "certbatch: the state has no certificate yet; nothing was written");
        return EXIT_DONE;
    }
    for (size_t i = 0; i < target->made.n && !o->quiet; i++) {
        term_err(t, "certbatch: wrote %s", target->made.v[i]);
    }
    if (totals->without_root && !o->quiet) {
        term_err(t,
                 "certbatch: %zu of %zu certificates have a chain without its root: fill in "
                 "root_issuer before the upload",
                 totals->without_root, totals->certificates);
    }
    return EXIT_DONE;
}

static int export_servicenow(const struct options *o, struct term *t, const char *state)
{
    struct target target = {.path = o->out};
    struct servicenow_totals totals = {0};
    struct err err = ERR_INIT;
    if (!o->out) {
        term_err(t, "certbatch: export --to servicenow-xlsx needs -o FILE");
        return EXIT_USAGE;
    }
    const int code = export_state(state, &target, &totals, &err) ? say(o, t, &target, &totals)
                                                                 : cmd_fail(t, &err);
    strlist_release(&target.made);
    arena_release(&target.arena);
    return code;
}

/* --- revocations of what was replaced --- */
static void say_soak(const struct options *o, struct term *t, const struct soak_totals *totals)
{
    const struct {
        size_t n;
        const char *what;
    } left[] = {
        {totals->not_issued, "replacements are not issued yet"},
        {totals->elsewhere, "are revoked by the batch itself"},
        {totals->unknown, "cannot be named: neither serial nor order number is known"},
    };
    if (!totals->items) {
        term_err(t, "certbatch: no renewal or reissue of this batch leaves anything to revoke; "
                    "nothing was written");
    } else if (!o->quiet && o->out) {
        term_err(t, "certbatch: wrote %s: %zu revocation%s", o->out, totals->items,
                 totals->items == 1 ? "" : "s");
    }
    for (size_t i = 0; i < NITEMS(left) && !o->quiet; i++) {
        if (left[i].n) {
            term_err(t, "certbatch: left out: %zu %s", left[i].n, left[i].what);
        }
    }
}

static bool write_revocations(const struct options *o, struct term *t, const char *state,
                              struct soak_totals *totals, struct err *err)
{
    struct out out;
    CLEANUP(buf_release) struct buf text = BUF_INIT(WORKBOOK_MAX);
    struct history h = HISTORY_INIT;
    bool ok = history_load(state, &h, err) && soak_manifest(state, &h, o->soak, &text, totals, err);
    history_release(&h);
    if (!ok || !totals->items) {
        return ok;
    }
    ok = out_open(&out, o->out, false, t, err);
    ok = ok && out_write(&out, buf_span(&text), err);
    return out_close(&out, ok, err);
}

static int export_revocations(const struct options *o, struct term *t, const char *state)
{
    struct soak_totals totals = {0};
    struct err err = ERR_INIT;
    if (!write_revocations(o, t, state, &totals, &err)) {
        return cmd_fail(t, &err);
    }
    say_soak(o, t, &totals);
    return EXIT_DONE;
}

static const struct export_row {
    const char *name;
    int (*run)(const struct options *o, struct term *t, const char *state);
} targets[] = {{"servicenow-xlsx", export_servicenow}, {"revocations", export_revocations}};

int cmd_export(const struct options *o, struct term *t)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    const struct export_row *row = NULL;
    for (size_t i = 0; i < NITEMS(targets); i++) {
        row = str_eq(o->to, targets[i].name) ? &targets[i] : row;
    }
    if (!row) {
        term_err(t, "certbatch: export needs --to servicenow-xlsx or --to revocations");
        return EXIT_USAGE;
    }
    const char *state = state_of(&a, o->operands.v[0], &err);
    return state ? row->run(o, t, state) : cmd_fail(t, &err);
}
