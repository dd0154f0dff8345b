/* SPDX-License-Identifier: Apache-2.0
 *
 * `certbatch run MANIFEST|PLAN.json`: progress while it runs, a summary a person can act on, and
 * the exit code.
 */
#include "batch/bundle.h"
#include "batch/run.h"

#include "cmd/cmd.h"
#include "cmd/history.h"
#include "cmd/progress.h"
#include "formats/base/time.h"

#include <string.h>
#include <unistd.h>

volatile sig_atomic_t cmd_stop, cmd_stop_signal; /* main.c catches, the executor looks */

static void print_summary(struct term *t, const struct run_summary *s, const char *state)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(64u << 20);
    struct err err = ERR_INIT;
    struct history h = HISTORY_INIT;
    if (s->overview) {
        buf_puts(&b, s->overview);
    } else if (history_load(state, &h, &err) && h.n) {
        report_text(&h, &b);
    }
    history_release(&h);
    const struct {
        const char *what, *path;
    } files[] = {{"delivery bundle", s->delivery},
                 {"audit bundle", s->audit},
                 {"passwords", s->passwords},
                 {"for an officer", s->by_hand},
                 {"report", s->report}};
    for (size_t i = 0; i < NITEMS(files); i++) {
        if (files[i].path) {
            buf_printf(&b, "%-16s %s\n", files[i].what, files[i].path);
        }
    }
    term_out(t, buf_span(&b));
}

/* A plan is JSON by content: its name may be anything. */
static bool is_plan(const char *path)
{
    return str_iends(path, ".json");
}

static void say_renewals(struct term *t, const struct run_summary *s)
{
    char until[TIME_TEXT];
    for (const char *line = s->renewals; line && *line;) {
        const size_t n = strcspn(line, "\n");
        term_err(t, "certbatch: %.*s", (int)n, line);
        line += n + (line[n] ? 1 : 0);
    }
    if (s->early) {
        time_format(s->early_until, until);
        term_err(t,
                 "certbatch: %zu renewal%s for the time the CA wants: the first is due %s. Run the "
                 "same command again then",
                 s->early, s->early == 1 ? " waits" : "s wait", until);
    }
}

static int finish(const struct options *o, struct term *t, const struct run_summary *s,
                  const struct err *err, bool ok)
{
    if (s->torn_tail) {
        term_err(t, "certbatch: the journal ended in a torn record of an interrupted run; it was "
                    "cut off");
    }
    if (s->remark) {
        term_err(t, "certbatch: %s; `certbatch bundle %s` asks again", s->remark, s->state_path);
    }
    if (s->canary) {
        term_err(t,
                 "certbatch: the canary held: %s; %zu revocation%s not started. Look into it, then "
                 "run the same command again",
                 s->canary, s->not_started, s->not_started == 1 ? " was" : "s were");
    }
    say_renewals(t, s);
    if (s->limited) {
        term_err(t,
                 "certbatch: left for the next run: %s. What was ordered goes on; run the same "
                 "command again to order the rest",
                 s->limited);
    }
    if (!ok) {
        return cmd_fail(t, err);
    }
    if (s->interrupted) {
        term_err(t, "certbatch: interrupted; run the same command again to go on");
        return cmd_stop_signal == SIGINT ? EXIT_INTERRUPTED : EXIT_TERMINATED;
    }
    /* what was held back is not on its way */
    return exit_for_counts(s->counts, o->pending_is_success && !s->canary && !s->limited);
}

enum { REASON_MAX = 500 };

/* An exception without a reason is none. */
static bool override_is_whole(const struct options *o, struct term *t)
{
    const char *reason = o->reason ? o->reason : "";
    const bool blank = !reason[strspn(reason, " \t\r\n")];
    if (o->override_window && blank) {
        term_err(t, "certbatch: --override-window needs --reason TEXT: it goes on record");
    } else if (o->reason && !o->override_window) {
        term_err(t, "certbatch: --reason is the reason for --override-window");
    } else if (!utf8_valid(reason, strlen(reason)) || strlen(reason) > REASON_MAX) {
        term_err(t, "certbatch: --reason takes UTF-8 text of at most %d bytes", REASON_MAX);
    } else {
        return true;
    }
    return false;
}

int cmd_run(const struct options *o, struct term *t)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    struct run_summary s = {0};
    const char *input = o->operands.v[0];
    struct progress progress = {.t = t};
    struct run_options ro = {.batch = {.manifest = input,
                                       .config = o->config,
                                       .policies = o->policies.v,
                                       .npolicies = o->policies.n,
                                       .inventories = o->inventories.v,
                                       .ninventories = o->inventories.n,
                                       .profile = o->profile,
                                       .as_of = o->as_of,
                                       .simulate = o->simulate},
                             .state_dir = o->state,
                             .out_dir = o->out,
                             .plan = is_plan(input) ? input : NULL,
                             .plan_digest = o->plan_digest,
                             .approvals = o->approvals.v,
                             .napprovals = o->approvals.n,
                             .override_reason = o->override_window ? o->reason : NULL,
                             .workers = (unsigned)o->jobs,
                             .wait_seconds = o->wait,
                             .confirm = o->confirm,
                             .first = o->first > 0 ? (size_t)o->first : 0,
                             .pending_is_success = o->pending_is_success,
                             .stop = &cmd_stop,
                             .progress = progress_show,
                             .progress_ctx = &progress};
    if (!override_is_whole(o, t)) {
        return EXIT_USAGE;
    }
    if (ro.plan) {
        ro.batch.manifest = NULL; /* the plan names it */
    }
    if (o->first == 0) {
        term_err(t, "certbatch: --first takes a number of at least 1");
        return EXIT_USAGE;
    }
    bool ok = run_batch(&ro, &findings, &s, &a, &err);
    term_progress_end(t);
    findings_sort(&findings);
    cmd_print_findings(t, STDERR_FILENO, &findings, o->verbose ? SEV_INFO : SEV_WARNING,
                       o->verbose);
    if (s.state_path) {
        print_summary(t, &s, s.state_path);
    }
    return finish(o, t, &s, &err, ok);
}
