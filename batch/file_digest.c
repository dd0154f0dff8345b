/* SPDX-License-Identifier: Apache-2.0
 *
 * See file_digest.h.
 */
#include "batch/file_digest.h"

#include "formats/base/fs.h"
#include "formats/base/str.h"

#include <errno.h>
#include <unistd.h>

bool file_digest(int dirfd, const char *path, char out[SHA256_HEX])
{
    char chunk[65536];
    struct sha256 s;
    struct err ignored = ERR_INIT;
    ssize_t n;
    CLEANUP(closep) int fd = fs_open_at(dirfd, path, &ignored);
    if (fd < 0) {
        return false;
    }
    sha256_begin(&s);
    while ((n = read(fd, chunk, sizeof chunk)) > 0 || (n < 0 && errno == EINTR)) {
        sha256_add(&s, chunk, n > 0 ? (size_t)n : 0);
    }
    sha256_end_hex(&s, out);
    return n == 0;
}

bool file_is(int dirfd, const char *path, const char *sha256)
{
    char got[SHA256_HEX];
    return sha256 && file_digest(dirfd, path, got) && str_eq(got, sha256);
}
