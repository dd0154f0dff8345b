/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch plan MANIFEST`: judge, decide per item, print or write the plan. Sends nothing,
 * writes nothing but the file of -o.
 */
#include "batch/plan.h"

#include "cmd/cmd.h"
#include "formats/base/fs.h"

#include <string.h>
#include <unistd.h>

/* A state directory that exists tells what is done already; none is fine. */
static bool read_history(const struct options *o, const struct batch *b, struct history *h,
                         bool *present, struct err *err)
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    const char *path =
        o->state ? o->state : statedir_default(&a, b->manifest.dir, b->manifest.name);
    struct statedir s;
    *present = false;
    if (access(path, F_OK) != 0) {
        return true;
    }
    if (!statedir_view(&s, path, err)) {
        return false;
    }
    bool begun = fs_exists_at(s.fd, JOURNAL_NAME);
    bool ok = !begun || journal_read(s.fd, history_add, h, NULL, err);
    *present = ok && begun;
    statedir_close(&s);
    return ok;
}

/* A file binds the batch and not the moment: what is done already is in it as it was planned, so
 * that `run` finds it to be the same plan however far the batch is by then. The digest that is
 * shown to people is the one that `run --plan-digest` takes. */
static bool bind(const struct options *o, const struct batch *b, const struct findings *findings,
                 struct plan *shown, struct err *err)
{
    CLEANUP(buf_release) struct buf json = BUF_INIT(512u << 20);
    struct plan bound = {0};
    bool ok = plan_make(b, findings, NULL, (unsigned)o->jobs, &bound, err) &&
              (!o->out || (plan_json(b, &bound, &json, err) &&
                           fs_write_atomic(o->out, buf_span(&json), 0600, err)));
    memcpy(shown->digest, bound.digest, sizeof shown->digest);
    plan_release(&bound);
    return ok;
}

static int print_plan(const struct options *o, struct term *t, const char *format,
                      const struct batch *b, const struct findings *findings, bool begun,
                      struct plan *p, struct err *err)
{
    CLEANUP(buf_release) struct buf json = BUF_INIT(512u << 20);
    CLEANUP(buf_release) struct buf text = BUF_INIT(512u << 20);
    if (!plan_json(b, p, &json, err) ||
        (o->out && !begun && !fs_write_atomic(o->out, buf_span(&json), 0600, err)) ||
        (begun && !bind(o, b, findings, p, err))) {
        return cmd_fail(t, err);
    }
    plan_text(b, p, &text);
    term_out(t, str_eq(format, "json") ? buf_span(&json) : buf_span(&text));
    return EXIT_DONE;
}

static int make_plan(const struct options *o, struct term *t, const char *format, struct batch *b,
                     struct findings *findings)
{
    struct history history = HISTORY_INIT;
    struct plan plan = {0};
    struct err err = ERR_INIT;
    bool present = false;
    int code;
    batch_judge(b, (unsigned)o->jobs, findings);
    cmd_print_findings(t, STDERR_FILENO, findings, SEV_WARNING, o->verbose);
    /* a plan that no `run` of this version can carry out is no plan */
    if (!batch_can_send(b, &err) || !read_history(o, b, &history, &present, &err) ||
        !plan_make(b, findings, present ? &history : NULL, (unsigned)o->jobs, &plan, &err)) {
        code = cmd_fail(t, &err);
    } else {
        code = print_plan(o, t, format, b, findings, present, &plan, &err);
        bool work = plan.n > plan.counts[PLAN_KEEP] + plan.counts[PLAN_BLOCKED];
        if (code == EXIT_DONE && findings_count(findings, SEV_ERROR)) {
            code = EXIT_FINDINGS;
        } else if (code == EXIT_DONE && o->detailed_exitcode && work) {
            code = EXIT_CHANGES;
        }
    }
    plan_release(&plan);
    history_release(&history);
    return code;
}

int cmd_plan(const struct options *o, struct term *t)
{
    const char *format = cmd_format(o, t, "plan");
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct batch b = {0};
    struct batch_options bo = {.manifest = o->operands.v[0],
                               .config = o->config,
                               .policies = o->policies.v,
                               .npolicies = o->policies.n,
                               .inventories = o->inventories.v,
                               .ninventories = o->inventories.n,
                               .profile = o->profile,
                               .as_of = o->as_of,
                               .simulate = o->simulate};
    if (!format) {
        return EXIT_USAGE;
    }
    int code;
    if (!batch_open(&b, &bo, &findings, &err)) {
        findings_sort(&findings);
        cmd_print_findings(t, STDERR_FILENO, &findings, SEV_WARNING, o->verbose);
        code = cmd_fail(t, &err);
    } else {
        code = make_plan(o, t, format, &b, &findings);
    }
    batch_release(&b);
    return code;
}
