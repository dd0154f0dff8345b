/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of SCM that change nothing.
 */
#include "tests/sim/sim_sectigo.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[ORDER__MAX] = {
    [ORDER_DRAFT] = "Init",        [ORDER_ACCEPTED] = "Approved",
    [ORDER_NO_CSR] = "Init",       [ORDER_NO_AGREEMENT] = "Requested",
    [ORDER_DCV] = "Applied",       [ORDER_VETTING] = "Applied",
    [ORDER_APPROVED] = "Applied",  [ORDER_ISSUED] = "Issued",
    [ORDER_DOWNLOADED] = "Issued", [ORDER_EXPIRED] = "Expired",
    [ORDER_REVOKED] = "Revoked",   [ORDER_CANCELLED] = "Declined",
};

const char *scm_status(struct sim *s, struct order *o, bool poll)
{
    return words[order_state(s, o, poll)];
}

const char *scm_serial(struct arena *a, const struct order *o)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(256);
    const struct span serial = o->parsed.serial;
    if (!o->cert.n) {
        return NULL;
    }
    if (serial.p[0] & 0x80) {
        buf_puts(&b, "00:");
    }
    for (size_t i = 0; i < serial.n; i++) {
        buf_printf(&b, "%s%02X", i ? ":" : "", (unsigned)serial.p[i]);
    }
    return arena_strdup(a, buf_text(&b));
}

/* --- what the account has --- */
static json_t *profile(const struct product *p)
{
    return json_pack("{s:o,s:s,s:s,s:[i,i,i],s:{s:[s,s,s],s:[s,s]},s:b}", "id", scm_number(p->code),
                     "name", p->name, "description", "", "terms", 90, 199, 365, "keyTypes", "RSA",
                     "2048", "3072", "4096", "EC", "P-256", "P-384", "useSecondaryOrgName", 0);
}

SCM_HANDLER(scm_types)
{
    const struct catalogue *c = &q->sim->catalogue;
    const char *org = q->query(q, "organizationId");
    json_t *all = json_array();
    (void)o, (void)id;
    if (org && !str_eq(org, q->sim->options.organization)) {
        json_decref(all);
        scm_error(q, r, 400, -1023, "Organization not found");
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].type->level != LEVEL_PRIVATE) {
            (void)json_array_append_new(all, profile(&c->v[i]));
        }
    }
    scm_good(q, r, all);
}

SCM_HANDLER(scm_custom_fields)
{
    (void)o, (void)id;
    scm_good(q, r, json_pack("[{s:i,s:s,s:b}]", "id", 54, "name", "CostCentre", "mandatory", 0));
}

SCM_HANDLER(scm_organizations)
{
    (void)o, (void)id;
    scm_good(q, r,
             json_pack("[{s:o,s:s,s:[]}]", "id", scm_number(q->sim->options.organization), "name",
                       "Example Corp", "departments"));
}

SCM_HANDLER(scm_organization)
{
    (void)o;
    if (!str_eq(id, q->sim->options.organization)) {
        scm_error(q, r, 404, -1023, "Organization not found");
        return;
    }
    scm_good(q, r,
             json_pack("{s:o,s:s,s:s,s:b,s:[s,s]}", "id", scm_number(id), "name", "Example Corp",
                       "country", "US", "sslCertsApiEnabled", 1, "certTypes", "SSL", "Device"));
}

/* --- details --- */
static const char *stamp(struct arena *a, int64_t t)
{
    char text[TIME_TEXT];
    time_format(t, text);
    return arena_printf(a, "%.19s.000Z", text);
}

/* MM/dd/yyyy unless asked for otherwise. */
static const char *date(const struct request *q, struct arena *a, int64_t t)
{
    const char *form = q->query(q, "dateFormat");
    const char *iso = stamp(a, t);
    if (form && str_ieq(form, "ISO_HMS")) {
        return iso;
    }
    return form && str_ieq(form, "ISO") ? arena_strndup(a, iso, 10)
                                        : arena_printf(a, "%.2s/%.2s/%.4s", iso + 5, iso + 8, iso);
}

static json_t *names_of(const struct order *o)
{
    json_t *all = json_array();
    for (size_t i = 0; i < o->ndomains; i++) {
        (void)json_array_append_new(all, json_string(o->domains[i].name));
    }
    return all;
}

SCM_HANDLER(scm_details)
{
    struct arena *a = &q->arena;
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    (void)id;
    if (pending) {
        o->pending_polls = pending->n;
    }
    const char *status = scm_status(q->sim, o, false);
    json_t *tree =
        json_pack("{s:s,s:o,s:o,s:o,s:s,s:o,s:i,s:s,s:s?,s:s,s:b,s:s?,s:o}", "commonName",
                  o->domain, "id", scm_number(o->number), "sslId", scm_number(o->number), "orgId",
                  scm_number(q->sim->options.organization), "status", status, "certType",
                  profile(o->product), "term", (int)o->days, "requestedVia", "REST API", "comments",
                  o->remarks, "requested", date(q, a, o->placed_at), "renewed", o->renewed,
                  "serialNumber", scm_serial(a, o), "subjectAlternativeNames", names_of(o));
    if (o->cert.n) {
        (void)json_object_set_new(tree, "expires", json_string(date(q, a, o->parsed.not_after)));
    }
    scm_good(q, r, tree);
}

/* --- collect --- */
enum { LEAF = 'l', ISSUING = 'i', ROOT = 'r' };
static const struct {
    const char *name, *order;
} formats[] = {
    {"x509", "ril"},   {"x509R", "lir"}, {"x509CO", "l"}, {"x509IO", "ri"},
    {"x509IOR", "ir"}, {"pem", "ril"},   {"pemco", "l"},  {"pemia", "lir"},
};

static const char *order_of(const char *format)
{
    for (size_t i = 0; i < NITEMS(formats); i++) {
        if (str_eq(formats[i].name, format)) {
            return formats[i].order;
        }
    }
    return NULL;
}

static void put_certificates(struct request *q, struct reply *r, const struct order *o,
                             const char *which, struct span leaf)
{
    const struct sim_ca *ca = &q->sim->ca;
    const bool shuffle =
        plan_has(&q->plan, FAULT_CHAIN_SHUFFLE) || plan_has(&o->bend, FAULT_CHAIN_SHUFFLE);
    const bool alone = plan_has(&q->plan, FAULT_NO_CHAIN) || plan_has(&o->bend, FAULT_NO_CHAIN);
    reply_text(r, 200, "application/octet-stream", "");
    for (; *which; which++) {
        const bool root = (*which == ROOT) != shuffle;
        if (*which == LEAF) {
            cert_pem(&r->body, leaf);
        } else if (!alone) {
            cert_pem(&r->body, root ? ca->root.cert.der : ca->issuing.cert.der);
        }
    }
    reply_header(r, "Content-Disposition", "attachment; filename=\"certificate.crt\"");
}

/* "/collect/55?format=x509", and the older "/collect/55/x509". */
SCM_HANDLER(scm_collect)
{
    struct span der;
    struct err err = ERR_INIT;
    const char *slash = strchr(id, '/');
    const char *asked = slash ? slash + 1 : q->query(q, "format");
    const char *which = order_of(asked ? asked : "x509");
    const char *number = slash ? arena_strndup(&q->arena, id, (size_t)(slash - id)) : id;
    o = orders_find(&q->sim->orders, number);
    if (!o) {
        scm_error(q, r, 404, -5101, "SSL certificate not found");
        return;
    }
    if (!which) {
        scm_error(q, r, 400, -126, "Unknown format type"); /* PKCS #7 is not simulated */
        return;
    }
    const enum order_state state = order_state(q->sim, o, true);
    if (state == ORDER_REVOKED) {
        scm_error(q, r, 400, -110, "The certificate has been revoked");
    } else if (state == ORDER_NO_AGREEMENT || state == ORDER_CANCELLED) {
        scm_error(q, r, 400, -183, "The certificate is not collectable");
    } else if (!o->cert.n || state < ORDER_ISSUED) {
        scm_error(q, r, 400, 0, "Being processed by Sectigo");
    } else if (!order_certificate(q->sim, order_swapped(q->sim, o, &q->plan), &q->plan, &der,
                                  &err)) {
        scm_error(q, r, 400, -2, "Internal error");
    } else {
        put_certificates(q, r, o, which, der);
        o->downloaded = true;
        r->outcome = "ok";
    }
}

/* --- list --- */
static bool count_of(const struct request *q, const char *name, uint64_t otherwise, uint64_t *out)
{
    const char *text = q->query(q, name);
    *out = otherwise;
    return !text || str_u64(text, out);
}

static bool listed(struct request *q, struct order *o)
{
    const char *name = q->query(q, "commonName"), *status = q->query(q, "status");
    const char *serial = q->query(q, "serialNumber");
    const char *own = scm_serial(&q->arena, o);
    return (!name || str_ieq(name, o->domain)) &&
           (!status || str_eq(status, scm_status(q->sim, o, false))) &&
           (!serial || (own && str_ieq(serial, own)));
}

SCM_HANDLER(scm_list)
{
    uint64_t size = 0, position = 0, total = 0;
    struct orders *all = &q->sim->orders;
    (void)o, (void)id;
    if (!count_of(q, "size", 200, &size) || !count_of(q, "position", 0, &position) || size > 200) {
        scm_error(q, r, 400, -1601, "Field value is invalid");
        return;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < all->n; i++) {
        struct order *one = all->v[i];
        if (!listed(q, one) || total++ < position || json_array_size(rows) >= size) {
            continue;
        }
        (void)json_array_append_new(
            rows, json_pack("{s:o,s:s,s:o,s:s?}", "sslId", scm_number(one->number), "commonName",
                            one->domain, "subjectAlternativeNames", names_of(one), "serialNumber",
                            scm_serial(&q->arena, one)));
    }
    scm_good(q, r, rows);
    reply_header(r, "X-Total-Count", arena_printf(&q->arena, "%llu", (unsigned long long)total));
}

/* --- report --- */
struct span_of_days {
    int64_t from, to;
};

static bool numbers(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_is_integer(json_array_get(list, i))) {
            return false;
        }
    }
    return !list || json_is_array(list);
}

static bool has_number(const json_t *list, int64_t number)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_integer_value(json_array_get(list, i)) == number) {
            return true;
        }
    }
    return !json_array_size(list);
}

static bool read_days(struct request *q, struct reply *r, struct span_of_days *out)
{
    const char *from = shape_str(q->json, "from"), *to = shape_str(q->json, "to");
    const json_t *attribute = json_object_get(q->json, "certificateDateAttribute");
    *out = (struct span_of_days){INT64_MIN, INT64_MAX};
    if (!numbers(json_object_get(q->json, "organizationIds"))) {
        scm_error(q, r, 400, -1002, "organizationIds must be numbers");
        return false;
    }
    if (!from && !to) {
        return true;
    }
    if (!from || !to || !time_parse_date(from, &out->from) || !time_parse_date(to, &out->to) ||
        out->from >= out->to || json_integer_value(attribute) != 4) { /* others: not simulated */
        scm_error(q, r, 400, -1601, "from, to, certificateDateAttribute");
        return false;
    }
    return true;
}

/* 0 any, 1 Requested, 2 Issued, 3 Revoked, 4 Expired */
static bool has_status(struct sim *s, struct order *o, int64_t wanted)
{
    static const char *const all[] = {"", "Requested", "Issued", "Revoked", "Expired"};
    return wanted <= 0 ||
           (wanted < (int64_t)NITEMS(all) && str_eq(all[wanted], scm_status(s, o, false)));
}

static json_t *report_row(struct request *q, struct order *o)
{
    struct arena *a = &q->arena;
    const char *status = scm_status(q->sim, o, false);
    json_t *row = json_pack(
        "{s:o,s:s,s:o,s:s,s:s,s:o,s:s,s:i,s:s,s:s?,s:s,s:s,s:s?}", "id", scm_number(o->number),
        "commonName", o->domain, "orgId", scm_number(q->sim->options.organization),
        "organizationName", "Example Corp", "status", status, "typeId",
        scm_number(o->product->code), "type", o->product->name, "term", (int)o->days, "requester",
        "API Administrator", "comments", o->remarks, "requested", stamp(a, o->placed_at),
        "requestedVia", "REST API", "serialNumber", scm_serial(a, o));
    if (o->cert.n) {
        (void)json_object_set_new(row, "expires", json_string(stamp(a, o->parsed.not_after)));
        (void)json_object_set_new(row, "issuer", json_string("Simulator Issuing CA"));
    }
    return row;
}

SCM_HANDLER(scm_report)
{
    struct span_of_days days;
    struct orders *all = &q->sim->orders;
    const json_t *organizations = json_object_get(q->json, "organizationIds");
    const char *name = shape_str(q->json, "commonName");
    const int64_t status = json_integer_value(json_object_get(q->json, "certificateStatus"));
    const struct action *stale = plan_has(&q->plan, FAULT_STALE_LIST);
    const int64_t newest = time_monotonic_ms() - (stale ? stale->n : 0);
    (void)o, (void)id;
    if (!read_days(q, r, &days)) {
        return;
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < all->n; i++) {
        struct order *one = all->v[i];
        if (one->placed_ms <= newest && one->placed_at >= days.from && one->placed_at < days.to &&
            (!name || str_ieq(name, one->domain)) &&
            has_number(organizations, atoll(q->sim->options.organization)) &&
            has_status(q->sim, one, status)) {
            (void)json_array_append_new(rows, report_row(q, one));
        }
    }
    if (!json_array_size(rows) && plan_has(&q->plan, FAULT_REPORT_FAILURE)) {
        json_decref(rows);
        scm_good(q, r, json_pack("{s:i,s:[]}", "statusCode", -1, "reports"));
        return;
    }
    scm_good(q, r, json_pack("{s:i,s:o}", "statusCode", 0, "reports", rows));
}
