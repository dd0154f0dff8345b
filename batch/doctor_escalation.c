/* SPDX-License-Identifier: Apache-2.0
 *
 * What a CA's support asks for before it answers: who, where, what was said, when, with which
 * product and what kind of request, by which version. Made from the lines of the steps, which hold
 * no secret, and from settings that are none.
 */
#include "batch/doctor_parts.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/key.h"

#include <string.h>

static void member(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%-18s ", name);
    str_vis(b, value, strlen(value), 1024);
    buf_putc(b, '\n');
}

static void put_result(struct buf *b, const char *title, const char *again,
                       const struct doctor_result *r)
{
    char when[TIME_TEXT];
    time_format(r->when, when);
    buf_printf(b, "\n%s%s: %s (%s)\n", title, again, doctor_status_name(r->status), when);
    for (size_t i = 0; i < r->n; i++) {
        buf_printf(b, "  %-8s %s\n", doctor_status_name(r->v[i].status), r->v[i].seen);
    }
}

static void put_products(struct buf *b, const struct doctor *d)
{
    CLEANUP(buf_release) struct buf list = BUF_INIT(16384);
    for (size_t i = 0; i < d->products.n; i++) {
        const struct ca_sold *sold = catalogue_find(&d->catalogue, d->products.v[i]);
        buf_printf(&list, "%s%s%s%s%s", i ? ", " : "", d->products.v[i], sold ? " (" : "",
                   sold && sold->name ? sold->name : "", sold ? ")" : "");
    }
    member(b, "Products", list.n ? buf_text(&list) : "none");
}

enum { ITEMS_SHOWN = 10, NAMES_SHOWN = 20 };

static void put_names(struct buf *b, const struct csr *c)
{
    CLEANUP(buf_release) struct buf names = BUF_INIT(1 << 20);
    for (size_t i = 0; i < c->san.n && i < NAMES_SHOWN; i++) {
        buf_printf(&names, "%s%s:%s", i ? ", " : "", gn_type_names[c->san.v[i].type],
                   c->san.v[i].text);
    }
    if (c->san.n > NAMES_SHOWN) {
        buf_printf(&names, " and %zu more", c->san.n - NAMES_SHOWN);
    }
    member(b, "Request names", names.n ? buf_text(&names) : "none");
}

static void put_csr(struct buf *b, const struct csr *c)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    member(b, "Request subject", dn_text(&a, &c->subject));
    put_names(b, c);
    member(b, "Request key", c->key.token);
    member(b, "SPKI SHA-256", hex_dup(&a, c->key.sha256, sizeof c->key.sha256));
    member(b, "Signed with", sigalg_token(c->sig_algorithm));
}

/* An order of the manifest: its own request, or what will be made for it. */
static void put_item(struct buf *b, const struct doctor *d, const struct item *item)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct item_data data;
    const bool whole = item_load(&d->batch, item, &a, NULL, &data);
    member(b, "Item",
           arena_printf(&a, "%s, %s, product %s", item->id, item->action ? item->action : "new",
                        item->product_code ? item->product_code : "none"));
    if (data.has_csr && data.csr.usable) {
        put_csr(b, &data.csr);
        return;
    }
    member(b, "Common name", data.common_name ? data.common_name : "none");
    member(b, "Request",
           !whole                       ? "its files cannot be read"
           : item->key_type != KEY_NONE ? key_type_token(item->key_type)
                                        : "with the key of the old certificate");
}

static void put_requests(struct buf *b, const struct doctor *d)
{
    size_t n = 0;
    if (d->has_request) {
        put_csr(b, &d->request);
    }
    for (size_t i = 0; d->batch.policy && i < d->batch.nitems; i++) {
        const struct item *item = &d->batch.items[i];
        if (item->order && !item->misshapen && doctor_is_here(d, item) && n++ < ITEMS_SHOWN) {
            put_item(b, d, item);
        }
    }
    if (n > ITEMS_SHOWN) {
        buf_printf(b, "%-18s and %zu more\n", "", n - ITEMS_SHOWN);
    }
    if (!n && !d->has_request) {
        member(b, "Request", "none was given (--csr, or a manifest)");
    }
}

static void put_first_error(struct buf *b, const struct doctor *d)
{
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        const struct doctor_result *r = &d->results[s];
        for (size_t i = 0; i < r->n; i++) {
            if (r->v[i].status == DOCTOR_FAILED) {
                member(b, "Error", r->v[i].seen);
                return;
            }
        }
    }
    member(b, "Error", "none");
}

void doctor_escalation(const struct doctor *d, const char *versions, struct buf *out)
{
    const struct ca_config *ca = d->options.ca;
    const char *environment = ca_environment(ca);
    char now[TIME_TEXT];
    time_format(time_now(), now);
    member(out, "CA", ca->name);
    member(out, "Kind", ca->type->title);
    member(out, "Endpoint", ca_endpoint(ca));
    if (ca->type->environment) {
        member(out, "Environment", environment ? environment : "not known");
    }
    member(out, "Proxy", ca->common.proxy.host ? ca->common.proxy.host : "none");
    member(out, "Written", now);
    put_first_error(out, d);
    put_products(out, d);
    put_requests(out, d);
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        if (d->results[s].when != TIME_NONE) {
            put_result(out, doctor_rows[s].title, "", &d->results[s]);
        }
        if (d->second[s].when != TIME_NONE) {
            put_result(out, doctor_rows[s].title, ", second try", &d->second[s]);
        }
    }
    buf_printf(out, "\nVersions\n%s", versions);
}
