/* SPDX-License-Identifier: Apache-2.0
 *
 * PCRE2 under limits; regex.c is its only user. Patterns are UTF, anchored at both ends, and
 * interpreted (JIT ignores the depth and heap limits). A limit that is hit is REGEX_BROKEN: the
 * caller reports a rule error; it never counts as "no match". A compiled regex may be shared by
 * threads; match data is per call.
 */
#ifndef POLICY_REGEX_H
#define POLICY_REGEX_H

#include "formats/base/buf.h"
#include "formats/base/err.h"

struct regex;
enum regex_result { REGEX_NO, REGEX_YES, REGEX_BROKEN };

/* pos is where the pattern stands in the policy; errors carry the offset in the pattern. */
struct regex *regex_compile(const char *pattern, struct pos pos, struct err *err) MUST_USE;
enum regex_result regex_match(const struct regex *r, const char *text, size_t n, const char **why);

/* A pattern that is looked for in a page somebody else made: bytes, for it may be in any character
 * set; letters in either case; a dot takes line breaks too. *group is what its first group took,
 * the whole match without one. At most LIMIT_REGEX_PAGE bytes. */
struct regex *regex_compile_search(const char *pattern, struct pos pos, struct err *err) MUST_USE;
enum regex_result regex_search(const struct regex *r, const char *text, size_t n,
                               struct span *group, const char **why);
void regex_free(struct regex *r);

#endif
