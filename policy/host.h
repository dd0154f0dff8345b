/* SPDX-License-Identifier: Apache-2.0
 *
 * The syntax of one host name, question by question. dns.* asks each question of every DNS name
 * and turns an answer into a finding; email.domain asks all of them of a mail domain. Text is
 * foreign: any bytes, NUL included. Pure functions.
 */
#ifndef POLICY_HOST_H
#define POLICY_HOST_H

#include "policy/rule.h"

struct text {
    const char *p;
    size_t n;
};

/* The reason why the name is no good, as one clause that is safe to print; NULL when it is. max is
 * for the questions that have a limit, the others ignore it. */
typedef const char *host_question(struct arena *a, struct text name, int64_t max);

host_question host_bad_charset, host_bad_url, host_bad_length, host_bad_label_length,
    host_bad_label_empty, host_bad_trailing_dot, host_bad_hyphen, host_bad_underscore, host_bad_few,
    host_bad_many, host_bad_numeric, host_bad_address, host_bad_redacted;

/* The first answer of all that DNS itself asks (RFC 1034, 1035, 1123), with its own limits. */
const char *host_problem(struct arena *a, struct text name);

/* The next label of *rest (an empty one included); false at the end. */
bool host_next_label(struct text *rest, struct text *label);

/* A bare word as the common name of a private or S/MIME certificate is no host name. */
bool host_is(const struct rule_run *run, const struct name_fact *n) MUST_USE;

#endif
