/* SPDX-License-Identifier: Apache-2.0
 *
 * What verify finds. Each row changes one thing in a good bundle, seals the bag again (an attacker
 * can do that, too) and names the finding that must come out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state_fixture.h"

#include "bundle_fixture.h"

static struct state state;
static struct files files;
static struct bundle_paths made;
static char out[128], changed[160];
static struct findings found;
static struct buf summary = BUF_INIT(1 << 20);

static int set_up(void **unused)
{
    struct err err = ERR_INIT;
    (void)unused;
    state_begin(&state);
    (void)snprintf(out, sizeof out, "%s/out", state.root);
    (void)snprintf(changed, sizeof changed, "%s/changed.tar.gz", state.root);
    state_must(bundle_make(&state.dir, &state.history, out, STATE_NAME, NULL, &made, &err), &err);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    bundle_paths_release(&made);
    findings_release(&found);
    buf_release(&summary);
    state_end(&state);
    return 0;
}

static void verify(const char *bundle, const char *passwords)
{
    struct err err = ERR_INIT;
    const struct verify_options o = {.bundle = bundle, .passwords = passwords};
    findings_release(&found);
    buf_reset(&summary);
    state_must(bundle_verify(&o, &found, &summary, &err), &err);
    for (size_t i = 0; i < found.n; i++) {
        assert_null(strstr(found.v[i].message, STATE_PASSWORD));
    }
}

static void expect(const char *title, const char *rule, const char *words)
{
    for (size_t i = 0; i < found.n; i++) {
        if (str_eq(found.v[i].rule, rule) && strstr(found.v[i].message, words)) {
            assert_int_equal(found.v[i].severity, SEV_ERROR);
            assert_non_null(strstr(buf_text(&summary), "NOT VALID"));
            return;
        }
    }
    fail_msg("%s: no [%s] \"%s\" among %zu findings; first: [%s] %s", title, rule, words, found.n,
             found.n ? found.v[0].rule : "", found.n ? found.v[0].message : "");
}

static void good_bundles(void **unused)
{
    (void)unused;
    verify(made.audit, NULL);
    assert_int_equal(found.n, 0);
    assert_non_null(strstr(buf_text(&summary), "audit bundle, valid"));
    assert_non_null(strstr(buf_text(&summary), "4: 2 issued, 1 refused, 1 skipped"));
    assert_non_null(strstr(buf_text(&summary), "certificates  2,"));
    verify(made.audit, made.passwords);
    assert_int_equal(found.n, 0);
    verify(made.delivery, NULL);
    assert_int_equal(found.n, 0);
    assert_non_null(strstr(buf_text(&summary), "delivery bundle, valid"));
    verify(made.delivery, made.passwords);
    assert_int_equal(found.n, 0);
    assert_non_null(strstr(buf_text(&summary), "keys, stores  4 opened"));
}

/* --- changes to an audit bundle --- */

static void swap_certificates(struct files *f)
{
    files_swap(f, "web/certificate.pem", "api/certificate.pem");
}
static void swap_requests(struct files *f)
{
    files_swap(f, "web/request.csr", "api/request.csr");
}
static void swap_whole_items(struct files *f)
{
    files_swap(f, "web/request.csr", "api/request.csr");
    files_swap(f, "web/certificate.pem", "api/certificate.pem");
}
static void another_chain(struct files *f)
{
    files_set(f, "web/chain.pem", buf_text(&files_find(f, "api/certificate.pem")->data));
}
static void no_chain(struct files *f)
{
    files_remove(f, "web/chain.pem");
}
static void two_certificates(struct files *f)
{
    struct buf *web = &files_find(f, "web/certificate.pem")->data;
    const struct buf *api = &files_find(f, "api/certificate.pem")->data;
    buf_add(web, api->p, api->n);
}
static void no_certificate(struct files *f)
{
    files_remove(f, "web/certificate.pem");
}
static void no_request(struct files *f)
{
    files_remove(f, "web/request.csr");
}
static void journal_edited(struct files *f)
{
    files_edit(f, "journal.jsonl", "\"attempt\":1", "\"attempt\":2");
}
static void journal_cut(struct files *f)
{
    struct buf *j = &files_find(f, "journal.jsonl")->data;
    do {
        j->n--;
    } while (j->p[j->n - 1] != '\n');
}
static void journal_torn(struct files *f)
{
    files_find(f, "journal.jsonl")->data.n -= 10;
}
static void journal_line_gone(struct files *f)
{
    struct buf *j = &files_find(f, "journal.jsonl")->data;
    size_t second = strcspn(j->p, "\n") + 1;
    size_t third = second + strcspn(j->p + second, "\n") + 1;
    memmove(j->p + second, j->p + third, j->n - third);
    j->n -= third - second;
}
static void no_journal(struct files *f)
{
    files_remove(f, "journal.jsonl");
}
static void report_state(struct files *f)
{
    files_edit(f, "report.json", "\"state\": \"refused\"", "\"state\": \"issued\"");
}
static void report_counts(struct files *f)
{
    files_edit(f, "report.json", "\"issued\": 2", "\"issued\": 3");
}
static void report_broken(struct files *f)
{
    files_set(f, "report.json", "{");
}
static void no_report(struct files *f)
{
    files_remove(f, "report.json");
}
static void manifest_edited(struct files *f)
{
    files_edit(f, "manifest.yaml", "m.ortiz", "x.nobody");
}
static void plan_edited(struct files *f)
{
    files_edit(f, "plan.json", "{\"id\":\"old\"}", "{\"id\":\"new\"}");
}
static void no_plan(struct files *f)
{
    files_remove(f, "plan.json");
}
static void record_state(struct files *f)
{
    files_edit(f, "bad/record.json", "\"state\": \"refused\"", "\"state\": \"kept\"");
}
static void no_record(struct files *f)
{
    files_remove(f, "old/record.json");
}
static void item_from_nowhere(struct files *f)
{
    files_new(f, STATE_NAME "-audit/data/items/ghost/record.json", "{}");
}
static void scattered(struct files *f)
{
    files_new(f, STATE_NAME "-audit/data/items/api/late.txt", "x");
}
static void key_inside(struct files *f)
{
    files_new(f, STATE_NAME "-audit/data/items/old/key.pem", "-----BEGIN PRIVATE KEY-----\n");
}
static void encrypted_key_inside(struct files *f)
{
    files_new(f, STATE_NAME "-audit/data/key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
}

static const struct tampering {
    const char *title;
    void (*apply)(struct files *f);
    const char *rule, *words;
} audit_changes[] = {
    {"certificates swapped", swap_certificates, "verify.pairing", "not the certificate that was"},
    {"requests swapped", swap_requests, "verify.pairing", "different keys"},
    {"items swapped", swap_whole_items, "verify.pairing", "lacks the name dns:www.example.com"},
    {"another chain", another_chain, "verify.chain", "not the chain of the certificate"},
    {"no chain", no_chain, "verify.chain", "chain.pem is missing"},
    {"two certificates", two_certificates, "verify.pairing", "holds 2 certificates"},
    {"no certificate", no_certificate, "verify.complete", "certificate.pem is missing"},
    {"no request", no_request, "verify.complete", "request.csr is missing"},
    {"journal edited", journal_edited, "verify.journal", "sum of this line"},
    {"journal cut", journal_cut, "verify.journal", "no close record"},
    {"journal torn", journal_torn, "verify.journal", "line "},
    {"journal line gone", journal_line_gone, "verify.journal", "line 2"},
    {"no journal", no_journal, "verify.journal", "there is no data/journal.jsonl"},
    {"report state", report_state, "verify.complete", "another state than the journal"},
    {"report counts", report_counts, "verify.complete", "counts 3 items issued"},
    {"report broken", report_broken, "verify.complete", "report.json: not the JSON"},
    {"no report", no_report, "verify.complete", "data/report.json is missing"},
    {"manifest edited", manifest_edited, "verify.complete", "not the manifest"},
    {"plan edited", plan_edited, "verify.complete", "digest does not fit"},
    {"no plan", no_plan, "verify.complete", "data/plan.json is missing"},
    {"record state", record_state, "verify.complete", "record.json says another state"},
    {"no record", no_record, "verify.complete", "there is no record.json"},
    {"unknown item", item_from_nowhere, "verify.complete", "does not know this item"},
    {"scattered item", scattered, "verify.bag", "scattered"},
    {"key inside", key_inside, "verify.secret", "holds a private key"},
    {"encrypted key inside", encrypted_key_inside, "verify.secret", "holds a private key"},
};

static void audit_changes_are_found(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < NITEMS(audit_changes); i++) {
        const struct tampering *c = &audit_changes[i];
        files_load(&files, made.audit);
        c->apply(&files);
        files_seal(&files);
        files_store(&files, changed);
        verify(changed, NULL);
        expect(c->title, c->rule, c->words);
    }
}

/* Without sealing, any change of any payload or tag file is a broken bag. */
static void unsealed_changes_are_found(void **unused)
{
    (void)unused;
    files_load(&files, made.audit);
    size_t n = files.n;
    files_release(&files);
    for (size_t i = 0; i < n; i++) {
        char name[160];
        files_load(&files, made.audit);
        (void)snprintf(name, sizeof name, "%s", strchr(files.v[i].name, '/') + 1);
        files.v[i].data.p[files.v[i].data.n / 2] ^= 1;
        files_store(&files, changed);
        verify(changed, NULL);
        if (str_eq(name, "tagmanifest-sha256.txt")) {
            name[0] = '\0'; /* it is told by what it says of others */
        }
        expect(name, "verify.bag", name);
    }
}

static void passwords_in_the_audit_bundle(void **unused)
{
    (void)unused;
    files_load(&files, made.audit);
    files_new(&files, STATE_NAME "-audit/data/note.txt", "it is " STATE_PASSWORD);
    files_seal(&files);
    files_store(&files, changed);
    verify(changed, NULL);
    assert_int_equal(found.n, 0); /* nobody can tell without knowing the passwords */
    verify(changed, made.passwords);
    expect("password", "verify.secret", "note.txt holds a private key or a password");
}

/* --- changes to a delivery bundle --- */

static void other_fullchain(struct files *f)
{
    files_swap(f, "web/fullchain.pem", "api/fullchain.pem");
}
static void other_key(struct files *f)
{
    files_swap(f, "web/key.pem", "api/key.pem");
}
static void other_certificate(struct files *f)
{
    files_swap(f, "web/certificate.pem", "api/certificate.pem");
}
static void damaged_pfx(struct files *f)
{
    struct buf *p12 = &files_find(f, "web.p12")->data;
    p12->p[p12->n / 2] ^= 1;
}
static void damaged_jks(struct files *f)
{
    struct buf *jks = &files_find(f, "web.jks")->data;
    jks->p[jks->n / 2] ^= 1;
}
static void clear_key(struct files *f)
{
    files_edit(f, "api/key.pem", "ENCRYPTED PRIVATE", "PRIVATE");
}
static void no_store(struct files *f)
{
    files_remove(f, "web.jks");
}
static void stray_file(struct files *f)
{
    files_new(f, STATE_NAME "-delivery/readme", "x");
}
static void no_leaf(struct files *f)
{
    files_remove(f, "api/certificate.pem");
}
static void password_inside(struct files *f)
{
    files_new(f, STATE_NAME "-delivery/web/passwords.txt", STATE_PASSWORD);
}

static const struct tampering delivery_changes[] = {
    {"fullchain", other_fullchain, "verify.chain", "fullchain.pem is not"},
    {"key", other_key, "verify.pairing", "key.pem is not the key"},
    {"certificate", other_certificate, "verify.pairing", "web.p12 holds another certificate"},
    {"certificate, key in the store", other_certificate, "verify.pairing", "web.jks: its key"},
    {"chain", another_chain, "verify.chain", "not the chain of the certificate"},
    {"damaged pfx", damaged_pfx, "verify.keystore", "web.p12 does not open"},
    {"damaged jks", damaged_jks, "verify.keystore", "web.jks does not open"},
    {"clear key", clear_key, "verify.secret", "key.pem holds a private key"},
    {"no store", no_store, "verify.keystore", "web/web.jks has a password but is not"},
    {"stray file", stray_file, "verify.bag", "does not belong"},
    {"no certificate", no_leaf, "verify.complete", "certificate.pem is missing"},
    {"password inside", password_inside, "verify.secret", "passwords.txt holds"},
};

static void delivery_changes_are_found(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < NITEMS(delivery_changes); i++) {
        const struct tampering *c = &delivery_changes[i];
        files_load(&files, made.delivery);
        c->apply(&files);
        files_store(&files, changed);
        verify(changed, made.passwords);
        expect(c->title, c->rule, c->words);
    }
}

static void wrong_passwords(void **unused)
{
    (void)unused;
    char csv[160];
    (void)snprintf(csv, sizeof csv, "%s/wrong.csv", state.root);
    struct err err = ERR_INIT;
    state_must(fs_write_atomic(csv,
                               state_span("item,output,alias,password\n"
                                          "web,web.p12,web,notthepassword\n"
                                          "web,web.jks,web,notthepassword\n"
                                          "api,key.pem,api,notthepassword\n"),
                               0600, &err),
               &err);
    verify(made.delivery, csv);
    expect("wrong", "verify.keystore", "web.p12 does not open");
    expect("wrong", "verify.keystore", "web.jks does not open");
    expect("wrong", "verify.keystore", "key.pem does not open");
    size_t warnings = findings_count(&found, SEV_WARNING) - findings_count(&found, SEV_ERROR);
    assert_int_equal(warnings, 1); /* web/key.pem has no row */
    const struct verify_options o = {.bundle = made.delivery, .passwords = state.path};
    assert_false(bundle_verify(&o, &found, &summary, &err));
}

static void not_a_bundle(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    const struct verify_options missing = {.bundle = "/nonexistent/x.tar.gz"};
    assert_false(bundle_verify(&missing, &found, &summary, &err));
    assert_int_equal(err.code, ERR_INPUT);
    state_must(fs_write_atomic(changed, state_span("not an archive"), 0600, &err), &err);
    verify(changed, NULL);
    expect("text", "verify.bag", "tar.gz");
    assert_int_equal(truncate(made.delivery, 500), 0);
    verify(made.delivery, made.passwords);
    expect("cut", "verify.bag", "tar.gz");
}

static void unfinished_batches_are_sound(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    state_item(&state, "late", "order", "late.example.com", NULL);
    state_head(&state, "close", NULL);
    assert_true(journal_sync(state.journal, &err));
    state_reload(&state);
    char sha[SHA256_HEX];
    sha256_hex(STATE_MANIFEST, strlen(STATE_MANIFEST), sha);
    bundle_paths_release(&made);
    state_must(bundle_make(&state.dir, &state.history, out, STATE_NAME, NULL, &made, &err), &err);
    verify(made.audit, NULL);
    size_t warned = 0;
    for (size_t i = 0; i < found.n; i++) {
        warned += strstr(found.v[i].message, "1 of 5 items are not in a final state") != NULL;
    }
    assert_int_equal(warned, 1);
    expect("population", "verify.complete", "4 items were planned, the journal speaks of 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_bundles),
        cmocka_unit_test(audit_changes_are_found),
        cmocka_unit_test(unsealed_changes_are_found),
        cmocka_unit_test(passwords_in_the_audit_bundle),
        cmocka_unit_test(delivery_changes_are_found),
        cmocka_unit_test(wrong_passwords),
        cmocka_unit_test(unfinished_batches_are_sound),
        cmocka_unit_test(not_a_bundle),
    };
    return !!cmocka_run_group_tests(tests, set_up, tear_down);
}
