/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows about policies themselves. Most have no check: the loader, the waivers and the samples
 * report them (rule_report()). They stand in the table so that `explain`, severities and
 * citations have one home.
 *
 * A sample "policy:TEXT" is a policy file beside a data file keys.txt; its own samples are run and
 * its waivers closed, for a batch that a.singh requests.
 */
#include "policy/engine.h"

#include "formats/base/time.h"

static void check_validity(struct rule_run *run)
{
    const int64_t days = rule_validity_days(run);
    const int64_t asked = rule_facts(run)->s->validity_seconds;
    char text[TIME_TEXT];
    if (days && asked > days * DAY_SECONDS) {
        duration_format(asked, text);
        rule_hit(run, (struct hit){.key = "validity", .value = text},
                 "validity %s is longer than the %lld days of profile %s", text, (long long)days,
                 rule_profile_name(run) ? rule_profile_name(run) : "(all items)");
    }
}

#define POLICY(body) "policy:{certbatch_policy: 1, name: sample, extends: [cabf-tls]" body "}"
#define CITE         "certbatch policy language"
#define WAIVER(rule, approver, reason, created, expires)                                           \
    ", waivers: [{id: W-1, rules: [" rule "], match: {item: sample}, reason: " reason              \
    ", ticket: CHG0041999, approver: " approver ", created: " created ", expires: " expires "}]"
/* A sample item that breaks key.type.allowed on a fixed day, and so needs the waiver. */
#define SAMPLE                                                                                     \
    ", samples: [{accept: {common_name: www.example.com, key: ec-p521, order_date: 2026-11-21}}]"
#define LATE                                                                                       \
    ", samples: [{reject: {common_name: www.example.com, key: ec-p521, order_date: 2026-11-21}}]"
#define GOOD_WAIVER                                                                                \
    POLICY(WAIVER("key.type.allowed", "a.keller", "until the devices are replaced", "2026-10-01",  \
                  "2027-01-31") SAMPLE)
#define GOOD POLICY(", rules: {key.type.allowed: {allowed: [ec-p256]}}")

/* clang-format off */
const struct rule rules_policy[] = {
    {.id = "policy.yaml.strict", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "policy is not the strict YAML that is read",
     .why = "Anchors, tags, merge keys, duplicate keys and second documents let a file mean "
            "something else to a reader than to a program.",
     .fix = "write one plain YAML document, every key once",
     .cite = CITE,
     .bad = "policy:{certbatch_policy: 1, name: sample, name: twice}", .good = GOOD},
    {.id = "policy.yaml.implicit", .severity = SEV_WARNING, .unwaivable = true, .scope = SCOPE_ALL,
     .title = "unquoted text that other YAML readers take for another type",
     .why = "A country NO is false, a code 0842 a number to tools that read YAML 1.1.",
     .fix = "put the text in quotes",
     .cite = "YAML 1.1 section 10.3",
     .bad = POLICY(", owner: yes"), .good = POLICY(", owner: \"yes\"")},
    {.id = "policy.schema", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "unknown key, missing key or wrong type in a policy",
     .why = "A key that is not understood is a rule that is not applied. A policy that cannot be "
            "loaded never means no rules, so the load stops.",
     .fix = "compare the key with `certbatch schema policy`",
     .cite = CITE, .bad = POLICY(", profils: {}"), .good = GOOD},
    {.id = "policy.extends", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "what a policy or profile extends is missing, a cycle, or too deep",
     .why = "Without its parent a policy lacks the rules it was written on top of.",
     .fix = "name a pack, a policy file or a profile that exists; at most 8 levels",
     .cite = CITE,
     .bad = POLICY(", profiles: {web: {extends: [absent]}}"),
     .good = POLICY(", profiles: {base: {abstract: true}, web: {extends: [base]}}")},
    {.id = "policy.profile", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "item has no usable profile",
     .why = "An item that names an unknown or abstract profile, or a product that two profiles "
            "list, cannot be judged as its author meant.",
     .fix = "name a profile of the policy in the item's profile key",
     .cite = CITE,
     .bad = "{common_name: www.example.com, profile: absent}",
     .good = "{common_name: www.example.com}"},
    {.id = "policy.rule.unknown", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "a setting, waiver or sample names no known rule",
     .why = "A misspelt rule id would change nothing, silently.",
     .fix = "`certbatch rules` lists the ids",
     .cite = CITE,
     .bad = POLICY(", rules: {key.type.alowed: error}"), .good = GOOD},
    {.id = "policy.param", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "unknown parameter, wrong type or value out of range",
     .why = "A parameter that is not understood would leave the rule at its default, silently.",
     .fix = "`certbatch explain RULE` shows the parameters and their ranges",
     .cite = CITE,
     .bad = POLICY(", rules: {key.type.allowed: {alowed: [ec-p256]}}"), .good = GOOD},
    {.id = "policy.regex", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "pattern does not compile",
     .why = "A pattern is PCRE2, at most 1,024 bytes and 50 groups deep, without \\C. It must match "
            "the whole value.",
     .fix = "correct the pattern; for host names glob or tree is mostly what is meant",
     .cite = "PCRE2 10.42",
     .bad = POLICY(", names: {dns: {allow: [{regex: '*.example.com'}]}}"),
     .good = POLICY(", names: {dns: {allow: [{glob: '*.example.com'}]}}")},
    {.id = "policy.severity.lowered", .severity = SEV_ERROR, .floor = SEV_ERROR,
     .unwaivable = true, .scope = SCOPE_ALL,
     .title = "rule is set below its floor",
     .why = "Some rules guard against damage no site can accept for others, such as a private key "
            "inside a request. They can be tightened, not switched off.",
     .fix = "remove the setting",
     .cite = CITE,
     .bad = POLICY(", rules: {csr.pem.private-key: warning}"),
     .good = POLICY(", rules: {csr.pem.private-key: error}")},
    {.id = "policy.data.missing", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "data file of the policy is absent, unreadable or not the pinned one",
     .why = "A block list that is not read blocks nothing.",
     .fix = "put the file in place, or correct its name or sha256",
     .cite = CITE,
     .bad = POLICY(", data: {blocklist: {files: [absent.txt]}}"),
     .good = POLICY(", data: {blocklist: {files: [keys.txt]}}")},
    {.id = "policy.data.stale", .severity = SEV_WARNING, .unwaivable = true, .scope = SCOPE_ALL,
     .title = "data file is older than the policy allows",
     .why = "A block list of last year does not know the keys that leaked since.",
     .fix = "get fresh data and set updated to its day",
     .cite = "BR 3.2.2.6 (current lists)",
     .bad = POLICY(", data: {blocklist: {files: [keys.txt], updated: 2020-01-01, max-age: 30d}}"),
     .good = POLICY(", data: {blocklist: {files: [keys.txt], updated: 2020-01-01}}")},
    {.id = "policy.waiver.incomplete", .severity = SEV_ERROR, .floor = SEV_ERROR,
     .unwaivable = true, .scope = SCOPE_ALL,
     .title = "waiver lacks a field, or lasts too long",
     .why = "An auditor asks who accepted which risk, why, on whose word and until when.",
     .fix = "give rules, match, a reason of ten characters or more, ticket, approver, created, and "
            "expires at most 180 days later",
     .cite = CITE,
     .bad = POLICY(WAIVER("key.type.allowed", "a.keller", "because", "2026-10-01", "2027-01-31")
                   SAMPLE),
     .good = GOOD_WAIVER},
    {.id = "policy.waiver.forbidden", .severity = SEV_ERROR, .floor = SEV_ERROR,
     .unwaivable = true, .scope = SCOPE_ALL,
     .title = "waiver for a rule that cannot be waived",
     .why = "A leaked key or a forged request does not become safe by signature.",
     .fix = "remove the rule from the waiver and repair the cause",
     .cite = CITE,
     .bad = POLICY(WAIVER("csr.pem.private-key", "a.keller", "until the devices are replaced",
                          "2026-10-01", "2027-01-31")),
     .good = GOOD_WAIVER},
    {.id = "policy.waiver.expired", .severity = SEV_WARNING, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "expired waiver: the findings it covered count again",
     .why = "A waiver is for a time. At the day it expires it covers nothing any more.",
     .fix = "repair the cause, or have the risk accepted again in a new waiver",
     .cite = CITE,
     .bad = POLICY(WAIVER("key.type.allowed", "a.keller", "until the devices are replaced",
                          "2026-01-01", "2026-03-31") LATE),
     .good = GOOD_WAIVER},
    {.id = "policy.waiver.unused", .severity = SEV_WARNING, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "waiver covers no finding",
     .why = "A waiver nobody needs will hide the next finding that happens to fit.",
     .fix = "remove it, or correct what it matches",
     .cite = CITE,
     .bad = POLICY(WAIVER("key.type.allowed", "a.keller", "until the devices are replaced",
                          "2026-10-01", "2027-01-31")),
     .good = GOOD_WAIVER},
    {.id = "policy.waiver.self", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "waiver was approved by the requester of the batch",
     .why = "Nobody accepts the risk of their own request.",
     .fix = "have somebody else approve the waiver, or request the batch",
     .cite = CITE,
     .bad = POLICY(WAIVER("key.type.allowed", "a.singh", "until the devices are replaced",
                          "2026-10-01", "2027-01-31") SAMPLE),
     .good = GOOD_WAIVER},
    {.id = "policy.sample", .severity = SEV_ERROR, .floor = SEV_ERROR, .unwaivable = true,
     .scope = SCOPE_ALL,
     .title = "policy does not judge its own sample as it says",
     .why = "Samples say what the policy is meant to do; one that fails shows a change nobody "
            "meant.",
     .fix = "correct the policy, or the sample if the change was meant",
     .cite = CITE,
     .bad = POLICY(", samples: [{reject: {common_name: www.example.com, key: ec-p256}, "
                   "by: key.type.allowed}]"),
     .good = POLICY(", samples: [{reject: {common_name: www.example.com, key: ec-p521}, "
                    "by: key.type.allowed}]")},
    {.id = "validity.profile", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "validity is longer than the profile grants",
     .why = "The policy limits how long certificates of this profile may live.",
     .fix = "ask for a shorter validity",
     .cite = CITE, .check = check_validity,
     .bad = POLICY(", validity: {days: 90}, samples: "
                   "[{accept: {common_name: www.example.com, validity: 91d}}]"),
     .good = POLICY(", validity: {days: 90}, samples: "
                    "[{accept: {common_name: www.example.com, validity: 90d}}]")},
    {0}};
