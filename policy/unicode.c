/* SPDX-License-Identifier: Apache-2.0
 *
 * See unicode.h. The patterns are compiled once, on first use, and never freed.
 */
#include "policy/unicode.h"

#include <pthread.h>

/* RFC 5893 section 2. First alternative: conditions 1 to 4 of a right-to-left label (EN and AN
 * exclude each other); second: 1, 5 and 6 of a left-to-right one. */
static const char bidi_rule[] =
    "(?s)(?:(?=[\\p{bc:R}\\p{bc:AL}])(?!.*\\p{bc:EN}.*\\p{bc:AN})(?!.*\\p{bc:AN}.*\\p{bc:EN})"
    "[\\p{bc:R}\\p{bc:AL}\\p{bc:AN}\\p{bc:EN}\\p{bc:ES}\\p{bc:CS}\\p{bc:ET}\\p{bc:ON}\\p{bc:BN}"
    "\\p{bc:NSM}]*[\\p{bc:R}\\p{bc:AL}\\p{bc:EN}\\p{bc:AN}]\\p{bc:NSM}*"
    "|(?=\\p{bc:L})"
    "[\\p{bc:L}\\p{bc:EN}\\p{bc:ES}\\p{bc:CS}\\p{bc:ET}\\p{bc:ON}\\p{bc:BN}\\p{bc:NSM}]*"
    "[\\p{bc:L}\\p{bc:EN}]\\p{bc:NSM}*)";

static const char *const patterns[] = {
    [UNICODE_ONE_SCRIPT] = "(?s)(*sr:.+)",
    [UNICODE_COMBINING_START] = "(?s)\\p{M}.*",
    [UNICODE_UNASSIGNED] = "(?s).*\\p{Cn}.*",
    [UNICODE_RTL] = "(?s).*[\\p{bc:R}\\p{bc:AL}\\p{bc:AN}].*",
    [UNICODE_BIDI_RULE] = bidi_rule,
};
_Static_assert(NITEMS(patterns) == UNICODE_QUESTION__MAX, "one pattern for each question");

static struct regex *compiled[UNICODE_QUESTION__MAX];
static struct err problem;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void compile(void)
{
    for (size_t i = 0; i < UNICODE_QUESTION__MAX; i++) {
        compiled[i] = regex_compile(patterns[i], (struct pos){0}, &problem);
    }
}

enum regex_result unicode_ask(enum unicode_question question, const char *text, size_t n,
                              const char **why)
{
    (void)pthread_once(&once, compile);
    *why = problem.msg;
    return compiled[question] ? regex_match(compiled[question], text, n, why) : REGEX_BROKEN;
}
