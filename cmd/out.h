/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a command writes its result piece by piece: standard output, or with `-o FILE` a file that
 * gets its name when it is complete. out_open(), out_write() as often as needed, out_close() in
 * any case.
 */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include "cmd/term.h"
#include "formats/base/fs.h"

struct out {
    struct term *t;
    struct fs_temp temp;
    int dir;
    const char *path; /* the caller's; NULL: standard output */
};

/* binary: a terminal is refused, because it would show noise. */
bool out_open(struct out *x, const char *path, bool binary, struct term *t,
              struct err *err) MUST_USE;
/* A sink with ctx = struct out *. */
bool out_write(void *ctx, struct span bytes, struct err *err);
/* `ok`: all was written, so the file gets its name; else it vanishes. Returns whether it is there.
 */
bool out_close(struct out *x, bool ok, struct err *err) MUST_USE;

#endif
