/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch cancel CA ORDER... --reason TEXT`: asks the CA to drop orders that are not issued yet,
 * one after the other. Each is said once: whether a lost answer meant yes shows when the order is
 * looked at, by the batch it belongs to (`run` finds it refused) or by `inventory`.
 */
#include "cmd/ask_ca.h"
#include "formats/base/str.h"

static bool usable(const struct options *o, struct err *err)
{
    if (!o->reason || !*o->reason) {
        return err_set(err, ERR_USAGE, "cancel needs --reason: the CA keeps it with the order");
    }
    for (size_t i = 1; i < o->operands.n; i++) {
        if (!order_id_is_usable(o->operands.v[i])) {
            return err_set(err, ERR_USAGE, "operand %zu is no order number of a CA", i + 1);
        }
    }
    return true;
}

static int cancel_one(struct ask_ca *c, const char *number, const struct options *o, struct term *t)
{
    CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
    struct err err = ERR_INIT;
    const struct ca_order order = {.item = number, .comment = o->reason};
    const struct ca_call call = {.step = STEP_CANCEL, .order = &order, .order_id = number};
    const bool done = ask(&c->asker, &call, NULL, NULL, &err);
    term_progress_end(t);
    if (!done) {
        (void)err_wrap(&err, "order %s", number);
        return ask_ca_fail(t, &err);
    }
    buf_printf(&out, "%s cancelled\n", number);
    term_out(t, buf_span(&out));
    return EXIT_DONE;
}

int cmd_cancel(const struct options *o, struct term *t)
{
    struct ask_ca c;
    struct err err = ERR_INIT;
    if (!usable(o, &err)) {
        return cmd_fail(t, &err);
    }
    int code = ask_ca_find(&c, o, t);
    code = code == EXIT_DONE ? ask_ca_open(&c, t, CA_CANCEL, "way to cancel an order") : code;
    bool on = code == EXIT_DONE;
    for (size_t i = 1; on && i < o->operands.n; i++) {
        const int one = cancel_one(&c, o->operands.v[i], o, t);
        code = code == EXIT_DONE ? one : code; /* the first that failed; the others are tried too */
        on = !cmd_stop && c.asker.answer.outcome != OUTCOME_AUTH;
    }
    ask_ca_close(&c);
    return code;
}
