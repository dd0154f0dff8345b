/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of CertCentral that change nothing.
 */
#include "tests/sim/sim_digicert.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

const char *dc_stamp(struct arena *a, int64_t t)
{
    char text[TIME_TEXT];
    time_format(t, text);
    text[strlen(text) - 1] = '\0'; /* an offset, not Z */
    return arena_printf(a, "%s+00:00", text);
}

static const char *day(struct arena *a, int64_t t)
{
    char text[TIME_TEXT];
    time_format_date(t, text);
    return arena_strdup(a, text);
}

void dc_no_order(struct request *q, struct reply *r)
{
    dc_error(q, r, 404, "not_found|order", "The specified order was not found.");
}

/* --- certificates --- */
/* PEM with CRLF, as the API has it in JSON. */
static json_t *entry(struct arena *a, const char *name, struct span der)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(LIMIT_CERT_BYTES * 2);
    json_t *pem = pem_json(der);
    for (const char *p = json_string_value(pem); *p; p++) {
        if (*p == '\n') {
            buf_putc(&out, '\r');
        }
        buf_putc(&out, *p);
    }
    json_decref(pem);
    return json_pack("{s:s,s:s}", "subject_common_name", name, "pem",
                     arena_strdup(a, buf_text(&out)));
}

json_t *dc_chain(struct request *q, struct dc *c)
{
    struct span der;
    struct err err = ERR_INIT;
    const struct sim_ca *ca = &q->sim->ca;
    const struct plan *bend = &c->o->bend;
    const bool alone = plan_has(&q->plan, FAULT_NO_CHAIN) || plan_has(bend, FAULT_NO_CHAIN);
    const bool shuffle =
        plan_has(&q->plan, FAULT_CHAIN_SHUFFLE) || plan_has(bend, FAULT_CHAIN_SHUFFLE);
    if (!order_certificate(q->sim, order_swapped(q->sim, c->o, &q->plan), &q->plan, &der, &err)) {
        return NULL;
    }
    json_t *all = json_pack("[o]", entry(&q->arena, c->o->domain, der));
    const struct cert *first = shuffle ? &ca->root.cert : &ca->issuing.cert;
    const struct cert *second = shuffle ? &ca->issuing.cert : &ca->root.cert;
    if (!alone) {
        (void)json_array_append_new(all, entry(&q->arena, "ICA", first->der));
        (void)json_array_append_new(all, entry(&q->arena, "Root", second->der));
    }
    return all;
}

DC_HANDLER(dc_download)
{
    struct dc *c = dc_find_certificate(id);
    const char *status = c ? dc_status(q, c, true) : NULL;
    json_t *chain =
        status && str_has_word("issued expired revoked", status) ? dc_chain(q, c) : NULL;
    if (!chain) {
        dc_error(q, r, 404, "not_found|certificate", "The specified certificate was not found.");
        return;
    }
    c->o->downloaded = true;
    dc_good(q, r, 200, json_pack("{s:o}", "intermediates", chain));
}

/* --- an order --- */
static json_t *names_json(const struct order *o)
{
    json_t *all = json_array();
    for (size_t i = 0; i < o->ndomains; i++) {
        (void)json_array_append_new(all, json_string(o->domains[i].name));
    }
    return all;
}

/* Members of a certificate that is not there yet are missing, not null. */
static json_t *certificate_json(struct request *q, struct dc *c)
{
    const struct order *o = c->o;
    json_t *tree = json_pack(
        "{s:s*,s:o,s:s,s:s}", "common_name", o->mail ? o->mail->common_name : o->domain,
        o->mail ? "emails" : "dns_names", names_json(o), "csr", o->csr, "signature_hash", c->hash);
    if (!o->mail) {
        (void)json_object_set_new(tree, "server_platform", json_pack("{s:i}", "id", 45));
    }
    if (c->approval == DC_APPROVED) {
        (void)json_object_set_new(tree, "id", json_integer(dc_number(o->request_number)));
    }
    if (o->cert.n) {
        (void)json_object_set_new(tree, "serial_number", json_string(o->parsed.serial_hex));
        (void)json_object_set_new(tree, "valid_from",
                                  json_string(day(&q->arena, o->parsed.not_before)));
        (void)json_object_set_new(tree, "valid_till",
                                  json_string(day(&q->arena, o->parsed.not_after)));
    }
    return tree;
}

static json_t *requests_json(const struct dc *c)
{
    static const char *const words[] = {"approved", "pending", "rejected"};
    json_t *all = json_array();
    (void)json_array_append_new(
        all, json_pack("{s:I,s:s,s:s,s:s?}", "id", (json_int_t)c->request, "type",
                       c->kind == DC_PRIMARY   ? "new_request"
                       : c->kind == DC_REISSUE ? "reissue"
                                               : "duplicate",
                       "status", words[c->approval], "comments", c->comments));
    if (c->revoke_request) {
        (void)json_array_append_new(
            all, json_pack("{s:I,s:s,s:s,s:s?}", "id", (json_int_t)c->revoke_request, "type",
                           "revoke", "status", c->revoke_waits ? "pending" : "approved", "comments",
                           c->revoke_comments));
    }
    return all;
}

static json_t *all_requests(const struct dc *primary)
{
    json_t *all = json_array();
    const struct dc *c;
    for (size_t i = 0; (c = dc_at(i)) != NULL; i++) {
        if (str_eq(c->o->number, primary->o->number)) {
            json_t *own = requests_json(c);
            (void)json_array_extend(all, own);
            json_decref(own);
        }
    }
    return all;
}

/* It is of a host or a mailbox, not of an organization. */
static bool nobody(const struct dc *c)
{
    return c->o->product->type->level == LEVEL_DV || !c->o->organization_name;
}

DC_HANDLER(dc_info)
{
    struct dc *c = dc_find_any(id);
    if (!c) {
        dc_no_order(q, r);
        return;
    }
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    if (pending) {
        c->o->pending_polls = pending->n;
    }
    const char *status = dc_order_status(q, c, true);
    json_t *tree = json_pack(
        "{s:I,s:s,s:o,s:s,s:o,s:s?,s:o,s:{s:s,s:s},s:b}", "id", dc_number(c->o->number), "status",
        status, "certificate", certificate_json(q, dc_newest(c)), "date_created",
        dc_stamp(&q->arena, c->o->placed_at), "organization", /* an empty list for none */
        nobody(c) ? json_array()
                  : json_pack("{s:I,s:s}", "id", dc_number(q->sim->options.organization), "name",
                              "Example Corp"),
        "dcv_method", c->dcv_method, "requests", all_requests(c), "product", "name_id",
        c->o->product->code, "name", c->o->product->name, "allow_duplicates", true);
    dc_good(q, r, 200, tree);
}

/* Of a list: its own state is told here. Numbers as text. */
static json_t *sibling_json(struct request *q, struct dc *c)
{
    json_t *tree = certificate_json(q, c);
    const char *status = dc_status(q, c, true);
    (void)json_object_set_new(tree, "id", json_string(c->o->request_number));
    (void)json_object_set_new(tree, "status",
                              json_string(str_eq(status, "issued")           ? "approved"
                                          : str_eq(status, "needs_approval") ? "pending"
                                                                             : status));
    return tree;
}

/* The list of reissues begins with the first certificate; that of duplicates may repeat it. */
static void siblings(struct request *q, struct reply *r, const char *id, enum dc_kind kind)
{
    struct dc *primary = dc_find(id), *c;
    json_t *all = json_array();
    if (!primary) {
        json_decref(all);
        dc_no_order(q, r);
        return;
    }
    for (size_t i = 0; (c = dc_at(i)) != NULL; i++) {
        const bool own = c == primary && kind == DC_REISSUE;
        if (str_eq(c->o->number, id) && (c->kind == kind || own)) {
            (void)json_array_append_new(all, sibling_json(q, c));
        }
    }
    dc_good(q, r, 200, json_pack("{s:o}", "certificates", all));
}

DC_HANDLER(dc_reissues)
{
    siblings(q, r, id, DC_REISSUE);
}

DC_HANDLER(dc_duplicates)
{
    siblings(q, r, id, DC_DUPLICATE);
}

/* --- the list --- */
struct filter {
    const char *name, *status, *serial;
    int64_t after, newest_ms;
    uint64_t limit, offset;
    bool backwards;
};

static bool count_of(const struct request *q, const char *name, uint64_t otherwise, uint64_t *out)
{
    const char *text = q->query(q, name);
    *out = otherwise;
    return !text || str_u64(text, out);
}

static bool read_filter(struct request *q, struct reply *r, struct filter *f)
{
    const char *date = q->query(q, "filters[date_created]");
    const char *sort = q->query(q, "sort");
    const struct action *stale = plan_has(&q->plan, FAULT_STALE_LIST);
    *f = (struct filter){.name = q->query(q, "filters[common_name]"),
                         .status = q->query(q, "filters[status]"),
                         .serial = q->query(q, "filters[serial_number]"),
                         .newest_ms = time_monotonic_ms() - (stale ? stale->n : 0),
                         .backwards = sort && *sort == '-',
                         .after = TIME_NONE};
    if (!count_of(q, "limit", 1000, &f->limit) || !count_of(q, "offset", 0, &f->offset) ||
        f->limit > 1000 || (date && (*date != '>' || !time_parse_date(date + 1, &f->after))) ||
        (sort && !str_has_word("date_created -date_created", sort))) {
        dc_error(q, r, 400, "invalid_value:filters", "filters contains an invalid value.");
        return false;
    }
    return true;
}

/* Of any certificate of the order. */
static bool has_serial(const struct dc *primary, const char *serial)
{
    const struct dc *c = dc_find_certificate(serial);
    return c && c->o->cert.n && str_eq(c->o->parsed.serial_hex, serial) &&
           str_eq(c->o->number, primary->o->number);
}

static const char *common_name(const struct dc *c)
{
    const char *name = c->o->mail ? c->o->mail->common_name : c->o->domain;
    return name ? name : "";
}

static bool fits(struct request *q, const struct filter *f, struct dc *c)
{
    return c->kind == DC_PRIMARY && c->o->placed_ms <= f->newest_ms &&
           (!f->name || str_ieq(f->name, common_name(c))) &&
           (!f->serial || has_serial(c, f->serial)) &&
           (f->after == TIME_NONE || c->o->placed_at > f->after) &&
           (!f->status || str_eq(f->status, dc_order_status(q, c, false)));
}

/* No CSR here. */
static json_t *row(struct request *q, struct dc *c)
{
    json_t *certificate = certificate_json(q, dc_newest(c));
    (void)json_object_del(certificate, "csr");
    (void)json_object_del(certificate, "server_platform");
    return json_pack("{s:I,s:o,s:s,s:s,s:{s:s},s:{s:s,s:s},s:s}", "id", dc_number(c->o->number),
                     "certificate", certificate, "status", dc_order_status(q, c, false),
                     "date_created", dc_stamp(&q->arena, c->o->placed_at), "organization", "name",
                     nobody(c) ? "" : "Example Corp", "product", "name_id", c->o->product->code,
                     "name", c->o->product->name, "product_name_id", c->o->product->code);
}

/* Without a hit there is no list at all. */
DC_HANDLER(dc_list)
{
    struct filter f;
    struct dc *c;
    size_t all = 0, total = 0;
    json_t *rows = json_array();
    (void)id;
    if (!read_filter(q, r, &f)) {
        json_decref(rows);
        return;
    }
    while (dc_at(all)) {
        all++;
    }
    for (size_t i = 0; i < all; i++) {
        c = dc_at(f.backwards ? all - 1 - i : i);
        if (!fits(q, &f, c)) {
            continue;
        }
        if (total >= f.offset && total < f.offset + f.limit) {
            (void)json_array_append_new(rows, row(q, c));
        }
        total++;
    }
    json_t *tree = json_pack("{s:{s:I,s:I,s:I}}", "page", "total", (json_int_t)total, "limit",
                             (json_int_t)f.limit, "offset", (json_int_t)f.offset);
    if (json_array_size(rows)) {
        (void)json_object_set(tree, "orders", rows);
    }
    json_decref(rows);
    dc_good(q, r, 200, tree);
}

/* --- what the account has --- */
DC_HANDLER(dc_products)
{
    json_t *all = json_array();
    const struct product *p;
    (void)id;
    for (size_t i = 0; (p = dc_product_at(i)) != NULL; i++) {
        (void)json_array_append_new(
            all, json_pack("{s:s,s:s,s:s,s:s,s:[i,i,i]}", "group_name",
                           p->type->level == LEVEL_MAIL ? "client_certificate" : "ssl_certificate",
                           "name_id", p->code, "name", p->name, "type", "ssl_certificate",
                           "allowed_order_validity_years", 1, 2, 3));
    }
    dc_good(q, r, 200, json_pack("{s:o}", "products", all));
}

DC_HANDLER(dc_user)
{
    (void)id;
    if (str_eq(q->sim->options.approval, "orders-only")) {
        dc_error(q, r, 403, "access_denied|missing_permission", "You do not have permission.");
        return;
    }
    dc_good(q, r, 200,
            json_pack("{s:i,s:s,s:I,s:s,s:[{s:i,s:s}],s:s}", "id", 270011, "username", "batch-svc",
                      "account_id", dc_number(q->sim->options.account), "status", "active",
                      "access_roles", "id", 1, "name",
                      dc_may_approve(q) ? "Administrator" : "Standard user", "type",
                      "service_user"));
}
