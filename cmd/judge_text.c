/* SPDX-License-Identifier: Apache-2.0
 *
 * See judge_text.h.
 */
#include "cmd/judge_text.h"

#include "formats/base/time.h"
#include "formats/crl.h"

#include <stdlib.h>

struct judge_memory {
    struct verified *verified;
};

struct judge_memory *judge_memory_new(void)
{
    struct judge_memory *m = xcalloc(1, sizeof *m);
    m->verified = verified_new();
    return m;
}

void judge_memory_free(struct judge_memory *m)
{
    if (m) {
        verified_free(m->verified);
        free(m);
    }
}

/* --- CSRs and certificates --- */

void judge_loose(const struct policy *policy, const struct options *o, const char *path,
                 enum lint_kind kind, struct span text, struct policy_scratch *scratch,
                 struct findings *findings)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct csr csr;
    struct cert *certs = NULL;
    size_t n = 0;
    struct err err = ERR_INIT;
    struct subject s = {.file = path,
                        .profile = o->profile,
                        .ca_public = true,
                        .key_file_mode = -1,
                        .key_file_matches = true,
                        .today = time_now(),
                        .reason = REASON_NONE};
    s.order_date = o->as_of != TIME_NONE ? o->as_of : s.today;
    if (kind == LINT_CSR) {
        csr_parse(&a, text, &csr);
        s.kind = SUBJECT_CSR_FILE;
        s.csr = &csr;
        s.csr_file = path;
    } else if (certs_read(&a, path, text, &certs, &n, &err)) {
        s.kind = SUBJECT_CERT_FILE;
        s.cert = &certs[0];
        s.chain = certs + 1;
        s.nchain = n - 1;
        s.order_date = o->as_of == TIME_NONE ? certs[0].not_before : s.order_date;
    } else {
        findings_report(findings, "csr.input.kind", SEV_ERROR,
                        (struct pos){.file = path, .line = err.line ? err.line : 1, .column = 1},
                        "%s", err.msg);
        return;
    }
    policy_judge(policy, &s, scratch, &a, findings, NULL);
}

static void judge_alone(const struct options *o, const char *path, enum lint_kind kind,
                        struct span text, struct findings *findings, struct err *err)
{
    struct policy_scratch scratch = {0};
    struct policy *policy = NULL;
    if (cmd_open_policy(o, o->policies.n ? NULL : "cabf-tls", &policy, findings, err)) {
        judge_loose(policy, o, path, kind, text, &scratch, findings);
        policy_free(policy);
    }
    arena_release(&scratch.arena);
}

/* --- manifests --- */

/* What is wrong in a file that an item names is shown where the item names it. */
static void bring_home(const struct batch *b, struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        struct finding *f = &findings->v[i];
        const struct item *item =
            f->item && !str_eq(f->file, b->manifest.path) ? batch_item(b, f->item) : NULL;
        if (!item) {
            continue;
        }
        const struct ynode *csr = yaml_get(item->node, "csr");
        const struct ynode *at = csr ? csr : item->node;
        f->message = f->line ? arena_printf(&findings->strings, "%s:%u:%u: %s", f->file, f->line,
                                            f->column, f->message)
                             : arena_printf(&findings->strings, "%s: %s", f->file, f->message);
        f->file = arena_strdup(&findings->strings, b->manifest.path);
        f->line = at->line;
        f->column = at->column;
        f->end_line = csr ? csr->end_line : 0;
        f->end_column = csr ? csr->end_column : 0;
    }
}

static void judge_manifest(const struct options *o, struct judge_memory *m, const char *path,
                           struct span text, struct findings *findings, struct err *err)
{
    struct batch_options bo = {.manifest = path,
                               .text = text,
                               .verified = m->verified,
                               .config = o->config,
                               .policies = o->policies.v,
                               .npolicies = o->policies.n,
                               .profile = o->profile,
                               .as_of = o->as_of,
                               .lint = true};
    struct batch batch = {0};
    bool whole = batch_open(&batch, &bo, findings, err);
    if (batch.policy) {
        batch_judge(&batch, (unsigned)o->jobs, findings);
        bring_home(&batch, findings);
    }
    if (!whole && !batch.manifest_ok) {
        err_clear(err); /* the findings say it */
    }
    batch_release(&batch);
}

void judge_text(const struct options *o, struct judge_memory *m, const char *path,
                enum lint_kind kind, struct span text, struct findings *findings)
{
    struct err err = ERR_INIT;
    static const uint8_t nothing;
    text.p = text.p ? text.p : &nothing; /* an empty document is a document */
    if (kind == LINT_MANIFEST) {
        judge_manifest(o, m, path, text, findings, &err);
    } else if (kind == LINT_POLICY) {
        policy_lint_text(path, text, findings);
    } else if (kind == LINT_CONFIG) {
        struct config config = {0};
        if (config_read_text(&config, path, text, findings, &err) ||
            findings_count(findings, SEV_ERROR)) {
            err_clear(&err);
        }
        config_release(&config);
    } else {
        judge_alone(o, path, kind, text, findings, &err);
    }
    if (err.code != ERR_NONE) {
        findings_report(findings, "policy.schema", SEV_ERROR,
                        (struct pos){.file = path, .line = 1, .column = 1}, "%s%s%s", err.msg,
                        err.hint ? "; " : "", err.hint ? err.hint : "");
    }
    findings_sort(findings);
}
