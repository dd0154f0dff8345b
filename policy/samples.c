/* SPDX-License-Identifier: Apache-2.0
 *
 * The tests a policy carries: items that must pass and items that must not. A sample is judged
 * like an order of a manifest, with the keys it has; one that gives only a common name asks for
 * a certificate with that one name. Nothing is sent, no state is touched.
 */
#include "policy/engine.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"

#include <string.h>

/* domain_component is a list of values. */
static size_t count_values(const struct ynode *subject)
{
    size_t n = 0;
    for (const struct ynode *c = subject ? subject->first : NULL; c; c = c->next) {
        n += c->kind == YAML_SCALAR ? 1 : c->count;
    }
    return n;
}

static bool sample_attrs(struct arena *a, const struct ynode *subject, struct subject *out,
                         struct err *err)
{
    struct dn_value *dn = arena_array(a, count_values(subject) + 1, sizeof *dn);
    out->dn = dn;
    for (const struct ynode *n = subject ? subject->first : NULL; n; n = n->next) {
        const struct dn_name *name = dn_name_by_manifest(n->key);
        const bool list = n->kind == YAML_SEQUENCE && name && str_eq(name->name, "DC");
        if (!name || !(n->kind == YAML_SCALAR || list)) {
            return err_set(err, ERR_INPUT, "the sample's subject has no attribute %s",
                           str_vis_dup(a, n->key, strlen(n->key)));
        }
        for (const struct ynode *v = list ? n->first : n; v; v = list ? v->next : NULL) {
            dn[out->ndn++] = (struct dn_value){name->name, v->text ? v->text : ""};
        }
    }
    return true;
}

static void sample_names(struct arena *a, const struct sample_item *item, struct subject *out)
{
    struct san_value *san = arena_array(a, item->san.n + 1, sizeof *san);
    for (size_t i = 0; i < item->san.n; i++) {
        san_value_parse(item->san.v[i], &san[out->nsan++]);
    }
    out->san_at = item->san.at;
    if (out->nsan == 0 && item->common_name && !item->csr) {
        san_value_parse(item->common_name, &san[out->nsan++]);
        out->san_at = NULL;
    }
    out->san = san;
}

static bool sample_csr(struct arena *a, const char *dir, const char *path, struct subject *out,
                       struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    const char *full = path_join(a, dir, path);
    if (!fs_read(full, &text, err)) {
        return false;
    }
    struct csr *csr = arena_alloc(a, sizeof *csr);
    csr_parse(a, (struct span){arena_memdup(a, buf_text(&text), text.n), text.n}, csr);
    out->csr = csr;
    out->csr_file = full;
    return true;
}

/* The certificate a sample revokes or renews. */
static bool sample_prior(struct arena *a, const struct sample_item *item, const char *dir,
                         struct subject *out, struct err *err)
{
    const struct ynode *replaced = yaml_get(yaml_get(item->node, "replaces"), "certificate");
    const char *path = item->certificate ? item->certificate : replaced ? replaced->text : NULL;
    struct cert *certs = NULL;
    size_t n = 0;
    out->serial = item->serial ? serial_normal(a, item->serial) : NULL;
    if (item->serial && !out->serial) {
        return err_set(err, ERR_INPUT, "serial is not a serial number in hexadecimal digits");
    }
    if (!path) {
        return true;
    }
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    const char *full = path_join(a, dir, path);
    if (!fs_read(full, &text, err) ||
        !certs_read(a, full, (struct span){arena_memdup(a, buf_text(&text), text.n), text.n},
                    &certs, &n, err)) {
        return false;
    }
    out->prior = &certs[0];
    out->serial = out->serial ? out->serial : certs[0].serial_hex;
    return true;
}

bool sample_subject(struct arena *a, const struct sample_item *item, const char *dir,
                    struct subject *out, struct err *err)
{
    const bool revocation = str_eq(item->action, "revoke");
    *out = (struct subject){.kind = revocation ? SUBJECT_REVOCATION : SUBJECT_ORDER,
                            .id = "sample",
                            .node = item->node,
                            .action = item->action,
                            .ca = item->ca,
                            .ca_public = true,
                            .product = item->product,
                            .profile = item->profile,
                            .common_name = item->common_name,
                            .key = item->key,
                            .key_file_mode = -1,
                            .key_file_matches = true,
                            .change = item->change,
                            .reason = yaml_get(item->node, "reason") ? item->reason : REASON_NONE,
                            .validity_seconds = item->validity};
    out->order_date = item->order_date == TIME_NONE ? time_now() : item->order_date;
    sample_names(a, item, out);
    return sample_attrs(a, item->subject, out, err) && sample_prior(a, item, dir, out, err) &&
           (!item->csr || sample_csr(a, dir, item->csr, out, err));
}

/* The worst that keeps the item from being ordered; of rule `by` if given. */
static const struct finding *obstacle(const struct findings *list, enum severity most,
                                      const char *by)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct finding *f = &list->v[i];
        if (!f->waived && f->severity > most && (!by || str_eq(f->rule, by))) {
            return f;
        }
    }
    return NULL;
}

static void compare(const struct sample_text *t, struct pos pos, enum severity most,
                    const struct findings *got, struct findings *findings)
{
    const struct finding *any = obstacle(got, most, NULL);
    if (t->accept && any) {
        rule_report(findings, "policy.sample", pos, "the sample must be accepted, but %s says: %s",
                    any->rule, any->message);
    } else if (t->reject && !any) {
        rule_report(findings, "policy.sample", pos, "the sample must be rejected, but it passes");
    } else if (t->reject && t->by && !obstacle(got, most, t->by)) {
        rule_report(findings, "policy.sample", pos,
                    "the sample must be rejected by %s, but only %s rejects it: %s", t->by,
                    any->rule, any->message);
    }
}

static void run_one(const struct policy *p, const struct policy_file *file,
                    const struct sample_text *t, struct findings *findings)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings got = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct subject s;
    struct err err = ERR_INIT;
    const struct pos pos = yaml_pos(file->path, t->node);
    if (!sample_subject(&a, t->accept ? t->accept : t->reject, file->dir, &s, &err)) {
        rule_report(findings, "policy.sample", pos, "the sample cannot be judged: %s", err.msg);
        return;
    }
    s.file = file->path;
    policy_judge(p, &s, &scratch, &a, &got, NULL);
    arena_release(&scratch.arena);
    compare(t, pos, policy_max_severity(p, &s), &got, findings);
}

size_t policy_run_samples(const struct policy *p, struct findings *findings)
{
    size_t n = 0;
    for (size_t i = 0; i < p->nfiles; i++) {
        const struct sample_text *samples = p->files[i]->samples.v;
        for (size_t k = 0; k < p->files[i]->samples.n; k++) {
            run_one(p, p->files[i], &samples[k], findings);
            n++;
        }
    }
    return n;
}

void policy_lint(const char *path, struct findings *findings)
{
    policy_lint_text(path, (struct span){0}, findings);
}

void policy_lint_text(const char *path, struct span text, struct findings *findings)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct policy *p = NULL;
    /* a bare file name must not be taken for the name of a pack */
    const char *name = policy_is_file(path) ? path : arena_printf(&a, "./%s", path);
    const struct policy_source source = {.name = name, .base = ".", .text = text};
    const size_t before = findings->n;
    if (policy_open(&p, &source, 1, NULL, 0, findings, &err)) {
        policy_run_samples(p, findings);
    } else if (findings->n == before) {
        rule_report(findings, "policy.schema", (struct pos){.file = path}, "%s", err.msg);
    }
    policy_free(p);
}
