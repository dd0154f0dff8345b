/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions about Unicode text that PCRE2's property tables answer: scripts, general category,
 * bidirectional class. Text is UTF-8; text that is not, or is very long, is REGEX_BROKEN with the
 * reason in *why. Thread safe.
 */
#ifndef POLICY_UNICODE_H
#define POLICY_UNICODE_H

#include "policy/regex.h"

enum unicode_question {
    UNICODE_ONE_SCRIPT,      /* a single script run (UTS 39); "" is none */
    UNICODE_COMBINING_START, /* the first character is a combining mark */
    UNICODE_UNASSIGNED,      /* some character is not assigned */
    UNICODE_RTL,             /* some character is of bidirectional class R, AL or AN */
    UNICODE_BIDI_RULE,       /* satisfies the six conditions of RFC 5893 section 2 */
    UNICODE_QUESTION__MAX
};
enum regex_result unicode_ask(enum unicode_question question, const char *text, size_t n,
                              const char **why);

#endif
