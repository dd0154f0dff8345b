/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration: connector keys beside common keys, endpoints, where the file is looked for.
 * Two invented kinds of CA stand in for the connectors.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/config.h"
#include "formats/base/fs.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/base/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- two kinds of CA --- */

struct far {
    const char *api_url, *account;
    struct secret_ref access_key;
    int64_t page_size;
};
static const struct field auth_fields[] = {
    {.name = "access_key",
     .kind = FIELD_SECRET,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct far, access_key),
     .help = "key"},
};
static const struct schema auth_schema = {
    "auth", "credentials", auth_fields, NITEMS(auth_fields), sizeof(struct far), NO_OFFSET};
static const struct field far_fields[] = {
    {.name = "api_url",
     .kind = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct far, api_url),
     .help = "endpoint"},
    {.name = "account_number",
     .kind = FIELD_STRING,
     .offset = offsetof(struct far, account),
     .help = "account"},
    {.name = "auth", .kind = FIELD_OBJECT, .sub = &auth_schema, .help = "credentials"},
    {.name = "page_size",
     .kind = FIELD_INT,
     .offset = offsetof(struct far, page_size),
     .min = 1,
     .max = 500,
     .fallback = "100",
     .help = "rows"},
};
static const struct schema far_schema = {
    "far", "a CA far away", far_fields, NITEMS(far_fields), sizeof(struct far), NO_OFFSET};
struct near {
    const char *directory, *crl_url;
};
static const struct field near_fields[] = {
    {.name = "directory",
     .kind = FIELD_PATH,
     .offset = offsetof(struct near, directory),
     .fallback = "./local-ca",
     .help = "where"},
    {.name = "crl_url",
     .kind = FIELD_STRING,
     .offset = offsetof(struct near, crl_url),
     .help = "published"},
};
static const struct schema near_schema = {
    "local", "a CA in here", near_fields, NITEMS(near_fields), sizeof(struct near), NO_OFFSET};
static const struct ca_type far_type = {
    .type = "far", .title = "Far CA", .caps = CA_ORDER, .config = &far_schema};
static const struct ca_type near_type = {
    .type = "local", .title = "Local CA", .caps = CA_ORDER | CA_EMBEDDED, .config = &near_schema};
const struct ca_type *const ca_types[] = {&far_type, &near_type, NULL};

const struct ca_type *ca_type_find(const char *type)
{
    for (const struct ca_type *const *t = ca_types; *t; t++) {
        if (str_eq((*t)->type, type)) {
            return *t;
        }
    }
    return NULL;
}

/* --- surroundings: a fresh directory that is also the working directory --- */

static char dir[256];
static char *old_cwd;

static int enter(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/t_config.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    old_cwd = getcwd(NULL, 0);
    (void)unsetenv("CERTBATCH_CONFIG");
    return mkdtemp(dir) && chdir(dir) == 0 && setenv("HOME", dir, 1) == 0 &&
                   unsetenv("XDG_CONFIG_HOME") == 0
               ? 0
               : -1;
}

static int leave(void **state)
{
    (void)state;
    fs_remove_tree_at(AT_FDCWD, dir);
    int bad = chdir(old_cwd);
    free(old_cwd);
    return bad;
}

static void put(const char *path, const void *bytes, size_t n, mode_t mode)
{
    struct err err = ERR_INIT;
    struct span s = {bytes, n};
    if (!fs_write_atomic(path, s, mode, &err)) {
        fail_msg("%s", err.msg);
    }
    assert_int_equal(chmod(path, mode), 0);
}

static void put_text(const char *path, const char *text)
{
    put(path, text, strlen(text), 0600);
}

struct result {
    struct config c;
    struct findings findings;
    struct err err;
    bool ok;
};

static void read_at(struct result *r, const char *path)
{
    memset(r, 0, sizeof *r);
    r->ok = config_read(&r->c, path, &r->findings, &r->err);
    findings_sort(&r->findings);
}

static void read_text(struct result *r, const char *text)
{
    put_text("c.yaml", text);
    read_at(r, "./c.yaml");
    assert_int_equal(unlink("c.yaml"), 0);
}

static void done(struct result *r)
{
    findings_release(&r->findings);
    config_release(&r->c);
}

#define HEAD "certbatch_config: 1\n"

static const char whole[] =
    HEAD "cas:\n"
         "  lab: {type: local, directory: ./lab-ca, crl_url: http://crl.example/lab.crl}\n"
         "  prod:\n"
         "    type: far\n"
         "    api_url: https://api.example/v1/\n"
         "    account_number: \"0123\"\n"
         "    auth: {access_key: {env: ACCESS_KEY}}\n"
         "    tls: {ca_file: roots.pem, client_certificate: c.pem, client_key: {file: c.key},\n"
         "          truststore: {file: t.jks, type: jks, password: {file: t.pw}},\n"
         "          client_keystore: {file: k.p12, type: pkcs12, alias: me, password: {env: KP}}}\n"
         "    proxy: {host: proxy.example, port: 3128, username: svc, password: {file: pw}}\n"
         "    limits: {in_flight: 8, orders_per_second: 0.6, burst: 5, requests_per_second: 12}\n"
         "    timeouts: {connect_seconds: 5}\n"
         "    enabled: false\n"
         "signing: {certificate: audit.pem, key: {file: audit.key}}\n"
         "timestamp: {url: https://tsa.example/tsr, ca_file: tsa.pem}\n"
         "policy: [company.policy.yaml]\n"
         "paths: {allow_outside: true}\n";

static void every_key_arrives(void **state)
{
    (void)state;
    struct result r;
    char hex[SHA256_HEX];
    read_text(&r, whole);
    if (!r.ok || r.findings.n) {
        fail_msg("%s", r.findings.n ? r.findings.v[0].message : r.err.msg);
    }
    assert_int_equal(r.c.ncas, 2);
    assert_string_equal(r.c.cas[0].name, "lab");
    assert_ptr_equal(r.c.cas[0].type, &near_type);
    assert_string_equal(((struct near *)r.c.cas[0].own)->directory, "./lab-ca");
    assert_true(r.c.cas[0].common.enabled);
    assert_int_equal(r.c.cas[0].common.timeouts.request_seconds, 180);
    const struct ca_config *prod = config_ca(&r.c, "prod");
    const struct far *own = prod->own;
    assert_string_equal(own->api_url, "https://api.example/v1/");
    assert_string_equal(own->account, "0123");
    assert_string_equal(own->access_key.name, "ACCESS_KEY");
    assert_int_equal(own->page_size, 100);
    const struct ca_common *k = &prod->common;
    assert_string_equal(k->tls.ca_file, "roots.pem");
    assert_int_equal(k->tls.client_key.kind, SECRET_FILE);
    assert_string_equal(k->tls.truststore.file, "t.jks");
    assert_string_equal(k->tls.truststore.type, "jks");
    assert_string_equal(k->tls.client_keystore.alias, "me");
    assert_string_equal(k->tls.client_keystore.password.name, "KP");
    assert_string_equal(k->proxy.host, "proxy.example");
    assert_int_equal(k->proxy.port, 3128);
    assert_string_equal(k->proxy.password.name, "pw");
    assert_int_equal(k->limits.in_flight, 8);
    assert_true(k->limits.orders_per_second > 0.59 && k->limits.orders_per_second < 0.61);
    assert_int_equal(k->limits.burst, 5);
    assert_int_equal(k->timeouts.connect_seconds, 5);
    assert_false(k->enabled);
    assert_string_equal(yaml_get(prod->node, "type")->text, "far"); /* the whole mapping */
    assert_string_equal(r.c.signing->certificate, "audit.pem");
    assert_string_equal(r.c.signing->key.name, "audit.key");
    assert_string_equal(r.c.timestamp->url, "https://tsa.example/tsr");
    assert_string_equal(r.c.policy.v[0], "company.policy.yaml");
    assert_true(r.c.allow_outside_paths);
    assert_string_equal(r.c.dir, ".");
    sha256_hex(whole, sizeof whole - 1, hex);
    assert_string_equal(r.c.sha256, hex);
    assert_null(config_ca(&r.c, "none"));
    done(&r);
}

#define FAR      HEAD "cas:\n  p:\n    type: far\n    auth: {access_key: {env: K}}\n"
#define SHAPE    "config.schema"
#define ENDPOINT "manifest.ca.endpoint"

static const struct problem {
    const char *text;
    uint32_t line, column;
    const char *rule, *words;
} problems[] = {
    {"cas: {}", 1, 1, SHAPE, "config lacks 'certbatch_config'"},
    {"certbatch_config: 3", 1, 19, SHAPE, "must be 1, not '3'"},
    {HEAD "cas: {}", 2, 6, SHAPE, "must be a mapping of CA names"},
    {HEAD "cas: [a]", 2, 6, SHAPE, "must be a mapping of CA names"},
    {HEAD "ca: {}", 2, 1, SHAPE, "did you mean 'cas'?"},
    {HEAD "cas: {p: far}", 2, 10, SHAPE, "a CA must be a mapping"},
    {HEAD "cas: {p: {directory: x}}", 2, 10, SHAPE, "one of: far, local"},
    {HEAD "cas: {p: {type: digicert}}", 2, 17, SHAPE, "one of: far, local; not 'digicert'"},
    {HEAD "cas: {p: {type: [far]}}", 2, 17, SHAPE, "one of: far, local"},
    {HEAD "cas: {'a/b': {type: local}}", 2, 7, SHAPE, "a CA is named by letters"},
    {FAR, 4, 5, SHAPE, "far lacks 'api_url'"},
    {FAR "    api_url: https://x/\n    api_ulr: y", 7, 5, SHAPE,
     "unknown key 'api_ulr' in a CA of type far; did you mean 'api_url'?"},
    {FAR "    api_url: https://x/\n    timeout: {}", 7, 5, SHAPE, "did you mean 'timeouts'?"},
    {FAR "    api_url: https://x/\n    directory: y", 7, 5, SHAPE, "unknown key 'directory'"},
    {FAR "    api_url: https://x/\n    page_size: 501", 7, 16, SHAPE, "from 1 to 500"},
    {FAR "    api_url: https://x/\n    page_size: 0", 7, 16, SHAPE, "from 1 to 500"},
    {FAR "    api_url: https://x/\n    proxy: {host: h}", 7, 12, SHAPE, "proxy lacks 'port'"},
    {FAR "    api_url: https://x/\n    proxy: {host: h, port: 65536}", 7, 28, SHAPE, "65535"},
    {FAR "    api_url: https://x/\n    proxy: {host: h, port: 1, password: hunter2}", 7, 41,
     "manifest.secret.inline", "is a secret"},
    {FAR "    api_url: https://x/\n    tls: {verify: false}", 7, 11, SHAPE, "unknown key 'verify'"},
    {FAR "    api_url: https://x/\n    tls: {truststore: {file: x, type: pem}}", 7, 39, SHAPE,
     "must be pkcs12 or jks"},
    {FAR "    api_url: https://x/\n    tls: {truststore: {file: x, alias: a}}", 7, 33, SHAPE,
     "unknown key 'alias'"},
    {HEAD "cas: {p: {type: far, api_url: 'https://x/', auth: {access_key: hunter2}}}", 2, 64,
     "manifest.secret.inline", "is a secret"},
    {HEAD "signing: {certificate: a}", 2, 10, SHAPE,
     "signing needs exactly one of 'key', 'key_uri'"},
    {HEAD "timestamp: {url: tsa.example}", 2, 18, SHAPE, "must be an https:// URL"},
    {HEAD "timestamp: {url: 'http://tsa.example/'}", 2, 18, ENDPOINT, "use https://"},
    {HEAD "paths: {allow_outside: yes}", 2, 24, SHAPE, "true or false"},
    {HEAD "paths: {}\npaths: {}", 3, 1, "config.yaml.strict", "given twice"},
    {FAR "    api_url: http://api.example/", 6, 14, ENDPOINT, "loopback addresses only"},
    {FAR "    api_url: HTTP://api.example/", 6, 14, ENDPOINT, "loopback addresses only"},
    {FAR "    api_url: http://127.0.0.1.evil.example/", 6, 14, ENDPOINT, "loopback"},
    {FAR "    api_url: http://localhost.evil.example/", 6, 14, ENDPOINT, "loopback"},
    {FAR "    api_url: http://localhost@evil.example/", 6, 14, ENDPOINT, "user name"},
    {FAR "    api_url: http://localhost:hunter2@evil.example/", 6, 14, ENDPOINT, "user name"},
    {FAR "    api_url: https://user:hunter2@api.example/", 6, 14, ENDPOINT, "user name"},
    {FAR "    api_url: http://[::2]/", 6, 14, ENDPOINT, "loopback"},
    {FAR "    api_url: http://[::1", 6, 14, ENDPOINT, "loopback"},
    {FAR "    api_url: http://10.0.0.1/", 6, 14, ENDPOINT, "loopback"},
    {FAR "    api_url: 'http://'", 6, 14, ENDPOINT, "loopback"},
    {FAR "    api_url: http://localhost\\@evil.example/", 6, 14, ENDPOINT, ""},
};

static void every_problem_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < NITEMS(problems); i++) {
        const struct problem *p = &problems[i];
        struct result r;
        bool found = false;
        read_text(&r, p->text);
        for (size_t k = 0; k < r.findings.n; k++) {
            const struct finding *f = &r.findings.v[k];
            found |= f->line == p->line && f->column == p->column && str_eq(f->rule, p->rule) &&
                     strstr(f->message, p->words) && f->severity == SEV_ERROR;
            assert_null(strstr(f->message, "hunter2"));
        }
        if (!found || r.ok) {
            const struct finding *f = r.findings.n ? r.findings.v : &(struct finding){0};
            fail_msg("%s: %zu findings, first %u:%u %s '%s'", p->text, r.findings.n, f->line,
                     f->column, f->rule ? f->rule : "", f->message ? f->message : "");
        }
        assert_int_equal(r.err.code, ERR_INPUT);
        done(&r);
    }
}

static void loopback_may_be_http(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://127.0.0.1:8080/x", "http://localhost/",
                                       "http://LOCALHOST:1",      "http://[::1]:8443/?q",
                                       "http://127.9.9.9",        "https://api.example:443/v1"};
    for (size_t i = 0; i < NITEMS(urls); i++) {
        struct result r;
        char text[300];
        (void)snprintf(text, sizeof text, "%s    api_url: \"%s\"\n", FAR, urls[i]);
        read_text(&r, text);
        if (!r.ok) {
            fail_msg("%s: %s", urls[i], r.findings.v[0].message);
        }
        done(&r);
    }
}

/* --- where the file is looked for --- */

static void expect_ca(const char *explicit_path, const char *path, const char *ca)
{
    struct result r;
    read_at(&r, explicit_path);
    assert_true(r.ok);
    if (path) {
        assert_string_equal(r.c.path, path);
    } else {
        assert_null(r.c.path);
        assert_null(r.c.dir);
    }
    assert_int_equal(r.c.ncas, 1);
    assert_string_equal(r.c.cas[0].name, ca);
    done(&r);
}

static void search_order(void **state)
{
    (void)state;
    struct result r;
    struct err err = ERR_INIT;
    char home[300];
    expect_ca(NULL, NULL, "local"); /* no file at all */
    read_at(&r, NULL);
    assert_ptr_equal(r.c.cas[0].type, &near_type);
    assert_string_equal(((struct near *)r.c.cas[0].own)->directory, "./local-ca");
    assert_true(r.c.cas[0].common.enabled);
    done(&r);
    assert_true(fs_make_dirs(".config/certbatch", &err));
    put_text(".config/certbatch/certbatch.yaml", HEAD "cas: {home: {type: local}}\n");
    (void)snprintf(home, sizeof home, "%s/.config/certbatch/certbatch.yaml", dir);
    expect_ca(NULL, home, "home");
    assert_true(fs_make_dirs("xdg/certbatch", &err));
    put_text("xdg/certbatch/certbatch.yaml", HEAD "cas: {xdg: {type: local}}\n");
    (void)snprintf(home, sizeof home, "%s/xdg", dir);
    (void)setenv("XDG_CONFIG_HOME", home, 1);
    (void)snprintf(home, sizeof home, "%s/xdg/certbatch/certbatch.yaml", dir);
    expect_ca(NULL, home, "xdg");
    put_text("certbatch.yaml", HEAD "cas: {here: {type: local}}\n");
    expect_ca(NULL, "certbatch.yaml", "here");
    put_text("env.yaml", HEAD "cas: {env: {type: local}}\n");
    (void)setenv("CERTBATCH_CONFIG", "env.yaml", 1);
    expect_ca(NULL, "env.yaml", "env");
    put_text("given.yaml", HEAD "cas: {given: {type: local}}\n");
    expect_ca("given.yaml", "given.yaml", "given");
    (void)setenv("CERTBATCH_CONFIG", "absent.yaml", 1); /* asked for: not silently another */
    read_at(&r, NULL);
    assert_false(r.ok);
    assert_int_equal(r.err.code, ERR_INPUT);
    assert_int_equal(r.findings.n, 0);
    done(&r);
    (void)unsetenv("CERTBATCH_CONFIG");
    (void)unsetenv("XDG_CONFIG_HOME");
    assert_int_equal(unlink("certbatch.yaml"), 0);
}

static void json_schema_has_every_kind(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(4u << 20);
    struct err err = ERR_INIT;
    struct jw j;
    jw_begin(&j, &b, JW_PRETTY);
    config_schema_json(&j);
    assert_true(jw_finish(&j, &err));
    CLEANUP(json_tree_release) json_t *t = json_parse("schema", b.p, b.n, &err);
    assert_non_null(t);
    const json_t *kinds = json_get(
        json_get(json_get(json_get(t, "properties"), "cas"), "additionalProperties"), "oneOf");
    assert_int_equal(json_array_size(kinds), 2);
    const json_t *first = json_get(json_array_get(kinds, 0), "properties");
    assert_non_null(json_get(first, "api_url"));
    assert_non_null(json_get(first, "proxy"));
    assert_null(json_get(first, "directory"));
    buf_reset(&b);
    config_schema_roff(&b);
    assert_non_null(strstr(buf_text(&b), ".B cas.NAME (far).api_url\n"));
    assert_non_null(strstr(buf_text(&b), ".B cas.NAME.proxy.port\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_order),
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(every_problem_has_its_place),
        cmocka_unit_test(loopback_may_be_http),
        cmocka_unit_test(json_schema_has_every_kind),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
