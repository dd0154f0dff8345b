/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles of a hand-made state: what is in them, the same bytes again, nothing secret, nothing
 * half made, nothing that the journal does not know.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state_fixture.h"

#include "bundle_fixture.h"

#include <dirent.h>
#include <sys/stat.h>

static struct state state;
static struct files files;
static char out[128];

static int set_up(void **unused)
{
    (void)unused;
    state_begin(&state);
    (void)snprintf(out, sizeof out, "%s/out", state.root);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    files_release(&files);
    state_end(&state);
    return 0;
}

static struct bundle_paths made;

static void make(void)
{
    struct err err = ERR_INIT;
    bundle_paths_release(&made);
    state_must(bundle_make(&state.dir, &state.history, out, STATE_NAME, NULL, &made, &err), &err);
}

static size_t count_files(const char *path, const char *prefix)
{
    size_t n = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
        n += str_starts(e->d_name, prefix);
    }
    if (d) {
        closedir(d);
    }
    return n;
}

/* bundle_make() fails with these words and leaves nothing in the directory. */
static void refused(const char *words)
{
    struct err err = ERR_INIT;
    bundle_paths_release(&made);
    if (bundle_make(&state.dir, &state.history, out, STATE_NAME, NULL, &made, &err)) {
        fail_msg("made in spite of: %s", words);
    }
    if (!strstr(err.msg, words)) {
        fail_msg("\"%s\" does not say \"%s\"", err.msg, words);
    }
    assert_null(strstr(err.msg, STATE_PASSWORD));
    assert_int_equal(count_files(out, FS_TEMP_PREFIX), 0);
}

static void audit_content(void **unused)
{
    (void)unused;
    static const char *const want[] = {"bagit.txt",
                                       "bag-info.txt",
                                       "README.txt",
                                       "manifest-sha256.txt",
                                       "tagmanifest-sha256.txt",
                                       "data/journal.jsonl",
                                       "data/manifest.yaml",
                                       "data/plan.json",
                                       "data/findings.json",
                                       "data/policy/00-a.yaml",
                                       "data/policy/01-b.yaml",
                                       "data/report.json",
                                       "data/report.csv",
                                       "data/items/web/request.csr",
                                       "data/items/web/certificate.pem",
                                       "data/items/web/chain.pem",
                                       "data/items/web/record.json",
                                       "data/items/api/request.csr",
                                       "data/items/api/certificate.pem",
                                       "data/items/api/chain.pem",
                                       "data/items/api/record.json",
                                       "data/items/bad/record.json",
                                       "data/items/old/record.json"};
    make();
    files_load(&files, made.audit);
    assert_int_equal(files.n, NITEMS(want));
    for (size_t i = 0; i < NITEMS(want); i++) {
        char name[160];
        (void)snprintf(name, sizeof name, STATE_NAME "-audit/%s", want[i]);
        if (!files_have(&files, name)) {
            fail_msg("no %s", name);
        }
    }
    assert_string_equal(buf_text(&files_find(&files, "/manifest.yaml")->data), STATE_MANIFEST);
    const char *info = buf_text(&files_find(&files, "/bag-info.txt")->data);
    assert_non_null(strstr(info, "External-Identifier: CHG0000007\n"));
    assert_non_null(strstr(info, "Bag-Software-Agent: certbatch "));
    const char *record = buf_text(&files_find(&files, "/items/bad/record.json")->data);
    struct err err = ERR_INIT;
    json_t *t = json_parse("record", record, strlen(record), &err);
    state_must(t != NULL, &err);
    const json_t *events = json_get(t, "journal");
    assert_string_equal(json_get_str(json_get(t, "change"), "requested_by"), "a.singh@example.com");
    assert_string_equal(json_get_str(json_get(t, "item"), "state"), "refused");
    assert_int_equal(json_array_size(events), 4); /* item keygen intent reply */
    assert_string_equal(json_get_str(json_array_get(events, 3), "ev"), "reply");
    json_tree_release(&t);
}

static void stock_tools_agree(void **unused)
{
    (void)unused;
    char command[1024];
    make();
    (void)snprintf(command, sizeof command,
                   "cd '%s' && tar xzf " STATE_NAME "-audit.tar.gz && cd " STATE_NAME "-audit && "
                   "sha256sum -c --strict --quiet manifest-sha256.txt tagmanifest-sha256.txt && "
                   "openssl verify -no_check_time -partial_chain -trusted "
                   "data/items/web/chain.pem data/items/web/certificate.pem >/dev/null && "
                   "test \"$(openssl req -noout -pubkey -in data/items/web/request.csr)\" = "
                   "\"$(openssl x509 -noout -pubkey -in data/items/web/certificate.pem)\" && "
                   "n=$(sed -n 3p data/journal.jsonl | tr -d '\\n' | sha256sum | cut -c1-64) && "
                   "sed -n 4p data/journal.jsonl | grep -q '\"prev\":\"'$n",
                   out);
    assert_int_equal(system(command), 0);
    (void)snprintf(command, sizeof command,
                   "cd '%s' && tar xzf " STATE_NAME "-delivery.tar.gz && cd " STATE_NAME
                   "-delivery/web && openssl pkcs12 -in web.p12 -passin pass:" STATE_PASSWORD
                   " -nodes 2>/dev/null | openssl pkey -pubout >../p && "
                   "openssl pkey -in key.pem -passin pass:" STATE_PASSWORD " -pubout >../k && "
                   "openssl x509 -noout -pubkey -in fullchain.pem >../c && "
                   "cmp ../p ../k && cmp ../k ../c",
                   out);
    assert_int_equal(system(command), 0);
}

static void delivery_content(void **unused)
{
    (void)unused;
    static const char *const want[] = {
        "api/certificate.pem", "api/chain.pem", "api/fullchain.pem", "api/key.pem",
        "web/certificate.pem", "web/chain.pem", "web/fullchain.pem", "web/key.pem",
        "web/web.jks",         "web/web.p12"};
    make();
    files_load(&files, made.delivery);
    assert_int_equal(files.n, NITEMS(want));
    for (size_t i = 0; i < NITEMS(want); i++) { /* sorted, too */
        char name[160];
        (void)snprintf(name, sizeof name, STATE_NAME "-delivery/%s", want[i]);
        assert_string_equal(files.v[i].name, name);
        assert_null(strstr(buf_text(&files.v[i].data), STATE_PASSWORD));
    }
    assert_non_null(
        strstr(buf_text(&files_find(&files, "api/key.pem")->data), "BEGIN ENCRYPTED PRIVATE KEY"));
    CLEANUP(buf_release) struct buf both = BUF_INIT(1 << 20);
    buf_puts(&both, buf_text(&files_find(&files, "web/certificate.pem")->data));
    buf_puts(&both, buf_text(&files_find(&files, "web/chain.pem")->data));
    assert_string_equal(buf_text(&both), buf_text(&files_find(&files, "web/fullchain.pem")->data));
}

static void passwords_beside_it(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    struct stat st;
    CLEANUP(buf_release) struct buf csv = BUF_INIT(1 << 20);
    make();
    assert_int_equal(stat(made.passwords, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(fs_read(made.passwords, &csv, &err));
    assert_non_null(strstr(buf_text(&csv), "\nweb,web.p12,'=web," STATE_PASSWORD "\n"));
    assert_int_equal(stat(made.delivery, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
}

static void same_state_same_bytes(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf one = BUF_INIT(1 << 22);
    CLEANUP(buf_release) struct buf two = BUF_INIT(1 << 22);
    char hex[SHA256_HEX];
    make();
    assert_true(fs_read(made.audit, &one, &err));
    sha256_hex(one.p, one.n, hex);
    assert_string_equal(hex, made.audit_sha256);
    (void)snprintf(out, sizeof out, "%s/elsewhere", state.root);
    make();
    assert_true(fs_read(made.audit, &two, &err));
    assert_true(one.n == two.n && memcmp(one.p, two.p, one.n) == 0);
}

/* What is recorded after the close belongs to the next bundle. */
static void only_up_to_the_close(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    char before[SHA256_HEX];
    make();
    memcpy(before, made.audit_sha256, sizeof before);
    struct record r = RECORD(EV_RESOLVED_ABANDON, "bad");
    r.reason = "given up";
    state_record(&state, &r);
    assert_true(journal_sync(state.journal, &err));
    state_reload(&state);
    assert_int_equal(history_item(&state.history, "bad")->state, STATE_ABANDONED);
    make();
    assert_string_equal(before, made.audit_sha256);
}

static void secrets_are_refused(void **unused)
{
    (void)unused;
    CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
    buf_puts(&text, STATE_MANIFEST "# the password is " STATE_PASSWORD "\n");
    state_write(state.dir.fd, "manifest.yaml", buf_span(&text));
    refused("a password of passwords.csv");
    state_write(state.dir.fd, "manifest.yaml",
                state_span("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    refused("a private key");
    assert_int_equal(count_files(out, STATE_NAME "-audit"), 0);
}

static void journal_with_a_password(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    struct record r = RECORD(EV_RESOLVED_ABANDON, "bad");
    r.reason = "see " STATE_PASSWORD;
    state_record(&state, &r);
    state_head(&state, "close", NULL);
    assert_true(journal_sync(state.journal, &err));
    state_reload(&state);
    refused("journal.jsonl holds a password");
}

static void changed_files_are_refused(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf other = BUF_INIT(1 << 20);
    CLEANUP(closep) int web = statedir_item(&state.dir, "web", false, &err);
    CLEANUP(closep) int api = statedir_item(&state.dir, "api", false, &err);
    CLEANUP(closep) int web_out = fs_open_dir_at(web, "out", &err);
    state_write(web_out, "web.p12", state_span("something else"));
    refused("item web: web.p12 is not the file");
    assert_true(fs_read_at(api, "certificate.pem", &other, &err));
    state_write(web, "certificate.pem", buf_span(&other));
    refused("item web: certificate.pem is not the certificate");
    assert_true(fs_remove_at(web, "certificate.pem", &err));
    refused("certificate.pem is missing");
    assert_int_equal(count_files(out, STATE_NAME "-delivery"), 0);
}

static void clear_key_is_refused(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    CLEANUP(closep) int web = statedir_item(&state.dir, "web", false, &err);
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 20);
    assert_true(fs_read_at(web, "certificate.pem", &pem, &err));
    buf_puts(&pem, "-----BEGIN RSA PRIVATE KEY-----\n");
    state_write(web, "chain.pem", buf_span(&pem));
    refused("a private key");
}

static void nothing_closed(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    state.history.closed = NULL;
    assert_false(bundle_make(&state.dir, &state.history, out, STATE_NAME, NULL, &made, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(err.hint);
}

static void nothing_issued(void **unused)
{
    (void)unused;
    state.history.v[0].state = state.history.v[1].state = STATE_FAILED;
    make();
    assert_null(made.delivery);
    assert_null(made.passwords);
    assert_non_null(made.audit);
}

#define EACH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(audit_content),        EACH(stock_tools_agree),       EACH(delivery_content),
        EACH(passwords_beside_it),  EACH(same_state_same_bytes),   EACH(only_up_to_the_close),
        EACH(secrets_are_refused),  EACH(journal_with_a_password), EACH(changed_files_are_refused),
        EACH(clear_key_is_refused), EACH(nothing_closed),          EACH(nothing_issued),
    };
    int failed = !!cmocka_run_group_tests(tests, NULL, NULL);
    bundle_paths_release(&made);
    return failed;
}
