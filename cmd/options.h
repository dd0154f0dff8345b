/* SPDX-License-Identifier: Apache-2.0
 *
 * Command-line options: one table for all commands. It parses, prints usage, feeds the shell
 * completion and the man page. A command lists the options it takes as a mask; an option that
 * another command has is a usage error here, not silently ignored.
 *
 * "--name value", "--name=value", "-x value", "-xvalue"; "--" ends options; "-" is an operand.
 */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "formats/base/err.h"
#include "formats/base/str.h"

enum option_id {
    OPT_CONFIG,
    OPT_STATE,
    OPT_OUT,
    OPT_JOBS,
    OPT_POLICY,
    OPT_PROFILE,
    OPT_INVENTORY,
    OPT_AS_OF,
    OPT_FORMAT,
    OPT_FILTER,
    OPT_COLUMNS,
    OPT_SEVERITY,
    OPT_WAIT,
    OPT_CONFIRM,
    OPT_FIRST,
    OPT_PLAN_DIGEST,
    OPT_SIMULATE,
    OPT_DETAILED_EXITCODE,
    OPT_PENDING_SUCCESS,
    OPT_REASON,
    OPT_OVERRIDE_WINDOW,
    OPT_APPROVAL,
    OPT_CERTIFICATE,
    OPT_KEY,
    OPT_PASSWORD_FILE,
    OPT_PASSWORD_ENV,
    OPT_PASSWORDS,
    OPT_SIGNER_CA,
    OPT_TSA_CA,
    OPT_APPROVER_CA,
    OPT_PACK,
    OPT_BASELINE,
    OPT_WRITE_BASELINE,
    OPT_FIX,
    OPT_FORECAST,
    OPT_SINCE,
    OPT_IGNORE_EXPIRED,
    OPT_EXPIRING,
    OPT_AS_MANIFEST,
    OPT_CSR,
    OPT_ESCALATION,
    OPT_CA,
    OPT_TICKET,
    OPT_TICKET_TZ,
    OPT_PARTIAL,
    OPT_LIST_PROFILES,
    OPT_SHOW,
    OPT_TO,
    OPT_SOAK,
    OPT_COLOR,
    OPT_NO_COLOR,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_DEBUG,
    OPT_HELP,
    OPT_VERSION,
    OPT__MAX
};
#define OPT(id) (1ull << OPT_##id)
#define OPT_COMMON                                                                                 \
    (OPT(COLOR) | OPT(NO_COLOR) | OPT(QUIET) | OPT(VERBOSE) | OPT(DEBUG) | OPT(HELP) | OPT(VERSION))

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
    const char *config, *state, *out, *profile, *format, *plan_digest, *reason, *password_file,
        *password_env, *key, *certificate, *passwords, *signer_ca, *tsa_ca, *pack, *baseline,
        *write_baseline, *csr, *escalation, *columns, *ca, *ticket, *ticket_tz, *to, *approver_ca;
    struct strlist policies, inventories, approvals, operands, filters;
    int64_t jobs, as_of, wait, confirm, first, soak; /* jobs 0 = CPUs; TIME_NONE; -1 = not given */
    int64_t since, expiring;                         /* TIME_NONE; 0 = not given */
    int severity;                                    /* enum severity: threshold */
    int color;
    bool partial, list_profiles, show, override_window, ignore_expired, as_manifest, fix, forecast,
        simulate, detailed_exitcode, pending_is_success, quiet, verbose, debug, help, version;
};

enum option_kind {
    KIND_FLAG,
    KIND_TEXT,
    KIND_LIST,
    KIND_COUNT,
    KIND_DURATION,
    KIND_DATE,
    KIND_SEVERITY,
    KIND_COLOR,
    KIND_NEVER
};
struct option_row {
    const char *name;
    char letter;
    enum option_kind kind;
    size_t offset;
    const char *arg; /* name of the argument, NULL for a flag */
    const char *help;
};
extern const struct option_row option_rows[OPT__MAX];

void options_init(struct options *o);
/* argv without program and command name. Unknown or foreign options: ERR_USAGE with a hint. */
bool options_parse(struct options *o, uint64_t allowed, int argc, char **argv,
                   struct err *err) MUST_USE;
void options_release(struct options *o);
/* The options of a mask, one line each. */
void options_usage(struct buf *out, uint64_t allowed);

#endif
