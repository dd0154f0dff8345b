/* SPDX-License-Identifier: Apache-2.0
 *
 * `lint --format github|gitlab`: what build services show beside the changed line. Both list only
 * what counts: neither knows of waivers and baselines.
 */
#include "cmd/lint_view.h"

#include "formats/base/json.h"

/* --- GitHub workflow commands: "::error file=F,line=1::text" --- */

/* Of each level GitHub shows so many for one step of a job and drops the rest. */
enum { GITHUB_SHOWN = 10 };

static const char *const github_levels[] = {[SEV_DISABLED] = "notice",
                                            [SEV_INFO] = "notice",
                                            [SEV_WARNING] = "warning",
                                            [SEV_ERROR] = "error"};
_Static_assert(NITEMS(github_levels) == SEV__MAX, "a level for every severity");

/* The runner undoes these and nothing else; ':' and ',' end a property. */
static void github_escape(struct buf *out, const char *s, bool property)
{
    for (; *s; s++) {
        if (*s == '%' || *s == '\r' || *s == '\n' || (property && (*s == ':' || *s == ','))) {
            buf_printf(out, "%%%02X", (unsigned)*s);
        } else {
            buf_putc(out, *s);
        }
    }
}

static void annotation(struct buf *out, const struct lint_entry *e)
{
    const struct finding *f = e->f;
    CLEANUP(buf_release) struct buf message = BUF_INIT(16u << 10);
    finding_message(&message, f);
    if (f->fix) {
        buf_printf(&message, "\nfix: %s", f->fix);
    }
    buf_printf(out, "::%s file=", github_levels[f->severity]);
    github_escape(out, e->path, true);
    if (f->line) {
        buf_printf(out, ",line=%u", f->line);
    }
    if (f->line && f->end_line) {
        buf_printf(out, ",endLine=%u", f->end_line);
    }
    /* columns of more than one line are refused */
    if (f->line && f->column && (!f->end_line || f->end_line == f->line)) {
        buf_printf(out, ",col=%u", f->column);
        if (f->end_line) {
            buf_printf(out, ",endColumn=%u", f->end_column);
        }
    }
    buf_puts(out, ",title=");
    github_escape(out, f->rule, true);
    buf_puts(out, "::");
    github_escape(out, buf_text(&message), false);
    buf_putc(out, '\n');
}

bool lint_github(const struct lint_report *r, struct buf *out, struct err *err)
{
    (void)err;
    for (size_t i = 0; i < r->view->n; i++) {
        if (lint_counts(r->view->v[i].f)) {
            annotation(out, &r->view->v[i]);
        }
    }
    return true;
}

void lint_github_note(const struct lint_report *r)
{
    size_t count[SEV__MAX] = {0};
    for (size_t i = 0; i < r->view->n; i++) {
        count[r->view->v[i].f->severity] += lint_counts(r->view->v[i].f);
    }
    for (size_t i = 0; i < SEV__MAX; i++) {
        if (count[i] > GITHUB_SHOWN) {
            term_err(r->t,
                     "certbatch: GitHub shows %d of these %zu %ss; --format sarif has no such "
                     "limit",
                     GITHUB_SHOWN, count[i], github_levels[i]);
        }
    }
}

/* --- GitLab Code Quality --- */

static const char *const gitlab_severities[] = {
    [SEV_DISABLED] = "info", [SEV_INFO] = "info", [SEV_WARNING] = "minor", [SEV_ERROR] = "major"};
_Static_assert(NITEMS(gitlab_severities) == SEV__MAX, "a word for every severity");

/* GitLab compares two reports by fingerprint alone, so the path is part of it. */
static void fingerprint(const struct lint_entry *e, char hex[static SHA256_HEX])
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(64u << 10);
    buf_printf(&b, "%s:%u:%s", e->id, e->nth, e->path);
    sha256_hex(b.p, b.n, hex);
}

bool lint_gitlab(const struct lint_report *r, struct buf *out, struct err *err)
{
    struct jw j;
    jw_begin(&j, out, JW_PRETTY);
    jw_array(&j, NULL);
    for (size_t i = 0; i < r->view->n; i++) {
        const struct lint_entry *e = &r->view->v[i];
        char hex[SHA256_HEX];
        if (!lint_counts(e->f)) {
            continue;
        }
        CLEANUP(buf_release) struct buf message = BUF_INIT(16u << 10);
        finding_message(&message, e->f);
        fingerprint(e, hex);
        jw_object(&j, NULL);
        jw_str(&j, "description", buf_text(&message));
        jw_str(&j, "check_name", e->f->rule);
        jw_str(&j, "fingerprint", hex);
        jw_str(&j, "severity", gitlab_severities[e->f->severity]);
        jw_object(&j, "location");
        jw_str(&j, "path", e->path);
        jw_object(&j, "lines");
        jw_int(&j, "begin", e->f->line ? e->f->line : 1);
        if (e->f->end_line) {
            jw_int(&j, "end", e->f->end_line);
        }
        jw_end(&j);
        jw_end(&j);
        jw_end(&j);
    }
    jw_end(&j);
    return jw_finish(&j, err);
}
