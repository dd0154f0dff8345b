/* SPDX-License-Identifier: Apache-2.0
 *
 * batch.*: what can only be seen over all items. Run once, after every item was judged alone; those
 * about the change ticket are in rules_change.c.
 */
#include "policy/rules_batch.h"

#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "policy/engine.h"
#include "policy/rules_key.h"

#include <string.h>

static bool is_order(const struct batch_member *m)
{
    return m->kind == SUBJECT_ORDER;
}

static void check_empty(struct rule_run *run)
{
    size_t n;
    (void)rule_members(run, &n);
    if (n == 0) {
        rule_hit(run, (struct hit){.key = "orders"}, "the batch has no orders and no revocations");
    }
}

static void check_count(struct rule_run *run)
{
    size_t n;
    (void)rule_members(run, &n);
    if (n > (uint64_t)rule_int(run, 0)) {
        rule_hit(run, (struct hit){.key = "orders"},
                 "the batch has %zu items; at most %lld are "
                 "allowed in one",
                 n, (long long)rule_int(run, 0));
    }
    batch_check_count_per_ca(run, (size_t)rule_int(run, 1));
}

/* --- shared primes --- */

enum { SHARED_MAX = 100 }; /* pairs reported; one is alarm enough */

static void report_shared(struct rule_run *run, const struct batch_member *m, const size_t *owner,
                          const struct shared_prime *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct batch_member *a = &m[owner[pairs[i].a]];
        const struct batch_member *b = &m[owner[pairs[i].b]];
        rule_hit_member(run, a, "csr", NULL,
                        "the key shares a prime factor with that of %s: both can be computed",
                        b->id);
        rule_hit_member(run, b, "csr", NULL,
                        "the key shares a prime factor with that of %s: both can be computed",
                        a->id);
    }
}

static void check_shared_prime(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    struct span *moduli = arena_array(rule_arena(run), n + 1, sizeof *moduli);
    size_t *owner = arena_array(rule_arena(run), n + 1, sizeof *owner);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        /* sizes that other rules refuse are left out: they would only cost time here */
        struct span v = m[i].rsa_n;
        if (v.n >= 32 && v.n <= 1025 && !(v.p[0] & 0x80) && (v.p[v.n - 1] & 1)) {
            owner[count] = i;
            moduli[count++] = m[i].rsa_n;
        }
    }
    if (count > (uint64_t)rule_int(run, 0)) {
        rule_not_checked(run, "%zu RSA keys are more than max-keys allows to compare", count);
        return;
    }
    struct shared_prime pairs[SHARED_MAX];
    bool broken = false;
    size_t found = rsa_shared_primes(moduli, count, pairs, SHARED_MAX, &broken);
    if (broken) {
        rule_broken(run, "the common divisors of %zu moduli could not be computed", count);
    }
    report_shared(run, m, owner, pairs, found);
}

/* --- files --- */

/* Windows devices (any extension), which cannot be created there. */
static bool is_device(const char *name)
{
    static const char *const devices[] = {"con", "prn", "aux", "nul", "com", "lpt"};
    size_t n = strcspn(name, ".");
    for (size_t i = 0; i < NITEMS(devices); i++) {
        size_t len = i < 4 ? 3 : 4;
        bool digit = i < 4 || (n == 4 && name[3] >= '1' && name[3] <= '9');
        if (n == len && digit && strncasecmp(name, devices[i], 3) == 0) {
            return true;
        }
    }
    return false;
}

static const char *bad_path(const char *path)
{
    if (path[0] == '/' || path[0] == '\\') {
        return "is absolute";
    }
    if (strlen(path) > 255) {
        return "is longer than 255 bytes";
    }
    for (const char *part = path; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
        size_t n = strcspn(part, "/");
        if (n == 2 && part[0] == '.' && part[1] == '.') {
            return "leaves its directory";
        }
        if (part[0] == '-') {
            return "begins with a hyphen";
        }
        if (is_device(part)) {
            return "is the name of a device on Windows";
        }
    }
    for (const char *c = path; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7F) {
            return "contains a control character";
        }
    }
    return NULL;
}

static void check_output_path(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        for (const char *const *o = m[i].outputs; o && *o; o++) {
            const char *why = bad_path(*o);
            if (why) {
                rule_hit_member(run, &m[i], "outputs", *o, "the name of an output %s", why);
            }
        }
    }
}

/* An unsafe id is the schema's matter when it is read from a manifest; a plan may bring others. */
static void check_item_id(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    for (size_t i = 0; i < n; i++) {
        if (!m[i].id || !name_is_safe(m[i].id)) {
            rule_hit_member(run, &m[i], "id", m[i].id,
                            "an id is 1 to 64 letters, digits, dots, hyphens and underscores");
        }
    }
    batch_check_same_ids(run);
}

/* Where an item stands in the search for cycles. */
struct wait {
    size_t walk;  /* number of the walk that came here first, from 1; 0 = not yet */
    bool forever; /* waits for a cycle, or is part of one */
};

/* Follows the items from `i` until one is known or waits for nothing; linear over all walks. */
static void walk_from(const struct batch_index *ids, const struct batch_member *m, size_t i,
                      struct wait *waits)
{
    const struct batch_member *at = &m[i];
    while (at && !waits[at - m].walk) {
        waits[at - m].walk = i + 1;
        at = at->after ? batch_by_id(ids, at->after) : NULL;
    }
    bool forever = at && (waits[at - m].walk == i + 1 || waits[at - m].forever);
    for (at = &m[i]; forever && at && !waits[at - m].forever; at = batch_by_id(ids, at->after)) {
        waits[at - m].forever = true;
    }
}

static void check_depends(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_index *ids = batch_index_ids(run);
    struct wait *waits = arena_array(rule_arena(run), n + 1, sizeof *waits);
    for (size_t i = 0; i < n; i++) {
        walk_from(ids, m, i, waits);
        if (m[i].after && !batch_by_id(ids, m[i].after)) {
            rule_hit_member(run, &m[i], "after", m[i].after, "no item of the batch has this id");
        } else if (waits[i].forever) {
            rule_hit_member(run, &m[i], "after", m[i].after,
                            "the item waits for items that wait for each other");
        }
    }
}

/* A certificate that is revoked before the order that replaces it is done. */
static void check_order_revoke(struct rule_run *run)
{
    size_t n;
    const struct batch_member *m = rule_members(run, &n);
    const struct batch_index *orders = batch_index_replaced(run);
    for (size_t i = 0; i < n; i++) {
        const struct batch_member *order = NULL;
        if (!is_order(&m[i]) && m[i].serial) {
            order = batch_by_replaced(run, orders, m[i].ca, m[i].serial);
        }
        if (order && !str_eq(m[i].after, order->id)) {
            rule_hit_member(run, &m[i], "serial", m[i].serial,
                            "the certificate is also renewed by %s, but the revocation does not "
                            "wait for it",
                            order->id);
        }
    }
}

/* clang-format off */
static const struct param count_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "10000", .min = 1, .max = LIMIT_ITEMS,
     .help = "orders and revocations"},
    {.name = "per-ca", .kind = PARAM_INT, .fallback = "10000", .min = 1, .max = LIMIT_ITEMS,
     .help = "orders that go to one CA"},
};
static const struct param shared_params[] = {
    {.name = "max-keys", .kind = PARAM_INT, .fallback = "5000", .min = 2, .max = LIMIT_ITEMS,
     .help = "more RSA keys are not compared; the work grows with the square"},
};
static const struct param shared_key_params[] = {
    {.name = "allow", .kind = PARAM_BOOL, .fallback = "false",
     .help = "items may share a key: a warning instead of an error"},
};
static const struct param blackout_params[] = {
    {.name = "calendars", .kind = PARAM_STRINGS, .fallback = "",
     .help = "calendars of the policy that count; empty = all"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_batch[] = {
    {.id = "batch.item.id", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "item id is missing, unsafe or not unique",
     .why = "The id names files and folders and is how people speak of an item; ids that differ "
            "in case only collide on some file systems.",
     .fix = "give every item an id of its own",
     .cite = "certbatch", .check = check_item_id,
     .bad = "batch:orders: [{id: www, common_name: www.example.com}, {id: WWW, common_name: "
            "api.example.com}]",
     .good = "batch:orders: [{id: www, common_name: www.example.com}]"},
    {.id = "batch.csr.duplicate", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "two items use the same request",
     .why = "The second order is refused by CAs that remember requests, or pays twice for one "
            "certificate.",
     .fix = "make a request for each item",
     .cite = "certbatch", .check = batch_check_csr_duplicate,
     .bad = "batch:orders: [{id: a, csr: good.pem}, {id: b, csr: good.pem}]",
     .good = "batch:orders: [{id: a, csr: good.pem}, {id: b, csr: good-rsa.pem}]"},
    {.id = "batch.key.duplicate", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "two items use the same key",
     .why = "If one host loses the key, both certificates must be revoked. Where the policy allows "
            "shared keys this is a warning.",
     .fix = "generate a key for each item",
     .cite = "certbatch", .check = batch_check_key_duplicate, RULE_PARAMS(shared_key_params),
     .bad = "batch:orders: [{id: a, csr: good.pem}, {id: b, csr: good-nocn.pem}]",
     .good = "batch:orders: [{id: a, csr: good.pem}, {id: b, csr: good-rsa.pem}]"},
    {.id = "batch.key.shared-prime", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_BATCH,
     .unwaivable = true,
     .title = "two keys share a prime factor",
     .why = "Anybody who sees both public keys computes both private keys in a moment. A linter "
            "that sees one request at a time cannot find this.",
     .fix = "generate both keys again, on a system with a working random generator",
     .cite = "BR 6.1.1.3, BR 4.9.1.1", .check = check_shared_prime, RULE_PARAMS(shared_params),
     .bad = "batch:orders: [{id: a, csr: shared-prime-a.pem}, {id: b, csr: shared-prime-b.pem}]",
     .good = "batch:orders: [{id: a, csr: shared-prime-a.pem}, {id: b, csr: good-rsa.pem}]"},
    {.id = "batch.names.duplicate", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_BATCH,
     .title = "two items order the same names from the same CA",
     .why = "Usually a row was copied: the certificate would be bought twice.",
     .fix = "remove one of the items",
     .cite = "certbatch", .check = batch_check_names_duplicate,
     .bad = "batch:orders: [{id: a, common_name: www.example.com}, {id: b, common_name: "
            "www.example.com}]",
     .good = "batch:orders: [{id: a, common_name: www.example.com}, {id: b, common_name: "
            "api.example.com}]"},
    {.id = "batch.names.overlap", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "a name is in several items",
     .why = "It may be wanted; it may be a name that was forgotten in an old list.",
     .fix = "check which of the items should have it",
     .cite = "certbatch", .check = batch_check_names_overlap,
     .bad = "batch:orders: [{id: a, common_name: www.example.com}, {id: b, common_name: "
            "api.example.com, san: [api.example.com, www.example.com]}]",
     .good = "batch:orders: [{id: a, common_name: www.example.com}, {id: b, common_name: "
            "api.example.com}]"},
    {.id = "batch.conflict.order-revoke", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_BATCH,
     .title = "certificate is renewed and revoked without an order between them",
     .why = "If the revocation runs first, the service is down until the renewal is issued and "
            "deployed.",
     .fix = "add after: with the id of the renewal to the revocation",
     .cite = "certbatch", .check = check_order_revoke,
     .bad = "batch:orders: [{id: www, common_name: www.example.com, replaces: {serial: 0A1B}}]\n"
            "revocations: [{id: old, serial: 0A1B, reason: superseded}]",
     .good = "batch:orders: [{id: www, common_name: www.example.com, replaces: {serial: 0A1B}}]\n"
            "revocations: [{id: old, serial: 0A1B, reason: superseded, after: www}]"},
    {.id = "batch.conflict.double", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "certificate is revoked or renewed twice",
     .why = "The second item fails at the CA, or renews at full price.",
     .fix = "remove one of the items",
     .cite = "certbatch", .check = batch_check_double,
     .bad = "batch:revocations: [{id: a, serial: 0A1B, reason: superseded}, {id: b, serial: "
            "0A1B, reason: keyCompromise}]",
     .good = "batch:revocations: [{id: a, serial: 0A1B, reason: superseded}, {id: b, serial: "
            "0A1C, reason: superseded}]"},
    {.id = "batch.depends", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "after: names no other item, or items wait for each other",
     .why = "The item would wait for ever.",
     .fix = "name the id of the order it must wait for",
     .cite = "certbatch", .check = check_depends,
     .bad = "batch:orders: [{id: www, common_name: www.example.com}]\n"
            "revocations: [{id: old, serial: 0A1B, reason: superseded, after: ww}]",
     .good = "batch:orders: [{id: www, common_name: www.example.com}]\n"
            "revocations: [{id: old, serial: 0A1B, reason: superseded, after: www}]"},
    {.id = "batch.empty", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "batch without items",
     .why = "Nothing would be done, and a ticket would be closed with nothing done.",
     .fix = "add orders or revocations",
     .cite = "certbatch", .check = check_empty,
     .bad = "batch:orders: []", .good = "batch:orders: [{id: www, common_name: www.example.com}]"},
    {.id = "batch.count.max", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "too many items in one batch",
     .why = "A mistake in a big batch is a big mistake; CAs limit how much one account may "
            "order.",
     .fix = "split the batch, or raise max in the policy",
     .cite = "certbatch", .check = check_count, RULE_PARAMS(count_params),
     .bad = "batch:orders: [{id: a, common_name: www.example.com}, {id: b, common_name: "
            "api.example.com}]\n"
            "# with batch.count.max: {max: 1}",
     .good = "batch:orders: [{id: www, common_name: www.example.com}]\n"
            "# with batch.count.max: {max: 1}"},
    {.id = "batch.rate", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "the batch takes longer than its change window",
     .why = "CAs take only so many orders in a time, and lock out who sends more. What is not sent "
            "when the window closes stays undone.",
     .fix = "ask for a longer window, or split the batch",
     .cite = "limits of the CA", .check = batch_check_rate,
     .bad = "batch:change: {window: {start: 2026-11-21T22:00:00Z, end: 2026-11-21T23:00:00Z}}\n"
            "orders: [{id: a, ca: {type: certinext, limits: {orders_per_second: '0.0002'}}}, "
            "{id: b, ca: {type: certinext, limits: {orders_per_second: '0.0002'}}}]",
     .good = "batch:change: {window: {start: 2026-11-21T22:00:00Z, end: 2026-11-21T23:00:00Z}}\n"
            "orders: [{id: a, ca: {type: certinext, limits: {orders_per_second: '0.6'}}}, "
            "{id: b, ca: {type: certinext, limits: {orders_per_second: '0.6'}}}]"},
    {.id = "batch.environment.mixed", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_BATCH,
     .title = "sandbox and production in one batch",
     .why = "Certificates of a sandbox are trusted nowhere; mostly the configuration or one ca: is "
            "a leftover of a test.",
     .fix = "send the whole batch to one environment",
     .cite = "certbatch", .check = batch_check_environment,
     .bad = "batch:orders: [{id: a, ca: {type: certinext, environment: sandbox}}, {id: b, ca: "
            "{type: certinext}}]",
     .good = "batch:orders: [{id: a, ca: {type: certinext}}, {id: b, ca: {type: certinext}}]"},
    {.id = "batch.blackout", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "planned run is inside a freeze",
     .why = "In a freeze nobody is there to undo what goes wrong. Of emergency changes this is a "
            "warning.",
     .fix = "move the change window or the order date out of the freeze",
     .cite = "policy", .check = batch_check_blackout, RULE_PARAMS(blackout_params),
     .bad = "batch:change: {window: {start: 2026-12-17T22:00:00Z, end: 2026-12-18T04:00:00Z}}\n"
            "orders: [{id: www, common_name: www.example.com}]\n"
            "# with calendars: {freeze: [{from: 2026-12-18, to: 2027-01-04, why: year-end freeze}]}",
     .good = "batch:change: {window: {start: 2026-12-17T20:00:00Z, end: 2026-12-18T00:00:00Z}}\n"
            "orders: [{id: www, common_name: www.example.com}]\n"
            "# with calendars: {freeze: [{from: 2026-12-18, to: 2027-01-04, why: year-end freeze}]}"},
    {.id = "batch.output.collision", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_BATCH,
     .title = "two items write the same file",
     .why = "One would overwrite the other, at the latest on a file system that ignores case.",
     .fix = "give the outputs different names",
     .cite = "certbatch", .check = batch_check_output_collision,
     .bad = "batch:orders: [{id: a, common_name: www.example.com, outputs: [www.jks]}, {id: b, "
            "common_name: api.example.com, outputs: [WWW.jks]}]",
     .good = "batch:orders: [{id: a, common_name: www.example.com, outputs: [www.jks]}, {id: b, "
            "common_name: api.example.com, outputs: [api.jks]}]"},
    {.id = "batch.output.path", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_BATCH,
     .title = "output name is unsafe",
     .why = "The name would leave the bundle, or cannot be created on other systems.",
     .fix = "use letters, digits, dots, hyphens and underscores",
     .cite = "certbatch", .check = check_output_path,
     .bad = "batch:orders: [{id: a, common_name: www.example.com, outputs: [../www.pem]}]",
     .good = "batch:orders: [{id: a, common_name: www.example.com, outputs: [www.pem]}]"},
    {.id = NULL},
};
/* clang-format on */
