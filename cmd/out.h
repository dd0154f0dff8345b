/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a command's result goes: standard output, or with -o a file that gets its name when it is
 * complete.
 *
 *     bool ok = out_open(&out, o, t, binary, &err);
 *     ok = ok && ... out_write(&out, bytes, &err) ...
 *     ok = out_close(&out, o, ok, &err);
 */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include "cmd/options.h"
#include "cmd/term.h"
#include "formats/base/fs.h"

struct out {
    struct term *t;
    struct fs_temp temp;
    int dir;
};
/* binary: a terminal is refused, because it would show noise. */
bool out_open(struct out *x, const struct options *o, struct term *t, bool binary,
              struct err *err) MUST_USE;
/* A report_sink; ctx is the struct out. */
bool out_write(void *ctx, struct span bytes, struct err *err);
/* !ok: what was written so far is dropped, and *err stays. In every case after out_open(). */
bool out_close(struct out *x, const struct options *o, bool ok, struct err *err);

#endif
