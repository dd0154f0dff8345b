/* SPDX-License-Identifier: Apache-2.0
 *
 * A state directory made by hand, as a finished run leaves it: `web` issued with every kind of
 * output, `api` issued with a PEM key, `bad` refused with a text that a spreadsheet would take for
 * a formula, `old` (a revocation) skipped. For the tests of reports, bundles and verify. Include
 * after cmocka.h.
 */
#ifndef TESTS_UNIT_STATE_FIXTURE_H
#define TESTS_UNIT_STATE_FIXTURE_H

#include "batch/population.h"
#include "batch/bundle.h"
#include "batch/record.h"
#include "formats/base/limits.h"
#include "formats/base/time.h"
#include "formats/issue.h"
#include "formats/keystore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_NAME     "CHG0000007-test"
#define STATE_PASSWORD "Tq7mVZ2kPwXcN9rB4hYdLs"
#define STATE_MANIFEST                                                                             \
    "certbatch: 1\nname: " STATE_NAME "\nchange: {ticket: CHG0000007, type: normal, "              \
    "requested_by: a.singh@example.com, approved_by: [m.ortiz@example.com]}\n"
#define STATE_FINDINGS                                                                             \
    "{\"tool\":\"certbatch\",\"files\":[{\"path\":\"m.yaml\",\"kind\":\"manifest\",\"findings\":[" \
    "{\"rule\":\"san.test\",\"severity\":\"warning\",\"message\":\"a <b> finding\",\"item\":"      \
    "\"bad\",\"line\":7,\"column\":3,\"value\":null,\"cite\":\"RFC 5280\"}]}],\"summary\":{}}\n"
#define STATE_POLICY_SHA "a9a921460167d5782240baa6ee4238fc38f9bb2f6d814ff4fc559d14d4472fa9"

struct state {
    char root[64], path[128];
    struct statedir dir;
    struct history history;
    struct journal *journal;
    struct arena arena;
    struct key ca_key;
    struct cert ca;
    char plan_digest[SHA256_HEX];
};

struct leaf {
    struct key key;
    struct buf csr, der;
    struct cert cert;
};

static struct span state_span(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static void state_must(bool ok, const struct err *err)
{
    if (!ok) {
        fail_msg("%s", err->msg);
    }
}

static void state_write(int dir, const char *name, struct span data)
{
    struct err err = ERR_INIT;
    state_must(fs_write_atomic_at(dir, name, data, 0600, &err), &err);
}

/* --- certificates --- */

static struct span state_issue(struct state *s, const struct issue_profile *profile,
                               const struct key *signer, const struct cert *issuer,
                               const struct key *key, const struct x509_names *names)
{
    struct err err = ERR_INIT;
    static uint8_t serial = 0x10;
    CLEANUP(buf_release) struct buf subject = BUF_INIT(4096);
    CLEANUP(buf_release) struct buf san = BUF_INIT(4096);
    CLEANUP(buf_release) struct buf der = BUF_INIT(65536);
    state_must(x509_put_dn(&subject, names, &err), &err);
    if (names->nsan) {
        state_must(x509_put_san(&san, names, &err), &err);
    }
    serial++;
    struct issue_parts parts = {.profile = profile,
                                .serial = {&serial, 1},
                                .subject = buf_span(&subject),
                                .spki = buf_span(&key->spki),
                                .san = buf_span(&san),
                                .not_before = 1795000000,
                                .not_after = 1797591999};
    state_must(issue_certificate(signer, issuer, &parts, &der, &err), &err);
    return (struct span){arena_memdup(&s->arena, der.p, der.n), der.n};
}

static void state_make_ca(struct state *s)
{
    struct err err = ERR_INIT;
    const struct dn_value dn = {"CN", "Test Root"};
    const struct x509_names names = {.subject = &dn, .nsubject = 1};
    s->ca_key = (struct key)KEY_INIT;
    state_must(key_generate(KEY_EC_P256, &s->ca_key, &err), &err);
    struct span der = state_issue(s, &issue_root, &s->ca_key, NULL, &s->ca_key, &names);
    state_must(cert_parse(&s->arena, der, &s->ca, &err), &err);
}

static void state_make_leaf(struct state *s, const char *cn, struct leaf *l)
{
    struct err err = ERR_INIT;
    const struct dn_value dn = {"CN", cn};
    const struct san_value san[] = {{GN_DNS, cn}, {GN_IP, "192.0.2.7"}};
    const struct x509_names names = {.subject = &dn, .nsubject = 1, .san = san, .nsan = 2};
    *l = (struct leaf){.key = KEY_INIT, .csr = BUF_INIT(65536)};
    state_must(key_generate(KEY_EC_P256, &l->key, &err), &err);
    state_must(csr_build(&l->key, &names, &l->csr, &err), &err);
    struct span der = state_issue(s, &issue_tls_server, &s->ca_key, &s->ca, &l->key, &names);
    state_must(cert_parse(&s->arena, der, &l->cert, &err), &err);
}

static void state_leaf_release(struct leaf *l)
{
    key_release(&l->key);
    buf_release(&l->csr);
}

/* --- files of an item --- */

static void state_put_pem(int dir, const char *name, const char *label, struct span der)
{
    CLEANUP(buf_release) struct buf pem = BUF_INIT(65536);
    pem_write(&pem, label, der);
    state_write(dir, name, buf_span(&pem));
}

static void state_put_output(struct buf *outputs, int out, const char *name, struct buf *data)
{
    char hex[SHA256_HEX];
    sha256_hex(data->p, data->n, hex);
    state_write(out, name, buf_span(data));
    buf_printf(outputs, "%s{\"path\":\"%s\",\"sha256\":\"%s\"}", outputs->n > 1 ? "," : "", name,
               hex);
    buf_wipe(data);
}

static void state_put_outputs(struct state *s, int out, const char *id, struct leaf *l, bool stores,
                              struct buf *outputs)
{
    struct err err = ERR_INIT;
    CLEANUP(buf_wipe) struct buf data = BUF_INIT(1 << 20);
    CLEANUP(secret_release) struct secret password = SECRET_INIT;
    char name[128];
    secret_set(&password, STATE_PASSWORD, strlen(STATE_PASSWORD));
    struct keystore_entry e = {.alias = id,
                               .key = &l->key,
                               .leaf = l->cert.der,
                               .chain = &s->ca.der,
                               .nchain = 1,
                               .password = &password,
                               .created = 1795000000};
    buf_puts(outputs, "[");
    state_must(key_pem_encrypted(&l->key, &password, 2048, &data, &err), &err);
    state_put_output(outputs, out, "key.pem", &data);
    if (stores) {
        (void)snprintf(name, sizeof name, "%s.p12", id);
        state_must(pfx_write(&e, pfx_profile_find("modern"), 2048, &data, &err), &err);
        state_put_output(outputs, out, name, &data);
        (void)snprintf(name, sizeof name, "%s.jks", id);
        state_must(jks_write(&e, 1, &password, &data, &err), &err);
        state_put_output(outputs, out, name, &data);
    }
    buf_puts(outputs, "]");
}

/* --- records --- */

static void state_record(struct state *s, const struct record *r)
{
    record_write(r, journal_begin(s->journal, r->ev, r->item));
    journal_end(s->journal);
}

static void state_head(struct state *s, const char *ev, const char *const *pairs)
{
    struct jw *j = journal_begin(s->journal, ev, NULL);
    for (; pairs && pairs[0]; pairs += 2) {
        jw_str(j, pairs[0], pairs[1]);
    }
    journal_end(s->journal);
}

static void state_item(struct state *s, const char *id, const char *kind, const char *cn,
                       const char *san)
{
    struct record r = {.ev = "item", .item = id, RECORD_NONE};
    r.kind = kind;
    r.action = str_eq(kind, "order") ? "new" : "revoke";
    r.ca = "lab";
    r.product = "tls-server";
    r.common_name = cn;
    r.san = san;
    state_record(s, &r);
}

static void state_issued(struct state *s, const char *id, const char *cn, bool stores)
{
    struct err err = ERR_INIT;
    struct leaf l;
    char spki[SHA256_HEX], sha[SHA256_HEX], order[128];
    CLEANUP(buf_release) struct buf outputs = BUF_INIT(4096);
    state_make_leaf(s, cn, &l);
    CLEANUP(closep) int dir = statedir_item(&s->dir, id, true, &err);
    assert_true(dir >= 0);
    CLEANUP(closep) int out = fs_open_dir_at(dir, "out", &err);
    state_put_pem(dir, "request.csr", "CERTIFICATE REQUEST", buf_span(&l.csr));
    state_put_pem(dir, "certificate.pem", "CERTIFICATE", l.cert.der);
    state_put_pem(dir, "chain.pem", "CERTIFICATE", s->ca.der);
    state_put_outputs(s, out, id, &l, stores, &outputs);
    hex_encode(l.key.spki_sha256, SHA256_SIZE, spki);
    hex_encode(l.cert.sha256, SHA256_SIZE, sha);
    (void)snprintf(order, sizeof order, "L-%s", id);
    struct record keygen = RECORD(EV_KEYGEN, id), intent = RECORD(EV_INTENT, id),
                  reply = RECORD(EV_REPLY_ACCEPTED, id), cert = RECORD(EV_CERT, id),
                  made = RECORD(EV_OUTPUTS, id);
    keygen.key = "generated";
    keygen.spki_sha256 = spki;
    intent.attempt = 1;
    reply.order_id = order;
    cert.sha256 = sha;
    cert.serial = l.cert.serial_hex;
    cert.issuer = "CN=Test Root";
    cert.not_before = l.cert.not_before;
    cert.not_after = l.cert.not_after;
    made.outputs = buf_text(&outputs);
    const struct record *all[] = {&keygen, &intent, &reply, &cert, &made};
    for (size_t i = 0; i < NITEMS(all); i++) {
        state_record(s, all[i]);
    }
    state_leaf_release(&l);
}

static void state_others(struct state *s)
{
    struct record keygen = RECORD(EV_KEYGEN, "bad"), intent = RECORD(EV_INTENT, "bad"),
                  refused = RECORD(EV_REPLY_REFUSED, "bad"), skip = RECORD(EV_SKIP, "old");
    keygen.key = "generated";
    keygen.spki_sha256 = STATE_POLICY_SHA;
    intent.attempt = 1;
    refused.code = "E-1";
    refused.message = "=HYPERLINK(\"http://evil.test\") \x1b[31m";
    skip.code = "dependency";
    skip.message = "the order it waits for did not succeed";
    state_record(s, &keygen);
    state_record(s, &intent);
    state_record(s, &refused);
    state_record(s, &skip);
}

/* The canonical form is compact and sorted; the digest is of the members that bind. */
static void state_plan(struct state *s, const char *manifest_sha)
{
    char bound[1024], file[2048];
    (void)snprintf(
        bound, sizeof bound,
        "\"items\":[{\"id\":\"web\"},{\"id\":\"api\"},{\"id\":\"bad\"},{\"id\":\"old\"}],"
        "\"manifest_sha256\":\"%s\",\"policy_sha256\":\"" STATE_POLICY_SHA "\"}",
        manifest_sha);
    (void)snprintf(file, sizeof file, "{\"batch\":\"" STATE_NAME "\",%s", bound);
    sha256_hex(file, strlen(file), s->plan_digest);
    (void)snprintf(file, sizeof file,
                   "{\"digest\":\"%s\",\"as_of\":\"2026-11-21T00:00:00Z\",\"manifest\":\"m.yaml\","
                   "\"batch\":\"" STATE_NAME "\",%s\n",
                   s->plan_digest, bound);
    state_write(s->dir.fd, "plan.json", state_span(file));
}

static void state_inputs(struct state *s, char manifest_sha[SHA256_HEX])
{
    struct err err = ERR_INIT;
    sha256_hex(STATE_MANIFEST, strlen(STATE_MANIFEST), manifest_sha);
    state_write(s->dir.fd, "manifest.yaml", state_span(STATE_MANIFEST));
    state_write(s->dir.fd, "findings.json", state_span(STATE_FINDINGS));
    state_plan(s, manifest_sha);
    CLEANUP(closep) int policy = fs_make_dir_at(s->dir.fd, "policy", &err);
    state_write(policy, "01-b.yaml", state_span("certbatch_policy: 1\nname: b\n"));
    state_write(policy, "00-a.yaml", state_span("certbatch_policy: 1\nname: a\n"));
    state_write(s->dir.fd, "passwords.csv",
                state_span("item,output,alias,password\nweb,key.pem,web," STATE_PASSWORD
                           "\nweb,web.p12,=web," STATE_PASSWORD "\nweb,web.jks,web," STATE_PASSWORD
                           "\napi,key.pem,api," STATE_PASSWORD "\n"));
}

static void state_reload(struct state *s)
{
    struct err err = ERR_INIT;
    journal_close(s->journal);
    history_release(&s->history);
    s->journal = journal_open(s->dir.fd, history_add, &s->history, &err);
    state_must(s->journal != NULL, &err);
}

/* As a run writes it: the population of the four items below, of which nothing was digested. */
static void state_population(struct state *s)
{
    static const char *const ids[] = {"web", "api", "bad", "old"};
    CLEANUP(population_release) struct population p = {0};
    char root[SHA256_HEX];
    for (size_t i = 0; i < NITEMS(ids); i++) {
        population_add(&p, ids[i], "");
    }
    population_sort(&p);
    population_root(&p, root);
    struct jw *j = journal_begin(s->journal, "plan", NULL);
    jw_str(j, "digest", s->plan_digest);
    jw_str(j, "merkle_root", root);
    jw_int(j, "items", (int64_t)NITEMS(ids));
    journal_end(s->journal);
}

static void state_begin(struct state *s)
{
    struct err err = ERR_INIT;
    char sha[SHA256_HEX];
    *s = (struct state){.history = HISTORY_INIT};
    (void)snprintf(s->root, sizeof s->root, "/tmp/cb-state-XXXXXX");
    assert_non_null(mkdtemp(s->root));
    (void)snprintf(s->path, sizeof s->path, "%s/" STATE_NAME ".state", s->root);
    state_must(statedir_open(&s->dir, s->path, true, &err), &err);
    state_make_ca(s);
    state_inputs(s, sha);
    s->journal = journal_open(s->dir.fd, history_add, &s->history, &err);
    state_must(s->journal != NULL, &err);
    const char *const open[] = {
        "batch", STATE_NAME, "manifest_sha256", sha, "policy_sha256", STATE_POLICY_SHA, NULL};
    state_head(s, "open", open);
    state_population(s);
    state_item(s, "web", "order", "www.example.com", "[\"dns:www.example.com\",\"ip:192.0.2.7\"]");
    state_item(s, "api", "order", "api.example.com", "[\"dns:api.example.com\"]");
    state_item(s, "bad", "order", "bad.example.com", "[\"dns:bad.example.com\"]");
    state_item(s, "old", "revocation", NULL, NULL);
    state_issued(s, "web", "www.example.com", true);
    state_issued(s, "api", "api.example.com", false);
    state_others(s);
    state_head(s, "close", NULL);
    state_must(journal_sync(s->journal, &err), &err);
    state_reload(s);
}

static void state_end(struct state *s)
{
    journal_close(s->journal);
    history_release(&s->history);
    statedir_close(&s->dir);
    key_release(&s->ca_key);
    arena_release(&s->arena);
    fs_remove_tree_at(-1, s->root); /* absolute: the descriptor is not used */
}

#endif
