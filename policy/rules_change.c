/* SPDX-License-Identifier: Apache-2.0
 *
 * The change a batch runs under: ticket, window, approvals, and the policy its author relied on.
 * Run once, after every item was judged alone.
 */
#include "policy/rules_change.h"

#include "formats/base/time.h"
#include "policy/engine.h"

#include <string.h>

/* --- the change ticket --- */

static const struct ynode *change_of(const struct rule_run *run)
{
    return yaml_get(rule_root(run), "change");
}

static const char *text_of(const struct ynode *node)
{
    return node && node->kind == YAML_SCALAR && *node->text ? node->text : NULL;
}

static struct hit at_node(const struct rule_run *run, const struct ynode *node)
{
    return (struct hit){.pos = node ? yaml_pos(rule_root_file(run), node) : (struct pos){0},
                        .value = text_of(node)};
}

static void check_ticket_required(struct rule_run *run)
{
    const struct ynode *change = change_of(run);
    if (rule_bool(run, 0) && !text_of(yaml_get(change, "ticket"))) {
        rule_hit(run, at_node(run, change), "the manifest names no change ticket");
    }
}

static void check_ticket_format(struct rule_run *run)
{
    const struct ynode *ticket = yaml_get(change_of(run), "ticket");
    const char *text = text_of(ticket);
    const struct matchers *patterns = rule_patterns(run, 0);
    int result = MATCH_NO;
    for (size_t i = 0; text && i < patterns->n && result == MATCH_NO; i++) {
        result = matcher_match(&patterns->v[i], text);
    }
    if (result == MATCH_BROKEN) {
        rule_broken(run, "the pattern for ticket numbers hit its limit");
    } else if (text && patterns->n && result == MATCH_NO) {
        rule_hit(run, at_node(run, ticket), "the ticket number does not have the expected form");
    }
}

static bool time_at(const struct ynode *map, const char *key, int64_t *out)
{
    const char *text = text_of(yaml_get(map, key));
    return text && time_parse_any(text, out);
}

/* A batch may be checked long before its window; only what can never fit is an error. */
static void check_ticket_window(struct rule_run *run)
{
    const struct ynode *window = yaml_get(change_of(run), "window");
    int64_t start, end, planned;
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    if (!time_at(window, "start", &start) || !time_at(window, "end", &end)) {
        return;
    }
    if (end <= start) {
        rule_hit(run, at_node(run, yaml_get(window, "end")),
                 "the change window ends before it starts");
        return;
    }
    if (rule_as_of(run) > end) {
        rule_hit(run, at_node(run, yaml_get(window, "end")), "the change window is over");
    }
    for (size_t i = 0; i < n; i++) {
        if (time_at(m[i].node, "order_date", &planned) &&
            (planned + DAY_SECONDS <= start || planned > end)) {
            rule_hit_member(run, &m[i], "order_date", text_of(yaml_get(m[i].node, "order_date")),
                            "the planned order date is outside the change window");
        }
    }
}

/* The first approver who is not the requester. */
static bool approved_by_other(const struct ynode *approvers, const char *requester)
{
    if (text_of(approvers)) {
        return !str_ieq(text_of(approvers), requester);
    }
    for (const struct ynode *a = approvers ? approvers->first : NULL; a; a = a->next) {
        if (text_of(a) && !str_ieq(text_of(a), requester)) {
            return true;
        }
    }
    return false;
}

/* Standard changes are approved as a kind, not one by one; emergencies are approved afterwards. */
static void check_ticket_approval(struct rule_run *run)
{
    const struct ynode *change = change_of(run);
    const char *type = text_of(yaml_get(change, "type"));
    const struct ynode *approvers = yaml_get(change, "approved_by");
    const struct ynode *when = yaml_get(change, "approved_at");
    const char *requester = text_of(yaml_get(change, "requested_by"));
    int64_t at = 0;
    if (!change || str_eq(type, "standard")) {
        return;
    }
    bool named = text_of(approvers) || (approvers && approvers->count);
    struct hit here = at_node(run, named ? approvers : change);
    here.severity = str_eq(type, "emergency") ? SEV_WARNING : SEV_DISABLED;
    if (!named) {
        rule_hit(run, here, "nobody approved the change");
        return;
    }
    if (!approved_by_other(approvers, requester)) {
        rule_hit(run, here, "the change is approved by its requester alone");
    }
    here = at_node(run, when ? when : change);
    if (!time_at(change, "approved_at", &at)) {
        rule_hit(run, here, "the time of the approval is missing");
    } else if (at > rule_as_of(run)) {
        rule_hit(run, here, "the approval is later than the run");
    } else if (rule_as_of(run) - at > rule_int(run, 0) * DAY_SECONDS) {
        rule_hit(run, here, "the approval is older than %lld days", (long long)rule_int(run, 0));
    }
}

/* --- approvals that are signed: what must hold before any can count --- */

/* Whether they are there is the run's to say (policy_approvals()): lint has no plan. */
static void check_signed_approvals(struct rule_run *run)
{
    const struct ynode *change = change_of(run);
    const long long count = (long long)rule_int(run, APPROVALS_COUNT);
    const size_t known = rule_strings(run, APPROVALS_APPROVERS)->n;
    const struct data_lines *trusted = rule_lines(run, APPROVALS_TRUSTED);
    if (count == 0) {
        return;
    }
    if (!trusted || !trusted->pem) {
        rule_hit(run, (struct hit){.key = "change"},
                 "the policy demands %lld signed approvals, but trusted names no certificates that "
                 "approvers are believed by",
                 count);
    }
    if (known && known < (size_t)count) {
        rule_hit(run, (struct hit){.key = "change"},
                 "the policy demands %lld signed approvals and knows %zu approvers", count, known);
    }
    if (!text_of(yaml_get(change, "requested_by"))) {
        rule_hit(run, at_node(run, change),
                 "%lld signed approvals are demanded, and the manifest does not say who requested "
                 "the change: nobody may approve what he asked for",
                 count);
    }
}

static void check_policy_pin(struct rule_run *run)
{
    const struct ynode *pin = yaml_get(rule_root(run), "policy_sha256");
    const char *text = text_of(pin);
    if (text && !str_ieq(text, policy_digest(run->policy))) {
        rule_hit(run, at_node(run, pin), "the manifest was written for another policy than %s",
                 policy_digest(run->policy));
    }
}

/* clang-format off */
static const struct param required_params[] = {
    {.name = "required", .kind = PARAM_BOOL, .fallback = "true",
     .help = "every batch runs under a ticket"},
};
static const struct param format_params[] = {
    {.name = "pattern", .kind = PARAM_PATTERNS, .fallback = "(CHG|RFC|INC)[0-9]{7,10}|[A-Z][A-Z0-9_]{1,15}-[0-9]{1,10}",
     .help = "ticket numbers"},
};
static const struct param approval_params[] = {
    {.name = "max-age", .kind = PARAM_INT, .fallback = "30", .min = 1, .max = 3650,
     .help = "days an approval lasts"},
};
static const struct param window_params[] = {
    {.name = "override", .kind = PARAM_BOOL, .fallback = "true",
     .help = "run --override-window --reason may act outside the window"},
};
static const struct param signed_params[] = {
    {.name = "count", .kind = PARAM_INT, .fallback = "0", .max = 16,
     .help = "signed approvals of the plan that a run needs; 0 = none"},
    {.name = "approvers", .kind = PARAM_STRINGS, .fallback = "",
     .help = "common names or mail addresses of who may approve; empty = everybody trusted"},
    {.name = "trusted", .kind = PARAM_FILES, .fallback = "",
     .help = "certificates (PEM) that approvers are believed by: CAs, or their own"},
};

const struct rule rules_change[] = {
    {.id = "batch.ticket.required", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "no change ticket",
     .why = "An auditor must find the change under which certificates were ordered or revoked.",
     .fix = "add change: {ticket: ...}",
     .cite = "certbatch", .check = check_ticket_required, RULE_PARAMS(required_params),
     .bad = "batch:orders: [{id: www, common_name: www.example.com}]",
     .good = "batch:change: {ticket: CHG0031337, type: normal, requested_by: "
            "a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: "
            "2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]"},
    {.id = "batch.ticket.format", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "ticket number has another form",
     .why = "A mistyped number leads the auditor to another change, or to none.",
     .fix = "copy the number from the ticket",
     .cite = "certbatch", .check = check_ticket_format, RULE_PARAMS(format_params),
     .bad = "batch:change: {ticket: 31337, type: normal, requested_by: a.singh@example.com, "
            "approved_by: [m.ortiz@example.com], approved_at: 2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]",
     .good = "batch:change: {ticket: CHG0031337, type: normal, requested_by: "
            "a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: "
            "2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]"},
    {.id = "batch.ticket.window", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "change window does not fit",
     .why = "Outside its window a change is not covered by its approval.",
     .fix = "correct the window or the order date",
     .cite = "certbatch", .check = check_ticket_window, RULE_PARAMS(window_params),
     .bad = "batch:change: {ticket: CHG0031337, type: normal, requested_by: "
            "a.singh@example.com, approved_by: [m.ortiz@example.com], window: {start: "
            "2026-11-22T04:00:00Z, end: 2026-11-21T22:00:00Z}, approved_at: "
            "2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]",
     .good = "batch:change: {ticket: CHG0031337, type: normal, requested_by: "
            "a.singh@example.com, approved_by: [m.ortiz@example.com], window: {start: "
            "2026-11-21T22:00:00Z, end: 2026-11-22T04:00:00Z}, approved_at: "
            "2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]"},
    {.id = "batch.ticket.approval", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "change is not approved",
     .why = "Nobody, or only the requester, approved the change, or the approval is out of date. "
            "Standard changes need none; of emergencies this is a warning.",
     .fix = "have somebody else approve the change and record it",
     .cite = "certbatch", .check = check_ticket_approval, RULE_PARAMS(approval_params),
     .bad = "batch:change: {ticket: CHG0031337, type: normal, requested_by: "
            "a.singh@example.com, approved_by: [a.singh@example.com], approved_at: "
            "2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]",
     .good = "batch:change: {ticket: CHG0031337, type: normal, requested_by: "
            "a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: "
            "2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]"},
    {.id = APPROVALS_RULE, .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .floor = SEV_ERROR, .unwaivable = true,
     .title = "signed approvals cannot be counted",
     .why = "The policy lets a plan run only with so many approvals, each signed by somebody else "
            "and none by who asked for the change. That needs a requester in the manifest and a "
            "policy that says whom it believes. A profile or a dated step may ask for more than "
            "the policy around it, never for less.",
     .fix = "name change.requested_by; in the policy set count, approvers and trusted so that they "
            "fit",
     .cite = "certbatch", .check = check_signed_approvals, RULE_PARAMS(signed_params),
     .bad = "batch:change: {ticket: CHG0031337, type: normal, approved_by: "
            "[m.ortiz@example.com], approved_at: 2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]\n"
            "# with change.approvals.min: {count: 2, trusted: [prior-ca.pem]}",
     .good = "batch:change: {ticket: CHG0031337, type: normal, requested_by: "
            "a.singh@example.com, approved_by: [m.ortiz@example.com], approved_at: "
            "2026-11-20T10:00:00Z}\n"
            "orders: [{id: www, common_name: www.example.com}]\n"
            "# with change.approvals.min: {count: 2, trusted: [prior-ca.pem]}"},
    {.id = "batch.policy.pin", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "manifest is pinned to another policy",
     .why = "The author of the manifest relied on rules that are not those in force here.",
     .fix = "review the changes of the policy and renew policy_sha256",
     .cite = "certbatch", .check = check_policy_pin,
     .bad = "batch:policy_sha256: "
            "0000000000000000000000000000000000000000000000000000000000000000\n"
            "orders: [{id: www, common_name: www.example.com}]",
     .good = "batch:orders: [{id: www, common_name: www.example.com}]"},
    {.id = NULL},
};
/* clang-format on */
