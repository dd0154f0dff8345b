/* SPDX-License-Identifier: Apache-2.0
 *
 * `prove BUNDLE ITEM`: one item of an audit bundle for those who may see this item only.
 */
#include "batch/prove.h"

#include "cmd/cmd.h"

#include <stdlib.h>

int cmd_prove(const struct options *o, struct term *t)
{
    CLEANUP(freep) char *path = NULL;
    CLEANUP(buf_release) struct buf line = BUF_INIT(1u << 16);
    struct err err = ERR_INIT;
    if (!prove_item(o->operands.v[0], o->operands.v[1], o->out, &path, &err)) {
        return cmd_fail(t, &err);
    }
    buf_printf(&line, "%s\n", path);
    term_out(t, buf_span(&line));
    return EXIT_DONE;
}
