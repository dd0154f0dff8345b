/* SPDX-License-Identifier: Apache-2.0
 *
 * tar.gz in and out; archive.c is the only user of libarchive.
 *
 * Writing: pax-restricted, gzip -6 without timestamp, mtime fixed, uid/gid 0, entries in the
 * order given: the same entries give the same bytes. libarchive accepts "../x" and newlines in
 * names, so names are checked here: relative, [A-Za-z0-9._-] components, no "..", at most 255.
 * Every non-OK return of libarchive is a failure. An entry may be streamed.
 *
 * Reading: streams entries, never extracts. Regular files and directories only; names checked as
 * above; duplicates, also by case, refused; sizes capped (entry, total, ratio 100 to input).
 */
#ifndef FORMATS_ARCHIVE_H
#define FORMATS_ARCHIVE_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

#include <sys/types.h>

struct archive_out;
struct archive_out *archive_create(int fd, int64_t mtime, struct err *err) MUST_USE;
bool archive_add(struct archive_out *a, const char *name, struct span data, mode_t mode,
                 struct err *err) MUST_USE;
bool archive_finish(struct archive_out **a, struct err *err) MUST_USE; /* closes the stream, not fd */
void archive_abandon(struct archive_out **a);
bool archive_name_ok(const char *name) MUST_USE;

/* Called for every regular file in order; data is valid during the call. */
typedef bool archive_fn(void *ctx, const char *name, struct span data, struct err *err);
bool archive_read_file(const char *path, archive_fn *fn, void *ctx, struct err *err) MUST_USE;

#endif
