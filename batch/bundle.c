/* SPDX-License-Identifier: Apache-2.0
 *
 * Making the bundles of a state, see bundle.h. Delivery and audit are written at the same time on
 * two threads (gzip is most of the work). Under its final name a bundle is complete, durable and
 * has been read back, or it does not exist (invariant I4).
 */
#include "batch/bundle_parts.h"

#include "batch/passwords.h"
#include "formats/archive.h"
#include "formats/base/csv.h"
#include "formats/base/limits.h"
#include "formats/base/pool.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSWORDS_MAX = 64 * 1024 * 1024, PASSWORD_COLUMNS = 4 };

struct bundle_job {
    const struct bundle_source *source;
    bundle_write *write;
    const char *suffix;
    mode_t mode;
    bool wanted, ok;
    char *file_name;
    char sha256[SHA256_HEX];
    struct err err;
};

enum { JOB_DELIVERY, JOB_AUDIT, JOB__MAX };

/* --- shared by the makers --- */

static int by_id(const void *a, const void *b, void *h)
{
    const struct item_record *v = ((const struct history *)h)->v;
    return strcmp(v[*(const size_t *)a].id, v[*(const size_t *)b].id);
}

size_t bundle_order(const struct history *h, bool issued, size_t **order)
{
    size_t n = 0;
    *order = xcalloc(h->n + 1, sizeof **order);
    for (size_t i = 0; i < h->n; i++) {
        if (!issued || h->v[i].state == STATE_ISSUED) {
            (*order)[n++] = i;
        }
    }
    qsort_r(*order, n, sizeof **order, by_id, (void *)(uintptr_t)h);
    return n;
}

bool bundle_read_item(int dir, const char *name, struct buf *out, bool *there, struct err *err)
{
    buf_reset(out);
    *there = fs_exists_at(dir, name);
    return !*there || fs_read_at(dir, name, out, err);
}

/* --- one bundle --- */

static bool write_bundle(struct bundle_job *j, struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    uint8_t file[SHA256_SIZE];
    CLEANUP(fs_temp_discard) struct fs_temp t = {.fd = -1};
    bool ok = fs_temp_open(&t, j->source->dirfd, j->mode, err) &&
              j->write(j->source, t.fd, digest, err) && fs_sync(t.fd, j->file_name, err) &&
              archive_check(t.fd, digest, file, err) && fs_temp_commit(&t, j->file_name, err);
    if (ok) {
        hex_encode(file, SHA256_SIZE, j->sha256);
    }
    return ok || err_wrap(err, "%s", j->file_name);
}

static void run_job(void *jobs, size_t index, unsigned worker)
{
    struct bundle_job *j = (struct bundle_job *)jobs + index;
    (void)worker;
    j->ok = !j->wanted || write_bundle(j, &j->err);
}

/* --- the passwords --- */

/* The rows again, with cells that a spreadsheet cannot take for formulas; an alias may be one. */
static bool safe_passwords(const struct buf *text, struct buf *out, struct err *err)
{
    CLEANUP(buf_wipe) struct buf cells = BUF_INIT(PASSWORDS_MAX);
    const char *p = buf_text(text);
    for (int n; (n = csv_row(&p, &cells)) != 0;) {
        if (n != PASSWORD_COLUMNS) {
            return err_set(err, ERR_ENV, PASSWORDS_NAME " is not item,output,alias,password");
        }
        for (int i = 0; i < n - 1; i++) {
            csv_cell(out, csv_at(&cells, i), i == 0);
        }
        csv_cell_exact(out, csv_at(&cells, n - 1), false);
        csv_end(out);
    }
    return true;
}

static bool write_passwords(const struct bundle_source *s, const char *file_name, bool *made,
                            struct err *err)
{
    CLEANUP(buf_wipe) struct buf text = BUF_INIT(PASSWORDS_MAX);
    CLEANUP(buf_wipe) struct buf safe = BUF_INIT(PASSWORDS_MAX);
    *made = fs_exists_at(s->state->fd, PASSWORDS_NAME);
    if (!*made) {
        return true;
    }
    bool ok = fs_read_at(s->state->fd, PASSWORDS_NAME, &text, err) &&
              safe_passwords(&text, &safe, err) &&
              fs_write_atomic_at(s->dirfd, file_name, buf_span(&safe), 0600, err);
    return ok || err_wrap(err, "passwords of the delivery");
}

/* --- the coordinator --- */

static char *xjoin(const char *dir, const char *name)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    return xstrdup(path_join(&a, dir, name));
}

static char *file_name(const char *name, const char *suffix)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    return xstrdup(arena_printf(&a, "%s%s", name, suffix));
}

static bool check_source(struct bundle_source *s, struct err *err)
{
    if (!s->name || !name_is_safe(s->name)) {
        return err_set(err, ERR_INPUT, "the state has no usable batch name");
    }
    if (!s->history->closed || !time_parse(s->history->closed, &s->mtime)) {
        err_set(err, ERR_INPUT, "no run of %s has come to its end yet: there is nothing to bundle",
                s->name);
        err_hint(err, "run the batch again: it goes on where it stopped");
        return false;
    }
    return true;
}

static bool run_jobs(struct bundle_job *jobs, const char *out_dir, struct bundle_paths *out,
                     struct err *err)
{
    const struct bundle_source *s = jobs[0].source;
    CLEANUP(freep) char *passwords = file_name(s->name, "-passwords.csv");
    bool has_passwords = false;
    for (size_t i = 0; i < JOB__MAX; i++) {
        jobs[i].file_name = file_name(s->name, jobs[i].suffix);
    }
    pool_map(JOB__MAX, JOB__MAX, run_job, jobs);
    for (size_t i = 0; i < JOB__MAX; i++) {
        if (!jobs[i].ok) {
            *err = jobs[i].err;
            return false;
        }
    }
    if (jobs[JOB_DELIVERY].wanted && !write_passwords(s, passwords, &has_passwords, err)) {
        return false;
    }
    out->audit = xjoin(out_dir, jobs[JOB_AUDIT].file_name);
    memcpy(out->audit_sha256, jobs[JOB_AUDIT].sha256, SHA256_HEX);
    if (jobs[JOB_DELIVERY].wanted) {
        out->delivery = xjoin(out_dir, jobs[JOB_DELIVERY].file_name);
        memcpy(out->delivery_sha256, jobs[JOB_DELIVERY].sha256, SHA256_HEX);
    }
    out->passwords = has_passwords ? xjoin(out_dir, passwords) : NULL;
    return true;
}

bool bundle_make(const struct statedir *s, const struct history *h, const char *out_dir,
                 const char *name, struct seal *seal, struct bundle_paths *out, struct err *err)
{
    CLEANUP(buf_release) struct buf remark = BUF_INIT(LIMIT_MESSAGE);
    struct bundle_source source = {
        .state = s, .history = h, .seal = seal, .remark = &remark, .name = name, .dirfd = -1};
    size_t counts[STATE__MAX];
    *out = (struct bundle_paths){0};
    history_counts(h, counts);
    if (!check_source(&source, err) || !fs_make_dirs(out_dir, err)) {
        return false;
    }
    struct secret_scan *secrets = secret_scan_open(s->fd, err);
    source.secrets = secrets;
    source.dirfd = secrets ? fs_open_dir(out_dir, err) : -1;
    struct bundle_job jobs[JOB__MAX] = {
        [JOB_DELIVERY] = {.source = &source,
                          .write = bundle_write_delivery,
                          .suffix = "-delivery.tar.gz",
                          .mode = 0600,
                          .wanted = counts[STATE_ISSUED] > 0},
        [JOB_AUDIT] = {.source = &source,
                       .write = bundle_write_audit,
                       .suffix = "-audit.tar.gz",
                       .mode = 0644,
                       .wanted = true},
    };
    bool ok = source.dirfd >= 0 && run_jobs(jobs, out_dir, out, err);
    out->remark = ok && remark.n ? xstrdup(buf_text(&remark)) : NULL;
    for (size_t i = 0; i < JOB__MAX; i++) {
        free(jobs[i].file_name);
    }
    closep(&source.dirfd);
    secret_scan_close(secrets);
    return ok;
}

static bool file_is(const char *path, const char *sha256_wanted)
{
    struct err ignored = ERR_INIT;
    char chunk[65536], got[SHA256_HEX];
    struct sha256 s;
    ssize_t n;
    CLEANUP(closep) int fd = fs_open(path, &ignored);
    if (fd < 0) {
        return false;
    }
    sha256_begin(&s);
    while ((n = read(fd, chunk, sizeof chunk)) > 0) {
        sha256_add(&s, chunk, (size_t)n);
    }
    sha256_end_hex(&s, got);
    return n == 0 && str_eq(got, sha256_wanted);
}

bool bundle_stands(const struct statedir *s, const struct history *h, const char *out_dir,
                   const char *name, struct bundle_paths *out)
{
    *out = (struct bundle_paths){0};
    if (!h->bundled_seq || h->bundled_seq != h->close_seq || !h->audit_sha256) {
        return false;
    }
    CLEANUP(freep) char *audit = file_name(name, "-audit.tar.gz");
    CLEANUP(freep) char *delivery = file_name(name, "-delivery.tar.gz");
    CLEANUP(freep) char *passwords = file_name(name, "-passwords.csv");
    out->audit = xjoin(out_dir, audit);
    out->delivery = h->delivery_sha256 ? xjoin(out_dir, delivery) : NULL;
    bool needed = out->delivery && fs_exists_at(s->fd, PASSWORDS_NAME);
    out->passwords = needed ? xjoin(out_dir, passwords) : NULL;
    bool same = file_is(out->audit, h->audit_sha256) &&
                (!out->delivery || file_is(out->delivery, h->delivery_sha256)) &&
                (!out->passwords || fs_exists_at(AT_FDCWD, out->passwords));
    if (!same) {
        bundle_paths_release(out);
    }
    return same;
}

void bundle_paths_release(struct bundle_paths *p)
{
    free(p->delivery);
    free(p->audit);
    free(p->passwords);
    free(p->remark);
    *p = (struct bundle_paths){0};
}
