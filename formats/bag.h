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
/* digest: of all entries, for archive_check(). */
bool bag_finish(struct bag **b, uint8_t digest[SHA256_SIZE], struct err *err) MUST_USE;
void bag_abandon(struct bag **b);

/* Reads a bag and checks: declaration, every payload file listed once with the right digest,
 * nothing unlisted, tag manifest, Payload-Oxum. Payload files go through fn (name without data/)
 * as they stream by. All problems are collected into `findings` (rule "verify.bag"), a damaged or
 * hostile archive included; false only when the file cannot be read or fn failed. */
bool bag_check(const char *path, archive_fn *fn, void *ctx, struct findings *findings,
               struct err *err) MUST_USE;

#endif
