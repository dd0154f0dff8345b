/* SPDX-License-Identifier: Apache-2.0
 *
 * Approvals in an audit bag: every one that the journal counted for the plan in the bag is there,
 * over exactly those bytes, by the certificate that was recorded; and no other is. Whether an
 * approver is to be believed is asked with --approver-ca, at the time the run counted him.
 */
#include "batch/verify.h"

#include "batch/approval.h"
#include "formats/base/limits.h"
#include "formats/cms.h"

#include <stdlib.h>
#include <string.h>

struct verify_approvals {
    struct approval_files files;
    struct buf plan;
};

struct verify_approvals *verify_approvals_new(void)
{
    struct verify_approvals *s = xcalloc(1, sizeof *s);
    s->plan = (struct buf)BUF_INIT(APPROVAL_PLAN_BYTES);
    return s;
}

void verify_approvals_free(struct verify_approvals *s)
{
    if (s) {
        approvals_release(&s->files);
        buf_release(&s->plan);
        free(s);
    }
}

void verify_approvals_take(struct verify_approvals *s, const char *name, struct span data)
{
    struct approval_file f = {.der = BUF_INIT(APPROVAL_BYTES), .at = TIME_NONE};
    if (str_eq(name, "plan.json")) {
        buf_add(&s->plan, data.p, data.n);
    } else if (str_starts(name, APPROVALS_DIR "/") && s->files.n < APPROVALS_MAX) {
        buf_add(&f.der, data.p, data.n);
        f.name = xstrdup(name);
        VEC_PUSH(&s->files, f);
    }
}

PRINTF(2, 3)
static void problem(struct verify *v, const char *fmt, ...)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_MESSAGE);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    verify_problem(v->findings, v->file, RULE_APPROVAL, SEV_ERROR, NULL, "%s", buf_text(&text));
}

static const struct approval_file *file_of(const struct verify_approvals *s, struct arena *a,
                                           const char *certificate)
{
    const char *name = arena_printf(a, APPROVALS_DIR "/%s" APPROVAL_SUFFIX, certificate);
    for (size_t i = 0; i < s->files.n; i++) {
        if (str_eq(s->files.v[i].name, name)) {
            return &s->files.v[i];
        }
    }
    return NULL;
}

static void check_one(struct verify *v, struct arena *a, const struct approval_record *r,
                      const struct approval_file *f)
{
    const struct cms_how how = {.signers = v->approvers, .now = r->time};
    struct cms_result cms;
    const char *who = str_vis_dup(a, r->approver, strlen(r->approver));
    bool good = cms_verify(a, buf_span(&v->approvals->plan), buf_span(&f->der), &how, &cms);
    char sha256[SHA256_HEX] = "";
    if (cms.n == 1 && cms.v[0].certificate.der.n) {
        hex_encode(cms.v[0].certificate.sha256, SHA256_SIZE, sha256);
    }
    if (!good) {
        const struct faults *faults = cms.n ? &cms.v[0].faults : &cms.faults;
        problem(v, "%s, the approval of %s over data/plan.json: %s", f->name, who,
                faults->n ? faults->v[0].text : "it does not hold");
    } else if (!str_eq(sha256, r->certificate_sha256)) {
        problem(v, "%s is not by the certificate that the journal names for %s", f->name, who);
    }
}

/* Files that no record speaks of. */
static void check_strangers(struct verify *v, struct arena *a, const bool *spoken_of)
{
    for (size_t i = 0; i < v->approvals->files.n; i++) {
        const char *name = v->approvals->files.v[i].name;
        if (!spoken_of[i]) {
            problem(v, "%s is an approval that the journal does not know",
                    str_vis_dup(a, name, strlen(name)));
        }
    }
}

static void describe(const struct verify *v, const struct history *h, size_t n, struct buf *summary)
{
    if (n) {
        buf_printf(summary, "  approvals     %zu%s\n", n, v->approvers ? "" : " (not pinned)");
    }
    for (size_t i = 0; i < h->exceptions.n; i++) {
        const struct exception_record *e = &h->exceptions.v[i];
        buf_puts(summary, "  EXCEPTION     ");
        str_vis(summary, e->what, strlen(e->what), LIMIT_VALUE_SHOWN);
        buf_puts(summary, ": ");
        str_vis(summary, e->reason, strlen(e->reason), LIMIT_VALUE_SHOWN);
        buf_putc(summary, '\n');
    }
}

void verify_approvals(struct verify *v, const struct history *h, struct buf *summary)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const struct verify_approvals *s = v->approvals;
    bool *spoken_of = arena_array(&a, s->files.n + 1, sizeof *spoken_of);
    char plan_sha256[SHA256_HEX];
    size_t n = 0, others = 0;
    sha256_hex(s->plan.p, s->plan.n, plan_sha256);
    for (size_t i = 0; i < h->approvals.n; i++) {
        const struct approval_record *r = &h->approvals.v[i];
        if (!str_eq(r->plan_sha256, plan_sha256)) {
            others += str_eq(r->plan_digest, h->plan_digest);
            continue;
        }
        const struct approval_file *f = file_of(s, &a, r->certificate_sha256);
        if (!f) {
            problem(v, "the approval of %s is missing",
                    str_vis_dup(&a, r->approver, strlen(r->approver)));
            continue;
        }
        spoken_of[f - s->files.v] = true;
        check_one(v, &a, r, f);
        n++;
    }
    check_strangers(v, &a, spoken_of);
    if (others && !n) {
        problem(v, "data/plan.json is not the bytes that were approved");
    }
    if (v->approvers && !n) {
        problem(v, "the bundle has no approval, and --approver-ca demands one");
    }
    describe(v, h, n, summary);
}
