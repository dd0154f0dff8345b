/* SPDX-License-Identifier: Apache-2.0
 *
 * See merkle.h. The recursion is as deep as the tree is high.
 */
#include "formats/merkle.h"

#include <string.h>

enum { LEAF = 0x00, NODE = 0x01 };

void merkle_leaf(struct span data, struct merkle_hash *out)
{
    const uint8_t prefix = LEAF;
    struct sha256 s;
    sha256_begin(&s);
    sha256_add(&s, &prefix, 1);
    sha256_add(&s, data.p, data.n);
    sha256_end(&s, out->v);
}

static void node(const struct merkle_hash *left, const struct merkle_hash *right,
                 struct merkle_hash *out)
{
    uint8_t b[1 + 2 * SHA256_SIZE] = {NODE};
    memcpy(b + 1, left->v, SHA256_SIZE);
    memcpy(b + 1 + SHA256_SIZE, right->v, SHA256_SIZE);
    sha256(b, sizeof b, out->v);
}

/* The largest power of two below n, for n of 2 and more. */
static size_t cut(size_t n)
{
    size_t k = 1;
    while (k < n - k) {
        k *= 2;
    }
    return k;
}

void merkle_root(const struct merkle_hash *leaves, size_t n, struct merkle_hash *out)
{
    struct merkle_hash left, right;
    if (n == 0) {
        sha256("", 0, out->v);
        return;
    }
    if (n == 1) {
        *out = leaves[0];
        return;
    }
    const size_t k = cut(n);
    merkle_root(leaves, k, &left);
    merkle_root(leaves + k, n - k, &right);
    node(&left, &right, out);
}

size_t merkle_path(const struct merkle_hash *leaves, size_t n, size_t index,
                   struct merkle_hash path[static MERKLE_PATH_MAX])
{
    if (n < 2) {
        return 0;
    }
    const size_t k = cut(n);
    const bool right = index >= k;
    size_t at = right ? merkle_path(leaves + k, n - k, index - k, path)
                      : merkle_path(leaves, k, index, path);
    right ? merkle_root(leaves, k, &path[at]) : merkle_root(leaves + k, n - k, &path[at]);
    return at + 1;
}

size_t merkle_sides(size_t index, size_t n, bool left[static MERKLE_PATH_MAX])
{
    size_t steps = 0;
    for (size_t sn = n ? n - 1 : 0, fn = index; sn > 0; fn /= 2, sn /= 2) {
        left[steps] = fn % 2 == 1 || fn == sn;
        for (; left[steps] && fn % 2 == 0 && fn != 0; fn /= 2) {
            sn /= 2;
        }
        steps++;
    }
    return steps;
}

/* RFC 9162, section 2.1.3.2. */
bool merkle_check(const struct merkle_hash *leaf, size_t index, size_t n,
                  const struct merkle_hash *path, size_t npath, const struct merkle_hash *root)
{
    struct merkle_hash r = *leaf;
    size_t fn = index;
    size_t sn = n - 1;
    if (index >= n) {
        return false;
    }
    for (size_t i = 0; i < npath; i++) {
        if (sn == 0) {
            return false;
        }
        if (fn % 2 == 1 || fn == sn) {
            node(&path[i], &r, &r);
            for (; fn % 2 == 0 && fn != 0; fn /= 2) {
                sn /= 2;
            }
        } else {
            node(&r, &path[i], &r);
        }
        fn /= 2;
        sn /= 2;
    }
    return sn == 0 && memcmp(r.v, root->v, SHA256_SIZE) == 0;
}
