/* SPDX-License-Identifier: Apache-2.0
 *
 * What the embedded CA tells of itself in lists: its one table of products, and its index as an
 * inventory, page by page. Both sides of each list stand here, as it is put into a reply and as it
 * is read from one.
 */
#include "batch/ca/local.h"

#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_ROWS = 500 };

static const char *text_of(struct arena *a, const json_t *object, const char *key)
{
    const char *s = json_get_str(object, key);
    return s ? arena_strdup(a, s) : NULL;
}

/* --- products --- */
void local_put_products(struct jw *j, const struct ca_type *type)
{
    char term[TIME_TEXT];
    jw_array(j, "products");
    for (size_t i = 0; i < type->nproducts; i++) {
        const struct product_info *p = &type->products[i];
        duration_format((int64_t)p->max_days * DAY_SECONDS, term);
        jw_object(j, NULL);
        jw_str(j, "code", p->code);
        jw_str(j, "name", p->name);
        jw_str(j, "level", p->level);
        jw_str(j, "term", p->max_days ? term : NULL);
        jw_end(j);
    }
    jw_end(j);
}

void local_read_products(const json_t *reply, struct ca_result *out)
{
    const json_t *list = json_get(reply, "products");
    const size_t n = json_array_size(list);
    struct arena *a = out->arena;
    out->sold = n ? arena_array(a, n, sizeof *out->sold) : NULL;
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        const struct ca_sold sold = {.code = text_of(a, row, "code"),
                                     .name = text_of(a, row, "name"),
                                     .type_id = text_of(a, row, "level"),
                                     .term = text_of(a, row, "term")};
        out->sold[out->nsold] = sold;
        out->nsold += sold.code ? 1 : 0;
    }
}

/* --- inventory --- */
/* The common name, else the first name: "dns:www.example.com" without its kind. */
static const char *primary_name(const json_t *record)
{
    const char *cn = json_get_str(record, "common_name");
    const char *san = json_string_value(json_array_get(json_get(record, "san"), 0));
    const char *colon = san ? strchr(san, ':') : NULL;
    return cn || !colon ? cn : colon + 1;
}

static bool put_row(struct jw *j, const struct local *l, const struct local_record *r, int64_t now,
                    const char *issuer, struct err *err)
{
    char id[LOCAL_ORDER_ID];
    char status[64];
    const bool revoked = r->revoked != TIME_NONE;
    const bool expired = r->not_after < now;
    CLEANUP(json_tree_release) json_t *t = local_read_record(&l->index, r, err);
    if (!t) {
        return false;
    }
    (void)snprintf(status, sizeof status, "%s%s",
                   revoked   ? "revoked: "
                   : expired ? "expired"
                             : "issued",
                   revoked ? revocation_reason_name(r->reason) : "");
    local_order_id(r->serial, id);
    jw_object(j, NULL);
    jw_str(j, "order", id);
    jw_str(j, "serial", json_get_str(t, "serial"));
    jw_str(j, "status", status);
    jw_str(j, "common_name", primary_name(t));
    jw_str(j, "product", json_get_str(t, "product"));
    jw_str(j, "issuer", issuer);
    jw_int(j, "ordered", r->issued);
    jw_int(j, "not_after", r->not_after);
    jw_bool(j, "revoked", revoked);
    jw_bool(j, "expired", expired);
    jw_end(j);
    return true;
}

/* The cursor is a position in the index, which only grows. */
bool local_put_inventory(struct jw *j, const struct local *l, const struct ca_call *call,
                         int64_t now, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *issuer = dn_text(&a, &l->issuer.subject);
    char next[24] = "";
    uint64_t at = 0;
    if (call->page && !str_u64(call->page, &at)) {
        return err_set(err, ERR_INTERNAL, "the inventory has no page of that name");
    }
    jw_array(j, "listed");
    for (size_t rows = 0; at < l->index.n && rows < PAGE_ROWS; at++) {
        const struct local_record *r = &l->index.v[at];
        if (r->issued < call->since) {
            continue;
        }
        if (!put_row(j, l, r, now, issuer, err)) {
            return false;
        }
        rows++;
    }
    jw_end(j);
    if (at < l->index.n) {
        (void)snprintf(next, sizeof next, "%llu", (unsigned long long)at);
        jw_str(j, "next", next);
    }
    return true;
}

void local_read_inventory(const json_t *reply, struct ca_result *out)
{
    const json_t *list = json_get(reply, "listed");
    const size_t n = json_array_size(list);
    struct arena *a = out->arena;
    const char *serial;
    out->listed = n ? arena_array(a, n, sizeof *out->listed) : NULL;
    out->next_page = text_of(a, reply, "next");
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        serial = json_get_str(row, "serial");
        out->listed[out->nlisted++] =
            (struct ca_listed){.order_id = text_of(a, row, "order"),
                               .status = text_of(a, row, "status"),
                               .common_name = text_of(a, row, "common_name"),
                               .serial = serial ? serial_normal(a, serial) : NULL,
                               .product = text_of(a, row, "product"),
                               .issuer = text_of(a, row, "issuer"),
                               .ordered = json_get_int(row, "ordered", TIME_NONE),
                               .not_after = json_get_int(row, "not_after", TIME_NONE),
                               .revoked = json_get_bool(row, "revoked", false),
                               .expired = json_get_bool(row, "expired", false)};
    }
}
