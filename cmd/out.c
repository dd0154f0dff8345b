/* SPDX-License-Identifier: Apache-2.0
 *
 * See out.h.
 */
#include "cmd/out.h"

#include <unistd.h>

bool out_open(struct out *x, const struct options *o, struct term *t, bool binary, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    *x = (struct out){.t = t, .temp = {.fd = -1}, .dir = -1};
    if (!o->out && binary && isatty(STDOUT_FILENO)) {
        return err_set(err, ERR_USAGE, "%s is not for a terminal: say -o FILE", o->format);
    }
    if (!o->out) {
        return true;
    }
    x->dir = fs_open_dir(path_dir(&a, o->out), err);
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

bool out_close(struct out *x, const struct options *o, bool ok, struct err *err)
{
    if (ok && x->temp.fd >= 0) {
        ok = fs_temp_commit(&x->temp, path_base(o->out), err);
    }
    fs_temp_discard(&x->temp);
    closep(&x->dir);
    return ok;
}
