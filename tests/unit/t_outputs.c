/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of an item: what each server gets, that equal bytes are made once, that an own output
 * decides what its servers get, what is left without a key, and that no mark stays in a snippet.
 * Real servers load them in tests/interop/servers.sh.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/manifest.h"
#include "batch/outputs.h"
#include "tests/unit/keystore_fixture.h"

#define PASSWORD "Tq7mVZ2kPwXcN9rB4hYdLs"
#define ALL                                                                                        \
    "{for: nginx}, {for: apache}, {for: tomcat}, {for: iis}, {for: jboss}, {for: jetty}, "         \
    "{for: weblogic}"

static struct fixture ec;
static struct secret password;

struct made {
    char name[80];
    uint8_t sha256[SHA256_SIZE];
    struct buf bytes;
    bool generated;
};
static struct made files[40];
static size_t nfiles;
static struct manifest manifest;
static struct findings findings;

static int setup(void **state UNUSED)
{
    fixture_make(&ec, KEY_EC_P256);
    password = fixture_secret(PASSWORD);
    return 0;
}

static void forget(void)
{
    for (size_t i = 0; i < nfiles; i++) {
        buf_wipe(&files[i].bytes);
    }
    nfiles = 0;
    manifest_release(&manifest);
    findings_release(&findings);
    findings = (struct findings)FINDINGS_INIT;
}

static int teardown(void **state UNUSED)
{
    forget();
    fixture_release(&ec);
    secret_release(&password);
    return 0;
}

static bool keep(void *ctx, const struct output_file *f, struct err *err)
{
    (void)ctx;
    (void)err;
    assert_true(nfiles < NITEMS(files));
    struct made *m = &files[nfiles++];
    (void)snprintf(m->name, sizeof m->name, "%s", f->name);
    m->bytes = (struct buf)BUF_INIT(1 << 20);
    buf_add(&m->bytes, f->bytes.p, f->bytes.n);
    m->generated = f->generated;
    sha256(f->bytes.p, f->bytes.n, m->sha256);
    return true;
}

static void read_manifest(const char *outputs)
{
    CLEANUP(buf_release) struct buf text = BUF_INIT(8192);
    struct err err = ERR_INIT;
    forget();
    buf_printf(&text,
               "certbatch: 1\nname: t\ndelivery: {recipients: alice.pem}\norders:\n"
               "  - {id: www, common_name: www.example.com, outputs: [%s]}\n",
               outputs);
    if (!manifest_read_text(&manifest, "m.yaml", buf_span(&text), &findings, &err)) {
        fail_msg("%s: %s", outputs, findings.n ? findings.v[0].message : err.msg);
    }
}

static void make(const char *outputs, bool keyed)
{
    struct err err = ERR_INIT;
    read_manifest(outputs);
    const struct outputs_request r = {.id = "www",
                                      .outputs =
                                          &((const struct order *)manifest.orders.v)->outputs,
                                      .key = keyed ? &ec.leaf_key : NULL,
                                      .leaf = ec.leaf,
                                      .chain = ec.chain,
                                      .nchain = 2,
                                      .created = 1795000000,
                                      .generated = &password};
    if (!outputs_make(&r, keep, NULL, &err)) {
        fail_msg("%s: %s", outputs, err.msg);
    }
}

static const struct made *find(const char *name)
{
    for (size_t i = 0; i < nfiles; i++) {
        if (str_eq(files[i].name, name)) {
            return &files[i];
        }
    }
    return NULL;
}

static const struct made *get(const char *name)
{
    const struct made *m = find(name);
    if (!m) {
        fail_msg("no %s among %zu files", name, nfiles);
        abort();
    }
    return m;
}

static bool same(const char *a, const char *b)
{
    return memcmp(get(a)->sha256, get(b)->sha256, SHA256_SIZE) == 0;
}

static void expect_names(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)get(names[i]);
    }
    assert_int_equal(nfiles, n);
}

/* A server is the output it reads, with the options that the order gives this output. */
static void test_servers_become_outputs(void **state UNUSED)
{
    static const struct {
        const char *server, *profile;
        int kind;
    } want[] = {{"tomcat", "modern", OUTPUT_PFX},
                {"iis", "windows-2019", OUTPUT_PFX},
                {"nginx", NULL, OUTPUT_PEM},
                {"weblogic", NULL, OUTPUT_JKS}};
    read_manifest("{for: tomcat}, {for: iis}, {for: nginx}, {for: weblogic}, "
                  "{jks: {alias: pay, password: {env: P}}}");
    assert_int_equal(findings.n, 0);
    const struct outputs *out = &((const struct order *)manifest.orders.v)->outputs;
    assert_int_equal(out->n, 5);
    for (size_t i = 0; i < NITEMS(want); i++) {
        const struct output *o = &out->v[i];
        assert_string_equal(o->preset->name, want[i].server);
        assert_int_equal(o->kind, want[i].kind);
        assert_true(want[i].profile ? &pfx_profiles[o->profile] == pfx_profile_find(want[i].profile)
                                    : o->profile == -1);
        assert_non_null(o->node);
    }
    assert_string_equal(out->v[3].alias, "pay");
    assert_string_equal(out->v[3].password.name, "P");
    assert_null(out->v[0].alias);
    assert_null(out->v[4].preset);
    assert_int_equal(manifest.delivery->recipients.n, 1);
    assert_string_equal(manifest.delivery->recipients.v[0], "alice.pem");
}

static void test_what_each_server_gets(void **state UNUSED)
{
    static const char *const names[] = {"nginx/key.pem",
                                        "nginx/fullchain.pem",
                                        "nginx/site.conf.snippet",
                                        "apache/key.pem",
                                        "apache/fullchain.pem",
                                        "apache/site.conf.snippet",
                                        "tomcat/www.p12",
                                        "tomcat/server.xml.snippet",
                                        "iis/www.p12",
                                        "iis/import.ps1.snippet",
                                        "jboss/www.p12",
                                        "jboss/elytron.cli.snippet",
                                        "jetty/www.p12",
                                        "jetty/ssl.ini.snippet",
                                        "weblogic/www.jks",
                                        "weblogic/identity.py.snippet"};
    make(ALL, true);
    expect_names(names, NITEMS(names));
    for (size_t i = 0; i < nfiles; i++) {
        const char *name = files[i].name;
        const bool locked =
            str_ends(name, "key.pem") || str_ends(name, ".p12") || str_ends(name, ".jks");
        assert_int_equal(files[i].generated, locked);
        assert_null(memmem(files[i].bytes.p, files[i].bytes.n, PASSWORD, strlen(PASSWORD)));
    }
}

/* Key derivation and salts are paid for once: two stores made apart would never be equal. */
static void test_equal_bytes_are_made_once(void **state UNUSED)
{
    make("pem, pfx, " ALL, true);
    assert_true(same("key.pem", "nginx/key.pem"));
    assert_true(same("key.pem", "apache/key.pem"));
    assert_true(same("www.p12", "tomcat/www.p12"));
    assert_true(same("www.p12", "jetty/www.p12"));
    /* another name of the same algorithms */
    make("{for: tomcat}, {for: iis}", true);
    assert_true(same("tomcat/www.p12", "iis/www.p12"));
}

/* The order's own options count for the servers that read this output. */
static void test_own_options(void **state UNUSED)
{
    CLEANUP(keystore_release) struct keystore store = KEYSTORE_INIT;
    struct err err = ERR_INIT;
    make("{for: iis}, {pfx: {profile: windows-2016, friendly_name: the-site}}", true);
    assert_true(same("www.p12", "iis/www.p12"));
    assert_true(keystore_read(buf_span(&get("iis/www.p12")->bytes), &password, NULL, &store, &err));
    assert_string_equal(store.v[0].alias, "the-site");
    assert_non_null(strstr(store.summary, "SHA1"));
    make("{jks: {alias: pay}}, {for: weblogic}", true);
    assert_non_null(strstr(buf_text(&get("weblogic/identity.py.snippet")->bytes),
                           "setServerPrivateKeyAlias('pay')"));
}

static size_t certificates(const struct made *m, struct span *first)
{
    static struct arena a;
    struct err err = ERR_INIT;
    struct cert *certs;
    size_t n = 0;
    arena_release(&a);
    if (!certs_read(&a, m->name, buf_span(&m->bytes), &certs, &n, &err)) {
        fail_msg("%s", err.msg);
    }
    *first = certs[0].der;
    const bool is_leaf = span_eq(*first, ec.leaf);
    arena_release(&a);
    return is_leaf ? n : 0;
}

/* A server sends leaf and intermediates; the root is for those who verify. */
static void test_full_chain_without_root(void **state UNUSED)
{
    struct span first;
    make("{for: nginx}", true);
    assert_int_equal(certificates(get("nginx/fullchain.pem"), &first), 2);
    make("{pem: {include_root: true}}, {for: nginx}", true);
    assert_int_equal(certificates(get("nginx/fullchain.pem"), &first), 3);
}

static void test_without_the_key(void **state UNUSED)
{
    static const char *const names[] = {"nginx/fullchain.pem",       "nginx/site.conf.snippet",
                                        "tomcat/fullchain.pem",      "iis/www.p7b",
                                        "tomcat/server.xml.snippet", "iis/import.ps1.snippet"};
    struct span first;
    make("pem, {for: nginx}, {for: tomcat}, {for: iis}", false);
    expect_names(names, NITEMS(names));
    assert_int_equal(certificates(get("iis/www.p7b"), &first), 2);
    for (size_t i = 0; i < nfiles; i++) {
        assert_false(files[i].generated);
        if (str_ends(files[i].name, ".snippet")) {
            assert_non_null(strstr(buf_text(&files[i].bytes), "private key is not in this bundle"));
            assert_null(strstr(buf_text(&files[i].bytes), "# Password"));
        }
    }
    const struct outputs *o = &((const struct order *)manifest.orders.v)->outputs;
    assert_false(outputs_need_key(o));
    make("pfx, {for: tomcat}", true);
    assert_true(outputs_need_key(&((const struct order *)manifest.orders.v)->outputs));
}

/* --- snippets --- */

static struct cert named(const char *const *names, size_t n, struct general_name *v)
{
    struct cert c = {.san = {v, n}};
    for (size_t i = 0; i < n; i++) {
        const bool ip = names[i][0] >= '0' && names[i][0] <= '9';
        v[i] = (struct general_name){.type = ip ? GN_IP : GN_DNS, .text = names[i]};
    }
    return c;
}

static void test_no_mark_stays(void **state UNUSED)
{
    static const char *const names[] = {"*.example.com", "www.example.com", "api.example.com"};
    struct general_name v[3];
    const struct cert leaf = named(names, 3, v);
    const struct preset_values values = {"the-item", "the-file", "the alias", &leaf};
    for (size_t i = 0; i < presets_count; i++) {
        for (int keyed = 0; keyed < 2; keyed++) {
            CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
            preset_snippet(&presets[i], keyed, &values, &text);
            const char *s = buf_text(&text);
            for (const char *c = s; *c; c++) {
                if (*c == '@' && c[1] >= 'A' && c[1] <= 'Z') {
                    fail_msg("%s: %.20s", presets[i].name, c);
                }
            }
            assert_false(buf_failed(&text));
            assert_non_null(strstr(s, "the-item"));
            assert_non_null(strstr(s, "-connect www.example.com:"));
            assert_true(text.n && text.p[text.n - 1] == '\n');
            assert_ptr_equal(preset_find(presets[i].name), &presets[i]);
        }
    }
    assert_null(preset_find("lighttpd"));
}

static void expect_snippet(const char *const *names, size_t n, const char *line)
{
    struct general_name v[4];
    const struct cert leaf = named(names, n, v);
    const struct preset_values values = {"www", "key.pem", "www", &leaf};
    CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
    preset_snippet(preset_find("apache"), true, &values, &text);
    if (!strstr(buf_text(&text), line)) {
        fail_msg("no \"%s\" in %s", line, buf_text(&text));
    }
}

/* Nothing from a certificate gets into a configuration that is not a plain name. */
static void test_names_in_snippets(void **state UNUSED)
{
    static const char *const wild[] = {"*.example.com"};
    static const char *const odd[] = {"a.example;\n}", "b.example.com", "$(id)", "192.0.2.7"};
    static const char *const address[] = {"192.0.2.7"};
    expect_snippet(wild, 1, "ServerName  example.com\n    ServerAlias *.example.com\n");
    expect_snippet(odd, 4, "ServerName  b.example.com\n    ServerAlias b.example.com\n");
    expect_snippet(address, 1, "ServerName  192.0.2.7\n");
    expect_snippet(NULL, 0, "ServerName  www\n");
}

static void test_aliases(void **state UNUSED)
{
    static const char *const good[] = {"a", "www.example.com", "My_site-1", "the site"};
    static const char *const bad[] = {"",    " a",  "a ",   "a\"b", "a'b",
                                      "a<b", "a&b", "a\nb", "${a}", "m\xc3\xbcnchen"};
    for (size_t i = 0; i < NITEMS(good); i++) {
        assert_true(preset_alias_ok(good[i]));
    }
    for (size_t i = 0; i < NITEMS(bad); i++) {
        assert_false(preset_alias_ok(bad[i]));
    }
}

static void test_stored_names(void **state UNUSED)
{
    char name[80];
    output_stored_name("key.pem", name, sizeof name);
    assert_string_equal(name, "key.pem");
    output_stored_name("nginx/key.pem", name, sizeof name);
    assert_string_equal(name, "nginx+key.pem");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers_become_outputs),
        cmocka_unit_test(test_what_each_server_gets),
        cmocka_unit_test(test_equal_bytes_are_made_once),
        cmocka_unit_test(test_own_options),
        cmocka_unit_test(test_full_chain_without_root),
        cmocka_unit_test(test_without_the_key),
        cmocka_unit_test(test_no_mark_stays),
        cmocka_unit_test(test_names_in_snippets),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_stored_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
