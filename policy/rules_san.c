/* SPDX-License-Identifier: Apache-2.0
 *
 * san.*: the list of alternative names as a whole. Three lists exist (request, order, and what
 * the CA will really use); a finding names the view it is about.
 */
#include "policy/engine.h"
#include "policy/names.h"
#include "policy/rule.h"

#include <stdlib.h>
#include <string.h>

/* Part of the list that will be certified. The common_name of an order is sent as a name of its
 * own; the CN of a request is not a SAN entry. */
static bool effective(const struct name_fact *n)
{
    return n->views & VIEW_EFFECTIVE && (!n->is_cn || n->views & VIEW_ORDER);
}

/* Does an equal fact before the i-th satisfy in()? */
static bool seen_before(const struct facts *f, size_t i, bool (*in)(const struct name_fact *))
{
    const struct name_fact *self = &f->names[i];
    size_t count;
    const struct name_fact *const *same = facts_named(f, self->type, self->norm, &count);
    for (size_t k = 0; k < count && same[k] < self; k++) {
        if (in(same[k])) {
            return true;
        }
    }
    return false;
}

/* A revocation orders no names, and those of an unreadable request are not known. */
static bool orders_names(const struct facts *f)
{
    return f->s->kind != SUBJECT_REVOCATION && (!f->csr || f->csr->usable);
}

static void check_required(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    if (!orders_names(f)) {
        return;
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (effective(n) && (n->type == GN_DNS || n->type == GN_IP)) {
            return;
        }
    }
    rule_hit(run, (struct hit){.key = "san", .view = VIEW_EFFECTIVE},
             "there is no DNS name and no address among the alternative names");
}

/* An empty list stands for the level's own. */
static const char *const *types_of_level(unsigned scope)
{
    static const char *const tls[] = {"dns", "ip", NULL};
    static const char *const ev[] = {"dns", NULL};
    static const char *const smime[] = {"email", "other", "dirname", NULL};
    return scope == SCOPE_EV ? ev : scope & SCOPE_TLS ? tls : scope & SCOPE_SMIME ? smime : NULL;
}

static bool type_allowed(const struct rule_run *run, enum gn_type type)
{
    const struct strlist *listed = rule_strings(run, 0);
    if (listed->n) {
        return strlist_has(listed, gn_type_names[type]);
    }
    const char *const *words = types_of_level(rule_scope(run));
    for (size_t i = 0; words && words[i]; i++) {
        if (strcmp(words[i], gn_type_names[type]) == 0) {
            return true;
        }
    }
    return words == NULL;
}

static void check_type_allowed(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (!n->is_cn && !type_allowed(run, n->type)) {
            rule_hit(run, (struct hit){.name = n}, "names of type %s are not allowed",
                     gn_type_names[n->type]);
        }
    }
}

static void check_count(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    size_t count = 0;
    for (size_t i = 0; i < f->nnames; i++) {
        count += effective(&f->names[i]) && !seen_before(f, i, effective);
    }
    if (count > (uint64_t)rule_int(run, 0)) {
        rule_hit(run, (struct hit){.key = "san", .view = VIEW_EFFECTIVE},
                 "there are %zu names; at most %lld are allowed", count,
                 (long long)rule_int(run, 0));
    }
}

static void check_duplicate(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *b = &f->names[i];
        size_t count;
        const struct name_fact *const *same = facts_named(f, b->type, b->norm, &count);
        for (size_t k = 0; k < count && same[k] < b; k++) {
            if (!same[k]->is_cn && !b->is_cn &&
                same[k]->views & b->views & (VIEW_CSR | VIEW_ORDER)) {
                rule_hit(run, (struct hit){.name = b}, "the name occurs more than once");
                break;
            }
        }
    }
}

static void check_empty_name(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (!n->is_cn && (n->gn ? n->gn->raw.n == 0 : n->text_n == 0)) {
            rule_hit(run, (struct hit){.name = n}, "an alternative name of type %s is empty",
                     gn_type_names[n->type]);
        }
    }
}

static void check_ia5(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        bool ia5 = n->gn && (n->type == GN_DNS || n->type == GN_EMAIL || n->type == GN_URI);
        for (size_t k = 0; ia5 && k < n->gn->raw.n; k++) {
            if (n->gn->raw.p[k] & 0x80) {
                rule_hit(run, (struct hit){.name = n},
                         "the %s name has a byte above 0x7F, which an IA5String cannot hold",
                         gn_type_names[n->type]);
                break;
            }
        }
    }
}

static void check_critical(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    bool has = false, critical = false, subject = false;
    if (f->csr) {
        has = f->csr->has_san;
        critical = f->csr->san_critical;
        subject = f->csr->subject.n > 0;
    } else if (f->cert) {
        const struct x509_ext *ext = x509_ext_find(f->cert->exts, f->cert->nexts, "2.5.29.17");
        has = ext != NULL;
        critical = ext && ext->critical;
        subject = f->cert->subject.n > 0;
    }
    if (has && critical == subject) {
        rule_hit(run, (struct hit){.view = VIEW_CSR},
                 subject ? "the alternative names are critical although there is a subject"
                         : "the alternative names are not critical although the subject is empty");
    }
}

static bool in_view(const struct facts *f, const struct name_fact *n, unsigned view)
{
    size_t count;
    const struct name_fact *const *same = facts_named(f, n->type, n->norm, &count);
    for (size_t i = 0; i < count; i++) {
        if (same[i]->views & view) {
            return true;
        }
    }
    return false;
}

static bool view_is_empty(const struct facts *f, unsigned view)
{
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].views & view) {
            return false;
        }
    }
    return true;
}

/* A name that only the request has will not be certified by a CA that reads the order; a name
 * that only the order has will not be certified by one that reads the request. */
static void check_mismatch(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    bool strict = rule_bool(run, 0);
    bool reads_csr = f->s->ca_reads_csr_names;
    if (f->s->kind != SUBJECT_ORDER || view_is_empty(f, VIEW_ORDER) || view_is_empty(f, VIEW_CSR)) {
        return;
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->views & VIEW_CSR && !in_view(f, n, VIEW_ORDER)) {
            rule_hit(
                run,
                (struct hit){.name = n, .severity = strict || reads_csr ? SEV_ERROR : SEV_DISABLED},
                "the request has a name that the order does not list");
        } else if (n->views & VIEW_ORDER && !in_view(f, n, VIEW_CSR)) {
            rule_hit(run, (struct hit){.name = n, .severity = reads_csr ? SEV_ERROR : SEV_DISABLED},
                     "the order lists a name that the request does not have");
        }
    }
}

/* --- the profile's lists --- */

static int policy_type(enum gn_type type)
{
    switch ((int)type) {
    case GN_DNS:
        return NAME_POLICY_DNS;
    case GN_IP:
        return NAME_POLICY_IP;
    case GN_EMAIL:
        return NAME_POLICY_EMAIL;
    case GN_URI:
        return NAME_POLICY_URI;
    default:
        return -1;
    }
}

static int match_any(const struct matchers *list, const char *text, const struct matcher **which)
{
    int result = MATCH_NO;
    for (size_t i = 0; i < list->n && result == MATCH_NO; i++) {
        *which = &list->v[i];
        result = matcher_match(*which, text);
    }
    return result;
}

static void match_names(struct rule_run *run, bool deny)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        int type = policy_type(n->type);
        const struct name_policy *p = type >= 0 ? rule_name_policy(run, type) : NULL;
        const struct matchers *list = !p ? NULL : deny ? &p->deny : &p->allow;
        const struct matcher *which = NULL;
        if (!list || !list->present) {
            continue;
        }
        int result = match_any(list, n->norm, &which);
        if (result == MATCH_BROKEN) {
            rule_broken(run, "the pattern %s hit a limit", which->text);
        } else if (deny && result == MATCH_YES) {
            rule_hit(run, (struct hit){.name = n}, "the name is denied by the profile%s%s",
                     which->why ? ": " : "", which->why ? which->why : "");
        } else if (!deny && result == MATCH_NO) {
            rule_hit(run, (struct hit){.name = n}, "the profile does not allow this name");
        }
    }
}

static void check_pattern_allow(struct rule_run *run)
{
    match_names(run, false);
}

static void check_pattern_deny(struct rule_run *run)
{
    match_names(run, true);
}

static const char *domain_of(const struct name_fact *n)
{
    return n->type == GN_DNS ? name_registrable(name_base(n->norm)) : NULL;
}

static bool owned(const struct rule_run *run, const char *name)
{
    const struct strlist *domains = rule_strings(run, 0);
    for (size_t i = 0; i < domains->n; i++) {
        bool below = rule_bool(run, 1) && name_under(name, domains->v[i]);
        if (below || str_ieq(name, domains->v[i])) {
            return true;
        }
    }
    return false;
}

static void check_owned(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; rule_strings(run, 0)->n && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type == GN_DNS && !owned(run, name_base(n->norm))) {
            rule_hit(run, (struct hit){.name = n},
                     "the name is not below a domain of the organisation");
        }
    }
}

static void check_must_include(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist *names = rule_strings(run, 0);
    for (size_t i = 0; orders_names(f) && i < names->n; i++) {
        bool found = false;
        for (size_t k = 0; k < f->nnames && !found; k++) {
            found = effective(&f->names[k]) && str_ieq(f->names[k].norm, names->v[i]);
        }
        if (!found) {
            rule_hit(run, (struct hit){.key = "san", .view = VIEW_EFFECTIVE, .value = names->v[i]},
                     "the name %s must be among the alternative names",
                     str_vis_dup(rule_arena(run), names->v[i], strlen(names->v[i])));
        }
    }
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_zones(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const char **zone = arena_array(rule_arena(run), f->nnames + 1, sizeof *zone);
    size_t n = 0;
    size_t zones = 0;
    for (size_t i = 0; i < f->nnames; i++) {
        const char *domain = effective(&f->names[i]) ? domain_of(&f->names[i]) : NULL;
        if (domain) {
            zone[n++] = domain;
        }
    }
    qsort(zone, n, sizeof *zone, compare_text);
    for (size_t i = 0; i < n; i++) {
        zones += i == 0 || strcmp(zone[i - 1], zone[i]) != 0;
    }
    if (zones > (uint64_t)rule_int(run, 0)) {
        rule_hit(run, (struct hit){.key = "san", .view = VIEW_EFFECTIVE},
                 "the names spread over %zu domains; more than %lld share one key and one expiry",
                 zones, (long long)rule_int(run, 0));
    }
}

static bool has_effective(const struct facts *f, const char *norm)
{
    size_t count;
    const struct name_fact *const *n = facts_named(f, GN_DNS, norm, &count);
    for (size_t i = 0; i < count; i++) {
        if (effective(n[i])) {
            return true;
        }
    }
    return false;
}

static void check_www_twin(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *apex = effective(n) ? domain_of(n) : NULL;
        if (!apex || name_is_wildcard(n->norm)) {
            continue;
        }
        bool is_apex = strcmp(n->norm, apex) == 0;
        bool is_www = str_starts(n->norm, "www.") && strcmp(n->norm + 4, apex) == 0;
        const char *twin = is_apex  ? arena_printf(rule_arena(run), "www.%s", apex)
                           : is_www ? apex
                                    : NULL;
        if (twin && !has_effective(f, twin)) {
            rule_hit(run, (struct hit){.name = n}, "%s is not in the list",
                     str_vis_dup(rule_arena(run), twin, strlen(twin)));
        }
    }
}

/* clang-format off */
static const char *const type_tokens[] = {
    "dns", "ip", "email", "uri", "other", "dirname", "rid", "edi", "x400", NULL,
};
static const struct param type_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS, .fallback = "", .tokens = type_tokens,
     .help = "types of names; empty = those of the validation level"},
};
static const struct param count_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "100", .min = 1, .max = 1000, .help = "names"},
};
static const struct param mismatch_params[] = {
    {.name = "strict", .kind = PARAM_BOOL, .fallback = "true",
     .help = "a name of the request that the order does not list is an error"},
};
static const struct param owned_params[] = {
    {.name = "domains", .kind = PARAM_STRINGS, .fallback = "",
     .help = "domains of the organisation; empty = not checked"},
    {.name = "include-subdomains", .kind = PARAM_BOOL, .fallback = "true",
     .help = "names below the domains count too"},
};
static const struct param include_params[] = {
    {.name = "names", .kind = PARAM_STRINGS, .fallback = "", .help = "names every item must have"},
};
static const struct param zones_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "10", .min = 1, .max = 1000,
     .help = "registrable domains"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_san[] = {
    {.id = "san.required", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = 0,
     .title = "no DNS name and no address",
     .why = "A server certificate without alternative names matches no host; browsers ignore the "
            "common name.",
     .fix = "list the host names under san",
     .cite = "BR 7.1.2.7.12", .check = check_required,
     .bad = "csr:san.required.pem", .good = "csr:good.pem"},
    {.id = "san.type.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "type of name is not allowed",
     .why = "Public server certificates hold DNS names and addresses only (EV: DNS names); other "
            "types are refused.",
     .fix = "remove the name, or order another kind of certificate",
     .cite = "BR 7.1.2.7.12, EVG 7.1.2.1", .check = check_type_allowed, RULE_PARAMS(type_params),
     .bad = "{common_name: www.example.com, san: [www.example.com, 'email:admin@example.com']}",
     .good = "{common_name: www.example.com, san: [www.example.com]}"},
    {.id = "san.count.max", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "too many names",
     .why = "CAs refuse or cut longer lists, and one compromised host exposes all names.",
     .fix = "split the order",
     .cite = "certbatch", .check = check_count, RULE_PARAMS(count_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  san.count.max: {max: 2}\n"
            "samples:\n"
            "  - {reject: {common_name: a.example.com, san: [a.example.com, b.example.com, "
            "c.example.com]}, by: san.count.max}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  san.count.max: {max: 2}\n"
            "samples:\n"
            "  - {accept: {common_name: a.example.com, san: [a.example.com, b.example.com]}}"},
    {.id = "san.duplicate", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name occurs twice",
     .why = "Some CAs charge for each entry; a repeated name usually stands in the place of "
            "another.",
     .fix = "remove the repetition, or write the name that was meant",
     .cite = "certbatch", .check = check_duplicate, .mend = MEND_REMOVE,
     .bad = "{common_name: www.example.com, san: [www.example.com, WWW.example.com]}",
     .good = "{common_name: www.example.com, san: [www.example.com]}"},
    {.id = "san.empty-name", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "empty alternative name",
     .why = "An empty entry is not a name; CAs refuse the request.",
     .fix = "remove the entry",
     .cite = "RFC 5280 section 4.2.1.6", .check = check_empty_name,
     .bad = "csr:san.empty-name.pem", .good = "csr:good.pem"},
    {.id = "san.string.ia5", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "non-ASCII byte in an alternative name",
     .why = "DNS names, mailboxes and URIs are IA5String: internationalised names must be in "
            "A-label form.",
     .fix = "write the name in its xn-- form",
     .cite = "RFC 5280 section 4.2.1.6", .check = check_ia5,
     .bad = "csr:san.string.ia5.pem", .good = "csr:good.pem"},
    {.id = "san.critical", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_USABLE,
     .title = "criticality of the alternative names does not fit the subject",
     .why = "With a subject the extension should not be critical; without one it must be.",
     .fix = "create the request with the right flag",
     .cite = "RFC 5280 section 4.2.1.6, BR 7.1.2.7.12", .check = check_critical,
     .bad = "csr:san.critical.pem", .good = "csr:good.pem"},
    {.id = "san.order.mismatch", .severity = SEV_WARNING, .scope = SCOPE_ALL,
     .needs = NEEDS_ORDER | NEEDS_CSR,
     .title = "names of request and order differ",
     .why = "Most CAs issue the names of the order and ignore those of the request, some do the "
            "reverse; whoever looks at one only expects another certificate.",
     .fix = "make both lists the same, or leave the names out of the order",
     .cite = "certbatch", .check = check_mismatch, RULE_PARAMS(mismatch_params),
     .bad = "{csr: good.pem, common_name: other.example.com, san: [other.example.com]}",
     .good = "{csr: good.pem, common_name: www.example.com, san: [www.example.com]}"},
    {.id = "san.pattern.allow", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name is not one the profile allows",
     .why = "The profile lists the names its owner may order.",
     .fix = "order another name, or let the policy's owner add it",
     .cite = "policy", .check = check_pattern_allow,
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "names:\n"
            "  dns: {allow: [{tree: example.com}]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.net}, by: san.pattern.allow}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "names:\n"
            "  dns: {allow: [{tree: example.com}]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com}}"},
    {.id = "san.pattern.deny", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name is denied by the profile",
     .why = "The profile names what must not be ordered; deny beats allow.",
     .fix = "order another name",
     .cite = "policy", .check = check_pattern_deny,
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "names:\n"
            "  dns: {deny: [{exact: legacy.example.com}]}\n"
            "samples:\n"
            "  - {reject: {common_name: legacy.example.com}, by: san.pattern.deny}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "names:\n"
            "  dns: {deny: [{exact: legacy.example.com}]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com}}"},
    {.id = "san.domain.owned", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name is not below a domain of the organisation",
     .why = "An order for a foreign domain fails validation at best.",
     .fix = "correct the name, or add the domain to the policy",
     .cite = "policy", .check = check_owned, RULE_PARAMS(owned_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  san.domain.owned: {domains: [example.com]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.net}, by: san.domain.owned}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  san.domain.owned: {domains: [example.com]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com}}"},
    {.id = "san.must-include", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = 0,
     .title = "required name is missing",
     .why = "The policy wants this name in every certificate of the profile.",
     .fix = "add the name to san",
     .cite = "policy", .check = check_must_include, RULE_PARAMS(include_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  san.must-include: {names: [health.example.com]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.example.com}, by: san.must-include}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  san.must-include: {names: [www.example.com]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com}}"},
    {.id = "san.zones.max", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "names spread over many domains",
     .why = "One key and one expiry for many zones makes every incident bigger.",
     .fix = "split the order by zone",
     .cite = "certbatch", .check = check_zones, RULE_PARAMS(zones_params),
     .bad = "{common_name: www.example0.com, san: [www.example0.com, www.example1.com, "
            "www.example2.com, www.example3.com, www.example4.com, www.example5.com, "
            "www.example6.com, www.example7.com, www.example8.com, www.example9.com, "
            "www.example10.com]}",
     .good = "{common_name: www.example.com, san: [www.example.com]}"},
    {.id = "san.www-twin", .severity = SEV_INFO, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .title = "www twin is not in the list",
     .why = "Visitors type both forms; some CAs add the twin at no cost when asked.",
     .fix = "add the twin to san if both are served",
     .cite = "certbatch", .check = check_www_twin,
     .bad = "{common_name: example.com, san: [example.com]}",
     .good = "{common_name: example.com, san: [example.com, www.example.com]}"},
    {.id = NULL},
};
/* clang-format on */
