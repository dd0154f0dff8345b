/* SPDX-License-Identifier: Apache-2.0
 *
 * Comments in a manifest that accept a finding for a time:
 *
 *     san: [shop.example.com]   # certbatch: allow san.zones.max until=2027-01-31 reason="CDN
 * split"
 *
 * A comment behind something covers findings of its own line; one that stands alone covers the
 * next line that is not a comment, so several may be stacked. A finding in a file that the item
 * names (its CSR) is covered from the line of that key or of the item. Reason and end are
 * mandatory, `ticket=` is welcome; several rules are separated by commas. The policy has to permit
 * it (`inline-waivers: true`), and never for rules that cannot be waived or that it marks
 * `unsuppressable: true`.
 *
 *     s = suppressions_read(arena, file, text, root, &findings)     once per manifest
 *     subject.suppressions = s; judge everything                    any thread
 *     suppressions_close(s, whole, &findings)                           once: expired, unused,
 * refused
 *
 * Immutable after reading except for atomic counters.
 */
#ifndef POLICY_SUPPRESS_H
#define POLICY_SUPPRESS_H

#include "formats/base/yaml.h"

struct suppressions;

/* NULL when the text holds no such comment. What is wrong with a comment is a finding under
 * policy.suppression.*; such a comment covers nothing. */
struct suppressions *suppressions_read(struct arena *a, const char *file, struct span text,
                                       const struct ynode *root, struct findings *findings);
/* whole: everything was judged, so that what covered nothing is useless. */
void suppressions_close(const struct suppressions *s, bool whole, struct findings *findings);
/* Forgets what was counted, so that the same manifest may be judged once more. */
void suppressions_forget(const struct suppressions *s);
/* The first instant at which the index-th is no longer in force; false behind the last. */
bool suppressions_until(const struct suppressions *s, size_t index, int64_t *until);

#endif
