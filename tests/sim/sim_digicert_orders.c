/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of CertCentral that change something: orders, reissues, duplicates, approvals,
 * cancellations, revocations.
 */
#include "tests/sim/sim_digicert.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- products --- */
static const struct product_type types[] = {
    {"", "dv", LEVEL_DV, true, true},          {"", "ov", LEVEL_OV, true, true},
    {"", "ev", LEVEL_EV, false, true},         {"", "private", LEVEL_PRIVATE, true, true},
    {"", "ov-single", LEVEL_OV, false, false},
};
static const struct product products[] = {
    {"ssl_basic", "Basic OV", &types[1]},
    {"ssl_ev_basic", "Basic EV", &types[2]},
    {"ssl_dv_geotrust_flex", "GeoTrust DV", &types[0]},
    {"private_ssl_flex", "Private SSL", &types[3]},
    {"ssl_plus", "Standard SSL", &types[4]},
};

const struct product *dc_product_at(size_t i)
{
    const size_t mail = i - NITEMS(products);
    return i < NITEMS(products)            ? &products[i]
           : mail < dc_mail_products_count ? &dc_mail_products[mail]
                                           : NULL;
}

const struct product *dc_product(const char *name_id, size_t n)
{
    const struct product *p;
    for (size_t i = 0; (p = dc_product_at(i)) != NULL; i++) {
        if (strlen(p->code) == n && memcmp(p->code, name_id, n) == 0) {
            return p;
        }
    }
    return NULL;
}

/* --- the table of certificates --- */
enum { CERTIFICATES = 1 << 16, FIRST_REQUEST = 456000 };
static struct dc table[CERTIFICATES];
static size_t used;

struct dc *dc_at(size_t i)
{
    return i < used ? &table[i] : NULL;
}

json_int_t dc_number(const char *text)
{
    return (json_int_t)strtoll(text, NULL, 10);
}

struct dc *dc_find(const char *id)
{
    for (size_t i = 0; i < used; i++) {
        if (table[i].kind == DC_PRIMARY && str_eq(table[i].o->number, id)) {
            return &table[i];
        }
    }
    return NULL;
}

static bool has_name(const struct dc *c, const char *id)
{
    return c->o->cert.n && str_eq(c->o->parsed.serial_hex, id);
}

struct dc *dc_find_any(const char *id)
{
    struct dc *c = dc_find(id);
    for (size_t i = 0; !c && i < used; i++) {
        c = table[i].kind == DC_PRIMARY && has_name(&table[i], id) ? &table[i] : NULL;
    }
    return c;
}

struct dc *dc_find_certificate(const char *id)
{
    for (size_t i = 0; i < used; i++) {
        if (str_eq(table[i].o->request_number, id) || has_name(&table[i], id)) {
            return &table[i];
        }
    }
    return NULL;
}

/* A reissue takes the place of what was there; a duplicate stands beside it. */
struct dc *dc_newest(const struct dc *primary)
{
    struct dc *newest = NULL;
    for (size_t i = 0; i < used; i++) {
        if (str_eq(table[i].o->number, primary->o->number) && table[i].kind != DC_DUPLICATE &&
            (!newest || table[i].o->cert.n)) {
            newest = &table[i];
        }
    }
    return newest;
}

/* --- states --- */
const char *dc_status(struct request *q, struct dc *c, bool poll)
{
    static const char *const words[ORDER__MAX] = {
        [ORDER_DRAFT] = "needs_approval", [ORDER_ACCEPTED] = "pending",
        [ORDER_NO_CSR] = "needs_csr",     [ORDER_NO_AGREEMENT] = "pending",
        [ORDER_DCV] = "pending",          [ORDER_VETTING] = "pending",
        [ORDER_APPROVED] = "processing",  [ORDER_ISSUED] = "issued",
        [ORDER_DOWNLOADED] = "issued",    [ORDER_EXPIRED] = "expired",
        [ORDER_REVOKED] = "revoked",      [ORDER_CANCELLED] = "canceled"};
    if (c->approval != DC_APPROVED) {
        return c->approval == DC_WAITS ? "needs_approval" : "rejected";
    }
    return words[order_state(q->sim, c->o, poll)];
}

static bool is_open(const char *status)
{
    return str_has_word("pending processing needs_approval", status);
}

/* An order whose one certificate was revoked is issued still. */
const char *dc_order_status(struct request *q, struct dc *primary, bool poll)
{
    const char *own = dc_status(q, primary, poll);
    if (primary->order_revoked) {
        return "revoked";
    }
    for (size_t i = 0; i < used; i++) {
        if (&table[i] != primary && str_eq(table[i].o->number, primary->o->number) &&
            is_open(dc_status(q, &table[i], poll))) {
            return "reissue_pending";
        }
    }
    return str_eq(own, "revoked") ? "issued" : own;
}

/* --- judging an order --- */
enum { MISSING = 8 };

/* All that is missing is said at once. */
bool dc_has_all(struct request *q, struct reply *r, const char *const *paths, size_t n)
{
    json_t *errors = json_array();
    for (size_t i = 0; i < n; i++) {
        if (paths[i] && !shape_at(q->json, paths[i])) {
            (void)json_array_append_new(
                errors,
                json_pack("{s:o,s:o}", "code", json_sprintf("required_param:%s", paths[i]),
                          "message", json_sprintf("%s is a required parameter.", paths[i])));
        }
    }
    if (json_array_size(errors) == 0) {
        json_decref(errors);
        return true;
    }
    reply_json(r, 400, json_pack("{s:o}", "errors", errors));
    r->outcome = "400 required_param";
    return false;
}

bool dc_bad(struct request *q, struct reply *r, const char *field)
{
    dc_error(q, r, 400, arena_printf(&q->arena, "invalid_value:%s", field),
             arena_printf(&q->arena, "%s contains an invalid value.", field));
    return false;
}

/* Days of a term; 0: none is said, -1: not sold. */
static int64_t days_of(const json_t *term)
{
    const json_int_t years = json_integer_value(json_object_get(term, "years"));
    const json_int_t days = json_integer_value(json_object_get(term, "days"));
    const char *date = json_string_value(json_object_get(term, "custom_expiration_date"));
    int64_t end = 0;
    if (!term || json_object_size(term) != 1 || years > 3 || years < 0 || days < 0) {
        return term ? -1 : 0;
    }
    if (date) {
        return time_parse_date(date, &end) && end > time_now()
                   ? (end - time_now()) / DAY_SECONDS + 1
                   : -1;
    }
    return years ? years * 365 : days ? days : -1;
}

static bool terms_fit(struct request *q, struct reply *r)
{
    const int64_t order = days_of(shape_at(q->json, "order_validity"));
    const int64_t certificate = days_of(shape_at(q->json, "certificate.cert_validity"));
    if (order < 0 || certificate < 0) {
        return dc_bad(q, r, order < 0 ? "validity_years" : "cert_validity");
    }
    if (order && certificate > order) {
        dc_error(q, r, 400, "cert_validity_exceeds_order_validity",
                 "The certificate validity exceeds the order validity.");
        return false;
    }
    return true;
}

static bool numbers_fit(struct request *q, struct reply *r)
{
    const struct sim_options *o = &q->sim->options;
    const json_t *organization = shape_at(q->json, "organization.id");
    const json_t *container = shape_at(q->json, "container.id");
    if (organization && json_integer_value(organization) != dc_number(o->organization)) {
        return dc_bad(q, r, "organization.id");
    }
    return !container || json_integer_value(container) == dc_number(o->group) ||
           dc_bad(q, r, "container.id");
}

/* Base64 between the header and the end, with line breaks or without. */
static bool read_csr(struct request *q, const char *text, struct csr *out)
{
    static const char head[] = "-----BEGIN CERTIFICATE REQUEST-----";
    CLEANUP(buf_release) struct buf base64 = BUF_INIT(MAX_BODY);
    CLEANUP(buf_release) struct buf der = BUF_INIT(MAX_BODY);
    const char *end = strstr(text, "-----END CERTIFICATE REQUEST-----");
    if (!str_starts(text, head) || !end) {
        return false;
    }
    for (const char *p = text + sizeof head - 1; p < end; p++) {
        if (*p != '\r' && *p != '\n') {
            buf_putc(&base64, *p);
        }
    }
    if (!base64_decode(&der, buf_text(&base64), base64.n)) {
        return false;
    }
    csr_parse(&q->arena, (struct span){arena_memdup(&q->arena, der.p, der.n), der.n}, out);
    return out->usable;
}

static bool take_csr(struct request *q, struct reply *r, struct order *o)
{
    struct csr csr;
    struct err err = ERR_INIT;
    struct arena *a = &q->sim->arena;
    const char *text = shape_str(q->json, "certificate.csr");
    if (!read_csr(q, text, &csr) || !csr_verify(&csr, &err)) {
        dc_error(q, r, 400, "csr_invalid_cannot_parse", "The CSR cannot be parsed.");
        return false;
    }
    const bool rsa = csr.key.alg == KEY_ALG_RSA && csr.key.bits >= 2048;
    if (!rsa && !str_eq(csr.key.curve, "P-256") && !str_eq(csr.key.curve, "P-384")) {
        dc_error(q, r, 400, "csr_invalid_key_size", "The key of the CSR is not supported.");
        return false;
    }
    o->csr = arena_strdup(a, text);
    o->spki_der = (struct span){arena_memdup(a, csr.key.der.p, csr.key.der.n), csr.key.der.n};
    memcpy(o->spki, csr.key.sha256, SHA256_SIZE);
    return true;
}

static void add_name(struct order *o, struct arena *a, const char *name)
{
    if (!order_domain(o, name)) {
        o->domains[o->ndomains++] =
            (struct sim_domain){.name = arena_strdup(a, name), .possible = true};
    }
}

bool dc_take_names(struct request *q, struct reply *r, struct order *o)
{
    struct arena *a = &q->sim->arena;
    const struct product_type *type = o->product->type;
    const json_t *names = shape_at(q->json, "certificate.dns_names");
    static const char *const mail[] = {"certificate.emails",
                                       "certificate.individual",
                                       "certificate.common_name_indicator",
                                       "subject",
                                       "certificate.profile_type",
                                       "certificate.usage_designation"};
    for (size_t i = 0; i < NITEMS(mail); i++) {
        if (shape_at(q->json, mail[i])) {
            return dc_bad(q, r, mail[i]);
        }
    }
    o->domain = arena_strdup(a, shape_str(q->json, "certificate.common_name"));
    o->domains = arena_array(a, json_array_size(names) + 1, sizeof *o->domains);
    o->ndomains = 0;
    add_name(o, a, o->domain);
    for (size_t i = 0; i < json_array_size(names); i++) {
        add_name(o, a, json_string_value(json_array_get(names, i)));
    }
    for (size_t i = 0; i < o->ndomains; i++) {
        if (str_starts(o->domains[i].name, "*.") && !type->wildcard) {
            return dc_bad(q, r, "certificate.dns_names");
        }
    }
    return type->ucc || o->ndomains == 1 || dc_bad(q, r, "certificate.dns_names");
}

/* --- answers --- */
static struct dc *keep(struct request *q, const struct order *made, enum dc_kind kind)
{
    static int64_t requests = FIRST_REQUEST;
    if (used == CERTIFICATES) {
        (void)fprintf(stderr, "casim: no room for more certificates\n");
        _Exit(70);
    }
    struct dc *c = &table[used++];
    const bool skip = json_is_true(shape_at(q->json, "skip_approval")) && dc_may_approve(q);
    const bool automatic = str_eq(q->sim->options.approval, "auto");
    *c = (struct dc){.o = orders_place(q->sim, made), .kind = kind, .request = ++requests};
    c->approval = skip || automatic ? DC_APPROVED : DC_WAITS;
    const char *comments = shape_str(q->json, "comments");
    c->comments = comments ? arena_strdup(&q->sim->arena, comments) : NULL;
    const char *hash = shape_str(q->json, "certificate.signature_hash");
    c->hash = arena_strdup(&q->sim->arena, hash ? hash : "sha256");
    return c;
}

static void placed(struct request *q, struct reply *r, struct dc *c)
{
    json_t *tree = json_pack("{s:I}", "id", dc_number(c->o->number));
    const bool skip = json_is_true(shape_at(q->json, "skip_approval"));
    const char *status = dc_status(q, c, false);
    if (!skip || c->approval == DC_WAITS) {
        (void)json_object_set_new(tree, "requests",
                                  json_pack("[{s:o,s:s}]", "id", /* as text: both are seen */
                                            json_sprintf("%lld", (long long)c->request), "status",
                                            c->approval == DC_WAITS ? "pending" : "approved"));
    }
    if (c->approval == DC_APPROVED) {
        (void)json_object_set_new(tree, "certificate_id",
                                  json_integer(dc_number(c->o->request_number)));
    }
    if (str_eq(status, "issued")) {
        (void)json_object_set_new(tree, "certificate_chain", dc_chain(q, c));
    } else if (c->approval == DC_APPROVED && c->kind == DC_PRIMARY) {
        dc_put_validation(q, c, tree);
    }
    dc_good(q, r, 201, tree);
}

DC_HANDLER(dc_place)
{
    struct sim *s = q->sim;
    const struct product *p = dc_product(id, strlen(id));
    struct order made = {.bend = q->plan, .product = p, .agreement = true, .vetted = true};
    if (!p) {
        dc_error(q, r, 404, "not_found|product", "The specified product was not found.");
        return;
    }
    const enum level level = p->type->level;
    const bool server = level != LEVEL_MAIL, dv = level == LEVEL_DV;
    const char *const wanted[] = {server ? "certificate.common_name" : NULL, "certificate.csr",
                                  dv ? NULL : "certificate.signature_hash",
                                  dv || !server ? NULL : "organization.id", "order_validity"};
    made.country = "US";
    made.organization_name = "Example Corp";
    made.locality = "Austin";
    made.state = "Texas";
    if (!dc_has_all(q, r, wanted, NITEMS(wanted)) || !numbers_fit(q, r) || !terms_fit(q, r) ||
        !(server ? dc_take_names : dc_take_mail)(q, r, &made) || !take_csr(q, r, &made)) {
        return;
    }
    if (level != LEVEL_PRIVATE &&
        (str_eq(shape_str(q->json, "certificate.signature_hash"), "sha1") ||
         shape_at(q->json, "certificate.organization_units"))) {
        (void)dc_bad(q, r, "certificate.signature_hash");
        return;
    }
    const char *method = dc_method(q, r, &made);
    if (!method) {
        return;
    }
    if (s->credits <= 0) {
        dc_error(q, r, 400, "insufficient_funds", "The balance does not cover this order.");
        return;
    }
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    s->credits--;
    made.pending_polls = pending ? pending->n : 0;
    made.cancelled = plan_has(&q->plan, FAULT_CANCELLED) != NULL;
    struct dc *c = keep(q, &made, DC_PRIMARY);
    c->dcv_method = method;
    ledger_add(&s->ledger, q, "order", c->o);
    if (plan_has(&q->plan, FAULT_DUP_ORDER)) {
        struct dc *twin = keep(q, &made, DC_PRIMARY);
        twin->dcv_method = method;
        ledger_add(&s->ledger, q, "order", twin->o);
    }
    placed(q, r, c);
}

static void place_sibling(struct request *q, struct reply *r, const char *id, enum dc_kind kind)
{
    struct dc *c = dc_find(id);
    static const char *const wanted[] = {"certificate.common_name", "certificate.csr",
                                         "certificate.signature_hash",
                                         "certificate.server_platform"};
    if (!c) {
        dc_error(q, r, 404, "not_found|order", "The specified order was not found.");
        return;
    }
    struct order made = *c->o;
    if (!dc_has_all(q, r, wanted, NITEMS(wanted)) || !terms_fit(q, r)) {
        return;
    }
    if (!str_eq(dc_order_status(q, c, false), "issued")) {
        dc_error(q, r, 400, "invalid_status", "The order is not in a state for this.");
        return;
    }
    if (!dc_take_names(q, r, &made) || !take_csr(q, r, &made)) {
        return;
    }
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    made.pending_polls = pending ? pending->n : 0;
    made.bend = q->plan;
    made.cert = (struct span){0};
    made.tags = NULL;
    made.revoke_reason = NULL;
    struct dc *sibling = keep(q, &made, kind);
    memcpy(sibling->o->number, c->o->number, sizeof c->o->number);
    ledger_add(&q->sim->ledger, q, "reissue", sibling->o);
    placed(q, r, sibling);
}

DC_HANDLER(dc_reissue)
{
    place_sibling(q, r, id, DC_REISSUE);
}

DC_HANDLER(dc_duplicate)
{
    place_sibling(q, r, id, DC_DUPLICATE);
}

/* --- approval, cancellation --- */
static void revoke_now(struct dc *c)
{
    c->order_revoked = c->revoke_order;
    for (size_t i = 0; i < used; i++) {
        struct dc *other = &table[i];
        if (other == c || (c->revoke_order && str_eq(other->o->number, c->o->number))) {
            other->o->revoke_reason = c->revoke_reason;
            other->o->revoked_at = time_now();
        }
    }
}

DC_HANDLER(dc_process)
{
    const json_int_t number = dc_number(id);
    const bool yes = str_eq(shape_str(q->json, "status"), "approved");
    struct dc *c = NULL;
    for (size_t i = 0; i < used && !c; i++) {
        c = table[i].request == number || table[i].revoke_request == number ? &table[i] : NULL;
    }
    if (!c) {
        dc_error(q, r, 404, "not_found|request", "The specified request was not found.");
    } else if (!dc_may_approve(q)) {
        dc_error(q, r, 403, "access_denied|invalid_approver", "You may not approve this request.");
    } else if (c->revoke_request == number ? !c->revoke_waits : c->approval != DC_WAITS) {
        dc_error(q, r, 400, "request_already_processed", "The request was processed already.");
    } else if (c->revoke_request == number) {
        c->revoke_waits = false;
        if (yes) {
            revoke_now(c);
        }
        dc_good(q, r, 204, NULL);
    } else {
        c->approval = yes ? DC_APPROVED : DC_REJECTED;
        dc_good(q, r, 204, NULL);
    }
}

DC_HANDLER(dc_cancel)
{
    struct dc *c = dc_find(id);
    if (!c) {
        dc_error(q, r, 404, "not_found|order", "The specified order was not found.");
    } else if (!is_open(dc_order_status(q, c, false))) {
        dc_error(q, r, 400, "invalid_status", "The order cannot be canceled.");
    } else {
        c->approval = DC_APPROVED;
        c->o->cancelled = true;
        ledger_add(&q->sim->ledger, q, "cancel", c->o);
        dc_good(q, r, 204, NULL);
    }
}

/* --- revocation --- */
static void revoke(struct request *q, struct reply *r, struct dc *c, bool order)
{
    const char *reason = shape_str(q->json, "revocation_reason");
    const bool skip = json_is_true(shape_at(q->json, "skip_approval")) && dc_may_approve(q);
    const bool automatic = str_eq(q->sim->options.approval, "auto");
    const char *whole = dc_order_status(q, dc_find(c->o->number), false);
    const char *status = order ? whole : dc_status(q, c, false);
    if (!str_eq(status, "issued") || str_eq(whole, "reissue_pending")) {
        dc_error(q, r, 400, "invalid_status", "The certificate cannot be revoked.");
        return;
    }
    c->revoke_reason = arena_strdup(&q->sim->arena, reason ? reason : "unspecified");
    const char *comments = shape_str(q->json, "comments");
    c->revoke_comments = comments ? arena_strdup(&q->sim->arena, comments) : NULL;
    c->revoke_order = order;
    c->revoke_request = c->request + 500000;
    c->revoke_waits = !skip && !automatic;
    if (!c->revoke_waits) {
        revoke_now(c);
    }
    c->o->revoke_reason = c->revoke_waits ? NULL : c->revoke_reason;
    ledger_add(&q->sim->ledger, q, "revoke", c->o);
    dc_good(q, r, skip ? 204 : 201,
            skip ? NULL
                 : json_pack("{s:I,s:s,s:s}", "id", (json_int_t)c->revoke_request, "type", "revoke",
                             "status", c->revoke_waits ? "pending" : "submitted"));
}

DC_HANDLER(dc_revoke_order)
{
    struct dc *c = dc_find(id);
    if (c) {
        revoke(q, r, c, true);
    } else {
        dc_error(q, r, 404, "not_found|order", "The specified order was not found.");
    }
}

DC_HANDLER(dc_revoke_certificate)
{
    struct dc *c = dc_find_certificate(id);
    if (c) {
        revoke(q, r, c, false);
    } else {
        dc_error(q, r, 404, "not_found|certificate", "The specified certificate was not found.");
    }
}
