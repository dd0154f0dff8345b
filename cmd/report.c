/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch report STATE`: what happened, as a page to read, a document to file or data, without
 * unpacking a bundle. It tells what the journal holds now, a run under way included. The report of
 * a batch that failed is a good report: exit 0 (`status` answers by states).
 */
#include "batch/report.h"

#include "cmd/cmd.h"
#include "cmd/history.h"
#include "cmd/out.h"

static bool write_report(const struct report_format *f, const struct options *o, struct term *t,
                         struct history *h, struct err *err)
{
    struct out out = {.temp = {.fd = -1}, .dir = -1};
    struct statedir s = {.fd = -1};
    struct report r = {0};
    bool ok = history_load(o->operands.v[0], h, err) && statedir_view(&s, o->operands.v[0], err) &&
              report_open(&r, h, &s, err);
    if (ok) {
        ok = out_open(&out, o->out, f->binary, t, err) && f->write(&r, out_write, &out, err);
        ok = out_close(&out, ok, err);
    }
    report_release(&r);
    statedir_close(&s);
    return ok;
}

int cmd_report(const struct options *o, struct term *t)
{
    const char *name = cmd_format(o, t, "report");
    const struct report_format *f = report_format(name);
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    if (!name || !f) {
        return EXIT_USAGE;
    }
    bool ok = write_report(f, o, t, &h, &err);
    history_release(&h);
    return ok ? EXIT_DONE : cmd_fail(t, &err);
}
