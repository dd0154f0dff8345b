/* SPDX-License-Identifier: Apache-2.0
 *
 * product.*: the order against the product tables of the connectors. A CA without a table (a
 * private CA, a CA whose products are per account) is not judged.
 */
#include "policy/engine.h"
#include "policy/names.h"
#include "policy/rule.h"

#include "formats/base/time.h"

#include <string.h>

static struct hit at_product(const struct rule_run *run)
{
    return (struct hit){.key = "product", .value = rule_facts(run)->s->product};
}

static const struct product_info *product_of(const struct rule_run *run)
{
    const struct product_info *other;
    return rule_product(run, &other);
}

static void check_known(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const struct product_info *other = NULL;
    if (!s->product) {
        return;
    }
    const char *product = str_vis_dup(rule_arena(run), s->product, strlen(s->product));
    if (rule_has_products(run) && !rule_product(run, &other) && !other) {
        rule_hit(run, at_product(run), "the CA has no product %s", product);
    } else if (!rule_profile_lists_product(run)) {
        rule_hit(run, at_product(run), "the profile does not list the product %s", product);
    }
}

static void check_environment(struct rule_run *run)
{
    const struct product_info *other = NULL;
    const struct subject *s = rule_facts(run)->s;
    const bool elsewhere = s->product && !rule_product(run, &other) && other;
    if (elsewhere && !s->ca_environment) {
        struct hit hit = at_product(run);
        hit.severity = SEV_WARNING; /* a proxy or a test host, not a mistake by itself */
        rule_hit(run, hit,
                 "product %s is %s in the %s environment and another product elsewhere; which "
                 "one this CA entry points to cannot be told from its URL",
                 other->code, other->name, other->environment ? other->environment : "other");
    } else if (elsewhere) {
        rule_hit(run, at_product(run), "product %s (%s) belongs to the %s environment", other->code,
                 other->name, other->environment ? other->environment : "other");
    }
}

static void check_class(struct rule_run *run)
{
    const struct product_info *product = product_of(run);
    const char *level = rule_level(run);
    if (product && product->level && level && strcmp(level, "tls") != 0 &&
        strcmp(level, product->level) != 0) {
        rule_hit(run, at_product(run), "product %s (%s) is of level %s, the profile of level %s",
                 product->code, product->name, product->level, level);
    }
}

/* Names that count: distinct effective ones, without the www twin of another. */
static size_t count_names(const struct rule_run *run, bool twins)
{
    const struct facts *f = rule_facts(run);
    size_t count = 0;
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        bool skip = !(n->views & VIEW_EFFECTIVE) || (n->is_cn && !(n->views & VIEW_ORDER));
        for (size_t k = 0; k < f->nnames && !skip; k++) {
            const struct name_fact *m = &f->names[k];
            bool same = k < i && strcmp(m->norm, n->norm) == 0;
            bool twin = !twins && k != i && str_starts(n->norm, "www.") &&
                        strcmp(n->norm + 4, m->norm) == 0;
            skip = m->views & VIEW_EFFECTIVE && m->type == n->type && (same || twin);
        }
        count += !skip;
    }
    return count;
}

static void check_multi(struct rule_run *run)
{
    const struct product_info *product = product_of(run);
    if (!product || product->any_names) {
        return;
    }
    size_t count = count_names(run, false);
    if (!product->multi && count > 1) {
        rule_hit(run, at_product(run), "product %s (%s) holds one name, the order lists %zu",
                 product->code, product->name, count);
    } else if (product->multi && count == 1) {
        struct hit hit = at_product(run);
        hit.severity = SEV_WARNING;
        rule_hit(run, hit, "product %s (%s) is for several names, the order lists one",
                 product->code, product->name);
    }
}

static void check_san_limit(struct rule_run *run)
{
    const struct product_info *product = product_of(run);
    size_t count = product && product->max_san ? count_names(run, true) : 0;
    if (product && count > product->max_san) {
        rule_hit(run, at_product(run), "the order lists %zu names; product %s (%s) holds %u", count,
                 product->code, product->name, product->max_san);
    }
}

static void check_key_type(struct rule_run *run)
{
    const struct product_info *product = product_of(run);
    const struct ca_facts *ca = rule_ca(run);
    const char *token = rule_facts(run)->key_token;
    const struct hit at = {.key = "key", .value = token};
    if (product && product->keys && !str_has_word(product->keys, token)) {
        rule_hit(run, at, "product %s (%s) is not sold for %s keys, only for %s", product->code,
                 product->name, token, product->keys);
    } else if (!(product && product->keys) && ca && ca->keys && !str_has_word(ca->keys, token)) {
        /* a code of the account, or a product the table says nothing about */
        rule_hit(run, at, "%s signs no %s keys, only %s", ca->title, token, ca->keys);
    }
}

static void check_ev_wildcard(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct product_info *product = product_of(run);
    for (size_t i = 0; product && str_eq(product->level, "ev") && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type == GN_DNS && name_is_wildcard(n->norm) && !name_under(n->norm, "onion")) {
            rule_hit(run, (struct hit){.name = n}, "EV product %s has no wildcard names",
                     product->code);
        }
    }
}

/* One check for the marks of the table; row.arg chooses. */
enum { MARK_DEPRECATED, MARK_BLOCKED };
static void check_mark(struct rule_run *run)
{
    const struct product_info *product = product_of(run);
    bool deprecated = rule_row(run)->arg == MARK_DEPRECATED;
    if (product && (deprecated ? product->deprecated : product->blocked)) {
        rule_hit(run, at_product(run), "product %s (%s) %s", product->code, product->name,
                 deprecated ? "is being retired" : "cannot be ordered through the API at present");
    }
}

/* --- distrusted issuers --- */

/* Behind the issuer may stand ";YYYY-MM-DD", the day from which it is distrusted. Without a
 * readable day: always. */
static bool in_force(const char *rest, int64_t at)
{
    int64_t from;
    char day[sizeof "2026-11-20"];
    rest += strspn(rest, "; ");
    const size_t n = strcspn(rest, "; ");
    if (n != sizeof day - 1) {
        return true;
    }
    memcpy(day, rest, n);
    day[n] = '\0';
    return !time_parse_date(day, &from) || at >= from;
}

/* One issuer's name may be the beginning of another's, so the end is part of what is looked for. */
static bool listed(const struct rule_run *run, const char *key, int64_t at)
{
    static const char *const ends[] = {";", " ;"};
    const struct data_lines *lines = rule_lines(run, 0);
    const char *line = key ? data_line_find(lines, key) : NULL;
    bool found = line && str_eq(line, key);
    for (size_t i = 0; i < NITEMS(ends) && line && !found; i++) {
        const char *dated =
            data_line_find(lines, arena_printf(rule_arena(run), "%s%s", key, ends[i]));
        found = dated && in_force(dated + strlen(key), at);
    }
    return found;
}

static const char *hex(const struct rule_run *run, struct span bytes)
{
    return bytes.n ? hex_dup(rule_arena(run), bytes.p, bytes.n) : NULL;
}

static bool listed_name(const struct rule_run *run, const struct dn *dn, int64_t at)
{
    struct arena *a = rule_arena(run);
    return listed(run, arena_printf(a, "dn:%s", str_lower(a, dn_text(a, dn))), at);
}

/* The issuer as a certificate below it knows it. */
static bool issuer_listed(const struct rule_run *run, const struct cert *cert, int64_t at)
{
    return listed(run, hex(run, cert->authority_key_id), at) || listed_name(run, &cert->issuer, at);
}

static bool ca_listed(const struct rule_run *run, const struct cert *ca, int64_t at)
{
    const struct span spki = {ca->key.sha256, sizeof ca->key.sha256};
    return listed(run, hex(run, spki), at) || listed(run, hex(run, ca->subject_key_id), at) ||
           listed_name(run, &ca->subject, at);
}

static void judge_certificate(struct rule_run *run, const struct cert *cert)
{
    const struct subject *s = rule_facts(run)->s;
    bool found = issuer_listed(run, cert, cert->not_before);
    for (size_t i = 0; i < s->nchain && !found; i++) {
        found = ca_listed(run, &s->chain[i], cert->not_before);
    }
    if (found) {
        rule_hit(run, (struct hit){.value = dn_text(rule_arena(run), &cert->issuer)},
                 "the certificate was issued under a distrusted CA");
    }
}

/* Of a CA whose signing certificate is not at hand, the certificate that is replaced tells who
 * signs: of a reissue very likely the same CA again, of a renewal it may be left on purpose. */
static void judge_order(struct rule_run *run)
{
    const struct subject *s = rule_facts(run)->s;
    const int64_t at = subject_date(s);
    const bool reissue = str_eq(s->action, "reissue");
    if (s->ca_issuer && ca_listed(run, s->ca_issuer, at)) {
        rule_hit(
            run,
            (struct hit){.key = "ca", .value = dn_text(rule_arena(run), &s->ca_issuer->subject)},
            "the CA that will sign is distrusted");
    } else if (!s->ca_issuer && s->prior && issuer_listed(run, s->prior, at)) {
        rule_hit(run,
                 (struct hit){.key = "replaces",
                              .value = dn_text(rule_arena(run), &s->prior->issuer),
                              .severity = reissue ? SEV_WARNING : SEV_INFO},
                 "the old certificate was issued under a distrusted CA; the new one must not be");
    }
}

static void check_distrusted(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    if (rule_lines(run, 0) && f->cert) {
        judge_certificate(run, f->cert);
    } else if (rule_lines(run, 0) && f->s->kind == SUBJECT_ORDER) {
        judge_order(run);
    }
}

/* clang-format off */
static const struct param distrusted_params[] = {
    {.name = "files", .kind = PARAM_FILES, .fallback = "",
     .help = "issuers: SHA-256 of the public key, key identifier, or dn:NAME; then ;YYYY-MM-DD"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_product[] = {
    {.id = "product.known", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "product is not known",
     .why = "The CA refuses the order, or the profile does not cover it.",
     .fix = "use a code of `certbatch products`, or one of the profile",
     .cite = "catalogue of the CA", .check = check_known,
     .bad = "{ca: certinext-prod, common_name: www.example.com, product: '999'}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "product.environment", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "product code of another environment",
     .why = "The same code means another product in the sandbox; the order would buy the wrong "
            "thing.",
     .fix = "use the code of the environment the CA entry points to",
     .cite = "catalogue of the CA", .check = check_environment,
     .bad = "{ca: certinext-prod, common_name: www.example.com, product: '850'}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "product.class", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "level of product and profile differ",
     .why = "The checks of the profile would not be those the CA applies.",
     .fix = "choose a product of the profile's level",
     .cite = "catalogue of the CA", .check = check_class,
     .bad = "{ca: certinext-prod, common_name: www.example.com, profile: web-dv, product: "
            "'842'}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "product.multi", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_NAMES,
     .title = "number of names and product do not fit",
     .why = "A single-name product drops the other names silently; a multi-name product for one "
            "name costs more.",
     .fix = "choose the multi-domain product, or split the order",
     .cite = "catalogue of the CA", .check = check_multi,
     .bad = "{ca: certinext-prod, common_name: a.example.com, san: [a.example.com, "
            "b.example.com], product: '838'}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "product.san-limit", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_NAMES,
     .title = "more names than the product holds",
     .why = "The CA refuses the order or bills the extra names.",
     .fix = "split the order",
     .cite = "catalogue of the CA", .check = check_san_limit,
     .bad = "{ca: digicert, common_name: a.example.com, san: [a.example.com, b.example.com, "
            "c.example.com, d.example.com], product: ssl_multi_domain}",
     .good = "{ca: digicert, common_name: a.example.com, san: [a.example.com, b.example.com], "
            "product: ssl_multi_domain}"},
    {.id = "product.key-type", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_TOKEN,
     .title = "product is not sold for this key type",
     .why = "The CA refuses the order after it was booked.",
     .fix = "use one of the product's key types",
     .cite = "catalogue of the CA", .check = check_key_type,
     .bad = "{ca: certinext-prod, common_name: www.example.com, product: '838', key: ec-p521}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838', key: ec-p256}"},
    {.id = "product.ev-wildcard", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_NAMES,
     .title = "EV product with a wildcard name",
     .why = "EV certificates name each host.",
     .fix = "list the host names, or order an OV wildcard product",
     .cite = "EVG 7.1.2.1", .check = check_ev_wildcard,
     .bad = "{ca: certinext-prod, common_name: '*.example.com', product: '846'}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "product.deprecated", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "product is being retired",
     .why = "Renewals of it will be refused one day.",
     .fix = "move to its successor",
     .cite = "catalogue of the CA", .check = check_mark, .arg = MARK_DEPRECATED,
     .bad = "{ca: digicert, common_name: www.example.com, product: ssl_plus}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "product.blocked", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "product cannot be ordered at present",
     .why = "Orders for it failed at the CA when the table was made.",
     .fix = "ask the CA, or use another product",
     .cite = "catalogue of the CA", .check = check_mark, .arg = MARK_BLOCKED,
     .bad = "{ca: certinext-prod, common_name: www.example.com, product: '845'}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "product.distrusted-ca", .severity = SEV_ERROR, .scope = SCOPE_ALL,
     .title = "issuer is on the list of distrusted CAs",
     .why = "Clients refuse, or soon will refuse, what the CA signs, however good the order is.",
     .fix = "order from another CA or issuing certificate",
     .cite = "root programs", .check = check_distrusted, RULE_PARAMS(distrusted_params),
     .bad = "{cert: prior.pem} # with product.distrusted-ca: {files: [product.distrusted-ca.txt]}",
     .good = "{cert: prior-p384.pem} # with product.distrusted-ca: {files: [product.distrusted-ca.txt]}"},
    {.id = NULL},
};
/* clang-format on */
