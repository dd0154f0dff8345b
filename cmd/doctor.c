/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch doctor CA [MANIFEST]`: the steps of batch/doctor.h for people and for scripts, and the
 * file for the CA's support. JSON:
 *
 *     {"ca": NAME, "type": KIND, "endpoint": URL, "healthy": BOOL,
 *      "steps": [{"id": "configuration"|"way"|"credentials"|"products"|"csr"|"revocation"|
 *                       "journal"|"retest", "title": TEXT,
 *                 "status": "ok"|"warning"|"failed"|"skipped", "time": TIME|null,
 *                 "lines": [{"status", "seen": TEXT, "todo": TEXT|null}],
 *                 "again": {"status", "time", "lines"}}]}     of the second try, when there was one
 */
#include "batch/doctor.h"

#include "cmd/ask_ca.h"
#include "formats/base/fs.h"
#include "formats/base/json.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <string.h>

static const enum paint paints[DOCTOR_STATUS__MAX] = {[DOCTOR_SKIPPED] = PAINT_DIM,
                                                      [DOCTOR_OK] = PAINT_GREEN,
                                                      [DOCTOR_WARNING] = PAINT_YELLOW,
                                                      [DOCTOR_FAILED] = PAINT_RED};

/* --- text --- */
enum { WIDTH = 100, HANG = 5, PAUSE_MS = 2000 };

/* Words, broken before WIDTH; further lines begin under the first one's text. A word that is longer
 * stays whole: it may be a path to be copied. */
static void put_wrapped(struct buf *b, size_t column, size_t hang, const char *text)
{
    for (const char *p = text; *p;) {
        const size_t n = strcspn(p, " ");
        const size_t wide = utf8_length(p, n);
        if (column > hang && column + 1 + wide > WIDTH) {
            buf_printf(b, "\n%*s", (int)hang, "");
            column = hang;
        } else if (p > text) {
            buf_putc(b, ' ');
            column++;
        }
        buf_add(b, p, n);
        column += wide;
        p += n;
        p += *p == ' ';
    }
    buf_putc(b, '\n');
}

static void put_line(const struct term *t, struct buf *b, const struct doctor_line *line)
{
    static const char *const marks[DOCTOR_STATUS__MAX] = {
        [DOCTOR_SKIPPED] = " ", [DOCTOR_OK] = " ", [DOCTOR_WARNING] = "?", [DOCTOR_FAILED] = "!"};
    buf_puts(b, "   ");
    term_paint(b, t->out_color && *marks[line->status] != ' ', paints[line->status],
               marks[line->status]);
    buf_putc(b, ' ');
    put_wrapped(b, HANG, HANG, line->seen);
    if (line->todo) {
        buf_puts(b, "     -> ");
        put_wrapped(b, HANG + 3, HANG + 3, line->todo);
    }
}

static void put_step(const struct term *t, struct buf *b, size_t number, const char *title,
                     const struct doctor_result *r)
{
    buf_printf(b, "%zu  %-28s ", number, title);
    term_paint(b, t->out_color, paints[r->status], doctor_status_name(r->status));
    buf_putc(b, '\n');
    for (size_t i = 0; i < r->n; i++) {
        put_line(t, b, &r->v[i]);
    }
}

static bool same_lines(const struct doctor_result *x, const struct doctor_result *y)
{
    bool same = x->n == y->n;
    for (size_t i = 0; same && i < x->n; i++) {
        same = str_eq(x->v[i].seen, y->v[i].seen);
    }
    return same;
}

/* What the second try saw otherwise. */
static void put_second(const struct doctor *d, const struct term *t, struct buf *b)
{
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        if (d->second[s].when != TIME_NONE && !same_lines(&d->results[s], &d->second[s])) {
            CLEANUP(buf_release) struct buf title = BUF_INIT(128);
            buf_printf(&title, "%s, second try", doctor_rows[s].title);
            put_step(t, b, s + 1, buf_text(&title), &d->second[s]);
        }
    }
}

static void put_verdict(const struct doctor *d, const struct term *t, struct buf *b)
{
    CLEANUP(buf_release) struct buf list = BUF_INIT(1024);
    const bool failed = doctor_verdict(d) != ERR_NONE;
    const enum doctor_status worst = failed ? DOCTOR_FAILED : DOCTOR_WARNING;
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        const bool again = d->second[s].when != TIME_NONE;
        if ((again ? d->second[s].status : d->results[s].status) == worst && s != DOCTOR_RETEST) {
            buf_printf(&list, "%s%s", list.n ? ", " : "", doctor_rows[s].title);
        }
    }
    buf_printf(b, "\nCA %s: ", d->options.ca->name);
    term_paint(b, t->out_color,
               paints[failed   ? DOCTOR_FAILED
                      : list.n ? DOCTOR_WARNING
                               : DOCTOR_OK],
               failed   ? "failed"
               : list.n ? "works, with warnings"
                        : "works");
    buf_printf(b, "%s%s\n", list.n ? ": " : "", buf_text(&list));
}

static bool as_text(const struct doctor *d, const struct term *t, struct buf *b,
                    struct err *err UNUSED)
{
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        put_step(t, b, s + 1, doctor_rows[s].title, &d->results[s]);
    }
    put_second(d, t, b);
    put_verdict(d, t, b);
    return true;
}

/* --- JSON --- */
static void put_result(struct jw *j, const struct doctor_result *r)
{
    jw_str(j, "status", doctor_status_name(r->status));
    jw_time(j, "time", r->when);
    jw_array(j, "lines");
    for (size_t i = 0; i < r->n; i++) {
        jw_object(j, NULL);
        jw_str(j, "status", doctor_status_name(r->v[i].status));
        jw_str(j, "seen", r->v[i].seen);
        jw_str(j, "todo", r->v[i].todo);
        jw_end(j);
    }
    jw_end(j);
}

static bool as_json(const struct doctor *d, const struct term *t UNUSED, struct buf *b,
                    struct err *err)
{
    struct jw j;
    jw_begin(&j, b, JW_PRETTY);
    jw_object(&j, NULL);
    jw_str(&j, "ca", d->options.ca->name);
    jw_str(&j, "type", d->options.ca->type->type);
    jw_str(&j, "endpoint", ca_endpoint(d->options.ca));
    jw_bool(&j, "healthy", doctor_verdict(d) == ERR_NONE);
    jw_array(&j, "steps");
    for (size_t s = 0; s < DOCTOR__MAX; s++) {
        jw_object(&j, NULL);
        jw_str(&j, "id", doctor_rows[s].id);
        jw_str(&j, "title", doctor_rows[s].title);
        put_result(&j, &d->results[s]);
        if (d->second[s].when != TIME_NONE) {
            jw_object(&j, "again");
            put_result(&j, &d->second[s]);
            jw_end(&j);
        }
        jw_end(&j);
    }
    jw_end(&j);
    jw_end(&j);
    return jw_finish(&j, err);
}

/* --- the file for support --- */
static bool escalate(const struct doctor *d, const struct options *o, struct term *t,
                     struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(16u << 20);
    CLEANUP(buf_release) struct buf versions = BUF_INIT(4096);
    if (!o->escalation) {
        return true;
    }
    version_text(&versions);
    doctor_escalation(d, buf_text(&versions), &text);
    if (!fs_write_atomic(o->escalation, buf_span(&text), 0644, err)) {
        return false;
    }
    if (!o->quiet) {
        term_err(t, "certbatch: written for the CA's support: %s", o->escalation);
    }
    return true;
}

static int examine(struct ask_ca *c, const char *format, const struct options *o, struct term *t)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(64u << 20);
    struct err err = ERR_INIT;
    struct doctor d = {.options = {.config = &c->config,
                                   .ca = c->ca,
                                   .csr = o->csr,
                                   .manifest = o->operands.n > 1 ? o->operands.v[1] : NULL,
                                   .state = o->state,
                                   .config_path = o->config,
                                   .policies = o->policies.v,
                                   .npolicies = o->policies.n,
                                   .profile = o->profile,
                                   .as_of = o->as_of,
                                   .workers = (unsigned)o->jobs,
                                   .stop = &cmd_stop,
                                   .waiting = ask_ca_waiting,
                                   .waiting_ctx = t,
                                   .pause_ms = PAUSE_MS}};
    doctor_run(&d);
    term_progress_end(t);
    const bool ok = (str_eq(format, "json") ? as_json : as_text)(&d, t, &out, &err);
    term_out(t, buf_span(&out));
    int code =
        ok && escalate(&d, o, t, &err) ? exit_for_error(doctor_verdict(&d)) : cmd_fail(t, &err);
    doctor_release(&d);
    return !cmd_stop ? code : cmd_stop_signal == SIGINT ? EXIT_INTERRUPTED : EXIT_TERMINATED;
}

int cmd_doctor(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "doctor");
    struct ask_ca c;
    if (!format) {
        return EXIT_USAGE;
    }
    int code = ask_ca_find(&c, o, t);
    code = code == EXIT_DONE ? examine(&c, format, o, t) : code;
    ask_ca_close(&c);
    return code;
}
