/* SPDX-License-Identifier: Apache-2.0
 *
 * wildcard.*: a wildcard name is exactly "*." and a host name (BR 1.6.1).
 */
#include "policy/dcv.h"
#include "policy/engine.h"
#include "policy/names.h"
#include "policy/rule.h"

#include <string.h>

static bool has_star(const struct name_fact *n)
{
    return n->type == GN_DNS && strchr(n->norm, '*') != NULL;
}

static bool is_wildcard(const struct name_fact *n)
{
    return n->type == GN_DNS && name_is_wildcard(n->norm);
}

static void check_position(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (has_star(n) && (!is_wildcard(n) || !n->norm[2] || n->norm[2] == '.')) {
            rule_hit(run, (struct hit){.name = n},
                     "the * is not the whole leftmost label of the name");
        }
    }
}

static void check_multiple(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (has_star(n) && strchr(strchr(n->norm, '*') + 1, '*')) {
            rule_hit(run, (struct hit){.name = n}, "the name has more than one *");
        }
    }
}

static void check_public_suffix(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (is_wildcard(n) && n->norm[2] && name_is_public_suffix(n->norm + 2)) {
            rule_hit(run, (struct hit){.name = n},
                     "the wildcard would cover every name below the public suffix %s", n->norm + 2);
        }
    }
}

static bool in_zones(const struct strlist *zones, const char *parent)
{
    for (size_t i = 0; i < zones->n; i++) {
        if (name_under(parent, zones->v[i])) {
            return true;
        }
    }
    return zones->n == 0;
}

/* The profile's `names: dns: wildcard:` section beats the parameters of the rule. */
static void check_allowed(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct name_policy *p = rule_name_policy(run, NAME_POLICY_DNS);
    bool own = p && p->wildcard_present;
    bool allow = own ? p->wildcard_allow : rule_bool(run, 0);
    const struct strlist *zones = own ? &p->wildcard_zones : rule_strings(run, 1);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (is_wildcard(n) && (!allow || !in_zones(zones, n->norm + 2))) {
            rule_hit(run, (struct hit){.name = n},
                     allow ? "wildcards are not allowed in this zone"
                           : "wildcards are not allowed");
        }
    }
}

static void check_product(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct product_info *other;
    const struct product_info *product = rule_product(run, &other);
    const struct name_fact *wildcard = NULL;
    for (size_t i = 0; i < f->nnames && !wildcard; i++) {
        bool sent = is_wildcard(&f->names[i]) && f->names[i].views & VIEW_EFFECTIVE;
        wildcard = sent ? &f->names[i] : NULL;
    }
    if (!product || product->any_names) {
        return;
    }
    if (wildcard && !product->wildcard) {
        rule_hit(run, (struct hit){.name = wildcard},
                 "product %s (%s) does not cover wildcard names", product->code, product->name);
    } else if (!wildcard && product->wildcard) {
        rule_hit(run, (struct hit){.key = "product", .value = product->code},
                 "product %s (%s) is for wildcards, but no name is one", product->code,
                 product->name);
    }
}

static void check_ev(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (rule_scope(run) == SCOPE_EV && is_wildcard(n) && !name_under(n->norm, "onion")) {
            rule_hit(run, (struct hit){.name = n}, "EV certificates have no wildcard names");
        }
    }
}

static void check_depth(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *domain = is_wildcard(n) ? name_registrable(n->norm + 2) : NULL;
        if (domain && name_labels(n->norm + 2) - name_labels(domain) < (uint64_t)rule_int(run, 0)) {
            rule_hit(run, (struct hit){.name = n},
                     "the wildcard stands fewer than %lld labels below %s",
                     (long long)rule_int(run, 0), domain);
        }
    }
}

/* One label more than the wildcard (RFC 9525 6.3): "a.x" is covered by "*.x" and nothing else. */
static void check_redundant(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *dot = n->type == GN_DNS ? strchr(n->norm, '.') : NULL;
        if (!dot) {
            continue;
        }
        size_t count;
        const char *wildcard = arena_printf(rule_arena(run), "*%s", dot);
        const struct name_fact *const *w = facts_named(f, GN_DNS, wildcard, &count);
        for (size_t k = 0; k < count; k++) {
            if (w[k]->views & n->views && wildcard_covers(w[k]->norm, n->norm)) {
                rule_hit(run, (struct hit){.name = n}, "%s already covers the name", w[k]->norm);
                break;
            }
        }
    }
}

static bool has_effective(const struct facts *f, const char *norm)
{
    size_t count;
    const struct name_fact *const *n = facts_named(f, GN_DNS, norm, &count);
    for (size_t i = 0; i < count; i++) {
        if (n[i]->views & VIEW_EFFECTIVE) {
            return true;
        }
    }
    return false;
}

static void check_base_missing(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (is_wildcard(n) && n->views & VIEW_EFFECTIVE && !has_effective(f, n->norm + 2)) {
            rule_hit(run, (struct hit){.name = n}, "the wildcard does not cover %s itself",
                     n->norm + 2);
        }
    }
}

static void check_dcv_method(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const char *method = rule_text(run, "dcv.method");
    const struct dcv_facts *m = dcv_facts_find(method);
    for (size_t i = 0; m && !m->wildcard && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (is_wildcard(n) && n->views & VIEW_EFFECTIVE) {
            rule_hit(run, (struct hit){.key = "dcv.method", .value = method},
                     "method %s (BR %s) does not show control of %s", method, m->section, n->norm);
            return;
        }
    }
}

/* clang-format off */
static const struct param allowed_params[] = {
    {.name = "allow", .kind = PARAM_BOOL, .fallback = "false", .help = "accept wildcard names"},
    {.name = "zones", .kind = PARAM_STRINGS, .fallback = "",
     .help = "only at or below these names; empty = everywhere"},
};
static const struct param depth_params[] = {
    {.name = "min-depth", .kind = PARAM_INT, .fallback = "0", .min = 0, .max = 10,
     .help = "labels between the registrable domain and the *"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_wildcard[] = {
    {.id = "wildcard.position", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "* is not the whole leftmost label",
     .why = "Clients match a * only as the complete first label; f*.example.com or "
            "a.*.example.com match nothing.",
     .fix = "write *. followed by a host name",
     .cite = "BR 1.6.1, RFC 9525 section 6.3", .check = check_position,
     .bad = "{common_name: 'www*.example.com'}", .good = "{common_name: '*.example.com'}"},
    {.id = "wildcard.multiple", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "more than one *",
     .why = "No client matches such a name.",
     .fix = "list the names the hosts really have",
     .cite = "RFC 9525 section 6.3", .check = check_multiple,
     .bad = "{common_name: '*.*.example.com'}", .good = "{common_name: '*.example.com'}"},
    {.id = "wildcard.public-suffix", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_NAMES,
     .title = "wildcard directly below a public suffix",
     .why = "It would cover the names of everybody.",
     .fix = "order a wildcard of a domain that you own",
     .cite = "BR 3.2.2.6", .check = check_public_suffix,
     .bad = "{common_name: '*.co.uk'}", .good = "{common_name: '*.example.com'}"},
    {.id = "wildcard.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "wildcards are not allowed here",
     .why = "One key for every host of a zone makes each of them as weak as the weakest.",
     .fix = "list the host names, or have the zone added to the profile",
     .cite = "policy", .check = check_allowed, RULE_PARAMS(allowed_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "names:\n"
            "  dns: {wildcard: {allow: true, zones: [apps.example.com]}}\n"
            "samples:\n"
            "  - {reject: {common_name: '*.example.com'}, by: wildcard.allowed}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "names:\n"
            "  dns: {wildcard: {allow: true, zones: [apps.example.com]}}\n"
            "samples:\n"
            "  - {accept: {common_name: '*.apps.example.com'}}"},
    {.id = "wildcard.product", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "wildcard and product do not fit",
     .why = "The CA refuses the order, or issues a certificate without the wildcard.",
     .fix = "choose the wildcard product, or remove the wildcard",
     .cite = "catalogue of the CA", .check = check_product,
     .bad = "{ca: certinext-prod, common_name: '*.example.com', product: '838'}",
     .good = "{ca: certinext-prod, common_name: www.example.com, product: '838'}"},
    {.id = "wildcard.ev", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = NEEDS_NAMES,
     .title = "wildcard in an EV certificate",
     .why = "EV certificates name each host.",
     .fix = "list the host names, or order OV",
     .cite = "EVG 7.1.2.1", .check = check_ev,
     .bad = "{common_name: '*.example.com'}", .good = "{common_name: www.example.com}"},
    {.id = "wildcard.depth", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "wildcard close to the top of the zone",
     .why = "The higher the *, the more hosts share the key.",
     .fix = "order the wildcard of a sub-zone",
     .cite = "certbatch", .check = check_depth, RULE_PARAMS(depth_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  wildcard.allowed: disabled\n"
            "  wildcard.depth: {severity: error, min-depth: 1}\n"
            "samples:\n"
            "  - {reject: {common_name: '*.example.com'}, by: wildcard.depth}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  wildcard.allowed: disabled\n"
            "  wildcard.depth: {severity: error, min-depth: 1}\n"
            "samples:\n"
            "  - {accept: {common_name: '*.apps.example.com'}}"},
    {.id = "wildcard.redundant", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name is already covered by a wildcard",
     .why = "The entry adds nothing but may be paid for.",
     .fix = "remove the name, or the wildcard",
     .cite = "certbatch", .check = check_redundant,
     .bad = "{common_name: '*.example.com', san: ['*.example.com', www.example.com]}",
     .good = "{common_name: '*.example.com', san: ['*.example.com', example.com]}"},
    {.id = "wildcard.base-missing", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "the wildcard's own zone is not in the list",
     .why = "*.example.com does not cover example.com; most CAs do not add it.",
     .fix = "add the zone itself if it is served",
     .cite = "RFC 9525 section 6.3", .check = check_base_missing,
     .bad = "{common_name: '*.example.com', san: ['*.example.com']}",
     .good = "{common_name: '*.example.com', san: ['*.example.com', example.com]}"},
    {.id = "wildcard.dcv-method", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER | NEEDS_NAMES,
     .title = "validation method does not cover wildcards",
     .why = "A file on one web server shows control of one host; the CA must not issue a wildcard "
            "on it.",
     .fix = "validate by dns",
     .cite = "BR 3.2.2.4.8, BR 3.2.2.4.18, BR 3.2.2.4.19, BR 3.2.2.4.20",
     .check = check_dcv_method,
     .bad = "{san: ['*.example.com'], dcv: {method: http-01}}",
     .good = "{san: ['*.example.com'], dcv: {method: dns}}"},
    {.id = NULL},
};
/* clang-format on */
