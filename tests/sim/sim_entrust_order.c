/* SPDX-License-Identifier: Apache-2.0
 *
 * Enrolment at the gateway: what is refused, and an order that is issued at once (200) or later
 * (202). The certificate is made with the order, so that its serial number stands in the ledger;
 * nobody sees it before its time.
 */
#include "tests/sim/sim_entrust.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_rules.h"

#include <stdio.h>
#include <string.h>

static const struct shape shapes[] = {
    {"profileId", SHAPE_STRING, SHAPE_REQUIRED | SHAPE_FILLED, NULL},
    {"requiredFormat", SHAPE_OBJECT, SHAPE_REQUIRED, NULL},
    {"requiredFormat.format", SHAPE_STRING, SHAPE_REQUIRED, "X509 PEM PKCS12"},
    {"csr", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"optionalCertificateRequestDetails", SHAPE_OBJECT, 0, NULL},
    {"optionalCertificateRequestDetails.subjectDn", SHAPE_STRING, 0, NULL},
    {"optionalCertificateRequestDetails.validityPeriod", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"optionalCertificateRequestDetails.useSANFromCSR", SHAPE_BOOL, 0, NULL},
    {"optionalCertificateRequestDetails.performPOP", SHAPE_BOOL, 0, NULL},
    {"optionalCertificateRequestDetails.forceIssuance", SHAPE_BOOL, 0, NULL},
    {"optionalCertificateRequestDetails.privateKeyUsagePercentage", SHAPE_INT, 0, NULL},
    {"optionalCertificateRequestDetails.encodedPublicKey", SHAPE_STRING, 0, NULL},
    {"includeCa", SHAPE_BOOL, 0, NULL},
    {"previousSubjectDn", SHAPE_STRING, 0, NULL},
    {"renewal", SHAPE_BOOL, 0, NULL},
};
#define DETAILS "optionalCertificateRequestDetails."

static bool wrong(struct request *q, struct reply *r, const char *target, const char *text)
{
    entrust_error(q, r, 400, "cagw-4000", target, text);
    return false;
}

/* --- members --- */
/* A list of {type, value}; what it holds is taken out of the body, so that the table is all. */
static bool pairs_fit(struct request *q, struct reply *r, const char *name, const char *words,
                      json_t **out)
{
    json_t *list = json_object_get(q->json, name);
    *out = json_incref(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        const char *type = shape_str(pair, "type"), *value = shape_str(pair, "value");
        if (json_object_size(pair) != 2 || !type || !value || !*value ||
            (words && !str_has_word(words, type))) {
            return wrong(q, r, name, "a pair of type and value is wanted");
        }
    }
    if (list && !json_is_array(list)) {
        return wrong(q, r, name, "a list is wanted");
    }
    (void)json_object_del(q->json, name);
    return true;
}

static bool map_fits(struct request *q, struct reply *r, json_t **out)
{
    const char *key = NULL;
    json_t *value = NULL, *map = json_object_get(q->json, "properties");
    *out = json_incref(map);
    if (map && !json_is_object(map)) {
        return wrong(q, r, "properties", "a map is wanted");
    }
    json_object_foreach(map, key, value)
    {
        if (!json_is_string(value)) {
            return wrong(q, r, "properties", "values are strings");
        }
    }
    (void)json_object_del(q->json, "properties");
    return true;
}

static bool has_type(const json_t *list, const char *word, size_t n)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *type = shape_str(json_array_get(list, i), "type");
        if (type && strlen(type) == n && memcmp(type, word, n) == 0) {
            return true;
        }
    }
    return false;
}

struct asked {
    json_t *names, *variables, *properties; /* references of this call */
    const struct entrust_profile *profile;
    const char *subject, *cn, *organization, *locality, *state, *country;
    int64_t seconds;
    struct csr csr;
};

static bool wants_are_met(struct request *q, struct reply *r, const struct asked *a)
{
    const char *const words[] = {a->profile->variables, a->profile->sans, a->profile->properties};
    for (size_t i = 0; i < NITEMS(words); i++) {
        for (const char *p = words[i]; *p;) {
            const size_t n = strcspn(p, " ");
            const char *word = arena_strndup(&q->arena, p, n);
            if (i == 2 ? !shape_str(a->properties, word) && !json_object_get(a->properties, word)
                       : !has_type(i ? a->names : a->variables, word, n)) {
                return wrong(q, r, word, "The profile requires it");
            }
            p += n + (p[n] ? 1 : 0);
        }
    }
    return true;
}

/* --- subject --- */
/* One RDN of a string after RFC 4514; the value unescaped. */
static const char *read_rdn(struct arena *a, const char *text, char **name, char **value)
{
    const size_t n = strcspn(text, "=,");
    CLEANUP(buf_release) struct buf b = BUF_INIT(4096);
    if (text[n] != '=' || !n) {
        return NULL;
    }
    *name = arena_strndup(a, text, n);
    for (text += n + 1; *text && *text != ','; text++) {
        if (*text == '\\' && text[1]) {
            text++;
        } else if (strchr("\"+;<>", *text)) {
            return NULL;
        }
        buf_putc(&b, *text);
    }
    *value = arena_strdup(a, buf_text(&b));
    return *text ? text + 1 : text;
}

static bool read_subject(struct sim *s, struct asked *a)
{
    static const char known[] = "CN O OU L ST C E STREET DC serialNumber UID";
    const struct {
        const char *name;
        const char **to;
    } kept[] = {{"CN", &a->cn},
                {"O", &a->organization},
                {"L", &a->locality},
                {"ST", &a->state},
                {"C", &a->country}};
    for (const char *p = a->subject; p && *p;) {
        char *name = NULL, *value = NULL;
        p = read_rdn(&s->arena, p, &name, &value);
        if (!p || !str_has_word(known, name) || !*value) {
            return false;
        }
        for (size_t i = 0; i < NITEMS(kept); i++) {
            *kept[i].to = str_eq(kept[i].name, name) ? value : *kept[i].to;
        }
    }
    return true;
}

/* --- validity --- */
static bool read_units(const char **at, const char *units, const int64_t *seconds, int64_t *sum)
{
    while (**at >= '0' && **at <= '9') {
        int64_t n = 0;
        for (; **at >= '0' && **at <= '9' && n < 100000000; (*at)++) {
            n = n * 10 + (**at - '0');
        }
        const char *unit = **at ? strchr(units, **at) : NULL;
        if (!unit) {
            return false;
        }
        *sum += n * seconds[unit - units];
        (*at)++;
    }
    return true;
}

static bool read_duration(const char *text, int64_t *out)
{
    static const int64_t days[] = {365 * DAY_SECONDS, 30 * DAY_SECONDS, 7 * DAY_SECONDS,
                                   DAY_SECONDS};
    static const int64_t hours[] = {3600, 60, 1};
    *out = 0;
    if (*text++ != 'P' || !read_units(&text, "YMWD", days, out)) {
        return false;
    }
    return (!*text || (*text++ == 'T' && read_units(&text, "HMS", hours, out))) && !*text && *out;
}

/* --- CSR --- */
static bool csr_fits(struct request *q, struct reply *r, struct asked *a)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
    const char *text = shape_str(q->json, "csr");
    if (!text) {
        return wrong(q, r, "csr", "A CSR is required with this format");
    }
    if (!base64_decode(&der, text, strlen(text))) { /* PEM armour and newlines too */
        return wrong(q, r, "csr", "The CSR is not base64 of DER on one line");
    }
    csr_parse(&q->arena, (struct span){arena_memdup(&q->arena, der.p, der.n), der.n}, &a->csr);
    if (!a->csr.usable || !a->csr.der_input || !csr_verify(&a->csr, &err)) {
        return wrong(q, r, "csr", "The CSR cannot be read, or is not signed by its key");
    }
    return str_has_word(a->profile->keys, a->csr.key.token) ||
           wrong(q, r, "csr", "The profile does not allow this key");
}

/* --- checks --- */
static bool role_allows(struct request *q, struct reply *r, const struct entrust_call *call)
{
    const json_t *pop = shape_at(q->json, DETAILS "performPOP");
    const bool extra = shape_at(q->json, DETAILS "privateKeyUsagePercentage") ||
                       shape_at(q->json, DETAILS "encodedPublicKey") || json_is_false(pop);
    if (extra && call->role != ROLE_INTEGRATOR) {
        entrust_error(q, r, 403, "cagw-4003", NULL, "The role may not override the profile");
        return false;
    }
    return true;
}

static bool body_fits(struct request *q, struct reply *r, struct asked *a)
{
    static const char types[] =
        "dNSName rfc822Name directoryName uniformResourceIdentifier iPAddress registeredID";
    struct err err = ERR_INIT;
    if (!pairs_fit(q, r, "subjectAltNames", types, &a->names) ||
        !pairs_fit(q, r, "subjectVariables", NULL, &a->variables) ||
        !map_fits(q, r, &a->properties)) {
        return false;
    }
    return shape_check(q->json, shapes, NITEMS(shapes), &err) || wrong(q, r, NULL, err.msg);
}

static bool profile_fits(struct request *q, struct reply *r, const struct entrust_call *call,
                         struct asked *a)
{
    const char *id = shape_str(q->json, "profileId");
    for (const struct entrust_profile *p = entrust_profiles; p->id; p++) {
        a->profile = str_eq(p->ca, call->ca->id) && str_eq(p->id, id) ? p : a->profile;
    }
    if (!a->profile) {
        entrust_error(q, r, 404, "cagw-4019", "profileId", "Profile not found");
        return false;
    }
    return wants_are_met(q, r, a);
}

static bool details_fit(struct request *q, struct reply *r, const struct entrust_call *call,
                        struct asked *a)
{
    const char *period = shape_str(q->json, DETAILS "validityPeriod");
    const bool own_names = json_is_true(shape_at(q->json, DETAILS "useSANFromCSR"));
    a->subject = shape_str(q->json, DETAILS "subjectDn");
    a->subject = a->subject ? arena_strdup(&q->sim->arena, a->subject) : NULL;
    if (own_names && !str_eq(call->ca->connector, "com.entrust.SecurityManager")) {
        return wrong(q, r, "useSANFromCSR", "The CA takes no names from a CSR");
    }
    if (!a->subject || !*a->subject || !read_subject(q->sim, a)) {
        return wrong(q, r, "subjectDn", "A distinguished name is required");
    }
    a->seconds = 365 * DAY_SECONDS;
    if (period && !read_duration(period, &a->seconds)) {
        return wrong(q, r, "validityPeriod", "An ISO 8601 duration is required");
    }
    return a->seconds <= a->profile->max_days * DAY_SECONDS ||
           wrong(q, r, "validityPeriod", "The validity is longer than the profile allows");
}

/* Through the connector to Sectigo a renewal names what it renews; anything wrong with it is the
 * one failure that this connector knows. */
static bool renewal_fits(struct request *q, struct reply *r, const struct entrust_call *call,
                         const struct asked *a)
{
    const json_t *serial = json_object_get(a->properties, "RenewalSerialNumber");
    const bool renewal = json_is_true(json_object_get(q->json, "renewal"));
    if (!renewal && !serial) {
        return true;
    }
    if (!str_eq(call->ca->connector, "com.Sectigo")) {
        return wrong(q, r, "renewal", "The CA does not renew");
    }
    for (size_t i = 0; renewal && i < q->sim->orders.n; i++) {
        const struct order *o = q->sim->orders.v[i];
        if (o->cert.n && str_ieq(entrust_serial(&q->arena, o), json_string_value(serial))) {
            return true;
        }
    }
    entrust_error(q, r, 404, "cagw-5000", NULL, "The enrollment failed");
    return false;
}

/* --- the order --- */
static const struct product_type any_type = {"0", "private", LEVEL_PRIVATE, false, true};

static const struct product *product_of(struct sim *s, const struct entrust_profile *p)
{
    struct product *made = arena_alloc(&s->arena, sizeof *made);
    *made = (struct product){p->id, p->name, &any_type};
    return made;
}

static void take_names(struct sim *s, const struct asked *a, bool from_csr, struct order *o)
{
    const size_t n = from_csr ? a->csr.san.n : json_array_size(a->names);
    o->domains = arena_array(&s->arena, n + 1, sizeof *o->domains);
    for (size_t i = 0; i < n; i++) {
        const char *name =
            from_csr ? a->csr.san.v[i].text : shape_str(json_array_get(a->names, i), "value");
        o->domains[o->ndomains++] =
            (struct sim_domain){.name = arena_strdup(&s->arena, name), .possible = true};
    }
    o->domain = a->cn ? a->cn : n ? o->domains[0].name : "";
}

static struct order *place(struct request *q, const struct entrust_call *call,
                           const struct asked *a)
{
    struct sim *s = q->sim;
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    struct order made = {.product = product_of(s, a->profile),
                         .group = call->ca->id,
                         .organization_name = a->organization,
                         .locality = a->locality,
                         .state = a->state,
                         .country = a->country,
                         .remarks = a->profile->id,
                         .subject = a->subject,
                         .days = a->seconds / DAY_SECONDS ? a->seconds / DAY_SECONDS : 1,
                         .agreement = true,
                         .vetted = true,
                         .bend = q->plan};
    struct err err = ERR_INIT;
    struct span der;
    uint8_t id[16];
    take_names(s, a, json_is_true(shape_at(q->json, DETAILS "useSANFromCSR")), &made);
    rules_take_csr(s, &made, shape_str(q->json, "csr"), &a->csr);
    struct order *o = orders_place(s, &made);
    random_bytes(id, sizeof id);
    char *hex = hex_dup(&q->arena, id, sizeof id);
    (void)snprintf(o->number, sizeof o->number, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                   hex + 16, hex + 20);
    if (!order_certificate(s, o, NULL, &der, &err)) {
        (void)fprintf(stderr, "casim: no certificate: %s\n", err.msg);
    }
    o->pending_polls = pending ? pending->n : 0;
    ledger_add(&s->ledger, q, "order", o);
    return o;
}

/* --- the answer --- */
static json_t *chain_of(struct request *q)
{
    const struct sim_ca *ca = &q->sim->ca;
    const bool shuffled = plan_has(&q->plan, FAULT_CHAIN_SHUFFLE) != NULL;
    const struct sim_issuer *first = shuffled ? &ca->root : &ca->issuing;
    const struct sim_issuer *second = shuffled ? &ca->issuing : &ca->root;
    if (!json_is_true(json_object_get(q->json, "includeCa")) ||
        plan_has(&q->plan, FAULT_NO_CHAIN)) {
        return json_array();
    }
    return json_pack("[o,o]", entrust_der(first->cert.der), entrust_der(second->cert.der));
}

static json_t *body_of(struct request *q, struct span der)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(MAX_BODY);
    if (!str_eq(shape_str(q->json, "requiredFormat.format"), "PEM")) {
        return entrust_der(der);
    }
    cert_pem(&pem, der);
    return json_string(buf_text(&pem));
}

static void answer(struct request *q, struct reply *r, struct order *o)
{
    struct sim *s = q->sim;
    struct err err = ERR_INIT;
    struct span der;
    char from[TIME_TEXT], to[TIME_TEXT];
    const enum order_state state = order_state(s, o, false);
    if (state != ORDER_ISSUED && state != ORDER_EXPIRED) {
        entrust_good(q, r, 202,
                     json_pack("{s:s,s:{s:s,s:s}}", "type", "EnrollmentResponse", "enrollment",
                               "id", o->number, "status", "PENDING"));
        return;
    }
    entrust_happened(s, o, "issued");
    struct order *shown = order_swapped(s, o, &q->plan);
    if (!order_certificate(s, shown, NULL, &der, &err)) {
        entrust_error(q, r, 500, "cagw-5000", NULL, "The CA failed");
        return;
    }
    time_format(shown->parsed.not_before, from);
    time_format(shown->parsed.not_after, to);
    json_t *enrollment = json_pack("{s:s,s:s,s:s,s:s,s:o,s:s,s:o,s:o,s:{}}", "id", o->number,
                                   "serialNumber", entrust_serial(&q->arena, shown), "subjectName",
                                   dn_text(&q->arena, &shown->parsed.subject), "issuerName",
                                   dn_text(&q->arena, &shown->parsed.issuer), "validityPeriod",
                                   json_sprintf("%s/%s", from, to), "status", "ACCEPTED", "body",
                                   body_of(q, der), "chain", chain_of(q), "properties");
    entrust_good(q, r, 200,
                 json_pack("{s:s,s:{s:s,s:[]},s:o}", "type", "EnrollmentResponse", "message",
                           "message", "Enrollment was successful.", "details", "enrollment",
                           enrollment));
}

static void enroll(struct request *q, struct reply *r, const struct entrust_call *call,
                   struct asked *a)
{
    if (!body_fits(q, r, a) || !role_allows(q, r, call) || !profile_fits(q, r, call, a)) {
        return;
    }
    if (str_eq(shape_str(q->json, "requiredFormat.format"), "PKCS12")) {
        entrust_error(q, r, 501, "cagw-5001", NULL, "Keys are not made here");
        return;
    }
    if (!csr_fits(q, r, a) || !details_fit(q, r, call, a) || !renewal_fits(q, r, call, a)) {
        return;
    }
    struct order *o = place(q, call, a);
    if (plan_has(&q->plan, FAULT_DUP_ORDER)) {
        entrust_happened(q->sim, place(q, call, a), "issued");
    }
    answer(q, r, o);
}

ENTRUST_HANDLER(entrust_enroll)
{
    struct asked a = {0};
    enroll(q, r, call, &a);
    json_decref(a.names);
    json_decref(a.variables);
    json_decref(a.properties);
}
