/* SPDX-License-Identifier: Apache-2.0
 *
 * The truth of a state directory: records applied one after the other, see record.h. Every state
 * comes out of state_next(); an impossible record stops the replay. Memory only, no I/O.
 */
#include "batch/record.h"

#include "batch/dcv.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_EMPTY = 0 }; /* slots hold index + 1 */

static size_t slot_of(const struct history *h, const char *id)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = id; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    }
    size_t at = (size_t)(hash ^ (hash >> 32)) & (h->nslots - 1);
    while (h->slots[at] != SLOT_EMPTY && strcmp(h->v[h->slots[at] - 1].id, id) != 0) {
        at = (at + 1) & (h->nslots - 1);
    }
    return at;
}

struct item_record *history_item(const struct history *h, const char *id)
{
    size_t at = h->nslots && id ? slot_of(h, id) : 0;
    return h->nslots && id && h->slots[at] != SLOT_EMPTY ? &h->v[h->slots[at] - 1] : NULL;
}

static void rehash(struct history *h)
{
    free(h->slots);
    h->nslots = h->nslots ? h->nslots * 2 : 64;
    h->slots = xcalloc(h->nslots, sizeof *h->slots);
    for (size_t i = 0; i < h->n; i++) {
        h->slots[slot_of(h, h->v[i].id)] = (uint32_t)i + 1;
    }
}

static struct item_record *add_item(struct history *h, const char *id)
{
    struct item_record r = {.id = arena_strdup(&h->arena, id),
                            .not_before = TIME_NONE,
                            .not_after = TIME_NONE,
                            .intent_time = TIME_NONE,
                            .issued = TIME_NONE,
                            .renewal_time = TIME_NONE,
                            .renewal_again = TIME_NONE};
    if ((h->n + 1) * 2 > h->nslots) {
        rehash(h);
    }
    size_t at = slot_of(h, id);
    VEC_PUSH(h, r);
    h->slots[at] = (uint32_t)h->n;
    return &h->v[h->n - 1];
}

static void set_text(struct history *h, const char **to, const char *from)
{
    if (from && (!*to || strcmp(*to, from) != 0)) {
        *to = arena_strdup(&h->arena, from);
    }
}

static bool set_hex(char to[SHA256_HEX], const char *from, struct err *err)
{
    if (from && strlen(from) != SHA256_HEX - 1) {
        return err_set(err, ERR_ENV, "a digest of %zu characters", strlen(from));
    }
    if (from) {
        memcpy(to, from, SHA256_HEX);
    }
    return true;
}

static bool set_facts(struct history *h, struct item_record *to, const struct record *r,
                      struct err *err)
{
    set_text(h, &to->action, r->action);
    set_text(h, &to->ca, r->ca);
    set_text(h, &to->product, r->product);
    set_text(h, &to->common_name, r->common_name);
    set_text(h, &to->after, r->after);
    set_text(h, &to->replaces, r->replaces);
    set_text(h, &to->order_id, r->order_id);
    set_text(h, &to->client_key, r->client_key);
    set_text(h, &to->serial, r->serial);
    set_text(h, &to->issuer, r->issuer);
    set_text(h, &to->key, r->key);
    set_text(h, &to->outputs, r->outputs);
    to->not_before = r->not_before == TIME_NONE ? to->not_before : r->not_before;
    to->not_after = r->not_after == TIME_NONE ? to->not_after : r->not_after;
    to->attempts = r->attempt > (int64_t)to->attempts ? (unsigned)r->attempt : to->attempts;
    return set_hex(to->sha256, r->sha256, err) && set_hex(to->spki_sha256, r->spki_sha256, err) &&
           set_hex(to->digest, r->digest, err);
}

/* An item may be described again only while nothing was sent and no key belongs to it. */
static bool apply_item(struct history *h, const struct record *r, struct err *err)
{
    struct item_record *to = r->item ? history_item(h, r->item) : NULL;
    bool revocation = str_eq(r->kind, "revocation");
    if (!r->item || !name_is_safe(r->item) || (!revocation && !str_eq(r->kind, "order"))) {
        return err_set(err, ERR_ENV, "an item without a usable id or kind");
    }
    if (to && (record_resume_state(to) != STATE_NEW || to->attempts)) {
        return err_set(err, ERR_ENV, "item %s is described twice", r->item);
    }
    to = to ? to : add_item(h, r->item);
    to->kind = revocation ? ITEM_REVOCATION : ITEM_ORDER;
    to->state = STATE_NEW;
    to->error_code = to->error_message = to->san = to->replaces = to->renewal = NULL;
    to->renewal_time = to->renewal_again = TIME_NONE;
    set_text(h, &to->san, r->san);
    return set_facts(h, to, r, err);
}

/* A long list of names spans records, each within its limit: ["a","b"] + ["c"]. */
static bool apply_names(struct history *h, struct item_record *to, const struct record *r,
                        struct err *err)
{
    size_t n = to->san ? strlen(to->san) : 0;
    if (!r->san || n < 2 || strlen(r->san) < 3) {
        return err_set(err, ERR_ENV, "more names of item %s without any before", to->id);
    }
    to->san = arena_printf(&h->arena, "%.*s,%s", (int)(n - 1), to->san, r->san + 1);
    return true;
}

/* What was learned from an order that did not come to be is no longer true. */
static void forget_order(struct item_record *to)
{
    to->order_id = to->issuer = NULL;
    to->sha256[0] = '\0';
    to->not_before = to->not_after = TIME_NONE;
    if (to->kind == ITEM_ORDER) {
        to->serial = NULL;
    }
}

static const char *copied(struct history *h, const char *s)
{
    return s ? arena_strdup(&h->arena, s) : NULL;
}

static void note_decision(struct history *h, const struct item_record *item, enum item_event ev,
                          const struct record *r, int64_t t)
{
    if (ev == EV_RESOLVED_ADOPT || ev == EV_RESOLVED_REORDER || ev == EV_RESOLVED_ABANDON) {
        const struct decision d = {.item = item->id,
                                   .word = event_class(ev),
                                   .reason = copied(h, r->reason),
                                   .user = copied(h, r->user),
                                   .order_id = copied(h, r->order_id),
                                   .t = t};
        VEC_PUSH(&h->decisions, d);
    }
}

const struct decision *history_decision(const struct history *h, const struct item_record *item)
{
    for (size_t i = h->decisions.n; i-- > 0;) {
        if (str_eq(h->decisions.v[i].item, item->id)) {
            return &h->decisions.v[i];
        }
    }
    return NULL;
}

const struct approval_record *history_approval(const struct history *h, size_t *at)
{
    while (*at < h->approvals.n) {
        const struct approval_record *a = &h->approvals.v[(*at)++];
        if (str_eq(a->plan_digest, h->plan_digest)) {
            return a;
        }
    }
    return NULL;
}

static bool is_intent(enum item_event ev)
{
    return ev == EV_INTENT || ev == EV_REVOKE_INTENT;
}

/* While nobody knows what became of a request, only the same one may be sent again: the CA knows it
 * by its key. That such a repetition did not get through answers nothing about the first. */
static bool apply_doubt(struct item_record *to, enum item_event ev, const struct record *r,
                        enum item_state *next, struct err *err)
{
    const bool repeats = is_intent(ev) && state_in_doubt(to->state);
    if (repeats && (!r->client_key || !str_eq(r->client_key, to->client_key))) {
        return err_set(err, ERR_ENV,
                       "item %s has a second intent, with another key, while the first is in doubt",
                       to->id);
    }
    if (is_intent(ev)) {
        to->repeated = repeats;
    } else if (ev == EV_REPLY_RETRY && to->repeated) {
        *next = to->state;
    }
    return true;
}

static bool apply_event(struct history *h, struct item_record *to, enum item_event ev,
                        const struct record *r, int64_t t, struct err *err)
{
    enum item_state next;
    if (!state_next(to->state, ev, &next)) {
        return err_set(err, ERR_ENV, "item %s is %s: a record \"%s\" is impossible there", to->id,
                       state_name(to->state), r->ev);
    }
    if (!apply_doubt(to, ev, r, &next, err)) {
        return false;
    }
    to->state = next;
    if (is_intent(ev)) {
        to->intent_time = t;
    }
    if (ev == EV_NOT_FOUND || ev == EV_REPLY_RETRY || ev == EV_RESOLVED_REORDER) {
        forget_order(to);
    }
    note_decision(h, to, ev, r, t);
    if (next == STATE_ISSUED) {
        to->issued = t;
    }
    to->error_code = to->error_message = NULL;
    set_text(h, &to->error_code, r->code);
    set_text(h, &to->error_message, r->message);
    return set_facts(h, to, r, err);
}

/* An item that waits is one that was not begun, whatever kept it from that before. */
static bool apply_renewal(struct history *h, struct item_record *to, const struct record *r,
                          struct err *err)
{
    const enum item_state from = record_resume_state(to);
    const bool early = str_eq(r->reply_class, RENEWAL_EARLY);
    const bool begun = to->kind != ITEM_ORDER || (from != STATE_NEW && from != STATE_KEYED);
    if (!r->message || (early && (begun || r->chosen == TIME_NONE))) {
        return err_set(err, ERR_ENV, "item %s is %s: a record \"%s\" is impossible there", to->id,
                       state_name(to->state), r->ev);
    }
    set_text(h, &to->renewal, r->message);
    to->renewal_time = r->chosen;
    to->renewal_again = r->again;
    if (early) {
        to->state = from;
        to->error_code = RENEWAL_CODE;
        to->error_message = to->renewal;
    } else if (str_eq(to->error_code, RENEWAL_CODE)) {
        to->error_code = to->error_message = NULL;
    }
    return true;
}

bool history_apply(struct history *h, const struct record *r, int64_t t, struct err *err)
{
    enum item_event ev;
    if (str_eq(r->ev, "item")) {
        return apply_item(h, r, err);
    }
    struct item_record *to = history_item(h, r->item);
    if (!to) {
        return err_set(err, ERR_ENV, "a record \"%.32s\" of an item that is not in the batch",
                       r->ev);
    }
    if (str_eq(r->ev, "names")) {
        return apply_names(h, to, r, err);
    }
    if (str_eq(r->ev, RECORD_CANARY)) {
        to->canary = true;
        return true;
    }
    if (str_eq(r->ev, RECORD_RENEWAL)) {
        return apply_renewal(h, to, r, err);
    }
    if (dcv_is_record(r->ev)) {
        return dcv_apply(h, to, r, t, err);
    }
    if (!event_from_record(r->ev, r->reply_class, &ev)) {
        return err_set(err, ERR_ENV, "an unknown record \"%.32s\"", r->ev);
    }
    return apply_event(h, to, ev, r, t, err);
}

static int64_t time_of(const char *text)
{
    int64_t t = TIME_NONE;
    return text && time_parse(text, &t) ? t : TIME_NONE;
}

/* The digests name files: a record with others in it says nothing. */
static bool apply_approval(struct history *h, const struct history_head *head)
{
    struct approval_record r = {.approver = copied(h, head->approver),
                                .certificate_sha256 = copied(h, head->certificate_sha256),
                                .plan_digest = copied(h, head->digest),
                                .plan_sha256 = copied(h, head->plan_sha256),
                                .signed_at = time_of(head->signed_at),
                                .time = time_of(head->t)};
    const char *const digests[] = {r.certificate_sha256, r.plan_digest, r.plan_sha256};
    for (size_t i = 0; i < NITEMS(digests); i++) {
        uint8_t bytes[SHA256_SIZE];
        if (!digests[i] || strlen(digests[i]) != SHA256_HEX - 1 ||
            !hex_decode(digests[i], SHA256_HEX - 1, bytes)) {
            return false;
        }
    }
    VEC_PUSH(&h->approvals, r);
    return r.approver != NULL;
}

static bool apply_override(struct history *h, const struct history_head *head)
{
    struct exception_record r = {.kind = copied(h, head->kind),
                                 .what = copied(h, head->what),
                                 .reason = copied(h, head->reason),
                                 .user = copied(h, head->user),
                                 .time = time_of(head->t)};
    VEC_PUSH(&h->exceptions, r);
    return r.kind && r.what && r.reason && r.user;
}

/* Other items are other revocations: those that went well vouch for them no longer. */
static void forget_canaries(struct history *h)
{
    h->canaries = 0;
    for (size_t i = 0; i < h->n; i++) {
        h->v[i].canary = h->v[i].canary && !state_is_good(h->v[i].state);
    }
}

bool history_head(struct history *h, const struct history_head *head)
{
    if (str_eq(head->ev, "bundle")) {
        h->bundled_seq = h->close_seq;
        h->delivery_sha256 = h->audit_sha256 = h->recipients_sha256 = h->report_sha256 = NULL;
        set_text(h, &h->delivery_sha256, head->delivery_sha256);
        set_text(h, &h->audit_sha256, head->audit_sha256);
        set_text(h, &h->recipients_sha256, head->recipients_sha256);
        set_text(h, &h->report_sha256, head->report_sha256);
        return true;
    }
    h->last_seq = head->seq;
    if (str_eq(head->ev, "approval")) {
        return apply_approval(h, head);
    }
    if (str_eq(head->ev, "override")) {
        return apply_override(h, head);
    }
    if (str_eq(head->ev, "close")) {
        h->close_seq = head->seq;
        h->close_offset = head->end;
        h->closed = arena_strdup(&h->arena, head->t);
        return true;
    }
    if (str_eq(head->ev, RECORD_CANARY_PASSED)) {
        h->canaries = head->revoked > 0 ? (size_t)head->revoked : 0;
        return true;
    }
    if (!str_eq(head->ev, "open") && !str_eq(head->ev, "resume") && !str_eq(head->ev, "plan")) {
        return false;
    }
    if (str_eq(head->ev, "plan")) {
        forget_canaries(h);
    }
    if (!h->opened) {
        h->opened = arena_strdup(&h->arena, head->t);
        h->simulate = head->simulate;
    }
    set_text(h, &h->batch, head->batch);
    set_text(h, &h->manifest_sha256, head->manifest_sha256);
    set_text(h, &h->policy_sha256, head->policy_sha256);
    set_text(h, &h->plan_digest, head->digest);
    set_text(h, &h->merkle_root, head->merkle_root);
    h->planned = head->merkle_root ? head->items : h->planned;
    return true;
}

static bool read_head(struct history *h, const struct journal_record *r)
{
    const json_t *f = r->fields;
    struct history_head head = {.ev = r->ev,
                                .t = r->t,
                                .batch = json_get_str(f, "batch"),
                                .manifest_sha256 = json_get_str(f, "manifest_sha256"),
                                .policy_sha256 = json_get_str(f, "policy_sha256"),
                                .digest = json_get_str(f, "digest"),
                                .delivery_sha256 = json_get_str(f, "delivery_sha256"),
                                .audit_sha256 = json_get_str(f, "audit_sha256"),
                                .merkle_root = json_get_str(f, "merkle_root"),
                                .items = json_get_int(f, "items", 0),
                                .recipients_sha256 = json_get_str(f, "recipients_sha256"),
                                .report_sha256 = json_get_str(f, "report_sha256"),
                                .revoked = json_get_int(f, "revoked", 0),
                                .approver = json_get_str(f, "approver"),
                                .certificate_sha256 = json_get_str(f, "certificate_sha256"),
                                .plan_sha256 = json_get_str(f, "plan_sha256"),
                                .signed_at = json_get_str(f, "signed_at"),
                                .kind = json_get_str(f, "kind"),
                                .what = json_get_str(f, "what"),
                                .reason = json_get_str(f, "reason"),
                                .user = json_get_str(f, "user"),
                                .simulate = json_get_bool(f, "simulate", false),
                                .seq = r->seq,
                                .end = r->offset + r->length + 1};
    return history_head(h, &head);
}

bool history_add(void *ctx, const struct journal_record *r, struct err *err)
{
    struct history *h = ctx;
    struct record values;
    int64_t t;
    if (r->item) {
        h->last_seq = r->seq; /* history_head() decides about the others */
    }
    if (r->seq == 1 && !str_eq(r->ev, "open")) {
        return err_set(err, ERR_ENV, "the first record is not \"open\"");
    }
    if (!r->item) {
        return read_head(h, r) || err_set(err, ERR_ENV, "an unknown record \"%.32s\"", r->ev);
    }
    CLEANUP(arena_release) struct arena scratch = ARENA_INIT;
    return (time_parse(r->t, &t) || err_set(err, ERR_ENV, "a record without a time")) &&
           record_read(r, &scratch, &values, err) && history_apply(h, &values, t, err);
}

void history_counts(const struct history *h, size_t counts[STATE__MAX])
{
    memset(counts, 0, STATE__MAX * sizeof counts[0]);
    for (size_t i = 0; i < h->n; i++) {
        counts[state_report(h->v[i].state)]++;
    }
}

enum item_state record_resume_state(const struct item_record *r)
{
    if (r->state != STATE_SKIPPED && r->state != STATE_FAILED) {
        return r->state;
    }
    return r->sha256[0]        ? STATE_CERTIFIED
           : r->order_id       ? STATE_ORDERED
           : r->spki_sha256[0] ? STATE_KEYED
                               : STATE_NEW;
}

void history_release(struct history *h)
{
    free(h->v);
    free(h->slots);
    free(h->decisions.v);
    free(h->approvals.v);
    free(h->exceptions.v);
    arena_release(&h->arena);
    *h = (struct history)HISTORY_INIT;
}
