/* SPDX-License-Identifier: Apache-2.0
 *
 * A group of requests to the embedded CA, under its lock: orders become certificates on all
 * workers, everything is recorded in the index with one sync, the revocation list follows, and
 * only then is any reply written. A refusal is a reply; trouble with the disk is none.
 *
 * An order whose client key is on record is not issued again: it gets the reply it lost.
 */
#include "batch/ca/local.h"

#include "batch/config.h"
#include "formats/base/limits.h"
#include "formats/base/pool.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_MAX = 1 << 20, GROUP_MAX = 64 << 20 };

/* One exchange on its way. */
struct job {
    struct ca_exchange *x;
    struct local_issue issue; /* ORDER that was not on record */
    size_t on_record;         /* its record's index + 1; a pointer would not outlive a growing
                                 index. 0: none */
    const char *code;         /* refusal, with message */
    const char *message;
    bool issues, already;
};

struct group {
    struct ca *ca;
    struct local *l;
    struct job *v;
    size_t n;
    int64_t now;
    struct arena *scratch; /* one per worker */
    struct buf lines;
    bool revoked;
};

static struct local_record *record_of(const struct group *g, const struct job *j)
{
    return j->on_record ? &g->l->index.v[j->on_record - 1] : NULL;
}

static struct local_record *keep_record(const struct group *g, struct job *j,
                                        struct local_record *r)
{
    j->on_record = r ? (size_t)(r - g->l->index.v) + 1 : 0;
    return r;
}

/* --- ids --- */
void local_order_id(const uint8_t serial[LOCAL_SERIAL], char out[LOCAL_ORDER_ID])
{
    out[0] = 'L';
    out[1] = '-';
    hex_encode(serial, LOCAL_SERIAL, out + 2);
}

bool local_order_serial(const char *order_id, uint8_t serial[LOCAL_SERIAL])
{
    return order_id && strlen(order_id) == LOCAL_ORDER_ID - 1 && str_starts(order_id, "L-") &&
           hex_decode(order_id + 2, (size_t)2 * LOCAL_SERIAL, serial);
}

static struct local_record *by_order(const struct local *l, const char *order_id)
{
    uint8_t serial[LOCAL_SERIAL];
    return local_order_serial(order_id, serial) ? local_by_serial(&l->index, serial) : NULL;
}

static struct local_record *by_serial_text(const struct local *l, const char *text)
{
    uint8_t serial[LOCAL_SERIAL];
    return text && strlen(text) == (size_t)2 * LOCAL_SERIAL &&
                   hex_decode(text, (size_t)2 * LOCAL_SERIAL, serial)
               ? local_by_serial(&l->index, serial)
               : NULL;
}

static void refuse(struct job *j, const char *code, const char *message)
{
    j->code = code;
    j->message = message;
}

/* --- before the parallel part: what is on record --- */
static void look_up_order(struct group *g, struct job *j)
{
    const struct ca_call *call = j->x->request->call;
    const struct local_record *r =
        keep_record(g, j, local_by_client(&g->l->index, call->client_key));
    j->issues = !r;
    if (r && call->order->spki_sha256 &&
        memcmp(r->spki, call->order->spki_sha256, SHA256_SIZE) != 0) {
        refuse(j, "client-key-reused", "the client key belongs to an order with another key");
    }
}

static void look_up_poll(struct group *g, struct job *j)
{
    if (!keep_record(g, j, by_order(g->l, j->x->request->call->order_id))) {
        refuse(j, "unknown-order", "this CA has no such order");
    }
}

static struct local_record *find_target(const struct group *g, const struct ca_revocation *r)
{
    struct cert cert;
    struct err ignored = ERR_INIT;
    struct arena *a = &g->scratch[0];
    const char *serial = r->serial ? serial_normal(a, r->serial) : NULL;
    if (serial || r->order) {
        return serial ? by_serial_text(g->l, serial) : by_order(g->l, r->order);
    }
    return r->certificate.n && cert_parse(a, r->certificate, &cert, &ignored)
               ? by_serial_text(g->l, cert.serial_hex)
               : NULL;
}

static bool reason_is_known(int reason)
{
    return reason == REASON_NONE ||
           (reason >= REASON_UNSPECIFIED && reason <= REASON_CERTIFICATE_HOLD) ||
           reason == REASON_PRIVILEGE_WITHDRAWN || reason == REASON_AA_COMPROMISE;
}

static void look_up_revoke(struct group *g, struct job *j)
{
    const struct ca_revocation *r = j->x->request->call->revoke;
    struct local_record *record = keep_record(g, j, find_target(g, r));
    if (!record) {
        refuse(j, "unknown-certificate", "this CA has issued no such certificate");
        return;
    }
    if (!reason_is_known(r->reason)) { /* removeFromCRL is for delta lists, 7 is unused */
        refuse(j, "reason", "this CA does not revoke for that reason");
        return;
    }
    j->already = record->revoked != TIME_NONE || record->revoking;
    if (!j->already) {
        int reason = r->reason == REASON_NONE ? REASON_UNSPECIFIED : r->reason;
        local_put_revoke(&g->lines, record->serial, reason, g->now, r->invalidity_date);
        record->revoking = true;
        g->revoked = true;
    }
}

static void look_up_revoked(struct group *g, struct job *j)
{
    if (!keep_record(g, j, find_target(g, j->x->request->call->revoke))) {
        refuse(j, "unknown-certificate", "this CA has issued no such certificate");
    }
}

static void nothing(struct group *g UNUSED, struct job *j UNUSED)
{
}

static void not_offered(struct group *g UNUSED, struct job *j)
{
    refuse(j, "not-supported", "the local CA does not do that");
}

/* --- replies --- */
/* Only the leaf: the chain is the CA's own, and answer() has the CA. */
static bool reply_record(struct group *g, struct job *job, struct jw *j, struct err *err)
{
    char id[LOCAL_ORDER_ID];
    CLEANUP(buf_release) struct buf der = BUF_INIT(LIMIT_CERT_BYTES);
    const struct local_record *r = record_of(g, job);
    if (!r) {
        return err_set(err, ERR_INTERNAL, "no record of the order");
    }
    local_order_id(r->serial, id);
    jw_str(j, "order", id);
    if (!local_read_cert(&g->l->index, r, &der, err)) {
        return false;
    }
    local_put_cert(j, buf_span(&der));
    return true;
}

static bool reply_order(struct group *g, struct job *job, struct jw *j, struct err *err)
{
    char id[LOCAL_ORDER_ID];
    if (!job->issues) {
        return reply_record(g, job, j, err);
    }
    local_order_id(job->issue.line.serial, id);
    jw_str(j, "order", id);
    local_put_cert(j, job->issue.line.cert);
    return true;
}

/* With the client key of the lost intent only that very order is a hit: an older order may have
 * the same key pair. */
static bool reply_find(struct group *g, struct job *job, struct jw *j, struct err *err UNUSED)
{
    const struct ca_call *call = job->x->request->call;
    const uint8_t *spki = call->order->spki_sha256;
    const struct local_record *exact = local_by_client(&g->l->index, call->client_key);
    size_t at = 0;
    char id[LOCAL_ORDER_ID];
    jw_array(j, "found");
    for (const struct local_record *r;
         spki && (r = local_next_by_spki(&g->l->index, spki, &at)) != NULL;) {
        if (call->client_key && r != exact) {
            continue;
        }
        local_order_id(r->serial, id);
        jw_object(j, NULL);
        jw_str(j, "order", id);
        jw_int(j, "ordered", r->issued);
        jw_end(j);
    }
    jw_end(j);
    return true;
}

static bool reply_revoke(struct group *g, struct job *job, struct jw *j, struct err *err UNUSED)
{
    const struct local_record *r = record_of(g, job);
    jw_bool(j, "revoked", r && r->revoked != TIME_NONE);
    if (job->already) {
        jw_str(j, "message", "the certificate was revoked already; its reason stays");
    }
    return true;
}

static bool reply_products(struct group *g, struct job *job UNUSED, struct jw *j,
                           struct err *err UNUSED)
{
    local_put_products(j, g->ca->type);
    return true;
}

static bool reply_inventory(struct group *g, struct job *job, struct jw *j, struct err *err)
{
    return local_put_inventory(j, g->l, job->x->request->call, g->now, err);
}

static bool reply_probe(struct group *g, struct job *job UNUSED, struct jw *j,
                        struct err *err UNUSED)
{
    char end[TIME_TEXT];
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    time_format_date(g->l->issuer.not_after, end);
    buf_printf(&text, "%zu certificates issued, %zu revoked; the issuing CA ends %s", g->l->index.n,
               g->l->index.revocations, end);
    jw_str(j, "message", buf_text(&text));
    return true;
}

/* --- steps --- */
static const struct {
    void (*look_up)(struct group *g, struct job *j);
    bool (*reply)(struct group *g, struct job *j, struct jw *out, struct err *err);
} steps[] = {
    [STEP_ORDER] = {look_up_order, reply_order},
    [STEP_POLL] = {look_up_poll, reply_record},
    [STEP_FIND] = {nothing, reply_find},
    [STEP_REVOKE] = {look_up_revoke, reply_revoke},
    [STEP_REVOKED] = {look_up_revoked, reply_revoke},
    [STEP_CANCEL] = {not_offered, NULL},
    [STEP_PRODUCTS] = {nothing, reply_products},
    [STEP_INVENTORY] = {nothing, reply_inventory},
    [STEP_PROBE] = {nothing, reply_probe},
    [STEP_TOKEN] = {not_offered, NULL},
    [STEP_CHALLENGE] = {not_offered, NULL},
    [STEP_VALIDATE] = {not_offered, NULL},
    [STEP_RENEWAL] = {not_offered, NULL},
};
_Static_assert(NITEMS(steps) == STEP__MAX, "one row per step");

static bool write_reply(struct group *g, struct job *job, struct err *err)
{
    struct jw j;
    const struct ca_call *call = job->x->request->call;
    struct ca_reply *reply = job->x->reply;
    reply->transport = OUTCOME_ACCEPTED;
    reply->http_status = 0;
    reply->retry_after_seconds = -1;
    reply->body.max = reply->body.max < REPLY_MAX ? REPLY_MAX : reply->body.max;
    buf_reset(&reply->body);
    jw_begin(&j, &reply->body, JW_COMPACT);
    jw_object(&j, NULL);
    jw_str(&j, "outcome", outcome_name(job->code ? OUTCOME_REFUSED : OUTCOME_ACCEPTED));
    bool ok = true;
    if (job->code) {
        jw_str(&j, "code", job->code);
        jw_str(&j, "message", job->message);
    } else {
        ok = steps[call->step].reply(g, job, &j, err);
    }
    jw_end(&j);
    return ok && jw_finish(&j, err);
}

/* --- the group --- */
static void look_up(struct group *g)
{
    for (size_t i = 0; i < g->n; i++) {
        steps[g->v[i].x->request->call->step].look_up(g, &g->v[i]);
    }
}

static void issue_one(void *ctx, size_t index, unsigned worker)
{
    struct group *g = ctx;
    struct job *j = &g->v[index];
    if (j->issues) {
        local_issue(g->l, j->x->request->call, g->now, &g->scratch[worker], &j->issue);
        j->code = j->issue.code;
        j->message = j->issue.message;
        arena_reset(&g->scratch[worker]);
    }
}

static bool record(struct group *g, struct err *err)
{
    for (size_t i = 0; i < g->n; i++) {
        if (g->v[i].issues && !g->v[i].code) {
            local_put_issue(&g->lines, &g->v[i].issue.line);
        }
    }
    bool list = g->revoked || local_crl_due(g->l, g->now);
    if (list) {
        local_crl_plan(g->l, g->now, &g->lines);
    }
    return local_index_append(&g->l->index, &g->lines, err) &&
           (!list || local_crl_write(g->l, g->now, err));
}

static bool reply_all(struct group *g, struct err *err)
{
    for (size_t i = 0; i < g->n; i++) {
        if (!write_reply(g, &g->v[i], err)) {
            return false;
        }
    }
    return true;
}

static bool serve_locked(struct group *g, unsigned workers, struct err *err)
{
    if (!local_index_refresh(&g->l->index, err)) {
        return false;
    }
    look_up(g);
    pool_map(workers, g->n, issue_one, g);
    return record(g, err) && reply_all(g, err);
}

static void group_release(struct group *g, unsigned workers)
{
    for (size_t i = 0; i < g->n; i++) {
        buf_release(&g->v[i].issue.der);
        struct local_record *r = record_of(g, &g->v[i]);
        if (r) {
            r->revoking = false;
        }
    }
    for (unsigned i = 0; i < workers; i++) {
        arena_release(&g->scratch[i]);
    }
    free(g->scratch);
    free(g->v);
    buf_release(&g->lines);
}

bool local_serve(struct ca *ca, struct ca_exchange *v, size_t n, unsigned workers, struct err *err)
{
    struct local *l = ca->state;
    workers = workers ? workers : 1;
    struct group g = {.ca = ca,
                      .l = l,
                      .n = n,
                      .now = time_now(),
                      .lines = BUF_INIT(GROUP_MAX),
                      .v = xcalloc(n ? n : 1, sizeof *g.v),
                      .scratch = xcalloc(workers, sizeof *g.scratch)};
    for (size_t i = 0; i < n; i++) {
        g.v[i].x = &v[i];
    }
    bool ok = local_lock(l, err);
    if (ok) {
        ok = serve_locked(&g, workers, err);
        local_unlock(l);
    }
    group_release(&g, workers);
    return ok || err_wrap(err, "CA %s", ca->name);
}
