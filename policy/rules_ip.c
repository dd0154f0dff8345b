/* SPDX-License-Identifier: Apache-2.0
 *
 * ip.*: iPAddress entries, and common names that are addresses. What an order writes is text, what
 * a request holds is octets; both are judged.
 */
#include "policy/engine.h"
#include "policy/names.h"

#include <string.h>

/* The octets of an address name; 0 when it is none. */
static size_t octets_of(const struct name_fact *n, uint8_t out[16])
{
    return n->type == GN_IP ? address_parse(n->norm, out) : 0;
}

static bool dotted_parts(const char *s, size_t want)
{
    size_t dots = 0;
    for (const char *p = s; *p; p++) {
        dots += *p == '.';
        if (*p != '.' && (*p < '0' || *p > '9')) {
            return false;
        }
    }
    return dots + 1 == want;
}

static bool leading_zero(const char *s)
{
    for (const char *p = s; *p; p++) {
        if (*p == '0' && (p == s || p[-1] == '.') && p[1] >= '0' && p[1] <= '9') {
            return true;
        }
    }
    return false;
}

/* Why address text is none: the habits people bring from other tools. */
static const char *text_problem(const char *s)
{
    return strchr(s, '%')                     ? "it names a zone"
           : strchr(s, '/')                   ? "it has a prefix length, so it is a network"
           : strchr(s, '[') || strchr(s, ']') ? "it has brackets"
           : strchr(s, ' ')                   ? "it has a blank"
           : str_starts(s, "0x") || str_starts(s, "0X") ? "it is hexadecimal"
           : dotted_parts(s, 4) && leading_zero(s)
               ? "a part has a leading zero, which some readers take as octal"
           : dotted_parts(s, 4) ? "a part is more than 255 or empty"
           : strspn(s, "0123456789.") == strlen(s)
               ? "an IPv4 address has four decimal parts"
               : "write four decimal parts, or eight groups of hexadecimal digits";
}

static void check_length(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    uint8_t octets[16];
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_IP) {
            continue;
        }
        if (n->gn && n->gn->raw.n != 4 && n->gn->raw.n != 16) {
            rule_hit(run, (struct hit){.name = n},
                     "the address has %zu octets; IPv4 has 4, IPv6 16%s", n->gn->raw.n,
                     n->gn->raw.n == 8 || n->gn->raw.n == 32 ? " (no netmask belongs to it)" : "");
        } else if (!n->gn && n->text_n && !octets_of(n, octets)) {
            rule_hit(run, (struct hit){.name = n}, "this is no IP address: %s",
                     text_problem(n->norm));
        }
    }
}

static void check_reserved(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    uint8_t octets[16];
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const size_t size = octets_of(n, octets);
        const char *what = size ? address_reserved(octets, size) : NULL;
        if (what) {
            rule_hit(run, (struct hit){.name = n}, "%s is reserved (%s)", n->norm, what);
        }
    }
}

static bool is_multicast(const uint8_t *octets, size_t size)
{
    return address_in(octets, size, size == 4 ? "224.0.0.0/4" : "ff00::/8");
}

static void check_multicast(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    uint8_t octets[16];
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const size_t size = octets_of(n, octets);
        if (size && is_multicast(octets, size)) {
            rule_hit(run, (struct hit){.name = n}, "%s is a multicast address", n->norm);
        }
    }
}

static bool in_blocks(const struct strlist *blocks, const uint8_t *octets, size_t size)
{
    for (size_t i = 0; i < blocks->n; i++) {
        if (address_in(octets, size, blocks->v[i])) {
            return true;
        }
    }
    return false;
}

static const char *bad_block(const struct strlist *blocks)
{
    for (size_t i = 0; i < blocks->n; i++) {
        if (!address_block_valid(blocks->v[i])) {
            return blocks->v[i];
        }
    }
    return NULL;
}

/* A profile that lists addresses itself (`names: ip: allow:`) is san.pattern.allow's business.
 * Private certificates have addresses as a matter of course, until blocks are listed. */
static void check_allowed(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist *blocks = rule_strings(run, 1);
    const bool allow = rule_bool(run, 0) || !(rule_scope(run) & SCOPE_TLS);
    uint8_t octets[16];
    if (rule_name_policy(run, NAME_POLICY_IP)->allow.present) {
        return;
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const size_t size = octets_of(n, octets);
        const char *bad = size ? bad_block(blocks) : NULL;
        if (bad) {
            rule_broken(run, "%s is no address block", bad);
            return;
        }
        if (size && blocks->n && !in_blocks(blocks, octets, size)) {
            rule_hit(run, (struct hit){.name = n}, "%s is in none of the blocks of the policy",
                     n->norm);
        } else if (size && !blocks->n && !allow) {
            rule_hit(run, (struct hit){.name = n}, "addresses are not allowed, and %s is one",
                     n->norm);
        }
    }
}

static void check_private_range(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    uint8_t octets[16];
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const size_t size = octets_of(n, octets);
        if (size && !address_reserved(octets, size) && !is_multicast(octets, size)) {
            rule_hit(run, (struct hit){.name = n}, "%s is a public address", n->norm);
        }
    }
}

static void check_ev(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].type == GN_IP) {
            rule_hit(run, (struct hit){.name = &f->names[i]}, "EV certificates have no addresses");
        }
    }
}

/* clang-format off */
static const struct param allowed_params[] = {
    {.name = "allow", .kind = PARAM_BOOL, .fallback = "false",
     .help = "accept addresses in public certificates too"},
    {.name = "cidrs", .kind = PARAM_STRINGS, .fallback = "",
     .help = "only addresses of these blocks; empty = no block is asked for"},
};

const struct rule rules_ip[] = {
    {.id = "ip.length", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "not an IP address",
     .why = "An entry holds the 4 or 16 octets of one address; networks, zones, octal and "
            "hexadecimal forms mean something else to each reader.",
     .fix = "write one address as 192.0.2.7 or 2001:db8::7",
     .cite = "RFC 5280 section 4.2.1.6, RFC 4291 section 2.2", .check = check_length,
     .bad = "{common_name: www.example.com, san: ['ip:010.0.0.1']}",
     .good = "{common_name: www.example.com, san: ['ip:10.0.0.1']}"},
    {.id = "ip.reserved", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .from = "2015-11-01",
     .title = "reserved address in a public certificate",
     .why = "Nobody can prove control of an address that every network may use; public CAs may "
            "not certify it.",
     .fix = "use a registered address, or order at a private CA",
     .cite = "BR 1.6.1, BR 4.2.2, RFC 6890", .check = check_reserved,
     .bad = "{common_name: www.example.com, san: ['ip:10.0.0.1']}",
     .good = "{common_name: www.example.com, san: ['ip:9.9.9.9']}"},
    {.id = "ip.multicast", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "multicast address",
     .why = "A group of hosts shares it; no TLS connection is made to it.",
     .fix = "list the addresses of the hosts",
     .cite = "RFC 5771, RFC 4291 section 2.7", .check = check_multicast,
     .bad = "{common_name: www.example.com, san: ['ip:ff02::1']}",
     .good = "{common_name: www.example.com, san: ['ip:fe80::1']}"},
    {.id = "ip.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "addresses are not allowed here",
     .why = "Addresses move between hosts and owners faster than certificates expire; most public "
            "products take DNS names only.",
     .fix = "order the DNS names, or have the block added to the policy",
     .cite = "policy", .check = check_allowed, RULE_PARAMS(allowed_params),
     .bad = "{common_name: www.example.com, san: ['ip:9.9.9.9']}",
     .good = "policy:certbatch_policy: 1\n"
             "name: sample\n"
             "level: tls\n"
             "rules:\n"
             "  ip.allowed: {cidrs: [9.9.9.0/24]}\n"
             "samples:\n"
             "  - {accept: {common_name: www.example.com, san: [www.example.com, 'ip:9.9.9.9']}}"},
    {.id = "ip.private-range", .severity = SEV_WARNING, .scope = SCOPE_PRIVATE,
     .needs = NEEDS_NAMES,
     .title = "public address in a private certificate",
     .why = "The address belongs to somebody on the Internet; a private certificate for it is "
            "usually a typing error.",
     .fix = "check the address",
     .cite = "certbatch", .check = check_private_range,
     .bad = "{common_name: www.example.com, san: ['ip:9.9.9.9']}",
     .good = "{common_name: www.example.com, san: ['ip:10.0.0.1']}"},
    {.id = "ip.ev", .severity = SEV_ERROR, .scope = SCOPE_EV, .needs = NEEDS_NAMES,
     .title = "address in an EV certificate",
     .why = "EV certificates name hosts by domain only.",
     .fix = "remove the address, or order OV",
     .cite = "EVG 7.1.2.1", .check = check_ev,
     .bad = "{common_name: www.example.com, san: ['ip:9.9.9.9']}",
     .good = "{common_name: www.example.com}"},
    {.id = NULL},
};
/* clang-format on */
