/* SPDX-License-Identifier: Apache-2.0
 *
 * `inspect`: the facts it shows are those that libcrypto or the maker of the file knows, nothing
 * private comes out, foreign text is escaped, and every file of the corpora gives valid JSON or
 * an error that names the file.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state_fixture.h"

#include "formats/base/str.h"
#include "formats/crl.h"
#include "formats/inspect.h"

#include <ftw.h>

static struct state state;
static struct leaf leaf;
static struct secret password;

static int set_up(void **unused)
{
    (void)unused;
    state_begin(&state);
    state_make_leaf(&state, "www.example.com", &leaf);
    secret_set(&password, STATE_PASSWORD, strlen(STATE_PASSWORD));
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    state_leaf_release(&leaf);
    secret_release(&password);
    state_end(&state);
    return 0;
}

static struct buf text_out = BUF_INIT(1 << 22);

static const char *text_of(struct span input, const struct secret *p)
{
    struct err err = ERR_INIT;
    buf_reset(&text_out);
    state_must(inspect_file("some/file", input, p, false, &text_out, &err), &err);
    return buf_text(&text_out);
}

/* The tree and, in *object, its only object. */
static json_t *json_of(struct span input, const struct secret *p, const json_t **object)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 22);
    state_must(inspect_file("some/file", input, p, true, &out, &err), &err);
    json_t *t = json_parse("inspect", buf_text(&out), out.n, &err);
    state_must(t != NULL, &err);
    assert_string_equal(json_get_str(t, "file"), "some/file");
    *object = json_array_get(json_get(t, "objects"), 0);
    return t;
}

static void is_hex_of(const json_t *object, const char *key, const uint8_t digest[SHA256_SIZE])
{
    char hex[SHA256_HEX];
    hex_encode(digest, SHA256_SIZE, hex);
    assert_non_null(json_get_str(object, key));
    assert_string_equal(json_get_str(object, key), hex);
}

static void request(void **unused)
{
    (void)unused;
    const json_t *o;
    json_t *t = json_of(buf_span(&leaf.csr), NULL, &o);
    assert_string_equal(json_get_str(o, "kind"), "csr");
    assert_true(json_get_bool(o, "usable", false));
    assert_true(json_get_bool(o, "signature_valid", false));
    assert_string_equal(json_get_str(o, "subject"), "CN=www.example.com");
    assert_string_equal(json_get_str(o, "key"), "ec-p256");
    is_hex_of(o, "key_sha256", leaf.key.spki_sha256);
    assert_int_equal(json_array_size(json_get(o, "names")), 2);
    assert_string_equal(json_string_value(json_array_get(json_get(o, "names"), 1)), "ip:192.0.2.7");
    json_tree_release(&t);
    const char *text = text_of(buf_span(&leaf.csr), NULL);
    assert_non_null(strstr(text, "certificate request"));
    assert_non_null(strstr(text, "dns:www.example.com\n"));
    assert_non_null(strstr(text, "signature valid      yes"));
}

static void bad_signature(void **unused)
{
    (void)unused;
    const json_t *o;
    leaf.csr.p[leaf.csr.n - 1] ^= 1;
    json_t *t = json_of(buf_span(&leaf.csr), NULL, &o);
    leaf.csr.p[leaf.csr.n - 1] ^= 1;
    assert_false(json_get_bool(o, "signature_valid", true));
    json_tree_release(&t);
}

static void damaged_request(void **unused)
{
    (void)unused;
    const json_t *o;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 16);
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 16);
    buf_add(&der, leaf.csr.p, leaf.csr.n);
    buf_puts(&der, "trailing");
    pem_write(&pem, "CERTIFICATE REQUEST", buf_span(&der));
    json_t *t = json_of(buf_span(&pem), NULL, &o);
    const json_t *problems = json_get(o, "problems");
    assert_true(json_array_size(problems) >= 1);
    assert_true(str_starts(json_string_value(json_array_get(problems, 0)), "csr.der."));
    json_tree_release(&t);
}

static void certificates(void **unused)
{
    (void)unused;
    const json_t *o;
    CLEANUP(buf_release) struct buf pem = BUF_INIT(1 << 16);
    CLEANUP(buf_release) struct buf p7 = BUF_INIT(1 << 16);
    struct err err = ERR_INIT;
    json_t *t = json_of(leaf.cert.der, NULL, &o);
    assert_string_equal(json_get_str(o, "kind"), "certificate");
    assert_string_equal(json_get_str(o, "issuer"), "CN=Test Root");
    assert_string_equal(json_get_str(o, "serial"), leaf.cert.serial_hex);
    assert_string_equal(json_get_str(o, "not_after"), "2026-12-18T11:06:39Z");
    assert_int_equal(json_get_int(o, "validity_days", 0), 30);
    assert_false(json_get_bool(o, "is_ca", true));
    is_hex_of(o, "sha256", leaf.cert.sha256);
    json_tree_release(&t);

    cert_pem(&pem, leaf.cert.der);
    cert_pem(&pem, state.ca.der);
    t = json_of(buf_span(&pem), NULL, &o);
    assert_int_equal(json_array_size(json_get(t, "objects")), 2);
    json_tree_release(&t);
    const char *text = text_of(buf_span(&pem), NULL);
    assert_non_null(strstr(text, "basicConstraints (critical): CA"));
    assert_non_null(strstr(text, "serverAuth"));
    assert_non_null(strstr(text, "digitalSignature"));

    const struct span both[] = {leaf.cert.der, state.ca.der};
    assert_true(pkcs7_write(both, 2, &p7, &err));
    t = json_of(buf_span(&p7), NULL, &o);
    assert_int_equal(json_array_size(json_get(t, "objects")), 2);
    is_hex_of(o, "sha256", leaf.cert.sha256);
    json_tree_release(&t);
}

/* The digest of the public key is the one that the openssl command computes. */
static void openssl_agrees(void **unused)
{
    (void)unused;
    char command[512];
    const json_t *o;
    CLEANUP(buf_release) struct buf csr = BUF_INIT(1 << 16);
    struct err err = ERR_INIT;
    CLEANUP(closep) int dir = statedir_item(&state.dir, "web", false, &err);
    assert_true(fs_read_at(dir, "request.csr", &csr, &err));
    json_t *t = json_of(buf_span(&csr), NULL, &o);
    (void)snprintf(command, sizeof command,
                   "test \"$(openssl req -in '%s/items/web/request.csr' -noout -pubkey | openssl "
                   "pkey -pubin -outform DER | sha256sum | cut -d' ' -f1)\" = %s",
                   state.path, json_get_str(o, "key_sha256"));
    json_tree_release(&t);
    assert_int_equal(system(command), 0);
}

static void keys(void **unused)
{
    (void)unused;
    const json_t *o;
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf clear = BUF_INIT(1 << 16);
    CLEANUP(buf_wipe) struct buf locked = BUF_INIT(1 << 16);
    key_pem(&leaf.key, &clear);
    assert_true(key_pem_encrypted(&leaf.key, &password, 2048, &locked, &err));
    json_t *t = json_of(buf_span(&clear), NULL, &o);
    assert_string_equal(json_get_str(o, "kind"), "private-key");
    is_hex_of(o, "key_sha256", leaf.key.spki_sha256);
    assert_int_equal(json_object_size(o), 4); /* kind, key, key_bits, key_sha256 */
    json_tree_release(&t);
    t = json_of(buf_span(&locked), NULL, &o);
    assert_true(json_get_bool(o, "encrypted", false));
    assert_null(json_get(o, "key_sha256"));
    json_tree_release(&t);
    t = json_of(buf_span(&locked), &password, &o);
    is_hex_of(o, "key_sha256", leaf.key.spki_sha256);
    json_tree_release(&t);
    CLEANUP(secret_release) struct secret wrong = SECRET_INIT;
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 16);
    secret_set(&wrong, "wrong", 5);
    assert_false(inspect_file("k", buf_span(&locked), &wrong, true, &out, &err));
    t = json_of(buf_span(&leaf.key.spki), NULL, &o);
    assert_string_equal(json_get_str(o, "kind"), "public-key");
    is_hex_of(o, "key_sha256", leaf.key.spki_sha256);
    json_tree_release(&t);
}

static void stores(void **unused)
{
    (void)unused;
    static const char *const names[] = {"web.p12", "web.jks"};
    static const char *const kinds[] = {"pfx", "jks"};
    struct err err = ERR_INIT;
    CLEANUP(closep) int dir = statedir_item(&state.dir, "web", false, &err);
    CLEANUP(closep) int out_dir = fs_open_dir_at(dir, "out", &err);
    for (size_t i = 0; i < NITEMS(names); i++) {
        CLEANUP(buf_wipe) struct buf bytes = BUF_INIT(1 << 20);
        const json_t *o;
        assert_true(fs_read_at(out_dir, names[i], &bytes, &err));
        json_t *t = json_of(buf_span(&bytes), &password, &o);
        assert_string_equal(json_get_str(o, "kind"), kinds[i]);
        assert_true(json_get_bool(o, "verified", false));
        const json_t *entry = json_array_get(json_get(o, "entries"), 0);
        const json_t *certs = json_get(entry, "certificates");
        assert_string_equal(json_get_str(entry, "alias"), "web");
        assert_int_equal(json_array_size(certs), 2);
        assert_true(json_get_bool(json_array_get(certs, 0), "key_matches", false));
        assert_string_equal(json_get_str(json_array_get(certs, 1), "subject"), "CN=Test Root");
        json_tree_release(&t);
        assert_non_null(strstr(text_of(buf_span(&bytes), &password), "key entry"));
    }
    CLEANUP(buf_wipe) struct buf pfx = BUF_INIT(1 << 20);
    CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 16);
    assert_true(fs_read_at(out_dir, "web.p12", &pfx, &err));
    assert_false(inspect_file("web.p12", buf_span(&pfx), NULL, false, &out, &err));
    assert_non_null(err.hint);
    assert_non_null(strstr(err.hint, "--password-file"));
}

static void revocations(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    const json_t *o;
    const struct crl_entry entries[] = {{.serial_hex = "0A1B",
                                         .revoked = 1795000000,
                                         .reason = REASON_KEY_COMPROMISE,
                                         .invalidity = TIME_NONE},
                                        {.serial_hex = "22",
                                         .revoked = 1795000001,
                                         .reason = REASON_NONE,
                                         .invalidity = TIME_NONE}};
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 16);
    state_must(
        crl_build(&state.ca_key, &state.ca, 7, 1795000000, 1795600000, entries, 2, &der, &err),
        &err);
    json_t *t = json_of(buf_span(&der), NULL, &o);
    const json_t *list = json_get(o, "revoked");
    assert_string_equal(json_get_str(o, "kind"), "crl");
    assert_int_equal(json_get_int(o, "count", 0), 2);
    assert_string_equal(json_get_str(o, "this_update"), "2026-11-18T11:06:40Z");
    assert_string_equal(json_string_value(json_array_get(list, 0)),
                        "0A1B 2026-11-18T11:06:40Z keyCompromise");
    assert_string_equal(json_string_value(json_array_get(list, 1)), "22 2026-11-18T11:06:41Z");
    json_tree_release(&t);
}

static void escapes(void **unused)
{
    (void)unused;
    struct err err = ERR_INIT;
    const struct dn_value dn = {"CN", "a\x1b[31mred\xe2\x80\xae"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    CLEANUP(buf_release) struct buf der = BUF_INIT(1 << 16);
    assert_true(csr_build(&leaf.key, &names, &der, &err));
    const char *text = text_of(buf_span(&der), NULL);
    assert_null(strchr(text, '\x1b'));
    assert_null(strstr(text, "\xe2\x80\xae"));
}

static void others(void **unused)
{
    (void)unused;
    static const char *const inputs[] = {
        "", "hello\n", "-----BEGIN JUNK-----\nAAAA\n-----END JUNK-----\n",
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"};
    for (size_t i = 0; i < NITEMS(inputs); i++) {
        struct err err = ERR_INIT;
        char shown[512];
        CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 16);
        assert_false(inspect_file("odd.bin", state_span(inputs[i]), NULL, true, &out, &err));
        assert_int_equal(err.code, ERR_INPUT);
        err_format(&err, shown, sizeof shown);
        assert_non_null(strstr(shown, "odd.bin"));
    }
}

static size_t corpus_files, corpus_shown;

static int one_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)ftw;
    if (kind != FTW_F || st->st_size > 1 << 20) {
        return 0;
    }
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf input = BUF_INIT(2 << 20);
    CLEANUP(buf_release) struct buf out = BUF_INIT(64 << 20);
    assert_true(fs_read(path, &input, &err));
    corpus_files++;
    if (!inspect_file(path, buf_span(&input), NULL, true, &out, &err)) {
        assert_true(err.msg[0]);
        return 0;
    }
    /* names of the corpora hold NUL; JSON may, so the reader of this test may not refuse it */
    json_error_t refused;
    json_t *t =
        json_loadb(buf_text(&out), out.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &refused);
    if (!t) {
        fail_msg("%s: %s", path, refused.text);
    }
    assert_true(json_array_size(json_get(t, "objects")) > 0);
    json_tree_release(&t);
    corpus_shown++;
    return 0;
}

static void corpora(void **unused)
{
    (void)unused;
    assert_int_equal(nftw("tests/corpora", one_file, 16, FTW_PHYS), 0);
    assert_true(corpus_files > 50);
    assert_true(corpus_shown > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request),         cmocka_unit_test(bad_signature),
        cmocka_unit_test(damaged_request), cmocka_unit_test(certificates),
        cmocka_unit_test(openssl_agrees),  cmocka_unit_test(keys),
        cmocka_unit_test(stores),          cmocka_unit_test(revocations),
        cmocka_unit_test(escapes),         cmocka_unit_test(others),
        cmocka_unit_test(corpora),
    };
    int failed = !!cmocka_run_group_tests(tests, set_up, tear_down);
    buf_release(&text_out);
    return failed;
}
