/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest.*: hygiene of a manifest beyond its shape (rules_shape.c). Rules over the whole batch:
 * what stands once in the file is said once.
 */
#include "policy/engine.h"

#include <string.h>

/* --- addresses --- */

/* Dot-atom of RFC 5321 4.1.2: no empty part, nothing that needs quotes. */
static bool is_dot_atom(const char *s, size_t n)
{
    static const char special[] = "!#$%&'*+-/=?^_`{|}~";
    bool dot = true;
    for (size_t i = 0; i < n; i++) {
        const char c = ascii_lower(s[i]);
        const bool atom = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(special, c);
        if (!atom && (c != '.' || dot)) {
            return false;
        }
        dot = c == '.';
    }
    return n && !dot;
}

static bool is_host(const char *s)
{
    for (const char *label = s; label; label = strchr(label, '.') ? strchr(label, '.') + 1 : NULL) {
        const size_t n = strcspn(label, ".");
        if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-') {
            return false;
        }
    }
    return strchr(s, '.') && !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789.-")];
}

static bool is_mailbox(const char *s)
{
    const char *at = strchr(s, '@');
    return at && at - s <= 64 && strlen(s) <= 254 && is_dot_atom(s, (size_t)(at - s)) &&
           is_host(at + 1);
}

/* People are named as they please; but what looks like an address has to be one. */
static void judge_person(struct rule_run *run, const struct ynode *n)
{
    if (n && n->kind == YAML_SCALAR && strchr(n->text, '@') && !is_mailbox(n->text)) {
        rule_hit(run, (struct hit){.pos = yaml_pos(rule_root_file(run), n), .value = n->text},
                 "this is no e-mail address");
    }
}

static const char *const mail_keys[] = {"ev.contract_signer.email", "ev.certificate_approver.email",
                                        "ev.certificate_requester.email", "dcv.email"};

static void check_email(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct ynode *root = rule_root(run);
    const struct ynode *approvers = field_below(root, "change.approved_by");
    judge_person(run, field_below(root, "change.requested_by"));
    judge_person(run, approvers);
    for (const struct ynode *a = approvers && approvers->kind == YAML_SEQUENCE ? approvers->first
                                                                               : NULL;
         a; a = a->next) {
        judge_person(run, a);
    }
    for (size_t k = 0; k < NITEMS(mail_keys); k++) {
        const struct ynode *d = field_below(field_below(root, "defaults"), mail_keys[k]);
        if (d && d->kind == YAML_SCALAR && !is_mailbox(d->text)) {
            rule_hit(run, (struct hit){.pos = yaml_pos(rule_root_file(run), d), .value = d->text},
                     "this is no e-mail address");
        }
        for (size_t i = 0; i < n; i++) {
            const char *text = text_below(m[i].node, mail_keys[k]);
            if (text && !is_mailbox(text)) {
                rule_hit_member(run, &m[i], mail_keys[k], text, "this is no e-mail address");
            }
        }
    }
}

/* --- what nobody uses --- */

static bool taken(const struct ynode *orders, const char *key)
{
    for (const struct ynode *o = orders ? orders->first : NULL; o; o = o->next) {
        /* a kind of key is for orders without a request only */
        const bool moot = str_eq(key, "key") && yaml_get(o, "csr");
        if (!yaml_get(o, key) && !moot) {
            return true;
        }
    }
    return false;
}

static bool ca_taken(const struct rule_run *run)
{
    const struct ynode *lists[] = {yaml_get(rule_root(run), "orders"),
                                   yaml_get(rule_root(run), "revocations")};
    const bool by_default = field_below(rule_root(run), "defaults.ca") != NULL;
    for (size_t i = 0; i < NITEMS(lists); i++) {
        for (const struct ynode *o = lists[i] ? lists[i]->first : NULL; o; o = o->next) {
            if (!yaml_get(o, "ca") && !(i == 0 && by_default)) {
                return true;
            }
        }
    }
    return false;
}

static void check_unused(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct ynode *root = rule_root(run);
    const struct ynode *defaults = yaml_get(root, "defaults");
    const struct ynode *ca = yaml_get(root, "ca");
    for (const struct ynode *d = defaults ? defaults->first : NULL; d; d = d->next) {
        if (!taken(yaml_get(root, "orders"), d->key)) {
            rule_hit(run, (struct hit){.pos = yaml_pos(rule_root_file(run), d), .value = d->key},
                     "no order takes this default");
        }
    }
    if (ca && n && !ca_taken(run)) {
        rule_hit(run, (struct hit){.key = "ca", .value = ca->text},
                 "every item names its own CA; nobody takes this one");
    }
    for (size_t i = 0; i < n; i++) {
        if (yaml_get(m[i].node, "key_password") && !yaml_get(m[i].node, "key_file") &&
            !field_below(root, "defaults.key_file")) {
            rule_hit_member(run, &m[i], "key_password", NULL,
                            "there is no key_file that the password could open");
        }
    }
}

/* clang-format off */
#define CHANGE(by) "batch:change: {ticket: CHG0031337, requested_by: " by "}\n" \
                   "orders: [{id: www, common_name: www.example.com}]"
const struct rule rules_manifest[] = {
    {.id = "manifest.requestor.email", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_BATCH,
     .title = "address of a contact is none",
     .why = "CAs send approval requests and questions there; they are lost and the order waits.",
     .fix = "write local@domain, without a name, blanks or angle brackets",
     .cite = "RFC 5321 section 4.1.2", .check = check_email,
     .bad = CHANGE("'a singh@example.com'"), .good = CHANGE("a.singh@example.com")},
    {.id = "manifest.unused", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "setting that no item uses",
     .why = "Its author believes that it counts.",
     .fix = "remove it, or remove what the items say instead",
     .cite = "certbatch", .check = check_unused,
     .bad = "batch:defaults: {product: tls-server}\n"
            "orders: [{id: www, common_name: www.example.com, product: dv}]",
     .good = "batch:defaults: {product: tls-server}\n"
             "orders: [{id: www, common_name: www.example.com}]"},
    {0}};
/* clang-format on */
