/* SPDX-License-Identifier: Apache-2.0
 *
 * Merkle trees as certificate transparency has them (RFC 9162, section 2.1): a leaf is
 * SHA-256(00 || data), a node SHA-256(01 || left || right), a tree of n leaves is cut at the
 * largest power of two below n. Whoever has the root and a path of log2(n) hashes can check that
 * one leaf is in the tree, at that place, without seeing any other.
 *
 *     merkle_leaf(data, &leaves[i]) for all i; merkle_root(leaves, n, &root)
 *     npath = merkle_path(leaves, n, index, path)
 *     merkle_check(&leaf, index, n, path, npath, &root)
 *
 * Hashing only; no I/O, thread safe.
 */
#ifndef FORMATS_MERKLE_H
#define FORMATS_MERKLE_H

#include "formats/base/sha.h"

enum { MERKLE_PATH_MAX = 64 };
struct merkle_hash {
    uint8_t v[SHA256_SIZE];
};

void merkle_leaf(struct span data, struct merkle_hash *out);
/* n = 0: the hash of nothing. */
void merkle_root(const struct merkle_hash *leaves, size_t n, struct merkle_hash *out);
/* From the leaf's sibling upwards; returns how many. index < n. */
size_t merkle_path(const struct merkle_hash *leaves, size_t n, size_t index,
                   struct merkle_hash path[static MERKLE_PATH_MAX]);
/* On which side the hashes of that path stand, for those who work it out with other tools: true is
 * left of what was worked out so far. Returns how many. */
size_t merkle_sides(size_t index, size_t n, bool left[static MERKLE_PATH_MAX]);
/* True: a tree of n leaves with this root has this leaf at this index. */
bool merkle_check(const struct merkle_hash *leaf, size_t index, size_t n,
                  const struct merkle_hash *path, size_t npath,
                  const struct merkle_hash *root) MUST_USE;

#endif
