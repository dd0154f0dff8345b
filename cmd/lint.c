/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch lint FILE...`: what kind of file is it, who judges it, how is it printed. Whatever is
 * wrong inside a file is a finding (exit 1); a file that cannot be opened, or a policy or config
 * that cannot be loaded, is exit 3. CSR files are judged in parallel; output order is argument
 * order, whatever finished first.
 */
#include "cmd/fix.h"
#include "cmd/lint.h"
#include "cmd/lint_walk.h"

#include "formats/crl.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/pool.h"
#include "formats/base/time.h"

#include <string.h>
#include <unistd.h>

const char *const lint_kind_names[] = {[LINT_MANIFEST] = "manifest",
                                       [LINT_CSR] = "csr",
                                       [LINT_CERTIFICATE] = "certificate",
                                       [LINT_POLICY] = "policy",
                                       [LINT_CONFIG] = "config"};
_Static_assert(NITEMS(lint_kind_names) == LINT__MAX, "a name for every kind");

/* A key at the start of a line decides: all three YAML kinds name themselves by their first key. */
static bool has_key(struct span text, const char *key)
{
    size_t n = strlen(key);
    const char *p = (const char *)text.p;
    for (size_t i = 0; i + n < text.n; i++) {
        if ((i == 0 || p[i - 1] == '\n' || (uint8_t)p[i - 1] == 0xBF) &&
            memcmp(p + i, key, n) == 0 && p[i + n] == ':') {
            return true;
        }
    }
    return false;
}

static bool contains(struct span text, const char *what)
{
    return text.n && memmem(text.p, text.n, what, strlen(what)) != NULL;
}

static enum lint_kind kind_of(const char *path, struct span text)
{
    static const struct {
        const char *key, *suffix;
        enum lint_kind kind;
    } yaml[] = {{"certbatch_policy", ".policy.yaml", LINT_POLICY},
                {"certbatch_config", "certbatch.yaml", LINT_CONFIG},
                {"certbatch", ".batch.yaml", LINT_MANIFEST}};
    for (size_t i = 0; i < NITEMS(yaml); i++) {
        if (has_key(text, yaml[i].key)) {
            return yaml[i].kind;
        }
    }
    for (size_t i = 0; i < NITEMS(yaml); i++) {
        if (str_iends(path, yaml[i].suffix)) {
            return yaml[i].kind;
        }
    }
    if (str_iends(path, ".yaml") || str_iends(path, ".yml")) {
        return LINT_MANIFEST;
    }
    bool der_certificate = text.n > 1 && text.p[0] == 0x30 && !contains(text, "-----BEGIN") &&
                           (str_iends(path, ".cer") || str_iends(path, ".crt"));
    bool certificate = contains(text, "-----BEGIN CERTIFICATE-----") ||
                       contains(text, "-----BEGIN TRUSTED CERTIFICATE-----");
    return certificate || der_certificate ? LINT_CERTIFICATE : LINT_CSR;
}

/* The kind needs only a look; the whole file is read again by whoever judges it. */
static bool classify(struct lint_file *f, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!fs_read(f->path, &b, err)) {
        return false;
    }
    f->kind = kind_of(f->path, buf_span(&b));
    if (f->kind == LINT_CSR || f->kind == LINT_CERTIFICATE) {
        f->text = b;
        b = (struct buf)BUF_INIT(0);
    }
    return true;
}

static void lint_manifest(const struct options *o, struct lint_file *f)
{
    struct batch_options bo = {.manifest = f->path,
                               .config = o->config,
                               .policies = o->policies.v,
                               .npolicies = o->policies.n,
                               .profile = o->profile,
                               .as_of = o->as_of,
                               .lint = true};
    struct batch batch = {0};
    bool whole = batch_open(&batch, &bo, &f->findings, &f->err);
    if (batch.policy) {
        batch_judge(&batch, (unsigned)o->jobs, &f->findings);
    }
    /* what is wrong inside the manifest is findings; a policy or config that cannot be loaded is
     * an error of its own */
    f->err_in_findings = !whole && !batch.manifest_ok && findings_count(&f->findings, SEV_ERROR);
    batch_release(&batch);
}

static void lint_config(struct lint_file *f)
{
    struct config config = {0};
    if (!config_read(&config, f->path, &f->findings, &f->err)) {
        f->err_in_findings = findings_count(&f->findings, SEV_ERROR) > 0;
    }
    config_release(&config);
}

struct file_job {
    struct lint_file *files;
    const size_t *index;
    const struct policy *policy;
    const struct options *o;
    struct policy_scratch scratch[LIMIT_WORKERS];
};

static void judge_csr(const struct file_job *job, struct lint_file *f, struct policy_scratch *s,
                      struct arena *a)
{
    struct csr csr;
    struct cert *certs = NULL;
    size_t n = 0;
    struct err err = ERR_INIT;
    struct subject subject = {.file = f->path,
                              .profile = job->o->profile,
                              .ca_public = true,
                              .key_file_mode = -1,
                              .key_file_matches = true,
                              .reason = REASON_NONE};
    subject.order_date = job->o->as_of != TIME_NONE ? job->o->as_of : time_now();
    if (f->kind == LINT_CSR) {
        csr_parse(a, buf_span(&f->text), &csr);
        subject.kind = SUBJECT_CSR_FILE;
        subject.csr = &csr;
        subject.csr_file = f->path;
        policy_judge(job->policy, &subject, s, a, &f->findings, NULL);
        return;
    }
    if (!certs_read(a, f->path, buf_span(&f->text), &certs, &n, &err)) {
        findings_report(&f->findings, "csr.input.kind", SEV_ERROR, (struct pos){.file = f->path},
                        "%s", err.msg);
        return;
    }
    subject.kind = SUBJECT_CERT_FILE;
    subject.cert = &certs[0];
    if (job->o->as_of == TIME_NONE) {
        subject.order_date = certs[0].not_before;
    }
    policy_judge(job->policy, &subject, s, a, &f->findings, NULL);
}

static void judge_file(void *ctx, size_t index, unsigned worker)
{
    struct file_job *job = ctx;
    struct lint_file *f = &job->files[job->index[index]];
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    judge_csr(job, f, &job->scratch[worker], &a);
    findings_sort(&f->findings);
    buf_release(&f->text);
}

static int judge_files(const struct options *o, struct term *t, struct lint *l, const size_t *index,
                       size_t n)
{
    struct err err = ERR_INIT;
    CLEANUP(findings_release) struct findings load = FINDINGS_INIT;
    struct file_job *job = xcalloc(1, sizeof *job);
    struct policy *policy = NULL;
    int code = EXIT_DONE;
    /* a file linted alone has no manifest to name its policy */
    if (!cmd_open_policy(o, o->policies.n ? NULL : "cabf-tls", &policy, &load, &err)) {
        cmd_print_findings(t, STDERR_FILENO, &load, SEV_WARNING, o->verbose);
        code = cmd_fail(t, &err);
    } else {
        job->files = l->files;
        job->index = index;
        job->policy = policy;
        job->o = o;
        pool_map((unsigned)o->jobs, n, judge_file, job);
    }
    for (size_t i = 0; i < LIMIT_WORKERS; i++) {
        arena_release(&job->scratch[i].arena);
    }
    freep(&job);
    policy_free(policy);
    return code;
}

static int judge_all(const struct options *o, struct term *t, struct lint *l)
{
    CLEANUP(freep) size_t *index = xcalloc(l->n, sizeof *index);
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        struct lint_file *f = &l->files[i];
        if (f->kind == LINT_MANIFEST) {
            lint_manifest(o, f);
        } else if (f->kind == LINT_POLICY) {
            policy_lint(f->path, &f->findings);
        } else if (f->kind == LINT_CONFIG) {
            lint_config(f);
        } else {
            index[n++] = i;
        }
        findings_sort(&f->findings);
    }
    return n ? judge_files(o, t, l, index, n) : EXIT_DONE;
}

static int verdict(const struct options *o, struct term *t, const struct lint *l)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < l->n; i++) {
        const struct lint_file *f = &l->files[i];
        if (f->err.code != ERR_NONE && !f->err_in_findings) {
            return cmd_fail(t, &f->err);
        }
        if (f->err_in_findings || findings_count(&f->findings, (enum severity)o->severity)) {
            code = EXIT_FINDINGS;
        }
    }
    return code;
}

/* Only manifests can be mended: what stands in a CSR is signed. */
static bool mend(const struct options *o, struct term *t, const struct lint_file *f,
                 struct err *err)
{
    return !o->fix || f->kind != LINT_MANIFEST || fix_manifest(o, t, f->path, err);
}

int cmd_lint(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "lint");
    if (!format) {
        return EXIT_USAGE;
    }
    struct err walk = ERR_INIT;
    CLEANUP(arena_release) struct arena paths = ARENA_INIT;
    CLEANUP(strlist_release) struct strlist files = {0};
    if (!lint_expand(&o->operands, &paths, &files, &walk)) {
        return cmd_fail(t, &walk);
    }
    struct lint l = {.n = files.n, .files = xcalloc(files.n + 1, sizeof *l.files)};
    int code = EXIT_DONE;
    for (size_t i = 0; i < l.n && code == EXIT_DONE; i++) {
        struct err err = ERR_INIT;
        l.files[i] = (struct lint_file){.path = files.v[i], .findings = FINDINGS_INIT};
        code = classify(&l.files[i], &err) && mend(o, t, &l.files[i], &err) ? EXIT_DONE
                                                                            : cmd_fail(t, &err);
    }
    if (code == EXIT_DONE) {
        code = judge_all(o, t, &l);
    }
    if (code == EXIT_DONE) {
        lint_print(o, t, &l, format);
        code = verdict(o, t, &l);
    }
    for (size_t i = 0; i < l.n; i++) {
        findings_release(&l.files[i].findings);
        buf_release(&l.files[i].text);
    }
    freep(&l.files);
    return code;
}
