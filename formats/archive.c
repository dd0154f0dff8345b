/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing tar.gz, see archive.h. Everything that could make two runs differ (clock, user, order
 * of a directory listing) is fixed here or decided by the caller's order of calls. Never writes
 * an entry whose content is shorter than its header says: libarchive would pad it with zeros.
 */
#include "formats/archive.h"

#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct archive_out {
    struct archive *tar;
    struct archive_entry *entry; /* reused for every header */
    int fd;
    int64_t mtime;
    struct sha256 all; /* see archive_digest() */
    uint8_t last[SHA256_SIZE], digest[SHA256_SIZE];
    char name[LIMIT_ARCHIVE_NAME + 1]; /* of the entry that is being written, */
    uint64_t left;                     /* what it still lacks, */
    struct sha256 sum;                 /* and of what it has */
    bool dead;                         /* abandoned: what libarchive still flushes goes nowhere */
    struct err write_error; /* of the callback: libarchive would only say "write error" */
};

static bool component_ok(const char *s, size_t n)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (n == 0 || (n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.')) {
        return false;
    }
    return strspn(s, allowed) >= n;
}

bool archive_name_ok(const char *name)
{
    size_t total = strlen(name);
    if (total == 0 || total > LIMIT_ARCHIVE_NAME) {
        return false;
    }
    for (;;) {
        size_t n = strcspn(name, "/");
        if (!component_ok(name, n)) {
            return false;
        }
        if (!name[n]) {
            return true;
        }
        name += n + 1;
    }
}

static bool tar_failed(struct archive_out *a, struct err *err, const char *what)
{
    if (a->write_error.code != ERR_NONE) {
        *err = a->write_error;
        return err_wrap(err, "%s", what);
    }
    const char *why = archive_error_string(a->tar);
    return err_set(err, ERR_ENV, "%s: %s", what, why ? why : "libarchive gave no reason");
}

static la_ssize_t put(struct archive *tar, void *ctx, const void *bytes, size_t n)
{
    struct archive_out *a = ctx;
    if (!a->dead && !fs_write_all(a->fd, bytes, n, &a->write_error)) {
        archive_set_error(tar, EIO, "write failed");
        return -1;
    }
    return (la_ssize_t)n;
}

/* Order matters: options belong to a filter that has been added. */
static bool set_up(struct archive_out *a)
{
    return archive_write_set_format_pax_restricted(a->tar) == ARCHIVE_OK &&
           archive_write_add_filter_gzip(a->tar) == ARCHIVE_OK &&
           archive_write_set_options(a->tar, "gzip:compression-level=6,gzip:!timestamp") ==
               ARCHIVE_OK &&
           archive_write_set_bytes_in_last_block(a->tar, 1) == ARCHIVE_OK &&
           archive_write_open(a->tar, a, NULL, put, NULL) == ARCHIVE_OK;
}

struct archive_out *archive_create(int fd, int64_t mtime, struct err *err)
{
    struct archive_out *a = xcalloc(1, sizeof *a);
    a->fd = fd;
    a->mtime = mtime;
    sha256_begin(&a->all);
    a->tar = archive_write_new();
    a->entry = archive_entry_new();
    if (!a->tar || !a->entry) {
        oom(sizeof *a);
    }
    if (!set_up(a)) {
        tar_failed(a, err, "cannot start an archive");
        archive_abandon(&a);
    }
    return a;
}

static bool put_header(struct archive_out *a, const char *name, uint64_t size, mode_t mode,
                       struct err *err)
{
    if (!archive_name_ok(name)) {
        CLEANUP(buf_release) struct buf shown = BUF_INIT(LIMIT_MESSAGE);
        str_vis(&shown, name, strlen(name), LIMIT_VALUE_SHOWN);
        return err_set(err, ERR_INTERNAL, "\"%s\" cannot be a name in an archive",
                       buf_text(&shown));
    }
    archive_entry_clear(a->entry);
    archive_entry_set_pathname(a->entry, name);
    archive_entry_set_filetype(a->entry, AE_IFREG);
    archive_entry_set_perm(a->entry, mode & 0777);
    archive_entry_set_size(a->entry, (la_int64_t)size);
    archive_entry_set_mtime(a->entry, a->mtime, 0);
    archive_entry_set_uid(a->entry, 0);
    archive_entry_set_gid(a->entry, 0);
    return archive_write_header(a->tar, a->entry) == ARCHIVE_OK || tar_failed(a, err, name);
}

static void fold(struct sha256 *all, const char *name, const uint8_t content[SHA256_SIZE])
{
    sha256_add(all, name, strlen(name) + 1);
    sha256_add(all, content, SHA256_SIZE);
}

bool archive_begin(struct archive_out *a, const char *name, uint64_t size, mode_t mode,
                   struct err *err)
{
    if (!put_header(a, name, size, mode, err)) {
        return false;
    }
    memcpy(a->name, name, strlen(name) + 1);
    a->left = size;
    sha256_begin(&a->sum);
    return true;
}

bool archive_part(struct archive_out *a, struct span data, struct err *err)
{
    if (data.n > a->left) {
        return err_set(err, ERR_INTERNAL, "%s is longer than was said", a->name);
    }
    if (data.n && archive_write_data(a->tar, data.p, data.n) != (la_ssize_t)data.n) {
        return tar_failed(a, err, a->name);
    }
    sha256_add(&a->sum, data.p, data.n);
    a->left -= data.n;
    return true;
}

bool archive_end(struct archive_out *a, struct err *err)
{
    if (a->left) {
        return err_set(err, ERR_INTERNAL, "%s is shorter than was said", a->name);
    }
    sha256_end(&a->sum, a->last);
    fold(&a->all, a->name, a->last);
    return true;
}

bool archive_add(struct archive_out *a, const char *name, struct span data, mode_t mode,
                 struct err *err)
{
    return archive_begin(a, name, data.n, mode, err) && archive_part(a, data, err) &&
           archive_end(a, err);
}

static bool copy_data(struct archive_out *a, int from, struct err *err)
{
    char chunk[65536];
    while (a->left) {
        size_t want = a->left < sizeof chunk ? (size_t)a->left : sizeof chunk;
        ssize_t n = read(from, chunk, want);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_sys(err, errno, "cannot read %s", a->name);
        }
        if (n == 0) {
            return err_set(err, ERR_ENV, "%s became shorter while it was read", a->name);
        }
        if (!archive_part(a, (struct span){(const uint8_t *)chunk, (size_t)n}, err)) {
            return false;
        }
    }
    return true;
}

bool archive_add_fd(struct archive_out *a, const char *name, int from, uint64_t size, mode_t mode,
                    struct err *err)
{
    return archive_begin(a, name, size, mode, err) && copy_data(a, from, err) &&
           archive_end(a, err);
}

const uint8_t *archive_last_sha256(const struct archive_out *a)
{
    return a->last;
}

void archive_digest(struct archive_out *a, uint8_t out[SHA256_SIZE])
{
    if (a->all.ctx) {
        sha256_end(&a->all, a->digest);
    }
    memcpy(out, a->digest, SHA256_SIZE);
}

static void release(struct archive_out **a)
{
    uint8_t unused[SHA256_SIZE];
    archive_digest(*a, unused);
    if ((*a)->sum.ctx) { /* an entry that was not ended */
        sha256_end(&(*a)->sum, unused);
    }
    archive_entry_free((*a)->entry);
    (void)archive_write_free((*a)->tar);
    free(*a);
    *a = NULL;
}

bool archive_finish(struct archive_out **a, struct err *err)
{
    bool ok = archive_write_close((*a)->tar) == ARCHIVE_OK ||
              tar_failed(*a, err, "cannot end the archive");
    release(a);
    return ok;
}

void archive_abandon(struct archive_out **a)
{
    if (*a) {
        (*a)->dead = true; /* archive_write_fail() would leak the filter (3.6.2) */
        release(a);
    }
}

static bool fold_entry(void *ctx, const char *name, const uint8_t content[SHA256_SIZE],
                       struct err *err)
{
    (void)err;
    fold(ctx, name, content);
    return true;
}

bool archive_check(int fd, const uint8_t digest[SHA256_SIZE], uint8_t file_sha256[SHA256_SIZE],
                   struct err *err)
{
    struct sha256 all;
    uint8_t got[SHA256_SIZE];
    sha256_begin(&all);
    bool ok = archive_read_digests(fd, "the archive", fold_entry, &all, file_sha256, err);
    sha256_end(&all, got);
    if (!ok) {
        return err_wrap(err, "reading back");
    }
    return memcmp(got, digest, SHA256_SIZE) == 0 ||
           err_set(err, ERR_ENV, "what was read back is not what was written");
}
