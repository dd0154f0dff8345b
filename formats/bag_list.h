/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and digests of the files of a bag: what its manifests are made from and compared with.
 * Shared by bag.c and bag_check.c only.
 */
#ifndef FORMATS_BAG_LIST_H
#define FORMATS_BAG_LIST_H

#include "formats/base/arena.h"
#include "formats/base/sha.h"

/* RFC 8493 section 2.1.1: exactly these octets. */
#define BAG_DECLARATION "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

struct bag_file {
    const char *path; /* below the bag's root */
    uint8_t sha256[SHA256_SIZE];
};
struct bag_list {
    struct bag_file *v;
    size_t n, cap;
    struct arena paths;
};

void bag_list_add(struct bag_list *l, const char *path, const uint8_t sha256[SHA256_SIZE]);
void bag_list_sort(struct bag_list *l); /* by octets of the path, as `LC_ALL=C sort` */
void bag_list_release(struct bag_list *l);

#endif
