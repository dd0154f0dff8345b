/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the rules share: a policy from text, a subject from the syntax of rule
 * samples, and the question "does this rule fire?". Include after cmocka.h.
 */
#ifndef TESTS_UNIT_RULES_FIXTURE_H
#define TESTS_UNIT_RULES_FIXTURE_H

#include "tests/unit/corpus.h"

#include "formats/base/time.h"
#include "formats/crl.h"
#include "formats/key.h"
#include "policy/engine.h"

#define SAMPLES "tests/samples/"

/* The day on which everything is judged: 2026-11-21T12:00:00Z. */
enum { JUDGED_AT = 1795262400 };

/* clang-format off */
static const struct product_info fixture_products[] = {
    {.ca_type = "certinext", .environment = "production", .code = "838", .name = "DV",
     .level = "dv", .keys = "rsa-2048 rsa-3072 rsa-4096 ec-p256 ec-p384"},
    {.ca_type = "certinext", .environment = "production", .code = "842", .name = "OV",
     .level = "ov"},
    {.ca_type = "certinext", .environment = "production", .code = "845",
     .name = "OV wildcard UCC", .level = "ov", .wildcard = true, .multi = true, .blocked = true},
    {.ca_type = "certinext", .environment = "production", .code = "846", .name = "EV",
     .level = "ev"},
    {.ca_type = "certinext", .environment = "production", .code = "100",
     .name = "intranet-ssl", .level = "private", .any_names = true},
    {.ca_type = "certinext", .environment = "sandbox", .code = "850", .name = "EV",
     .level = "ev"},
    {.ca_type = "digicert", .code = "ssl_multi_domain", .name = "Multi-Domain SSL",
     .level = "ov", .multi = true, .max_san = 3},
    {.ca_type = "digicert", .code = "ssl_plus", .name = "Standard SSL", .level = "ov",
     .deprecated = true},
    {.ca_type = "digicert", .code = "secure_email_mailbox", .name = "Mailbox", .level = "smime"},
    {.ca_type = "digicert", .code = "secure_email_sponsor", .name = "Sponsor", .level = "smime"},
};
/* clang-format on */

/* A policy from text, standing in `dir` as far as its relative paths go. */
static inline struct policy *policy_from(struct arena *a, const char *dir, const char *text)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;
    struct policy *p = NULL;
    const char *path = temp_write(a, dir, "sample.policy.yaml",
                                  (struct span){(const uint8_t *)text, strlen(text)});
    const struct policy_source source = {.name = path, .base = "."};
    if (!policy_open(&p, &source, 1, fixture_products, NITEMS(fixture_products), &findings, &err)) {
        for (size_t i = 0; i < findings.n; i++) {
            print_message("%s: %s\n", findings.v[i].rule, findings.v[i].message);
        }
        fail_msg("%s\n%s", err.msg, text);
    }
    return p;
}

/* The level of policy under which a row of this scope is judged. */
static inline const char *level_for(unsigned scope)
{
    return (scope & SCOPE_TLS) == SCOPE_TLS ? "tls"
           : scope & SCOPE_DV               ? "dv"
           : scope & SCOPE_OV               ? "ov"
           : scope & SCOPE_IV               ? "iv"
           : scope & SCOPE_EV               ? "ev"
           : scope & SCOPE_PRIVATE          ? "private"
                                            : "smime";
}

static inline struct policy *policy_of_level(struct arena *a, const char *dir, const char *level,
                                             const char *rules)
{
    return policy_from(a, dir,
                       arena_printf(a,
                                    "certbatch_policy: 1\nname: fixture\nlevel: %s\n"
                                    "rules:\n  key.rsa.modulus.prime: warning\n%s"
                                    "profiles:\n  web-dv: {level: dv}\n",
                                    level, rules));
}

static inline struct csr *read_csr(struct arena *a, const char *path)
{
    struct csr *csr = arena_alloc(a, sizeof *csr);
    csr_parse(a, corpus_read(a, path), csr);
    return csr;
}

static inline struct cert *read_certs(struct arena *a, const char *path, size_t *n)
{
    struct cert *certs = NULL;
    struct err err = ERR_INIT;
    if (!certs_read(a, path, corpus_read(a, path), &certs, n, &err)) {
        fail_msg("%s: %s", path, err.msg);
    }
    return certs;
}

static inline struct cert *read_cert(struct arena *a, const char *path)
{
    size_t n;
    return read_certs(a, path, &n);
}

/* The first certificate of the file is judged; the others are the chain beside it. */
static inline void read_judged(struct arena *a, const char *path, struct subject *s)
{
    size_t n;
    struct cert *certs = read_certs(a, path, &n);
    s->cert = certs;
    s->chain = certs + 1;
    s->nchain = n - 1;
}

static inline const struct ynode *parse_yaml(struct arena *a, const char *text)
{
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct ynode *root = NULL;
    if (!yaml_parse("sample", (struct span){(const uint8_t *)text, strlen(text)}, &shape_manifest,
                    a, &findings, &root)) {
        fail_msg("%s: %s", text, findings.n ? findings.v[0].message : "no tree");
    }
    return root;
}

static inline const char *yaml_text(const struct ynode *map, const char *key)
{
    const struct ynode *n = yaml_get(map, key);
    return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

static inline void read_names(struct arena *a, const struct ynode *map, struct subject *s)
{
    const struct ynode *san = yaml_get(map, "san");
    struct san_value *v = arena_array(a, san ? san->count + 1 : 1, sizeof *v);
    for (const struct ynode *n = san ? san->first : NULL; n; n = n->next) {
        san_value_parse(n->text, &v[s->nsan++]);
    }
    s->san = v;
    const struct ynode *subject = yaml_get(map, "subject");
    struct dn_value *dn = arena_array(a, subject ? subject->count + 1 : 1, sizeof *dn);
    for (const struct ynode *n = subject ? subject->first : NULL; n; n = n->next) {
        const struct dn_name *name = dn_name_by_manifest(n->key);
        assert_non_null(name);
        dn[s->ndn++] = (struct dn_value){name->name, n->text};
    }
    s->dn = dn;
}

static inline void read_key_file(struct arena *a, const struct ynode *map, struct subject *s)
{
    const char *path = arena_printf(a, SAMPLES "%s", s->key_file);
    struct key key = KEY_INIT;
    struct err err = ERR_INIT;
    if (!key_read(corpus_read(a, path), NULL, &key, &err)) {
        fail_msg("%s", err.msg);
    }
    s->key_file_matches = key_matches_spki(&key, s->csr->key.sha256);
    key_release(&key);
    const char *mode = yaml_text(map, "key_file_mode");
    for (s->key_file_mode = mode ? 0 : -1; mode && *mode; mode++) {
        s->key_file_mode = s->key_file_mode * 8 + (*mode - '0');
    }
}

static inline int64_t yaml_time(const struct ynode *map, const char *key, int64_t otherwise)
{
    int64_t t = otherwise;
    const char *text = yaml_text(map, key);
    if (text && !time_parse_any(text, &t)) {
        fail_msg("%s: not a time: %s", key, text);
    }
    return t;
}

static inline void read_revocation(struct arena *a, const struct ynode *map, struct subject *s)
{
    const char *reason = yaml_text(map, "reason");
    s->kind = SUBJECT_REVOCATION;
    s->reason = REASON_NONE;
    assert_true(!reason || revocation_reason_parse(reason, &s->reason));
    s->places = yaml_text(map, "places");
    s->revoked = yaml_text(map, "revoked");
    s->serial = yaml_text(map, "serial") ? serial_normal(a, yaml_text(map, "serial")) : NULL;
}

/* `ca:` is the name of a CA ("certinext-prod"), or its settings ({type: certinext, ...}). */
static inline void read_ca(struct arena *a, const struct ynode *map, struct subject *s)
{
    const struct ynode *node = yaml_get(map, "ca");
    const char *name = yaml_text(map, "ca");
    s->ca_environment = "production";
    s->ca_public = true;
    if (node && node->kind == YAML_MAPPING) {
        s->ca_node = node;
        s->ca_file = "certbatch.yaml";
        s->ca_type = yaml_text(node, "type");
        s->ca_environment =
            yaml_text(node, "environment") ? yaml_text(node, "environment") : s->ca_environment;
        s->ca = arena_printf(a, "%s-prod", s->ca_type);
    } else if (name) {
        s->ca = name;
        s->ca_type = arena_strndup(a, name, strcspn(name, "-"));
    }
}

/* One item as rule samples write it: the keys of an order or revocation, and
 *   csr, key_file, prior, cert   files of tests/samples (cert: the certificate under judgement)
 *   issuer                       certificate of the CA that will sign, a file too
 *   key_file_mode                what batch would have found out
 *   places, revoked              what an inventory says of the certificate to revoke
 *   ca                           name of a CA, or its settings as a mapping
 *   change, defaults, today      of the manifest and the run
 *   request                      a mapping like this one: the order `cert` was issued for */
static inline void subject_from(struct arena *a, const struct ynode *map, struct subject *s)
{
    const char *validity = yaml_text(map, "validity");
    *s = (struct subject){.kind = SUBJECT_ORDER,
                          .id = "sample",
                          .file = "sample.batch.yaml",
                          .node = map,
                          .defaults = yaml_get(map, "defaults"),
                          .change = yaml_get(map, "change"),
                          .action = yaml_text(map, "action") ? yaml_text(map, "action") : "new",
                          .product = yaml_text(map, "product"),
                          .profile = yaml_text(map, "profile"),
                          .common_name = yaml_text(map, "common_name"),
                          .key = yaml_text(map, "key"),
                          .key_file = yaml_text(map, "key_file"),
                          .key_file_mode = -1,
                          .key_file_matches = true,
                          .reason = REASON_NONE,
                          .order_date = yaml_time(map, "order_date", JUDGED_AT),
                          .today = yaml_time(map, "today", JUDGED_AT)};
    assert_true(!validity || duration_parse(validity, &s->validity_seconds));
    read_ca(a, map, s);
    read_names(a, map, s);
    if (yaml_text(map, "csr")) {
        s->csr_file = arena_printf(a, SAMPLES "%s", yaml_text(map, "csr"));
        s->csr = read_csr(a, s->csr_file);
    }
    if (s->key_file) {
        read_key_file(a, map, s);
    }
    if (yaml_text(map, "issuer")) {
        s->ca_issuer = read_cert(a, arena_printf(a, SAMPLES "%s", yaml_text(map, "issuer")));
    }
    if (yaml_text(map, "prior")) {
        s->prior = read_cert(a, arena_printf(a, SAMPLES "%s", yaml_text(map, "prior")));
        s->serial = s->prior->serial_hex;
    }
    if (yaml_text(map, "issuer")) {
        s->ca_issuer = read_cert(a, arena_printf(a, SAMPLES "%s", yaml_text(map, "issuer")));
    }
    if (str_eq(s->action, "revoke")) {
        read_revocation(a, map, s);
        s->serial = s->serial ? s->serial : s->prior ? s->prior->serial_hex : NULL;
    }
    if (yaml_text(map, "cert")) {
        s->kind = SUBJECT_CERT_FILE;
        read_judged(a, arena_printf(a, SAMPLES "%s", yaml_text(map, "cert")), s);
        s->order_date = yaml_time(map, "order_date", s->cert->not_before);
    }
    if (yaml_get(map, "request")) {
        struct subject *request = arena_alloc(a, sizeof *request);
        const struct ynode *m = yaml_get(map, "request");
        /* one level: the request of a request means nothing */
        *request = (struct subject){.kind = SUBJECT_ORDER,
                                    .id = "sample",
                                    .file = "sample.batch.yaml",
                                    .node = m,
                                    .action = "new",
                                    .common_name = yaml_text(m, "common_name"),
                                    .key = yaml_text(m, "key"),
                                    .order_date = s->order_date,
                                    .key_file_mode = -1};
        const char *asked = yaml_text(m, "validity");
        assert_true(!asked || duration_parse(asked, &request->validity_seconds));
        read_names(a, m, request);
        if (yaml_text(m, "csr")) {
            request->csr = read_csr(a, arena_printf(a, SAMPLES "%s", yaml_text(m, "csr")));
        }
        s->request = request;
    }
}

/* Judges s; true when `rule` fired. *worst, if given, gets its severity. */
static inline bool fires(const struct policy *p, const struct subject *s, const char *rule,
                         enum severity *worst)
{
    CLEANUP(arena_release) struct arena keep = ARENA_INIT;
    CLEANUP(findings_release) struct findings findings = FINDINGS_INIT;
    struct policy_scratch scratch = {0};
    bool fired = false;
    policy_judge(p, s, &scratch, &keep, &findings, NULL);
    for (size_t i = 0; i < findings.n; i++) {
        if (strcmp(findings.v[i].rule, rule) == 0) {
            fired = true;
            if (worst) {
                *worst = findings.v[i].severity;
            }
        }
    }
    arena_release(&scratch.arena);
    return fired;
}

#endif
