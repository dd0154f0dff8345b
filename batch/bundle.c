/* SPDX-License-Identifier: Apache-2.0
 *
 * Making the bundles of a state, see bundle.h. Delivery and audit are written at the same time on
 * two threads (gzip is most of the work). Under its final name a bundle is complete, durable and
 * has been read back, or it does not exist (invariant I4).
 */
#include "batch/bundle_parts.h"

#include "batch/file_digest.h"
#include "batch/passwords.h"
#include "formats/archive.h"
#include "formats/base/limits.h"
#include "formats/base/pool.h"
#include "formats/base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static const char *passwords_suffix(bool sealed)
{
    return bundle_passwords_suffix(sealed ? PASSWORDS_CMS : PASSWORDS_CSV);
}

static bool run_jobs(struct bundle_job *jobs, const struct buf *recipients, const char *out_dir,
                     struct bundle_paths *out, struct err *err)
{
    const struct bundle_source *s = jobs[0].source;
    CLEANUP(freep) char *passwords = file_name(s->name, passwords_suffix(s->sealed));
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
    if (jobs[JOB_DELIVERY].wanted && !bundle_write_passwords(s, recipients, &has_passwords, err)) {
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
    CLEANUP(buf_release) struct buf recipients = BUF_INIT(LIMIT_INPUT_BYTES);
    if (!bundle_recipients(s->fd, &recipients, out->recipients_sha256, err)) {
        return false;
    }
    struct secret_scan *secrets = secret_scan_open(s->fd, err);
    source.secrets = secrets;
    source.sealed = recipients.n > 0;
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
    bool ok = source.dirfd >= 0 && run_jobs(jobs, &recipients, out_dir, out, err);
    out->remark = ok && remark.n ? xstrdup(buf_text(&remark)) : NULL;
    for (size_t i = 0; i < JOB__MAX; i++) {
        free(jobs[i].file_name);
    }
    closep(&source.dirfd);
    secret_scan_close(secrets);
    return ok;
}

/* The passwords are for those whom the last bundle was made for. */
static bool same_recipients(const struct statedir *s, const struct history *h, char now[SHA256_HEX])
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err ignored = ERR_INIT;
    return bundle_recipients(s->fd, &pem, now, &ignored) &&
           str_eq(now, h->recipients_sha256 ? h->recipients_sha256 : "");
}

bool bundle_stands(const struct statedir *s, const struct history *h, const char *out_dir,
                   const char *name, struct bundle_paths *out)
{
    *out = (struct bundle_paths){0};
    if (!h->bundled_seq || h->bundled_seq != h->close_seq || !h->audit_sha256 ||
        !same_recipients(s, h, out->recipients_sha256)) {
        return false;
    }
    CLEANUP(freep) char *audit = file_name(name, "-audit.tar.gz");
    CLEANUP(freep) char *delivery = file_name(name, "-delivery.tar.gz");
    CLEANUP(freep) char *passwords = file_name(name, passwords_suffix(out->recipients_sha256[0]));
    out->audit = xjoin(out_dir, audit);
    out->delivery = h->delivery_sha256 ? xjoin(out_dir, delivery) : NULL;
    bool needed = out->delivery && fs_exists_at(s->fd, PASSWORDS_NAME);
    out->passwords = needed ? xjoin(out_dir, passwords) : NULL;
    bool same = file_is(AT_FDCWD, out->audit, h->audit_sha256) &&
                (!out->delivery || file_is(AT_FDCWD, out->delivery, h->delivery_sha256)) &&
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
