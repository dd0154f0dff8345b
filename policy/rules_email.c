/* SPDX-License-Identifier: Apache-2.0
 *
 * email.*: mailboxes: rfc822Name entries, SmtpUTF8Mailbox entries (RFC 9598) and the contacts of
 * EV orders.
 */
#include "policy/engine.h"
#include "policy/host.h"
#include "policy/idn.h"
#include "policy/names.h"

#include <stdlib.h>
#include <string.h>

enum { LOCAL_MAX = 64, MAILBOX_MAX = 254 };

/* --- syntax: RFC 5321 section 4.1.2 --- */

static bool is_atext(char c)
{
    const char low = ascii_lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Octets of the quoted string that s begins with, quotes included; 0 when it has no end. */
static size_t quoted_length(const char *s, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (s[i] == '\\' && i + 1 < n) {
            i++;
        } else if (s[i] == '"') {
            return i + 1;
        }
        if (s[i] < ' ' || s[i] > '~') {
            return 0;
        }
    }
    return 0;
}

static const char *dot_string_problem(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '.' && (i == 0 || i + 1 == n || s[i - 1] == '.')) {
            return "the part before @ begins or ends with a dot, or has two in a row";
        }
        if (s[i] & 0x80) {
            return "the part before @ is not ASCII: that is an SmtpUTF8Mailbox, no rfc822Name";
        }
        if (s[i] != '.' && !is_atext(s[i])) {
            return s[i] == ' ' ? "the part before @ has a blank"
                               : "the part before @ has a character that must be quoted";
        }
    }
    return NULL;
}

static const char *mailbox_problem(struct text t)
{
    if (memchr(t.p, 0, t.n)) {
        return "it contains a NUL";
    }
    if (memchr(t.p, '<', t.n) || memchr(t.p, '>', t.n)) {
        return "it has angle brackets";
    }
    const bool quoted = t.n && t.p[0] == '"';
    const char *at = memchr(t.p, '@', t.n);
    const size_t local = quoted ? quoted_length(t.p, t.n) : at ? (size_t)(at - t.p) : 0;
    if (quoted ? !local || local == t.n || t.p[local] != '@' : !at) {
        return quoted ? "the quoted part before @ has no end" : "it has no @";
    }
    const char *domain = t.p + local + 1;
    const size_t domain_n = t.n - local - 1;
    if (local == 0 || domain_n == 0) {
        return local ? "there is no domain behind @" : "there is nothing before @";
    }
    if (memchr(domain, '@', domain_n)) {
        return "it has more than one @";
    }
    if (memchr(t.p + (quoted ? local : 0), '(', t.n - (quoted ? local : 0))) {
        return "it has a comment in parentheses";
    }
    if (local > LOCAL_MAX || t.n > MAILBOX_MAX) {
        return local > LOCAL_MAX ? "the part before @ has more than 64 octets"
                                 : "it has more than 254 octets";
    }
    return quoted ? NULL : dot_string_problem(t.p, local);
}

static void check_syntax(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *why = n->type == GN_EMAIL && n->text_n
                              ? mailbox_problem((struct text){n->text, n->text_n})
                              : NULL;
        if (why) {
            rule_hit(run, (struct hit){.name = n}, "this is no mailbox: %s", why);
        }
    }
}

/* --- the domain --- */

/* What stands behind the last @; empty when nothing does. */
static struct text domain_part(const char *s, size_t n)
{
    const char *at = memrchr(s, '@', n);
    return at ? (struct text){at + 1, n - (size_t)(at + 1 - s)} : (struct text){0};
}

/* What a public CA could not validate: nobody's names, and names without a place in the DNS. */
static const char *public_problem(struct rule_run *run, const char *domain)
{
    const char *tld = name_last_label(domain);
    return name_labels(domain) < 2      ? "it is a single label"
           : name_special_use(domain)   ? "it is reserved for special use and belongs to nobody"
           : name_under(domain, "arpa") ? "names below arpa are infrastructure"
           : !tld_is_delegated(tld, rule_facts(run)->s->order_date)
               ? "its last label is no top-level domain on the day of the order"
           : name_is_public_suffix(domain) ? "it is a public suffix: nobody owns it"
                                           : NULL;
}

static const char *domain_problem(struct rule_run *run, struct text domain)
{
    const bool public = rule_scope(run) & (SCOPE_TLS | SCOPE_SMIME);
    if (domain.p[0] == '[') {
        return "it is an address, and certificates name mailboxes by domain";
    }
    if (!idn_is_ascii(domain.p, domain.n)) {
        return NULL; /* idn.u-label's */
    }
    if (memchr(domain.p, '*', domain.n)) {
        return "it has a wildcard";
    }
    const char *why = host_problem(rule_arena(run), domain);
    why = why ? why : idn_problem(rule_arena(run), domain, public);
    return why || !public
               ? why
               : public_problem(run, name_norm(rule_arena(run), GN_DNS, domain.p, domain.n));
}

static void check_domain(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        struct text domain =
            n->type == GN_EMAIL ? domain_part(n->text, n->text_n) : (struct text){0};
        const char *why = domain.n ? domain_problem(run, domain) : NULL;
        if (why) {
            rule_hit(run, (struct hit){.name = n}, "the domain of the mailbox is no good: %s", why);
        }
    }
}

/* Lower-case A-labels of the domain of a mailbox; "" when it has none. */
static const char *domain_of(struct rule_run *run, const char *s, size_t n)
{
    struct text domain = domain_part(s, n);
    return domain.n ? name_norm(rule_arena(run), GN_DNS, domain.p, domain.n) : "";
}

static void check_domain_allowed(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    const struct strlist *domains = rule_strings(run, 0);
    for (size_t i = 0; domains->n && i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        if (n->type != GN_EMAIL) {
            continue;
        }
        const char *domain = domain_of(run, n->text, n->text_n);
        bool listed = false;
        for (size_t k = 0; k < domains->n && !listed; k++) {
            listed = rule_bool(run, 1) ? name_under(domain, domains->v[k])
                                       : str_ieq(domain, domains->v[k]);
        }
        if (!listed) {
            rule_hit(run, (struct hit){.name = n},
                     "the mailbox is not in a mail domain of the organisation");
        }
    }
}

/* --- free mail --- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool is_free_mail(const struct rule_run *run, const char *domain)
{
    const struct data_lines *lines = rule_lines(run, 1);
    return *domain && (strlist_has(rule_strings(run, 0), domain) ||
                       (lines && lines->n &&
                        bsearch(domain, lines->v, lines->n, sizeof *lines->v, compare_lines)));
}

/* A person's own certificate may well name a free mailbox; one that names a company may not. */
static bool names_company(const struct facts *f)
{
    for (size_t i = 0; i < f->nattrs; i++) {
        if (f->attrs[i].views & VIEW_EFFECTIVE && str_eq(f->attrs[i].name, "O")) {
            return true;
        }
    }
    return false;
}

static void check_ev_contacts(struct rule_run *run)
{
    static const char *const contacts[] = {"ev.contract_signer.email",
                                           "ev.certificate_approver.email",
                                           "ev.certificate_requester.email"};
    for (size_t i = 0; i < NITEMS(contacts); i++) {
        const char *text = rule_text(run, contacts[i]);
        const char *domain = text ? domain_of(run, text, strlen(text)) : "";
        if (is_free_mail(run, domain)) {
            rule_hit(run, (struct hit){.key = contacts[i], .value = text},
                     "the contact has a mailbox at the free-mail provider %s", domain);
        }
    }
}

static void check_public_provider(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    if (rule_scope(run) & SCOPE_EV) {
        check_ev_contacts(run);
    }
    if (!(rule_scope(run) & SCOPE_SMIME) || !names_company(f)) {
        return;
    }
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *domain = n->type == GN_EMAIL ? domain_of(run, n->text, n->text_n) : "";
        if (is_free_mail(run, domain)) {
            rule_hit(run, (struct hit){.name = n},
                     "a company certificate for a mailbox at the free-mail provider %s", domain);
        }
    }
}

/* --- SmtpUTF8Mailbox --- */

static const char *utf8_domain_problem(struct text domain)
{
    for (size_t i = 0; i < domain.n; i++) {
        if (domain.p[i] & 0x80) {
            return "its domain is not in A-label form";
        }
        if (domain.p[i] >= 'A' && domain.p[i] <= 'Z') {
            return "its domain has capital letters";
        }
    }
    return NULL;
}

static const char *utf8_mailbox_problem(const struct general_name *gn)
{
    if (gn->other_tag != DER_UTF8 || gn->malformed) {
        return "it is no UTF8String";
    }
    if (gn->text_n >= 3 && memcmp(gn->text, "\xEF\xBB\xBF", 3) == 0) {
        return "it begins with a byte order mark";
    }
    struct text domain = domain_part(gn->text, gn->text_n);
    const size_t local = domain.p ? (size_t)(domain.p - 1 - gn->text) : 0;
    if (local == 0 || domain.n == 0) {
        return "it is not written local@domain";
    }
    return idn_is_ascii(gn->text, local)
               ? "the part before @ is plain ASCII: that belongs in an rfc822Name"
               : utf8_domain_problem(domain);
}

static void check_smtputf8(struct rule_run *run)
{
    const struct facts *f = rule_facts(run);
    for (size_t i = 0; i < f->nnames; i++) {
        const struct name_fact *n = &f->names[i];
        const char *why = n->gn && str_eq(n->gn->other_oid, OID_SMTP_UTF8_MAILBOX)
                              ? utf8_mailbox_problem(n->gn)
                              : NULL;
        if (why) {
            rule_hit(run, (struct hit){.name = n}, "the SmtpUTF8Mailbox is no good: %s", why);
        }
    }
}

/* clang-format off */
static const struct param allowed_params[] = {
    {.name = "domains", .kind = PARAM_STRINGS, .fallback = "",
     .help = "mail domains of the organisation; empty = not checked"},
    {.name = "include-subdomains", .kind = PARAM_BOOL, .fallback = "false",
     .help = "domains below them count too"},
};
static const struct param provider_params[] = {
    {.name = "domains", .kind = PARAM_STRINGS,
     .fallback = "126.com 163.com aol.com fastmail.com free.fr gmail.com gmx.com gmx.de gmx.net "
                 "googlemail.com hotmail.com icloud.com laposte.net libero.it live.com mac.com "
                 "mail.com mail.ru me.com msn.com naver.com orange.fr outlook.com proton.me "
                 "protonmail.com qq.com rediffmail.com t-online.de tutanota.com web.de yahoo.com "
                 "yandex.com yandex.ru ymail.com zoho.com",
     .help = "free-mail domains"},
    {.name = "files", .kind = PARAM_FILES, .fallback = "",
     .help = "more of them, one domain in a line"},
};

const struct rule rules_email[] = {
    {.id = "email.syntax", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "not a mailbox",
     .why = "An rfc822Name is one bare address; with a display name, a comment or brackets no mail "
            "program finds the certificate.",
     .fix = "write local@domain",
     .cite = "RFC 5280 section 4.2.1.6, RFC 5321 sections 4.1.2 and 4.5.3.1", .check = check_syntax,
     .bad = "{san: ['email:Anna <anna@example.com>']}",
     .good = "{san: ['email:anna@example.com']}"},
    {.id = "email.domain", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "domain of a mailbox is no good",
     .why = "The CA validates the domain like that of a host; one that cannot exist is never "
            "issued.",
     .fix = "correct the domain",
     .cite = "RFC 5280 section 4.2.1.6, SBR 3.2.2", .check = check_domain,
     .bad = "{san: ['email:anna@mail_1.example.com']}",
     .good = "{san: ['email:anna@mail.example.com']}"},
    {.id = "email.domain.allowed", .severity = SEV_ERROR, .scope = SCOPE_ALL, .needs = NEEDS_NAMES,
     .title = "mailbox outside the organisation's domains",
     .why = "A certificate for somebody else's mailbox lets the holder sign in their name.",
     .fix = "use a mailbox of the organisation, or have the domain added to the policy",
     .cite = "policy", .check = check_domain_allowed, RULE_PARAMS(allowed_params),
     .bad = "policy:certbatch_policy: 1\n"
            "name: sample\n"
            "level: private\n"
            "rules:\n"
            "  email.domain.allowed: {domains: [example.com]}\n"
            "samples:\n"
            "  - {reject: {common_name: Anna K, san: ['email:anna@example.org']},"
            " by: email.domain.allowed}",
     .good = "policy:certbatch_policy: 1\n"
             "name: sample\n"
             "level: private\n"
             "rules:\n"
             "  email.domain.allowed: {domains: [example.com]}\n"
             "samples:\n"
             "  - {accept: {common_name: Anna K, san: ['email:anna@example.com']}}"},
    {.id = "email.public-provider", .severity = SEV_WARNING, .scope = SCOPE_SMIME | SCOPE_EV,
     .needs = 0,
     .title = "free-mail address in a company's name",
     .why = "Anybody can open such a mailbox; CAs do not accept it as the company's, and EV calls "
            "go unanswered.",
     .fix = "use a mailbox in a domain of the company",
     .cite = "certbatch", .check = check_public_provider, RULE_PARAMS(provider_params),
     .bad = "{common_name: www.example.com, ev: {contract_signer: {name: A, email: a@gmail.com}}}",
     .good = "{common_name: www.example.com,"
             " ev: {contract_signer: {name: A, email: a@example.com}}}"},
    {.id = "email.smtputf8", .severity = SEV_ERROR, .scope = SCOPE_SMIME, .needs = NEEDS_NAMES,
     .from = "2024-05-01",
     .title = "SmtpUTF8Mailbox is no good",
     .why = "This kind of name is only for mailboxes whose part before @ is not ASCII; readers "
            "compare it octet by octet with the domain in A-labels.",
     .fix = "write an ASCII mailbox as rfc822Name, and the domain in lower-case A-labels",
     .cite = "RFC 9598 section 3", .check = check_smtputf8,
     .bad = "{csr: email.smtputf8.pem}", .good = "{csr: good-smtputf8.pem}"},
    {.id = NULL},
};
/* clang-format on */
