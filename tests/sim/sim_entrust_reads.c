/* SPDX-License-Identifier: Apache-2.0
 *
 * Certificates of the gateway: by serial number, by subject, as a feed of events, and actions on
 * them.
 */
#include "tests/sim/sim_entrust.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

/* --- the feed --- */
/* The one simulator of the process; under its lock. */
static struct {
    struct happening {
        struct order *order;
        const char *action;
        int64_t at, ms;
    } * v;
    size_t n, cap;
} feed;

void entrust_happened(struct sim *s, struct order *o, const char *action)
{
    (void)s;
    for (size_t i = 0; str_eq(action, "issued") && i < feed.n; i++) {
        if (feed.v[i].order == o && str_eq(feed.v[i].action, action)) {
            return;
        }
    }
    struct happening h = {o, action, time_now(), time_monotonic_ms()};
    VEC_PUSH(&feed, h);
}

/* What became due: certificates of enrolments that had to wait, actions that were accepted. */
static bool is_out(struct request *q, struct order *o, bool poll)
{
    const enum order_state state = order_state(q->sim, o, poll);
    if (state != ORDER_ISSUED && state != ORDER_EXPIRED && state != ORDER_REVOKED) {
        return false;
    }
    entrust_happened(q->sim, o, "issued");
    return true;
}

static bool is_late(const struct request *q, const struct order *o)
{
    const struct action *stale = plan_has(&q->plan, FAULT_STALE_LIST);
    return stale && time_monotonic_ms() - o->placed_ms < stale->n;
}

static void end(struct request *q, struct order *o, const char *reason)
{
    o->held = false;
    o->revoke_reason = reason;
    o->revoked_at = time_now();
    entrust_happened(q->sim, o, "revoked");
}

static struct order *by_serial(struct request *q, const struct entrust_call *call)
{
    struct orders *all = &q->sim->orders;
    for (size_t i = 0; i < all->n; i++) {
        struct order *o = all->v[i];
        if (o->subject && str_eq(o->group, call->ca->id) && o->cert.n &&
            str_ieq(entrust_serial(&q->arena, o), call->id) && is_out(q, o, false)) {
            return o;
        }
    }
    return NULL;
}

/* --- one certificate --- */
static json_t *revocation(struct request *q, const struct order *o)
{
    char at[TIME_TEXT];
    (void)q;
    time_format(o->revoked_at, at);
    return json_pack("{s:s,s:s}", "reason", o->held ? "certificateHold" : o->revoke_reason,
                     "revocationDate", at);
}

static void look(struct request *q, struct order *o)
{
    if (o->then_reason && --o->then_looks <= 0) {
        const char *reason = o->then_reason;
        o->then_reason = NULL;
        end(q, o, reason);
    }
}

ENTRUST_HANDLER(entrust_certificate)
{
    struct err err = ERR_INIT;
    struct span der;
    struct order *o = by_serial(q, call);
    if (!o || !order_certificate(q->sim, o, &q->plan, &der, &err)) {
        entrust_error(q, r, 404, "cagw-4020", "serialNumber", "Certificate not found");
        return;
    }
    look(q, o);
    const char *status = o->revoke_reason                   ? "revoked"
                         : o->held                          ? "held"
                         : o->parsed.not_after < time_now() ? "expired"
                                                            : "normal";
    json_t *certificate = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:o}", "status", status, "versionNumber", "3", "serialNumber",
        entrust_serial(&q->arena, o), "issuerName", dn_text(&q->arena, &o->parsed.issuer),
        "subjectName", dn_text(&q->arena, &o->parsed.subject), "certificateData", entrust_der(der));
    if (o->revoke_reason || o->held) {
        (void)json_object_set_new(certificate, "revocationInfo", revocation(q, o));
    }
    entrust_good(q, r, 200,
                 json_pack("{s:s,s:o,s:[]}", "type", "CertificateResponse", "certificate",
                           certificate, "chain"));
}

/* --- subjects --- */
/* Names are compared without case and blanks around commas; a slash does not come through. */
static bool same_subject(const char *a, const char *b)
{
    while (*a && *b) {
        if (ascii_lower(*a) != ascii_lower(*b)) {
            return false;
        }
        a++;
        b++;
        while (a[-1] == ',' && *a == ' ') {
            a++;
        }
        while (b[-1] == ',' && *b == ' ') {
            b++;
        }
    }
    return !*a && !*b;
}

ENTRUST_HANDLER(entrust_subject)
{
    struct orders *all = &q->sim->orders;
    json_t *list = json_array();
    for (size_t i = 0; i < all->n; i++) {
        struct order *o = all->v[i];
        if (o->subject && str_eq(o->group, call->ca->id) && same_subject(o->subject, call->id) &&
            !is_late(q, o) && is_out(q, o, true)) {
            (void)json_array_append_new(
                list, json_pack("{s:s}", "serialNumber", entrust_serial(&q->arena, o)));
        }
    }
    if (!json_array_size(list)) {
        json_decref(list);
        entrust_error(q, r, 404, "cagw-4021", "dn", "Subject not found");
        return;
    }
    entrust_good(q, r, 200,
                 json_pack("{s:s,s:{s:s,s:o}}", "type", "SubjectResponse", "subject", "dn",
                           call->id, "certificates", list));
}

/* --- events --- */
static json_t *event(struct request *q, const struct happening *h, bool certificates)
{
    char at[TIME_TEXT];
    time_format(h->at, at);
    json_t *e = json_pack("{s:s,s:i,s:s,s:s}", "action", h->action, "event", 1, "eventDate", at,
                          "serialNumber", entrust_serial(&q->arena, h->order));
    if (certificates) {
        (void)json_object_set_new(e, "certificate", entrust_der(h->order->cert));
    }
    return e;
}

enum { PAGE = 50 }; /* at most */

/* "i" and a number, opaque to clients. */
static bool start_of(struct request *q, struct reply *r, size_t *at, int64_t *since, uint64_t *size)
{
    const char *index = q->query(q, "nextPageIndex"), *date = q->query(q, "startDate");
    const char *want = q->query(q, "preferredPageSize");
    uint64_t n = 0;
    *size = PAGE;
    *since = TIME_NONE;
    if (date && !time_parse(date, since)) {
        entrust_error(q, r, 400, "cagw-4000", "startDate", "A point in time is required");
        return false;
    }
    if (!date && !index) {
        entrust_error(q, r, 400, "cagw-4000", "startDate", "startDate is required");
        return false;
    }
    if ((index && (*index != 'i' || !str_u64(index + 1, &n) || n > feed.n)) ||
        (want && (!str_u64(want, size) || !*size))) {
        entrust_error(q, r, 400, "cagw-4000", "nextPageIndex", "Invalid parameter");
        return false;
    }
    *size = *size > PAGE ? PAGE : *size;
    *at = (size_t)n;
    return true;
}

static bool belongs(const struct request *q, const struct happening *h, const char *ca,
                    int64_t since)
{
    return str_eq(h->order->group, ca) && (since == TIME_NONE || h->at >= since) &&
           !is_late(q, h->order);
}

ENTRUST_HANDLER(entrust_events)
{
    struct orders *all = &q->sim->orders;
    const char *fields = q->query(q, "$fields");
    size_t at = 0;
    int64_t since = 0;
    uint64_t size = 0;
    for (size_t i = 0; i < all->n; i++) {
        (void)(all->v[i]->subject && is_out(q, all->v[i], false));
    }
    if (!start_of(q, r, &at, &since, &size)) {
        return;
    }
    json_t *list = json_array();
    for (; at < feed.n && json_array_size(list) < size; at++) {
        if (belongs(q, &feed.v[at], call->ca->id, since)) {
            (void)json_array_append_new(
                list, event(q, &feed.v[at], !(fields && strstr(fields, "-events.certificate"))));
        }
    }
    json_t *tree = json_pack("{s:s,s:o,s:b}", "type", "CertificateEventsResponse", "events", list,
                             "morePages", at < feed.n);
    if (at < feed.n) {
        (void)json_object_set_new(tree, "nextPageIndex", json_sprintf("i%zu", at));
    }
    entrust_good(q, r, 200, tree);
}

/* --- actions --- */
static const struct shape shapes[] = {
    {"action", SHAPE_OBJECT, SHAPE_REQUIRED, NULL},
    {"action.type", SHAPE_STRING, SHAPE_REQUIRED, "RevokeAction HoldAction UnholdAction"},
    {"action.reason", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"action.comment", SHAPE_STRING, 0, NULL},
    {"action.issueCrl", SHAPE_STRING, 0, "true false"},
    {"action.compromiseDate", SHAPE_STRING, SHAPE_FILLED, NULL},
    {"action.succeedIfAlreadyInRequestedState", SHAPE_BOOL, 0, NULL},
};

enum wish { WISH_REVOKE, WISH_HOLD, WISH_UNHOLD };

static enum wish wish_of(const json_t *body)
{
    const char *type = shape_str(body, "action.type");
    if (str_eq(type, "UnholdAction")) {
        return WISH_UNHOLD;
    }
    return str_eq(type, "HoldAction") || str_eq(shape_str(body, "action.reason"), "certificateHold")
               ? WISH_HOLD
               : WISH_REVOKE;
}

static bool action_fits(struct request *q, struct reply *r, const struct entrust_call *call)
{
    struct err err = ERR_INIT;
    int64_t date = 0;
    const char *reason = shape_str(q->json, "action.reason");
    const char *compromise = shape_str(q->json, "action.compromiseDate");
    if (!shape_check(q->json, shapes, NITEMS(shapes), &err)) {
        entrust_error(q, r, 400, "cagw-4000", NULL, err.msg);
        return false;
    }
    const enum wish wish = wish_of(q->json);
    const bool word = wish == WISH_UNHOLD ? !reason
                      : wish == WISH_HOLD ? (!reason || str_eq(reason, "certificateHold")) &&
                                                str_has_word(call->ca->reasons, "certificateHold")
                                          : reason && str_has_word(call->ca->reasons, reason);
    if (!word || (compromise && !time_parse(compromise, &date))) {
        entrust_error(q, r, 400, "cagw-4000", word ? "compromiseDate" : "reason",
                      "Invalid reason or date");
    }
    return word && !(compromise && !time_parse(compromise, &date));
}

static void say_action(struct request *q, struct reply *r, const char *status)
{
    const bool already = json_is_true(shape_at(q->json, "action.succeedIfAlreadyInRequestedState"));
    entrust_good(q, r, 200,
                 json_pack("{s:s,s:{s:s,s:s,s:{},s:s,s:b}}", "type", "ActionResponse", "action",
                           "type", shape_str(q->json, "action.type"), "id",
                           "cf5de456-7c51-42a6-9446-0030e655e376", "properties", "status", status,
                           "succeedIfAlreadyInRequestedState", already));
}

/* False: the state does not allow it. */
static bool carry_out(struct request *q, struct order *o, enum wish wish, const char **status)
{
    const char *reason = shape_str(q->json, "action.reason");
    const struct action *later = plan_has(&q->plan, FAULT_PENDING);
    *status = "COMPLETED";
    if (o->revoke_reason) {
        return false;
    }
    if (wish == WISH_REVOKE && later) {
        o->then_reason = arena_strdup(&q->sim->arena, reason);
        o->then_looks = later->n + 1;
        *status = "ACCEPTED";
    } else if (wish == WISH_REVOKE) {
        end(q, o, arena_strdup(&q->sim->arena, reason));
    } else if (o->held == (wish == WISH_HOLD)) {
        return false;
    } else {
        o->held = wish == WISH_HOLD;
        o->revoked_at = time_now();
        entrust_happened(q->sim, o, o->held ? "held" : "unheld");
    }
    static const char *const kinds[] = {"revoke", "hold", "unhold"};
    ledger_add(&q->sim->ledger, q, kinds[wish], o);
    return true;
}

static bool is_there(const struct order *o, enum wish wish)
{
    return wish == WISH_REVOKE ? o->revoke_reason != NULL
                               : !o->revoke_reason && o->held == (wish == WISH_HOLD);
}

ENTRUST_HANDLER(entrust_act)
{
    const char *status = NULL;
    struct order *o = by_serial(q, call);
    if (!o) {
        entrust_error(q, r, 404, "cagw-4020", "serialNumber", "Certificate not found");
    } else if (!action_fits(q, r, call)) {
        return;
    } else if (carry_out(q, o, wish_of(q->json), &status)) {
        say_action(q, r, status);
    } else if (is_there(o, wish_of(q->json)) &&
               json_is_true(shape_at(q->json, "action.succeedIfAlreadyInRequestedState"))) {
        say_action(q, r, "COMPLETED");
    } else {
        entrust_error(q, r, 400, "cagw-4022", NULL, "The certificate is not in a state for it");
    }
}
