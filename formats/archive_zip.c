/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading zip, see archive.h. The seekable reader is used: it goes by the central directory, as
 * every office program does, so nothing is read here that those do not show.
 */
#include "formats/archive.h"

#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <unistd.h>

struct zip {
    struct archive *a;
    const char *file;
    size_t packed;
    uint64_t unpacked;
    struct arena arena;
    struct strlist names;
};

static bool zip_failed(struct zip *z, struct err *err)
{
    const char *why = archive_error_string(z->a);
    return err_set(err, ERR_INPUT, "%s is not a whole zip file: %s", z->file,
                   why ? why : "unknown form");
}

static bool zip_limits(struct zip *z, uint64_t entry, struct err *err)
{
    if (entry > LIMIT_XLSX_PART) {
        return err_set(err, ERR_INPUT, "%s: a part unpacks to more than %u bytes", z->file,
                       LIMIT_XLSX_PART);
    }
    if (z->unpacked > LIMIT_ARCHIVE_RATIO_FREE && z->unpacked / LIMIT_ARCHIVE_RATIO > z->packed) {
        return err_set(err, ERR_INPUT, "%s unpacks to more than %u times its size", z->file,
                       LIMIT_ARCHIVE_RATIO);
    }
    return true;
}

/* A name that stands twice means one thing to one program and another to the next. */
static bool zip_name(struct zip *z, struct archive_entry *e, const char **name, struct err *err)
{
    const char *path = archive_entry_pathname(e);
    if (archive_entry_is_encrypted(e)) {
        return err_set(err, ERR_INPUT, "%s is protected by a password", z->file);
    }
    if (!path || strlen(path) > LIMIT_ARCHIVE_NAME) {
        return err_set(err, ERR_INPUT, "%s has a part without a usable name", z->file);
    }
    if (z->names.n >= LIMIT_XLSX_PARTS) {
        return err_set(err, ERR_INPUT, "%s has more than %u parts", z->file, LIMIT_XLSX_PARTS);
    }
    *name = str_lower(&z->arena, path);
    if (strlist_has(&z->names, *name)) {
        return err_set(err, ERR_INPUT, "%s has a part twice: %s", z->file,
                       str_vis_dup(&z->arena, path, strlen(path)));
    }
    VEC_PUSH(&z->names, *name);
    *name = arena_strdup(&z->arena, path);
    return true;
}

static bool zip_content(struct zip *z, struct buf *data, struct err *err)
{
    buf_reset(data);
    for (;;) {
        const void *p;
        size_t n;
        la_int64_t offset;
        const int rc = archive_read_data_block(z->a, &p, &n, &offset);
        if (rc == ARCHIVE_EOF) {
            return true;
        }
        if (rc != ARCHIVE_OK) {
            return zip_failed(z, err);
        }
        z->unpacked += n;
        if (!zip_limits(z, data->n + n, err)) {
            return false;
        }
        buf_add(data, p, n);
    }
}

static bool zip_entries(struct zip *z, bool (*want)(void *ctx, const char *entry), archive_fn *fn,
                        void *ctx, struct err *err)
{
    CLEANUP(buf_release) struct buf data = BUF_INIT(LIMIT_XLSX_PART);
    for (;;) {
        struct archive_entry *e;
        const char *name = NULL;
        const int rc = archive_read_next_header(z->a, &e);
        if (rc == ARCHIVE_EOF) {
            return true;
        }
        if (rc != ARCHIVE_OK) {
            return zip_failed(z, err);
        }
        if (!zip_name(z, e, &name, err)) {
            return false;
        }
        if (archive_entry_filetype(e) != AE_IFREG || (want && !want(ctx, name))) {
            continue;
        }
        if (!zip_content(z, &data, err) || !fn(ctx, name, buf_span(&data), err)) {
            return false;
        }
    }
}

static bool scan_entries(struct archive *a, archive_fn *fn, void *ctx, struct err *err)
{
    struct archive_entry *e;
    const void *p;
    size_t n;
    la_int64_t offset;
    int rc;
    while ((rc = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
        const char *name = archive_entry_pathname(e);
        while ((rc = archive_read_data_block(a, &p, &n, &offset)) == ARCHIVE_OK) {
            if (n && !fn(ctx, name, (struct span){p, n}, err)) {
                return false;
            }
        }
        if (rc != ARCHIVE_EOF) {
            break;
        }
        if (!fn(ctx, name, (struct span){0}, err)) {
            return false;
        }
    }
    return rc == ARCHIVE_EOF || err_set(err, ERR_ENV, "it is not a whole zip file");
}

bool archive_scan_zip(int fd, const char *name, archive_fn *fn, void *ctx, struct err *err)
{
    enum { BLOCK = 64 * 1024 };
    struct archive *a = archive_read_new();
    if (!a) {
        oom(BLOCK);
    }
    bool ok = lseek(fd, 0, SEEK_SET) == 0 &&
              archive_read_support_format_zip_seekable(a) == ARCHIVE_OK &&
              archive_read_open_fd(a, fd, BLOCK) == ARCHIVE_OK;
    ok = ok ? scan_entries(a, fn, ctx, err) : err_set(err, ERR_ENV, "it is not a zip file");
    (void)archive_read_free(a);
    return ok || err_wrap(err, "%s", name);
}

bool archive_read_zip(struct span bytes, const char *name,
                      bool (*want)(void *ctx, const char *entry), archive_fn *fn, void *ctx,
                      struct err *err)
{
    struct zip z = {.a = archive_read_new(), .file = name, .packed = bytes.n};
    if (!z.a) {
        oom(sizeof z);
    }
    bool ok = archive_read_support_format_zip_seekable(z.a) == ARCHIVE_OK &&
              archive_read_open_memory(z.a, bytes.p, bytes.n) == ARCHIVE_OK;
    ok = ok ? zip_entries(&z, want, fn, ctx, err) : zip_failed(&z, err);
    (void)archive_read_free(z.a);
    strlist_release(&z.names);
    arena_release(&z.arena);
    return ok;
}
