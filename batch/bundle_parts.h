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
    bool sealed;   /* the passwords travel to recipients */
    int64_t mtime; /* of every entry: the last close of the journal */
};

typedef bool bundle_write(const struct bundle_source *s, int fd, uint8_t digest[SHA256_SIZE],
                          struct err *err);
bundle_write bundle_write_delivery, bundle_write_audit;

/* --- bundle_passwords.c --- */
enum passwords_form { PASSWORDS_CSV, PASSWORDS_CMS };
const char *bundle_passwords_suffix(enum passwords_form form);
/* The recipients of a state and their digest; both empty when there are none. */
bool bundle_recipients(int state, struct buf *pem, char sha256[SHA256_HEX],
                       struct err *err) MUST_USE;
/* *made: there were passwords. */
bool bundle_write_passwords(const struct bundle_source *s, const struct buf *recipients, bool *made,
                            struct err *err) MUST_USE;

/* Indices of h->v in the order of ids; `issued`: only those. The caller frees *order. */
size_t bundle_order(const struct history *h, bool issued, size_t **order);
/* Reads items/<id>/<name>; absent is fine when it may be (then out stays empty, *there false). */
bool bundle_read_item(int dir, const char *name, struct buf *out, bool *there,
                      struct err *err) MUST_USE;

/* bundle_seal.c: the last files of an audit bag, whose payload and bag-info are complete. */
bool bundle_seal(const struct bundle_source *s, struct bag *bag, const struct history *h,
                 const char *ticket, struct err *err) MUST_USE;

/* bundle_reports.c: every report of an audit bundle, made on another thread from `report`, which
 * nobody changes until the end. In the order of report_formats, each from the start of its file:
 *
 *     struct bundle_reports *all = bundle_reports_begin(&report, dirfd);
 *     while ((name = bundle_reports_next(all, &fd, err)) != NULL && fd >= 0) ...   // not yours
 *     bundle_reports_end(all);            // also when something failed; NULL is fine
 *
 * next() waits for the one it is about; fd is -1 when that could not be made, and err says why. */
struct report;
struct bundle_reports;
struct bundle_reports *bundle_reports_begin(const struct report *report, int dirfd) MUST_USE;
const char *bundle_reports_next(struct bundle_reports *all, int *fd, struct err *err) MUST_USE;
void bundle_reports_end(struct bundle_reports *all);

#endif
