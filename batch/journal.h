/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal: journal.jsonl in the state directory, one JSON record a line, hash-chained.
 *
 *   {"v":1,"seq":12,"t":"2026-11-21T04:31:00.123Z","ev":"intent","item":"web-01",…,
 *    "prev":"<SHA-256 of the previous line without its newline>","sum":"<SHA-256 of this line
 *    up to and without ,\"sum\">"}
 *
 * Append-only, 0600, O_APPEND|O_NOFOLLOW|O_CLOEXEC. journal_append() buffers; journal_sync()
 * writes what is buffered and fdatasyncs: nothing may be acted on before it returned true. A
 * failed sync is final for the run. LIMIT_JOURNAL_RESERVE bytes are kept allocated past the end,
 * so that replies still fit when the disk is full.
 *
 * Replay: a last line that is incomplete (no newline, or a sum that does not fit and nothing
 * after it) is a torn tail; it is cut off and noted. Any other damage refuses the journal.
 * No secret is ever recorded: keys by SPKI hash, requests by digest. One thread.
 */
#ifndef BATCH_JOURNAL_H
#define BATCH_JOURNAL_H

#include "formats/base/json.h"
#include "formats/base/json_in.h"

#define JOURNAL_NAME "journal.jsonl"

struct journal;
struct journal_ahead;

/* One record during replay; valid during the call. */
struct journal_record {
    uint64_t seq;
    const char *ev, *item; /* item may be NULL */
    const char *t;
    const json_t *fields;  /* the object without `prev` and `sum` */
    size_t offset, length; /* of the line in the file, without newline */
};
typedef bool journal_fn(void *ctx, const struct journal_record *r, struct err *err);

/* Opens or creates; replays every record through fn. */
struct journal *journal_open(int dirfd, journal_fn *fn, void *ctx, struct err *err) MUST_USE;

/* Reading ahead: journal_ahead_begin() replays the journal of a directory on a thread of its own,
 * without its lock and without changing anything, while the caller does something else; fn and ctx
 * are that thread's until journal_ahead_end(). With the lock held:
 *
 *     if (!journal_ahead_end(a, dirfd)) { forget what ctx was told; journal_open(dirfd, ...) }
 *     else journal_open_after(a, dirfd, ...)       replays only what was added since
 *
 * NULL: there is no journal yet. False: what was read does not count (damaged, another file). */
struct journal_ahead *journal_ahead_begin(const char *dir, journal_fn *fn, void *ctx) MUST_USE;
bool journal_ahead_end(struct journal_ahead *a, int dirfd) MUST_USE; /* a may be NULL */
struct journal *journal_open_after(const struct journal_ahead *a, int dirfd, journal_fn *fn,
                                   void *ctx, struct err *err) MUST_USE;
void journal_ahead_free(struct journal_ahead *a); /* of one that still reads: stops it */
bool journal_had_torn_tail(const struct journal *j) MUST_USE;
uint64_t journal_records(const struct journal *j);

/* One record, at most LIMIT_JOURNAL_RECORD bytes (a longer one breaks the journal: callers cap
 * foreign text and split lists):  struct jw *f = journal_begin(j, "intent", item); jw_str(f, ...);
 * journal_end(j) */
struct jw *journal_begin(struct journal *j, const char *ev, const char *item);
void journal_end(struct journal *j);
bool journal_sync(struct journal *j, struct err *err) MUST_USE;
/* Makes sure that LIMIT_JOURNAL_RESERVE bytes are allocated past the end: called before intents
 * are written, so that a disk that fills up stops the run before a request leaves. */
bool journal_reserve(struct journal *j, struct err *err) MUST_USE;
/* True once a write or sync failed: nothing may be synced any more. */
bool journal_broken(const struct journal *j) MUST_USE;
/* The time of the last record begun, as it is in the record. */
const char *journal_time(const struct journal *j);
/* Bytes up to and including the last record that journal_end() took. */
size_t journal_size(const struct journal *j);
void journal_close(struct journal *j); /* does not sync: what was not synced never counted */

/* Replays the journal of a directory without its lock and without changing it, in pieces; a torn
 * tail is left where it is (*torn may be NULL). */
bool journal_read(int dirfd, journal_fn *fn, void *ctx, bool *torn, struct err *err) MUST_USE;

/* Checks a journal given as bytes (audit bundle, verify): chain, sums, sequence. torn=false:
 * a torn tail is an error too. */
bool journal_check(struct span bytes, bool torn_allowed, journal_fn *fn, void *ctx,
                   struct err *err) MUST_USE;

#endif
