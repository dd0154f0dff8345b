/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a file still the one that the journal speaks of? Read in pieces: bundles are large. Any
 * thread.
 */
#ifndef BATCH_FILE_DIGEST_H
#define BATCH_FILE_DIGEST_H

#include "formats/base/sha.h"

/* SHA-256 in lower-case hex of a regular file below dirfd (AT_FDCWD: of the working directory); no
 * link is followed. False: it is not there, or cannot be read. */
bool file_digest(int dirfd, const char *path, char out[SHA256_HEX]) MUST_USE;
bool file_is(int dirfd, const char *path, const char *sha256) MUST_USE; /* NULL: of nothing */

#endif
