/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests: every key of the format arrives in its struct, every contradiction is found at its
 * place, bytes and digest are kept, and the traps of strict YAML reach the user as findings.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/manifest.h"
#include "formats/base/fs.h"
#include "formats/base/json_in.h"
#include "formats/base/limits.h"
#include "formats/base/sha.h"
#include "formats/base/str.h"
#include "formats/base/time.h"
#include "formats/crl.h"
#include "policy/rule.h"
#include "formats/key.h"
#include "formats/keystore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[256];

static int make_dir(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(dir, sizeof dir, "%s/t_manifest.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    fs_remove_tree_at(AT_FDCWD, dir);
    return 0;
}

struct result {
    struct manifest m;
    struct findings findings;
    struct err err;
    bool ok;
    char path[300];
};

static void read_bytes(struct result *r, const char *text, size_t n)
{
    struct err err = ERR_INIT;
    memset(r, 0, sizeof *r);
    (void)snprintf(r->path, sizeof r->path, "%s/m.batch.yaml", dir);
    struct span s = {(const uint8_t *)text, n};
    assert_true(fs_write_atomic(r->path, s, 0600, &err));
    r->ok = manifest_read(&r->m, r->path, &r->findings, &r->err);
    findings_sort(&r->findings);
}

static void read_text(struct result *r, const char *text)
{
    read_bytes(r, text, strlen(text));
}

static void done(struct result *r)
{
    findings_release(&r->findings);
    manifest_release(&r->m);
}

static void must_be_clean(const struct result *r)
{
    if (!r->ok || r->findings.n) {
        fail_msg("%zu findings, first: %u: %s", r->findings.n,
                 r->findings.n ? r->findings.v[0].line : 0,
                 r->findings.n ? r->findings.v[0].message : r->err.msg);
    }
}

static const char whole[] =
    "certbatch: 1\n"
    "name: CHG0031337-web\n"
    "change:\n"
    "  ticket: CHG0031337\n"
    "  type: emergency\n"
    "  requested_by: a.singh@example.com\n"
    "  approved_by: [m.ortiz@example.com, b.lee@example.com]\n"
    "  approved_at: 2026-11-20T10:00:00Z\n"
    "  window: {start: 2026-11-21T22:00:00Z, end: 2026-11-22T04:00:00+00:00}\n"
    "policy: [cabf-tls, certinext, ./company.policy.yaml]\n"
    "policy_sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    "ca: certinext-prod\n"
    "defaults:\n"
    "  product: ov-ucc\n"
    "  key: rsa-2048\n"
    "  validity: 199d\n"
    "  outputs: [pem, pfx, jks]\n"
    "orders:\n"
    "  - id: www\n"
    "    action: renew\n"
    "    replaces: {certificate: current/www.pem}\n"
    "    common_name: www.example.com\n"
    "    san: [\"www.example.com\", \"dns:api.example.com\", \"ip:192.0.2.7\", "
    "\"ip:2001:db8::1\"]\n"
    "    subject: {organization: Example Corp, locality: Austin, state: Texas, country: US,\n"
    "              domain_component: [com, example], organizational_unit: Ops}\n"
    "    validity: 1y\n"
    "    order_date: 2026-12-01\n"
    "    drop: [old.example.com]\n"
    "    fields: {tracking: \"77\"}\n"
    "    comment: kept\n"
    "  - id: payments\n"
    "    ca: other\n"
    "    profile: web-ev\n"
    "    csr: csr/payments.csr\n"
    "    key_file: keys/payments.key\n"
    "    key_password: {file: pw.txt}\n"
    "    product: \"0846\"\n"
    "    ev: {business_category: Private Organization, registration_number: REG-000123,\n"
    "         jurisdiction: {country: US, state: Delaware},\n"
    "         contract_signer: {name: A B, email: a@example.com, isd_code: \"1\"},\n"
    "         certificate_approver: {name: C D, mobile_number: \"5550100\"}}\n"
    "    outputs:\n"
    "      - pem\n"
    "      - {pfx: {profile: windows-2016, friendly_name: payments, iterations: 4000,\n"
    "               password: {env: PFX_PASSWORD}, include_root: true}}\n"
    "      - {jks: {alias: pay, password: {env: P}, key_password: {command: [pass, show]}}}\n"
    "  - id: again\n"
    "    action: reissue\n"
    "    replaces: {serial: \"0A:1b\"}\n"
    "    key_file: k.pem\n"
    "    reuse_key: true\n"
    "  - id: third\n"
    "    action: renew\n"
    "    replaces: {order: \"6612345678\"}\n"
    "revocations:\n"
    "  - id: old-www\n"
    "    certificate: current/www.pem\n"
    "    reason: superseded\n"
    "    comment: replaced under CHG0031337\n"
    "    after: www\n"
    "  - {id: r2, ca: c2, serial: \"0x0a1b\", reason: keyCompromise, invalidity_date: 2026-11-01,\n"
    "     incident: INC7}\n"
    "  - {id: r3, order: \"123\"}\n";

static void top_level_arrives(const struct manifest *m)
{
    assert_int_equal(m->version, 1);
    assert_string_equal(m->name, "CHG0031337-web");
    assert_string_equal(m->ca, "certinext-prod");
    assert_int_equal(m->policy.n, 3);
    assert_string_equal(m->policy.v[2], "./company.policy.yaml");
    assert_int_equal(strlen(m->policy_pin), 64);
    assert_string_equal(m->change->ticket, "CHG0031337");
    assert_int_equal(m->change->type, CHANGE_EMERGENCY);
    assert_int_equal(m->change->approved_by.n, 2);
    assert_int_equal(m->change->window_end - m->change->window_start, 6 * 3600);
    assert_int_equal(m->change->node->line, 4);
    assert_string_equal(m->defaults->product, "ov-ucc");
    assert_int_equal(m->defaults->key, KEY_RSA_2048);
    assert_int_equal(m->defaults->validity, 199 * DAY_SECONDS);
    assert_int_equal(m->defaults->outputs.n, 3);
    assert_int_equal(m->defaults->outputs.v[2].kind, OUTPUT_JKS);
    assert_int_equal(m->defaults->outputs.v[1].profile, -1);
    assert_int_equal(m->defaults->action, -1);
    assert_true(m->defaults->order_date == TIME_NONE);
}

static void orders_arrive(const struct order *o)
{
    assert_string_equal(o[0].id, "www");
    assert_int_equal(o[0].action, ACTION_RENEW);
    assert_string_equal(o[0].replaces->certificate, "current/www.pem");
    assert_int_equal(o[0].san.n, 4);
    assert_int_equal(o[0].san.at[1]->line, 23);
    assert_string_equal(o[0].subject->organization, "Example Corp");
    assert_string_equal(o[0].subject->organizational_unit, "Ops");
    assert_int_equal(o[0].subject->domain_component.n, 2);
    assert_int_equal(o[0].validity, 365 * DAY_SECONDS);
    assert_int_equal(o[0].order_date, 1796083200);
    assert_string_equal(o[0].drop.v[0], "old.example.com");
    assert_string_equal(yaml_get(o[0].extra, "tracking")->text, "77");
    assert_int_equal(o[0].key, KEY_NONE);
    assert_null(o[0].outputs.at);
    assert_int_equal(o[1].action, -1);
    assert_string_equal(o[1].product, "0846");
    assert_string_equal(o[1].csr, "csr/payments.csr");
    assert_int_equal(o[1].key_password.kind, SECRET_FILE);
    assert_string_equal(o[1].ev->jurisdiction.state, "Delaware");
    assert_string_equal(o[1].ev->contract_signer.isd_code, "1");
    assert_string_equal(o[1].ev->certificate_approver.mobile_number, "5550100");
    assert_true(o[2].reuse_key);
    assert_string_equal(o[2].replaces->serial, "0A:1b");
    assert_string_equal(o[3].replaces->order, "6612345678");
}

static void outputs_arrive(const struct outputs *out)
{
    assert_int_equal(out->n, 3);
    assert_non_null(out->at);
    assert_int_equal(out->v[0].kind, OUTPUT_PEM);
    const struct output *pfx = &out->v[1];
    assert_int_equal(pfx->kind, OUTPUT_PFX);
    assert_ptr_equal(&pfx_profiles[pfx->profile], pfx_profile_find("windows-2016"));
    assert_string_equal(pfx->friendly_name, "payments");
    assert_int_equal(pfx->iterations, 4000);
    assert_string_equal(pfx->password.name, "PFX_PASSWORD");
    assert_true(pfx->include_root);
    const struct output *jks = &out->v[2];
    assert_string_equal(jks->alias, "pay");
    assert_int_equal(jks->password.kind, SECRET_ENV);
    assert_int_equal(jks->key_password.kind, SECRET_COMMAND);
    assert_false(jks->include_root);
    assert_int_equal(jks->node->line, 46);
}

static void every_key_arrives(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, whole);
    must_be_clean(&r);
    top_level_arrives(&r.m);
    assert_int_equal(r.m.orders.n, 4);
    orders_arrive(r.m.orders.v);
    outputs_arrive(&((const struct order *)r.m.orders.v)[1].outputs);
    const struct revocation *v = r.m.revocations.v;
    assert_int_equal(r.m.revocations.n, 3);
    assert_int_equal(v[0].reason, REASON_SUPERSEDED);
    assert_string_equal(v[0].after, "www");
    assert_true(v[0].invalidity_date == TIME_NONE);
    assert_int_equal(v[1].reason, REASON_KEY_COMPROMISE);
    assert_string_equal(v[1].serial, "0x0a1b");
    assert_string_equal(v[1].incident, "INC7");
    assert_int_equal(v[1].invalidity_date, 1793491200);
    assert_int_equal(v[2].reason, REASON_NONE);
    done(&r);
}

static void bytes_and_digest_are_kept(void **state)
{
    (void)state;
    struct result r;
    char hex[SHA256_HEX];
    read_text(&r, whole);
    sha256_hex(whole, sizeof whole - 1, hex);
    assert_string_equal(r.m.sha256, hex);
    assert_int_equal(r.m.text_n, sizeof whole - 1);
    assert_memory_equal(r.m.text, whole, sizeof whole);
    assert_string_equal(r.m.path, r.path);
    assert_string_equal(r.m.dir, dir);
    done(&r);
}

/* --- problems, each added to a small good manifest --- */

#define HEAD   "certbatch: 1\nname: t1\n"
#define ORDER  HEAD "orders:\n  - id: a\n    common_name: x.example\n"
#define REVOKE HEAD "revocations:\n  - id: a\n"

static const struct problem {
    const char *text;
    uint32_t line, column;
    const char *rule, *words;
} problems[] = {
    {"certbatch: 2\nname: t1\norders: []", 1, 12, "manifest.schema", "must be 1, not '2'"},
    {"name: t1\norders: []", 1, 1, "manifest.schema", "manifest lacks 'certbatch'"},
    {"certbatch: 1\norders: []", 1, 1, "manifest.schema", "manifest lacks 'name'"},
    {HEAD, 1, 1, "manifest.schema", "neither 'orders' nor 'revocations'"},
    {"certbatch: 1\nname: ../n\norders: []", 2, 7, "manifest.schema", "'name' must be a name"},
    {HEAD "order: []", 3, 1, "manifest.schema", "did you mean 'orders'?"},
    {HEAD "orders: []\npolicy_sha256: ABC", 4, 16, "manifest.schema", "SHA-256"},
    {HEAD "orders:\n  - common_name: x", 4, 5, "manifest.schema", "order lacks 'id'"},
    {HEAD "orders:\n  - id: a/b\n    common_name: x", 4, 9, "manifest.schema", "'id' must be"},
    {HEAD "orders:\n  - id: a", 4, 5, "manifest.schema", "needs 'common_name', 'san' or 'csr'"},
    {HEAD "orders:\n  - {id: a, action: new, replaces: {order: '1'}}", 4, 5, "manifest.schema",
     "needs 'common_name'"},
    {ORDER "    csr: a.csr\n    key: ec-p256", 4, 5, "manifest.schema",
     "'csr', 'key' contradict each other"},
    {ORDER "    key: rsa-1024", 6, 10, "manifest.schema", "must be one of rsa-2048"},
    {ORDER "    action: replace", 6, 13, "manifest.schema", "new, renew or reissue"},
    {ORDER "    replaces: {}", 6, 15, "manifest.schema", "exactly one of"},
    {ORDER "    replaces: {order: '1', serial: '2'}", 6, 15, "manifest.schema", "exactly one of"},
    {ORDER "    replaces: {serial: xyz}", 6, 24, "manifest.schema", "must be a serial number"},
    {ORDER "    replaces: {serial: '00'}", 6, 24, "manifest.schema", "must be a serial number"},
    {ORDER "    san: x.example", 6, 10, "manifest.schema", "must be a list"},
    {ORDER "    san: ['dns:']", 6, 11, "manifest.schema", "must be dns:NAME"},
    {ORDER "    san: ['upn:a']", 6, 11, "manifest.schema", "must be dns:NAME"},
    {ORDER "    validity: 1 year", 6, 15, "manifest.schema", "must be a duration"},
    {ORDER "    validity: 0d", 6, 15, "manifest.schema", "must be a duration"},
    {ORDER "    reuse_key: true", 6, 16, "manifest.schema", "needs 'key_file'"},
    {ORDER "    reuse_key: true\n    key_file: k\n    key: ec-p256", 6, 16, "manifest.schema",
     "'reuse_key' and 'key' contradict"},
    {ORDER "    key_password: hunter2", 6, 19, "manifest.secret.inline", "is a secret"},
    {ORDER "    fields: [a]", 6, 13, "manifest.schema", "must be a mapping of order fields"},
    {ORDER "    outputs: pem", 6, 14, "manifest.schema", "must be a list of pem, pfx, jks"},
    {ORDER "    outputs: []", 6, 14, "manifest.schema", "must be a list of pem, pfx, jks"},
    {ORDER "    outputs: [pem, der]", 6, 20, "manifest.schema", "must be pem, pfx or jks"},
    {ORDER "    outputs: [{for: lighttpd}]", 6, 21, "manifest.schema",
     "'for' must be nginx, apache, tomcat, iis, jboss, jetty or weblogic"},
    {ORDER "    outputs: [{for: [nginx]}]", 6, 21, "manifest.schema", "'for' must be"},
    {ORDER "    outputs: [tomcat]", 6, 15, "manifest.schema", "or a server: {for: nginx}"},
    {ORDER "    outputs: [{for: jetty}, pfx, {for: jetty}]", 6, 34, "manifest.schema",
     "output jetty is asked for twice"},
    {ORDER "    outputs: [{pfx: {friendly_name: 'a\"b'}}, {for: tomcat}]", 6, 46, "manifest.schema",
     "stands in its configuration snippet"},
    {HEAD "orders: []\ndelivery: {}", 4, 11, "manifest.schema", "lacks 'recipients'"},
    {HEAD "orders: []\ndelivery: {recipients: []}", 4, 24, "manifest.schema", "recipients"},
    {HEAD "orders: []\ndelivery: {to: a.pem}", 4, 12, "manifest.schema", "unknown key 'to'"},
    {ORDER "    outputs: [{pem: {}, pfx: {}}]", 6, 15, "manifest.schema",
     "must be pem, pfx or jks"},
    {ORDER "    outputs: [pfx, {pfx: {}}]", 6, 20, "manifest.schema", "asked for twice"},
    {ORDER "    outputs: [{pfx: {profil: modern}}]", 6, 22, "manifest.schema",
     "did you mean 'profile'?"},
    {ORDER "    outputs: [{pfx: {profile: nope}}]", 6, 31, "manifest.schema", "must be one of"},
    {ORDER "    outputs: [{pfx: {password: hunter2}}]", 6, 32, "manifest.secret.inline",
     "is a secret"},
    {ORDER "    outputs: [{jks: {friendly_name: x}}]", 6, 22, "manifest.schema", "unknown key"},
    {ORDER "    outputs: [{pfx: {iterations: 300001}}]", 6, 34, "manifest.schema",
     "from 1 to 300000"},
    {ORDER "    order_date: 2026-11-20T10:00:00", 6, 17, "manifest.timezone", "no time zone"},
    {ORDER "    subject: {organisation: x}", 6, 15, "manifest.schema",
     "did you mean 'organization'?"},
    {HEAD "orders: []\ndefaults: {id: x}", 4, 12, "manifest.schema", "unknown key 'id'"},
    {HEAD "orders: []\nchange: {type: urgent}", 4, 16, "manifest.schema", "normal or emergency"},
    {HEAD "orders: []\nchange: {window: {start: 2026-11-21T22:00:00Z}}", 4, 18, "manifest.schema",
     "window lacks 'end'"},
    {HEAD "orders: []\nchange: {window: {start: 2026-11-22, end: 2026-11-22}}", 4, 43,
     "manifest.schema", "ends before it begins"},
    {HEAD "orders: []\nchange: {approved_at: 2026-11-20T10:00:00}", 4, 23, "manifest.timezone",
     "2026-11-20T10:00:00Z"},
    {REVOKE, 4, 5, "manifest.schema", "exactly one of 'certificate', 'serial', 'order'"},
    {REVOKE "    serial: '1'\n    order: '2'", 4, 5, "manifest.schema", "exactly one of"},
    {REVOKE "    serial: '1'\n    reason: key_compromise", 6, 13, "revoke.reason.known",
     "did you mean 'keyCompromise'?"},
    {REVOKE "    serial: '1'\n    reason: Superseded", 6, 13, "revoke.reason.known",
     "did you mean 'superseded'?"},
    {REVOKE "    serial: '1'\n    reason: 7", 6, 13, "revoke.reason.known", "must be one of"},
    {REVOKE "    serial: '1'\n    reason: 04", 6, 13, "revoke.reason.known", "must be one of"},
    {REVOKE "    serial: '1'\n    reason: 11", 6, 13, "revoke.reason.known", "must be one of"},
    {REVOKE "    serial: '1'\n    reason: [1]", 6, 13, "manifest.schema", "not a list"},
    {REVOKE "    serial: '0x'", 5, 13, "revoke.serial.format", "must be a serial number"},
    {REVOKE "    serial: '-1'", 5, 13, "revoke.serial.format", "must be a serial number"},
    {REVOKE "    serial: '00:00'", 5, 13, "revoke.serial.format", "must be a serial number"},
    {REVOKE "    serial: 'dec:0A'", 5, 13, "revoke.serial.format", "begins with dec:"},
    {REVOKE "    serial: '10000000000000000000000000000000000000000'", 5, 13,
     "revoke.serial.format", "1 to 40 hexadecimal digits"},
    {ORDER "    comment: |\n      -----BEGIN PRIVATE KEY-----\n      x", 6, 14,
     "manifest.secret.inline", "a private key in the file"},
    {ORDER "    common_name: y.example", 6, 5, "manifest.yaml.strict", "given twice"},
    {ORDER "    san: [*.example.com]", 6, 12, "manifest.yaml.strict", "quote a value"},
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
            assert_string_equal(f->file, r.path);
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

/* what looks wrong and is not */
static void accepted(void **state)
{
    (void)state;
    static const char *const good[] = {
        ORDER "    subject: {country: \"NO\"}\n",
        ORDER "    csr: a.csr\n    key_file: a.key\n",
        ORDER "    outputs: [{pem: {}}, {pfx: {}}, {jks: {}}]\n",
        ORDER "    outputs: [{for: nginx}, {for: apache}, {for: tomcat}, {for: iis}, {for: jboss}, "
              "{for: jetty}, {for: weblogic}]\n",
        ORDER "    outputs: [{pfx: {friendly_name: 'the site, really'}}]\n",
        ORDER "    san: [\"*.example.com\", \"2001:db8::1\", \"email:a@example.com\", "
              "\"uri:https://x.example/\"]\n",
        HEAD "orders:\n  - {id: a, action: renew, replaces: {order: '1'}}\n",
        HEAD "defaults: {action: reissue}\norders:\n  - {id: a, replaces: {order: '1'}}\n",
        HEAD "defaults: {key_file: k.pem, action: renew}\norders:\n"
             "  - {id: a, reuse_key: true, replaces: {order: '1'}}\n",
        HEAD "orders: []\n",
        HEAD "revocations: []\npolicy: cabf-tls\n",
        "\xEF\xBB\xBF" HEAD "orders: []\n",
        "certbatch: 1\r\nname: t1\r\norders: []\r\n",
    };
    for (size_t i = 0; i < NITEMS(good); i++) {
        struct result r;
        read_text(&r, good[i]);
        must_be_clean(&r);
        done(&r);
    }
}

/* Every spelling of a reason and of a serial number arrives as the same value. */
static void spellings_of_revocations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int reason;
    } reasons[] = {{"keyCompromise", 1},
                   {"key-compromise", 1},
                   {"1", 1},
                   {"'1'", 1},
                   {"cessation-of-operation", 5},
                   {"10", 10},
                   {"privilege-withdrawn", 9},
                   {"0", 0},
                   {"unspecified", 0}};
    for (size_t i = 0; i < NITEMS(reasons); i++) {
        CLEANUP(arena_release) struct arena a = ARENA_INIT;
        struct result r;
        read_text(&r, arena_printf(&a, REVOKE "    serial: 'dec:2587'\n    reason: %s\n",
                                   reasons[i].text));
        must_be_clean(&r);
        const struct revocation *v = r.m.revocations.v;
        assert_int_equal(v[0].reason, reasons[i].reason);
        assert_string_equal(v[0].serial, "dec:2587");
        done(&r);
    }
}

/* The samples of the rows that this reader reports. */
static void samples_of_the_rows(void **state)
{
    (void)state;
    static const char *const ids[] = {"revoke.reason.known", "revoke.serial.format"};
    for (size_t i = 0; i < NITEMS(ids); i++) {
        const struct rule *row = rule_find(ids[i]);
        struct result r;
        assert_non_null(row);
        read_text(&r, row->bad + strlen("manifest:"));
        assert_false(r.ok);
        assert_int_equal(r.findings.n, 1);
        assert_string_equal(r.findings.v[0].rule, ids[i]);
        done(&r);
        read_text(&r, row->good + strlen("manifest:"));
        must_be_clean(&r);
        done(&r);
    }
}

static void look_alikes_are_warnings(void **state)
{
    (void)state;
    struct result r;
    read_text(&r, ORDER "    subject: {country: NO, postal_code: 01234}\n    product: 0842\n");
    assert_true(r.ok);
    assert_int_equal(r.findings.n, 3);
    assert_string_equal(r.findings.v[0].rule, "manifest.yaml.implicit");
    const struct order *o = r.m.orders.v;
    assert_string_equal(o->subject->country, "NO");
    assert_string_equal(o->subject->postal_code, "01234");
    assert_string_equal(o->product, "0842");
    done(&r);
}

static void unreadable_is_not_a_finding(void **state)
{
    (void)state;
    struct manifest m;
    struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;
    char path[300];
    (void)snprintf(path, sizeof path, "%s/absent.batch.yaml", dir);
    assert_false(manifest_read(&m, path, &findings, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(findings.n, 0);
    manifest_release(&m);
    err_clear(&err);
    assert_false(manifest_read(&m, dir, &findings, &err));
    assert_int_equal(findings.n, 0);
    manifest_release(&m);
}

static void items(struct result *r, size_t n)
{
    CLEANUP(buf_release) struct buf b = BUF_INIT(LIMIT_INPUT_BYTES);
    buf_puts(&b, HEAD "orders:\n");
    for (size_t i = 0; i + 1 < n; i++) {
        buf_printf(&b, "  - {id: i%zu, common_name: x}\n", i);
    }
    buf_puts(&b, "revocations:\n  - {id: r, serial: \"1f\"}\n");
    read_bytes(r, buf_text(&b), b.n);
}

static void item_limit(void **state)
{
    (void)state;
    struct result r;
    items(&r, LIMIT_ITEMS);
    must_be_clean(&r);
    assert_int_equal(r.m.orders.n + r.m.revocations.n, LIMIT_ITEMS);
    done(&r);
    items(&r, LIMIT_ITEMS + 1);
    assert_false(r.ok);
    assert_int_equal(r.findings.n, 1);
    assert_non_null(strstr(r.findings.v[0].message, "50001 orders and revocations"));
    done(&r);
}

static void too_many_bytes_are_a_finding(void **state)
{
    (void)state;
    struct result r;
    char *text = xmalloc(LIMIT_YAML_BYTES + 1);
    memset(text, '\n', LIMIT_YAML_BYTES + 1);
    read_bytes(&r, text, LIMIT_YAML_BYTES + 1);
    assert_false(r.ok);
    assert_int_equal(r.findings.n, 1);
    assert_string_equal(r.findings.v[0].rule, "manifest.yaml.strict");
    done(&r);
    free(text);
}

/* Whatever the bytes: no crash, and not ok without a finding. */
static void corpus_never_passes_silently(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf list = BUF_INIT(LIMIT_INPUT_BYTES);
    struct err err = ERR_INIT;
    size_t files = 0;
    assert_true(fs_read("tests/corpora/yaml/EXPECTED.tsv", &list, &err));
    for (const char *line = list.p; *line; line += strcspn(line, "\n") + 1) {
        char path[300];
        if (*line == '#') {
            continue;
        }
        (void)snprintf(path, sizeof path, "tests/corpora/yaml/%.*s", (int)strcspn(line, "\t"),
                       line);
        struct manifest m;
        struct findings findings = FINDINGS_INIT;
        err_clear(&err);
        assert_false(manifest_read(&m, path, &findings, &err));
        assert_true(findings.n > 0);
        files++;
        findings_release(&findings);
        manifest_release(&m);
    }
    assert_true(files > 80);
}

static void json_schema_is_json(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf b = BUF_INIT(4u << 20);
    struct err err = ERR_INIT;
    struct jw j;
    jw_begin(&j, &b, JW_PRETTY);
    schema_json(&j, &manifest_schema, "urn:test");
    assert_true(jw_finish(&j, &err));
    CLEANUP(json_tree_release) json_t *t = json_parse("schema", b.p, b.n, &err);
    assert_non_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_arrives),
        cmocka_unit_test(bytes_and_digest_are_kept),
        cmocka_unit_test(every_problem_has_its_place),
        cmocka_unit_test(accepted),
        cmocka_unit_test(spellings_of_revocations),
        cmocka_unit_test(samples_of_the_rows),
        cmocka_unit_test(look_alikes_are_warnings),
        cmocka_unit_test(unreadable_is_not_a_finding),
        cmocka_unit_test(item_limit),
        cmocka_unit_test(too_many_bytes_are_a_finding),
        cmocka_unit_test(corpus_never_passes_silently),
        cmocka_unit_test(json_schema_is_json),
    };
    return !!cmocka_run_group_tests(tests, make_dir, remove_dir);
}
