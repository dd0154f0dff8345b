/* SPDX-License-Identifier: Apache-2.0
 *
 * See err.h. Nothing here allocates: an error must be reportable when memory is short.
 */
#include "formats/base/err.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct err *err, enum err_code code, const char *fmt, va_list ap)
{
    *err = (struct err)ERR_INIT;
    err->code = code;
    (void)vsnprintf(err->msg, sizeof err->msg, fmt, ap);
}

static void append(struct err *err, const char *text)
{
    size_t n = strlen(err->msg);
    (void)snprintf(err->msg + n, sizeof err->msg - n, ": %s", text);
}

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(err, code, fmt, ap);
    va_end(ap);
    return false;
}

bool err_at(struct err *err, enum err_code code, struct pos pos, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(err, code, fmt, ap);
    va_end(ap);
    if (pos.file) {
        (void)snprintf(err->file, sizeof err->file, "%s", pos.file);
    }
    err->line = pos.line;
    err->column = pos.column;
    return false;
}

bool err_sys(struct err *err, int sys, const char *fmt, ...)
{
    va_list ap;
    char reason[128];
    va_start(ap, fmt);
    fill(err, sys == ENOENT || sys == ENOTDIR || sys == ELOOP ? ERR_INPUT : ERR_ENV, fmt, ap);
    va_end(ap);
    err->sys = sys;
    append(err, strerror_r(sys, reason, sizeof reason));
    return false;
}

bool err_crypto(struct err *err, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(err, code, fmt, ap);
    va_end(ap);
    unsigned long first = ERR_peek_error();
    const char *reason = first ? ERR_reason_error_string(first) : NULL;
    if (reason) {
        append(err, reason);
    }
    ERR_clear_error();
    return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
    char prefix[sizeof err->msg];
    char whole[2 * sizeof err->msg + 4];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(prefix, sizeof prefix, fmt, ap);
    va_end(ap);
    (void)snprintf(whole, sizeof whole, "%s: %s", prefix, err->msg);
    (void)snprintf(err->msg, sizeof err->msg, "%.*s", (int)sizeof err->msg - 1, whole);
    return false;
}

void err_hint(struct err *err, const char *hint)
{
    err->hint = hint;
}

void err_clear(struct err *err)
{
    *err = (struct err)ERR_INIT;
}

void err_format(const struct err *err, char *out, size_t n)
{
    char where[sizeof err->file + 32] = "";
    if (err->file[0] && err->line) {
        (void)snprintf(where, sizeof where, "%s:%u:%u: ", err->file, err->line, err->column);
    } else if (err->file[0]) {
        (void)snprintf(where, sizeof where, "%s: ", err->file);
    }
    (void)snprintf(out, n, "%s%s%s%s", where, err->msg, err->hint ? "\n  hint: " : "",
                   err->hint ? err->hint : "");
}
