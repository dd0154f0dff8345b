/* SPDX-License-Identifier: Apache-2.0
 *
 * `status`, `resolve`, `bundle`: commands on a state directory.
 */
#include "batch/bundle.h"
#include "batch/seal.h"

#include "cmd/cmd.h"
#include "cmd/history.h"
#include "formats/base/fs.h"
#include "formats/base/time.h"

#include <string.h>

bool history_load(const char *state, struct history *h, struct err *err)
{
    struct statedir s;
    if (!statedir_view(&s, state, err)) {
        return false;
    }
    bool ok = journal_read(s.fd, history_add, h, NULL, err);
    statedir_close(&s);
    return ok;
}

static void print_table(const struct history *h, struct buf *out)
{
    static const char *const head[] = {"ITEM", "ACTION", "STATE",     "CA",   "PRODUCT",
                                       "NAME", "SERIAL", "NOT AFTER", "ERROR"};
    struct table table;
    table_init(&table, NITEMS(head));
    for (size_t i = 0; i < NITEMS(head); i++) {
        table_cell(&table, head[i]);
    }
    for (size_t i = 0; i < h->n; i++) {
        const struct item_record *r = &h->v[i];
        char date[TIME_TEXT] = "";
        if (r->not_after != TIME_NONE && r->not_after != 0) {
            time_format_date(r->not_after, date);
        }
        const char *const cells[] = {r->id,     r->action,  state_report_name(r->state),
                                     r->ca,     r->product, r->common_name,
                                     r->serial, date,       r->error_message};
        _Static_assert(NITEMS(cells) == NITEMS(head), "a cell for every head");
        for (size_t k = 0; k < NITEMS(cells); k++) {
            table_cell(&table, cells[k]);
        }
    }
    table_print(&table, out);
    table_release(&table);
}

int cmd_status(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "status");
    CLEANUP(buf_release) struct buf b = BUF_INIT(512u << 20);
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    struct statedir s = {.fd = -1};
    if (!format) {
        return EXIT_USAGE;
    }
    bool ok = history_load(o->operands.v[0], &h, &err);
    if (ok && str_eq(format, "csv")) {
        ok = report_csv(&h, &b, &err);
    } else if (ok && str_eq(format, "json")) {
        ok = statedir_view(&s, o->operands.v[0], &err) && report_json(&h, &s, &b, &err);
        statedir_close(&s);
    } else if (ok) {
        print_table(&h, &b);
    }
    size_t counts[STATE__MAX] = {0};
    history_counts(&h, counts);
    history_release(&h);
    if (!ok) {
        return cmd_fail(t, &err);
    }
    term_out(t, buf_span(&b));
    return exit_for_counts(counts, false);
}

int cmd_resolve(const struct options *o, struct term *t)
{
    struct err err = ERR_INIT;
    if (!o->reason || !*o->reason) {
        err_set(&err, ERR_USAGE, "resolve needs --reason: the journal keeps who decided and why");
        return cmd_fail(t, &err);
    }
    if (!run_resolve(o->operands.v[0], o->operands.v[1], o->operands.v[2], o->reason, &err)) {
        return cmd_fail(t, &err);
    }
    term_err(t, "item %s: %s; run the batch again to go on", o->operands.v[1], o->operands.v[2]);
    return EXIT_DONE;
}

/* What the configuration says about sealing. A rehearsal is not sealed. */
static bool open_seal(const struct options *o, const struct history *h, struct seal **out,
                      struct err *err)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    CLEANUP(config_release) struct config config = {0};
    *out = NULL;
    return h->simulate || (config_read(&config, o->config, &findings, err) &&
                           seal_open(config.path, &cmd_stop, out, err));
}

/* Bundles go beside the state directory unless -o says otherwise. */
int cmd_bundle(const struct options *o, struct term *t)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    struct statedir s = {.fd = -1};
    struct bundle_paths paths = {0};
    struct seal *seal = NULL;
    char *state = arena_strdup(&a, o->operands.v[0]);
    for (size_t n = strlen(state); n > 1 && state[n - 1] == '/'; n--) {
        state[n - 1] = '\0';
    }
    const char *dir = o->out ? o->out : path_dir(&a, state);
    bool ok = history_load(state, &h, &err) && statedir_view(&s, state, &err) &&
              open_seal(o, &h, &seal, &err) &&
              bundle_make(&s, &h, dir, h.batch, seal, &paths, &err);
    if (ok) {
        if (paths.remark) {
            term_err(t, "certbatch: %s", paths.remark);
        }
        buf_printf(&b, "%s%s%s", paths.delivery ? paths.delivery : "", paths.delivery ? "\n" : "",
                   paths.audit ? paths.audit : "");
        buf_puts(&b, paths.audit ? "\n" : "");
        term_out(t, buf_span(&b));
    }
    seal_free(seal);
    bundle_paths_release(&paths);
    statedir_close(&s);
    history_release(&h);
    return ok ? EXIT_DONE : cmd_fail(t, &err);
}
