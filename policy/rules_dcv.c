/* SPDX-License-Identifier: Apache-2.0
 *
 * dcv.*: domain control, as far as it can be known offline: the method an item names (`dcv:`), its
 * mailbox, the day of the last validation, and CAA records of a snapshot. What the Baseline
 * Requirements say of each method is the table of policy/dcv.c.
 */
#include "policy/engine.h"

#include "formats/base/str.h"
#include "formats/base/time.h"
#include "policy/br_dates.h"
#include "policy/dcv.h"
#include "policy/names.h"

#include <string.h>
#include <strings.h>

static const struct dcv_facts *method_of(const struct rule_run *run)
{
    return dcv_facts_find(rule_text(run, "dcv.method"));
}

static struct hit at_method(const struct rule_run *run)
{
    return (struct hit){.key = "dcv.method", .value = rule_text(run, "dcv.method")};
}

/* The first name of a kind that the CA will validate. */
static const struct name_fact *first_of(const struct rule_run *run, enum gn_type type)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        if (f->names[i].type == type && f->names[i].views & VIEW_EFFECTIVE) {
            return &f->names[i];
        }
    }
    return NULL;
}

/* Of a day that is set: has it come at the planned order date? */
static bool has_come(const struct rule_run *run, const char *text, int64_t *day)
{
    return dcv_day(text, day) && rule_as_of(run) >= *day;
}

static void check_reuse(struct rule_run *run)
{
    int64_t validated;
    char again[TIME_TEXT];
    const char *text = rule_text(run, "dcv.validated");
    const struct dcv_facts *m = method_of(run);
    int64_t days = br_limit_at(BR_DOMAIN_REUSE, rule_as_of(run));
    days = m && m->reuse_days && m->reuse_days < days ? m->reuse_days : days;
    if (!text || !days || !time_parse_any(text, &validated) ||
        validated + days * DAY_SECONDS >= rule_as_of(run)) {
        return;
    }
    time_format_date(validated + days * DAY_SECONDS, again);
    rule_hit(run,
             (struct hit){.key = "dcv.validated",
                          .value = text,
                          .severity = rule_bool(run, 0) ? SEV_ERROR : SEV_DISABLED},
             "the validation may be used again for %lld days, which ended on %s", (long long)days,
             again);
}

static void check_forbidden(struct rule_run *run)
{
    const struct dcv_facts *m = method_of(run);
    int64_t day;
    if (m && first_of(run, GN_DNS) && has_come(run, m->until, &day)) {
        rule_hit(run, at_method(run), "method %s (BR %s) must not be used since %s",
                 rule_text(run, "dcv.method"), m->section, m->until);
    }
}

static void say_sunset(struct rule_run *run, const char *section, const char *until,
                       const char *avoid)
{
    int64_t day;
    const char *method = rule_text(run, "dcv.method");
    if (dcv_day(until, &day) && rule_as_of(run) < day) {
        rule_hit(run, at_method(run), "method %s (BR %s) ends on %s%s%s", method, section, until,
                 has_come(run, avoid, &day) ? " and should not be used since " : "",
                 has_come(run, avoid, &day) ? avoid : "");
    }
}

static void check_sunset(struct rule_run *run)
{
    const struct dcv_facts *m = method_of(run);
    if (m && first_of(run, GN_DNS)) {
        say_sunset(run, m->section, m->until, m->avoid_from);
    }
    if (m && m->ip_section && first_of(run, GN_IP)) {
        say_sunset(run, m->ip_section, m->ip_until, NULL);
    }
}

static void check_offered(struct rule_run *run)
{
    const char *method = rule_text(run, "dcv.method");
    const struct ca_facts *ca = rule_ca(run);
    if (method && ca && ca->dcv_methods && !str_has_word(ca->dcv_methods, method)) {
        rule_hit(run, at_method(run), "%s does not offer the method %s, only %s", ca->title, method,
                 ca->dcv_methods);
    }
}

/* A method that publishes its address in DNS takes any mailbox. */
static void check_constructed(struct rule_run *run)
{
    const char *email = rule_text(run, "dcv.email");
    const struct dcv_facts *m = method_of(run);
    const char *at = email ? strrchr(email, '@') : NULL;
    if (!email || (m && !m->constructed)) {
        return;
    }
    bool known = false;
    for (const char *const *box = dcv_mailboxes; at && *box && !known; box++) {
        known = strlen(*box) == (size_t)(at - email) &&
                strncasecmp(*box, email, (size_t)(at - email)) == 0;
    }
    if (!known) {
        rule_hit(
            run, (struct hit){.key = "dcv.email", .value = email},
            "the mailbox is not admin, administrator, webmaster, hostmaster or postmaster of a "
            "domain");
    }
}

static void check_ip_method(struct rule_run *run)
{
    const struct dcv_facts *m = method_of(run);
    const struct name_fact *ip = first_of(run, GN_IP);
    int64_t day;
    if (!m || !ip) {
        return;
    }
    if (!m->ip_section) {
        rule_hit(run, at_method(run), "method %s cannot show control of the address %s",
                 rule_text(run, "dcv.method"), ip->norm);
    } else if (has_come(run, m->ip_until, &day)) {
        rule_hit(run, at_method(run), "method %s (BR %s) must not be used for addresses since %s",
                 rule_text(run, "dcv.method"), m->ip_section, m->ip_until);
    }
}

/* --- CAA --- */

/* One record of a snapshot, as `dig` prints it: NAME [TTL] [CLASS] CAA FLAGS TAG "VALUE". */
struct caa {
    bool critical;
    const char *tag, *value;
    size_t tag_n, value_n;
};

static const char *next_word(const char **p, size_t *n)
{
    *p += strspn(*p, " \t");
    const char *word = *p;
    *n = strcspn(word, " \t");
    *p += *n;
    return word;
}

static unsigned flags_of(const char *digits, size_t n)
{
    unsigned flags = 0;
    for (size_t i = 0; i < n && i < 3 && digits[i] >= '0' && digits[i] <= '9'; i++) {
        flags = flags * 10 + (unsigned)(digits[i] - '0');
    }
    return flags;
}

static bool parse_caa(const char *line, struct caa *out)
{
    size_t n;
    const char *word = next_word(&line, &n); /* the name */
    do {
        word = next_word(&line, &n);
    } while (n && !(n == 3 && memcmp(word, "caa", 3) == 0));
    word = next_word(&line, &n);
    out->critical = flags_of(word, n) & 0x80;
    out->tag = next_word(&line, &out->tag_n);
    line += strspn(line, " \t\"");
    out->value = line;
    out->value_n = strcspn(line, "\"");
    return out->tag_n > 0;
}

/* "digicert.com; policy=ev": is the domain before the parameters one of the CA's? */
static bool names_issuer(const struct caa *c, const char *issuers, const struct strlist *more)
{
    char domain[256];
    size_t n = strcspn(c->value, " \t;\"");
    n = n < c->value_n ? n : c->value_n;
    if (n == 0 || n >= sizeof domain) {
        return false;
    }
    memcpy(domain, c->value, n);
    domain[n] = '\0';
    return more->n ? strlist_has(more, domain) : str_has_word(issuers, domain);
}

static bool is_tag(const struct caa *c, const char *tag)
{
    return c->tag_n == strlen(tag) && memcmp(c->tag, tag, c->tag_n) == 0;
}

/* What the records at one name say of this CA. issuewild, where there is one, replaces issue for
 * wildcards (RFC 8659 section 4.3). */
struct caa_set {
    size_t records;
    bool issue, issue_ours, wild, wild_ours, unknown_critical;
};

static void take(struct caa_set *set, const char *line, const char *issuers,
                 const struct strlist *more)
{
    struct caa c;
    if (!parse_caa(line, &c)) {
        return;
    }
    set->records++;
    if (is_tag(&c, "issue")) {
        set->issue = true;
        set->issue_ours |= names_issuer(&c, issuers, more);
    } else if (is_tag(&c, "issuewild")) {
        set->wild = true;
        set->wild_ours |= names_issuer(&c, issuers, more);
    } else {
        set->unknown_critical |= c.critical && !is_tag(&c, "iodef") && !is_tag(&c, "issuemail");
    }
}

static void collect(struct rule_run *run, const struct data_lines *lines, const char *name,
                    const char *issuers, struct caa_set *set)
{
    static const char *const ends[] = {" ", "\t", ". ", ".\t"};
    for (size_t i = 0; i < NITEMS(ends); i++) {
        const char *prefix = arena_printf(rule_arena(run), "%s%s", name, ends[i]);
        for (size_t k = data_lines_from(lines, prefix);
             k < lines->n && str_starts(lines->v[k], prefix); k++) {
            take(set, lines->v[k], issuers, rule_strings(run, 1));
        }
    }
}

static void check_caa_name(struct rule_run *run, const struct data_lines *lines,
                           const struct name_fact *n, const char *issuers)
{
    struct caa_set set = {0};
    const bool wildcard = name_is_wildcard(n->norm);
    const char *at = wildcard ? n->norm + 2 : n->norm;
    for (; at && *at; at = strchr(at, '.') ? strchr(at, '.') + 1 : NULL) {
        collect(run, lines, at, issuers, &set);
        if (set.records) {
            break;
        }
    }
    const bool by_wild = wildcard && set.wild;
    const bool refused =
        set.unknown_critical || (by_wild ? !set.wild_ours : set.issue && !set.issue_ours);
    if (set.records && refused) {
        rule_hit(run, (struct hit){.name = n, .severity = SEV_WARNING},
                 "the CAA records at %s do not allow this CA to issue", at);
    }
}

static void check_caa(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct data_lines *lines = rule_lines(run, 0);
    const struct ca_facts *ca = rule_ca(run);
    const char *issuers = ca && ca->caa_issuer ? ca->caa_issuer : "";
    if (!lines) {
        if (rule_bool(run, 2)) {
            rule_not_checked(run, "CAA records are looked up by the CA; no snapshot of them is "
                                  "configured (parameter snapshot)");
        }
        return;
    }
    if (!*issuers && !rule_strings(run, 1)->n) {
        return; /* nobody said by which names this CA is known */
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type == GN_DNS && n->views & VIEW_EFFECTIVE) {
            check_caa_name(run, lines, n, issuers);
        }
    }
}

/* clang-format off */
static const struct param reuse_params[] = {
    {.name = "unattended", .kind = PARAM_BOOL, .fallback = "false",
     .help = "nobody is there to validate again: an error instead of a warning"},
};
static const struct param caa_params[] = {
    {.name = "snapshot", .kind = PARAM_FILES, .fallback = "",
     .help = "CAA records, one a line as dig prints them; a name without any is not restricted"},
    {.name = "issuers", .kind = PARAM_STRINGS, .fallback = "",
     .help = "domain names by which the CA is allowed; empty = those known of its kind"},
    {.name = "report-unchecked", .kind = PARAM_BOOL, .fallback = "false",
     .help = "say of every order without a snapshot that CAA was not looked at"},
};

#define DCV(what) "{common_name: www.example.com, san: [www.example.com], dcv: {" what "}}"
#define IP(what)  "{san: ['ip:192.0.2.7'], dcv: {" what "}}"
#define PROD(what) "{ca: certinext-prod, san: [www.example.com], dcv: {" what "}}"
#define CAA(records, verdict)                                                                      \
    "policy:certbatch_policy: 1\n"                                                                 \
    "name: sample\n"                                                                               \
    "level: tls\n"                                                                                 \
    "rules: {name.special-use: disabled, dcv.caa: {severity: error, issuers: [" records            \
    "], snapshot: [caa.txt]}}\n"                                                                   \
    "samples:\n"                                                                                   \
    "  - {" verdict "}"
const struct rule rules_dcv[] = {
    {.id = "dcv.reuse", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_ORDER,
     .title = "the last validation is too old to be used again",
     .why = "A validation lasts 200 days since 2026-03-15, 100 from 2027-03-15, 10 from "
            "2029-03-15. Without a new one the order stays pending.",
     .fix = "validate the domain again before the order",
     .cite = "BR 4.2.1", .check = check_reuse, RULE_PARAMS(reuse_params),
     .bad = DCV("validated: 2026-05-04"), .good = DCV("validated: 2026-05-06")},
    {.id = "dcv.method.forbidden", .severity = SEV_ERROR, .scope = SCOPE_TLS, .needs = NEEDS_ORDER,
     .title = "validation method is forbidden at the order date",
     .why = "The CA must not rely on the method any more: the order is refused or stays pending.",
     .fix = "use dns, website, http-01 or another current method",
     .cite = "BR 1.2.2, BR 3.2.2.4", .check = check_forbidden,
     .bad = DCV("method: ip-address"), .good = DCV("method: dns")},
    {.id = "dcv.method.sunset", .severity = SEV_WARNING, .scope = SCOPE_TLS, .needs = NEEDS_ORDER,
     .title = "validation method is about to end",
     .why = "Methods by e-mail and telephone end by 2028-03-15; renewals that rely on them will "
            "stop one day.",
     .fix = "move to dns or another method without an end",
     .cite = "BR 1.2.2, BR 3.2.2.4", .check = check_sunset,
     .bad = DCV("method: email"), .good = DCV("method: dns")},
    {.id = "dcv.method.offered", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_ORDER,
     .title = "the CA does not offer the validation method",
     .why = "The order is refused, or validated by another method that nobody prepared.",
     .fix = "use one of the methods of the CA",
     .cite = "interface of the CA", .check = check_offered,
     .bad = PROD("method: tls-alpn-01"), .good = PROD("method: dns")},
    {.id = "dcv.email.constructed", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER,
     .title = "mailbox cannot receive the challenge",
     .why = "The CA sends the challenge to five fixed mailboxes of a domain only, or to one that "
            "is published in DNS.",
     .fix = "use admin, administrator, webmaster, hostmaster or postmaster, or the method that "
            "reads the address from DNS",
     .cite = "BR 3.2.2.4.4", .check = check_constructed,
     .bad = DCV("method: email, email: it@example.com"),
     .good = DCV("method: email, email: hostmaster@example.com")},
    {.id = "dcv.ip-method", .severity = SEV_ERROR, .scope = SCOPE_TLS,
     .needs = NEEDS_ORDER | NEEDS_NAMES,
     .title = "validation method does not fit an address",
     .why = "A change in the zone of a name says nothing about an address; methods by contact end "
            "on 2027-03-15.",
     .fix = "use website, http-01, tls-alpn-01 or dns-persist, or order the address apart",
     .cite = "BR 3.2.2.5", .check = check_ip_method,
     .bad = IP("method: dns"), .good = IP("method: http-01")},
    {.id = "dcv.caa", .severity = SEV_INFO, .scope = SCOPE_TLS, .needs = NEEDS_ORDER | NEEDS_NAMES,
     .title = "CAA records do not allow the CA, or were not looked at",
     .why = "A CA looks for CAA records of every name and must refuse when they name others. "
            "Offline this is known only from a snapshot of the records; what a snapshot refuses "
            "is a warning, because it may be old.",
     .fix = "add the CA to the CAA records of the zone, or order elsewhere",
     .cite = "BR 3.2.2.8, RFC 8659", .check = check_caa, RULE_PARAMS(caa_params),
     .bad = CAA("emsign.com", "reject: {san: [www.example.org]}, by: dcv.caa"),
     .good = CAA("digicert.com", "accept: {san: [www.example.org]}")},
    {.id = NULL},
};
/* clang-format on */
