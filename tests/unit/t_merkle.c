/* SPDX-License-Identifier: Apache-2.0
 *
 * Merkle trees against roots worked out by an independent program (certificate transparency's
 * well-known leaves), every leaf of many sizes proves itself and nothing else.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/base/str.h"
#include "formats/merkle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inputs of the test vectors that implementations of RFC 6962 share. */
static const struct {
    const char *hex;
    size_t n;
} inputs[] = {
    {"", 0},
    {"00", 1},
    {"10", 1},
    {"2021", 2},
    {"3031", 2},
    {"40414243", 4},
    {"5051525354555657", 8},
    {"606162636465666768696a6b6c6d6e6f", 16},
};
static const char *const roots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void make_leaves(struct merkle_hash *leaves)
{
    for (size_t i = 0; i < NITEMS(inputs); i++) {
        uint8_t data[16];
        assert_true(hex_decode(inputs[i].hex, strlen(inputs[i].hex), data));
        merkle_leaf((struct span){data, inputs[i].n}, &leaves[i]);
    }
}

static void roots_are_the_known_ones(void **ctx UNUSED)
{
    struct merkle_hash leaves[NITEMS(inputs)], root;
    char hex[SHA256_HEX];
    make_leaves(leaves);
    for (size_t n = 1; n <= NITEMS(roots); n++) {
        merkle_root(leaves, n, &root);
        hex_encode(root.v, SHA256_SIZE, hex);
        assert_string_equal(hex, roots[n - 1]);
    }
    merkle_root(leaves, 0, &root);
    hex_encode(root.v, SHA256_SIZE, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* As somebody does it with sha256sum. */
static struct merkle_hash by_sides(const struct merkle_hash *leaf, const struct merkle_hash *path,
                                   const bool *left, size_t n)
{
    struct merkle_hash h = *leaf;
    for (size_t i = 0; i < n; i++) {
        uint8_t b[1 + 2 * SHA256_SIZE] = {1};
        memcpy(b + 1, left[i] ? path[i].v : h.v, SHA256_SIZE);
        memcpy(b + 1 + SHA256_SIZE, left[i] ? h.v : path[i].v, SHA256_SIZE);
        sha256(b, sizeof b, h.v);
    }
    return h;
}

static void every_leaf_proves_itself_only(void **ctx UNUSED)
{
    enum { MOST = 70 };
    struct merkle_hash leaves[MOST], root, path[MERKLE_PATH_MAX];
    for (size_t i = 0; i < MOST; i++) {
        merkle_leaf((struct span){(const uint8_t *)&i, sizeof i}, &leaves[i]);
    }
    for (size_t n = 1; n <= MOST; n++) {
        merkle_root(leaves, n, &root);
        for (size_t i = 0; i < n; i++) {
            size_t np = merkle_path(leaves, n, i, path);
            bool left[MERKLE_PATH_MAX];
            assert_true(merkle_check(&leaves[i], i, n, path, np, &root));
            assert_int_equal(merkle_sides(i, n, left), np);
            assert_memory_equal(by_sides(&leaves[i], path, left, np).v, root.v, SHA256_SIZE);
            assert_false(merkle_check(&leaves[i], n, n, path, np, &root));
            assert_false(merkle_check(&leaves[i], i, n, path, np + 1, &root));
            if (n > 1) {
                size_t other = (i + 1) % n;
                assert_false(merkle_check(&leaves[other], i, n, path, np, &root));
                assert_false(merkle_check(&leaves[i], other, n, path, np, &root));
                assert_false(merkle_check(&leaves[i], i, n, path, np - 1, &root));
                path[np - 1].v[7] ^= 1;
                assert_false(merkle_check(&leaves[i], i, n, path, np, &root));
            }
        }
    }
}

/* A node is not a leaf: without the prefixes the two would have one hash. */
static void a_node_is_no_leaf(void **ctx UNUSED)
{
    struct merkle_hash leaves[2], root, leaf;
    uint8_t both[2 * SHA256_SIZE];
    merkle_leaf((struct span){(const uint8_t *)"a", 1}, &leaves[0]);
    merkle_leaf((struct span){(const uint8_t *)"b", 1}, &leaves[1]);
    merkle_root(leaves, 2, &root);
    memcpy(both, leaves, sizeof both);
    merkle_leaf((struct span){both, sizeof both}, &leaf);
    assert_memory_not_equal(leaf.v, root.v, SHA256_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_the_known_ones),
        cmocka_unit_test(every_leaf_proves_itself_only),
        cmocka_unit_test(a_node_is_no_leaf),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
