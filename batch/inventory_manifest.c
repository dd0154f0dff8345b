/* SPDX-License-Identifier: Apache-2.0
 *
 * See inventory.h: what is live becomes a manifest of renewals.
 *
 * A list of orders has the primary name only. A renewal with that name alone would lose all others,
 * so the certificate of each order is fetched and its names, subject and kind of key are taken
 * over.
 */
#include "batch/inventory.h"

#include "batch/catalogue.h"
#include "batch/manifest.h"
#include "batch/manifest_write.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/key.h"

#include <stdlib.h>
#include <string.h>

/* A CA that does not answer is not asked ten thousand times. */
enum { GIVE_UP = 3, ITEM_MAX = 1 << 20, FLUSH_AT = 64 * 1024 };

/* --- collecting --- */
static const char *keep_text(struct arena *a, const char *s)
{
    return s && *s ? arena_strdup(a, s) : NULL;
}

bool renewals_add(void *ctx, const struct ca_listed *row, struct err *err UNUSED)
{
    struct renewals *r = ctx;
    const char *name = row->common_name ? row->common_name : row->order_id;
    if (listed_state(row, r->now) != LISTED_LIVE || !name || (!row->order_id && !row->serial)) {
        return true;
    }
    const struct renewal kept = {.id = manifest_item_id(&r->arena, name),
                                 .order_id = keep_text(&r->arena, row->order_id),
                                 .common_name = keep_text(&r->arena, row->common_name),
                                 .serial = keep_text(&r->arena, row->serial),
                                 .product = keep_text(&r->arena, row->product),
                                 .not_after = row->not_after};
    VEC_PUSH(r, kept);
    return true;
}

void renewals_release(struct renewals *r)
{
    free(r->v);
    arena_release(&r->arena);
    *r = (struct renewals)RENEWALS_INIT;
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* By name; of one name the one that ends last comes first. */
static int compare(const void *pa, const void *pb)
{
    const struct renewal *a = pa;
    const struct renewal *b = pb;
    int c = strcmp(a->id, b->id);
    c = c ? c : compare_text(a->common_name, b->common_name);
    c = c ? c : (a->not_after < b->not_after) - (a->not_after > b->not_after);
    c = c ? c : compare_text(a->order_id, b->order_id);
    return c ? c : compare_text(a->serial, b->serial);
}

/* Sorts, marks what may be renewed already, keeps what is asked for, numbers equal ids. */
static void select_items(struct renewals *r, const struct renewals_options *o,
                         struct renewals_totals *totals)
{
    struct renewal *all = r->v;
    const size_t n = r->n;
    const struct renewal *first = NULL; /* of its name, which ends last */
    const char *last = NULL;            /* id of the one before, without its number */
    unsigned same = 0;
    if (n) { /* qsort wants a pointer even for nothing */
        qsort(all, n, sizeof *all, compare);
    }
    r->v = NULL;
    r->n = r->cap = 0;
    for (size_t i = 0; i < n; i++) {
        struct renewal item = all[i];
        const struct ca_listed row = {.not_after = item.not_after, .serial = "live"};
        const bool again =
            first && item.common_name && str_ieq(first->common_name, item.common_name);
        if (!again) {
            first = arena_memdup(&r->arena, &item, sizeof item);
        }
        item.later = again && first->not_after > item.not_after ? first : NULL;
        totals->without_end += o->expiring && item.not_after == TIME_NONE;
        if (o->expiring && !listed_expires_within(&row, o->now, o->expiring)) {
            continue;
        }
        same = str_eq(last, item.id) ? same + 1 : 0;
        last = item.id;
        item.id = same ? arena_printf(&r->arena, "%s_%u", item.id, same + 1) : item.id;
        totals->maybe_done += item.later ? 1 : 0;
        VEC_PUSH(r, item);
    }
    free(all);
}

/* --- what the certificate says --- */
static bool take_leaf(void *ctx, const struct ca_result *r, struct err *err UNUSED)
{
    struct buf *der = ctx;
    if (r->ncerts) {
        buf_reset(der);
        buf_add(der, r->certs[0].p, r->certs[0].n);
    }
    return true;
}

static bool fetch(struct asker *asker, const struct renewal *item, struct arena *a,
                  struct cert *out, struct err *err)
{
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    const struct ca_call call = {.step = STEP_POLL, .order_id = item->order_id};
    if (!item->order_id) {
        return err_set(err, ERR_INPUT, "the CA tells no order number");
    }
    if (!ask(asker, &call, take_leaf, &der, err)) {
        return false;
    }
    if (!der.n) {
        return err_set(err, ERR_INPUT, "the CA gave no certificate for the order");
    }
    return cert_parse(a, (struct span){arena_memdup(a, der.p, der.n), der.n}, out, err);
}

/* --- writing --- */
static void put_certificate(struct buf *b, const struct renewal *item, const struct cert *c,
                            struct arena *a)
{
    const struct dn_attr *cn = dn_find(&c->subject, "CN");
    /* a certificate without common name shall not get one */
    const char *name = cn ? cn->text : c->san.n ? NULL : item->common_name;
    manifest_put_key(b, c->key.token, a);
    if (name) {
        manifest_put(b, "common_name", name);
    }
    manifest_put_names(b, &c->san, a);
    manifest_put_subject(b, &c->subject, a);
}

static void put_dates(struct buf *b, const struct renewal *item, const struct cert *cert,
                      struct arena *a)
{
    char end[TIME_TEXT];
    char term[TIME_TEXT];
    const int64_t days =
        cert ? (cert->not_after - cert->not_before + DAY_SECONDS / 2) / DAY_SECONDS : 0;
    time_format_date(item->not_after, end);
    duration_format(days * DAY_SECONDS, term);
    manifest_note(b, arena_printf(a, "ends %s%s%s",
                                  item->not_after == TIME_NONE ? "nobody says when" : end,
                                  cert ? ", was issued for " : "", cert ? term : ""));
}

static void put_head(struct buf *b, const struct renewal *item, const struct renewals_options *o,
                     const struct cert *cert, struct arena *a)
{
    char end[TIME_TEXT];
    buf_puts(b, "  - id: ");
    yaml_put_text(b, item->id);
    buf_putc(b, '\n');
    put_dates(b, item, cert, a);
    if (item->later) {
        time_format_date(item->later->not_after, end);
        manifest_note(b, arena_printf(a, "renewed already? order %s of the same name ends %s",
                                      item->later->order_id ? item->later->order_id : "(unknown)",
                                      end));
    }
    buf_puts(b, "    action: renew\n");
    buf_printf(b, "    replaces: {%s: ", item->order_id ? "order" : "serial");
    yaml_put_text(b, item->order_id ? item->order_id : item->serial);
    buf_puts(b, "}\n");
    if (item->product) {
        manifest_put(b, "product", product_word(o->config, item->product));
    } else {
        manifest_note(b, "the CA tells no product: the default of the configuration is ordered");
    }
}

static void put_item(struct buf *b, const struct renewal *item, const struct renewals_options *o,
                     const struct cert *cert, const char *why_not)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    put_head(b, item, o, cert, &a);
    if (cert) {
        put_certificate(b, item, cert, &a);
        return;
    }
    manifest_note(
        b, "CHECK THE NAMES: only the primary name is known, alternative names, subject and key "
           "are not");
    manifest_note(b, why_not);
    if (item->common_name) {
        manifest_put(b, "common_name", item->common_name);
    }
}

static void put_file_head(struct buf *b, const struct renewals *r, const struct renewals_options *o)
{
    char date[TIME_TEXT];
    time_format_date(o->now, date);
    buf_printf(
        b,
        "# Renewals of %zu certificate%s that CA %s listed on %s. Look through it, put in the\n"
        "# change it belongs to, then: certbatch lint, plan, run. Where an item says no\n"
        "# `validity:`, the product's term is ordered.\n"
        "certbatch: 1\nname: ",
        r->n, r->n == 1 ? "" : "s", o->config->name, date);
    /* a name has 64 characters at most, the date and the word take 20 */
    buf_printf(b, "%.44s-renewals-%s\n", o->config->name, date);
    /* of the form policy expects, so that everything else can be linted before there is a change */
    buf_puts(b, "# PUT IN YOUR CHANGE: this ticket does not exist. A standard change needs no\n"
                "# approval; any other says approved_by and approved_at.\n"
                "change: {ticket: CHG0000000, type: standard}\nca: ");
    yaml_put_text(b, o->config->name);
    buf_puts(b, "\norders:\n");
}

static bool flush(struct buf *b, inventory_sink *sink, void *ctx, struct err *err)
{
    if (buf_failed(b)) {
        return err_set(err, ERR_INTERNAL, "an item is larger than %d bytes", ITEM_MAX);
    }
    const bool ok = sink(ctx, buf_span(b), err);
    buf_reset(b);
    return ok;
}

static bool stopped(const struct asker *asker)
{
    return asker->stop && *asker->stop;
}

bool renewals_write(struct renewals *r, struct asker *asker, const struct renewals_options *o,
                    inventory_sink *sink, void *sink_ctx, struct renewals_totals *totals,
                    struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(ITEM_MAX);
    unsigned failures = 0;
    *totals = (struct renewals_totals){0};
    select_items(r, o, totals);
    totals->items = r->n;
    if (r->n > LIMIT_ITEMS) {
        err_set(err, ERR_INPUT, "%zu renewals; a manifest holds %u", r->n, LIMIT_ITEMS);
        err_hint(err, "take those that end first: --expiring 30d");
        return false;
    }
    if (r->n) {
        put_file_head(&b, r, o);
    }
    for (size_t i = 0; i < r->n; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct err why = ERR_INIT;
        struct cert cert;
        const bool asked = failures < GIVE_UP;
        if (o->progress) {
            o->progress(o->progress_ctx, i, r->n);
        }
        const bool known = asked && fetch(asker, &r->v[i], &a, &cert, &why);
        if (stopped(asker)) {
            return err_set(err, ERR_CA, "interrupted while the certificates were fetched");
        }
        failures = known ? 0 : failures + (why.code == ERR_CA);
        totals->fetched += known;
        put_item(&b, &r->v[i], o, known ? &cert : NULL,
                 asked ? why.msg : "not fetched: the CA did not answer before");
        if (b.n >= FLUSH_AT && !flush(&b, sink, sink_ctx, err)) {
            return false;
        }
    }
    return flush(&b, sink, sink_ctx, err);
}
