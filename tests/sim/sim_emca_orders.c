/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of emCA V4.0.17, behind the checks of sim_emca.c: certificates by profile, look-ups by
 * serial number, revocation, profiles.
 */
#include "tests/sim/sim_emca.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"
#include "formats/pkcs7.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

/* --- profiles --- */
static const struct product_type by_itself = {"7", "tls-server", LEVEL_PRIVATE, true, true};
static const struct product_type by_hand = {"8", "tls-manual", LEVEL_PRIVATE, true, true};
static const struct product profiles[] = {{"7", "tls-server", &by_itself},
                                          {"8", "tls-manual", &by_hand}};

static const struct product *profile_of(const char *text)
{
    for (size_t i = 0; text && i < NITEMS(profiles); i++) {
        if (str_eq(profiles[i].code, text) || str_eq(profiles[i].name, text)) {
            return &profiles[i];
        }
    }
    return NULL;
}

bool emca_has_profile(const char *text)
{
    return profile_of(text) != NULL;
}

/* --- orders --- */
struct order *emca_application(struct sim *s, const char *id)
{
    return orders_find(&s->orders, id);
}

struct order *emca_by_serial(struct sim *s, const char *hex)
{
    for (size_t i = 0; hex && i < s->orders.n; i++) {
        struct order *o = s->orders.v[i];
        if (o->cert.n && o->parsed.serial_hex && str_ieq(o->parsed.serial_hex, hex)) {
            return o;
        }
    }
    return NULL;
}

static bool read_csr(struct request *q, const char *base64, struct csr *out)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CSR_BYTES);
    if (!base64_decode(&der, base64, strlen(base64)) || !der.n) {
        return false;
    }
    /* the order keeps what is parsed: it lives as long as the simulator */
    const struct span kept = {arena_memdup(&q->sim->arena, der.p, der.n), der.n};
    csr_parse(&q->sim->arena, kept, out);
    return out->usable && csr_verify(out, &err);
}

static void add_name(struct order *o, const char *name)
{
    for (size_t i = 0; i < o->ndomains; i++) {
        if (str_ieq(o->domains[i].name, name)) {
            return;
        }
    }
    o->domains[o->ndomains++] = (struct sim_domain){.name = name, .possible = true};
}

/* The request decides what is in the certificate. */
static void take_names(struct sim *s, struct order *o, const struct csr *csr)
{
    const struct dn_attr *cn = dn_find(&csr->subject, "CN");
    o->domains = arena_array(&s->arena, csr->san.n + 1, sizeof *o->domains);
    o->domain = cn ? cn->text : csr->san.n ? csr->san.v[0].text : "";
    for (size_t i = 0; i < csr->san.n; i++) {
        if (csr->san.v[i].type == GN_DNS || csr->san.v[i].type == GN_IP) {
            add_name(o, csr->san.v[i].text);
        }
    }
    if (!o->ndomains && cn) {
        add_name(o, cn->text);
    }
}

struct order *emca_place(struct request *q, const char *profile, const char *csr_base64,
                         const char *number, const char **why)
{
    struct csr csr;
    struct sim *s = q->sim;
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    struct order made = {.product = profile_of(profile), .agreement = true, .bend = q->plan};
    *why = !made.product                    ? "Invalid Certificate Profile name"
           : !read_csr(q, csr_base64, &csr) ? "Invalid certificate signing request"
                                            : NULL;
    if (*why) {
        return NULL;
    }
    take_names(s, &made, &csr);
    made.csr = arena_strdup(&s->arena, csr_base64);
    made.spki_der = csr.key.der;
    memcpy(made.spki, csr.key.sha256, SHA256_SIZE);
    made.vetted = made.product->type != &by_hand;
    made.pending_polls = pending ? pending->n : 0;
    made.cancelled = plan_has(&q->plan, FAULT_CANCELLED) != NULL;
    struct order *placed = orders_place(s, &made);
    if (number) {
        (void)snprintf(placed->number, sizeof placed->number, "%s", number);
        (void)snprintf(q->txn, sizeof q->txn, "%s",
                       str_starts(number, "batch") ? number + 5 : number);
    }
    ledger_add(&s->ledger, q, "order", placed);
    return placed;
}

/* --- certificates --- */
static bool is_bent(const struct request *q, const struct order *o, enum fault f)
{
    return plan_has(&q->plan, f) || plan_has(&o->bend, f);
}

static bool with_chain(struct request *q, const struct order *o, struct span leaf, struct buf *out)
{
    struct err err = ERR_INIT;
    const struct sim_ca *ca = &q->sim->ca;
    struct span v[] = {leaf, ca->issuing.cert.der, ca->root.cert.der};
    if (is_bent(q, o, FAULT_CHAIN_SHUFFLE)) {
        v[1] = ca->root.cert.der;
        v[2] = ca->issuing.cert.der;
    }
    return pkcs7_write(v, is_bent(q, o, FAULT_NO_CHAIN) ? 1 : NITEMS(v), out, &err);
}

const char *emca_certificate(struct request *q, struct order *o, bool p7b)
{
    struct span der;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf bag = BUF_INIT(MAX_BODY);
    CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_BODY);
    if (!order_certificate(q->sim, order_swapped(q->sim, o, &q->plan), &q->plan, &der, &err) ||
        (p7b && !with_chain(q, o, der, &bag))) {
        return NULL;
    }
    base64_encode(&text, p7b ? bag.p : (const void *)der.p, p7b ? bag.n : der.n, 0);
    return arena_strdup(&q->arena, buf_text(&text));
}

bool emca_crl(struct sim *s, struct buf *out)
{
    struct err err = ERR_INIT;
    struct arena a = ARENA_INIT;
    size_t n = 0;
    struct crl_entry *v = arena_array(&a, s->orders.n + 1, sizeof *v);
    for (size_t i = 0; i < s->orders.n; i++) {
        const struct order *o = s->orders.v[i];
        uint64_t reason = 0;
        if (o->revoke_reason && str_u64(o->revoke_reason, &reason)) {
            v[n++] = (struct crl_entry){o->parsed.serial_hex, o->revoked_at,
                                        reason ? (int)reason : REASON_NONE, TIME_NONE};
        }
    }
    const bool ok = crl_build(&s->ca.issuing.key, &s->ca.issuing.cert, 1, time_now() - 60,
                              time_now() + DAY_SECONDS, v, n, out, &err);
    arena_release(&a);
    return ok;
}

/* --- calls --- */
#define HANDLER(name)                                                                              \
    static void name(struct request *q, struct reply *r, const struct emca_call *call,             \
                     const char *content)

static bool is_term(const char *text)
{
    unsigned colons = 0;
    for (const char *p = text; *p; p++) {
        colons += *p == ':';
    }
    return colons == 3 && strspn(text, "0123456789:") == strlen(text);
}

static void answer_order(struct request *q, struct reply *r, struct order *o, bool p7b)
{
    const enum order_state state = order_state(q->sim, o, true);
    if (state == ORDER_CANCELLED) {
        emca_fail(q, r, "The request was rejected");
        return;
    }
    const char *text = state >= ORDER_ISSUED ? emca_certificate(q, o, p7b) : NULL;
    if (text) {
        emca_succeed(q, r, json_string(text), NULL);
    } else {
        emca_succeed(q, r, json_string("Certificate request is submitted for authorization"),
                     o->request_number);
    }
}

HANDLER(create)
{
    const char *why;
    const char *id = shape_str(q->json, "applicationId");
    const char *term = shape_str(q->json, "validity");
    const char *profile = shape_str(q->json, call->by_id ? "profileID" : "profileName");
    const struct product *p = profile_of(profile);
    struct order *o = emca_application(q->sim, id);
    const struct action *pending = plan_has(&q->plan, FAULT_PENDING);
    if (o) {
        o->pending_polls = pending ? pending->n : o->pending_polls;
        answer_order(q, r, o, call->p7b);
    } else if (!p || !str_eq(call->by_id ? p->code : p->name, profile)) {
        emca_fail(q, r, "Invalid Certificate Profile name");
    } else if (term && !is_term(term)) {
        emca_fail(q, r, "Invalid validity");
    } else if (!str_eq(shape_str(q->json, "subscriberId"), "1001")) {
        emca_fail(q, r, "Invalid subscriber");
    } else if (!(o = emca_place(q, profile, content, id, &why))) {
        emca_fail(q, r, why);
    } else if (o->cancelled) { /* after it was taken */
        emca_succeed(q, r, json_string("Certificate request is submitted for authorization"),
                     o->request_number);
    } else {
        answer_order(q, r, o, call->p7b);
    }
}

HANDLER(get)
{
    struct order *o = emca_by_serial(q->sim, content);
    const char *text = o ? emca_certificate(q, o, false) : NULL;
    (void)call;
    if (text) {
        emca_succeed(q, r, json_string(text), NULL);
    } else {
        emca_fail(q, r, "Certificate not found");
    }
}

const char *emca_revoke(struct request *q, const char *serial, int64_t mode, bool suspend)
{
    static const char modes[] = " 0 1 2 3 4 5 9 10 ";
    struct order *o = emca_by_serial(q->sim, serial);
    const char *word = arena_printf(&q->sim->arena, " %lld ", (long long)mode);
    if (suspend ? mode != 6 : !strstr(modes, word)) {
        return "Invalid revoke mode";
    }
    if (!o) {
        return "Certificate not found";
    }
    if (o->revoke_reason && (suspend || !str_eq(o->revoke_reason, "6"))) {
        return "Certificate is already revoked";
    }
    o->revoke_reason = arena_strndup(&q->sim->arena, word + 1, strlen(word) - 2);
    o->revoked_at = time_now();
    ledger_add(&q->sim->ledger, q, "revoke", o);
    return NULL;
}

HANDLER(revoke)
{
    const char *why = emca_revoke(q, content, json_get_int(q->json, "revokeMode", -1),
                                  str_eq(call->method, "suspend"));
    if (why) {
        emca_fail(q, r, why);
    } else {
        emca_succeed(q, r, json_string("Certificate revoked successfully"), NULL);
    }
}

json_t *emca_profiles(const char *code, const char *name)
{
    json_t *all = json_array();
    for (size_t i = 0; i < NITEMS(profiles); i++) {
        (void)json_array_append_new(
            all, json_pack("{s:s,s:s}", code, profiles[i].code, name, profiles[i].name));
    }
    return all;
}

HANDLER(list)
{
    (void)call, (void)content;
    emca_succeed(q, r, emca_profiles("profileID", "profileName"), NULL);
}

HANDLER(info)
{
    const struct product *p = profile_of(content);
    (void)call;
    if (!p || !str_eq(shape_str(q->json, "profileName"), content)) {
        emca_fail(q, r, "Invalid Certificate Profile name");
    } else {
        emca_succeed(q, r, json_pack("{s:s,s:s}", "profileID", p->code, "profileName", p->name),
                     NULL);
    }
}

/* --- the table --- */
enum { MUST = SHAPE_REQUIRED | SHAPE_FILLED };
#define CREDENTIALS                                                                                \
    {"userName", SHAPE_STRING, MUST, NULL}, {"password", SHAPE_STRING, MUST, NULL},                \
    {                                                                                              \
        "signature", SHAPE_STRING, MUST, NULL                                                      \
    }
static const struct shape by_name[] = {CREDENTIALS,
                                       {"profileName", SHAPE_STRING, MUST, NULL},
                                       {"subscriberId", SHAPE_STRING, MUST, NULL},
                                       {"applicationId", SHAPE_STRING, MUST, NULL}};
static const struct shape by_id[] = {CREDENTIALS,
                                     {"profileID", SHAPE_STRING, MUST, NULL},
                                     {"subscriberId", SHAPE_STRING, MUST, NULL},
                                     {"applicationId", SHAPE_STRING, MUST, NULL},
                                     {"validity", SHAPE_STRING, SHAPE_FILLED, NULL},
                                     {"validFrom", SHAPE_STRING, SHAPE_FILLED, NULL}};
static const struct shape plain[] = {CREDENTIALS};
static const struct shape ending[] = {CREDENTIALS,
                                      {"remarks", SHAPE_STRING, MUST, NULL},
                                      {"revokeMode", SHAPE_INT, SHAPE_REQUIRED, NULL}};
static const struct shape named[] = {CREDENTIALS, {"profileName", SHAPE_STRING, MUST, NULL}};

#define SHAPES(v) v, NITEMS(v)
const struct emca_call emca_calls[] = {
    {"createCertificate", KIND_ORDER, SHAPES(by_name), false, false, create},
    {"createCertificateP7B", KIND_ORDER, SHAPES(by_name), false, true, create},
    {"createCertificateById", KIND_ORDER, SHAPES(by_id), true, false, create},
    {"createCertificateP7BById", KIND_ORDER, SHAPES(by_id), true, true, create},
    {"getCertificate", KIND_GET, SHAPES(plain), false, false, get},
    {"revoke", KIND_REVOKE, SHAPES(ending), false, false, revoke},
    {"suspend", KIND_REVOKE, SHAPES(ending), false, false, revoke},
    {"getCertificateProfileList", KIND_CATALOGUE, SHAPES(plain), false, false, list},
    {"getProfileInfoByProfileName", KIND_VALIDATE, SHAPES(named), false, false, info},
};
const size_t emca_calls_count = NITEMS(emca_calls);
