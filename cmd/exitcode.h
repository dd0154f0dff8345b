/* SPDX-License-Identifier: Apache-2.0
 *
 * Exit codes: one table, printed by `certbatch help exit-codes` and compared with the man page
 * by tests/lint/docs.sh.
 */
#ifndef CMD_EXITCODE_H
#define CMD_EXITCODE_H

#include "batch/run.h"

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FINDINGS = 1,
    EXIT_USAGE = 2,
    EXIT_INPUT = 3,
    EXIT_SOME_FAILED = 4,
    EXIT_PENDING = 5,
    EXIT_UNKNOWN = 6,
    EXIT_ENVIRONMENT = 7,
    EXIT_CA = 8,
    EXIT_REFUSED = 9,
    EXIT_CHANGES = 10,
    EXIT_INTERNAL = 70,
    EXIT_INTERRUPTED = 130,
    EXIT_TERMINATED = 143
};

struct exit_row {
    int code;
    const char *meaning;
};
extern const struct exit_row exit_rows[];
extern const size_t exit_rows_count;

int exit_for_error(enum err_code code);
/* Of several, the most serious wins: unknown, failed, pending. */
int exit_for_counts(const size_t counts[STATE__MAX], bool pending_is_success);

#endif
