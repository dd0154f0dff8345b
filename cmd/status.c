/* SPDX-License-Identifier: Apache-2.0
 *
 * `status`, `resolve`, `bundle`: commands on a state directory.
 */
#include "batch/bundle.h"
#include "batch/seal.h"

#include "cmd/cmd.h"
#include "cmd/history.h"
#include "cmd/status.h"
#include "formats/base/fs.h"

#include <string.h>

bool history_load(const char *state, struct history *h, struct err *err)
{
    struct statedir s;
    if (!statedir_view(&s, state, err)) {
        return false;
    }
    bool ok = journal_read(s.fd, history_add, h, NULL, err);
    statedir_close(&s);
    return ok;
}

int cmd_status(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "status");
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    struct statedir s = {.fd = -1};
    struct report r = {0};
    if (!format) {
        return EXIT_USAGE;
    }
    CLEANUP(status_view_release) struct status_view v = {0};
    bool ok = status_view_read(&v, o, &err) && history_load(o->operands.v[0], &h, &err) &&
              statedir_view(&s, o->operands.v[0], &err) && report_open(&r, &h, &s, &err) &&
              status_print(&v, &r, format, o, t, &err);
    size_t counts[STATE__MAX] = {0};
    history_counts(&h, counts);
    report_release(&r);
    statedir_close(&s);
    history_release(&h);
    return ok ? exit_for_counts(counts, false) : cmd_fail(t, &err);
}

int cmd_resolve(const struct options *o, struct term *t)
{
    struct err err = ERR_INIT;
    if (!o->reason || !*o->reason) {
        err_set(&err, ERR_USAGE, "resolve needs --reason: the journal keeps who decided and why");
        return cmd_fail(t, &err);
    }
    if (!run_resolve(o->operands.v[0], o->operands.v[1], o->operands.v[2], o->reason, &err)) {
        return cmd_fail(t, &err);
    }
    term_err(t, "item %s: %s; run the batch again to go on", o->operands.v[1], o->operands.v[2]);
    return EXIT_DONE;
}

/* What the configuration says about sealing. A rehearsal is not sealed; and what the state keeps
 * may be enough where the key is away. */
static bool open_seal(const struct options *o, const struct history *h, struct seal **out,
                      struct err *err)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    CLEANUP(config_release) struct config config = {0};
    *out = NULL;
    if (h->simulate) {
        return true;
    }
    if (!config_read(&config, o->config, &findings, err)) {
        return false;
    }
    if (!seal_open(config.path, &cmd_stop, out, err)) {
        if (!*out) {
            return false;
        }
        err_clear(err);
    }
    return true;
}

/* Bundles go beside the state directory unless -o says otherwise. */
int cmd_bundle(const struct options *o, struct term *t)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(buf_release) struct buf b = BUF_INIT(65536);
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    struct statedir s = {.fd = -1};
    struct bundle_paths paths = {0};
    struct seal *seal = NULL;
    char *state = arena_strdup(&a, o->operands.v[0]);
    for (size_t n = strlen(state); n > 1 && state[n - 1] == '/'; n--) {
        state[n - 1] = '\0';
    }
    const char *dir = o->out ? o->out : path_dir(&a, state);
    bool ok = history_load(state, &h, &err) && statedir_view(&s, state, &err) &&
              open_seal(o, &h, &seal, &err) &&
              bundle_make(&s, &h, dir, h.batch, seal, &paths, &err);
    if (ok) {
        if (paths.remark) {
            term_err(t, "certbatch: %s", paths.remark);
        }
        buf_printf(&b, "%s%s%s", paths.delivery ? paths.delivery : "", paths.delivery ? "\n" : "",
                   paths.audit ? paths.audit : "");
        buf_puts(&b, paths.audit ? "\n" : "");
        term_out(t, buf_span(&b));
    }
    seal_free(seal);
    bundle_paths_release(&paths);
    statedir_close(&s);
    history_release(&h);
    return ok ? EXIT_DONE : cmd_fail(t, &err);
}
