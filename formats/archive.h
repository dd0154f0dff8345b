/* SPDX-License-Identifier: Apache-2.0
 *
 * tar.gz in and out, zip in; archive*.c are the only users of libarchive.
 *
 * Writing: pax-restricted, gzip -6 without timestamp, mtime fixed, uid/gid 0, entries in the
 * order given: the same entries give the same bytes. libarchive accepts "../x" and newlines in
 * names, so names are checked here: relative, [A-Za-z0-9._-] components, no "..", at most 255.
 * Every non-OK return of libarchive is a failure. An entry may be streamed from a descriptor.
 *
 *     struct archive_out *a = archive_create(fd, mtime, &err);
 *     archive_add(a, "x/certificate.pem", span, 0644, &err) && ...
 *     archive_digest(a, digest);
 *     archive_finish(&a, &err) && archive_check(fd, digest, file_sha256, &err)
 *
 * Reading: streams entries, never extracts. Regular files and directories only; names checked as
 * above; duplicates, also by case, refused; sizes capped (entry, total, ratio 100 to input). The
 * CRC and length of the gzip trailer are checked here because libarchive 3.6 does not, and bytes
 * behind the end of the tar must be zero: nothing hides in the file.
 * An archive that breaks these rules is ERR_FINDINGS; a file that cannot be read is not.
 */
#ifndef FORMATS_ARCHIVE_H
#define FORMATS_ARCHIVE_H

#include "formats/base/buf.h"
#include "formats/base/err.h"
#include "formats/base/sha.h"

#include <sys/types.h>

struct archive_out;
struct archive_out *archive_create(int fd, int64_t mtime, struct err *err) MUST_USE;
bool archive_add(struct archive_out *a, const char *name, struct span data, mode_t mode,
                 struct err *err) MUST_USE;
/* The next `size` bytes of `from`, which must have them. */
bool archive_add_fd(struct archive_out *a, const char *name, int from, uint64_t size, mode_t mode,
                    struct err *err) MUST_USE;
/* An entry in parts, which together are `size` bytes: begin, part..., end. After a failure only
 * archive_abandon() follows. */
bool archive_begin(struct archive_out *a, const char *name, uint64_t size, mode_t mode,
                   struct err *err) MUST_USE;
bool archive_part(struct archive_out *a, struct span data, struct err *err) MUST_USE;
bool archive_end(struct archive_out *a, struct err *err) MUST_USE;
/* Of the content of the entry added last. */
const uint8_t *archive_last_sha256(const struct archive_out *a);
/* One digest over the names and contents of all entries, in order; after the last was added. */
void archive_digest(struct archive_out *a, uint8_t out[SHA256_SIZE]);
bool archive_finish(struct archive_out **a,
                    struct err *err) MUST_USE; /* closes the stream, not fd */
void archive_abandon(struct archive_out **a);
bool archive_name_ok(const char *name) MUST_USE;

/* Called for every regular file in order; data is valid during the call. */
typedef bool archive_fn(void *ctx, const char *name, struct span data, struct err *err);
bool archive_read_file(const char *path, archive_fn *fn, void *ctx, struct err *err) MUST_USE;
/* As above from the start of an open file; `name` is for messages. file_sha256 (may be NULL)
 * receives the digest of the file's own bytes. */
bool archive_read_fd(int fd, const char *name, archive_fn *fn, void *ctx,
                     uint8_t file_sha256[SHA256_SIZE], struct err *err) MUST_USE;
/* The same walk and checks with digests of the contents instead of the contents: flat memory. */
typedef bool archive_digest_fn(void *ctx, const char *name, const uint8_t content[SHA256_SIZE],
                               struct err *err);
bool archive_read_digests(int fd, const char *name, archive_digest_fn *fn, void *ctx,
                          uint8_t file_sha256[SHA256_SIZE], struct err *err) MUST_USE;

/* The regular files of a zip in memory (office documents), in order. want() chooses by name before
 * anything is unpacked; it may be NULL. Entry, total and ratio are capped, encrypted entries and
 * names twice are refused. ERR_INPUT: such a file was given to be read, not to be verified. */
bool archive_read_zip(struct span bytes, const char *name,
                      bool (*want)(void *ctx, const char *entry), archive_fn *fn, void *ctx,
                      struct err *err) MUST_USE;

/* The regular files of a zip that we made ourselves, in pieces and without caps; a piece of no
 * bytes ends each. fd is read from its beginning. ERR_ENV: it is not whole. */
bool archive_scan_zip(int fd, const char *name, archive_fn *fn, void *ctx,
                      struct err *err) MUST_USE;

/* Reads back what was written: do all entries give the digest of archive_digest()? */
bool archive_check(int fd, const uint8_t digest[SHA256_SIZE], uint8_t file_sha256[SHA256_SIZE],
                   struct err *err) MUST_USE;

#endif
