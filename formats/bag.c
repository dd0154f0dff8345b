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

static bool put_manifest(struct bag *b, const struct bag_list *list, const char *name,
                         struct bag_list *into, struct err *err)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(LIMIT_ARCHIVE_ENTRY);
    for (size_t i = 0; i < list->n; i++) {
        char hex[SHA256_HEX];
        hex_encode(list->v[i].sha256, SHA256_SIZE, hex);
        buf_printf(&text, "%s  %s\n", hex, list->v[i].path);
    }
    if (buf_failed(&text)) {
        return err_set(err, ERR_INTERNAL, "%s would be too large", name);
    }
    return put(b, into, name, buf_span(&text), err);
}

static bool put_tags(struct bag *b, struct err *err)
{
    struct bag_list unlisted = {0}; /* a tag manifest lists no tag manifest */
    buf_printf(&b->info, "Payload-Oxum: %" PRIu64 ".%zu\n", b->octets, b->payload.n);
    bag_list_sort(&b->payload);
    bool ok = put(b, &b->tags, "bag-info.txt", buf_span(&b->info), err) &&
              put_manifest(b, &b->payload, "manifest-sha256.txt", &b->tags, err);
    bag_list_sort(&b->tags);
    ok = ok && put_manifest(b, &b->tags, "tagmanifest-sha256.txt", &unlisted, err);
    bag_list_release(&unlisted);
    return ok;
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
