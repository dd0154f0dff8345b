/* SPDX-License-Identifier: Apache-2.0
 *
 * BagIt 1.0 (RFC 8493) inside a tar.gz: payload under data/, manifest-sha256.txt, bag-info.txt,
 * bagit.txt, tagmanifest-sha256.txt. `sha256sum -c manifest-sha256.txt` works in the bag root.
 * Entries are streamed: only names and digests are kept.
 */
#ifndef FORMATS_BAG_H
#define FORMATS_BAG_H

#include "formats/archive.h"
#include "formats/base/finding.h"

#define BAG_MANIFEST     "manifest-sha256.txt"
#define BAG_TAG_MANIFEST "tagmanifest-sha256.txt"

struct bag;
/* root = name of the top directory in the archive. */
struct bag *bag_create(int fd, const char *root, int64_t mtime, struct err *err) MUST_USE;
bool bag_add(struct bag *b, const char *name, struct span data,
             struct err *err) MUST_USE; /* data/name */
/* The next `size` bytes of `from`. */
bool bag_add_fd(struct bag *b, const char *name, int from, uint64_t size, struct err *err) MUST_USE;
/* One line of bag-info.txt; Payload-Oxum is added by bag_finish(). */
void bag_info(struct bag *b, const char *label, const char *value);
/* A tag file beside the manifests (README.txt, signatures). */
bool bag_tag(struct bag *b, const char *name, struct span data, struct err *err) MUST_USE;
/* What tagmanifest-sha256.txt will hold when `name` is the last tag file that is added: to be
 * signed or stamped, and to choose the tag file by what came of that. It sorts the payload, so
 * no bag_info(), bag_add() or bag_each() after. */
bool bag_preview(struct bag *b, const char *name, struct span data, struct buf *tagmanifest,
                 struct err *err) MUST_USE;
/* A file in the bag's root that no manifest lists: the seals over the tag manifest. */
bool bag_beside(struct bag *b, const char *name, struct span data, struct err *err) MUST_USE;
/* Every payload file ("data/...") in the order it was added. */
void bag_each(const struct bag *b,
              void (*fn)(void *ctx, const char *path, const uint8_t sha256[SHA256_SIZE]),
              void *ctx);
/* digest: of all entries, for archive_check(). */
bool bag_finish(struct bag **b, uint8_t digest[SHA256_SIZE], struct err *err) MUST_USE;
void bag_abandon(struct bag **b);

/* Reads a bag and checks: declaration, every payload file listed once with the right digest,
 * nothing unlisted, tag manifest, Payload-Oxum. Payload files go through fn (name without data/),
 * all others through tag (may be NULL), as they stream by. All problems are collected into
 * `findings` (rule "verify.bag"), a damaged or hostile archive included; false only when the file
 * cannot be read or fn failed. */
bool bag_check(const char *path, archive_fn *fn, archive_fn *tag, void *ctx,
               struct findings *findings, struct err *err) MUST_USE;

#endif
