/* SPDX-License-Identifier: Apache-2.0
 *
 * certinext.*: the names of an order at CERTInext. The CA takes one primary name (domainName) and,
 * for multi-domain products, additional ones; it reads no name of the CSR but compares its common
 * name with the primary one. It checks none of them when the order is placed: a name that cannot
 * be validated leaves a paid order that never ends.
 */
#include "policy/names.h"
#include "policy/rules_certinext.h"

#include <string.h>

/* The CN of the CSR, as a name; NULL when it has none. */
static const struct attr_fact *csr_cn(const struct facts *f)
{
    for (size_t i = 0; f->csr && i < f->nattrs; i++) {
        if (f->attrs[i].views & VIEW_CSR && str_eq(f->attrs[i].name, "CN")) {
            return &f->attrs[i];
        }
    }
    return NULL;
}

static const char *norm_of(const struct rule_run *run, const char *text, size_t n)
{
    return name_norm(rule_arena(run), GN_DNS, text, n);
}

/* The primary name: the order's own, its common name, that of the CSR, the first name. NULL when
 * the order has none at all. */
static const char *primary(const struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const char *own = certinext_setting(run, "domain_name").text;
    const char *text = own ? own : f->s->common_name;
    const struct attr_fact *cn = csr_cn(f);
    if (text) {
        return norm_of(run, text, strlen(text));
    }
    if (cn) {
        return norm_of(run, cn->text, cn->text_n);
    }
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].views & VIEW_EFFECTIVE && f->names[i].type == GN_DNS) {
            return f->names[i].norm;
        }
    }
    return NULL;
}

/* --- cn-domain --- */
static bool csr_has_cn(const struct rule_run *run, const char *domain)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nattrs; i++) {
        const struct attr_fact *a = &f->attrs[i];
        if (a->views & VIEW_CSR && str_eq(a->name, "CN") &&
            str_eq(norm_of(run, a->text, a->text_n), domain)) {
            return true;
        }
    }
    return false;
}

static void check_cn_domain(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const char *domain = primary(run);
    const char *cn = f->s->common_name;
    if (!domain) {
        return;
    }
    const char *shown = certinext_shown(run, domain);
    if (f->csr && f->key && !csr_has_cn(run, domain)) {
        const struct attr_fact *other = csr_cn(f);
        rule_hit(run, other ? (struct hit){.attr = other} : (struct hit){.key = "csr"},
                 other ? "the common name of the request is not the primary name %s of the order"
                       : "the request has no common name; CERTInext compares it with the primary "
                         "name %s",
                 shown);
    } else if (!f->csr && cn && !str_eq(norm_of(run, cn, strlen(cn)), domain)) {
        /* the request that will be made carries the common name */
        rule_hit(run, certinext_setting(run, "domain_name").at,
                 "the primary name %s is not the common name of the order", shown);
    }
}

/* --- domain-regex --- */
static bool alnum(char c)
{
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* ^(\*\.)?[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$ */
static bool is_domain(const char *name)
{
    const char *base = name_base(name);
    const size_t n = strlen(base);
    for (size_t i = 0; i < n; i++) {
        if (!alnum(base[i]) && !(i > 0 && i + 1 < n && strchr(".-", base[i]))) {
            return false;
        }
    }
    return n > 0;
}

/* In the form that is sent: lower case, A-labels. */
static void check_domain_regex(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct certinext_setting own = certinext_setting(run, "domain_name");
    const char *why = "CERTInext takes letters, digits, hyphens and dots, and *. in front";
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_EFFECTIVE && n->type == GN_DNS && !is_domain(n->norm)) {
            rule_hit(run, (struct hit){.name = n}, "this is not a domain name: %s", why);
        }
    }
    if (own.text && !is_domain(norm_of(run, own.text, strlen(own.text)))) {
        rule_hit(run, own.at, "this is not a domain name: %s", why);
    }
}

/* --- additional names --- */

static bool is_additional(const struct name_fact *n, const char *domain)
{
    const bool same = n->type == GN_DNS && str_eq(n->norm, domain);
    return n->views & VIEW_EFFECTIVE && !n->is_cn && !same;
}

static void check_required(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct product_info *product = rule_product(run, NULL);
    const char *domain = primary(run);
    size_t n = 0;
    for (size_t i = 0; i < f->nnames; i++) {
        n += is_additional(&f->names[i], domain);
    }
    if (product && product->multi && n == 0) {
        rule_hit(run, (struct hit){.key = "product", .value = f->s->product},
                 "product %s (%s) needs names beside the primary one", product->code,
                 product->name);
    }
}

static void check_ignored(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct product_info *product = rule_product(run, NULL);
    const char *domain = primary(run);
    const bool twin = certinext_flag(run, "auto_secure_www", 0) == 1;
    const struct name_fact *first = NULL;
    size_t dropped = 0;
    if (!product || product->multi || product->any_names) {
        return;
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const bool is_twin =
            twin && domain && str_starts(n->norm, "www.") && str_eq(n->norm + 4, domain);
        if (is_additional(n, domain) && !is_twin) {
            first = first ? first : n;
            dropped++;
        }
    }
    if (dropped) {
        rule_hit(run, (struct hit){.name = first},
                 "product %s (%s) holds the primary name only: CERTInext drops %s%zu other%s "
                 "without a word",
                 product->code, product->name, dropped > 1 ? "this and " : "the ",
                 dropped > 1 ? dropped - 1 : dropped, dropped > 2 ? "s" : "");
    }
}

static void check_dns_only(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_EFFECTIVE && n->type != GN_DNS) {
            rule_hit(run, (struct hit){.name = n},
                     "CERTInext takes this name and can never validate it: the order is paid and "
                     "stays pending");
        }
    }
}

/* --- www-twin --- */
static void check_www_twin(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const char *domain = primary(run);
    const bool www = domain && str_starts(domain, "www.");
    const bool on = certinext_flag(run, "auto_secure_www", 0) == 1;
    if (!on || !domain || !(www || name_is_wildcard(domain))) {
        return;
    }
    struct hit at = certinext_setting(run, "auto_secure_www").at;
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type == GN_DNS && n->pos.line && str_eq(n->norm, domain)) {
            at = (struct hit){.name = n};
            break;
        }
    }
    rule_hit(run, at,
             www ? "auto_secure_www is on: CERTInext would add www.%s"
                 : "auto_secure_www is on, but the wildcard %s has no www name of its own",
             certinext_shown(run, domain));
}

/* clang-format off */
#define ITEM(rest) "{ca: certinext-prod, common_name: example.net, " rest "}"

const struct rule rules_certinext_names[] = {
    {.id = "certinext.cn-domain", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_ORDER,
     .ca = "certinext",
     .title = "common name of the request is not the primary name",
     .why = "CERTInext compares the CSR's common name with the order's primary name and refuses the "
            "order when they differ (EMS-921).",
     .fix = "order the name the request was made for, or have a new request made",
     .cite = "emSign Hub API, EMS-921", .check = check_cn_domain,
     .bad = "{ca: certinext-prod, product: '838', common_name: other.example.net, csr: good.pem}",
     .good = "{ca: certinext-prod, product: '838', csr: good.pem}"},
    {.id = "certinext.domain-regex", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER, .ca = "certinext",
     .title = "name that CERTInext does not take for a domain",
     .why = "Names with other characters never pass domain validation; the order is paid and stays "
            "pending.",
     .fix = "write the host name alone, in letters, digits, hyphens and dots",
     .cite = "emSign Hub API, certificateInformation", .check = check_domain_regex,
     .bad = ITEM("san: [example.net, api_1.example.net], product: '845'"),
     .good = ITEM("san: [example.net, '*.example.net', b\xc3\xbc" "cher.example.net], product: '845'")},
    {.id = "certinext.additional.required", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER, .ca = "certinext",
     .title = "multi-domain product with one name",
     .why = "CERTInext refuses an order for a UCC product without additional names.",
     .fix = "list the other names under san, or order the single-name product",
     .cite = "emSign Hub API, additionalDomains", .check = check_required,
     .bad = ITEM("san: [example.net], product: '845'"),
     .good = ITEM("san: [example.net, api.example.net], product: '845'")},
    {.id = "certinext.additional.ignored", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER, .ca = "certinext",
     .title = "names that the product drops",
     .why = "CERTInext takes the order, and the certificate comes back without the other names.",
     .fix = "order the multi-domain (UCC) product, or one certificate for each name",
     .cite = "emSign Hub API, additionalDomains", .check = check_ignored,
     .bad = ITEM("san: [example.net, api.example.net], product: '838'"),
     .good = ITEM("san: [example.net], product: '838'")},
    {.id = "certinext.additional.dns-only", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER, .ca = "certinext",
     .title = "name that is no DNS name in a public order",
     .why = "Addresses, mailboxes and URIs are accepted with the order and then have no way to be "
            "validated: a paid order that never ends.",
     .fix = "leave the name out, or order a private PKI product",
     .cite = "emSign Hub API, additionalDomains", .check = check_dns_only,
     .bad = ITEM("san: [example.net, 'ip:198.51.100.7'], product: '845'"),
     .good = ITEM("san: [example.net, api.example.net], product: '845'")},
    {.id = "certinext.www-twin", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_ORDER,
     .ca = "certinext",
     .title = "auto_secure_www for a name that has no www twin",
     .why = "CERTInext adds www. to the primary name; in front of a wildcard or of www. that is a "
            "name nobody can validate.",
     .fix = "set fields.auto_secure_www: false for this order",
     .cite = "emSign Hub API, autoSecureWWW", .check = check_www_twin,
     .bad = "{ca: {type: certinext, auto_secure_www: true}, common_name: www.example.net, "
            "product: '838'}",
     .good = "{ca: {type: certinext, auto_secure_www: true}, common_name: example.net, "
             "product: '838'}"},
    {0}};
/* clang-format on */
