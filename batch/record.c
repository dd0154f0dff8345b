/* SPDX-License-Identifier: Apache-2.0
 *
 * See record.h.
 */
#include "batch/record.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

enum record_kind { ENVELOPE, TEXT, NUMBER, MOMENT, JSON };

static const struct record_field {
    const char *name;
    enum record_kind kind;
    size_t offset;
} fields[] = {
#define F(name, member, kind)                                                                      \
    {                                                                                              \
        name, kind, offsetof(struct record, member)                                                \
    }
    {"v", ENVELOPE, 0}, /* the journal's own, in the order it writes them */
    {"seq", ENVELOPE, 0},
    {"t", ENVELOPE, 0},
    {"ev", ENVELOPE, 0},
    {"item", ENVELOPE, 0},
    F("class", reply_class, TEXT),
    F("kind", kind, TEXT),
    F("action", action, TEXT),
    F("ca", ca, TEXT),
    F("product", product, TEXT),
    F("common_name", common_name, TEXT),
    F("san", san, JSON),
    F("digest", digest, TEXT),
    F("after", after, TEXT),
    F("endpoint", endpoint, TEXT),
    F("replaces", replaces, TEXT),
    F("key", key, TEXT),
    F("spki_sha256", spki_sha256, TEXT),
    F("request_sha256", request_sha256, TEXT),
    F("clearance", clearance, TEXT),
    F("client_key", client_key, TEXT),
    F("attempt", attempt, NUMBER),
    F("order", order_id, TEXT),
    F("code", code, TEXT),
    F("message", message, TEXT),
    F("sha256", sha256, TEXT),
    F("serial", serial, TEXT),
    F("issuer", issuer, TEXT),
    F("not_before", not_before, MOMENT),
    F("not_after", not_after, MOMENT),
    F("chosen", chosen, MOMENT),
    F("again", again, MOMENT),
    F("outputs", outputs, JSON),
    F("reason", reason, TEXT),
    F("user", user, TEXT),
    F("domain", domain, TEXT),
    F("record_type", record_type, TEXT),
    F("record_name", record_name, TEXT),
    F("record_value", record_value, TEXT),
#undef F
};

static void write_text(struct jw *j, const struct record_field *f, const char *text)
{
    if (text && f->kind == JSON) {
        jw_raw(j, f->name, text);
    } else if (text) {
        jw_str(j, f->name, text);
    }
}

static void write_number(struct jw *j, const struct record_field *f, int64_t v)
{
    if (f->kind == MOMENT && v != TIME_NONE) {
        jw_time(j, f->name, v);
    } else if (f->kind == NUMBER && v) {
        jw_int(j, f->name, v);
    }
}

void record_write(const struct record *r, struct jw *j)
{
    for (size_t i = 0; i < NITEMS(fields); i++) {
        const void *at = (const char *)r + fields[i].offset;
        if (fields[i].kind == TEXT || fields[i].kind == JSON) {
            write_text(j, &fields[i], *(const char *const *)at);
        } else if (fields[i].kind != ENVELOPE) {
            write_number(j, &fields[i], *(const int64_t *)at);
        }
    }
}

/* Written by the same writer that made it: the text of a replay is byte for byte the text of the
 * run, and so are the reports made from it. */
static const char *json_text(const json_t *v, struct arena *scratch, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_JOURNAL_RECORD);
    struct jw j;
    jw_begin(&j, &text, JW_COMPACT);
    json_write(&j, NULL, v);
    return jw_finish(&j, err) ? arena_strdup(scratch, buf_text(&text)) : NULL;
}

static bool read_text(const json_t *v, const struct record_field *f, struct arena *scratch,
                      const char **out)
{
    struct err ignored = ERR_INIT;
    *out = f->kind == TEXT    ? json_string_value(v)
           : json_is_array(v) ? json_text(v, scratch, &ignored)
                              : NULL;
    return *out != NULL;
}

/* Members come in the order of the table, so the next one is looked for from the last one on. */
static const struct record_field *find_field(const char *name, size_t *at)
{
    for (size_t tried = 0; tried < NITEMS(fields); tried++) {
        const struct record_field *f = &fields[(*at + tried) % NITEMS(fields)];
        if (strcmp(f->name, name) == 0) {
            *at = (size_t)(f - fields) + 1;
            return f;
        }
    }
    return NULL;
}

static bool read_field(const struct record_field *f, const json_t *v, struct arena *scratch,
                       struct record *out)
{
    void *at = (char *)out + f->offset;
    switch (f->kind) {
    case ENVELOPE:
        return true;
    case NUMBER:
        *(int64_t *)at = (int64_t)json_integer_value(v);
        return json_is_integer(v);
    case MOMENT:
        return json_is_string(v) && time_parse(json_string_value(v), at);
    case TEXT:
    case JSON:
        return read_text(v, f, scratch, at);
    }
    return false;
}

bool record_read(const struct journal_record *in, struct arena *scratch, struct record *out,
                 struct err *err)
{
    json_t *members = (json_t *)(uintptr_t)in->fields; /* jansson iterates over non-const only */
    size_t near = 0;
    *out = (struct record){.ev = in->ev, .item = in->item, RECORD_NONE};
    for (void *it = json_object_iter(members); it; it = json_object_iter_next(members, it)) {
        const struct record_field *f = find_field(json_object_iter_key(it), &near);
        if (f && !read_field(f, json_object_iter_value(it), scratch, out)) {
            return err_set(err, ERR_ENV, "the value of \"%s\" is not of its kind", f->name);
        }
    }
    return true;
}

void runlog_open(struct runlog *log)
{
    if (!log->opened) {
        log->opened = true;
        if (log->resume) {
            log->resume(log);
        }
    }
}

bool runlog_add(struct runlog *log, const struct record *r, struct err *err)
{
    int64_t t;
    runlog_open(log);
    struct jw *j = journal_begin(log->journal, r->ev, r->item);
    if (!time_parse(journal_time(log->journal), &t)) {
        return err_set(err, ERR_INTERNAL, "a record has no time");
    }
    if (!history_apply(log->history, r, t, err)) {
        return false;
    }
    record_write(r, j);
    journal_end(log->journal);
    log->history->last_seq = journal_records(log->journal);
    return true;
}

void runlog_head(struct runlog *log, const struct history_head *head,
                 const struct head_extra *extra, size_t nextra)
{
    struct history_head h = *head;
    struct jw *j = journal_begin(log->journal, h.ev, NULL);
    h.t = journal_time(log->journal);
    const struct {
        const char *name, *value;
    } texts[] = {{"batch", h.batch},
                 {"manifest_sha256", h.manifest_sha256},
                 {"policy_sha256", h.policy_sha256},
                 {"digest", h.digest},
                 {"delivery_sha256", h.delivery_sha256},
                 {"audit_sha256", h.audit_sha256},
                 {"merkle_root", h.merkle_root},
                 {"recipients_sha256", h.recipients_sha256},
                 {"report_sha256", h.report_sha256},
                 {"approver", h.approver},
                 {"certificate_sha256", h.certificate_sha256},
                 {"plan_sha256", h.plan_sha256},
                 {"signed_at", h.signed_at},
                 {"kind", h.kind},
                 {"what", h.what},
                 {"reason", h.reason},
                 {"user", h.user}};
    for (size_t i = 0; i < NITEMS(texts); i++) {
        if (texts[i].value) {
            jw_str(j, texts[i].name, texts[i].value);
        }
    }
    if (h.simulate) {
        jw_bool(j, "simulate", true);
    }
    if (h.items) {
        jw_int(j, "items", h.items);
    }
    if (h.revoked) {
        jw_int(j, "revoked", h.revoked);
    }
    for (size_t i = 0; i < nextra; i++) {
        if (extra[i].text) {
            jw_str(j, extra[i].name, extra[i].text);
        } else {
            jw_int(j, extra[i].name, extra[i].number);
        }
    }
    journal_end(log->journal);
    h.seq = journal_records(log->journal);
    h.end = journal_size(log->journal);
    (void)history_head(log->history, &h);
}
