/* SPDX-License-Identifier: Apache-2.0
 *
 * See exitcode.h.
 */
#include "cmd/exitcode.h"

const struct exit_row exit_rows[] = {
    {EXIT_DONE, "done: no finding at or above the threshold; every item in its final good state; "
                "bundle valid"},
    {EXIT_FINDINGS, "findings at or above the threshold (lint, plan, run before anything was "
                    "sent); a verdict changes (policy diff); bundle invalid (verify)"},
    {EXIT_USAGE, "usage"},
    {EXIT_INPUT, "input unreadable or invalid (manifest, policy, config, CSR): nothing was "
                 "attempted"},
    {EXIT_SOME_FAILED, "some items refused or failed, the rest done"},
    {EXIT_PENDING, "nothing failed, some items pending at the CA: run again later"},
    {EXIT_UNKNOWN, "the outcome of some items is unknown and could not be reconciled: resolve "
                   "them"},
    {EXIT_ENVIRONMENT, "local environment: lock held, disk, permissions, damaged journal"},
    {EXIT_CA, "CA connection, TLS or authentication: nothing more can be sent"},
    {EXIT_REFUSED, "refused to act: outside the change window, approval missing, plan stale, count "
                   "not confirmed"},
    {EXIT_CHANGES, "plan --detailed-exitcode: there is something to do"},
    {EXIT_INTERNAL, "internal error"},
    {EXIT_INTERRUPTED, "interrupted by SIGINT, resumable"},
    {EXIT_TERMINATED, "ended by SIGTERM, resumable"},
};
const size_t exit_rows_count = NITEMS(exit_rows);

int exit_for_error(enum err_code code)
{
    static const int table[] = {
        [ERR_NONE] = EXIT_DONE,         [ERR_USAGE] = EXIT_USAGE,       [ERR_INPUT] = EXIT_INPUT,
        [ERR_FINDINGS] = EXIT_FINDINGS, [ERR_ENV] = EXIT_ENVIRONMENT,   [ERR_CA] = EXIT_CA,
        [ERR_REFUSED] = EXIT_REFUSED,   [ERR_INTERNAL] = EXIT_INTERNAL,
    };
    _Static_assert(NITEMS(table) == ERR__MAX, "an exit code for every error code");
    return table[code];
}

int exit_for_counts(const size_t counts[STATE__MAX], bool pending_is_success)
{
    static const struct {
        enum item_state state;
        int code;
    } serious[] = {{STATE_UNKNOWN, EXIT_UNKNOWN},     {STATE_REFUSED, EXIT_SOME_FAILED},
                   {STATE_FAILED, EXIT_SOME_FAILED},  {STATE_MISMATCH, EXIT_SOME_FAILED},
                   {STATE_SKIPPED, EXIT_SOME_FAILED}, {STATE_PENDING, EXIT_PENDING},
                   {STATE_NEW, EXIT_PENDING}};
    for (size_t i = 0; i < NITEMS(serious); i++) {
        if (counts[serious[i].state]) {
            bool fine = serious[i].code == EXIT_PENDING && pending_is_success;
            return fine ? EXIT_DONE : serious[i].code;
        }
    }
    return EXIT_DONE;
}
