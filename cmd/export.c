/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch export STATE|MANIFEST --to servicenow-xlsx -o FILE`: what was issued, for the
 * inventories of others.
 */
#include "batch/servicenow.h"

#include "cmd/cmd.h"
#include "cmd/history.h"
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

int cmd_export(const struct options *o, struct term *t)
{
    struct target target = {.path = o->out};
    struct servicenow_totals totals = {0};
    struct err err = ERR_INIT;
    if (!str_eq(o->to, "servicenow-xlsx") || !o->out) {
        term_err(t, "certbatch: export needs --to servicenow-xlsx and -o FILE");
        return EXIT_USAGE;
    }
    const char *state = state_of(&target.arena, o->operands.v[0], &err);
    const bool ok = state && export_state(state, &target, &totals, &err);
    const int code = ok ? say(o, t, &target, &totals) : cmd_fail(t, &err);
    strlist_release(&target.made);
    arena_release(&target.arena);
    return code;
}
