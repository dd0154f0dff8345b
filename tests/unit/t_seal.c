/* SPDX-License-Identifier: Apache-2.0
 *
 * Sealed bundles of a hand-made state, signed but not stamped (tests/interop/seal.sh has a TSA):
 * the same bytes again, from what the state keeps; what is kept and damaged; another signer; what
 * verify says with and without anchors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "state_fixture.h"

#include "batch/provenance.h"
#include "batch/seal.h"
#include "tests/unit/seal_fixture.h"

#include <dirent.h>

static struct state state;
static const char *out;

static int make(void **unused)
{
    (void)unused;
    pki_make(&pki);
    state_begin(&state);
    out = pki_path(&pki, "out");
    return 0;
}

static int destroy(void **unused)
{
    (void)unused;
    pki_remove(&pki);
    state_end(&state);
    return 0;
}

static const char *config(const char *lines)
{
    const char *text = arena_printf(&pki.arena, "certbatch_config: 1\n%s\n", lines);
    return temp_write(&pki.arena, pki.dir, "certbatch.yaml", state_span(text));
}

static const char *signing(const char *name)
{
    return config(arena_printf(
        &pki.arena, "signing: {certificate: %s.pem, chain: sub.pem, key: {file: %s.key}}", name,
        name));
}

/* The audit bundle's bytes. */
static struct span bundle(const char *config_path)
{
    struct err err = ERR_INIT;
    struct bundle_paths made = {0};
    struct seal *seal;
    state_must(seal_open(config_path, NULL, &seal, &err), &err);
    state_must(bundle_make(&state.dir, &state.history, out, STATE_NAME, seal, &made, &err), &err);
    assert_null(made.remark);
    struct span bytes = corpus_read(&pki.arena, made.audit);
    bundle_paths_release(&made);
    seal_free(seal);
    return bytes;
}

static void forget(void)
{
    fs_remove_tree_at(state.dir.fd, SEAL_DIR);
}

/* The findings of a rule at a severity. */
static size_t verify(const char *signer_ca, const char *tsa_ca, const char *rule,
                     enum severity severity)
{
    CLEANUP(findings_release) struct findings found = FINDINGS_INIT;
    CLEANUP(buf_release) struct buf summary = BUF_INIT(1u << 20);
    struct err err = ERR_INIT;
    const struct verify_options o = {.bundle =
                                         path_join(&pki.arena, out, STATE_NAME "-audit.tar.gz"),
                                     .signer_ca = signer_ca ? pki_path(&pki, signer_ca) : NULL,
                                     .tsa_ca = tsa_ca ? pki_path(&pki, tsa_ca) : NULL};
    size_t n = 0;
    state_must(bundle_verify(&o, &found, &summary, &err), &err);
    for (size_t i = 0; i < found.n; i++) {
        n += str_eq(found.v[i].rule, rule) && found.v[i].severity == severity;
        if (found.v[i].severity == SEV_ERROR && !str_eq(found.v[i].rule, rule)) {
            fail_msg("%s: %s", found.v[i].rule, found.v[i].message);
        }
    }
    return n;
}

static void test_unsealed(void **unused)
{
    (void)unused;
    struct seal *seal;
    struct err err = ERR_INIT;
    assert_true(seal_open(NULL, NULL, &seal, &err));
    assert_null(seal);
    assert_true(seal_open(config(""), NULL, &seal, &err));
    assert_null(seal);
    (void)bundle(NULL);
    assert_false(fs_exists_at(state.dir.fd, SEAL_DIR));
    assert_int_equal(verify(NULL, NULL, "verify.signature", SEV_ERROR), 0);
    assert_int_equal(verify("root.pem", NULL, "verify.signature", SEV_ERROR), 1);
    assert_int_equal(verify(NULL, "root.pem", "verify.timestamp", SEV_ERROR), 1);
}

static void test_signed(void **unused)
{
    (void)unused;
    struct span plain = bundle(NULL);
    struct span first = bundle(signing("p256"));
    assert_false(span_eq(plain, first));
    assert_int_equal(verify(NULL, NULL, "verify.signature", SEV_ERROR), 0);
    assert_int_equal(verify(NULL, NULL, "verify.signature", SEV_INFO), 1);
    assert_int_equal(verify("root.pem", NULL, "verify.signature", SEV_INFO), 0);
    assert_int_equal(verify("root.pem", NULL, "verify.signature", SEV_ERROR), 0);
    assert_int_equal(verify("other.pem", NULL, "verify.signature", SEV_ERROR), 1);
    assert_int_equal(verify(NULL, "root.pem", "verify.timestamp", SEV_ERROR), 1);
    /* ECDSA is random: only what is kept can give the same bytes */
    assert_true(span_eq(first, bundle(signing("p256"))));
    assert_true(span_eq(first, bundle(NULL)));
    forget();
    assert_false(span_eq(first, bundle(signing("p256"))));
    forget();
    assert_true(span_eq(plain, bundle(NULL)));
}

static void test_another_signer(void **unused)
{
    (void)unused;
    struct span first = bundle(signing("p256"));
    struct span second = bundle(signing("p384"));
    assert_false(span_eq(first, second));
    assert_int_equal(verify("p384.pem", NULL, "verify.signature", SEV_ERROR), 0);
    assert_int_equal(verify("p256.pem", NULL, "verify.signature", SEV_ERROR), 1);
    forget();
}

/* Every file that is kept, damaged in turn: it is made anew, never used. */
static void test_damaged(void **unused)
{
    (void)unused;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct err err = ERR_INIT;
    (void)bundle(signing("p256"));
    size_t files = 0;
    const char *dir = path_join(&a, state.path, SEAL_DIR);
    CLEANUP(strlist_release) struct strlist names = {0};
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') {
            VEC_PUSH(&names, arena_strdup(&a, e->d_name));
        }
    }
    (void)closedir(d);
    for (size_t i = 0; i < names.n; i++, files++) {
        const char *path = path_join(&a, dir, names.v[i]);
        struct span whole = corpus_read(&a, path);
        uint8_t *bytes = arena_memdup(&a, whole.p, whole.n);
        bytes[whole.n - 8] ^= 1;
        state_must(fs_write_atomic(path, (struct span){bytes, whole.n}, 0600, &err), &err);
        (void)bundle(signing("p256"));
        assert_int_equal(verify("root.pem", NULL, "verify.signature", SEV_ERROR), 0);
        assert_int_equal(verify("root.pem", NULL, "verify.provenance", SEV_ERROR), 0);
    }
    assert_int_equal(files, 2);
    forget();
}

/* The statement is kept and the signature is not: without a key nothing can be made that fits. */
static void test_lost(void **unused)
{
    (void)unused;
    CLEANUP(arena_release) struct arena a = ARENA_INIT;
    struct bundle_paths made = {0};
    struct err err = ERR_INIT;
    (void)bundle(signing("p256"));
    const char *dir = path_join(&a, state.path, SEAL_DIR);
    CLEANUP(closep) int fd = fs_open_dir(dir, &err);
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (str_ends(e->d_name, ".p7s")) {
            assert_true(fs_remove_at(fd, e->d_name, &err));
        }
    }
    (void)closedir(d);
    assert_false(bundle_make(&state.dir, &state.history, out, STATE_NAME, NULL, &made, &err));
    assert_non_null(strstr(err.msg, "lost the signature"));
    bundle_paths_release(&made);
    forget();
}

static void test_bad_settings(void **unused)
{
    (void)unused;
    static const struct {
        const char *lines, *words;
        enum err_code code;
    } cases[] = {
        {"signing: {certificate: p256.pem, key: {file: rsa.key}}", "not that of", ERR_INPUT},
        {"signing: {certificate: server.pem, key: {file: server.key}}", "extended key usage",
         ERR_INPUT},
        {"signing: {certificate: no.pem, key: {file: p256.key}}", "signing.certificate", ERR_INPUT},
        {"signing: {certificate: p256.pem, chain: no.pem, key: {file: p256.key}}", "signing.chain",
         ERR_INPUT},
        {"signing: {certificate: p256.pem, key: {file: no.key}}", "signing.key", ERR_INPUT},
        {"signing: {certificate: p256.pem, key: {file: p256.key}, key_password: {env: NO_SUCH_X}}",
         "signing.key_password", ERR_INPUT},
        {"timestamp: {url: 'https://tsa.example/', ca_file: no.pem}", "timestamp.ca_file",
         ERR_INPUT},
        {"timestamp: {url: 'https://tsa.example/', ca_file: tsa.cnf}", "timestamp.ca_file",
         ERR_INPUT},
        {"timestamp: {url: 'http://tsa.example/'}", "not a valid configuration", ERR_INPUT},
        {"timestamp: {url: 'https://tsa.example/', hash: sha1}", "not a valid configuration",
         ERR_INPUT},
        {"timestamp: {url: 'https://tsa.example/', policy: one}", "not a valid configuration",
         ERR_INPUT},
        {"signing: {certificate: p256.pem}", "not a valid configuration", ERR_INPUT},
        {"signing: {certificate: p256.pem, key: {file: p256.key}, key_uri: 'pkcs11:object=a'}",
         "not a valid configuration", ERR_INPUT},
        {"signing: {certificate: p256.pem, key_uri: 'pkcs11:object=a?pin-value=1'}",
         "not a valid configuration", ERR_INPUT},
    };
    for (size_t i = 0; i < NITEMS(cases); i++) {
        struct err err = ERR_INIT;
        struct seal *seal = NULL;
        if (seal_open(config(cases[i].lines), NULL, &seal, &err)) {
            fail_msg("accepted: %s", cases[i].lines);
        }
        if (!strstr(err.msg, cases[i].words) || err.code != cases[i].code) {
            fail_msg("%s: %d %s", cases[i].lines, err.code, err.msg);
        }
        /* what could be read is enough to find what a state keeps */
        assert_int_equal(seal == NULL, str_eq(cases[i].words, "not a valid configuration"));
        seal_free(seal);
    }
}

/* --- the statement --- */

static size_t problems;
static char last[LIMIT_MESSAGE];

static void count(void *ctx, const char *text)
{
    (void)ctx;
    problems++;
    (void)snprintf(last, sizeof last, "%s", text);
}

static struct bag *small_bag(int fd)
{
    struct err err = ERR_INIT;
    struct bag *b = bag_create(fd, "x-audit", 1795000000, &err);
    assert_non_null(b);
    assert_true(bag_add(b, "manifest.yaml", state_span("m"), &err));
    assert_true(bag_add(b, "items/web/request.csr", state_span("r"), &err));
    assert_true(bag_add(b, "items/web/certificate.pem", state_span("c"), &err));
    return b;
}

static void test_statement(void **unused)
{
    (void)unused;
    static const struct {
        const char *from, *to, *words;
    } lies[] = {
        {"/v1\"", "/v2\"", "_type"},
        {"urn:certbatch:batch:1", "urn:certbatch:batch:2", "buildType"},
        {STATE_POLICY_SHA, "00", "policy"},
        {"data/items/web/certificate.pem", "data/items/wob/certificate.pem", "wob"},
        {"web.p12", "wob.p12", "wob.p12"},
    };
    CLEANUP(buf_release) struct buf text = BUF_INIT(1u << 20);
    CLEANUP(buf_release) struct buf manifest = BUF_INIT(65536);
    struct err err = ERR_INIT;
    const char *path = pki_path(&pki, "bag");
    CLEANUP(closep) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct bag *b = small_bag(fd);
    state_must(provenance_write(b, &state.history, "CHG1", &text, &err), &err);
    bag_abandon(&b);
    static const char *const files[][2] = {{"data/items/web/certificate.pem", "c"},
                                           {"data/items/web/request.csr", "r"},
                                           {"data/manifest.yaml", "m"}};
    for (size_t i = 0; i < NITEMS(files); i++) {
        char hex[SHA256_HEX];
        sha256_hex(files[i][1], 1, hex);
        buf_printf(&manifest, "%s  %s\n", hex, files[i][0]);
    }
    problems = 0;
    provenance_check(buf_span(&text), buf_text(&manifest), &state.history, count, NULL);
    assert_int_equal(problems, 0);
    for (size_t i = 0; i < NITEMS(lies); i++) {
        CLEANUP(buf_release) struct buf lie = BUF_INIT(1u << 20);
        const char *at = strstr(buf_text(&text), lies[i].from);
        assert_non_null(at);
        buf_add(&lie, text.p, (size_t)(at - buf_text(&text)));
        buf_puts(&lie, lies[i].to);
        buf_puts(&lie, at + strlen(lies[i].from));
        problems = 0;
        provenance_check(buf_span(&lie), buf_text(&manifest), &state.history, count, NULL);
        assert_true(problems > 0);
        assert_non_null(strstr(last, lies[i].words));
    }
    problems = 0;
    provenance_check(state_span("{"), buf_text(&manifest), &state.history, count, NULL);
    assert_int_equal(problems, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unsealed),       cmocka_unit_test(test_signed),
        cmocka_unit_test(test_another_signer), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_lost),           cmocka_unit_test(test_bad_settings),
        cmocka_unit_test(test_statement),
    };
    return cmocka_run_group_tests(tests, make, destroy);
}
