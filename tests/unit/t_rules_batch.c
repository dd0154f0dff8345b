/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules over a whole batch: every row against its own samples, and what the samples are too
 * short for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"
#include "tests/unit/work_fixture.h"

/* --- a batch as the layer above would hand it over --- */

struct batch {
    struct arena a;
    struct policy *policy;
    const struct ynode *root;
    struct batch_member *members;
    size_t n;
    struct findings findings;
};

static void add_outputs(struct batch *b, const struct ynode *node, struct batch_member *m)
{
    const struct ynode *list = yaml_get(node, "outputs");
    const char **names = arena_array(&b->a, list ? list->count + 1 : 1, sizeof *names);
    size_t n = 0;
    for (const struct ynode *o = list ? list->first : NULL; o; o = o->next) {
        names[n++] = o->text;
    }
    m->outputs = names;
}

static void add_item(struct batch *b, const struct ynode *node, bool order)
{
    CLEANUP(findings_release) struct findings ignored = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    struct batch_member *m = &b->members[b->n++];
    struct subject s;
    const struct ynode *serial = order ? yaml_get(node, "replaces") : node;
    subject_from(&b->a, node, &s);
    s.id = yaml_text(node, "id");
    s.kind = order ? SUBJECT_ORDER : SUBJECT_REVOCATION;
    if (!order) {
        read_revocation(&b->a, node, &s);
    }
    s.serial = yaml_text(serial, "serial") ? yaml_text(serial, "serial")
               : s.prior                   ? s.prior->serial_hex
                                           : NULL;
    m->after = yaml_text(node, "after");
    const struct ynode *limits = yaml_get(s.ca_node, "limits");
    m->orders_per_second = yaml_text(limits, "orders_per_second")
                               ? strtod(yaml_text(limits, "orders_per_second"), NULL)
                               : 0;
    m->burst = yaml_text(limits, "burst") ? strtoll(yaml_text(limits, "burst"), NULL, 10) : 0;
    add_outputs(b, node, m);
    policy_judge(b->policy, &s, &scratch, &b->a, &ignored, m);
    arena_release(&scratch.arena);
}

/* text is a manifest; a comment "# with RULE: {...}" at its end is a setting of the policy, "# with
 * calendars: {...}" its calendars. */
static void batch_make(struct batch *b, const char *text)
{
    const char *with = strstr(text, "# with ");
    *b = (struct batch){.findings = FINDINGS_INIT};
    b->policy = policy_of_level(
        &b->a, work, "tls",
        with ? arena_printf(&b->a, "%s%s\n", str_starts(with, "# with calendars") ? "" : "  ",
                            with + strlen("# with "))
             : "");
    b->root = parse_yaml(&b->a, text);
    const struct ynode *orders = yaml_get(b->root, "orders");
    const struct ynode *revocations = yaml_get(b->root, "revocations");
    size_t room = (orders ? orders->count : 0) + (revocations ? revocations->count : 0);
    b->members = arena_array(&b->a, room + 1, sizeof *b->members);
    for (const struct ynode *n = orders ? orders->first : NULL; n; n = n->next) {
        add_item(b, n, true);
    }
    for (const struct ynode *n = revocations ? revocations->first : NULL; n; n = n->next) {
        add_item(b, n, false);
    }
    policy_judge_batch(b->policy, b->members, b->n, "sample.batch.yaml", b->root, JUDGED_AT, NULL,
                       &b->findings);
}

static void batch_drop(struct batch *b)
{
    findings_release(&b->findings);
    policy_free(b->policy);
    arena_release(&b->a);
}

static const struct finding *find(const struct batch *b, const char *rule)
{
    for (size_t i = 0; i < b->findings.n; i++) {
        if (strcmp(b->findings.v[i].rule, rule) == 0) {
            return &b->findings.v[i];
        }
    }
    return NULL;
}

static size_t count(const struct batch *b, const char *rule)
{
    size_t n = 0;
    for (size_t i = 0; i < b->findings.n; i++) {
        n += strcmp(b->findings.v[i].rule, rule) == 0;
    }
    return n;
}

static bool batch_fires(const char *text, const char *rule)
{
    struct batch b;
    batch_make(&b, text);
    bool fired = find(&b, rule) != NULL;
    batch_drop(&b);
    return fired;
}

/* --- tests --- */

static void test_samples(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t rows = 0, wrong = 0;
    (void)temp_write(&a, work, "prior-ca.pem", corpus_read(&a, SAMPLES "prior-ca.pem"));
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = rule_at(i);
        if (!(r->needs & NEEDS_BATCH)) {
            continue;
        }
        rows++;
        assert_true(str_starts(r->bad, "batch:") && str_starts(r->good, "batch:"));
        if (!batch_fires(r->bad + 6, r->id)) {
            print_message("%s does not fire on its bad sample\n", r->id);
            wrong++;
        }
        if (batch_fires(r->good + 6, r->id)) {
            print_message("%s fires on its good sample\n", r->id);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(rows >= 18);
}

/* What fires where: the second item of a pair, with the first one named. */
static void test_places(void **state)
{
    (void)state;
    struct batch b;
    batch_make(&b, "orders:\n"
                   "  - {id: a, csr: good.pem}\n"
                   "  - {id: b, csr: good-rsa.pem}\n"
                   "  - {id: c, csr: good.pem}\n");
    const struct finding *f = find(&b, "batch.csr.duplicate");
    if (!f) {
        fail_msg("the same request twice is not found");
        return;
    }
    assert_string_equal(f->item, "c");
    assert_int_equal(f->line, 4);
    assert_non_null(strstr(f->message, "item a"));
    assert_int_equal(count(&b, "batch.csr.duplicate"), 1);
    assert_int_equal(count(&b, "batch.key.duplicate"), 0); /* said by the rule about requests */
    batch_drop(&b);
}

static void test_depends(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t findings;
    } cases[] = {
        {"revocations: [{id: a, serial: '01', after: a}]", 1},
        {"revocations: [{id: a, serial: '01', after: b}, {id: b, serial: '02', after: a}]", 2},
        {"revocations: [{id: a, serial: '01', after: b}, {id: b, serial: '02', after: c},"
         " {id: c, serial: '03', after: b}]",
         3},
        {"revocations: [{id: a, serial: '01'}, {id: b, serial: '02', after: a},"
         " {id: c, serial: '03', after: b}, {id: d, serial: '04', after: c}]",
         0},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct batch b;
        batch_make(&b, cases[i].text);
        assert_int_equal(count(&b, "batch.depends"), cases[i].findings);
        batch_drop(&b);
    }
}

#define CHANGE(rest)                                                                               \
    "change: {ticket: CHG0031337, requested_by: a@example.com" rest "}\n"                          \
    "orders: [{id: www, common_name: www.example.com, order_date: 2026-11-22}]\n"

static void test_ticket(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule;
        enum severity severity;
    } cases[] = {
        {CHANGE(""), "batch.ticket.required", SEV_DISABLED},
        {CHANGE(", type: normal"), "batch.ticket.approval", SEV_ERROR},
        {CHANGE(", type: emergency"), "batch.ticket.approval", SEV_WARNING},
        {CHANGE(", type: standard"), "batch.ticket.approval", SEV_DISABLED},
        {CHANGE(", approved_by: [m@example.com]"), "batch.ticket.approval", SEV_ERROR},
        {CHANGE(", approved_by: [m@example.com], approved_at: 2026-11-21T12:00:00Z"),
         "batch.ticket.approval", SEV_DISABLED},
        {CHANGE(", approved_by: [m@example.com], approved_at: 2026-11-21T12:00:01Z"),
         "batch.ticket.approval", SEV_ERROR},
        {CHANGE(", approved_by: [m@example.com], approved_at: 2026-10-22T12:00:00Z"),
         "batch.ticket.approval", SEV_DISABLED},
        {CHANGE(", approved_by: [m@example.com], approved_at: 2026-10-22T11:59:59Z"),
         "batch.ticket.approval", SEV_ERROR},
        {CHANGE(", approved_by: [A@example.com, m@example.com], approved_at: 2026-11-20T12:00:00Z"),
         "batch.ticket.approval", SEV_DISABLED},
        {CHANGE(", approved_by: [A@example.com], approved_at: 2026-11-20T12:00:00Z"),
         "batch.ticket.approval", SEV_ERROR},
        {CHANGE(", window: {start: 2026-11-22T22:00:00Z, end: 2026-11-23T04:00:00Z}"),
         "batch.ticket.window", SEV_DISABLED},
        {CHANGE(", window: {start: 2026-11-23T00:00:00Z, end: 2026-11-23T04:00:00Z}"),
         "batch.ticket.window", SEV_ERROR}, /* the order date is the day before */
        {CHANGE(", window: {start: 2026-11-20T22:00:00Z, end: 2026-11-21T04:00:00Z}"),
         "batch.ticket.window", SEV_ERROR}, /* over */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct batch b;
        batch_make(&b, cases[i].text);
        const struct finding *f = find(&b, cases[i].rule);
        enum severity got = f ? f->severity : SEV_DISABLED;
        if (got != cases[i].severity) {
            fail_msg("%s on %s: %s", cases[i].rule, cases[i].text, severity_name(got));
        }
        batch_drop(&b);
    }
}

static void test_output_paths(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool bad;
    } cases[] = {{"a/b.pem", false},     {"/a.pem", true}, {"a/../b.pem", true},
                 {"..b.pem", false},     {"-a.pem", true}, {"a/-b.pem", true},
                 {"con.pem", true},      {"COM1", true},   {"com0.pem", false},
                 {"console.pem", false}, {"a/nul", true},  {"lpt9.txt", true}};
    for (size_t i = 0; i < NITEMS(cases); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        const char *text = arena_printf(
            &a, "orders: [{id: a, common_name: www.example.com, outputs: ['%s']}]", cases[i].name);
        if (batch_fires(text, "batch.output.path") != cases[i].bad) {
            fail_msg("%s", cases[i].name);
        }
    }
}

/* --- revocations against the rest of the batch --- */

#define COMPROMISED "revocations: [{id: a, prior: prior.pem, reason: keyCompromise}]\n"

static void test_revocations(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule;
        size_t findings;
    } cases[] = {
        /* a renewal of another certificate of the key; of the revoked one it is no news */
        {COMPROMISED "orders: [{id: b, prior: prior-sibling.pem, san: [api.example.com]}]",
         "revoke.key-compromise.siblings", 1},
        {COMPROMISED "orders: [{id: b, prior: prior.pem, san: [www.example.com]}]",
         "revoke.key-compromise.siblings", 0},
        {COMPROMISED "orders: [{id: b, prior: prior-same-key.pem, san: [www.example.com]}]",
         "revoke.key-compromise.siblings", 0},
        {COMPROMISED "orders: [{id: b, prior: prior.pem, reuse_key: true}]",
         "revoke.key-compromise.reorder", 1},
        {COMPROMISED "orders: [{id: b, prior: prior.pem, reuse_key: false}]",
         "revoke.key-compromise.reorder", 0},
        {"revocations: [{id: a, prior: prior-same-key.pem, reason: superseded}]\n"
         "orders: [{id: b, csr: good.pem}]",
         "revoke.key-compromise.reorder", 0},
        /* a replacement is an order of the same certificate, after or replaced_by */
        {"revocations: [{id: a, serial: '0A', reason: superseded}]\n"
         "orders: [{id: b, san: [www.example.com], replaces: {serial: '0A'}}]",
         "revoke.superseded.replacement", 0},
        {"revocations: [{id: a, serial: '0A', reason: superseded}]\n"
         "orders: [{id: b, san: [www.example.com], replaces: {serial: '0B'}}]",
         "revoke.superseded.replacement", 1},
        {"revocations: [{id: a, serial: '0A', reason: superseded, after: b}]\n"
         "orders: [{id: b, san: [www.example.com]}]",
         "revoke.superseded.replacement", 0},
        {"revocations: [{id: a, serial: '0A', reason: unspecified}]",
         "revoke.superseded.replacement", 0},
        {"revocations: [{id: a, serial: '0A', reason: superseded, after: b}]\n"
         "orders: [{id: b, san: [www.example.com]}]\n"
         "# with revoke.superseded.order: {min-delay: 24}",
         "revoke.superseded.order", 1},
        {"revocations: [{id: a, serial: '0A', reason: superseded, after: b}]\n"
         "orders: [{id: b, san: [www.example.com]}]",
         "revoke.superseded.order", 0},
        {"revocations: [{id: a, serial: '0A', reason: superseded, replaced_by: '0B'}]",
         "revoke.superseded.order", 0},
        {"revocations: [{id: a, serial: '0A', reason: cessationOfOperation}]\n"
         "orders: [{id: b, san: [www.example.com], replaces: {serial: '0A'}}]",
         "revoke.cessation", 1},
        {"revocations: [{id: a, serial: '0A', reason: cessationOfOperation}]\n"
         "orders: [{id: b, san: [www.example.com], replaces: {serial: '0B'}}]",
         "revoke.cessation", 0},
        {"revocations: [{id: a, serial: '01'}, {id: b, serial: '02'}]\n"
         "orders: [{id: c, san: [www.example.com]}]\n# with revoke.count.max: {max: 2}",
         "revoke.count.max", 0},
        {"revocations: [{id: a, serial: '01'}, {id: b, serial: '02'}, {id: c, serial: '03'}]\n"
         "# with revoke.count.max: {max: 2}",
         "revoke.count.max", 1},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct batch b;
        batch_make(&b, cases[i].text);
        if (count(&b, cases[i].rule) != cases[i].findings) {
            fail_msg("%s fires %zu times on %s", cases[i].rule, count(&b, cases[i].rule),
                     cases[i].text);
        }
        batch_drop(&b);
    }
}

#define STORE(id, secret)                                                                          \
    "{id: " id ", common_name: " id ".example.com, outputs: [{pfx: {password: " secret "}}]}"

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule;
        size_t findings;
    } cases[] = {
        {"orders: [" STORE("a", "{env: P}") ", " STORE("b", "{env: P}") ", " STORE("c",
                                                                                   "{env: P}") "]",
         "export.password.shared", 1},
        {"orders: [" STORE("a", "{env: P}") ", " STORE("b", "{file: P}") "]",
         "export.password.shared", 0},
        {"orders: [" STORE("a", "{command: [p, x]}") ", " STORE("b", "{command: [p, y]}") "]",
         "export.password.shared", 0},
        {"orders: [" STORE("a", "{command: [p, x]}") ", " STORE("b", "{command: [p, x]}") "]",
         "export.password.shared", 1},
        {"orders: [" STORE("a", "{env: P}") ", " STORE(
             "b", "{env: P}") "]\n"
                              "# with export.password.shared: {n: 2}",
         "export.password.shared", 0},
        {"change: {requested_by: a.singh, approved_by: [Ops Team, 'm.ortiz@']}\n"
         "orders: [{id: a, san: [a.example.com]}]",
         "manifest.requestor.email", 1},
        {"defaults: {ev: {contract_signer: {email: nobody}}}\n"
         "orders: [{id: a, san: [a.example.com], ev: {certificate_approver: {email: "
         "'A <a@example.com>'}}}]",
         "manifest.requestor.email", 2},
        {"orders: [{id: a, san: [a.example.com], ev: {certificate_approver: {email: "
         "o'neil+tls@mail.example.com}}}]",
         "manifest.requestor.email", 0},
        {"orders: [{id: a, san: [a.example.com], ev: {certificate_approver: {email: "
         "a..b@example.com}}}]",
         "manifest.requestor.email", 1},
        {"ca: local\norders: [{id: a, san: [a.example.com], ca: lab}]", "manifest.unused", 1},
        {"ca: local\norders: [{id: a, san: [a.example.com], ca: lab}]\n"
         "revocations: [{id: b, serial: '01'}]",
         "manifest.unused", 0},
        {"ca: local\ndefaults: {ca: lab}\norders: [{id: a, san: [a.example.com]}]",
         "manifest.unused", 1},
        {"defaults: {key: ec-p256, product: dv}\n"
         "orders: [{id: a, csr: good.pem}, {id: b, csr: good-rsa.pem, product: ov}]",
         "manifest.unused", 1},
        {"orders: [{id: a, csr: good.pem, key_password: {env: P}}]", "manifest.unused", 1},
        {"defaults: {key_file: good.key}\norders: [{id: a, csr: good.pem, key_password: {env: P}}]",
         "manifest.unused", 0},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct batch b;
        batch_make(&b, cases[i].text);
        if (count(&b, cases[i].rule) != cases[i].findings) {
            fail_msg("%s fires %zu times on %s", cases[i].rule, count(&b, cases[i].rule),
                     cases[i].text);
        }
        batch_drop(&b);
    }
}

/* A dotted key leads to the value itself. */
static void test_nested_place(void **state)
{
    (void)state;
    struct batch b;
    batch_make(&b, "orders:\n  - id: a\n    san: [a.example.com]\n    ev:\n"
                   "      contract_signer:\n        email: nobody\n");
    const struct finding *f = find(&b, "manifest.requestor.email");
    if (!f || f->line != 6 || f->column != 16 || !str_eq(f->item, "a")) {
        fail_msg("%u:%u", f ? f->line : 0, f ? f->column : 0);
    }
    batch_drop(&b);
}

/* Thousands of items in one chain without a finding: rules that compared all pairs would make
 * themselves felt in every run of the tests. */
static void test_large(void **state)
{
    (void)state;
    enum { ITEMS = 5000 };
    CLEANUP(buf_release) struct buf text = BUF_INIT(8u << 20);
    buf_puts(&text, "revocations:\n");
    for (int i = 0; i < ITEMS; i++) {
        buf_printf(&text, "  - {id: r%d, serial: '%08X', outputs: [r%d.pem]", i, i + 1, i);
        if (i > 0) {
            buf_printf(&text, ", after: r%d", i - 1);
        }
        buf_puts(&text, "}\n");
    }
    struct batch b;
    batch_make(&b, buf_text(&text));
    assert_int_equal(b.n, ITEMS);
    assert_int_equal(count(&b, "batch.conflict.double"), 0);
    assert_int_equal(count(&b, "batch.item.id"), 0);
    assert_int_equal(count(&b, "batch.depends"), 0);
    batch_drop(&b);
}

/* --- when and where --- */

#define WINDOW(from, to) "change: {window: {start: " from ", end: " to "}}\n"
#define CA(limits)       "{type: certinext" limits "}"
#define THREE(limits)                                                                              \
    "orders: [{id: a, ca: " CA(limits) "}, {id: b, ca: " CA(limits) "}, {id: c, ca: " CA(          \
        limits) "}]"

static void test_rate(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fires;
    } cases[] = {
        /* the first goes at once, two wait ten seconds each */
        {WINDOW("2026-11-22T22:00:00Z", "2026-11-22T22:00:20Z")
             THREE(", limits: {orders_per_second: '0.1'}"),
         false},
        {WINDOW("2026-11-22T22:00:00Z", "2026-11-22T22:00:19Z")
             THREE(", limits: {orders_per_second: '0.1'}"),
         true},
        {WINDOW("2026-11-22T22:00:00Z", "2026-11-22T22:00:10Z")
             THREE(", limits: {orders_per_second: '0.1', burst: '2'}"),
         false},
        {WINDOW("2026-11-22T22:00:00Z", "2026-11-22T22:00:09Z")
             THREE(", limits: {orders_per_second: '0.1', burst: '2'}"),
         true},
        /* what is known of the CA: ten at once */
        {WINDOW("2026-11-22T22:00:00Z", "2026-11-22T22:00:01Z") THREE(""), false},
        /* inside the window only what is left of it counts; the batch is judged at 12:00 */
        {WINDOW("2026-11-21T10:00:00Z", "2026-11-21T12:00:19Z")
             THREE(", limits: {orders_per_second: '0.1'}"),
         true},
        {THREE(", limits: {orders_per_second: '0.0001'}"), false},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        if (batch_fires(cases[i].text, "batch.rate") != cases[i].fires) {
            fail_msg("%s", cases[i].text);
        }
    }
}

/* Twelve orders at the known pace of CERTInext: ten at once, two more after three seconds. */
static void test_known_pace(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const char *const ends[] = {"22:00:02Z", "22:00:03Z"};
    for (size_t e = 0; e < NITEMS(ends); e++) {
        CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
        buf_printf(&text,
                   "change: {window: {start: 2026-11-22T22:00:00Z, end: 2026-11-22T%s}}\n"
                   "orders:\n",
                   ends[e]);
        for (int i = 0; i < 12; i++) {
            buf_printf(&text, "  - {id: i%d, ca: {type: certinext}}\n", i);
        }
        assert_int_equal(batch_fires(arena_strdup(&a, buf_text(&text)), "batch.rate"), e == 0);
    }
}

#define FREEZE "\n# with calendars: {freeze: [{from: 2026-12-18, to: 2027-01-04, why: closing}]}"
#define ONE    "orders: [{id: www, common_name: www.example.com}]"
static void test_blackout(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum severity severity;
    } cases[] = {
        {WINDOW("2026-12-17T22:00:00Z", "2026-12-18T00:00:00Z") ONE FREEZE, SEV_DISABLED},
        {WINDOW("2026-12-17T22:00:00Z", "2026-12-18T00:00:01Z") ONE FREEZE, SEV_ERROR},
        {WINDOW("2027-01-03T23:59:59Z", "2027-01-04T04:00:00Z") ONE FREEZE, SEV_ERROR},
        {WINDOW("2027-01-04T00:00:00Z", "2027-01-04T04:00:00Z") ONE FREEZE, SEV_DISABLED},
        {"change: {type: emergency, window: {start: 2026-12-20T00:00:00Z, end: "
         "2026-12-20T04:00:00Z}}\n" ONE FREEZE,
         SEV_WARNING},
        {ONE FREEZE, SEV_DISABLED}, /* judged in November */
        {ONE "\n# with calendars: {now: [{from: 2026-11-21T12:00:00Z, to: "
             "2026-11-21T12:00:01Z}]}",
         SEV_ERROR},
        {ONE "\n# with calendars: {now: [{from: 2026-11-21T11:00:00Z, to: "
             "2026-11-21T12:00:00Z}]}",
         SEV_DISABLED},
        {"orders: [{id: www, common_name: www.example.com, order_date: 2027-01-03}]" FREEZE,
         SEV_ERROR},
        {"orders: [{id: www, common_name: www.example.com, order_date: 2027-01-04}]" FREEZE,
         SEV_DISABLED},
        {ONE "\n# with batch.blackout: {calendars: [freze]}", SEV_ERROR}, /* cannot be decided */
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct batch b;
        batch_make(&b, cases[i].text);
        const struct finding *f = find(&b, "batch.blackout");
        enum severity got = f ? f->severity : SEV_DISABLED;
        if (got != cases[i].severity) {
            fail_msg("%s: %s", cases[i].text, severity_name(got));
        }
        batch_drop(&b);
    }
    struct batch b;
    batch_make(&b, "orders:\n  - id: www\n    order_date: 2027-01-03\n" FREEZE);
    const struct finding *f = find(&b, "batch.blackout");
    assert_non_null(f);
    assert_int_equal(f->line, 3);
    assert_int_equal(f->column, 17);
    assert_string_equal(f->item, "www");
    batch_drop(&b);
}

static void test_settings(void **state)
{
    (void)state;
    struct batch b;
    batch_make(&b, "orders: [{id: a, csr: good.pem}, {id: b, csr: good-nocn.pem}]\n"
                   "# with batch.key.duplicate: {allow: true}");
    const struct finding *f = find(&b, "batch.key.duplicate");
    assert_non_null(f);
    assert_int_equal(f->severity, SEV_WARNING);
    batch_drop(&b);
    assert_true(batch_fires("orders: [{id: a, ca: x}, {id: b, ca: x}]\n"
                            "# with batch.count.max: {per-ca: 1}",
                            "batch.count.max"));
    assert_false(batch_fires("orders: [{id: a, ca: x}, {id: b, ca: y}]\n"
                             "# with batch.count.max: {per-ca: 1}",
                             "batch.count.max"));
    assert_false(batch_fires("orders: [{id: a, ca: {type: x, environment: sandbox}}]",
                             "batch.environment.mixed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate),         cmocka_unit_test(test_known_pace),
        cmocka_unit_test(test_blackout),     cmocka_unit_test(test_settings),
        cmocka_unit_test(test_samples),      cmocka_unit_test(test_places),
        cmocka_unit_test(test_depends),      cmocka_unit_test(test_ticket),
        cmocka_unit_test(test_output_paths), cmocka_unit_test(test_large),
        cmocka_unit_test(test_revocations),  cmocka_unit_test(test_files),
        cmocka_unit_test(test_nested_place),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
