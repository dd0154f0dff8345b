/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run was made from, kept in the state directory: the exact manifest, the policy texts,
 * the plan, the findings of the judgement. The audit bundle is made from these. A finished batch
 * that is run again unchanged leaves them as they are, and so its bundle, byte for byte.
 */
#include "batch/run_parts.h"

#include "formats/base/finding_json.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK = 64 * 1024, PLAN_MAX = 256 * 1024 * 1024 };

/* "pack" or "./dir/company.policy.yaml" to a file name; the number keeps the order and two files
 * of one name apart. */
static const char *policy_file_name(struct run *r, size_t i, const char *name)
{
    char *base = arena_strdup(&r->own, path_base(name));
    for (char *c = base; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || *c == '.' || *c == '-' || *c == '_';
        *c = plain ? *c : '_';
    }
    return arena_printf(&r->own, "%02zu-%.80s%s", i, base, strchr(base, '.') ? "" : ".yaml");
}

static bool add_policies(struct run *r, struct fs_group *files, int dir, struct err *err)
{
    const char *name, *text;
    size_t n;
    for (size_t i = 0; (text = policy_text(r->batch.policy, i, &name, &n)) != NULL; i++) {
        struct span bytes = {(const uint8_t *)text, n};
        if (!fs_group_add(files, dir, policy_file_name(r, i, name), bytes, 0600, err)) {
            return false;
        }
    }
    return true;
}

static bool add_plan(struct run *r, struct fs_group *files, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(PLAN_MAX);
    if (r->plan_text.n) { /* approvals are over these very bytes */
        return fs_group_add(files, r->dir.fd, "plan.json", buf_span(&r->plan_text), 0600, err);
    }
    return plan_json(&r->batch, &r->plan, &text, err) &&
           fs_group_add(files, r->dir.fd, "plan.json", buf_span(&text), 0600, err);
}

/* --- findings.json, streamed: 10,000 items may have several findings each --- */
struct stream {
    struct fs_temp temp;
    struct buf text;
    struct jw j;
};

static bool pour(struct stream *s, size_t keep, struct err *err)
{
    if (s->text.n <= keep) {
        return true;
    }
    bool ok = fs_write_all(s->temp.fd, s->text.p, s->text.n, err);
    buf_reset(&s->text);
    return ok;
}

static const char *kind_of(const struct run *r, const char *file)
{
    return str_eq(file, r->batch.manifest.path) ? "manifest"
           : str_eq(file, r->batch.config.path) ? "config"
           : str_ends(file, ".policy.yaml")     ? "policy"
           : str_starts(file, "items/")         ? "certificate"
                                                : "csr";
}

static bool write_files(struct run *r, struct stream *s, struct err *err)
{
    const struct findings *f = r->findings;
    const char *open = NULL;
    for (size_t i = 0; i < f->n; i++) {
        const char *file = f->v[i].file ? f->v[i].file : r->batch.manifest.path;
        if (!open || strcmp(open, file) != 0) {
            if (open) {
                jw_end(&s->j);
                jw_end(&s->j);
            }
            open = file;
            jw_object(&s->j, NULL);
            jw_str(&s->j, "path", file);
            jw_str(&s->j, "kind", kind_of(r, file));
            jw_array(&s->j, "findings");
        }
        finding_json(&s->j, &f->v[i]);
        if (!pour(s, CHUNK, err)) {
            return false;
        }
    }
    if (open) {
        jw_end(&s->j);
        jw_end(&s->j);
    }
    return true;
}

static bool write_findings(struct run *r, struct stream *s, struct err *err)
{
    char date[TIME_TEXT];
    size_t errors = findings_count(r->findings, SEV_ERROR);
    size_t warnings = findings_count(r->findings, SEV_WARNING);
    time_format_date(r->batch_options.as_of == TIME_NONE ? r->batch.now : r->batch_options.as_of,
                     date);
    jw_begin(&s->j, &s->text, JW_PRETTY);
    jw_object(&s->j, NULL);
    jw_str(&s->j, "tool", "certbatch");
    jw_str(&s->j, "version", CERTBATCH_VERSION);
    jw_str(&s->j, "as_of", date);
    jw_array(&s->j, "files");
    if (!write_files(r, s, err)) {
        return false;
    }
    jw_end(&s->j);
    jw_object(&s->j, "summary");
    jw_int(&s->j, "errors", (int64_t)errors);
    jw_int(&s->j, "warnings", (int64_t)(warnings - errors));
    jw_int(&s->j, "infos", (int64_t)(findings_count(r->findings, SEV_INFO) - warnings));
    jw_end(&s->j);
    jw_end(&s->j);
    return jw_finish(&s->j, err) && pour(s, 0, err);
}

bool run_store_findings(struct run *r, struct err *err)
{
    struct stream s = {.temp = {.fd = -1}, .text = BUF_INIT(4 * CHUNK)};
    findings_sort(r->findings);
    r->reported = 0;
    bool ok = fs_temp_open(&s.temp, r->dir.fd, 0600, err) && write_findings(r, &s, err) &&
              fs_temp_commit(&s.temp, "findings.json", err);
    fs_temp_discard(&s.temp);
    buf_release(&s.text);
    return ok || err_wrap(err, "findings.json");
}

bool run_store_inputs(struct run *r, struct err *err)
{
    struct fs_group files;
    const struct manifest *m = &r->batch.manifest;
    struct span manifest = {(const uint8_t *)m->text, m->text_n};
    fs_group_init(&files);
    CLEANUP(closep) int policy = fs_make_dir_at(r->dir.fd, "policy", err);
    bool ok = policy >= 0 &&
              fs_group_add(&files, r->dir.fd, "manifest.yaml", manifest, 0600, err) &&
              add_plan(r, &files, err) && add_policies(r, &files, policy, err) &&
              fs_group_commit(&files, err) && fs_sync(r->dir.fd, r->dir.path, err) &&
              run_store_findings(r, err);
    fs_group_release(&files);
    return ok;
}

bool run_store_recipients(struct run *r, struct err *err)
{
    CLEANUP(buf_release) struct buf old = BUF_INIT(LIMIT_INPUT_BYTES);
    const struct span pem = r->batch.recipients.pem;
    if (!pem.n) {
        return fs_remove_at(r->dir.fd, RECIPIENTS_NAME, err);
    }
    if (fs_exists_at(r->dir.fd, RECIPIENTS_NAME) &&
        !fs_read_at(r->dir.fd, RECIPIENTS_NAME, &old, err)) {
        return false;
    }
    return span_eq(buf_span(&old), pem) ||
           fs_write_atomic_at(r->dir.fd, RECIPIENTS_NAME, pem, 0600, err);
}
