/* SPDX-License-Identifier: Apache-2.0
 *
 * See sim_adcs.h: what an officer does at the CA, as POST requests of whoever runs a test, with the
 * login of the web enrolment:
 *
 *     /officer/issue?id=417    /officer/deny?id=417      certutil -resubmit, -deny
 *     /officer/revoke?serial=1A00...&reason=4            certutil -revoke; with &publish=1 both
 *     /officer/publish         /officer/publish?delta=1  certutil -CRL [delta]
 *
 * A revocation is seen by nobody before a CRL was published, as at the real CA.
 */
#include "tests/sim/sim_adcs.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <string.h>

enum { REVOKED_MAX = 10000, CRL_HOURS = 24 };

/* Under the lock of the simulator. */
static struct revoked {
    const struct order *order;
    int reason;
    int64_t at;
    bool in_base, in_delta;
} revoked[REVOKED_MAX];
static size_t nrevoked;
static uint64_t number = 1;

const struct sim_issuer *adcs_issuer(const struct sim *s, const char *renewal)
{
    return str_eq(renewal, "1") ? &s->ca.issuing : str_eq(renewal, "0") ? &s->ca.stranger : NULL;
}

static struct revoked *row_of(const struct order *o)
{
    for (size_t i = 0; i < nrevoked; i++) {
        if (revoked[i].order == o) {
            return &revoked[i];
        }
    }
    return NULL;
}

/* --- what an officer says --- */
static void done(struct reply *r, const char *text)
{
    reply_text(r, 200, "text/plain", text);
    r->outcome = "ok";
}

static void failed(struct reply *r, const char *text)
{
    reply_text(r, 409, "text/plain", text);
    r->outcome = "failed";
}

static void approve(struct request *q, struct reply *r, bool good)
{
    struct order *o = orders_find(&q->sim->orders, q->query(q, "id"));
    if (!o || o->vetted || o->cancelled) {
        failed(r, "CertUtil: -resubmit command FAILED: 0x80094003 (CERTSRV_E_BAD_REQUESTSTATUS)\n");
        return;
    }
    o->vetted = good;
    o->cancelled = !good;
    done(r, "CertUtil: command completed successfully.\n");
}

static void publish(const struct request *q)
{
    const bool delta = q->query(q, "delta") != NULL;
    for (size_t i = 0; i < nrevoked; i++) {
        revoked[i].in_delta = true;
        revoked[i].in_base |= !delta;
    }
}

static void revoke(struct request *q, struct reply *r)
{
    struct order *o = adcs_by_serial(q->sim, q->query(q, "serial"));
    const char *text = q->query(q, "reason");
    const bool lift = str_eq(text, "-1");
    uint64_t reason = 0;
    if (!o || !text || (!lift && (!str_u64(text, &reason) || reason > 6))) {
        failed(r, "CertUtil: -revoke command FAILED: 0x80070057 (WIN32: 87 "
                  "ERROR_INVALID_PARAMETER)\n");
        return;
    }
    struct revoked *row = row_of(o);
    if (row && !lift && row->reason != REASON_CERTIFICATE_HOLD && row->reason != (int)reason) {
        failed(r, "CertUtil: -revoke command FAILED: 0x80094003 (CERTSRV_E_BAD_REQUESTSTATUS)\n");
        return;
    }
    if (!row && nrevoked < REVOKED_MAX) {
        row = &revoked[nrevoked++];
    }
    const bool again = row->order == o && row->reason == (int)reason && !lift;
    *row = (struct revoked){o, lift ? REASON_REMOVE_FROM_CRL : (int)reason, time_now(),
                            row->in_base && again, row->in_delta && again};
    if (!again && !lift) {
        o->revoke_reason = arena_strdup(&q->sim->arena, text);
        ledger_add(&q->sim->ledger, q, "revoke", o);
    }
    if (q->query(q, "publish")) {
        publish(q);
    }
    done(r, "CertUtil: -revoke command completed successfully.\n");
}

static void publish_alone(struct request *q, struct reply *r)
{
    publish(q);
    done(r, "CertUtil: -CRL command completed successfully.\n");
}

bool adcs_officer(struct request *q, struct reply *r)
{
    const char *key = q->header(q, "X-Officer");
    const char *what = q->path + strlen("/officer/");
    if (!str_eq(key, q->sim->access_key) || !str_eq(q->method, "POST")) {
        reply_text(r, 403, "text/plain", "no officer\n");
    } else if (str_eq(what, "issue") || str_eq(what, "deny")) {
        approve(q, r, str_eq(what, "issue"));
    } else if (str_eq(what, "revoke")) {
        revoke(q, r);
    } else if (str_eq(what, "publish")) {
        publish_alone(q, r);
    } else {
        reply_text(r, 404, "text/plain", "unknown\n");
    }
    return true;
}

/* --- CRLs --- */
static bool is_listed(const struct revoked *row, bool delta)
{
    return delta ? row->in_delta : row->in_base && row->reason != REASON_REMOVE_FROM_CRL;
}

static size_t list(struct arena *a, bool delta, struct crl_entry **out)
{
    size_t n = 0;
    *out = arena_array(a, nrevoked + 1, sizeof **out);
    for (size_t i = 0; i < nrevoked; i++) {
        if (is_listed(&revoked[i], delta)) {
            (*out)[n++] = (struct crl_entry){
                .serial_hex = revoked[i].order->parsed.serial_hex,
                .revoked = revoked[i].at,
                .reason = revoked[i].reason == REASON_UNSPECIFIED ? REASON_NONE : revoked[i].reason,
                .invalidity = TIME_NONE};
        }
    }
    return n;
}

void adcs_crl(struct request *q, struct reply *r, const struct adcs_door *d)
{
    struct crl_entry *v = NULL;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf der = BUF_INIT(4 << 20);
    const char *renewal = q->query(q, "Renewal"), *type = q->query(q, "Type");
    const struct sim_issuer *by = adcs_issuer(q->sim, renewal);
    if (!by || (!str_eq(type, "base") && !str_eq(type, "delta"))) {
        adcs_page_error(q, r, d, -1, "", "The parameter is incorrect. 0x80070057 (WIN32: 87)");
        return;
    }
    const size_t n = by == &q->sim->ca.issuing ? list(&q->arena, str_eq(type, "delta"), &v) : 0;
    if (!crl_build(&by->key, &by->cert, number++, time_now() - 60, time_now() + CRL_HOURS * 3600,
                   n ? v : NULL, n, &der, &err)) {
        reply_text(r, 500, "text/plain", err.msg);
        return;
    }
    reply_text(r, 200, "application/pkix-crl", "");
    buf_add(&r->body, der.p, der.n);
    r->outcome = "ok";
}
