/* SPDX-License-Identifier: Apache-2.0
 *
 * name.*: names that are reserved, internal, blocked or risky. Syntax is dns.*'s business.
 */
#include "policy/engine.h"
#include "policy/host.h"
#include "policy/names.h"
#include "policy/rule.h"

#include "formats/base/sha.h"

#include <string.h>

static bool is_address(const char *name)
{
    uint8_t address[16];
    return address_parse(name, address) > 0;
}

static const char *find_listed(const char *name, const struct strlist *zones)
{
    return name_zone_in(name, zones->v, zones->n);
}

static void check_tld(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *tld = name_last_label(n->norm);
        bool judged = host_is(run, n) && *tld && !is_address(n->norm) && strcmp(tld, "onion") != 0;
        if (judged && !tld_is_delegated(tld, f->s->order_date)) {
            rule_hit(run, (struct hit){.name = n},
                     "the last label, %s, is not a top-level domain on the day of the order",
                     str_vis_dup(rule_arena(run), tld, strlen(tld)));
        }
    }
}

static void check_special_use(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    bool tls = rule_scope(run) & SCOPE_TLS;
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *base = name_base(n->norm);
        if (!host_is(run, n) || find_listed(base, rule_strings(run, 0))) {
            continue;
        }
        const char *zone = name_special_use(base);
        const char *sample = name_documentation(base);
        if (zone) {
            rule_hit(run, (struct hit){.name = n, .severity = tls ? SEV_DISABLED : SEV_WARNING},
                     "%s is reserved for special use and belongs to nobody", zone);
        } else if (sample && tls) {
            rule_hit(run, (struct hit){.name = n, .severity = SEV_WARNING},
                     "%s is reserved for documentation: no validation will succeed", sample);
        }
    }
}

static void check_private_tld(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *tld = name_last_label(n->norm);
        bool judged = host_is(run, n) && tld != n->norm && *tld && !is_address(n->norm) &&
                      strcmp(tld, "onion") != 0 && !name_special_use(n->norm) &&
                      !find_listed(n->norm, rule_strings(run, 0));
        if (judged && !tld_is_delegated(tld, f->s->order_date)) {
            rule_hit(run, (struct hit){.name = n},
                     "%s is neither a top-level domain nor one of the company's private zones",
                     str_vis_dup(rule_arena(run), tld, strlen(tld)));
        }
    }
}

static void check_arpa(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        bool reverse = name_under(n->norm, "in-addr.arpa") || name_under(n->norm, "ip6.arpa");
        if (n->type == GN_DNS && name_under(n->norm, "arpa")) {
            rule_hit(run, (struct hit){.name = n, .severity = reverse ? SEV_DISABLED : SEV_WARNING},
                     reverse ? "names of the reverse zones may not be certified"
                             : "names below arpa are infrastructure, not hosts");
        }
    }
}

/* --- onion: RFC 7686, Tor rend-spec-v3 section 6 --- */

static int base32_value(char c)
{
    return c >= 'a' && c <= 'z' ? c - 'a' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* 56 characters to 35 octets. */
static bool base32_decode(const char *s, uint8_t out[35])
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < 56; i++) {
        int v = base32_value(s[i]);
        if (v < 0) {
            return false;
        }
        bits = bits << 5 | (uint32_t)v;
        have += 5;
        if (have >= 8) {
            have -= 8;
            out[n++] = (uint8_t)(bits >> have);
        }
    }
    return n == 35;
}

/* key (32), checksum (2), version (1); the checksum is over ".onion checksum", key and version. */
static const char *onion_problem(const char *label, size_t n)
{
    uint8_t address[35];
    uint8_t input[15 + 33];
    uint8_t digest[32];
    if (n == 16) {
        return "version 2 onion addresses are gone";
    }
    if (n != 56 || !base32_decode(label, address)) {
        return "the label before onion is not a version 3 address";
    }
    if (address[34] != 3) {
        return "the onion address is not of version 3";
    }
    memcpy(input, ".onion checksum", 15);
    memcpy(input + 15, address, 32);
    input[47] = 3;
    sha3_256(input, sizeof input, digest);
    return memcmp(digest, address + 32, 2) == 0 ? NULL
                                                : "the checksum of the onion address is wrong";
}

static void check_onion_syntax(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_DNS || !name_under(n->norm, "onion")) {
            continue;
        }
        const char *end = n->norm + strlen(n->norm) - strlen("onion");
        const char *label = end > n->norm ? end - 1 : end;
        while (label > n->norm && label[-1] != '.') {
            label--;
        }
        size_t size = end > label ? (size_t)(end - 1 - label) : 0;
        const char *problem = onion_problem(label, size);
        if (problem) {
            rule_hit(run, (struct hit){.name = n}, "%s", problem);
        }
    }
}

static void check_onion_product(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type == GN_DNS && name_under(n->norm, "onion")) {
            rule_hit(run, (struct hit){.name = n},
                     "onion names need the validation methods of BR appendix B; few products do");
        }
    }
}

/* --- block lists --- */

static void check_blocked_exact(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist *names = rule_strings(run, 0);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        for (size_t k = 0; n->type == GN_DNS && k < names->n; k++) {
            bool covers = wildcard_covers(n->norm, names->v[k]);
            if (covers || str_ieq(n->norm, names->v[k])) {
                rule_hit(run, (struct hit){.name = n}, "%s is blocked%s", names->v[k],
                         covers ? ", and this wildcard covers it" : "");
            }
        }
    }
}

static void check_blocked_tree(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *zone =
            n->type == GN_DNS ? find_listed(name_base(n->norm), rule_strings(run, 0)) : NULL;
        if (zone) {
            rule_hit(run, (struct hit){.name = n}, "%s and everything below it is blocked", zone);
        }
    }
}

/* Levenshtein distance, at most 255 octets; more than `limit` is limit + 1. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb, size_t limit)
{
    size_t row[256];
    if (na > 255 || nb > 255 || (na > nb ? na - nb : nb - na) > limit) {
        return limit + 1;
    }
    for (size_t k = 0; k <= nb; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= nb; k++) {
            size_t change = diagonal + (a[i - 1] != b[k - 1]);
            diagonal = row[k];
            size_t shift = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;
            row[k] = change < shift ? change : shift;
        }
    }
    return row[nb];
}

static bool resembles(const char *label, size_t n, const char *word, size_t limit)
{
    return memmem(label, n, word, strlen(word)) ||
           distance(label, n, word, strlen(word), limit) <= limit;
}

static void check_high_risk(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist *words = rule_strings(run, 0);
    for (size_t i = 0; words->n && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *domain = n->type == GN_DNS ? name_registrable(name_base(n->norm)) : NULL;
        for (size_t k = 0; domain && k < words->n; k++) {
            if (resembles(domain, strcspn(domain, "."), words->v[k], (size_t)rule_int(run, 1))) {
                rule_hit(run, (struct hit){.name = n},
                         "the domain resembles %s: expect a manual review", words->v[k]);
                break;
            }
        }
    }
}

static void check_dynamic_suffix(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *base = n->type == GN_DNS ? name_base(n->norm) : "";
        const char *registrable = *base ? name_registrable(base) : NULL;
        const char *dot = registrable ? strchr(registrable, '.') : NULL;
        const char *p = dot ? dot + 1 : base;
        if (*p && name_is_private_suffix(p)) {
            rule_hit(run, (struct hit){.name = n},
                     "%s is a hosting platform's zone; its operator decides about the name", p);
        }
    }
}

/* clang-format off */
static const struct param allow_params[] = {
    {.name = "allow", .kind = PARAM_STRINGS, .fallback = "", .help = "zones accepted all the same"},
};
static const struct param private_params[] = {
    {.name = "allowed", .kind = PARAM_STRINGS,
     .fallback = "internal home.arpa corp lan home intranet private local",
     .help = "private zones of the company"},
};
static const struct param exact_params[] = {
    {.name = "names", .kind = PARAM_STRINGS, .fallback = "", .help = "blocked names"},
};
static const struct param tree_params[] = {
    {.name = "names", .kind = PARAM_STRINGS, .fallback = "", .help = "blocked zones"},
};
static const struct param risk_params[] = {
    {.name = "words", .kind = PARAM_STRINGS, .fallback = "", .help = "brand words, lower case"},
    {.name = "distance", .kind = PARAM_INT, .fallback = "1", .min = 0, .max = 5,
     .help = "largest edit distance"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_name[] = {
    {.id = "name.tld.delegated", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .from = "2016-10-01",
     .title = "top-level domain does not exist",
     .why = "The name is internal: nobody can prove control of it, and public CAs may not "
            "certify it.",
     .fix = "use a registered domain, or order at a private CA",
     .cite = "BR 1.6.1, BR 4.2.2", .check = check_tld,
     .bad = "{common_name: www.example.corp}", .good = "{common_name: www.example.com}"},
    {.id = "name.special-use", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name is reserved for special use",
     .why = "The zone belongs to nobody. In a private PKI this is a warning.",
     .fix = "use a name of your own",
     .cite = "RFC 6761, BR 4.2.2", .check = check_special_use, RULE_PARAMS(allow_params),
     .bad = "{common_name: printer.local}", .good = "{common_name: www.certbatch-sample.org}"},
    {.id = "name.private-tld", .severity = SEV_WARNING, .scope = SCOPE_PRIVATE,
     .needs = NEEDS_NAMES,
     .title = "private zone nobody listed",
     .why = "An unlisted private top-level domain may be delegated one day and then belongs to "
            "somebody else.",
     .fix = "use a zone of the company, or list it in the policy",
     .cite = "RFC 6762 appendix G", .check = check_private_tld, RULE_PARAMS(private_params),
     .bad = "{common_name: www.example.factory-net}",
     .good = "{common_name: www.example.internal}"},
    {.id = "name.arpa", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .from = "2026-03-15",
     .title = "name of a reverse zone",
     .why = "Names below in-addr.arpa and ip6.arpa may not be certified since March 2026.",
     .fix = "order the certificate for the host name or the address",
     .cite = "BR 4.2.2, BR 7.1.2.7.12", .check = check_arpa,
     .bad = "{common_name: 8.8.8.8.in-addr.arpa}", .good = "{common_name: www.example.com}"},
    {.id = "name.onion.syntax", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .title = "not a version 3 onion address",
     .why = "The address contains a public key with a checksum; this one names no service.",
     .fix = "copy the address again",
     .cite = "BR appendix B", .check = check_onion_syntax,
     .bad = "{common_name: www.expyuzz4wqqyqhjn.onion}",
     .good = "{common_name: www.facebookwkhpilnemxj7asaniu7vnjjbiltxjqhye3mhbshg7kx5tfyd.onion}"},
    {.id = "name.onion.product", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .title = "onion name",
     .why = "Few products and CAs support onion names.",
     .fix = "ask the CA before ordering",
     .cite = "BR appendix B", .check = check_onion_product,
     .bad = "{common_name: www.facebookwkhpilnemxj7asaniu7vnjjbiltxjqhye3mhbshg7kx5tfyd.onion}",
     .good = "{common_name: www.example.com}"},
    {.id = "name.blocked.exact", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name is blocked",
     .why = "The policy's owner decided that this name is not to be certified.",
     .fix = "ask the owner of the policy",
     .cite = "policy", .check = check_blocked_exact, RULE_PARAMS(exact_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  name.blocked.exact: {names: [vpn.example.com]}\n"
            "samples:\n"
            "  - {reject: {common_name: '*.example.com'}, by: name.blocked.exact}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  name.blocked.exact: {names: [vpn.example.com]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com}}"},
    {.id = "name.blocked.tree", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "zone is blocked",
     .why = "The policy's owner decided that nothing below this zone is to be certified.",
     .fix = "ask the owner of the policy",
     .cite = "policy", .check = check_blocked_tree, RULE_PARAMS(tree_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  name.blocked.tree: {names: [old.example.com]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.old.example.com}, by: name.blocked.tree}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  name.blocked.tree: {names: [old.example.com]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com}}"},
    {.id = "name.high-risk", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .title = "domain resembles a well-known name",
     .why = "CAs review such names by hand, which takes days.",
     .fix = "plan for the review, or use another name",
     .cite = "BR 4.2.1", .check = check_high_risk, RULE_PARAMS(risk_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: dv\n"
            "rules:\n"
            "  name.high-risk: {severity: error, words: [paypal]}\n"
            "samples:\n"
            "  - {reject: {common_name: www.paypa1.com}, by: name.high-risk}",
     .good = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: dv\n"
            "rules:\n"
            "  name.high-risk: {severity: error, words: [paypal]}\n"
            "samples:\n"
            "  - {accept: {common_name: www.example.com}}"},
    {.id = "name.dynamic-suffix", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "name in a hosting platform's zone",
     .why = "The zone's operator can take the name away, and CAA records of the zone apply.",
     .fix = "use a name of your own domain if the service is meant to last",
     .cite = "Public Suffix List", .check = check_dynamic_suffix,
     .bad = "{common_name: project.github.io}", .good = "{common_name: www.example.com}"},
    {.id = NULL},
};
/* clang-format on */
