/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a bag, see bag.h. The manifests can only be written when all digests are known, so they
 * come last in the archive; readers of BagIt do not care about the order.
 */
#include "formats/bag.h"

#include "formats/bag_list.h"
#include "formats/base/limits.h"
#include "formats/base/str.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct bag {
    struct archive_out *archive;
    char *root;
    struct bag_list payload, tags;
    struct buf info;
    uint64_t octets;
};

static bool put(struct bag *b, struct bag_list *list, const char *path, struct span data,
                struct err *err)
{
    CLEANUP(buf_release) struct buf name = BUF_INIT(LIMIT_PATH);
    buf_printf(&name, "%s/%s", b->root, path);
    if (!archive_add(b->archive, buf_text(&name), data, 0644, err)) {
        return false;
    }
    bag_list_add(list, path, archive_last_sha256(b->archive));
    return true;
}

struct bag *bag_create(int fd, const char *root, int64_t mtime, struct err *err)
{
    struct archive_out *archive = archive_create(fd, mtime, err);
    if (!archive) {
        return NULL;
    }
    struct bag *b = xcalloc(1, sizeof *b);
    b->archive = archive;
    b->root = xstrdup(root);
    b->info = (struct buf)BUF_INIT(1u << 16);
    struct span declaration = {(const uint8_t *)BAG_DECLARATION, strlen(BAG_DECLARATION)};
    if (!put(b, &b->tags, "bagit.txt", declaration, err)) {
        bag_abandon(&b);
    }
    return b;
}

bool bag_add(struct bag *b, const char *name, struct span data, struct err *err)
{
    CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_PATH);
    buf_printf(&path, "data/%s", name);
    b->octets += data.n;
    return put(b, &b->payload, buf_text(&path), data, err);
}

bool bag_add_fd(struct bag *b, const char *name, int from, uint64_t size, struct err *err)
{
    CLEANUP(buf_release) struct buf full = BUF_INIT(LIMIT_PATH);
    buf_printf(&full, "%s/data/%s", b->root, name);
    if (!archive_add_fd(b->archive, buf_text(&full), from, size, 0644, err)) {
        return false;
    }
    b->octets += size;
    bag_list_add(&b->payload, buf_text(&full) + strlen(b->root) + 1,
                 archive_last_sha256(b->archive));
    return true;
}

void bag_info(struct bag *b, const char *label, const char *value)
{
    buf_printf(&b->info, "%s: ", label);
    str_vis(&b->info, value, strlen(value), LIMIT_VALUE_SHOWN); /* one line, whatever it holds */
    buf_putc(&b->info, '\n');
}

bool bag_tag(struct bag *b, const char *name, struct span data, struct err *err)
{
    return put(b, &b->tags, name, data, err);
}

bool bag_beside(struct bag *b, const char *name, struct span data, struct err *err)
{
    struct bag_list unlisted = {0};
    bool ok = put(b, &unlisted, name, data, err);
    bag_list_release(&unlisted);
    return ok;
}

void bag_each(const struct bag *b,
              void (*fn)(void *ctx, const char *path, const uint8_t sha256[SHA256_SIZE]), void *ctx)
{
    for (size_t i = 0; i < b->payload.n; i++) {
        fn(ctx, b->payload.v[i].path, b->payload.v[i].sha256);
    }
}

/* --- manifests --- */

/* A manifest of 100,000 files is 10 MB: it is never whole in memory. */
typedef bool piece_fn(void *ctx, struct span piece, struct err *err);
enum { PIECE = 65536 };

/* The text for a sorted list, piece by piece. A path was a name in the archive, or is checked as
 * one before the manifest is written: none is longer than LIMIT_ARCHIVE_NAME. */
static bool manifest_text(const struct bag_list *list, piece_fn *fn, void *ctx, struct err *err)
{
    CLEANUP(buf_release) struct buf piece = BUF_INIT(2 * PIECE);
    for (size_t i = 0; i < list->n; i++) {
        char hex[SHA256_HEX];
        hex_encode(list->v[i].sha256, SHA256_SIZE, hex);
        buf_printf(&piece, "%s  %s\n", hex, list->v[i].path);
        if (piece.n >= PIECE || i + 1 == list->n) {
            if (!fn(ctx, buf_span(&piece), err)) {
                return false;
            }
            buf_reset(&piece);
        }
    }
    return true;
}

static bool add_to_size(void *size, struct span piece, struct err *err UNUSED)
{
    *(uint64_t *)size += piece.n;
    return true;
}

static bool add_to_sum(void *sum, struct span piece, struct err *err UNUSED)
{
    sha256_add(sum, piece.p, piece.n);
    return true;
}

static bool add_to_text(void *text, struct span piece, struct err *err)
{
    buf_add(text, piece.p, piece.n);
    return !buf_failed(text) ||
           err_set(err, ERR_INTERNAL, "%s would be too large", BAG_TAG_MANIFEST);
}

static bool add_to_archive(void *archive, struct span piece, struct err *err)
{
    return archive_part(archive, piece, err);
}

static void info_text(const struct bag *b, struct buf *text)
{
    buf_add(text, b->info.p, b->info.n);
    buf_printf(text, "Payload-Oxum: %" PRIu64 ".%zu\n", b->octets, b->payload.n);
}

static void list_text(struct bag_list *list, const char *path, struct span text)
{
    uint8_t digest[SHA256_SIZE];
    sha256(text.p, text.n, digest);
    bag_list_add(list, path, digest);
}

static bool list_manifest(struct bag_list *list, const char *path, const struct bag_list *of,
                          struct err *err)
{
    uint8_t digest[SHA256_SIZE];
    struct sha256 sum;
    sha256_begin(&sum);
    bool ok = manifest_text(of, add_to_sum, &sum, err);
    sha256_end(&sum, digest);
    bag_list_add(list, path, digest);
    return ok;
}

bool bag_preview(struct bag *b, const char *name, struct span data, struct buf *tagmanifest,
                 struct err *err)
{
    CLEANUP(buf_release) struct buf info = BUF_INIT(1u << 16);
    CLEANUP(bag_list_release) struct bag_list tags = {0};
    for (size_t i = 0; i < b->tags.n; i++) {
        bag_list_add(&tags, b->tags.v[i].path, b->tags.v[i].sha256);
    }
    info_text(b, &info);
    list_text(&tags, name, data);
    list_text(&tags, "bag-info.txt", buf_span(&info));
    bag_list_sort(&b->payload);
    if (!list_manifest(&tags, BAG_MANIFEST, &b->payload, err)) {
        return false;
    }
    bag_list_sort(&tags);
    return manifest_text(&tags, add_to_text, tagmanifest, err);
}

static bool put_manifest(struct bag *b, struct bag_list *list, const char *name,
                         struct bag_list *into, struct err *err)
{
    CLEANUP(buf_release) struct buf path = BUF_INIT(LIMIT_PATH);
    uint64_t size = 0;
    buf_printf(&path, "%s/%s", b->root, name);
    bag_list_sort(list);
    if (!manifest_text(list, add_to_size, &size, err)) {
        return false;
    }
    if (size > LIMIT_ARCHIVE_ENTRY) { /* bag_check() would not read it back */
        return err_set(err, ERR_ENV, "%s would be larger than %u MiB", name,
                       LIMIT_ARCHIVE_ENTRY >> 20);
    }
    if (!archive_begin(b->archive, buf_text(&path), size, 0644, err) ||
        !manifest_text(list, add_to_archive, b->archive, err) || !archive_end(b->archive, err)) {
        return false;
    }
    bag_list_add(into, name, archive_last_sha256(b->archive));
    return true;
}

static bool put_tags(struct bag *b, struct err *err)
{
    CLEANUP(buf_release) struct buf info = BUF_INIT(1u << 16);
    CLEANUP(bag_list_release) struct bag_list unlisted = {0}; /* a tag manifest lists none */
    info_text(b, &info);
    return put(b, &b->tags, "bag-info.txt", buf_span(&info), err) &&
           put_manifest(b, &b->payload, BAG_MANIFEST, &b->tags, err) &&
           put_manifest(b, &b->tags, BAG_TAG_MANIFEST, &unlisted, err);
}

static void release(struct bag **b)
{
    free((*b)->root);
    bag_list_release(&(*b)->payload);
    bag_list_release(&(*b)->tags);
    buf_release(&(*b)->info);
    free(*b);
    *b = NULL;
}

bool bag_finish(struct bag **b, uint8_t digest[SHA256_SIZE], struct err *err)
{
    if (!put_tags(*b, err)) {
        bag_abandon(b);
        return false;
    }
    archive_digest((*b)->archive, digest);
    bool ok = archive_finish(&(*b)->archive, err);
    release(b);
    return ok;
}

void bag_abandon(struct bag **b)
{
    if (*b) {
        archive_abandon(&(*b)->archive);
        release(b);
    }
}
