/* SPDX-License-Identifier: Apache-2.0
 *
 * report.json (design 6): a stable shape that scripts read. Every member is always there (but
 * `validation`: only of orders that were proven by TXT records); what is not known is null. Written
 * item by item through one small buffer.
 */
#include "batch/dcv.h"
#include "batch/report.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

/* One item with a thousand names and some hundred findings stays below. */
enum { FLUSH_AT = 64 * 1024, ITEM_MAX = 16 * 1024 * 1024 };

/* Scalars stay strings: the manifest's own types are the schema's business. */
static void yaml_to_json(struct jw *j, const char *key, const struct ynode *node)
{
    if (node->kind == YAML_SCALAR) {
        jw_str(j, key, node->text);
        return;
    }
    if (node->kind == YAML_SEQUENCE) {
        jw_array(j, key);
    } else {
        jw_object(j, key);
    }
    for (const struct ynode *n = node->first; n; n = n->next) {
        yaml_to_json(j, node->kind == YAML_MAPPING ? n->key : NULL, n);
    }
    jw_end(j);
}

void report_change(struct jw *j, const char *key, const struct ynode *change)
{
    if (change) {
        yaml_to_json(j, key, change);
    } else {
        jw_null(j, key);
    }
}

void report_approvals(struct jw *j, const struct history *h)
{
    jw_array(j, "approvals");
    const struct approval_record *a;
    for (size_t at = 0; (a = history_approval(h, &at));) {
        jw_object(j, NULL);
        jw_str(j, "approver", a->approver);
        jw_str(j, "certificate_sha256", a->certificate_sha256);
        jw_time(j, "signed_at", a->signed_at);
        jw_time(j, "counted_at", a->time);
        jw_end(j);
    }
    jw_end(j);
}

static void write_exceptions(struct jw *j, const struct history *h)
{
    jw_array(j, "exceptions");
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        jw_object(j, NULL);
        jw_str(j, "kind", e->kind);
        jw_str(j, "what", e->what);
        jw_str(j, "reason", e->reason);
        jw_str(j, "user", e->user);
        jw_time(j, "time", e->time);
        jw_end(j);
    }
    jw_end(j);
}

void report_head(struct jw *j, const struct report *r)
{
    size_t counts[STATE__MAX];
    history_counts(r->history, counts);
    jw_str(j, "batch", r->history->batch);
    jw_bool(j, "simulated", r->history->simulate);
    jw_str(j, "started", r->history->opened);
    jw_str(j, "ended", r->history->closed);
    report_change(j, "change", r->change);
    report_approvals(j, r->history);
    write_exceptions(j, r->history);
    jw_object(j, "counts");
    jw_int(j, "items", (int64_t)r->history->n);
    for (size_t i = 0; i < report_states_count; i++) {
        jw_int(j, state_report_name(report_states[i]), (int64_t)counts[report_states[i]]);
    }
    jw_end(j);
}

static void write_finding(struct jw *j, const struct finding *f)
{
    jw_object(j, NULL);
    jw_str(j, "rule", f->rule);
    jw_str(j, "severity", severity_name(f->severity));
    jw_str(j, "message", f->message);
    jw_str(j, "value", f->value);
    jw_str(j, "cite", f->cite);
    jw_int(j, "line", f->line);
    jw_int(j, "column", f->column);
    if (f->waiver) {
        jw_str(j, "waiver", f->waiver);
    }
    jw_end(j);
}

static void write_findings(struct jw *j, const struct report *r, const char *id)
{
    size_t n;
    const struct report_finding *f = report_findings(r, id, &n);
    jw_array(j, "findings");
    for (size_t i = 0; i < n; i++) {
        write_finding(j, &f[i].f);
    }
    jw_end(j);
}

static const char *or_null(const char *s)
{
    return s && *s ? s : NULL;
}

static void write_error(struct jw *j, const struct item_record *item)
{
    if (!item->error_code && !item->error_message) {
        jw_null(j, "error");
        return;
    }
    jw_object(j, "error");
    jw_str(j, "code", item->error_code);
    jw_str(j, "message", item->error_message);
    jw_end(j);
}

/* Only of an order whose names were proven through us. */
static void write_validation(struct jw *j, const struct item_record *item)
{
    if (!item->dcv) {
        return;
    }
    jw_array(j, "validation");
    for (const struct dcv_record *d = item->dcv; d; d = d->next) {
        jw_object(j, NULL);
        jw_str(j, "domain", d->domain);
        jw_str(j, "type", dcv_kind_word(d->kind));
        jw_str(j, "record", d->name);
        jw_time(j, "presented", d->presented);
        jw_time(j, "removed", d->removed);
        jw_end(j);
    }
    jw_end(j);
}

/* What the CA says about when it wants the renewal. */
static void write_renewal(struct jw *j, const struct item_record *item)
{
    if (item->renewal) {
        jw_object(j, "renewal");
        jw_str(j, "message", item->renewal);
        jw_time(j, "chosen", item->renewal_time);
        jw_time(j, "ask_again", item->renewal_again);
        jw_end(j);
    }
}

void report_item(struct jw *j, const char *key, const struct report *r,
                 const struct item_record *item)
{
    jw_object(j, key);
    jw_str(j, "id", item->id);
    jw_str(j, "kind", item->kind == ITEM_ORDER ? "order" : "revocation");
    jw_str(j, "action", item->action);
    jw_str(j, "ca", item->ca);
    jw_str(j, "product", item->product);
    jw_str(j, "state", state_report_name(item->state));
    jw_str(j, "order", item->order_id);
    jw_str(j, "serial", item->serial);
    jw_str(j, "sha256", or_null(item->sha256));
    jw_str(j, "spki_sha256", or_null(item->spki_sha256));
    jw_str(j, "common_name", item->common_name);
    jw_raw(j, "san", item->san ? item->san : "[]");
    jw_str(j, "issuer", item->issuer);
    jw_time(j, "not_before", item->not_before);
    jw_time(j, "not_after", item->not_after);
    write_findings(j, r, item->id);
    jw_raw(j, "outputs", item->outputs ? item->outputs : "[]");
    write_error(j, item);
    jw_int(j, "attempts", (int64_t)item->attempts);
    write_validation(j, item);
    write_renewal(j, item);
    jw_end(j);
}

static bool flush(struct buf *b, report_sink *sink, void *ctx, struct err *err)
{
    if (buf_failed(b)) {
        return err_set(err, ERR_INTERNAL, "an item of the report is larger than %d bytes",
                       ITEM_MAX);
    }
    bool ok = sink(ctx, buf_span(b), err);
    buf_reset(b);
    return ok;
}

bool report_json_to(const struct report *r, report_sink *sink, void *ctx, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(ITEM_MAX);
    struct jw j;
    jw_begin(&j, &b, JW_PRETTY);
    jw_object(&j, NULL);
    report_head(&j, r);
    jw_array(&j, "items");
    for (size_t i = 0; i < r->history->n; i++) {
        report_item(&j, NULL, r, &r->history->v[i]);
        if ((b.n >= FLUSH_AT || buf_failed(&b)) && !flush(&b, sink, ctx, err)) {
            return false;
        }
    }
    jw_end(&j);
    jw_end(&j);
    return jw_finish(&j, err) && flush(&b, sink, ctx, err);
}

bool report_json(const struct history *h, const struct statedir *s, struct buf *out,
                 struct err *err)
{
    struct report r;
    if (!report_open(&r, h, s, err)) {
        return false;
    }
    bool ok = report_json_to(&r, report_to_buf, out, err);
    report_release(&r);
    return ok;
}

bool report_csv(const struct history *h, const struct statedir *s, struct buf *out, struct err *err)
{
    struct report r;
    if (!report_open(&r, h, s, err)) {
        return false;
    }
    bool ok = report_csv_to(&r, report_to_buf, out, err);
    report_release(&r);
    return ok;
}

bool report_store(const struct history *h, const struct statedir *s, struct err *err)
{
    struct report r;
    CLEANUP(fs_temp_discard) struct fs_temp t = {.fd = -1};
    if (!report_open(&r, h, s, err)) {
        return err_wrap(err, "report.json");
    }
    bool ok = fs_temp_open(&t, s->fd, 0600, err) && report_json_to(&r, report_to_fd, &t.fd, err) &&
              fs_temp_commit(&t, REPORT_NAME, err);
    report_release(&r);
    return ok || err_wrap(err, "report.json");
}
