/* SPDX-License-Identifier: Apache-2.0
 *
 * The audit bundle: a BagIt bag with everything that shows what was asked, decided, done and
 * received; no secret in it. Everything is taken from the state as of the journal's last `close`
 * (whatever was recorded later belongs to the next bundle), so one state gives one sequence of
 * bytes. What a verifier needs first (journal, manifest, plan) comes first in the archive; the
 * reports, which are drawn meanwhile, come last.
 */
#include "batch/bundle_parts.h"

#include "batch/approval.h"
#include "batch/audit_record.h"
#include "batch/population.h"
#include "batch/prove.h"
#include "formats/bag.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct audit {
    const struct bundle_source *source;
    struct bag *bag;
    struct audit_events events; /* and the history at the close */
    struct report report;
    struct bundle_reports *reports; /* of it, under way */
    struct audit_records records;
    struct {
        struct merkle_hash *v;
        size_t n, cap;
    } leaves;                 /* the record.json of every item, in the order of ids */
    struct buf file, item[3]; /* what is read; request, certificate, chain of one item */
};

static bool put(struct audit *a, const char *name, struct span data, struct err *err)
{
    return secret_scan_bytes(a->source->secrets, name, data, false, err) &&
           bag_add(a->bag, name, data, err);
}

static bool put_fd(struct audit *a, const char *name, int fd, uint64_t size, struct err *err)
{
    if (size > LIMIT_ARCHIVE_ENTRY) { /* verify would not read it back */
        return err_set(err, ERR_ENV, "%s is larger than %u MiB", name, LIMIT_ARCHIVE_ENTRY >> 20);
    }
    return secret_scan_fd(a->source->secrets, name, fd, size, err) &&
           bag_add_fd(a->bag, name, fd, size, err);
}

static bool put_whole_fd(struct audit *a, const char *name, int fd, struct err *err)
{
    off_t size = lseek(fd, 0, SEEK_END);
    return size >= 0 ? put_fd(a, name, fd, (uint64_t)size, err)
                     : err_sys(err, errno, "cannot measure %s", name);
}

static bool put_file(struct audit *a, int dir, const char *file, const char *name, struct err *err)
{
    CLEANUP(closep) int fd = fs_open_at(dir, file, err);
    return fd >= 0 && put_whole_fd(a, name, fd, err);
}

static bool put_journal(struct audit *a, struct err *err)
{
    CLEANUP(closep) int fd = fs_open_at(a->source->state->fd, JOURNAL_NAME, err);
    return fd >= 0 && put_fd(a, "journal.jsonl", fd, a->source->history->close_offset, err);
}

/* Files of the state that go in as they are; what a run never wrote is simply not there. */
static bool put_state_files(struct audit *a, struct err *err)
{
    static const char *const names[] = {"manifest.yaml", "plan.json", "findings.json"};
    const int state = a->source->state->fd;
    bool ok = true;
    for (size_t i = 0; ok && i < NITEMS(names); i++) {
        ok = !fs_exists_at(state, names[i]) || put_file(a, state, names[i], names[i], err);
    }
    return ok;
}

static int by_certificate(const void *pa, const void *pb)
{
    const struct approval_record *const *a = pa;
    const struct approval_record *const *b = pb;
    return strcmp((*a)->certificate_sha256, (*b)->certificate_sha256);
}

/* The approvals that are over the very bytes of plan.json, by certificate. */
static size_t approvals_of(const struct history *h, const char *plan_sha256, struct arena *arena,
                           const struct approval_record ***out)
{
    size_t n = 0;
    *out = arena_array(arena, h->approvals.n + 1, sizeof **out);
    for (size_t i = 0; i < h->approvals.n; i++) {
        if (str_eq(h->approvals.v[i].plan_sha256, plan_sha256)) {
            (*out)[n++] = &h->approvals.v[i];
        }
    }
    if (n > 1) {
        qsort(*out, n, sizeof **out, by_certificate);
    }
    return n;
}

static bool put_approvals(struct audit *a, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = ARENA_INIT;
    const struct approval_record **v;
    const int state = a->source->state->fd;
    char plan[SHA256_HEX];
    bool there = false;
    if (!a->report.history->approvals.n ||
        !bundle_read_item(state, "plan.json", &a->file, &there, err)) {
        return a->report.history->approvals.n == 0;
    }
    sha256_hex(a->file.p, a->file.n, plan);
    const size_t n = approvals_of(a->report.history, plan, &arena, &v);
    for (size_t i = 0; i < n; i++) {
        const char *certificate = v[i]->certificate_sha256;
        if (!approval_load(state, plan, certificate, &a->file, err)) {
            return false;
        }
        const char *name = arena_printf(&arena, APPROVALS_DIR "/%s" APPROVAL_SUFFIX, certificate);
        if (a->file.n && !put(a, name, buf_span(&a->file), err)) {
            return false;
        }
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the files, sorted: a directory has no order of its own. */
static bool list_files(int dir, struct arena *names_arena, struct strlist *names, struct err *err)
{
    int fd = dup(dir);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        closep(&fd);
        return err_sys(err, errno, "cannot list a directory of the state");
    }
    rewinddir(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') {
            VEC_PUSH(names, arena_strdup(names_arena, e->d_name));
        }
    }
    (void)closedir(d);
    if (names->n > 1) {
        qsort(names->v, names->n, sizeof *names->v, by_text);
    }
    return true;
}

/* All files of a directory of the state, if there is one. */
static bool put_dir(struct audit *a, const char *of, struct err *err)
{
    CLEANUP(arena_release) struct arena arena = ARENA_INIT;
    CLEANUP(strlist_release) struct strlist names = {0};
    if (!fs_exists_at(a->source->state->fd, of)) {
        return true;
    }
    CLEANUP(closep) int dir = fs_open_dir_at(a->source->state->fd, of, err);
    bool ok = dir >= 0 && list_files(dir, &arena, &names, err);
    for (size_t i = 0; ok && i < names.n; i++) {
        const char *name = arena_printf(&arena, "%s/%s", of, names.v[i]);
        ok = put_file(a, dir, names.v[i], name, err);
    }
    return ok;
}

static bool put_reports(struct audit *a, struct err *err)
{
    int fd;
    for (const char *name; (name = bundle_reports_next(a->reports, &fd, err)) != NULL;) {
        if (fd < 0 || !put_whole_fd(a, name, fd, err)) {
            return false;
        }
    }
    return true;
}

/* --- items --- */

static bool put_item_files(struct audit *a, const char *id, struct err *err)
{
    static const char *const names[] = {"request.csr", "certificate.pem", "chain.pem"};
    _Static_assert(NITEMS(names) == NITEMS(a->item), "a buffer for every file");
    char path[LIMIT_PATH];
    const bool begun = fs_exists_at(a->source->state->items, id);
    CLEANUP(closep) int dir = begun ? statedir_item(a->source->state, id, false, err) : -1;
    bool ok = !begun || dir >= 0;
    for (size_t i = 0; i < NITEMS(names); i++) {
        bool there = false;
        buf_reset(&a->item[i]);
        (void)snprintf(path, sizeof path, "items/%s/%s", id, names[i]);
        ok = ok && (!begun || bundle_read_item(dir, names[i], &a->item[i], &there, err)) &&
             (!there || put(a, path, buf_span(&a->item[i]), err));
    }
    return ok;
}

static bool put_item(struct audit *a, size_t index, struct err *err)
{
    char path[LIMIT_PATH];
    const char *id = a->report.history->v[index].id;
    if (!put_item_files(a, id, err)) {
        return err_wrap(err, "item %s", id);
    }
    const struct audit_files files = {buf_span(&a->item[0]), buf_span(&a->item[1]),
                                      buf_span(&a->item[2])};
    (void)snprintf(path, sizeof path, "items/%s/record.json", id);
    buf_reset(&a->file);
    if (!audit_record_write(&a->records, index, &files, &a->file, err) ||
        !put(a, path, buf_span(&a->file), err)) {
        return err_wrap(err, "item %s", id);
    }
    struct merkle_hash leaf;
    merkle_leaf(buf_span(&a->file), &leaf);
    VEC_PUSH(&a->leaves, leaf);
    return true;
}

static bool put_items(struct audit *a, struct err *err)
{
    size_t *order;
    size_t n = bundle_order(a->report.history, false, &order);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ok = put_item(a, order[i], err);
    }
    free(order);
    return ok;
}

/* --- tag files --- */

/* Roots of what was planned and of what became of it: the seals are over them, and with them one
 * item can be shown without the others (batch/prove.h). */
static void put_roots(struct audit *a)
{
    CLEANUP(population_release) struct population p = {0};
    char root[SHA256_HEX], size[32];
    struct merkle_hash records;
    population_of(a->report.history, &p);
    population_root(&p, root);
    merkle_root(a->leaves.v, a->leaves.n, &records);
    (void)snprintf(size, sizeof size, "%zu", p.n);
    bag_info(a->bag, PROVE_SIZE, size);
    bag_info(a->bag, PROVE_ITEMS_ROOT, root);
    hex_encode(records.v, SHA256_SIZE, root);
    bag_info(a->bag, PROVE_RECORDS_ROOT, root);
}

static bool put_tags(struct audit *a, struct err *err)
{
    char date[TIME_TEXT];
    time_format_date(a->source->mtime, date);
    bag_info(a->bag, "Bagging-Date", date);
    bag_info(a->bag, "Bag-Software-Agent", "certbatch " CERTBATCH_VERSION);
    bag_info(a->bag, "Internal-Sender-Identifier", a->source->name);
    if (report_ticket(&a->report)) {
        bag_info(a->bag, "External-Identifier", report_ticket(&a->report));
    }
    put_roots(a);
    return bundle_seal(a->source, a->bag, a->report.history, report_ticket(&a->report), err);
}

static bool fill(struct audit *a, struct err *err)
{
    return put_journal(a, err) && put_state_files(a, err) && put_approvals(a, err) &&
           put_dir(a, "policy", err) && put_dir(a, RUN_BY_HAND, err) && put_items(a, err) &&
           put_reports(a, err) && put_tags(a, err);
}

bool bundle_write_audit(const struct bundle_source *s, int fd, uint8_t digest[SHA256_SIZE],
                        struct err *err)
{
    struct audit a = {.source = s, .file = BUF_INIT(LIMIT_ARCHIVE_ENTRY), .events = {.fd = -1}};
    char root[LIMIT_PATH];
    for (size_t i = 0; i < NITEMS(a.item); i++) {
        a.item[i] = (struct buf)BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    }
    (void)snprintf(root, sizeof root, "%s-audit", s->name);
    bool ok = audit_events_read(&a.events, s->state->fd, s->history->close_offset, err) &&
              report_open(&a.report, &a.events.history, s->state, err);
    if (ok) {
        audit_records_begin(&a.records, &a.report, &a.events);
        a.reports = bundle_reports_begin(&a.report, s->dirfd);
    }
    a.bag = ok ? bag_create(fd, root, s->mtime, err) : NULL;
    ok = a.bag && fill(&a, err);
    if (ok) {
        ok = bag_finish(&a.bag, digest, err);
    } else {
        bag_abandon(&a.bag);
    }
    bundle_reports_end(a.reports);
    for (size_t i = 0; i < NITEMS(a.item); i++) {
        buf_release(&a.item[i]);
    }
    audit_records_release(&a.records);
    free(a.leaves.v);
    report_release(&a.report);
    audit_events_release(&a.events);
    buf_release(&a.file);
    return ok;
}
