/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch inventory CA`: the orders of a CA as a table, CSV, JSON, XLSX, or a manifest of
 * renewals. CSV and JSON are written while pages arrive; a table waits for its widths.
 */
#include "cmd/inventory.h"

#include "cmd/out.h"
#include "formats/base/time.h"

static void say_totals(struct term *t, const struct options *o, const struct inventory_totals *n)
{
    if (!o->quiet) {
        term_err(t,
                 "certbatch: %zu of %zu orders shown; %zu live, %zu expired, %zu revoked, %zu "
                 "without a certificate",
                 n->shown, n->listed, n->live, n->expired, n->revoked, n->empty);
    }
}

/* --- as it is --- */
struct listing {
    struct inventory_print print;
    struct term *t;
    size_t rows;
};

static bool on_row(void *ctx, const struct ca_listed *row, struct err *err)
{
    struct listing *l = ctx;
    if (++l->rows % 100 == 0) {
        term_progress(l->t, "%zu orders", l->rows);
    }
    return inventory_print_row(&l->print, row, err);
}

static int list_orders(struct ask_ca *c, const char *format, const struct options *o,
                       struct term *t, const struct inventory_filter *filter)
{
    struct err err = ERR_INIT;
    struct out out;
    struct inventory_totals totals = {0};
    struct listing l = {.t = t};
    bool ok = out_open(&out, o, t, str_eq(format, "xlsx"), &err);
    inventory_print_begin(&l.print, format, c->ca, filter, out_write, &out);
    ok = ok && inventory_walk(&c->asker, filter, on_row, &l, &totals, &err) &&
         inventory_print_end(&l.print, &totals, &err);
    inventory_print_release(&l.print);
    ok = out_close(&out, o, ok, &err);
    term_progress_end(t);
    if (!ok) {
        return ask_ca_fail(t, &err);
    }
    say_totals(t, o, &totals);
    return EXIT_DONE;
}

/* --- as a manifest --- */
static void fetching(void *ctx, size_t i, size_t n)
{
    term_progress(ctx, "certificate %zu of %zu", i + 1, n);
}

static void say_renewals(struct term *t, const struct options *o, const struct ask_ca *c,
                         const struct renewals_totals *n)
{
    const size_t primary = n->items - n->fetched;
    if (!n->items) {
        term_err(t, "certbatch: CA %s has nothing to renew; no manifest was written", c->ca->name);
        return;
    }
    if (o->quiet) {
        return;
    }
    term_err(t, "certbatch: %zu renewal%s, %zu with the names of their certificate", n->items,
             n->items == 1 ? "" : "s", n->fetched);
    if (primary) {
        term_err(t, "certbatch: %zu with the primary name only: look for CHECK THE NAMES", primary);
    }
    if (n->maybe_done) {
        term_err(t, "certbatch: %zu may be renewed already: look for \"renewed already?\"",
                 n->maybe_done);
    }
    if (n->without_end) {
        term_err(t, "certbatch: %zu left out: the CA does not say when they end", n->without_end);
    }
}

static int write_manifest(struct ask_ca *c, const struct options *o, struct term *t,
                          const struct inventory_filter *filter)
{
    struct err err = ERR_INIT;
    struct out out;
    struct inventory_totals totals = {0};
    struct renewals_totals renewals = {0};
    /* a certificate that ends late tells that an earlier one was renewed: all are looked at */
    struct inventory_filter all = *filter;
    all.expiring = 0;
    CLEANUP(renewals_release) struct renewals r = RENEWALS_INIT;
    r.now = filter->now;
    const struct renewals_options ro = {.config = c->ca,
                                        .now = filter->now,
                                        .expiring = filter->expiring,
                                        .progress = fetching,
                                        .progress_ctx = t};
    bool ok = out_open(&out, o, t, false, &err);
    ok = ok && inventory_walk(&c->asker, &all, renewals_add, &r, &totals, &err) &&
         renewals_write(&r, &c->asker, &ro, out_write, &out, &renewals, &err);
    ok = out_close(&out, o, ok && renewals.items, &err);
    term_progress_end(t);
    if (!ok && err.code != ERR_NONE) {
        return ask_ca_fail(t, &err);
    }
    say_renewals(t, o, c, &renewals);
    return EXIT_DONE;
}

static struct inventory_filter filter_of(const struct options *o, const struct ca_config *ca)
{
    return (struct inventory_filter){.now = time_now(),
                                     .since = o->since,
                                     .expiring = o->expiring,
                                     .ignore_expired = o->ignore_expired || ca_ignores_expired(ca)};
}

int cmd_inventory(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "inventory");
    struct ask_ca c;
    if (!format) {
        return EXIT_USAGE;
    }
    if (o->as_manifest && o->format) {
        term_err(t, "certbatch: --as-manifest writes YAML: no --format with it");
        return EXIT_USAGE;
    }
    int code = ask_ca_find(&c, o, t);
    code = code == EXIT_DONE ? ask_ca_open(&c, t, CA_INVENTORY, "list of orders") : code;
    if (code == EXIT_DONE) {
        const struct inventory_filter filter = filter_of(o, c.ca);
        code = o->as_manifest ? write_manifest(&c, o, t, &filter)
                              : list_orders(&c, format, o, t, &filter);
    }
    ask_ca_close(&c);
    return code;
}
