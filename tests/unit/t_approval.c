/* SPDX-License-Identifier: Apache-2.0
 *
 * Approvals of a plan: which count, which do not and why; what a policy demands; what the journal
 * keeps of them and of an override. Signatures are made by the openssl program.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "seal_fixture.h"

#include "batch/approval.h"
#include "batch/bundle.h"
#include "batch/record.h"
#include "batch/report.h"
#include "formats/base/json_in.h"
#include "policy/rules_change.h"

#define PLAN "{\"batch\": \"x\"}\n"

static struct span text_span(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static void must(bool ok, const struct err *err)
{
    if (!ok) {
        fail_msg("%s", err->msg);
    }
}

/* CN and mail address of who signs; the key is called `name`. */
static void person(const char *name, const char *key, const char *cn, const char *mail)
{
    struct arena *a = &pki.arena;
    const char *ext =
        arena_printf(a, PKI_SIGNER "%s%s\n", mail ? "subjectAltName=email:" : "", mail ? mail : "");
    const char *exts = temp_write(a, pki.dir, arena_printf(a, "%s.ext", name),
                                  (struct span){(const uint8_t *)ext, strlen(ext)});
    const char *csr = pki_path(&pki, arena_printf(a, "%s.csr", name));
    const char *key_path = pki_path(&pki, arena_printf(a, "%s.key", key));
    if (str_eq(name, key)) {
        OPENSSL(&pki, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                key_path);
    }
    OPENSSL(&pki, "req", "-new", "-key", key_path, "-subj",
            cn ? arena_printf(a, "/O=Example/CN=%s", cn) : "/O=Example", "-out", csr);
    OPENSSL(&pki, "x509", "-req", "-in", csr, "-CA", pki_path(&pki, "root.pem"), "-CAkey",
            pki_path(&pki, "root.key"), "-CAcreateserial", "-days", "30", "-extfile", exts, "-out",
            pki_path(&pki, arena_printf(a, "%s.pem", name)));
}

static int set_up(void **unused)
{
    (void)unused;
    pki_make(&pki);
    person("ortiz", "ortiz", "Maria Ortiz", "m.ortiz@example.com");
    person("ortiz-2", "ortiz-2", "M. Ortiz", "m.ortiz@example.com");
    person("ortiz-key", "ortiz", "Somebody Else", "else@example.com");
    person("keller", "keller", "Anna Keller", NULL);
    person("singh", "singh", "A. Singh", "A.Singh@example.com");
    person("unnamed", "unnamed", NULL, NULL);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    pki_remove(&pki);
    return 0;
}

/* name's approval of text, made by openssl */
static void add(struct approval_files *files, const char *name, const char *text, int64_t at)
{
    struct err err = ERR_INIT;
    struct arena *a = &pki.arena;
    const char *plan = temp_write(a, pki.dir, "plan.json", text_span(text));
    const char *out = pki_path(&pki, arena_printf(a, "%zu-%s.p7s", files->n, name));
    OPENSSL(&pki, "cms", "-sign", "-binary", "-cades", "-in", plan, "-signer",
            pki_path(&pki, arena_printf(a, "%s.pem", name)), "-inkey",
            pki_path(&pki, arena_printf(a, "%s.key", str_eq(name, "ortiz-key") ? "ortiz" : name)),
            "-outform", "DER", "-out", out);
    must(approvals_read(files, out, at, &err), &err);
}

/* One file after the other: "" counts, else a piece of the reason. */
static void expect(const struct policy_approvals *policy, const char *requester, int64_t at,
                   const char *const names[], const char *const reasons[])
{
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(approvals_release) struct approval_files files = {0};
    const struct approval_need need = {.policy = policy, .requester = requester};
    struct approval v[8];
    size_t want = 0, n = 0;
    for (; names[n]; n++) {
        add(&files, names[n], PLAN, at);
        want += !*reasons[n];
    }
    assert_int_equal(approvals_judge(&a, text_span(PLAN), &files, &need, v), want);
    for (size_t i = 0; i < n; i++) {
        if (!*reasons[i]) {
            assert_null(v[i].refused);
            assert_int_equal(strlen(v[i].certificate_sha256), SHA256_HEX - 1);
            assert_true(v[i].signed_at > time_now() - 3600 && v[i].signed_at <= time_now());
        } else if (!v[i].refused || !strstr(v[i].refused, reasons[i])) {
            fail_msg("%s: %s, not %s", names[i], v[i].refused, reasons[i]);
        }
    }
}
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct policy_approvals demand(const char *anchors, const struct strlist *approvers)
{
    struct span pem = pki_file(&pki, anchors);
    return (struct policy_approvals){.count = 2,
                                     .approvers = approvers,
                                     .trusted =
                                         arena_strndup(&pki.arena, (const char *)pem.p, pem.n)};
}

static void distinct_people(void **unused)
{
    (void)unused;
    const struct strlist none = {0};
    struct policy_approvals d = demand("root.pem", &none);
    expect(&d, NULL, time_now(), NAMES("ortiz", "keller"), NAMES("", ""));
    expect(&d, NULL, time_now(), NAMES("ortiz", "ortiz"), NAMES("", "same key as"));
    expect(&d, NULL, time_now(), NAMES("ortiz", "ortiz-2"), NAMES("", "approved already by"));
    expect(&d, NULL, time_now(), NAMES("ortiz", "ortiz-key"), NAMES("", "same key as"));
    expect(&d, NULL, time_now(), NAMES("unnamed", "keller"), NAMES("names nobody", ""));
    /* case does not make another person of the requester */
    expect(&d, "a.singh@example.com", time_now(), NAMES("singh", "ortiz"),
           NAMES("requested the change", ""));
    expect(&d, "anna keller", time_now(), NAMES("keller"), NAMES("requested the change"));
}

static void listed_people(void **unused)
{
    (void)unused;
    const char *names[] = {"m.ortiz@example.com", "Anna Keller"};
    const struct strlist list = {.v = names, .n = 2};
    struct policy_approvals d = demand("root.pem", &list);
    expect(&d, NULL, time_now(), NAMES("keller", "singh", "ortiz"),
           NAMES("", "not one of the approvers", ""));
    expect(&d, NULL, time_now(), NAMES("ortiz-2", "ortiz"), NAMES("", "approved already by"));
}

static void trust_and_time(void **unused)
{
    (void)unused;
    const struct strlist none = {0};
    struct policy_approvals d = demand("other.pem", &none);
    expect(&d, NULL, time_now(), NAMES("ortiz"), NAMES("certificate of the signer"));
    d = demand("ortiz.pem", &none); /* the very certificate is an anchor too */
    expect(&d, NULL, time_now(), NAMES("ortiz", "keller"), NAMES("", "certificate of the signer"));
    d = demand("root.pem", &none);
    expect(&d, NULL, time_now() + 40 * DAY_SECONDS, NAMES("ortiz"), NAMES("expired"));
    d.trusted = NULL;
    expect(&d, NULL, time_now(), NAMES("ortiz"), NAMES("does not say"));
}

static void other_bytes(void **unused)
{
    (void)unused;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(approvals_release) struct approval_files files = {0};
    const struct strlist none = {0};
    const struct policy_approvals d = demand("root.pem", &none);
    const struct approval_need need = {.policy = &d};
    struct approval v[2];
    add(&files, "ortiz", PLAN " ", time_now());
    add(&files, "keller", PLAN, time_now());
    files.v[1].der.n--;
    assert_int_equal(approvals_judge(&a, text_span(PLAN), &files, &need, v), 0);
    assert_non_null(strstr(v[0].refused, "not over the bytes of this plan"));
    assert_non_null(strstr(v[1].refused, "not a CMS signature"));
}

/* --- what a policy demands --- */

static struct policy *policy_of(struct arena *a, const char *rules, struct findings *findings)
{
    struct err err = ERR_INIT;
    struct policy *p = NULL;
    const char *text =
        arena_printf(a, "certbatch_policy: 1\nname: x\nextends: [private]\n%s", rules);
    const char *path = temp_write(a, pki.dir, "x.policy.yaml", text_span(text));
    const struct policy_source source = {.name = path, .base = "."};
    return policy_open(&p, &source, 1, NULL, 0, findings, &err) ? p : NULL;
}

static void demands(void **unused)
{
    (void)unused;
    static const struct {
        const char *rules;
        size_t n, most;
        bool override;
    } rows[] = {
        {"", 0, 0, true},
        {"rules:\n  change.approvals.min: {count: 2, trusted: [root.pem]}\n", 1, 2, true},
        {"rules:\n  change.approvals.min: {count: 2, trusted: [root.pem], steps: [{from: "
         "2020-01-01, count: 0}]}\n",
         1, 2, true},
        {"rules:\n  change.approvals.min: {count: 1, trusted: [root.pem], steps: [{from: "
         "2020-01-01, count: 3}]}\n",
         2, 3, true},
        {"rules:\n  batch.ticket.window: {override: false}\n", 0, 0, false},
        {"rules:\n  batch.ticket.window: {severity: disabled, override: false}\n", 0, 0, false},
    };
    for (size_t i = 0; i < NITEMS(rows); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(findings_release) struct findings f = FINDINGS_INIT;
        struct policy_approvals d[POLICY_DEMANDS];
        struct policy *p = policy_of(&a, rows[i].rules, &f);
        assert_non_null(p);
        size_t n = policy_approvals(p, NULL, time_now(), d), most = 0;
        for (size_t k = 0; k < n; k++) {
            most = d[k].count > most ? d[k].count : most;
            assert_non_null(strstr(d[k].trusted, "-----BEGIN CERTIFICATE-----"));
        }
        assert_int_equal(n, rows[i].n);
        assert_int_equal(most, rows[i].most);
        assert_int_equal(policy_may_override_window(p, NULL, time_now()), rows[i].override);
        policy_free(p);
    }
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    CLEANUP(findings_release) struct findings f = FINDINGS_INIT;
    assert_null(policy_of(&a, "rules:\n  " APPROVALS_RULE ": disabled\n", &f));
}

/* --- the journal and the reports --- */

static void add_head(struct history *h, const struct history_head *head, bool good)
{
    assert_int_equal(history_head(h, head), good);
}

/* None of the reports speaks of who approved an earlier plan. */
static void only_of_this_plan(const struct history *h)
{
    struct report r;
    struct err err = ERR_INIT;
    must(report_open(&r, h, NULL, &err), &err);
    for (size_t i = 0; i < report_formats_count; i++) {
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
        must(report_formats[i].write(&r, report_to_buf, &out, &err), &err);
        if (!report_formats[i].binary) {
            assert_non_null(strstr(buf_text(&out), "m.ortiz@example.com"));
            assert_null(strstr(buf_text(&out), "of.old@example.com"));
        }
    }
    report_release(&r);
}

static void records(void **unused)
{
    (void)unused;
    char sha[SHA256_HEX], old[SHA256_HEX];
    struct history h = HISTORY_INIT;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
    CLEANUP(buf_release) struct buf json = BUF_INIT(1 << 16);
    struct err err = ERR_INIT;
    sha256_hex("x", 1, sha);
    struct history_head open = {
        .ev = "open", .t = "2026-11-21T10:00:00Z", .batch = "b", .seq = 1, .digest = sha};
    struct record item = {.ev = "item", .item = "a", .kind = "order", RECORD_NONE};
    struct history_head approval = {.ev = "approval",
                                    .t = "2026-11-21T10:00:00Z",
                                    .seq = 2,
                                    .digest = sha,
                                    .plan_sha256 = sha,
                                    .certificate_sha256 = sha,
                                    .approver = "m.ortiz@example.com"};
    struct history_head override = {.ev = "override",
                                    .t = "2026-11-21T10:00:01Z",
                                    .seq = 3,
                                    .kind = "window",
                                    .what = "the window was overridden",
                                    .reason = "outage \x1b[31m",
                                    .user = "root (0)"};
    sha256_hex("old", 3, old);
    add_head(&h, &open, true);
    add_head(&h, &approval, true);
    add_head(&h, &override, true);
    approval.seq = 4;
    approval.digest = old;
    approval.approver = "of.old@example.com";
    add_head(&h, &approval, true);
    assert_int_equal(h.approvals.n, 2);
    must(history_apply(&h, &item, 1795000000, &err), &err);
    only_of_this_plan(&h);
    assert_int_equal(h.exceptions.n, 1);
    assert_int_equal(h.last_seq, 4);
    report_text(&h, &text);
    assert_true(str_starts(buf_text(&text), "EXCEPTION: the window was overridden"));
    assert_non_null(strstr(buf_text(&text), "approved by m.ortiz@example.com"));
    assert_null(strchr(buf_text(&text), 0x1b)); /* nothing reaches the terminal */
    must(report_json(&h, NULL, &json, &err), &err);
    json_t *t = json_parse("report.json", json.p, json.n, &err);
    const json_t *e = json_array_get(json_get(t, "exceptions"), 0);
    assert_string_equal(json_get_str(e, "reason"), override.reason);
    assert_string_equal(json_get_str(e, "time"), "2026-11-21T10:00:01Z");
    assert_int_equal(json_array_size(json_get(t, "approvals")), 1);
    json_tree_release(&t);
    /* what names a file must be a digest */
    approval.certificate_sha256 = "../../../etc/passwd";
    add_head(&h, &approval, false);
    override.reason = NULL;
    add_head(&h, &override, false);
    history_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distinct_people), cmocka_unit_test(listed_people),
        cmocka_unit_test(trust_and_time),  cmocka_unit_test(other_bytes),
        cmocka_unit_test(demands),         cmocka_unit_test(records)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
