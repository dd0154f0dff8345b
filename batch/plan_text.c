/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan as text for people: a row an item, revocations by their reason, with what an inventory
 * says of their certificates; then the counts. Nothing here binds: what does is plan_file.c.
 */
#include "batch/plan.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <string.h>

enum { NAME_WIDTH = 34 };

static void put_cell(struct buf *out, const char *text, int width)
{
    CLEANUP(buf_release) struct buf cell = BUF_INIT(LIMIT_MESSAGE);
    str_vis(&cell, text, strlen(text), LIMIT_VALUE_SHOWN);
    buf_puts(out, buf_text(&cell));
    for (size_t n = utf8_length(buf_text(&cell), cell.n); n < (size_t)width; n++) {
        buf_putc(out, ' ');
    }
}

static void put_names(struct buf *out, const struct plan_item *p)
{
    size_t n = 0;
    while (p->names[n]) {
        n++;
    }
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    const char *first = p->common_name ? p->common_name : n ? p->names[0] : "-";
    const char *colon = p->common_name ? NULL : strchr(first, ':');
    first = colon ? colon + 1 : first;
    size_t length = strlen(first);
    int room = n > 1 ? NAME_WIDTH - 6 : NAME_WIDTH;
    bool cut = length > (size_t)room;
    size_t shown = cut ? (size_t)room - 2 : length;
    while (cut && ((unsigned char)first[shown] & 0xC0) == 0x80) {
        shown--; /* not inside a character */
    }
    buf_printf(&text, "%.*s%s", (int)shown, first, cut ? ".." : "");
    if (n > 1) {
        buf_printf(&text, " +%zu", n - 1);
    }
    put_cell(out, buf_text(&text), NAME_WIDTH);
}

struct widths {
    int id, ca, product;
};

static int wider(int width, const char *text)
{
    size_t n = text ? strlen(text) : 1;
    n = n > 40 ? 40 : n;
    return (int)n > width ? (int)n : width;
}

/* What keeps a revocation, beside its reason. */
static void put_wait(struct buf *out, const struct batch *b, const struct plan_item *p)
{
    const struct revocation *v = p->item->revocation;
    char text[TIME_TEXT];
    if (v && p->action == PLAN_REVOKE && v->not_before != TIME_NONE && v->not_before > b->now) {
        time_format(v->not_before, text);
        buf_printf(out, ", waits until %s", text);
    }
}

static void put_row(struct buf *out, const struct batch *b, const struct plan_item *p,
                    const struct widths *w)
{
    put_cell(out, plan_action_names[p->action], 9);
    put_cell(out, p->item->id, w->id + 2);
    put_cell(out, p->item->ca ? p->item->ca->name : "-", w->ca + 2);
    put_cell(out, p->item->product_code ? p->item->product_code : "-", w->product + 2);
    put_names(out, p);
    buf_puts(out, "  ");
    put_cell(out, p->why ? p->why : "", 0);
    put_wait(out, b, p);
    buf_putc(out, '\n');
    if (p->places) {
        buf_puts(out, "           in use: ");
        put_cell(out, p->places, 0);
        buf_putc(out, '\n');
    }
}

/* Revocations are read by reason: the urgent first. */
static const int reasons[] = {REASON_KEY_COMPROMISE,
                              REASON_CA_COMPROMISE,
                              REASON_AA_COMPROMISE,
                              REASON_PRIVILEGE_WITHDRAWN,
                              REASON_CESSATION_OF_OPERATION,
                              REASON_AFFILIATION_CHANGED,
                              REASON_SUPERSEDED,
                              REASON_UNSPECIFIED,
                              REASON_CERTIFICATE_HOLD,
                              REASON_REMOVE_FROM_CRL,
                              REASON_NONE};

static bool is_revocation(const struct plan_item *p)
{
    return p->item->kind == ITEM_REVOCATION;
}

static void put_rows(struct buf *out, const struct batch *b, const struct plan *p,
                     const struct widths *w)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!is_revocation(&p->v[i])) {
            put_row(out, b, &p->v[i], w);
        }
    }
    for (size_t k = 0; k < NITEMS(reasons); k++) {
        for (size_t i = 0; i < p->n; i++) {
            if (is_revocation(&p->v[i]) && p->v[i].item->revocation->reason == reasons[k]) {
                put_row(out, b, &p->v[i], w);
            }
        }
    }
}

/* Of what will be revoked. */
static void put_reasons(struct buf *out, const struct plan *p)
{
    const char *before = "Revocations by reason: ";
    size_t used = 0;
    for (size_t k = 0; k < NITEMS(reasons); k++) {
        size_t n = 0;
        for (size_t i = 0; i < p->n; i++) {
            n += p->v[i].action == PLAN_REVOKE && p->v[i].item->revocation->reason == reasons[k];
        }
        if (n) {
            buf_printf(out, "%s%zu %s", before, n, revocation_reason_name(reasons[k]));
            before = ", ";
        }
    }
    if (p->counts[PLAN_REVOKE]) {
        buf_puts(out, ".\n");
    }
    for (size_t i = 0; i < p->n; i++) {
        used += p->v[i].places && p->v[i].action == PLAN_REVOKE;
    }
    if (used) {
        buf_printf(out, "Still in use by the inventory: %zu of %zu.\n", used,
                   p->counts[PLAN_REVOKE]);
    }
}

void plan_text(const struct batch *b, const struct plan *p, struct buf *out)
{
    static const char *const words[PLAN__MAX] = {
        [PLAN_ORDER] = "to order",   [PLAN_RENEW] = "to renew", [PLAN_REISSUE] = "to reissue",
        [PLAN_REVOKE] = "to revoke", [PLAN_KEEP] = "to keep",   [PLAN_BLOCKED] = "blocked",
    };
    struct widths w = {.id = 4, .ca = 4, .product = 7};
    for (size_t i = 0; i < p->n; i++) {
        w.id = wider(w.id, p->v[i].item->id);
        w.ca = wider(w.ca, p->v[i].item->ca ? p->v[i].item->ca->name : NULL);
        w.product = wider(w.product, p->v[i].item->product_code);
    }
    put_rows(out, b, p, &w);
    buf_printf(out, "%sPlan for %s: ", p->n ? "\n" : "", b->manifest.name);
    bool any = false;
    for (size_t i = 0; i < PLAN__MAX; i++) {
        if (p->counts[i]) {
            buf_printf(out, "%s%zu %s", any ? ", " : "", p->counts[i], words[i]);
            any = true;
        }
    }
    buf_printf(out, "%s.%s\n", any ? "" : "nothing to do",
               b->options->simulate ? " (simulation)" : "");
    put_reasons(out, p);
    buf_printf(out, "Digest %s\n", p->digest);
    if (plan_approvals(p) && !b->options->simulate) {
        buf_printf(out,
                   "It runs with %zu signed approvals: certbatch plan -o PLAN.json, then "
                   "certbatch approve PLAN.json\n",
                   plan_approvals(p));
    }
}
