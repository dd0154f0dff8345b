/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch lint FILE...`: what kind of file is it, who judges it, how is it printed. Whatever is
 * wrong inside a file is a finding (exit 1); a file that cannot be opened, or a policy or config
 * that cannot be loaded, is exit 3. CSR files are judged in parallel; output order is argument
 * order, whatever finished first.
 */
#include "cmd/baseline.h"
#include "cmd/fix.h"
#include "cmd/forecast.h"
#include "cmd/judge_text.h"
#include "cmd/lint_walk.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/pool.h"
#include "formats/base/time.h"

#include <string.h>
#include <unistd.h>

/* The kind needs only a look; the whole file is read again by whoever judges it. */
static bool classify(struct lint_file *f, struct err *err)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    if (str_eq(f->path, "-")) {
        fs_rewind_stdin();
    }
    if (!fs_read(f->path, &b, err)) {
        return false;
    }
    f->kind = lint_kind_of(f->path, buf_span(&b));
    if (f->kind == LINT_CSR || f->kind == LINT_CERTIFICATE) {
        f->text = b;
        b = (struct buf)BUF_INIT(0);
    }
    return true;
}

/* Of the items of a manifest only their names are kept. */
static void keep_names(struct lint *l, struct lint_file *f, const struct batch *batch)
{
    for (size_t i = 0; i < batch->nitems; i++) {
        const struct item *item = &batch->items[i];
        const struct lint_item kept = {.id = arena_strdup(&l->names, item->id),
                                       .judged = batch->policy && !item->misshapen};
        VEC_PUSH(&f->items, kept);
    }
}

static void lint_manifest(const struct options *o, struct lint *l, struct lint_file *f)
{
    struct batch_options bo = {.manifest = f->path,
                               .config = o->config,
                               .policies = o->policies.v,
                               .npolicies = o->policies.n,
                               .inventories = o->inventories.v,
                               .ninventories = o->inventories.n,
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
    keep_names(l, f, &batch);
    batch_release(&batch);
}

/* A policy on standard input is one of the current directory; what it extends is found there. */
static void lint_policy_text(struct lint_file *f)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!fs_read(f->path, &text, &f->err)) {
        return;
    }
    policy_lint_text(f->path, (struct span){(const uint8_t *)buf_text(&text), text.n},
                     &f->findings);
    for (size_t i = 0; i < f->findings.n; i++) {
        if (str_eq(f->findings.v[i].file, "./-")) { /* as a policy it needs a path */
            f->findings.v[i].file = f->path;
        }
    }
}

/* A policy it names that cannot be loaded is an error of its own, as with a manifest. */
static void lint_config(const struct options *o, struct lint_file *f)
{
    const struct config_judge_options jo = {.policies = o->policies.v,
                                            .npolicies = o->policies.n,
                                            .profile = o->profile,
                                            .as_of = o->as_of};
    struct config config = {0};
    const bool read = config_read(&config, f->path, &f->findings, &f->err);
    const bool judged = read && config_judge(&config, &jo, &f->findings, &f->err);
    f->err_in_findings = !read && findings_count(&f->findings, SEV_ERROR) > 0;
    (void)judged; /* f->err says why not */
    config_release(&config);
}

struct file_job {
    struct lint_file *files;
    const size_t *index;
    const struct policy *policy;
    const struct options *o;
    struct policy_scratch scratch[LIMIT_WORKERS];
};

static void judge_file(void *ctx, size_t index, unsigned worker)
{
    struct file_job *job = ctx;
    struct lint_file *f = &job->files[job->index[index]];
    judge_loose(job->policy, job->o, f->path, f->kind, buf_span(&f->text), &job->scratch[worker],
                &f->findings);
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
        if (str_eq(f->path, "-")) {
            fs_rewind_stdin(); /* its kind was looked for before */
        }
        if (f->kind == LINT_MANIFEST) {
            lint_manifest(o, l, f);
        } else if (f->kind == LINT_POLICY && str_eq(f->path, "-")) {
            lint_policy_text(f);
        } else if (f->kind == LINT_POLICY) {
            policy_lint(f->path, &f->findings);
        } else if (f->kind == LINT_CONFIG) {
            lint_config(o, f);
        } else {
            index[n++] = i;
        }
        findings_sort(&f->findings);
    }
    return n ? judge_files(o, t, l, index, n) : EXIT_DONE;
}

/* The other formats know findings of one day only. */
static bool forecast_fits(struct term *t, const char *format)
{
    const bool fits = str_eq(format, "text") || str_eq(format, "json");
    if (!fits) {
        term_err(t, "certbatch: --forecast goes with --format text or json");
    }
    return fits;
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
    if (!o->fix || f->kind != LINT_MANIFEST) {
        return true;
    }
    return str_eq(f->path, "-") ? err_set(err, ERR_USAGE, "--fix mends files, not standard input")
                                : fix_manifest(o, t, f->path, err);
}

/* Compares with --baseline; with --write-baseline with what has just been written, so that the run
 * which writes it ends as the next one will. */
static bool compare(const struct options *o, struct term *t, struct lint *l, struct baseline *b,
                    struct err *err)
{
    const char *path = o->write_baseline ? o->write_baseline : o->baseline;
    size_t n = 0;
    size_t stale = 0;
    if (!path) {
        return true;
    }
    if (o->write_baseline) {
        if (!baseline_write(path, l, &n, err) || !baseline_read(b, path, err)) {
            return false;
        }
        if (!o->quiet) {
            term_err(t, "certbatch: %zu finding%s written to %s", n, n == 1 ? "" : "s", path);
        }
    }
    baseline_apply(b, path, l, &stale);
    l->baseline = true;
    if (stale && !o->quiet) {
        term_err(t,
                 "certbatch: %zu finding%s of baseline %s %s gone: write it again with "
                 "--write-baseline",
                 stale, stale == 1 ? "" : "s", path, stale == 1 ? "is" : "are");
    }
    return true;
}

/* What has to be there before anything is judged: the baseline, standard input, the files. */
static int open_all(const struct options *o, struct term *t, struct lint *l, struct baseline *b)
{
    struct err err = ERR_INIT;
    if (o->baseline && !o->write_baseline && !baseline_read(b, o->baseline, &err)) {
        return cmd_fail(t, &err);
    }
    if (strlist_has(&o->operands, "-") && !fs_keep_stdin(LIMIT_INPUT_BYTES, &err)) {
        return cmd_fail(t, &err);
    }
    CLEANUP(strlist_release) struct strlist files = {0};
    if (!lint_expand(&o->operands, &l->names, &files, &err)) {
        return cmd_fail(t, &err);
    }
    l->files = xcalloc(files.n + 1, sizeof *l->files);
    for (; l->n < files.n; l->n++) {
        struct lint_file *f = &l->files[l->n];
        *f = (struct lint_file){.path = files.v[l->n], .findings = FINDINGS_INIT};
        if (!classify(f, &err) || !mend(o, t, f, &err)) {
            return cmd_fail(t, &err);
        }
    }
    return EXIT_DONE;
}

static void lint_release(struct lint *l)
{
    forecast_release(l->forecast);
    for (size_t i = 0; i < l->n; i++) {
        findings_release(&l->files[i].findings);
        buf_release(&l->files[i].text);
        freep(&l->files[i].items.v);
    }
    freep(&l->files);
    arena_release(&l->names);
}

int cmd_lint(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "lint");
    if (!format || (o->forecast && !forecast_fits(t, format))) {
        return EXIT_USAGE;
    }
    struct lint l = {0};
    CLEANUP(baseline_release) struct baseline baseline = {0};
    struct err err = ERR_INIT;
    int code = open_all(o, t, &l, &baseline);
    if (code == EXIT_DONE) {
        code = judge_all(o, t, &l);
    }
    if (code == EXIT_DONE && o->forecast) {
        code = forecast_make(o, t, &l);
    }
    if (code == EXIT_DONE && !compare(o, t, &l, &baseline, &err)) {
        code = cmd_fail(t, &err);
    }
    if (code == EXIT_DONE) {
        code = lint_print(o, t, &l, format);
        code = code == EXIT_DONE ? verdict(o, t, &l) : code;
    }
    lint_release(&l);
    return code;
}
