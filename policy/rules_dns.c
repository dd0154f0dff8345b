/* SPDX-License-Identifier: Apache-2.0
 *
 * dns.*: the syntax of every DNS name, of SAN entries and of common names that are host names.
 * What the request says is judged byte by byte; what an order says is judged as it will be sent
 * (lower case, A-labels).
 */
#include "policy/engine.h"
#include "policy/names.h"
#include "policy/rule.h"

#include <string.h>

struct text {
    const char *p;
    size_t n;
};

/* A bare word as the common name of a private or S/MIME certificate is no host name. */
static bool is_host(const struct rule_run *run, const struct name_fact *n)
{
    bool dotted = memchr(n->text, '.', n->text_n) != NULL;
    return n->type == GN_DNS && n->text_n && (!n->is_cn || dotted || rule_scope(run) & SCOPE_TLS);
}

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

/* Calls `bad` with each host name of the subject; a reason that comes back is a finding. */
typedef const char *name_test(struct rule_run *run, struct text name);

static void each_host(struct rule_run *run, name_test *bad, enum severity severity)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *why = is_host(run, n) ? bad(run, text_of(n)) : NULL;
        if (why) {
            rule_hit(run, (struct hit){.name = n, .severity = severity}, "%s", why);
        }
    }
}

static bool is_url_mark(char c)
{
    return c && strchr("/:@#[]", c);
}

static const char *bad_charset(struct rule_run *run, struct text t)
{
    (void)run;
    for (size_t i = 0; i < t.n; i++) {
        unsigned char c = (unsigned char)t.p[i];
        char low = ascii_lower(t.p[i]);
        bool ldh = (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        /* underscore, wildcard and redaction have rules of their own */
        if (ldh || c == '_' || c == '*' || c == '?') {
            continue;
        }
        return c == 0                  ? "the DNS name contains a NUL"
               : c == ' '              ? "the DNS name contains a blank"
               : c < 0x20 || c == 0x7F ? "the DNS name contains a control character"
               : c >= 0x80             ? "the DNS name is not in A-label form (xn--...)"
                           : "the DNS name contains a character other than letters, digits and -";
    }
    return NULL;
}

static void check_charset(struct rule_run *run)
{
    each_host(run, bad_charset, SEV_DISABLED);
}

/* The host in what was pasted: behind "://" or "user@", up to ':' or '/'. */
static const char *bad_url(struct rule_run *run, struct text t)
{
    const char *s = arena_strndup(rule_arena(run), t.p, t.n);
    bool url = false;
    for (size_t i = 0; i < t.n; i++) {
        url |= is_url_mark(t.p[i]);
    }
    if (!url) {
        return NULL;
    }
    const char *host = strstr(s, "://");
    host = host ? host + 3 : s;
    const char *at = strchr(host, '@');
    host = at ? at + 1 : host;
    host = str_vis_dup(rule_arena(run), host, strcspn(host, ":/?#"));
    return *host ? arena_printf(rule_arena(run), "not a host name; was %s meant?", host)
                 : "not a host name";
}

static void check_url(struct rule_run *run)
{
    each_host(run, bad_url, SEV_DISABLED);
}

static struct text without_wildcard(struct text t)
{
    bool wild = t.n >= 2 && t.p[0] == '*' && t.p[1] == '.';
    return wild ? (struct text){t.p + 2, t.n - 2} : t;
}

static const char *bad_length(struct rule_run *run, struct text t)
{
    size_t n = without_wildcard(t).n;
    return n > (uint64_t)rule_int(run, 0)
               ? arena_printf(rule_arena(run), "the DNS name has %zu octets; at most %lld fit", n,
                              (long long)rule_int(run, 0))
               : NULL;
}

static void check_length(struct rule_run *run)
{
    each_host(run, bad_length, SEV_DISABLED);
}

/* The next label of *rest; false at the end. */
static bool next_label(struct text *rest, struct text *label)
{
    if (!rest->p) {
        return false;
    }
    const char *dot = memchr(rest->p, '.', rest->n);
    label->p = rest->p;
    label->n = dot ? (size_t)(dot - rest->p) : rest->n;
    rest->n -= label->n + (dot != NULL);
    rest->p = dot ? dot + 1 : NULL;
    return true;
}

static const char *bad_label_length(struct rule_run *run, struct text t)
{
    for (struct text label; next_label(&t, &label);) {
        if (label.n > (uint64_t)rule_int(run, 0)) {
            return arena_printf(rule_arena(run), "a label has %zu octets; at most %lld fit",
                                label.n, (long long)rule_int(run, 0));
        }
    }
    return NULL;
}

static void check_label_length(struct rule_run *run)
{
    each_host(run, bad_label_length, SEV_DISABLED);
}

/* The empty label behind a trailing dot is dns.trailing-dot's. */
static const char *bad_label_empty(struct rule_run *run, struct text t)
{
    (void)run;
    for (struct text label; next_label(&t, &label);) {
        if (label.n == 0 && t.p) {
            return "the DNS name has an empty label";
        }
    }
    return NULL;
}

static void check_label_empty(struct rule_run *run)
{
    each_host(run, bad_label_empty, SEV_DISABLED);
}

static const char *bad_trailing_dot(struct rule_run *run, struct text t)
{
    (void)run;
    return t.n && t.p[t.n - 1] == '.' ? "the DNS name ends in a dot" : NULL;
}

static void check_trailing_dot(struct rule_run *run)
{
    each_host(run, bad_trailing_dot, SEV_DISABLED);
}

static const char *bad_hyphen(struct rule_run *run, struct text t)
{
    (void)run;
    for (struct text label; next_label(&t, &label);) {
        if (label.n && (label.p[0] == '-' || label.p[label.n - 1] == '-')) {
            return "a label begins or ends with a hyphen";
        }
    }
    return NULL;
}

static void check_hyphen(struct rule_run *run)
{
    each_host(run, bad_hyphen, SEV_DISABLED);
}

static const char *bad_underscore(struct rule_run *run, struct text t)
{
    (void)run;
    return memchr(t.p, '_', t.n) ? "the DNS name contains an underscore" : NULL;
}

static void check_underscore(struct rule_run *run)
{
    bool tls = rule_scope(run) & SCOPE_TLS;
    each_host(run, bad_underscore, tls ? SEV_DISABLED : SEV_WARNING);
}

static void check_case(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        bool upper = false;
        for (size_t k = 0; is_host(run, n) && k < n->text_n; k++) {
            upper |= n->text[k] >= 'A' && n->text[k] <= 'Z';
        }
        if (upper) {
            rule_hit(run, (struct hit){.name = n}, "the DNS name has capital letters");
        }
    }
}

/* Names of which other rules already say that they are no DNS names at all. */
static bool is_address(struct text t)
{
    char copy[ADDRESS_TEXT];
    uint8_t address[16];
    if (t.n >= sizeof copy || memchr(t.p, 0, t.n)) {
        return false;
    }
    memcpy(copy, t.p, t.n);
    copy[t.n] = '\0';
    return address_parse(copy, address) > 0;
}

static size_t count_labels(struct text t)
{
    size_t count = 0;
    for (struct text label; next_label(&t, &label);) {
        count += label.n > 0;
    }
    return count;
}

static const char *bad_few(struct rule_run *run, struct text t)
{
    size_t n = count_labels(without_wildcard(t));
    return n < (uint64_t)rule_int(run, 0) && !is_address(t) ? "the DNS name is a single label"
                                                            : NULL;
}

static void check_labels_min(struct rule_run *run)
{
    each_host(run, bad_few, SEV_DISABLED);
}

static const char *bad_many(struct rule_run *run, struct text t)
{
    size_t n = count_labels(t);
    return n > (uint64_t)rule_int(run, 0)
               ? arena_printf(rule_arena(run), "the DNS name has %zu labels", n)
               : NULL;
}

static void check_labels_max(struct rule_run *run)
{
    each_host(run, bad_many, SEV_DISABLED);
}

static const char *bad_numeric(struct rule_run *run, struct text t)
{
    (void)run;
    struct text last = {t.p, 0};
    for (struct text label; next_label(&t, &label);) {
        last = label.n ? label : last;
    }
    for (size_t i = 0; i < last.n; i++) {
        if (last.p[i] < '0' || last.p[i] > '9') {
            return NULL;
        }
    }
    return last.n ? "the last label is a number" : NULL;
}

static void check_numeric(struct rule_run *run)
{
    each_host(run, bad_numeric, SEV_DISABLED);
}

static const char *bad_address(struct rule_run *run, struct text t)
{
    (void)run;
    return is_address(t) ? "an address stands in the place of a DNS name" : NULL;
}

static void check_is_ip(struct rule_run *run)
{
    each_host(run, bad_address, SEV_DISABLED);
}

static const char *bad_redacted(struct rule_run *run, struct text t)
{
    (void)run;
    return memchr(t.p, '?', t.n) ? "the DNS name contains a ?" : NULL;
}

static void check_redacted(struct rule_run *run)
{
    each_host(run, bad_redacted, SEV_DISABLED);
}

static void check_public_suffix(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (is_host(run, n) && name_labels(n->norm) > 0 && name_is_public_suffix(n->norm)) {
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
