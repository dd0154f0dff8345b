/* SPDX-License-Identifier: Apache-2.0
 *
 * batch/plan.h: actions and what blocks them, what the digest binds, plan files read back, and
 * the digest as other programs compute it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch_fixture.h"

#include "batch/plan.h"

static const struct plan_item *planned(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq(p->v[i].item->id, id)) {
            return &p->v[i];
        }
    }
    fail_msg("no item %s in the plan", id);
    return NULL;
}

static void make(struct fixture *f, const struct history *h, struct plan *p)
{
    struct err err = ERR_INIT;
    if (!plan_make(&f->batch, &f->findings, h, 2, p, &err)) {
        fail_msg("%s", err.msg);
    }
}

/* A finding as policy would report it. */
static void add(struct fixture *f, const char *item, enum severity severity, bool waived)
{
    findings_add(&f->findings, &(struct finding){.rule = "test.rule",
                                                 .severity = severity,
                                                 .item = item,
                                                 .waived = waived,
                                                 .offset = -1,
                                                 .message = "because of the test"});
}

static const char everything[] =
    "ca: lab\norders:\n"
    "  - {id: new, common_name: new.example.com, san: [new.example.com, B.example.com, "
    "b.example.com, \"ip:192.0.2.7\"], validity: 90d}\n"
    "  - {id: near, action: renew, replaces: {certificate: near.pem}}\n"
    "  - {id: far, action: renew, replaces: {certificate: far.pem}}\n"
    "  - {id: csr, csr: a.csr, product: ov}\n"
    "revocations:\n"
    "  - {id: gone, certificate: near.pem, reason: superseded, after: near}\n"
    "  - {id: alone, serial: \"0A\", reason: keyCompromise}\n";

static void begin(struct fixture *f)
{
    fixture_begin(f);
    int64_t now = time_now();
    fixture_certificate(f, "near.pem", KEY_EC_P256, now - DAY_SECONDS, now + 30LL * DAY_SECONDS);
    fixture_certificate(f, "far.pem", KEY_EC_P256, now - DAY_SECONDS, now + 300LL * DAY_SECONDS);
    fixture_csr(f, "a.csr", "a.example.com");
}

static void actions(void **state UNUSED)
{
    struct fixture f;
    struct plan p;
    begin(&f);
    fixture_open(&f, everything);
    make(&f, NULL, &p);
    static const struct {
        const char *id;
        enum plan_action action;
        const char *why;
    } rows[] = {
        {"new", PLAN_ORDER, "new order"},    {"near", PLAN_RENEW, "inside the 90-day window"},
        {"far", PLAN_REISSUE, "outside"},    {"csr", PLAN_ORDER, "new order"},
        {"gone", PLAN_REVOKE, "superseded"}, {"alone", PLAN_REVOKE, "keyCompromise"},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        const struct plan_item *item = planned(&p, rows[i].id);
        assert_int_equal(item->action, rows[i].action);
        assert_non_null(strstr(item->why, rows[i].why));
    }
    assert_int_equal(p.counts[PLAN_ORDER], 2);
    assert_int_equal(p.counts[PLAN_REVOKE], 2);
    assert_int_equal(p.counts[PLAN_BLOCKED] + p.counts[PLAN_KEEP], 0);
    const char **names = planned(&p, "new")->names;
    static const char *const expected[] = {"dns:b.example.com", "dns:new.example.com",
                                           "ip:192.0.2.7"};
    for (size_t i = 0; i < NITEMS(expected); i++) {
        assert_string_equal(names[i], expected[i]);
    }
    assert_null(names[NITEMS(expected)]);
    assert_string_equal(planned(&p, "csr")->names[0], "dns:a.example.com");
    assert_string_equal(planned(&p, "csr")->key, "ec-p256");
    assert_string_equal(planned(&p, "gone")->common_name, "www.example.com");
    plan_release(&p);
    fixture_end(&f);
}

static void what_blocks(void **state UNUSED)
{
    struct fixture f;
    struct plan p;
    begin(&f);
    static const struct {
        const char *item;
        enum severity severity;
        bool waived;
        size_t blocked;
    } rows[] = {
        {"new", SEV_ERROR, false, 1},   {"new", SEV_ERROR, true, 0},
        {"new", SEV_WARNING, false, 0}, {"near", SEV_ERROR, false, 2}, /* and its revocation */
        {NULL, SEV_ERROR, false, 6},    {NULL, SEV_WARNING, false, 0},
        {NULL, SEV_ERROR, true, 0},     {"stranger", SEV_WARNING, false, 0},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        fixture_open(&f, everything);
        add(&f, rows[i].item, rows[i].severity, rows[i].waived);
        make(&f, NULL, &p);
        if (p.counts[PLAN_BLOCKED] != rows[i].blocked) {
            fail_msg("row %zu: %zu blocked", i, p.counts[PLAN_BLOCKED]);
        }
        if (rows[i].blocked == 2) {
            assert_non_null(strstr(planned(&p, "near")->why, "test.rule: because of the test"));
            assert_non_null(strstr(planned(&p, "gone")->why, "waits for order near"));
        }
        plan_release(&p);
    }
    fixture_open(&f, "ca: lab\norders:\n  - {id: bad, csr: none.csr}\n");
    make(&f, NULL, &p);
    assert_int_equal(planned(&p, "bad")->action, PLAN_BLOCKED);
    assert_non_null(strstr(planned(&p, "bad")->why, "manifest.file.missing"));
    plan_release(&p);
    fixture_end(&f);
}

/* The item record of a journal; the state is set by the test itself. */
static struct item_record *record_item(struct history *h, const char *id, const char *kind)
{
    struct err err = ERR_INIT;
    CLEANUP(json_tree_release) json_t *fields = json_pack("{s:s}", "kind", kind);
    const struct journal_record r = {.seq = 2 + h->n,
                                     .ev = "item",
                                     .item = id,
                                     .t = "2026-11-21T12:00:00.000Z",
                                     .fields = fields};
    if (!history_add(h, &r, &err)) {
        fail_msg("%s", err.msg);
    }
    return history_item(h, id);
}

static void finished_items_are_kept(void **state UNUSED)
{
    struct fixture f;
    struct plan p;
    begin(&f);
    fixture_open(&f, everything);
    CLEANUP(history_release) struct history h = HISTORY_INIT;
    record_item(&h, "new", "order")->state = STATE_ISSUED;
    history_item(&h, "new")->serial = "0B";
    record_item(&h, "near", "order")->state = STATE_PENDING;
    record_item(&h, "alone", "revocation")->state = STATE_REVOKED;
    add(&f, "new", SEV_ERROR, false); /* a finding of today does not undo what is done */
    make(&f, &h, &p);
    assert_int_equal(planned(&p, "new")->action, PLAN_KEEP);
    assert_string_equal(planned(&p, "new")->why, "issued already, serial 0B");
    assert_int_equal(planned(&p, "near")->action, PLAN_RENEW);
    assert_int_equal(planned(&p, "alone")->action, PLAN_KEEP);
    plan_release(&p);
    fixture_end(&f);
}

static void digest_of(struct fixture *f, char out[SHA256_HEX])
{
    struct plan p;
    make(f, NULL, &p);
    memcpy(out, p.digest, SHA256_HEX);
    plan_release(&p);
}

static void digest_binds(void **state UNUSED)
{
    struct fixture f;
    char first[SHA256_HEX];
    char other[SHA256_HEX];
    begin(&f);
    fixture_open(&f, everything);
    digest_of(&f, first);
    fixture_open(&f, everything);
    digest_of(&f, other);
    assert_string_equal(first, other);
    fixture_csr(&f, "a.csr", "a.example.com"); /* another key, nothing else */
    fixture_open(&f, everything);
    digest_of(&f, other);
    assert_string_not_equal(first, other);
    memcpy(first, other, sizeof first);
    fixture_text(&f, "certbatch.yaml",
                 "certbatch_config: 1\ncas:\n"
                 "  lab: {type: local, directory: elsewhere}\n");
    fixture_open(&f, everything);
    digest_of(&f, other); /* another endpoint */
    assert_string_not_equal(first, other);
    fixture_end(&f);
}

static char *write_plan(struct fixture *f, struct plan *p, const char *name)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf json = BUF_INIT(1 << 20);
    make(f, NULL, p);
    assert_true(plan_json(&f->batch, p, &json, &err));
    fixture_file(f, name, buf_span(&json));
    return path_join(&f->arena, f->dir, name);
}

static void files_read_back(void **state UNUSED)
{
    struct fixture f;
    struct plan p;
    struct plan_file file;
    struct err err = ERR_INIT;
    begin(&f);
    fixture_open(&f, everything);
    const char *path = write_plan(&f, &p, "plan.json");
    if (!plan_read(path, &file, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_string_equal(file.digest, p.digest);
    assert_string_equal(file.manifest, f.options.manifest);
    assert_string_equal(file.manifest_sha256, f.batch.manifest.sha256);
    assert_string_equal(file.policy_sha256, policy_digest(f.batch.policy));
    assert_false(file.simulate);
    assert_true(plan_still(&file, &f.batch, &p, &err));
    plan_release(&p);

    /* the same digest by other means */
    char *command = arena_printf(
        &f.arena,
        "cd %s && /usr/bin/python3 -c \"import json,hashlib; p=json.load(open('plan.json')); "
        "d=p.pop('digest'); del p['as_of'], p['manifest']; assert hashlib.sha256(json.dumps(p, "
        "sort_keys=True, separators=(',',':'), ensure_ascii=False).encode()).hexdigest()==d\"",
        f.dir);
    assert_int_equal(system(command), 0);

    fixture_csr(&f, "a.csr", "a.example.com");
    fixture_open(&f, everything);
    make(&f, NULL, &p);
    assert_false(plan_still(&file, &f.batch, &p, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_non_null(strstr(err.msg, "CSR"));
    plan_release(&p);
    fixture_open(&f, "ca: lab\norders:\n  - {id: one, common_name: a.example.com}\n");
    make(&f, NULL, &p);
    assert_false(plan_still(&file, &f.batch, &p, &err));
    assert_non_null(strstr(err.msg, "the manifest is no longer"));
    plan_release(&p);
    plan_file_release(&file);
    fixture_end(&f);
}

static void bad_files_are_refused(void **state UNUSED)
{
    struct fixture f;
    struct plan p;
    begin(&f);
    fixture_open(&f, everything);
    (void)write_plan(&f, &p, "plan.json");
    plan_release(&p);
    static const struct {
        const char *edit;
        enum err_code code;
        const char *says;
    } rows[] = {
        {"s/: \"order\"/: \"revoke\"/", ERR_REFUSED, "was changed"},
        {"s/b.example.com/c.example.com/", ERR_REFUSED, "was changed"},
        {"s/\"digest\": \"\\(.\\)/\"digest\": \"z\\1/", ERR_INPUT, "not a plan"},
        {"s/\"batch\"/\"digest\": \"x\", \"batch\"/", ERR_INPUT, ""},
        {"s/manifest_sha256/manifest_sha/", ERR_INPUT, "not a plan"},
        {"$d", ERR_INPUT, ""},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        struct plan_file file;
        struct err err = ERR_INIT;
        assert_int_equal(system(arena_printf(&f.arena, "sed '%s' %s/plan.json >%s/bad.json",
                                             rows[i].edit, f.dir, f.dir)),
                         0);
        if (plan_read(path_join(&f.arena, f.dir, "bad.json"), &file, &err)) {
            fail_msg("row %zu was read", i);
        }
        assert_int_equal(err.code, rows[i].code);
        assert_non_null(strstr(err.msg, rows[i].says));
        plan_file_release(&file);
    }
    struct plan_file file;
    struct err err = ERR_INIT;
    assert_false(plan_read(path_join(&f.arena, f.dir, "none.json"), &file, &err));
    assert_int_equal(err.code, ERR_INPUT);
    fixture_end(&f);
}

static void text_for_people(void **state UNUSED)
{
    struct fixture f;
    struct plan p;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    begin(&f);
    fixture_open(&f, everything);
    add(&f, "csr", SEV_ERROR, false);
    make(&f, NULL, &p);
    plan_text(&f.batch, &p, &text);
    static const char *const parts[] = {
        "Plan for test: 1 to order, 1 to renew, 1 to reissue, 2 to revoke, 1 blocked.",
        "new.example.com +2",
        "test.rule: because of the test",
    };
    for (size_t i = 0; i < NITEMS(parts); i++) {
        if (!strstr(buf_text(&text), parts[i])) {
            fail_msg("no \"%s\" in\n%s", parts[i], buf_text(&text));
        }
    }
    assert_non_null(strstr(buf_text(&text), p.digest));
    plan_release(&p);
    fixture_open(&f, "ca: lab\norders: []\n");
    make(&f, NULL, &p);
    buf_reset(&text);
    plan_text(&f.batch, &p, &text);
    assert_non_null(strstr(buf_text(&text), "nothing to do"));
    plan_release(&p);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions),
        cmocka_unit_test(what_blocks),
        cmocka_unit_test(finished_items_are_kept),
        cmocka_unit_test(digest_binds),
        cmocka_unit_test(files_read_back),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(text_for_people),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
