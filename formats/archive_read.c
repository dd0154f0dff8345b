/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading tar.gz, see archive.h: two readers, one for gzip and one for the tar in it, so that the
 * unpacked bytes pass through our hands, are counted, and the trailer of the gzip can be checked
 * (libarchive 3.6 does not). Nothing is ever created on disk.
 */
#include "formats/archive.h"

#include "formats/base/crc32.h"
#include "formats/base/fs.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct consumer {
    archive_fn *whole;
    archive_digest_fn *digest; /* instead of whole */
    void *ctx;
};

struct reader {
    int fd;
    const char *file; /* for messages */
    struct archive *gz, *tar;
    uint64_t packed, unpacked; /* bytes that came out of the file, and out of the gzip */
    uint8_t tail[8];           /* the last bytes of the file: CRC and length, little endian */
    struct crc32 crc;          /* of what came out of the gzip */
    struct span block;         /* what the tar reader was given last */
    struct sha256 whole;       /* of the file's bytes */
    struct err why;            /* first failure inside a callback */
    struct arena names_arena;
    struct strlist names; /* lower case, for duplicates */
    char chunk[65536];
};

static uint32_t load32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void remember_tail(struct reader *r, const char *p, size_t n)
{
    if (n >= sizeof r->tail) {
        memcpy(r->tail, p + n - sizeof r->tail, sizeof r->tail);
    } else {
        memmove(r->tail, r->tail + n, sizeof r->tail - n);
        memcpy(r->tail + sizeof r->tail - n, p, n);
    }
}

/* Bytes of the file; -1 with r->why set. */
static ssize_t read_packed(struct reader *r)
{
    ssize_t n;
    do {
        n = read(r->fd, r->chunk, sizeof r->chunk);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        err_sys(&r->why, errno, "cannot read %s", r->file);
        return -1;
    }
    sha256_add(&r->whole, r->chunk, (size_t)n);
    remember_tail(r, r->chunk, (size_t)n);
    r->packed += (uint64_t)n;
    return n;
}

static la_ssize_t feed_gz(struct archive *gz, void *ctx, const void **bytes)
{
    struct reader *r = ctx;
    ssize_t n = read_packed(r);
    if (n < 0) {
        archive_set_error(gz, EIO, "read failed");
        return -1;
    }
    *bytes = r->chunk;
    return n;
}

static bool within_limits(struct reader *r)
{
    if (r->unpacked > LIMIT_ARCHIVE_TOTAL) {
        return err_set(&r->why, ERR_FINDINGS, "%s unpacks to more than %llu bytes", r->file,
                       LIMIT_ARCHIVE_TOTAL);
    }
    if (r->unpacked > LIMIT_ARCHIVE_RATIO_FREE && r->unpacked / LIMIT_ARCHIVE_RATIO > r->packed) {
        return err_set(&r->why, ERR_FINDINGS, "%s unpacks to more than %u times its size", r->file,
                       LIMIT_ARCHIVE_RATIO);
    }
    return true;
}

static bool reader_failed(struct reader *r, struct archive *layer, struct err *err)
{
    if (r->why.code != ERR_NONE) {
        *err = r->why;
        return false;
    }
    const char *why = archive_error_string(layer);
    return err_set(err, ERR_FINDINGS, "%s is not a whole tar.gz: %s", r->file,
                   why ? why : "unknown form");
}

/* The next unpacked block into r->block; ARCHIVE_OK, ARCHIVE_EOF or a failure. */
static int next_block(struct reader *r)
{
    const void *p = NULL;
    size_t n = 0;
    la_int64_t offset;
    int rc = archive_read_data_block(r->gz, &p, &n, &offset);
    r->block = (struct span){p, rc == ARCHIVE_OK ? n : 0};
    r->unpacked += r->block.n;
    crc32_add(&r->crc, r->block);
    return rc == ARCHIVE_OK && !within_limits(r) ? ARCHIVE_FATAL : rc;
}

static la_ssize_t feed_tar(struct archive *tar, void *ctx, const void **bytes)
{
    struct reader *r = ctx;
    int rc = next_block(r);
    if (rc != ARCHIVE_OK && rc != ARCHIVE_EOF) {
        const char *why = archive_error_string(r->gz);
        archive_set_error(tar, EIO, "%s", why ? why : "damaged gzip");
        return -1;
    }
    *bytes = r->block.p;
    return (la_ssize_t)r->block.n;
}

static bool open_gz(struct reader *r, struct err *err)
{
    struct archive_entry *whole;
    bool ok = archive_read_support_filter_gzip(r->gz) == ARCHIVE_OK &&
              archive_read_support_format_raw(r->gz) == ARCHIVE_OK &&
              archive_read_open(r->gz, r, NULL, feed_gz, NULL) == ARCHIVE_OK &&
              archive_read_next_header(r->gz, &whole) == ARCHIVE_OK;
    if (!ok) {
        return reader_failed(r, r->gz, err);
    }
    if (archive_filter_count(r->gz) != 2 || archive_filter_code(r->gz, 0) != ARCHIVE_FILTER_GZIP) {
        return err_set(err, ERR_FINDINGS, "%s is not a tar.gz", r->file);
    }
    return true;
}

static bool open_tar(struct reader *r, struct err *err)
{
    return (archive_read_support_format_tar(r->tar) == ARCHIVE_OK &&
            archive_read_open(r->tar, r, NULL, feed_tar, NULL) == ARCHIVE_OK) ||
           reader_failed(r, r->tar, err);
}

/* What may stand in a header; *directory for one that carries no data. */
static bool entry_ok(struct reader *r, struct archive_entry *e, char *name, size_t cap,
                     bool *directory, struct err *err)
{
    const char *path = archive_entry_pathname(e);
    size_t n = path ? strlen(path) : 0;
    *directory = archive_entry_filetype(e) == AE_IFDIR;
    n -= *directory && n && path[n - 1] == '/';
    if (n && n < cap) {
        memcpy(name, path, n);
    }
    name[n < cap ? n : 0] = '\0';
    if (!archive_name_ok(name)) {
        CLEANUP(buf_release) struct buf shown = BUF_INIT(LIMIT_MESSAGE);
        str_vis(&shown, path ? path : "?", path ? strlen(path) : 1, LIMIT_VALUE_SHOWN);
        return err_set(err, ERR_FINDINGS, "%s holds an entry with a forbidden name: \"%s\"",
                       r->file, buf_text(&shown));
    }
    if ((!*directory && archive_entry_filetype(e) != AE_IFREG) || archive_entry_hardlink(e) ||
        archive_entry_sparse_count(e)) {
        return err_set(err, ERR_FINDINGS, "%s: entry %s is neither a plain file nor a directory",
                       r->file, name);
    }
    if (archive_entry_size(e) < 0 || archive_entry_size(e) > (la_int64_t)LIMIT_ARCHIVE_ENTRY) {
        return err_set(err, ERR_FINDINGS, "%s: entry %s is larger than %u bytes", r->file, name,
                       LIMIT_ARCHIVE_ENTRY);
    }
    return true;
}

static bool note_name(struct reader *r, const char *name, struct err *err)
{
    if (r->names.n >= LIMIT_ARCHIVE_ENTRIES) {
        return err_set(err, ERR_FINDINGS, "%s has more than %u entries", r->file,
                       LIMIT_ARCHIVE_ENTRIES);
    }
    VEC_PUSH(&r->names, str_lower(&r->names_arena, name));
    return true;
}

/* Whole into `data`, or, when only its digest is wanted, through `hash`: the journal in a bag of
 * 10,000 items is 30 MB that reading back need not hold. */
static bool read_content(struct reader *r, struct buf *data, struct sha256 *hash, struct err *err)
{
    uint64_t total = 0;
    for (;;) {
        const void *p;
        size_t n;
        la_int64_t offset;
        int rc = archive_read_data_block(r->tar, &p, &n, &offset);
        if (rc == ARCHIVE_EOF) {
            return true;
        }
        if (rc != ARCHIVE_OK || offset < 0 || (uint64_t)offset != total) {
            return reader_failed(r, r->tar, err);
        }
        total += n;
        if (hash) {
            sha256_add(hash, p, n);
        } else {
            buf_add(data, p, n);
        }
        if (buf_failed(data) || total > LIMIT_ARCHIVE_ENTRY) {
            return err_set(err, ERR_FINDINGS, "%s: an entry is larger than it says", r->file);
        }
    }
}

/* One entry to its consumer. */
static bool deliver(struct reader *r, const struct consumer *to, const char *name, bool directory,
                    struct buf *data, struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    struct sha256 hash;
    buf_reset(data);
    if (to->digest) {
        sha256_begin(&hash);
        bool ok = read_content(r, data, &hash, err);
        sha256_end(&hash, digest);
        return ok && (directory || to->digest(to->ctx, name, digest, err));
    }
    return read_content(r, data, NULL, err) &&
           (directory || to->whole(to->ctx, name, buf_span(data), err));
}

static bool read_entries(struct reader *r, const struct consumer *to, struct err *err)
{
    CLEANUP(buf_release) struct buf data = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    char name[LIMIT_ARCHIVE_NAME + 2];
    for (;;) {
        struct archive_entry *e;
        bool directory;
        int rc = archive_read_next_header(r->tar, &e);
        if (rc == ARCHIVE_EOF) {
            return true;
        }
        if (rc != ARCHIVE_OK) {
            return reader_failed(r, r->tar, err);
        }
        if (!entry_ok(r, e, name, sizeof name, &directory, err) || !note_name(r, name, err) ||
            !deliver(r, to, name, directory, &data, err)) {
            return false;
        }
    }
}

static bool all_zero(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i]) {
            return false;
        }
    }
    return true;
}

/* After the tar's end: only padding, and a trailer that fits all that was unpacked. */
static bool check_end(struct reader *r, struct err *err)
{
    uint64_t used = (uint64_t)archive_filter_bytes(r->tar, 0);
    uint64_t start = r->unpacked - r->block.n;
    size_t skip = used > start ? (size_t)(used - start) : 0;
    skip = skip < r->block.n ? skip : r->block.n;
    struct span rest = {r->block.p + skip, r->block.n - skip};
    int rc = ARCHIVE_OK;
    bool clean = true;
    while (rc == ARCHIVE_OK) {
        clean = clean && all_zero(rest);
        rc = next_block(r);
        rest = r->block;
    }
    ssize_t n = 1;
    while (rc == ARCHIVE_EOF && n > 0) {
        n = read_packed(r); /* bytes behind the gzip would move the tail */
    }
    if (rc != ARCHIVE_EOF || n < 0) {
        return reader_failed(r, r->gz, err);
    }
    if (!clean) {
        return err_set(err, ERR_FINDINGS, "%s has data behind the end of its tar", r->file);
    }
    if (load32(r->tail) != r->crc.value || load32(r->tail + 4) != (uint32_t)r->unpacked) {
        return err_set(err, ERR_FINDINGS, "%s: the checksum at the end does not fit the content",
                       r->file);
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool check_duplicates(struct reader *r, struct err *err)
{
    if (r->names.n == 0) {
        return err_set(err, ERR_FINDINGS, "%s is empty", r->file);
    }
    qsort(r->names.v, r->names.n, sizeof *r->names.v, by_text);
    for (size_t i = 1; i < r->names.n; i++) {
        if (str_eq(r->names.v[i - 1], r->names.v[i])) {
            return err_set(err, ERR_FINDINGS, "%s holds %s twice (upper and lower case are one)",
                           r->file, r->names.v[i]);
        }
    }
    return true;
}

static void reader_release(struct reader **r)
{
    if (*r) {
        (void)archive_read_free((*r)->tar);
        (void)archive_read_free((*r)->gz);
        strlist_release(&(*r)->names);
        arena_release(&(*r)->names_arena);
        free(*r);
    }
}

static bool read_all(int fd, const char *name, const struct consumer *to,
                     uint8_t file_sha256[SHA256_SIZE], struct err *err)
{
    uint8_t unused[SHA256_SIZE];
    if (lseek(fd, 0, SEEK_SET) != 0) {
        return err_sys(err, errno, "cannot read %s from its start", name);
    }
    CLEANUP(reader_release) struct reader *r = xcalloc(1, sizeof *r);
    r->fd = fd;
    r->file = name;
    r->gz = archive_read_new();
    r->tar = archive_read_new();
    if (!r->gz || !r->tar) {
        oom(sizeof *r);
    }
    crc32_begin(&r->crc);
    sha256_begin(&r->whole);
    bool ok = open_gz(r, err) && open_tar(r, err) && read_entries(r, to, err) &&
              check_end(r, err) && check_duplicates(r, err);
    sha256_end(&r->whole, file_sha256 ? file_sha256 : unused);
    return ok;
}

bool archive_read_fd(int fd, const char *name, archive_fn *fn, void *ctx,
                     uint8_t file_sha256[SHA256_SIZE], struct err *err)
{
    const struct consumer to = {.whole = fn, .ctx = ctx};
    return read_all(fd, name, &to, file_sha256, err);
}

bool archive_read_digests(int fd, const char *name, archive_digest_fn *fn, void *ctx,
                          uint8_t file_sha256[SHA256_SIZE], struct err *err)
{
    const struct consumer to = {.digest = fn, .ctx = ctx};
    return read_all(fd, name, &to, file_sha256, err);
}

bool archive_read_file(const char *path, archive_fn *fn, void *ctx, struct err *err)
{
    CLEANUP(closep) int fd = fs_open(path, err);
    return fd >= 0 && archive_read_fd(fd, path, fn, ctx, NULL, err);
}
