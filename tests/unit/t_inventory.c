/* SPDX-License-Identifier: Apache-2.0
 *
 * An inventory: pages, filters, what is written of hostile rows, and the manifest of renewals that
 * comes of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run_fixture.h"

#include "batch/inventory.h"
#include "cmd/inventory.h"

enum { NOW = 1800000000, MAX_ROWS = 12 };

/* What the CA lists, `per_page` rows a page; 0: the embedded CA answers for itself. */
static struct {
    struct ca_listed v[MAX_ROWS];
    size_t n, per_page;
    unsigned fails_at; /* page number that is refused; 0 none */
    unsigned asked;
    int64_t since; /* of the last question */
} script;

static struct config config;
static struct asker asker;
static struct arena arena;
static volatile sig_atomic_t stop;

static void scripted(struct ca *ca, const struct ca_call *call, const struct ca_reply *reply,
                     struct ca_result *out)
{
    uint64_t at = 0;
    faulty_answer(ca, call, reply, out);
    if (call->step != STEP_INVENTORY || !script.per_page) {
        return;
    }
    assert_true(!call->page || str_u64(call->page, &at));
    script.asked++;
    script.since = call->since;
    if (script.asked == script.fails_at) {
        out->outcome = OUTCOME_AUTH;
        out->message = "the key has expired";
        return;
    }
    out->listed = &script.v[at];
    out->nlisted = script.n - at < script.per_page ? script.n - at : script.per_page;
    if (at + out->nlisted < script.n) {
        out->next_page = arena_printf(out->arena, "%llu", (unsigned long long)(at + out->nlisted));
    }
}

static int begin(void **ctx)
{
    struct err err = ERR_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    memset(&script, 0, sizeof script);
    stop = 0;
    assert_int_equal(setup(ctx), 0);
    faulty_ops.answer = scripted;
    assert_true(config_read(&config, "certbatch.yaml", &findings, &err));
    asker = (struct asker){.stop = &stop};
    assert_true(asker_open(&asker, &config.cas[0], config.dir, &err));
    return 0;
}

static int end(void **ctx)
{
    asker_close(&asker);
    config_release(&config);
    arena_release(&arena);
    return teardown(ctx);
}

static void row(const char *name, const char *order, int64_t not_after)
{
    assert_true(script.n < MAX_ROWS);
    script.v[script.n++] = (struct ca_listed){.order_id = order,
                                              .common_name = name,
                                              .serial = "0A",
                                              .product = "tls-server",
                                              .status = "issued",
                                              .ordered = NOW - 100 * DAY_SECONDS,
                                              .not_after = not_after};
    script.per_page = script.per_page ? script.per_page : MAX_ROWS;
}

static const char *seen[MAX_ROWS];
static size_t nseen;

static bool see(void *ctx, const struct ca_listed *r, struct err *err)
{
    (void)ctx;
    (void)err;
    assert_true(nseen < MAX_ROWS);
    seen[nseen++] = arena_strdup(&arena, r->order_id);
    return true;
}

static struct inventory_totals walk(struct inventory_filter filter)
{
    struct inventory_totals totals;
    struct err err = ERR_INIT;
    nseen = 0;
    filter.now = NOW;
    filter.since = filter.since ? filter.since : TIME_NONE;
    if (!inventory_walk(&asker, &filter, see, NULL, &totals, &err)) {
        fail_msg("%s", err.msg);
    }
    return totals;
}

static void every_page(void **ctx UNUSED)
{
    static const char *const ids[] = {"1", "2", "3", "4", "5"};
    for (size_t i = 0; i < NITEMS(ids); i++) {
        row("www.example.com", ids[i], NOW + 1000);
    }
    script.per_page = 2;
    const struct inventory_totals totals = walk((struct inventory_filter){0});
    assert_int_equal(totals.pages, 3);
    assert_int_equal(totals.listed, 5);
    assert_int_equal(totals.shown, 5);
    assert_int_equal(totals.live, 5);
    for (size_t i = 0; i < NITEMS(ids); i++) {
        assert_string_equal(seen[i], ids[i]);
    }
}

static void a_page_that_fails(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    struct inventory_totals totals;
    const struct inventory_filter filter = {.now = NOW, .since = TIME_NONE};
    row("a", "1", NOW + 1000);
    row("b", "2", NOW + 1000);
    script.per_page = 1;
    script.fails_at = 2;
    nseen = 0;
    assert_false(inventory_walk(&asker, &filter, see, NULL, &totals, &err));
    assert_int_equal(err.code, ERR_CA);
    assert_non_null(strstr(err.msg, "the key has expired"));
    assert_int_equal(nseen, 1);
}

static void filters(void **ctx UNUSED)
{
    row("gone", "expired", NOW - 1);
    row("soon", "edge", NOW + 30 * DAY_SECONDS);
    row("late", "beyond", NOW + 30 * DAY_SECONDS + 1);
    row("no", "revoked", NOW + 1000);
    script.v[3].revoked = true;
    row("wait", "none", TIME_NONE);
    script.v[4].serial = NULL;
    struct inventory_totals totals = walk((struct inventory_filter){0});
    assert_int_equal(totals.shown, 5);
    assert_int_equal(totals.expired, 1);
    assert_int_equal(totals.revoked, 1);
    assert_int_equal(totals.empty, 1);
    assert_int_equal(totals.live, 2);
    totals = walk((struct inventory_filter){.ignore_expired = true});
    assert_int_equal(totals.shown, 4);
    assert_string_equal(seen[0], "edge");
    totals = walk((struct inventory_filter){.expiring = 30 * DAY_SECONDS});
    assert_int_equal(totals.shown, 1);
    assert_string_equal(seen[0], "edge");
    assert_int_equal(totals.listed, 5);
}

/* From the start of the day; that the CA's own day may begin earlier is the connector's matter. */
static void since_a_day(void **ctx UNUSED)
{
    row("a", "1", NOW + 1000);
    (void)walk((struct inventory_filter){0});
    assert_int_equal(script.since, 0);
    (void)walk((struct inventory_filter){.since = NOW});
    assert_int_equal(script.since, NOW - NOW % DAY_SECONDS);
    assert_int_not_equal(script.since, NOW);
}

/* --- what is written --- */
static bool to_buf(void *ctx, struct span bytes, struct err *err)
{
    (void)err;
    buf_add(ctx, bytes.p, bytes.n);
    return true;
}

static void printed(const char *format, struct buf *out)
{
    struct err err = ERR_INIT;
    struct inventory_print p;
    const struct inventory_filter filter = {.now = NOW, .since = TIME_NONE};
    const struct inventory_totals totals = {.listed = script.n};
    inventory_print_begin(&p, format, &config.cas[0], &filter, to_buf, out);
    for (size_t i = 0; i < script.n; i++) {
        assert_true(inventory_print_row(&p, &script.v[i], &err));
    }
    assert_true(inventory_print_end(&p, &totals, &err));
    inventory_print_release(&p);
}

static void hostile_cells(void **ctx UNUSED)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf csv = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf json = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf table = BUF_INIT(1 << 20);
    row("=HYPERLINK(1)", "1", NOW);
    row("a,\"b\"\nc\x1b[31m", "2", TIME_NONE);
    printed("csv", &csv);
    assert_non_null(strstr(buf_text(&csv), ",'=HYPERLINK(1),"));
    assert_non_null(strstr(buf_text(&csv), "\"a,\"\"b\"\"\nc"));
    printed("json", &json);
    CLEANUP(json_tree_release) json_t *tree = json_parse("x", buf_text(&json), json.n, &err);
    assert_non_null(tree);
    const json_t *orders = json_get(tree, "orders");
    assert_int_equal(json_array_size(orders), 2);
    assert_string_equal(json_get_str(json_array_get(orders, 0), "common_name"), "=HYPERLINK(1)");
    assert_true(json_is_null(json_get(json_array_get(orders, 1), "not_after")));
    assert_int_equal(json_get_int(json_get(tree, "counts"), "listed", -1), 2);
    printed("table", &table);
    assert_null(strchr(buf_text(&table), '\x1b'));
}

/* A column that nobody fills is not there; no line ends in blanks. */
static void table_columns(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf without = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf with = BUF_INIT(1 << 20);
    row("a.example.com", "1", NOW);
    row("bb.example.com", "22", NOW);
    script.v[0].product = script.v[1].product = NULL;
    printed("table", &without);
    assert_string_equal(buf_text(&without),
                        "ORDER  NAME            STATUS  ORDERED     NOT AFTER   SERIAL\n"
                        "1      a.example.com   issued  2026-10-07  2027-01-15  0A\n"
                        "22     bb.example.com  issued  2026-10-07  2027-01-15  0A\n");
    script.v[1].organization = "Example Corp";
    printed("table", &with);
    assert_non_null(strstr(buf_text(&with), "SERIAL  ORGANIZATION\n"));
    assert_non_null(strstr(buf_text(&with), "0A      -\n"));
    assert_non_null(strstr(buf_text(&with), "0A      Example Corp\n"));
    assert_null(strstr(buf_text(&with), " \n"));
}

/* --- renewals --- */
static struct renewals_totals renewed(int64_t now, int64_t expiring, struct buf *out)
{
    struct err err = ERR_INIT;
    struct inventory_totals walked;
    struct renewals_totals totals;
    const struct inventory_filter filter = {.now = now, .since = TIME_NONE};
    const struct renewals_options o = {.config = &config.cas[0], .now = now, .expiring = expiring};
    CLEANUP(renewals_release) struct renewals r = RENEWALS_INIT;
    r.now = now;
    if (!inventory_walk(&asker, &filter, renewals_add, &r, &walked, &err) ||
        !renewals_write(&r, &asker, &o, to_buf, out, &totals, &err)) {
        fail_msg("%s", err.msg);
    }
    return totals;
}

/* As `lint` reads it: no finding about its shape. */
static void read_back(struct manifest *m, const struct buf *text)
{
    struct err err = ERR_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    const bool ok = manifest_read_text(m, "r.batch.yaml", buf_span(text), &findings, &err);
    for (size_t i = 0; i < findings.n; i++) {
        fail_msg("%u: %s\n%s", findings.v[i].line, findings.v[i].message, buf_text(text));
    }
    assert_true(ok);
}

static const struct order *order_at(const struct manifest *m, size_t i)
{
    return &((const struct order *)m->orders.v)[i];
}

static void of_real_certificates(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    struct manifest m;
    const bool ran =
        run("certbatch: 1\nname: b\nca: lab\npolicy: [private]\n"
            "change: {ticket: CHG0000001, type: standard, requested_by: ops@corp.example.com, "
            "approved_by: lead@corp.example.com}\n"
            "orders:\n"
            "  - {id: a, common_name: a.corp.example.com, key: rsa-2048, product: tls-server,\n"
            "     validity: 30d, san: [a.corp.example.com, b.corp.example.com, ip:192.0.2.7],\n"
            "     subject: {organization: \"Say \\\"Hi\\\" Corp\", country: \"NO\"}}\n");
    if (!ran) {
        fail_msg("%s %s", t.err.msg, t.findings.n ? t.findings.v[0].message : "");
    }
    const struct renewals_totals totals = renewed(time_now(), 0, &text);
    assert_int_equal(totals.items, 1);
    assert_int_equal(totals.fetched, 1);
    read_back(&m, &text);
    assert_int_equal(m.orders.n, 1);
    const struct order *o = order_at(&m, 0);
    assert_string_equal(o->id, "a.corp.example.com");
    assert_int_equal(o->action, ACTION_RENEW);
    assert_true(str_starts(o->replaces->order, "L-"));
    assert_string_equal(o->product, "tls-server");
    assert_int_equal(o->key, KEY_RSA_2048);
    assert_string_equal(o->common_name, "a.corp.example.com");
    assert_int_equal(o->san.n, 3);
    assert_string_equal(o->san.v[2], "ip:192.0.2.7");
    assert_string_equal(o->subject->organization, "Say \"Hi\" Corp");
    assert_string_equal(o->subject->country, "NO");
    assert_string_equal(m.ca, "lab");
    assert_non_null(m.change);
    assert_non_null(strstr(buf_text(&text), ", was issued for 30d\n"));
    assert_true(name_is_safe(m.name));
    manifest_release(&m);
}

/* It is listed under its first name, which does not become a common name. */
static void without_common_name(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    struct manifest m;
    assert_true(run("certbatch: 1\nname: b\nca: lab\npolicy: [private]\n"
                    "change: {ticket: CHG0000001, type: standard, requested_by: ops@example.com}\n"
                    "orders:\n"
                    "  - {id: a, key: ec-p256, product: tls-server, validity: 30d,\n"
                    "     san: [\"ip:192.0.2.7\"]}\n"));
    assert_int_equal(renewed(time_now(), 0, &text).fetched, 1);
    read_back(&m, &text);
    assert_string_equal(order_at(&m, 0)->id, "192.0.2.7");
    assert_null(order_at(&m, 0)->common_name);
    assert_string_equal(order_at(&m, 0)->san.v[0], "ip:192.0.2.7");
    manifest_release(&m);
}

static void nothing_to_renew(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    row("gone", "1", NOW - 1);
    row("no", "2", NOW + 1000);
    script.v[1].revoked = true;
    assert_int_equal(renewed(NOW, 0, &text).items, 0);
    assert_int_equal(text.n, 0);
}

/* Names that are not ids, ids that collide, text that is not YAML; no certificate can be had. */
static void of_hostile_rows(void **ctx UNUSED)
{
    static const char *const names[] = {
        "*.example.com",
        "wildcard.example.com",
        "www example",
        "www-example",
        "-x",
        "a\"b\\c: {d}\n# e",
        "\xE2\x80\xAEmoc.elpmaxe",
        "averyveryveryveryveryveryveryveryveryveryveryveryveryverylongname.example.com"};
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    struct manifest m;
    for (size_t i = 0; i < NITEMS(names); i++) {
        row(names[i], "L-00000000000000000000000000000001", NOW + 1000);
    }
    script.v[1].product = NULL;
    script.v[2].product = "0842";
    const struct renewals_totals totals = renewed(NOW, 0, &text);
    assert_int_equal(totals.items, NITEMS(names));
    assert_int_equal(totals.fetched, 0);
    read_back(&m, &text);
    assert_int_equal(m.orders.n, NITEMS(names));
    for (size_t i = 0; i < m.orders.n; i++) {
        assert_true(name_is_safe(order_at(&m, i)->id));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(order_at(&m, i)->id, order_at(&m, k)->id);
        }
        if (str_eq(order_at(&m, i)->common_name, names[2])) {
            assert_string_equal(order_at(&m, i)->product, "0842"); /* keeps its zero */
        }
    }
    assert_non_null(strstr(buf_text(&text), "CHECK THE NAMES"));
    assert_int_equal(faulty.polls, 3); /* then it is not asked again */
    manifest_release(&m);
}

static void renewed_already(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    struct manifest m;
    row("www.example.com", "L-1", NOW + 10 * DAY_SECONDS);
    row("www.example.com", "L-2", NOW + 190 * DAY_SECONDS);
    row("api.example.com", "L-3", NOW + 10 * DAY_SECONDS);
    const struct renewals_totals totals = renewed(NOW, 30 * DAY_SECONDS, &text);
    assert_int_equal(totals.items, 2);
    assert_int_equal(totals.maybe_done, 1);
    assert_non_null(strstr(buf_text(&text), "renewed already? order L-2"));
    read_back(&m, &text);
    assert_string_equal(order_at(&m, 0)->replaces->order, "L-3");
    assert_string_equal(order_at(&m, 1)->replaces->order, "L-1");
    manifest_release(&m);
}

static void same_names(void **ctx UNUSED)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    struct manifest m;
    row("www.example.com", "L-1", NOW + 10);
    row("www.example.com", "L-2", NOW + 10);
    row("www.example.com", NULL, NOW + 10);
    assert_int_equal(renewed(NOW, 0, &text).items, 3);
    read_back(&m, &text);
    assert_string_equal(order_at(&m, 0)->id, "www.example.com");
    assert_string_equal(order_at(&m, 0)->replaces->serial, "0A");
    assert_string_equal(order_at(&m, 1)->id, "www.example.com_2");
    assert_string_equal(order_at(&m, 2)->id, "www.example.com_3");
    manifest_release(&m);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(since_a_day),      T(every_page),      T(a_page_that_fails),    T(filters),
        T(hostile_cells),    T(table_columns),   T(of_real_certificates), T(without_common_name),
        T(nothing_to_renew), T(of_hostile_rows), T(renewed_already),      T(same_names),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
