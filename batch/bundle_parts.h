/* SPDX-License-Identifier: Apache-2.0
 *
 * Between bundle.c and the two makers of bundles. Each maker writes one archive to the open
 * temporary and says what the archive must read back as; bundle.c owns names, syncing, checking
 * and renaming. Makers run at the same time and share only what is const.
 */
#ifndef BATCH_BUNDLE_PARTS_H
#define BATCH_BUNDLE_PARTS_H

#include "batch/bundle.h"
#include "batch/seal.h"
#include "batch/secret_scan.h"
#include "formats/bag.h"
#include "formats/base/sha.h"
#include "formats/base/time.h"

struct bundle_source {
    const struct statedir *state;
    const struct history *history;
    const struct secret_scan *secrets;
    struct seal *seal;  /* of the configuration, may be NULL; the audit bundle's alone */
    struct buf *remark; /* what the run should say about the audit bundle; its maker's alone */
    const char *name;
    int dirfd;     /* of the output directory */
    int64_t mtime; /* of every entry: the last close of the journal */
};

typedef bool bundle_write(const struct bundle_source *s, int fd, uint8_t digest[SHA256_SIZE],
                          struct err *err);
bundle_write bundle_write_delivery, bundle_write_audit;

/* Indices of h->v in the order of ids; `issued`: only those. The caller frees *order. */
size_t bundle_order(const struct history *h, bool issued, size_t **order);
/* Reads items/<id>/<name>; absent is fine when it may be (then out stays empty, *there false). */
bool bundle_read_item(int dir, const char *name, struct buf *out, bool *there,
                      struct err *err) MUST_USE;

/* bundle_seal.c: the last files of an audit bag, whose payload and bag-info are complete. */
bool bundle_seal(const struct bundle_source *s, struct bag *bag, const struct history *h,
                 const char *ticket, struct err *err) MUST_USE;

#endif
