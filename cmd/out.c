/* SPDX-License-Identifier: Apache-2.0
 *
 * See out.h.
 */
#include "cmd/out.h"

#include <unistd.h>

bool out_open(struct out *x, const char *path, bool binary, struct term *t, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    *x = (struct out){.t = t, .temp = {.fd = -1}, .dir = -1, .path = path};
    if (!path && binary && isatty(STDOUT_FILENO)) {
        return err_set(err, ERR_USAGE, "this format is nothing for a terminal: say -o FILE");
    }
    if (!path) {
        return true;
    }
    x->temp.fd = fs_open_stream(path);
    if (x->temp.fd >= 0) {
        return true;
    }
    x->dir = fs_open_dir(path_dir(&a, path), err);
    return x->dir >= 0 && fs_temp_open(&x->temp, x->dir, 0644, err);
}

bool out_write(void *ctx, struct span bytes, struct err *err)
{
    struct out *x = ctx;
    if (x->temp.fd >= 0) {
        return fs_write_all(x->temp.fd, bytes.p, bytes.n, err);
    }
    term_progress_end(x->t);
    term_out(x->t, bytes);
    return !x->t->out_failed || err_set(err, ERR_ENV, "standard output could not be written");
}

bool out_close(struct out *x, bool ok, struct err *err)
{
    if (ok && x->dir >= 0) { /* else it is a stream, or standard output */
        ok = fs_temp_commit(&x->temp, path_base(x->path), err);
    }
    fs_temp_discard(&x->temp);
    closep(&x->dir);
    return ok;
}
