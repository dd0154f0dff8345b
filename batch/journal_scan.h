/* SPDX-License-Identifier: Apache-2.0
 *
 * Replay of a journal, line by line: the part that journal_open() (a file) and journal_check()
 * (bytes of a bundle) share. It checks sum, chain and sequence and hands each record on; it
 * never writes.
 */
#ifndef BATCH_JOURNAL_SCAN_H
#define BATCH_JOURNAL_SCAN_H

#include "batch/journal.h"
#include "formats/base/sha.h"

struct journal_scan {
    journal_fn *fn;
    void *ctx;
    uint64_t seq;          /* of the last good record */
    size_t offset;         /* end of the last good line, newline included */
    char prev[SHA256_HEX]; /* of the last good line; zeros before the first */
};

void journal_scan_begin(struct journal_scan *s, journal_fn *fn, void *ctx);
/* One line without its newline. */
bool journal_scan_line(struct journal_scan *s, const char *line, size_t n,
                       struct err *err) MUST_USE;
/* All lines of a file from s->offset on. *torn: the last line is incomplete; s->offset is where it
 * starts. */
bool journal_scan_file(struct journal_scan *s, int fd, bool *torn, struct err *err) MUST_USE;
/* journal_ahead.c: where the reading ended. */
const struct journal_scan *journal_ahead_scan(const struct journal_ahead *a);

#endif
