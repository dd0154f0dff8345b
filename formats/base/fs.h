/* SPDX-License-Identifier: Apache-2.0
 *
 * Files. Everything that opens, creates or renames goes through here.
 *
 *  - Reading input named by a manifest: fs_read_beneath() with the manifest's directory; the
 *    kernel (openat2 RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS) refuses ".." and symbolic links.
 *  - Reading a file the user named on the command line: fs_read().
 *  - Writing one file: fs_write_atomic(): temporary name in the same directory,
 *    O_EXCL|O_NOFOLLOW, mode at creation, full write, fsync, rename, fsync of the directory.
 *    Under its final name a file is complete or absent.
 *  - Writing many files whose durability is needed at one point in time: struct fs_group. All
 *    temporaries are written, made durable by one syncfs(2) (since Linux 5.8 it reports
 *    write-back errors), then renamed, then the directories are synced. The guarantee at the
 *    return of fs_group_commit() is that of n fs_write_atomic() calls; the cost is a few syncs.
 *
 * A failed fsync is final: the kernel may have dropped the dirty pages, so a second one that
 * "succeeds" proves nothing (PostgreSQL, "Fsync Errors"). The caller stops the run.
 * Temporary names start with FS_TEMP_PREFIX; fs_sweep() removes leftovers of a killed run.
 */
#ifndef FORMATS_BASE_FS_H
#define FORMATS_BASE_FS_H

#include "formats/base/arena.h"
#include "formats/base/buf.h"
#include "formats/base/err.h"

#include <sys/types.h>

#define FS_TEMP_PREFIX ".cb-tmp-"

/* Reads a whole file or pipe ("-" is stdin) of at most b->max bytes; not a directory. */
bool fs_read(const char *path, struct buf *b, struct err *err) MUST_USE;
/* Reads standard input to its end and puts what it read in its place, so that it can be read again
 * after fs_rewind_stdin(). */
bool fs_keep_stdin(size_t max, struct err *err) MUST_USE;
void fs_rewind_stdin(void);
/* As fs_read for a regular file under dirfd; the last component is no symbolic link. */
bool fs_read_at(int dirfd, const char *name, struct buf *b, struct err *err) MUST_USE;
/* The directory that paths from input are relative to, opened once. Nothing is read outside of it
 * unless `outside` (a switch of the configuration). Zero-initialised = not open. */
struct fs_root {
    int fd;
    char *path;
    bool outside;
};
bool fs_root_open(struct fs_root *root, const char *path, bool outside, struct err *err) MUST_USE;
void fs_root_close(struct fs_root *root);
bool fs_read_beneath(const struct fs_root *root, const char *path, struct buf *b,
                     struct err *err) MUST_USE;
/* st_mode & 07777: is a private-key file readable by others? */
bool fs_mode_beneath(const struct fs_root *root, const char *path, mode_t *mode,
                     struct err *err) MUST_USE;

/* For streaming a regular file that was named on the command line, or that lies under dirfd (no
 * symbolic link); -1 on failure. */
int fs_open(const char *path, struct err *err) MUST_USE;
int fs_open_at(int dirfd, const char *name, struct err *err) MUST_USE;
bool fs_exists_at(int dirfd, const char *name) MUST_USE;
int fs_open_dir(const char *path, struct err *err) MUST_USE; /* -1 on failure */
int fs_open_dir_at(int dirfd, const char *name, struct err *err) MUST_USE;
/* Creates the directory (mode 0700) when missing; refuses one that others may write to or, unless
 * we are root, that belongs to somebody else. */
int fs_make_dir_at(int dirfd, const char *name, struct err *err) MUST_USE;
bool fs_make_dirs(const char *path, struct err *err) MUST_USE; /* like mkdir -p, 0700 */

bool fs_write_atomic_at(int dirfd, const char *name, struct span data, mode_t mode,
                        struct err *err) MUST_USE;
/* A path that the user named; what fs_open_stream() takes is written to as it is. */
bool fs_write_atomic(const char *path, struct span data, mode_t mode, struct err *err) MUST_USE;
/* For writing: a device, a pipe, or anything below /dev and /proc (/dev/null, /dev/stdout,
 * /dev/fd/3,
 * >(command)), which nothing may be renamed over. -1: it is a file or not there. The caller closes
 * it. */
int fs_open_stream(const char *path) MUST_USE;
/* New content for a file that exists: as fs_write_atomic, but symbolic links are followed and the
 * file keeps its mode. */
bool fs_replace(const char *path, struct span data, struct err *err) MUST_USE;
bool fs_write_all(int fd, const void *p, size_t n, struct err *err) MUST_USE;
bool fs_sync(int fd, const char *what, struct err *err) MUST_USE; /* fsync, once */
bool fs_datasync(int fd, const char *what, struct err *err) MUST_USE;
bool fs_remove_at(int dirfd, const char *name, struct err *err) MUST_USE; /* absent is fine */
void fs_remove_tree_at(int dirfd, const char *name); /* best effort, stays under dirfd */
void fs_sweep(int dirfd); /* removes FS_TEMP_PREFIX leftovers of this directory */
/* The same in a directory where other runs may be at work: theirs stay. */
void fs_sweep_shared(int dirfd);

bool fs_is_dir(const char *path) MUST_USE;
/* Every regular file below dir, by path in byte order. Names that begin with '.' and symbolic
 * links are left out, directories that enter() declines too. take() returning false ends it. */
bool fs_walk(const char *dir, bool (*enter)(void *ctx, const char *path),
             bool (*take)(void *ctx, const char *path, struct err *err), void *ctx,
             struct err *err) MUST_USE;

/* A temporary beside its final name, for streams (archives). */
struct fs_temp {
    int dirfd, fd;
    char name[64];
};
bool fs_temp_open(struct fs_temp *t, int dirfd, mode_t mode, struct err *err) MUST_USE;
/* Never over what is neither file nor link. */
bool fs_temp_commit(struct fs_temp *t, const char *final_name, struct err *err) MUST_USE;
void fs_temp_discard(struct fs_temp *t);

/* See above. add() may be called from several threads (it only writes the temporary); commit()
 * from one, when all adds have returned. dirfd must stay open until commit. */
struct fs_group_entry;
struct fs_group {
    struct fs_group_entry *v;
    size_t n, cap;
    void *lock;
};
void fs_group_init(struct fs_group *g);
bool fs_group_add(struct fs_group *g, int dirfd, const char *name, struct span data, mode_t mode,
                  struct err *err) MUST_USE;
/* What worker threads added to groups of their own joins one commit; `from` is empty then. */
void fs_group_move(struct fs_group *to, struct fs_group *from);
bool fs_group_commit(struct fs_group *g, struct err *err) MUST_USE;
void fs_group_release(struct fs_group *g); /* removes what was not committed */

/* Path helpers: "a/b" + "c"; directory part of a path ("." when none); last component. */
char *path_join(struct arena *a, const char *dir, const char *name) MUST_USE;
char *path_dir(struct arena *a, const char *path) MUST_USE;
const char *path_base(const char *path);

#endif
