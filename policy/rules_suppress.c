/* SPDX-License-Identifier: Apache-2.0
 *
 * policy.suppression.*: comments in a manifest that accept a finding. Reported by suppress.c; they
 * stand in the table so that `explain`, fixes and citations have one home.
 *
 * A sample is a whole manifest; it is judged with a policy that permits such comments
 * and marks dns.underscore `unsuppressable: true`.
 */
#include "policy/engine.h"

#define MANIFEST(line)                                                                             \
    "manifest:certbatch: 1\nname: sample\norders:\n  - id: www\n    san:\n      - "                \
    "WWW.example.com " line "\n"
#define CITE  "certbatch policy language"
#define SHAPE .unwaivable = true, .scope = SCOPE_ALL
#define GOOD  MANIFEST("# certbatch: allow dns.case until=2027-01-31 reason=\"printed on cards\"")

/* clang-format off */
const struct rule rules_suppress[] = {
    {.id = "policy.suppression.syntax", .severity = SEV_ERROR, SHAPE,
     .title = "comment that accepts a finding is not complete",
     .why = "An exception without a reason and an end outlives everybody who knew why it was made.",
     .fix = "write # certbatch: allow RULE until=DATE reason=\"why\", ticket=NUMBER if there is one",
     .cite = CITE, .bad = MANIFEST("# certbatch: allow dns.case"), .good = GOOD},
    {.id = "policy.suppression.unknown", .severity = SEV_ERROR, SHAPE,
     .title = "comment accepts findings of a rule that does not exist",
     .why = "A mistyped rule id accepts nothing, and its author believes it does.",
     .fix = "correct the id; `certbatch rules` lists them all",
     .cite = CITE,
     .bad = MANIFEST("# certbatch: allow dns.cases until=2027-01-31 reason=\"printed on cards\""),
     .good = GOOD},
    {.id = "policy.suppression.expired", .severity = SEV_WARNING, SHAPE,
     .title = "comment that accepts a finding has ended",
     .why = "Its findings count again; the comment now only looks as if they were accepted.",
     .fix = "mend the finding, or have the exception accepted anew with a new end",
     .cite = CITE,
     .bad = MANIFEST("# certbatch: allow dns.case until=2026-01-31 reason=\"printed on cards\""),
     .good = GOOD},
    {.id = "policy.suppression.unused", .severity = SEV_WARNING, SHAPE,
     .title = "comment accepts a finding that is not there",
     .why = "A left-over exception would silently accept the next mistake on that line.",
     .fix = "remove the comment",
     .cite = CITE,
     .bad = MANIFEST("# certbatch: allow dns.url until=2027-01-31 reason=\"printed on cards\""),
     .good = GOOD},
    {.id = "policy.suppression.forbidden", .severity = SEV_ERROR, SHAPE,
     .title = "comment accepts a finding that a comment cannot accept",
     .why = "Who writes a manifest does not decide about the policy it is judged by.",
     .fix = "mend the finding, ask for a waiver in the policy, or permit such comments there with "
            "inline-waivers: true",
     .cite = CITE,
     .bad = MANIFEST("\n      - shop_1.example.com # certbatch: allow dns.underscore "
                     "until=2027-01-31 reason=\"printed on cards\""),
     .good = GOOD},
    {0}};
/* clang-format on */
