/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands: one row of the table, one file. A command gets parsed options and a terminal, and
 * returns an exit code; it prints its result to stdout and everything for humans to stderr.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "cmd/exitcode.h"
#include "cmd/options.h"
#include "cmd/term.h"

struct command {
    const char *name;
    const char *operands; /* "MANIFEST|PLAN.json" */
    const char *summary;  /* one line */
    const char *formats;  /* values of --format, blank-separated, the default first; NULL none */
    uint64_t options;     /* mask, without OPT_COMMON */
    unsigned min, max;    /* operands; max 0 = none, UINT_MAX = any number */
    int (*run)(const struct options *o, struct term *t);
    bool hidden;
};
extern const struct command commands[];
extern const size_t commands_count;
const struct command *command_find(const char *name);

int cmd_lint(const struct options *o, struct term *t);
int cmd_rules(const struct options *o, struct term *t);
int cmd_explain(const struct options *o, struct term *t);
int cmd_policy(const struct options *o, struct term *t);
int cmd_plan(const struct options *o, struct term *t);
int cmd_approve(const struct options *o, struct term *t);
int cmd_run(const struct options *o, struct term *t);
int cmd_status(const struct options *o, struct term *t);
int cmd_report(const struct options *o, struct term *t);
int cmd_resolve(const struct options *o, struct term *t);
int cmd_bundle(const struct options *o, struct term *t);
int cmd_prove(const struct options *o, struct term *t);
int cmd_verify(const struct options *o, struct term *t);
int cmd_open_passwords(const struct options *o, struct term *t);
int cmd_inspect(const struct options *o, struct term *t);
int cmd_products(const struct options *o, struct term *t);
int cmd_cancel(const struct options *o, struct term *t);
int cmd_inventory(const struct options *o, struct term *t);
int cmd_import(const struct options *o, struct term *t);
int cmd_export(const struct options *o, struct term *t);
int cmd_doctor(const struct options *o, struct term *t);
int cmd_schema(const struct options *o, struct term *t);
int cmd_policy_diff(const struct options *o, struct term *t);
int cmd_lsp(const struct options *o, struct term *t);
int cmd_completion(const struct options *o, struct term *t);
int cmd_help(const struct options *o, struct term *t);
int cmd_version(const struct options *o, struct term *t);

/* --- shared by commands --- */
/* What `version` prints: the program, then a library a line. */
void version_text(struct buf *out);
/* Prints err to stderr with its hint; returns its exit code. */
int cmd_fail(struct term *t, const struct err *err);
/* The chosen --format, checked against the command's list; NULL (usage printed) when unknown. */
const char *cmd_format(const struct options *o, struct term *t, const char *command);
/* Findings as text to stdout or stderr, one or two lines each, at or above `least`. */
void cmd_print_findings(struct term *t, int fd, const struct findings *f, enum severity least,
                        bool citations);
/* The parts of that: "file:line:column: severity: message [rule]", what to do and where it says so.
 */
void cmd_finding_line(struct buf *out, const struct finding *f, bool color);
void cmd_finding_advice(struct buf *out, const struct finding *f, bool citations);
enum paint cmd_finding_paint(const struct finding *f);
/* `first` (a pack or file, may be NULL) and then every --policy; without any the caller names one.
 */
bool cmd_open_policy(const struct options *o, const char *first, struct policy **policy,
                     struct findings *findings, struct err *err) MUST_USE;
/* "2 errors, 1 warning, 0 info in 3 files"; the counts are those at or above each severity. */
void cmd_count_line(struct buf *out, size_t errors, size_t warnings_up, size_t infos_up,
                    size_t waived, size_t known, size_t files);
/* The tables "commands", "options" or "exit-codes" as roff, for the man page. */
void help_roff(struct buf *out, const char *topic);
/* Set by the signal handler: 0, then the signal number. */
extern volatile sig_atomic_t cmd_stop, cmd_stop_signal;

#endif
