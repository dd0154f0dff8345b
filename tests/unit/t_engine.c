/* SPDX-License-Identifier: Apache-2.0
 *
 * The walker, on rules made for the test: which rules run, at which date, and what becomes of
 * their findings. The rule table itself is checked as data.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy/regex.h"
#include "tests/unit/policy_fixture.h"

#include <pthread.h>

/* --- a policy of hand-made rules --- */

static void fires(struct rule_run *run)
{
    rule_hit(run, (struct hit){.severity = (enum severity)rule_row(run)->arg}, "it fires");
}

static void breaks(struct rule_run *run)
{
    rule_broken(run, "the pattern hit its limit");
}

static void lacks_data(struct rule_run *run)
{
    rule_not_checked(run, "no list is configured");
}

enum { ROWS_MAX = 4 };
struct mini {
    struct policy policy;
    struct profile profile, *bases[1];
    struct rule rows[ROWS_MAX];
    struct active rules[ROWS_MAX];
    struct findings findings;
    struct arena arena;
    struct policy_scratch scratch;
    struct subject subject;
};

static void mini_begin(struct mini *m)
{
    memset(m, 0, sizeof *m);
    m->bases[0] = &m->profile;
    m->policy.bases = m->bases;
    m->policy.nbases = 1;
    m->profile.max_severity = SEV_WARNING;
    m->profile.rules = m->rules;
    m->subject = plain_order();
}

static struct active *mini_rule(struct mini *m, struct rule row)
{
    const size_t i = m->profile.nrules++;
    row.id = row.id ? row.id : "test.rule";
    row.severity = row.severity ? row.severity : SEV_ERROR;
    row.scope = row.scope ? row.scope : SCOPE_ALL;
    row.check = row.check ? row.check : fires;
    m->rows[i] = row;
    m->rules[i] = (struct active){.row = &m->rows[i],
                                  .from = INT64_MIN,
                                  .until = INT64_MAX,
                                  .base = {.severity = row.severity}};
    return &m->rules[i];
}

static size_t mini_judge(struct mini *m)
{
    findings_release(&m->findings);
    policy_judge(&m->policy, &m->subject, &m->scratch, &m->arena, &m->findings, NULL);
    return m->findings.n;
}

static void mini_end(struct mini *m)
{
    findings_release(&m->findings);
    arena_release(&m->scratch.arena);
    arena_release(&m->arena);
}

#define ROW(...) ((struct rule){__VA_ARGS__}) /* mini_rule() completes it */

static void levels(void **state)
{
    (void)state;
    static const struct {
        enum policy_level level;
        const char *product, *ca_type;
        bool ca_public;
        unsigned scope;
        size_t fires;
    } rows[] = {
        {LEVEL_OV, NULL, NULL, true, SCOPE_OV, 1},
        {LEVEL_DV, NULL, NULL, true, SCOPE_OV, 0},
        {LEVEL_TLS, NULL, NULL, true, SCOPE_OV, 0}, /* level unknown: only what all share */
        {LEVEL_TLS, NULL, NULL, true, SCOPE_TLS, 1},
        {LEVEL_TLS, "ov", "x", true, SCOPE_OV, 1}, /* the product refines */
        {LEVEL_DV, "ov", "x", true, SCOPE_OV, 0},  /* the profile wins */
        {LEVEL_NONE, NULL, NULL, true, SCOPE_TLS, 1},
        {LEVEL_NONE, NULL, NULL, true, SCOPE_PRIVATE, 0},
        {LEVEL_NONE, NULL, NULL, false, SCOPE_PRIVATE, 1},
        {LEVEL_NONE, "private", "x", true, SCOPE_PRIVATE, 1},
        {LEVEL_NONE, NULL, "local", false, SCOPE_LOCAL, 1},
        {LEVEL_NONE, NULL, "local", false, SCOPE_PRIVATE, 1},
        {LEVEL_TLS, "private", "local", false, SCOPE_TLS, 1}, /* a rehearsal stays public */
        {LEVEL_TLS, "private", "local", false, SCOPE_PRIVATE, 0},
        {LEVEL_OV, NULL, "local", false, SCOPE_LOCAL, 1},
        {LEVEL_PRIVATE, NULL, NULL, true, SCOPE_LOCAL, 0},
    };
    static const struct product_info products[] = {
        {.ca_type = "x", .code = "1", .name = "ov", .level = "ov"},
        {.ca_type = "x", .code = "2", .name = "private", .level = "private"},
        {.ca_type = "local", .code = "3", .name = "private", .level = "private"}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct mini m;
        mini_begin(&m);
        mini_rule(&m, ROW(.scope = rows[i].scope));
        m.policy.products = products;
        m.policy.nproducts = NITEMS(products);
        m.profile.level = rows[i].level;
        m.subject.product = rows[i].product;
        m.subject.ca_type = rows[i].ca_type;
        m.subject.ca_public = rows[i].ca_public;
        if (mini_judge(&m) != rows[i].fires) {
            fail_msg("row %zu", i);
        }
        mini_end(&m);
    }
}

static void dates(void **state)
{
    (void)state;
    struct mini m;
    mini_begin(&m);
    struct active *a = mini_rule(&m, ROW(.scope = SCOPE_ALL));
    struct setting steps[] = {
        {.from = 1000, .until = 2000, .severity = SEV_WARNING},
        {.from = 2000, .until = INT64_MAX, .severity = SEV_DISABLED},
    };
    a->from = 500;
    a->until = 3000;
    a->steps = steps;
    a->nsteps = 2;
    static const struct {
        int64_t at;
        enum severity want;
    } rows[] = {{499, SEV_DISABLED},  {500, SEV_ERROR},    {999, SEV_ERROR},
                {1000, SEV_WARNING},  {1999, SEV_WARNING}, {2000, SEV_DISABLED},
                {2999, SEV_DISABLED}, {3000, SEV_DISABLED}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        m.subject.order_date = rows[i].at;
        assert_int_equal(mini_judge(&m), rows[i].want != SEV_DISABLED);
        if (m.findings.n) {
            assert_int_equal(m.findings.v[0].severity, rows[i].want);
        }
    }
    a->nsteps = 0;
    m.subject.order_date = 2999;
    assert_int_equal(mini_judge(&m), 1);
    a->from = day("2026-01-01");
    a->until = INT64_MAX;
    assert_int_equal(mini_judge(&m), 0);
    m.subject.order_date = TIME_NONE; /* no date is today, not the beginning of time */
    assert_int_equal(mini_judge(&m), 1);
    mini_end(&m);
}

static void facts_needed(void **state)
{
    (void)state;
    static const struct {
        unsigned needs;
        size_t fires;
    } rows[] = {{0, 1},
                {NEEDS_ORDER, 1},
                {NEEDS_TOKEN, 1},
                {NEEDS_NAMES, 1},
                {NEEDS_CSR, 0},
                {NEEDS_KEY, 0},
                {NEEDS_USABLE, 0},
                {NEEDS_PRIOR, 0},
                {NEEDS_BATCH, 0},
                {NEEDS_REVOCATION, 0},
                {NEEDS_TOKEN | NEEDS_CSR, 0}};
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct mini m;
        mini_begin(&m);
        mini_rule(&m, ROW(.needs = rows[i].needs));
        assert_int_equal(mini_judge(&m), rows[i].fires);
        mini_end(&m);
    }
}

static void a_broken_rule_blocks_and_hides_nothing(void **state)
{
    (void)state;
    struct mini m;
    struct waiver w = {.id = "W-1", .item = "*", .created = INT64_MIN, .expires = INT64_MAX};
    struct waiver *waivers[] = {&w};
    mini_begin(&m);
    struct active *broken = mini_rule(&m, ROW(.id = "test.broken", .check = breaks));
    struct active *other = mini_rule(&m, ROW(.id = "test.other"));
    broken->base.severity = SEV_INFO; /* lowered by a policy: broken is an error all the same */
    broken->waivers = other->waivers = waivers;
    broken->nwaivers = other->nwaivers = 1;
    assert_int_equal(mini_judge(&m), 2);
    const struct finding *f = must(&m.findings, "test.broken");
    assert_int_equal(f->severity, SEV_ERROR);
    assert_false(f->waived);
    assert_non_null(strstr(f->message, "hit its limit"));
    assert_true(must(&m.findings, "test.other")->waived);
    mini_end(&m);
}

static void not_checked(void **state)
{
    (void)state;
    struct mini m;
    mini_begin(&m);
    mini_rule(&m, ROW(.check = lacks_data));
    assert_int_equal(mini_judge(&m), 1);
    assert_int_equal(m.findings.v[0].severity, SEV_INFO);
    assert_non_null(strstr(m.findings.v[0].message, "not checked: no list"));
    m.profile.require_data = true;
    assert_int_equal(mini_judge(&m), 1);
    assert_int_equal(m.findings.v[0].severity, SEV_ERROR);
    mini_end(&m);
}

static void special_cases_of_a_rule(void **state)
{
    (void)state;
    static const struct {
        enum severity row, asked, set, want;
        bool audit;
    } rows[] = {
        {SEV_ERROR, SEV_DISABLED, SEV_ERROR, SEV_ERROR, false},
        {SEV_ERROR, SEV_WARNING, SEV_ERROR, SEV_WARNING, false}, /* softened by the check */
        {SEV_WARNING, SEV_ERROR, SEV_WARNING, SEV_ERROR, false}, /* sharpened by the check */
        {SEV_WARNING, SEV_ERROR, SEV_INFO, SEV_INFO, false},     /* the policy's word is last */
        {SEV_WARNING, SEV_ERROR, SEV_WARNING, SEV_WARNING, true},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct mini m;
        mini_begin(&m);
        m.profile.audit = rows[i].audit;
        struct active *a = mini_rule(&m, ROW(.severity = rows[i].row, .arg = (int)rows[i].asked));
        a->base.severity = rows[i].set;
        assert_int_equal(mini_judge(&m), 1);
        assert_int_equal(m.findings.v[0].severity, rows[i].want);
        mini_end(&m);
    }
}

/* --- where a finding points --- */

static struct hit here;

static void points(struct rule_run *run)
{
    rule_hit(run, here, "look here");
}

static void places(void **state)
{
    (void)state;
    struct ynode key = {.kind = YAML_SCALAR, .key = "product", .line = 9, .column = 14};
    struct ynode item = {.kind = YAML_MAPPING, .first = &key, .count = 1, .line = 7, .column = 5};
    const struct name_fact in_order = {.text = "a\nb",
                                       .text_n = 3,
                                       .offset = 80,
                                       .views = VIEW_ORDER | VIEW_EFFECTIVE,
                                       .pos = {"m.yaml", 8, 21}};
    const struct name_fact in_csr = {.text = "x", .text_n = 1, .offset = 80, .views = VIEW_CSR};
    struct mini m;
    mini_begin(&m);
    mini_rule(&m, ROW(.check = points, .fix = "mend it", .cite = "BR 7.1"));
    m.subject.node = &item;
    m.subject.csr_file = "csr/www.csr";
    const struct finding *f;

    here = (struct hit){0};
    mini_judge(&m);
    f = &m.findings.v[0];
    assert_string_equal(f->file, "m.yaml");
    assert_int_equal(f->line, 7);
    assert_int_equal(f->offset, -1);
    assert_string_equal(f->item, "www");
    assert_string_equal(f->fix, "mend it");
    assert_string_equal(f->cite, "BR 7.1");
    assert_null(f->value);
    assert_null(f->view);

    here = (struct hit){.key = "product", .value = "844"};
    mini_judge(&m);
    f = &m.findings.v[0];
    assert_int_equal(f->line, 9);
    assert_int_equal(f->column, 14);
    assert_string_equal(f->value, "844");

    here = (struct hit){.name = &in_order};
    mini_judge(&m);
    f = &m.findings.v[0];
    assert_string_equal(f->file, "m.yaml");
    assert_int_equal(f->line, 8);
    assert_string_equal(f->view, "order");
    assert_string_equal(f->value, "a\\x0ab");

    here = (struct hit){.name = &in_csr};
    mini_judge(&m);
    f = &m.findings.v[0];
    assert_string_equal(f->file, "csr/www.csr");
    assert_int_equal(f->line, 0);
    assert_int_equal(f->offset, 80);
    assert_string_equal(f->view, "csr");

    here = (struct hit){.csr_line = 3, .view = VIEW_CSR};
    mini_judge(&m);
    f = &m.findings.v[0];
    assert_string_equal(f->file, "csr/www.csr");
    assert_int_equal(f->line, 3);

    here = (struct hit){.pos = {"m.yaml", 30, 2}, .name = &in_csr};
    mini_judge(&m);
    f = &m.findings.v[0];
    assert_string_equal(f->file, "m.yaml");
    assert_int_equal(f->line, 30);
    mini_end(&m);
}

/* --- waivers on findings --- */

static void waivers_cover(void **state)
{
    (void)state;
    static const char *names[] = {"www.example.com"};
    static const char *others[] = {"api.example.com"};
    static const struct {
        struct waiver w;
        bool waived;
        size_t late;
    } rows[] = {
        {{.item = "w*"}, true, 0},
        {{.item = "x*"}, false, 0},
        {{.names = {.v = names, .n = 1}}, true, 0},
        {{.names = {.v = others, .n = 1}}, false, 0},
        {{.item = "www", .names = {.v = others, .n = 1}}, false, 0},
        {{.serial = "0A1B"}, true, 0},
        {{.serial = "0A1C"}, false, 0},
        {{.spki = "00"}, false, 0},
        {{.item = "w*", .created = 1001}, false, 0},
        {{.item = "w*", .created = 1000}, true, 0},
        {{.item = "w*", .expires = 1001}, true, 0},
        {{.item = "w*", .expires = 1000}, false, 1},
        {{.item = "x*", .expires = 1000}, false, 0},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct mini m;
        struct waiver w;
        struct waiver *list[] = {&w};
        memcpy(&w, &rows[i].w, sizeof w);
        w.id = "W-1";
        w.expires = w.expires ? w.expires : INT64_MAX;
        mini_begin(&m);
        m.subject.order_date = 1000;
        m.subject.serial = "0A1B";
        struct active *a = mini_rule(&m, ROW(.scope = SCOPE_ALL));
        a->waivers = list;
        a->nwaivers = 1;
        assert_int_equal(mini_judge(&m), 1);
        if (m.findings.v[0].waived != rows[i].waived || atomic_load(&w.late) != rows[i].late ||
            atomic_load(&w.used) != rows[i].waived) {
            fail_msg("row %zu", i);
        }
        assert_int_equal(findings_count(&m.findings, SEV_INFO), !rows[i].waived);
        mini_end(&m);
    }
}

/* --- batch rules under several profiles --- */

static void member(struct bench *b, const char *id, const char *profile, struct batch_member *out)
{
    struct subject s = plain_order();
    *out = (struct batch_member){.ticket = "CHG0031337"};
    s.id = id;
    s.profile = profile;
    s.serial = "0A";
    struct findings ignored = FINDINGS_INIT;
    policy_judge(b->policy, &s, &b->scratch, &b->arena, &ignored, out);
    findings_release(&ignored);
    assert_string_equal(out->ticket, "CHG0031337"); /* the caller's fields survive */
}

static const char *items_of(struct bench *b, const char *rule)
{
    char *out = arena_strdup(&b->arena, "");
    for (size_t i = 0; i < b->findings.n; i++) {
        const struct finding *f = &b->findings.v[i];
        if (str_eq(f->rule, rule)) {
            out = arena_printf(&b->arena, "%s%s:%s%s ", out, f->item ? f->item : "-",
                               severity_name(f->severity), f->waived ? "(waived)" : "");
        }
    }
    return out;
}

static void batch_settings(void **state)
{
    (void)state;
    struct bench b;
    struct batch_member m[3];
    bench_begin(&b);
    assert_true(bench_open(
        &b, "certbatch_policy: 1\nname: t\nextends: cabf-tls\n"
            "profiles:\n"
            "  quiet: {rules: {batch.names.duplicate: disabled, batch.count.max: {max: 2}}}\n"
            "  loud: {rules: {batch.names.duplicate: error, batch.count.max: {severity: warning, "
            "max: 2}}}\n"
            "waivers:\n  - {id: W-1, rules: [batch.names.duplicate], match: {item: c}, reason: "
            "until the devices are replaced, ticket: CHG1, approver: a.keller, "
            "created: 2026-10-01, expires: 2027-01-31}\n"));
    /* the same names in all three; each item hears of it as its own profile says */
    member(&b, "a", "quiet", &m[0]);
    member(&b, "b", "loud", &m[1]);
    member(&b, "c", NULL, &m[2]);
    assert_string_equal(m[0].names[0], "dns:www.example.com");
    const int64_t at = plain_order().order_date;
    policy_judge_batch(b.policy, m, 3, "m.yaml", NULL, at, NULL, &b.findings);
    const char *names = items_of(&b, "batch.names.duplicate");
    assert_null(strstr(names, "a:"));
    assert_non_null(strstr(names, "b:error"));
    assert_non_null(strstr(names, "c:warning(waived)"));
    /* about the batch as a whole: once, at the strictest severity that reports it */
    assert_string_equal(items_of(&b, "batch.count.max"), "-:error ");

    m[1].profile = NULL; /* not judged: the settings for all items */
    findings_release(&b.findings);
    policy_judge_batch(b.policy, m, 2, "m.yaml", NULL, at, NULL, &b.findings);
    assert_string_equal(items_of(&b, "batch.names.duplicate"), "b:warning ");

    findings_release(&b.findings);
    policy_judge_batch(b.policy, NULL, 0, "m.yaml", NULL, at, NULL, &b.findings);
    must(&b.findings, "batch.empty"); /* no member, no profile: the settings of the file */
    bench_end(&b);
}

/* --- the table as data --- */

static void check_params(const struct rule *r)
{
    assert_in_range(r->nparams, 0, RULE_PARAMS_MAX);
    for (size_t i = 0; i < r->nparams; i++) {
        const struct param *p = &r->params[i];
        struct policy policy = {0};
        struct param_value v;
        uint64_t n;
        assert_non_null(p->help);
        param_fallback(&policy, p, &v);
        if (p->kind == PARAM_INT) {
            assert_true(str_u64(p->fallback, &n));
            assert_true(v.number >= p->min && (p->max == 0 || v.number <= p->max));
        }
        if (p->kind == PARAM_BOOL) {
            assert_true(str_eq(p->fallback, "true") || str_eq(p->fallback, "false"));
        }
        if (p->kind == PARAM_PATTERNS && p->fallback && *p->fallback) {
            assert_int_equal(v.patterns.n, 1);
        }
        for (size_t k = 0; p->tokens && k < v.strings.n; k++) {
            bool known = false;
            for (size_t t = 0; p->tokens[t]; t++) {
                known |= str_eq(p->tokens[t], v.strings.v[k]);
            }
            assert_true(known);
        }
        for (size_t k = 0; k < policy.nregexes; k++) {
            regex_free(policy.regexes[k]);
        }
        free(policy.regexes);
        arena_release(&policy.arena);
    }
}

static void the_table(void **state)
{
    (void)state;
    assert_true(rule_count() > 100);
    for (size_t i = 0; i < rule_count(); i++) {
        const struct rule *r = rule_at(i);
        int64_t t;
        if (i) {
            assert_true(strcmp(rule_at(i - 1)->id, r->id) < 0); /* sorted, no id twice */
        }
        assert_ptr_equal(rule_find(r->id), r);
        assert_int_equal(rule_index(r), i);
        if (!r->title || !r->why || !r->fix || !r->cite || !r->bad || !r->good) {
            fail_msg("%s lacks a text", r->id);
        }
        assert_true(!r->from || time_parse_date(r->from, &t));
        assert_true(!r->until || time_parse_date(r->until, &t));
        assert_true(r->floor <= r->severity);
        assert_true(r->scope != 0);
        check_params(r);
    }
    assert_null(rule_at(rule_count()));
    assert_null(rule_find("key"));
    assert_null(rule_find(NULL));
}

/* --- many threads, one policy --- */

static struct bench shared;

static void *judge_many(void *arg)
{
    (void)arg;
    struct policy_scratch scratch = {0};
    struct arena keep = ARENA_INIT;
    uintptr_t waived = 0;
    for (int i = 0; i < 200; i++) {
        struct findings list = FINDINGS_INIT;
        struct batch_member member = {0};
        struct subject s = plain_order();
        s.key = "ec-p521";
        policy_judge(shared.policy, &s, &scratch, &keep, &list, &member);
        const struct finding *f = found(&list, "key.type.allowed");
        waived += f && f->waived && str_eq(f->waiver, "W-1") && member.nnames == 1;
        findings_release(&list);
    }
    arena_release(&keep);
    arena_release(&scratch.arena);
    return (void *)waived;
}

static void threads_share_a_policy(void **state)
{
    (void)state;
    pthread_t threads[4];
    uintptr_t waived = 0;
    bench_begin(&shared);
    assert_true(bench_open(
        &shared, "certbatch_policy: 1\nname: t\nextends: cabf-tls\n"
                 "waivers:\n  - {id: W-1, rules: [key.type.allowed], match: {item: www}, "
                 "reason: until the devices are replaced, ticket: CHG1, approver: a.keller, "
                 "created: 2026-10-01, expires: 2027-01-31}\n"));
    for (size_t i = 0; i < NITEMS(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, judge_many, NULL), 0);
    }
    for (size_t i = 0; i < NITEMS(threads); i++) {
        void *got;
        assert_int_equal(pthread_join(threads[i], &got), 0);
        waived += (uintptr_t)got;
    }
    assert_int_equal(waived, 800);
    assert_int_equal(atomic_load(&shared.policy->waivers[0]->used), 800);
    bench_end(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(dates),
        cmocka_unit_test(facts_needed),
        cmocka_unit_test(a_broken_rule_blocks_and_hides_nothing),
        cmocka_unit_test(not_checked),
        cmocka_unit_test(special_cases_of_a_rule),
        cmocka_unit_test(places),
        cmocka_unit_test(waivers_cover),
        cmocka_unit_test(batch_settings),
        cmocka_unit_test(the_table),
        cmocka_unit_test(threads_share_a_policy),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
