/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds of the rules about revocations, renewals, outputs and distrusted issuers: the last good
 * and the first bad value, both severities, parameters, and where a finding points.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/rules_fixture.h"

static char *work;

static int make_work(void **state)
{
    static struct arena a;
    (void)state;
    work = temp_make(&a);
    (void)temp_write(&a, work, "product.distrusted-ca.txt",
                     corpus_read(&a, SAMPLES "product.distrusted-ca.txt"));
    return 0;
}

static int remove_work(void **state)
{
    (void)state;
    temp_remove(work);
    return 0;
}

struct row {
    const char *item, *rule;
    enum severity want; /* SEV_DISABLED = quiet */
    const char *level;  /* NULL = tls */
    const char *rules;  /* of the policy */
};

static void judge_rows(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        const struct row *r = &rows[i];
        const char *rules = r->rules ? arena_printf(&a, "  %s\n", r->rules) : "";
        struct policy *p = policy_of_level(&a, work, r->level ? r->level : "tls", rules);
        struct subject s;
        enum severity got = SEV_DISABLED;
        assert_non_null(rule_find(r->rule));
        subject_from(&a, parse_yaml(&a, r->item), &s);
        (void)fires(p, &s, r->rule, &got);
        policy_free(p);
        if (got != r->want) {
            fail_msg("%s is %s on %s", r->rule, severity_name(got), r->item);
        }
    }
}

#define JUDGE(rows)  judge_rows(rows, NITEMS(rows))
#define REVOKE(rest) "{action: revoke, serial: '0A1B', ca: local, " rest "}"

/* --- reasons --- */

static void test_reasons(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {REVOKE("comment: x"), "revoke.reason.required", SEV_ERROR, NULL, NULL},
        {REVOKE("comment: x"), "revoke.reason.required", SEV_DISABLED, NULL,
         "revoke.reason.required: {required: false}"},
        {REVOKE("reason: certificateHold"), "revoke.reason.public", SEV_ERROR, NULL, NULL},
        {REVOKE("reason: certificateHold"), "revoke.hold", SEV_ERROR, NULL, NULL},
        {REVOKE("reason: certificateHold"), "revoke.hold", SEV_DISABLED, "private", NULL},
        {REVOKE("reason: certificateHold, order_date: 2020-09-30"), "revoke.hold", SEV_ERROR, NULL,
         NULL},
        {REVOKE("reason: certificateHold, order_date: 2020-09-29"), "revoke.hold", SEV_DISABLED,
         NULL, NULL},
        {REVOKE("reason: removeFromCRL, order_date: 2023-07-15"), "revoke.reason.public", SEV_ERROR,
         NULL, NULL},
        {REVOKE("reason: removeFromCRL, order_date: 2023-07-14"), "revoke.reason.public",
         SEV_DISABLED, NULL, NULL},
        {REVOKE("reason: superseded"), "revoke.reason.public", SEV_ERROR, NULL,
         "revoke.reason.public: {allowed: [keyCompromise]}"},
        {REVOKE("reason: privilegeWithdrawn"), "revoke.reason.public", SEV_DISABLED, NULL, NULL},
        {REVOKE("reason: privilegeWithdrawn"), "revoke.reason.privilege-withdrawn", SEV_WARNING,
         NULL, NULL},
        {REVOKE("reason: privilegeWithdrawn"), "revoke.reason.privilege-withdrawn", SEV_DISABLED,
         "private", NULL},
        /* the embedded CA: the reasons of its row, no more */
        {REVOKE("reason: '9'"), "revoke.reason.ca", SEV_DISABLED, "private", NULL},
        {REVOKE("reason: certificate-hold"), "revoke.reason.ca", SEV_DISABLED, "private", NULL},
        {REVOKE("reason: cACompromise"), "revoke.reason.ca", SEV_ERROR, "private", NULL},
        {"{action: revoke, serial: '01', ca: unheard-of, reason: aACompromise}", "revoke.reason.ca",
         SEV_DISABLED, "private", NULL},
        /* a map never lets the reason through */
        {REVOKE("reason: cACompromise"), "revoke.reason.ca", SEV_ERROR, "private",
         "revoke.reason.ca: {reason-map: [cACompromise=keyCompromise]}"},
        {REVOKE("reason: keyCompromise, comment: seen on a paste site"),
         "revoke.key-compromise.evidence", SEV_WARNING, NULL, NULL},
        {REVOKE("reason: keyCompromise, comment: seen on a paste site"),
         "revoke.key-compromise.evidence", SEV_DISABLED, NULL,
         "revoke.key-compromise.evidence: {field: [incident, comment]}"},
        {REVOKE("reason: superseded"), "revoke.key-compromise.evidence", SEV_DISABLED, NULL, NULL},
    };
    JUDGE(rows);
}

/* Every situation of BR 4.9.1.1 with the reason it asks for is quiet; with a weaker one it is not,
 * unless the stronger one is the CA's alone. */
static void test_situations(void **state)
{
    (void)state;
    static const int reasons[] = {0, 9, 1, 1, 4, 4, 9, 9, 5, 9, 9, 4, 9, 0, 0, 1};
    for (int i = 0; i < 16; i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        const char *right =
            arena_printf(&a, REVOKE("reason: '%d', situation: %d"), reasons[i], i + 1);
        const char *weak = arena_printf(&a, REVOKE("reason: unspecified, situation: %d"), i + 1);
        const bool ours = reasons[i] != 0 && reasons[i] != 9;
        const struct row rows[] = {
            {right, "revoke.reason.hierarchy", SEV_DISABLED, NULL, NULL},
            {weak, "revoke.reason.hierarchy", ours ? SEV_WARNING : SEV_DISABLED, NULL, NULL},
            {weak, "revoke.reason.hierarchy", reasons[i] ? SEV_WARNING : SEV_DISABLED, "private",
             NULL},
        };
        JUDGE(rows);
    }
    static const struct row rows[] = {
        {REVOKE("reason: cessationOfOperation, situation: 5"), "revoke.reason.hierarchy",
         SEV_DISABLED, NULL, NULL},
        {REVOKE("reason: superseded, situation: 9"), "revoke.reason.hierarchy", SEV_WARNING, NULL,
         NULL},
        {REVOKE("reason: unspecified, replaced_by: www"), "revoke.reason.hierarchy", SEV_WARNING,
         NULL, NULL},
        {REVOKE("reason: affiliationChanged, replaced_by: www"), "revoke.reason.hierarchy",
         SEV_DISABLED, NULL, NULL},
        {REVOKE("reason: superseded, invalidity_date: 2026-11-01"), "revoke.reason.hierarchy",
         SEV_WARNING, NULL, NULL},
        {REVOKE("reason: certificateHold, situation: 3"), "revoke.reason.hierarchy", SEV_DISABLED,
         "private", NULL},
        {REVOKE("situation: 3"), "revoke.reason.hierarchy", SEV_DISABLED, NULL, NULL},
    };
    JUDGE(rows);
}

/* The words of boulder's CRL samples: what its lint says of a published reason against what we say
 * of a requested one. */
static void crl_row(struct arena *a, char *const *f, void *ctx)
{
    static const char prefix[] = "entry reasonCode ";
    size_t *rows = ctx;
    if (!str_eq(f[1], "crl") || !str_starts(f[4], prefix)) {
        return;
    }
    const char *number = f[4] + strlen(prefix);
    const char *item = arena_printf(a, REVOKE("reason: '%s'"), number);
    const bool invalid = str_eq(f[3], "invalid");
    /* 0 must not stand in a CRL; to ask for it is how a subscriber gives no reason */
    const bool differs = str_eq(number, "0");
    const struct row row = {item, "revoke.reason.public",
                            invalid && !differs ? SEV_ERROR : SEV_DISABLED, NULL, NULL};
    judge_rows(&row, 1);
    ++*rows;
}

static void test_reasons_of_boulder(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    size_t rows = 0;
    corpus_tsv(&a, CORPORA "boulder/INDEX.tsv", crl_row, &rows);
    assert_int_equal(rows, 6);
}

/* --- request --- */

#define DUE(rest) REVOKE("reason: superseded, " rest)

static void test_deadline(void **state)
{
    (void)state;
    static const struct row rows[] = {
        /* 24 hours */
        {DUE("situation: 5, known_since: 2026-11-20T12:00:00Z"), "revoke.deadline", SEV_DISABLED,
         NULL, NULL},
        {DUE("situation: 5, known_since: 2026-11-20T11:59:59Z"), "revoke.deadline", SEV_WARNING,
         NULL, NULL},
        /* 5 days */
        {DUE("situation: 6, known_since: 2026-11-16T12:00:00Z"), "revoke.deadline", SEV_DISABLED,
         NULL, NULL},
        {DUE("situation: 6, known_since: 2026-11-16T11:59:59Z"), "revoke.deadline", SEV_WARNING,
         NULL, NULL},
        /* no situation: the longest of the reason; of keyCompromise 24 hours */
        {DUE("known_since: 2026-11-16T12:00:00Z"), "revoke.deadline", SEV_DISABLED, NULL, NULL},
        {DUE("known_since: 2026-11-16T11:59:59Z"), "revoke.deadline", SEV_WARNING, NULL, NULL},
        {REVOKE("reason: keyCompromise, known_since: 2026-11-20T11:59:59Z"), "revoke.deadline",
         SEV_WARNING, NULL, NULL},
        {REVOKE("reason: affiliationChanged, known_since: 2026-01-01"), "revoke.deadline",
         SEV_DISABLED, NULL, NULL},
        /* the window opens too late, or has opened */
        {DUE("situation: 5, known_since: 2026-11-21T10:00:00Z, "
             "change: {window: {start: 2026-11-22T10:00:01Z, end: 2026-11-23T00:00:00Z}}"),
         "revoke.deadline", SEV_WARNING, NULL, NULL},
        {DUE("situation: 5, known_since: 2026-11-21T10:00:00Z, "
             "change: {window: {start: 2026-11-22T10:00:00Z, end: 2026-11-23T00:00:00Z}}"),
         "revoke.deadline", SEV_DISABLED, NULL, NULL},
        {DUE("situation: 5, known_since: 2026-11-20T11:00:00Z, "
             "change: {window: {start: 2026-11-19T10:00:00Z, end: 2026-11-23T00:00:00Z}}"),
         "revoke.deadline", SEV_WARNING, NULL, NULL},
    };
    JUDGE(rows);
}

static void test_approval(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {REVOKE("reason: superseded"), "revoke.approval", SEV_ERROR, NULL, NULL},
        {REVOKE("reason: superseded"), "revoke.approval", SEV_DISABLED, NULL,
         "revoke.approval: {approvers: 0}"},
        {DUE("change: {type: emergency, requested_by: a}"), "revoke.approval", SEV_WARNING, NULL,
         NULL},
        {DUE("change: {type: standard, requested_by: a}"), "revoke.approval", SEV_ERROR, NULL,
         NULL},
        {DUE("change: {requested_by: a, approved_by: b}"), "revoke.approval", SEV_DISABLED, NULL,
         NULL},
        {DUE("change: {approved_by: [b]}"), "revoke.approval", SEV_DISABLED, NULL, NULL},
        {DUE("change: {requested_by: a, approved_by: [a, B, b]}"), "revoke.approval", SEV_ERROR,
         NULL, "revoke.approval: {approvers: 2}"},
        {DUE("change: {requested_by: a, approved_by: [b, c]}"), "revoke.approval", SEV_DISABLED,
         NULL, "revoke.approval: {approvers: 2}"},
    };
    JUDGE(rows);
}

static void test_dates_and_targets(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {DUE("invalidity_date: 2026-11-21T12:00:00Z"), "revoke.invalidity-date", SEV_DISABLED, NULL,
         NULL},
        {DUE("invalidity_date: 2026-11-21T12:00:01Z"), "revoke.invalidity-date", SEV_WARNING, NULL,
         NULL},
        {DUE("prior: prior.pem, invalidity_date: 2026-06-01"), "revoke.invalidity-date",
         SEV_DISABLED, NULL, NULL},
        {DUE("prior: prior.pem, invalidity_date: 2026-05-31T23:59:59Z"), "revoke.invalidity-date",
         SEV_WARNING, NULL, NULL},
        {DUE("prior: prior.pem, order_date: 2026-12-18"), "revoke.target.expired", SEV_DISABLED,
         NULL, NULL},
        {DUE("prior: prior.pem, order_date: 2026-12-18T00:00:01Z"), "revoke.target.expired",
         SEV_WARNING, NULL, NULL},
        {DUE("prior: prior.pem"), "revoke.target.ca", SEV_DISABLED, NULL, NULL},
        {"{action: revoke, serial: '01', ca: sectigo, comment: ''}", "revoke.comment", SEV_ERROR,
         NULL, NULL},
        {"{action: revoke, serial: '01', ca: sectigo, comment: \u00fc}", "revoke.comment",
         SEV_DISABLED, NULL, NULL},
        {"{action: revoke, serial: '01', ca: local}", "revoke.comment", SEV_DISABLED, NULL, NULL},
        {"{action: revoke, order: '6612345678', reason: superseded}", "revoke.target.identity",
         SEV_ERROR, NULL, NULL},
        {"{action: revoke, prior: prior.pem, reason: superseded}", "revoke.target.identity",
         SEV_DISABLED, NULL, NULL},
    };
    JUDGE(rows);
}

/* Characters are counted, not octets. */
static void test_comment_length(void **state)
{
    (void)state;
    for (size_t n = 512; n <= 513; n++) {
        CLEANUP(buf_release) struct buf item = BUF_INIT(4096);
        buf_puts(&item, "{action: revoke, serial: '01', ca: sectigo, comment: '");
        for (size_t i = 0; i < n; i++) {
            buf_puts(&item, "\u00e9");
        }
        buf_puts(&item, "'}");
        const struct row row = {buf_text(&item), "revoke.comment",
                                n > 512 ? SEV_ERROR : SEV_DISABLED, NULL, NULL};
        judge_rows(&row, 1);
    }
}

/* --- renewals --- */

#define WWW(rest) "{action: renew, common_name: www.example.com, san: [www.example.com], " rest "}"

static void test_renewal_dates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {WWW("prior: prior-in-window.pem"), "renew.window.early", SEV_DISABLED, NULL, NULL},
        {WWW("prior: prior-early.pem"), "renew.window.early", SEV_WARNING, NULL, NULL},
        {WWW("prior: prior-early.pem"), "renew.window.early", SEV_DISABLED, NULL,
         "renew.window.early: {days: 91}"},
        {"{action: reissue, san: [www.example.com], prior: prior-early.pem}", "renew.window.early",
         SEV_DISABLED, NULL, NULL},
        /* lives 100 days: 30 count */
        {WWW("prior: prior-short-in-window.pem"), "renew.window.early", SEV_DISABLED, NULL, NULL},
        {WWW("prior: prior-short-early.pem"), "renew.window.early", SEV_WARNING, NULL, NULL},
        /* 30 days and a second of 100 are more than 30 per cent, less than 31 */
        {WWW("prior: prior-short-early.pem"), "renew.window.early", SEV_WARNING, NULL,
         "renew.window.early: {share: 30}"},
        {WWW("prior: prior-short-early.pem"), "renew.window.early", SEV_DISABLED, NULL,
         "renew.window.early: {share: 31}"},
        {WWW("prior: prior-late.pem"), "renew.window.late", SEV_WARNING, NULL, NULL},
        {WWW("prior: prior-not-late.pem"), "renew.window.late", SEV_DISABLED, NULL, NULL},
        {WWW("prior: prior-expired.pem"), "renew.window.late", SEV_DISABLED, NULL, NULL},
        {WWW("prior: prior-expired.pem"), "renew.expired", SEV_WARNING, NULL, NULL},
        {WWW("prior: prior-expired.pem"), "renew.expired", SEV_ERROR, NULL,
         "renew.expired: {require-unexpired: true}"},
        {WWW("prior: prior-expired.pem, order_date: 2026-11-21T11:59:59Z"), "renew.expired",
         SEV_DISABLED, NULL, NULL},
        /* a revocation has an old certificate too */
        {"{action: revoke, prior: prior-late.pem, reason: superseded}", "renew.window.late",
         SEV_DISABLED, NULL, NULL},
    };
    JUDGE(rows);
}

static void test_renewal_key(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{action: renew, csr: good.pem, prior: prior-same-key.pem}", "renew.key.reuse",
         SEV_WARNING, NULL, "renew.key.reuse: {allow: true}"},
        {"{action: reissue, prior: prior.pem, reuse_key: true}", "renew.key.reuse", SEV_ERROR, NULL,
         NULL},
        {"{action: reissue, prior: prior.pem, reuse_key: false}", "renew.key.reuse", SEV_DISABLED,
         NULL, NULL},
        {"{action: reissue, prior: prior.pem, defaults: {reuse_key: true}}", "renew.key.reuse",
         SEV_ERROR, NULL, NULL},
    };
    JUDGE(rows);
}

#define OLD "action: renew, prior: prior-two-names.pem, "

static void test_renewal_names(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{" OLD "san: [www.example.com]}", "renew.names.removed", SEV_ERROR, NULL, NULL},
        {"{" OLD "san: [www.example.com], drop: [API.example.com]}", "renew.names.removed",
         SEV_WARNING, NULL, NULL},
        {"{" OLD "san: [www.example.com], drop: ['dns:shop.example.com']}", "renew.names.removed",
         SEV_ERROR, NULL, NULL},
        {"{" OLD "san: [www.example.com, api.example.com.]}", "renew.names.removed", SEV_DISABLED,
         NULL, NULL},
        {"{" OLD "san: ['*.example.com']}", "renew.names.removed", SEV_DISABLED, NULL, NULL},
        {"{" OLD "san: ['*.www.example.com']}", "renew.names.removed", SEV_ERROR, NULL, NULL},
        {"{" OLD "san: ['ip:192.0.2.7', www.example.com, api.example.com]}", "renew.names.added",
         SEV_INFO, NULL, NULL},
        {"{" OLD "san: [api.example.com], common_name: www.example.com}", "renew.names.added",
         SEV_DISABLED, NULL, NULL},
    };
    JUDGE(rows);
}

#define CORP(o, l) "subject: {organization: " o ", country: US, state: Texas" l "}"

static void test_renewal_subject(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {WWW("prior: prior.pem, " CORP("'EXAMPLE  Corp '", ", locality: Austin")),
         "renew.subject.changed", SEV_DISABLED, "ov", NULL},
        {WWW("prior: prior.pem, " CORP("Example Corp", "")), "renew.subject.changed", SEV_WARNING,
         "ov", NULL},
        {WWW("prior: prior-dv.pem, " CORP("Example Corp", "")), "renew.subject.changed",
         SEV_WARNING, "ev", NULL},
        {WWW("prior: prior.pem"), "renew.subject.changed", SEV_DISABLED, "ov", NULL},
        {WWW("prior: prior.pem, " CORP("Other Corp", "")), "renew.subject.changed", SEV_DISABLED,
         "dv", NULL},
        {WWW("prior: prior.pem"), "renew.level.changed", SEV_DISABLED, NULL, NULL},
        {WWW("prior: prior.pem"), "renew.level.changed", SEV_WARNING, "dv", NULL},
        {WWW("prior: prior.pem"), "renew.level.changed", SEV_DISABLED, "ov", NULL},
        {WWW("prior: prior-dv.pem"), "renew.level.changed", SEV_WARNING, "private", NULL},
        {WWW("prior: prior-p384.pem"), "renew.level.changed", SEV_DISABLED, "dv", NULL},
        {WWW("ca: digicert, prior: prior.pem, fields: {renewal_of_order_id: 123}"),
         "renew.digicert.order", SEV_DISABLED, NULL, NULL},
        {"{action: reissue, ca: digicert, san: [www.example.com], prior: prior.pem}",
         "renew.digicert.order", SEV_DISABLED, NULL, NULL},
    };
    JUDGE(rows);
}

/* --- outputs --- */

#define OUT(list) "{common_name: www.example.com, key: ed25519, outputs: [" list "]}"
#define PFX(list) "{common_name: www.example.com, outputs: [{pfx: {" list "}}]}"

static void test_outputs(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OUT("pem, pfx"), "export.format", SEV_DISABLED, NULL, NULL},
        {OUT("{pfx: {profile: android}}"), "export.format", SEV_DISABLED, NULL, NULL},
        {OUT("{pfx: {profile: windows-2019}}"), "export.format", SEV_ERROR, NULL, NULL},
        {OUT("{pfx: {profile: macos}}"), "export.format", SEV_ERROR, NULL, NULL},
        {OUT("{pfx: {profile: java-8}}"), "export.format", SEV_ERROR, NULL, NULL},
        {OUT("{jks: {alias: a}}"), "export.format", SEV_ERROR, NULL, "export.format: {java: 14}"},
        {OUT("{jks: {alias: a}}"), "export.format", SEV_DISABLED, NULL,
         "export.format: {java: 15}"},
        {OUT("{pfx: {profile: macos}}"), "export.format", SEV_ERROR, NULL,
         "export.format: {java: 15}"},
        {"{csr: good.pem, outputs: [pem, pfx]}", "export.format", SEV_ERROR, NULL, NULL},
        {"{csr: good.pem, key_file: good.key, outputs: [pem, pfx]}", "export.format", SEV_DISABLED,
         NULL, NULL},
        {"{csr: good.pem, outputs: [pem]}", "export.format", SEV_DISABLED, NULL, NULL},
        {"{csr: good.pem, defaults: {outputs: [jks]}}", "export.format", SEV_ERROR, NULL, NULL},
        {OUT("{jks: {alias: '  '}}"), "export.jks.alias", SEV_ERROR, NULL, NULL},
        {OUT("{jks: {alias: 'a b~'}}"), "export.jks.alias", SEV_DISABLED, NULL, NULL},
        {OUT("{jks: {alias: "
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}"),
         "export.jks.alias", SEV_DISABLED, NULL, NULL}, /* 64 */
        {OUT("{jks: {alias: "
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}"),
         "export.jks.alias", SEV_ERROR, NULL, NULL},
        {PFX("iterations: 2048"), "export.pfx.encryption", SEV_DISABLED, NULL, NULL},
        {PFX("iterations: 2047"), "export.pfx.encryption", SEV_WARNING, NULL, NULL},
        {PFX("friendly_name: x"), "export.pfx.encryption", SEV_WARNING, NULL,
         "export.pfx.encryption: {min-iterations: 10001}"},
        {PFX("profile: compat"), "export.pfx.encryption", SEV_WARNING, NULL, NULL},
        {PFX("profile: modern"), "export.pfx.encryption", SEV_DISABLED, NULL, NULL},
    };
    JUDGE(rows);
}

/* A server is judged as the output it reads; what it takes from the order is judged there. */
static void test_servers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {OUT("{for: nginx}, {for: apache}"), "export.format", SEV_DISABLED, NULL, NULL},
        {OUT("{for: tomcat}"), "export.format", SEV_ERROR, NULL, "export.format: {java: 14}"},
        {OUT("{for: tomcat}"), "export.format", SEV_DISABLED, NULL, "export.format: {java: 15}"},
        {OUT("{for: weblogic}"), "export.format", SEV_ERROR, NULL, NULL},
        {OUT("{for: iis}"), "export.format", SEV_ERROR, NULL, "export.format: {java: 15}"},
        {"{csr: good.pem, outputs: [{for: tomcat}]}", "export.format", SEV_DISABLED, NULL, NULL},
        {"{csr: good.pem, outputs: [{for: tomcat}]}", "export.server.certificates", SEV_INFO, NULL,
         NULL},
        {"{csr: good.pem, outputs: [pem]}", "export.server.certificates", SEV_DISABLED, NULL, NULL},
        {"{csr: good.pem, key_file: good.key, outputs: [{for: tomcat}]}",
         "export.server.certificates", SEV_DISABLED, NULL, NULL},
        {"{common_name: www.example.com, outputs: [{for: weblogic}]}", "export.jks.legacy",
         SEV_WARNING, NULL, NULL},
        {"{common_name: www.example.com, outputs: [{for: jetty}]}", "export.jks.legacy",
         SEV_DISABLED, NULL, NULL},
        {"{common_name: www.example.com, outputs: [{for: jetty}]}", "export.pfx.encryption",
         SEV_DISABLED, NULL, NULL},
        {"{common_name: www.example.com, outputs: [{for: jetty}]}", "export.pfx.encryption",
         SEV_WARNING, NULL, "export.pfx.encryption: {min-iterations: 10001}"},
        {"{common_name: www.example.com, outputs: [{for: jetty}, {pfx: {iterations: 20000}}]}",
         "export.pfx.encryption", SEV_DISABLED, NULL,
         "export.pfx.encryption: {min-iterations: 10001}"},
    };
    JUDGE(rows);
}

/* --- distrusted issuers --- */

#define LIST(name) "product.distrusted-ca: {files: [" name "]}"

static void test_distrusted(void **state)
{
    (void)state;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    static const struct {
        const char *name, *text;
    } lists[] = {
        {"name.txt", "DN:c=us, O=Sample CA, CN=Sample Issuing CA\n"},
        {"longer.txt", "dn:C=US, O=Sample CA, CN=Sample Issuing CA 2\n"},
        {"both.txt", "dn:C=US, O=Sample CA, CN=Sample Issuing CA 2\n"
                     "dn:C=US, O=Sample CA, CN=Sample Issuing CA ;2026-01-01\n"},
        {"day.txt", "dn:C=US, O=Sample CA, CN=Sample Issuing CA;2026-06-01\n"},
        {"later.txt", "dn:C=US, O=Sample CA, CN=Sample Issuing CA;2026-06-02\n"},
        {"today.txt", "dn:C=US, O=Sample CA, CN=Sample Issuing CA; 2026-11-21 ;MEETING-7\n"},
    };
    for (size_t i = 0; i < NITEMS(lists); i++) {
        (void)temp_write(&a, work, lists[i].name,
                         (struct span){(const uint8_t *)lists[i].text, strlen(lists[i].text)});
    }
    static const struct row rows[] = {
        {"{cert: prior.pem}", "product.distrusted-ca", SEV_DISABLED, NULL, NULL},
        {"{cert: prior.pem}", "product.distrusted-ca", SEV_ERROR, NULL, LIST("name.txt")},
        {"{cert: prior.pem}", "product.distrusted-ca", SEV_DISABLED, NULL, LIST("longer.txt")},
        {"{cert: prior.pem}", "product.distrusted-ca", SEV_ERROR, NULL, LIST("both.txt")},
        {"{cert: prior.pem}", "product.distrusted-ca", SEV_ERROR, NULL, LIST("day.txt")},
        {"{cert: prior.pem}", "product.distrusted-ca", SEV_DISABLED, NULL, LIST("later.txt")},
        {"{cert: prior.pem}", "product.distrusted-ca", SEV_DISABLED, NULL, LIST("today.txt")},
        {"{ca: local, san: [www.example.com], issuer: prior-ca.pem}", "product.distrusted-ca",
         SEV_ERROR, NULL, LIST("product.distrusted-ca.txt")},
        {"{ca: local, san: [www.example.com], issuer: other-ca.pem}", "product.distrusted-ca",
         SEV_DISABLED, NULL, LIST("product.distrusted-ca.txt")},
        {"{ca: local, san: [www.example.com], issuer: prior-ca.pem}", "product.distrusted-ca",
         SEV_ERROR, NULL, LIST("today.txt")},
        {"{ca: local, san: [www.example.com], issuer: prior-ca.pem, order_date: 2026-11-20}",
         "product.distrusted-ca", SEV_DISABLED, NULL, LIST("today.txt")},
        /* the old certificate as a hint; a known issuer has the last word */
        {"{action: reissue, prior: prior.pem}", "product.distrusted-ca", SEV_WARNING, NULL,
         LIST("product.distrusted-ca.txt")},
        {WWW("prior: prior.pem"), "product.distrusted-ca", SEV_INFO, NULL,
         LIST("product.distrusted-ca.txt")},
        {WWW("prior: prior.pem, issuer: other-ca.pem"), "product.distrusted-ca", SEV_DISABLED, NULL,
         LIST("product.distrusted-ca.txt")},
        {"{action: revoke, prior: prior.pem, reason: superseded}", "product.distrusted-ca",
         SEV_DISABLED, NULL, LIST("product.distrusted-ca.txt")},
    };
    JUDGE(rows);
}

/* --- places --- */

static void test_places(void **state)
{
    (void)state;
    static const struct {
        const char *item, *rule;
        uint32_t line, column;
        const char *words;
    } places[] = {
        {"action: revoke\nserial: '0A1B'\nca: local\nreason: aACompromise\n", "revoke.reason.ca", 4,
         9, "embedded private CA does not take aACompromise"},
        {"action: revoke\nserial: '0A1B'\nreason: superseded\nchange:\n  requested_by: a\n"
         "  approved_by: [a]\n",
         "revoke.approval", 6, 16, "0 of the 1 people"},
        {"action: revoke\nserial: '0A1B'\nreason: keyCompromise\nknown_since: 2026-11-19\n",
         "revoke.deadline", 4, 14, "due by 2026-11-20T00:00:00Z, within 24 hours"},
        {"action: revoke\nserial: '0A1B'\nreason: superseded\ninvalidity_date: 2027-01-01\n",
         "revoke.invalidity-date", 4, 18, "in the future"},
        {"san: [www.example.com]\noutputs:\n  - pem\n  - pfx: {profile: compat}\n",
         "export.pfx.encryption", 4, 20, "compat encrypts with 3DES"},
        {"san: [www.example.com]\noutputs:\n  - pem\n  - jks\n", "export.jks.legacy", 4, 5, "JKS"},
        {"action: renew\nprior: prior-two-names.pem\nsan: [www.example.com]\n"
         "drop: [api.example.com]\n",
         "renew.names.removed", 4, 7, "as `drop` says"},
    };
    for (size_t i = 0; i < NITEMS(places); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
        struct policy_scratch scratch = {0};
        struct policy *p = policy_of_level(&a, work, "tls", "");
        struct subject s;
        const struct finding *f = NULL;
        subject_from(&a, parse_yaml(&a, places[i].item), &s);
        policy_judge(p, &s, &scratch, &a, &findings, NULL);
        for (size_t k = 0; k < findings.n && !f; k++) {
            f = str_eq(findings.v[k].rule, places[i].rule) ? &findings.v[k] : NULL;
        }
        if (!f || f->line != places[i].line || f->column != places[i].column ||
            !strstr(f->message, places[i].words)) {
            fail_msg("%s: %u:%u %s", places[i].rule, f ? f->line : 0, f ? f->column : 0,
                     f ? f->message : "does not fire");
        }
        arena_release(&scratch.arena);
        policy_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_situations),
        cmocka_unit_test(test_reasons_of_boulder),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_approval),
        cmocka_unit_test(test_dates_and_targets),
        cmocka_unit_test(test_comment_length),
        cmocka_unit_test(test_renewal_dates),
        cmocka_unit_test(test_renewal_key),
        cmocka_unit_test(test_renewal_names),
        cmocka_unit_test(test_renewal_subject),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_distrusted),
        cmocka_unit_test(test_places),
    };
    return !!cmocka_run_group_tests(tests, make_work, remove_work);
}
