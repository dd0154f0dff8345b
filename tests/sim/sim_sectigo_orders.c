/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of SCM that change something.
 */
#include "tests/sim/sim_sectigo.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

/* --- CSR --- */
static int key_fault(const struct spki *key)
{
    if (key->malformed || key->explicit_curve) {
        return -11;
    }
    if (key->alg == KEY_ALG_RSA) {
        return key->bits == 2048 || key->bits == 3072 || key->bits == 4096 ? 0 : -13;
    }
    const bool taken =
        key->alg == KEY_ALG_EC && (str_eq(key->curve, "P-256") || str_eq(key->curve, "P-384"));
    return taken ? 0 : -11;
}

/* Characters of the vendor's schema: a text dump before the PEM is refused. */
static bool plain_text(const char *csr)
{
    static const char also[] = "-+=/ \t\r\n";
    for (const char *p = csr; *p; p++) {
        const bool alnum =
            (*p >= '0' && *p <= '9') || (ascii_lower(*p) >= 'a' && ascii_lower(*p) <= 'z');
        if (!alnum && !strchr(also, *p)) {
            return false;
        }
    }
    return strlen(csr) <= 32767;
}

static bool read_csr(struct request *q, struct reply *r, const char *pem, struct csr *out)
{
    struct err err = ERR_INIT;
    if (!plain_text(pem)) {
        scm_error(q, r, 400, -9, "The CSR is not valid Base-64 data");
        return false;
    }
    csr_parse(&q->arena, (struct span){(const uint8_t *)pem, strlen(pem)}, out);
    if (!out->usable || !csr_verify(out, &err)) {
        scm_error(q, r, 400, -10, "The CSR cannot be decoded");
        return false;
    }
    const int fault = key_fault(&out->key);
    if (fault) {
        scm_error(q, r, 400, fault, "The CSR uses an unsupported key");
    }
    return !fault;
}

static void take_csr(struct sim *s, struct order *o, const char *pem, const struct csr *csr)
{
    o->csr = arena_strdup(&s->arena, pem);
    o->spki_der =
        (struct span){arena_memdup(&s->arena, csr->key.der.p, csr->key.der.n), csr->key.der.n};
    memcpy(o->spki, csr->key.sha256, SHA256_SIZE);
}

/* --- names --- */
static void add_name(struct sim *s, struct order *o, const char *name, size_t n)
{
    const char *copy = arena_strndup(&s->arena, name, n);
    if (n && !order_domain(o, copy)) {
        o->domains[o->ndomains++] = (struct sim_domain){.name = copy, .possible = true};
    }
}

static size_t commas(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += *text == ',';
    }
    return n;
}

/* The common name is the CSR's, all other names are the order's. */
static void take_names(struct sim *s, struct order *o, const struct csr *csr, const char *list)
{
    const struct dn_attr *cn = dn_find(&csr->subject, "CN");
    o->domains = arena_array(&s->arena, commas(list) + 3, sizeof *o->domains);
    o->ndomains = 0;
    if (cn) {
        add_name(s, o, cn->text, cn->text_n);
    }
    for (const char *p = list; *p; p += p[strcspn(p, ",")] ? strcspn(p, ",") + 1 : strlen(p)) {
        add_name(s, o, p, strcspn(p, ","));
    }
    o->domain = o->ndomains ? o->domains[0].name : "";
}

static bool names_pass(struct request *q, struct reply *r, const struct order *o)
{
    for (size_t i = 0; i < o->ndomains; i++) {
        if (str_ends(o->domains[i].name, ".test")) {
            scm_error(q, r, 400, -107,
                      arena_printf(&q->arena, "Domain Control Validation is incomplete for %s",
                                   o->domains[i].name));
            return false;
        }
    }
    if (!o->ndomains) {
        scm_error(q, r, 400, -714, "Domain name is malformed");
    }
    return o->ndomains > 0;
}

/* --- custom fields --- */
static bool custom_fields_fit(struct request *q, struct reply *r, const struct product *p)
{
    const json_t *list = json_object_get(q->json, "customFields");
    size_t cost_centres = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *f = json_array_get(list, i);
        const char *name = json_string_value(json_object_get(f, "name"));
        const char *value = json_string_value(json_object_get(f, "value"));
        if (!name || !value || json_object_size(f) != 2) {
            scm_error(q, r, 400, -1002, "customFields: name and value are wanted");
            return false;
        }
        if (!str_eq(name, "CostCentre")) {
            scm_error(q, r, 400, -135, "Custom field not found");
            return false;
        }
        cost_centres++;
    }
    if (list && !json_is_array(list)) {
        scm_error(q, r, 400, -1002, "customFields must be an array");
        return false;
    }
    const bool wanted = p->type->level == LEVEL_EV && !cost_centres;
    if (wanted || cost_centres > 1) {
        scm_error(q, r, 400, wanted ? -62 : -134,
                  wanted ? "Mandatory custom field CostCentre is missing" : "not unique");
    }
    return !wanted && cost_centres <= 1;
}

/* --- ORDER --- */
static bool is_sold_for(int64_t days)
{
    return days == 90 || days == 199 || days == 365;
}

static int64_t number_of(const struct request *q, const char *name)
{
    return json_integer_value(json_object_get(q->json, name));
}

static void place(struct request *q, struct reply *r, struct order *made, bool with_renew_id)
{
    struct sim *s = q->sim;
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    made->bend = q->plan;
    made->pending_polls = pending ? pending->n : 0;
    made->cancelled = plan_has(&q->plan, FAULT_CANCELLED) != NULL;
    struct order *placed = orders_place(s, made);
    ledger_add(&s->ledger, q, "order", placed);
    if (plan_has(&q->plan, FAULT_DUP_ORDER)) {
        ledger_add(&s->ledger, q, "order", orders_place(s, made));
    }
    json_t *tree = json_pack("{s:o}", "sslId", scm_number(placed->number));
    if (with_renew_id) {
        (void)json_object_set_new(tree, "renewId", json_string("gu03sW6WENt7GTvDTuOP"));
    }
    scm_good(q, r, tree);
}

SCM_HANDLER(scm_enroll)
{
    struct sim *s = q->sim;
    struct csr csr = {0};
    struct order made = {.vetted = true,
                         .organization_name = "Example Corp",
                         .country = "US",
                         .state = "Texas",
                         .locality = "Austin"};
    const char *names = shape_str(q->json, "subjAltNames");
    const char *comments = shape_str(q->json, "comments");
    (void)o, (void)id;
    if (number_of(q, "orgId") != atoll(s->options.organization)) {
        scm_error(q, r, 400, -1023, "Organization not found");
        return;
    }
    if (!read_csr(q, r, shape_str(q->json, "csr"), &csr)) {
        return;
    }
    const char *type = arena_printf(&q->arena, "%lld", (long long)number_of(q, "certType"));
    made.product = catalogue_find(&s->catalogue, type);
    made.days = number_of(q, "term");
    if (!made.product || made.product->type->level == LEVEL_PRIVATE) {
        scm_error(q, r, 400, -111, "Certificate profile not found");
    } else if (!is_sold_for(made.days)) {
        scm_error(q, r, 400, -36,
                  "The validity period (term) is invalid for this certificate profile.");
    } else if (comments && strlen(comments) > 1024) {
        scm_error(q, r, 400, -64, "comments is too long");
    } else if (custom_fields_fit(q, r, made.product)) {
        take_names(s, &made, &csr, names ? names : "");
        if (!names_pass(q, r, &made)) {
            return;
        }
        take_csr(s, &made, shape_str(q->json, "csr"), &csr);
        made.remarks = comments ? arena_strdup(&s->arena, comments) : NULL;
        made.organization = s->options.organization;
        made.agreement = made.product->type->level == LEVEL_DV;
        place(q, r, &made, true);
    }
}

static bool is_issued(struct sim *s, struct order *o)
{
    const enum order_state state = order_state(s, o, false);
    return state == ORDER_ISSUED || state == ORDER_DOWNLOADED || state == ORDER_EXPIRED;
}

/* Subject, names and term are those of the old order. */
SCM_HANDLER(scm_renew)
{
    struct sim *s = q->sim;
    struct csr csr = {0};
    const char *pem = shape_str(q->json, "csr");
    (void)id;
    if (!is_issued(s, o)) {
        scm_error(q, r, 400, -105, "Renewal failed: wrong state");
        return;
    }
    if (pem && !read_csr(q, r, pem, &csr)) {
        return;
    }
    struct order made = *o;
    made.cert = (struct span){0};
    made.downloaded = made.renewed = false;
    made.revoke_reason = NULL;
    if (pem) {
        take_csr(s, &made, pem, &csr);
    }
    made.domains = arena_memdup(&s->arena, o->domains, o->ndomains * sizeof *o->domains);
    o->renewed = true;
    place(q, r, &made, false);
}

SCM_HANDLER(scm_replace)
{
    struct sim *s = q->sim;
    struct csr csr = {0};
    CLEANUP(buf_release) struct buf names = BUF_INIT(1 << 20);
    const char *pem = shape_str(q->json, "csr");
    const json_t *list = json_object_get(q->json, "subjectAlternativeNames");
    (void)id;
    if (strlen(shape_str(q->json, "reason")) > 512) {
        scm_error(q, r, 400, -64, "reason is too long");
    } else if (!is_issued(s, o)) {
        scm_error(q, r, 400, -105, "Replacement failed: wrong state");
    } else if (read_csr(q, r, pem, &csr)) {
        for (size_t i = 0; i < json_array_size(list); i++) {
            buf_printf(&names, "%s%s", i ? "," : "", json_string_value(json_array_get(list, i)));
        }
        take_names(s, o, &csr, buf_text(&names));
        take_csr(s, o, pem, &csr);
        o->cert = (struct span){0};
        o->downloaded = false;
        o->placed_ms = time_monotonic_ms(); /* applied for anew */
        ledger_add(&s->ledger, q, "reissue", o);
        scm_good(q, r, NULL);
    }
}

/* --- approval --- */
static bool may_decide(struct request *q, struct reply *r, struct order *o)
{
    if (strlen(shape_str(q->json, "message")) > 512) {
        scm_error(q, r, 400, -64, "message is too long");
        return false;
    }
    if (!str_eq(scm_status(q->sim, o, false), "Requested")) {
        scm_error(q, r, 400, -1112, "The request cannot be approved or declined in this state");
        return false;
    }
    return true;
}

SCM_HANDLER(scm_approve)
{
    (void)id;
    if (!may_decide(q, r, o)) {
        return;
    }
    if (o->product->type->level == LEVEL_EV) {
        scm_error(q, r, 400, -1140, "EV: requester and approver must be different");
        return;
    }
    o->agreement = true;
    scm_good(q, r, NULL);
}

SCM_HANDLER(scm_decline)
{
    (void)id;
    if (may_decide(q, r, o)) {
        o->cancelled = true;
        ledger_add(&q->sim->ledger, q, "cancel", o);
        scm_good(q, r, NULL);
    }
}

/* --- REVOKE --- */
static const char *reason_of(const struct request *q)
{
    static const char *const known[] = {"0", "1", "3", "4", "5"};
    const json_t *v = json_object_get(q->json, "reasonCode");
    for (size_t i = 0; i < NITEMS(known); i++) {
        if (json_is_integer(v) ? json_integer_value(v) == atoi(known[i])
                               : str_eq(json_string_value(v), known[i])) {
            return known[i];
        }
    }
    return NULL;
}

SCM_HANDLER(scm_revoke)
{
    const char *reason = reason_of(q);
    (void)id;
    if (!reason || strlen(shape_str(q->json, "reason")) > 512) {
        scm_error(q, r, 400, -1601, "Field value is invalid");
    } else if (o->revoke_reason) {
        scm_error(q, r, 400, -159, "Your certificate already revoked");
    } else if (!is_issued(q->sim, o)) {
        scm_error(q, r, 400, -102, "You can revoke only issued certificates");
    } else {
        o->revoke_reason = reason;
        o->revoked_at = time_now();
        ledger_add(&q->sim->ledger, q, "revoke", o);
        scm_good(q, r, NULL);
    }
}

SCM_HANDLER(scm_revoke_serial)
{
    struct orders *all = &q->sim->orders;
    (void)o;
    for (size_t i = 0; i < all->n; i++) {
        const char *serial = scm_serial(&q->arena, all->v[i]);
        if (serial && str_ieq(serial, id)) {
            scm_revoke(q, r, all->v[i], id);
            return;
        }
    }
    scm_error(q, r, 404, -5101, "SSL certificate not found");
}
