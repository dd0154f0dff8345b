/* SPDX-License-Identifier: Apache-2.0
 *
 * dns.*: the syntax of every DNS name, of SAN entries and of common names that are host names.
 * What the request says is judged byte by byte; what an order says is judged as it will be sent
 * (lower case, A-labels).
 */
#include "policy/engine.h"
#include "policy/host.h"
#include "policy/names.h"
#include "policy/rule.h"

#include <string.h>

/* The request's own octets; of an order the form that will be sent, with the dot it was written
 * with. */
static struct text text_of(const struct name_fact *n)
{
    if (n->gn) {
        return (struct text){n->gn->text, n->gn->text_n};
    }
    bool dot = n->text[n->text_n - 1] == '.';
    if (n->views & VIEW_ORDER && !dot) {
        return (struct text){n->norm, strlen(n->norm)};
    }
    return (struct text){n->text, n->text_n};
}

/* Asks `bad` about each host name of the subject; a reason that comes back is a finding. */
static void each_host(struct rule_run *run, host_question *bad, enum severity severity)
{
    const struct facts *f = rule_facts(run);
    const int64_t max = rule_row(run)->nparams ? rule_int(run, 0) : 0;
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *why = host_is(run, n) ? bad(rule_arena(run), text_of(n), max) : NULL;
        if (why) {
            rule_hit(run, (struct hit){.name = n, .severity = severity}, "%s", why);
        }
    }
}

static void check_charset(struct rule_run *run)
{
    each_host(run, host_bad_charset, SEV_DISABLED);
}

static void check_url(struct rule_run *run)
{
    each_host(run, host_bad_url, SEV_DISABLED);
}

static void check_length(struct rule_run *run)
{
    each_host(run, host_bad_length, SEV_DISABLED);
}

static void check_label_length(struct rule_run *run)
{
    each_host(run, host_bad_label_length, SEV_DISABLED);
}

static void check_label_empty(struct rule_run *run)
{
    each_host(run, host_bad_label_empty, SEV_DISABLED);
}

static void check_trailing_dot(struct rule_run *run)
{
    each_host(run, host_bad_trailing_dot, SEV_DISABLED);
}

static void check_hyphen(struct rule_run *run)
{
    each_host(run, host_bad_hyphen, SEV_DISABLED);
}

static void check_underscore(struct rule_run *run)
{
    bool tls = rule_scope(run) & SCOPE_TLS;
    each_host(run, host_bad_underscore, tls ? SEV_DISABLED : SEV_WARNING);
}

static void check_case(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        bool upper = false;
        for (size_t k = 0; host_is(run, n) && k < n->text_n; k++) {
            upper |= n->text[k] >= 'A' && n->text[k] <= 'Z';
        }
        if (upper) {
            rule_hit(run, (struct hit){.name = n}, "the DNS name has capital letters");
        }
    }
}

static void check_labels_min(struct rule_run *run)
{
    each_host(run, host_bad_few, SEV_DISABLED);
}

static void check_labels_max(struct rule_run *run)
{
    each_host(run, host_bad_many, SEV_DISABLED);
}

static void check_numeric(struct rule_run *run)
{
    each_host(run, host_bad_numeric, SEV_DISABLED);
}

static void check_is_ip(struct rule_run *run)
{
    each_host(run, host_bad_address, SEV_DISABLED);
}

static void check_redacted(struct rule_run *run)
{
    each_host(run, host_bad_redacted, SEV_DISABLED);
}

static void check_public_suffix(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (host_is(run, n) && name_labels(n->norm) > 0 && name_is_public_suffix(n->norm)) {
            rule_hit(run, (struct hit){.name = n},
                     "the DNS name is a public suffix: nobody owns it");
        }
    }
}

/* clang-format off */
static const struct param length_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "253", .min = 1, .max = 253, .help = "octets"},
};
static const struct param label_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "63", .min = 1, .max = 63, .help = "octets"},
};
static const struct param min_params[] = {
    {.name = "min", .kind = PARAM_INT, .fallback = "2", .min = 1, .max = 127, .help = "labels"},
};
static const struct param max_params[] = {
    {.name = "max", .kind = PARAM_INT, .fallback = "10", .min = 1, .max = 127, .help = "labels"},
};
/* clang-format on */

/* clang-format off */
const struct rule rules_dns[] = {
    {.id = "dns.charset", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "character that no DNS name may have",
     .why = "Host names consist of letters, digits, hyphens and dots; clients compare bytes and "
            "never match others.",
     .fix = "correct the name; write internationalised names in A-label form",
     .cite = "RFC 1034 section 3.5, RFC 1123 section 2.1", .check = check_charset,
     .bad = "{common_name: www.example.com, san: ['dns:www exa!mple.com']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.url", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "URL, port or mailbox instead of a host name",
     .why = "CAs accept the text and the validation then never completes.",
     .fix = "give the host name alone",
     .cite = "BR 7.1.2.7.12", .check = check_url,
     .bad = "{common_name: www.example.com, san: ['dns:https://www.example.com:8443/login']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.name.length", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "DNS name is too long",
     .why = "Longer names cannot be looked up.",
     .fix = "shorten the name",
     .cite = "RFC 1035 section 2.3.4", .check = check_length, RULE_PARAMS(length_params),
     .bad = "{common_name: www.example.com, san: "
            "['dns:abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy.abcdefghijklmno"
            "pqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy.abcdefghijklmnopqrstuvwxyz0123456789"
            "abcdefghijklmnopqrstuvwxy.abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstu"
            "vwxy.abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy.com']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.label.length", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "label is too long",
     .why = "A label holds 63 octets.",
     .fix = "shorten the label",
     .cite = "RFC 1035 section 2.3.4", .check = check_label_length, RULE_PARAMS(label_params),
     .bad = "{common_name: www.example.com, san: "
            "['dns:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com'"
            "]}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.label.empty", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "empty label",
     .why = "A leading dot or two dots in a row leave a label without a name.",
     .fix = "remove the extra dot",
     .cite = "RFC 1034 section 3.1", .check = check_label_empty,
     .bad = "{common_name: www.example.com, san: ['dns:www..example.com']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.trailing-dot", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "DNS name ends in a dot",
     .why = "Certificates hold names without the root label; clients compare without it.",
     .fix = "remove the last dot",
     .cite = "BR 7.1.2.7.12", .check = check_trailing_dot, .mend = MEND_LAST_DOT,
     .bad = "{common_name: www.example.com, san: ['dns:www.example.com.']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.label.hyphen", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "label begins or ends with a hyphen",
     .why = "Such a name cannot be registered, and resolvers refuse it.",
     .fix = "correct the name",
     .cite = "RFC 1123 section 2.1", .check = check_hyphen,
     .bad = "{common_name: www.example.com, san: ['dns:www-.example.com']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.underscore", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .from = "2019-04-01",
     .title = "underscore in a host name",
     .why = "Public CAs may not certify such names since 2019. Private directories use them; "
            "there it is a warning.",
     .fix = "rename the host, or use a wildcard of the zone above",
     .cite = "BR 7.1.2.7.12", .check = check_underscore,
     .bad = "{common_name: www_1.example.com}", .good = "{common_name: www.example.com}"},
    {.id = "dns.case", .severity = SEV_INFO, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "capital letters in a DNS name",
     .why = "Names compare without case; certbatch sends lower case.",
     .fix = "write the name in lower case",
     .cite = "RFC 4343", .check = check_case, .mend = MEND_LOWER_CASE,
     .bad = "{common_name: WWW.example.com}", .good = "{common_name: www.example.com}"},
    {.id = "dns.labels.min", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .title = "single-label host name",
     .why = "A name without a dot is internal: it belongs to nobody and means another host in "
            "each network.",
     .fix = "use the fully qualified name",
     .cite = "BR 1.6.1, BR 4.2.2", .check = check_labels_min, RULE_PARAMS(min_params),
     .bad = "{common_name: server01}", .good = "{common_name: www.example.com}"},
    {.id = "dns.labels.max", .severity = SEV_WARNING, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "many labels",
     .why = "Very deep names are usually pasted by accident and some CAs refuse them.",
     .fix = "check the name",
     .cite = "certbatch", .check = check_labels_max, RULE_PARAMS(max_params),
     .bad = "{common_name: www.example.com, san: ['dns:a.b.c.d.e.f.g.h.i.example.com']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.numeric-tld", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "last label is a number",
     .why = "No top-level domain is a number; it is a cut address.",
     .fix = "correct the name, or list the address as ip:",
     .cite = "RFC 3696 section 2", .check = check_numeric,
     .bad = "{common_name: www.example.com, san: ['dns:www.example.123']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.is-ip", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "address in the place of a DNS name",
     .why = "Clients look for addresses in iPAddress entries only.",
     .fix = "write ip: in front of it",
     .cite = "BR 7.1.2.7.12", .check = check_is_ip,
     .bad = "{common_name: www.example.com, san: ['dns:192.0.2.7']}",
     .good = "{common_name: www.example.com, san: ['ip:192.0.2.7']}"},
    {.id = "dns.redacted", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "question mark in a DNS name",
     .why = "Redacted names of old certificate logs were copied.",
     .fix = "write the whole name",
     .cite = "RFC 1034 section 3.5", .check = check_redacted,
     .bad = "{common_name: www.example.com, san: ['dns:?.example.com']}",
     .good = "{common_name: www.example.com}"},
    {.id = "dns.public-suffix", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_NAMES,
     .title = "name is a public suffix",
     .why = "A registry's suffix belongs to nobody who could order a certificate for it.",
     .fix = "give the registered name below it",
     .cite = "BR 3.2.2.6", .check = check_public_suffix,
     .bad = "{common_name: www.example.com, san: ['dns:co.uk']}",
     .good = "{common_name: www.example.com}"},
    {.id = NULL},
};
/* clang-format on */
