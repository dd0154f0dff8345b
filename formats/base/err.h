/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors that the caller handles.
 *
 * A function that can fail returns bool (or a pointer) and takes `struct err *err` last. On
 * failure it fills err exactly once; on success it leaves err untouched, so calls chain with &&.
 * A finding (formats/base/finding.h) is not an error: it is what a check says about an input.
 *
 *     struct err err = ERR_INIT;
 *     if (!journal_open(&journal, dir, &err)) {
 *         err_wrap(&err, "while resuming %s", name);
 *         return false;
 *     }
 *
 * A message is one sentence: what, why; err->hint says what to do. Foreign text goes through
 * str_vis() before it gets here. err may be NULL nowhere.
 */
#ifndef FORMATS_BASE_ERR_H
#define FORMATS_BASE_ERR_H

#include "formats/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kind of trouble; the exit code follows from it by one table (cmd/exitcode.c). */
enum err_code {
    ERR_NONE,
    ERR_USAGE,    /* the command line is wrong */
    ERR_INPUT,    /* a file that was given is unreadable or invalid */
    ERR_FINDINGS, /* policy findings at or above the threshold, or a bundle that does not verify */
    ERR_ENV,      /* disk, permissions, lock, damaged journal */
    ERR_CA,       /* a CA cannot be reached or does not accept our credentials */
    ERR_REFUSED,  /* we refuse to act: window, approval, stale plan, count not confirmed */
    ERR_INTERNAL, /* a bug or a library that failed without a reason */
    ERR__MAX
};

/* A place in the user's input, 1-based; line 0 means "the file as a whole". The end is the place
 * behind the last character; 0 = not known. */
struct pos {
    const char *file;
    uint32_t line, column;
    uint32_t end_line, end_column;
};

struct err {
    enum err_code code;
    uint32_t line, column; /* of the user's input */
    int sys;               /* errno, or 0 */
    const char *hint;      /* static text: what to do; may be NULL */
    char file[256];        /* of the user's input; empty when none */
    char msg[1024];
};
#define ERR_INIT                                                                                   \
    {                                                                                              \
        .code = ERR_NONE                                                                           \
    }

/* Fill err. All return false so that `return err_set(...)` reads well. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
bool err_at(struct err *err, enum err_code code, struct pos pos, const char *fmt, ...) PRINTF(4, 5);
/* "fmt: strerror(errno)", code ERR_ENV unless errno says the path is the user's mistake. */
bool err_sys(struct err *err, int sys, const char *fmt, ...) PRINTF(3, 4);
/* As err_set, and drains OpenSSL's error queue into the message (reason strings only: data
 * strings may carry input). */
bool err_crypto(struct err *err, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
/* Puts "fmt: " before the message. */
bool err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);
void err_hint(struct err *err, const char *hint);
void err_clear(struct err *err);

/* "file:line:col: message. hint" into out, NUL terminated, cut at n. */
void err_format(const struct err *err, char *out, size_t n);

#endif
